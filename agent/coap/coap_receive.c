/* SPDX-License-Identifier: GPL-2.0-or-later
 * What comes in: requests and their answers, at once or later, de-duplicated
 * and put together from blocks; and what our own messages have come to.
 *
 * A copy of a request that ran already gets the same answer (RFC 7252 4.5; a
 * GET or FETCH may run twice). Of any other the options are read, the body is
 * put together, while its owner may refuse each block, and the owner has it.
 * He answers before he returns, or begins a separate response (5.2.2): the ACK
 * then waits for a moment, as the answer may still go with it. After that the
 * ACK goes alone, and the answer is a confirmable message of ours, sent when
 * no other is outstanding.
 *
 * libcoap keeps some of what we need to itself: Resets to a NON, ACKs, options
 * of wrong length. Our coap_pdu_parse() stands before its own to see them. */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "agent/coap/coap_private.h"
#include "agent/coap/inspect.h"
#include "agent/base/limits.h"

#define ACK_WAIT (SECOND / 5)	/* for the answer to go with it */
#define RECEIVE_MAX 65536

/* ---- answers ---- */

static uint16_t bytes_hash16(const uint8_t *bytes, size_t n)
{
	uint32_t hash = block_hash(2166136261u, bytes, n);

	return (uint16_t)(hash ^ hash >> 16);
}

static void exchange_remember(struct coap_connection *c,
			      const struct coap_exchange *x, uint16_t token,
			      uint8_t code)
{
	if (!c->dedup)
		c->dedup = calloc(1, sizeof(*c->dedup));
	if (!c->dedup)
		abort();
	dedup_add(c->dedup, &(struct dedup_answer){
		.until = coap_state.now + EXCHANGE_LIFETIME,
		.mid = (uint16_t)coap_pdu_get_mid(x->pdu), .token = token,
		.code = code, .block1 = x->block1, .located = x->located});
}

static void location_add(coap_pdu_t *pdu, uint32_t located)
{
	const uint16_t ids[] = {(uint16_t)(located >> 16), (uint16_t)located};
	char text[8];

	for (size_t i = 0; i < 2; i++) {
		int n = snprintf(text, sizeof(text), "%u", ids[i]);

		coap_add_option(pdu, COAP_OPTION_LOCATION_PATH, (size_t)n,
				(const uint8_t *)text);
	}
}

static uint32_t located_at(const struct lwm2m_path *path)
{
	return (uint32_t)path->id[0] << 16 | path->id[1];
}

void coap_locate(struct coap_exchange *x, const struct lwm2m_path *path)
{
	x->located = located_at(path);
	location_add(x->response, x->located);
}

void coap_locate_later(struct coap_separate *later,
		       const struct lwm2m_path *path)
{
	later->located = located_at(path);
}

void coap_respond(struct coap_exchange *x, uint8_t code, uint16_t format,
		  const uint8_t *payload, size_t length, int32_t observe)
{
	struct body *body = body_create(code, format, x->key, payload, length);

	x->answered = true;
	pdu_fill(x->response, body, x->block2, observe, x->block1);
	connection_keep_answer(x->connection, body, &x->block2);
}

static size_t laters_count(const struct coap_connection *c)
{
	size_t n = 0;

	for (const struct coap_separate *l = c->separates; l; l = l->next)
		n++;
	return n;
}

/* Most devices answer at once, and their answer is to go with the ACK (RFC 7252
 * 5.2.1): libcoap sends none for a NON that is empty. */
static void later_hold(struct coap_separate *later, struct coap_exchange *x)
{
	coap_bin_const_t token = coap_pdu_get_token(x->pdu);

	if (later->non || connection_is_stream(x->connection))
		return;
	later->ack_at = coap_state.now + ACK_WAIT;
	later->mid = (uint16_t)coap_pdu_get_mid(x->pdu);
	later->token_hash = bytes_hash16(token.s, token.length);
	coap_pdu_set_type(x->response, COAP_MESSAGE_NON);
}

