/* SPDX-License-Identifier: GPL-2.0-or-later
 * Several bus writes in one request go in order; the first that fails ends it,
 * without roll-back. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "agent/endpoint/transaction.h"
#include "agent/client/services.h"
#include "agent/config/config_group.h"
#include "agent/base/log.h"
#include "objects/ids.h"

void transaction_free(struct transaction *b)
{
	for (size_t i = 0; i < b->n; i++)
		if (b->writes[i].raw.type == LWM2M_STRING ||
		    b->writes[i].raw.type == LWM2M_OPAQUE)
			free((void *)(uintptr_t)b->writes[i].raw.as.bytes);
	free(b);
}

static struct lwm2m_value value_copy(struct lwm2m_value value)
{
	if (value.type == LWM2M_STRING || value.type == LWM2M_OPAQUE) {
		uint8_t *bytes = malloc(value.length + 1);

		if (!bytes)
			abort();
		memcpy(bytes, value.as.bytes, value.length);
		value.as.bytes = bytes;
	}
	return value;
}

/* One write to the raw value of its point (borrowed); 0 or the code that
 * refuses. */
static uint8_t write_prepare(const struct endpoint *e,
			     const struct lwm2m_record *record,
			     struct bus_write *write)
{
	long index = endpoint_point(e, &record->path);
	const struct config_point *p;
	double number = lwm2m_number(&record->value);

	if (index < 0)
		return CODE(4, 5);
	write->point = (uint32_t)index;
	p = &e->conf->points[index];
	if (p->has_range && (number < p->range_min || number > p->range_max))
		return CODE(4, 0);
	if (point_invert(&p->scale, &record->value,
			 (enum lwm2m_type)p->raw_type, p->raw_min, p->raw_max,
			 &write->raw) < 0)
		return CODE(4, 0);
	return 0;
}

static uint8_t record_check(void *owner, const struct lwm2m_record *record,
			    struct request_range *range)
{
	const struct endpoint *e = owner;
	struct bus_write write = {0};
	uint8_t code = write_prepare(e, record, &write);
	const struct config_point *p;

	if (code == CODE(4, 5))		/* there is no point */
		return code;
	p = &e->conf->points[write.point];
	*range = (struct request_range){p->has_range, p->range_min,
					p->range_max};
	return code;
}

static bool object_expects(void *owner, uint16_t object)
{
	return endpoint_expects(owner, object);
}

const struct request_bound transaction_bound = {.check = record_check,
						.expects = object_expects,
						.compute = endpoint_compute};

void transaction_drop(struct transaction *b)
{
	struct transaction **at = &b->endpoint->transactions;

	while (*at != b)
		at = &(*at)->next;
	*at = b->next;
	heap_remove(&b->endpoint->services->transactions, &b->due);
	transaction_free(b);
}

void transaction_answer(struct transaction *b, uint8_t code, int64_t now)
{
	if (!b->accepted)
		b->ops->answer(b->later, code, now);
	b->accepted = true;
}

/* Those whose writes it has replaced end with it. */
static void followers_finish(struct transaction *b, uint8_t code, int64_t now)
{
	struct transaction *next;

	for (struct transaction *other = b->endpoint->transactions; other;
	     other = next) {
		next = other->next;
		if (other->superseded_by != b)
			continue;
		transaction_answer(other, code, now);
		transaction_drop(other);
	}
}

/* All is well (its code), or over. */
static void transaction_finish(struct transaction *b, uint8_t code, int64_t now)
{
	struct endpoint *e = b->endpoint;
	bool stored = b->accepted;

	/* One that was held again meanwhile must not be written after it. */
	if (code >> 5 == 2)
		stored |= transaction_replace_older(b);
	followers_finish(b, code, now);
	transaction_answer(b, code, now);
	transaction_drop(b);
	if (e->leaving)
		return;
	if (stored)
		transaction_store(e);
	if (e->conf->queue)
		transaction_release(e, now);
}

static const struct config_point *point_of(const struct transaction *b, size_t i)
{
	return &b->endpoint->conf->points[b->writes[i].point];
}

static bool is_among(const struct transaction *b, size_t n, uint32_t point)
{
	for (size_t i = b->at; i < b->at + n; i++)
		if (b->writes[i].point == point)
			return true;
	return false;
}

/* Moves those that are written together with the next write up to it; how many
 * that makes. A point that comes again is another write. */
static size_t group_gather(struct transaction *b)
{
	size_t n = 1;

	for (size_t i = b->at + 1; i < b->n; i++) {
		struct bus_write write = b->writes[i];

		if (!group_has(point_of(b, b->at), point_of(b, i)) ||
		    is_among(b, n, write.point))
			continue;
		memmove(&b->writes[b->at + n + 1], &b->writes[b->at + n],
			(i - b->at - n) * sizeof(write));
		b->writes[b->at + n++] = write;
	}
	return n;
}

