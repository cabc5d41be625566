/* SPDX-License-Identifier: GPL-2.0-or-later
 * Keys and certificates, whatever form they came in, as PEM and DER. */
#include <errno.h>
#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/pkcs12.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agent/coap/credentials_parts.h"
#include "agent/base/secret.h"

#define CHAIN_MAX CREDENTIALS_CHAIN_MAX

static bool is_pem(const struct credentials_bytes *b)
{
	return b->n && memmem(b->at, b->n, "-----BEGIN ", 11);
}

/* Hex to what it stands for; others as they are. Borrowed, or `plain`'s. */
static gnutls_datum_t bytes_unhex(const struct credentials_bytes *b,
				  struct credentials_bytes *plain)
{
	*plain = (struct credentials_bytes){NULL, 0};
	if (b->n > 2 && b->at[0] != 0x30 && !is_pem(b)) {
		uint8_t *bytes = malloc(b->n);
		int n;

		if (!bytes)
			abort();
		n = secret_hex((const char *)b->at, b->n, bytes, NULL, 0);
		if (n > 0)
			credentials_put(plain, bytes, (size_t)n);
		explicit_bzero(bytes, b->n);
		free(bytes);
	}
	if (plain->n)
		return (gnutls_datum_t){plain->at, (unsigned)plain->n};
	return (gnutls_datum_t){b->at, (unsigned)b->n};
}

static gnutls_x509_crt_fmt_t format_of(const gnutls_datum_t *d)
{
	const struct credentials_bytes b = {d->data, d->size};

	return is_pem(&b) ? GNUTLS_X509_FMT_PEM : GNUTLS_X509_FMT_DER;
}

/* Takes a text of GnuTLS, with a byte 0 behind it; it is wiped and freed. */
static void bytes_take(struct credentials_bytes *to, gnutls_datum_t *from)
{
	uint8_t *text = malloc(from->size + 1u);

	if (!text)
		abort();
	memcpy(text, from->data, from->size);
	text[from->size] = 0;
	credentials_put(to, text, from->size + 1u);
	explicit_bzero(text, from->size);
	free(text);
	explicit_bzero(from->data, from->size);
	gnutls_free(from->data);
	from->data = NULL;
}

/* ---- certificates ---- */

/* n of chain; to be deinitialized by the caller. -EINVAL. */
static int chain_read(const struct credentials_bytes *from,
		      gnutls_x509_crt_t chain[CHAIN_MAX])
{
	struct credentials_bytes plain;
	gnutls_datum_t data = bytes_unhex(from, &plain);
	unsigned n = CHAIN_MAX;
	int rc;

	rc = data.size ? gnutls_x509_crt_list_import(chain, &n, &data,
			format_of(&data), GNUTLS_X509_CRT_LIST_IMPORT_FAIL_IF_EXCEED) :
	     GNUTLS_E_NO_CERTIFICATE_FOUND;
	credentials_put(&plain, NULL, 0);
	return rc > 0 ? rc : -EINVAL;
}

static void chain_free(gnutls_x509_crt_t *chain, int n)
{
	for (int i = 0; i < n; i++)
		gnutls_x509_crt_deinit(chain[i]);
}

int credentials_certificates(const struct credentials_bytes *from)
{
	gnutls_x509_crt_t chain[CHAIN_MAX];
	int n = chain_read(from, chain);

	chain_free(chain, n);
	return n;
}

int credentials_certificate(const struct credentials_bytes *from,
			    struct credentials_bytes *der)
{
	gnutls_x509_crt_t chain[CHAIN_MAX];
	gnutls_datum_t data = {NULL, 0};
	int n = chain_read(from, chain), rc = -EINVAL;

	if (n > 0)
		rc = gnutls_x509_crt_export2(chain[0], GNUTLS_X509_FMT_DER,
					     &data);
	chain_free(chain, n);
	if (rc < 0)
		return -EINVAL;
	credentials_put(der, data.data, data.size);
	gnutls_free(data.data);
	return 0;
}

int credentials_trust(const struct credentials_bytes *from, void *list)
{
	struct credentials_bytes plain;
	gnutls_datum_t data = bytes_unhex(from, &plain);
	gnutls_x509_trust_list_t own = NULL;
	int n = 0;

	if (!list)
		gnutls_x509_trust_list_init(&own, 0);
	if (data.size)
		n = gnutls_x509_trust_list_add_trust_mem(list ? list : own,
				&data, NULL, format_of(&data), 0, 0);
	if (own)
		gnutls_x509_trust_list_deinit(own, 1);
	credentials_put(&plain, NULL, 0);
	return n;
}

/* All of a chain, one behind the other. */
static int chain_pem(const struct credentials_bytes *from,
		     struct credentials_bytes *to)
{
	gnutls_x509_crt_t chain[CHAIN_MAX];
	int n = chain_read(from, chain), rc = n < 0 ? n : 0;
	gnutls_datum_t all = {NULL, 0}, one;

