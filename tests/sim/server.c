/* SPDX-License-Identifier: GPL-2.0-or-later
 * A server has its own message layer (RFC 7252): it repeats what is not
 * acknowledged, asks one thing at a time of each client, and answers a request
 * that comes twice as it did before. */
#include "tests/sim/server.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agent/config/model.h"
#include "agent/lwm2m/request.h"
#include "objects/codec.h"
#include "tests/sim/bootstrap.h"
#include "tests/sim/judge.h"
#include "tests/sim/net.h"
#include "tests/sim/site.h"
#include "tests/sim/world.h"

#define MIDS 256		/* of a client, remembered: as many as it can send
				 * while one datagram is delayed */
#define PEERS 512		/* hash of connections */
#define ASKS_MAX 32
#define AWAKE (90 * SECOND)
#define ASKED (2 * MINUTE)	/* until a late answer comes, at most */
#define ASLEEP (15 * MINUTE)	/* ... of what may fall asleep meanwhile */

struct peer {			/* what came from one address */
	struct peer *next;
	uint64_t connection;
	struct {
		uint16_t mid;
		int64_t until;
		struct datagram *answer;
		bool silent;		/* it is not sent: of a NON */
	} seen[MIDS];			/* by mid, as they are counted on */
	size_t endpoint;	/* whose address it is, + 1; 0: not known */
};

enum ask_kind { ASK_ATTRIBUTES, ASK_OBSERVE, ASK_READ, ASK_WRITE, ASK_EXECUTE,
	ASK_BOOTSTRAP, ASK_PACKAGE };

struct ask { enum ask_kind kind; uint8_t point; };

struct record {			/* a registration */
	bool is;
	uint64_t connection;
	uint32_t location;
	int64_t expires, heard;
	struct { bool is; uint64_t token; } observing[POINTS_MAX];
	struct ask asks[ASKS_MAX];
	size_t n_asks;
	struct datagram *out;		/* the ask that is under way */
	struct ask asked;
	double written;			/* by it */
	uint64_t number;		/* its timer knows it by that */
	unsigned repeated;
	bool acked;
	uint16_t mid;
};

struct server {
	bool runs;
	enum nonsense nonsense;
	int64_t slow;
	struct record records[ENDPOINTS_MAX];
	struct peer *peers[PEERS];
	uint32_t locations;
	uint64_t tokens, numbers, registers, updates;
};

static struct server servers[SERVERS_MAX];
static const struct lwm2m_path root;

static struct server *server_at(size_t server)
{
	return &servers[server];
}

void servers_begin(void)
{
	bootstrap_begin();
	memset(servers, 0, sizeof(servers));
	for (size_t i = 0; i < SERVERS_MAX; i++)
		servers[i].runs = true;
}

bool server_runs(size_t server)
{
	return servers[server].runs;
}

void server_nonsense(size_t server, enum nonsense what)
{
	servers[server].nonsense = what;
}

void server_slow(size_t server, int64_t delay)
{
	servers[server].slow = delay;
	judge_slow(server, delay);
}

uint64_t server_registers(size_t server)
{
	return servers[server].registers;
}

uint64_t server_updates(size_t server)
{
	return servers[server].updates;
}

/* ---- out ---- */

static void send_later(uint64_t datagram, uint64_t unused)
{
	struct datagram *d = (struct datagram *)(uintptr_t)datagram;

	(void)unused;
	net_send(d);
	datagram_free(d);
}

static void put(const struct server *s, const struct datagram *d)
{
	if (s->slow)
		world_at(world.now + s->slow, false, send_later,
			 (uint64_t)(uintptr_t)datagram_copy(d), 0);
	else
		net_send(d);
}

static struct datagram *answer_to(const struct datagram *request, uint8_t type,
				  uint8_t code)
{
	struct datagram *d = datagram_create(0);

	d->connection = request->connection;
	d->server = request->server;
	d->type = type;
	d->code = code;
	d->mid = request->mid;
	if (code) {
		d->token_length = request->token_length;
		memcpy(d->token, request->token, sizeof(d->token));
	}
	return d;
}

static void empty_send(const struct server *s, const struct datagram *to,
		       uint8_t type)
{
	struct datagram *d = answer_to(to, type, 0);

	put(s, d);
	datagram_free(d);
}