static coap_pdu_t *ack_create(uint16_t mid)
{
	coap_pdu_t *pdu = coap_pdu_init(COAP_MESSAGE_ACK, 0, mid, 0);

	if (!pdu)
		abort();
	return pdu;
}

int64_t connection_ack_due(const struct coap_connection *c)
{
	int64_t due = INT64_MAX;

	for (const struct coap_separate *l = c->separates; l; l = l->next)
		if (l->ack_at && l->ack_at < due)
			due = l->ack_at;
	return due;
}

static void later_acknowledge(struct coap_connection *c,
			      struct coap_separate *later)
{
	for (int n = 0; later->ack_at && n <= later->copies; n++)
		connection_tell(c, ack_create(later->mid));
	later->ack_at = 0;
}

void connection_acknowledge(struct coap_connection *c, int64_t now)
{
	if (connection_ack_due(c) > now)
		return;
	for (struct coap_separate *l = c->separates; l; l = l->next)
		later_acknowledge(c, l);
}

bool coap_owes(const struct coap_connection *c)
{
	return c->separates != NULL;
}

struct coap_separate *coap_separate_begin(struct coap_exchange *x)
{
	struct coap_connection *c = x->connection;
	coap_bin_const_t token = coap_pdu_get_token(x->pdu);
	struct coap_separate *later, **end = &c->separates;

	if (laters_count(c) >= LATERS_MAX) {
		coap_state.counts.busy++;
		return NULL;
	}
	later = calloc(1, sizeof(*later));
	if (!later)
		abort();
	later->connection = c;
	later->non = coap_pdu_get_type(x->pdu) == COAP_MESSAGE_NON;
	later->block1 = x->block1;
	later->unwanted = x->unwanted;
	later_hold(later, x);
	later->token_length = (uint8_t)token.length;
	memcpy(later->token, token.s, token.length);
	while (*end)
		end = &(*end)->next;
	*end = later;
	x->later = later;
	return later;
}

static coap_pdu_t *later_pdu(struct coap_connection *c,
			     struct coap_separate *later)
{
	coap_pdu_type_t type = later->non ? COAP_MESSAGE_NON :
			       later->ack_at ? COAP_MESSAGE_ACK :
					       COAP_MESSAGE_CON;
	coap_pdu_t *pdu = pdu_create(c, type, later->body->code, later->token,
				     later->token_length);

	if (type == COAP_MESSAGE_ACK)
		coap_pdu_set_mid(pdu, later->mid);
	if (later->located)
		location_add(pdu, later->located);
	pdu_fill(pdu, later->body, block_whole, -1, later->block1);
	return pdu;
}

static void later_unlink(struct coap_connection *c, struct coap_separate *later)
{
	struct coap_separate **at = &c->separates;

	while (*at != later)
		at = &(*at)->next;
	*at = later->next;
}

/* In an ACK, or a NON (RFC 7252 5.2.3): nothing is to be waited for. */
static void later_tell(struct coap_connection *c, struct coap_separate *later)
{
	later_unlink(c, later);
	if (later->ack_at && c->dedup)
		dedup_settle(c->dedup, later->mid, later->token_hash,
			     later->body->code, later->located);
	for (int n = 0; n <= later->copies; n++)
		connection_tell(c, later_pdu(c, later));
	connection_keep_answer(c, later->body, &block_whole);
	free(later);
}

/* The first of those whose answer is there goes out. */
void connection_send_separate(struct coap_connection *c, int64_t now)
{
	struct coap_separate **at = &c->separates, *later;
	coap_pdu_t *pdu;

	while (*at && !(*at)->body)
		at = &(*at)->next;
	later = *at;
	if (!later || c->outstanding)
		return;
	*at = later->next;
	pdu = later_pdu(c, later);
	connection_keep_answer(c, later->body, &block_whole);
	connection_exchange_start(c, OUTSTANDING_SEPARATE, later->token,
				  later->token_length, now);
	connection_send(c, pdu, now);
	free(later);
}

