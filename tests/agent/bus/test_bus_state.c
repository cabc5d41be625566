/* SPDX-License-Identifier: GPL-2.0-or-later
 * Attachment and reachability of a device, each state with each event. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "agent/bus/bus_poll.h"
#include "agent/bus/bus_state.h"

static void attachment_by_event(void **state)
{
	enum { DETACHED = DEVICE_DETACHED, FIRST = DEVICE_FIRST_ROUND,
	       SERVED = DEVICE_SERVED, LOST = DEVICE_LOST };
	static const struct { int from, to[ATTACHMENT_EVENTS]; } rows[] = {
		/*          ATTACHES TRIED     LOSES DETACHES */
		{DETACHED, {FIRST,   DETACHED, LOST, DETACHED}},
		{FIRST,    {FIRST,   SERVED,   LOST, DETACHED}},
		{SERVED,   {FIRST,   SERVED,   LOST, DETACHED}},
		/* lost even as it attached: it still is */
		{LOST,     {LOST,    LOST,     LOST, DETACHED}},
	};

	(void)state;
	assert_int_equal(sizeof(rows) / sizeof(rows[0]), ATTACHMENTS);
	for (size_t i = 0; i < ATTACHMENTS; i++)
		for (size_t k = 0; k < ATTACHMENT_EVENTS; k++)
			assert_int_equal(attachment_next(
				(enum attachment)rows[i].from,
				(enum attachment_event)k), rows[i].to[k]);
}

#define SILENT_AFTER (100 * POLL_SECOND)

static void reachability_by_event(void **state)
{
	enum { NEVER_SILENT, SLEEPER, AWAKE };
	static const struct reach_rules rules[] = {
		[NEVER_SILENT] = {true, 0}, [SLEEPER] = {true, SILENT_AFTER},
		[AWAKE] = {false, 0},
	};
	static const struct {
		int rules;
		struct reach from;
		enum reach_event event;
		int64_t now;
		struct reach to;
		bool back;
	} cases[] = {
		{AWAKE, {REACH_UNKNOWN, 0, 5}, REACH_ANSWERED, 10,
		 {REACH_LIVE, 0, 10}, false},
		{AWAKE, {REACH_UNKNOWN, 0, 5}, REACH_MISSED, 10,
		 {REACH_DEGRADED, 1, 5}, false},
		{AWAKE, {REACH_UNKNOWN, 0, 5}, REACH_ATTACHED, 10,
		 {REACH_UNKNOWN, 0, 5}, false},
		{AWAKE, {REACH_LIVE, 0, 5}, REACH_ANSWERED, 10,
		 {REACH_LIVE, 0, 10}, false},
		{AWAKE, {REACH_LIVE, 0, 5}, REACH_MISSED, 10,
		 {REACH_DEGRADED, 1, 5}, false},
		{AWAKE, {REACH_DEGRADED, 1, 5}, REACH_MISSED, 10,
		 {REACH_DEGRADED, 2, 5}, false},
		{AWAKE, {REACH_DEGRADED, 2, 5}, REACH_MISSED, 10,
		 {REACH_SILENT, 3, 5}, false},
		{AWAKE, {REACH_DEGRADED, 2, 5}, REACH_ANSWERED, 10,
		 {REACH_LIVE, 0, 10}, false},
		{AWAKE, {REACH_SILENT, 7, 5}, REACH_MISSED, 10,
		 {REACH_SILENT, 8, 5}, false},
		{AWAKE, {REACH_SILENT, 7, 5}, REACH_ANSWERED, 10,
		 {REACH_LIVE, 0, 10}, true},
		{SLEEPER, {REACH_LIVE, 0, 5}, REACH_MISSED, 10,
		 {REACH_ASLEEP, 1, 5}, false},
		{SLEEPER, {REACH_ASLEEP, 2, 5}, REACH_MISSED, 10,
		 {REACH_ASLEEP, 3, 5}, false},
		{SLEEPER, {REACH_ASLEEP, 2, 0}, REACH_MISSED, SILENT_AFTER,
		 {REACH_SILENT, 3, 0}, false},
		/* long, but not asked often enough to know */
		{SLEEPER, {REACH_ASLEEP, 1, 0}, REACH_MISSED, SILENT_AFTER,
		 {REACH_ASLEEP, 2, 0}, false},
		{SLEEPER, {REACH_ASLEEP, 3, 1}, REACH_ATTACHED, SILENT_AFTER,
		 {REACH_ASLEEP, 3, 1}, false},
		{SLEEPER, {REACH_ASLEEP, 3, 1}, REACH_ATTACHED,
		 SILENT_AFTER + 1, {REACH_SILENT, 3, 1}, false},
		/* its time was over, though nobody had looked */
		{SLEEPER, {REACH_ASLEEP, 3, 0}, REACH_ANSWERED, SILENT_AFTER,
		 {REACH_LIVE, 0, SILENT_AFTER}, true},
		{SLEEPER, {REACH_ASLEEP, 3, 0}, REACH_ANSWERED, 10,
		 {REACH_LIVE, 0, 10}, false},
		{NEVER_SILENT, {REACH_ASLEEP, 900, 0}, REACH_MISSED,
		 9 * SILENT_AFTER, {REACH_ASLEEP, 901, 0}, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct reach r = cases[i].from;

		assert_int_equal(reach_step(&r, cases[i].event,
					    &rules[cases[i].rules],
					    cases[i].now), cases[i].back);
		assert_int_equal(r.state, cases[i].to.state);
		assert_int_equal(r.tries, cases[i].to.tries);
		assert_int_equal(r.alive_at, cases[i].to.alive_at);
	}
}

/* Not by when its bus was opened at last, nor anew at each. */
static void silent_after_counts_from_the_first_attach(void **state)
{
	static const struct reach_rules rules = {true, SILENT_AFTER};
	struct reach r = {0};

	(void)state;
	assert_int_equal(r.state, REACH_UNKNOWN);
	reach_step(&r, REACH_MISSED, &rules, 3);
	reach_step(&r, REACH_ATTACHED, &rules, 7);
	assert_int_equal(r.tries, 1);
	assert_int_equal(r.alive_at, 7);
	reach_step(&r, REACH_ATTACHED, &rules, 9);
	assert_int_equal(r.alive_at, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(attachment_by_event),
		cmocka_unit_test(reachability_by_event),
		cmocka_unit_test(silent_after_counts_from_the_first_attach),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
