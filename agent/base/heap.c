/* SPDX-License-Identifier: GPL-2.0-or-later
 * A binary heap; every item knows its place, so that it can be moved. */
#include <stdlib.h>
#include "agent/base/heap.h"

static void item_put(struct heap *heap, size_t at, struct heap_item *item)
{
	heap->items[at] = item;
	item->place = (uint32_t)at + 1;
}

static void item_rise(struct heap *heap, size_t at, struct heap_item *item)
{
	for (; at && heap->items[(at - 1) / 2]->due > item->due;
	     at = (at - 1) / 2)
		item_put(heap, at, heap->items[(at - 1) / 2]);
	item_put(heap, at, item);
}

static void item_sink(struct heap *heap, size_t at, struct heap_item *item)
{
	for (size_t child; (child = 2 * at + 1) < heap->n; at = child) {
		if (child + 1 < heap->n &&
		    heap->items[child + 1]->due < heap->items[child]->due)
			child++;
		if (heap->items[child]->due >= item->due)
			break;
		item_put(heap, at, heap->items[child]);
	}
	item_put(heap, at, item);
}

static void item_append(struct heap *heap, struct heap_item *item)
{
	if (heap->n == heap->capacity) {
		heap->capacity = heap->capacity ? 2 * heap->capacity : 16;
		heap->items = realloc(heap->items, heap->capacity *
				      sizeof(struct heap_item *));
		if (!heap->items)
			abort();
	}
	item_rise(heap, heap->n++, item);
}

void heap_finish(struct heap *heap)
{
	free(heap->items);
	*heap = (struct heap){0};
}

void heap_set(struct heap *heap, struct heap_item *item, int64_t due)
{
	int64_t before = item->due;

	if (due == INT64_MAX) {
		heap_remove(heap, item);
		return;
	}
	item->due = due;
	if (!item->place)
		item_append(heap, item);
	else if (due < before)
		item_rise(heap, item->place - 1, item);
	else
		item_sink(heap, item->place - 1, item);
}

void heap_remove(struct heap *heap, struct heap_item *item)
{
	size_t at = (size_t)item->place - 1;
	struct heap_item *last;

	if (!item->place)
		return;
	item->place = 0;
	last = heap->items[--heap->n];
	if (last == item)
		return;
	if (last->due < item->due)
		item_rise(heap, at, last);
	else
		item_sink(heap, at, last);
}
