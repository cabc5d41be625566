/* SPDX-License-Identifier: GPL-2.0-or-later
 * Every transition of a device's life, in virtual seconds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "agent/lwm2m/liveness.h"

#define S INT64_C(1000000000)

/* One step: at `at` s the event; then the state, and whether it is news. */
struct step {
	int64_t at;
	enum liveness_event event;
	enum liveness_state state;
	bool changed;
};

/* Polled, three misses decide. */
static const struct liveness_rules plain = {.polled = true, .awake = 93 * S};
/* Polled, a time decides. */
static const struct liveness_rules timed = {.polled = true, .awake = 93 * S,
					    .silent_after = 30 * S};
/* A radio that is only listened to, every 10 min. */
static const struct liveness_rules radio = {.queue = true, .awake = 93 * S,
					    .silent_after = 1800 * S};
/* On a wire, but it sleeps. */
static const struct liveness_rules sleeper = {
	.queue = true, .polled = true, .awake = 93 * S,
	.silent_after = 1800 * S};

static void play(const struct liveness_rules *rules, const struct step *steps,
		 size_t n)
{
	struct liveness l;
	bool changed;

	liveness_init(&l, rules, 0);
	assert_int_equal(l.state, LIVENESS_UNKNOWN);
	for (size_t i = 0; i < n; i++) {
		changed = liveness_step(&l, steps[i].event, rules,
					steps[i].at * S);
		if (l.state != steps[i].state || changed != steps[i].changed)
			fail_msg("step %zu at %lld s: %s%s", i,
				 (long long)steps[i].at,
				 liveness_state_name(
					 (enum liveness_state)l.state),
				 changed ? ", changed" : "");
	}
}
#define PLAY(rules_, ...) do { \
	static const struct step steps_[] = {__VA_ARGS__}; \
	play(&rules_, steps_, sizeof(steps_) / sizeof(*steps_)); \
} while (0)
#define HEARD LIVENESS_HEARD
#define MISS LIVENESS_MISS
#define TIMER LIVENESS_TIMER
#define UNKNOWN LIVENESS_UNKNOWN
#define ONLINE LIVENESS_ONLINE
#define ASLEEP LIVENESS_ASLEEP
#define SILENT LIVENESS_SILENT

static void three_misses_make_a_polled_device_silent(void **state)
{
	(void)state;
	PLAY(plain, {1, HEARD, ONLINE, true}, {2, HEARD, ONLINE, false},
	     {3, MISS, ONLINE, false}, {4, MISS, ONLINE, false},
	     {5, HEARD, ONLINE, false}, {6, MISS, ONLINE, false},
	     {7, MISS, ONLINE, false}, {8, MISS, SILENT, true},
	     {9, MISS, SILENT, false}, {10, HEARD, ONLINE, true});
	/* Its clock alone never does. */
	PLAY(plain, {1, HEARD, ONLINE, true},
	     {1000000, TIMER, ONLINE, false});
}

static void who_never_answers_becomes_silent_too(void **state)
{
	(void)state;
	PLAY(plain, {1, MISS, UNKNOWN, false}, {2, MISS, UNKNOWN, false},
	     {3, MISS, SILENT, true}, {4, HEARD, ONLINE, true});
	PLAY(radio, {1799, TIMER, UNKNOWN, false},
	     {1800, TIMER, SILENT, true});
}

static void silent_after_decides_where_it_is_given(void **state)
{
	(void)state;
	PLAY(timed, {1, HEARD, ONLINE, true}, {10, MISS, ONLINE, false},
	     {12, MISS, ONLINE, false}, {20, MISS, ONLINE, false},
	     {30, TIMER, ONLINE, false}, {31, TIMER, SILENT, true},
	     {40, HEARD, ONLINE, true});
	/* The miss itself may come after the time. */
	PLAY(timed, {1, HEARD, ONLINE, true}, {50, TIMER, ONLINE, false},
	     {60, MISS, SILENT, true});
}

static void a_rare_poll_is_no_silence(void **state)
{
	(void)state;
	PLAY(timed, {1, HEARD, ONLINE, true}, {100, TIMER, ONLINE, false},
	     {101, HEARD, ONLINE, false}, {200, TIMER, ONLINE, false});
}

static void a_radio_sleeps_between_its_signs(void **state)
{
	(void)state;
	PLAY(radio, {5, HEARD, ONLINE, true}, {97, TIMER, ONLINE, false},
	     {98, TIMER, ASLEEP, true}, {605, HEARD, ONLINE, true},
	     {650, HEARD, ONLINE, false}, {698, TIMER, ONLINE, false},
	     {743, TIMER, ASLEEP, true}, {2449, TIMER, ASLEEP, false},
	     {2450, TIMER, SILENT, true}, {9999, HEARD, ONLINE, true});
}

