/* SPDX-License-Identifier: GPL-2.0-or-later
 * A registration in virtual time: dialogues as tables, and the times by which
 * a server must have heard of us. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "agent/lwm2m/registration.h"
#include "agent/lwm2m/request.h"
#include "agent/base/spread.h"

#define SECOND INT64_C(1000000000)
#define NEVER INT64_MAX

static const struct registration_policy policy = {5, 60, 86400, 1};

/* ---- dialogues: what happens, and what follows */

enum flag { REGISTERED = 1, GONE = 2 };

struct line {
	int64_t at;			/* s */
	enum registration_event event;
	uint8_t code, changes;		/* of ANSWER, of CHANGED */
	enum registration_state state;	/* afterwards */
	enum registration_send send;
	uint8_t sent;			/* changes that an Update carries */
	unsigned flags;
};

#define START REGISTRATION_START
#define TIMER REGISTRATION_TIMER
#define ANSWER REGISTRATION_ANSWER
#define LOST REGISTRATION_LOST
#define CHANGED REGISTRATION_CHANGED
#define TRIGGER REGISTRATION_TRIGGER
#define SILENT REGISTRATION_SILENT
#define HEARD REGISTRATION_HEARD
#define STOP REGISTRATION_STOP
#define RESTART REGISTRATION_RESTART
#define CUT REGISTRATION_CUT
#define MOVED REGISTRATION_MOVED
#define BACK REGISTRATION_BACK

#define IS_OFF REGISTRATION_OFF
#define IS_WAITING REGISTRATION_WAITING
#define IS_REGISTERING REGISTRATION_REGISTERING
#define IS_REGISTERED REGISTRATION_REGISTERED
#define IS_UPDATING REGISTRATION_UPDATING
#define IS_LAPSED REGISTRATION_LAPSED
#define IS_LEAVING REGISTRATION_LEAVING

#define NOTHING REGISTRATION_NOTHING
#define REGISTER REGISTRATION_SEND_REGISTER
#define UPDATE REGISTRATION_SEND_UPDATE
#define DEREGISTER REGISTRATION_SEND_DEREGISTER

#define LT REGISTRATION_LIFETIME
#define OBJECTS REGISTRATION_OBJECTS

static void dialogue_play(const struct line *lines, size_t n)
{
	struct registration r;

	registration_init(&r, 300, "site7-meter-01");
	for (size_t i = 0; i < n; i++) {
		const struct line *l = &lines[i];
		struct registration_action a = registration_step(
			&r, l->event, l->code, l->changes, 0, &policy,
			l->at * SECOND);
		unsigned flags = (a.registered ? REGISTERED : 0) |
				 (a.gone ? GONE : 0);

		if (r.state != l->state || a.send != l->send ||
		    a.changes != l->sent || flags != l->flags)
			fail_msg("line %zu: state %s (%s), sends %d (%d), "
				 "changes %d (%d), flags %u (%u)", i,
				 registration_state_name(r.state),
				 registration_state_name(l->state), a.send,
				 l->send, a.changes, l->sent, flags, l->flags);
	}
}
#define PLAY(...) do { \
	static const struct line lines_[] = {__VA_ARGS__}; \
	dialogue_play(lines_, sizeof(lines_) / sizeof(*lines_)); \
} while (0)

/* How most of them begin. */
#define BEGIN \
	{1, START, 0, 0, IS_REGISTERING, REGISTER, 0, 0}, \
	{2, ANSWER, CODE(2, 1), 0, IS_REGISTERED, NOTHING, 0, REGISTERED}

static void whole_life(void **state)
{
	(void)state;
	PLAY(BEGIN,
	     {3, TIMER, 0, 0, IS_REGISTERED, NOTHING, 0, 0},	/* too early */
	     {210, TIMER, 0, 0, IS_UPDATING, UPDATE, 0, 0},
	     {211, ANSWER, CODE(2, 4), 0, IS_REGISTERED, NOTHING, 0, 0},
	     {419, TIMER, 0, 0, IS_UPDATING, UPDATE, 0, 0},
	     {420, ANSWER, CODE(2, 4), 0, IS_REGISTERED, NOTHING, 0, 0},
	     {500, STOP, 0, 0, IS_LEAVING, DEREGISTER, 0, GONE},
	     {501, ANSWER, CODE(2, 2), 0, IS_OFF, NOTHING, 0, 0},
	     {600, START, 0, 0, IS_REGISTERING, REGISTER, 0, 0});
}

static void changes_are_told_once(void **state)
{
	(void)state;
	PLAY(BEGIN,
	     {3, CHANGED, 0, LT, IS_UPDATING, UPDATE, LT, 0},
	     {4, CHANGED, 0, OBJECTS, IS_UPDATING, NOTHING, 0, 0},
	     {4, CHANGED, 0, LT, IS_UPDATING, NOTHING, 0, 0},
	     {5, ANSWER, CODE(2, 4), 0, IS_UPDATING, UPDATE,
	      OBJECTS | LT, 0},
	     {6, ANSWER, CODE(2, 4), 0, IS_REGISTERED, NOTHING, 0, 0},
	     {7, CHANGED, 0, 0, IS_REGISTERED, NOTHING, 0, 0});
}