	for (int i = 0; i < n && rc == 0; i++) {
		rc = gnutls_x509_crt_export2(chain[i], GNUTLS_X509_FMT_PEM,
					     &one);
		if (rc < 0)
			break;
		all.data = gnutls_realloc(all.data, all.size + one.size);
		if (!all.data)
			abort();
		memcpy(all.data + all.size, one.data, one.size);
		all.size += one.size;
		gnutls_free(one.data);
	}
	chain_free(chain, n);
	if (rc == 0)
		bytes_take(to, &all);
	gnutls_free(all.data);
	return rc < 0 ? -EINVAL : 0;
}

/* ---- keys ---- */

/* PKCS #8 or SEC 1. */
static int private_key_read(const struct credentials_bytes *from,
			    gnutls_x509_privkey_t *key)
{
	struct credentials_bytes plain;
	gnutls_datum_t data = bytes_unhex(from, &plain);
	int rc;

	gnutls_x509_privkey_init(key);
	rc = data.size ? gnutls_x509_privkey_import2(*key, &data,
			format_of(&data), NULL, GNUTLS_PKCS_PLAIN) : -1;
	credentials_put(&plain, NULL, 0);
	if (rc == 0)
		return 0;
	gnutls_x509_privkey_deinit(*key);
	return -EINVAL;
}

static int public_key_of(gnutls_x509_privkey_t from,
			 struct credentials_bytes *to)
{
	gnutls_privkey_t key;
	gnutls_pubkey_t public;
	gnutls_datum_t pem = {NULL, 0};
	int rc;

	gnutls_privkey_init(&key);
	gnutls_pubkey_init(&public);
	rc = gnutls_privkey_import_x509(key, from, 0);
	if (rc == 0)
		rc = gnutls_pubkey_import_privkey(public, key, 0, 0);
	if (rc == 0)
		rc = gnutls_pubkey_export2(public, GNUTLS_X509_FMT_PEM, &pem);
	if (rc == 0)
		bytes_take(to, &pem);
	gnutls_pubkey_deinit(public);
	gnutls_privkey_deinit(key);
	return rc < 0 ? -EINVAL : 0;
}

/* A private key is in the form that all versions of libcoap take. */
static int private_key_pem(const struct credentials *c,
			   struct credentials_pem *pem)
{
	gnutls_datum_t text = {NULL, 0};
	gnutls_x509_privkey_t key;
	int rc = private_key_read(&c->private_key, &key);

	if (rc < 0)
		return rc;
	rc = gnutls_x509_privkey_export2_pkcs8(key, GNUTLS_X509_FMT_PEM, NULL,
					       GNUTLS_PKCS_PLAIN, &text);
	if (rc == 0)
		bytes_take(&pem->private_key, &text);
	/* A public key that was given beside it could only be the same. */
	if (rc == 0 && c->mode == SECURITY_RPK)
		rc = public_key_of(key, &pem->certificate);
	gnutls_x509_privkey_deinit(key);
	return rc < 0 ? -EINVAL : 0;
}

/* Is the certificate that of this key? */
static bool is_pair(const struct credentials_pem *pem)
{
	gnutls_certificate_credentials_t together;
	gnutls_datum_t certificate = {pem->certificate.at,
		(unsigned)pem->certificate.n};
	gnutls_datum_t key = {pem->private_key.at,
		(unsigned)pem->private_key.n};
	int rc;

	gnutls_certificate_allocate_credentials(&together);
	rc = gnutls_certificate_set_x509_key_mem2(together, &certificate, &key,
						  GNUTLS_X509_FMT_PEM, NULL, 0);
	gnutls_certificate_free_credentials(together);
	return rc >= 0;
}

int credentials_pem(const struct credentials *c, struct credentials_pem *pem,
		    char *why, size_t size)
{
	*pem = (struct credentials_pem){.certificate = {NULL, 0}};
	if (private_key_pem(c, pem) < 0) {
		snprintf(why, size, "%s", c->private_key.n ?
			 "the private key is not a key" :
			 "there is no private key");
		return -EINVAL;
	}
	if (c->mode == SECURITY_RPK)
		return 0;
	if (chain_pem(&c->certificate, &pem->certificate) < 0) {
		snprintf(why, size, "%s", c->certificate.n ?
			 "the certificate is not a certificate" :
			 "there is no certificate");
		return -EINVAL;
	}
	if (is_pair(pem))
		return 0;
	snprintf(why, size, "the private key is not the certificate's");
	return -EINVAL;
}

void credentials_pem_wipe(struct credentials_pem *pem)
{
	credentials_put(&pem->certificate, NULL, 0);
	credentials_put(&pem->private_key, NULL, 0);
}

