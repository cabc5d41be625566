/* SPDX-License-Identifier: GPL-2.0-or-later
 * Where a server is, and what follows the port in an account's URI. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "agent/base/uri.h"

static void where_it_ends(void **state)
{
	static const struct { const char *text; int rc; const char *rest; }
	cases[] = {
		{"coap://h", 0, ""},
		{"coap://h/", 0, "/"},
		{"coaps://h:99/a?b", -EDOM, "/a?b"},
		{"coap://[::1]:7?k=v", -EDOM, "?k=v"},
		{"coap://h?k=v", -EDOM, "?k=v"},
	};
	struct uri uri;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(uri_parse(cases[i].text, &uri), cases[i].rc);
		assert_string_equal(cases[i].text + uri.n, cases[i].rest);
	}
}

static void rests(void **state)
{
	static const struct { const char *text, *path, *query; } cases[] = {
		{"", "", ""},
		{"/", "", ""},
		{"/a", "a", ""},
		{"/tenant7/lwm2m/", "tenant7/lwm2m", ""},
		{"/a?k=v&w", "a", "k=v&w"},
		{"?k=v", "", "k=v"},
		{"/a%20b/%c3%A4", "a b/\xc3\xa4", ""},
		{"/%26?%2f", "&", "/"},
	};
	struct uri_rest rest;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(uri_rest_parse(cases[i].text, &rest), 0);
		assert_string_equal(rest.path, cases[i].path);
		assert_string_equal(rest.query, cases[i].query);
	}
}

static void no_rests(void **state)
{
	static const char *const cases[] = {
		"x", "/a#b", "/%", "/%2", "/%zz", "/a%2fb", "/a%00", "?a%26b",
	};
	char text[URI_REST_MAX + 2] = "/";
	struct uri_rest rest;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(uri_rest_parse(cases[i], &rest), -EINVAL);
	memset(text + 1, 'a', 255);	/* the longest option of CoAP */
	assert_int_equal(uri_rest_parse(text, &rest), 0);
	memset(text + 1, 'a', 256);
	assert_int_equal(uri_rest_parse(text, &rest), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(where_it_ends),
		cmocka_unit_test(rests),
		cmocka_unit_test(no_rests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
