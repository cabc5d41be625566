/* SPDX-License-Identifier: GPL-2.0-or-later
 * A record: "LWL1", length of all behind the sum, sum, then length of the
 * name, fingerprint, time, name and values. "LWL2": the rhythm stands behind
 * the time. */
#include "agent/store/last_format.h"
#include <stdlib.h>
#include <string.h>

#define HEAD 12			/* magic, length, sum */
#define FIXED 17		/* length of the name, fingerprint, time */
#define LENGTH_MAX (256 * 1024)

#define RHYTHM 14		/* longest, before, window, signs */

static const uint8_t magic[4] = {'L', 'W', 'L', '1'};
static const uint8_t magic_rhythm[4] = {'L', 'W', 'L', '2'};

static uint32_t sum_of(const uint8_t *at, size_t n)
{
	uint32_t sum = 2166136261u;

	while (n--)
		sum = (sum ^ *at++) * 16777619u;
	return sum ^ sum >> 15;
}

static void put_number(uint8_t *at, uint64_t number, size_t n)
{
	for (size_t i = 0; i < n; i++)
		at[i] = (uint8_t)(number >> 8 * i);
}

static uint64_t get_number(const uint8_t *at, size_t n)
{
	uint64_t number = 0;

	while (n--)
		number = number << 8 | at[n];
	return number;
}

static void put_rhythm(uint8_t *at, const struct last_rhythm *r)
{
	put_number(at, r->longest, 4);
	put_number(at + 4, r->before, 4);
	put_number(at + 8, r->window, 4);
	put_number(at + 12, r->signs, 2);
}

static struct last_rhythm get_rhythm(const uint8_t *at)
{
	return (struct last_rhythm){
		.longest = (uint32_t)get_number(at, 4),
		.before = (uint32_t)get_number(at + 4, 4),
		.window = (uint32_t)get_number(at + 8, 4),
		.signs = (uint16_t)get_number(at + 12, 2)};
}

void last_put(struct buf *out, const struct last_record *r)
{
	size_t fixed = FIXED + (r->rhythm.signs ? RHYTHM : 0);
	size_t start = out->used, length = fixed + r->n_name + r->n_values;
	uint8_t head[HEAD + FIXED + RHYTHM];

	if (length > LENGTH_MAX || r->n_name > LAST_NAME_MAX ||
	    out->size - out->used < HEAD + length) {
		out->full = true;
		return;
	}
	memcpy(head, r->rhythm.signs ? magic_rhythm : magic, sizeof(magic));
	put_number(head + 4, length, 4);
	put_number(head + 8, 0, 4);
	head[HEAD] = (uint8_t)r->n_name;
	put_number(head + HEAD + 1, r->fingerprint, 8);
	put_number(head + HEAD + 9, (uint64_t)r->heard, 8);
	put_rhythm(head + HEAD + FIXED, &r->rhythm);
	buf_put(out, head, HEAD + fixed);
	buf_put(out, r->name, r->n_name);
	buf_put(out, r->values, r->n_values);
	put_number(out->at + start + 8,
		   sum_of(out->at + start + HEAD, length), 4);
}

/* Length of the record at `at`, 0: there is no good one. */
static size_t record_get(const uint8_t *at, size_t n, struct last_record *r)
{
	const uint8_t *body = at + HEAD;
	size_t length, fixed = FIXED;

	if (n < HEAD + FIXED)
		return 0;
	if (memcmp(at, magic_rhythm, sizeof(magic)) == 0)
		fixed += RHYTHM;
	else if (memcmp(at, magic, sizeof(magic)) != 0)
		return 0;
	length = (size_t)get_number(at + 4, 4);
	if (length < fixed || length > LENGTH_MAX || length > n - HEAD ||
	    fixed + (size_t)body[0] > length ||
	    sum_of(body, length) != get_number(at + 8, 4))
		return 0;
	*r = (struct last_record){
		.name = (const char *)body + fixed, .n_name = body[0],
		.fingerprint = get_number(body + 1, 8),
		.heard = (int64_t)get_number(body + 9, 8),
		.values = body + fixed + body[0],
		.n_values = length - fixed - body[0],
	};
	if (fixed > FIXED)
		r->rhythm = get_rhythm(body + FIXED);
	return HEAD + length;
}

bool last_next(const uint8_t *journal, size_t n, size_t *at, size_t *lost,
	       struct last_record *record)
{
	while (*at < n) {
		size_t length = record_get(journal + *at, n - *at, record);

		*at += length ? length : 1;
		if (length)
			return true;
		++*lost;
	}
	return false;
}

size_t last_end(const uint8_t *journal, size_t n)
{
	struct last_record record;
	size_t at = 0, lost = 0, end = 0;

	while (last_next(journal, n, &at, &lost, &record))
		end = at;
	while (n > end && !journal[n - 1])
		n--;
	return n;
}

/* ---- by name ---- */

static int name_compare(const char *a, size_t n_a, const char *b, size_t n_b)
{
	int order = memcmp(a, b, n_a < n_b ? n_a : n_b);

	return order ? order : (n_a > n_b) - (n_a < n_b);
}

/* The later of the same name stands behind the earlier: both lie in the same
 * journal. */
static int by_name(const void *a, const void *b)
{
	const struct last_record *left = a, *right = b;
	int order = name_compare(left->name, left->n_name, right->name,
				 right->n_name);

	return order ? order : (left->name > right->name) -
			       (left->name < right->name);
}

static size_t newest_keep(struct last_record *records, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		if (i + 1 == n ||
		    name_compare(records[i].name, records[i].n_name,
				 records[i + 1].name, records[i + 1].n_name))
			records[kept++] = records[i];
	return kept;
}

static void index_sort(struct last_index *index)
{
	if (index->n)
		qsort(index->records, index->n, sizeof(*index->records),
		      by_name);
	index->n = newest_keep(index->records, index->n);
}

/* Most of a journal is what a newer record replaces: that goes first. */
static void index_room(struct last_index *index, size_t *room)
{
	if (index->n < *room)
		return;
	index_sort(index);
	if (*room && index->n <= *room / 2)
		return;
	*room = *room ? *room * 2 : 64;
	index->records = reallocarray(index->records, *room,
				      sizeof(*index->records));
	if (!index->records)
		abort();
}

struct last_index last_index(const uint8_t *journal, size_t n, size_t *lost)
{
	struct last_index index = {NULL, 0};
	struct last_record record;
	size_t at = 0, room = 0;

	*lost = 0;
	while (last_next(journal, n, &at, lost, &record)) {
		index_room(&index, &room);
		index.records[index.n++] = record;
	}
	index_sort(&index);
	return index;
}

void last_index_finish(struct last_index *index)
{
	free(index->records);
	*index = (struct last_index){NULL, 0};
}

const struct last_record *last_find(const struct last_index *index,
				    const char *name)
{
	size_t low = 0, high = index->n, n = strlen(name);

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct last_record *r = &index->records[middle];
		int order = name_compare(name, n, r->name, r->n_name);

		if (!order)
			return r;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

void last_compact(const uint8_t *journal, size_t n, int64_t keep,
		  struct buf *out)
{
	size_t lost;
	struct last_index index = last_index(journal, n, &lost);
	int64_t newest = INT64_MIN + keep;

	for (size_t i = 0; i < index.n; i++)
		if (index.records[i].heard > newest)
			newest = index.records[i].heard;
	for (size_t i = 0; i < index.n; i++)
		if (index.records[i].heard >= newest - keep)
			last_put(out, &index.records[i]);
	last_index_finish(&index);
}
