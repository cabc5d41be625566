/* SPDX-License-Identifier: GPL-2.0-or-later
 * Times to come, earliest first: a binary heap of items that live in their
 * owners. Pure. */
#ifndef AGENT_HEAP_H
#define AGENT_HEAP_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct heap_item {
	int64_t due;		/* monotonic ns */
	uint32_t place;		/* 1 + index; 0: not in the heap */
};
struct heap {
	struct heap_item **items;
	size_t n, capacity;
};

void heap_finish(struct heap *heap);
/* Puts it in, or moves it; INT64_MAX takes it out. */
void heap_set(struct heap *heap, struct heap_item *item, int64_t due);
void heap_remove(struct heap *heap, struct heap_item *item);
/* The earliest, or NULL. */
static inline struct heap_item *heap_first(const struct heap *heap)
{
	return heap->n ? heap->items[0] : NULL;
}
static inline int64_t heap_due(const struct heap *heap)
{
	return heap->n ? heap->items[0]->due : INT64_MAX;
}
#endif
