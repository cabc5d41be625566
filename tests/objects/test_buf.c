/* SPDX-License-Identifier: GPL-2.0-or-later
 * Bounded output: what fits exactly, and what stays out. */
#include "tests/objects/check.h"

static void it_fills_to_the_last_byte(void **state)
{
	char room[4];
	struct buf buf = buf_over(room, sizeof(room));

	(void)state;
	buf_text(&buf, "ab");
	buf_byte(&buf, 'c');
	buf_put(&buf, "d", 1);
	assert_false(buf.full);
	assert_int_equal(buf.used, 4);
	assert_memory_equal(room, "abcd", 4);
}

static void what_does_not_fit_stays_out_whole(void **state)
{
	char room[4] = "....";
	struct buf buf = buf_over(room, sizeof(room));

	(void)state;
	buf_text(&buf, "abc");
	buf_text(&buf, "de");
	assert_true(buf.full);
	buf_byte(&buf, 'f');	/* would fit, but comes after what did not */
	assert_int_equal(buf.used, 3);
	assert_memory_equal(room, "abc.", 4);
}

static void print_fills_to_the_last_byte(void **state)
{
	char room[4] = "....";
	struct buf buf = buf_over(room, 3);

	(void)state;
	buf_print(&buf, "%d", 123);
	assert_false(buf.full);
	assert_memory_equal(room, "123.", 4);
	buf_print(&buf, "%s", "");
	assert_false(buf.full);
	buf_print(&buf, "%d", 4);
	assert_true(buf.full);
}

static void no_room_at_all(void **state)
{
	struct buf buf = buf_over(NULL, 0);

	(void)state;
	buf_put(&buf, NULL, 0);
	assert_false(buf.full);
	buf_byte(&buf, 0);
	assert_true(buf.full);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_fills_to_the_last_byte),
		cmocka_unit_test(what_does_not_fit_stays_out_whole),
		cmocka_unit_test(print_fills_to_the_last_byte),
		cmocka_unit_test(no_room_at_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
