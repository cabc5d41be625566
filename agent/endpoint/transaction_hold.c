/* SPDX-License-Identifier: GPL-2.0-or-later
 * Writes to a device that sleeps: held in order, a later one to the same point
 * in place of the earlier, until the device is heard; those that were accepted
 * outlive a restart. The list of an endpoint begins with the newest. */
#include <stdlib.h>
#include <string.h>
#include "agent/endpoint/transaction.h"
#include "agent/client/services.h"
#include "agent/config/config_group.h"
#include "agent/base/log.h"
#include "objects/codec.h"

int64_t transaction_hold_until(const struct endpoint *e, int64_t now)
{
	if (!e->conf->queue)
		return 0;
	switch ((enum config_asleep)e->conf->asleep_write) {
	case ASLEEP_HOLD: return now + e->conf->hold_at_most;
	case ASLEEP_ACCEPT: return INT64_MAX;
	case ASLEEP_REFUSE: break;
	}
	return 0;
}

struct transactions_deferred transactions_deferred(const struct endpoint *e)
{
	struct transactions_deferred deferred = {0, 0};

	for (const struct transaction *b = e->transactions; b; b = b->next) {
		deferred.n += b->deferred && !b->superseded_by;
		deferred.accepted += b->deferred && b->accepted;
	}
	return deferred;
}

static size_t requesters_count(const struct endpoint *e)
{
	size_t n = 0;

	for (const struct transaction *b = e->transactions; b; b = b->next)
		n += b->deferred;
	return n;
}

bool transaction_must_wait(const struct endpoint *e)
{
	return e->conf->queue && (endpoint_is_away(e) || requesters_count(e));
}

/* A pulse, a reset: done once for each that was asked, and never again by us. */
static bool is_execute(const struct transaction *b, size_t i)
{
	return b->endpoint->conf->points[b->writes[i].point].has_on_execute;
}

static bool is_of_group(const struct transaction *b, size_t i)
{
	return b->endpoint->conf->points[b->writes[i].point].group != NULL;
}

static bool has_execute(const struct transaction *b)
{
	for (size_t i = b->at; i < b->n; i++)
		if (is_execute(b, i))
			return true;
	return false;
}

/* ---- one in place of another ---- */

static bool writes_point(const struct transaction *b, uint32_t point)
{
	for (size_t i = 0; i < b->n; i++)
		if (b->writes[i].point == point)
			return true;
	return false;
}

static bool has_bytes(const struct lwm2m_value *value)
{
	return value->type == LWM2M_STRING || value->type == LWM2M_OPAQUE;
}

static void write_take(struct transaction *b, size_t i)
{
	if (has_bytes(&b->writes[i].raw))
		free((void *)(uintptr_t)b->writes[i].raw.as.bytes);
	memmove(&b->writes[i], &b->writes[i + 1],
		(b->n - i - 1) * sizeof(b->writes[0]));
	b->n--;
}

/* Its requester waits for what has come in its place. */
static void transaction_follow(struct transaction *b,
			       struct transaction *superseded_by)
{
	for (struct transaction *o = b->endpoint->transactions; o; o = o->next)
		if (o->superseded_by == b)
			o->superseded_by = superseded_by;
	b->superseded_by = superseded_by;
	if (b->accepted)
		transaction_drop(b);
}

/* One of a group stays with the others of it: the later one is written after
 * them. */
static void transaction_replace(struct transaction *old,
				struct transaction *with)
{
	size_t before = old->n;

	for (size_t i = old->at; i < old->n; )
		if (!is_execute(old, i) && !is_of_group(old, i) &&
		    writes_point(with, old->writes[i].point))
			write_take(old, i);
		else
			i++;
	if (old->n < before && old->at == old->n)
		transaction_follow(old, with);
}

