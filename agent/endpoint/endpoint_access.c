/* SPDX-License-Identifier: GPL-2.0-or-later
 * Object 2 from the configuration. Rules that endpoints have alike are in the
 * gateway's tree once, and shared. */
#include "agent/endpoint/endpoint_access.h"
#include <stdlib.h>
#include "agent/endpoint/client_bootstrap.h"
#include "agent/endpoint/endpoint_object.h"
#include "agent/config/config_access.h"
#include "agent/client/services.h"
#include "agent/config/model.h"
#include "objects/access.h"
#include "objects/ids.h"

static bool is_configured(const struct client *c)
{
	const struct services *services = c->endpoint->services;

	for (size_t i = 0; i < services->servers.n_configured; i++)
		if (server_is_same(services->servers.configured[i], c->server))
			return true;
	return false;
}

/* A bootstrap server that has made rules has made all that it wants there to
 * be; what it does not know of is none of its servers' (Core TS 8.2.3). */
uint8_t endpoint_access_rights(const struct client *c)
{
	const struct endpoint *e = c->endpoint;

	if (e->bootstrap && e->bootstrap->rules && !e->conf->n_access &&
	    !is_configured(c))
		return 0;
	return config_access_of(e->conf, c->server->conf);
}

bool endpoint_access_enforced(const struct endpoint *e)
{
	for (size_t i = 1; i < e->n_clients; i++)
		if (e->clients[i].server->conf->id !=
		    e->clients[0].server->conf->id)
			return true;
	return e->n_clients &&
	       config_access_of(e->conf, e->clients[0].server->conf) !=
	       ACCESS_ALL;
}

static const struct object_def *access_object(void)
{
	return agent_model()->object(agent_model(), ACCESS_OBJECT);
}

/* ---- what the configuration says ---- */

static const struct client *account_of(const struct endpoint *e,
				       const struct access_rule *rule)
{
	for (size_t i = 0; i < e->n_clients && rule->object == ID_SERVER; i++)
		if (e->clients[i].instance == rule->instance)
			return &e->clients[i];
	return NULL;
}

/* An account is its server's alone, which may let others in. */
static void rule_account(struct access_rule *rule, uint16_t server,
			 struct access_entry *entries)
{
	rule->owner = server;
	entries[0] = (struct access_entry){server, ACCESS_INSTANCE};
	rule->n = 1;
}

static const struct client *client_of(const struct endpoint *e, uint16_t id)
{
	for (size_t i = 0; i < e->n_clients; i++)
		if (e->clients[i].server->conf->id == id)
			return &e->clients[i];
	return NULL;
}

static void rule_configured(const struct endpoint *e, struct access_rule *rule,
			    struct access_entry *entries)
{
	uint8_t of = rule->instance == ACCESS_NOBODY ? ACCESS_CREATE :
		     ACCESS_INSTANCE;

	rule->owner = ACCESS_NOBODY;
	for (size_t i = 0; i < e->n_clients; i++)
		if (client_of(e, e->clients[i].server->conf->id) ==
		    &e->clients[i])	/* its other way has no rights of its own */
			entries[rule->n++] = (struct access_entry){
				e->clients[i].server->conf->id,
				endpoint_access_rights(&e->clients[i]) & of,
			};
}

static int by_server(const void *a, const void *b)
{
	const struct access_entry *left = a, *right = b;

	return (int)left->server - (int)right->server;
}

/* ---- the tree ---- */

/* The gateway's instance that says the same, made where there is none yet. */
static const struct tree_instance *rule_shared(struct services *services,
					       const struct access_rule *rule)
{
	uint16_t id = services->access.n_instances;

	for (size_t i = 0; i < services->access.n_instances; i++)
		if (access_rule_is(&services->access.instances[i], rule))
			return &services->access.instances[i];
	if (id == UINT16_MAX)
		return NULL;
	if (!access_add(&services->access, access_object(), id, rule))
		abort();
	return tree_instance_find(&services->access, ACCESS_OBJECT, id);
}

static void instance_keep(struct endpoint *e, uint16_t id)
{
	struct lwm2m_path scope = path_instance(ACCESS_OBJECT, id), path;
	struct tree_cursor at = {0, 0};

	while (tree_next(&e->tree, &scope, &at, &path))
		tree_edit(&e->tree, &path)->flags |= TREE_PERSISTENT;
}

/* Who observes object 2 has one more. */
static void instance_tell(struct endpoint *e, uint16_t id, int64_t now)
{
	struct lwm2m_path path = path_resource(ACCESS_OBJECT, id, ID_ACCESS_OBJECT);
	const struct tree_slot *slot = tree_find(&e->tree, &path);

	for (size_t i = 0; i < e->n_clients && slot; i++)
		if (e->clients[i].observations)
			client_changed(&e->clients[i], &path, &slot->value,
				       now);
}

static void rule_put(struct endpoint *e, const struct access_rule *rule,
		     bool kept, int64_t now)
{
	uint16_t id = access_id_free(&e->tree);
	const struct tree_instance *shared;

	if (id == UINT16_MAX)
		return;
	shared = kept ? NULL : rule_shared(e->services, rule);
	if (shared ? !tree_share(&e->tree, shared, id) :
		     !access_add(&e->tree, access_object(), id, rule))
		abort();
	if (kept)
		instance_keep(e, id);
	instance_tell(e, id, now);
}

