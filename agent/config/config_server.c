/* SPDX-License-Identifier: GPL-2.0-or-later
 * Servers of the configuration. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agent/config/config_access.h"
#include "agent/config/config_build.h"
#include "agent/config/config_habits.h"
#include "agent/base/nearest.h"
#include "agent/base/uri.h"
#include "objects/access.h"
#include "objects/codec.h"

/* "coap://2001:db8::1" */
static bool is_bare_ipv6(const char *text)
{
	const char *host = strstr(text, "://");
	const char *colon = host ? strchr(host + 3, ':') : NULL;

	return colon && strchr(colon + 1, ':') && !strchr(host, '[');
}

static void refuse_uri(struct config_scope *scope, const char *key,
		       const struct yaml_node *value, int rc)
{
	const char *why =
		rc == -EPROTONOSUPPORT ? "it must begin with coap://, "
			"coaps://, coap+tcp:// or coaps+tcp://" :
		strchr(value->text, '%') ? "zones of IPv6 (%eth0) are not "
			"supported: give a global address, or a name" :
		is_bare_ipv6(value->text) ? "an IPv6 address stands in "
			"brackets, as coap://[2001:db8::1]:5683" :
		rc == -ERANGE ? "its port must be 1 to 65535" :
		rc == -EDOM ? "nothing may follow the port (where to register "
			      "is 'path')" :
		"its host must be a name, an address, or an IPv6 address in "
		"brackets";

	config_scope_add(scope, value->place, "'%s' is '%s': %s", key,
			 value->text, why);
}

static void uri_set(struct config_server *server, const char *key,
		    const struct yaml_node *value, struct config_scope *scope)
{
	struct uri uri;
	int rc;

	if (!config_text(value, key, scope))
		return;
	rc = uri_parse(value->text, &uri);
	if (rc) {
		refuse_uri(scope, key, value, rc);
		return;
	}
	server->uri = arena_text(server->arena, value->text);
	server->host = arena_text(server->arena, uri.host);
	server->port = uri.port;
	server->tcp = uri.tcp;
}

/* Without the slashes around it. */
static void path_set(struct config_server *server,
		     const struct yaml_node *value, struct config_scope *scope)
{
	const char *text = value->text;
	size_t n;

	if (!config_text(value, "path", scope))
		return;
	text += *text == '/';
	n = strlen(text);
	n -= n && text[n - 1] == '/';
	if (n > 255 || strcspn(text, "?&# ") < n)
		config_scope_add(scope, value->place, "'path' must be as /rd, "
				 "not '%s'", value->text);
	server->path = arena_print(server->arena, "%.*s", (int)n, text);
}

static void binding_set(struct config_server *server,
			const struct yaml_node *value,
			struct config_scope *scope)
{
	if (!config_text(value, "binding", scope))
		return;
	if (strcmp(value->text, "T") && strcmp(value->text, "U"))
		config_scope_add(scope, value->place, "'binding' must be U or "
				 "T, not '%s' (queue mode is 'queue' of a "
				 "device)", value->text);
	server->binding = value->text[0];
}

/* Texts in which ${endpoint} stays, for each endpoint's own. */
static const struct { const char *name; size_t at; } texts[] = {
#define TEXT(name_) {#name_, offsetof(struct config_server, name_)}
	TEXT(identity), TEXT(key_file), TEXT(credential), TEXT(cert_file),
	TEXT(private_key_file), TEXT(trust_file), TEXT(server_key_file),
	TEXT(sni),
};

/* For who finds out that it is not there. */
static void named_add(struct config_server *server, const char *name,
		      struct place at)
{
	if (!server->named)
		server->named = arena_take(server->arena,
			sizeof(texts) / sizeof(*texts) * sizeof(*server->named));
	at.file = arena_text(server->arena, at.file);
	server->named[server->n_named++] = (struct config_named){name, at};
}

static bool text_set(const struct config_builder *b,
		     struct config_server *server,
		     const struct entry *e, struct config_scope *scope)
{
	const struct template_words words = {"${endpoint}",
					     b->config->gateway, NULL};
	const char *text;

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		if (strcmp(texts[i].name, e->key))
			continue;
		if (strcmp(e->key, "key_file") ?
		    !config_text(e->value, e->key, scope) :
		    !config_key_file(e->value, e->key, scope))
			return true;
		*(const char **)(void *)((char *)server + texts[i].at) =
			text = arena_text(server->arena, template_fill(e->value,
					  &words, b->arena, scope)->text);
		named_add(server, text, e->value->place);
		return true;
	}
	return false;
}

