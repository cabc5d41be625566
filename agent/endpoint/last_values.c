/* SPDX-License-Identifier: GPL-2.0-or-later
 * The journal "last" of the state directory: appended to, and rewritten by a
 * worker when more than half of it is old. */
#include "agent/endpoint/last_values.h"
#include <stdlib.h>
#include <string.h>
#include "agent/endpoint/endpoint.h"
#include "agent/client/services.h"
#include "agent/store/last_format.h"
#include "agent/base/log.h"
#include "ipso/ipso.h"
#include "objects/codec.h"

#define SECOND INT64_C(1000000000)
#define TOTALS_AFTER (SECOND / 2)	/* what counts events is told from disk */
#define SAME_AFTER (60 * SECOND)	/* nothing new is written so often */
#define BEHIND_AGAIN (SECOND / 10)	/* is the write before on the disk? */
#define RECORD_ROOM 16384
#define PENDING_KEPT (128 * 1024)
#define SLACK (64 * 1024)		/* a journal this small is left alone */
#define READ_KEPT (10 * SECOND)		/* endpoints come back one by one */

/* A number of events that is not told yet. */
struct count {
	struct endpoint *endpoint;	/* NULL: no more */
	struct lwm2m_path path;
	int64_t total, wall;
	int64_t written;		/* handed to the store, with the write
					 * of this number; 0: none is */
	uint64_t number;
};

struct last_values {
	struct store *store;
	struct endpoint **dirty;
	size_t n_dirty, room;
	struct count *counts;
	size_t n_counts, counts_room;
	int64_t flushed_at;
	uint8_t *pending;		/* records that go out with the next */
	size_t n_pending, pending_room;
	bool sync;			/* and are not left to the kernel */
	uint64_t write;			/* the last: its number at the store */
	int64_t flush_at, every;	/* ns */
	size_t size, compact;		/* of the journal; of it when compact */
	bool is_read;			/* the journal, until something is
					 * written, or nobody asks any more */
	uint8_t *journal;		/* NULL: there is none */
	bool asked;			/* since the last turn */
	int64_t forget_at;
	struct last_index index;
};

struct last_values *last_values_create(void)
{
	struct last_values *last = calloc(1, sizeof(*last));

	if (!last)
		abort();
	last->flush_at = INT64_MAX;
	last->flushed_at = -TOTALS_AFTER;
	return last;
}

void last_values_configure(struct last_values *last, int64_t every)
{
	last->every = every;
}

void last_values_open(struct last_values *last, struct store *store)
{
	last->store = store;
}

static void journal_forget(struct last_values *last)
{
	last_index_finish(&last->index);
	free(last->journal);
	last->journal = NULL;
	last->is_read = false;
}

void last_values_destroy(struct last_values *last)
{
	if (!last)
		return;
	journal_forget(last);
	free(last->dirty);
	free(last->counts);
	free(last->pending);
	free(last);
}

/* ---- totals on their way ---- */

static struct count *count_find(const struct last_values *last,
				const struct endpoint *e,
				const struct lwm2m_path *path)
{
	for (size_t i = 0; i < last->n_counts; i++)
		if (last->counts[i].endpoint == e &&
		    path_equal(&last->counts[i].path, path))
			return &last->counts[i];
	return NULL;
}

static struct count *count_add(struct last_values *last, struct endpoint *e,
			       const struct lwm2m_path *path)
{
	const struct tree_slot *slot = tree_find(&e->tree, path);
	struct count *count = count_find(last, e, path);

	if (count)
		return count;
	if (last->n_counts == last->counts_room) {
		last->counts_room = last->counts_room * 2 + 8;
		last->counts = reallocarray(last->counts, last->counts_room,
					    sizeof(struct count));
		if (!last->counts)
			abort();
	}
	count = &last->counts[last->n_counts++];
	*count = (struct count){.endpoint = e, .path = *path,
				.total = slot ? slot->value.as.integer : 0};
	return count;
}

/* All of it is written: what is told next is what the tree says. */
static void count_take(struct count *count)
{
	const struct lwm2m_value total = lwm2m_integer(count->total);

	tree_set(&count->endpoint->tree, &count->path, &total, count->wall);
	count->endpoint = NULL;
}

