/* SPDX-License-Identifier: GPL-2.0-or-later
 * Rows that are new, have changed, or are gone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "agent/http/row_set.h"

struct told { unsigned n; char last[40]; };

static void gone(void *owner, const char *name)
{
	struct told *told = owner;

	told->n++;
	strcpy(told->last, name);
}

static void a_row_is_news_when_it_is_new_or_another(void **state)
{
	struct row_set *set = row_set_create();
	struct told told = {0};

	(void)state;
	assert_true(row_set_put(set, "a", "online"));
	assert_true(row_set_put(set, "b", "online"));
	row_set_sweep(set, gone, &told);
	assert_false(row_set_put(set, "a", "online"));
	assert_true(row_set_put(set, "b", "silent"));
	row_set_sweep(set, gone, &told);
	assert_int_equal(told.n, 0);
	row_set_destroy(set);
}

static void who_was_not_put_is_gone_once_and_may_come_again(void **state)
{
	struct row_set *set = row_set_create();
	struct told told = {0};

	(void)state;
	row_set_put(set, "a", "online");
	row_set_put(set, "b", "online");
	row_set_sweep(set, gone, &told);
	row_set_put(set, "a", "online");
	row_set_sweep(set, gone, &told);
	assert_int_equal(told.n, 1);
	assert_string_equal(told.last, "b");
	row_set_put(set, "a", "online");
	assert_true(row_set_put(set, "b", "online"));
	row_set_sweep(set, gone, &told);
	assert_int_equal(told.n, 1);
	row_set_destroy(set);
}

static void many_share_their_chains(void **state)
{
	struct row_set *set = row_set_create();
	struct told told = {0};
	char name[40];

	(void)state;
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 20000; i++) {
			snprintf(name, sizeof(name), "endpoint-%d", i);
			assert_int_equal(row_set_put(set, name, name), !round);
		}
		row_set_sweep(set, gone, &told);
	}
	assert_int_equal(told.n, 0);
	row_set_sweep(set, gone, &told);
	assert_int_equal(told.n, 20000);
	row_set_destroy(set);
	row_set_destroy(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_row_is_news_when_it_is_new_or_another),
		cmocka_unit_test(
			who_was_not_put_is_gone_once_and_may_come_again),
		cmocka_unit_test(many_share_their_chains),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