static void change_during_register_follows_it(void **state)
{
	(void)state;
	PLAY({1, START, 0, 0, IS_REGISTERING, REGISTER, 0, 0},
	     {1, CHANGED, 0, OBJECTS, IS_REGISTERING, NOTHING, 0, 0},
	     {2, ANSWER, CODE(2, 1), 0, IS_UPDATING, UPDATE, OBJECTS,
	      REGISTERED},
	     {3, ANSWER, CODE(2, 4), 0, IS_REGISTERED, NOTHING, 0, 0});
	/* ... or is told by the next Register. */
	PLAY({1, START, 0, 0, IS_REGISTERING, REGISTER, 0, 0},
	     {1, CHANGED, 0, OBJECTS, IS_REGISTERING, NOTHING, 0, 0},
	     {2, LOST, 0, 0, IS_WAITING, NOTHING, 0, GONE},
	     {3, CHANGED, 0, LT, IS_WAITING, NOTHING, 0, 0},
	     {90, TIMER, 0, 0, IS_REGISTERING, REGISTER, 0, 0},
	     {91, ANSWER, CODE(2, 1), 0, IS_REGISTERED, NOTHING, 0,
	      REGISTERED});
}

static void trigger_updates_now_or_next(void **state)
{
	(void)state;
	PLAY(BEGIN,
	     {3, TRIGGER, 0, 0, IS_UPDATING, UPDATE, 0, 0},
	     {3, TRIGGER, 0, 0, IS_UPDATING, NOTHING, 0, 0},
	     {3, TRIGGER, 0, 0, IS_UPDATING, NOTHING, 0, 0},
	     {4, ANSWER, CODE(2, 4), 0, IS_UPDATING, UPDATE, 0, 0},
	     {5, ANSWER, CODE(2, 4), 0, IS_REGISTERED, NOTHING, 0, 0});
	PLAY({1, START, 0, 0, IS_REGISTERING, REGISTER, 0, 0},
	     {1, TRIGGER, 0, 0, IS_REGISTERING, NOTHING, 0, 0},
	     {2, ANSWER, CODE(2, 1), 0, IS_REGISTERED, NOTHING, 0,
	      REGISTERED});
}

static void discarded_update_registers_at_once(void **state)
{
	(void)state;
	PLAY(BEGIN,
	     {3, CHANGED, 0, LT, IS_UPDATING, UPDATE, LT, 0},
	     {4, ANSWER, CODE(4, 4), 0, IS_REGISTERING, REGISTER, 0, GONE},
	     {5, ANSWER, CODE(2, 1), 0, IS_REGISTERED, NOTHING, 0,
	      REGISTERED},
	     {6, TRIGGER, 0, 0, IS_UPDATING, UPDATE, 0, 0},
	     {7, ANSWER, CODE(4, 0), 0, IS_REGISTERING, REGISTER, 0, GONE});
}

static void forbidden_update_waits_and_registers(void **state)
{
	(void)state;
	PLAY(BEGIN,
	     {3, TRIGGER, 0, 0, IS_UPDATING, UPDATE, 0, 0},
	     {4, ANSWER, CODE(4, 3), 0, IS_WAITING, NOTHING, 0, GONE},
	     {40, TIMER, 0, 0, IS_WAITING, NOTHING, 0, 0},
	     {90, TIMER, 0, 0, IS_REGISTERING, REGISTER, 0, 0});
}

static void busy_server_is_asked_again_with_an_update(void **state)
{
	(void)state;
	PLAY(BEGIN,
	     {3, CHANGED, 0, LT, IS_UPDATING, UPDATE, LT, 0},
	     {4, ANSWER, CODE(5, 3), 0, IS_REGISTERED, NOTHING, 0, 0},
	     {40, TIMER, 0, 0, IS_REGISTERED, NOTHING, 0, 0},
	     {80, TIMER, 0, 0, IS_UPDATING, UPDATE, LT, 0},
	     {81, ANSWER, CODE(5, 0), 0, IS_REGISTERED, NOTHING, 0, 0},
	     {120, CHANGED, 0, OBJECTS, IS_UPDATING, UPDATE, LT | OBJECTS, 0},
	     {121, ANSWER, CODE(5, 0), 0, IS_REGISTERED, NOTHING, 0, 0},
	     /* 240 s +-20 % would be beyond the lifetime (302 s) */
	     {301, TIMER, 0, 0, IS_REGISTERED, NOTHING, 0, 0},
	     {302, TIMER, 0, 0, IS_REGISTERING, REGISTER, 0, GONE});
}

static void lost_update_registers_later(void **state)
{
	(void)state;
	PLAY(BEGIN,
	     {210, TIMER, 0, 0, IS_UPDATING, UPDATE, 0, 0},
	     {303, LOST, 0, 0, IS_WAITING, NOTHING, 0, GONE},
	     {380, TIMER, 0, 0, IS_REGISTERING, REGISTER, 0, 0},
	     {381, ANSWER, CODE(2, 1), 0, IS_REGISTERED, NOTHING, 0,
	      REGISTERED});
}

static void older_server_gets_the_older_version_once(void **state)
{
	(void)state;
	PLAY({1, START, 0, 0, IS_REGISTERING, REGISTER, 0, 0},
	     {2, ANSWER, CODE(4, 12), 0, IS_REGISTERING, REGISTER, 0, 0},
	     {3, ANSWER, CODE(4, 12), 0, IS_WAITING, NOTHING, 0, GONE},
	     {80, TIMER, 0, 0, IS_REGISTERING, REGISTER, 0, 0},
	     {81, ANSWER, CODE(2, 1), 0, IS_REGISTERED, NOTHING, 0,
	      REGISTERED});
}

static void version_is_lowered_by_412_alone(void **state)
{
	static const uint8_t codes[] = {
		CODE(4, 0), CODE(4, 3), CODE(4, 9), CODE(5, 0), CODE(5, 3),
	};
	struct registration r;

	(void)state;
	for (size_t i = 0; i < sizeof(codes); i++) {
		registration_init(&r, 60, "e");
		registration_step(&r, START, 0, 0, 0, &policy, 0);
		registration_step(&r, ANSWER, codes[i], 0, 0, &policy, 0);
		assert_int_equal(r.state, IS_WAITING);
		assert_false(r.lwm2m_1_0);
	}
	registration_init(&r, 60, "e");
	registration_step(&r, START, 0, 0, 0, &policy, 0);
	registration_step(&r, ANSWER, CODE(4, 12), 0, 0, &policy, 0);
	assert_true(r.lwm2m_1_0);
}

