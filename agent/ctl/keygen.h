/* SPDX-License-Identifier: GPL-2.0-or-later
 * New keys: what lwmuxctl writes for an endpoint. */
#ifndef AGENT_KEYGEN_H
#define AGENT_KEYGEN_H
#include <stddef.h>
#include <stdint.h>

enum { KEYGEN_PSK = 16, KEYGEN_COORDINATE = 32 };

/* An EC key of P-256. */
struct keygen_ec {
	char *pem;			/* private, PKCS #8; heap, secret */
	uint8_t public[256];		/* SubjectPublicKeyInfo */
	size_t public_n;
	uint8_t x[KEYGEN_COORDINATE], y[KEYGEN_COORDINATE];
};

/* Random bytes of a quality for keys. 0 or -EIO. */
int keygen_random(uint8_t *to, size_t n);
/* 0 or -EIO; keygen_ec_wipe() in any case. */
int keygen_ec(struct keygen_ec *key);
void keygen_ec_wipe(struct keygen_ec *key);
#endif
