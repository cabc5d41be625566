/* SPDX-License-Identifier: GPL-2.0-or-later
 * What goes out: our requests and notifications, block by block, and when to
 * look after them. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include "agent/base/limits.h"
#include "agent/coap/coap_private.h"

#define MAX_TRANSMIT_WAIT (93 * SECOND)		/* RFC 7252 4.8.2 */
#define FIRST_RETRANSMISSION (3 * SECOND)	/* ACK_TIMEOUT x 1.5, 4.8 */
#define SESSION_WAIT (20 * SECOND)	/* for a request over a session */
#define DOUBT_WAIT (6 * SECOND)		/* ... one that may not serve */
#define PDU_MAX 1280

/* When the first retransmission has gone, and the owner is to know that nobody
 * answers; INT64_MAX: it is no request, a stream's, or was told. */
static int64_t silent_due(const struct coap_connection *c)
{
	if (c->silent)
		return INT64_MAX;
	if (!c->up)
		return c->give_up - HANDSHAKE_WAIT + FIRST_RETRANSMISSION;
	if (c->outstanding != OUTSTANDING_REQUEST || c->doubted ||
	    connection_is_stream(c))
		return INT64_MAX;
	return coap_since(c) + FIRST_RETRANSMISSION;
}

void connection_arm(struct coap_connection *c, int64_t now)
{
	int64_t due = connection_ack_due(c);

	if ((c->outstanding || !c->up) && c->give_up < due)
		due = c->give_up;
	if (c->lapse && c->lapse < due)
		due = c->lapse;
	if (silent_due(c) < due)
		due = silent_due(c);
	if (c->ended || (c->idle_owed && c->up && !c->outstanding))
		due = now;
	heap_set(&coap_state.due, &c->due, due);
}

bool connection_is_stream(const struct coap_connection *c)
{
	return c->transport == COAP_OVER_TCP || c->transport == COAP_OVER_TLS;
}

/* Just sent: libcoap has set its timer for the first retransmission; where it
 * has not, that is looked after as soon as it must have been. */
static void connection_arm_first(struct coap_connection *c, int64_t now)
{
	int64_t due = now + FIRST_RETRANSMISSION, timer = c->shard->shim.due;

	shard_wake(c->shard, timer > now && timer < due ? timer : due);
	if (connection_is_stream(c))
		heap_set(&coap_state.due, &c->due, now);
	else
		connection_arm(c, now);
}

void pdu_add_number(coap_pdu_t *pdu, uint16_t option, uint32_t number)
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

void connection_exchange_start(struct coap_connection *c,
			       enum outstanding outstanding,
			       const uint8_t *token, size_t length, int64_t now)
{
	c->outstanding = (uint8_t)outstanding;
	c->token_length = (uint8_t)length;
	memcpy(c->token, token, length);
	c->silent = false;
	c->give_up = now +
		     (outstanding != OUTSTANDING_REQUEST || !coap_has_session(c)
			      ? MAX_TRANSMIT_WAIT
		      : c->doubted ? DOUBT_WAIT
				   : SESSION_WAIT);
}

int64_t coap_since(const struct coap_connection *c)
{
	if (!c->outstanding || !c->up)
		return INT64_MAX;
	return c->give_up -
	       (c->outstanding == OUTSTANDING_REQUEST && coap_has_session(c)
			? SESSION_WAIT
			: MAX_TRANSMIT_WAIT);
}

#define UDP_HEADERS(c) (over_ipv6(c) ? 48u : 28u)
#define TCP_HEADERS(c) (over_ipv6(c) ? 72u : 52u)	/* with timestamps */
#define RECORD 29			/* of DTLS or TLS, with CCM-8 */

static bool over_ipv6(const struct coap_connection *c)
{
	const coap_address_t *peer = coap_session_get_addr_remote(c->session);

	return peer && peer->addr.sa.sa_family == AF_INET6;
}

/* For who counts what moves: bytes of CoAP with all that is around them. */
void connection_traffic(struct coap_connection *c, bool sent, size_t bytes)
{
	coap_proto_t proto = coap_session_get_proto(c->session);

	if (!c->owner || !c->handlers->traffic)
		return;
	bytes += proto == COAP_PROTO_TCP || proto == COAP_PROTO_TLS ?
		 TCP_HEADERS(c) : UDP_HEADERS(c);
	bytes += proto == COAP_PROTO_DTLS || proto == COAP_PROTO_TLS ?
		 RECORD : 0;
	c->handlers->traffic(c->owner, sent, bytes, coap_state.now);
}

