/* SPDX-License-Identifier: GPL-2.0-or-later
 * Who is let in to the page, and where it may listen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>
#include "agent/config/config_build.h"
#include "agent/config/config_token.h"
#include "agent/http/http_check.h"

#define TOKEN "0123456789abcdef"

static void host_is_an_address_localhost_or_ourselves(void **state)
{
	static const char *const ours[] = {
		"127.0.0.1", "127.0.0.1:8088", "192.0.2.255:1", "[::1]",
		"[::1]:8088", "[2001:db8::7]:80", "localhost", "LocalHost:9",
		"box", "BOX:8088", "box.local", "box.local:8088", "box:",
	};
	static const char *const others[] = {
		"", ":", ":80", "[", "[]", "[]:80", "[::1", "[::1]x",
		"[::1]:x", "[box]:80", "evil.example", "box.evil.example",
		"localhost.evil.example", "127.0.0.1.evil.example", "127.1",
		"127.0.0.1.", ".127.0.0.1", "127..0.1", "1.2.3.4.5",
		"1234.0.0.1", "0x7f.0.0.1", "localhost:80x", "a@localhost",
		"localhost/", "box.locale", ".local", "boxlocal", "local",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(ours) / sizeof(*ours); i++)
		if (!http_host_is_ours(ours[i], "box"))
			fail_msg("%s is ours", ours[i]);
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (http_host_is_ours(others[i], "box"))
			fail_msg("%s is not ours", others[i]);
}

static void a_machine_without_a_name_has_only_its_addresses(void **state)
{
	(void)state;
	assert_false(http_host_is_ours("", ""));
	assert_false(http_host_is_ours(".local", ""));
	assert_true(http_host_is_ours("127.0.0.1", ""));
}

static void bearer_is_the_whole_token(void **state)
{
	static const char *const wrong[] = {
		"", "Bearer", "Bearer ", TOKEN, "Basic " TOKEN,
		"Bearer " TOKEN "x", "Bearer 0123456789abcde", "Bearer x",
		"Bearer  " TOKEN, "Bearer 0123456789abcdeF",
	};

	(void)state;
	assert_true(http_bearer_is("Bearer " TOKEN, TOKEN));
	assert_true(http_bearer_is("bearer " TOKEN, TOKEN));
	assert_false(http_bearer_is(NULL, TOKEN));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		if (http_bearer_is(wrong[i], TOKEN))
			fail_msg("'%s' is wrong", wrong[i]);
}

static void token_is_one_word_that_nobody_guesses(void **state)
{
	static const char *const wrong[] = {
		"", "\n", "short\n", "0123456789abcde", "two words of a token",
		"0123456789abcdef\n0", "0123456789abcde\x80",
		"0123456789abcde\x01",
	};
	char text[400];

	(void)state;
	assert_string_equal(config_token_of(strcpy(text, TOKEN)), TOKEN);
	assert_string_equal(config_token_of(strcpy(text, " " TOKEN " \r\n")),
			    TOKEN);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		assert_null(config_token_of(strcpy(text, wrong[i])));
	memset(text, 'a', sizeof(text));
	text[CONFIG_TOKEN_MOST + 1] = 0;
	assert_null(config_token_of(text));
	text[CONFIG_TOKEN_MOST] = 0;
	assert_non_null(config_token_of(text));
}

static void address_to_listen_at_is_in_numbers(void **state)
{
	static const char *const wrong[] = {
		"", ":", ":80", "8088", "127.0.0.1", "127.0.0.1:",
		"127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:x",
		"256.0.0.1:80", "127.0.0.1.1:80", "127.0.01:80", "::1:80",
		"[::1]", "[::1]80", "[]:80", "[box]:80", "box:80",
		"[::1:80", "::1]:80",
		"[0000:0000:0000:0000:0000:0000:0000:0000:0000:0000]:1",
	};
	struct config_listen at;

	(void)state;
	assert_int_equal(config_listen_parse("127.0.0.1:8088", &at), 0);
	assert_string_equal(at.host, "127.0.0.1");
	assert_int_equal(at.port, 8088);
	assert_true(at.loopback && !at.v6);
	assert_int_equal(config_listen_parse("[::1]:0", &at), 0);
	assert_string_equal(at.host, "::1");
	assert_true(at.loopback && at.v6);
	assert_int_equal(config_listen_parse("[::]:80", &at), 0);
	assert_false(at.loopback);
	assert_int_equal(config_listen_parse("0.0.0.0:80", &at), 0);
	assert_false(at.loopback);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		if (config_listen_parse(wrong[i], &at) != -EINVAL)
			fail_msg("'%s' is no address", wrong[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(host_is_an_address_localhost_or_ourselves),
		cmocka_unit_test(
			a_machine_without_a_name_has_only_its_addresses),
		cmocka_unit_test(bearer_is_the_whole_token),
		cmocka_unit_test(token_is_one_word_that_nobody_guesses),
		cmocka_unit_test(address_to_listen_at_is_in_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
