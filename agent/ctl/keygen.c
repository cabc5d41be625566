/* SPDX-License-Identifier: GPL-2.0-or-later
 * New keys, by GnuTLS. */
#include "agent/ctl/keygen.h"
#include <errno.h>
#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/x509.h>
#include <stdlib.h>
#include <string.h>

int keygen_random(uint8_t *to, size_t n)
{
	return gnutls_rnd(GNUTLS_RND_KEY, to, n) < 0 ? -EIO : 0;
}

/* A coordinate as so many bytes: GnuTLS puts a 0 before, or leaves one out. */
static void coordinate_put(uint8_t *to, const gnutls_datum_t *from)
{
	unsigned skip = from->size > KEYGEN_COORDINATE ?
			from->size - KEYGEN_COORDINATE : 0;

	memset(to, 0, KEYGEN_COORDINATE);
	memcpy(to + KEYGEN_COORDINATE - (from->size - skip),
	       from->data + skip, from->size - skip);
}

static int public_take(struct keygen_ec *key, gnutls_pubkey_t public)
{
	gnutls_datum_t x, y;

	key->public_n = sizeof(key->public);
	if (gnutls_pubkey_export(public, GNUTLS_X509_FMT_DER, key->public,
				 &key->public_n) < 0 ||
	    gnutls_pubkey_export_ecc_raw(public, NULL, &x, &y) < 0)
		return -EIO;
	coordinate_put(key->x, &x);
	coordinate_put(key->y, &y);
	gnutls_free(x.data);
	gnutls_free(y.data);
	return 0;
}

static int private_take(struct keygen_ec *key, gnutls_x509_privkey_t private)
{
	gnutls_datum_t pem;

	if (gnutls_x509_privkey_export2_pkcs8(private, GNUTLS_X509_FMT_PEM,
					      NULL, GNUTLS_PKCS_PLAIN, &pem)
	    < 0)
		return -EIO;
	key->pem = strndup((const char *)pem.data, pem.size);
	gnutls_memset(pem.data, 0, pem.size);
	gnutls_free(pem.data);
	return key->pem ? 0 : -EIO;
}

static int key_generate(struct keygen_ec *key, gnutls_x509_privkey_t private,
			gnutls_privkey_t whole, gnutls_pubkey_t public)
{
	unsigned bits = GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1);

	if (gnutls_x509_privkey_generate(private, GNUTLS_PK_EC, bits, 0) < 0 ||
	    gnutls_privkey_import_x509(whole, private, 0) < 0 ||
	    gnutls_pubkey_import_privkey(public, whole, 0, 0) < 0 ||
	    private_take(key, private) < 0)
		return -EIO;
	return public_take(key, public);
}

int keygen_ec(struct keygen_ec *key)
{
	gnutls_x509_privkey_t private = NULL;
	gnutls_privkey_t whole = NULL;
	gnutls_pubkey_t public = NULL;
	int rc = -EIO;

	*key = (struct keygen_ec){.pem = NULL};
	if (gnutls_x509_privkey_init(&private) >= 0 &&
	    gnutls_privkey_init(&whole) >= 0 &&
	    gnutls_pubkey_init(&public) >= 0)
		rc = key_generate(key, private, whole, public);
	gnutls_pubkey_deinit(public);
	gnutls_privkey_deinit(whole);
	gnutls_x509_privkey_deinit(private);
	return rc;
}

void keygen_ec_wipe(struct keygen_ec *key)
{
	if (key->pem)
		explicit_bzero(key->pem, strlen(key->pem));
	free(key->pem);
	explicit_bzero(key, sizeof(*key));
}
