/* SPDX-License-Identifier: GPL-2.0-or-later
 * Credentials in the forms that libcoap and GnuTLS take them in, and the check
 * of the server's. For coap.c and credentials*.c. */
#ifndef AGENT_CREDENTIALS_PARTS_H
#define AGENT_CREDENTIALS_PARTS_H
#include "agent/credentials.h"

/* Ends with a byte 0, which n counts. */
struct credentials_pem { struct credentials_bytes certificate, private_key; };

/* Own certificate chain (RPK: public key) and private key. 0, or -EINVAL and
 * why. To be wiped in any case. */
int credentials_pem(const struct credentials *credentials,
		    struct credentials_pem *pem, char *why, size_t size);
void credentials_pem_wipe(struct credentials_pem *pem);

/* PEM, DER or a certificate's: as SubjectPublicKeyInfo in DER. */
int credentials_public_key(const struct credentials_bytes *from,
			   struct credentials_bytes *der);
/* How many certificates it holds; -EINVAL. */
int credentials_certificates(const struct credentials_bytes *from);
#endif
