/* SPDX-License-Identifier: GPL-2.0-or-later
 * Delivers what was kept: by a Send (Core TS 6.4: POST /dp), or as a
 * notification of the observation that it belongs to, where that one lives and
 * its format carries times. Several records with their times in one payload, a
 * bounded number a second for each server. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "agent/client/client.h"
#include "agent/client/client_host.h"
#include "agent/client/client_session.h"
#include "agent/client/forward_private.h"
#include "agent/base/log.h"
#include "agent/store/backlog.h"
#include "objects/ids.h"

#define SECOND INT64_C(1000000000)
#define RETRY (60 * SECOND)
#define BATCH 32		/* records in one payload */
#define PAYLOAD 1024		/* bytes of it: one datagram */
#define BURST (SECOND / 20)
#define CLOCK_WAIT (300 * SECOND)

/* ---- in line ---- */

void forward_queue(struct forward *f)
{
	struct server *s = f->client->server;

	if (f->pinned || f->retry_at != INT64_MAX ||
	    forward_delivery_is_queued(f->delivery) ||
	    !forward_is_reachable(f->client) || !f->n)
		return;
	if (f->place != PLACE_MEMORY)
		forward_load(s->services);
	if (!f->kept.n || forward_history_is_unknown(f))
		return;
	forward_delivery_event(f, DELIVERY_QUEUE);
	f->next_turn = NULL;
	if (s->forward_last)
		s->forward_last->next_turn = f;
	else
		s->forward_first = f;
	s->forward_last = f;
}

void forward_unqueue(struct forward *f)
{
	struct server *s = f->client->server;
	struct forward *before = NULL, *at = s->forward_first;

	if (!forward_delivery_is_queued(f->delivery))
		return;
	for (; at != f; at = at->next_turn)
		before = at;
	if (before)
		before->next_turn = f->next_turn;
	else
		s->forward_first = f->next_turn;
	if (s->forward_last == f)
		s->forward_last = before;
	forward_delivery_event(f, DELIVERY_UNQUEUE);
}

/* ---- one payload ---- */

struct payload {
	struct lwm2m_record records[BATCH];
	size_t n;
	struct observation *by;		/* NULL: a Send */
	uint16_t format;
	struct buf out;
};

bool forward_tells_times(uint16_t format)
{
	return format == FORMAT_SENML_CBOR || format == FORMAT_SENML_JSON;
}

static bool may_tell(const struct observation *o, const struct queued_record *k)
{
	if (forward_tells_times(o->format))
		return observe_covers(o, &k->record.path);
	return k->flags & QUEUED_EVENT && !o->paths &&
	       path_equal(&o->path, &k->record.path);
}

/* That it belongs to, if its registration is still the same. */
struct observation *forward_by(const struct forward *f,
			       const struct queued_record *k)
{
	struct observation *o = k->sequence < f->own_from ? NULL :
				f->client->observations;

	while (o && !may_tell(o, k))
		o = o->next;
	return o;
}

bool forward_is_next(const struct client *c, const struct observation *o)
{
	struct queue_cursor at = {0};
	struct queued_record k;

	return c->forward && queue_next(&c->forward->kept, &at, &k) &&
	       forward_by(c->forward, &k) == o;
}

/* The oldest ones that go the same way. */
static void payload_collect(const struct forward *f, struct payload *p)
{
	size_t most = f->refusals ? 1 : BATCH;
	struct queue_cursor at = {0};
	struct queued_record k;

	p->n = 0;
	while (p->n < most && queue_next(&f->kept, &at, &k)) {
		struct observation *by = forward_by(f, &k);

		if (p->n && by != p->by)
			break;
		p->by = by;
		if (by && !forward_tells_times(by->format))
			most = 1;
		if (k.flags & QUEUED_CLOCKLESS)
			k.record.time = 0;	/* it never turned out */
		k.record.path.id[PATH_DEVICE] = client_device(f->client);
		p->records[p->n++] = k.record;
	}
}

/* The clock is not set yet, which is what the uplink may have been missing
 * for: what waits gets its times then. An event of now needs none. */
static bool wait_for_clock(struct forward *f, int64_t now)
{
	struct services *services = client_services(f->client);
	struct queue_cursor at = {0};
	struct queued_record k;

	if (wall_is_known(services_wall(services, now)) ||
	    !queue_next(&f->kept, &at, &k) || !(k.flags & QUEUED_CLOCKLESS) ||
	    forward_by(f, &k))
		return false;
	if (!f->undated_at)
		f->undated_at = now + CLOCK_WAIT;
	if (now >= f->undated_at)
		return false;
	f->retry_at = now + SECOND;
	client_reschedule(f->client, now);
	return true;
}

static bool may_send(const struct client *c)
{
	return !c->registration.lwm2m_1_0 &&
	       !forward_flag(c, ID_SERVER_MUTE_SEND);
}

