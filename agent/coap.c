/* SPDX-License-Identifier: GPL-2.0-or-later
 * The one place that knows libcoap. What it does not do for us is done here:
 * de-duplication, block-wise transfer, to learn of an ACK, own deadlines. */
#include <coap3/coap.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>
#include "agent/blockwise.h"
#include "agent/coap.h"
#include "agent/coap_session.h"
#include "agent/credentials_parts.h"
#include "agent/gnutls_shim.h"
#include "agent/heap.h"
#include "agent/log.h"

#define SECOND INT64_C(1000000000)
#define MAX_TRANSMIT_WAIT (93 * SECOND)		/* RFC 7252 4.8.2 */
#define EXCHANGE_LIFETIME (247 * SECOND)
#define FIRST_RETRANSMISSION (3 * SECOND)	/* ACK_TIMEOUT x 1.5, 4.8 */
#define SESSION_WAIT (20 * SECOND)	/* for a request over a session */
#define HANDSHAKE_WAIT (30 * SECOND)
#define SESSION_TRIES 4			/* within that */
#define HANDSHAKE_TRIES 100
#define MAX_RETRANSMIT 4	/* RFC 7252 4.8 */
#define PDU_MAX 1280
#define LATERS_MAX 16
#define TURN_EVENTS 256

enum flight { FLIGHT_NONE, FLIGHT_REQUEST, FLIGHT_NOTIFY, FLIGHT_LATER };

/* A body that goes out block by block: our request's, or an answer's. */
struct body {
	uint32_t key, etag;
	uint16_t format;
	uint8_t code;
	size_t length;
	uint8_t at[];
};

/* Our request, kept until it is answered, for its further blocks. */
struct outgoing {
	uint8_t method;
	uint16_t format;
	uint16_t n_path, n_query;
	bool wants_block2, has_accept;
	struct block block, block2;
	size_t length;
	uint16_t accept;
	uint8_t at[];			/* path, query, payload */
};

struct coap_later {
	struct coap_later *next;
	struct coap_connection *connection;	/* NULL: it was closed */
	struct body *body;		/* the answer, once there is one */
	uint16_t mid, token_hash;
	uint8_t token[8], token_length;
};

struct coap_connection {
	coap_context_t *context;
	coap_session_t *session;
	void *owner;
	const struct coap_handlers *handlers;
	struct heap_item due;
	int64_t give_up;		/* of the message under way */
	struct outgoing *outgoing;
	struct body *answer;		/* whose blocks are asked for */
	struct block_body *incoming;
	struct seen *seen;
	struct coap_later *laters;
	uint8_t flight, token[8], token_length;
	uint8_t transport;		/* enum coap_transport */
	bool idle_owed, up, proven, pinged, ended;
	union {
		struct handshake *handshake;	/* until it is up, or NULL */
		int64_t since;			/* up since then */
		struct coap_connection *next_closed;
	} is;
};

struct coap_exchange {
	struct coap_connection *connection;
	const coap_pdu_t *pdu;
	coap_pdu_t *response;
	uint32_t key;			/* of its path and query */
	uint32_t block1;		/* option + 1 to echo; 0: none */
	struct block block2;		/* wanted */
	uint32_t located;		/* object and instance; 0: none */
	bool answered, unsafe;
	struct coap_later *later;
};

static struct {
	const struct coap_handlers *handlers;
	struct heap due;
	struct coap_connection *closed;
	struct coap_counts counts;
	int64_t now;
	uint32_t etag;
	int epoll;
	const coap_session_t *failed;	/* the last one, and why */
	int error, alert;
} io = {.epoll = -1};

static int64_t clock_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * SECOND + t.tv_nsec;
}

/* libcoap counts on the wall clock, whose steps stall its retransmissions:
 * this stands before its own function. */
__attribute__((visibility("default"))) void coap_ticks(coap_tick_t *ticks)
{
	*ticks = (coap_tick_t)(clock_now() / (SECOND / COAP_TICKS_PER_SECOND));
}

/* ---- what goes out ---- */

/* libcoap's timerfd cannot be trusted alone: while a message is under way its
 * deadline is kept here too. */
static void arm(struct coap_connection *c)
{
	coap_tick_t ticks;
	int64_t due = c->give_up;
	unsigned ms;

	if (!c->flight && c->up && !c->pinged) {
		heap_remove(&io.due, &c->due);
		return;
	}
	if (!c->flight && c->up)
		due = INT64_MAX;
	coap_ticks(&ticks);
	ms = coap_io_prepare_epoll(c->context, ticks);
	if (ms && clock_now() + (int64_t)ms * 1000000 < due)
		due = clock_now() + (int64_t)ms * 1000000;
	heap_set(&io.due, &c->due, c->ended ? clock_now() : due);
}

static bool is_stream(const struct coap_connection *c)
{
	return c->transport == COAP_OVER_TCP || c->transport == COAP_OVER_TLS;
}

/* Just sent: libcoap has set its timer for the first retransmission, and that
 * is looked after as soon as it must have been. */