static void counts_leave(struct last_values *last, const struct endpoint *e)
{
	for (size_t i = 0; i < last->n_counts; i++)
		if (last->counts[i].endpoint == e)
			count_take(&last->counts[i]);
}

/* What is on the disk is told; true: something was. */
static bool counts_tell(struct last_values *last, int64_t now)
{
	uint64_t done = store_appended(last->store);
	size_t kept = 0;
	bool told = false;

	for (size_t i = 0; i < last->n_counts; i++) {
		struct count *c = &last->counts[i];

		if (c->endpoint && c->number && c->number <= done) {
			endpoint_counted(c->endpoint, &c->path, c->written,
					 c->wall, now);
			c->number = 0;
			told = true;
			if (c->written == c->total)
				c->endpoint = NULL;
		}
		if (c->endpoint)
			last->counts[kept++] = *c;
	}
	last->n_counts = kept;
	return told;
}

static void counts_written(struct last_values *last, uint64_t number)
{
	for (size_t i = 0; i < last->n_counts; i++) {
		struct count *c = &last->counts[i];

		if (c->endpoint && c->total != c->written) {
			c->written = c->total;
			c->number = number;
		}
	}
}

/* ---- to the journal ---- */

static bool is_said(const struct endpoint *e, const struct tree_slot *slot)
{
	return e->conf->queue && slot->flags & TREE_BOUND &&
	       slot->quality == TREE_GOOD && slot->value.type != LWM2M_NONE;
}

static struct lwm2m_record total_record(const struct last_values *last,
					const struct endpoint *e,
					const struct lwm2m_path *path,
					const struct tree_slot *slot)
{
	const struct count *count = count_find(last, e, path);
	struct lwm2m_record record = {*path, slot->value, slot->time};

	if (count) {
		record.value.as.integer = count->total;
		record.time = count->wall;
	}
	return record;
}

/* A total that never began is none. */
static bool is_total(const struct last_values *last, const struct endpoint *e,
		     const struct lwm2m_path *path,
		     const struct tree_slot *slot)
{
	return ipso_is_total(path, slot) &&
	       (slot->value.as.integer || slot->time ||
		count_find(last, e, path));
}

static size_t values_collect(const struct last_values *last,
			     const struct endpoint *e,
			     struct lwm2m_record *records)
{
	struct lwm2m_path root = path_root(), path;
	struct tree_cursor at = {0, 0};
	const struct tree_slot *slot;
	size_t n = 0;

	while ((slot = tree_next(&e->tree, &root, &at, &path)) &&
	       n < REQUEST_RECORDS)
		if (is_said(e, slot))
			records[n++] = (struct lwm2m_record){
				path, slot->value, slot->time};
		else if (is_total(last, e, &path, slot))
			records[n++] = total_record(last, e, &path, slot);
	for (size_t i = 0; i < n; i++)
		if (!wall_is_known(records[i].time))
			records[i].time = 0;
	return n;
}

static void pending_reserve(struct last_values *last, size_t more)
{
	if (last->n_pending + more <= last->pending_room)
		return;
	last->pending_room = (last->n_pending + more) * 2;
	last->pending = realloc(last->pending, last->pending_room);
	if (!last->pending)
		abort();
}

/* The journal's form of it, which is the state's own but for its floor. */
static struct last_rhythm rhythm_put(const struct liveness_rhythm *r)
{
	return (struct last_rhythm){r->longest, r->before, r->window, r->signs};
}

static struct liveness_rhythm rhythm_get(const struct last_rhythm *r)
{
	return (struct liveness_rhythm){r->longest, r->before, r->window,
					r->signs};
}

static void write_down(struct last_values *last, const struct endpoint *e)
{
	struct services *services = e->services;
	struct lwm2m_path root = path_root();
	static uint8_t room[RECORD_ROOM];	/* agent thread only */
	struct buf values = buf_over(room, sizeof(room)), out;
	struct last_record record = {
		.name = e->conf->endpoint,
		.n_name = strlen(e->conf->endpoint),
		.fingerprint = e->conf->fingerprint,
		.heard = services_wall(services, e->life.seen),
		.rhythm = rhythm_put(&e->life.rhythm), .values = room};
	size_t n = values_collect(last, e, services->request_room->records);

	if (n && codec_encode(FORMAT_SENML_CBOR, &root,
			      services->request_room->records, n, &values) < 0) {
		log_line(LOG_DETAIL, e->conf->endpoint, NULL,
			 "values are too many to be kept over a restart");
		values.used = 0;
	}
	record.n_values = values.used;
	pending_reserve(last, RECORD_ROOM + 512);
	out = buf_over(last->pending + last->n_pending,
		       last->pending_room - last->n_pending);
	last_put(&out, &record);
	if (!out.full)
		last->n_pending += out.used;
}

