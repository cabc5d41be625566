/* SPDX-License-Identifier: GPL-2.0-or-later
 * The server's link parser refuses what Leshan refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/server/links.h"

static const char *registration(const char *text)
{
	return links_check_registration(text, strlen(text));
}

static const char *discover(const char *text)
{
	return links_check_discover(text, strlen(text));
}

static void registration_of_a_good_client_passes(void **state)
{
	(void)state;
	assert_null(registration("</>;rt=\"oma.lwm2m\";ct=110,</1/0>,</3/0>,"
				 "</3303>;ver=1.1,</3303/0>"));
	assert_null(registration("</>;ct=\"0 110\",</3/0/>;hb"));
}

static void registration_mistakes_are_named(void **state)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
		{"", "empty object list"},
		{"</1/0>, </3/0>", "space before a link"},
		{"<1/0>", "target does not start with '/'"},
		{"</3303>;ver=\"1.1\"", "ver in quotation marks"},
		{"</3303/0>;ver=1.1", "ver on an instance link"},
		{"</>;ct=0 110", "space in the list"},
		{"</1/0>,", "comma at the end"},
		{"</1/0", "'<' not closed"},
		{"</3303>;ver=11", "ver is not DIGIT.DIGIT"},
		{"</3303>;=1", "attribute without a name"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_string_equal(registration(cases[i].text),
				    cases[i].why);
}

static void discover_takes_only_what_servers_model(void **state)
{
	(void)state;
	assert_null(discover("</3/0/7>;pmin=10;dim=2;lt=1.5;gt=-6"));
	assert_string_equal(discover("</3/0>;pmin=\"10\""),
			    "attribute is not a number");
	assert_string_equal(discover("</3/0>;edge=1"),
			    "attribute unknown to servers");
}

static void a_link_covers_its_own_branch_only(void **state)
{
	const char *list = "</3303/0>,</33030/0>";
	size_t n = strlen(list);

	(void)state;
	assert_true(links_cover(list, n, "/3303"));
	assert_true(links_cover(list, n, "/3303/0"));
	assert_true(links_cover(list, n, "/3303/0/5700"));
	assert_false(links_cover(list, n, "/3303/01/5700"));
	assert_false(links_cover(list, n, "/330"));
	assert_false(links_cover(list, n, "/3303/1"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(registration_of_a_good_client_passes),
		cmocka_unit_test(registration_mistakes_are_named),
		cmocka_unit_test(discover_takes_only_what_servers_model),
		cmocka_unit_test(a_link_covers_its_own_branch_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
