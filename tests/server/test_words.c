/* SPDX-License-Identifier: GPL-2.0-or-later
 * Command lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/server/words.h"

static void words_split_at_spaces_but_not_in_quotes(void **state)
{
	char line[] = "7  write ep /3303/0/5750 text=\"boiler room\" ";
	char *word[8];

	(void)state;
	assert_int_equal(words_split(line, word, 8), 5);
	assert_string_equal(word[0], "7");
	assert_string_equal(word[3], "/3303/0/5750");
	assert_string_equal(word[4], "text=boiler room");
}

static void too_many_words_are_left_out(void **state)
{
	char line[] = "a b c";
	char *word[2];

	(void)state;
	assert_int_equal(words_split(line, word, 2), 2);
}

static void hex_is_read_or_refused(void **state)
{
	uint8_t to[2];

	(void)state;
	assert_int_equal(hex_parse("00fF", to, 2), 2);
	assert_int_equal(to[1], 0xff);
	assert_true(hex_parse("0", to, 2) < 0);
	assert_true(hex_parse("0g", to, 2) < 0);
	assert_true(hex_parse("001122", to, 2) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_split_at_spaces_but_not_in_quotes),
		cmocka_unit_test(too_many_words_are_left_out),
		cmocka_unit_test(hex_is_read_or_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
