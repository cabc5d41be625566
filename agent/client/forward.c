/* SPDX-License-Identifier: GPL-2.0-or-later
 * What becomes of a value: sent by its observation, held until the answer to
 * what is under way decides, or kept for certain.
 *
 * Where the server is there and nothing of ours is outstanding, its
 * observation tells it and nothing of it is here. While something is
 * outstanding nobody knows whether the server is there: the value goes to the
 * end of `waiting`. An answer in time makes all of that void
 * but what the next notifications tell; after a second without one it is
 * written to the log, and where none comes (forward_commit()) it is kept.
 * Where the server is away, a value is kept at once.
 *
 * Values move from `waiting` to `kept` only, oldest first, and leave `kept`
 * only as delivered or dropped: so they go out in the order of their times.
 * Where a client stands is in forward_state.h; which file does which step, in
 * forward_private.h. Here a client's part begins and ends, and here are its
 * timer and what a registration means for it. */
#include <stdlib.h>
#include "agent/client/client.h"
#include "agent/client/client_host.h"
#include "agent/client/forward_private.h"
#include "agent/base/log.h"
#include "agent/store/backlog.h"
#include "objects/ids.h"

#define MEMORY (1024 * 1024)	/* bytes, and records/s, until configured */
#define RATE 1000

/* ---- all of the gateway's ---- */

struct forwarding *forwarding_create(void)
{
	struct forwarding *w = calloc(1, sizeof(*w));

	if (!w)
		abort();
	w->budget.most = MEMORY;
	w->rate = RATE;
	return w;
}

void forwarding_destroy(struct forwarding *w)
{
	free(w);
}

void forwarding_configure(struct services *services,
			  const struct config *config)
{
	struct forwarding *w = services->forwarding;

	w->budget.most = (size_t)config->store_memory;
	w->rate = config->store_rate;
	if (!w->backlog)
		return;
	backlog_limit(w->backlog, (uint64_t)config->store_disk);
	backlog_pace(w->backlog, config->store_flush);
	if (!w->dated)
		backlog_clock(w->backlog, w->boot, services->wall.offset);
	w->dated = true;
}

struct forwarding *forwarding_of(const struct client *c)
{
	return client_services(c)->forwarding;
}

/* ---- one client's ---- */

struct forward *forward_get(struct client *c)
{
	struct forwarding *w = forwarding_of(c);
	struct forward *f = c->forward;

	if (f)
		return f;
	f = c->forward = calloc(1, sizeof(*f));
	if (!f)
		abort();
	f->client = c;
	f->retry_at = INT64_MAX;
	f->next = w->all;
	f->at = &w->all;
	if (f->next)
		f->next->at = &f->next;
	w->all = f;
	return f;
}

static void forward_free(struct forward *f)
{
	struct forwarding *w = forwarding_of(f->client);

	forward_unqueue(f);
	observe_destroy_all(&f->lost);
	observe_destroy_all(&f->ended);
	w->held -= f->waiting.n;
	forward_history_forget(f);
	queue_clear(&f->kept, &w->budget);
	queue_clear(&f->waiting, &w->budget);
	if (f->stream)
		f->stream->owner = NULL;
	if (w->next_evicted == f)
		w->next_evicted = NULL;
	*f->at = f->next;
	if (f->next)
		f->next->at = f->at;
	f->client->forward = NULL;
	free(f);
}

void forward_release(struct client *c)
{
	struct forward *f = c->forward;

	if (f && !f->n && !f->waiting.n && !f->lost && !f->pinned &&
	    !f->refusals)
		forward_free(f);
}

/* ---- its states ---- */

static void event_refused(struct forward *f, const char *machine,
			  unsigned state, unsigned event)
{
	forwarding_of(f->client)->counts.unexpected++;
	log_line(LOG_ERROR, client_name(f->client), NULL,
		 "store and forward: the %s is in state %u and took no event "
		 "%u; please report this", machine, state, event);
}

void forward_answer_event(struct forward *f, enum forward_answer_event event)
{
	if (!forward_answer_step(&f->answer, event))
		event_refused(f, "answer", f->answer, event);
}

void forward_delivery_event(struct forward *f,
			    enum forward_delivery_event event)
{
	if (!forward_delivery_step(&f->delivery, event))
		event_refused(f, "delivery", f->delivery, event);
}

void forward_place_event(struct forward *f, enum forward_place_event event)
{
	if (!forward_place_step(&f->place, event))
		event_refused(f, "place", f->place, event);
}

/* ---- of the client and its server ---- */

/* While an Update is under way nobody knows yet, unless a notification was
 * given up meanwhile: then the server is away, and whatever its observations
 * would have told is kept until the Update gives up, too. */
bool forward_is_reachable(const struct client *c)
{
	if (c->registration.state == REGISTRATION_UPDATING)
		return !c->forward || !c->forward->lost;
	return c->registration.state == REGISTRATION_REGISTERED;
}

bool forward_flag(const struct client *c, uint16_t resource)
{
	const struct tree_slot *slot = client_account_slot(c, resource);

	return slot && slot->value.type == LWM2M_BOOLEAN &&
	       slot->value.as.boolean;
}

bool forward_is_storing(const struct client *c)
{
	return forward_flag(c, ID_SERVER_STORING);
}

bool forward_may_see(struct client *c, const struct lwm2m_path *path,
		     int64_t now)
{
	struct request_scope scope = client_scope(c, now);

	return request_is_visible(&scope, path);
}

bool forward_is_busy(const struct client *c)
{
	return !c->server->conf->notify_non && client_is_speaking(c);
}

bool forward_is_off(const struct client *c)
{
	return client_services(c)->dry || client_is_leaving(c);
}

