/* SPDX-License-Identifier: GPL-2.0-or-later
 * What numbers were, in the last hour and the last day. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include "agent/http/history.h"
#include "objects/path.h"

#define S INT64_C(1000000000)
#define ROOM (1 << 20)

static const struct lwm2m_path t = {{3303, 0, 5700}, 3};
static const struct lwm2m_path u = {{3316, 0, 5700}, 3};
static struct history_point points[HISTORY_POINTS_MAX];

static size_t hour(const struct history *h, int64_t now)
{
	return history_points(h, "boiler", &t, HISTORY_HOUR, now, points);
}

static size_t day(const struct history *h, int64_t now)
{
	return history_points(h, "boiler", &t, HISTORY_DAY, now, points);
}

static void a_time_has_its_lowest_and_highest(void **state)
{
	struct history *h = history_create(ROOM);

	(void)state;
	assert_int_equal(hour(h, 0), 0);
	history_add(h, "boiler", &t, 21, 100 * S);
	history_add(h, "boiler", &t, 20, 105 * S);
	history_add(h, "boiler", &t, 22, 119 * S);
	history_add(h, "boiler", &t, 19, 120 * S);
	history_add(h, "boiler", &t, NAN, 120 * S);
	history_add(h, "boiler", &t, INFINITY, 120 * S);
	history_add(h, "boiler", &u, 230, 120 * S);
	history_add(h, "cellar", &t, 5, 120 * S);
	assert_int_equal(hour(h, 120 * S), 2);
	assert_true(points[0].when == 100 * S);
	assert_true(points[0].low == 20 && points[0].high == 22);
	assert_true(points[1].when == 120 * S);
	assert_true(points[1].low == 19 && points[1].high == 19);
	assert_int_equal(day(h, 120 * S), 1);
	assert_true(points[0].when == 0);
	assert_true(points[0].low == 19 && points[0].high == 22);
	history_destroy(h);
}

static void a_silence_is_a_gap(void **state)
{
	struct history *h = history_create(ROOM);

	(void)state;
	history_add(h, "boiler", &t, 1, 1000 * S);
	history_add(h, "boiler", &t, 2, 1200 * S);
	assert_int_equal(hour(h, 1200 * S), 2);
	assert_true(points[1].when - points[0].when == 200 * S);
	history_destroy(h);
}

static void what_is_older_is_forgotten(void **state)
{
	struct history *h = history_create(ROOM);

	(void)state;
	for (int64_t now = 0; now < 100000; now += 10)
		history_add(h, "boiler", &t, (double)now, now * S);
	assert_int_equal(hour(h, 99999 * S), 180);
	assert_true(points[0].low == 96400 && points[0].high == 96410);
	assert_true(points[179].high == 99990);
	assert_int_equal(day(h, 99999 * S), 288);
	assert_true(points[0].low == 13800);
	/* Nothing came since: what is left of the hour goes, bit by bit. */
	assert_int_equal(hour(h, (99999 + 1800) * S), 90);
	assert_int_equal(hour(h, (99999 + 3600) * S), 0);
	/* A ring that was full has nothing of before a long silence. */
	history_add(h, "boiler", &t, 7, 300000 * S);
	assert_int_equal(hour(h, 300000 * S), 1);
	assert_int_equal(day(h, 300000 * S), 1);
	assert_true(points[0].low == 7);
	history_destroy(h);
}

static void there_is_an_end_to_its_room(void **state)
{
	struct history *h = history_create(40 * 1024);
	char name[20];
	int n = 0;

	(void)state;
	do {
		snprintf(name, sizeof(name), "meter-%d", n);
	} while (history_add(h, name, &t, 1, S) && ++n < 1000);
	assert_in_range(n, 9, 11);
	assert_true(history_add(h, "meter-0", &t, 2, 2 * S));
	/* A day after their last value they leave. */
	history_sweep(h, 86000 * S);
	assert_false(history_add(h, "new", &t, 1, 86000 * S));
	history_sweep(h, 87000 * S);
	assert_true(history_add(h, "new", &t, 1, 87000 * S));
	history_destroy(h);
	h = history_create(0);
	assert_false(history_add(h, "meter", &t, 1, 0));
	history_destroy(h);
	history_destroy(NULL);
}

static void count(void *owner, const struct lwm2m_path *path)
{
	assert_int_equal(path->id[2], 5700);
	++*(int *)owner;
}

static void paths_are_those_of_the_endpoint(void **state)
{
	struct history *h = history_create(ROOM);
	int n = 0;

	(void)state;
	history_add(h, "boiler", &t, 1, 0);
	history_add(h, "boiler", &u, 1, 0);
	history_add(h, "cellar", &u, 1, 0);
	history_paths(h, "boiler", count, &n);
	assert_int_equal(n, 2);
	history_paths(h, "attic", count, &n);
	assert_int_equal(n, 2);
	history_destroy(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_time_has_its_lowest_and_highest),
		cmocka_unit_test(a_silence_is_a_gap),
		cmocka_unit_test(what_is_older_is_forgotten),
		cmocka_unit_test(there_is_an_end_to_its_room),
		cmocka_unit_test(paths_are_those_of_the_endpoint),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
