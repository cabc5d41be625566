/* SPDX-License-Identifier: GPL-2.0-or-later
 * From accounts to clients and back: stored account, else the configuration's
 * servers, else none. */
#include <stdlib.h>
#include <string.h>
#include "agent/endpoint/client_bootstrap.h"
#include "agent/config/config_block.h"
#include "agent/endpoint/endpoint_access.h"
#include "agent/client/services.h"
#include "agent/base/log.h"
#include "agent/config/model.h"
#include "objects/access.h"
#include "objects/ids.h"

#define SIZE_MOST 65536		/* bytes of one stored account */

/* ---- the stored one ---- */

uint64_t endpoint_accounts_fingerprint(const struct endpoint *e)
{
	const struct servers *servers = &e->services->servers;
	uint64_t fingerprint = servers->bootstrap->conf->fingerprint +
			       e->conf->bootstrap;

	for (size_t i = 0; i < servers->n_configured; i++) {
		const struct config_server *conf = servers->configured[i]->conf;

		if (endpoint_uses_server(e, conf->id))
			fingerprint = fingerprint * 31 + conf->fingerprint;
	}
	return fingerprint;
}

/* Values are borrowed from rooms that are wiped: the tree has its own. */
static int accounts_load(const struct endpoint *e, const uint8_t *bytes,
			 size_t n, struct tree *tree, uint64_t *fingerprint,
			 int64_t *when)
{
	struct lwm2m_record *records = calloc(REQUEST_RECORDS,
					      sizeof(*records));
	uint8_t *room = malloc(n + 1);
	struct buf scratch = buf_over(room, n + 1);
	int rc;

	(void)e;
	if (!records || !room)
		abort();
	rc = account_load(bytes, n, agent_model(), records, REQUEST_RECORDS,
			  &scratch, tree, fingerprint, when);
	explicit_bzero(room, n + 1);
	free(room);
	free(records);
	return rc;
}

bool endpoint_accounts(const struct endpoint *e, struct tree *tree)
{
	const struct client_bootstrap *b = e->bootstrap;
	uint64_t fingerprint;
	int64_t when;

	tree_init(tree);
	return b && b->account &&
	       !accounts_load(e, b->account, b->n_account, tree, &fingerprint,
			      &when);
}

void endpoint_accounts_forget(struct endpoint *e)
{
	struct client_bootstrap *b = e->bootstrap;

	if (b->account)
		explicit_bzero(b->account, b->n_account);
	free(b->account);
	b->account = NULL;
	b->n_account = 0;
}

static const char *stored_check(struct endpoint *e, const uint8_t *bytes,
				size_t n, int64_t *when)
{
	const char *why;
	struct tree tree;
	uint64_t fingerprint;

	if (accounts_load(e, bytes, n, &tree, &fingerprint, when) < 0)
		return "the stored account cannot be read";
	why = account_card_check(&tree);	/* it may be of one */
	account_tree_finish(&tree);
	if (fingerprint != endpoint_accounts_fingerprint(e))
		return "servers or bootstrap were configured anew: the stored "
		       "account is dropped";
	return why;
}

void endpoint_accounts_restore(struct endpoint *e)
{
	struct client_bootstrap *b = e->bootstrap;
	size_t n;
	uint8_t *bytes = store_get(e->services->store, STORE_ACCOUNT,
				   e->conf->endpoint, &n);
	const char *why;

	if (!bytes)
		return;
	why = stored_check(e, bytes, n, &b->when);
	b->account = bytes;
	b->n_account = (uint32_t)n;
	if (!why)
		return;
	log_line(LOG_NOTE, e->conf->endpoint, NULL, "%s", why);
	b->when = 0;
	endpoint_accounts_forget(e);
	store_put(e->services->store, STORE_ACCOUNT, e->conf->endpoint, NULL,
		  0);
}

static void accounts_take(struct endpoint *e, const struct buf *bytes)
{
	struct client_bootstrap *b = e->bootstrap;

	b->unchanged = b->account && account_same(b->account, b->n_account,
						  bytes->at, bytes->used);
	endpoint_accounts_forget(e);
	b->account = malloc(bytes->used);
	if (!b->account)
		abort();
	memcpy(b->account, bytes->at, bytes->used);
	b->n_account = (uint32_t)bytes->used;
	store_put(e->services->store, STORE_ACCOUNT, e->conf->endpoint,
		  b->account, b->n_account);
}

/* when: ns since 1970, of the bootstrap. */
static bool accounts_save(struct endpoint *e, const struct tree *tree,
			  int64_t when)
{
	struct lwm2m_record *records = calloc(REQUEST_RECORDS,
					      sizeof(*records));
	uint8_t *room = malloc(SIZE_MOST);
	struct buf out = buf_over(room, SIZE_MOST);
	bool fits;

	if (!records || !room)
		abort();
	fits = !account_save(tree, endpoint_accounts_fingerprint(e), when,
			     records, REQUEST_RECORDS, &out);
	if (fits)
		accounts_take(e, &out);
	explicit_bzero(room, SIZE_MOST);
	free(room);
	free(records);
	return fits;
}

