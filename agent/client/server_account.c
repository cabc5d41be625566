/* SPDX-License-Identifier: GPL-2.0-or-later
 * Servers that bootstrap has named. Endpoints whose accounts are alike share
 * one, with its pace and its look-up; keys stay each endpoint's own. */
#include <stdlib.h>
#include <string.h>
#include "agent/lwm2m/account.h"
#include "agent/base/arena.h"
#include "agent/base/uri.h"
#include "agent/config/config_block.h"
#include "agent/config/config_habits.h"
#include "agent/client/services.h"
#include "agent/config/model.h"
#include "agent/client/server.h"
#include "objects/ids.h"

#define LIFETIME 86400		/* s, where the account says none */

static uint64_t slot_print(uint64_t print, const struct tree_slot *slot)
{
	const struct lwm2m_value *v = &slot->value;
	const void *at = v->type == LWM2M_STRING || v->type == LWM2M_OPAQUE ?
			 (const void *)v->as.bytes : &v->as;
	size_t n = at == &v->as ? sizeof(v->as) : v->length;
	uint16_t ids[] = {slot->resource, slot->element};

	print = fingerprint_add(print, ids, sizeof(ids));
	return fingerprint_add(print, at, n);
}

static uint64_t number_print(uint64_t print, const struct tree *accounts,
			     const struct account *a)
{
	struct lwm2m_path mode = path_resource(ID_SECURITY, a->security,
						 ID_SECURITY_SMS_MODE),
		number = path_resource(ID_SECURITY, a->security,
				       ID_SECURITY_SMS_NUMBER);
	const struct tree_slot *slot;

	if ((slot = tree_find(accounts, &mode)))
		print = slot_print(print, slot);
	if ((slot = tree_find(accounts, &number)))
		print = slot_print(print, slot);
	return print;
}

/* Of what makes a server: its address, its number, and all of its instance of
 * object 1. */
static uint64_t content_print(const struct services *services,
			      const struct tree *accounts,
			      const struct account *a)
{
	uint64_t print = services->servers.bootstrap->conf->fingerprint;
	struct lwm2m_path scope = path_instance(ID_SERVER, a->server), path;
	struct tree_cursor at = {0, 0};
	const struct tree_slot *slot;

	print = fingerprint_add(print, a->uri, a->uri_length);
	print = fingerprint_add(print, &a->mode, sizeof(a->mode));
	print = fingerprint_add(print, &a->id, sizeof(a->id));
	if (a->has_spare)
		print = fingerprint_add(print, &a->has_spare,
					sizeof(a->has_spare));
	while (!a->bootstrap && (slot = tree_next(accounts, &scope, &at,
						  &path)))
		if (slot->value.type != LWM2M_NONE)
			print = slot_print(print, slot);
	return number_print(print, accounts, a);
}

static uint32_t resource_number(const struct tree *accounts, uint16_t object,
				uint16_t instance, uint16_t resource,
				uint32_t fallback)
{
	int64_t n = account_number(accounts, path_resource(object, instance,
							   resource), fallback);

	return n < 0 ? fallback : n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
}

/* What follows the port goes before our own path (RFC 7252 6.4). */
static void take_rest(struct config_server *conf, const char *text)
{
	struct uri_rest rest;

	if (uri_rest_parse(text, &rest) < 0)
		return;			/* has been checked */
	if (*rest.path)
		conf->path = arena_print(conf->arena, "%s/%s", rest.path,
					 conf->path);
	if (*rest.query)
		conf->query = arena_text(conf->arena, rest.query);
}

static void take_uri(struct config_server *conf, const struct account *a)
{
	struct uri uri = {.port = 0};

	conf->uri = arena_print(conf->arena, "%.*s", (int)a->uri_length,
				a->uri);
	uri_parse(conf->uri, &uri);	/* has been checked */
	conf->host = arena_text(conf->arena, uri.host);
	conf->port = uri.port;
	conf->tcp = uri.tcp;
	conf->binding = uri.tcp ? 'T' : 'U';
	take_rest(conf, conf->uri + uri.n);
}