bool forward_may_go(const struct forward *f)
{
	const struct client *c = f->client;

	return forward_is_reachable(c) && f->retry_at == INT64_MAX &&
	       (c->registration.lwm2m_1_0 ||
		!forward_flag(c, ID_SERVER_MUTE_SEND));
}

static struct lwm2m_path records_base(const struct lwm2m_record *records,
				      size_t n)
{
	struct lwm2m_path base = records[0].path;

	for (size_t i = 1; i < n; i++)
		while (!path_covers(&base, &records[i].path))
			base.depth--;
	return base;
}

/* As many of them as one datagram takes; a large one alone goes in blocks. */
static int payload_pack(struct payload *p)
{
	size_t most = p->by && p->by->block_size ? p->by->block_size : PAYLOAD;
	struct lwm2m_path base;
	int rc;

	for (;; p->n = (p->n + 1) / 2) {
		base = records_base(p->records, p->n);
		p->out.used = 0;
		p->out.full = false;
		rc = codec_encode(p->format, &base, p->records, p->n, &p->out);
		if (p->n == 1 || (rc == 0 && p->out.used <= most) ||
		    (rc < 0 && rc != -EMSGSIZE))
			return rc;
	}
}

static int payload_post(struct client *c, const struct payload *p, int64_t now)
{
	static const uint8_t dp[] = {2, 'd', 'p'};

	return coap_request(client_line(c), &(struct coap_message){
		.method = REQUEST_POST, .path = {dp, sizeof(dp)},
		.format = p->format, .payload = p->out.at,
		.length = p->out.used}, now);
}

static int payload_notify(struct client *c, const struct payload *p,
			  int64_t now)
{
	struct observation *o = p->by;
	struct lwm2m_path path = o->path;
	char uri[PATH_TEXT_MAX];

	path.id[PATH_DEVICE] = client_device(c);
	path_format(&path, uri);
	o->sequence++;
	return coap_notify(client_line(c), &(struct coap_notification){
		.token = o->token, .token_length = o->token_length,
		.code = CODE(2, 5), .confirmable = true, .format = p->format,
		.sequence = o->sequence, .uri = uri + 1,
		.payload = p->out.at, .length = p->out.used,
		.block_size = o->block_size}, now);
}

static bool is_free(const struct client *c)
{
	return c->connection && !coap_busy(c->connection) && !c->wanted &&
	       !c->under_way;
}

/* Returns how many records have gone out. */
static size_t payload_deliver(struct forward *f, int64_t now)
{
	struct client *c = f->client;
	struct services *services = client_services(c);
	struct payload p = {.out = buf_over(services->answer,
					    services->answer_size)};
	int rc;

	if (!is_free(client_carrier(c)) || !forward_is_reachable(c) ||
	    !f->kept.n || !client_may_speak(c, now))
		return 0;
	if (wait_for_clock(f, now))
		return 0;
	payload_collect(f, &p);
	if (c->registration.lwm2m_1_0 && !p.by) {	/* since its last answer */
		services->forwarding->counts.superseded += p.n;
		forward_done(f, (uint32_t)p.n);
		forward_queue(f);
		return 0;
	}
	if (!p.by && !may_send(c))
		return 0;
	p.format = p.by ? p.by->format : c->server->conf->ct ==
		FORMAT_SENML_JSON ? FORMAT_SENML_JSON : FORMAT_SENML_CBOR;
	if (payload_pack(&p) < 0) { /* what is not to be said in this format */
		services->forwarding->counts.refused += p.n;
		forward_done(f, (uint32_t)p.n);
		forward_queue(f);
		return 0;
	}
	rc = p.by ? payload_notify(c, &p, now) : payload_post(c, &p, now);
	if (rc < 0) {
		f->retry_at = now + RETRY / 6;
		client_reschedule(c, now);
		return 0;
	}
	if (p.by)
		forward_caught_up(c, p.by, &p.records[p.n - 1], now);
	client_spoke(c);
	f->pinned = (uint32_t)p.n;
	forward_delivery_event(f, p.by ? DELIVERY_TOLD : DELIVERY_SENT);
	forward_await(f, now);
	return p.n;
}

static void turn_take(struct server *s, struct forward *f, uint32_t rate,
		      int64_t now)
{
	size_t n;

	forward_unqueue(f);
	n = payload_deliver(f, now);
	if (s->forward_at < now - BURST)
		s->forward_at = now - BURST;
	s->forward_at += (int64_t)n * SECOND / rate;
}

void forward_take_turn(struct client *c, int64_t now)
{
	struct forward *f = c->forward;

	if (f && f->delivery == DELIVERY_QUEUED_OWED &&
	    c->server->forward_at <= now)
		turn_take(c->server, f, forwarding_of(c)->rate, now);
}

static int64_t server_forward(struct server *s, uint32_t rate, int64_t now)
{
	while (s->forward_first && s->forward_at <= now)
		turn_take(s, s->forward_first, rate, now);
	return s->forward_first ? s->forward_at : INT64_MAX;
}

