/* SPDX-License-Identifier: GPL-2.0-or-later
 * What is told of many endpoints at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "agent/ctl/ctl_summary.h"

#define ON(server) "{\"servers\":[{\"state\":\"" server "\"}],\"state\":"

static void summary_is(struct json_object *status, const char *expected)
{
	char *text = NULL;
	size_t n = 0;
	FILE *to = open_memstream(&text, &n);

	ctl_summary(status, to);
	fclose(to);
	assert_string_equal(text, expected);
	free(text);
	json_object_put(status);
}

static struct json_object *fleet(size_t online, size_t asleep, size_t silent)
{
	struct json_object *status = json_object_new_object();
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < online + asleep + silent; i++)
		json_object_array_add(list, json_tokener_parse(
			i < online ? ON("registered") "\"online\"}" :
			i < online + asleep ? ON("updating") "\"asleep\"}" :
			ON("off") "\"silent\"}"));
	json_object_object_add(status, "endpoints", list);
	return status;
}

static void test_numbers_of_a_fleet(void **state)
{
	(void)state;
	summary_is(fleet(993, 5, 2),
		   "1,000 endpoints: 993 online, 5 asleep, 2 silent\n");
	summary_is(fleet(12045, 0, 0), "12,045 endpoints: 12,045 online\n");
	summary_is(fleet(0, 1, 0), "1 endpoint: 1 asleep\n");
	summary_is(fleet(0, 0, 0), "0 endpoints\n");
	summary_is(json_object_new_object(), "0 endpoints\n");
}

static void test_who_is_there_and_lacks_a_server_is_told(void **state)
{
	(void)state;
	summary_is(json_tokener_parse(
		"{\"endpoints\":["
		ON("registering") "\"online\"},"
		ON("registered") "\"online\"},"
		"{\"state\":\"online\",\"servers\":[],\"bootstrap\":{}},"
		"{\"state\":\"online\",\"servers\":[]},"
		ON("waiting") "\"silent\"},"
		"{\"state\":\"refused\"}]}"),
		"6 endpoints: 4 online, 1 silent, 1 refused; "
		"2 not registered\n");
}

static void test_what_is_well_is_taken_out(void **state)
{
	struct json_object *status = json_tokener_parse(
		"{\"endpoints\":["
		ON("registered") "\"online\"},"
		ON("updating") "\"asleep\"},"
		ON("lapsed") "\"online\",\"n\":1},"
		ON("registered") "\"silent\",\"n\":2},"
		"{\"state\":\"refused\",\"n\":3}],"
		"\"buses\":[{\"bus\":\"a\"},{\"bus\":\"b\",\"error\":\"x\"}],"
		"\"health\":\"degraded\"}");

	(void)state;
	ctl_keep_not_well(status);
	assert_string_equal(json_object_to_json_string_ext(
		status, JSON_C_TO_STRING_PLAIN),
		"{\"endpoints\":["
		ON("lapsed") "\"online\",\"n\":1},"
		ON("registered") "\"silent\",\"n\":2},"
		"{\"state\":\"refused\",\"n\":3}],"
		"\"buses\":[{\"bus\":\"b\",\"error\":\"x\"}],"
		"\"health\":\"degraded\"}");
	json_object_put(status);
}

/* One that was asked for by its name has no buses beside it. */
static void test_what_is_not_there_is_not_made(void **state)
{
	struct json_object *status = json_tokener_parse("{\"endpoints\":[]}");

	(void)state;
	ctl_keep_not_well(status);
	assert_string_equal(json_object_to_json_string_ext(
		status, JSON_C_TO_STRING_PLAIN), "{\"endpoints\":[]}");
	json_object_put(status);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers_of_a_fleet),
		cmocka_unit_test(test_who_is_there_and_lacks_a_server_is_told),
		cmocka_unit_test(test_what_is_well_is_taken_out),
		cmocka_unit_test(test_what_is_not_there_is_not_made),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
