/* SPDX-License-Identifier: GPL-2.0-or-later
 * The way of a Bootstrap-Request, each state with each event. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "agent/lwm2m/bootstrap_asking.h"

static void each_state_with_each_event(void **state)
{
	enum { UNREADY = ASKING_UNREADY, NOTHING = ASKING_NOTHING,
	       QUEUED = ASKING_QUEUED, BLOCKED = ASKING_BLOCKED,
	       SENT = ASKING_SENT };
	static const struct { int from, to[ASKING_EVENTS]; } rows[] = {
		/*         READY    WANTED   BUSY     GOES     ENDED    GIVEN_UP */
		{UNREADY, {NOTHING, UNREADY, UNREADY, UNREADY, UNREADY, UNREADY}},
		{NOTHING, {NOTHING, QUEUED,  BLOCKED, SENT,    NOTHING, NOTHING}},
		{QUEUED,  {QUEUED,  QUEUED,  BLOCKED, SENT,    QUEUED,  NOTHING}},
		{BLOCKED, {BLOCKED, QUEUED,  BLOCKED, SENT,    BLOCKED, NOTHING}},
		{SENT,    {SENT,    QUEUED,  SENT,    SENT,    NOTHING, NOTHING}},
	};

	(void)state;
	assert_int_equal(sizeof(rows) / sizeof(rows[0]), ASKING_STATES);
	for (size_t i = 0; i < ASKING_STATES; i++)
		for (size_t k = 0; k < ASKING_EVENTS; k++)
			assert_int_equal(asking_next(
				(enum asking_state)rows[i].from,
				(enum asking_event)k), rows[i].to[k]);
}

static enum asking_state run(const enum asking_event *events, size_t n)
{
	enum asking_state at = ASKING_UNREADY;

	for (size_t i = 0; i < n; i++)
		at = asking_next(at, events[i]);
	return at;
}
#define RUN(...) run((const enum asking_event[]){__VA_ARGS__}, \
	sizeof((const enum asking_event[]){__VA_ARGS__}) / \
	sizeof(enum asking_event))

static void the_way_out(void **state)
{
	(void)state;
	assert_int_equal(RUN(ASKING_READY, ASKING_WANTED), ASKING_QUEUED);
	assert_int_equal(RUN(ASKING_READY, ASKING_WANTED, ASKING_BUSY),
			 ASKING_BLOCKED);
	assert_int_equal(RUN(ASKING_READY, ASKING_WANTED, ASKING_BUSY,
			     ASKING_GOES), ASKING_SENT);
	assert_int_equal(RUN(ASKING_READY, ASKING_WANTED, ASKING_GOES,
			     ASKING_ENDED), ASKING_NOTHING);
}

/* A pack comes in parts, each asked for when the one before it has come. */
static void a_pack_in_parts_or_none(void **state)
{
	(void)state;
	assert_int_equal(RUN(ASKING_READY, ASKING_WANTED, ASKING_GOES,
			     ASKING_ENDED, ASKING_GOES), ASKING_SENT);
	assert_int_equal(RUN(ASKING_READY, ASKING_WANTED, ASKING_GOES,
			     ASKING_ENDED, ASKING_BUSY), ASKING_BLOCKED);
}

static void the_end_of_an_older_one_is_not_its_own(void **state)
{
	(void)state;
	assert_int_equal(RUN(ASKING_READY, ASKING_WANTED, ASKING_GOES,
			     ASKING_WANTED, ASKING_ENDED), ASKING_QUEUED);
}

static void a_new_start_is_none(void **state)
{
	(void)state;
	assert_int_equal(RUN(ASKING_GIVEN_UP, ASKING_READY), ASKING_NOTHING);
	assert_int_equal(RUN(ASKING_READY, ASKING_GIVEN_UP, ASKING_READY),
			 ASKING_NOTHING);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_state_with_each_event),
		cmocka_unit_test(the_way_out),
		cmocka_unit_test(a_pack_in_parts_or_none),
		cmocka_unit_test(the_end_of_an_older_one_is_not_its_own),
		cmocka_unit_test(a_new_start_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
