/* SPDX-License-Identifier: GPL-2.0-or-later
 * The three machines of store and forward: what each event makes of each state,
 * told as what happens to a client. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include "agent/client/forward_state.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

static enum forward_answer answer_after(const enum forward_answer_event *events,
					size_t n)
{
	enum forward_answer state = ANSWER_PROMPT;

	for (size_t i = 0; i < n; i++)
		assert_true(forward_answer_step(&state, events[i]));
	return state;
}

#define ANSWER(...)                                                            \
	answer_after((const enum forward_answer_event[]){__VA_ARGS__},         \
		     LENGTH(((const enum forward_answer_event[]){__VA_ARGS__})))

static void an_answer_in_time_leaves_nothing_behind(void **state)
{
	(void)state;
	assert_true(forward_answer_is_awaited(ANSWER(ANSWER_WAIT)));
	assert_false(forward_answer_is_late(ANSWER(ANSWER_WAIT)));
	assert_int_equal(ANSWER(ANSWER_WAIT, ANSWER_CAME), ANSWER_PROMPT);
}

static void after_a_late_answer_values_count_until_one_is_in_time(void **state)
{
	(void)state;
	assert_int_equal(ANSWER(ANSWER_WAIT, ANSWER_TIMEOUT), ANSWER_OVERDUE);
	assert_int_equal(ANSWER(ANSWER_WAIT, ANSWER_TIMEOUT, ANSWER_CAME),
			 ANSWER_LATE);
	assert_true(forward_answer_is_late(ANSWER(ANSWER_WAIT, ANSWER_TIMEOUT,
			ANSWER_CAME, ANSWER_WAIT)));
	assert_int_equal(ANSWER(ANSWER_WAIT, ANSWER_TIMEOUT, ANSWER_CAME,
				ANSWER_WAIT, ANSWER_CAME), ANSWER_PROMPT);
}

static void time_is_up_only_where_an_answer_is_awaited(void **state)
{
	static const enum forward_answer at[] = {ANSWER_PROMPT, ANSWER_OVERDUE,
						 ANSWER_LATE};

	(void)state;
	for (size_t i = 0; i < LENGTH(at); i++) {
		enum forward_answer now = at[i];

		assert_false(forward_answer_step(&now, ANSWER_TIMEOUT));
		assert_int_equal(now, at[i]);
	}
}

static void who_awaits_an_answer_does_not_begin_anew(void **state)
{
	static const enum forward_answer at[] = {
		ANSWER_AWAITED, ANSWER_OVERDUE, ANSWER_AWAITED_AGAIN};

	(void)state;
	for (size_t i = 0; i < LENGTH(at); i++) {
		enum forward_answer now = at[i];

		assert_false(forward_answer_step(&now, ANSWER_WAIT));
		assert_int_equal(now, at[i]);
	}
}

static void a_decision_ends_every_wait(void **state)
{
	static const enum forward_answer all[] = {
		ANSWER_PROMPT, ANSWER_AWAITED, ANSWER_OVERDUE, ANSWER_LATE,
		ANSWER_AWAITED_AGAIN};

	(void)state;
	for (size_t i = 0; i < LENGTH(all); i++) {
		enum forward_answer at = all[i];

		assert_true(forward_answer_step(&at, ANSWER_DECIDED));
		assert_int_equal(at, ANSWER_PROMPT);
	}
}

static void what_comes_behind_counts_without_ending_the_wait(void **state)
{
	(void)state;
	assert_int_equal(ANSWER(ANSWER_WAIT, ANSWER_BEHIND),
			 ANSWER_AWAITED_AGAIN);
	assert_true(forward_answer_is_awaited(ANSWER_AWAITED_AGAIN));
	assert_int_equal(ANSWER(ANSWER_WAIT, ANSWER_TIMEOUT, ANSWER_BEHIND),
			 ANSWER_OVERDUE);
}

static enum forward_delivery
delivery_after(const enum forward_delivery_event *events, size_t n)
{
	enum forward_delivery state = DELIVERY_NONE;

	for (size_t i = 0; i < n; i++)
		assert_true(forward_delivery_step(&state, events[i]));
	return state;
}

#define DELIVERY(...)                                                          \
	delivery_after((const enum forward_delivery_event[]){__VA_ARGS__},     \
		       LENGTH(((const enum forward_delivery_event[]){         \
				__VA_ARGS__})))

static void a_payload_goes_out_and_ends(void **state)
{
	(void)state;
	assert_true(forward_delivery_is_queued(DELIVERY(DELIVERY_QUEUE)));
	assert_int_equal(DELIVERY(DELIVERY_QUEUE, DELIVERY_UNQUEUE,
				  DELIVERY_SENT), DELIVERY_SEND);
	assert_int_equal(DELIVERY(DELIVERY_QUEUE, DELIVERY_UNQUEUE,
				  DELIVERY_TOLD), DELIVERY_NOTIFICATION);
	assert_true(forward_delivery_is_out(DELIVERY_NOTIFICATION));
	assert_int_equal(DELIVERY(DELIVERY_SENT, DELIVERY_ENDED),
			 DELIVERY_NONE);
}

static void delivery_refuses(enum forward_delivery from,
			     enum forward_delivery_event event)
{
	enum forward_delivery at = from;

	assert_false(forward_delivery_step(&at, event));
	assert_int_equal(at, from);
}

static void only_who_is_not_out_or_in_line_gets_in_line(void **state)
{
	static const enum forward_delivery not[] = {
		DELIVERY_QUEUED, DELIVERY_QUEUED_OWED, DELIVERY_SEND,
		DELIVERY_NOTIFICATION};

	(void)state;
	for (size_t i = 0; i < LENGTH(not); i++)
		delivery_refuses(not[i], DELIVERY_QUEUE);
}

static void only_who_is_in_line_leaves_it(void **state)
{
	static const enum forward_delivery not[] = {
		DELIVERY_NONE, DELIVERY_OWED, DELIVERY_SEND,
		DELIVERY_NOTIFICATION};

	(void)state;
	for (size_t i = 0; i < LENGTH(not); i++)
		delivery_refuses(not[i], DELIVERY_UNQUEUE);
}

static void one_payload_is_out_at_a_time(void **state)
{
	static const enum forward_delivery not[] = {
		DELIVERY_QUEUED, DELIVERY_QUEUED_OWED, DELIVERY_SEND,
		DELIVERY_NOTIFICATION};

	(void)state;
	for (size_t i = 0; i < LENGTH(not); i++) {
		delivery_refuses(not[i], DELIVERY_SENT);
		delivery_refuses(not[i], DELIVERY_TOLD);
	}
}

static void after_a_notification_the_history_has_the_turn(void **state)
{
	(void)state;
	assert_int_equal(DELIVERY(DELIVERY_NOTIFIED, DELIVERY_QUEUE),
			 DELIVERY_QUEUED_OWED);
	assert_int_equal(DELIVERY(DELIVERY_QUEUE, DELIVERY_NOTIFIED),
			 DELIVERY_QUEUED_OWED);
	/* One that could not go keeps it, one that went has had it. */
	assert_int_equal(DELIVERY(DELIVERY_NOTIFIED, DELIVERY_QUEUE,
				  DELIVERY_UNQUEUE, DELIVERY_QUEUE),
			 DELIVERY_QUEUED_OWED);
	assert_int_equal(DELIVERY(DELIVERY_NOTIFIED, DELIVERY_SENT,
				  DELIVERY_ENDED, DELIVERY_QUEUE),
			 DELIVERY_QUEUED);
}

