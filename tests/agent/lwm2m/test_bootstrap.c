/* SPDX-License-Identifier: GPL-2.0-or-later
 * The bootstrap machine in virtual time: each case is a list of steps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "agent/lwm2m/bootstrap.h"
#include "agent/lwm2m/request.h"

#define S INT64_C(1000000000)
#define EXCHANGE 247
#define LINGER 10

static const struct bootstrap_policy plain = {
	.retry_timer = 60, .retry_most = 3600,
};

static const struct step {
	int at;				/* s */
	enum bootstrap_event event;
	uint8_t code;
	const char *does;		/* words of the action */
	enum bootstrap_state state;
} client_initiated[] = {
	{0, BOOTSTRAP_START, 0, "ask", BOOTSTRAP_ASKING},
	{1, BOOTSTRAP_ANSWER, CODE(2, 4), "open", BOOTSTRAP_OPEN},
	{2, BOOTSTRAP_REQUESTED, 0, "", BOOTSTRAP_OPEN},
	{3, BOOTSTRAP_FINISHED, 0, "apply", BOOTSTRAP_IDLE},
	{3 + LINGER - 1, BOOTSTRAP_TIMER, 0, "", BOOTSTRAP_IDLE},
	{3 + LINGER, BOOTSTRAP_TIMER, 0, "close", BOOTSTRAP_IDLE},
}, write_overtakes_answer[] = {
	{0, BOOTSTRAP_START, 0, "ask", BOOTSTRAP_ASKING},
	{1, BOOTSTRAP_REQUESTED, 0, "open", BOOTSTRAP_OPEN},
	{2, BOOTSTRAP_ANSWER, CODE(2, 4), "", BOOTSTRAP_OPEN},
	{2, BOOTSTRAP_FINISHED, 0, "apply", BOOTSTRAP_IDLE},
}, answer_is_lost[] = {
	{0, BOOTSTRAP_START, 0, "ask", BOOTSTRAP_ASKING},
	{1, BOOTSTRAP_REQUESTED, 0, "open", BOOTSTRAP_OPEN},
	{93, BOOTSTRAP_LOST, 0, "", BOOTSTRAP_OPEN},
	{94, BOOTSTRAP_FINISHED, 0, "apply", BOOTSTRAP_IDLE},
}, no_finish[] = {
	{0, BOOTSTRAP_START, 0, "ask", BOOTSTRAP_ASKING},
	{1, BOOTSTRAP_ANSWER, CODE(2, 4), "open", BOOTSTRAP_OPEN},
	{100, BOOTSTRAP_REQUESTED, 0, "", BOOTSTRAP_OPEN},
	{1 + EXCHANGE, BOOTSTRAP_TIMER, 0, "", BOOTSTRAP_OPEN},
	{100 + EXCHANGE, BOOTSTRAP_TIMER, 0, "drop close failed",
	 BOOTSTRAP_WAITING},
	{100 + EXCHANGE + 72, BOOTSTRAP_TIMER, 0, "ask", BOOTSTRAP_ASKING},
}, unknown_endpoint[] = {
	{0, BOOTSTRAP_START, 0, "ask", BOOTSTRAP_ASKING},
	{1, BOOTSTRAP_ANSWER, CODE(4, 0), "close failed", BOOTSTRAP_WAITING},
	{2, BOOTSTRAP_TRIGGER, 0, "ask", BOOTSTRAP_ASKING},
}, unknown_format[] = {
	{0, BOOTSTRAP_START, 0, "ask", BOOTSTRAP_ASKING},
	{1, BOOTSTRAP_ANSWER, CODE(4, 15), "ask", BOOTSTRAP_ASKING},
	{2, BOOTSTRAP_ANSWER, CODE(4, 15), "close failed", BOOTSTRAP_WAITING},
}, inconsistent[] = {
	{0, BOOTSTRAP_START, 0, "ask", BOOTSTRAP_ASKING},
	{1, BOOTSTRAP_ANSWER, CODE(2, 4), "open", BOOTSTRAP_OPEN},
	{2, BOOTSTRAP_REFUSED, 0, "drop failed", BOOTSTRAP_WAITING},
	/* it may put it right at once */
	{3, BOOTSTRAP_REQUESTED, 0, "open", BOOTSTRAP_OPEN},
	{4, BOOTSTRAP_FINISHED, 0, "apply", BOOTSTRAP_IDLE},
}, triggered[] = {
	{0, BOOTSTRAP_REST, 0, "", BOOTSTRAP_IDLE},
	{9, BOOTSTRAP_TRIGGER, 0, "ask", BOOTSTRAP_ASKING},
	{9, BOOTSTRAP_TRIGGER, 0, "", BOOTSTRAP_ASKING},
	{10, BOOTSTRAP_ANSWER, CODE(2, 4), "open", BOOTSTRAP_OPEN},
	{10, BOOTSTRAP_TRIGGER, 0, "", BOOTSTRAP_OPEN},
	{11, BOOTSTRAP_FINISHED, 0, "apply", BOOTSTRAP_IDLE},
	/* the line is still there: what the server writes is heard */
	{20, BOOTSTRAP_REQUESTED, 0, "open", BOOTSTRAP_OPEN},
	{21, BOOTSTRAP_FINISHED, 0, "apply", BOOTSTRAP_IDLE},
}, triggered_in_vain[] = {
	{0, BOOTSTRAP_REST, 0, "", BOOTSTRAP_IDLE},
	{0, BOOTSTRAP_TRIGGER, 0, "ask", BOOTSTRAP_ASKING},
	{93, BOOTSTRAP_LOST, 0, "close failed", BOOTSTRAP_WAITING},
	{93 + 72, BOOTSTRAP_TIMER, 0, "ask", BOOTSTRAP_ASKING},
	{300, BOOTSTRAP_LOST, 0, "close failed", BOOTSTRAP_WAITING},
	{300 + 144, BOOTSTRAP_TIMER, 0, "ask", BOOTSTRAP_ASKING},
	{600, BOOTSTRAP_LOST, 0, "close failed", BOOTSTRAP_IDLE},
	{601, BOOTSTRAP_TRIGGER, 0, "ask", BOOTSTRAP_ASKING},
}, strangers[] = {
	{0, BOOTSTRAP_REQUESTED, 0, "refuse", BOOTSTRAP_OFF},
	{0, BOOTSTRAP_FINISHED, 0, "refuse", BOOTSTRAP_OFF},
	{0, BOOTSTRAP_TRIGGER, 0, "", BOOTSTRAP_OFF},
	{0, BOOTSTRAP_REST, 0, "", BOOTSTRAP_IDLE},
	{0, BOOTSTRAP_FINISHED, 0, "refuse", BOOTSTRAP_IDLE},
	{0, BOOTSTRAP_REFUSED, 0, "", BOOTSTRAP_IDLE},
	{0, BOOTSTRAP_ANSWER, CODE(2, 4), "", BOOTSTRAP_IDLE},
}, broken[] = {
	{0, BOOTSTRAP_START, 0, "ask", BOOTSTRAP_ASKING},
	{1, BOOTSTRAP_BROKEN, 0, "close failed", BOOTSTRAP_WAITING},
	{2, BOOTSTRAP_TRIGGER, 0, "ask", BOOTSTRAP_ASKING},
	{3, BOOTSTRAP_ANSWER, CODE(2, 4), "open", BOOTSTRAP_OPEN},
	{4, BOOTSTRAP_BROKEN, 0, "drop close failed", BOOTSTRAP_WAITING},
	{5, BOOTSTRAP_TRIGGER, 0, "ask", BOOTSTRAP_ASKING},
	{5, BOOTSTRAP_ANSWER, CODE(2, 4), "open", BOOTSTRAP_OPEN},
	{5, BOOTSTRAP_FINISHED, 0, "apply", BOOTSTRAP_IDLE},
	{6, BOOTSTRAP_BROKEN, 0, "close", BOOTSTRAP_IDLE},
	{5 + LINGER, BOOTSTRAP_TIMER, 0, "", BOOTSTRAP_IDLE},
}, stopped[] = {
	{0, BOOTSTRAP_START, 0, "ask", BOOTSTRAP_ASKING},
	{1, BOOTSTRAP_ANSWER, CODE(2, 4), "open", BOOTSTRAP_OPEN},
	{2, BOOTSTRAP_STOP, 0, "drop close", BOOTSTRAP_OFF},
	{3, BOOTSTRAP_TIMER, 0, "", BOOTSTRAP_OFF},
};