static void a_sleeper_that_misses_polls_is_asleep_not_silent(void **state)
{
	(void)state;
	PLAY(sleeper, {1, MISS, UNKNOWN, false}, {2, MISS, UNKNOWN, false},
	     {3, MISS, UNKNOWN, false}, {9, HEARD, ONLINE, true},
	     {19, MISS, ASLEEP, true}, {29, MISS, ASLEEP, false},
	     {609, HEARD, ONLINE, true}, {619, MISS, ASLEEP, true},
	     {2408, MISS, ASLEEP, false}, {2409, TIMER, SILENT, true},
	     {2500, MISS, SILENT, false}, {2600, HEARD, ONLINE, true});
}

static void one_that_always_answers_is_simply_awake(void **state)
{
	struct liveness l;

	(void)state;
	liveness_init(&l, &sleeper, 0);
	for (int64_t t = 1; t < 100000; t += 10) {
		assert_int_equal(liveness_step(&l, HEARD, &sleeper, t * S),
				 t == 1);
		if (l.due <= t * S + 5 * S)
			assert_false(liveness_step(&l, TIMER, &sleeper,
						   t * S + 5 * S));
	}
}

static void due_is_never_late(void **state)
{
	struct liveness l;

	(void)state;
	liveness_init(&l, &radio, 0);
	assert_true(l.due == 1800 * S);
	liveness_step(&l, HEARD, &radio, 10 * S);
	assert_true(l.due == 103 * S);
	liveness_step(&l, HEARD, &radio, 50 * S);
	assert_true(l.due <= 143 * S);
	liveness_step(&l, TIMER, &radio, l.due);
	assert_int_equal(l.state, ONLINE);
	assert_true(l.due == 143 * S);
	liveness_step(&l, TIMER, &radio, 143 * S);
	assert_int_equal(l.state, ASLEEP);
	assert_true(l.due == 1850 * S);
	liveness_step(&l, TIMER, &radio, 1850 * S);
	assert_int_equal(l.state, SILENT);
	assert_true(l.due == LIVENESS_NEVER);
	/* Those that need no clock have none. */
	liveness_init(&l, &plain, 0);
	liveness_step(&l, HEARD, &plain, S);
	assert_true(l.due == LIVENESS_NEVER);
}

static const struct liveness_rhythm none;

static void a_restart_takes_up_where_it_was(void **state)
{
	struct liveness l;

	(void)state;
	/* Heard 100 s before this clock began. */
	liveness_restore(&l, &radio, -100 * S, &none, 0);
	assert_int_equal(l.state, ASLEEP);
	assert_true(l.due == 1700 * S);
	liveness_step(&l, TIMER, &radio, 1700 * S);
	assert_int_equal(l.state, SILENT);
	liveness_restore(&l, &radio, -100 * S, &none, 0);
	assert_true(liveness_step(&l, HEARD, &radio, 5 * S));
	assert_int_equal(l.state, ONLINE);
}

/* A radio that is only listened to, and given no time. */
static const struct liveness_rules learner = {
	.queue = true, .learns = true, .awake = 93 * S,
	.silent_after = 6 * 3600 * S};

/* Heard each `step` s from `from` to `to`; the last time. */
static int64_t heard_each(struct liveness *l, int64_t from, int64_t to,
			  int64_t step)
{
	int64_t t;

	for (t = from; t <= to; t += step)
		liveness_step(l, HEARD, &learner, t * S);
	return t - step;
}

/* How long after its last sign it counts as silent, s. */
static int64_t patience_of(struct liveness l)
{
	int64_t from = l.listens > l.seen ? l.listens : l.seen, at = from;

	while (l.state != LIVENESS_SILENT) {
		at = l.due;
		liveness_step(&l, TIMER, &learner, at);
	}
	return (at - from) / S;
}

static void a_rhythm_is_learnt(void **state)
{
	struct liveness l;
	int64_t last;

	(void)state;
	liveness_init(&l, &learner, 0);
	assert_int_equal(patience_of(l), 6 * 3600);
	heard_each(&l, 600, 4200, 600);
	assert_int_equal(patience_of(l), 6 * 3600);
	last = heard_each(&l, 4800, 4800, 600);
	assert_int_equal(patience_of(l), 1800);
	assert_true(l.due <= (last + 1800) * S);
	liveness_step(&l, TIMER, &learner, (last + 1799) * S);
	assert_int_equal(l.state, ASLEEP);
	assert_true(liveness_step(&l, TIMER, &learner, (last + 1800) * S));
	assert_int_equal(l.state, SILENT);
	/* one that sends all the time has 15 min */
	liveness_init(&l, &learner, 0);
	heard_each(&l, 1, 7200, 2);
	assert_int_equal(patience_of(l), 900);
	/* ... and a slow one no more than it had */
	liveness_init(&l, &learner, 0);
	heard_each(&l, 1, 10 * 4 * 3600, 4 * 3600);
	assert_int_equal(patience_of(l), 6 * 3600);
}