/* ---- what came before ---- */

static struct peer *peer_of(struct server *s, uint64_t connection)
{
	struct peer **at = &s->peers[connection % PEERS], *p = *at;

	while (p && p->connection != connection)
		p = p->next;
	if (p)
		return p;
	p = world_take(sizeof(*p));
	p->connection = connection;
	p->next = *at;
	return *at = p;
}

static bool answered_before(const struct server *s, const struct peer *p,
			    uint16_t mid)
{
	unsigned i = mid % MIDS;

	if (!p->seen[i].answer || p->seen[i].mid != mid ||
	    p->seen[i].until <= world.now)
		return false;
	if (!p->seen[i].silent)
		put(s, p->seen[i].answer);
	return true;
}

/* answer is taken. */
static void answer(struct server *s, struct peer *p, const struct datagram *to,
		   struct datagram *with)
{
	unsigned i = to->mid % MIDS;

	p->seen[i].silent = to->type == NON;
	if (to->type == CON)
		put(s, with);
	datagram_free(p->seen[i].answer);
	p->seen[i].mid = to->mid;
	p->seen[i].until = world.now + EXCHANGE_LIFETIME;
	p->seen[i].answer = with;
}

/* ---- asking ---- */

static void asks_go(size_t server, size_t endpoint);

static const struct site_point *point_of(size_t endpoint, size_t point)
{
	return &site.endpoints[endpoint].points[point];
}

static void ask_add(struct record *r, enum ask_kind kind, size_t point)
{
	if (r->n_asks < ASKS_MAX)
		r->asks[r->n_asks++] = (struct ask){kind, (uint8_t)point};
}

static void observe_retry(struct record *r, size_t endpoint)
{
	for (size_t i = 0; i < site.endpoints[endpoint].n_points; i++) {
		if (!point_of(endpoint, i)->observed || r->observing[i].is)
			continue;
		if (point_of(endpoint, i)->pmin)
			ask_add(r, ASK_ATTRIBUTES, i);
		ask_add(r, ASK_OBSERVE, i);
	}
}

static void ask_ended(size_t server, size_t endpoint)
{
	struct record *r = &servers[server].records[endpoint];

	datagram_free(r->out);
	r->out = NULL;
	asks_go(server, endpoint);
}

static void ask_timer(uint64_t which, uint64_t number)
{
	struct server *s = &servers[which >> 16];
	struct record *r = &s->records[which & 0xffff];

	if (!r->is || !r->out || r->number != number || r->acked)
		return;
	if (r->repeated == MAX_RETRANSMIT) {
		ask_ended(which >> 16, which & 0xffff);
		return;
	}
	if (s->runs)
		net_send(r->out);
	r->repeated++;
	world_at(world.now + net_timeout(r->repeated, ACK_TIMEOUT * 5 / 4),
		 false, ask_timer, which, number);
}

/* An acknowledged one whose answer does not come. */
static void ask_limit(uint64_t which, uint64_t number)
{
	struct record *r = &servers[which >> 16].records[which & 0xffff];

	if (r->is && r->out && r->number == number)
		ask_ended(which >> 16, which & 0xffff);
}

static void ask_fill(struct server *s, struct record *r, size_t endpoint,
		     struct datagram *d)
{
	const struct site_point *p = point_of(endpoint, r->asked.point);
	char path[PATH_TEXT_MAX];
	int n;

