/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "modules/smartcard/scp03.h"
#include <errno.h>
#include <gnutls/crypto.h>
#include <stdbool.h>
#include <string.h>

#define BLOCK 16
#define TEXT_MAX (2 * BLOCK + SCP03_COMMAND_MAX)	/* that has a MAC */
#define INS_EXTERNAL_AUTHENTICATE 0x82
#define CLASS_GLOBALPLATFORM 0x80
#define CLASS_SECURE 0x04
#define CHANNELS 0x03		/* of a class */

/* Constants of derivation (Amendment D table 4-1). */
enum { CARD_CRYPTOGRAM = 0x00, HOST_CRYPTOGRAM = 0x01, S_ENC = 0x04,
       S_MAC = 0x06, S_RMAC = 0x07 };

/* The answer to INITIALIZE UPDATE (7.1.1.6), at its end the counter of a card
 * whose challenges come of one. */
enum { AT_PROTOCOL = 11, AT_PARAMETER = 12, AT_CHALLENGE = 13,
       AT_CRYPTOGRAM = AT_CHALLENGE + SCP03_CHALLENGE,
       UPDATE_N = AT_CRYPTOGRAM + SCP03_MAC, UPDATE_COUNTED_N = UPDATE_N + 3 };
#define PARAMETER_S16 0x01
#define PARAMETER_R 0x60	/* R-MAC and R-ENCRYPTION */

/* ---- AES ---- */

/* gnutls_datum_t has no const, though the library only reads. */
static gnutls_datum_t datum_of(const uint8_t *bytes, size_t n)
{
	gnutls_datum_t datum = {.size = (unsigned)n};

	memcpy(&datum.data, &bytes, sizeof(bytes));
	return datum;
}

static gnutls_cipher_algorithm_t cipher_of(size_t n_key)
{
	switch (n_key) {
	case 16:
		return GNUTLS_CIPHER_AES_128_CBC;
	case 24:
		return GNUTLS_CIPHER_AES_192_CBC;
	case 32:
		return GNUTLS_CIPHER_AES_256_CBC;
	}
	return GNUTLS_CIPHER_UNKNOWN;
}

/* Whole blocks, in place. 0, or -EIO. */
static int blocks_cipher(const uint8_t *key, size_t n_key,
			 const uint8_t vector[BLOCK], uint8_t *bytes, size_t n,
			 bool open)
{
	gnutls_datum_t k = datum_of(key, n_key), v = datum_of(vector, BLOCK);
	gnutls_cipher_hd_t cipher;
	int rc;

	if (gnutls_cipher_init(&cipher, cipher_of(n_key), &k, &v) < 0)
		return -EIO;
	rc = open ? gnutls_cipher_decrypt(cipher, bytes, n) :
		    gnutls_cipher_encrypt(cipher, bytes, n);
	gnutls_cipher_deinit(cipher);
	return rc < 0 ? -EIO : 0;
}

static const uint8_t zeros[BLOCK];

/* Times x in GF(2^128) (NIST SP 800-38B 6.1). */
static void block_double(uint8_t block[BLOCK])
{
	uint8_t carry = block[0] >> 7;

	for (size_t i = 0; i < BLOCK; i++)
		block[i] = (uint8_t)(block[i] << 1 |
				     (i + 1 < BLOCK ? block[i + 1] >> 7 : 0));
	block[BLOCK - 1] ^= carry ? 0x87 : 0;
}

/* AES-CMAC (NIST SP 800-38B 6.2) of n > 0 bytes of text, which has room for one
 * block more and is used up: GnuTLS has none with keys of 192 bits. */
static int mac_compute(const uint8_t *key, size_t n_key, uint8_t *text,
		       size_t n, uint8_t mac[BLOCK])
{
	size_t blocks = (n + BLOCK - 1) / BLOCK * BLOCK;
	uint8_t sub[BLOCK] = {0};
	int rc = blocks_cipher(key, n_key, zeros, sub, BLOCK, false);

	block_double(sub);
	if (blocks != n) {
		block_double(sub);
		memset(text + n, 0, blocks - n);
		text[n] = 0x80;
	}
	for (size_t i = 0; i < BLOCK; i++)
		text[blocks - BLOCK + i] ^= sub[i];
	if (!rc)
		rc = blocks_cipher(key, n_key, zeros, text, blocks, false);
	memcpy(mac, text + blocks - BLOCK, BLOCK);
	explicit_bzero(sub, sizeof(sub));
	return rc;
}