static void version_1_2_is_lowered_step_by_step(void **state)
{
	static const struct {
		uint8_t code;
		const char *then;
	} steps[] = {
		{CODE(4, 0), "1.1"}, {CODE(4, 12), "1.0"},
	};
	struct registration r;

	(void)state;
	registration_init(&r, 60, "e");
	r.lwm2m_1_2 = true;
	registration_step(&r, START, 0, 0, 0, &policy, 0);
	assert_string_equal(registration_version(&r), "1.2");
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		assert_int_equal(registration_step(&r, ANSWER, steps[i].code, 0,
						   0, &policy, 0).send,
				 REGISTER);
		assert_string_equal(registration_version(&r), steps[i].then);
	}
	registration_step(&r, ANSWER, CODE(4, 12), 0, 0, &policy, 0);
	assert_int_equal(r.state, IS_WAITING);
}

static void version_1_2_stays_whatever_else_is_refused(void **state)
{
	static const uint8_t codes[] = {
		CODE(2, 1), CODE(4, 1), CODE(4, 3), CODE(5, 0),
	};
	struct registration r;

	(void)state;
	for (size_t i = 0; i < sizeof(codes); i++) {
		registration_init(&r, 60, "e");
		r.lwm2m_1_2 = true;
		registration_step(&r, START, 0, 0, 0, &policy, 0);
		registration_step(&r, ANSWER, codes[i], 0, 0, &policy, 0);
		assert_string_equal(registration_version(&r), "1.2");
	}
}

static void what_is_dropped_says_nothing_and_may_start_again(void **state)
{
	struct registration_action action;
	struct registration r;

	(void)state;
	registration_init(&r, 60, "e");
	registration_step(&r, START, 0, 0, 0, &policy, 0);
	registration_step(&r, ANSWER, CODE(2, 1), 0, 0, &policy, 0);
	assert_true(r.next < INT64_MAX);
	registration_drop(&r);
	assert_int_equal(r.state, REGISTRATION_OFF);
	assert_true(r.next == INT64_MAX);
	action = registration_step(&r, START, 0, 0, 0, &policy, 0);
	assert_int_equal(action.send, REGISTRATION_SEND_REGISTER);
}

/* ---- silence */

static void short_silence_ends_with_an_update(void **state)
{
	(void)state;
	PLAY(BEGIN,
	     {10, SILENT, 0, 0, IS_LAPSED, NOTHING, 0, 0},
	     {11, CHANGED, 0, OBJECTS, IS_LAPSED, NOTHING, 0, 0},
	     {12, TRIGGER, 0, 0, IS_LAPSED, NOTHING, 0, 0},
	     {210, TIMER, 0, 0, IS_LAPSED, NOTHING, 0, 0},
	     {250, HEARD, 0, 0, IS_UPDATING, UPDATE, OBJECTS, 0},
	     {251, ANSWER, CODE(2, 4), 0, IS_REGISTERED, NOTHING, 0, 0});
}

static void long_silence_lapses(void **state)
{
	(void)state;
	PLAY(BEGIN,
	     {10, SILENT, 0, 0, IS_LAPSED, NOTHING, 0, 0},
	     {302, TIMER, 0, 0, IS_LAPSED, NOTHING, 0, GONE},
	     {400, TIMER, 0, 0, IS_LAPSED, NOTHING, 0, 0},
	     {500, HEARD, 0, 0, IS_REGISTERING, REGISTER, 0, 0},
	     {501, ANSWER, CODE(2, 1), 0, IS_REGISTERED, NOTHING, 0,
	      REGISTERED});
}

static void silence_under_way_counts_at_its_end(void **state)
{
	(void)state;
	PLAY({1, START, 0, 0, IS_REGISTERING, REGISTER, 0, 0},
	     {1, SILENT, 0, 0, IS_REGISTERING, NOTHING, 0, 0},
	     {2, ANSWER, CODE(2, 1), 0, IS_LAPSED, NOTHING, 0, REGISTERED},
	     {3, HEARD, 0, 0, IS_UPDATING, UPDATE, 0, 0},
	     {3, SILENT, 0, 0, IS_UPDATING, NOTHING, 0, 0},
	     {3, HEARD, 0, 0, IS_UPDATING, NOTHING, 0, 0},
	     {4, ANSWER, CODE(2, 4), 0, IS_REGISTERED, NOTHING, 0, 0},
	     {5, TRIGGER, 0, 0, IS_UPDATING, UPDATE, 0, 0},
	     {5, SILENT, 0, 0, IS_UPDATING, NOTHING, 0, 0},
	     {6, ANSWER, CODE(4, 4), 0, IS_LAPSED, NOTHING, 0, GONE},
	     {7, HEARD, 0, 0, IS_REGISTERING, REGISTER, 0, 0},
	     {7, SILENT, 0, 0, IS_REGISTERING, NOTHING, 0, 0},
	     {9, LOST, 0, 0, IS_LAPSED, NOTHING, 0, GONE},
	     {900, TIMER, 0, 0, IS_LAPSED, NOTHING, 0, 0},
	     {901, HEARD, 0, 0, IS_REGISTERING, REGISTER, 0, 0});
}

