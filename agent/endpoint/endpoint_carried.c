/* SPDX-License-Identifier: GPL-2.0-or-later
 * via: gateway: the endpoint's clients are carried by those of the gateway's own
 * endpoint, one for each server of both. via: both: these, too, and they stand
 * behind its own, which must not move: there is room for them from the start. They
 * move where its own are made anew, of which their server is to notice nothing. */
#include <stdlib.h>
#include "agent/client/client_carry.h"
#include "agent/client/services.h"
#include "agent/endpoint/endpoint.h"
#include "agent/endpoint/endpoint_access.h"
#include "agent/lwm2m/account.h"

/* As many as the gateway's own endpoint may have servers. */
static size_t carried_most(const struct endpoint *e)
{
	size_t configured = e->services->servers.n_configured;

	if (e->conf->via == VIA_OWN)
		return 0;
	return e->services->servers.bootstrap && configured < ACCOUNTS_MAX ?
	       ACCOUNTS_MAX : configured;
}

/* Not set to zeros, which would take the pages of those that never come. */
static void room_make(struct endpoint *e, size_t n)
{
	e->clients = reallocarray(NULL, n ? n : 1, sizeof(struct client));
	if (!e->clients)
		abort();
	e->clients_room = (uint16_t)n;
}

void endpoint_clients_alloc(struct endpoint *e, size_t n)
{
	room_make(e, n + carried_most(e));
}

size_t endpoint_own_clients(const struct endpoint *e)
{
	size_t n = 0;

	while (n < e->n_clients && !client_is_carried(&e->clients[n]))
		n++;
	return n;
}

void endpoint_carried_take(struct endpoint *e, struct client *old, size_t from,
			   size_t to)
{
	if (!e->clients)
		endpoint_clients_alloc(e, 0);
	for (size_t i = from; i < to; i++)
		if (e->n_clients < e->clients_room)
			client_carry_move(&old[i],
					  &e->clients[e->n_clients++]);
		else
			client_finish(&old[i]);
}

static void clients_drop(struct endpoint *e)
{
	while (e->n_clients &&
	       client_is_carried(&e->clients[e->n_clients - 1]))
		client_finish(&e->clients[--e->n_clients]);
}

static void clients_make(struct endpoint *e, struct endpoint *gateway,
			 uint16_t device, int64_t now)
{
	for (size_t i = 0; i < gateway->n_clients &&
			   e->n_clients < e->clients_room; i++) {
		struct client *by = &gateway->clients[i];
		struct client *c = &e->clients[e->n_clients];

		if (!endpoint_lists_server(e, by->server->conf->id))
			continue;
		e->n_clients++;
		client_init(c, e, by->server, by->instance);
		client_carry(c, by, device, now);
	}
}

void endpoint_carry(struct endpoint *e, struct endpoint *gateway,
		    uint16_t device, int64_t now)
{
	size_t own;

	if (e->conf->via == VIA_OWN || e->leaving)
		return;
	clients_drop(e);
	own = e->n_clients;
	if (!own) {
		free(e->clients);
		room_make(e, gateway->n_clients);
	}
	clients_make(e, gateway, device, now);
	endpoint_attributes_restore(e, own);
	endpoint_access_settle(e, 0, now);
	for (size_t i = own; i < e->n_clients; i++)
		forward_attach(&e->clients[i], now);
	endpoint_served(e, now);
}
