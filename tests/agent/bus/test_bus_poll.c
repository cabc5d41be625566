/* SPDX-License-Identifier: GPL-2.0-or-later
 * The rhythm of polls, and what a device keeps. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "agent/bus/device_state.h"
#include "agent/bus/bus_poll.h"

#define MS INT64_C(1000000)

static void polls_lie_on_their_grid(void **state)
{
	static const int64_t polls[] = {
		MS, 20 * MS, POLL_SECOND, 10 * POLL_SECOND,
		86400 * POLL_SECOND,
	};
	static const uint32_t seeds[] = {0, 1, 12345678, UINT32_MAX};
	int64_t first, now, again;

	(void)state;
	for (size_t i = 0; i < sizeof(polls) / sizeof(*polls); i++)
		for (size_t k = 0; k < 4; k++) {
			now = 777 * POLL_SECOND + 12345;
			first = poll_next(now, polls[i], seeds[k]);
			assert_true(first > now && first <= now + polls[i]);
			again = poll_next(first, polls[i], seeds[k]);
			assert_true(again == first + polls[i]);
			assert_true(poll_next(first - 1, polls[i], seeds[k]) ==
				    first);
		}
	/* Never faster than the millisecond, nor stuck. */
	assert_true(poll_next(5, 0, 0) == MS);
	assert_true(poll_next(5, -1, 0) == MS);
}

static void polls_of_one_device_meet(void **state)
{
	uint32_t seed = 0xdeadbeef;
	int64_t slow = poll_next(99 * POLL_SECOND, 10 * POLL_SECOND, seed);

	(void)state;
	assert_true(poll_next(slow - 1, POLL_SECOND, seed) == slow);
	assert_true(poll_next(slow - 1, 200 * MS, seed) == slow);
}

static void devices_spread_over_the_period(void **state)
{
	unsigned tenths[10] = {0};
	uint32_t seed = 1;

	(void)state;
	for (int i = 0; i < 10000; i++) {
		seed = seed * 1664525u + 1013904223u;
		tenths[(poll_next(0, 10 * POLL_SECOND, seed) - 1) /
		       POLL_SECOND]++;
	}
	for (int i = 0; i < 10; i++)
		assert_true(tenths[i] > 800 && tenths[i] < 1200);
}

static void grain_is_small_beside_the_poll(void **state)
{
	(void)state;
	assert_true(poll_grain(10 * POLL_SECOND) == POLL_SECOND / 2);
	assert_true(poll_grain(100 * MS) == 10 * MS);
	assert_true(poll_grain(8 * MS) == 2 * MS);
	assert_true(poll_grain(0) == 0);
}

static void retries_grow_and_cost_a_tenth_at_most(void **state)
{
	static const struct { uint32_t tries; int64_t cost, poll, wait; } t[] = {
		{1, 0, 0, POLL_SECOND / 2},
		{2, MS, 20 * MS, POLL_SECOND / 2},
		{1, POLL_SECOND, POLL_SECOND, 4 * POLL_SECOND},
		{3, 0, 0, POLL_SECOND},
		{4, 0, 0, 2 * POLL_SECOND},
		{3, POLL_SECOND, 0, 9 * POLL_SECOND},
		{8, 0, 0, 32 * POLL_SECOND},
		{9, 0, 0, 60 * POLL_SECOND},
		{4000000000u, 0, 0, 60 * POLL_SECOND},
		{3, 0, 300 * POLL_SECOND, 300 * POLL_SECOND},
		{9, 10 * POLL_SECOND, 0, 90 * POLL_SECOND},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++)
		assert_true(poll_retry(t[i].tries, t[i].cost, t[i].poll) ==
			    t[i].wait);
	assert_true(poll_reopen(0, false) == 0);
	assert_true(poll_reopen(1, false) == POLL_SECOND / 2);
	assert_true(poll_reopen(2, false) == POLL_SECOND);
	assert_true(poll_reopen(7, false) == 32 * POLL_SECOND);
	assert_true(poll_reopen(8, false) == 60 * POLL_SECOND);
	assert_true(poll_reopen(UINT32_MAX, false) == 60 * POLL_SECOND);
	/* what was unplugged is looked for */
	assert_true(poll_reopen(1, true) == POLL_SECOND / 2);
	assert_true(poll_reopen(4, true) == 4 * POLL_SECOND);
	assert_true(poll_reopen(5, true) == 5 * POLL_SECOND);
	assert_true(poll_reopen(UINT32_MAX, true) == 5 * POLL_SECOND);
}

/* ---- what is kept of a device */

