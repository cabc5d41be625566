/* SPDX-License-Identifier: GPL-2.0-or-later
 * agent/coap/coap.h over the simulated network: the message layer of RFC 7252
 * as libcoap has it, one confirmable message at a time per connection. In place
 * of agent/coap; what it keeps of a connection is on the heap, as there. */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agent/coap/coap.h"
#include "tests/sim/judge.h"
#include "tests/sim/net.h"
#include "tests/sim/world.h"

#define MAX_TRANSMIT_WAIT (93 * SECOND)
#define LATERS_MAX 16
#define SEEN_MAX 16

enum flight { FLIGHT_NONE, FLIGHT_REQUEST, FLIGHT_NOTIFY, FLIGHT_LATER };

struct seen { uint16_t mid; int64_t until; struct datagram *answer; };

struct coap_separate {
	struct coap_separate *next;
	struct coap_connection *connection;	/* NULL: it was closed */
	uint8_t token[8], token_length;
	char located[32];
	bool ready;
	uint8_t code;
	uint16_t format;
	uint8_t *payload;
	size_t length;
};

struct coap_connection {
	struct coap_connection *next;
	void *owner;
	const struct coap_handlers *handlers;
	uint64_t number;
	uint8_t server, moved;
	uint32_t address;
	enum flight flight;
	struct datagram *out;		/* that is under way */
	bool acked;			/* ... and will not be repeated */
	uint64_t flight_number;		/* its timers know it by that */
	unsigned repeated;
	int64_t first_timeout, since;
	bool gave_up;			/* the time is over: to be told */
	bool idle_owed, proven, closed;
	bool session;			/* of TCP: it breaks, and is told */
	uint16_t next_mid;
	struct seen seen[SEEN_MAX];
	unsigned next_seen;
	struct coap_separate *laters;
	struct arrival *first, **end;
};

struct arrival { struct arrival *next; struct datagram *datagram; };

struct coap_exchange {
	struct coap_connection *connection;
	const struct datagram *request;
	struct datagram *answer;
	char located[32];
	bool deferred;
};

static struct {
	const struct coap_handlers *handlers;
	struct coap_connection *all;
	uint64_t numbers, flights;
	struct coap_counts counts;
} own;

static struct coap_connection *connection_numbered(uint64_t number)
{
	struct coap_connection *c = own.all;

	while (c && (c->number != number || c->closed))
		c = c->next;
	return c;
}

size_t connections_count(void)
{
	size_t n = 0;

	for (struct coap_connection *c = own.all; c; c = c->next)
		n += !c->closed;
	return n;
}

int coap_start(const struct coap_handlers *handlers)
{
	own.handlers = handlers;
	return 0;
}

struct coap_counts coap_counts(void)
{
	return own.counts;
}

/* ---- connections ---- */

struct coap_connection *coap_open(const struct coap_peer *peer, void *owner,
				  char *why, size_t size, int64_t now)
{
	const struct sockaddr_in *in = (const void *)peer->address;
	struct coap_connection *c = calloc(1, sizeof(*c));

	(void)now;
	if (!c)
		abort();
	if (peer->transport != COAP_OVER_UDP &&
	    peer->transport != COAP_OVER_TCP) {
		snprintf(why, size, "not simulated");
		free(c);
		return NULL;
	}
	c->owner = owner;
	c->session = peer->transport == COAP_OVER_TCP;
	c->handlers = peer->handlers ? peer->handlers : own.handlers;
	c->number = ++own.numbers;
	c->server = (uint8_t)ntohl(in->sin_addr.s_addr);
	c->moved = (uint8_t)(ntohl(in->sin_addr.s_addr) >> 8);
	c->address = net.address;
	c->next_mid = (uint16_t)draw(STREAM_NET);
	c->end = &c->first;
	c->next = own.all;
	own.all = c;
	return c;
}

void coap_handle(struct coap_connection *c, const struct coap_handlers *handlers)
{
	c->handlers = handlers;
}

static void flight_end(struct coap_connection *c)
{
	datagram_free(c->out);
	c->out = NULL;
	c->flight = FLIGHT_NONE;
	c->gave_up = false;
}

static void later_free(struct coap_separate *later)
{
	free(later->payload);
	free(later);
}

