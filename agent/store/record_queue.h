/* SPDX-License-Identifier: GPL-2.0-or-later
 * Values that wait for a server, oldest first, packed into chunks of memory
 * that all queues share a budget of. Pure: who uses it says what is dropped.
 *
 * A record takes 21 bytes, 2 for each level of its path, and its value. An
 * empty queue takes nothing. */
#ifndef AGENT_RECORD_QUEUE_H
#define AGENT_RECORD_QUEUE_H
#include "objects/record.h"

/* Of a text or of bytes; a longer one is not kept. */
#define QUEUED_VALUE_MAX 32768
#define QUEUED_PACKED_MAX (QUEUED_VALUE_MAX + 32)

enum queued_flag {
	QUEUED_ON_DISK = 1,	/* in the log, in `segment` */
	QUEUED_CLOCKLESS = 2,	/* taken before the wall clock was set */
	QUEUED_EVENT = 4,	/* happened while the server was there */
};

struct queued_record {
	struct lwm2m_record record;	/* text is the queue's */
	uint32_t sequence;		/* of its queue, growing */
	uint32_t segment;
	uint8_t flags;			/* enum queued_flag */
};

struct queue_chunk;
struct record_queue {
	struct queue_chunk *first, *last;
	uint32_t n;
};

/* Bytes of all chunks, with what the heap adds; `most` is the user's to
 * change at any time. */
struct queue_budget {
	size_t most, used;
};

/* The value is copied. 0, -ENOSPC over the budget, -EMSGSIZE the value is too
 * long, -ENOMEM. */
int queue_append(struct record_queue *queue, struct queue_budget *budget,
		 const struct queued_record *record);
/* All of tail behind what is there; tail is empty then. */
void queue_join(struct record_queue *queue, struct record_queue *tail);
/* Takes the oldest n away. */
void queue_pop(struct record_queue *queue, struct queue_budget *budget,
	       uint32_t n);
void queue_clear(struct record_queue *queue, struct queue_budget *budget);

struct queue_cursor {
	struct queue_chunk *chunk;	/* NULL: from the oldest on */
	uint32_t at, next;
};
/* Takes the one away that queue_next() has just given, which goes on behind
 * it. */
void queue_remove(struct record_queue *queue, struct queue_budget *budget,
		  struct queue_cursor *cursor);
/* The next one; false: there is none. The queue must not change meanwhile, but
 * for queue_mark(), queue_date() and queue_remove() of what was given last. */
bool queue_next(const struct record_queue *queue, struct queue_cursor *cursor,
		struct queued_record *record);
/* The record just given has its number now, and is in the log (segment 0: it
 * is not). */
void queue_mark(const struct queue_cursor *cursor, uint32_t sequence,
		uint32_t segment);
/* The record just given has another time, ns since 1970: the clock has been set
 * since. */
void queue_date(const struct queue_cursor *cursor, int64_t time);

/* A value as bytes, for chunks and files alike; `to` takes QUEUED_VALUE_MAX or
 * 8. Returns their number. */
size_t queued_value_pack(const struct lwm2m_value *value, uint8_t *to);
/* And back; text is borrowed. false: no value of that type has n bytes. */
bool queued_value_unpack(uint8_t type, const uint8_t *from, size_t n,
			 struct lwm2m_value *value);
#endif
