/* SPDX-License-Identifier: GPL-2.0-or-later
 * The table of commands: what its two readers rely on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "agent/base/commands.h"

static const struct row {
	const char *id, *name;
	enum command_who who;
	int least, most;
	const char *arguments, *help;
	const char *members[COMMAND_MEMBERS + 1];
	enum { BOTH, PLAIN, TOOL, DAEMON } kind;
} rows[] = {
#define ROW(kind, id, name, who, least, most, arguments, help, ...) \
	{#id, name, who, least, most, arguments, help, {__VA_ARGS__}, kind},
#define ROW_BOTH(...) ROW(BOTH, __VA_ARGS__)
#define ROW_PLAIN(...) ROW(PLAIN, __VA_ARGS__)
#define ROW_TOOL(...) ROW(TOOL, __VA_ARGS__)
#define ROW_DAEMON(...) ROW(DAEMON, __VA_ARGS__)
	COMMANDS(ROW_BOTH, ROW_PLAIN, ROW_TOOL, ROW_DAEMON)
};
#define N (sizeof(rows) / sizeof(*rows))

static size_t members_of(const struct row *row)
{
	size_t n = 0;

	while (n <= COMMAND_MEMBERS && row->members[n])
		n++;
	return n;
}

static void names_are_one_each(void **state)
{
	(void)state;
	for (size_t i = 0; i < N; i++)
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(rows[i].name, rows[k].name);
}

/* log-level is log_level in C. */
static void a_name_is_its_id(void **state)
{
	(void)state;
	for (size_t i = 0; i < N; i++) {
		assert_int_equal(strlen(rows[i].name), strlen(rows[i].id));
		for (const char *c = rows[i].name, *id = rows[i].id; *c; c++)
			assert_int_equal(*c == '-' ? '_' : *c, *id++);
	}
}

static void help_fits_beside_the_command(void **state)
{
	(void)state;
	for (size_t i = 0; i < N; i++) {
		assert_in_range(strlen(rows[i].help),
				rows[i].kind == DAEMON ? 0 : 1, 50);
		assert_true(rows[i].least <= rows[i].most);
	}
}

static void what_lwmuxd_needs_has_a_name(void **state)
{
	(void)state;
	for (size_t i = 0; i < N; i++) {
		assert_true(members_of(&rows[i]) <= COMMAND_MEMBERS);
		if (rows[i].kind != TOOL)
			assert_true((size_t)rows[i].least <=
				    members_of(&rows[i]));
	}
}

/* lwmuxctl puts each argument of these into a member. */
static void plain_arguments_are_members(void **state)
{
	(void)state;
	for (size_t i = 0; i < N; i++)
		if (rows[i].kind == PLAIN)
			assert_int_equal(members_of(&rows[i]), rows[i].most);
}

static void whoever_answers_may_be_asked(void **state)
{
	(void)state;
	for (size_t i = 0; i < N; i++)
		if (rows[i].kind != TOOL)
			assert_true(rows[i].who == WHO_GROUP ||
				    rows[i].who == WHO_ROOT ||
				    rows[i].who == WHO_CHECKS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_one_each),
		cmocka_unit_test(a_name_is_its_id),
		cmocka_unit_test(help_fits_beside_the_command),
		cmocka_unit_test(what_lwmuxd_needs_has_a_name),
		cmocka_unit_test(plain_arguments_are_members),
		cmocka_unit_test(whoever_answers_may_be_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
