/* SPDX-License-Identifier: GPL-2.0-or-later
 * What a server's security needs, and what does not belong to it. */
#include <string.h>
#include "agent/config/config_build.h"

enum { NOSEC = 1 << SECURITY_NOSEC, PSK = 1 << SECURITY_PSK,
       RPK = 1 << SECURITY_RPK, X509 = 1 << SECURITY_X509 };

static const char *const names[] = {
	[SECURITY_NOSEC] = "nosec", [SECURITY_PSK] = "psk",
	[SECURITY_RPK] = "rpk", [SECURITY_X509] = "x509",
};

/* Which security a key is of. */
static const struct { const char *name; unsigned of; } belongs[] = {
	{"identity", PSK}, {"key_file", PSK}, {"credential", PSK | RPK | X509},
	{"cert_file", X509}, {"private_key_file", RPK | X509},
	{"trust_file", X509}, {"server_key_file", RPK | X509},
	{"sni", PSK | RPK | X509},
};

/* The authorities of the bootstrap server, which has no id, are those of its
 * accounts, too. */
static void keys_check(const struct config_server *server,
		       const struct block *block, struct config_scope *scope)
{
	for (size_t i = 0; i < sizeof(belongs) / sizeof(*belongs); i++) {
		const struct entry *e = block_get(block, belongs[i].name);

		if (e && !(belongs[i].of & 1u << server->security) &&
		    (server->id || strcmp(e->key, "trust_file")))
			config_scope_add(scope, e->place, "'%s' is nothing "
					 "for security %s", e->key,
					 names[server->security]);
	}
}

/* One of two must be there. */
static void either_check(const struct block *block, const char *a,
			 const char *b, const char *what, struct place place,
			 struct config_scope *scope)
{
	const struct entry *first = block_get(block, a),
			   *second = block_get(block, b);

	if (!first && !second)
		config_scope_add(scope, place, "%s: '%s' or '%s' is missing",
				 what, a, b);
	else if (first && second && !strcmp(b, "credential"))
		config_scope_add(scope, second->place, "'%s' and '%s' say the "
				 "same: one of them is enough", a, b);
}

static void files_check(const struct config_server *server,
			const struct block *block, struct place place,
			struct config_scope *scope)
{
	switch (server->security) {
	case SECURITY_NOSEC:
		break;
	case SECURITY_PSK:
		either_check(block, "key_file", "credential", "security psk",
			     place, scope);
		break;
	case SECURITY_X509:
		either_check(block, "trust_file", "server_key_file",
			     "security x509", place, scope);
		if (!server->cert_file)
			config_scope_add(scope, place, "security x509: "
					 "'cert_file' is missing");
		either_check(block, "private_key_file", "credential",
			     "security x509", place, scope);
		break;
	case SECURITY_RPK:
		either_check(block, "private_key_file", "credential",
			     "security rpk", place, scope);
		if (!server->server_key_file)
			config_scope_add(scope, place, "security rpk: "
					 "'server_key_file' is missing");
		break;
	}
}

static void binding_check(struct config_server *server,
			  const struct block *block,
			  struct config_scope *scope)
{
	const struct entry *e = block_get(block, "binding");
	char is = server->tcp ? 'T' : 'U';

	if (e && server->binding != is)
		config_scope_add(scope, e->value->place, "'binding' is %c, but "
				 "the uri's is %c", server->binding, is);
	server->binding = is;
}

void config_security_check(struct config_server *server,
			   const struct block *block,
			   struct config_scope *scope)
{
	const struct entry *uri = block_get(block, "uri");
	const struct entry *e = block_get(block, "security");
	bool secure = server->uri && !strncmp(server->uri, "coaps", 5);

	if (!server->uri)
		return;
	if (e && config_error_at(scope->errors, e->value->place)) {
		binding_check(server, block, scope);
		return;		/* it is none that there is: that was said */
	}
	if (secure && server->security == SECURITY_NOSEC)
		config_scope_add(scope, e ? e->value->place : uri->place,
				 "'uri' is %s: 'security' must be psk, rpk or "
				 "x509", server->uri);
	else if (!secure && server->security != SECURITY_NOSEC)
		config_scope_add(scope, uri->value->place, "'uri' is %s: with "
				 "security %s it must begin with coaps",
				 server->uri, names[server->security]);
	keys_check(server, block, scope);
	files_check(server, block, e ? e->place : uri->place, scope);
	binding_check(server, block, scope);
}