static void arm_first(struct coap_connection *c, int64_t now)
{
	if (c->flight)
		heap_set(&io.due, &c->due, c->ended || is_stream(c) ? now :
			 now + FIRST_RETRANSMISSION);
}

static void add_number(coap_pdu_t *pdu, uint16_t option, uint32_t number)
{
	uint8_t value[4];

	coap_add_option(pdu, option, coap_encode_var_safe(value, sizeof(value),
							  number), value);
}

static void add_block(coap_pdu_t *pdu, uint16_t option,
		      const struct block *block)
{
	uint8_t value[3];

	coap_add_option(pdu, option, block_encode(block, value), value);
}

static void add_segments(coap_pdu_t *pdu, uint16_t option, const uint8_t *at,
			 size_t n)
{
	for (size_t i = 0; i < n && i + at[i] < n; i += 1 + (size_t)at[i])
		coap_add_option(pdu, option, at[i], at + i + 1);
}

static void take_off(struct coap_connection *c, enum flight flight,
		     const uint8_t *token, size_t length, int64_t now)
{
	c->flight = (uint8_t)flight;
	c->token_length = (uint8_t)length;
	memcpy(c->token, token, length);
	c->give_up = now + (flight == FLIGHT_REQUEST && coap_has_session(c) ?
			    SESSION_WAIT : MAX_TRANSMIT_WAIT);
}

#define EMPTY_MESSAGE 4			/* an ACK */
#define UDP_HEADERS(c) (over_ipv6(c) ? 48u : 28u)
#define TCP_HEADERS(c) (over_ipv6(c) ? 72u : 52u)	/* with timestamps */
#define RECORD 29			/* of DTLS or TLS, with CCM-8 */

static bool over_ipv6(const struct coap_connection *c)
{
	const coap_address_t *peer = coap_session_get_addr_remote(c->session);

	return peer && peer->addr.sa.sa_family == AF_INET6;
}

/* For who counts what moves: bytes of CoAP with all that is around them. */
static void count_moved(struct coap_connection *c, bool sent, size_t bytes)
{
	coap_proto_t proto = coap_session_get_proto(c->session);

	if (!c->owner || !c->handlers->moved)
		return;
	bytes += proto == COAP_PROTO_TCP || proto == COAP_PROTO_TLS ?
		 TCP_HEADERS(c) : UDP_HEADERS(c);
	bytes += proto == COAP_PROTO_DTLS || proto == COAP_PROTO_TLS ?
		 RECORD : 0;
	c->handlers->moved(c->owner, sent, bytes);
}

static size_t pdu_bytes(const coap_pdu_t *pdu)
{
	size_t bytes = EMPTY_MESSAGE, length;
	coap_opt_iterator_t iterator;
	coap_opt_t *option;
	const uint8_t *data;

	if (!coap_pdu_get_code(pdu))
		return bytes;
	bytes += coap_pdu_get_token(pdu).length;
	coap_option_iterator_init(pdu, &iterator, COAP_OPT_ALL);
	while ((option = coap_option_next(&iterator)))
		bytes += coap_opt_size(option);
	return bytes + (coap_get_data(pdu, &length, &data) ? 1 + length : 0);
}

/* -EIO: the kernel did not take it (no route, a port that refused before). */
static int send_pdu(struct coap_connection *c, coap_pdu_t *pdu)
{
	size_t bytes = pdu_bytes(pdu);

	io.counts.sent++;
	if (coap_send(c->session, pdu) != COAP_INVALID_MID) {
		count_moved(c, true, bytes);
		return 0;
	}
	io.counts.failed++;
	return -EIO;
}

/* One that took off: where that failed, nothing is under way. */
static int send_flight(struct coap_connection *c, coap_pdu_t *pdu, int64_t now)
{
	int rc = send_pdu(c, pdu);

	if (rc < 0)
		c->flight = FLIGHT_NONE;
	arm_first(c, now);
	return rc;
}

static coap_pdu_t *new_pdu(struct coap_connection *c, coap_pdu_type_t type,
			   uint8_t code, const uint8_t *token, size_t length)
{
	coap_pdu_t *pdu = coap_pdu_init(type, (coap_pdu_code_t)code,
					coap_new_message_id(c->session),
					PDU_MAX);

	if (!pdu)
		abort();
	coap_add_token(pdu, length, token);
	return pdu;
}

static struct body *body_create(uint8_t code, uint16_t format, uint32_t key,
				const uint8_t *payload, size_t length)
{
	struct body *body = malloc(sizeof(*body) + length);

	if (!body)
		abort();
	*body = (struct body){key, ++io.etag, format, code, length};
	if (length)
		memcpy(body->at, payload, length);
	return body;
}

/* Content-Format, Block2, ETag where there is more than one block, payload.
 * Options go in by ascending number: block1 stands between the others. */
