/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/base/route.h"
#include "tests/sim/net.h"
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include "objects/codec.h"
#include "tests/sim/loop.h"
#include "tests/sim/site.h"
#include "tests/sim/world.h"

struct net net;

#define FD_ROUTES 400001	/* nobody reads it: loop_readable() */

void net_begin(void)
{
	net = (struct net){.delay_least = 10 * MS, .delay_most = 60 * MS,
			   .watched = site.watched};
}

void net_tell(void)
{
	if (net.watched)
		loop_readable(FD_ROUTES);
}

void net_mend(void)
{
	struct net before = net;

	net_begin();
	net.address = before.address;
	net.sent_up = before.sent_up;
	net.sent_down = before.sent_down;
	memcpy(net.moved, before.moved, sizeof(net.moved));
	if (before.unreachable)
		net_tell();
}

void net_address_change(void)
{
	net.address++;
	world_say("the gateway has another address");
	net_tell();
}

void net_server_move(size_t number)
{
	net.moved[number]++;
	world_say("server %zu has another address", number);
}

struct datagram *datagram_create(size_t length)
{
	struct datagram *d = world_take(sizeof(*d) + length);

	d->observe = -1;
	d->format = d->accept = FORMAT_NONE;
	d->length = length;
	return d;
}

struct datagram *datagram_copy(const struct datagram *from)
{
	struct datagram *d = world_take(sizeof(*d) + from->length);

	memcpy(d, from, sizeof(*d) + from->length);
	return d;
}

void datagram_free(struct datagram *d)
{
	if (d)
		world_give(d, sizeof(*d) + d->length);
}

static void arrived(uint64_t datagram, uint64_t unused)
{
	struct datagram *d = (struct datagram *)(uintptr_t)datagram;

	(void)unused;
	if (d->up)
		server_arrived(d);
	else
		connection_arrived(d);
}

static void carry(const struct datagram *d)
{
	int64_t delay = draw_between(STREAM_NET, net.delay_least,
				     net.delay_most);

	world_at(world.now + delay, false, arrived,
		 (uint64_t)(uintptr_t)datagram_copy(d), 0);
}

void net_send(const struct datagram *d)
{
	if (d->up)
		net.sent_up++;
	else
		net.sent_down++;
	if (d->up ? net.cut_up : net.cut_down)
		return;
	if (d->up && d->moved != net.moved[d->server])
		return;
	if (draw_chance(STREAM_NET, d->up ? net.loss_up : net.loss_down))
		return;
	carry(d);
	if (draw_chance(STREAM_NET, net.twice))
		carry(d);
}

int64_t net_timeout(unsigned n, int64_t first)
{
	return first << n;
}

/* ---- the kernel's routes: one, to all ---- */

int route_watch(void)
{
	return net.watched ? FD_ROUTES : -ENOTSUP;
}

void route_drain(int fd)
{
	(void)fd;
}

struct ip_route route_to(const struct sockaddr *address)
{
	struct ip_route route = {.known = net.watched && !net.unreachable,
				 .interface = 1, .family = AF_INET};

	(void)address;
	memcpy(route.source, &net.address, sizeof(net.address));
	return route;
}

bool route_same(const struct ip_route *a, const struct ip_route *b)
{
	return a->known == b->known &&
	       !memcmp(a->source, b->source, sizeof(a->source));
}

bool route_fits(const struct ip_route *route, const struct sockaddr *own)
{
	const struct sockaddr_in *in = (const void *)own;
	uint32_t address = ntohl(in->sin_addr.s_addr) - 0x0a010000;

	return route->known &&
	       !memcmp(route->source, &address, sizeof(address));
}