static const char *words(struct bootstrap_action a)
{
	static char text[80];
	const struct { bool is; const char *name; } all[] = {
		{a.ask, "ask"}, {a.open, "open"}, {a.drop, "drop"},
		{a.apply, "apply"}, {a.close, "close"}, {a.purge, "purge"},
		{a.refuse, "refuse"}, {a.failed, "failed"},
	};

	text[0] = '\0';
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (all[i].is)
			snprintf(text + strlen(text), sizeof(text) -
				 strlen(text), "%s%s", *text ? " " : "",
				 all[i].name);
	return text;
}

static void play(const struct step *steps, size_t n)
{
	struct bootstrap b;

	bootstrap_init(&b, "ep");
	for (size_t i = 0; i < n; i++) {
		const char *does = words(bootstrap_step(&b, steps[i].event,
			steps[i].code, 0, &plain, steps[i].at * S));

		if (strcmp(does, steps[i].does) || b.state != steps[i].state)
			fail_msg("step %zu: \"%s\", %s", i, does,
				 bootstrap_state_name((enum bootstrap_state)
						      b.state));
	}
}

#define PLAY(steps) play(steps, sizeof(steps) / sizeof((steps)[0]))

static void test_dialogues(void **state)
{
	(void)state;
	PLAY(client_initiated);
	PLAY(write_overtakes_answer);
	PLAY(answer_is_lost);
	PLAY(no_finish);
	PLAY(unknown_endpoint);
	PLAY(unknown_format);
	PLAY(inconsistent);
	PLAY(triggered);
	PLAY(triggered_in_vain);
	PLAY(strangers);
	PLAY(broken);
	PLAY(stopped);
}

