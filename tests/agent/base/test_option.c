/* SPDX-License-Identifier: GPL-2.0-or-later
 * What is said of a wrong command line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <getopt.h>
#include "agent/base/option.h"

static const struct option table[] = {
	{"config", required_argument, NULL, 'c'},
	{"not-well", no_argument, NULL, 'n'},
	{"json", no_argument, NULL, 'j'},
	{"json-lines", no_argument, NULL, 'l'},
	{NULL, 0, NULL, 0}
};

static void said(char *word, const char *expected)
{
	char name[] = "p", text[OPTION_TEXT_MAX];
	char *argv[] = {name, word, NULL};
	static const char *const names[] = {"config", "not-well", "json",
					    "json-lines", NULL};
	int c;

	optind = 0;
	c = getopt_long(2, argv, ":c:h", table, NULL);
	option_trouble(names, argv[optind - 1], optopt, c, text);
	assert_string_equal(text, expected);
}
#define SAID(word, expected) \
	do { char word_[] = word; said(word_, expected); } while (0)

static void what_is_wrong(void **state)
{
	(void)state;
	SAID("--notwell", "unknown option '--notwell'; did you mean "
	     "'--not-well'?");
	SAID("--jsn=1", "unknown option '--jsn'; did you mean '--json'?");
	SAID("--xyz", "unknown option '--xyz'");
	SAID("--j", "unknown option '--j'");	/* either */
	SAID("-xw", "unknown option '-x'");
	SAID("-x", "unknown option '-x'");
	SAID("--config", "--config needs a value");
	SAID("-c", "-c needs a value");
	SAID("--json=1", "--json takes no value");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
