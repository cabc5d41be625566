/* SPDX-License-Identifier: GPL-2.0-or-later
 * When the wall clock is set, and what that makes of earlier times. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "agent/base/wall.h"

#define S INT64_C(1000000000)
#define YEAR (INT64_C(31557600) * S)

static void the_first_reading_is_no_jump(void **state)
{
	struct wall w = {0};
	struct clock_step step;

	(void)state;
	assert_false(wall_step(&w, 56 * YEAR, 100 * S, &step));
	assert_true(w.offset == 56 * YEAR);
}

static void slewing_is_no_jump(void **state)
{
	struct wall w = {0};
	struct clock_step step;

	(void)state;
	wall_step(&w, 56 * YEAR, 100 * S, &step);
	for (int64_t i = 1; i < 100; i++)
		assert_false(wall_step(&w, 56 * YEAR + i * S / 2,
				       (100 + i) * S, &step));
	assert_true(w.offset == 56 * YEAR + 99 * S / 2);
}

/* No battery: it began at 1970, and the network set it after 100 s. */
static void times_from_before_it_was_set_are_corrected(void **state)
{
	struct wall w = {0};
	struct clock_step step;
	int64_t early = 30 * S, of_last_run = 56 * YEAR - 500 * S;

	(void)state;
	wall_step(&w, -10 * S, 20 * S, &step);		/* 1970 + 10 s */
	assert_false(wall_is_known(120 * S + w.offset));
	assert_true(wall_step(&w, 56 * YEAR, 120 * S, &step));
	assert_true(step.by == 56 * YEAR + 10 * S);
	/* Noted at 30 s since 1970: 40 s of ours. */
	assert_true(wall_correct(&step, early) == 56 * YEAR + 40 * S);
	assert_true(wall_correct(&step, of_last_run) == of_last_run);
	assert_true(wall_correct(&step, 0) == 0);
	assert_true(wall_is_known(120 * S + w.offset));
}

static void it_goes_back_as_well_and_again(void **state)
{
	struct wall w = {0};
	struct clock_step step;
	int64_t time = 56 * YEAR + 50 * S;

	(void)state;
	wall_step(&w, 56 * YEAR, 10 * S, &step);
	assert_true(wall_step(&w, 56 * YEAR - 3600 * S, 60 * S, &step));
	time = wall_correct(&step, time);
	assert_true(time == 56 * YEAR + 50 * S - 3600 * S);
	assert_true(wall_step(&w, 56 * YEAR - 1800 * S, 70 * S, &step));
	assert_true(wall_correct(&step, time) ==
		    56 * YEAR + 50 * S - 1800 * S);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_reading_is_no_jump),
		cmocka_unit_test(slewing_is_no_jump),
		cmocka_unit_test(times_from_before_it_was_set_are_corrected),
		cmocka_unit_test(it_goes_back_as_well_and_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