bool transaction_replace_older(struct transaction *with)
{
	struct transaction *next;
	bool stored = false;

	for (struct transaction *b = with->next; b; b = next) {
		next = b->next;
		if (!b->deferred || b->superseded_by)
			continue;
		stored |= b->accepted;
		transaction_replace(b, with);
	}
	return stored;
}

/* Who was replaced longest ago gives way to who asks now. */
static void make_room(struct endpoint *e, int64_t now)
{
	struct transaction *oldest = NULL;

	if (requesters_count(e) < TRANSACTION_HELD_MAX)
		return;
	for (struct transaction *b = e->transactions; b; b = b->next)
		if (b->superseded_by)
			oldest = b;
	if (!oldest)
		return;
	transaction_answer(oldest, CODE(5, 3), now);
	transaction_drop(oldest);
}

/* ---- held, and let go ---- */

static void transaction_defer(struct transaction *b)
{
	b->deferred = true;
	heap_set(&b->endpoint->services->transactions, &b->due, b->hold_until);
}

static bool is_accept(const struct endpoint *e)
{
	return e->conf->asleep_write == ASLEEP_ACCEPT;
}

uint8_t transaction_hold_new(struct endpoint *e, struct requester requester,
			     const struct lwm2m_record *writes, size_t n,
			     uint8_t code, int64_t now)
{
	uint8_t refusal = code;
	struct transaction *b;

	make_room(e, now);
	if (e->conf->asleep_write == ASLEEP_REFUSE ||
	    requesters_count(e) >= TRANSACTION_HELD_MAX)
		return CODE(5, 3);
	b = transaction_create(e, writes, n, &refusal);
	if (!b)
		return refusal;
	b->hold_until = transaction_hold_until(e, now);
	b->ops = requester.ops;
	b->accepted = is_accept(e);
	if (!b->accepted &&
	    !(b->later = requester.ops->defer(requester.context))) {
		transaction_free(b);
		return CODE(5, 3);
	}
	transaction_enter(b);
	transaction_defer(b);
	transaction_replace_older(b);
	if (b->accepted)
		transaction_store(e);
	transaction_release(e, now);
	return is_accept(e) ? code : 0;
}

/* Where the answer was lost the device may have done it all the same: a value
 * written twice is the same value, an Execute done twice is not. */
bool transaction_hold_again(struct transaction *b, int64_t now)
{
	struct endpoint *e = b->endpoint;

	if (b->hold_until <= now || e->leaving || has_execute(b) ||
	    e->life.state == LIVENESS_SILENT ||
	    requesters_count(e) >= TRANSACTION_HELD_MAX)
		return false;
	transaction_defer(b);
	transaction_replace_older(b);
	if (is_accept(e)) {
		bool waited = !b->accepted;

		b->accepted = true;
		transaction_store(e);		/* before it is answered */
		if (waited)
			b->ops->answer(b->later, b->code, now);
	}
	return true;
}

void transaction_release(struct endpoint *e, int64_t now)
{
	struct transaction *first = NULL;
	bool once;

	if (e->life.state != LIVENESS_ONLINE || e->leaving || !e->device)
		return;
	for (struct transaction *b = e->transactions; b; b = b->next) {
		if (!b->deferred)
			return;		/* one at a time */
		if (!b->superseded_by)
			first = b;
	}
	if (!first)
		return;
	once = first->accepted && has_execute(first);
	transaction_run(first, now);
	if (once)	/* a kill from now on must not do it again */
		transaction_store(e);
}

/* ---- over a restart ---- */

#define ROOM 32768