void coap_close(struct coap_connection *c)
{
	if (!c || c->closed)
		return;
	c->closed = true;
	flight_end(c);
	for (struct coap_separate *later; (later = c->laters); ) {
		c->laters = later->next;
		later->connection = NULL;
		if (later->ready)
			later_free(later);
	}
	world.woken = true;		/* it is freed in the next turn */
}

static void connection_free(struct coap_connection *c)
{
	for (struct arrival *a; (a = c->first); ) {
		c->first = a->next;
		datagram_free(a->datagram);
		world_give(a, sizeof(*a));
	}
	for (unsigned i = 0; i < SEEN_MAX; i++)
		datagram_free(c->seen[i].answer);
	free(c);
}

static void closed_free(void)
{
	for (struct coap_connection **at = &own.all, *c; (c = *at); ) {
		if (!c->closed) {
			at = &c->next;
			continue;
		}
		*at = c->next;
		connection_free(c);
	}
}

void coap_stop(void)
{
	closed_free();
}

bool coap_local(const struct coap_connection *c, struct sockaddr_storage *to)
{
	struct sockaddr_in *in = (void *)to;

	memset(to, 0, sizeof(*to));
	in->sin_family = AF_INET;
	in->sin_addr.s_addr = htonl(0x0a010000 + c->address);
	return true;
}

bool coap_busy(const struct coap_connection *c)
{
	return c->flight != FLIGHT_NONE;
}

bool coap_owes(const struct coap_connection *c)
{
	return c->laters != NULL;
}

int64_t coap_since(const struct coap_connection *c)
{
	return coap_busy(c) ? c->since : INT64_MAX;
}

bool coap_proven(const struct coap_connection *c)
{
	return c->proven;
}

void coap_doubt(struct coap_connection *c)
{
	(void)c;
}

bool coap_has_session(const struct coap_connection *c)
{
	return c->session;
}

struct coap_description coap_describe(const struct coap_connection *c)
{
	(void)c;
	return (struct coap_description){.up = true};
}

/* ---- out ---- */

/* -EIO: the kernel knows no way to there. */
static int put(struct coap_connection *c, struct datagram *d)
{
	own.counts.sent++;
	if (world.ghost)
		return 0;
	if (net.unreachable) {
		own.counts.failed++;
		return -EIO;
	}
	if (c->handlers->traffic)
		c->handlers->traffic(c->owner, true, 32 + d->length,
				     world.now);
	/* From an address that is no more ours nothing comes back. */
	net_send(d);
	return 0;
}

static struct datagram *datagram_of(struct coap_connection *c, uint8_t type,
				    uint8_t code, const uint8_t *token,
				    size_t n_token, const uint8_t *payload,
				    size_t length)
{
	struct datagram *d = datagram_create(length);

	d->connection = c->number;
	d->server = c->server;
	d->moved = c->moved;
	d->up = true;
	d->type = type;
	d->code = code;
	d->mid = c->next_mid++;
	d->token_length = (uint8_t)n_token;
	memcpy(d->token, token, n_token);
	if (length)
		memcpy(d->payload, payload, length);
	return d;
}

static void timer(uint64_t number, uint64_t flight)
{
	struct coap_connection *c = connection_numbered(number);

	if (!c || c->flight_number != flight || c->flight == FLIGHT_NONE ||
	    c->acked)
		return;
	if (c->repeated == MAX_RETRANSMIT) {
		c->gave_up = true;
		world.woken = true;
		return;
	}
	if (!net.unreachable)
		net_send(c->out);
	c->repeated++;
	world_at(world.now + net_timeout(c->repeated, c->first_timeout), true,
		 timer, number, flight);
}

static void limit(uint64_t number, uint64_t flight)
{
	struct coap_connection *c = connection_numbered(number);

	if (!c || c->flight_number != flight || c->flight == FLIGHT_NONE)
		return;
	c->gave_up = true;
	world.woken = true;
}

/* A ghost is answered at once, so that it leaves. */
static int take_off(struct coap_connection *c, enum flight flight,
		    struct datagram *d)
{
	int rc = put(c, d);