/* RFC 7967 2.1: its server does not want to hear that. A CON has its ACK. */
static void later_keep_quiet(struct coap_connection *c,
			     struct coap_separate *later)
{
	later_acknowledge(c, later);
	later_unlink(c, later);
	free(later);
}

void coap_respond_separately(struct coap_separate *later, uint8_t code,
			     uint16_t format, const uint8_t *payload,
			     size_t length, int64_t now)
{
	coap_state.now = now;
	if (!later->connection) {
		free(later);
		return;
	}
	if (later->unwanted >> ((code >> 5) - 1) & 1) {
		later_keep_quiet(later->connection, later);
		return;
	}
	later->body = body_create(code, format, 0, payload, length);
	if (later->non || later->ack_at)
		later_tell(later->connection, later);
	else
		connection_send_separate(later->connection, now);
}

/* ---- what comes in ---- */

struct incoming {		/* a request's options, decoded */
	char uri[256], query[512];
	struct buf uri_buf, query_buf;
	struct block block1;
	uint32_t tag;		/* hash of its Request-Tags; 0: none */
	bool has_block1, bad;
	uint8_t refused;	/* the code that it gets in any case; 0: none */
};

#define OPTION_REQUEST_TAG 292	/* RFC 9175 */

static void option_join(struct buf *to, char between, const uint8_t *value,
			size_t n)
{
	if (to->used)
		buf_byte(to, (uint8_t)between);
	/* A slash within a segment is not one of ours: no such path then. */
	if (between == '/' && memchr(value, '/', n))
		buf_byte(to, '?');
	buf_put(to, value, n);
}

/* RFC 7959 2.2: a size that is reserved is 4.00. On streams there is none. */
static void take_block(const struct coap_exchange *x, struct incoming *in,
		       struct block *block, const uint8_t *value, size_t n)
{
	bool taken = connection_is_stream(x->connection) ?
			     block_decode_bulk(value, n, block) :
			     block_decode(value, n, block);

	if (!taken)
		in->refused = CODE(4, 0);
}

/* What is longer than any path or query of ours. */
static void refuse_endless(struct incoming *in)
{
	if (in->query_buf.full)
		in->refused = CODE(4, 0);
	if (in->uri_buf.full)
		in->refused = CODE(4, 4);
}

/* Of wrong length, or there twice: RFC 7252 5.4.3 and 5.4.5 have it taken as an
 * option that we do not know, which a critical one (an odd number) must not be
 * (5.4.1), and an elective one is passed over. If-Match and If-None-Match we
 * do not know: a request with one must not be done as if it had none. */
static void take_option(struct coap_exchange *x, struct incoming *in,
			struct request *r, uint16_t number,
			const uint8_t *value, size_t n)
{
	uint32_t u = coap_decode_var_bytes(value, n);

	switch (number) {
	case COAP_OPTION_URI_PATH:
		option_join(&in->uri_buf, '/', value, n);
		break;
	case COAP_OPTION_URI_QUERY:
		option_join(&in->query_buf, '&', value, n);
		break;
	case COAP_OPTION_IF_MATCH:
	case COAP_OPTION_IF_NONE_MATCH:
		in->bad = true;
		break;
	case COAP_OPTION_ACCEPT:
		in->bad |= n > 2 || r->accept != FORMAT_NONE;
		r->accept = (uint16_t)u;
		break;
	case COAP_OPTION_CONTENT_FORMAT:
		if (n <= 2 && r->format == FORMAT_NONE)
			r->format = (uint16_t)u;
		break;
	case COAP_OPTION_OBSERVE:
		if (n <= 3 && r->observe < 0)
			r->observe = (int32_t)u;
		break;
	case COAP_OPTION_BLOCK2:
		take_block(x, in, &x->block2, value, n);
		break;
	case COAP_OPTION_BLOCK1:
		take_block(x, in, &in->block1, value, n);
		in->has_block1 = true;
		x->block1 = u + 1;
		break;
	case COAP_OPTION_NORESPONSE:
		if (n <= 1 && !x->unwanted)
			x->unwanted = (uint8_t)(u | 1);
		break;
	case OPTION_REQUEST_TAG:
		in->tag = block_hash(in->tag + (uint32_t)n + 1, value, n);
		break;
	default: break;
	}
}

