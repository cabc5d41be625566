/* SPDX-License-Identifier: GPL-2.0-or-later
 * AES-128 by GnuTLS: in counter mode with CBC-MAC (RFC 3610), and what makers
 * send without a tag. */
#ifndef BLE_CRYPTO_H
#define BLE_CRYPTO_H
#include <stddef.h>
#include <stdint.h>

#define CRYPTO_KEY 16
#define CRYPTO_PLAIN_MAX 256

struct crypto_sealed {
	const uint8_t *key;		/* of CRYPTO_KEY bytes */
	const uint8_t *nonce;
	size_t n_nonce;			/* 7 to 13 */
	const uint8_t *more;		/* authenticated, not encrypted */
	size_t n_more;
	const uint8_t *text;
	size_t n;			/* of text, at most CRYPTO_PLAIN_MAX */
	const uint8_t *tag;
	size_t n_tag;
};

/* n bytes into plain. -EBADMSG: wrong key or changed; -EINVAL: lengths. */
int crypto_ccm_open(const struct crypto_sealed *sealed, uint8_t *plain);
/* The same without a tag to check: text that somebody else must recognise. */
int crypto_ccm_uncover(const struct crypto_sealed *sealed, uint8_t *plain);
/* Counter mode: n bytes into plain, the first block's counter little-endian and
 * of 16 bytes as the later ones. -ENOMEM, -EINVAL. */
int crypto_counter_uncover(const uint8_t *key, uint16_t counter,
			   const uint8_t *text, size_t n, uint8_t *plain);
/* One block of the bare cipher, back. */
int crypto_block_open(const uint8_t *key, const uint8_t *block,
		      uint8_t *plain);
#endif