static void fill(coap_pdu_t *pdu, const struct body *body, struct block block,
		 int32_t observe, uint32_t block1)
{
	size_t offset;
	long n = block_cut(&block, body->length, &offset);
	bool cut = block.more || block.number;

	if (n < 0) {
		coap_pdu_set_code(pdu, (coap_pdu_code_t)CODE(4, 0));
		return;
	}
	coap_pdu_set_code(pdu, (coap_pdu_code_t)body->code);
	if (cut)
		add_number(pdu, COAP_OPTION_ETAG, body->etag);
	if (observe >= 0)
		add_number(pdu, COAP_OPTION_OBSERVE, (uint32_t)observe);
	if (body->format != FORMAT_NONE)
		add_number(pdu, COAP_OPTION_CONTENT_FORMAT, body->format);
	if (cut)
		add_block(pdu, COAP_OPTION_BLOCK2, &block);
	if (block1)
		add_number(pdu, COAP_OPTION_BLOCK1, block1 - 1);
	if (n)
		coap_add_data(pdu, (size_t)n, body->at + offset);
}

static const struct block whole = {0, false, BLOCK_SZX};

/* Keeps a body whose further blocks will be asked for, frees others. */
static void keep_answer(struct coap_connection *c, struct body *body)
{
	if (body->length <= block_size(&whole)) {
		free(body);
		return;
	}
	free(c->answer);
	c->answer = body;
}

static int send_outgoing(struct coap_connection *c, int64_t now)
{
	struct outgoing *o = c->outgoing;
	size_t offset;
	uint8_t token[4];
	long n = block_cut(&o->block, o->length, &offset);
	coap_pdu_t *pdu;

	coap_prng(token, sizeof(token));
	pdu = new_pdu(c, COAP_MESSAGE_CON, o->method, token, sizeof(token));
	add_segments(pdu, COAP_OPTION_URI_PATH, o->at, o->n_path);
	if (o->format != FORMAT_NONE)
		add_number(pdu, COAP_OPTION_CONTENT_FORMAT, o->format);
	add_segments(pdu, COAP_OPTION_URI_QUERY, o->at + o->n_path, o->n_query);
	if (o->has_accept)
		add_number(pdu, COAP_OPTION_ACCEPT, o->accept);
	if (o->wants_block2)
		add_block(pdu, COAP_OPTION_BLOCK2, &o->block2);
	if (o->block.more || o->block.number)
		add_block(pdu, COAP_OPTION_BLOCK1, &o->block);
	if (n > 0)
		coap_add_data(pdu, (size_t)n,
			      o->at + o->n_path + o->n_query + offset);
	take_off(c, FLIGHT_REQUEST, token, sizeof(token), now);
	return send_flight(c, pdu, now);
}

static uint8_t szx_of(size_t size)
{
	uint8_t szx = 0;

	while (szx < BLOCK_SZX && size > (size_t)16 << szx)
		szx++;
	return szx;
}

int coap_request(struct coap_connection *c, const struct coap_message *m,
		 int64_t now)
{
	struct outgoing *o;

	if (c->flight)
		return -EBUSY;
	o = malloc(sizeof(*o) + m->path.n + m->query.n + m->length);
	if (!o)
		abort();
	*o = (struct outgoing){m->method, m->format, (uint16_t)m->path.n,
			       (uint16_t)m->query.n, m->wants_block2,
			       m->has_accept, whole,
			       {m->block2, false, szx_of(m->block2_size)},
			       m->length, m->accept};
	memcpy(o->at, m->path.at, m->path.n);
	if (m->query.n)
		memcpy(o->at + m->path.n, m->query.at, m->query.n);
	if (m->length)
		memcpy(o->at + m->path.n + m->query.n, m->payload, m->length);
	free(c->outgoing);
	c->outgoing = o;
	if (c->up)
		return send_outgoing(c, now);
	c->flight = FLIGHT_REQUEST;	/* it goes when the handshake is over */
	return 0;
}

int coap_notify(struct coap_connection *c, const struct coap_notification *n,
		int64_t now)
{
	struct body *body;
	coap_pdu_t *pdu;

	if ((c->flight && n->confirmable) || !c->up)
		return -EBUSY;
	body = body_create(n->code, n->format,
			   block_hash(0, n->uri, strlen(n->uri)), n->payload,
			   n->length);
	pdu = new_pdu(c, n->confirmable ? COAP_MESSAGE_CON : COAP_MESSAGE_NON,
		      n->code, n->token, n->token_length);
	fill(pdu, body, whole, n->code == CODE(2, 5) ?
	     (int32_t)(n->sequence & 0xffffff) : -1, 0);
	keep_answer(c, body);
	if (!n->confirmable)
		return send_pdu(c, pdu);
	take_off(c, FLIGHT_NOTIFY, n->token, n->token_length, now);
	return send_flight(c, pdu, now);
}

/* ---- answers ---- */

static uint16_t hash16(const uint8_t *bytes, size_t n)
{
	uint32_t hash = block_hash(2166136261u, bytes, n);

	return (uint16_t)(hash ^ hash >> 16);
}