static void take_options(struct coap_exchange *x, struct incoming *in,
			 struct request *r)
{
	coap_opt_iterator_t iterator;
	coap_opt_t *option;

	in->uri_buf = buf_over(in->uri, sizeof(in->uri));
	in->query_buf = buf_over(in->query, sizeof(in->query));
	coap_option_iterator_init(x->pdu, &iterator, COAP_OPT_ALL);
	while ((option = coap_option_next(&iterator)))
		take_option(x, in, r, iterator.number, coap_opt_value(option),
			    coap_opt_length(option));
	if (x->block2.szx > BLOCK_SZX)
		x->block2.szx = BLOCK_SZX;
	refuse_endless(in);
	/* Its first block is observed, those after it are but read (2.6). */
	if (x->block2.number && r->observe == 0)
		r->observe = -1;
	r->uri = in->uri;
	r->uri_length = in->uri_buf.used;
	r->query = in->query;
	r->query_length = in->query_buf.used;
	r->block_size = (uint16_t)block_size(&x->block2);
	x->key = block_hash(0, in->uri, in->uri_buf.used);
}

static void body_release(struct block_body **body)
{
	if (*body)
		block_body_finish(*body);
	free(*body);
	*body = NULL;
}

void connection_release_incoming(struct coap_connection *c)
{
	body_release(&c->incoming);
	body_release(&c->other);
}

/* A long Write goes on beside a firmware push (RFC 7959 2.5: a transfer is of a
 * resource); of more than two the oldest is given up. */
static struct block_body *incoming_of(struct coap_connection *c, uint32_t key,
				      uint32_t number)
{
	struct block_body *was = c->incoming;

	if ((!was || was->key != key) &&
	    (!number || (c->other && c->other->key == key))) {
		c->incoming = c->other;
		c->other = was;
	}
	if (!c->incoming)
		c->incoming = calloc(1, sizeof(*c->incoming));
	if (!c->incoming)
		abort();
	return c->incoming;
}

/* true: the request is whole (now), go on with it. Blocks are of one body where
 * path, query, method, format (RFC 7959 2.3) and Request-Tags (RFC 9175 3.3)
 * are the same. */
static bool request_assemble(struct coap_exchange *x, const struct incoming *in,
			     struct request *r)
{
	struct coap_connection *c = x->connection;
	uint32_t key = block_hash(x->key + r->method + in->tag, in->query,
				  in->query_buf.used);
	uint8_t code;

	key = block_hash(key, &r->format, sizeof(r->format));

	if (!in->has_block1)
		return true;
	code = block_body_add(incoming_of(c, key, in->block1.number), key,
			      &in->block1, r->payload, r->length);
	if (code == CODE(2, 31) && c->handlers->block) {
		uint8_t refused = c->handlers->block(c->owner, r,
						     c->incoming->used,
						     &c->incoming->most,
						     coap_state.now);

		if (refused)
			body_release(&c->incoming);
		code = refused ? refused : code;
	}
	if (code) {
		coap_respond(x, code, FORMAT_NONE, NULL, 0, -1);
		connection_await_block(c);
		return false;
	}
	r->payload = c->incoming->at;
	r->length = c->incoming->used;
	return true;
}

static void incoming_handle(struct coap_exchange *x, struct incoming *in,
			    struct request *r)
{
	struct coap_connection *c = x->connection;
	coap_bin_const_t token = coap_pdu_get_token(x->pdu);

