/* SPDX-License-Identifier: GPL-2.0-or-later
 * What comes in: requests, de-duplicated and put together from blocks. They are
 * answered in coap_answer.c; what comes of our own is in coap_response.c.
 *
 * A copy of a request that ran already gets the same answer (RFC 7252 4.5; a
 * GET or FETCH may run twice). Of any other the options are read, the body is
 * put together, while its owner may refuse each block, and the owner has it.
 *
 * libcoap keeps some of what we need to itself: Resets to a NON, ACKs, options
 * of wrong length. Our coap_pdu_parse() stands before its own to see them. */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "agent/coap/coap_private.h"
#include "agent/coap/inspect.h"
#include "agent/base/limits.h"

#define RECEIVE_MAX 65536

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
		pdu_add_location(x->response, dedup->located);
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
	uint16_t hash = exchange_token_hash(token.s, token.length);
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

void context_listen(coap_context_t *context)
{
	context_listen_responses(context);
	handle_all_requests(context);
}
