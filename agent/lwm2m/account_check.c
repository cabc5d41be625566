/* SPDX-License-Identifier: GPL-2.0-or-later
 * The consistency of accounts, before anything depends on them. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "agent/lwm2m/account.h"
#include "agent/base/uri.h"
#include "objects/access.h"
#include "objects/ids.h"

static size_t instances_count(const struct tree *tree, uint16_t object)
{
	size_t n = 0;

	for (size_t i = 0; i < tree->n_instances; i++)
		n += tree->instances[i].object->id == object;
	return n;
}

static const char *uri_check(const struct account *a)
{
	struct uri_rest rest;
	struct uri uri;
	char text[256];
	int rc;

	if (!a->uri_length || a->uri_length >= sizeof(text))
		return "an account without a server's URI";
	snprintf(text, sizeof(text), "%.*s", (int)a->uri_length, a->uri);
	if (strlen(text) != a->uri_length)
		return "a server's URI that is none";
	rc = uri_parse(text, &uri);
	if ((rc && rc != -EDOM) || uri_rest_parse(text + uri.n, &rest))
		return "a server's URI that is none";
	if (uri.secure != (a->mode != ACCOUNT_NOSEC))
		return "a security mode that does not fit the server's URI";
	return NULL;
}

static uint32_t security_length(const struct tree *tree, uint16_t instance,
				uint16_t resource)
{
	return account_bytes(tree, path_resource(ID_SECURITY, instance,
						 resource)).length;
}

/* Lengths by Core TS E.1. What the keys are is for credentials.h to say. */
static const char *keys_check(const struct tree *tree, const struct account *a)
{
	uint16_t at = a->security;
	uint32_t identity = security_length(tree, at, ID_SECURITY_IDENTITY);
	uint32_t server = security_length(tree, at, ID_SECURITY_SERVER_KEY);
	uint32_t key = security_length(tree, at, ID_SECURITY_SECRET);

	if (a->own >= 0 || a->mode == ACCOUNT_NOSEC)
		return NULL;		/* the configuration's, or none */
	switch (a->mode) {
	case ACCOUNT_PSK:
		return identity && identity <= 128 && key && key <= 64 ? NULL :
		       "a pre-shared key without identity or key";
	case ACCOUNT_RPK:
		return server && key ? NULL :
		       "raw public keys that are not all there";
	case ACCOUNT_X509:
		return identity && key ? NULL :
		       "a certificate that is not there, or without its key";
	default:
		return "a security mode that this client does not know";
	}
}

static const char *oscore_check(const struct tree *tree,
				const struct account *a)
{
	struct lwm2m_path path = path_resource(ID_SECURITY, a->security,
						ID_SECURITY_OSCORE);
	const struct tree_slot *slot = tree_find(tree, &path);

	if (slot && slot->value.type == LWM2M_OBJLINK &&
	    slot->value.as.link.instance != ACCOUNT_NONE)
		return "OSCORE, which this client does not speak";
	return NULL;
}

static const char *binding_check(const struct tree *tree,
				 const struct account *a)
{
	struct lwm2m_value b = account_bytes(tree,
		path_resource(ID_SERVER, a->server, ID_SERVER_BINDING));

	return !b.length || a->tcp || a->spare ||
	       memchr(b.as.text, 'U', b.length) ? NULL :
	       "a binding that does not fit the server's URI";
}

static const char *server_check(const struct tree *tree,
				const struct account *a)
{
	int64_t lifetime;

	if (!a->id)
		return "an account without a short server id";
	if (a->server == ACCOUNT_NONE)
		return "an account of object 0 without one of object 1";
	lifetime = account_number(tree, path_resource(ID_SERVER, a->server,
						      ID_SERVER_LIFETIME), 1);
	if (lifetime < 0 || lifetime > UINT32_MAX)
		return "a lifetime that is none";
	return binding_check(tree, a);
}

static const char *one_check(const struct tree *tree, const struct account *a)
{
	const char *why = uri_check(a);

	if (!why)
		why = keys_check(tree, a);
	if (!why)
		why = oscore_check(tree, a);
	if (!why && !a->bootstrap)
		why = server_check(tree, a);
	return why;
}

/* enough: a bootstrap server is, without any other. */
static const char *pairs_check(const struct tree *tree,
			       const struct account *list, size_t n,
			       bool enough)
{
	size_t n_servers = 0, n_bootstrap = 0;

	for (size_t i = 0; i < n; i++) {
		n_bootstrap += list[i].bootstrap;
		n_servers += !list[i].bootstrap && !list[i].spare;
		for (size_t k = 0; k < i; k++)
			if (!list[i].bootstrap && list[k].id == list[i].id &&
			    list[k].tcp == list[i].tcp)
				return "a short server id twice over one "
				       "transport";
	}
	if (n_bootstrap > 1)
		return "more than one bootstrap server";
	if (!n_servers && !(enough && n_bootstrap))
		return "no server";
	if (instances_count(tree, ID_SERVER) != n_servers)
		return "an account of object 1 without one of object 0";
	return NULL;
}

/* -1: none. */
static int64_t access_number(const struct tree *tree, uint16_t instance,
			     uint16_t resource)
{
	return account_number(tree, path_resource(ACCESS_OBJECT, instance,
						  resource), -1);
}

static const char *acl_check(const struct tree *tree)
{
	for (size_t i = 0; i < tree->n_instances; i++) {
		const struct tree_instance *at = &tree->instances[i];
		uint16_t id = at->id;

		if (at->object->id == ACCESS_OBJECT &&
		    (access_number(tree, id, ID_ACCESS_OBJECT) < 0 ||
		     access_number(tree, id, ID_ACCESS_INSTANCE) < 0 ||
		     access_number(tree, id, ID_ACCESS_OWNER) < 0))
			return "an access control without object, instance "
			       "or owner";
	}
	return NULL;
}

static const char *tree_check(const struct tree *tree, bool enough)
{
	struct account list[ACCOUNTS_MAX];
	size_t n = account_list(tree, list, ACCOUNTS_MAX);
	const char *why = NULL;

	if (instances_count(tree, ID_SECURITY) > n)
		return "too many accounts";
	for (size_t i = 0; i < n && !why; i++)
		why = one_check(tree, &list[i]);
	if (!why)
		why = pairs_check(tree, list, n, enough);
	return why ? why : acl_check(tree);
}

const char *account_check(const struct tree *tree)
{
	return tree_check(tree, false);
}

const char *account_card_check(const struct tree *tree)
{
	return tree_check(tree, true);
}