	if (in->refused || in->bad) {
		coap_respond(x, in->refused ? in->refused : CODE(4, 2),
			     FORMAT_NONE, NULL, 0, -1);
		return;
	}
	if (x->block2.number && c->answer && c->answer->key == x->key) {
		x->answered = true;
		pdu_fill(x->response, c->answer, x->block2, -1, 0);
		connection_await_block(c);
		return;
	}
	if (!request_assemble(x, in, r))
		return;
	c->handlers->request(c->owner, x, r, token.s, (uint8_t)token.length,
			     coap_state.now);
	if (in->has_block1)
		body_release(&c->incoming);
	if (!x->answered && !x->later)
		coap_respond(x, CODE(5, 0), FORMAT_NONE, NULL, 0, -1);
}

/* Its ACK is to come: one for each of a few copies (RFC 7252 4.5). */
static void hold_copy(struct coap_connection *c, struct coap_exchange *x,
		      const struct dedup_answer *dedup)
{
	for (struct coap_separate *l = c->separates; l; l = l->next) {
		if (!l->ack_at || l->mid != dedup->mid ||
		    l->token_hash != dedup->token)
			continue;
		coap_pdu_set_type(x->response, COAP_MESSAGE_NON);
		l->copies += l->copies < COPIES_MAX;
	}
}

/* A copy of a request that ran already: the same answer. */
static bool answer_again(struct coap_exchange *x, uint16_t token)
{
	struct coap_connection *c = x->connection;
	const struct dedup_answer *dedup = !c->dedup ? NULL :
		dedup_find(c->dedup, (uint16_t)coap_pdu_get_mid(x->pdu), token,
			   coap_state.now);

	if (!dedup)
		return false;
	if (!dedup->code)
		hold_copy(c, x, dedup);
	coap_pdu_set_code(x->response, (coap_pdu_code_t)dedup->code);
	if (dedup->located)
		location_add(x->response, dedup->located);
	if (dedup->code && dedup->block1)
		pdu_add_number(x->response, COAP_OPTION_BLOCK1,
			       dedup->block1 - 1);
	return true;
}

/* libcoap 4.3.1 tells nobody of a Reset to a NON. */
static void take_reset(struct coap_connection *c, const uint8_t *data,
		       size_t n)
{
	uint16_t mid;

	if (!c || !c->owner || !c->notified || !c->handlers->refused ||
	    n != 4 ||
	    (data[0] & 0xf0) != 0x70 || data[1])
		return;
	mid = (uint16_t)(data[2] << 8 | data[3]);
	for (size_t i = 0; i < NOTIFIED_MAX; i++) {
		uint8_t length = c->notified->at[i].token_length;

		if (!length || c->notified->at[i].mid != mid)
			continue;
		c->notified->at[i].token_length = 0;
		c->handlers->refused(c->owner, c->notified->at[i].token, length,
				     coap_state.now);
	}
}

/* libcoap tells nobody of an ACK either. */
static void take_ack(struct coap_connection *c, const coap_pdu_t *pdu)
{
	if (c && coap_pdu_get_type(pdu) == COAP_MESSAGE_ACK &&
	    (uint16_t)coap_pdu_get_mid(pdu) == c->mid)
		c->acked = true;
}

/* libcoap parses a datagram right before it hands it on: this stands before its
 * own function. */
__attribute__((visibility("default")))
int coap_pdu_parse(coap_proto_t proto, const uint8_t *data, size_t length,
		   coap_pdu_t *pdu)
{
	static int (*parse)(coap_proto_t, const uint8_t *, size_t,
			    coap_pdu_t *);
	static uint8_t to[RECEIVE_MAX];	/* agent thread only */
	struct inspection i = {.n = 0};
	int rc;

	if (!parse)
		parse = (int (*)(coap_proto_t, const uint8_t *, size_t,
				 coap_pdu_t *))
			dlsym(RTLD_NEXT, "coap_pdu_parse");
	if (!parse)
		abort();
	if ((proto == COAP_PROTO_UDP || proto == COAP_PROTO_DTLS) &&
	    length <= sizeof(to))
		i = datagram_inspect(data, length, to);
	coap_state.verdict = i.verdict;
	coap_state.inspects = true;
	if (proto == COAP_PROTO_UDP || proto == COAP_PROTO_DTLS)
		take_reset(coap_state.reads, data, length);
	rc = i.n ? parse(proto, to, i.n, pdu) : parse(proto, data, length, pdu);
	if (rc && !i.reject)
		take_ack(coap_state.reads, pdu);
	return rc && !i.reject;
}

