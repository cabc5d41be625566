/* SPDX-License-Identifier: GPL-2.0-or-later
 * The journal "last" of the state directory: appended to, and rewritten by a
 * worker when more than half of it is old. */
#include "agent/endpoint/last.h"
#include <stdlib.h>
#include <string.h>
#include "agent/endpoint/endpoint.h"
#include "agent/client/services.h"
#include "agent/store/last_format.h"
#include "agent/base/log.h"
#include "ipso/ipso.h"
#include "objects/codec.h"

#define SECOND INT64_C(1000000000)
#define SAME_AFTER (60 * SECOND)	/* nothing new is written so often */
#define RECORD_ROOM 16384
#define PENDING_KEPT (128 * 1024)
#define SLACK (256 * 1024)		/* a journal this small is left alone */

struct last {
	struct store *store;
	struct endpoint **dirty;
	size_t n_dirty, room;
	uint8_t *pending;		/* records that go out with the next */
	size_t n_pending, pending_room;
	int64_t flush_at, every;	/* ns */
	size_t size, compact;		/* of the journal; of it when compact */
	uint8_t *journal;		/* read, until something is written */
	struct last_index index;
};

struct last *last_create(void)
{
	struct last *last = calloc(1, sizeof(*last));

	if (!last)
		abort();
	last->flush_at = INT64_MAX;
	return last;
}

void last_configure(struct last *last, int64_t every)
{
	last->every = every;
}

void last_open(struct last *last, struct store *store)
{
	last->store = store;
}

static void journal_forget(struct last *last)
{
	last_index_finish(&last->index);
	free(last->journal);
	last->journal = NULL;
}

void last_destroy(struct last *last)
{
	if (!last)
		return;
	journal_forget(last);
	free(last->dirty);
	free(last->pending);
	free(last);
}

/* ---- to the journal ---- */

static size_t collect(const struct endpoint *e, struct lwm2m_record *records)
{
	struct lwm2m_path root = path_root(), path;
	struct tree_cursor at = {0, 0};
	const struct tree_slot *slot;
	size_t n = 0;

	while ((slot = tree_next(&e->tree, &root, &at, &path)))
		if (slot->flags & TREE_BOUND && slot->quality == TREE_GOOD &&
		    slot->value.type != LWM2M_NONE && n < REQUEST_RECORDS)
			records[n++] = (struct lwm2m_record){
				path, slot->value,
				wall_is_known(slot->time) ? slot->time : 0};
	return n;
}

static void pending_reserve(struct last *last, size_t more)
{
	if (last->n_pending + more <= last->pending_room)
		return;
	last->pending_room = (last->n_pending + more) * 2;
	last->pending = realloc(last->pending, last->pending_room);
	if (!last->pending)
		abort();
}

static void write_down(struct last *last, const struct endpoint *e)
{
	struct services *services = e->services;
	struct lwm2m_path root = path_root();
	static uint8_t room[RECORD_ROOM];	/* agent thread only */
	struct buf values = buf_over(room, sizeof(room)), out;
	struct last_record record = {
		.name = e->conf->endpoint,
		.n_name = strlen(e->conf->endpoint),
		.fingerprint = e->conf->fingerprint,
		.heard = services_wall(services, e->life.seen), .values = room};
	size_t n = collect(e, services->room->records);

	if (n && codec_encode(FORMAT_SENML_CBOR, &root, services->room->records, n,
			      &values) < 0) {
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

static void note(struct last *last, struct endpoint *e, int64_t now)
{
	if (last->n_dirty == last->room) {
		last->room = last->room ? last->room * 2 : 64;
		last->dirty = reallocarray(last->dirty, last->room,
					   sizeof(struct endpoint *));
		if (!last->dirty)
			abort();
	}
	last->dirty[last->n_dirty++] = e;
	e->last_dirty = true;
	if (last->flush_at == INT64_MAX)
		last->flush_at = now + last->every;
}

void last_heard(struct last *last, struct endpoint *e, bool news, int64_t now)
{
	int64_t since = now - e->last_written * SECOND;

	if (!last->store || !e->conf->queue || e->last_dirty || e->leaving ||
	    (!news && e->last_written && since < SAME_AFTER))
		return;
	note(last, e, now);
}

void last_leaving(struct last *last, struct endpoint *e)
{
	if (!last->store || !e->conf->queue || !e->life.heard)
		return;
	for (size_t i = 0; i < last->n_dirty && e->last_dirty; i++)
		if (last->dirty[i] == e)
			last->dirty[i] = NULL;
	e->last_dirty = false;
	write_down(last, e);
	last->flush_at = 0;
}

static void compact(struct last *last)
{
	if (last->size < 2 * last->compact + SLACK)
		return;
	store_compact(last->store);
	last->compact = last->size / 2;		/* about */
	last->size = last->compact;
}

static void flush(struct last *last)
{
	if (!last->n_pending)
		return;
	journal_forget(last);
	store_append(last->store, last->pending, last->n_pending);
	last->size += last->n_pending;
	last->n_pending = 0;
	if (last->pending_room > PENDING_KEPT) {
		free(last->pending);	/* thousands at once are rare */
		last->pending = NULL;
		last->pending_room = 0;
	}
	compact(last);
}

int64_t last_turn(struct last *last, int64_t now)
{
	if (now < last->flush_at)
		return last->flush_at;
	last->flush_at = INT64_MAX;
	for (size_t i = 0; i < last->n_dirty; i++) {
		struct endpoint *e = last->dirty[i];

		if (!e)
			continue;
		write_down(last, e);
		e->last_dirty = false;
		e->last_written = (uint32_t)(now / SECOND) + 1;
	}
	last->n_dirty = 0;
	flush(last);
	return INT64_MAX;
}

/* ---- and back ---- */

static void journal_read(struct last *last)
{
	size_t n = 0, lost = 0;

	if (last->journal)
		return;
	last->journal = store_read(last->store, &n);
	if (!last->journal)
		return;
	last->index = last_index(last->journal, n, &lost);
	last->size = n;
	if (!last->compact)
		last->compact = n;
	if (lost)
		log_line(LOG_NOTE, NULL, NULL, "%zu bytes of what sleeping "
			 "devices last said were not whole", lost);
}

static const struct config_point *point_at(const struct endpoint *e,
					   const struct lwm2m_path *path)
{
	long i = endpoint_point(e, path);

	return i < 0 ? NULL : &e->conf->points[i];
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

static void restore_values(struct endpoint *e, const struct last_record *found)
{
	struct request_room *room = e->services->room;
	struct buf scratch = buf_over(room->scratch, sizeof(room->scratch));
	struct lwm2m_path root = path_root();
	int n = codec_decode(FORMAT_SENML_CBOR, config_device_model(e->conf),
			     &root, found->values, found->n_values, room->records,
			     REQUEST_RECORDS, &scratch);

	for (int i = 0; i < n; i++)
		restore_value(e, &room->records[i]);
}

bool last_restore(struct last *last, struct endpoint *e, int64_t *heard)
{
	const struct last_record *found;

	if (!last->store || !e->conf->queue)
		return false;
	flush(last);		/* it may be among those */
	journal_read(last);
	found = last_find(&last->index, e->conf->endpoint);
	if (!found)
		return false;
	*heard = found->heard;
	if (found->fingerprint == e->conf->fingerprint && found->n_values)
		restore_values(e, found);
	return true;
}