static void a_lost_connection_leaves_it_in_line(void **state)
{
	(void)state;
	assert_int_equal(DELIVERY(DELIVERY_QUEUE, DELIVERY_ENDED),
			 DELIVERY_QUEUED);
	assert_int_equal(DELIVERY(DELIVERY_NOTIFIED, DELIVERY_ENDED),
			 DELIVERY_OWED);
}

static void the_log_is_read_in_sweeps(void **state)
{
	enum forward_place at = PLACE_MEMORY;

	(void)state;
	assert_false(forward_place_step(&at, PLACE_SKIPPED));
	assert_int_equal(at, PLACE_MEMORY);	/* none of its are there */
	assert_true(forward_place_step(&at, PLACE_LOGGED));
	assert_int_equal(at, PLACE_LOG);
	assert_false(forward_place_step(&at, PLACE_LOGGED));
	assert_true(forward_place_step(&at, PLACE_SKIPPED));
	assert_true(forward_place_step(&at, PLACE_SWEPT));
	assert_int_equal(at, PLACE_PASSED);	/* they are there still */
	assert_false(forward_place_step(&at, PLACE_LOGGED));
	assert_false(forward_place_step(&at, PLACE_SKIPPED));
	assert_int_equal(at, PLACE_PASSED);
	assert_true(forward_place_step(&at, PLACE_SWEEP));
	assert_int_equal(at, PLACE_LOG);
	assert_true(forward_place_step(&at, PLACE_SWEPT));
	assert_int_equal(at, PLACE_MEMORY);
	assert_true(forward_place_step(&at, PLACE_EVICTED));
	assert_int_equal(at, PLACE_PASSED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_in_time_leaves_nothing_behind),
		cmocka_unit_test(
			after_a_late_answer_values_count_until_one_is_in_time),
		cmocka_unit_test(time_is_up_only_where_an_answer_is_awaited),
		cmocka_unit_test(who_awaits_an_answer_does_not_begin_anew),
		cmocka_unit_test(a_decision_ends_every_wait),
		cmocka_unit_test(
			what_comes_behind_counts_without_ending_the_wait),
		cmocka_unit_test(a_payload_goes_out_and_ends),
		cmocka_unit_test(only_who_is_not_out_or_in_line_gets_in_line),
		cmocka_unit_test(only_who_is_in_line_leaves_it),
		cmocka_unit_test(one_payload_is_out_at_a_time),
		cmocka_unit_test(after_a_notification_the_history_has_the_turn),
		cmocka_unit_test(a_lost_connection_leaves_it_in_line),
		cmocka_unit_test(the_log_is_read_in_sweeps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