static enum config_security security_of(uint8_t mode)
{
	switch ((enum account_mode)mode) {
	case ACCOUNT_PSK: return SECURITY_PSK;
	case ACCOUNT_RPK: return SECURITY_RPK;
	case ACCOUNT_X509: return SECURITY_X509;
	case ACCOUNT_NOSEC: case ACCOUNT_EST: break;
	}
	return SECURITY_NOSEC;
}

/* Without DTLS over SMS, a server that wants it has none (0/x/6, E.1). */
static void take_number(struct config_server *conf,
			const struct tree *accounts, uint16_t security)
{
	struct lwm2m_value v = account_bytes(accounts, path_resource(
		ID_SECURITY, security, ID_SECURITY_SMS_NUMBER));

	conf->sms_number = NULL;
	if (v.length && resource_number(accounts, ID_SECURITY, security,
					ID_SECURITY_SMS_MODE,
					ACCOUNT_NOSEC) == ACCOUNT_NOSEC)
		conf->sms_number = arena_print(conf->arena, "%.*s",
					       (int)v.length, v.as.text);
}

static void take_server(struct config_server *conf,
			const struct tree *accounts, uint16_t at)
{
	struct registration_policy *policy = &conf->policy;

	conf->ct = conf->version == VERSION_1_0 ? -1 : 110;
	conf->lifetime = resource_number(accounts, ID_SERVER, at,
					 ID_SERVER_LIFETIME, LIFETIME);
	conf->pmin =
		resource_number(accounts, ID_SERVER, at, ID_SERVER_PMIN, 0);
	conf->pmax =
		resource_number(accounts, ID_SERVER, at, ID_SERVER_PMAX, 0);
	policy->retry_count =
		resource_number(accounts, ID_SERVER, at, ID_SERVER_RETRY_COUNT,
				policy->retry_count);
	policy->retry_timer =
		resource_number(accounts, ID_SERVER, at, ID_SERVER_RETRY_TIMER,
				policy->retry_timer);
	policy->sequence_delay = resource_number(accounts, ID_SERVER, at,
						 ID_SERVER_SEQUENCE_DELAY,
						 policy->sequence_delay);
	policy->sequence_count = resource_number(accounts, ID_SERVER, at,
						 ID_SERVER_SEQUENCE_COUNT,
						 policy->sequence_count);
}

static struct config_server *conf_create(const struct services *services,
					 const struct tree *accounts,
					 const struct account *a)
{
	const struct config_server *like = services->servers.bootstrap->conf;
	struct arena *arena = arena_create();
	struct config_server *conf = arena_take(arena, sizeof(*conf));

	*conf = *like;		/* its texts are taken anew or not at all */
	conf->arena = arena;
	conf->identity = conf->key_file = conf->credential = NULL;
	conf->cert_file = conf->private_key_file = conf->trust_file = NULL;
	conf->server_key_file = conf->sni = NULL;
	config_habits_copy(conf, like);
	conf->path = a->bootstrap ? arena_text(arena, like->path) : "rd";
	conf->id = a->id;
	conf->security = security_of(a->mode);
	take_uri(conf, a);
	if (a->bootstrap) {
		conf->hold_off =
			resource_number(accounts, ID_SECURITY, a->security,
					ID_SECURITY_HOLD_OFF, like->hold_off);
		conf->account_timeout = resource_number(
			accounts, ID_SECURITY, a->security,
			ID_SECURITY_ACCOUNT_TIMEOUT, like->account_timeout);
	} else {
		take_server(conf, accounts, a->server);
		take_number(conf, accounts, a->security);
	}
	return conf;
}

static void resource_put(struct tree *tree, uint16_t resource,
			 struct lwm2m_value value)
{
	struct lwm2m_path path = path_resource(ID_SERVER, 0, resource);
	struct tree_slot *slot = tree_find(tree, &path) ? NULL :
				 tree_slot_add(tree, &path);