/* A session of libcoap's reads what a socket of ours sends it. */
static void hear_myself(int fd, coap_context_t *context)
{
	static const uint8_t empty_ack[] = {0x60, 0, 0, 1};
	const coap_address_t *own;
	coap_session_t *session;
	coap_address_t to;

	coap_address_init(&to);
	to.size = sizeof(to.addr.sin);
	if (getsockname(fd, &to.addr.sa, &to.size) < 0)
		return;
	session = coap_new_client_session(context, NULL, &to, COAP_PROTO_UDP);
	own = session ? coap_session_get_addr_local(session) : NULL;
	coap_state.inspects = !own ||
		sendto(fd, empty_ack, sizeof(empty_ack), 0, &own->addr.sa,
		       own->size) < 0;	/* nobody knows */
	coap_io_process(context, COAP_IO_NO_WAIT);
	coap_session_release(session);
}

bool connection_inspects(void)
{
	const struct sockaddr_in here = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	coap_context_t *context = coap_new_context(NULL);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	coap_state.inspects = true;
	if (context && fd >= 0 &&
	    bind(fd, (const struct sockaddr *)&here, sizeof(here)) == 0)
		hear_myself(fd, context);
	coap_free_context(context);
	if (fd >= 0)
		close(fd);
	return coap_state.inspects;
}

static void on_request(coap_resource_t *resource, coap_session_t *session,
		       const coap_pdu_t *pdu, const coap_string_t *query,
		       coap_pdu_t *response)
{
	struct coap_connection *c = coap_session_get_app_data(session);
	struct coap_exchange x = {.connection = c, .pdu = pdu,
				  .response = response, .block2 = block_whole};
	struct request r = {.method = (uint8_t)coap_pdu_get_code(pdu),
			    .accept = FORMAT_NONE, .format = FORMAT_NONE,
			    .observe = -1};
	coap_bin_const_t token = coap_pdu_get_token(pdu);
	uint16_t hash = bytes_hash16(token.s, token.length);
	struct incoming in = {.has_block1 = false};

	(void)resource;
	(void)query;
	coap_state.counts.received++;
	if (!c) {
		coap_pdu_set_code(response, (coap_pdu_code_t)CODE(5, 3));
		return;
	}
	connection_traffic(c, false, pdu_bytes(pdu));
	/* A stream carries nothing twice, and no message ids. */
	x.needs_dedup = r.method != REQUEST_GET && r.method != REQUEST_FETCH &&
		   !connection_is_stream(c);
	if (x.needs_dedup && answer_again(&x, hash))
		return;
	if (!coap_get_data(pdu, &r.length, &r.payload))
		r.length = 0;
	take_options(&x, &in, &r);
	if (coap_state.verdict)
		in.refused = coap_state.verdict;
	incoming_handle(&x, &in, &r);
	if (!x.later) {
		connection_traffic(c, true, pdu_bytes(response));
		connection_given(c, pdu_bytes(response));
	}
	if (x.needs_dedup)
		exchange_remember(
			c, &x, hash,
			x.later ? 0 : (uint8_t)coap_pdu_get_code(response));
}