	path_format(&p->path, path);
	snprintf(d->uri, sizeof(d->uri), "%s", path + 1);
	switch (r->asked.kind) {
	case ASK_ATTRIBUTES:
		d->code = REQUEST_PUT;
		snprintf(d->query, sizeof(d->query), "pmin=%u", p->pmin);
		break;
	case ASK_OBSERVE:
		d->code = REQUEST_GET;
		d->observe = 0;
		d->accept = p->plain ? FORMAT_TEXT : FORMAT_SENML_CBOR;
		r->observing[r->asked.point].token = s->tokens;
		break;
	case ASK_READ:
		d->code = REQUEST_GET;
		d->accept = FORMAT_SENML_CBOR;
		break;
	case ASK_WRITE:
		d->code = REQUEST_PUT;
		d->format = FORMAT_TEXT;
		r->written = judge_write_sent((size_t)(s - servers));
		if (site.strays && draw_chance(STREAM_SERVER, 0.05))
			r->written -= 2.0 * WRITTEN_MOST;	/* to be refused */
		n = snprintf((char *)d->payload, d->length, "%.0f",
			     r->written);
		d->length = (size_t)n;
		break;
	case ASK_EXECUTE:
		d->code = REQUEST_POST;
		judge_execute_sent(endpoint);
		break;
	case ASK_PACKAGE:		/* one in two by TCP */
		d->code = REQUEST_PUT;
		d->format = FORMAT_TEXT;
		snprintf(d->uri, sizeof(d->uri), "5/0/1");
		n = snprintf((char *)d->payload, d->length,
			     "coap%s://s%d/pkg/%zu", endpoint % 2 ? "+tcp" : "",
			     (int)(s - servers) + 1, endpoint);
		d->length = (size_t)n;
		break;
	case ASK_BOOTSTRAP:
		d->code = REQUEST_POST;
		snprintf(d->uri, sizeof(d->uri), "1/%d/9",
			 (int)(s - servers) + 1);
		break;
	}
}

/* One at a time; a sleeper is asked while it is awake only. */
static void asks_go(size_t server, size_t endpoint)
{
	struct server *s = server_at(server);
	struct record *r = &s->records[endpoint];
	uint64_t which = server << 16 | endpoint;
	struct datagram *d;

	if (r->out || !r->n_asks || !r->is || !s->runs ||
	    (site.endpoints[endpoint].queue && world.now > r->heard + AWAKE))
		return;
	r->asked = r->asks[0];
	memmove(r->asks, r->asks + 1, --r->n_asks * sizeof(r->asks[0]));
	d = datagram_create(r->asked.kind == ASK_WRITE ? 16 :
			    r->asked.kind == ASK_PACKAGE ? 48 : 0);
	d->connection = r->connection;
	d->server = (uint8_t)(server + 1);
	d->type = CON;
	d->mid = ++r->mid;
	d->token_length = 8;
	s->tokens++;
	memcpy(d->token, &s->tokens, sizeof(s->tokens));
	ask_fill(s, r, endpoint, d);
	r->out = d;
	r->acked = false;
	r->repeated = 0;
	r->number = ++s->numbers;
	net_send(d);
	world_at(world.now + ACK_TIMEOUT * 5 / 4, false, ask_timer, which,
		 r->number);
	world_at(world.now + (site.endpoints[endpoint].queue ? ASLEEP : ASKED),
		 false, ask_limit, which, r->number);
}

/* ---- payloads ---- */

/* How NULL: the server does not take it. base: of a payload that names none. */
static void told(size_t server, size_t endpoint, const struct lwm2m_path *base,
		 const struct datagram *d, const char *how)
{
	static struct lwm2m_record records[256];
	static char scratch[65536];
	struct buf texts = buf_over(scratch, sizeof(scratch));
	const struct site_endpoint *e = &site.endpoints[endpoint];
	int n = codec_decode(d->format, agent_model(), base, d->payload,
			     d->length, records, 256, &texts);

	if (n < 0)
		judge_fault(RULE_TOLD, "%s: a payload of format %u cannot be "
			    "read: %d", e->name, d->format, n);
	for (int i = 0; i < n; i++)
		for (size_t p = 0; p < e->n_points; p++)
			if (!path_equal(&e->points[p].path, &records[i].path) ||
			    !(e->points[p].measured || e->points[p].counts))
				continue;
			else if (e->points[p].counts && how)
				judge_counted(endpoint,
					      lwm2m_number(&records[i].value));
			else if (e->points[p].counts)
				continue;
			else if (!how)
				judge_observed(server, endpoint, p, false);
			else
				judge_told(server, endpoint, p,
					   lwm2m_number(&records[i].value),
					   records[i].time, how);
}

/* What one in text is of, its token alone could tell. */
static void not_taken(size_t server, size_t endpoint, const struct datagram *d)
{
	if (d->format != FORMAT_TEXT)
		told(server, endpoint, &root, d, NULL);
	else
		for (size_t p = 0; p < site.endpoints[endpoint].n_points; p++)
			if (point_of(endpoint, p)->plain)
				judge_observed(server, endpoint, p, false);
}