/* Does not say by its time where they differ. */
static bool is_equal(const uint8_t *a, const uint8_t *b, size_t n)
{
	uint8_t differs = 0;

	for (size_t i = 0; i < n; i++)
		differs |= a[i] ^ b[i];
	return !differs;
}

/* ---- opening ---- */

/* Amendment D 4.1.5: n bytes that come of a key and both challenges. */
static int key_derive(const uint8_t *key, size_t n_key, uint8_t constant,
		      const uint8_t context[2 * SCP03_CHALLENGE], uint8_t *out,
		      size_t n)
{
	uint8_t text[3 * BLOCK], block[BLOCK];
	int rc = 0;

	for (size_t at = 0; at < n && !rc; at += BLOCK) {
		memset(text, 0, BLOCK);
		text[11] = constant;
		text[13] = (uint8_t)(n * 8 >> 8);
		text[14] = (uint8_t)(n * 8);
		text[15] = (uint8_t)(at / BLOCK + 1);
		memcpy(text + BLOCK, context, 2 * SCP03_CHALLENGE);
		rc = mac_compute(key, n_key, text,
				 BLOCK + 2 * SCP03_CHALLENGE, block);
		memcpy(out + at, block, n - at < BLOCK ? n - at : BLOCK);
	}
	explicit_bzero(text, sizeof(text));
	explicit_bzero(block, sizeof(block));
	return rc;
}

static int session_derive(struct scp03 *c, const struct scp03_keys *keys,
			  const uint8_t *context, uint8_t card[SCP03_MAC])
{
	c->n_key = keys->n;
	return key_derive(keys->enc, keys->n, S_ENC, context, c->s_enc,
			  keys->n) ||
	       key_derive(keys->mac, keys->n, S_MAC, context, c->s_mac,
			  keys->n) ||
	       key_derive(keys->mac, keys->n, S_RMAC, context, c->s_rmac,
			  keys->n) ||
	       key_derive(c->s_mac, keys->n, CARD_CRYPTOGRAM, context, card,
			  SCP03_MAC) ||
	       key_derive(c->s_mac, keys->n, HOST_CRYPTOGRAM, context,
			  c->host_cryptogram, SCP03_MAC) ? -EIO : 0;
}

int scp03_start(struct scp03 *channel, const struct scp03_keys *keys,
		const uint8_t challenge[SCP03_CHALLENGE],
		const uint8_t *answer, size_t n)
{
	uint8_t context[2 * SCP03_CHALLENGE], card[SCP03_MAC];
	int rc;

	memset(channel, 0, sizeof(*channel));
	if (n < UPDATE_N || answer[AT_PROTOCOL] != 3)
		return -EBADMSG;
	if (answer[AT_PARAMETER] & PARAMETER_S16 ||
	    (answer[AT_PARAMETER] & PARAMETER_R) != PARAMETER_R)
		return -ENOTSUP;
	if (n != UPDATE_N && n != UPDATE_COUNTED_N)
		return -EBADMSG;
	memcpy(context, challenge, SCP03_CHALLENGE);
	memcpy(context + SCP03_CHALLENGE, answer + AT_CHALLENGE,
	       SCP03_CHALLENGE);
	rc = session_derive(channel, keys, context, card);
	if (!rc && !is_equal(card, answer + AT_CRYPTOGRAM, SCP03_MAC))
		rc = -EACCES;
	explicit_bzero(card, sizeof(card));
	if (rc)
		scp03_end(channel);
	return rc;
}

/* ---- commands ---- */

/* The first vector of what is enciphered with this command (6.2.6), or with its
 * answer (6.2.7). */
static int vector_of(const struct scp03 *c, bool is_answer,
		     uint8_t vector[BLOCK])
{
	memset(vector, 0, BLOCK);
	vector[0] = is_answer ? 0x80 : 0;
	for (size_t i = 0; i < sizeof(c->counter); i++)
		vector[BLOCK - 1 - i] = (uint8_t)(c->counter >> 8 * i);
	return blocks_cipher(c->s_enc, c->n_key, zeros, vector, BLOCK, false);
}

/* The chaining value and these bytes. */
static int chained_mac(const struct scp03 *c, const uint8_t *key,
		       const uint8_t *bytes, size_t n, uint8_t mac[BLOCK])
{
	uint8_t text[TEXT_MAX];
	int rc;

	memcpy(text, c->chaining, BLOCK);
	memcpy(text + BLOCK, bytes, n);
	rc = mac_compute(key, c->n_key, text, BLOCK + n, mac);
	explicit_bzero(text, sizeof(text));
	return rc;
}

