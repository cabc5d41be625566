/* SPDX-License-Identifier: GPL-2.0-or-later
 * Object 5 in virtual time: dialogues as lists of events, one line each. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "agent/lwm2m/firmware.h"

#define S INT64_C(1000000000)
#define OK ((uint8_t)(2 << 5 | 4))
#define NO ((uint8_t)(4 << 5 | 5))

struct line {
	int64_t at;			/* s */
	enum firmware_event event;
	int argument;
	uint8_t code;
	enum firmware_task task;
	enum firmware_state state;
	enum firmware_result result;
};

static void play(struct firmware f, const struct line *lines, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct line *l = &lines[i];
		struct firmware before = f;
		struct firmware_action a = firmware_step(&f, l->event,
							 l->argument,
							 l->at * S);

		if (a.code != l->code || a.task != l->task ||
		    f.state != l->state || f.result != l->result)
			fail_msg("line %zu: code %d task %d state %d result "
				 "%d", i, a.code, a.task, f.state, f.result);
		assert_int_equal(a.changed, before.state != f.state ||
				 before.result != f.result);
	}
}
#define PLAY(start, ...) do { \
	static const struct line lines[] = {__VA_ARGS__}; \
	play((struct firmware)start, lines, sizeof(lines) / sizeof(*lines)); \
} while (0)
#define NONE FIRMWARE_NOTHING
#define IDLE FIRMWARE_IDLE, FIRMWARE_INITIAL
#define LOADING FIRMWARE_DOWNLOADING, FIRMWARE_INITIAL
#define LOADED FIRMWARE_DOWNLOADED, FIRMWARE_INITIAL
#define UPDATING FIRMWARE_UPDATING, FIRMWARE_INITIAL

static void push_in_blocks(void **state)
{
	(void)state;
	PLAY({0},
	     {0, FIRMWARE_PUSH, 0, OK, NONE, LOADING},
	     {90, FIRMWARE_PUSH, 0, OK, NONE, LOADING},
	     {180, FIRMWARE_TIMER, 0, 0, NONE, LOADING},
	     {182, FIRMWARE_PUSHED, 0, OK, FIRMWARE_CHECK, LOADING},
	     {400, FIRMWARE_TIMER, 0, 0, NONE, LOADING},
	     {401, FIRMWARE_CHECKED, 0, 0, NONE, LOADED},
	     {500, FIRMWARE_UPDATE, 0, OK, FIRMWARE_INSTALL, UPDATING},
	     {600, FIRMWARE_INSTALLED, 0, 0, FIRMWARE_DROP, FIRMWARE_IDLE,
	      FIRMWARE_SUCCESS},
	     /* another one forgets how the last one ended */
	     {700, FIRMWARE_PUSHED, 0, OK, FIRMWARE_CHECK, LOADING});
}

static void push_that_stops(void **state)
{
	(void)state;
	PLAY({0},
	     {10, FIRMWARE_PUSH, 0, OK, NONE, LOADING},
	     {102, FIRMWARE_TIMER, 0, 0, NONE, LOADING},
	     {103, FIRMWARE_TIMER, 0, 0, FIRMWARE_DROP, FIRMWARE_IDLE,
	      FIRMWARE_CONNECTION_LOST},
	     {200, FIRMWARE_TIMER, 0, 0, NONE, FIRMWARE_IDLE,
	      FIRMWARE_CONNECTION_LOST});
}

static void pull(void **state)
{
	(void)state;
	PLAY({0},
	     {0, FIRMWARE_URI, 0, OK, FIRMWARE_FETCH, LOADING},
	     {1, FIRMWARE_URI, 0, NO, NONE, LOADING},
	     {1, FIRMWARE_PUSH, 0, NO, NONE, LOADING},
	     {1, FIRMWARE_PUSHED, 0, NO, NONE, LOADING},
	     {1, FIRMWARE_UPDATE, 0, NO, NONE, LOADING},
	     {500, FIRMWARE_TIMER, 0, 0, NONE, LOADING},
	     {501, FIRMWARE_PULLED, 0, 0, FIRMWARE_CHECK, LOADING},
	     {502, FIRMWARE_CHECKED, 0, 0, NONE, LOADED},
	     {503, FIRMWARE_URI, 0, NO, NONE, LOADED},
	     {504, FIRMWARE_PUSH, 0, NO, NONE, LOADED},
	     {505, FIRMWARE_RESET, 0, OK, FIRMWARE_DROP, IDLE});
}

static void what_a_transfer_can_end_in(void **state)
{
	(void)state;
	for (int why = FIRMWARE_NO_FLASH; why <= FIRMWARE_NO_PROTOCOL; why++) {
		struct firmware f = {0};

		firmware_step(&f, FIRMWARE_URI, 0, 0);
		assert_int_equal(firmware_step(&f, FIRMWARE_LOST, why, S).task,
				 FIRMWARE_DROP);
		assert_int_equal(f.state, FIRMWARE_IDLE);
		assert_int_equal(f.result, why);
	}
}

