/* SPDX-License-Identifier: GPL-2.0-or-later
 * The awake window, in virtual time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "agent/lwm2m/awake.h"

#define S INT64_C(1000000000)

static const struct awake_rules update = {.time = 93 * S};
static const struct awake_rules notify = {.time = 93 * S,
					  .by_notification = true};
static const struct awake_rules emqx = {.time = 22 * S};

static void max_transmit_wait_is_computed(void **state)
{
	/* RFC 7252 4.8.2: 93 s; CoCoA-like and satellite parameters. */
	static const struct transmission fast = {S / 2, 150, 4};
	static const struct transmission slow = {10 * S, 130, 2};

	(void)state;
	assert_true(transmission_wait(&transmission_default) == 93 * S);
	assert_true(transmission_wait(&fast) == 93 * S / 4);
	assert_true(transmission_wait(&slow) == 91 * S);
}

static void heard_sends_an_update_first(void **state)
{
	struct awake a = {0, false};

	(void)state;
	assert_false(awake_may_send(&a, 10 * S));
	assert_int_equal(awake_step(&a, AWAKE_HEARD, &update, 10 * S),
			 AWAKE_UPDATE);
	/* Nothing may go before the server has answered. */
	assert_false(awake_may_send(&a, 10 * S));
	assert_int_equal(awake_step(&a, AWAKE_EXCHANGE, &update, 11 * S),
			 AWAKE_REST);
	assert_true(awake_may_send(&a, 11 * S));
}

static void the_window_closes_exactly(void **state)
{
	struct awake a = {0, false};

	(void)state;
	awake_step(&a, AWAKE_EXCHANGE, &update, 10 * S);
	assert_true(awake_is_open(&a, 103 * S - 1));
	assert_false(awake_is_open(&a, 103 * S));
	/* ... of the last exchange, whoever began it. */
	awake_step(&a, AWAKE_EXCHANGE, &update, 50 * S);
	assert_true(awake_is_open(&a, 143 * S - 1));
	assert_false(awake_is_open(&a, 143 * S));
}

static void heard_within_the_window_is_no_news(void **state)
{
	struct awake a = {0, false};

	(void)state;
	awake_step(&a, AWAKE_EXCHANGE, &update, 10 * S);
	assert_int_equal(awake_step(&a, AWAKE_HEARD, &update, 100 * S),
			 AWAKE_REST);
	assert_false(awake_is_open(&a, 103 * S));	/* no exchange */
	assert_int_equal(awake_step(&a, AWAKE_HEARD, &update, 103 * S),
			 AWAKE_UPDATE);
}

static void another_window_for_other_servers(void **state)
{
	struct awake a = {0, false};

	(void)state;
	awake_step(&a, AWAKE_EXCHANGE, &emqx, 10 * S);
	assert_true(awake_is_open(&a, 32 * S - 1));
	assert_false(awake_is_open(&a, 32 * S));
}

static void a_notification_wakes_where_there_is_one(void **state)
{
	struct awake a = {0, false};

	(void)state;
	assert_int_equal(awake_step(&a, AWAKE_HEARD, &notify, S),
			 AWAKE_NOTIFY);
	assert_true(awake_may_send(&a, S));
	assert_false(awake_is_open(&a, S));	/* not before its ACK */
	assert_int_equal(awake_step(&a, AWAKE_HEARD, &notify, 2 * S),
			 AWAKE_REST);
	awake_step(&a, AWAKE_EXCHANGE, &notify, 3 * S);
	assert_true(awake_is_open(&a, 95 * S));
	assert_int_equal(awake_step(&a, AWAKE_NOTHING_TO_SAY, &notify, 4 * S),
			 AWAKE_REST);
}

static void without_one_an_update_does(void **state)
{
	struct awake a = {0, false};

	(void)state;
	awake_step(&a, AWAKE_HEARD, &notify, S);
	assert_int_equal(awake_step(&a, AWAKE_NOTHING_TO_SAY, &notify, S),
			 AWAKE_UPDATE);
	assert_false(awake_may_send(&a, S));
	awake_step(&a, AWAKE_EXCHANGE, &notify, 2 * S);
	assert_true(awake_may_send(&a, 2 * S));
}

static void a_lost_registration_closes_it(void **state)
{
	struct awake a = {0, false};

	(void)state;
	awake_step(&a, AWAKE_EXCHANGE, &update, S);
	awake_step(&a, AWAKE_LOST, &update, 2 * S);
	assert_false(awake_may_send(&a, 3 * S));
	awake_step(&a, AWAKE_HEARD, &notify, 4 * S);
	awake_step(&a, AWAKE_LOST, &notify, 5 * S);
	assert_false(awake_may_send(&a, 6 * S));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(max_transmit_wait_is_computed),
		cmocka_unit_test(heard_sends_an_update_first),
		cmocka_unit_test(the_window_closes_exactly),
		cmocka_unit_test(heard_within_the_window_is_no_news),
		cmocka_unit_test(another_window_for_other_servers),
		cmocka_unit_test(a_notification_wakes_where_there_is_one),
		cmocka_unit_test(without_one_an_update_does),
		cmocka_unit_test(a_lost_registration_closes_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
