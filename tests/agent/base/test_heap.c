/* SPDX-License-Identifier: GPL-2.0-or-later
 * The heap gives times in order, however they were moved. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "agent/base/heap.h"

#define N 500

static uint32_t next(uint32_t *seed)
{
	return *seed = *seed * 1664525u + 1013904223u;
}

static void drain(struct heap *heap, size_t expected)
{
	int64_t before = INT64_MIN;
	size_t n = 0;

	for (struct heap_item *item; (item = heap_first(heap)); n++) {
		assert_true(item->due >= before);
		before = item->due;
		heap_remove(heap, item);
		assert_int_equal(item->place, 0);
	}
	assert_int_equal(n, expected);
}

static void test_gives_times_in_order(void **state)
{
	struct heap heap = {0};
	struct heap_item items[N] = {0};
	uint32_t seed = 7;

	(void)state;
	for (size_t i = 0; i < N; i++)
		heap_set(&heap, &items[i], next(&seed) >> 20);
	drain(&heap, N);
	heap_finish(&heap);
}

static void test_items_can_be_moved_and_taken_out(void **state)
{
	struct heap heap = {0};
	struct heap_item items[N] = {0};
	uint32_t seed = 3;
	size_t out = 0;

	(void)state;
	for (size_t i = 0; i < N; i++)
		heap_set(&heap, &items[i], next(&seed) >> 20);
	for (size_t i = 0; i < N; i += 3)
		heap_set(&heap, &items[i], next(&seed) >> 20);
	for (size_t i = 0; i < N; i += 7, out++)
		heap_set(&heap, &items[i], INT64_MAX);
	heap_remove(&heap, &items[0]);	/* twice is fine */
	drain(&heap, N - out);
	assert_int_equal(heap_due(&heap), INT64_MAX);
	heap_finish(&heap);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_gives_times_in_order),
		cmocka_unit_test(test_items_can_be_moved_and_taken_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