bool endpoint_accounts_store(struct endpoint *e, const struct tree *tree,
			     int64_t now)
{
	int64_t when = services_wall(e->services, now);

	if (!accounts_save(e, tree, when))
		return false;
	e->bootstrap->when = when;
	return true;
}

static void account_set(struct tree *tree, uint16_t instance, uint16_t resource,
			struct lwm2m_value value)
{
	struct lwm2m_path path = path_resource(ID_SECURITY, instance, resource);

	if (tree_set(tree, &path, &value, 0) < 0)
		abort();
}

static void keys_remove(struct tree *tree, uint16_t instance)
{
	static const uint16_t keys[] = {
		ID_SECURITY_IDENTITY, ID_SECURITY_SERVER_KEY,
		ID_SECURITY_SECRET
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		struct lwm2m_path path = path_resource(ID_SECURITY, instance,
							keys[i]);

		account_remove(tree, &path);
	}
	account_set(tree, instance, ACCOUNT_OWN, lwm2m_integer(0));
}

void endpoint_accounts_purge(struct endpoint *e)
{
	struct account first;
	struct tree tree;

	if (!endpoint_accounts(e, &tree))
		return;
	if (account_list(&tree, &first, 1) && first.bootstrap) {
		keys_remove(&tree, first.security);
		accounts_save(e, &tree, e->bootstrap->when);
	}
	account_tree_finish(&tree);
}

uint32_t endpoint_accounts_timeout(const struct endpoint *e)
{
	uint32_t timeout = e->bootstrap->server->conf->account_timeout;
	struct account first;
	struct tree tree;

	if (!endpoint_accounts(e, &tree))
		return timeout;
	if (account_list(&tree, &first, 1) && first.bootstrap)
		timeout = (uint32_t)account_number(&tree,
			path_resource(ID_SECURITY, first.security,
				      ID_SECURITY_ACCOUNT_TIMEOUT), timeout);
	account_tree_finish(&tree);
	return timeout;
}

/* ---- its servers ---- */

static struct server *server_configured(const struct services *services,
					int32_t id)
{
	for (size_t i = 0; i < services->servers.n_configured; i++)
		if (services->servers.configured[i]->conf->id == id)
			return services->servers.configured[i];
	return NULL;
}

static struct server *server_of(struct endpoint *e, const struct tree *tree,
				const struct account *a, int64_t now)
{
	struct services *services = e->services;
	struct server *own = a->own < 0 ? NULL
			     : a->bootstrap
				     ? services->servers.bootstrap
				     : server_configured(services, a->own);

	return own ? own : server_of_account(services, tree, a, now);
}

struct server *endpoint_accounts_bootstrap(struct endpoint *e, int64_t now)
{
	struct server *s = e->services->servers.bootstrap;
	struct account first;
	struct tree tree;

	if (!endpoint_accounts(e, &tree))
		return s;
	if (account_list(&tree, &first, 1) && first.bootstrap)
		s = server_of(e, &tree, &first, now);
	account_tree_finish(&tree);
	return s;
}

static void client_make(struct endpoint *e, struct client *c,
			const struct tree *tree, const struct account *a,
			int64_t now)
{
	client_init(c, e, server_of(e, tree, a, now), a->server);
	c->registration.lifetime = (uint32_t)account_number(tree,
		path_resource(ID_SERVER, a->server, ID_SERVER_LIFETIME),
		c->server->conf->lifetime);
}

bool endpoint_accounts_clients(struct endpoint *e, int64_t now)
{
	struct account list[ACCOUNTS_MAX];
	struct tree tree;
	size_t n;

	if (!endpoint_accounts(e, &tree))
		return false;
	n = account_list(&tree, list, ACCOUNTS_MAX);
	endpoint_clients_alloc(e, n);
	for (size_t i = 0; i < n; i++)
		if (!list[i].bootstrap && !list[i].spare)
			client_make(e, &e->clients[e->n_clients++], &tree,
				    &list[i], now);
	account_tree_finish(&tree);
	return true;
}

/* ---- the endpoint's tree ---- */

/* What the configuration's servers share has other values now. */
static void account_override(struct endpoint *e, const struct tree *accounts,
			     const struct account *a)
{
	struct lwm2m_path scope = path_instance(ID_SERVER, a->server), path;
	struct tree_cursor at = {0, 0};
	const struct tree_slot *slot, *there;

	while ((slot = tree_next(accounts, &scope, &at, &path))) {
		there = tree_find(&e->tree, &path);
		if (!there || !value_equal(&there->value, &slot->value))
			tree_set(&e->tree, &path, &slot->value, 0);
	}
}