/* Hands the next write to the bus. false: it could not, code is the answer. */
static bool write_next(struct transaction *b, uint8_t *code, int64_t now)
{
	struct endpoint *e = b->endpoint;

	b->id = ++e->services->next_id;
	b->under_way = group_gather(b);
	if (bus_write(e->device, &b->writes[b->at], b->under_way, b->due.due,
		      b->id) == 0) {
		endpoint_commanded(e, now);
		return true;
	}
	*code = CODE(5, 3);
	return false;
}

struct transaction *transaction_create(struct endpoint *e,
				       const struct lwm2m_record *writes,
				       size_t n, uint8_t *code)
{
	struct transaction *b =
		calloc(1, sizeof(*b) + n * sizeof(b->writes[0]));

	if (!b)
		abort();
	b->endpoint = e;
	b->code = *code;
	for (*code = 0; b->n < n; b->n++) {
		*code = write_prepare(e, &writes[b->n], &b->writes[b->n]);
		if (*code)
			break;
		b->writes[b->n].raw = value_copy(b->writes[b->n].raw);
	}
	if (!*code)
		return b;
	transaction_free(b);
	return NULL;
}

void transaction_enter(struct transaction *b)
{
	b->next = b->endpoint->transactions;
	b->endpoint->transactions = b;
}

void transaction_run(struct transaction *b, int64_t now)
{
	uint8_t code;

	b->deferred = false;
	heap_set(&b->endpoint->services->transactions, &b->due,
		 now + TRANSACTION_DEADLINE);
	if (!write_next(b, &code, now))
		transaction_finish(b, code, now);
}

uint8_t transaction_start(struct endpoint *e, struct requester requester,
			  const struct lwm2m_record *writes, size_t n,
			  uint8_t code, int64_t now)
{
	struct transaction *b;

	if (e->leaving || !e->device)
		return CODE(5, 3);
	if (e->life.state == LIVENESS_SILENT)
		return CODE(5, 4);
	if (transaction_must_wait(e))
		return transaction_hold_new(e, requester, writes, n, code, now);
	b = transaction_create(e, writes, n, &code);
	if (!b)
		return code;
	b->hold_until = transaction_hold_until(e, now);
	b->due.due = now + TRANSACTION_DEADLINE;
	b->ops = requester.ops;
	if (!write_next(b, &code, now) ||
	    !(b->later = requester.ops->defer(requester.context))) {
		bus_cancel(e->device, b->id);
		transaction_free(b);
		return CODE(5, 3);
	}
	heap_set(&e->services->transactions, &b->due, b->due.due);
	transaction_enter(b);
	return 0;
}

static uint8_t code_of(int error)
{
	switch (-error) {
	case ETIMEDOUT: case EHOSTUNREACH: case ENODEV: case ENOTCONN:
	case ECONNREFUSED: case ECONNRESET: case EPIPE: case ENETDOWN:
		return CODE(5, 4);
	case ERANGE: case EINVAL:
		return CODE(4, 0);
	case ENOTSUP:
		return CODE(5, 1);
	default:
		return CODE(5, 0);
	}
}

static struct transaction *transaction_find(struct endpoint *e, uint64_t id)
{
	struct transaction *b = e->transactions;

	while (b && b->id != id)
		b = b->next;
	return b;
}

/* Was this Reboot or Factory Reset? */
static bool write_restarts(const struct endpoint *e,
			   const struct bus_write *write)
{
	const struct lwm2m_path *path =
		&e->conf->points[write->point].resource;

	return path->id[0] == ID_DEVICE &&
	       (path->id[2] == ID_DEVICE_REBOOT ||
		path->id[2] == ID_DEVICE_FACTORY_RESET);
}

void transaction_done(struct endpoint *e, uint64_t id, int error,
		      const char *why, int64_t now)
{
	struct transaction *b = transaction_find(e, id);
	bool reboot;
	uint8_t code;

	if (!b)
		return;		/* its deadline has passed */
	code = b->code;
	if (!error)
		b->at += b->under_way;
	if (!error && b->at < b->n && write_next(b, &code, now))
		return;
	if (error) {
		log_line(LOG_WARN, e->conf->endpoint, e->conf->bus,
			 "write to point %s failed: %s",
			 e->conf->points[b->writes[b->at].point].name,
			 why ? why : strerror(-error));
		code = code_of(error);
	}
	reboot = !error && b->at == b->n && write_restarts(e, &b->writes[0]);
	if (code != CODE(5, 4) || !transaction_hold_again(b, now))
		transaction_finish(b, code, now);
	if (reboot)
		endpoint_reboot(e, now);
}

void transaction_due(struct transaction *b, int64_t now)
{
	bool deferred = b->deferred;

	if (!deferred)
		bus_cancel(b->endpoint->device, b->id);
	if (deferred || !transaction_hold_again(b, now))
		transaction_finish(b, CODE(5, 4), now);
}

void transaction_end_all(struct endpoint *e, int64_t now)
{
	while (e->transactions)
		transaction_finish(e->transactions, CODE(5, 3), now);
}