static struct bootstrap begin(const struct bootstrap_policy *policy,
			      int64_t spread)
{
	struct bootstrap b;

	bootstrap_init(&b, "ep");
	bootstrap_step(&b, BOOTSTRAP_START, 0, spread, policy, 0);
	return b;
}

static void test_hold_off(void **state)
{
	struct bootstrap_policy policy = plain;
	struct bootstrap b;

	(void)state;
	policy.hold_off = 30;
	b = begin(&policy, 0);
	assert_int_equal(b.state, BOOTSTRAP_HOLDING);
	assert_int_equal(b.next, 30 * S);
	assert_string_equal(words(bootstrap_step(&b, BOOTSTRAP_TIMER, 0, 0,
				  &policy, 30 * S - 1)), "");
	assert_string_equal(words(bootstrap_step(&b, BOOTSTRAP_TIMER, 0, 0,
				  &policy, 30 * S)), "ask");
}

/* Ten thousand endpoints do not ask at once. */
static void test_window(void **state)
{
	struct bootstrap_policy policy = plain;
	struct bootstrap b;
	int64_t least = INT64_MAX, most = 0;

	(void)state;
	policy.hold_off = 5;
	for (int i = 0; i < 1000; i++) {
		char name[16];

		snprintf(name, sizeof(name), "meter-%d", i);
		bootstrap_init(&b, name);
		bootstrap_step(&b, BOOTSTRAP_START, 0, 100 * S, &policy, 0);
		least = b.next < least ? b.next : least;
		most = b.next > most ? b.next : most;
	}
	assert_in_range(least, 5 * S, 7 * S);
	assert_in_range(most, 103 * S, 105 * S);
}

/* 60 s, doubled up to an hour, a fifth to either side, for ever. */
static void test_back_off(void **state)
{
	static const int waits[] = {60, 120, 240, 480, 960, 1920, 3600, 3600};
	struct bootstrap b = begin(&plain, 0);
	int64_t now = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
		int64_t wait;

		bootstrap_step(&b, BOOTSTRAP_LOST, 0, 0, &plain, now);
		assert_int_equal(b.state, BOOTSTRAP_WAITING);
		wait = b.next - now;
		assert_in_range(wait, waits[i] * S * 4 / 5,
				waits[i] * S * 6 / 5);
		now = b.next;
		assert_string_equal(words(bootstrap_step(&b, BOOTSTRAP_TIMER,
					  0, 0, &plain, now)), "ask");
	}
	for (int i = 0; i < 300; i++) {
		bootstrap_step(&b, BOOTSTRAP_LOST, 0, 0, &plain, now);
		assert_int_equal(b.state, BOOTSTRAP_WAITING);
		bootstrap_step(&b, BOOTSTRAP_TIMER, 0, 0, &plain, b.next);
	}
}

/* RFC 7252 5.9.3.4, RFC 8516: a busy server says when it has time; that is no
 * failure, and said of one answer only. */
static void test_waits_as_long_as_it_is_asked_to(void **state)
{
	struct bootstrap b;

	(void)state;
	bootstrap_init(&b, "tested");
	bootstrap_step(&b, BOOTSTRAP_START, 0, 0, &plain, 0);
	for (int i = 0; i < 5; i++) {
		b.asked_wait = 300;
		bootstrap_step(&b, BOOTSTRAP_ANSWER, CODE(5, 3), 0, &plain, S);
		assert_int_equal(b.state, BOOTSTRAP_WAITING);
		assert_int_equal(b.attempt, 0);
		assert_in_range(b.next, 301 * S, 361 * S);
		bootstrap_step(&b, BOOTSTRAP_TIMER, 0, 0, &plain, b.next);
	}
	bootstrap_step(&b, BOOTSTRAP_ANSWER, CODE(5, 3), 0, &plain, S);
	assert_int_equal(b.attempt, 1);
	assert_in_range(b.next, 49 * S, 73 * S);
}