void connection_exchange_end(struct coap_connection *c,
			     enum coap_outcome outcome,
			     const struct coap_answer *answer, int64_t now)
{
	enum outstanding outstanding = (enum outstanding)c->outstanding;

	if (outcome == COAP_ACKED && !connection_is_stream(c))
		connection_traffic(c, false, EMPTY_MESSAGE);
	c->outstanding = OUTSTANDING_NONE;
	c->idle_owed = true;
	if (outstanding == OUTSTANDING_REQUEST) {
		free(c->outgoing);
		c->outgoing = NULL;
	}
	if (outstanding == OUTSTANDING_SEPARATE && c->handlers->answered)
		c->handlers->answered(c->owner, outcome, now);
	if (outstanding != OUTSTANDING_SEPARATE &&
	    outstanding != OUTSTANDING_NONE)
		c->handlers->ended(c->owner, outcome, c->token,
				   c->token_length, answer, now);
}

/* 2.31, or 4.13 with a smaller block: the next block. false: it is final. */
static bool next_block(struct coap_connection *c, uint8_t code,
		       const coap_pdu_t *received)
{
	struct outgoing *o = c->outgoing;
	coap_opt_iterator_t iterator;
	coap_opt_t *option = coap_check_option(received, COAP_OPTION_BLOCK1,
					       &iterator);
	struct block block;
	size_t sent = block_size(&o->block);

	if (!option || !block_decode(coap_opt_value(option),
				     coap_opt_length(option), &block))
		return false;
	if (code == CODE(4, 13) && block.szx < o->block.szx)
		o->block = (struct block){0, false, block.szx};
	else if (code != CODE(2, 31) || !o->block.more)
		return false;
	else if (block.szx < o->block.szx)	/* it wants smaller ones */
		o->block = (struct block){
			(uint32_t)((o->block.number + 1) * sent >>
				   (4 + block.szx)), false, block.szx};
	else
		o->block.number++;
	connection_send_outgoing(c, coap_state.now);
	return true;
}

/* What of an answer tells that it is one block of several. */
static void take_block2(struct coap_answer *answer, uint16_t number,
			coap_opt_t *option)
{
	const uint8_t *value = coap_opt_value(option);
	size_t n = coap_opt_length(option);
	struct block block;

	if (number == COAP_OPTION_ETAG)
		answer->etag = block_hash(1, value, n);
	if (number != COAP_OPTION_BLOCK2 || !block_decode(value, n, &block))
		return;
	answer->has_block2 = true;
	answer->block2 = block.number;
	answer->block2_size = block_size(&block);
	answer->more = block.more;
}

static uint32_t number_of(coap_opt_t *option)
{
	return coap_decode_var_bytes(coap_opt_value(option),
				     coap_opt_length(option));
}

/* A response that answers nothing is refused by a Reset, or, in an ACK, by
 * silence (RFC 7252 4.2). */
static coap_response_t response_refuse(const coap_pdu_t *received)
{
	return coap_pdu_get_type(received) == COAP_MESSAGE_ACK ?
		COAP_RESPONSE_OK : COAP_RESPONSE_FAIL;
}

static coap_response_t on_response(coap_session_t *session,
				   const coap_pdu_t *sent,
				   const coap_pdu_t *received,
				   const coap_mid_t mid)
{
	struct coap_connection *c = coap_session_get_app_data(session);
	coap_bin_const_t token = coap_pdu_get_token(received);
	uint8_t segments[256];
	struct buf location = buf_over(segments, sizeof(segments));
	struct coap_answer answer = {
		.code = (uint8_t)coap_pdu_get_code(received),
		.format = FORMAT_NONE};
	coap_opt_iterator_t iterator;
	coap_opt_t *option;

	(void)sent;
	(void)mid;
	coap_state.counts.received++;
	if (!c || c->outstanding != OUTSTANDING_REQUEST ||
	    token.length != c->token_length ||
	    memcmp(token.s, c->token, token.length))
		return response_refuse(received);
	connection_traffic(c, false, pdu_bytes(received));
	if (next_block(c, answer.code, received))
		return COAP_RESPONSE_OK;
	coap_option_iterator_init(received, &iterator, COAP_OPT_ALL);
	while ((option = coap_option_next(&iterator))) {
		take_block2(&answer, iterator.number, option);
		if (iterator.number == COAP_OPTION_CONTENT_FORMAT)
			answer.format = (uint16_t)number_of(option);
		if (iterator.number == COAP_OPTION_MAXAGE)
			answer.max_age = number_of(option);
		if (iterator.number == COAP_OPTION_LOCATION_PATH) {
			buf_byte(&location, (uint8_t)coap_opt_length(option));
			buf_put(&location, coap_opt_value(option),
				coap_opt_length(option));
		}
	}
	answer.location = (struct coap_segments){segments,
				location.full ? 0 : location.used};
	if (!coap_get_data(received, &answer.length, &answer.payload))
		answer.length = 0;
	c->proven = true;
	c->doubted = false;
	connection_exchange_end(c, COAP_ANSWERED, &answer, coap_state.now);
	return COAP_RESPONSE_OK;
}

