/* SPDX-License-Identifier: GPL-2.0-or-later
 * One question and one answer of rtnetlink(7), on a socket of its own each
 * time: it is asked when something has changed, and seldom. */
#include "agent/base/route.h"
#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define ANSWER_MAX 4096
#define WAIT_MS 200		/* the kernel answers within the call */

static int socket_open(uint32_t groups)
{
	struct sockaddr_nl own = {.nl_family = AF_NETLINK,
				  .nl_groups = groups};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	int rc = fd < 0 ? -errno : 0;

	if (fd >= 0 && bind(fd, (struct sockaddr *)&own, sizeof(own)) < 0) {
		rc = -errno;
		close(fd);
	}
	return rc < 0 ? rc : fd;
}

int route_watch(void)
{
	return socket_open(RTMGRP_LINK | RTMGRP_IPV4_IFADDR |
			   RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_IFADDR |
			   RTMGRP_IPV6_ROUTE);
}

/* What it was does not matter: all is looked at anew. ENOBUFS, that some was
 * lost, is such news too, and ends nothing. */
void route_drain(int fd)
{
	char bytes[ANSWER_MAX];

	while (recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT) >= 0 ||
	       errno == ENOBUFS || errno == EINTR)
		;
}

/* ---- the question ---- */

struct question {
	struct nlmsghdr head;
	struct rtmsg route;
	struct rtattr attribute;
	uint8_t address[16];
};

static const void *bytes_of(const struct sockaddr *address)
{
	return address->sa_family == AF_INET6 ?
	       (const void *)&((const struct sockaddr_in6 *)(const void *)
			       address)->sin6_addr :
	       (const void *)&((const struct sockaddr_in *)(const void *)
			       address)->sin_addr;
}

static size_t size_of(uint8_t family)
{
	return family == AF_INET6 ? 16 : 4;
}

static bool question_send(int fd, const struct sockaddr *address)
{
	size_t n = size_of((uint8_t)address->sa_family);
	struct question q = {
		.head = {.nlmsg_type = RTM_GETROUTE,
			 .nlmsg_flags = NLM_F_REQUEST},
		.route = {.rtm_family = (uint8_t)address->sa_family,
			  .rtm_dst_len = (uint8_t)(8 * n)},
		.attribute = {.rta_type = RTA_DST,
			      .rta_len = (uint16_t)RTA_LENGTH(n)},
	};

	q.head.nlmsg_len = (uint32_t)(offsetof(struct question, address) + n);
	memcpy(q.address, bytes_of(address), n);
	return send(fd, &q, q.head.nlmsg_len, 0) == (ssize_t)q.head.nlmsg_len;
}

/* ---- the answer ---- */

static void take_attribute(struct ip_route *route, struct rtattr *a)
{
	size_t n = RTA_PAYLOAD(a), most = size_of(route->family);

	switch (a->rta_type) {
	case RTA_OIF:
		if (n == sizeof(route->interface))
			memcpy(&route->interface, RTA_DATA(a), n);
		break;
	case RTA_PREFSRC:
		if (n == most)
			memcpy(route->source, RTA_DATA(a), n);
		break;
	case RTA_GATEWAY:
		if (n == most)
			memcpy(route->router, RTA_DATA(a), n);
		break;
	default: break;
	}
}

struct ip_route route_parse(const void *message, size_t n)
{
	/* The macros of rtnetlink know no const. */
	struct nlmsghdr *head = (struct nlmsghdr *)(uintptr_t)message;
	struct rtmsg *body = NLMSG_DATA(head);
	struct ip_route route = {.known = false};
	struct rtattr *a;
	size_t left;

	if (n < NLMSG_LENGTH(sizeof(*body)) || head->nlmsg_len > n ||
	    head->nlmsg_len < NLMSG_LENGTH(sizeof(*body)) ||
	    head->nlmsg_type != RTM_NEWROUTE ||
	    (body->rtm_type != RTN_UNICAST && body->rtm_type != RTN_LOCAL))
		return route;
	route.family = body->rtm_family;
	left = head->nlmsg_len - NLMSG_LENGTH(sizeof(*body));
	for (a = RTM_RTA(body); RTA_OK(a, left); a = RTA_NEXT(a, left))
		take_attribute(&route, a);
	route.known = route.interface != 0;
	return route;
}

/* A cable that is pulled leaves its routes where they were. */
static bool interface_runs(uint32_t index)
{
	struct ifreq request = {.ifr_flags = 0};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool runs = fd >= 0 && if_indextoname(index, request.ifr_name) &&
		    ioctl(fd, SIOCGIFFLAGS, &request) == 0 &&
		    request.ifr_flags & IFF_RUNNING;

	if (fd >= 0)
		close(fd);
	return runs;
}

static struct ip_route route_ask(int fd, const struct sockaddr *address)
{
	_Alignas(struct nlmsghdr) char bytes[ANSWER_MAX];
	struct timeval wait = {.tv_usec = WAIT_MS * 1000};
	struct ip_route route = {.known = false};
	ssize_t n;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	if (!question_send(fd, address))
		return route;
	n = recv(fd, bytes, sizeof(bytes), 0);
	if (n > 0)
		route = route_parse(bytes, (size_t)n);
	route.known = route.known && interface_runs(route.interface);
	return route;
}

struct ip_route route_to(const struct sockaddr *address)
{
	struct ip_route route = {.known = false};
	int fd;

	if (address->sa_family != AF_INET && address->sa_family != AF_INET6)
		return route;
	fd = socket_open(0);
	if (fd < 0)
		return route;
	route = route_ask(fd, address);
	close(fd);
	return route;
}

bool route_same(const struct ip_route *a, const struct ip_route *b)
{
	if (!a->known || !b->known)
		return a->known == b->known;
	return a->interface == b->interface && a->family == b->family &&
	       !memcmp(a->source, b->source, sizeof(a->source)) &&
	       !memcmp(a->router, b->router, sizeof(a->router));
}

bool route_fits(const struct ip_route *route, const struct sockaddr *own)
{
	return route->known && own->sa_family == route->family &&
	       !memcmp(bytes_of(own), route->source, size_of(route->family));
}