static void test_account_runs_out(void **state)
{
	struct bootstrap_policy policy = plain;
	struct bootstrap b;

	(void)state;
	policy.account_timeout = 1000;
	b = begin(&policy, 0);
	bootstrap_step(&b, BOOTSTRAP_ANSWER, CODE(2, 4), 0, &policy, S);
	bootstrap_step(&b, BOOTSTRAP_FINISHED, 0, 0, &policy, 2 * S);
	assert_int_equal(b.next, 12 * S);
	assert_string_equal(words(bootstrap_step(&b, BOOTSTRAP_TIMER, 0, 0,
				  &policy, 12 * S)), "close");
	assert_int_equal(b.next, 1002 * S);
	assert_string_equal(words(bootstrap_step(&b, BOOTSTRAP_TIMER, 0, 0,
				  &policy, 1002 * S)), "purge");
	assert_int_equal(b.state, BOOTSTRAP_OFF);
	assert_int_equal(b.next, INT64_MAX);
	assert_string_equal(words(bootstrap_step(&b, BOOTSTRAP_TRIGGER, 0, 0,
				  &policy, 1003 * S)), "");
}

/* Whatever was written, a bootstrap server is not stormed. */
static void test_retries_have_a_floor(void **state)
{
	static const struct bootstrap_policy zeros = {.retry_timer = 0};
	struct bootstrap b = begin(&zeros, 0);
	int64_t now = 0;

	(void)state;
	for (int i = 0; i < 10; i++) {
		bootstrap_step(&b, BOOTSTRAP_ANSWER, CODE(4, 0), 0, &zeros, now);
		assert_true(b.next >= now + S);
		now = b.next;
		bootstrap_step(&b, BOOTSTRAP_TIMER, 0, 0, &zeros, now);
	}
}

static void test_unsolicited(void **state)
{
	struct bootstrap_policy policy = plain;
	struct bootstrap b;

	(void)state;
	policy.unsolicited = true;
	b = begin(&policy, 0);
	bootstrap_step(&b, BOOTSTRAP_ANSWER, CODE(2, 4), 0, &policy, S);
	bootstrap_step(&b, BOOTSTRAP_FINISHED, 0, 0, &policy, 2 * S);
	assert_int_equal(b.next, INT64_MAX);	/* the line stays */
	assert_string_equal(words(bootstrap_step(&b, BOOTSTRAP_REQUESTED, 0, 0,
				  &policy, 86400 * S)), "open");
	assert_string_equal(words(bootstrap_step(&b, BOOTSTRAP_FINISHED, 0, 0,
				  &policy, 86401 * S)), "apply");
}

/* Whatever a server was about to do. */
static void test_smart_card(void **state)
{
	struct bootstrap_policy policy = plain;
	struct bootstrap b;

	(void)state;
	policy.account_timeout = 1000;
	policy.hold_off = 5;
	b = begin(&plain, 0);
	assert_string_equal(words(bootstrap_step(&b, BOOTSTRAP_PROVIDED, 1, 0,
				  &policy, S)), "apply close");
	assert_int_equal(b.state, BOOTSTRAP_IDLE);
	assert_false(b.needed);
	assert_int_equal(b.next, 1001 * S);
	/* a bootstrap server alone is asked after its hold-off */
	assert_string_equal(words(bootstrap_step(&b, BOOTSTRAP_PROVIDED, 0, 0,
				  &policy, 2 * S)), "apply");
	assert_int_equal(b.state, BOOTSTRAP_HOLDING);
	assert_int_equal(b.next, 7 * S);
	assert_string_equal(words(bootstrap_step(&b, BOOTSTRAP_TIMER, 0, 0,
				  &policy, 7 * S)), "ask");
	bootstrap_step(&b, BOOTSTRAP_ANSWER, CODE(2, 4), 0, &policy, 8 * S);
	assert_string_equal(words(bootstrap_step(&b, BOOTSTRAP_PROVIDED, 1, 0,
				  &policy, 9 * S)), "drop apply close");
	bootstrap_step(&b, BOOTSTRAP_STOP, 0, 0, &policy, 10 * S);
	assert_string_equal(words(bootstrap_step(&b, BOOTSTRAP_PROVIDED, 1, 0,
				  &policy, 11 * S)), "apply");
	assert_int_equal(b.state, BOOTSTRAP_OFF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dialogues),
		cmocka_unit_test(test_hold_off),
		cmocka_unit_test(test_window),
		cmocka_unit_test(test_back_off),
		cmocka_unit_test(test_waits_as_long_as_it_is_asked_to),
		cmocka_unit_test(test_account_runs_out),
		cmocka_unit_test(test_retries_have_a_floor),
		cmocka_unit_test(test_unsolicited),
		cmocka_unit_test(test_smart_card),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