/* Openings of a door: eight within a minute are no rhythm. */
static void a_burst_is_no_rhythm(void **state)
{
	struct liveness l;

	(void)state;
	liveness_init(&l, &learner, 0);
	heard_each(&l, 100, 160, 5);
	assert_int_equal(patience_of(l), 6 * 3600);
	heard_each(&l, 5000, 5010, 5);
	assert_int_equal(patience_of(l), 3 * 4840);
}

/* What lives after all has a slower rhythm than it seemed; and the gap of one
 * bad hour is forgotten after a day or two. */
static void a_silence_that_ends_teaches(void **state)
{
	struct liveness l;

	(void)state;
	liveness_init(&l, &learner, 0);
	heard_each(&l, 60, 7200, 60);
	assert_int_equal(patience_of(l), 900);
	liveness_step(&l, TIMER, &learner, 8100 * S);
	assert_int_equal(l.state, SILENT);
	heard_each(&l, 10800, 10800, 60);
	assert_int_equal(l.state, ONLINE);
	assert_int_equal(patience_of(l), 3 * 3600);
	heard_each(&l, 10860, 86400 + 10800, 60);
	assert_int_equal(patience_of(l), 3 * 3600);
	heard_each(&l, 86400 + 10860, 2 * 86400 + 10800, 60);
	assert_int_equal(patience_of(l), 900);
}

static void a_restart_is_no_gap_of_the_device(void **state)
{
	struct liveness l;

	(void)state;
	liveness_restore(&l, &learner, -5 * 3600 * S, &none, 0);
	heard_each(&l, 60, 7200, 60);
	assert_int_equal(patience_of(l), 900);
}

static void a_rhythm_outlasts_a_restart(void **state)
{
	struct liveness_rhythm rhythm, wrong = {.longest = 4000000000u,
						.signs = 9, .window = 5000};
	struct liveness l;

	(void)state;
	liveness_init(&l, &learner, 0);
	heard_each(&l, 600, 7200, 600);
	rhythm = l.rhythm;
	assert_int_equal(patience_of(l), 1800);
	/* Two hours later, which nobody listened for: it has its time. */
	liveness_restore(&l, &learner, 7200 * S, &rhythm, 14400 * S);
	assert_int_equal(patience_of(l), 1800);
	assert_true(l.due > 14400 * S);
	assert_false(liveness_step(&l, TIMER, &learner, 16199 * S));
	assert_true(liveness_step(&l, TIMER, &learner, 16200 * S));
	assert_int_equal(l.state, SILENT);
	/* The gap of the restart is not its own, the next one is. */
	liveness_restore(&l, &learner, 7200 * S, &rhythm, 14400 * S);
	heard_each(&l, 14500, 14500, 1);
	assert_int_equal(patience_of(l), 1800);
	heard_each(&l, 15400, 15400, 1);
	assert_int_equal(patience_of(l), 2700);
	liveness_restore(&l, &learner, 7200 * S, &wrong, 14400 * S);
	assert_int_equal(patience_of(l), 4 * 3600);	/* 6 h since 7200 */
}

static void an_old_message_does_not_turn_back_time(void **state)
{
	struct liveness l;

	(void)state;
	liveness_init(&l, &radio, 0);
	liveness_step(&l, HEARD, &radio, 50 * S);
	liveness_step(&l, HEARD, &radio, 40 * S);
	assert_true(l.seen == 50 * S);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(three_misses_make_a_polled_device_silent),
		cmocka_unit_test(who_never_answers_becomes_silent_too),
		cmocka_unit_test(silent_after_decides_where_it_is_given),
		cmocka_unit_test(a_rare_poll_is_no_silence),
		cmocka_unit_test(a_radio_sleeps_between_its_signs),
		cmocka_unit_test(
			a_sleeper_that_misses_polls_is_asleep_not_silent),
		cmocka_unit_test(one_that_always_answers_is_simply_awake),
		cmocka_unit_test(due_is_never_late),
		cmocka_unit_test(a_restart_takes_up_where_it_was),
		cmocka_unit_test(a_rhythm_is_learnt),
		cmocka_unit_test(a_burst_is_no_rhythm),
		cmocka_unit_test(a_silence_that_ends_teaches),
		cmocka_unit_test(a_restart_is_no_gap_of_the_device),
		cmocka_unit_test(a_rhythm_outlasts_a_restart),
		cmocka_unit_test(an_old_message_does_not_turn_back_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
