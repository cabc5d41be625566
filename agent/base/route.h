/* SPDX-License-Identifier: GPL-2.0-or-later
 * The way to an address as the kernel would take it now, and word from the
 * kernel when ways may have changed. Linux' rtnetlink; any thread, but one
 * caller at a time. */
#ifndef AGENT_ROUTE_H
#define AGENT_ROUTE_H
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct ip_route {
	bool known;		/* there is one, over an interface that runs */
	uint32_t interface;	/* its index */
	uint8_t family;		/* AF_INET, AF_INET6; the addresses' bytes: */
	uint8_t source[16];	/* what we would be seen as */
	uint8_t router[16];	/* all 0: none between */
};

/* A descriptor that is readable when addresses, routes or links may have
 * changed; -errno. */
int route_watch(void);
/* Reads all that has come there. */
void route_drain(int fd);

/* Does not block but for the kernel's own answer. */
struct ip_route route_to(const struct sockaddr *address);
bool route_same(const struct ip_route *a, const struct ip_route *b);
/* Would a socket of this own address still go this way? */
bool route_fits(const struct ip_route *route, const struct sockaddr *own);
/* One RTM_NEWROUTE message; pure. The interface is taken as one that runs. */
struct ip_route route_parse(const void *message, size_t n);
#endif