static void silent_ones_do_not_retry(void **state)
{
	(void)state;
	PLAY({1, START, 0, 0, IS_REGISTERING, REGISTER, 0, 0},
	     {2, LOST, 0, 0, IS_WAITING, NOTHING, 0, GONE},
	     {3, SILENT, 0, 0, IS_LAPSED, NOTHING, 0, 0},
	     {999, TIMER, 0, 0, IS_LAPSED, NOTHING, 0, 0},
	     {1000, HEARD, 0, 0, IS_REGISTERING, REGISTER, 0, 0});
}

/* A session that has served is replaced at once, and the Register goes over
 * the new one; where that comes to nothing, it waits as ever. */
static void cut_in_every_state(void **state)
{
	(void)state;
	PLAY({1, CUT, 0, 0, IS_OFF, NOTHING, 0, 0});
	PLAY(BEGIN,
	     {3, CUT, 0, 0, IS_REGISTERING, REGISTER, 0, GONE},
	     {4, CUT, 0, 0, IS_REGISTERING, REGISTER, 0, 0},
	     {5, LOST, 0, 0, IS_WAITING, NOTHING, 0, GONE},
	     {6, CUT, 0, 0, IS_WAITING, NOTHING, 0, 0});
	PLAY(BEGIN,
	     {3, TRIGGER, 0, 0, IS_UPDATING, UPDATE, 0, 0},
	     {23, CUT, 0, 0, IS_REGISTERING, REGISTER, 0, GONE},
	     {24, ANSWER, CODE(2, 1), 0, IS_REGISTERED, NOTHING, 0,
	      REGISTERED});
	PLAY(BEGIN,
	     {3, TRIGGER, 0, 0, IS_UPDATING, UPDATE, 0, 0},
	     {3, STOP, 0, 0, IS_UPDATING, NOTHING, 0, 0},
	     {4, CUT, 0, 0, IS_OFF, NOTHING, 0, GONE});
	PLAY(BEGIN,
	     {3, TRIGGER, 0, 0, IS_UPDATING, UPDATE, 0, 0},
	     {3, SILENT, 0, 0, IS_UPDATING, NOTHING, 0, 0},
	     {4, CUT, 0, 0, IS_LAPSED, NOTHING, 0, GONE});
	PLAY(BEGIN,
	     {3, SILENT, 0, 0, IS_LAPSED, NOTHING, 0, 0},
	     {4, CUT, 0, 0, IS_LAPSED, NOTHING, 0, GONE},
	     {5, HEARD, 0, 0, IS_REGISTERING, REGISTER, 0, 0});
	PLAY(BEGIN,
	     {3, STOP, 0, 0, IS_LEAVING, DEREGISTER, 0, GONE},
	     {4, CUT, 0, 0, IS_OFF, NOTHING, 0, 0});
}

/* The way to the server is another one: no back-off goes on, and where the
 * server cannot know us any more, it is told at once. */
static void way_changes_in_every_state(void **state)
{
	(void)state;
	PLAY({1, MOVED, 0, 0, IS_OFF, NOTHING, 0, 0},
	     {1, BACK, 0, 0, IS_OFF, NOTHING, 0, 0});
	PLAY({1, START, 0, 0, IS_REGISTERING, REGISTER, 0, 0},
	     {2, LOST, 0, 0, IS_WAITING, NOTHING, 0, GONE},
	     {3, MOVED, 0, 0, IS_REGISTERING, REGISTER, 0, 0},
	     {4, LOST, 0, 0, IS_WAITING, NOTHING, 0, GONE},
	     {5, BACK, 0, 0, IS_REGISTERING, REGISTER, 0, 0},
	     {6, BACK, 0, 0, IS_REGISTERING, NOTHING, 0, 0},
	     {7, MOVED, 0, 0, IS_REGISTERING, REGISTER, 0, 0});
	PLAY(BEGIN,
	     {3, BACK, 0, 0, IS_UPDATING, UPDATE, 0, 0},
	     {4, BACK, 0, 0, IS_UPDATING, NOTHING, 0, 0},
	     {5, MOVED, 0, 0, IS_REGISTERING, REGISTER, 0, GONE});
	PLAY(BEGIN,
	     {3, MOVED, 0, 0, IS_REGISTERING, REGISTER, 0, GONE});
	PLAY(BEGIN,
	     {3, SILENT, 0, 0, IS_LAPSED, NOTHING, 0, 0},
	     {4, BACK, 0, 0, IS_LAPSED, NOTHING, 0, 0},
	     {5, MOVED, 0, 0, IS_LAPSED, NOTHING, 0, GONE});
	PLAY(BEGIN,
	     {3, STOP, 0, 0, IS_LEAVING, DEREGISTER, 0, GONE},
	     {4, BACK, 0, 0, IS_LEAVING, NOTHING, 0, 0},
	     {5, MOVED, 0, 0, IS_OFF, NOTHING, 0, 0});
}

/* ---- stop and restart in every state */