int64_t forward_turn(struct services *services, int64_t now)
{
	struct forwarding *w = services->forwarding;
	int64_t due = INT64_MAX, next;

	for (struct server *s = services->servers.first; s; s = s->next) {
		next = server_forward(s, w->rate, now);
		due = next < due ? next : due;
	}
	next = w->backlog ? backlog_turn(w->backlog, now) : INT64_MAX;
	return next < due ? next : due;
}

/* ---- and its end ---- */

static void payload_delivered(struct forward *f, uint32_t n)
{
	client_services(f->client)->forwarding->counts.delivered += n;
	f->refusals = 0;
	forward_done(f, n);
}

/* One of them, or all: the next time each goes alone. A server that takes none
 * gets no more before it has registered us again. */
static void payload_refused(struct forward *f, uint32_t n, uint8_t code)
{
	struct client *c = f->client;
	struct forwarding *w = client_services(c)->forwarding;

	f->refusals += f->refusals < UINT8_MAX;
	if (n > 1)
		return;
	if (f->refusals == 2)
		log_line(LOG_WARN, client_name(c), NULL,
			 "%s answered a Send with %u.%02u",
			 c->server->conf->uri, code >> 5, code & 31);
	n = f->refusals > FORWARD_REFUSALS ? f->kept.n : 1;
	w->counts.refused += n;
	forward_done(f, n);
}

/* It knows no Send, or us no more since it was started anew (Core TS 6.4):
 * an Update tells, and a new registration takes what is kept with it. */
static void doubt_registration(struct forward *f, int64_t now)
{
	f->refusals++;
	client_event(client_carrier(f->client), REGISTRATION_TRIGGER, 0, 0, now);
}

static int64_t wait_of(const struct client *c,
		       const struct coap_answer *answer)
{
	uint32_t asked = client_asked_wait(answer);

	return asked ? registration_asked_time(c->registration.seed, asked) :
		       RETRY;
}

static void send_ended(struct forward *f, uint32_t n,
		       enum coap_outcome outcome,
		       const struct coap_answer *answer, int64_t now)
{
	struct client *c = f->client;

	if (outcome == COAP_ANSWERED)
		client_exchange(c, now);
	else if (!client_session_lost(c, now))	/* is it still there? */
		client_event(client_carrier(c), REGISTRATION_TRIGGER, 0, 0, now);
	if (outcome != COAP_ANSWERED)
		return;
	if (answer->code >> 5 == 2)
		payload_delivered(f, n);
	else if (answer->code == CODE(4, 4) && !f->refusals)
		doubt_registration(f, now);
	else if (answer->code >> 5 == 4 && answer->code != CODE(4, 29))
		payload_refused(f, n, answer->code);
	else
		f->retry_at = now + wait_of(c, answer);
}

static void payload_end(struct forward *f)
{
	f->pinned = 0;
	forward_delivery_event(f, DELIVERY_ENDED);
}

void forward_disconnected(struct client *c)
{
	if (!c->forward)
		return;
	payload_end(c->forward);
	c->forward->n_live = 0;
}

void forward_given_up(struct client *c, int64_t now)
{
	if (c->forward)
		payload_end(c->forward);
	forward_answered(c, COAP_NO_ANSWER, now);
}

bool forward_ended(struct client *c, enum coap_outcome outcome,
		   const struct coap_answer *answer, int64_t now)
{
	struct forward *f = c->forward;
	uint32_t n = f ? f->pinned : 0;
	bool by_send;

	if (!f || !forward_delivery_is_out(f->delivery))
		return false;
	by_send = f->delivery == DELIVERY_SEND;
	payload_end(f);
	if (by_send)
		send_ended(f, n, outcome, answer, now);
	else if (outcome == COAP_ACKED)
		payload_delivered(f, n);
	if (outcome == COAP_ACKED)
		client_exchange(c, now);
	/* What was held meanwhile is to be decided over, too. */
	forward_answered(c, outcome, now);
	return by_send || outcome == COAP_ACKED;
}

/* ---- on demand ---- */

int forward_send(struct client *c, const struct lwm2m_path *scope, int64_t now)
{
	struct tree_cursor at = {0, 0};
	const struct tree_slot *slot;
	struct lwm2m_path path;
	char computed[1024];
	int n = 0;

	while ((slot = tree_next(client_tree(c), scope, &at, &path))) {
		struct buf texts = buf_over(computed, sizeof(computed));
		struct lwm2m_value value = client_host(c)->value(c->endpoint,
				&path, slot, now, &texts);

		if (slot->quality != TREE_GOOD || path.id[0] == ID_SECURITY ||
		    path.id[0] == ID_OSCORE || value.type == LWM2M_NONE)
			continue;
		forward_keep(forward_get(c), &(struct lwm2m_record){
			path, value, slot->flags & TREE_COMPUTED ? 0 :
			slot->time}, now);
		n++;
	}
	if (n)
		forward_queue(c->forward);
	return n;
}