static const struct lwm2m_path *base_of(size_t endpoint, size_t point,
					const struct datagram *d)
{
	return d->format == FORMAT_TEXT ? &point_of(endpoint, point)->path :
	       &root;
}

/* ---- in ---- */

static const char *query_value(const char *query, const char *name, size_t *n)
{
	size_t length = strlen(name);

	for (; *query; query += *query == '&') {
		*n = strcspn(query, "&");
		if (!strncmp(query, name, length) && query[length] == '=') {
			*n -= length + 1;
			return query + length + 1;
		}
		query += *n;
	}
	return NULL;
}

static void record_end(size_t server, size_t endpoint)
{
	struct record *r = &servers[server].records[endpoint];

	datagram_free(r->out);
	*r = (struct record){.mid = r->mid};
}

static int64_t lifetime_of(const char *query, int64_t otherwise)
{
	size_t n;
	const char *lt = query_value(query, "lt", &n);

	return lt ? strtoll(lt, NULL, 10) * SECOND : otherwise;
}

static struct datagram *nonsense_to(struct server *s, const struct datagram *d)
{
	switch (s->nonsense) {
	case NONSENSE_5_03: return answer_to(d, ACK, CODE(5, 3));
	case NONSENSE_4_00: return answer_to(d, ACK, CODE(4, 0));
	case NONSENSE_2_05: return answer_to(d, ACK, CODE(2, 5));
	case NONSENSE_NO_LOCATION: return answer_to(d, ACK, CODE(2, 1));
	case NONSENSE_RESET: return answer_to(d, RST, 0);
	case SENSE: case NONSENSES: break;
	}
	return NULL;
}

static struct datagram *on_register(size_t server, const struct datagram *d)
{
	struct server *s = server_at(server);
	struct datagram *with = nonsense_to(s, d);
	size_t n;
	const char *ep = query_value(d->query, "ep", &n);
	int endpoint = ep ? site_find(ep, n) : -1;
	struct record *r;

	s->registers++;
	if (endpoint >= 0)
		judge_asked(server, (size_t)endpoint);
	if (with)
		return with;
	if (endpoint < 0)
		return answer_to(d, ACK, CODE(4, 0));
	record_end(server, (size_t)endpoint);
	judge_registered(server, (size_t)endpoint);
	r = &s->records[endpoint];
	r->is = true;
	r->connection = d->connection;
	r->location = ++s->locations;
	r->heard = world.now;
	r->expires = world.now + lifetime_of(d->query, 86400 * SECOND);
	observe_retry(r, (size_t)endpoint);
	world_say("server %zu: %s registers", server + 1,
		  site.endpoints[endpoint].name);
	with = answer_to(d, ACK, CODE(2, 1));
	with->served = (size_t)endpoint + 1;
	snprintf(with->uri, sizeof(with->uri), "rd/%u", r->location);
	return with;
}

static struct record *record_of(size_t server, const struct datagram *d,
				size_t *endpoint)
{
	struct server *s = server_at(server);
	unsigned location = 0;

	sscanf(d->uri, "rd/%u", &location);
	for (size_t i = 0; i < site.n_endpoints; i++)
		if (s->records[i].is && s->records[i].location == location) {
			if (s->records[i].expires <= world.now)
				record_end(server, i);
			*endpoint = i;
			return s->records[i].is ? &s->records[i] : NULL;
		}
	return NULL;
}

static struct record *record_at(size_t server, uint64_t connection,
				size_t *endpoint)
{
	struct server *s = server_at(server);

	for (size_t i = 0; i < site.n_endpoints; i++)
		if (s->records[i].is && s->records[i].connection == connection) {
			*endpoint = i;
			return &s->records[i];
		}
	return NULL;
}

static struct datagram *on_update(size_t server, const struct datagram *d,
				  size_t *endpoint)
{
	struct record *r = record_of(server, d, endpoint);
	struct datagram *with;

	if (!r)
		return answer_to(d, ACK, CODE(4, 4));
	if (d->code == REQUEST_DELETE) {
		record_end(server, *endpoint);
		return answer_to(d, ACK, CODE(2, 2));
	}
	servers[server].updates++;
	r->connection = d->connection;
	r->heard = world.now;
	r->expires = world.now + lifetime_of(d->query, r->expires - world.now <
		0 ? 0 : (int64_t)site.lifetime * SECOND);
	if (!r->out && !r->n_asks)
		observe_retry(r, *endpoint);
	with = answer_to(d, ACK, CODE(2, 4));
	with->served = *endpoint + 1;
	return with;
}