	if (rc < 0) {
		datagram_free(d);
		return rc;
	}
	c->flight = flight;
	c->out = d;
	c->acked = c->gave_up = false;
	c->repeated = 0;
	c->flight_number = ++own.flights;
	c->since = world.now;
	if (world.ghost) {
		c->gave_up = true;
		world.woken = true;
		return 0;
	}
	c->first_timeout = draw_between(STREAM_NET, ACK_TIMEOUT,
					ACK_TIMEOUT * 3 / 2);
	world_at(world.now + c->first_timeout, true, timer, c->number,
		 c->flight_number);
	world_at(world.now + MAX_TRANSMIT_WAIT, true, limit, c->number,
		 c->flight_number);
	return 0;
}

/* Segments behind their lengths to a text with `between` between them. */
static void join(struct coap_segments from, char between, char *to,
		 size_t size)
{
	size_t used = 0;

	for (size_t i = 0; i < from.n; i += 1 + (size_t)from.at[i])
		used += (size_t)snprintf(to + used, size - used, "%s%.*s",
			used ? (char[]){between, 0} : "", from.at[i],
			(const char *)from.at + i + 1);
}

int coap_request(struct coap_connection *c, const struct coap_message *m,
		 int64_t now)
{
	uint64_t token = draw(STREAM_NET);
	struct datagram *d;

	(void)now;
	if (c->flight)
		return -EBUSY;
	d = datagram_of(c, CON, m->method, (const uint8_t *)&token, 4,
			m->payload, m->length);
	join(m->path, '/', d->uri, sizeof(d->uri));
	join(m->query, '&', d->query, sizeof(d->query));
	d->format = m->format;
	d->accept = m->has_accept ? m->accept : FORMAT_NONE;
	d->wants_block = m->wants_block2;
	d->block = m->block2;
	d->block_size = (uint16_t)m->block2_size;
	return take_off(c, FLIGHT_REQUEST, d);
}

int coap_notify(struct coap_connection *c, const struct coap_notification *n,
		int64_t now)
{
	struct datagram *d;
	int rc;

	(void)now;
	if (c->flight && n->confirmable)
		return -EBUSY;
	d = datagram_of(c, n->confirmable ? CON : NON, n->code, n->token,
			n->token_length, n->payload, n->length);
	d->format = n->format;
	d->observe = n->code == CODE(2, 5) ?
		     (int32_t)(n->sequence & 0xffffff) : -1;
	if (n->confirmable)
		return take_off(c, FLIGHT_NOTIFY, d);
	rc = put(c, d);
	datagram_free(d);
	return rc;
}

bool coap_give_up(struct coap_connection *c)
{
	if (!c->flight)
		return false;
	flight_end(c);
	return true;
}

/* ---- requests of the server ---- */

void coap_respond(struct coap_exchange *x, uint8_t code, uint16_t format,
		  const uint8_t *payload, size_t length, int32_t observe)
{
	struct coap_connection *c = x->connection;

	x->answer = datagram_of(c, x->request->type == CON ? ACK : NON, code,
				x->request->token, x->request->token_length,
				payload, length);
	if (x->request->type == CON) {
		x->answer->mid = x->request->mid;
		c->next_mid--;
	}
	x->answer->format = format;
	x->answer->observe = observe;
	strcpy(x->answer->uri, x->located);
}

void coap_locate(struct coap_exchange *x, const struct lwm2m_path *path)
{
	snprintf(x->located, sizeof(x->located), "%u/%u", path->id[0],
		 path->id[1]);
}

struct coap_separate *coap_separate_begin(struct coap_exchange *x)
{
	struct coap_separate *later, **end = &x->connection->laters;
	size_t n = 0;

	for (; *end; end = &(*end)->next)
		n++;
	if (n >= LATERS_MAX)
		return NULL;
	later = calloc(1, sizeof(*later));
	if (!later)
		abort();
	later->connection = x->connection;
	later->token_length = x->request->token_length;
	memcpy(later->token, x->request->token, sizeof(later->token));
	*end = later;
	x->deferred = true;
	return later;
}

void coap_locate_later(struct coap_separate *later,
		       const struct lwm2m_path *path)
{
	snprintf(later->located, sizeof(later->located), "%u/%u", path->id[0],
		 path->id[1]);
}

