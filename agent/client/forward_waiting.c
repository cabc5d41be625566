/* SPDX-License-Identifier: GPL-2.0-or-later
 * What an answer decides over: values that came while something was under way.
 *
 * The first n_live of `waiting` are in the notification under way; those behind
 * it are told by the next ones, or came since. An answer in time makes the
 * first void and has the newest of the others told; a late one lets all of them
 * count, as nobody may rely on the next; none at all makes all of them certain,
 * and so does a lack of memory. Without an answer for FORWARD_DOUBT_AFTER they
 * are written down, for a kill is not to take them. */
#include "agent/client/client.h"
#include "agent/client/client_host.h"
#include "agent/client/forward_private.h"
#include "agent/store/backlog.h"
#include "objects/ids.h"

#define HELD_MAX 4096		/* records of one client */
#define RECORD 48		/* bytes in memory, about */

static void answer_await(struct forward *f, int64_t since)
{
	forward_answer_event(f, ANSWER_WAIT);
	f->since = since;
}

static bool is_awaited(const struct forward *f)
{
	return forward_answer_is_awaited(f->answer);
}

static bool is_late(const struct forward *f)
{
	return forward_answer_is_late(f->answer);
}

void forward_await(struct forward *f, int64_t now)
{
	if (f->waiting.n && !is_awaited(f))
		answer_await(f, now);
}

int64_t forward_doubt_at(const struct forward *f)
{
	return is_awaited(f) && f->answer != ANSWER_OVERDUE ?
	       f->since + FORWARD_DOUBT_AFTER : INT64_MAX;
}

/* The oldest n are told, or have been overtaken. */
static void waiting_discard(struct forward *f, uint32_t n)
{
	struct forwarding *w = forwarding_of(f->client);
	struct queue_cursor at = {0};
	struct queued_record k;

	for (uint32_t i = 0; i < n && queue_next(&f->waiting, &at, &k); i++)
		forward_write_off(f, &k, true);
	n = n < f->waiting.n ? n : f->waiting.n;
	w->held -= n;
	queue_pop(&f->waiting, &w->budget, n);
}

void forward_write_held(struct forward *f)
{
	struct queue_cursor at = {0};
	struct queued_record k;

	while (queue_next(&f->waiting, &at, &k))
		if (!(k.flags & QUEUED_ON_DISK)) {
			forward_write_down(f, &k, false);
			queue_mark(&at, k.sequence, k.segment);
		}
}

static void store_all(struct forward *f, int64_t now)
{
	struct forwarding *w = forwarding_of(f->client);
	struct record_queue all = f->waiting;
	struct queue_cursor at = {0};
	struct queued_record k;

	f->waiting = (struct record_queue){0};
	while (queue_next(&all, &at, &k))
		forward_record_keep(f, &k, now);
	queue_clear(&all, &w->budget);
}

void forward_hold_end(struct forward *f)
{
	struct client *c = f->client;

	for (struct observation *o = c->observations; o; o = o->next)
		if (forward_is_told_late(c, o))
			o->held = false;
}

void forward_commit(struct forward *f, int64_t now)
{
	struct forwarding *w = forwarding_of(f->client);
	uint32_t n = f->waiting.n;

	w->held -= n;
	forward_answer_event(f, ANSWER_DECIDED);
	f->n_live = 0;
	if (!n)
		return;
	forward_count_kept(w, n, now);
	store_all(f, now);
	forward_hold_end(f);
	if (w->backlog)
		backlog_sync(w->backlog);
}

/* All are certain but those of the notification under way: were they kept, too,
 * its answer would come too late to keep them from being told again. */
static void settle_behind(struct forward *f, int64_t now)
{
	struct forwarding *w = forwarding_of(f->client);
	struct record_queue all = f->waiting;
	struct queue_cursor at = {0};
	struct queued_record k;
	uint32_t n = 0, kept = 0;

	if (!f->n_live || !forward_is_busy(f->client)) {
		forward_commit(f, now);
		return;
	}
	f->waiting = (struct record_queue){0};
	w->held -= all.n;
	while (queue_next(&all, &at, &k))
		if (n++ < f->n_live &&
		    queue_append(&f->waiting, &w->budget, &k) == 0) {
			w->held++;
		} else {
			forward_record_keep(f, &k, now);
			kept++;
		}
	queue_clear(&all, &w->budget);
	f->n_live = f->waiting.n;
	forward_count_kept(w, kept, now);
}

