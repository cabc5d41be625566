/* SPDX-License-Identifier: GPL-2.0-or-later
 * What the kernel lists under /proc/net, read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "agent/base/uplink.h"

#define HEADING "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\t" \
	"Mask\tMTU\tWindow\tIRTT\n"

static void default_routes(void **state)
{
	/* 192.0.2.1 and 192.0.2.254 as the kernel of this machine's byte
	 * order prints them. */
	static const char text[] = HEADING
		"eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n"
		"wlan0\t00000000\tFE0200C0\t0003\t0\t0\t600\t00000000\t0\t0\t0\n"
		"eth0\t00000000\t010200C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n"
		"dead\t00000000\t010200C0\t0002\t0\t0\t1\t00000000\t0\t0\t0\n"
		"part\t00000000\t010200C0\t0003\t0\t0\t1\t00000080\t0\t0\t0\n";
	char interface[16] = "", router[UPLINK_TEXT] = "";

	(void)state;
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	skip();
#endif
	assert_true(uplink_route(text, interface, router));
	assert_string_equal(interface, "eth0");
	assert_string_equal(router, "192.0.2.1");
	assert_true(uplink_route(HEADING "ppp0\t00000000\t00000000\t0001\t0\t"
				 "0\t0\t00000000\t0\t0\t0\n", interface,
				 router));
	assert_string_equal(interface, "ppp0");
	assert_string_equal(router, "");
}

static void no_default_route(void **state)
{
	static const char *const texts[] = {
		"", HEADING, HEADING "eth0", HEADING "eth0\t0\n",
		HEADING "eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF"
		"\t0\t0\t0\n",
	};
	char interface[16], router[UPLINK_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		assert_false(uplink_route(texts[i], interface, router));
}

#define ANY "00000000000000000000000000000000 00 "
#define FD1 "fd000000000000000000000000000001 "

static void default_routes_of_ipv6(void **state)
{
	static const char text[] =
		"fd000000000000000000000000000000 40 " ANY
		"00000000000000000000000000000000 00000100 00000001 00000000 "
		"00000001     eth0\n"
		ANY ANY "fd0000000000000000000000000000ff 00000800 00000002 "
		"00000000 00000003    wlan0\n"
		ANY ANY FD1 "00000400 00000002 00000000 00000003     eth0\n"
		ANY ANY "00000000000000000000000000000000 ffffffff 00000001 "
		"00000000 00200200       lo\n";
	char interface[16] = "", router[UPLINK_TEXT] = "";

	(void)state;
	assert_true(uplink_route6(text, interface, router));
	assert_string_equal(interface, "eth0");
	assert_string_equal(router, "fd00::1");
	assert_false(uplink_route6("", interface, router));
	assert_false(uplink_route6(ANY ANY "fd 1 2 3 3 eth0\n", interface,
				   router));
}

static void wireless(void **state)
{
	static const char text[] =
		"Inter-| sta-|   Quality        |   Discarded packets\n"
		" face | tus | link level noise |  nwid  crypt   frag\n"
		" wlan0: 0000   54.  -56.  -256        0      0      0\n";
	int32_t quality = 0, signal = 0;

	(void)state;
	assert_true(uplink_wireless(text, "wlan0", &quality, &signal));
	assert_int_equal(quality, 54);
	assert_int_equal(signal, -56);
	assert_false(uplink_wireless(text, "wlan1", &quality, &signal));
	assert_false(uplink_wireless("", "wlan0", &quality, &signal));
}

static void this_machine(void **state)
{
	struct uplink u;

	(void)state;
	uplink_look(&u);
	assert_true(u.n_addresses <= UPLINK_MAX);
	assert_true(u.n_routers <= UPLINK_MAX);
	for (uint32_t i = 0; i < u.n_addresses; i++)
		assert_null(strstr(u.addresses[i], "127.0.0.1"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(default_routes),
		cmocka_unit_test(no_default_route),
		cmocka_unit_test(default_routes_of_ipv6),
		cmocka_unit_test(wireless),
		cmocka_unit_test(this_machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