static void later_send(struct coap_connection *c)
{
	struct coap_separate **at = &c->laters, *later;
	struct datagram *d;

	while (*at && !(*at)->ready)
		at = &(*at)->next;
	later = *at;
	if (!later || c->flight)
		return;
	*at = later->next;
	d = datagram_of(c, CON, later->code, later->token, later->token_length,
			later->payload, later->length);
	d->format = later->format;
	strcpy(d->uri, later->located);
	later_free(later);
	take_off(c, FLIGHT_LATER, d);
}

void coap_respond_separately(struct coap_separate *later, uint8_t code,
			     uint16_t format, const uint8_t *payload,
			     size_t length, int64_t now)
{
	(void)now;
	if (!later->connection) {
		later_free(later);
		return;
	}
	later->ready = true;
	later->code = code;
	later->format = format;
	later->length = length;
	later->payload = malloc(length + 1);
	if (!later->payload)
		abort();
	if (length)
		memcpy(later->payload, payload, length);
	later_send(later->connection);
}

static void seen_add(struct coap_connection *c, uint16_t mid,
		     struct datagram *answer)
{
	struct seen *seen = &c->seen[c->next_seen++ % SEEN_MAX];

	datagram_free(seen->answer);
	*seen = (struct seen){mid, world.now + EXCHANGE_LIFETIME, answer};
}

static bool answer_again(struct coap_connection *c, uint16_t mid)
{
	for (unsigned i = 0; i < SEEN_MAX; i++)
		if (c->seen[i].answer && c->seen[i].mid == mid &&
		    c->seen[i].until > world.now) {
			put(c, c->seen[i].answer);
			return true;
		}
	return false;
}

static void on_request(struct coap_connection *c, const struct datagram *d)
{
	struct coap_exchange x = {.connection = c, .request = d};
	struct request r = {
		.method = d->code, .uri = d->uri, .uri_length = strlen(d->uri),
		.query = d->query, .query_length = strlen(d->query),
		.accept = d->accept, .format = d->format,
		.observe = d->observe, .payload = d->payload,
		.length = d->length,
	};
	bool once = d->code != REQUEST_GET && d->code != REQUEST_FETCH;

	if (once && answer_again(c, d->mid))
		return;
	c->handlers->request(c->owner, &x, &r, d->token, d->token_length,
			     world.now);
	if (!x.answer && !x.deferred)
		coap_respond(&x, CODE(5, 0), FORMAT_NONE, NULL, 0, -1);
	if (x.deferred && !x.answer) {
		x.answer = datagram_of(c, ACK, 0, d->token, 0, NULL, 0);
		x.answer->mid = d->mid;
		c->next_mid--;
	}
	put(c, x.answer);
	if (once)
		seen_add(c, d->mid, x.answer);
	else
		datagram_free(x.answer);
}

/* ---- answers ---- */

static void landed(struct coap_connection *c, enum coap_outcome outcome,
		   const struct coap_answer *answer)
{
	enum flight flight = c->flight;
	uint8_t token[8], n = c->out->token_length;

	memcpy(token, c->out->token, sizeof(token));
	flight_end(c);
	c->idle_owed = true;
	if (flight == FLIGHT_LATER && c->handlers->answered)
		c->handlers->answered(c->owner, outcome, world.now);
	if (flight != FLIGHT_LATER)
		c->handlers->ended(c->owner, outcome, token, n, answer,
				   world.now);
}

static void empty_send(struct coap_connection *c, uint8_t type, uint16_t mid)
{
	struct datagram *d = datagram_of(c, type, 0, NULL, 0, NULL, 0);

	c->next_mid--;
	d->mid = mid;
	put(c, d);
	datagram_free(d);
}

/* "rd/7" to segments. */
static size_t split(const char *path, uint8_t *to)
{
	size_t used = 0, n;

	for (; *path; path += n + (path[n] == '/')) {
		n = strcspn(path, "/");
		to[used++] = (uint8_t)n;
		memcpy(to + used, path, n);
		used += n;
	}
	return used;
}

static bool has_its_token(const struct coap_connection *c,
			  const struct datagram *d)
{
	return d->token_length == c->out->token_length &&
	       !memcmp(d->token, c->out->token, d->token_length);
}