size_t pdu_bytes(const coap_pdu_t *pdu)
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

/* libcoap finds it closed when it reads on. What is not read yet, up to some MB
 * in the kernel, goes with it: by a reset. */
void connection_cut(struct coap_connection *c, enum stream_cut why)
{
	const struct linger none = {.l_onoff = 1};

	if (c->cut || c->socket < 0)
		return;
	c->cut = (uint8_t)why;
	if (why != CUT_MALFORMED) {
		coap_state.counts.cut++;
		setsockopt(c->socket, SOL_SOCKET, SO_LINGER, &none,
			   sizeof(none));
	}
	shutdown(c->socket, SHUT_RD);
}

void connection_given(struct coap_connection *c, size_t bytes)
{
	struct pollfd at = {.fd = c->socket, .events = POLLOUT};

	if (!connection_is_stream(c))
		return;
	c->unsent += (uint32_t)bytes;
	if (c->unsent <= STREAM_UNSENT_MAX)
		return;
	if (poll(&at, 1, 0) > 0)	/* libcoap has nothing left then */
		c->unsent = 0;
	else
		connection_cut(c, CUT_UNREAD);
}

/* -EIO: the kernel did not take it (no route, a port that refused before). */
int connection_tell(struct coap_connection *c, coap_pdu_t *pdu)
{
	size_t bytes = pdu_bytes(pdu);

	coap_state.counts.sent++;
	errno = 0;
	if (coap_send(c->session, pdu) != COAP_INVALID_MID) {
		connection_traffic(c, true, bytes);
		connection_given(c, bytes);
		return 0;
	}
	coap_state.counts.failed++;
	return -EIO;
}

/* One that was started: where that failed, nothing is outstanding. */
int connection_send(struct coap_connection *c, coap_pdu_t *pdu, int64_t now)
{
	int rc;

	c->mid = (uint16_t)coap_pdu_get_mid(pdu);
	c->acked = false;
	rc = connection_tell(c, pdu);
	if (rc < 0)
		c->outstanding = OUTSTANDING_NONE;
	connection_arm_first(c, now);
	return rc;
}

