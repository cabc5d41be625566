/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/sim/bootstrap.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agent/lwm2m/request.h"
#include "objects/codec.h"
#include "objects/ids.h"
#include "tests/sim/judge.h"
#include "tests/sim/net.h"
#include "tests/sim/site.h"
#include "tests/sim/world.h"

#define STEP_DELETE 0		/* then two Writes a server, then Finish */

struct session {		/* with one endpoint */
	uint64_t connection;
	struct datagram *said;	/* to its request, for when that comes twice */
	struct datagram *out;	/* what is asked of it now */
	size_t step;
	uint64_t number;	/* its timers know it by that */
	unsigned repeated;
	uint16_t mid;
	bool acked;
	bool longer;		/* the lifetime, by one second */
};

static struct {
	enum bootstrap_habit habit;
	struct session sessions[ENDPOINTS_MAX];
	uint64_t numbers;
	uint32_t finished;
} own;

void bootstrap_begin(void)
{
	memset(&own, 0, sizeof(own));
}

void bootstrap_habit(enum bootstrap_habit habit)
{
	own.habit = habit;
}

/* ---- what it writes ---- */

static size_t step_finish(void)
{
	return STEP_DELETE + 1 + 2 * site.n_servers;
}

static struct lwm2m_record *record_add(struct lwm2m_record *at,
				       const struct lwm2m_path *instance,
				       uint16_t resource,
				       struct lwm2m_value value)
{
	*at = (struct lwm2m_record){
		path_resource(instance->id[0], instance->id[1], resource),
		value, 0};
	return at + 1;
}

static size_t security_fill(struct lwm2m_record *records,
			    const struct lwm2m_path *instance, char *uri,
			    size_t size)
{
	struct lwm2m_record *end = records;
	int n = snprintf(uri, size, "%s", site_uri(instance->id[1]));

	end = record_add(end, instance, ID_SECURITY_URI,
			 lwm2m_string(uri, (uint32_t)n));
	end = record_add(end, instance, ID_SECURITY_BOOTSTRAP,
			 lwm2m_boolean(false));
	end = record_add(end, instance, ID_SECURITY_MODE, lwm2m_integer(3));
	end = record_add(end, instance, ID_SECURITY_SERVER,
			 lwm2m_integer(instance->id[1]));
	return (size_t)(end - records);
}

/* No wait at all between the tries is what a careless one writes. */
static size_t server_fill(struct lwm2m_record *records,
			  const struct lwm2m_path *instance, bool longer)
{
	struct lwm2m_record *end = records;

	end = record_add(end, instance, ID_SERVER_ID,
			 lwm2m_integer(instance->id[1]));
	end = record_add(end, instance, ID_SERVER_LIFETIME,
			 lwm2m_integer(site.lifetime + longer));
	end = record_add(end, instance, ID_SERVER_STORING,
			 lwm2m_boolean(true));
	end = record_add(end, instance, ID_SERVER_BINDING,
			 lwm2m_string("U", 1));
	if (site.hasty)
		for (uint16_t id = ID_SERVER_RETRY_TIMER;
		     id <= ID_SERVER_SEQUENCE_DELAY; id++)
			end = record_add(end, instance, id,
					 lwm2m_unsigned(0));
	return (size_t)(end - records);
}

static size_t account_encode(size_t step, bool longer, struct lwm2m_path *instance,
			     uint8_t *to, size_t size)
{
	struct lwm2m_record records[8];
	struct buf out = buf_over(to, size);
	char uri[64];
	size_t n;

	*instance = path_resource(step % 2 ? ID_SECURITY : ID_SERVER,
				  (uint16_t)((step - 1) / 2 + 1), 0);
	instance->depth = 2;
	n = step % 2 ? security_fill(records, instance, uri, sizeof(uri)) :
		       server_fill(records, instance, longer);
	if (codec_encode(FORMAT_TLV, instance, records, n, &out))
		abort();
	return out.used;
}

static struct datagram *step_datagram(const struct session *s)
{
	struct lwm2m_path instance;
	uint8_t payload[512];
	struct datagram *d;
	size_t n = 0;

	if (s->step > STEP_DELETE && s->step < step_finish())
		n = account_encode(s->step, s->longer, &instance, payload,
				   sizeof(payload));
	if (own.habit == BOOTSTRAP_NONSENSE)
		for (size_t i = 0; i < n; i++)
			payload[i] = (uint8_t)draw(STREAM_SERVER);
	d = datagram_create(n);
	memcpy(d->payload, payload, n);
	if (s->step == STEP_DELETE) {
		d->code = REQUEST_DELETE;
	} else if (s->step == step_finish()) {
		d->code = REQUEST_POST;
		strcpy(d->uri, "bs");
	} else {
		d->code = REQUEST_PUT;
		d->format = FORMAT_TLV;
		snprintf(d->uri, sizeof(d->uri), "%u/%u", instance.id[0],
			 instance.id[1]);
	}
	return d;
}

/* ---- its messages ---- */