static void stop_in_every_state(void **state)
{
	(void)state;
	PLAY({1, STOP, 0, 0, IS_OFF, NOTHING, 0, 0});
	PLAY({1, START, 0, 0, IS_REGISTERING, REGISTER, 0, 0},
	     {1, STOP, 0, 0, IS_REGISTERING, NOTHING, 0, 0},
	     {2, ANSWER, CODE(2, 1), 0, IS_LEAVING, DEREGISTER, 0,
	      REGISTERED | GONE},
	     {2, STOP, 0, 0, IS_LEAVING, NOTHING, 0, 0},
	     {3, LOST, 0, 0, IS_OFF, NOTHING, 0, 0});
	PLAY({1, START, 0, 0, IS_REGISTERING, REGISTER, 0, 0},
	     {1, STOP, 0, 0, IS_REGISTERING, NOTHING, 0, 0},
	     {2, LOST, 0, 0, IS_OFF, NOTHING, 0, GONE});
	PLAY({1, START, 0, 0, IS_REGISTERING, REGISTER, 0, 0},
	     {1, STOP, 0, 0, IS_REGISTERING, NOTHING, 0, 0},
	     {2, ANSWER, CODE(4, 12), 0, IS_OFF, NOTHING, 0, GONE});
	PLAY({1, START, 0, 0, IS_REGISTERING, REGISTER, 0, 0},
	     {2, LOST, 0, 0, IS_WAITING, NOTHING, 0, GONE},
	     {3, STOP, 0, 0, IS_OFF, NOTHING, 0, 0},
	     {99, TIMER, 0, 0, IS_OFF, NOTHING, 0, 0});
	PLAY(BEGIN,
	     {3, TRIGGER, 0, 0, IS_UPDATING, UPDATE, 0, 0},
	     {3, STOP, 0, 0, IS_UPDATING, NOTHING, 0, 0},
	     {4, ANSWER, CODE(2, 4), 0, IS_LEAVING, DEREGISTER, 0, GONE},
	     {5, ANSWER, CODE(4, 4), 0, IS_OFF, NOTHING, 0, 0});
	PLAY(BEGIN,
	     {3, TRIGGER, 0, 0, IS_UPDATING, UPDATE, 0, 0},
	     {3, STOP, 0, 0, IS_UPDATING, NOTHING, 0, 0},
	     {4, ANSWER, CODE(5, 3), 0, IS_LEAVING, DEREGISTER, 0, GONE});
	PLAY(BEGIN,
	     {3, TRIGGER, 0, 0, IS_UPDATING, UPDATE, 0, 0},
	     {3, STOP, 0, 0, IS_UPDATING, NOTHING, 0, 0},
	     {4, ANSWER, CODE(4, 4), 0, IS_OFF, NOTHING, 0, GONE});
	PLAY(BEGIN,
	     {3, SILENT, 0, 0, IS_LAPSED, NOTHING, 0, 0},
	     {4, STOP, 0, 0, IS_LEAVING, DEREGISTER, 0, GONE});
	PLAY(BEGIN,
	     {3, SILENT, 0, 0, IS_LAPSED, NOTHING, 0, 0},
	     {302, TIMER, 0, 0, IS_LAPSED, NOTHING, 0, GONE},
	     {303, STOP, 0, 0, IS_OFF, NOTHING, 0, 0});
}

static void start_takes_a_stop_back(void **state)
{
	(void)state;
	PLAY({1, START, 0, 0, IS_REGISTERING, REGISTER, 0, 0},
	     {1, STOP, 0, 0, IS_REGISTERING, NOTHING, 0, 0},
	     {1, START, 0, 0, IS_REGISTERING, NOTHING, 0, 0},
	     {2, ANSWER, CODE(2, 1), 0, IS_REGISTERED, NOTHING, 0, REGISTERED},
	     {3, STOP, 0, 0, IS_LEAVING, DEREGISTER, 0, GONE},
	     {3, START, 0, 0, IS_LEAVING, NOTHING, 0, 0},
	     {4, ANSWER, CODE(2, 2), 0, IS_REGISTERING, REGISTER, 0, 0},
	     {5, ANSWER, CODE(2, 1), 0, IS_REGISTERED, NOTHING, 0, REGISTERED},
	     {6, START, 0, 0, IS_REGISTERED, NOTHING, 0, 0},
	     {7, STOP, 0, 0, IS_LEAVING, DEREGISTER, 0, GONE},
	     {7, START, 0, 0, IS_LEAVING, NOTHING, 0, 0},
	     {7, STOP, 0, 0, IS_LEAVING, NOTHING, 0, 0},
	     {8, ANSWER, CODE(2, 2), 0, IS_OFF, NOTHING, 0, 0});
}

static void restart_registers_anew(void **state)
{
	(void)state;
	PLAY(BEGIN,
	     {3, RESTART, 0, 0, IS_REGISTERING, REGISTER, 0, GONE},
	     {3, RESTART, 0, 0, IS_REGISTERING, NOTHING, 0, 0},
	     {4, ANSWER, CODE(2, 1), 0, IS_REGISTERED, NOTHING, 0, REGISTERED},
	     {5, TRIGGER, 0, 0, IS_UPDATING, UPDATE, 0, 0},
	     {5, RESTART, 0, 0, IS_UPDATING, NOTHING, 0, 0},
	     {6, ANSWER, CODE(2, 4), 0, IS_REGISTERING, REGISTER, 0, GONE});
	PLAY({1, RESTART, 0, 0, IS_OFF, NOTHING, 0, 0});
}

/* Its observations have ended meanwhile: an Update would not tell. */
static void restart_outlives_a_silent_device(void **state)
{
	(void)state;
	PLAY(BEGIN,
	     {3, SILENT, 0, 0, IS_LAPSED, NOTHING, 0, 0},
	     {4, RESTART, 0, 0, IS_LAPSED, NOTHING, 0, GONE},
	     {5, HEARD, 0, 0, IS_REGISTERING, REGISTER, 0, 0});
	PLAY(BEGIN,
	     {3, TRIGGER, 0, 0, IS_UPDATING, UPDATE, 0, 0},
	     {4, RESTART, 0, 0, IS_UPDATING, NOTHING, 0, 0},
	     {5, SILENT, 0, 0, IS_UPDATING, NOTHING, 0, 0},
	     {6, ANSWER, CODE(2, 4), 0, IS_LAPSED, NOTHING, 0, GONE},
	     {7, HEARD, 0, 0, IS_REGISTERING, REGISTER, 0, 0});
}

