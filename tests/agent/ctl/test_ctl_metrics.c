/* SPDX-License-Identifier: GPL-2.0-or-later
 * Metrics' text as JSON: nothing is lost, and what is no line is left out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "agent/ctl/ctl_metrics.h"

static void becomes(const char *text, const char *expected)
{
	struct json_object *list = ctl_metrics(text);

	assert_string_equal(json_object_to_json_string_ext(
		list, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE),
		expected);
	json_object_put(list);
}

static void numbers(void **state)
{
	(void)state;
	becomes("# HELP a What it is.\n# TYPE a gauge\na 3\nb_total 1234567890123\n",
		"[{\"metric\":\"a\",\"value\":3},"
		"{\"metric\":\"b_total\",\"value\":1234567890123}]");
	becomes("a 0.5\nb -2\n", "[{\"metric\":\"a\",\"value\":0.5},"
		"{\"metric\":\"b\",\"value\":-2}]");
}

static void labels(void **state)
{
	(void)state;
	becomes("a{x=\"1\",y=\"two words\"} 3\n",
		"[{\"metric\":\"a\",\"labels\":{\"x\":\"1\","
		"\"y\":\"two words\"},\"value\":3}]");
	becomes("a{x=\"q\\\"b\\\\n\\n},=\"} 1\n",
		"[{\"metric\":\"a\",\"labels\":{\"x\":\"q\\\"b\\\\n\\n},=\"},"
		"\"value\":1}]");
	becomes("a{x=\"\"} 1\n", "[{\"metric\":\"a\",\"labels\":{\"x\":\"\"},"
		"\"value\":1}]");
}

static void what_is_no_line(void **state)
{
	(void)state;
	becomes("", "[]");
	becomes("\n\n a 1\nb\nc{\nc{x\nc{x=\nc{x=\"\nc{x=\"1\\\nc{x=\"1\"\n"
		"c{x=\"1\"}\n#\n", "[]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers),
		cmocka_unit_test(labels),
		cmocka_unit_test(what_is_no_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
