/* SPDX-License-Identifier: GPL-2.0-or-later
 * URIs of packages, one line each. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "agent/coap/fetch_uri.h"

/* "fw|v 2|" for three segments, the last one empty. */
static void print(char *out, const uint8_t *at, size_t n)
{
	for (size_t i = 0; i < n; i += 1 + (size_t)at[i])
		out += sprintf(out, "%s%.*s", i ? "|" : "", at[i],
			       (const char *)at + i + 1);
	*out = 0;
}

static void takes(const char *text, const char *host, unsigned port,
		  const char *path, const char *query)
{
	struct fetch_uri uri;
	char out[1024];

	assert_int_equal(fetch_uri_parse(text, strlen(text), &uri), 0);
	assert_string_equal(uri.at.host, host);
	assert_int_equal(uri.at.port, port);
	print(out, uri.path, uri.n_path);
	assert_string_equal(out, path);
	print(out, uri.query, uri.n_query);
	assert_string_equal(out, query);
}

static void refuses(const char *text, int error)
{
	struct fetch_uri uri;

	if (fetch_uri_parse(text, strlen(text), &uri) != error)
		fail_msg("%s", text);
}

static void good_ones(void **state)
{
	(void)state;
	takes("coap://h/a/b.bin", "h", 5683, "a|b.bin", "");
	takes("coaps://h/a", "h", 5684, "a", "");
	takes("coap+tcp://h:99/a", "h", 99, "a", "");
	takes("coap://[2001:db8::1]:7/x?y=1&z", "2001:db8::1", 7, "x",
	      "y=1|z");
	takes("coap://h", "h", 5683, "", "");
	takes("coap://h/", "h", 5683, "", "");
	takes("coap://h?q", "h", 5683, "", "q");
	takes("coap://h/a%20b/%c3%A4?%26", "h", 5683, "a b|\xc3\xa4", "&");
	takes("coap://h/a//b", "h", 5683, "a||b", "");
}

static void bad_ones(void **state)
{
	char text[400];

	(void)state;
	refuses("http://h/a", -EPROTONOSUPPORT);
	refuses("h/a", -EPROTONOSUPPORT);
	refuses("", -EINVAL);
	refuses("coap://", -EINVAL);
	refuses("coap:///a", -EINVAL);
	refuses("coap://h:0/a", -EINVAL);
	refuses("coap://h:70000/a", -EINVAL);
	refuses("coap://h/a b", -EINVAL);
	refuses("coap://h/a\n", -EINVAL);
	refuses("coap://h/a#b", -EINVAL);
	refuses("coap://h/%", -EINVAL);
	refuses("coap://h/%4", -EINVAL);
	refuses("coap://h/%4g", -EINVAL);
	refuses("coap://h/a?%zz", -EINVAL);
	memset(text, 'a', sizeof(text));
	memcpy(text, "coap://h/", 9);
	text[FETCH_URI_MAX] = 0;
	takes(text, "h", 5683, text + 9, "");
	text[FETCH_URI_MAX] = 'a';
	text[FETCH_URI_MAX + 1] = 0;
	refuses(text, -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_ones),
		cmocka_unit_test(bad_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