/* One block of it. */
static struct datagram *on_package(const struct datagram *d)
{
	uint8_t bytes[PACKAGE_MOST];
	size_t endpoint = strtoul(d->uri + strlen("pkg/"), NULL, 10);
	size_t n = site_package(endpoint, bytes);
	size_t at = (size_t)d->block * d->block_size, length;
	struct datagram *with, *block;

	if (!d->wants_block || at >= n)
		return answer_to(d, ACK, CODE(4, 2));
	length = n - at < d->block_size ? n - at : d->block_size;
	with = answer_to(d, ACK, CODE(2, 5));
	block = datagram_create(length);
	memcpy(block, with, sizeof(*with));
	datagram_free(with);
	block->length = length;
	memcpy(block->payload, bytes + at, length);
	block->has_block = true;
	block->block = d->block;
	block->block_size = d->block_size;
	block->more = at + length < n;
	return block;
}

static void on_request(size_t server, const struct datagram *d)
{
	struct server *s = server_at(server);
	struct peer *p = peer_of(s, d->connection);
	struct datagram *with;
	size_t endpoint = SIZE_MAX;

	if (answered_before(s, p, d->mid))
		return;
	if (!strcmp(d->uri, "rd")) {
		with = on_register(server, d);
		record_at(server, d->connection, &endpoint);
	} else if (!strcmp(d->uri, "dp")) {
		struct record *r = record_at(server, d->connection, &endpoint);

		with = s->nonsense == NONSENSE_5_03 ?
		       answer_to(d, ACK, CODE(5, 3)) :
		       answer_to(d, ACK, r ? CODE(2, 4) : CODE(4, 4));
		with->told_from = judge_tellings();
		if (r && with->code == CODE(2, 4))
			told(server, endpoint, &root, d, "send");
		with->told_to = judge_tellings();
		if (r)
			r->heard = world.now;
	} else if (!strncmp(d->uri, "pkg/", 4)) {
		with = on_package(d);
	} else {
		with = on_update(server, d, &endpoint);
	}
	answer(s, p, d, with);
	if (endpoint == SIZE_MAX)
		return;
	p->endpoint = endpoint + 1;
	asks_go(server, endpoint);
}

static void observed(size_t server, size_t endpoint, const struct datagram *d)
{
	struct record *r = &servers[server].records[endpoint];
	uint8_t point = r->asked.point;

	if (d->code != CODE(2, 5) || d->observe < 0)
		return;			/* asked again at the next Update */
	r->observing[point].is = true;
	told(server, endpoint, base_of(endpoint, point, d), d, "observe");
	judge_observed(server, endpoint, point, true);
}

static void on_answer(size_t server, size_t endpoint, const struct datagram *d)
{
	struct record *r = &servers[server].records[endpoint];

	if (r->asked.kind == ASK_OBSERVE)
		observed(server, endpoint, d);
	if (r->asked.kind == ASK_EXECUTE)
		judge_execute_answered(endpoint, d->code);
	if (r->asked.kind == ASK_WRITE)
		judge_write_answered(endpoint, r->written, d->code);
	ask_ended(server, endpoint);
}

static int observation_of(const struct record *r, const struct datagram *d)
{
	uint64_t token;

	memcpy(&token, d->token, sizeof(token));
	for (int i = 0; i < POINTS_MAX; i++)
		if (r->observing[i].token == token &&
		    (r->observing[i].is || d->observe >= 0))
			return i;
	return -1;
}

