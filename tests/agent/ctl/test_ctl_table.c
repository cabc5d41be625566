/* SPDX-License-Identifier: GPL-2.0-or-later
 * Columns that are as wide as what people see. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "agent/ctl/ctl_table.h"

static void prints(struct ctl_table *table, const char *expected)
{
	char *text = NULL;
	size_t n = 0;
	FILE *to = open_memstream(&text, &n);

	ctl_table_print(table, to);
	fclose(to);
	assert_string_equal(text, expected);
	free(text);
	ctl_table_finish(table);
}

static void add(struct ctl_table *table, const char *a, const char *b,
		const char *c)
{
	ctl_table_add(table, (const char *const[]){a, b, c});
}

static void test_characters_are_counted_and_not_bytes(void **state)
{
	struct ctl_table table = {.n_columns = 3, .right = 1 << 1};

	(void)state;
	assert_int_equal(ctl_width("K\xc3\xbchlhaus"), 8);
	add(&table, "NAME", "AGE", "NOTE");
	add(&table, "K\xc3\xbchlhaus", "1.5s", "\xe2\x82\xac");
	add(&table, "Kuhlhaus", "12min", "x");
	prints(&table, "NAME        AGE  NOTE\n"
	       "K\xc3\xbchlhaus   1.5s  \xe2\x82\xac\n"
	       "Kuhlhaus  12min  x\n");
}

static void test_no_line_ends_with_a_blank(void **state)
{
	struct ctl_table table = {.n_columns = 3};

	(void)state;
	add(&table, "a", NULL, "");
	add(&table, "", "", "c");
	add(&table, "long", "b", NULL);
	add(&table, NULL, NULL, NULL);
	prints(&table, "a\n         c\nlong  b\n\n");
}

static void test_one_that_is_too_wide_moves_its_own_row_alone(void **state)
{
	struct ctl_table table = {.n_columns = 3};
	char wide[CTL_TABLE_WIDEST + 2], expected[200];

	(void)state;
	memset(wide, 'w', sizeof(wide) - 1);
	wide[sizeof(wide) - 1] = 0;
	add(&table, wide, "b", "c");
	add(&table, "a", "b", "c");
	snprintf(expected, sizeof(expected), "%s  b  c\na  b  c\n", wide);
	prints(&table, expected);
}

static void test_many_rows(void **state)
{
	struct ctl_table table = {.n_columns = 3};

	(void)state;
	for (int i = 0; i < 1000; i++)
		add(&table, "a", "b", "c");
	assert_int_equal(table.n_rows, 1000);
	assert_string_equal(table.cells[2999], "c");
	ctl_table_finish(&table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_characters_are_counted_and_not_bytes),
		cmocka_unit_test(test_no_line_ends_with_a_blank),
		cmocka_unit_test(
			test_one_that_is_too_wide_moves_its_own_row_alone),
		cmocka_unit_test(test_many_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
