/* SPDX-License-Identifier: GPL-2.0-or-later
 * What the kernel says of the way to an address, byte by byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <arpa/inet.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <cmocka.h>
#include "agent/base/route.h"

struct message {
	struct nlmsghdr head;
	struct rtmsg route;
	uint8_t attributes[64];
	size_t used;
};

static void put(struct message *m, uint16_t type, const void *value,
		uint16_t n)
{
	struct rtattr a = {.rta_len = (uint16_t)(sizeof(a) + n),
			   .rta_type = type};

	memcpy(m->attributes + m->used, &a, sizeof(a));
	memcpy(m->attributes + m->used + sizeof(a), value, n);
	m->used += RTA_ALIGN(sizeof(a) + n);
	m->head.nlmsg_len = (uint32_t)(NLMSG_LENGTH(sizeof(struct rtmsg)) +
				       m->used);
}

static struct message by_eth0(void)
{
	struct message m = {
		.head = {.nlmsg_type = RTM_NEWROUTE},
		.route = {.rtm_family = AF_INET, .rtm_type = RTN_UNICAST},
	};
	uint32_t interface = 3;

	put(&m, RTA_OIF, &interface, sizeof(interface));
	put(&m, RTA_PREFSRC, (uint8_t[]){192, 0, 2, 7}, 4);
	put(&m, RTA_GATEWAY, (uint8_t[]){192, 0, 2, 1}, 4);
	return m;
}

static void whole_answer(void **state)
{
	struct message m = by_eth0();
	struct ip_route route = route_parse(&m, m.head.nlmsg_len);
	struct sockaddr_in own = {.sin_family = AF_INET};

	(void)state;
	assert_true(route.known);
	assert_int_equal(route.interface, 3);
	assert_memory_equal(route.source, "\xc0\x00\x02\x07", 4);
	assert_memory_equal(route.router, "\xc0\x00\x02\x01", 4);
	inet_pton(AF_INET, "192.0.2.7", &own.sin_addr);
	assert_true(route_fits(&route, (struct sockaddr *)&own));
	inet_pton(AF_INET, "192.0.2.8", &own.sin_addr);
	assert_false(route_fits(&route, (struct sockaddr *)&own));
}

/* Cut short, of another kind, or with lengths that lie: no way is known. */
static void broken_answers(void **state)
{
	struct message m = by_eth0();
	size_t n = m.head.nlmsg_len;

	(void)state;
	for (size_t cut = 0; cut < n; cut++)
		assert_false(route_parse(&m, cut).known);
	m.head.nlmsg_type = NLMSG_ERROR;
	assert_false(route_parse(&m, n).known);
	m = by_eth0();
	m.route.rtm_type = RTN_UNREACHABLE;
	assert_false(route_parse(&m, n).known);
	m = by_eth0();
	m.attributes[0] = 0xff;			/* longer than the message */
	assert_false(route_parse(&m, n).known);
}

static void same_or_not(void **state)
{
	struct message m = by_eth0();
	struct ip_route a = route_parse(&m, m.head.nlmsg_len), b = a;

	(void)state;
	assert_true(route_same(&a, &b));
	b.router[3] = 2;
	assert_false(route_same(&a, &b));
	b = a;
	b.interface = 4;
	assert_false(route_same(&a, &b));
	b.known = false;
	assert_false(route_same(&a, &b));
	a.known = false;		/* what is not known does not differ */
	assert_true(route_same(&a, &b));
}

static void loopback_is_there(void **state)
{
	struct sockaddr_in to = {.sin_family = AF_INET};
	struct ip_route route;

	(void)state;
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	route = route_to((struct sockaddr *)&to);
	assert_true(route.known);
	assert_true(route_fits(&route, (struct sockaddr *)&to));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_answer),
		cmocka_unit_test(broken_answers),
		cmocka_unit_test(same_or_not),
		cmocka_unit_test(loopback_is_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
