/* SPDX-License-Identifier: GPL-2.0-or-later
 * Values that wait for a server, oldest first, packed into chunks of memory
 * that all lists share a budget of. Pure: who uses it says what is dropped.
 *
 * A record takes 21 bytes, 2 for each level of its path, and its value. An
 * empty list takes nothing. */
#ifndef AGENT_KEPT_H
#define AGENT_KEPT_H
#include "objects/record.h"

/* Of a text or of bytes; a longer one is not kept. */
#define KEPT_VALUE_MAX 32768
#define KEPT_PACKED_MAX (KEPT_VALUE_MAX + 32)

enum kept_flag {
	KEPT_ON_DISK = 1,	/* in the log, in `segment` */
	KEPT_CLOCKLESS = 2,	/* taken before the wall clock was set */
	KEPT_EVENT = 4,		/* happened while the server was there */
};

struct kept_record {
	struct lwm2m_record record;	/* text is the list's */
	uint32_t sequence;		/* of its list, growing */
	uint32_t segment;
	uint8_t flags;			/* enum kept_flag */
};

struct kept_chunk;
struct kept_list {
	struct kept_chunk *first, *last;
	uint32_t n;
};

/* Bytes of all chunks, with what the heap adds; `most` is the user's to
 * change at any time. */
struct kept_budget {
	size_t most, used;
};

/* The value is copied. 0, -ENOSPC over the budget, -EMSGSIZE the value is too
 * long, -ENOMEM. */
int kept_append(struct kept_list *list, struct kept_budget *budget,
		const struct kept_record *record);
/* All of tail behind what is there; tail is empty then. */
void kept_join(struct kept_list *list, struct kept_list *tail);
/* Takes the oldest n away. */
void kept_pop(struct kept_list *list, struct kept_budget *budget, uint32_t n);
void kept_clear(struct kept_list *list, struct kept_budget *budget);
struct kept_cursor;
/* Takes the one away that kept_next() has just given. The cursor is of no use
 * after. */
void kept_remove(struct kept_list *list, struct kept_budget *budget,
		 const struct kept_cursor *cursor);

struct kept_cursor {
	struct kept_chunk *chunk;	/* NULL: from the oldest on */
	uint32_t at, next;
};
/* The next one; false: there is none. The list must not change meanwhile, but
 * for kept_mark() and kept_date() of what was given last. */
bool kept_next(const struct kept_list *list, struct kept_cursor *cursor,
	       struct kept_record *record);
/* The record just given has its number now, and is in the log (segment 0: it
 * is not). */
void kept_mark(const struct kept_cursor *cursor, uint32_t sequence,
	       uint32_t segment);
/* The record just given has another time, ns since 1970: the clock has been set
 * since. */
void kept_date(const struct kept_cursor *cursor, int64_t time);

/* A value as bytes, for chunks and files alike; `to` takes KEPT_VALUE_MAX or
 * 8. Returns their number. */
size_t kept_value_pack(const struct lwm2m_value *value, uint8_t *to);
/* And back; text is borrowed. false: no value of that type has n bytes. */
bool kept_value_unpack(uint8_t type, const uint8_t *from, size_t n,
		       struct lwm2m_value *value);
#endif