static void values_note(struct last_values *last, struct endpoint *e,
			int64_t at)
{
	if (at < last->flush_at)
		last->flush_at = at;
	if (e->last_dirty)
		return;
	if (last->n_dirty == last->room) {
		last->room = last->room ? last->room * 2 : 64;
		last->dirty = reallocarray(last->dirty, last->room,
					   sizeof(struct endpoint *));
		if (!last->dirty)
			abort();
	}
	last->dirty[last->n_dirty++] = e;
	e->last_dirty = true;
}

void last_values_heard(struct last_values *last, struct endpoint *e, bool news,
		       int64_t now)
{
	int64_t since = now - e->last_written * SECOND;

	if (!last->store || !e->conf->queue || e->last_dirty || e->leaving ||
	    (!news && e->last_written && since < SAME_AFTER))
		return;
	values_note(last, e, now + last->every);
}

/* A single one at once: who presses a button waits for it. */
static void note_total(struct last_values *last, struct endpoint *e,
		       int64_t now)
{
	int64_t at = last->flushed_at + TOTALS_AFTER;

	if (!last->store || e->leaving)
		return;
	e->has_totals = last->sync = true;
	values_note(last, e, at > now ? at : now);
}

void last_values_count(struct last_values *last, struct endpoint *e,
		       const struct lwm2m_path *path, uint32_t n, int64_t wall,
		       int64_t now)
{
	struct count *count = count_add(last, e, path);

	count->total += n;
	count->wall = wall;
	if (!last->store || e->leaving) {
		int64_t total = count->total;

		*count = last->counts[--last->n_counts];
		endpoint_counted(e, path, total, wall, now);
		return;
	}
	note_total(last, e, now);
}

void last_values_total(struct last_values *last, struct endpoint *e,
		       const struct lwm2m_path *path, int64_t now)
{
	struct count *count = count_find(last, e, path);

	if (count)
		*count = last->counts[--last->n_counts];
	note_total(last, e, now);
}

void last_values_leaving(struct last_values *last, struct endpoint *e)
{
	counts_leave(last, e);
	if (!last->store || !(e->has_totals ||
			      (e->conf->queue && e->life.heard)))
		return;
	for (size_t i = 0; i < last->n_dirty && e->last_dirty; i++)
		if (last->dirty[i] == e)
			last->dirty[i] = NULL;
	e->last_dirty = false;
	write_down(last, e);
	last->sync = true;
	last->flush_at = 0;
}

static void values_compact(struct last_values *last)
{
	if (last->size < 2 * last->compact + SLACK)
		return;
	store_compact(last->store);
	last->compact = last->size / 2;		/* about */
	last->size = last->compact;
}

static void values_flush(struct last_values *last)
{
	if (!last->n_pending)
		return;
	journal_forget(last);
	last->write = store_append(last->store, last->pending, last->n_pending,
				   last->sync);
	counts_written(last, last->write);
	last->sync = false;
	last->size += last->n_pending;
	last->n_pending = 0;
	if (last->pending_room > PENDING_KEPT) {
		free(last->pending);	/* thousands at once are rare */
		last->pending = NULL;
		last->pending_room = 0;
	}
	values_compact(last);
}

/* A whole journal is more than a site's endpoints take: it is not kept for a
 * flush that may never come. */
static int64_t journal_turn(struct last_values *last, int64_t now)
{
	if (last->asked)
		last->forget_at = now + READ_KEPT;
	last->asked = false;
	if (last->journal && now >= last->forget_at)
		journal_forget(last);
	return last->journal ? last->forget_at : INT64_MAX;
}

/* The disk has not taken the write before yet. Where it hangs, records would pile
 * up behind that; endpoints that wait to be written down do not, each is one.
 * Who has left has written already, and does not wait. */
static bool is_behind(const struct last_values *last)
{
	return !last->n_pending && last->write > store_appended(last->store);
}