static void remember(struct coap_connection *c, const struct coap_exchange *x,
		     uint16_t token, uint8_t code)
{
	if (!c->seen)
		c->seen = calloc(1, sizeof(*c->seen));
	if (!c->seen)
		abort();
	seen_add(c->seen, &(struct seen_answer){
		.until = clock_now() + EXCHANGE_LIFETIME,
		.mid = (uint16_t)coap_pdu_get_mid(x->pdu), .token = token,
		.code = code, .block1 = x->block1, .located = x->located});
}

static void add_location(coap_pdu_t *pdu, uint32_t located)
{
	const uint16_t ids[] = {(uint16_t)(located >> 16), (uint16_t)located};
	char text[8];

	for (size_t i = 0; i < 2; i++) {
		int n = snprintf(text, sizeof(text), "%u", ids[i]);

		coap_add_option(pdu, COAP_OPTION_LOCATION_PATH, (size_t)n,
				(const uint8_t *)text);
	}
}

void coap_locate(struct coap_exchange *x, const struct lwm2m_path *path)
{
	x->located = (uint32_t)path->id[0] << 16 | path->id[1];
	add_location(x->response, x->located);
}

void coap_respond(struct coap_exchange *x, uint8_t code, uint16_t format,
		  const uint8_t *payload, size_t length, int32_t observe)
{
	struct body *body = body_create(code, format, x->key, payload, length);

	x->answered = true;
	fill(x->response, body, x->block2, observe, x->block1);
	keep_answer(x->connection, body);
}

static size_t laters_count(const struct coap_connection *c)
{
	size_t n = 0;

	for (const struct coap_later *l = c->laters; l; l = l->next)
		n++;
	return n;
}

struct coap_later *coap_defer(struct coap_exchange *x)
{
	struct coap_connection *c = x->connection;
	coap_bin_const_t token = coap_pdu_get_token(x->pdu);
	struct coap_later *later, **end = &c->laters;

	if (laters_count(c) >= LATERS_MAX)
		return NULL;
	later = calloc(1, sizeof(*later));
	if (!later)
		abort();
	later->connection = c;
	later->token_length = (uint8_t)token.length;
	memcpy(later->token, token.s, token.length);
	while (*end)
		end = &(*end)->next;
	*end = later;
	x->later = later;
	return later;
}

/* The first of those whose answer is there goes out. */
static void send_later(struct coap_connection *c, int64_t now)
{
	struct coap_later **at = &c->laters, *later;
	coap_pdu_t *pdu;

	while (*at && !(*at)->body)
		at = &(*at)->next;
	later = *at;
	if (!later || c->flight)
		return;
	*at = later->next;
	pdu = new_pdu(c, COAP_MESSAGE_CON, later->body->code, later->token,
		      later->token_length);
	fill(pdu, later->body, whole, -1, 0);
	keep_answer(c, later->body);
	take_off(c, FLIGHT_LATER, later->token, later->token_length, now);
	send_flight(c, pdu, now);
	free(later);
}

void coap_respond_later(struct coap_later *later, uint8_t code,
			uint16_t format, const uint8_t *payload,
			size_t length, int64_t now)
{
	if (!later->connection) {
		free(later);
		return;
	}
	later->body = body_create(code, format, 0, payload, length);
	send_later(later->connection, now);
}

/* ---- what comes in ---- */

struct incoming {		/* a request's options, decoded */
	char uri[256], query[512];
	struct buf uri_buf, query_buf;
	struct block block1;
	bool has_block1, bad;
};

static void join(struct buf *to, char between, const uint8_t *value, size_t n)
{
	if (to->used)
		buf_byte(to, (uint8_t)between);
	/* A slash within a segment is not one of ours: no such path then. */
	if (between == '/' && memchr(value, '/', n))
		buf_byte(to, '?');
	buf_put(to, value, n);
}

