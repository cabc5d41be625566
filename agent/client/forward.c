/* SPDX-License-Identifier: GPL-2.0-or-later
 * What becomes of a value: sent by its observation, held until the answer to
 * what is under way decides, or kept for certain.
 *
 * Where the server is there and nothing of ours is outstanding, its
 * observation tells it and nothing of it is here. While something is
 * outstanding nobody knows whether the server is there: the value goes to the
 * end of `waiting`. An answer in time (came_through()) makes all of that void
 * but what the next notifications tell; after a second without one it is
 * written to the log, and where none comes (forward_commit()) it is kept.
 * Where the server is away, a value is kept at once.
 *
 * Values move from `waiting` to `kept` only, oldest first, and leave `kept`
 * only as delivered or dropped: so they go out in the order of their times.
 * Where a client stands is in forward_state.h; what goes out, and when, in
 * client_send.c; what memory has no room for, in forward_log.c. */
#include "agent/client/forward.h"
#include <errno.h>
#include <stdlib.h>
#include "agent/client/client.h"
#include "agent/client/client_host.h"
#include "agent/base/log.h"
#include "agent/store/backlog.h"
#include "agent/store/backlog_format.h"
#include "objects/ids.h"

#define SECOND INT64_C(1000000000)
#define DOUBT_AFTER SECOND	/* no answer: no accident any more */
#define HELD_MAX 4096		/* records of one client */
#define MEMORY (1024 * 1024)
#define RATE 1000
#define RECORD 48		/* bytes in memory, about */

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

void forwarding_configure(struct services *services, const struct config *config)
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

