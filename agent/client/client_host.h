/* SPDX-License-Identifier: GPL-2.0-or-later
 * What stands above a client: its endpoint, by its functions. The clients'
 * floor knows of an endpoint no more than this. Agent thread; none of them may
 * destroy a client. */
#ifndef AGENT_CLIENT_HOST_H
#define AGENT_CLIENT_HOST_H
#include "agent/client/client_carry.h"
#include "agent/client/services.h"
#include "objects/ids.h"

struct client_host {
	/* ---- what it is ---- */
	const struct config_device *(*conf)(const struct endpoint *endpoint);
	struct tree *(*tree)(const struct endpoint *endpoint);
	/* It is leaving, and gives up then, monotonic ns; INT64_MAX: it
	 * stays. */
	int64_t (*stop_at)(const struct endpoint *endpoint);
	/* Its device was heard last then, monotonic ns. */
	int64_t (*seen)(const struct endpoint *endpoint);
	/* Just bootstrapped: it registers without the start's window. */
	bool (*is_fresh)(const struct endpoint *endpoint);
	/* Objects that may get instances and have none yet, by id; at most
	 * CLIENT_EMPTY_MAX. Returns how many. */
	size_t (*empty_objects)(const struct endpoint *endpoint,
				const struct object_def **objects);
	/* As endpoint_value(), of any slot. */
	struct lwm2m_value (*value)(const struct endpoint *endpoint,
				    const struct lwm2m_path *path,
				    const struct tree_slot *slot, int64_t now,
				    struct buf *texts);
	/* Its keys for a server that bootstrap has named. -errno, and why. */
	int (*credentials)(const struct endpoint *endpoint,
			   const struct server *server,
			   struct credentials *to, char *why, size_t size);
	/* What this client's server gets to see, and may do. */
	struct request_scope (*scope)(struct client *client, int64_t now);

	/* ---- what it is told ---- */
	/* A request of the server's: it is answered, or deferred. */
	void (*request)(struct client *client, struct coap_exchange *exchange,
			const struct request *request, const uint8_t *token,
			uint8_t token_length, int64_t now);
	/* As coap.h says of `block`. */
	uint8_t (*block)(struct client *client, const struct request *request,
			 size_t so_far, size_t *most, int64_t now);
	/* The registration has heard of something; accepted: that a Register or
	 * an Update was, though another may be under way by now. */
	void (*registration)(struct client *client, bool accepted, int64_t now);
	/* ... and has failed as often as its account allows. */
	void (*failed)(struct client *client, int64_t now);
	/* No message will come of it any more; for who is leaving. */
	void (*left)(struct endpoint *endpoint);
	/* Observations or attributes are others now. */
	void (*observed)(struct endpoint *endpoint);
	/* The client has set a resource of its account. */
	void (*touched)(struct endpoint *endpoint,
			const struct lwm2m_path *path, int64_t now);
	/* As coap.h says of `traffic`. */
	void (*traffic)(struct endpoint *endpoint, bool sent, size_t bytes,
			int64_t now);
};
#define CLIENT_EMPTY_MAX 64

static inline const struct client_host *client_host(const struct client *client)
{
	return client->server->services->client_host;
}

static inline struct services *client_services(const struct client *client)
{
	return client->server->services;
}

static inline const struct config_device *
client_conf(const struct client *client)
{
	return client_host(client)->conf(client->endpoint);
}

/* For the log. */
static inline const char *client_name(const struct client *client)
{
	return client_conf(client)->endpoint;
}

static inline struct tree *client_tree(const struct client *client)
{
	return client_host(client)->tree(client->endpoint);
}

/* What the server's account (object 1) says. NULL: nothing of that. */
static inline const struct tree_slot *
client_account_slot(const struct client *client, uint16_t resource)
{
	const struct client *by = client_carrier(client);
	struct lwm2m_path path = path_resource(ID_SERVER, by->instance,
					      resource);

	return tree_find(client_tree(by), &path);
}

static inline int64_t client_stop_at(const struct client *client)
{
	return client_host(client)->stop_at(client->endpoint);
}

static inline bool client_is_leaving(const struct client *client)
{
	return client_stop_at(client) != INT64_MAX;
}
#endif