static void take_option(struct coap_exchange *x, struct incoming *in,
			struct request *r, uint16_t number,
			const uint8_t *value, size_t n)
{
	uint32_t u = coap_decode_var_bytes(value, n);

	switch (number) {
	case COAP_OPTION_URI_PATH: join(&in->uri_buf, '/', value, n); break;
	case COAP_OPTION_URI_QUERY: join(&in->query_buf, '&', value, n); break;
	case COAP_OPTION_ACCEPT: r->accept = (uint16_t)u; break;
	case COAP_OPTION_CONTENT_FORMAT: r->format = (uint16_t)u; break;
	case COAP_OPTION_OBSERVE: r->observe = (int32_t)(u & 0xffffff); break;
	case COAP_OPTION_BLOCK2:
		in->bad |= !block_decode(value, n, &x->block2);
		break;
	case COAP_OPTION_BLOCK1:
		in->bad |= !block_decode(value, n, &in->block1);
		in->has_block1 = true;
		x->block1 = u + 1;
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
	in->bad |= in->uri_buf.full || in->query_buf.full;
	r->uri = in->uri;
	r->uri_length = in->uri_buf.used;
	r->query = in->query;
	r->query_length = in->query_buf.used;
	x->key = block_hash(0, in->uri, in->uri_buf.used);
}

static void release_incoming(struct coap_connection *c)
{
	if (c->incoming)
		block_body_finish(c->incoming);
	free(c->incoming);
	c->incoming = NULL;
}

/* true: the request is whole (now), go on with it. */
static bool assemble(struct coap_exchange *x, const struct incoming *in,
		     struct request *r)
{
	struct coap_connection *c = x->connection;
	uint32_t key = block_hash(x->key + r->method, in->query,
				  in->query_buf.used);
	uint8_t code;

	if (!in->has_block1)
		return true;
	if (!c->incoming)
		c->incoming = calloc(1, sizeof(*c->incoming));
	if (!c->incoming)
		abort();
	code = block_body_add(c->incoming, key, &in->block1, r->payload,
			      r->length);
	if (code == CODE(2, 31) && c->handlers->block) {
		uint8_t refused = c->handlers->block(c->owner, r,
						     c->incoming->used,
						     &c->incoming->most);

		if (refused)
			release_incoming(c);
		code = refused ? refused : code;
	}
	if (code) {
		coap_respond(x, code, FORMAT_NONE, NULL, 0, -1);
		return false;
	}
	r->payload = c->incoming->at;
	r->length = c->incoming->used;
	return true;
}

static void handle(struct coap_exchange *x, struct incoming *in,
		   struct request *r)
{
	struct coap_connection *c = x->connection;
	coap_bin_const_t token = coap_pdu_get_token(x->pdu);

	if (in->bad) {
		coap_respond(x, CODE(4, 2), FORMAT_NONE, NULL, 0, -1);
		return;
	}
	if (x->block2.number && c->answer && c->answer->key == x->key) {
		x->answered = true;
		fill(x->response, c->answer, x->block2, -1, 0);
		return;
	}
	if (!assemble(x, in, r))
		return;
	c->handlers->request(c->owner, x, r, token.s, (uint8_t)token.length);
	if (in->has_block1)
		release_incoming(c);
	if (!x->answered && !x->later)
		coap_respond(x, CODE(5, 0), FORMAT_NONE, NULL, 0, -1);
}

/* A copy of a request that ran already: the same answer. */
static bool answer_again(struct coap_exchange *x, uint16_t token)
{
	struct coap_connection *c = x->connection;
	const struct seen_answer *seen = !c->seen ? NULL :
		seen_find(c->seen, (uint16_t)coap_pdu_get_mid(x->pdu), token,
			  clock_now());

	if (!seen)
		return false;
	coap_pdu_set_code(x->response, (coap_pdu_code_t)seen->code);
	if (seen->located)
		add_location(x->response, seen->located);
	if (seen->code && seen->block1)
		add_number(x->response, COAP_OPTION_BLOCK1, seen->block1 - 1);
	return true;
}

static void on_request(coap_resource_t *resource, coap_session_t *session,
		       const coap_pdu_t *pdu, const coap_string_t *query,
		       coap_pdu_t *response)
{
	struct coap_connection *c = coap_session_get_app_data(session);
	struct coap_exchange x = {.connection = c, .pdu = pdu,
				  .response = response, .block2 = whole};
	struct request r = {.method = (uint8_t)coap_pdu_get_code(pdu),
			    .accept = FORMAT_NONE, .format = FORMAT_NONE,
			    .observe = -1};
	coap_bin_const_t token = coap_pdu_get_token(pdu);
	uint16_t hash = hash16(token.s, token.length);
	struct incoming in = {.has_block1 = false};

	(void)resource;
	(void)query;
	io.counts.received++;
	if (!c) {
		coap_pdu_set_code(response, (coap_pdu_code_t)CODE(5, 3));
		return;
	}
	count_moved(c, false, pdu_bytes(pdu));
	/* A stream carries nothing twice, and no message ids. */
	x.unsafe = r.method != REQUEST_GET && r.method != REQUEST_FETCH &&
		   !is_stream(c);
	if (x.unsafe && answer_again(&x, hash))
		return;
	if (!coap_get_data(pdu, &r.length, &r.payload))
		r.length = 0;
	take_options(&x, &in, &r);
	handle(&x, &in, &r);
	count_moved(c, true, pdu_bytes(response));
	if (x.unsafe)
		remember(c, &x, hash, x.later ? 0 :
			 (uint8_t)coap_pdu_get_code(response));
}

static void landed(struct coap_connection *c, enum coap_outcome outcome,
		   const struct coap_answer *answer)
{
	enum flight flight = (enum flight)c->flight;

	if (outcome == COAP_ACKED && !is_stream(c))
		count_moved(c, false, EMPTY_MESSAGE);
	c->flight = FLIGHT_NONE;
	c->idle_owed = true;
	if (flight == FLIGHT_REQUEST) {
		free(c->outgoing);
		c->outgoing = NULL;
	}
	if (flight == FLIGHT_LATER && c->handlers->answered)
		c->handlers->answered(c->owner, outcome);
	if (flight != FLIGHT_LATER && flight != FLIGHT_NONE)
		c->handlers->ended(c->owner, outcome, c->token,
				   c->token_length, answer);
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
	send_outgoing(c, clock_now());
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
	io.counts.received++;
	if (!c || c->flight != FLIGHT_REQUEST ||
	    token.length != c->token_length ||
	    memcmp(token.s, c->token, token.length))
		return COAP_RESPONSE_FAIL;	/* nobody's: Reset */
	count_moved(c, false, pdu_bytes(received));
	if (next_block(c, answer.code, received))
		return COAP_RESPONSE_OK;
	coap_option_iterator_init(received, &iterator, COAP_OPT_ALL);
	while ((option = coap_option_next(&iterator))) {
		take_block2(&answer, iterator.number, option);
		if (iterator.number == COAP_OPTION_CONTENT_FORMAT)
			answer.format = (uint16_t)coap_decode_var_bytes(
				coap_opt_value(option),
				coap_opt_length(option));
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
	landed(c, COAP_ANSWERED, &answer);
	return COAP_RESPONSE_OK;
}

static void on_nack(coap_session_t *session, const coap_pdu_t *sent,
		    coap_nack_reason_t reason, coap_mid_t mid)
{
	struct coap_connection *c = coap_session_get_app_data(session);
	coap_bin_const_t token;

	(void)mid;
	if (!c || !c->flight || !sent || reason == COAP_NACK_ICMP_ISSUE)
		return;			/* ICMP is not final: it is sent again */
	if (reason != COAP_NACK_RST && reason != COAP_NACK_TOO_MANY_RETRIES)
		return;			/* the session's end: on_event() */
	token = coap_pdu_get_token(sent);
	if (token.length != c->token_length ||
	    memcmp(token.s, c->token, token.length))
		return;
	landed(c, reason == COAP_NACK_RST ? COAP_REFUSED : COAP_NO_ANSWER, NULL);
}

/* ---- connections ---- */

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

static int watch(struct coap_connection *c)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};

	return epoll_ctl(io.epoll, EPOLL_CTL_ADD,
			 coap_context_get_coap_fd(c->context), &event);
}