/* Of what nobody has asked for, while the server is most likely there. */
static bool holds_much(const struct forwarding *w)
{
	return w->held * RECORD > w->budget.most / 4;
}

static bool is_short(const struct forwarding *w)
{
	return w->budget.used + w->budget.most / 16 > w->budget.most;
}

/* Since when the values in `waiting` wait for an answer: since the message went
 * out that is outstanding now. That may be a separate response, which does not
 * go through here. */
static int64_t waits_since(const struct forward *f, int64_t now)
{
	int64_t since = client_is_speaking(f->client) ?
			coap_since(client_line(f->client)) : INT64_MAX;

	return f->waiting.n && since < now ? since : now;
}

bool forward_hold(struct forward *f, const struct lwm2m_record *record,
		  bool live, int64_t now)
{
	struct forwarding *w = forwarding_of(f->client);
	struct queued_record k = {.record = *record,
		.flags = forward_clock_flag(record->time)};

	if (!is_awaited(f) && forward_is_busy(f->client))
		answer_await(f, waits_since(f, now));
	if (f->client->registration.lwm2m_1_0 ||
	    !forward_may_see(f->client, &record->path, now))
		return false;		/* the newest is all it gets */
	f->last_path = record->path;
	f->last_time = record->time;
	if (is_awaited(f) && !live && is_short(w)) {
		settle_behind(f, now);
		forward_count_kept(w, 1, now);
		forward_record_keep(f, &k, now);
		return true;
	}
	if (!is_awaited(f) && (holds_much(w) || f->waiting.n >= HELD_MAX)) {
		waiting_discard(f, 1);
		if (holds_much(w))
			return false;
	}
	/* Nothing is under way that could tell: the next answer will. */
	if (f->answer == ANSWER_OVERDUE || !is_awaited(f))
		forward_write_down(f, &k, f->answer != ANSWER_OVERDUE);
	if (queue_append(&f->waiting, &w->budget, &k) == 0) {
		w->held++;
		return false;
	}
	w->counts.dropped++;
	forward_write_off(f, &k, true);
	return false;
}

void forward_commit_decided(struct forward *f, int64_t now)
{
	if (!f->n_live || !forward_is_busy(f->client))
		forward_commit(f, now);
}

/* The registration has ended before the answer that decides over older values:
 * this one, which is certain, waits behind them. false: there are none. */
static bool keep_behind(struct forward *f, const struct queued_record *k,
			int64_t now)
{
	struct forwarding *w = forwarding_of(f->client);

	if (!f->waiting.n || forward_is_reachable(f->client))
		return false;
	forward_commit_decided(f, now);
	if (!f->waiting.n)
		return false;
	if (is_short(w) || queue_append(&f->waiting, &w->budget, k) < 0) {
		forward_commit(f, now);
		return false;
	}
	w->held++;
	forward_write_held(f);
	return true;
}

void forward_keep(struct forward *f, const struct lwm2m_record *record,
		  int64_t now)
{
	struct forwarding *w = forwarding_of(f->client);
	struct queued_record k = {.record = *record,
		.flags = forward_clock_flag(record->time)};

	if (!forward_may_see(f->client, &record->path, now))
		return;
	/* It will read what is then: there is no way to tell it more. */
	if (f->client->registration.lwm2m_1_0) {
		w->counts.superseded++;
		return;
	}
	/* Before it has registered us again it takes none. */
	if (f->refusals > FORWARD_REFUSALS &&
	    forward_is_reachable(f->client)) {
		w->counts.refused++;
		return;
	}
	if (!keep_behind(f, &k, now)) {
		forward_count_kept(w, 1, now);
		forward_record_keep(f, &k, now);
	}
	f->last_path = record->path;
	f->last_time = record->time;
}

/* Where history goes out by the observation itself, or an answer was late, the
 * newest comes behind what is kept. */
static bool comes_behind(const struct forward *f, const struct observation *o)
{
	return forward_tells_times(o->format) &&
	       (is_late(f) || forward_is_next(f->client, o));
}

/* The newest of them is what counts: its observation tells it now. */
static void tell_newest(struct forward *f)
{
	for (struct observation *o = f->client->observations; o; o = o->next) {
		if (o->held && !comes_behind(f, o))
			observe_retry(o);
		o->held = false;
	}
}

