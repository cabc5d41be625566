/* SPDX-License-Identifier: GPL-2.0-or-later
 * AES-128 by GnuTLS. */
#include "adapters/ble/crypto.h"

#include <errno.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdbool.h>
#include <string.h>

#define BLOCK 16

/* gnutls_datum_t has no const, though the library only reads. */
static gnutls_datum_t datum_of(const uint8_t *bytes, unsigned int n)
{
	gnutls_datum_t datum = {.size = n};

	memcpy(&datum.data, &bytes, sizeof(bytes));
	return datum;
}

int crypto_ccm_open(const struct crypto_sealed *s, uint8_t *plain)
{
	uint8_t text[CRYPTO_PLAIN_MAX + BLOCK];
	gnutls_datum_t key = datum_of(s->key, CRYPTO_KEY);
	gnutls_aead_cipher_hd_t cipher;
	size_t n = s->n;
	int rc;

	if (s->n > CRYPTO_PLAIN_MAX || s->n_tag > BLOCK)
		return -EINVAL;
	memcpy(text, s->text, s->n);
	memcpy(text + s->n, s->tag, s->n_tag);
	rc = gnutls_aead_cipher_init(&cipher, GNUTLS_CIPHER_AES_128_CCM, &key);
	if (rc < 0)
		return -ENOMEM;
	rc = gnutls_aead_cipher_decrypt(cipher, s->nonce, s->n_nonce, s->more,
					s->n_more, s->n_tag, text,
					s->n + s->n_tag, plain, &n);
	gnutls_aead_cipher_deinit(cipher);
	return rc < 0 ? -EBADMSG : 0;
}

/* CBC with a vector of zeros over one block is the bare cipher. */
static int block_do(const uint8_t *key_bytes, uint8_t *block, bool open)
{
	uint8_t zeros[BLOCK] = {0};
	gnutls_datum_t key = datum_of(key_bytes, CRYPTO_KEY);
	gnutls_datum_t vector = datum_of(zeros, BLOCK);
	gnutls_cipher_hd_t cipher;
	int rc;

	if (gnutls_cipher_init(&cipher, GNUTLS_CIPHER_AES_128_CBC, &key,
			       &vector) < 0)
		return -ENOMEM;
	rc = open ? gnutls_cipher_decrypt(cipher, block, BLOCK) :
		    gnutls_cipher_encrypt(cipher, block, BLOCK);
	gnutls_cipher_deinit(cipher);
	return rc < 0 ? -EINVAL : 0;
}

int crypto_block_open(const uint8_t *key, const uint8_t *block,
		      uint8_t *plain)
{
	memcpy(plain, block, BLOCK);
	return block_do(key, plain, true);
}

int crypto_counter_uncover(const uint8_t *key, uint16_t counter,
			   const uint8_t *text, size_t n, uint8_t *plain)
{
	int rc = 0;

	for (size_t at = 0; at < n && rc == 0; at += BLOCK) {
		uint32_t number = counter + (uint32_t)(at / BLOCK);
		uint8_t block[BLOCK] = {(uint8_t)number,
					(uint8_t)(number >> 8),
					(uint8_t)(number >> 16)};

		rc = block_do(key, block, false);
		for (size_t i = at; i < n && i < at + BLOCK; i++)
			plain[i] = text[i] ^ block[i - at];
	}
	return rc;
}

/* The key stream of CCM: block i is the encryption of flags, nonce and i. */
int crypto_ccm_uncover(const struct crypto_sealed *s, uint8_t *plain)
{
	int rc = 0;

	if (s->n > CRYPTO_PLAIN_MAX || s->n_nonce != 13)
		return -EINVAL;
	for (size_t at = 0; at < s->n && rc == 0; at += BLOCK) {
		uint8_t block[BLOCK] = {1};

		memcpy(block + 1, s->nonce, 13);
		block[BLOCK - 1] = (uint8_t)(at / BLOCK + 1);
		rc = block_do(s->key, block, false);
		for (size_t i = at; i < s->n && i < at + BLOCK; i++)
			plain[i] = s->text[i] ^ block[i - at];
	}
	return rc;
}
