/* SPDX-License-Identifier: GPL-2.0-or-later
 * Keys and certificates by GnuTLS: are they some, and is the peer's the one
 * that is asked for. */
#include "agent/coap/credentials.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agent/base/text.h"
#include "agent/coap/credentials_parts.h"

static void bytes_wipe(struct credentials_bytes *bytes)
{
	if (bytes->at)
		explicit_bzero(bytes->at, bytes->n);
	free(bytes->at);
	*bytes = (struct credentials_bytes){NULL, 0};
}

void credentials_put(struct credentials_bytes *to, const void *bytes, size_t n)
{
	uint8_t *copy = n ? malloc(n) : NULL;

	if (n && !copy)
		abort();
	if (n)
		memcpy(copy, bytes, n);
	bytes_wipe(to);
	*to = (struct credentials_bytes){copy, n};
}

void credentials_put_text(char **to, const char *text)
{
	char *copy = text_copy(text);

	free(*to);
	*to = copy;
}

void credentials_copy(struct credentials *to, const struct credentials *from)
{
	*to = (struct credentials){.mode = from->mode,
		.matching = from->matching, .usage = from->usage,
		.n_suites = from->n_suites};
	memcpy(to->suites, from->suites, sizeof(to->suites));
	credentials_put(&to->identity, from->identity.at, from->identity.n);
	credentials_put(&to->key, from->key.at, from->key.n);
	credentials_put(&to->certificate, from->certificate.at,
			from->certificate.n);
	credentials_put(&to->private_key, from->private_key.at,
			from->private_key.n);
	credentials_put(&to->server, from->server.at, from->server.n);
	credentials_put(&to->trust, from->trust.at, from->trust.n);
	credentials_put_text(&to->sni, from->sni);
}

void credentials_wipe(struct credentials *c)
{
	if (!c)
		return;
	bytes_wipe(&c->identity);
	bytes_wipe(&c->key);
	bytes_wipe(&c->certificate);
	bytes_wipe(&c->private_key);
	bytes_wipe(&c->server);
	bytes_wipe(&c->trust);
	free(c->sni);
	*c = (struct credentials){.mode = SECURITY_NOSEC};
}

/* ---- are they some? ---- */

static int credentials_refuse(char *why, size_t size, const char *what)
{
	snprintf(why, size, "%s", what);
	return -EINVAL;
}

static int psk_check(const struct credentials *c, char *why, size_t size)
{
	if (!c->identity.n)
		return credentials_refuse(why, size, "there is no identity");
	if (c->identity.n > CREDENTIALS_IDENTITY_MAX)
		return credentials_refuse(
			why, size, "the identity has more than 128 bytes");
	if (memchr(c->identity.at, 0, c->identity.n))
		return credentials_refuse(why, size,
					  "the identity has a byte 0 in it");
	if (!c->key.n)
		return credentials_refuse(why, size, "there is no key");
	if (c->key.n > CREDENTIALS_KEY_MAX)
		return credentials_refuse(why, size,
					  "the key has more than 64 bytes");
	return 0;
}

void credentials_weak(const struct credentials_bytes *key, char *why,
		      size_t size)
{
	*why = '\0';
	if (key->n < CREDENTIALS_KEY_STRONG)
		snprintf(why, size, "has %zu byte%s, which can be guessed: %d at "
			 "least are safe, as lwmuxctl keygen makes them",
			 key->n, key->n == 1 ? "" : "s",
			 CREDENTIALS_KEY_STRONG);
}

static int rpk_check(const struct credentials *c, char *why, size_t size)
{
	struct credentials_pem pem;
	struct credentials_bytes server = {NULL, 0};
	int rc = credentials_pem(c, &pem, why, size);

	credentials_pem_wipe(&pem);
	if (rc < 0)
		return rc;
	if (!c->server.n)
		return credentials_refuse(why, size,
					  "there is no key of the server");
	rc = credentials_public_key(&c->server, &server);
	bytes_wipe(&server);
	if (rc < 0 && c->matching == CREDENTIALS_EXACT)
		return credentials_refuse(why, size,
					  "the server's key is no public key");
	return 0;
}

static size_t digest_size(enum credentials_matching matching)
{
	switch (matching) {
	case CREDENTIALS_EXACT: return 0;
	case CREDENTIALS_SHA256: return 32;
	case CREDENTIALS_SHA384: return 48;
	case CREDENTIALS_SHA512: return 64;
	}
	return 0;
}

static int x509_check(const struct credentials *c, char *why, size_t size)
{
	struct credentials_pem pem;
	int rc = credentials_pem(c, &pem, why, size);

	credentials_pem_wipe(&pem);
	if (rc < 0)
		return rc;
	if (!c->server.n && !c->trust.n)
		return credentials_refuse(why, size,
					  "nothing says which server to trust");
	if (c->trust.n && credentials_trust(&c->trust, NULL) < 1)
		return credentials_refuse(why, size,
					  "what to trust is no certificate");
	if (c->server.n && c->matching != CREDENTIALS_EXACT &&
	    c->server.n != digest_size(c->matching))
		return credentials_refuse(why, size,
					  "the digest of the server's "
					  "certificate has another length");
	if (c->server.n && c->matching == CREDENTIALS_EXACT &&
	    credentials_certificates(&c->server) < 1)
		return credentials_refuse(why, size,
					  "the server's certificate is "
					  "not a certificate");
	if (c->server.n && c->matching != CREDENTIALS_EXACT &&
	    c->usage == CREDENTIALS_TRUST_ANCHOR)
		return credentials_refuse(why, size,
					  "a digest cannot be a trust anchor");
	return 0;
}

int credentials_check(const struct credentials *c, char *why, size_t size)
{
	char priorities[CREDENTIALS_PRIORITIES];

	if (c->matching > CREDENTIALS_SHA512)
		return credentials_refuse(why, size,
					  "the matching type is not 0 to 3");
	if (c->usage > CREDENTIALS_DOMAIN_ISSUED)
		return credentials_refuse(
			why, size, "the certificate usage is not 0 to 3");
	if (credentials_priorities(c, priorities) < 0)
		return credentials_refuse(
			why, size, "none of the account's cipher suites "
			"(0/x/16) is known here for its keys");
	switch (c->mode) {
	case SECURITY_NOSEC: return 0;
	case SECURITY_PSK: return psk_check(c, why, size);
	case SECURITY_RPK: return rpk_check(c, why, size);
	case SECURITY_X509: return x509_check(c, why, size);
	}
	return -EINVAL;
}
