/* SPDX-License-Identifier: GPL-2.0-or-later
 * Arenas: zeroed, aligned, small while little is in them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "agent/base/arena.h"

static void memory_is_zeroed_and_apart(void **state)
{
	struct arena *arena = arena_create();
	unsigned char *taken[200];

	(void)state;
	for (unsigned i = 0; i < 200; i++) {
		taken[i] = arena_take(arena, i + 1);
		for (unsigned j = 0; j <= i; j++)
			assert_int_equal(taken[i][j], 0);
		memset(taken[i], (int)i, i + 1);
	}
	for (unsigned i = 0; i < 200; i++)
		for (unsigned j = 0; j <= i; j++)
			assert_int_equal(taken[i][j], i);
	arena_destroy(arena);
}

static void alignment_follows_the_size(void **state)
{
	struct arena *arena = arena_create();

	(void)state;
	for (size_t size = 1; size < 300; size++) {
		size_t need = size & (~size + 1);
		uintptr_t at = (uintptr_t)arena_take(arena, size);

		if (need > _Alignof(max_align_t))
			need = _Alignof(max_align_t);
		assert_int_equal(at % need, 0);
	}
	arena_destroy(arena);
}

static void texts_lie_without_holes(void **state)
{
	struct arena *arena = arena_create();
	char *first = arena_text(arena, "abc"), *second = arena_text(arena, "");

	(void)state;
	assert_string_equal(first, "abc");
	assert_ptr_equal(second, first + 4);
	assert_null(arena_text(arena, NULL));
	assert_string_equal(arena_print(arena, "%d-%s", 7, "x"), "7-x");
	arena_destroy(arena);
	arena_destroy(NULL);
}

static void little_stays_small(void **state)
{
	struct arena *arena = arena_create();

	(void)state;
	arena_reserve(arena, 300);
	arena_take(arena, 200);
	arena_take(arena, 100);
	assert_in_range(arena_size(arena), 300, 360);
	arena_take(arena, 8);
	assert_in_range(arena_size(arena), 360, 460);
	arena_destroy(arena);
}

static void much_takes_few_blocks(void **state)
{
	struct arena *arena = arena_create();
	size_t before, blocks = 0;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		before = arena_size(arena);
		arena_take(arena, 24);
		blocks += arena_size(arena) != before;
	}
	assert_in_range(blocks, 1, 100);
	assert_in_range(arena_size(arena), 2400000, 2800000);
	arena_destroy(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_is_zeroed_and_apart),
		cmocka_unit_test(alignment_follows_the_size),
		cmocka_unit_test(texts_lie_without_holes),
		cmocka_unit_test(little_stays_small),
		cmocka_unit_test(much_takes_few_blocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