static void pieces_are_set_replaced_and_removed(void **state)
{
	struct device_state kept = {0};
	char out[8] = "";

	(void)state;
	assert_int_equal(device_state_get(&kept, "a", out, 8), -ENOENT);
	assert_int_equal(device_state_set(&kept, "a", "one", 3), 1);
	assert_int_equal(device_state_set(&kept, "bb", "two!", 4), 1);
	assert_int_equal(device_state_set(&kept, "c", "3", 1), 1);
	assert_int_equal(device_state_set(&kept, "bb", "two!", 4), 0);
	assert_int_equal(device_state_get(&kept, "bb", out, 8), 4);
	assert_memory_equal(out, "two!", 4);
	/* more is there than there is room for */
	assert_int_equal(device_state_get(&kept, "bb", out, 2), 4);
	assert_int_equal(device_state_get(&kept, "b", out, 8), -ENOENT);
	assert_int_equal(device_state_set(&kept, "a", "longer", 6), 1);
	assert_int_equal(device_state_get(&kept, "a", out, 8), 6);
	assert_memory_equal(out, "longer", 6);
	assert_int_equal(device_state_get(&kept, "c", out, 8), 1);
	assert_int_equal(device_state_set(&kept, "bb", NULL, 0), 1);
	assert_int_equal(device_state_set(&kept, "bb", NULL, 0), 0);
	assert_int_equal(device_state_get(&kept, "bb", out, 8), -ENOENT);
	assert_int_equal(device_state_get(&kept, "c", out, 8), 1);
	device_state_finish(&kept);
}

static void pieces_have_limits(void **state)
{
	static const char big[DEVICE_STATE_MAX + 1];
	struct device_state kept = {0};
	char name[300];

	(void)state;
	memset(name, 'n', sizeof(name));
	name[256] = 0;
	assert_int_equal(device_state_set(&kept, name, "x", 1), -EINVAL);
	assert_int_equal(device_state_set(&kept, "", "x", 1), -EINVAL);
	assert_int_equal(device_state_set(&kept, "a", big,
					  DEVICE_STATE_MAX + 1), -ENOSPC);
	assert_int_equal(device_state_set(&kept, "a", big,
					  DEVICE_STATE_MAX - 4), 1);
	assert_int_equal(device_state_set(&kept, "b", "x", 1), -ENOSPC);
	assert_int_equal(device_state_set(&kept, "a", big, 10), 1);
	assert_int_equal(device_state_set(&kept, "b", "x", 1), 1);
	device_state_finish(&kept);
}

static void damaged_blobs_give_what_is_whole(void **state)
{
	static const uint8_t blob[] = {
		1, 0, 2, 'a', 'x', 'y', 1, 0, 1, 'b', 'z',
	};
	uint8_t out[4];

	(void)state;
	for (size_t n = 0; n <= sizeof(blob); n++) {
		struct device_state kept;

		device_state_init(&kept, blob, n);
		assert_int_equal(device_state_get(&kept, "a", out, 4),
				 n >= 6 ? 2 : -ENOENT);
		assert_int_equal(device_state_get(&kept, "b", out, 4),
				 n >= 11 ? 1 : -ENOENT);
		assert_int_equal(device_state_set(&kept, "c", "new", 3), 1);
		assert_int_equal(device_state_get(&kept, "c", out, 4), 3);
		device_state_finish(&kept);
	}
	for (unsigned byte = 0; byte < 256; byte++) {
		uint8_t bad[sizeof(blob)];
		struct device_state kept;

		for (size_t at = 0; at < sizeof(blob); at++) {
			memcpy(bad, blob, sizeof(blob));
			bad[at] = (uint8_t)byte;
			device_state_init(&kept, bad, sizeof(bad));
			device_state_get(&kept, "a", out, 4);
			device_state_get(&kept, "b", out, 4);
			device_state_finish(&kept);
		}
	}
}

static void a_piece_that_stands_twice_is_set_once_for_all(void **state)
{
	static const uint8_t twice[] = {1, 0, 1, 'a', 'x', 1, 0, 1, 'b', 'z',
					1, 0, 1, 'a', 'y'};
	struct device_state kept;
	uint8_t out[4];

	(void)state;
	device_state_init(&kept, twice, sizeof(twice));
	assert_int_equal(device_state_set(&kept, "a", "new", 3), 1);
	assert_int_equal(device_state_get(&kept, "a", out, 4), 3);
	assert_memory_equal(out, "new", 3);
	assert_int_equal(device_state_set(&kept, "a", NULL, 0), 1);
	assert_int_equal(device_state_get(&kept, "a", out, 4), -ENOENT);
	assert_int_equal(device_state_get(&kept, "b", out, 4), 1);
	device_state_finish(&kept);
}

static void refused_points_are_asked_ever_more_rarely(void **state)
{
	static const struct { uint32_t misses; int64_t poll, wait; } cases[] = {
		{1, 1, 1}, {3, 1, 1}, {4, 1, 2}, {5, 1, 4}, {11, 1, 256},
		{12, 1, 300}, {255, 1, 300}, {4, 10, 20}, {9, 10, 300},
		{4, 3600, 3600}, {255, 3600, 3600},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(poll_refused(cases[i].misses, cases[i].poll *
					      POLL_SECOND) / POLL_SECOND,
				 cases[i].wait);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(polls_lie_on_their_grid),
		cmocka_unit_test(polls_of_one_device_meet),
		cmocka_unit_test(devices_spread_over_the_period),
		cmocka_unit_test(grain_is_small_beside_the_poll),
		cmocka_unit_test(retries_grow_and_cost_a_tenth_at_most),
		cmocka_unit_test(pieces_are_set_replaced_and_removed),
		cmocka_unit_test(pieces_have_limits),
		cmocka_unit_test(damaged_blobs_give_what_is_whole),
		cmocka_unit_test(
			a_piece_that_stands_twice_is_set_once_for_all),
		cmocka_unit_test(refused_points_are_asked_ever_more_rarely),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