static bool is_clockless(int64_t time)
{
	return time && !wall_is_known(time);
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

static void answer_await(struct forward *f, int64_t since)
{
	forward_answer_step(&f->answer, ANSWER_WAIT);
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

static void forget_lost(struct forward *f)
{
	for (struct observation *o; (o = f->lost); ) {
		f->lost = o->next;
		observe_destroy(o);
	}
}

static void forward_free(struct forward *f)
{
	struct forwarding *w = forwarding_of(f->client);

	forward_unqueue(f);
	forget_lost(f);
	w->held -= f->waiting.n;
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

static bool is_storing(const struct client *c)
{
	return forward_flag(c, ID_SERVER_STORING);
}

/* The point bound at path, where it is to be kept or sent in any case. */
static const struct config_point *point_of(const struct client *c,
					   const struct lwm2m_path *path)
{
	const struct config_device *conf = client_conf(c);

	for (size_t i = 0; i < conf->n_points; i++) {
		const struct config_point *point = &conf->points[i];

		if ((point->keep || point->send) && point->map.depth &&
		    path_equal(&point->resource, path))
			return point;
	}
	return NULL;
}

/* The right may have gone since it was observed (object 2). */
static bool may_see(struct client *c, const struct lwm2m_path *path, int64_t now)
{
	struct request_scope scope = client_scope(c, now);

	return request_may(&scope, path, ACCESS_READ);
}

/* Something of ours is under way that an answer must come to. */
static bool is_busy(const struct client *c)
{
	return !c->server->conf->notify_non && client_is_speaking(c);
}

/* ---- certain ones ---- */

static void take_stream(struct forward *f)
{
	struct backlog *backlog = forwarding_of(f->client)->backlog;

	if (!backlog || f->stream)
		return;
	f->stream = backlog_stream(backlog, client_name(f->client),
				   f->client->server->conf->id, f);
	if (f->stream->next_sequence > f->next_sequence)
		f->next_sequence = f->stream->next_sequence;
}

static size_t paths_of(const struct observation *o, struct lwm2m_path *paths,
		       size_t n)
{
	const struct lwm2m_path *path;

	for (; o; o = o->next)
		for (size_t i = 0; (path = observe_path(o, i)) &&
		     n < BACKLOG_PATHS_MAX; i++)
			paths[n++] = *path;
	return n;
}

static bool is_watched(const struct backlog_stream *stream,
		       const struct lwm2m_path *paths, size_t n)
{
	if (!stream->named || n != stream->n_watch)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!path_equal(&paths[i], &stream->watch[i]))
			return false;
	return true;
}

/* A start in the outage goes on with what was observed before. */
static void stream_watch(struct forward *f)
{
	struct forwarding *w = forwarding_of(f->client);
	struct lwm2m_path paths[BACKLOG_PATHS_MAX];
	size_t n = paths_of(f->lost, paths, 0);

	n = paths_of(f->client->observations, paths, n);
	if (!w->backlog || f->client->registration.lwm2m_1_0 || !n)
		return;
	take_stream(f);
	if (!is_watched(f->stream, paths, n))
		backlog_watch(w->backlog, f->stream, paths, n);
}

static void watch_no_more(struct forward *f)
{
	if (f->stream && f->stream->n_watch &&
	    forwarding_of(f->client)->backlog)
		backlog_watch(forwarding_of(f->client)->backlog, f->stream,
			      NULL, 0);
}

/* Into the log, where there is one. */
static void write_down(struct forward *f, struct queued_record *k, bool lazy)
{
	struct backlog *backlog = forwarding_of(f->client)->backlog;

	take_stream(f);
	k->sequence = f->next_sequence++;
	if (!backlog)
		return;
	k->segment = backlog_put(backlog, f->stream, k, lazy);
	if (k->segment)
		k->flags |= QUEUED_ON_DISK;
}

/* It need not be in the log any more. */
static void written_off(struct forward *f, const struct queued_record *k,
			bool lazy)
{
	struct backlog *backlog = forwarding_of(f->client)->backlog;

	if (backlog && k->flags & QUEUED_ON_DISK)
		backlog_done(backlog, f->stream, k->sequence, k->segment, lazy);
}

static void drop_oldest(struct forward *f)
{
	forwarding_of(f->client)->counts.dropped++;
	forward_done(f, 1);
}

/* Takes turns, so that one endpoint does not pay for all; what is out now
 * stays. false: there is nothing to be dropped. */
static bool make_room(struct forwarding *w)
{
	struct forward *f = w->next_evicted ? w->next_evicted : w->all;
	struct forward *first = f;

	do {
		if (!f)
			return false;
		w->next_evicted = f->next ? f->next : w->all;
		if (f->kept.n && !f->pinned) {
			drop_oldest(f);
			return true;
		}
		f = w->next_evicted;
	} while (f != first);
	return false;
}

/* How many values of the resource are to be kept: what its observations say
 * (hqmax, Core TS 1.2, 7.3.2), the most of them, else the server's attributes.
 * UINT32_MAX: as many as there is room for. */
static uint32_t history_most(const struct forward *f,
			     const struct lwm2m_path *path)
{
	const struct attribute_set *set = &f->client->attributes;
	const struct observation *lists[] = {f->lost, f->client->observations};
	struct attributes a;
	uint32_t most = 0, n;
	bool observed = false;

	for (size_t i = 0; i < 2; i++)
		for (const struct observation *o = lists[i]; o; o = o->next) {
			if (!observe_covers(o, path))
				continue;
			observed = true;
			n = observe_hqmax(o, set, path);
			most = n > most ? n : most;
		}
	if (observed)
		return most;
	a = attributes_effective(set, path);
	return a.set & ATTRIBUTE_HQMAX ? a.hqmax : UINT32_MAX;
}

static uint32_t history_count(const struct forward *f,
			      const struct lwm2m_path *path)
{
	struct queue_cursor at = {0};
	struct queued_record k;
	uint32_t n = 0;

	while (queue_next(&f->kept, &at, &k))
		n += path_equal(&k.record.path, path);
	return n;
}

/* The oldest of the resource; what is out now stays. false: there is none. */
static bool history_drop(struct forward *f, const struct lwm2m_path *path)
{
	struct forwarding *w = forwarding_of(f->client);
	struct queue_cursor at = {0};
	struct queued_record k;
	uint32_t i = 0;

	while (queue_next(&f->kept, &at, &k)) {
		if (i++ < f->pinned || !path_equal(&k.record.path, path))
			continue;
		written_off(f, &k, true);
		queue_remove(&f->kept, &w->budget, &at);
		if (f->n) {
			f->n--;
			w->waiting--;
		}
		w->counts.dropped++;
		return true;
	}
	return false;
}

/* While the server is away: makes room for one more value of the resource, of
 * those in memory. false: it wants none. */
static bool history_trim(struct forward *f, const struct lwm2m_path *path)
{
	uint32_t most, n;

	if (forward_is_reachable(f->client))
		return true;
	most = history_most(f, path);
	if (most == UINT32_MAX)
		return true;
	n = history_count(f, path);
	while (n >= most && n && history_drop(f, path))
		n--;
	return most;
}

/* Behind those that are kept already, which the log has in the same order. */
static void record_store(struct forward *f, struct queued_record *k)
{
	struct forwarding *w = forwarding_of(f->client);
	int rc;

	if (!history_trim(f, &k->record.path)) {
		written_off(f, k, true);
		w->counts.dropped++;
		return;
	}
	if (is_clockless(k->record.time))
		k->flags |= QUEUED_CLOCKLESS;
	/* ... and that has been read past what was undecided then. */
	if (k->flags & QUEUED_ON_DISK &&
	    (k->sequence < f->kept_to ||
	     (f->place != PLACE_MEMORY && k->sequence < f->load_from))) {
		written_off(f, k, true);
		k->flags &= (uint8_t)~QUEUED_ON_DISK;
	}
	if (!(k->flags & QUEUED_ON_DISK))
		write_down(f, k, k->flags & QUEUED_EVENT);
	f->kept_to = k->sequence + 1;
	if (f->place != PLACE_MEMORY && k->flags & QUEUED_ON_DISK) {
		f->n++;
		w->waiting++;
		return;
	}
	while ((rc = f->place != PLACE_MEMORY ? -ENOMEM :
		queue_append(&f->kept, &w->budget, k)) == -ENOSPC) {
		if (k->flags & QUEUED_ON_DISK) {	/* is read again */
			forward_place_step(&f->place, PLACE_LOGGED);
			f->load_from = k->sequence;
			rc = 0;
			break;
		}
		if (!make_room(w))
			break;
	}
	if (rc < 0) {
		w->counts.dropped++;
		return;
	}
	f->n++;
	w->waiting++;
}

void forward_caught_up(struct client *c, struct observation *o,
		       const struct lwm2m_record *newest, int64_t now)
{
	struct lwm2m_path path = path_here(&newest->path);
	const struct tree_slot *slot;

	if (!o->pending || !path_equal(&o->path, &path))
		return;
	slot = tree_find(client_tree(c), &o->path);
	if (!slot || slot->time != newest->time)
		return;
	o->newest_sent = newest->time;
	o->news = false;
	observe_sent(o, now);
	client_remember(c, o);
}

/* Does what is kept go out before long, so that o need not tell it? A muted Send
 * may not. */
static bool is_told_late(const struct client *c, const struct observation *o)
{
	return forward_tells_times(o->format) ||
	       !forward_flag(c, ID_SERVER_MUTE_SEND);
}

/* Several may observe it: who has had it kept is one of them, and others wait
 * for their pmin still. */
static void record_keep(struct forward *f, struct queued_record *k, int64_t now)
{
	struct client *c = f->client;

	record_store(f, k);
	for (struct observation *o = c->observations; o; o = o->next)
		if (is_told_late(c, o))
			forward_caught_up(c, o, &k->record, now);
}

static void note_kept(struct forwarding *w, uint32_t n, int64_t now)
{
	if (!w->waiting) {
		w->begun = now;
		w->begun_n = 0;
	}
	w->begun_n += n;
	w->counts.kept += n;
}

void forward_done(struct forward *f, uint32_t n)
{
	struct forwarding *w = forwarding_of(f->client);
	struct queue_cursor at = {0};
	struct queued_record k;

	if (n > f->kept.n)
		n = f->kept.n;
	f->pinned = n;		/* not to be lost now */
	for (uint32_t i = 0; i < n && queue_next(&f->kept, &at, &k); i++)
		written_off(f, &k, false);
	f->pinned = 0;
	queue_pop(&f->kept, &w->budget, n);
	/* What is held for an answer may have been read back, uncounted. */
	n = n < f->n ? n : f->n;
	f->n -= n;
	w->waiting -= n;
	if (w->sweep != SWEEP_NONE)
		forward_load(client_services(f->client));
}

/* ---- those that an answer decides over ---- */

static void waiting_discard(struct forward *f, uint32_t n)
{
	struct forwarding *w = forwarding_of(f->client);
	struct queue_cursor at = {0};
	struct queued_record k;

	for (uint32_t i = 0; i < n && queue_next(&f->waiting, &at, &k); i++)
		written_off(f, &k, true);
	n = n < f->waiting.n ? n : f->waiting.n;
	w->held -= n;
	queue_pop(&f->waiting, &w->budget, n);
}

/* No answer for so long: a kill must not take them. */
static void write_held(struct forward *f)
{
	struct queue_cursor at = {0};
	struct queued_record k;

	while (queue_next(&f->waiting, &at, &k))
		if (!(k.flags & QUEUED_ON_DISK)) {
			write_down(f, &k, false);
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
		record_keep(f, &k, now);
	queue_clear(&all, &w->budget);
}

/* What they held is kept, and goes out with the rest of that: the next answer
 * is not to tell it again. */
static void hold_no_more(struct forward *f)
{
	struct client *c = f->client;

	for (struct observation *o = c->observations; o; o = o->next)
		if (is_told_late(c, o))
			o->held = false;
}

/* All of them are certain now. */
void forward_commit(struct forward *f, int64_t now)
{
	struct forwarding *w = forwarding_of(f->client);
	uint32_t n = f->waiting.n;

	w->held -= n;
	forward_answer_step(&f->answer, ANSWER_DECIDED);
	f->n_live = 0;
	if (!n)
		return;
	note_kept(w, n, now);
	store_all(f, now);
	hold_no_more(f);
	if (w->backlog)
		backlog_sync(w->backlog);
}

/* ... but for those of the notification under way, whose answer would come too
 * late to keep them from being told again. */
static void settle_behind(struct forward *f, int64_t now)
{
	struct forwarding *w = forwarding_of(f->client);
	struct record_queue all = f->waiting;
	struct queue_cursor at = {0};
	struct queued_record k;
	uint32_t n = 0, kept = 0;

	if (!f->n_live || !is_busy(f->client)) {
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
			record_keep(f, &k, now);
			kept++;
		}
	queue_clear(&all, &w->budget);
	f->n_live = f->waiting.n;
	note_kept(w, kept, now);
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

/* What is held from before has waited since that went out which is under way,
 * be it a late answer, of which nobody has told us. */
static int64_t waits_since(const struct forward *f, int64_t now)
{
	int64_t since = client_is_speaking(f->client) ?
			coap_since(client_line(f->client)) : INT64_MAX;

	return f->waiting.n && since < now ? since : now;
}

/* live: it is in the notification that has just gone out. true: there is no
 * room to wait for an answer, it is kept, and so is what was held before. */
static bool record_hold(struct forward *f, const struct lwm2m_record *record,
			bool live, int64_t now)
{
	struct forwarding *w = forwarding_of(f->client);
	struct queued_record k = {.record = *record,
		.flags = is_clockless(record->time) ? QUEUED_CLOCKLESS : 0};

	if (!is_awaited(f) && is_busy(f->client))
		answer_await(f, waits_since(f, now));
	if (f->client->registration.lwm2m_1_0 ||
	    !may_see(f->client, &record->path, now))
		return false;		/* the newest is all it gets */
	f->last_path = record->path;
	f->last_time = record->time;
	if (is_awaited(f) && !live && is_short(w)) {
		settle_behind(f, now);
		note_kept(w, 1, now);
		record_keep(f, &k, now);
		return true;
	}
	if (!is_awaited(f) && (holds_much(w) || f->waiting.n >= HELD_MAX)) {
		waiting_discard(f, 1);
		if (holds_much(w))
			return false;
	}
	/* Nothing is under way that could tell: the next answer will. */
	if (f->answer == ANSWER_OVERDUE || !is_awaited(f))
		write_down(f, &k, f->answer != ANSWER_OVERDUE);
	if (queue_append(&f->waiting, &w->budget, &k) == 0) {
		w->held++;
		return false;
	}
	w->counts.dropped++;
	written_off(f, &k, true);
	return false;
}

/* The answer to a notification under way still decides. */
static void settle_undecided(struct forward *f, int64_t now)
{
	if (!f->n_live || !is_busy(f->client))
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
	settle_undecided(f, now);
	if (!f->waiting.n)
		return false;
	if (is_short(w) || queue_append(&f->waiting, &w->budget, k) < 0) {
		forward_commit(f, now);
		return false;
	}
	w->held++;
	write_held(f);
	return true;
}

void forward_keep(struct forward *f, const struct lwm2m_record *record,
		  int64_t now)
{
	struct forwarding *w = forwarding_of(f->client);
	struct queued_record k = {.record = *record,
		.flags = is_clockless(record->time) ? QUEUED_CLOCKLESS : 0};

	if (!may_see(f->client, &record->path, now))
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
		note_kept(w, 1, now);
		record_keep(f, &k, now);
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

/* None behind it is of the same resource, which is as it says. */
static bool is_newest(const struct forward *f, const struct record_queue *list,
		      struct queue_cursor behind, const struct lwm2m_record *r)
{
	const struct tree_slot *slot = tree_find(client_tree(f->client),
						 &r->path);
	struct queued_record k;

	if (!slot || slot->quality != TREE_GOOD ||
	    !value_equal(&slot->value, &r->value))
		return false;
	while (queue_next(list, &behind, &k))
		if (path_equal(&k.record.path, &r->path))
			return false;
	return true;
}

enum owed { OWED_NOT, OWED_NOTIFICATION, OWED_BEHIND };

/* Will a notification tell it? One that comes behind what is kept: then it is
 * kept itself. */
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

/* An answer has come, or a notification (of `by`) has just gone out. What that
 * one tells stays in front, behind it what the next ones will tell. Those in
 * between have been overtaken by newer ones: they count where an answer was
 * late, as then nobody may rely on the next. The first `told` have been
 * acknowledged: another observation of the same may owe one of them, too, and
 * does not bring it again as what is kept. */
static void waiting_sift(struct forward *f, const struct observation *by,
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
		bool newest = is_newest(f, &all, at, &k.record);

		if (is_among(&all, told, &k.record)) {
			written_off(f, &k, true);
			continue;
		}
		if (newest && (is_live || how == OWED_NOTIFICATION) &&
		    queue_append(is_live ? &live : &owed, &w->budget, &k) == 0)
			continue;
		if (is_late(f) || (newest && how == OWED_BEHIND)) {
			note_kept(w, 1, now);
			record_keep(f, &k, now);
		} else {
			written_off(f, &k, true);
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
		watch_no_more(f);
	/* Where the registration has ended meanwhile no notification follows. */
	if (!forward_is_reachable(f->client))
		forward_answer_step(&f->answer, ANSWER_BEHIND);
	if (!told)
		waiting_discard(f, f->n_live);
	waiting_sift(f, NULL, told ? f->n_live : 0, now);
	tell_newest(f);		/* but not what waiting_sift() has kept */
	forward_answer_step(&f->answer, ANSWER_CAME);
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

/* ---- what happens ---- */

/* Their records carry the time themselves. */
static bool is_stamp(const struct lwm2m_path *path)
{
	return path->id[0] >= 3200 && path->id[0] <= 3350 &&
	       (path->id[2] == ID_IPSO_TIMESTAMP ||
		path->id[2] == ID_IPSO_FRACTION);
}

static bool is_off(const struct client *c)
{
	return client_services(c)->dry || client_is_leaving(c);
}

static void keep_or_count(struct client *c, const struct lwm2m_record *r,
			  int64_t now)
{
	if (is_storing(c))
		forward_keep(forward_get(c), r, now);
	else
		forwarding_of(c)->counts.dropped++;
}

enum take { TAKE_HOLD, TAKE_LIVE, TAKE_KEEP, TAKE_KEEP_OTHERS, TAKE_KEEP_POINTS };

/* As record_hold(); else false. */
static bool record_take(struct client *c, const struct lwm2m_record *r,
			enum take how, int64_t now)
{
	switch (how) {
	case TAKE_HOLD:
		return record_hold(c->forward, r, false, now);
	case TAKE_LIVE:
		return record_hold(c->forward, r, true, now);
	case TAKE_KEEP:
		forward_keep(c->forward, r, now);
		break;
	case TAKE_KEEP_OTHERS:		/* a point's own were kept at once */
		if (!point_of(c, &r->path))
			keep_or_count(c, r, now);
		break;
	case TAKE_KEEP_POINTS:		/* those alone */
		if (point_of(c, &r->path))
			forward_keep(c->forward, r, now);
		break;
	}
	return false;
}

/* Observations may overlap: another one has brought it here. */
static bool is_taken(const struct forward *f, const struct lwm2m_record *r)
{
	return (r->time == f->last_time &&
		path_equal(&r->path, &f->last_path)) ||
	       is_among(&f->waiting, f->waiting.n, r);
}

/* ... or, of those that have ended, has kept it (what `lost` takes is kept at
 * once), or has told it when it still could. */
static bool is_taken_by_lost(const struct forward *f,
			     const struct observation *but,
			     const struct lwm2m_record *r)
{
	for (const struct observation *o = f->lost; o; o = o->next)
		if (o != but && o->newest_sent >= r->time &&
		    observe_covers(o, &r->path))
			return true;
	return false;
}

/* All in o's scope that is newer than what it has told. */
static bool take_new(struct client *c, struct observation *o, enum take how,
		     int64_t now)
{
	bool kept = false;
	const struct tree *tree = client_tree(c);
	struct forward *f = forward_get(c);
	const struct lwm2m_path *scope;
	int64_t told = o->newest_sent;

	for (size_t i = 0; (scope = observe_path(o, i)); i++) {
		struct tree_cursor at = {0, 0};
		const struct tree_slot *slot;
		struct lwm2m_path path;

		while ((slot = tree_next(tree, scope, &at, &path))) {
			struct lwm2m_record r = {path, slot->value,
						 slot->time};

			if (slot->quality != TREE_GOOD ||
			    slot->value.type == LWM2M_NONE ||
			    slot->time <= o->newest_sent || is_stamp(&path))
				continue;
			told = slot->time > told ? slot->time : told;
			if (!is_taken(f, &r) &&
			    (how != TAKE_KEEP_OTHERS ||
			     !is_taken_by_lost(f, o, &r)))
				kept |= record_take(c, &r, how, now);
		}
	}
	o->newest_sent = told;
	o->news = false;
	return kept;
}

static void count_as_told(struct observation *o, const struct lwm2m_record *r)
{
	o->news = false;
	if (r->time > o->newest_sent)
		o->newest_sent = r->time;
}

/* It counts as sent: what is new goes with what is kept. */
static void keep_instead(struct client *c, struct observation *o, int64_t now)
{
	if (o->news)
		take_new(c, o, TAKE_KEEP, now);
	observe_sent(o, now);
	client_remember(c, o);
	if (c->forward)
		forward_queue(c->forward);
}

/* The server has begun to observe before the answer to our Register was here:
 * what is kept goes with the rest of it, and by no notification, too. */
static void keep_early(struct client *c, const struct lwm2m_record *r,
		       int64_t now)
{
	const struct forward *f = c->forward;

	if (!f || f->last_time != r->time ||
	    !path_equal(&f->last_path, &r->path))
		return;			/* it was not kept */
	for (struct observation *o = c->observations; o; o = o->next)
		if (o->pending && observe_covers(o, &r->path) &&
		    is_told_late(c, o))
			keep_instead(c, o, now);
}

/* The server observes already, but the answer to our Register is late and may
 * never come: then the newest is not all that it has asked for. */
static bool is_owed_early(const struct client *c, const struct lwm2m_path *path,
			  bool event, int64_t now)
{
	if (!is_storing(c) || !client_line(c) ||
	    now - coap_since(client_line(c)) < DOUBT_AFTER)
		return false;
	for (const struct observation *o = c->observations; o; o = o->next)
		if (o->pending && (event || observe_due(o, now)) &&
		    observe_covers(o, path) && is_told_late(c, o))
			return true;
	return false;
}

/* One record, however many of those it is in that were observed. An event goes
 * as it was, whatever pmin says: the newest is not all that counts of them. */
static void take_lost(struct client *c, const struct lwm2m_record *r,
		      bool event, int64_t now)
{
	bool kept = point_of(c, &r->path), worth = false;

	if (kept)
		forward_keep(forward_get(c), r, now);
	for (struct observation *o = c->forward ? c->forward->lost : NULL; o;
	     o = o->next) {
		bool waits = o->pmin && !event, taken;

		if (!observe_covers(o, &r->path))
			continue;
		observe_changed(o, &c->attributes, &r->path, &r->value, now);
		if (event ? !o->pending : !observe_due(o, now))
			continue;
		taken = is_taken_by_lost(c->forward, o, r);
		if (waits)		/* others may have waited for it, too */
			take_new(c, o, TAKE_KEEP_OTHERS, now);
		else
			count_as_told(o, r);
		worth |= !waits && !taken;
		observe_sent(o, now);
		client_remember(c, o);
	}
	worth |= is_owed_early(c, &r->path, event, now);
	if (worth && !kept)
		keep_or_count(c, r, now);
	keep_early(c, r, now);
}

static bool is_observed(const struct client *c, const struct lwm2m_path *path)
{
	const struct observation *o = c->observations;

	while (o && !observe_covers(o, path))
		o = o->next;
	return o;
}

/* Its notification cannot go out before the answer to what is under way. */
static void changed_observed(struct client *c, const struct lwm2m_record *r,
			     int64_t now)
{
	bool worth = false, kept = false;

	for (struct observation *o = c->observations; o; o = o->next)
		if (observe_covers(o, &r->path) && observe_due(o, now)) {
			if (o->pmin)
				kept |= take_new(c, o, TAKE_HOLD, now);
			else
				count_as_told(o, r);
			worth |= !o->pmin;
			observe_hold(o, now);
			client_remember(c, o);
		}
	if (worth && !is_taken(forward_get(c), r))
		kept |= record_hold(c->forward, r, false, now);
	if (kept)
		hold_no_more(c->forward);
}

/* Does what waits for a Send wait for nobody knows how long? Then an event must
 * not come behind it. */
static bool is_stuck(const struct forward *f)
{
	struct queue_cursor at = {0};
	struct queued_record k;

	return queue_next(&f->kept, &at, &k) && !forward_by(f, &k) &&
	       (forward_flag(f->client, ID_SERVER_MUTE_SEND) || f->refusals ||
		f->retry_at != INT64_MAX);
}

/* false: no observation tells it by itself. */
static bool happened_observed(struct client *c, const struct lwm2m_record *r,
			      int64_t now)
{
	struct forward *f = forward_get(c);
	struct queued_record k = {.record = *r, .flags = QUEUED_EVENT,
				  .sequence = f->next_sequence};
	struct observation *o = forward_by(f, &k);

	if (!o || !o->pending || is_stuck(f) ||
	    !may_see(c, &r->path, now)) {
		forward_release(c);
		return false;
	}
	note_kept(forwarding_of(c), 1, now);
	record_store(f, &k);
	f->last_path = r->path;
	f->last_time = r->time;
	if (path_equal(&o->path, &r->path) && r->time > o->newest_sent)
		o->newest_sent = r->time;
	if (!observe_due(o, now))
		return true;		/* pmin: forward_behind() */
	count_as_told(o, r);
	observe_sent(o, now);
	client_remember(c, o);
	forward_queue(f);
	return true;
}

void forward_happened(struct client *c, const struct lwm2m_path *path,
		      int64_t now)
{
	const struct tree_slot *slot = tree_find(client_tree(c), path);
	struct lwm2m_record r;

	if (!slot || is_off(c))
		return;
	r = (struct lwm2m_record){*path, slot->value, slot->time};
	if (!forward_is_reachable(c))
		take_lost(c, &r, true, now);
	else if (!happened_observed(c, &r, now))
		forward_changed(c, path, is_observed(c, path), now);
}

void forward_changed(struct client *c, const struct lwm2m_path *path,
		     bool observed, int64_t now)
{
	const struct config_point *point = point_of(c, path);
	bool reachable = forward_is_reachable(c);
	const struct tree_slot *slot;
	struct lwm2m_record r;

	/* The usual case, in thousands a second. */
	if (reachable && !point && (!observed || !is_busy(c)))
		return;
	slot = tree_find(client_tree(c), path);
	if (!slot || is_off(c) || is_stamp(path) ||
	    slot->value.type == LWM2M_NONE)
		return;
	r = (struct lwm2m_record){*path, slot->value, slot->time};
	if (!reachable) {
		take_lost(c, &r, false, now);
	} else if (!observed) {
		if (point->send)
			forward_keep(forward_get(c), &r, now);
		else if (record_hold(forward_get(c), &r, false, now))
			hold_no_more(c->forward);
		if (point->send)
			forward_queue(c->forward);
	} else if (is_busy(c) && (point || is_storing(c))) {
		changed_observed(c, &r, now);
	}
}

bool forward_behind(struct client *c, struct observation *o, int64_t now)
{
	if (!forward_is_next(c, o) || !is_storing(c) || is_off(c))
		return false;
	forward_answer_step(&c->forward->answer, ANSWER_BEHIND);
	waiting_sift(c->forward, NULL, 0, now);
	keep_instead(c, o, now);
	return true;
}

bool forward_unsent(struct client *c, struct observation *o, int64_t now)
{
	if (!is_storing(c) || is_off(c))
		return false;
	if (c->forward)
		settle_undecided(c->forward, now);	/* which is older */
	keep_instead(c, o, now);
	return true;
}

void forward_await(struct forward *f, int64_t now)
{
	if (f->waiting.n && !is_awaited(f))
		answer_await(f, now);
}

void forward_notified(struct client *c, struct observation *o, int64_t now)
{
	if (is_off(c) || !is_storing(c) || !is_busy(c)) {
		o->newest_sent = services_wall(client_services(c), now);
		o->news = false;
		return;
	}
	if (o->news)
		take_new(c, o, TAKE_LIVE, now);
	if (!c->forward)
		return;
	forward_delivery_step(&c->forward->delivery, DELIVERY_NOTIFIED);
	waiting_sift(c->forward, o, 0, now);
	forward_await(c->forward, now);
	forward_queue(c->forward);
	forward_release(c);
}

static bool is_same(const struct observation *a, const struct observation *b)
{
	const struct lwm2m_path *path, *other;
	size_t i = 0;

	if (!a->paths != !b->paths || a->n_paths != b->n_paths)
		return false;
	for (; (path = observe_path(a, i)); i++)
		if (!(other = observe_path(b, i)) || !path_equal(path, other))
			return false;
	return true;
}

/* What came while nobody knew yet that the server is away was not kept at once
 * as what comes from now on, where it is to be kept in any case. */
static void keep_pending(struct client *c, struct observation *o, int64_t now)
{
	int64_t told = o->newest_sent;
	bool news = o->news;

	if (o->pending && news)
		take_new(c, o, TAKE_KEEP_POINTS, now);
	o->newest_sent = told;		/* as the others are still to be */
	o->news = news;
}

bool forward_lost(struct client *c, struct observation *observation,
		  int64_t now)
{
	struct forward *f;

	if (is_off(c))
		return false;
	f = forward_get(c);
	settle_undecided(f, now);	/* which is older */
	keep_pending(c, observation, now);
	for (const struct observation *o = f->lost; o; o = o->next)
		if (is_same(o, observation))
			return false;
	observation->held = false;
	observation->next = f->lost;
	f->lost = observation;
	stream_watch(f);
	return true;
}

/* The server may take its time to observe again: what waits for its pmin is not
 * to wait for that, too. */
static void keep_waiting(struct client *c, int64_t now)
{
	for (struct observation *o = c->forward->lost; o; o = o->next)
		if (o->pending && o->news)
			take_new(c, o, TAKE_KEEP_OTHERS, now);
}

void forward_hand_over(struct client *c, int64_t now)
{
	/* Nobody waits for its answers any more, and what is kept from here on
	 * is newer. */
	if (c->forward)
		forward_commit(c->forward, now);
	client_observations_end(c, now);
	if (c->forward)
		keep_waiting(c, now);
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
			settle_undecided(f, now);
		return;
	}
	keep_waiting(c, now);
	forget_lost(f);
	watch_no_more(f);
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

static int64_t doubt_at(const struct forward *f)
{
	return is_awaited(f) && f->answer != ANSWER_OVERDUE ?
	       f->since + DOUBT_AFTER : INT64_MAX;
}

int64_t forward_next(const struct client *c)
{
	const struct forward *f = c->forward;
	int64_t due = INT64_MAX;

	if (is_off(c))			/* nothing is kept any more */
		return due;
	if (forward_is_reachable(c) && is_busy(c) && is_storing(c))
		for (const struct observation *o = c->observations; o;
		     o = o->next)
			if (o->pending && o->due < due)
				due = o->due;
	if (!f)
		return due;
	if (!forward_is_reachable(c))
		for (const struct observation *o = f->lost; o; o = o->next)
			due = o->due < due ? o->due : due;
	if (doubt_at(f) < due)
		due = doubt_at(f);
	return f->retry_at < due ? f->retry_at : due;
}

static void due_observed(struct client *c, int64_t now)
{
	bool kept = false;

	for (struct observation *o = c->observations; o; o = o->next) {
		if (!o->pending || !observe_due(o, now))
			continue;
		if (o->news)
			kept |= take_new(c, o, TAKE_HOLD, now);
		observe_hold(o, now);
		client_remember(c, o);
	}
	if (kept)
		hold_no_more(c->forward);
}

static void due_lost(struct client *c, int64_t now)
{
	for (struct observation *o = c->forward->lost; o; o = o->next) {
		if (!observe_due(o, now))
			continue;
		if (o->news || !o->pending)	/* pmax tells it again */
			take_new(c, o, TAKE_KEEP_OTHERS, now);
		observe_sent(o, now);
		client_remember(c, o);
	}
}

void forward_due(struct client *c, int64_t now)
{
	struct forward *f;

	if (is_off(c))
		return;
	if (forward_is_reachable(c) && is_busy(c) && is_storing(c))
		due_observed(c, now);
	f = c->forward;
	if (!f)
		return;
	if (!forward_is_reachable(c))
		due_lost(c, now);
	if (now >= doubt_at(f)) {
		forward_answer_step(&f->answer, ANSWER_TIMEOUT);
		stream_watch(f);
		write_held(f);
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
	stream_watch(f);
}

void forward_attach(struct client *c, int64_t now)
{
	struct backlog *backlog = forwarding_of(c)->backlog;
	struct backlog_stream *stream = !backlog ? NULL :
		backlog_stream_find(backlog, client_name(c),
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
		forward_place_step(&f->place, PLACE_LOGGED);
	observe_as_before(f, now);
	note_kept(forwarding_of(c), 0, now);
	forwarding_of(c)->waiting += f->n;
}

void forward_detach(struct client *c)
{
	struct forward *f = c->forward;
	struct forwarding *w = forwarding_of(c);
	uint32_t in_log;

	if (!f)
		return;
	if (is_awaited(f))
		forward_commit(f, w->begun);
	in_log = f->stream ? f->stream->n : 0;
	if (f->n > in_log)
		w->counts.dropped += f->n - in_log;
	w->waiting -= f->n;
	forward_free(f);
}
