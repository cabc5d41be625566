/* SPDX-License-Identifier: GPL-2.0-or-later
 * Memory that is freed all at once: blocks that grow with what is in them, so
 * that a small arena stays small and a large one has few blocks. */
#include "agent/base/arena.h"
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_BLOCK 64u		/* bytes, without its header */

struct block {
	struct block *next;
	uint32_t used, size;
	_Alignas(max_align_t) unsigned char bytes[];
};

struct arena {
	struct block *blocks;	/* the one being filled first */
	size_t total;
	bool secret;
};

static void *memory_take(size_t size)
{
	void *memory = calloc(1, size);

	if (!memory)
		abort();
	return memory;
}

struct arena *arena_create(void)
{
	return memory_take(sizeof(struct arena));
}

void arena_destroy(struct arena *arena)
{
	struct block *block = arena ? arena->blocks : NULL;

	while (block) {
		struct block *next = block->next;

		if (arena->secret)
			explicit_bzero(block->bytes, block->used);
		free(block);
		block = next;
	}
	free(arena);
}

/* A size is a multiple of its type's alignment, so the size tells how much
 * alignment can be needed at all: texts lie without holes. */
static size_t alignment_of(size_t size)
{
	size_t lowest = size & (~size + 1);

	return lowest > _Alignof(max_align_t) ? _Alignof(max_align_t) : lowest;
}

static size_t block_fit(const struct block *block, size_t size)
{
	size_t mask = alignment_of(size) - 1;
	size_t at = (block->used + mask) & ~mask;

	return at <= block->size && size <= block->size - at ? at : SIZE_MAX;
}

static struct block *block_add(struct arena *arena, size_t size)
{
	size_t grown = arena->total / 8;
	struct block *block;

	if (grown < FIRST_BLOCK)
		grown = FIRST_BLOCK;
	if (grown < size)
		grown = size;
	if (grown > UINT32_MAX)
		abort();
	block = memory_take(sizeof(*block) + grown);
	block->size = (uint32_t)grown;
	arena->total += grown + sizeof(*block);
	return block;
}

/* A block made for one large thing goes behind the one that still has room. */
static void block_insert(struct arena *arena, struct block *block, size_t size)
{
	struct block *first = arena->blocks;

	if (first && block->size - size < first->size - first->used) {
		block->next = first->next;
		first->next = block;
	} else {
		block->next = first;
		arena->blocks = block;
	}
}

void arena_reserve(struct arena *arena, size_t size)
{
	block_insert(arena, block_add(arena, size), 0);
}

void *arena_take(struct arena *arena, size_t size)
{
	struct block *block = arena->blocks;
	size_t at;

	if (!size)
		size = 1;
	at = block ? block_fit(block, size) : SIZE_MAX;
	if (at == SIZE_MAX) {
		block = block_add(arena, size);
		block_insert(arena, block, size);
		at = 0;
	}
	block->used = (uint32_t)(at + size);
	return block->bytes + at;
}

char *arena_text(struct arena *arena, const char *text)
{
	size_t size;

	if (!text)
		return NULL;
	size = strlen(text) + 1;
	return memcpy(arena_take(arena, size), text, size);
}

char *arena_print(struct arena *arena, const char *format, ...)
{
	va_list args;
	char *text;
	int n;

	va_start(args, format);
	n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (n < 0)
		abort();
	text = arena_take(arena, (size_t)n + 1);
	va_start(args, format);
	vsnprintf(text, (size_t)n + 1, format, args);
	va_end(args);
	return text;
}

size_t arena_size(const struct arena *arena)
{
	return sizeof(*arena) + arena->total;
}

void arena_mark_secret(struct arena *arena)
{
	arena->secret = true;
}