	if (slot)
		slot->value = value;
}

/* What its server may write later (1.1). */
static void put_policy(struct tree *tree, const struct config_server *conf)
{
	const struct registration_policy *policy = &conf->policy;

	if (conf->version == VERSION_1_0)
		return;
	resource_put(tree, ID_SERVER_DELAY, lwm2m_unsigned(0));
	resource_put(tree, ID_SERVER_RETRY_COUNT,
		     lwm2m_unsigned(policy->retry_count));
	resource_put(tree, ID_SERVER_RETRY_TIMER,
		     lwm2m_unsigned(policy->retry_timer));
	resource_put(tree, ID_SERVER_SEQUENCE_DELAY,
		     lwm2m_unsigned(policy->sequence_delay));
	resource_put(tree, ID_SERVER_SEQUENCE_COUNT,
		     lwm2m_unsigned(policy->sequence_count));
}

/* Where there is more than one, and not just in the binding: its server may write
 * another one. */
static void put_transport(struct tree *tree, const struct config_server *conf,
			  const struct account *a)
{
	struct lwm2m_value binding = account_bytes(tree,
		path_resource(ID_SERVER, 0, ID_SERVER_BINDING));

	if (a->has_spare &&
	    memchr(binding.as.text, 'U', binding.length) &&
	    memchr(binding.as.text, 'T', binding.length))
		resource_put(tree, ID_SERVER_PREFERRED,
			     lwm2m_string(conf->tcp ? "T" : "U", 1));
}

/* Object 1 as the endpoints share it: what was written, what must be there
 * all the same, and what can be executed. */
static void account_build(struct tree *tree, const struct tree *accounts,
			  const struct account *a,
			  const struct config_server *conf)
{
	struct lwm2m_path scope = path_instance(ID_SERVER, a->server), path;
	struct tree_cursor at = {0, 0};
	const struct tree_slot *slot;

	if (!tree_add(tree, agent_model()->object(agent_model(), ID_SERVER), 0))
		abort();
	while ((slot = tree_next(accounts, &scope, &at, &path))) {
		path.id[1] = 0;
		if (slot->value.type != LWM2M_NONE &&
		    tree_set(tree, &path, &slot->value, 0) < 0)
			abort();
	}
	resource_put(tree, ID_SERVER_LIFETIME, lwm2m_integer(LIFETIME));
	resource_put(tree, ID_SERVER_DISABLE_TIMEOUT,
		     lwm2m_integer(ACCOUNT_DISABLED));
	resource_put(tree, ID_SERVER_STORING, lwm2m_boolean(false));
	resource_put(tree, ID_SERVER_BINDING, lwm2m_string("U", 1));
	resource_put(tree, ID_SERVER_DISABLE, (struct lwm2m_value){0});
	resource_put(tree, ID_SERVER_UPDATE, (struct lwm2m_value){0});
	resource_put(tree, ID_SERVER_BOOTSTRAP, (struct lwm2m_value){0});
	put_policy(tree, conf);
	put_transport(tree, conf, a);
}

struct server *server_of_account(struct services *services,
				 const struct tree *accounts,
				 const struct account *a, int64_t now)
{
	uint64_t print = content_print(services, accounts, a);
	struct config_server *conf;
	struct server *s = servers_next(&services->servers, SERVER_BOOTSTRAPPED,
					NULL);

	while (s && s->conf->fingerprint != print)
		s = servers_next(&services->servers, SERVER_BOOTSTRAPPED, s);
	if (s)
		return s;
	conf = conf_create(services, accounts, a);
	conf->fingerprint = print;
	s = server_create(services, conf, now);
	if (!a->bootstrap)
		account_build(&s->account, accounts, a, conf);
	servers_add(&services->servers, s, SERVER_BOOTSTRAPPED);
	return s;
}
