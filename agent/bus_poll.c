/* SPDX-License-Identifier: GPL-2.0-or-later
 * The heap holds pointers and each entry knows its slot, so that moving one
 * costs O(log n) and nothing is ever searched for. */
#include "agent/bus_poll.h"
#include <stdlib.h>

#define MILLISECOND INT64_C(1000000)

static bool is_before(const struct due *a, const struct due *b)
{
	return a->when != b->when ? a->when < b->when : a->order < b->order;
}

static void slot_set(struct due_heap *heap, size_t slot, struct due *due)
{
	heap->at[slot - 1] = due;
	due->slot = slot;
}

static void sift_up(struct due_heap *heap, struct due *due)
{
	size_t slot = due->slot;

	while (slot > 1 && is_before(due, heap->at[slot / 2 - 1])) {
		slot_set(heap, slot, heap->at[slot / 2 - 1]);
		slot /= 2;
	}
	slot_set(heap, slot, due);
}

static void sift_down(struct due_heap *heap, struct due *due)
{
	size_t slot = due->slot, child;

	while ((child = 2 * slot) <= heap->n) {
		if (child < heap->n &&
		    is_before(heap->at[child], heap->at[child - 1]))
			child++;
		if (!is_before(heap->at[child - 1], due))
			break;
		slot_set(heap, slot, heap->at[child - 1]);
		slot = child;
	}
	slot_set(heap, slot, due);
}

static void due_remove(struct due_heap *heap, struct due *due)
{
	struct due *last;

	if (!due->slot)
		return;
	last = heap->at[--heap->n];
	if (last != due) {
		slot_set(heap, due->slot, last);
		sift_up(heap, last);
		sift_down(heap, last);
	}
	due->slot = 0;
}

static void due_enter(struct due_heap *heap, struct due *due)
{
	if (heap->n == heap->room) {
		heap->room = heap->room ? 2 * heap->room : 16;
		heap->at = reallocarray(heap->at, heap->room,
					sizeof(struct due *));
		if (!heap->at)
			abort();
	}
	slot_set(heap, ++heap->n, due);
}

void due_set(struct due_heap *heap, struct due *due, int64_t when)
{
	if (when == POLL_NEVER) {
		due_remove(heap, due);
		return;
	}
	if (!due->slot)
		due_enter(heap, due);
	due->when = when;
	due->order = heap->order++;
	sift_up(heap, due);
	sift_down(heap, due);
}

struct due *due_first(const struct due_heap *heap)
{
	return heap->n ? heap->at[0] : NULL;
}

void due_heap_finish(struct due_heap *heap)
{
	free(heap->at);
	*heap = (struct due_heap){0};
}

int64_t poll_next(int64_t after, int64_t poll, uint32_t seed)
{
	int64_t phase;

	if (poll < MILLISECOND)
		poll = MILLISECOND;
	phase = (int64_t)seed * 1000 % poll;
	return after - ((after - phase) % poll + poll) % poll + poll;
}

int64_t poll_grain(int64_t poll)
{
	int64_t grain = poll / 20 > 10 * MILLISECOND ? poll / 20 :
			10 * MILLISECOND;

	return grain < poll / 4 ? grain : poll / 4;
}

static int64_t doubled(int64_t first, uint32_t times)
{
	int64_t limit = 60 * POLL_SECOND;

	if (times >= 16 || first << times > limit)
		return limit;
	return first << times;
}

int64_t poll_retry(uint32_t tries, int64_t cost, int64_t poll)
{
	int64_t wait = POLL_SECOND / 2;

	if (tries < POLL_SILENT_TRIES)
		return wait > 4 * cost ? wait : 4 * cost;
	wait = doubled(POLL_SECOND, tries - POLL_SILENT_TRIES);
	if (wait < 9 * cost)
		wait = 9 * cost;
	return wait < poll ? poll : wait;
}

int64_t poll_reopen(uint32_t tries)
{
	return tries ? doubled(POLL_SECOND / 2, tries - 1) : 0;
}
