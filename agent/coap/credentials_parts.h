/* SPDX-License-Identifier: GPL-2.0-or-later
 * Credentials in the forms that libcoap and GnuTLS take them in, and the check
 * of the server's. For coap.c and credentials*.c. */
#ifndef AGENT_CREDENTIALS_PARTS_H
#define AGENT_CREDENTIALS_PARTS_H
#include "agent/coap/credentials.h"

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
/* The first certificate, in DER. 0, -EINVAL. */
int credentials_certificate(const struct credentials_bytes *from,
			    struct credentials_bytes *der);
/* How many certificates it holds; -EINVAL. */
#define CREDENTIALS_CHAIN_MAX 16
int credentials_certificates(const struct credentials_bytes *from);
/* Adds them to a gnutls_x509_trust_list_t (NULL: only counts). How many. */
int credentials_trust(const struct credentials_bytes *from, void *list);

/* Does a file hold such a thing? false: text says, to stand behind its name, what
 * it holds in place of it. */
enum credentials_part {
	CREDENTIALS_PRIVATE_KEY, CREDENTIALS_PUBLIC_KEY, CREDENTIALS_CERTIFICATE,
	CREDENTIALS_AUTHORITIES
};
bool credentials_is(const struct credentials_bytes *bytes,
		    enum credentials_part part, char *text, size_t size);

/* What GnuTLS's priorities have to end with so that only the suites that the
 * account allows are offered; "": all that libcoap would. -EINVAL: none of them
 * is known here, or for these keys. (credentials_suites.c) */
#define CREDENTIALS_PRIORITIES 320
int credentials_priorities(const struct credentials *credentials,
			   char text[CREDENTIALS_PRIORITIES]);

/* In a handshake of tls (gnutls_session_t): is the peer the right one? host:
 * the name that its certificate must have where the credentials have no SNI;
 * NULL: any. false: it was sent an alert; why for people. */
bool credentials_verify(const struct credentials *credentials,
			const char *host, void *tls, char *why, size_t size);
/* Could a datagram that came late, twice or from somebody else have made this
 * error of GnuTLS? (It gives up then, where RFC 6347 4.1.2.7 would have it
 * dropped.) */
bool credentials_is_stray(int error);
/* Of an error of GnuTLS (0: closed) and the alert that came, or -1. */
void credentials_explain(int error, int alert, char *text, size_t size);
/* "TLS_PSK_WITH_AES_128_CCM_8" of a gnutls_session_t; or NULL. */
const char *credentials_suite(void *tls);
#endif