static void copy_below(struct tree *to, const struct tree *from,
		       struct lwm2m_path scope)
{
	const struct object_def *object =
		agent_model()->object(agent_model(), scope.id[0]);
	struct tree_cursor at = {0, 0};
	struct lwm2m_path path;
	const struct tree_slot *slot;

	while ((slot = tree_next(from, &scope, &at, &path)))
		if (slot->value.type != LWM2M_NONE &&
		    (!tree_add(to, object, path.id[1]) ||
		     tree_set(to, &path, &slot->value, 0) < 0))
			abort();
}

void endpoint_accounts_tree(struct endpoint *e)
{
	struct account list[ACCOUNTS_MAX];
	struct tree tree;
	size_t n;

	if (!endpoint_accounts(e, &tree))
		return;
	n = account_list(&tree, list, ACCOUNTS_MAX);
	for (size_t i = 0; i < n; i++)
		if (!list[i].bootstrap && !list[i].spare && list[i].own >= 0)
			account_override(e, &tree, &list[i]);
	copy_below(&e->tree, &tree, path_object(ACCESS_OBJECT));
	e->bootstrap->rules = tree_has_object(&tree, ACCESS_OBJECT);
	account_tree_finish(&tree);
}

/* ---- the copy ---- */

static uint8_t mode_of(enum config_security security)
{
	switch (security) {
	case SECURITY_PSK: return ACCOUNT_PSK;
	case SECURITY_RPK: return ACCOUNT_RPK;
	case SECURITY_X509: return ACCOUNT_X509;
	case SECURITY_NOSEC: break;
	}
	return ACCOUNT_NOSEC;
}

/* An instance of object 0 for a server of the configuration. */
static void security_add(struct tree *tree, uint16_t instance,
			 const struct config_server *conf, bool bootstrap)
{
	if (!tree_add(tree, agent_model()->object(agent_model(), 0), instance))
		abort();
	account_set(tree, instance, 0,
		    lwm2m_string(conf->uri, (uint32_t)strlen(conf->uri)));
	account_set(tree, instance, 1, lwm2m_boolean(bootstrap));
	account_set(tree, instance, 2, lwm2m_integer(mode_of(conf->security)));
	if (conf->sms_number) {
		account_set(tree, instance, ID_SECURITY_SMS_MODE,
			    lwm2m_integer(ACCOUNT_NOSEC));
		account_set(tree, instance, ID_SECURITY_SMS_NUMBER,
			    lwm2m_string(conf->sms_number,
					 (uint32_t)strlen(conf->sms_number)));
	}
	if (!bootstrap)
		account_set(tree, instance, 10, lwm2m_integer(conf->id));
	account_set(tree, instance, ACCOUNT_OWN, lwm2m_integer(conf->id));
}

/* The rules that a bootstrap has made, as their owners have changed them; what
 * the gateway has made of its own is not the bootstrap server's matter. */
static void rules_copy(const struct endpoint *e, const struct tree *stored,
		       struct tree *copy)
{
	for (size_t i = 0; i < stored->n_instances; i++)
		if (stored->instances[i].object->id == ACCESS_OBJECT)
			copy_below(copy, &e->tree, path_instance(
				ACCESS_OBJECT, stored->instances[i].id));
}

/* The servers' own writes to object 1 are in the endpoint's tree. */
void endpoint_accounts_copy(const struct endpoint *e, struct tree *copy)
{
	struct tree stored;

	tree_init(copy);
	copy_below(copy, &e->tree, path_object(ID_SERVER));
	if (endpoint_accounts(e, &stored)) {
		copy_below(copy, &stored, path_object(ID_SECURITY));
		copy_below(copy, &stored, path_object(ID_OSCORE));
		rules_copy(e, &stored, copy);
		account_tree_finish(&stored);
		return;
	}
	security_add(copy, 0, e->services->servers.bootstrap->conf, true);
	for (size_t i = 0; i < endpoint_own_clients(e); i++)
		security_add(copy, (uint16_t)(i + 1),
			     e->clients[i].server->conf, false);
}

/* ---- new ones ---- */

static struct client *client_at(const struct endpoint *e, uint16_t id)
{
	for (size_t i = 0; i < e->n_clients; i++)
		if (e->clients[i].server->conf->id == id)
			return &e->clients[i];
	return NULL;
}

/* Its account may be another instance of object 1 than it was. */
static void attributes_hand_over(struct client *old, struct client *next)
{
	struct lwm2m_path account = path_instance(ID_SERVER, old->instance);

	next->attributes = old->attributes;
	old->attributes = (struct attribute_set){NULL, 0};
	if (next->instance != old->instance)
		attributes_drop(&next->attributes, &account);
}

