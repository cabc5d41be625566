/* SPDX-License-Identifier: GPL-2.0-or-later
 * Names become addresses; what is none is said, and never while it is asked. */
#include <netdb.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <uv.h>

#include "agent/base/resolve.h"

static struct {
	unsigned calls;
	socklen_t length;
	struct sockaddr_in address;
	bool has_error;
} seen;

static void found(void *owner, const struct addrinfo *all, const char *error,
		  int64_t now)
{
	socklen_t length = all ? all->ai_addrlen : 0;

	assert_ptr_equal(owner, &seen);
	assert_true(now > 0);
	seen.calls++;
	seen.length = length;
	seen.has_error = *error;
	if (length == sizeof(seen.address))
		memcpy(&seen.address, all->ai_addr, length);
}

static void ask(const char *host)
{
	memset(&seen, 0, sizeof(seen));
	resolve(host, 5683, found, &seen);
	assert_int_equal(seen.calls, 0);
	assert_true(resolve_is_under_way());
	uv_run(uv_default_loop(), UV_RUN_DEFAULT);
	assert_int_equal(seen.calls, 1);
	assert_false(resolve_is_under_way());
}

static void an_address_is_found(void **state)
{
	(void)state;
	ask("127.0.0.1");
	assert_int_equal(seen.length, sizeof(seen.address));
	assert_int_equal(ntohl(seen.address.sin_addr.s_addr), INADDR_LOOPBACK);
	assert_int_equal(ntohs(seen.address.sin_port), 5683);
}

/* libuv refuses it before a thread has seen it. */
static void what_is_no_name_is_told_later(void **state)
{
	(void)state;
	ask("\xff\xfe");
	assert_int_equal(seen.length, 0);
	assert_true(seen.has_error);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_is_found),
		cmocka_unit_test(what_is_no_name_is_told_later),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
