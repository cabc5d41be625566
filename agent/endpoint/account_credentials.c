/* SPDX-License-Identifier: GPL-2.0-or-later
 * From an account's bytes to what a handshake needs. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agent/endpoint/client_bootstrap.h"
#include "agent/coap/credentials.h"
#include "agent/client/services.h"
#include "objects/ids.h"

#define USAGE_FALLBACK CREDENTIALS_DOMAIN_ISSUED	/* 0/x/15, E.1 */

static void bytes_take(struct credentials_bytes *to, const struct tree *tree,
		       uint16_t instance, uint16_t resource)
{
	struct lwm2m_value v = account_bytes(tree, path_resource(
		ID_SECURITY, instance, resource));

	if (v.length)
		credentials_put(to, v.as.bytes, v.length);
}

static void take_sni(struct credentials *to, const struct tree *tree,
		     uint16_t instance)
{
	struct lwm2m_value v = account_bytes(tree, path_resource(
		ID_SECURITY, instance, ID_SECURITY_SNI));
	char *text;

	if (!v.length)
		return;
	text = calloc(1, v.length + 1);		/* its own has no end */
	if (!text)
		abort();
	memcpy(text, v.as.text, v.length);
	credentials_put_text(&to->sni, text);
	free(text);
}

/* Those beyond what there is room for are not used. A number that is none of
 * two bytes is no suite that anybody knows, and not the one that its last two
 * bytes are: as TLS_NULL_WITH_NULL_NULL it is there and is never offered. */
static void suites_take(struct credentials *to, const struct tree *tree,
			uint16_t instance)
{
	struct lwm2m_path scope = path_resource(ID_SECURITY, instance,
						ID_SECURITY_SUITES), path;
	struct tree_cursor at = {0, 0};
	const struct tree_slot *slot;

	while ((slot = tree_next(tree, &scope, &at, &path)) &&
	       to->n_suites < CREDENTIALS_SUITES)
		to->suites[to->n_suites++] =
			slot->value.as.uinteger > UINT16_MAX ? 0 :
			(uint16_t)slot->value.as.uinteger;
}

/* A digest of the server's certificate is as good as itself (0/x/13). */
static void credentials_fill(struct credentials *to, const struct tree *tree,
			     const struct account *a)
{
	uint16_t at = a->security;

	*to = (struct credentials){.mode = SECURITY_NOSEC};
	if (a->mode == ACCOUNT_NOSEC)
		return;
	to->mode = a->mode == ACCOUNT_PSK ? SECURITY_PSK :
		   a->mode == ACCOUNT_RPK ? SECURITY_RPK : SECURITY_X509;
	bytes_take(a->mode == ACCOUNT_PSK ? &to->identity : &to->certificate,
		   tree, at, ID_SECURITY_IDENTITY);
	bytes_take(a->mode == ACCOUNT_PSK ? &to->key : &to->private_key, tree,
		   at, ID_SECURITY_SECRET);
	if (a->mode != ACCOUNT_PSK)
		bytes_take(&to->server, tree, at, ID_SECURITY_SERVER_KEY);
	take_sni(to, tree, at);
	suites_take(to, tree, at);
	to->matching = (uint8_t)account_number(tree,
		path_resource(ID_SECURITY, at, ID_SECURITY_MATCHING),
		CREDENTIALS_EXACT);
	to->usage = (uint8_t)account_number(tree,
		path_resource(ID_SECURITY, at, ID_SECURITY_USAGE),
		USAGE_FALLBACK);
}

/* The account that this server was made of. */
static const struct account *account_of(const struct account *list, size_t n,
					const struct server *server)
{
	for (size_t i = 0; i < n; i++)
		if (list[i].id == server->conf->id && !list[i].spare &&
		    list[i].bootstrap == !server->conf->id)
			return &list[i];
	return NULL;
}

/* Certificate Usages 0 and 1 (0/x/15) ask for a chain to an authority that is
 * trusted anyway. Which ones are, no resource of an account says: the
 * configuration does. */
static int trust_load(const struct endpoint *e, struct credentials *to,
		      char *why, size_t size)
{
	const struct services *services = e->services;

	if (to->mode != SECURITY_X509 || !services->servers.bootstrap ||
	    (to->usage != CREDENTIALS_CA_CONSTRAINT &&
	     to->usage != CREDENTIALS_SERVICE))
		return 0;
	return credentials_load_trust(to, services->servers.bootstrap->conf,
				      services->dirs.config, e->conf->endpoint,
				      why, size);
}

int endpoint_accounts_credentials(const struct endpoint *e,
				  const struct server *server,
				  struct credentials *to, char *why,
				  size_t size)
{
	struct account list[ACCOUNTS_MAX];
	const struct account *a = NULL;
	struct tree tree;

	*to = (struct credentials){.mode = SECURITY_NOSEC};
	if (endpoint_accounts(e, &tree)) {
		a = account_of(list, account_list(&tree, list, ACCOUNTS_MAX),
			       server);
		if (a)
			credentials_fill(to, &tree, a);
		account_tree_finish(&tree);
	}
	if (a)
		return trust_load(e, to, why, size);
	snprintf(why, size, "its account is gone");
	return -ENOENT;
}

static bool is_good(const struct tree *tree, const struct account *a,
		    char *why, size_t size)
{
	struct credentials credentials;
	bool good;

	if (a->own >= 0)
		return true;		/* checked when they are read */
	credentials_fill(&credentials, tree, a);
	good = credentials_check(&credentials, why, size) == 0;
	if (good && !*why && credentials.mode == SECURITY_PSK)
		credentials_weak(&credentials.key, why, size);
	credentials_wipe(&credentials);
	return good;
}

bool account_keys_check(const struct tree *tree, char *why, size_t size)
{
	struct account list[ACCOUNTS_MAX];
	size_t n = account_list(tree, list, ACCOUNTS_MAX);

	*why = '\0';
	for (size_t i = 0; i < n; i++)
		if (!is_good(tree, &list[i], why, size))
			return false;
	return true;
}