/* Of the same, and by the same attributes of the request. */
static bool is_same(const struct observation *a, const struct observation *b)
{
	const struct lwm2m_path *path, *other;
	size_t i = 0;

	if (!a->paths != !b->paths || a->n_paths != b->n_paths ||
	    !a->own != !b->own ||
	    (a->own && !attributes_equal(a->own, b->own)))
		return false;
	for (; (path = observe_path(a, i)); i++)
		if (!(other = observe_path(b, i)) || !path_equal(path, other))
			return false;
	return true;
}

bool forward_lost(struct client *c, struct observation *observation,
		  int64_t now)
{
	struct forward *f;
	size_t n = 0;

	if (forward_is_off(c))
		return false;
	f = forward_get(c);
	forward_commit_decided(f, now);		/* which is older */
	forward_take_pending(c, observation, now);
	for (const struct observation *o = f->lost; o; o = o->next)
		if (is_same(o, observation) || ++n == CLIENT_OBSERVATIONS_MAX)
			return false;
	observation->held = false;
	observation->next = f->lost;
	f->lost = observation;
	forward_watch(f);
	return true;
}

void forward_hand_over(struct client *c, int64_t now)
{
	/* Nobody waits for its answers any more, and what is kept from here on
	 * is newer. */
	if (c->forward)
		forward_commit(c->forward, now);
	client_observations_end(c, now);
	if (c->forward)
		forward_take_waiting(c, now);
	for (struct client *k = client_carried_next(c, NULL); k;
	     k = client_carried_next(c, k))
		forward_hand_over(k, now);
}

void forward_registered(struct client *c, bool is, int64_t now)
{
	struct forward *f = c->forward;

	if (!f)
		return;
	if (!is) {
		if (!client_is_leaving(c))
			forward_commit_decided(f, now);
		return;
	}
	forward_take_waiting(c, now);
	forward_history_close(f);
	observe_destroy_all(&f->lost);
	forward_watch_end(f);
	f->own_from = f->next_sequence;
	f->refusals = 0;
	f->retry_at = INT64_MAX;
	forward_queue(f);
	forward_release(c);
}

void forward_schedule(struct client *c)
{
	if (c->forward)
		forward_queue(c->forward);
	for (struct client *k = client_carried_next(c, NULL); k;
	     k = client_carried_next(c, k))
		forward_schedule(k);
}

/* ---- times ---- */

/* When the first of its observations is due that waits for an answer now. The
 * account is looked at last: that costs more than all before. */
static int64_t holding_due(const struct client *c)
{
	int64_t due = INT64_MAX;

	if (!forward_is_reachable(c) || !forward_is_busy(c))
		return due;
	for (const struct observation *o = c->observations; o; o = o->next)
		if (o->pending && o->due < due)
			due = o->due;
	return due == INT64_MAX || forward_is_storing(c) ? due : INT64_MAX;
}

int64_t forward_next(const struct client *c)
{
	const struct forward *f = c->forward;
	int64_t due;

	if (forward_is_off(c))		/* nothing is kept any more */
		return INT64_MAX;
	due = holding_due(c);
	if (!f)
		return due;
	if (!forward_is_reachable(c))
		for (const struct observation *o = f->lost; o; o = o->next)
			due = o->due < due ? o->due : due;
	if (forward_doubt_at(f) < due)
		due = forward_doubt_at(f);
	return f->retry_at < due ? f->retry_at : due;
}

void forward_due(struct client *c, int64_t now)
{
	struct forward *f;

	if (forward_is_off(c))
		return;
	if (holding_due(c) <= now)
		forward_due_observed(c, now);
	f = c->forward;
	if (!f)
		return;
	if (!forward_is_reachable(c))
		forward_due_lost(c, now);
	if (now >= forward_doubt_at(f)) {
		forward_answer_event(f, ANSWER_TIMEOUT);
		forward_watch(f);
		forward_write_held(f);
	}
	if (f->retry_at <= now)
		f->retry_at = INT64_MAX;
	forward_queue(f);
}

/* ---- coming and going ---- */

static void observe_as_before(struct forward *f, int64_t now)
{
	struct client *c = f->client;

	for (size_t i = 0; i < f->stream->n_watch; i++) {
		struct observation *o = observe_create(&f->stream->watch[i],
						       NULL, 0, FORMAT_NONE);

		if (!o)
			abort();
		o->newest_sent = services_wall(client_services(c), now);
		o->next = f->lost;
		f->lost = o;
	}
	client_configure(c, now);
	forward_watch(f);
}

void forward_attach(struct client *c, int64_t now)
{
	struct backlog *backlog = forwarding_of(c)->backlog;
	char name[CLIENT_LOG_NAME];
	struct backlog_stream *stream = !backlog ? NULL :
		backlog_stream_find(backlog, client_log_name(c, name),
				    c->server->conf->id);
	struct forward *f;

	if (!stream || (!stream->n && !stream->n_watch))
		return;
	f = forward_get(c);
	f->stream = stream;
	stream->owner = f;
	f->n = stream->n;
	f->next_sequence = stream->next_sequence;
	if (f->n)
		forward_place_event(f, PLACE_LOGGED);
	observe_as_before(f, now);
	forward_count_kept(forwarding_of(c), 0, now);
	forwarding_of(c)->waiting += f->n;
}

void forward_detach(struct client *c)
{
	struct forward *f = c->forward;
	struct forwarding *w = forwarding_of(c);
	uint32_t in_log;

	if (!f)
		return;
	if (forward_answer_is_awaited(f->answer))
		forward_commit(f, w->begun);
	in_log = f->stream ? f->stream->n : 0;
	if (f->n > in_log)
		w->counts.dropped += f->n - in_log;
	w->waiting -= f->n;
	forward_free(f);
}
