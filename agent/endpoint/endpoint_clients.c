/* SPDX-License-Identifier: GPL-2.0-or-later
 * An endpoint as its clients know it, and all of them at once. */
#include <errno.h>
#include "agent/client/client_host.h"
#include "agent/config/config_habits.h"
#include "agent/endpoint/client_bootstrap.h"
#include "agent/endpoint/client_request.h"
#include "agent/endpoint/endpoint_access.h"
#include "agent/endpoint/endpoint_object.h"
#include "agent/endpoint/endpoint_poll.h"
#include "agent/lwm2m/statistics.h"

static const struct config_device *conf_of(const struct endpoint *e)
{
	return e->conf;
}

/* Who asks for it may change it. */
static struct tree *tree_of(const struct endpoint *e)
{
	return &((struct endpoint *)(uintptr_t)e)->tree;
}

static int64_t stop_at(const struct endpoint *e)
{
	return e->leaving ? e->stop_at : INT64_MAX;
}

static int64_t device_seen(const struct endpoint *e)
{
	return e->life.seen;
}

static bool is_fresh(const struct endpoint *e)
{
	return e->bootstrap && e->bootstrap->fresh;
}

static struct request_scope scope_of(struct client *c, int64_t now)
{
	struct endpoint *e = c->endpoint;

	return (struct request_scope){
		.tree = &e->tree, .model = config_device_model(e->conf),
		.attributes = &c->attributes,
		.server = c->server->conf->id,
		.device = client_device(c),
		.enforced = endpoint_access_enforced(e),
		.rights = endpoint_access_rights(c),
		.serve_stale = e->conf->stale == STALE_SERVE,
		.fallback = config_server_format(c->server->conf,
						 c->registration.lwm2m_1_0),
		.asleep = e->conf->queue,
		.with_times = endpoint_is_away(e),
		.now = services_wall(e->services, now),
		.bound = &transaction_bound, .owner = e,
	};
}

static void registration_heard(struct client *c, bool accepted, int64_t now)
{
	if (accepted)
		endpoint_accepted(c->endpoint, now);
	endpoint_served(c->endpoint, now);
}

static void traffic_count(struct endpoint *e, bool sent, size_t bytes,
			  int64_t now)
{
	if (e->optional->statistics)
		statistics_count(e->optional->statistics, sent, bytes, now);
}

const struct client_host endpoint_client_host = {
	.conf = conf_of, .tree = tree_of, .stop_at = stop_at,
	.seen = device_seen, .is_fresh = is_fresh,
	.empty_objects = endpoint_empty_objects, .value = endpoint_value,
	.credentials = endpoint_accounts_credentials, .scope = scope_of,
	.request = client_request, .block = client_request_block,
	.registration = registration_heard,
	.failed = client_bootstrap_fallback, .left = endpoint_left,
	.observed = endpoint_poll, .touched = endpoint_touched,
	.traffic = traffic_count,
};

int endpoint_send(struct endpoint *e, const struct lwm2m_path *path,
		  int64_t now)
{
	int n = 0;

	for (size_t i = 0; i < e->n_clients; i++)
		if (!e->clients[i].registration.lwm2m_1_0)
			n += forward_send(&e->clients[i], path, now);
	return n ? n : -ENOENT;
}