static void what_a_check_can_find(void **state)
{
	static const struct { int error; enum firmware_result result; }
	table[] = {
		{-ENOTSUP, FIRMWARE_UNSUPPORTED}, {-EBADMSG, FIRMWARE_DAMAGED},
		{-ENOSPC, FIRMWARE_NO_FLASH}, {-EFBIG, FIRMWARE_NO_FLASH},
		{-EIO, FIRMWARE_FAILED},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct firmware f = {0};

		firmware_step(&f, FIRMWARE_PUSHED, 0, 0);
		firmware_step(&f, FIRMWARE_CHECKED, table[i].error, S);
		assert_int_equal(f.state, FIRMWARE_IDLE);
		assert_int_equal(f.result, table[i].result);
	}
}

static void an_update_that_fails_can_be_tried_again(void **state)
{
	(void)state;
	PLAY({0},
	     {0, FIRMWARE_UPDATE, 0, NO, NONE, IDLE},
	     {1, FIRMWARE_PUSHED, 0, OK, FIRMWARE_CHECK, LOADING},
	     {2, FIRMWARE_CHECKED, 0, 0, NONE, LOADED},
	     {3, FIRMWARE_UPDATE, 0, OK, FIRMWARE_INSTALL, UPDATING},
	     {4, FIRMWARE_RESET, 0, NO, NONE, UPDATING},
	     {4, FIRMWARE_UPDATE, 0, NO, NONE, UPDATING},
	     {4, FIRMWARE_URI, 0, NO, NONE, UPDATING},
	     {5, FIRMWARE_INSTALLED, -EIO, 0, NONE, FIRMWARE_DOWNLOADED,
	      FIRMWARE_FAILED},
	     {6, FIRMWARE_UPDATE, 0, OK, FIRMWARE_INSTALL, UPDATING},
	     {7, FIRMWARE_INSTALLED, 0, 0, FIRMWARE_DROP, FIRMWARE_IDLE,
	      FIRMWARE_SUCCESS});
}

static void what_comes_too_late_is_nothing(void **state)
{
	(void)state;
	PLAY({0},
	     {0, FIRMWARE_URI, 0, OK, FIRMWARE_FETCH, LOADING},
	     {1, FIRMWARE_RESET, 0, OK, FIRMWARE_DROP, IDLE},
	     {2, FIRMWARE_PULLED, 0, 0, NONE, IDLE},
	     {2, FIRMWARE_LOST, FIRMWARE_CONNECTION_LOST, 0, NONE, IDLE},
	     {2, FIRMWARE_CHECKED, 0, 0, NONE, IDLE},
	     {2, FIRMWARE_INSTALLED, 0, 0, NONE, IDLE},
	     {3, FIRMWARE_PUSHED, 0, OK, FIRMWARE_CHECK, LOADING},
	     {4, FIRMWARE_PULLED, 0, 0, NONE, LOADING});
}

static void restarts(void **state)
{
	(void)state;
	PLAY({0}, {0, FIRMWARE_RESTART, 0, 0, NONE, IDLE});
	PLAY({.result = FIRMWARE_SUCCESS},
	     {0, FIRMWARE_RESTART, 0, 0, NONE, FIRMWARE_IDLE,
	      FIRMWARE_SUCCESS});
	PLAY({.state = FIRMWARE_DOWNLOADING},
	     {0, FIRMWARE_RESTART, 0, 0, FIRMWARE_DROP, FIRMWARE_IDLE,
	      FIRMWARE_CONNECTION_LOST});
	PLAY({.state = FIRMWARE_DOWNLOADED},
	     {0, FIRMWARE_RESTART, 1, 0, NONE, LOADED},
	     {1, FIRMWARE_UPDATE, 0, OK, FIRMWARE_INSTALL, UPDATING},
	     {2, FIRMWARE_RESTART, 1, 0, NONE, FIRMWARE_DOWNLOADED,
	      FIRMWARE_FAILED});
	PLAY({.state = FIRMWARE_DOWNLOADED},
	     {0, FIRMWARE_RESTART, 0, 0, NONE, IDLE});
	PLAY({.state = FIRMWARE_UPDATING},
	     {0, FIRMWARE_RESTART, 0, 0, NONE, FIRMWARE_IDLE,
	      FIRMWARE_FAILED});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(push_in_blocks),
		cmocka_unit_test(push_that_stops),
		cmocka_unit_test(pull),
		cmocka_unit_test(what_a_transfer_can_end_in),
		cmocka_unit_test(what_a_check_can_find),
		cmocka_unit_test(an_update_that_fails_can_be_tried_again),
		cmocka_unit_test(what_comes_too_late_is_nothing),
		cmocka_unit_test(restarts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
