/* SPDX-License-Identifier: GPL-2.0-or-later
 * CoRE links that come from outside, one at a time. */
#include "objects/linkformat.h"
#include "tests/objects/check.h"

static void link_equal(const struct link *link, const char *target,
		       const char *parameters)
{
	assert_int_equal(link->n_target, strlen(target));
	assert_memory_equal(link->target, target, link->n_target);
	assert_int_equal(link->n_parameters, strlen(parameters));
	assert_memory_equal(link->parameters, parameters, link->n_parameters);
}

static void a_list_is_taken_link_by_link(void **state)
{
	const char *text = "</>;rt=\"oma.lwm2m\";ct=\"0 110\",</1/0>,"
			   "</3303>;ver=1.1,<>;a;b*=x";
	size_t n = strlen(text);
	struct link link;

	(void)state;
	assert_int_equal(link_next(&text, &n, &link), 1);
	link_equal(&link, "/", "rt=\"oma.lwm2m\";ct=\"0 110\"");
	assert_int_equal(link_next(&text, &n, &link), 1);
	link_equal(&link, "/1/0", "");
	assert_int_equal(link_next(&text, &n, &link), 1);
	link_equal(&link, "/3303", "ver=1.1");
	assert_int_equal(link_next(&text, &n, &link), 1);
	link_equal(&link, "", "a;b*=x");
	assert_int_equal(link_next(&text, &n, &link), 0);
	assert_int_equal(n, 0);
}

static void quotes_hide_what_separates(void **state)
{
	const char *text = "</a>;t=\"x,y;<z>\\\"\",</b>";
	size_t n = strlen(text);
	struct link link;

	(void)state;
	assert_int_equal(link_next(&text, &n, &link), 1);
	link_equal(&link, "/a", "t=\"x,y;<z>\\\"\"");
	assert_int_equal(link_next(&text, &n, &link), 1);
	link_equal(&link, "/b", "");
	assert_int_equal(link_next(&text, &n, &link), 0);
}

static void malformed_ones_are_refused(void **state)
{
	static const char *const texts[] = {
		"/1/0", "<", "</1", "</1>x", "</1>;", "</1>;=1", "</1>;a=",
		"</1>;a=\"", "</1>;a=\"x", "</1>;a=\"x\\", "</1>;a=\"x\"y",
		"</1>,", ",</1>", " </1>", "</1> ", "</1>; a", "<</1>",
		"</1 2>", "</1>;a=b c", "</1>,,</2>", "</1>;a=\\",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		const char *text = texts[i];
		size_t n = strlen(text);
		struct link link;
		int got;

		do
			got = link_next(&text, &n, &link);
		while (got > 0);
		assert_int_equal(got, -EBADMSG);
	}
}

static void a_space_after_the_comma_belongs_to_no_link(void **state)
{
	const char *text = "</1>, </2>";
	size_t n = strlen(text);
	struct link link;

	(void)state;
	assert_int_equal(link_next(&text, &n, &link), 1);
	assert_int_equal(link_next(&text, &n, &link), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_is_taken_link_by_link),
		cmocka_unit_test(quotes_hide_what_separates),
		cmocka_unit_test(malformed_ones_are_refused),
		cmocka_unit_test(a_space_after_the_comma_belongs_to_no_link),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