static int public_key_import(gnutls_pubkey_t key,
			     const struct credentials_bytes *from)
{
	struct credentials_bytes plain;
	gnutls_datum_t data = bytes_unhex(from, &plain);
	gnutls_x509_crt_t chain[CHAIN_MAX];
	int rc = data.size ? gnutls_pubkey_import(key, &data,
						  format_of(&data)) : -1, n;

	credentials_put(&plain, NULL, 0);
	if (rc == 0)
		return 0;
	n = chain_read(from, chain);
	rc = n > 0 ? gnutls_pubkey_import_x509(key, chain[0], 0) : -1;
	chain_free(chain, n);
	return rc;
}

int credentials_public_key(const struct credentials_bytes *from,
			   struct credentials_bytes *der)
{
	gnutls_datum_t data = {NULL, 0};
	gnutls_pubkey_t key;
	int rc;

	gnutls_pubkey_init(&key);
	rc = public_key_import(key, from);
	if (rc == 0)
		rc = gnutls_pubkey_export2(key, GNUTLS_X509_FMT_DER, &data);
	gnutls_pubkey_deinit(key);
	if (rc < 0)
		return -EINVAL;
	credentials_put(der, data.data, data.size);
	gnutls_free(data.data);
	return 0;
}

/* ---- what a file holds ---- */

static bool is_pkcs12(const struct credentials_bytes *b)
{
	const gnutls_datum_t data = {b->at, (unsigned)b->n};
	gnutls_pkcs12_t box;
	bool is;

	gnutls_pkcs12_init(&box);
	is = !gnutls_pkcs12_import(box, &data, GNUTLS_X509_FMT_DER, 0);
	gnutls_pkcs12_deinit(box);
	return is;
}

/* The first that is in it says most. */
static const struct { const char *has; enum credentials_part part;
		      const char *text; } contents[] = {
	{"-----BEGIN ENCRYPTED PRIVATE KEY", CREDENTIALS_AUTHORITIES,
	 "it has a password: openssl pkey -in FILE -out NEW takes it off"},
	{"Proc-Type: 4,ENCRYPTED", CREDENTIALS_AUTHORITIES,
	 "it has a password: openssl pkey -in FILE -out NEW takes it off"},
	{"-----BEGIN OPENSSH PRIVATE KEY", CREDENTIALS_AUTHORITIES,
	 "it is a key of OpenSSH's"},
	{"CERTIFICATE REQUEST-----", CREDENTIALS_AUTHORITIES,
	 "it is a request for a certificate, not the authority's answer"},
	{"-----BEGIN CERTIFICATE-----", CREDENTIALS_CERTIFICATE,
	 "it is a certificate"},
	{"PRIVATE KEY-----", CREDENTIALS_PRIVATE_KEY, "it is a private key"},
	{"PUBLIC KEY-----", CREDENTIALS_PUBLIC_KEY, "it is a public key"},
};

static const char *content_of(const struct credentials_bytes *bytes,
			      enum credentials_part part)
{
	for (size_t i = 0; i < sizeof(contents) / sizeof(*contents); i++)
		if (memmem(bytes->at, bytes->n, contents[i].has,
			   strlen(contents[i].has)))
			return contents[i].part == part ?
			       "what is there is damaged, or of an unknown kind" :
			       contents[i].text;
	return is_pkcs12(bytes) ?
	       "it is PKCS #12 (.p12, .pfx): openssl pkcs12 -nodes -in FILE "
	       "-out NEW takes it apart" :
	       "PEM or DER is wanted";
}

static bool holds_private_key(const struct credentials_bytes *bytes)
{
	gnutls_x509_privkey_t key;

	if (private_key_read(bytes, &key) < 0)
		return false;
	gnutls_x509_privkey_deinit(key);
	return true;
}

static bool holds_public_key(const struct credentials_bytes *bytes)
{
	struct credentials_bytes der = {NULL, 0};
	bool holds = !credentials_public_key(bytes, &der);

	credentials_put(&der, NULL, 0);
	return holds;
}

static bool part_held(const struct credentials_bytes *bytes,
		      enum credentials_part part)
{
	switch (part) {
	case CREDENTIALS_PRIVATE_KEY: return holds_private_key(bytes);
	case CREDENTIALS_PUBLIC_KEY: return holds_public_key(bytes);
	case CREDENTIALS_CERTIFICATE: return credentials_certificates(bytes) > 0;
	case CREDENTIALS_AUTHORITIES: return credentials_trust(bytes, NULL) > 0;
	}
	return false;
}

bool credentials_is(const struct credentials_bytes *bytes,
		    enum credentials_part part, char *text, size_t size)
{
	static const char *const names[] = {"private key", "public key",
					    "certificate", "certificate"};

	if (part_held(bytes, part))
		return true;
	snprintf(text, size, "holds no %s: %s", names[part],
		 content_of(bytes, part));
	return false;
}