coap_pdu_t *pdu_create(struct coap_connection *c, coap_pdu_type_t type,
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

struct body *body_create(uint8_t code, uint16_t format, uint32_t key,
			 const uint8_t *payload, size_t length)
{
	struct body *body = malloc(sizeof(*body) + length);

	if (!body)
		abort();
	*body = (struct body){key, ++coap_state.etag, format, code, length};
	if (length)
		memcpy(body->at, payload, length);
	return body;
}

/* Content-Format, Block2, ETag where there is more than one block, payload.
 * Options go in by ascending number: block1 stands between the others. */
void pdu_fill(coap_pdu_t *pdu, const struct body *body, struct block block,
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
		pdu_add_number(pdu, COAP_OPTION_ETAG, body->etag);
	if (observe >= 0)
		pdu_add_number(pdu, COAP_OPTION_OBSERVE, (uint32_t)observe);
	if (body->format != FORMAT_NONE)
		pdu_add_number(pdu, COAP_OPTION_CONTENT_FORMAT, body->format);
	if (cut)
		add_block(pdu, COAP_OPTION_BLOCK2, &block);
	if (block1)
		pdu_add_number(pdu, COAP_OPTION_BLOCK1, block1 - 1);
	if (n)
		coap_add_data(pdu, (size_t)n, body->at + offset);
}

const struct block block_whole = {0, false, BLOCK_SZX};

/* Keeps a body whose further blocks will be asked for, frees others. */
void connection_keep_answer(struct coap_connection *c, struct body *body,
			    const struct block *sent)
{
	if (body->length <= block_size(sent)) {
		free(body);
		return;
	}
	free(c->answer);
	c->answer = body;
	connection_await_block(c);
}

void connection_await_block(struct coap_connection *c)
{
	c->lapse = coap_state.now + EXCHANGE_LIFETIME;
}

void connection_lapse(struct coap_connection *c, int64_t now)
{
	if (!c->lapse || now < c->lapse)
		return;
	c->lapse = 0;
	coap_state.counts.lapsed += c->incoming && c->incoming->used;
	coap_state.counts.lapsed += c->other && c->other->used;
	connection_release_incoming(c);
	free(c->answer);
	c->answer = NULL;
}

int connection_send_outgoing(struct coap_connection *c, int64_t now)
{
	struct outgoing *o = c->outgoing;
	size_t offset;
	uint8_t token[4];
	long n = block_cut(&o->block, o->length, &offset);
	coap_pdu_t *pdu;

	coap_prng(token, sizeof(token));
	pdu = pdu_create(c, COAP_MESSAGE_CON, o->method, token, sizeof(token));
	add_segments(pdu, COAP_OPTION_URI_PATH, o->at, o->n_path);
	if (o->format != FORMAT_NONE)
		pdu_add_number(pdu, COAP_OPTION_CONTENT_FORMAT, o->format);
	add_segments(pdu, COAP_OPTION_URI_QUERY, o->at + o->n_path, o->n_query);
	if (o->has_accept)
		pdu_add_number(pdu, COAP_OPTION_ACCEPT, o->accept);
	if (o->wants_block2)
		add_block(pdu, COAP_OPTION_BLOCK2, &o->block2);
	if (o->block.more || o->block.number)
		add_block(pdu, COAP_OPTION_BLOCK1, &o->block);
	if (n > 0)
		coap_add_data(pdu, (size_t)n,
			      o->at + o->n_path + o->n_query + offset);
	connection_exchange_start(c, OUTSTANDING_REQUEST, token, sizeof(token),
				  now);
	return connection_send(c, pdu, now);
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

	coap_state.now = now;
	if (c->outstanding)
		return -EBUSY;
	o = malloc(sizeof(*o) + m->path.n + m->query.n + m->length);
	if (!o)
		abort();
	*o = (struct outgoing){m->method, m->format, (uint16_t)m->path.n,
			       (uint16_t)m->query.n, m->wants_block2,
			       m->has_accept, block_whole,
			       {m->block2, false, szx_of(m->block2_size)},
			       m->length, m->accept};
	if (m->path.n)
		memcpy(o->at, m->path.at, m->path.n);
	if (m->query.n)
		memcpy(o->at + m->path.n, m->query.at, m->query.n);
	if (m->length)
		memcpy(o->at + m->path.n + m->query.n, m->payload, m->length);
	free(c->outgoing);
	c->outgoing = o;
	if (c->up)
		return connection_send_outgoing(c, now);
	c->outstanding = OUTSTANDING_REQUEST;	/* once the handshake is over */
	return 0;
}

/* libcoap has no call to take a message back: it goes on to repeat it until the
 * connection is closed, and lets one more go beside it. */
bool coap_give_up(struct coap_connection *c)
{
	if (!c->outstanding || !c->up)
		return false;
	coap_session_set_nstart(c->session,
		(uint16_t)(coap_session_get_nstart(c->session) + 1));
	free(c->outgoing);
	c->outgoing = NULL;
	c->outstanding = OUTSTANDING_NONE;
	return true;
}

static void notified_add(struct coap_connection *c, const coap_pdu_t *pdu,
		     const struct coap_notification *n)
{
	size_t at;

	if (!c->notified)
		c->notified = calloc(1, sizeof(*c->notified));
	if (!c->notified)
		abort();
	at = c->notified->next++ % NOTIFIED_MAX;
	c->notified->at[at].mid = (uint16_t)coap_pdu_get_mid(pdu);
	c->notified->at[at].token_length = n->token_length;
	memcpy(c->notified->at[at].token, n->token, n->token_length);
}

int coap_notify(struct coap_connection *c, const struct coap_notification *n,
		int64_t now)
{
	struct block first = block_whole;
	struct body *body;
	coap_pdu_t *pdu;

	coap_state.now = now;
	if ((c->outstanding && n->confirmable) || !c->up)
		return -EBUSY;
	body = body_create(n->code, n->format,
			   block_hash(0, n->uri, strlen(n->uri)), n->payload,
			   n->length);
	pdu = pdu_create(c, n->confirmable ? COAP_MESSAGE_CON : COAP_MESSAGE_NON,
			 n->code, n->token, n->token_length);
	if (n->block_size)
		first.szx = szx_of(n->block_size);
	pdu_fill(pdu, body, first, n->code == CODE(2, 5) ?
		 (int32_t)(n->sequence & 0xffffff) : -1, 0);
	connection_keep_answer(c, body, &first);
	if (!n->confirmable) {
		notified_add(c, pdu, n);
		return connection_tell(c, pdu);
	}
	connection_exchange_start(c, OUTSTANDING_NOTIFY, n->token,
				  n->token_length, now);
	return connection_send(c, pdu, now);
}
