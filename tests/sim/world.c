/* SPDX-License-Identifier: GPL-2.0-or-later
 * Events are in a heap by time, and by number where the time is the same: a
 * seed always gives the same order. */
#include "tests/sim/world.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define CHUNK ((size_t)16 << 20)
#define CLASSES 24			/* of powers of two */
#define WALL_START (INT64_C(1800000000) * SECOND)	/* 2027 */

struct event {
	int64_t at;
	uint64_t number;
	world_handler *run;
	uint64_t a, b;
	bool process;
};

struct world world;
static struct {
	uint64_t random[STREAMS];
	struct event *heap;
	size_t n, room;
	uint64_t number;
	uint8_t *chunk;
	size_t left;
	void *free[CLASSES];
} own;

/* ---- memory ---- */

static unsigned class_of(size_t size)
{
	unsigned class = 4;

	while (((size_t)1 << class) < size)
		class++;
	return class;
}

static void *chunk_take(size_t size)
{
	void *at;

	if (size > CHUNK) {
		at = mmap(NULL, size, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (at == MAP_FAILED)
			abort();
		return at;
	}
	if (own.left < size) {
		own.chunk = mmap(NULL, CHUNK, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (own.chunk == MAP_FAILED)
			abort();
		own.left = CHUNK;
	}
	at = own.chunk;
	own.chunk += size;
	own.left -= size;
	return at;
}

void *world_take(size_t size)
{
	unsigned class = class_of(size);
	void *at;

	if (class >= CLASSES)
		return chunk_take(size);
	at = own.free[class];
	if (!at)
		return chunk_take((size_t)1 << class);
	memcpy(&own.free[class], at, sizeof(void *));
	memset(at, 0, size);
	return at;
}

void world_give(void *memory, size_t size)
{
	unsigned class = class_of(size);

	if (!memory)
		return;
	if (class >= CLASSES) {
		munmap(memory, size);
		return;
	}
	memcpy(memory, &own.free[class], sizeof(void *));
	own.free[class] = memory;
}

/* ---- chance: splitmix64 ---- */

uint64_t draw(enum stream stream)
{
	uint64_t z = own.random[stream] += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

int64_t draw_between(enum stream stream, int64_t low, int64_t high)
{
	return low + (int64_t)(draw(stream) % (uint64_t)(high - low + 1));
}

bool draw_chance(enum stream stream, double probability)
{
	return (double)(draw(stream) >> 11) / (double)(UINT64_C(1) << 53) <
	       probability;
}

void world_begin(uint64_t seed)
{
	world = (struct world){.now = WORLD_START, .offset = WALL_START,
			       .seed = seed, .verbose = world.verbose};
	for (size_t i = 0; i < STREAMS; i++) {
		own.random[i] = seed * 1000003 + i;
		draw((enum stream)i);
	}
	own.n = 0;
}

/* ---- events ---- */

static bool is_before(const struct event *a, const struct event *b)
{
	return a->at != b->at ? a->at < b->at : a->number < b->number;
}

static void swap(size_t i, size_t j)
{
	struct event event = own.heap[i];

	own.heap[i] = own.heap[j];
	own.heap[j] = event;
}

static void sift_up(size_t i)
{
	for (; i && is_before(&own.heap[i], &own.heap[(i - 1) / 2]);
	     i = (i - 1) / 2)
		swap(i, (i - 1) / 2);
}

static void sift_down(size_t i)
{
	for (size_t child; (child = 2 * i + 1) < own.n; i = child) {
		if (child + 1 < own.n &&
		    is_before(&own.heap[child + 1], &own.heap[child]))
			child++;
		if (!is_before(&own.heap[child], &own.heap[i]))
			return;
		swap(i, child);
	}
}

static void room_make(void)
{
	size_t room = own.room ? own.room * 2 : 1024;
	struct event *heap = world_take(room * sizeof(*heap));

	if (own.n)
		memcpy(heap, own.heap, own.n * sizeof(*heap));
	world_give(own.heap, own.room * sizeof(*heap));
	own.heap = heap;
	own.room = room;
}

void world_at(int64_t at, bool process, world_handler *run, uint64_t a,
	      uint64_t b)
{
	if (own.n == own.room)
		room_make();
	own.heap[own.n] = (struct event){at < world.now ? world.now : at,
					 ++own.number, run, a, b, process};
	sift_up(own.n++);
}

static struct event pop(void)
{
	struct event first = own.heap[0];

	own.heap[0] = own.heap[--own.n];
	sift_down(0);
	return first;
}

/* While a ghost leaves, the world stands still: its events wait. */
int64_t world_due(void)
{
	int64_t due = NEVER;

	if (!world.ghost)
		return own.n ? own.heap[0].at : NEVER;
	for (size_t i = 0; i < own.n; i++)
		if (own.heap[i].process && own.heap[i].at < due)
			due = own.heap[i].at;
	return due;
}

static bool ghost_pop(struct event *event)
{
	size_t first = own.n;

	for (size_t i = 0; i < own.n; i++)
		if (own.heap[i].process && own.heap[i].at <= world.now &&
		    (first == own.n ||
		     is_before(&own.heap[i], &own.heap[first])))
			first = i;
	if (first == own.n)
		return false;
	*event = own.heap[first];
	own.heap[first] = own.heap[--own.n];
	if (first < own.n) {
		sift_down(first);
		sift_up(first);
	}
	return true;
}

void world_run(void)
{
	struct event event;

	/* One at a time: one of them may kill the gateway. */
	for (;;) {
		if (world.ghost) {
			if (!ghost_pop(&event))
				return;
		} else if (own.n && own.heap[0].at <= world.now) {
			event = pop();
		} else {
			return;
		}
		event.run(event.a, event.b);
	}
}

void world_process_gone(void)
{
	size_t n = own.n;

	own.n = 0;
	for (size_t i = 0; i < n; i++)
		if (!own.heap[i].process) {
			own.heap[own.n] = own.heap[i];
			sift_up(own.n++);
		}
}

void world_say(const char *format, ...)
{
	int64_t at = world.now - WORLD_START;
	va_list args;

	if (!world.verbose)
		return;
	printf("%5lld.%03lld  ", (long long)(at / SECOND),
	       (long long)(at % SECOND / MS));
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}