struct handshake *handshake_of(const coap_session_t *session)
{
	const struct coap_connection *c = coap_session_get_app_data(session);

	return c && c->owner && !c->up ? c->is.handshake : NULL;
}

static bool on_verify(void *transport, void *tls)
{
	struct handshake *h = handshake_of(transport);

	if (h)
		h->verified = credentials_verify(&h->credentials, h->host, tls,
						 h->why, sizeof(h->why));
	return h && h->verified;
}

static void on_failed(void *transport, int error, int alert)
{
	struct handshake *h = handshake_of(transport);

	if (h) {
		h->failed = true;
		h->error = error;
		h->alert = alert;
	}
	io.failed = transport;
	io.error = error;
	io.alert = alert;
	log_line(LOG_TRACE, NULL, NULL, "gnutls: error %d, alert %d", error,
		 alert);
}

/* Nothing is done here but to note it: libcoap is in the middle of things. */
static int on_event(coap_session_t *session, const coap_event_t event)
{
	static const coap_event_t ends[] = {
		COAP_EVENT_DTLS_CLOSED, COAP_EVENT_DTLS_ERROR,
		COAP_EVENT_TCP_CLOSED, COAP_EVENT_TCP_FAILED,
		COAP_EVENT_SESSION_CLOSED, COAP_EVENT_SESSION_FAILED,
	};
	struct coap_connection *c = coap_session_get_app_data(session);

	for (size_t i = 0; c && c->owner && i < sizeof(ends) / sizeof(*ends);
	     i++)
		if (event == ends[i]) {
			c->ended = true;
			heap_set(&io.due, &c->due, clock_now());
		}
	return 0;
}

static bool open_context(struct coap_connection *c,
			 const struct coap_peer *peer)
{
	errno = 0;
	c->context = coap_new_context(NULL);
	if (!c->context || coap_context_get_coap_fd(c->context) < 0)
		return false;
	if (peer->keepalive)
		coap_context_set_keepalive(c->context, peer->keepalive);
	c->session = session_open(c->context, peer, c->is.handshake);
	return c->session && watch(c) == 0;
}

static void start(struct coap_connection *c)
{
	coap_session_set_app_data(c->session, c);
	coap_register_response_handler(c->context, on_response);
	coap_register_nack_handler(c->context, on_nack);
	coap_register_event_handler(c->context, on_event);
	handle_all_requests(c->context);
	c->up = c->transport == COAP_OVER_UDP;
	/* libcoap counts the flights that it sends again over the whole
	 * handshake, which a bad line uses up: ours is a limit of time. */
	if (!c->up)
		coap_session_set_max_retransmit(c->session, HANDSHAKE_TRIES);
	c->give_up = clock_now() + HANDSHAKE_WAIT;
	arm(c);
}