static bool is_heard(void)
{
	return own.habit != BOOTSTRAP_SILENT;
}

static void put(const struct datagram *d)
{
	if (is_heard())
		net_send(d);
}

static void step_timer(uint64_t endpoint, uint64_t number)
{
	struct session *s = &own.sessions[endpoint];

	if (!s->out || s->number != number || s->acked ||
	    s->repeated == MAX_RETRANSMIT)
		return;
	put(s->out);
	s->repeated++;
	world_at(world.now + net_timeout(s->repeated, ACK_TIMEOUT * 5 / 4),
		 false, step_timer, endpoint, number);
}

static void step_end(struct session *s)
{
	datagram_free(s->out);
	s->out = NULL;
	s->acked = false;
	s->repeated = 0;
}

static void step_go(size_t endpoint)
{
	struct session *s = &own.sessions[endpoint];
	struct datagram *d;

	step_end(s);
	if (s->step > step_finish() ||
	    (own.habit == BOOTSTRAP_HALF && s->step == step_finish()))
		return;
	d = step_datagram(s);
	d->connection = s->connection;
	d->server = BOOTSTRAP;
	d->type = CON;
	d->mid = ++s->mid;
	s->number = ++own.numbers;
	d->token_length = 8;
	memcpy(d->token, &s->number, sizeof(s->number));
	s->out = d;
	put(d);
	world_at(world.now + ACK_TIMEOUT * 5 / 4, false, step_timer, endpoint,
		 s->number);
}

static struct datagram *answer_to(const struct datagram *d, uint8_t type,
				  uint8_t code)
{
	struct datagram *a = datagram_create(0);

	a->connection = d->connection;
	a->server = d->server;
	a->type = type;
	a->code = code;
	a->mid = d->mid;
	a->token_length = code ? d->token_length : 0;
	memcpy(a->token, d->token, sizeof(a->token));
	return a;
}

static void empty_send(const struct datagram *d)
{
	struct datagram *a = answer_to(d, ACK, 0);

	put(a);
	datagram_free(a);
}

static uint8_t answer_code(void)
{
	static const uint8_t nonsense[] = {CODE(4, 0), CODE(5, 3), CODE(2, 5),
					   CODE(2, 4)};

	return own.habit == BOOTSTRAP_NONSENSE ?
	       nonsense[draw(STREAM_SERVER) % 4] : CODE(2, 4);
}

static void on_ask(const struct datagram *d)
{
	const char *ep = strstr(d->query, "ep=");
	int endpoint = ep ? site_find(ep + 3, strcspn(ep + 3, "&")) : -1;
	struct session *s;

	if (endpoint < 0 || strcmp(d->uri, "bs")) {
		judge_fault(RULE_REGISTERED, "the bootstrap server was asked "
			    "for /%s?%s", d->uri, d->query);
		return;
	}
	s = &own.sessions[endpoint];
	if (s->said && s->connection == d->connection &&
	    s->said->mid == d->mid) {
		put(s->said);
		return;
	}
	judge_asked(BOOTSTRAP, (size_t)endpoint);
	datagram_free(s->said);
	s->said = answer_to(d, ACK, answer_code());
	s->connection = d->connection;
	s->step = STEP_DELETE;
	put(s->said);
	if (s->said->code == CODE(2, 4))
		step_go((size_t)endpoint);
}

static void on_answer(size_t endpoint, const struct datagram *d)
{
	struct session *s = &own.sessions[endpoint];

	if (s->step == step_finish() && d->code == CODE(2, 4)) {
		own.finished++;
		world_say("%s is bootstrapped", site.endpoints[endpoint].name);
	}
	if (d->code >> 5 == 2 || own.habit == BOOTSTRAP_NONSENSE) {
		s->step++;
		step_go(endpoint);
	} else {
		step_end(s);
	}
}

static void on_other(const struct datagram *d)
{
	size_t e = 0;
	struct session *s;

	while (e < site.n_endpoints &&
	       own.sessions[e].connection != d->connection)
		e++;
	s = &own.sessions[e];
	if (e == site.n_endpoints || !s->out)
		return;
	if (own.habit == BOOTSTRAP_FINISH_LOST && s->step == step_finish())
		return;
	if (!d->code) {
		s->acked = d->mid == s->out->mid;
		return;
	}
	if (d->type == CON)
		empty_send(d);
	if (!memcmp(d->token, s->out->token, sizeof(d->token)))
		on_answer(e, d);
}

void bootstrap_arrived(struct datagram *d)
{
	if (is_heard()) {
		if (d->code >= 1 && d->code < 32)
			on_ask(d);
		else
			on_other(d);
	}
	datagram_free(d);
}

void bootstrap_unasked(size_t endpoint)
{
	struct session *s = &own.sessions[endpoint];

	if (!s->connection || s->out)
		return;
	world_say("%s is bootstrapped unasked", site.endpoints[endpoint].name);
	s->longer = !s->longer;
	s->step = STEP_DELETE;
	step_go(endpoint);
}
