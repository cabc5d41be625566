/* SPDX-License-Identifier: GPL-2.0-or-later
 * Floods are cut, and how much is said; what matters always comes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include "agent/base/log.h"

static int ends[2], terminal;

static int set_up(void **state)
{
	(void)state;
	terminal = dup(STDERR_FILENO);
	if (pipe(ends) < 0 || fcntl(ends[1], F_SETPIPE_SZ, 1 << 20) < 0)
		return -1;
	dup2(ends[1], STDERR_FILENO);
	close(ends[1]);
	return 0;
}

/* What was written since: its lines, and whether `text` is among it. */
static size_t lines(const char *text, bool *there)
{
	static char written[1 << 20];
	size_t used = 0, n = 0;
	ssize_t got;

	dup2(terminal, STDERR_FILENO);	/* closes the pipe's end */
	while ((got = read(ends[0], written + used,
			   sizeof(written) - 1 - used)) > 0)
		used += (size_t)got;
	written[used] = 0;
	*there = strstr(written, text) != NULL;
	for (const char *at = written; (at = strchr(at, '\n')); at++)
		n++;
	close(ends[0]);
	return n;
}

static void test_a_flood_about_endpoints_is_cut_and_counted(void **state)
{
	bool there;

	(void)state;
	log_open(LOG_NOTE);
	log_catch_up(true);
	for (int i = 0; i < 1000; i++)
		log_line(LOG_WARN, "meter", NULL, "line %d", i);
	log_catch_up(true);
	assert_int_equal(lines("800 more lines about endpoints", &there), 201);
	assert_true(there);
}

static unsigned told;

static void count_told(enum log_level level, const char *endpoint,
		       const char *bus, const char *text)
{
	assert_true(level <= LOG_NOTE);
	assert_string_equal(endpoint, "meter");
	assert_null(bus);
	assert_null(strchr(text, '\n'));
	told++;
}

static void test_who_follows_is_told_what_is_left_out(void **state)
{
	bool there;

	(void)state;
	log_open(LOG_NOTE);
	log_catch_up(true);
	log_follow(count_told);
	for (int i = 0; i < 1000; i++)
		log_line(LOG_WARN, "meter", NULL, "line\n%d", i);
	log_line(LOG_DETAIL, "meter", NULL, "nobody asked for");
	log_follow(NULL);
	log_line(LOG_WARN, "meter", NULL, "not followed any more");
	log_catch_up(true);
	assert_int_equal(told, 1000);
	assert_int_equal(lines("nobody asked for", &there), 201);
	assert_false(there);
}

static void test_foreign_text_stays_on_its_line(void **state)
{
	bool there;

	(void)state;
	log_open(LOG_NOTE);
	log_line(LOG_ERROR, "meter", NULL, "it said: %s",
		 "a\n00:00:00.000 error: b\033[2J \xc3\xa4");
	assert_int_equal(lines("it said: a?00:00:00.000 error: b?[2J \xc3\xa4",
			       &there), 1);
	assert_true(there);
}

static void test_errors_and_what_is_about_all_always_come(void **state)
{
	bool there;

	(void)state;
	log_open(LOG_NOTE);
	log_catch_up(true);
	for (int i = 0; i < 300; i++)
		log_line(LOG_WARN, "meter", NULL, "line %d", i);
	log_line(LOG_ERROR, "meter", NULL, "an error");
	log_line(LOG_NOTE, NULL, NULL, "of the whole gateway");
	assert_int_equal(lines("of the whole gateway", &there), 202);
	assert_true(there);
}

static void test_asked_for_everything_everything_comes(void **state)
{
	bool there;

	(void)state;
	log_open(LOG_DETAIL);
	for (int i = 0; i < 300; i++)
		log_line(LOG_DETAIL, "meter", NULL, "line %d", i);
	log_line(LOG_TRACE, "meter", NULL, "not this");
	assert_int_equal(lines("not this", &there), 300);
	assert_false(there);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(
			test_who_follows_is_told_what_is_left_out, set_up),
		cmocka_unit_test_setup(test_foreign_text_stays_on_its_line,
				       set_up),
		cmocka_unit_test_setup(
			test_a_flood_about_endpoints_is_cut_and_counted,
			set_up),
		cmocka_unit_test_setup(
			test_errors_and_what_is_about_all_always_come, set_up),
		cmocka_unit_test_setup(
			test_asked_for_everything_everything_comes, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