struct coap_connection *coap_open(const struct coap_peer *peer, void *owner,
				  char *why, size_t size)
{
	struct coap_connection *c = calloc(1, sizeof(*c));
	bool secure = peer->transport == COAP_OVER_DTLS ||
		      peer->transport == COAP_OVER_TLS;

	if (!c)
		abort();
	c->owner = owner;
	c->handlers = peer->handlers ? peer->handlers : io.handlers;
	c->transport = (uint8_t)peer->transport;
	c->pinged = peer->keepalive;
	if (secure)
		c->is.handshake = handshake_create(peer, why, size);
	if (secure && !c->is.handshake) {
		free(c);
		return NULL;
	}
	if (open_context(c, peer)) {
		start(c);
		return c;
	}
	snprintf(why, size, "%s", strerror(errno ? errno : EIO));
	coap_free_context(c->context);
	handshake_free(c->is.handshake);
	free(c);
	return NULL;
}

bool coap_proven(const struct coap_connection *c)
{
	return c->proven;
}

bool coap_has_session(const struct coap_connection *c)
{
	return c->transport != COAP_OVER_UDP;
}

struct coap_description coap_describe(const struct coap_connection *c)
{
	return (struct coap_description){
		.suite = credentials_suite(session_tls(c->session)),
		.up = c->up, .since = c->is.since,
	};
}

void coap_handle(struct coap_connection *c,
		 const struct coap_handlers *handlers)
{
	c->handlers = handlers;
}

static void forget_laters(struct coap_connection *c)
{
	for (struct coap_later *later; (later = c->laters); ) {
		c->laters = later->next;
		later->connection = NULL;
		if (later->body) {
			free(later->body);
			free(later);
		}
	}
}

void coap_close(struct coap_connection *c)
{
	if (!c)
		return;
	coap_session_set_app_data(c->session, NULL);
	heap_remove(&io.due, &c->due);
	forget_laters(c);
	c->flight = FLIGHT_NONE;
	c->owner = NULL;
	if (!c->up)
		handshake_free(c->is.handshake);
	c->is.next_closed = io.closed;
	io.closed = c;
}

static void free_closed(void)
{
	for (struct coap_connection *c; (c = io.closed); ) {
		io.closed = c->is.next_closed;
		epoll_ctl(io.epoll, EPOLL_CTL_DEL,
			  coap_context_get_coap_fd(c->context), NULL);
		session_wipe(c->session);
		coap_session_release(c->session);
		coap_free_context(c->context);
		release_incoming(c);
		free(c->outgoing);
		free(c->answer);
		free(c->seen);
		free(c);
	}
}

bool coap_local(const struct coap_connection *c, struct sockaddr_storage *to)
{
	const coap_address_t *local = coap_session_get_addr_local(c->session);

	if (!local || local->size > sizeof(*to))
		return false;
	memcpy(to, &local->addr, local->size);
	return true;
}

bool coap_busy(const struct coap_connection *c)
{
	return c->flight != FLIGHT_NONE;
}

/* ---- the loop ---- */

/* GnuTLS has stumbled over a stray datagram: once more, from another port.
 * false: it was something else, or there is no time left. */
static bool begin_again(struct coap_connection *c, int64_t now)
{
	struct handshake *h = c->is.handshake;
	coap_session_t *old = c->session, *session;

	if (c->up || c->transport != COAP_OVER_DTLS || !h->failed ||
	    !credentials_is_stray(h->error) || ++h->tries >= SESSION_TRIES ||
	    now >= c->give_up)
		return false;
	session = session_open(c->context, &h->peer, h);
	if (!session)
		return false;
	coap_session_set_app_data(old, NULL);
	coap_session_set_app_data(session, c);
	coap_session_set_max_retransmit(session, HANDSHAKE_TRIES);
	c->session = session;
	c->ended = h->failed = false;
	session_wipe(old);
	coap_session_release(old);
	return true;
}

static const char *end_of(const struct coap_connection *c)
{
	if (!c->up)
		return "the server cannot be reached";
	return is_stream(c) ? "the connection was closed" :
	       "the server cannot be reached any more";
}

/* The session is gone: the owner closes the connection. */
static void broke(struct coap_connection *c, const char *what)
{
	struct coap_breakage breakage = {.why = what, .alert = -1,
					 .new = !c->up};
	const struct handshake *h = c->up ? NULL : c->is.handshake;
	char text[sizeof(h->why)];

	if (h && *h->why) {
		snprintf(text, sizeof(text), "%s", h->why);
		breakage.why = text;	/* h goes when it is closed */
	} else if (!what && (h ? h->failed : io.failed == c->session)) {
		breakage.alert = h ? h->alert : io.alert;
		credentials_explain(h ? h->error : io.error, breakage.alert,
				    text, sizeof(text));
		breakage.why = text;
	} else if (!what) {
		breakage.why = end_of(c);
	}
	io.failed = NULL;
	c->flight = FLIGHT_NONE;
	heap_remove(&io.due, &c->due);
	c->handlers->broken(c->owner, &breakage);
}

