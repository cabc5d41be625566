/* SPDX-License-Identifier: GPL-2.0-or-later
 * Memory that is freed all at once. Aborts when there is none (agent/). */
#ifndef AGENT_ARENA_H
#define AGENT_ARENA_H
#include <stddef.h>

struct arena;
struct arena *arena_create(void);
void arena_destroy(struct arena *arena);	/* NULL is fine */
/* So much will be taken soon: one block of the heap for all of it. */
void arena_reserve(struct arena *arena, size_t size);
/* Zeroed; aligned for any type of this size (an array of it, too). */
void *arena_take(struct arena *arena, size_t size);
char *arena_text(struct arena *arena, const char *text);	/* NULL: NULL */
char *arena_print(struct arena *arena, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* It holds a key: overwritten when it is destroyed. */
void arena_mark_secret(struct arena *arena);
/* What it takes from the heap, bytes. */
size_t arena_size(const struct arena *arena);
#endif
