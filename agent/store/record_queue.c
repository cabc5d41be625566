/* SPDX-License-Identifier: GPL-2.0-or-later
 * A queue is a row of chunks: appended to at the last, taken from the first. */
#include "agent/store/record_queue.h"
#include "agent/base/wall.h"
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_FIRST 96		/* bytes: one or two values cost little */
#define CHUNK 992
#define HEAP_ADDS 16

struct queue_chunk {
	struct queue_chunk *next;
	uint32_t size, begin, end;
	uint8_t bytes[];
};

/* Before path and value. */
struct head {
	int64_t time;
	uint32_t sequence, segment;
	uint16_t length;		/* with this head */
	uint8_t flags, type, depth;
};
#define HEAD (offsetof(struct head, depth) + 1)

size_t queued_value_pack(const struct lwm2m_value *value, uint8_t *to)
{
	switch ((enum lwm2m_type)value->type) {
	case LWM2M_NONE:
		return 0;
	case LWM2M_BOOLEAN:
		to[0] = value->as.boolean;
		return 1;
	case LWM2M_INTEGER: case LWM2M_UNSIGNED: case LWM2M_FLOAT:
	case LWM2M_TIME:
		memcpy(to, &value->as, 8);
		return 8;
	case LWM2M_OBJLINK:
		memcpy(to, &value->as.link, 4);
		return 4;
	case LWM2M_STRING: case LWM2M_OPAQUE: case LWM2M_CORELINK:
		break;
	}
	if (value->length)
		memcpy(to, value->as.bytes, value->length);
	return value->length;
}

bool queued_value_unpack(uint8_t type, const uint8_t *from, size_t n,
			 struct lwm2m_value *value)
{
	*value = (struct lwm2m_value){.type = type};
	switch ((enum lwm2m_type)type) {
	case LWM2M_NONE:
		return n == 0;
	case LWM2M_BOOLEAN:
		value->as.boolean = n == 1 && from[0] == 1;
		return n == 1 && from[0] <= 1;
	case LWM2M_INTEGER: case LWM2M_UNSIGNED: case LWM2M_FLOAT:
	case LWM2M_TIME:
		if (n == 8)
			memcpy(&value->as, from, 8);
		return n == 8;
	case LWM2M_OBJLINK:
		if (n == 4)
			memcpy(&value->as.link, from, 4);
		return n == 4;
	case LWM2M_STRING: case LWM2M_OPAQUE: case LWM2M_CORELINK:
		value->length = (uint32_t)n;
		value->as.bytes = from;
		return n <= QUEUED_VALUE_MAX;
	}
	return false;
}

static size_t value_size(const struct lwm2m_value *value)
{
	uint8_t room[8];

	if (value->type == LWM2M_STRING || value->type == LWM2M_OPAQUE ||
	    value->type == LWM2M_CORELINK)
		return value->length;
	return queued_value_pack(value, room);
}

static size_t chunk_cost(const struct queue_chunk *chunk)
{
	return sizeof(*chunk) + chunk->size + HEAP_ADDS;
}

/* A chunk behind the last with room for `need`. */
static int queue_grow(struct record_queue *queue, struct queue_budget *budget,
		     size_t need)
{
	size_t size = queue->last ? CHUNK : CHUNK_FIRST;
	struct queue_chunk *chunk;

	if (size < need)
		size = need;
	if (budget->used + sizeof(*chunk) + size + HEAP_ADDS > budget->most)
		return -ENOSPC;
	chunk = malloc(sizeof(*chunk) + size);
	if (!chunk)
		return -ENOMEM;
	*chunk = (struct queue_chunk){.size = (uint32_t)size};
	budget->used += chunk_cost(chunk);
	if (queue->last)
		queue->last->next = chunk;
	else
		queue->first = chunk;
	queue->last = chunk;
	return 0;
}

int queue_append(struct record_queue *queue, struct queue_budget *budget,
		 const struct queued_record *r)
{
	size_t value = value_size(&r->record.value);
	size_t path = 2u * r->record.path.depth;
	size_t need = HEAD + path + value;
	struct head head = {r->record.time, r->sequence, r->segment,
			    (uint16_t)need, r->flags,
			    (uint8_t)r->record.value.type,
			    r->record.path.depth};
	uint8_t *to;
	int rc;

	if (value > QUEUED_VALUE_MAX)
		return -EMSGSIZE;
	if (!queue->last || queue->last->size - queue->last->end < need) {
		rc = queue_grow(queue, budget, need);
		if (rc < 0)
			return rc;
	}
	to = queue->last->bytes + queue->last->end;
	memcpy(to, &head, HEAD);
	memcpy(to + HEAD, r->record.path.id, path);
	queued_value_pack(&r->record.value, to + HEAD + path);
	queue->last->end += (uint32_t)need;
	queue->n++;
	return 0;
}