static void on_notification(size_t server, const struct datagram *d)
{
	struct server *s = server_at(server);
	struct peer *p = peer_of(s, d->connection);
	size_t endpoint = 0;
	struct record *r = record_at(server, d->connection, &endpoint);
	int point = r ? observation_of(r, d) : -1;
	struct datagram *ack;

	if (answered_before(s, p, d->mid))
		return;
	if (point < 0) {
		if (d->type == CON)
			answer(s, p, d, answer_to(d, RST, 0));
		if (p->endpoint && d->observe >= 0)
			not_taken(server, p->endpoint - 1, d);
		return;
	}
	r->heard = world.now;
	ack = answer_to(d, ACK, 0);
	ack->told_from = judge_tellings();
	if (d->code == CODE(2, 5)) {
		told(server, endpoint, base_of(endpoint, (size_t)point, d), d,
		     d->type == CON ? "notify" : "non");
	} else if (d->code >> 5 != 2 && d->code != CODE(5, 3)) {
		r->observing[point].is = false;
		r->observing[point].token = 0;
		judge_observed(server, endpoint, (size_t)point, false);
		ask_add(r, ASK_OBSERVE, (size_t)point);
	}
	ack->told_to = judge_tellings();
	answer(s, p, d, ack);
	asks_go(server, endpoint);
}

static void on_response(size_t server, const struct datagram *d)
{
	struct server *s = server_at(server);
	size_t endpoint;
	struct record *r = record_at(server, d->connection, &endpoint);

	if (r && r->out && d->token_length == r->out->token_length &&
	    !memcmp(d->token, r->out->token, d->token_length)) {
		if (d->type == CON)
			empty_send(s, d, ACK);
		on_answer(server, endpoint, d);
	} else if (d->type != ACK) {
		on_notification(server, d);
	}
}

static void on_empty(size_t server, const struct datagram *d)
{
	size_t endpoint;
	struct record *r = record_at(server, d->connection, &endpoint);

	if (!r || !r->out || r->out->mid != d->mid)
		return;
	r->acked = true;
	if (d->type == RST)
		ask_ended(server, endpoint);
}

void server_arrived(struct datagram *d)
{
	size_t server = (size_t)d->server - 1;

	if (d->server == BOOTSTRAP) {
		bootstrap_arrived(d);
		return;
	}
	if (server < site.n_servers && servers[server].runs) {
		if (d->code >= 1 && d->code < 32)
			on_request(server, d);
		else if (d->code)
			on_response(server, d);
		else
			on_empty(server, d);
	}
	datagram_free(d);
}

/* ---- what is done to it ---- */

void server_stop(size_t server)
{
	servers[server].runs = false;
}

static void peers_forget(struct server *s)
{
	for (size_t i = 0; i < PEERS; i++)
		for (struct peer *p = s->peers[i]; p; p = p->next)
			for (unsigned j = 0; j < MIDS; j++) {
				datagram_free(p->seen[j].answer);
				p->seen[j].answer = NULL;
			}
}

void server_start(size_t server, bool with_state)
{
	struct server *s = server_at(server);

	s->runs = true;
	peers_forget(s);
	for (size_t i = 0; i < site.n_endpoints; i++) {
		struct record *r = &s->records[i];

		if (!with_state)
			record_end(server, i);
		datagram_free(r->out);
		r->out = NULL;
		r->n_asks = 0;
	}
}

bool server_has(size_t server, size_t endpoint)
{
	const struct record *r = &servers[server].records[endpoint];

	return r->is && r->expires > world.now;
}

size_t server_registered(size_t server)
{
	size_t n = 0;

	for (size_t i = 0; i < site.n_endpoints; i++)
		n += server_has(server, i);
	return n;
}

static void ask_one(size_t server, size_t endpoint, enum ask_kind kind)
{
	struct record *r = &servers[server].records[endpoint];
	const struct site_endpoint *e = &site.endpoints[endpoint];

	for (size_t i = 0; r->is && i < e->n_points; i++)
		if (kind == ASK_EXECUTE ? e->points[i].executed :
		    kind == ASK_WRITE ? e->points[i].written :
		    e->points[i].measured) {
			ask_add(r, kind, i);
			break;
		}
	asks_go(server, endpoint);
}

void server_execute(size_t server, size_t endpoint)
{
	ask_one(server, endpoint, ASK_EXECUTE);
}

void server_write(size_t server, size_t endpoint)
{
	ask_one(server, endpoint, ASK_WRITE);
}

void server_bootstrap(size_t server, size_t endpoint)
{
	ask_one(server, endpoint, ASK_BOOTSTRAP);
}

void server_read(size_t server, size_t endpoint)
{
	ask_one(server, endpoint, ASK_READ);
}

void server_package(size_t server, size_t endpoint)
{
	if (site.endpoints[endpoint].package)
		ask_one(server, endpoint, ASK_PACKAGE);
}