/* Of n bytes, with no MAC and no Le yet, in place: the MAC is of channel 0
 * (6.2.4), and of the length with it. Its length, or -EIO. */
static int mac_append(struct scp03 *c, uint8_t *command, size_t n)
{
	uint8_t class = command[0] | CLASS_SECURE;

	command[0] = class & (uint8_t)~CHANNELS;
	command[4] = (uint8_t)(n - 5 + SCP03_MAC);
	if (chained_mac(c, c->s_mac, command, n, c->chaining))
		return -EIO;
	command[0] = class;
	memcpy(command + n, c->chaining, SCP03_MAC);
	return (int)(n + SCP03_MAC);
}

int scp03_authenticate(struct scp03 *channel, uint8_t logical, uint8_t level,
		       uint8_t command[SCP03_COMMAND_MAX])
{
	command[0] = CLASS_GLOBALPLATFORM | (logical & CHANNELS);
	command[1] = INS_EXTERNAL_AUTHENTICATE;
	command[2] = level;
	command[3] = 0;
	memcpy(command + 5, channel->host_cryptogram, SCP03_MAC);
	return mac_append(channel, command, 5 + SCP03_MAC);
}

/* Padded to whole blocks (Card Specification B.2.3); the new length. */
static size_t data_pad(uint8_t *data, size_t n)
{
	size_t whole = n / BLOCK * BLOCK + BLOCK;

	memset(data + n, 0, whole - n);
	data[n] = 0x80;
	return whole;
}

int scp03_wrap(struct scp03 *channel, const uint8_t *plain, size_t n,
	       uint8_t command[SCP03_COMMAND_MAX])
{
	size_t lc = n > 5 ? plain[4] : 0, used = 5;
	bool has_le = n == 5 || n == lc + 6;
	uint8_t vector[BLOCK];
	int rc;

	if (n < 4 || (n > 5 && (!lc || (n != lc + 5 && n != lc + 6))) ||
	    lc > SCP03_DATA_MAX)
		return -EINVAL;
	channel->counter++;
	memcpy(command, plain, 4);
	if (lc) {
		memcpy(command + 5, plain + 5, lc);
		used += data_pad(command + 5, lc);
		if (vector_of(channel, false, vector) ||
		    blocks_cipher(channel->s_enc, channel->n_key, vector,
				  command + 5, used - 5, false))
			return -EIO;
	}
	rc = mac_append(channel, command, used);
	if (rc > 0 && has_le)
		command[rc++] = plain[n - 1];
	return rc;
}

/* ---- answers ---- */

static bool has_mac(const uint8_t *status)
{
	return (status[0] == 0x90 && !status[1]) || status[0] == 0x62 ||
	       status[0] == 0x63;
}

/* Whole blocks, in place; the length without the padding, or -EBADMSG. */
static int data_open(const struct scp03 *c, uint8_t *data, size_t n)
{
	uint8_t vector[BLOCK];

	if (n % BLOCK)
		return -EBADMSG;
	if (vector_of(c, true, vector) ||
	    blocks_cipher(c->s_enc, c->n_key, vector, data, n, true))
		return -EIO;
	while (n && !data[n - 1])
		n--;
	return n && data[n - 1] == 0x80 ? (int)n - 1 : -EBADMSG;
}

/* The MAC is of what was enciphered, and of the status. */
static int answer_open(const struct scp03 *c, uint8_t *data, size_t n,
		       const uint8_t status[2])
{
	uint8_t text[SCP03_COMMAND_MAX], mac[BLOCK];

	if (n < SCP03_MAC || n > sizeof(text))
		return -EBADMSG;
	n -= SCP03_MAC;
	memcpy(text, data, n);
	memcpy(text + n, status, 2);
	if (chained_mac(c, c->s_rmac, text, n + 2, mac))
		return -EIO;
	if (!is_equal(mac, data + n, SCP03_MAC))
		return -EBADMSG;
	return n ? data_open(c, data, n) : 0;
}

int scp03_unwrap(const struct scp03 *channel, uint8_t *answer, size_t n)
{
	uint8_t status[2];
	int got = 0;

	if (n < sizeof(status))
		return -EBADMSG;
	memcpy(status, answer + n - 2, 2);
	if (has_mac(status))
		got = answer_open(channel, answer, n - 2, status);
	if (got < 0)
		return got;
	memcpy(answer + got, status, 2);
	return got + 2;
}

void scp03_end(struct scp03 *channel)
{
	explicit_bzero(channel, sizeof(*channel));
}
