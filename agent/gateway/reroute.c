/* SPDX-License-Identifier: GPL-2.0-or-later
 * When the uplink has changed: one look a server, however many endpoints there
 * are, and all that go another way now are told. Their messages wait for their
 * turn in the server's queue as ever. */
#include "agent/endpoint/client_bootstrap.h"
#include "agent/client/client_session.h"
#include "agent/gateway/gateway.h"

#define SECOND INT64_C(1000000000)
#define SETTLE (SECOND / 2)	/* an address comes before its route */
#define SETTLE_MOST (3 * SECOND)

void gateway_routes_change(struct gateway *g, int64_t now)
{
	if (g->services.routes_at == INT64_MAX)
		g->services.routes_by = now + SETTLE_MOST;
	g->services.routes_at = now + SETTLE < g->services.routes_by ?
				now + SETTLE : g->services.routes_by;
}

static bool any_rerouted(const struct gateway *g)
{
	const struct server *s = g->services.servers.first;

	while (s && !s->rerouted)
		s = s->next;
	return s != NULL;
}

static void endpoint_tell(struct endpoint *e, int64_t now)
{
	for (size_t i = 0; i < e->n_clients; i++)
		if (e->clients[i].server->rerouted)
			client_rerouted(&e->clients[i], now);
	if (e->bootstrap && e->bootstrap->server->rerouted)
		client_bootstrap_rerouted(e->bootstrap, now);
}

int64_t gateway_routes_turn(struct gateway *g, int64_t now)
{
	if (g->services.routes_at <= now) {
		g->services.routes_at = INT64_MAX;
		for (struct server *s = g->services.servers.first; s; s = s->next)
			server_route_look(s, now);
	}
	if (!any_rerouted(g))
		return g->services.routes_at;
	for (struct endpoint *e = gateway_next(g, NULL); e;
	     e = gateway_next(g, e))
		endpoint_tell(e, now);
	for (struct server *s = g->services.servers.first; s; s = s->next)
		s->rerouted = false;
	return g->services.routes_at;
}