/* What waits for a server, what it observes and the attributes that it has
 * attached are there wherever that is now.
 * Its account may say something else, as of its lifetime: at one address it is
 * the same server all the same, which a new Register tells. */
static void client_retire(struct endpoint *e, struct client *old, int64_t now)
{
	struct client *next = client_at(e, old->server->conf->id);

	if (next) {
		forward_hand_over(old, now);
		attributes_hand_over(old, next);
	}
	if (!next || strcmp(next->server->conf->uri, old->server->conf->uri))
		client_deregister_unconfirmed(old, now);
	client_finish(old);
}

static void remove_object(struct tree *tree, uint16_t object)
{
	for (size_t i = tree->n_instances; i-- > 0; ) {
		struct lwm2m_path path = path_instance(object,
						       tree->instances[i].id);

		if (tree->instances[i].object->id == object)
			tree_remove(tree, &path);
	}
}

/* One alone need not wait for its place among all. */
static void start_now(struct endpoint *e, int64_t now)
{
	e->bootstrap->fresh = true;
	if (e->conf->register_always)
		endpoint_clients_start(e, now);
	else
		endpoint_register_when_ready(e, now);
	e->bootstrap->fresh = false;
}

/* Object 1 is of its clients, which are others now, and so is what hangs on it. */
static void clients_changed(struct endpoint *e, int64_t now)
{
	remove_object(&e->tree, 1);
	remove_object(&e->tree, ACCESS_OBJECT);
	endpoint_build_accounts(e);
	endpoint_accounts_tree(e);
	endpoint_access_settle(e, 0, now);
	endpoint_store(e);
	e->services->endpoint_host->clients_changed(e, now);
	endpoint_attributes_store(e);
	endpoint_served(e, now);
	start_now(e, now);
}

void endpoint_accounts_apply(struct endpoint *e, int64_t now)
{
	struct client *old = e->clients;
	size_t n = endpoint_own_clients(e), all = e->n_clients;

	e->clients = NULL;
	e->n_clients = 0;
	endpoint_accounts_clients(e, now);
	for (size_t i = 0; i < n; i++)
		client_retire(e, &old[i], now);
	for (size_t i = 0; i < e->n_clients; i++)
		forward_attach(&e->clients[i], now);
	endpoint_carried_take(e, old, n, all);
	free(old);
	clients_changed(e, now);
}

/* The client that is to reach its server over another transport than it does,
 * by what this account says; or NULL. */
static struct client *client_elsewhere(const struct endpoint *e,
				       const struct account *a)
{
	struct client *c = a->bootstrap || a->spare ? NULL :
			   client_at(e, a->id);

	return c && !c->server->other && c->server->conf->tcp != a->tcp ? c :
	       NULL;
}

static bool transports_differ(const struct endpoint *e, const struct tree *tree)
{
	struct account list[ACCOUNTS_MAX];
	size_t n = account_list(tree, list, ACCOUNTS_MAX);
	bool differ = false;

	for (size_t i = 0; i < n; i++)
		differ |= client_elsewhere(e, &list[i]) != NULL;
	return differ;
}

/* In its place among the clients: the others, to which much points, do not
 * move. */
static void client_switch(struct endpoint *e, struct client *c,
			  const struct tree *tree, const struct account *a,
			  int64_t now)
{
	struct attribute_set attributes = c->attributes;

	forward_hand_over(c, now);
	client_deregister_unconfirmed(c, now);
	c->attributes = (struct attribute_set){NULL, 0};
	client_finish(c);
	client_make(e, c, tree, a, now);
	c->attributes = attributes;
	forward_attach(c, now);
}

void endpoint_accounts_switch(struct endpoint *e, int64_t now)
{
	struct account list[ACCOUNTS_MAX];
	struct tree tree;
	size_t n;

	if (!endpoint_accounts(e, &tree))
		return;
	n = account_list(&tree, list, ACCOUNTS_MAX);
	for (size_t i = 0; i < n; i++) {
		struct client *c = client_elsewhere(e, &list[i]);

		if (c)
			client_switch(e, c, &tree, &list[i], now);
	}
	account_tree_finish(&tree);
	clients_changed(e, now);
}

bool endpoint_accounts_prefer(struct endpoint *e)
{
	struct tree copy;
	bool differ;

	if (!e->bootstrap->account)
		return false;
	endpoint_accounts_copy(e, &copy);
	differ = transports_differ(e, &copy) &&
		 accounts_save(e, &copy, e->bootstrap->when);
	account_tree_finish(&copy);
	return differ;
}

void endpoint_accounts_again(struct endpoint *e, int64_t now)
{
	for (size_t i = 0; i < endpoint_own_clients(e); i++)
		if (e->clients[i].registration.state == REGISTRATION_WAITING)
			registration_drop(&e->clients[i].registration);
	start_now(e, now);
}
