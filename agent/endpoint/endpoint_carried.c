/* SPDX-License-Identifier: GPL-2.0-or-later
 * via: gateway: the endpoint's clients are carried by those of the gateway's own
 * endpoint, one for each server of both. */
#include <stdlib.h>
#include "agent/client/client_carry.h"
#include "agent/client/services.h"
#include "agent/endpoint/endpoint.h"
#include "agent/endpoint/endpoint_access.h"

static void clients_drop(struct endpoint *e)
{
	for (size_t i = 0; i < e->n_clients; i++)
		client_finish(&e->clients[i]);
	free(e->clients);
	e->clients = NULL;
	e->n_clients = 0;
}

static void clients_make(struct endpoint *e, struct endpoint *gateway,
			 uint16_t device, int64_t now)
{
	e->clients = calloc(gateway->n_clients + 1u, sizeof(struct client));
	if (!e->clients)
		abort();
	for (size_t i = 0; i < gateway->n_clients; i++) {
		struct client *by = &gateway->clients[i];
		struct client *c = &e->clients[e->n_clients];

		if (!endpoint_uses_server(e, by->server->conf->id))
			continue;
		e->n_clients++;
		client_init(c, e, by->server, by->instance);
		client_carry(c, by, device, now);
	}
}

void endpoint_carry(struct endpoint *e, struct endpoint *gateway,
		    uint16_t device, int64_t now)
{
	if (!e->conf->via_gateway || e->leaving)
		return;
	clients_drop(e);
	clients_make(e, gateway, device, now);
	endpoint_attributes_restore(e);
	endpoint_access_settle(e, 0, now);
	for (size_t i = 0; i < e->n_clients; i++)
		forward_attach(&e->clients[i], now);
	endpoint_served(e, now);
}
