/* SPDX-License-Identifier: GPL-2.0-or-later
 * What is certain: a queue in memory and, where there is one, the backlog.
 *
 * A record is written to the backlog before it is queued, so that both have the
 * same order. Where memory has no room for it the backlog alone has it, and it
 * is read again in its turn (forward_log.c); without a backlog the oldest of
 * the next client in turn is dropped for it, so that one endpoint does not pay
 * for all. Before that `hqmax` says how many values of a resource the server
 * wants at all. */
#include <errno.h>
#include "agent/client/client.h"
#include "agent/client/client_host.h"
#include "agent/client/forward_private.h"
#include "agent/store/backlog.h"
#include "agent/store/backlog_format.h"

uint8_t forward_clock_flag(int64_t time)
{
	return time && !wall_is_known(time) ? QUEUED_CLOCKLESS : 0;
}

static void take_stream(struct forward *f)
{
	struct backlog *backlog = forwarding_of(f->client)->backlog;
	char name[CLIENT_LOG_NAME];

	if (!backlog || f->stream)
		return;
	f->stream = backlog_stream(backlog, client_log_name(f->client, name),
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

void forward_watch(struct forward *f)
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

void forward_watch_end(struct forward *f)
{
	if (f->stream && f->stream->n_watch &&
	    forwarding_of(f->client)->backlog)
		backlog_watch(forwarding_of(f->client)->backlog, f->stream,
			      NULL, 0);
}

void forward_write_down(struct forward *f, struct queued_record *k, bool lazy)
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

void forward_write_off(struct forward *f, const struct queued_record *k,
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

static void history_drop(struct forward *f, const struct queued_record *k,
			 struct queue_cursor *at)
{
	struct forwarding *w = forwarding_of(f->client);

	forward_write_off(f, k, true);
	queue_remove(&f->kept, &w->budget, at);
	if (f->n) {
		f->n--;
		w->waiting--;
	}
	w->counts.dropped++;
}

/* The oldest go; what is out now stays. */
void forward_history_cut(struct forward *f, const struct lwm2m_path *path,
			 uint32_t most)
{
	uint32_t n = history_count(f, path), i = 0;
	struct queue_cursor at = {0};
	struct queued_record k;

	while (n > most && queue_next(&f->kept, &at, &k)) {
		if (i++ < f->pinned || !path_equal(&k.record.path, path))
			continue;
		history_drop(f, &k, &at);
		n--;
	}
}

/* While the server is away: makes room for one more value of the resource, of
 * those in memory. false: it wants none. */
static bool history_trim(struct forward *f, const struct lwm2m_path *path)
{
	uint32_t most;

	if (forward_is_reachable(f->client))
		return true;
	most = forward_history_most(f, path);
	if (most == UINT32_MAX)
		return true;
	forward_history_cut(f, path, most ? most - 1 : 0);
	return most;
}

void forward_store(struct forward *f, struct queued_record *k)
{
	struct forwarding *w = forwarding_of(f->client);
	int rc;

	if (!history_trim(f, &k->record.path)) {
		forward_write_off(f, k, true);
		w->counts.dropped++;
		return;
	}
	k->flags |= forward_clock_flag(k->record.time);
	/* ... and that has been read past what was undecided then. */
	if (k->flags & QUEUED_ON_DISK &&
	    (k->sequence < f->kept_to ||
	     (f->place != PLACE_MEMORY && k->sequence < f->load_from))) {
		forward_write_off(f, k, true);
		k->flags &= (uint8_t)~QUEUED_ON_DISK;
	}
	if (!(k->flags & QUEUED_ON_DISK))
		forward_write_down(f, k, k->flags & QUEUED_EVENT);
	f->kept_to = k->sequence + 1;
	if (f->place != PLACE_MEMORY && k->flags & QUEUED_ON_DISK) {
		f->n++;
		w->waiting++;
		return;
	}
	while ((rc = f->place != PLACE_MEMORY ? -ENOMEM :
		queue_append(&f->kept, &w->budget, k)) == -ENOSPC) {
		if (k->flags & QUEUED_ON_DISK) {	/* is read again */
			forward_place_event(f, PLACE_LOGGED);
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

bool forward_is_told_late(const struct client *c, const struct observation *o)
{
	return forward_tells_times(o->format) ||
	       !forward_flag(c, ID_SERVER_MUTE_SEND);
}

void forward_record_keep(struct forward *f, struct queued_record *k, int64_t now)
{
	struct client *c = f->client;

	forward_store(f, k);
	for (struct observation *o = c->observations; o; o = o->next)
		if (forward_is_told_late(c, o))
			forward_caught_up(c, o, &k->record, now);
}

void forward_count_kept(struct forwarding *w, uint32_t n, int64_t now)
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
		forward_write_off(f, &k, false);
	f->pinned = 0;
	queue_pop(&f->kept, &w->budget, n);
	/* What is held for an answer may have been read back, uncounted. */
	n = n < f->n ? n : f->n;
	f->n -= n;
	w->waiting -= n;
	if (w->sweep != SWEEP_NONE)
		forward_load(client_services(f->client));
}
