/* SPDX-License-Identifier: GPL-2.0-or-later
 * Object 1: what a server's account says, for the client that it is of. */
#include "agent/endpoint/client_bootstrap.h"
#include "agent/endpoint/endpoint_object.h"
#include "objects/codec.h"
#include "objects/ids.h"


static struct client *server_client(struct endpoint *e, uint16_t instance)
{
	for (size_t i = 0; i < e->n_clients; i++)
		if (e->clients[i].instance == instance)
			return &e->clients[i];
	return NULL;
}

static uint32_t server_disable_timeout(const struct client *c)
{
	struct lwm2m_path path = path_resource(ID_SERVER, c->instance,
					       ID_SERVER_DISABLE_TIMEOUT);
	const struct tree_slot *slot = tree_find(&c->endpoint->tree, &path);

	return slot && slot->value.as.integer > 0 ?
	       (uint32_t)slot->value.as.integer : ACCOUNT_DISABLED;
}

static uint8_t server_execute(struct endpoint *e,
			      const struct lwm2m_path *path, int64_t now)
{
	struct client *c = server_client(e, path->id[1]);

	if (path->id[2] == ID_SERVER_BOOTSTRAP)
		return client_bootstrap_trigger(e, "its server says so", now) ?
		       CODE(2, 4) : CODE(4, 5);
	if (path->id[2] == ID_SERVER_UPDATE && c)
		client_event(c, REGISTRATION_TRIGGER, 0, 0, now);
	else if (path->id[2] == ID_SERVER_DISABLE && c)
		client_disable(c, server_disable_timeout(c), now);
	else
		return CODE(5, 1);
	return CODE(2, 4);
}

static void server_touched(struct endpoint *e, const struct lwm2m_path *path,
			   int64_t now)
{
	struct client *c = server_client(e, path->id[1]);
	const struct tree_slot *slot = tree_find(&e->tree, path);

	if (!c || !slot)
		return;
	switch (path->id[2]) {
	case ID_SERVER_LIFETIME:
		client_live(c, (uint32_t)slot->value.as.integer, now);
		break;
	case ID_SERVER_PMIN:
	case ID_SERVER_PMAX:
		client_configure(c, now);
		break;
	case ID_SERVER_BINDING:
		client_bind(c, now);
		break;
	case ID_SERVER_PREFERRED:
		client_prefer(c, now);
		client_bootstrap_prefer(e, now);
		break;
	case ID_SERVER_MUTE_SEND:
		forward_schedule(c);
		break;
	}
}

const struct endpoint_object endpoint_object_server = {
	.id = ID_SERVER, .execute = server_execute, .touched = server_touched,
};