static void sms_number_set(struct config_server *server,
			   const struct yaml_node *value,
			   struct config_scope *scope)
{
	if (!config_text(value, "sms_number", scope))
		return;
	if (!config_is_number(value->text))
		config_scope_add(scope, value->place, "'sms_number' must be as "
				 "+491701234567, not '%s'", value->text);
	server->sms_number = arena_text(server->arena, value->text);
}

static void access_set(struct config_server *server,
		       const struct yaml_node *value,
		       struct config_scope *scope)
{
	uint8_t rights;

	if (config_access_read(value, &rights, scope))
		server->withheld = ACCESS_ALL & ~rights;
}

static void other_set(const struct config_builder *b,
		      struct config_server *server,
		      const struct entry *e, struct config_scope *scope)
{
	if (config_habit_set(server, e, scope))
		return;
	if (!strcmp(e->key, "uri"))
		uri_set(server, e->key, e->value, scope);
	else if (!strcmp(e->key, "other_uri"))
		return;			/* server_build_other() */
	else if (!strcmp(e->key, "path"))
		path_set(server, e->value, scope);
	else if (!strcmp(e->key, "binding"))
		binding_set(server, e->value, scope);
	else if (!strcmp(e->key, "sms_number"))
		sms_number_set(server, e->value, scope);
	else if (!strcmp(e->key, "access"))
		access_set(server, e->value, scope);
	else
		text_set(b, server, e, scope);
}

static const struct config_key *key_find(const char *name,
					 const struct config_key *more)
{
	const struct config_key *key = more ? config_key_find(more, name) :
					      NULL;

	return key ? key : config_key_find(config_server_keys, name);
}

/* more: keys beside and before those of a server, or NULL. */
static void keys_set(const struct config_builder *b,
		     struct config_server *server,
		     const struct block *block, const struct config_key *more,
		     struct config_scope *scope)
{
	for (const struct entry *e = block->first; e; e = e->next) {
		const struct config_key *key = key_find(e->key, more);

		if (more && key && key->flags & KEY_ACCOUNT)
			config_scope_add(scope, e->place, "'%s' is nothing "
					 "for the bootstrap server: it says "
					 "that for each of its servers",
					 e->key);
		else if (!key)
			config_refuse_key(scope, e->key, e->place,
					  config_server_keys, more);
		else if (key->type == KEY_OTHER)
			other_set(b, server, e, scope);
		else
			config_key_set(key, e->value, server, server->arena,
				       scope);
	}
}

/* What an old server does not understand is left out for it. */
static void version_apply(struct config_server *server,
			  const struct block *block)
{
	config_habits_apply(server, block);
	if (!block_get(block, "ct") && !server->habit)
		server->ct = server->version == VERSION_1_0 ? -1 : 110;
}

static void id_check(const struct config_builder *b,
		     const struct config_server *server,
		     const struct block *block, struct config_scope *scope)
{
	for (size_t i = 0; i < b->config->n_servers; i++)
		if (b->config->servers[i]->id == server->id && server->id)
			config_scope_add(scope,
					 block_get(block, "id")->value->place,
					 "server %u is there already (%s)",
					 server->id,
					 b->config->servers[i]->uri);
}

/* It is the transport that `uri` is not, and of the same security. */
static void other_uri_check(const struct config_server *server,
			    const struct block *block,
			    struct config_scope *scope)
{
	const struct entry *e = block_get(block, "other_uri");
	bool secure = server->security != SECURITY_NOSEC;
	struct uri uri;
	int rc;

	if (!e || !config_text(e->value, e->key, scope))
		return;
	rc = uri_parse(e->value->text, &uri);
	if (rc)
		refuse_uri(scope, e->key, e->value, rc);
	else if (server->uri && (uri.tcp == server->tcp ||
				 uri.secure != secure))
		config_scope_add(scope, e->value->place, "'other_uri' is '%s': "
				 "beside %s it must begin with coap%s%s://",
				 e->value->text, server->uri, secure ? "s" : "",
				 server->tcp ? "" : "+tcp");
}