static void answers_of_nothing_are_nothing(void **state)
{
	(void)state;
	PLAY({1, ANSWER, CODE(2, 1), 0, IS_OFF, NOTHING, 0, 0},
	     {1, LOST, 0, 0, IS_OFF, NOTHING, 0, 0},
	     {1, HEARD, 0, 0, IS_OFF, NOTHING, 0, 0},
	     {1, SILENT, 0, 0, IS_OFF, NOTHING, 0, 0},
	     {1, TRIGGER, 0, 0, IS_OFF, NOTHING, 0, 0},
	     BEGIN,
	     {3, ANSWER, CODE(4, 4), 0, IS_REGISTERED, NOTHING, 0, 0},
	     {3, LOST, 0, 0, IS_REGISTERED, NOTHING, 0, 0},
	     {3, HEARD, 0, 0, IS_REGISTERED, NOTHING, 0, 0});
}

/* ---- times */

static struct registration register_at(uint32_t lifetime, const char *name,
				       int64_t now)
{
	struct registration r;

	registration_init(&r, lifetime, name);
	registration_step(&r, START, 0, 0, 0, &policy, now);
	registration_step(&r, ANSWER, CODE(2, 1), 0, 0, &policy, now);
	assert_int_equal(r.state, IS_REGISTERED);
	return r;
}

static void update_goes_out_in_time_and_spread(void **state)
{
	/* Not before half the lifetime; 93 s or a tenth before its end, where
	 * that leaves half. */
	static const struct { uint32_t lifetime; double from, to; } cases[] = {
		{20, 10, 12}, {60, 30, 36}, {120, 60, 72}, {300, 177, 207},
		{930, 744, 837}, {3600, 2880, 3240}, {86400, 69120, 77760},
	};
	char name[16];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		int64_t span = (int64_t)((cases[i].to - cases[i].from) *
					 SECOND);
		int64_t from = (int64_t)(cases[i].from * SECOND);
		int64_t least = NEVER, most = 0;

		for (int k = 0; k < 1000; k++) {
			struct registration r;
			int64_t wait;

			snprintf(name, sizeof(name), "m-%d", k);
			r = register_at(cases[i].lifetime, name, 5 * SECOND);
			wait = r.next - 5 * SECOND;
			assert_true(wait >= from && wait <= from + span);
			assert_true(r.expires == (5 + (int64_t)cases[i].lifetime)
						 * SECOND);
			least = wait < least ? wait : least;
			most = wait > most ? wait : most;
		}
		assert_true(least < from + span / 20);
		assert_true(most > from + span - span / 20);
	}
}

/* A server that knows the endpoint is told when it stops. */
static bool is_alive(struct registration r, int64_t now)
{
	return registration_step(&r, STOP, 0, 0, 0, &policy, now).send ==
	       DEREGISTER;
}

/* 1/x/1 = 0: "the lifetime is infinite" (Core TS E.2). An Update a day all the
 * same shows a server that has forgotten us. */
static void lifetime_without_end(void **state)
{
	struct registration r = register_at(0, "m-1", 5 * SECOND);
	int64_t day = 86400 * SECOND;

	(void)state;
	assert_true(r.next - 5 * SECOND >= day / 2 && r.next < day);
	assert_true(is_alive(r, 100 * 366 * day));
	assert_int_equal(registration_step(&r, TIMER, 0, 0, 0, &policy,
					   r.next).send, UPDATE);
}

/* Five attempts: 60, 120, 240, 480 s between them, each +-20 %, then a day,
 * then again. */
static void retries_double_then_rest_a_day_for_ever(void **state)
{
	static const int64_t waits[] = {60, 120, 240, 480, 86400};
	char name[16];

	(void)state;
	for (int k = 0; k < 50; k++) {
		struct registration r;
		int64_t now = 0;

		snprintf(name, sizeof(name), "m-%d", k);
		registration_init(&r, 60, name);
		registration_step(&r, START, 0, 0, 0, &policy, now);
		for (int i = 0; i < 15; i++) {
			int64_t wait = waits[i % 5] * SECOND;

			registration_step(&r, k % 2 ? LOST : ANSWER,
					  CODE(5, 3), 0, 0, &policy, now);
			assert_int_equal(r.state, IS_WAITING);
			assert_true(r.next - now >= wait - wait / 5);
			assert_true(r.next - now <= wait + wait / 5);
			registration_step(&r, TIMER, 0, 0, 0, &policy,
					  r.next - 1);
			assert_int_equal(r.state, IS_WAITING);
			now = r.next;
			registration_step(&r, TIMER, 0, 0, 0, &policy, now);
			assert_int_equal(r.state, IS_REGISTERING);
		}
		/* Success starts the count over. */
		registration_step(&r, ANSWER, CODE(2, 1), 0, 0, &policy, now);
		registration_step(&r, TIMER, 0, 0, 0, &policy, r.next);
		now = r.expires - 1;
		registration_step(&r, LOST, 0, 0, 0, &policy, now);
		assert_true(r.next - now <= 72 * SECOND);
	}
}

static void retry_times_differ_between_endpoints(void **state)
{
	int64_t least = NEVER, most = 0;
	char name[16];

	(void)state;
	for (int k = 0; k < 200; k++) {
		struct registration r;

		snprintf(name, sizeof(name), "m-%d", k);
		registration_init(&r, 60, name);
		registration_step(&r, START, 0, 0, 0, &policy, 0);
		registration_step(&r, LOST, 0, 0, 0, &policy, 0);
		least = r.next < least ? r.next : least;
		most = r.next > most ? r.next : most;
	}
	assert_true(least < 50 * SECOND && most > 70 * SECOND);
}

static void policy_without_retries_waits_the_delay(void **state)
{
	static const struct registration_policy none = {0, 60, 30, 1};
	struct registration r;

	(void)state;
	registration_init(&r, 60, "e");
	registration_step(&r, START, 0, 0, 0, &none, 0);
	registration_step(&r, LOST, 0, 0, 0, &none, 0);
	assert_true(r.next >= 24 * SECOND && r.next <= 36 * SECOND);
}