int64_t last_values_turn(struct last_values *last, int64_t now)
{
	bool told = last->n_counts && counts_tell(last, now);
	int64_t due = journal_turn(last, now);

	if (now >= last->flush_at && is_behind(last))
		last->flush_at = now + BEHIND_AGAIN;
	if (last->flush_at < due)
		due = last->flush_at;
	if (now < last->flush_at)
		return told ? now : due;
	last->flush_at = INT64_MAX;
	last->flushed_at = now;
	for (size_t i = 0; i < last->n_dirty; i++) {
		struct endpoint *e = last->dirty[i];

		if (!e)
			continue;
		write_down(last, e);
		e->last_dirty = false;
		e->last_written = (uint32_t)(now / SECOND) + 1;
	}
	last->n_dirty = 0;
	values_flush(last);
	if (told)
		return now;
	return last->journal ? last->forget_at : INT64_MAX;
}

/* ---- and back ---- */

static void journal_read(struct last_values *last)
{
	size_t n = 0, lost = 0;

	last->asked = true;
	if (last->is_read)
		return;
	last->is_read = true;
	last->journal = store_read(last->store, &n);
	if (!last->journal)
		return;
	last->index = last_index(last->journal, n, &lost);
	last->size = n;
	if (!last->compact)
		last->compact = n;
	if (lost)
		log_line(LOG_NOTE, NULL, NULL, "the last values of sleeping "
			 "devices: %zu bytes of their file are damaged and "
			 "left out", lost);
}

static const struct config_point *point_at(const struct endpoint *e,
					   const struct lwm2m_path *path)
{
	long i = endpoint_point(e, path);

	return i < 0 ? NULL : &e->conf->points[i];
}

/* The point whose instance has the total, which is there with it. */
static void restore_total(struct endpoint *e, const struct lwm2m_record *r)
{
	const struct tree_slot *slot = tree_find(&e->tree, &r->path);

	for (size_t i = 0; !slot && i < e->conf->n_points; i++) {
		const struct config_point *point = &e->conf->points[i];

		if (point->optional && point->map.depth == 2 &&
		    path_covers(&point->map, &r->path))
			endpoint_build_point(e, point);
	}
	slot = tree_find(&e->tree, &r->path);
	if (slot && ipso_is_total(&r->path, slot) &&
	    r->value.type == LWM2M_INTEGER &&
	    tree_set(&e->tree, &r->path, &r->value, r->time) == 0)
		e->has_totals = true;
}

static void restore_value(struct endpoint *e, const struct lwm2m_record *r)
{
	const struct config_point *point = point_at(e, &r->path);
	struct lwm2m_path changed[4];

	if (!point)
		return;
	if (!tree_find(&e->tree, &r->path) && point->optional)
		endpoint_build_point(e, point);
	if (!tree_find(&e->tree, &r->path) ||
	    tree_set(&e->tree, &r->path, &r->value, r->time) < 0)
		return;
	if (point->map.depth == 2 && r->time)
		ipso_sampled(&e->tree, &r->path, r->time, changed);
}

static void record_restore(struct endpoint *e, const struct last_record *found)
{
	bool same = e->conf->queue &&
		    found->fingerprint == e->conf->fingerprint;
	struct request_room *room = e->services->request_room;
	struct buf scratch = buf_over(room->scratch, sizeof(room->scratch));
	struct lwm2m_path root = path_root();
	int n = codec_decode(FORMAT_SENML_CBOR, config_device_model(e->conf),
			     &root, found->values, found->n_values, room->records,
			     REQUEST_RECORDS, &scratch);

	for (int i = 0; i < n && same; i++)
		restore_value(e, &room->records[i]);
	for (int i = 0; i < n; i++)
		restore_total(e, &room->records[i]);
}

bool last_values_restore(struct last_values *last, struct endpoint *e,
			 int64_t *heard, struct liveness_rhythm *rhythm)
{
	const struct last_record *found;

	if (!last->store)
		return false;
	values_flush(last); /* it may be among those */
	journal_read(last);
	found = last_find(&last->index, e->conf->endpoint);
	if (!found)
		return false;
	*heard = found->heard;
	*rhythm = rhythm_get(&found->rhythm);
	if (found->n_values)
		record_restore(e, found);
	return e->conf->queue;
}
