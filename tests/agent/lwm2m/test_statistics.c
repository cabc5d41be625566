/* SPDX-License-Identifier: GPL-2.0-or-later
 * Object 7 in virtual time: what counts, from when, and until when. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "agent/lwm2m/statistics.h"

#define S INT64_C(1000000000)

static void values_are(const struct statistics *s, int64_t sent,
		       int64_t received, int64_t largest, int64_t average)
{
	assert_int_equal(statistics_value(s, 2), sent);
	assert_int_equal(statistics_value(s, 3), received);
	assert_int_equal(statistics_value(s, 4), largest);
	assert_int_equal(statistics_value(s, 5), average);
}

static void nothing_before_start(void **state)
{
	struct statistics s = {0};

	(void)state;
	values_are(NULL, 0, 0, 0, 0);
	statistics_count(&s, true, 5000, 10 * S);
	values_are(&s, 0, 0, 0, 0);
}

static void sums(void **state)
{
	struct statistics s = {0};

	(void)state;
	statistics_start(&s, 0, 10 * S);
	for (int i = 0; i < 10; i++)
		statistics_count(&s, true, 250, (11 + i) * S);
	statistics_count(&s, false, 1000, 30 * S);
	statistics_count(&s, false, 999, 30 * S);
	values_are(&s, 2, 1, 1000, (2500 + 1999) / 12);
}

static void stop_keeps_and_start_forgets(void **state)
{
	struct statistics s = {0};

	(void)state;
	statistics_start(&s, 0, 10 * S);
	statistics_count(&s, true, 3000, 11 * S);
	statistics_stop(&s, 12 * S);
	statistics_count(&s, true, 4000, 12 * S);
	statistics_stop(&s, 14 * S);
	values_are(&s, 3, 0, 3000, 3000);
	statistics_start(&s, 0, 20 * S);
	values_are(&s, 0, 0, 0, 0);
}

static void the_period_ends_it(void **state)
{
	struct statistics s = {0};

	(void)state;
	statistics_start(&s, 5, 10 * S);
	statistics_count(&s, true, 1000, 15 * S - 1);
	statistics_count(&s, true, 1000, 15 * S);
	values_are(&s, 1, 0, 1000, 1000);
	statistics_stop(&s, 30 * S);
	statistics_count(&s, true, 1000, 20 * S);
	values_are(&s, 1, 0, 1000, 1000);
	statistics_start(&s, INT64_MAX, 10 * S);	/* no overflow */
	statistics_count(&s, true, 1000, 15 * S);
	values_are(&s, 1, 0, 1000, 1000);
	statistics_start(&s, -1, 10 * S);
	statistics_count(&s, true, 1000, 15 * S);
	values_are(&s, 1, 0, 1000, 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_before_start),
		cmocka_unit_test(sums),
		cmocka_unit_test(stop_keeps_and_start_forgets),
		cmocka_unit_test(the_period_ends_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
