/* SPDX-License-Identifier: GPL-2.0-or-later
 * How full a bus is, and how far behind its poll a point is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "agent/bus/bus_load.h"

#define SECOND INT64_C(1000000000)

/* `busy` of each second, for so many seconds; the last moment. */
static int64_t load_run(struct load *load, int64_t now, int64_t busy,
			unsigned seconds)
{
	while (seconds--) {
		now += SECOND;
		load_add(load, now, busy);
	}
	return now;
}

static void load_is_a_share_of_the_time(void **state)
{
	static const struct { int64_t busy; int permille; } cases[] = {
		{0, 0}, {SECOND / 100, 10}, {SECOND / 2, 500}, {SECOND, 1000},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct load load = {0};
		int64_t now = load_run(&load, 5 * SECOND, cases[i].busy, 100);
		int permille = load_permille(&load, now);

		assert_in_range(permille + 20, cases[i].permille + 15,
				cases[i].permille + 25);
	}
}

static void load_is_not_told_too_early(void **state)
{
	struct load load = {0};
	int64_t now;

	(void)state;
	assert_int_equal(load_permille(&load, 100 * SECOND), -1);
	now = load_run(&load, 5 * SECOND, SECOND, 9);
	assert_int_equal(load_permille(&load, now), -1);
	now = load_run(&load, now, SECOND, 3);
	assert_int_equal(load_permille(&load, now), 1000);
}

/* What was is forgotten within two windows; also where nobody adds. */
static void load_follows(void **state)
{
	struct load load = {0};
	int64_t now = load_run(&load, 5 * SECOND, SECOND, 100);

	(void)state;
	now = load_run(&load, now, 0, 2 * LOAD_WINDOW / SECOND + 1);
	assert_int_equal(load_permille(&load, now), 0);
	load_add(&load, now + 1000 * SECOND, SECOND);
	assert_true(load_permille(&load, now + 1000 * SECOND) < 5);
}

static void stretch_is_the_period_beside_the_poll(void **state)
{
	static const struct { int64_t period, poll, shown; } cases[] = {
		{SECOND, SECOND, SECOND},
		{77 * SECOND / 10, SECOND, 77 * SECOND / 10},
		{5 * SECOND, 10 * SECOND, 5 * SECOND},
		{100 * SECOND, SECOND / 100, 100 * SECOND},
		{1000 * SECOND, SECOND / 1000, 1024 * SECOND / 1000},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		uint16_t stretch = 0;
		int64_t shown;

		for (int n = 0; n < 50; n++)
			stretch = stretch_add(stretch, cases[i].period,
					      cases[i].poll);
		shown = stretch_period(stretch, cases[i].poll);
		assert_true(shown <= cases[i].shown * 103 / 100 &&
			    (shown >= cases[i].shown * 97 / 100 ||
			     stretch == UINT16_MAX));
	}
}

static void stretch_is_smoothed(void **state)
{
	uint16_t stretch = stretch_add(0, SECOND, SECOND);

	(void)state;
	assert_int_equal(stretch, STRETCH_ONE);
	stretch = stretch_add(stretch, 3 * SECOND, SECOND);
	assert_int_equal(stretch, STRETCH_LATE);
	assert_int_equal(stretch_add(stretch, 0, SECOND), stretch);
	assert_int_equal(stretch_add(stretch, SECOND, 0), stretch);
	/* it never falls to "not known" */
	for (int n = 0; n < 100; n++)
		stretch = stretch_add(stretch, 1, SECOND);
	assert_in_range(stretch, 1, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(load_is_a_share_of_the_time),
		cmocka_unit_test(load_is_not_told_too_early),
		cmocka_unit_test(load_follows),
		cmocka_unit_test(stretch_is_the_period_beside_the_poll),
		cmocka_unit_test(stretch_is_smoothed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