/* None behind it is of the same resource. */
static bool is_last(const struct record_queue *list, struct queue_cursor behind,
		    const struct lwm2m_record *r)
{
	struct queued_record k;

	while (queue_next(list, &behind, &k))
		if (path_equal(&k.record.path, &r->path))
			return false;
	return true;
}

/* Its resource is as it says: a notification would tell this value now. */
static bool is_current(const struct forward *f, const struct lwm2m_record *r)
{
	const struct tree_slot *slot = tree_find(client_tree(f->client),
						 &r->path);

	return slot && slot->quality == TREE_GOOD &&
	       value_equal(&slot->value, &r->value);
}

enum owed { OWED_NOT, OWED_NOTIFICATION, OWED_BEHIND };

/* Will a notification tell it? One that comes behind what is kept: then it is
 * kept itself, also where a newer one is here already that waits for its pmin. */
static enum owed owed_by(const struct forward *f, const struct lwm2m_path *path)
{
	const struct client *c = f->client;
	enum owed owed = OWED_NOT;

	for (const struct observation *o = c->observations; o; o = o->next) {
		if (!(o->held || o->pending) || !observe_covers(o, path))
			continue;
		if (comes_behind(f, o))
			return OWED_BEHIND;
		if (!c->server->conf->notify_non)
			owed = OWED_NOTIFICATION;
	}
	return owed;
}

/* Is it among the first n of the list? */
static bool is_among(const struct record_queue *list, uint32_t n,
		     const struct lwm2m_record *r)
{
	struct queue_cursor at = {0};
	struct queued_record k;

	for (uint32_t i = 0; i < n && queue_next(list, &at, &k); i++)
		if (k.record.time == r->time &&
		    path_equal(&k.record.path, &r->path))
			return true;
	return false;
}

bool forward_is_waiting(const struct forward *f,
			const struct lwm2m_record *r)
{
	return is_among(&f->waiting, f->waiting.n, r);
}

void forward_sift(struct forward *f, const struct observation *by,
		  uint32_t told, int64_t now)
{
	struct forwarding *w = forwarding_of(f->client);
	struct record_queue all = f->waiting, live = {0}, owed = {0};
	struct queue_cursor at = {0};
	struct queued_record k;

	f->waiting = (struct record_queue){0};
	w->held -= all.n;
	while (queue_next(&all, &at, &k)) {
		bool is_live = by && observe_covers(by, &k.record.path);
		enum owed how = owed_by(f, &k.record.path);
		bool last = is_last(&all, at, &k.record);
		bool newest = last && is_current(f, &k.record);

		if (is_among(&all, told, &k.record)) {
			forward_write_off(f, &k, true);
			continue;
		}
		if (newest && (is_live || how == OWED_NOTIFICATION) &&
		    queue_append(is_live ? &live : &owed, &w->budget, &k) == 0)
			continue;
		if (is_late(f) || (last && how == OWED_BEHIND)) {
			forward_count_kept(w, 1, now);
			forward_record_keep(f, &k, now);
		} else {
			forward_write_off(f, &k, true);
		}
	}
	queue_clear(&all, &w->budget);
	w->held += live.n + owed.n;
	f->n_live = live.n;
	queue_join(&live, &owed);
	f->waiting = live;
}

static void came_through(struct forward *f, bool told, int64_t now)
{
	if (f->answer == ANSWER_OVERDUE)
		forward_watch_end(f);
	/* Has the registration ended meanwhile? Then none follows. */
	if (!forward_is_reachable(f->client))
		forward_answer_event(f, ANSWER_BEHIND);
	if (!told)
		waiting_discard(f, f->n_live);
	forward_sift(f, NULL, told ? f->n_live : 0, now);
	tell_newest(f);		/* but not what forward_sift() has kept */
	forward_answer_event(f, ANSWER_CAME);
}

void forward_answered(struct client *c, enum coap_outcome outcome, int64_t now)
{
	struct forward *f = c->forward;

	if (!f)
		return;
	if (outcome == COAP_NO_ANSWER)
		forward_commit(f, now);
	else
		came_through(f, outcome == COAP_ACKED, now);
	forward_queue(f);
	forward_release(c);
}