void connection_silent(struct coap_connection *c, const char *why, int64_t now)
{
	c->silent = true;
	if (c->handlers->silent)
		c->handlers->silent(c->owner, why, now);
}

/* Of what libcoap has just read from the socket. */
static const char *network_error(int error)
{
	switch (error) {
	case ECONNREFUSED:
		return "connection refused: nothing listens at that port";
	case EHOSTUNREACH:
	case ENETUNREACH:
		return "no route to it";
	}
	return "the network says that it cannot be reached";
}

static void on_nack(coap_session_t *session, const coap_pdu_t *sent,
		    coap_nack_reason_t reason, coap_mid_t mid)
{
	struct coap_connection *c = coap_session_get_app_data(session);
	int error = errno;
	coap_bin_const_t token;

	(void)mid;
	if (!c || !c->outstanding || !sent)
		return;
	if (reason == COAP_NACK_ICMP_ISSUE) {	/* not final: it is sent again */
		if (c->outstanding == OUTSTANDING_REQUEST)
			connection_silent(c, network_error(error),
					  coap_state.now);
		return;
	}
	if (reason != COAP_NACK_RST && reason != COAP_NACK_TOO_MANY_RETRIES)
		return;			/* the session's end: on_event() */
	heap_set(&coap_state.due, &c->due, coap_state.now);
	token = coap_pdu_get_token(sent);
	if (token.length != c->token_length ||
	    memcmp(token.s, c->token, token.length))
		return;
	connection_exchange_end(c, reason == COAP_NACK_RST ? COAP_REFUSED :
				COAP_NO_ANSWER, NULL, coap_state.now);
}

static void handle_all_requests(coap_context_t *context)
{
	coap_resource_t *all = coap_resource_unknown_init2(on_request, 0);

	if (!all)
		abort();
	for (int method = REQUEST_GET; method <= REQUEST_IPATCH; method++)
		coap_register_request_handler(all, (coap_request_t)method,
					      on_request);
	coap_add_resource(context, all);
}

/* libcoap's own Pong has no token, that of the Ping is to be in it (RFC 8323
 * 5.4). Both count as an answer does. */
static void on_ping(coap_session_t *session, const coap_pdu_t *received,
		    const coap_mid_t mid)
{
	struct coap_connection *c = coap_session_get_app_data(session);
	coap_bin_const_t token = coap_pdu_get_token(received);
	coap_pdu_t *pong;

	(void)mid;
	if (c)
		connection_given(c, 2 * EMPTY_MESSAGE + token.length);
	if (!token.length || (c && c->cut))
		return;
	pong = coap_pdu_init(COAP_MESSAGE_CON,
			     (coap_pdu_code_t)COAP_SIGNALING_CODE_PONG, 0,
			     token.length);
	if (!pong)
		abort();
	coap_add_token(pong, token.length, token.s);
	coap_send(session, pong);
}

void context_listen(coap_context_t *context)
{
	coap_register_ping_handler(context, on_ping);
	coap_register_response_handler(context, on_response);
	coap_register_nack_handler(context, on_nack);
	handle_all_requests(context);
}