static struct config_server *server_create(void)
{
	struct arena *arena = arena_create();
	struct config_server *server = arena_take(arena, sizeof(*server));

	server->arena = arena;
	server->path = "rd";
	server->binding = 'U';
	server->format = FORMAT_NONE;
	config_keys_fall_back(config_server_keys, server, arena);
	return server;
}

/* The same account over its other transport: all keys are alike but one. What
 * could be wrong with them was said of the first. */
static struct config_server *
server_build_other(const struct config_builder *b, const struct block *block,
		   uint64_t fingerprint, struct config_scope *scope)
{
	const struct entry *other = block_get(block, "other_uri");
	struct config_server *server;
	struct block own;

	if (!other || scope->wrong)
		return NULL;
	server = server_create();
	block_init(&own);
	block_put(&own, b->arena, "uri", other->place, other->value);
	for (const struct entry *e = block->first; e; e = e->next)
		if (e != other && strcmp(e->key, "binding"))
			block_put(&own, b->arena, e->key, e->place, e->value);
	keys_set(b, server, &own, NULL, scope);
	server->binding = server->tcp ? 'T' : 'U';
	version_apply(server, &own);
	/* What is kept for the account is of both. */
	server->fingerprint = fingerprint;
	return server;
}

void config_server_build(struct config_builder *b, const struct yaml_node *node)
{
	struct config_server *server;
	struct config_scope scope;
	struct block block;

	config_scope_init(&scope, b->errors, NULL, "a server");
	if (!config_is_map(node, "a server", &scope))
		return;
	server = server_create();
	block_init(&block);
	block_put_map(&block, b->arena, node, NULL);
	keys_set(b, server, &block, NULL, &scope);
	config_require(&scope, config_server_keys, &block, node->place);
	config_security_check(server, &block, &scope);
	other_uri_check(server, &block, &scope);
	id_check(b, server, &block, &scope);
	version_apply(server, &block);
	server->fingerprint = fingerprint_block(&block);
	server->other = server_build_other(b, &block, server->fingerprint,
					   &scope);
	if (scope.wrong)
		config_server_free(server);
	else
		config_append(&b->config->servers, &b->config->n_servers,
			      server);
}

/* A key that tells of the card; where it stands. */
static struct place card_key_place(struct config_server *server,
				   const struct block *block, const char *key,
				   struct config_scope *scope)
{
	struct place place = block_get(block, key)->place;

	place.file = arena_text(server->arena, place.file);
	if (!server->smartcard)
		config_scope_add(scope, place,
				 "'%s' is nothing without 'smartcard'", key);
	return place;
}

/* Where there is a card, nobody need be asked. */
static void card_check(struct config_server *server,
		       const struct block *block, struct place place,
		       struct config_scope *scope)
{
	if (!block_get(block, "uri") && !server->smartcard)
		config_miss(scope, "uri", config_bootstrap_keys, block, place);
	if (server->pin_file)
		server->pin_at = card_key_place(server, block,
						"smartcard_pin_file", scope);
	if (server->card_key_file)
		server->card_key_at = card_key_place(
			server, block, "smartcard_key_file", scope);
}

/* Asked for accounts at /bs; the version, pace and habits of the servers that
 * it names are its own. */
void config_bootstrap_build(struct config_builder *b,
			    const struct yaml_node *node)
{
	struct config_server *server;
	struct config_scope scope;
	struct block block;

	config_scope_init(&scope, b->errors, NULL, "the bootstrap server");
	if (!config_is_map(node, "the bootstrap server", &scope))
		return;
	server = server_create();
	server->path = "bs";
	config_keys_fall_back(config_bootstrap_keys, server, server->arena);
	block_init(&block);
	block_put_map(&block, b->arena, node, NULL);
	keys_set(b, server, &block, config_bootstrap_keys, &scope);
	card_check(server, &block, node->place, &scope);
	config_security_check(server, &block, &scope);
	if (!server->uri)
		server->uri = "a smart card";
	version_apply(server, &block);
	if (!block_get(&block, "ct"))
		server->ct = server->version == VERSION_1_0 ? -1 : 112;
	server->fingerprint = fingerprint_block(&block);
	if (scope.wrong)
		config_server_free(server);
	else
		b->config->bootstrap = server;
}