/* owner: see endpoint_access_settle(). */
static void rule_make(struct endpoint *e, uint16_t object, uint16_t instance,
		      uint16_t owner, int64_t now)
{
	struct access_entry *entries = calloc(e->n_clients + 1u,
					      sizeof(*entries));
	struct access_rule rule = {.object = object, .instance = instance,
				   .entries = entries};
	const struct client *account = account_of(e, &rule);

	if (!entries)
		abort();
	if (account)
		rule_account(&rule, account->server->conf->id, entries);
	else if (owner)
		rule_account(&rule, owner, entries);
	else
		rule_configured(e, &rule, entries);
	qsort(entries, rule.n, sizeof(*entries), by_server);
	rule_put(e, &rule, owner && !account, now);
	free(entries);
}

/* ---- settling ---- */

/* Is it there, or may it come: an optional point's at its first value? */
static bool is_about_something(const struct endpoint *e,
			       const struct access_rule *rule)
{
	if (rule->instance == ACCESS_NOBODY ||
	    tree_instance_find(&e->tree, rule->object, rule->instance))
		return true;
	for (size_t i = 0; i < e->conf->n_points; i++) {
		const struct lwm2m_path *at = &e->conf->points[i].resource;

		if (e->conf->points[i].map.depth &&
		    at->id[0] == rule->object && at->id[1] == rule->instance)
			return true;
	}
	return false;
}

/* A rule that its owner has written outlives other changes of the servers, but
 * not its owner, nor that an account is another server's now. */
static bool is_orphaned(const struct endpoint *e,
			const struct tree_instance *at,
			const struct access_rule *rule)
{
	const struct client *account = account_of(e, rule);

	if (!at->n_slots || !(at->slots[0].flags & TREE_PERSISTENT))
		return false;
	return !client_of(e, rule->owner) ||
	       (account && account->server->conf->id != rule->owner);
}

static void drop_idle(struct endpoint *e, int64_t now)
{
	for (size_t i = e->tree.n_instances; i > 0; i--) {
		const struct tree_instance *at = &e->tree.instances[i - 1];
		struct lwm2m_path path = path_instance(ACCESS_OBJECT, at->id);
		struct access_rule rule;

		if (at->object->id != ACCESS_OBJECT ||
		    (access_rule_read(at, &rule) &&
		     is_about_something(e, &rule) &&
		     !is_orphaned(e, at, &rule)))
			continue;
		tree_remove(&e->tree, &path);
		endpoint_gone(e, &path, now);
	}
}

static bool is_controlled(uint16_t object)
{
	return object != ID_SECURITY && object != ACCESS_OBJECT &&
	       object != ID_OSCORE;
}

static void add_missing(struct endpoint *e, uint16_t owner, int64_t now)
{
	for (size_t i = 0; i < e->tree.n_instances; i++) {
		uint16_t object = e->tree.instances[i].object->id;
		uint16_t id = e->tree.instances[i].id;

		if (!is_controlled(object) ||
		    access_find(&e->tree, object, id))
			continue;
		rule_make(e, object, id, owner, now);
		i += object > ACCESS_OBJECT;	/* it has moved by one */
	}
}

static void creation_rule_make(struct endpoint *e, uint16_t object,
			       int64_t now)
{
	if (!access_find(&e->tree, object, ACCESS_NOBODY))
		rule_make(e, object, ACCESS_NOBODY, 0, now);
}

/* Of which objects instances may be made. A rule moves what stands behind it
 * by one, which is then looked at once more. */
static void add_creatable(struct endpoint *e, int64_t now)
{
	for (size_t i = 0; request_creatable(i); i++)
		creation_rule_make(e, request_creatable(i), now);
	for (size_t i = 0; i < e->tree.n_instances; i++)
		if (request_allows_create(e->tree.instances[i].object))
			creation_rule_make(e, e->tree.instances[i].object->id,
					   now);
}

void endpoint_access_settle(struct endpoint *e, uint16_t owner, int64_t now)
{
	drop_idle(e, now);
	if (!endpoint_access_enforced(e))
		return;
	add_missing(e, owner, now);
	add_creatable(e, now);
}

/* ---- lost rights ---- */

static bool is_seen(const struct request_scope *scope,
		    const struct observation *o)
{
	const struct lwm2m_path *path;

	for (size_t i = 0; (path = observe_path(o, i)); i++)
		if (request_is_visible(scope, path))
			return true;
	return false;
}

/* The next notification of what is not seen any more says so, and is the last:
 * it is due now. */
static void client_lose(struct client *c, int64_t now)
{
	struct request_scope scope = client_scope(c, now);

	for (struct observation *o = c->observations; o; o = o->next)
		if (!is_seen(&scope, o))
			observe_force(o, now);
	client_reschedule(c, now);
}

/* It is kept whole, and observations that their servers may not see any more
 * end. */
static void access_touched(struct endpoint *e, const struct lwm2m_path *path,
			   int64_t now)
{
	instance_keep(e, path->id[1]);
	for (size_t i = 0; i < e->n_clients; i++)
		client_lose(&e->clients[i], now);
}

const struct endpoint_object endpoint_object_access = {
	.id = ACCESS_OBJECT, .touched = access_touched,
};