void queue_join(struct record_queue *queue, struct record_queue *tail)
{
	if (!tail->first)
		return;
	if (queue->last)
		queue->last->next = tail->first;
	else
		queue->first = tail->first;
	queue->last = tail->last;
	queue->n += tail->n;
	*tail = (struct record_queue){0};
}

static void chunk_drop(struct record_queue *queue, struct queue_budget *budget,
		       struct queue_chunk *chunk)
{
	struct queue_chunk **at = &queue->first, *before = NULL;

	for (; *at != chunk; at = &before->next)
		before = *at;
	*at = chunk->next;
	if (queue->last == chunk)
		queue->last = before;
	budget->used -= chunk_cost(chunk);
	free(chunk);
}

static uint16_t length_at(const struct queue_chunk *chunk, uint32_t at)
{
	uint16_t length;

	memcpy(&length, chunk->bytes + at + offsetof(struct head, length),
	       sizeof(length));
	return length;
}

void queue_pop(struct record_queue *queue, struct queue_budget *budget,
	       uint32_t n)
{
	while (n && queue->first) {
		struct queue_chunk *chunk = queue->first;

		for (; n && chunk->begin < chunk->end; n--, queue->n--)
			chunk->begin += length_at(chunk, chunk->begin);
		if (chunk->begin == chunk->end)
			chunk_drop(queue, budget, queue->first);
	}
}

void queue_clear(struct record_queue *queue, struct queue_budget *budget)
{
	while (queue->first)
		chunk_drop(queue, budget, queue->first);
	queue->n = 0;
}

/* Where the last one is gone, behind what is the last one now. */
static void cursor_leave(const struct record_queue *queue,
			 struct queue_chunk *next, struct queue_cursor *cursor)
{
	cursor->chunk = next ? next : queue->last;
	cursor->next = next ? next->begin : queue->last ? queue->last->end : 0;
}

void queue_remove(struct record_queue *queue, struct queue_budget *budget,
		  struct queue_cursor *cursor)
{
	struct queue_chunk *chunk = cursor->chunk, *next = chunk->next;
	uint32_t length = length_at(chunk, cursor->at);
	uint8_t *at = chunk->bytes + cursor->at;

	memmove(at, at + length, chunk->end - cursor->at - length);
	chunk->end -= length;
	cursor->next = cursor->at;
	queue->n--;
	if (chunk->begin == chunk->end) {
		chunk_drop(queue, budget, chunk);
		cursor_leave(queue, next, cursor);
	}
}

bool queue_next(const struct record_queue *queue, struct queue_cursor *cursor,
		struct queued_record *r)
{
	struct queue_chunk *chunk = cursor->chunk;
	struct head head;
	const uint8_t *from;
	size_t path;

	if (!chunk) {
		chunk = queue->first;
		cursor->next = chunk ? chunk->begin : 0;
	}
	while (chunk && cursor->next == chunk->end) {
		chunk = chunk->next;
		cursor->next = chunk ? chunk->begin : 0;
	}
	if (!chunk)
		return false;
	cursor->chunk = chunk;
	cursor->at = cursor->next;
	from = chunk->bytes + cursor->at;
	memcpy(&head, from, HEAD);
	path = 2u * head.depth;
	*r = (struct queued_record){.sequence = head.sequence,
		.segment = head.segment, .flags = head.flags,
		.record = {.time = head.time, .path.depth = head.depth}};
	memcpy(r->record.path.id, from + HEAD, path);
	queued_value_unpack(head.type, from + HEAD + path,
			    head.length - HEAD - path, &r->record.value);
	cursor->next += head.length;
	return true;
}

void queue_mark(const struct queue_cursor *cursor, uint32_t sequence,
		uint32_t segment)
{
	uint8_t *at = cursor->chunk->bytes + cursor->at;

	memcpy(at + offsetof(struct head, sequence), &sequence,
	       sizeof(sequence));
	memcpy(at + offsetof(struct head, segment), &segment, sizeof(segment));
	if (segment)
		at[offsetof(struct head, flags)] |= QUEUED_ON_DISK;
}

void queue_date(const struct queue_cursor *cursor, int64_t time)
{
	uint8_t *at = cursor->chunk->bytes + cursor->at;

	memcpy(at + offsetof(struct head, time), &time, sizeof(time));
	if (wall_is_known(time))
		at[offsetof(struct head, flags)] &= (uint8_t)~QUEUED_CLOCKLESS;
}