static const char *silence(const struct coap_connection *c)
{
	if (c->transport == COAP_OVER_TCP || !c->is.handshake ||
	    c->is.handshake->credentials.mode != SECURITY_PSK)
		return "the server does not answer the handshake";
	return "the server does not answer the handshake (does it know the "
	       "identity, and is the key the same?)";
}

/* The handshake is over: what has waited for it goes. */
static void came_up(struct coap_connection *c, int64_t now)
{
	struct handshake *h = c->is.handshake;

	if (h && !handshake_is_safe(h)) {
		broke(c, "the server's key cannot be checked with this "
		      "libcoap");
		return;
	}
	if (h)
		session_forget(c->context, h);
	session_wipe(c->session);
	handshake_free(h);
	c->up = true;
	c->is.since = now;
	coap_session_set_max_retransmit(c->session, MAX_RETRANSMIT);
	if (c->flight == FLIGHT_REQUEST)
		send_outgoing(c, now);
}

static void look_after_session(struct coap_connection *c, int64_t now)
{
	if (c->ended && !begin_again(c, now))
		broke(c, NULL);
	else if (!c->up && coap_session_get_state(c->session) ==
		 COAP_SESSION_STATE_ESTABLISHED)
		came_up(c, now);
	else if (!c->up && now >= c->give_up)
		broke(c, silence(c));
}

static void look_after_flight(struct coap_connection *c, int64_t now)
{
	/* Nothing is left to send again: the only sign of an ACK. */
	if ((c->flight == FLIGHT_NOTIFY || c->flight == FLIGHT_LATER) &&
	    coap_can_exit(c->context))
		landed(c, COAP_ACKED, NULL);
	else if (c->flight && now >= c->give_up)
		landed(c, COAP_NO_ANSWER, NULL);
	if (c->owner && !c->flight)
		send_later(c, clock_now());
	if (c->owner && !c->flight && c->idle_owed) {
		c->idle_owed = false;
		c->handlers->idle(c->owner);
	}
}

static void drive(struct coap_connection *c)
{
	struct epoll_event events[4];
	int n = epoll_wait(coap_context_get_coap_fd(c->context), events, 4, 0);
	int64_t before = c->give_up;

	if (n > 0)
		coap_io_do_epoll(c->context, events, (size_t)n);
	if (c->owner && (c->ended || !c->up))
		look_after_session(c, clock_now());
	if (c->owner && c->up)
		look_after_flight(c, clock_now());
	if (c->owner && c->give_up == before)	/* not one just sent */
		arm(c);
}

static struct coap_connection *connection_of(struct heap_item *item)
{
	return (struct coap_connection *)(void *)((char *)item -
		offsetof(struct coap_connection, due));
}

void coap_turn(int64_t now)
{
	struct epoll_event events[TURN_EVENTS];
	int n = epoll_wait(io.epoll, events, TURN_EVENTS, 0);
	struct heap_item *item;

	for (int i = 0; i < n; i++) {
		struct coap_connection *c = events[i].data.ptr;

		if (c->owner)
			drive(c);
	}
	for (n = 0; n < TURN_EVENTS && (item = heap_first(&io.due)) &&
	     item->due <= now; n++) {
		heap_remove(&io.due, item);
		drive(connection_of(item));
	}
	free_closed();
}

int64_t coap_due(void)
{
	return io.closed ? 0 : heap_due(&io.due);
}

int coap_epoll_fd(void)
{
	return io.epoll;
}

struct coap_counts coap_counts(void)
{
	return io.counts;
}

static const struct gnutls_shim_hooks tls_hooks = {on_verify, on_failed};

static void log_libcoap(coap_log_t level, const char *text)
{
	size_t n = strcspn(text, "\n");

	(void)level;	/* it logs every Reset as an alert */
	log_line(LOG_TRACE, NULL, NULL, "libcoap: %.*s", (int)n, text);
}

/* Do libcoap's calls of GnuTLS really come by gnutls_shim.c? */
static void prove_shim(void)
{
	coap_free_context(coap_new_context(NULL));
	if (!gnutls_shim_active())
		log_line(LOG_WARN, NULL, NULL, "this libcoap does not let its "
			 "GnuTLS priorities be shared: 8 kB more an endpoint");
}

int coap_start(const struct coap_handlers *handlers)
{
	io.handlers = handlers;
	io.epoll = epoll_create1(EPOLL_CLOEXEC);
	if (io.epoll < 0)
		return -errno;
	coap_startup();
	coap_set_log_handler(log_libcoap);
	coap_set_log_level(4);			/* its warnings */
	gnutls_shim_hook(&tls_hooks);
	prove_shim();
	return 0;
}

void coap_stop(void)
{
	free_closed();
	heap_finish(&io.due);
	close(io.epoll);
	io.epoll = -1;
	coap_cleanup();
}