/* texts: of the numbers that are one. */
static size_t records_collect(const struct endpoint *e,
			      struct lwm2m_record *records,
			      char (*texts)[POINT_TEXT_MAX])
{
	size_t n = 0;

	for (const struct transaction *b = e->transactions; b; b = b->next)
		for (size_t i = b->n; b->accepted && !b->superseded_by &&
				      i > b->at &&
				      (b->deferred || !has_execute(b));) {
			const struct bus_write *w = &b->writes[--i];
			const struct config_point *p =
				&e->conf->points[w->point];
			const struct resource_def *def = model_resource(
				config_device_model(e->conf),
				p->resource.id[0], p->resource.id[2]);

			if (n == REQUEST_RECORDS || !def)
				continue;
			records[n].path = p->resource;
			records[n].time = 0;
			if (point_convert(&p->scale, &w->raw,
					  (enum lwm2m_type)def->type,
					  &records[n].value, texts[n]) == 0)
				n++;
		}
	return n;
}

/* The oldest first. */
static void records_reverse(struct lwm2m_record *records, size_t n)
{
	for (size_t i = 0; i < n / 2; i++) {
		struct lwm2m_record r = records[i];

		records[i] = records[n - 1 - i];
		records[n - 1 - i] = r;
	}
}

void transaction_store(const struct endpoint *e)
{
	struct lwm2m_path root = path_root();
	struct lwm2m_record *records = calloc(REQUEST_RECORDS,
					      sizeof(*records));
	char (*texts)[POINT_TEXT_MAX] = calloc(REQUEST_RECORDS,
					       sizeof(*texts));
	uint8_t *bytes = malloc(ROOM);
	struct buf out;
	size_t n;

	if (!records || !texts || !bytes)
		abort();
	out = buf_over(bytes, ROOM);
	n = records_collect(e, records, texts);
	records_reverse(records, n);
	if (n && codec_encode(FORMAT_SENML_CBOR, &root, records, n, &out) < 0)
		log_line(LOG_ERROR, e->conf->endpoint, NULL,
			 "accepted writes are too large to be kept");
	else
		store_put(e->services->store, STORE_ACCEPTED, e->conf->endpoint,
			  bytes, n ? out.used : 0);
	free(texts);
	free(records);
	free(bytes);
}

static const struct config_point *point_of(const struct endpoint *e,
					   const struct lwm2m_record *record)
{
	long index = endpoint_point(e, &record->path);

	return index < 0 ? NULL : &e->conf->points[index];
}

/* How many of them, from the first on, are written together. */
static size_t records_together(const struct endpoint *e,
			       const struct lwm2m_record *records, size_t n)
{
	const struct config_point *first = point_of(e, &records[0]), *point;
	size_t i = 1;

	for (; first && i < n; i++) {
		point = point_of(e, &records[i]);
		if (!point || !group_has(first, point))
			break;
	}
	return i;
}

static void transactions_restore(struct endpoint *e,
				 const struct lwm2m_record *records, size_t n)
{
	uint8_t code = CODE(2, 4);
	struct transaction *b = transaction_create(e, records, n, &code);

	if (!b)
		return;		/* its point is gone, or another now */
	b->hold_until = INT64_MAX;
	b->accepted = true;
	transaction_enter(b);
	transaction_defer(b);
}

void transaction_restore(struct endpoint *e)
{
	struct request_room *room = e->services->request_room;
	struct buf scratch = buf_over(room->scratch, sizeof(room->scratch));
	struct lwm2m_path root = path_root();
	size_t n;
	uint8_t *bytes = !e->conf->queue ? NULL :
		store_get(e->services->store, STORE_ACCEPTED, e->conf->endpoint,
			  &n);
	int count = !bytes ? 0 :
		codec_decode(FORMAT_SENML_CBOR, config_device_model(e->conf),
			     &root, bytes, n, room->records, REQUEST_RECORDS,
			     &scratch);

	for (int i = 0, held = 0; i < count && held < TRANSACTION_HELD_MAX; held++) {
		size_t group = records_together(e, &room->records[i],
						(size_t)(count - i));

		transactions_restore(e, &room->records[i], group);
		i += (int)group;
	}
	if (count > 0)
		log_line(LOG_NOTE, e->conf->endpoint, e->conf->bus,
			 "%d accepted writes wait for the device", count);
	free(bytes);
}