/* RFC 7252 5.9.3.4: after the Max-Age of a 5.03 the server can take us; not
 * before, and it is no attempt that failed. */
static void waits_as_long_as_it_is_asked_to(void **state)
{
	static const struct { uint32_t asked; int64_t least, most; } cases[] = {
		{5, 5, 6}, {600, 600, 720}, {1, 2, 3},
		{UINT32_MAX, 86400, 86400 + 86400 / 5},
	};
	struct registration r;
	int64_t now = 0;

	(void)state;
	registration_init(&r, 60, "e");
	registration_step(&r, START, 0, 0, 0, &policy, 0);
	for (int i = 0; i < 20; i++) {
		int64_t least = cases[i % 4].least * SECOND;
		int64_t most = cases[i % 4].most * SECOND;

		r.asked_wait = cases[i % 4].asked;
		registration_step(&r, ANSWER, CODE(5, 3), 0, 0, &policy, now);
		assert_int_equal(r.state, IS_WAITING);
		assert_true(r.next - now >= least && r.next - now <= most);
		now = r.next;
		registration_step(&r, TIMER, 0, 0, 0, &policy, now);
	}
	/* It was asked once: the next failure is the first of its sequence. */
	registration_step(&r, LOST, 0, 0, 0, &policy, now);
	assert_true(r.next - now >= 48 * SECOND);
	assert_true(r.next - now <= 72 * SECOND);
}

static void an_update_waits_as_long_but_not_past_its_lifetime(void **state)
{
	static const uint32_t asked[] = {20, 400};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct registration r = register_at(300, "e", 0);
		int64_t now = r.next;

		registration_step(&r, TIMER, 0, 0, 0, &policy, now);
		assert_int_equal(r.state, IS_UPDATING);
		r.asked_wait = asked[i];
		registration_step(&r, ANSWER, CODE(5, 3), 0, 0, &policy, now);
		assert_int_equal(r.state, IS_REGISTERED);
		if (i)
			assert_int_equal(r.next, r.expires);
		else
			assert_true(r.next >= now + 20 * SECOND &&
				    r.next <= now + 24 * SECOND);
	}
}

/* RFC 8516: too many requests are no reason to register anew. */
static void too_many_requests_postpone_an_update(void **state)
{
	struct registration r = register_at(300, "e", 0);
	struct registration_action action;
	int64_t now = r.next;

	(void)state;
	registration_step(&r, TIMER, 0, 0, 0, &policy, now);
	r.asked_wait = 10;
	action = registration_step(&r, ANSWER, CODE(4, 29), 0, 0, &policy,
				   now);
	assert_int_equal(r.state, IS_REGISTERED);
	assert_false(action.gone);
	assert_true(r.next >= now + 10 * SECOND && r.next <= now + 12 * SECOND);
	assert_int_equal(registration_step(&r, TIMER, 0, 0, 0, &policy,
					   r.next).send, UPDATE);
}

/* What a server has written is neither a storm nor an overflow. */
static void retries_have_bounds(void **state)
{
	static const struct registration_policy zeros = {5, 0, 0, 1},
		large = {UINT32_MAX, UINT32_MAX, UINT32_MAX, 1};
	const int64_t most = INT64_C(12) * 366 * 86400 * SECOND;
	struct registration r, s;
	int64_t now = 0, then = 0;

	(void)state;
	registration_init(&r, 60, "e");
	registration_init(&s, 60, "e");
	registration_step(&r, START, 0, 0, 0, &zeros, 0);
	registration_step(&s, START, 0, 0, 0, &large, 0);
	for (int i = 0; i < 40; i++) {
		registration_step(&r, ANSWER, CODE(4, 3), 0, 0, &zeros, now);
		assert_true(r.next >= now + SECOND);
		now = r.next;
		registration_step(&r, TIMER, 0, 0, 0, &zeros, now);
		registration_step(&s, LOST, 0, 0, 0, &large, then);
		assert_true(s.next > then && s.next - then < most);
		registration_step(&s, TIMER, 0, 0, 0, &large, s.next);
	}
}

/* 2.04, 2.05, 2.31 to a Register: some other server is there. */
static void only_created_is_a_registration(void **state)
{
	static const uint8_t codes[] = {CODE(2, 4), CODE(2, 5), CODE(2, 31)};
	struct registration r;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		registration_init(&r, 60, "e");
		registration_step(&r, START, 0, 0, 0, &policy, 0);
		registration_step(&r, ANSWER, codes[i], 0, 0, &policy, 1);
		assert_int_equal(r.state, IS_WAITING);
	}
}

static void start_is_spread_over_its_window(void **state)
{
	unsigned tenths[10] = {0};
	char name[16];

	(void)state;
	for (int k = 0; k < 10000; k++) {
		struct registration r;

		snprintf(name, sizeof(name), "m-%d", k);
		registration_init(&r, 60, name);
		assert_int_equal(registration_step(&r, START, 0, 0, 50 * SECOND,
						   &policy, SECOND).send,
				 NOTHING);
		assert_int_equal(r.state, IS_WAITING);
		assert_true(r.next >= SECOND && r.next < 51 * SECOND);
		tenths[(r.next - SECOND) / (5 * SECOND)]++;
	}
	for (int i = 0; i < 10; i++)
		assert_true(tenths[i] > 900 && tenths[i] < 1100);
}