static void on_response(struct coap_connection *c, const struct datagram *d)
{
	uint8_t segments[URI_ROOM + 1];
	struct coap_answer answer = {
		.code = d->code, .format = d->format, .payload = d->payload,
		.length = d->length,
		.location = {segments, split(d->uri, segments)},
		.has_block2 = d->has_block, .block2 = d->block,
		.block2_size = d->block_size, .more = d->more,
	};

	if (c->flight != FLIGHT_REQUEST || !has_its_token(c, d)) {
		if (d->type == CON)
			empty_send(c, RST, d->mid);
		return;
	}
	if (d->type == CON)
		empty_send(c, ACK, d->mid);
	c->proven = true;
	landed(c, COAP_ANSWERED, &answer);
}

static void on_datagram(struct coap_connection *c, const struct datagram *d)
{
	bool ours = c->flight && c->out->mid == d->mid;

	own.counts.received++;
	/* What was given up, as at a stop, may be told again. */
	if (ours || (c->flight && d->code && has_its_token(c, d))) {
		judge_confirmed(d->told_from, d->told_to);
		if (d->served && !world.ghost)
			judge_served(d->served - 1);
	}
	if (c->handlers->traffic)
		c->handlers->traffic(c->owner, false, 32 + d->length,
				     world.now);
	if (d->code >= 1 && d->code < 32) {
		on_request(c, d);
	} else if (d->code) {
		on_response(c, d);
	} else if (ours && d->type == RST) {
		landed(c, COAP_REFUSED, NULL);
	} else if (ours && d->type == ACK) {
		c->acked = true;	/* of a request: its answer follows */
		if (c->flight != FLIGHT_REQUEST)
			landed(c, COAP_ACKED, NULL);
	}
}

void connection_arrived(struct datagram *d)
{
	struct coap_connection *c = connection_numbered(d->connection);
	struct arrival *arrival;

	if (!c || c->address != net.address ||
	    c->moved != net.moved[c->server]) {
		datagram_free(d);
		return;
	}
	arrival = world_take(sizeof(*arrival));
	arrival->next = NULL;
	arrival->datagram = d;
	*c->end = arrival;
	c->end = &arrival->next;
	world.woken = true;
}

static void ghost_answer(struct coap_connection *c)
{
	static const uint8_t location[] = {1, 'g'};
	struct coap_answer answer = {.format = FORMAT_NONE,
				     .location = {location, sizeof(location)}};

	if (c->flight != FLIGHT_REQUEST) {
		landed(c, COAP_ACKED, NULL);
		return;
	}
	answer.code = c->out->code == REQUEST_DELETE ? CODE(2, 2) :
		      strchr(c->out->uri, '/') ? CODE(2, 4) : CODE(2, 1);
	landed(c, COAP_ANSWERED, &answer);
}

/* What TCP gives up, the application hears of as the end of the session. */
static void broken(struct coap_connection *c)
{
	flight_end(c);
	c->handlers->broken(c->owner, &(struct coap_session_failure){
		.why = "Connection timed out", .alert = -1,
		.new = !c->proven}, world.now);
}

static void drive(struct coap_connection *c)
{
	while (!c->closed && c->first) {
		struct arrival *a = c->first;

		c->first = a->next;
		if (!c->first)
			c->end = &c->first;
		on_datagram(c, a->datagram);
		datagram_free(a->datagram);
		world_give(a, sizeof(*a));
	}
	if (!c->closed && c->flight && c->gave_up && world.ghost)
		ghost_answer(c);
	else if (!c->closed && c->flight && c->gave_up && c->session)
		broken(c);
	else if (!c->closed && c->flight && c->gave_up)
		landed(c, COAP_NO_ANSWER, NULL);
	if (!c->closed && !c->flight)
		later_send(c);
	if (!c->closed && !c->flight && c->idle_owed) {
		c->idle_owed = false;
		c->handlers->idle(c->owner, world.now);
	}
}

void coap_turn(int64_t now)
{
	(void)now;
	for (struct coap_connection *c = own.all, *next; c; c = next) {
		next = c->next;
		if (c->first || c->gave_up || c->idle_owed || c->laters ||
		    world.ghost)
			drive(c);
	}
	closed_free();
}

int64_t coap_due(void)
{
	for (struct coap_connection *c = own.all; c; c = c->next)
		if (c->closed || c->gave_up || (c->idle_owed && !c->flight))
			return 0;
	return NEVER;
}

void connections_gone(void)
{
	for (struct coap_connection *c = own.all; c; c = c->next)
		coap_close(c);
	closed_free();
}
