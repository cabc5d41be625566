/* SPDX-License-Identifier: GPL-2.0-or-later
 * What may come next on a command line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "agent/ctl/ctl_complete.h"

#define WORDS_MAX 8

static size_t words_of(char *line, char **words)
{
	size_t n = 0;

	for (char *word; (word = strsep(&line, " ")) && n < WORDS_MAX; )
		words[n++] = word;
	return n;
}

/* expected: what is offered, with blanks between. */
static void completes(const char *line, enum ctl_place place,
		      const char *expected)
{
	char *copy = strdup(line), *words[WORDS_MAX], *text = NULL;
	size_t n, size = 0;
	FILE *to = open_memstream(&text, &size);

	assert_non_null(copy);
	assert_non_null(to);
	n = words_of(copy, words);
	assert_int_equal(ctl_complete(words, n, to), place);
	fclose(to);
	for (char *c = text; *c; c++)
		if (*c == '\n')
			*c = c[1] ? ' ' : '\0';
	assert_string_equal(text, expected);
	free(text);
	free(copy);
}

static void commands(void **state)
{
	(void)state;
	completes("re", PLACE_COMMAND, "read reload");
	completes("--run /tmp/x log", PLACE_COMMAND, "log-level");
	completes("help boot", PLACE_COMMAND, "bootstrap");
	completes("nothing ", PLACE_NOTHING, "");
	completes("zzz", PLACE_COMMAND, "");
}

static void options(void **state)
{
	(void)state;
	completes("status --", PLACE_NOTHING,
		  "--run --help --version --json --not-well");
	completes("keygen --r", PLACE_NOTHING, "--run --rpk");
	completes("scan --a", PLACE_NOTHING, "--adopt");
	completes("--v", PLACE_NOTHING, "--version");
}

static void names(void **state)
{
	(void)state;
	completes("status ", PLACE_ENDPOINT, "");
	completes("status --json m", PLACE_ENDPOINT, "");
	completes("read m ", PLACE_NOTHING, "");
	completes("write me", PLACE_ENDPOINT, "");
	completes("trace ", PLACE_BUS, "");
	completes("trace --for 10s pl", PLACE_BUS, "");
	completes("scan ", PLACE_BUS, "");
	completes("adopt hall ", PLACE_BUS, "");
	completes("adopt ", PLACE_NOTHING, "");
	completes("profiles ea", PLACE_PROFILE, "");
}

static void words_of_the_table(void **state)
{
	(void)state;
	completes("log-level ", PLACE_NOTHING,
		  "error warning note detail trace");
	completes("log-level t", PLACE_NOTHING, "trace");
	completes("log-level trace ", PLACE_NOTHING, "");
}

static void what_an_option_takes_is_not_ours(void **state)
{
	(void)state;
	completes("trace --for ", PLACE_NOTHING, "");
	completes("--run ", PLACE_NOTHING, "");
	completes("check -c ", PLACE_NOTHING, "");
}

static void where_the_daemon_is(void **state)
{
	char line[] = "--run /tmp/x status ", *words[WORDS_MAX];

	(void)state;
	assert_int_equal(words_of(line, words), 4);
	assert_string_equal(ctl_complete_run(words, 4), "/tmp/x");
	assert_null(ctl_complete_run(words + 2, 2));
	assert_null(ctl_complete_run(words, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands),
		cmocka_unit_test(options),
		cmocka_unit_test(names),
		cmocka_unit_test(words_of_the_table),
		cmocka_unit_test(what_an_option_takes_is_not_ours),
		cmocka_unit_test(where_the_daemon_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