static void spread_stays_within_its_window(void **state)
{
	static const int64_t windows[] = {
		0, -5, 1, 2, 1000, INT64_C(1) << 32, 86400 * SECOND,
		INT64_MAX / 2,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(windows) / sizeof(*windows); i++) {
		int64_t window = windows[i], last;

		assert_true(spread_of(0, window) == 0);
		last = spread_of(UINT32_MAX, window);
		assert_true(last >= 0 && (last < window || window <= 0));
		assert_true(window < 2 || last >= window / 2);
	}
	assert_int_equal(seed_of("a"), seed_of("a"));
	assert_int_not_equal(seed_of("a"), seed_of("b"));
}

static void alive_while_the_lifetime_runs(void **state)
{
	struct registration r = register_at(60, "e", 0);

	(void)state;
	assert_true(is_alive(r, 59 * SECOND));
	assert_false(is_alive(r, 60 * SECOND));
	registration_step(&r, SILENT, 0, 0, 0, &policy, SECOND);
	assert_true(is_alive(r, 59 * SECOND));
	assert_true(r.next == 60 * SECOND);
	assert_false(is_alive(r, 60 * SECOND));
	registration_init(&r, 60, "e");
	assert_false(is_alive(r, 0));
	registration_step(&r, START, 0, 0, 0, &policy, 0);
	assert_false(is_alive(r, 0));
}

static void new_lifetime_counts_from_its_update(void **state)
{
	struct registration r = register_at(60, "e", 0);
	struct registration_action a;

	(void)state;
	r.lifetime = 3600;
	a = registration_step(&r, CHANGED, 0, LT, 0, &policy, 10 * SECOND);
	assert_int_equal(a.send, UPDATE);
	assert_int_equal(a.changes, LT);
	registration_step(&r, ANSWER, CODE(2, 4), 0, 0, &policy, 11 * SECOND);
	assert_true(r.expires == 3611 * SECOND);
	assert_true(r.next >= (2880 + 11) * SECOND);
}

/* Whatever comes in whatever order, a message under way is never doubled, and
 * who waits has a time to wake up at. */
static void any_order_of_events_keeps_its_promises(void **state)
{
	static const uint8_t codes[] = {
		CODE(2, 1), CODE(2, 4), CODE(4, 0), CODE(4, 3), CODE(4, 4),
		CODE(4, 12), CODE(5, 3),
	};
	uint32_t dice = 1;
	struct registration r;
	bool under_way = false;
	int64_t now = 0;

	(void)state;
	registration_init(&r, 60, "e");
	for (int i = 0; i < 200000; i++) {
		enum registration_event event;
		struct registration_action a;

		dice = dice * 1664525u + 1013904223u;
		event = (enum registration_event)((dice >> 8) % 10);
		now += dice % 7 * SECOND;
		if (!under_way && (event == ANSWER || event == LOST))
			continue;
		if (event == TIMER && r.next != NEVER && dice >> 30)
			now = r.next > now ? r.next : now;
		a = registration_step(&r, event, codes[(dice >> 16) % 7],
				      (uint8_t)(dice >> 20 & 7), 0, &policy,
				      now);
		if (event == ANSWER || event == LOST)
			under_way = false;
		if (a.send != NOTHING) {
			assert_false(under_way);
			under_way = true;
		}
		assert_int_equal(under_way, r.state == IS_REGISTERING ||
				 r.state == IS_UPDATING ||
				 r.state == IS_LEAVING);
		if (r.state == IS_WAITING || r.state == IS_REGISTERED)
			assert_true(r.next != NEVER);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_life),
		cmocka_unit_test(changes_are_told_once),
		cmocka_unit_test(change_during_register_follows_it),
		cmocka_unit_test(trigger_updates_now_or_next),
		cmocka_unit_test(discarded_update_registers_at_once),
		cmocka_unit_test(forbidden_update_waits_and_registers),
		cmocka_unit_test(busy_server_is_asked_again_with_an_update),
		cmocka_unit_test(lost_update_registers_later),
		cmocka_unit_test(older_server_gets_the_older_version_once),
		cmocka_unit_test(version_is_lowered_by_412_alone),
		cmocka_unit_test(version_1_2_is_lowered_step_by_step),
		cmocka_unit_test(version_1_2_stays_whatever_else_is_refused),
		cmocka_unit_test(
			what_is_dropped_says_nothing_and_may_start_again),
		cmocka_unit_test(short_silence_ends_with_an_update),
		cmocka_unit_test(long_silence_lapses),
		cmocka_unit_test(silence_under_way_counts_at_its_end),
		cmocka_unit_test(silent_ones_do_not_retry),
		cmocka_unit_test(cut_in_every_state),
		cmocka_unit_test(way_changes_in_every_state),
		cmocka_unit_test(stop_in_every_state),
		cmocka_unit_test(start_takes_a_stop_back),
		cmocka_unit_test(restart_registers_anew),
		cmocka_unit_test(restart_outlives_a_silent_device),
		cmocka_unit_test(answers_of_nothing_are_nothing),
		cmocka_unit_test(update_goes_out_in_time_and_spread),
		cmocka_unit_test(lifetime_without_end),
		cmocka_unit_test(retries_double_then_rest_a_day_for_ever),
		cmocka_unit_test(retry_times_differ_between_endpoints),
		cmocka_unit_test(policy_without_retries_waits_the_delay),
		cmocka_unit_test(waits_as_long_as_it_is_asked_to),
		cmocka_unit_test(
			an_update_waits_as_long_but_not_past_its_lifetime),
		cmocka_unit_test(too_many_requests_postpone_an_update),
		cmocka_unit_test(retries_have_bounds),
		cmocka_unit_test(only_created_is_a_registration),
		cmocka_unit_test(start_is_spread_over_its_window),
		cmocka_unit_test(spread_stays_within_its_window),
		cmocka_unit_test(alive_while_the_lifetime_runs),
		cmocka_unit_test(new_lifetime_counts_from_its_update),
		cmocka_unit_test(any_order_of_events_keeps_its_promises),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
