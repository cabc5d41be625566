/* SPDX-License-Identifier: GPL-2.0-or-later
 * Keys of the test server: pre-shared keys by identity, raw public keys and
 * certificates, as libcoap's GnuTLS flavour takes them. */
#ifndef SERVER_SECURE_H
#define SERVER_SECURE_H
#include <coap3/coap.h>
#include <stdbool.h>

struct secure_settings {
	const char *psk;	/* file of lines "IDENTITY HEXKEY", or NULL */
	const char *key;	/* the server's private key, PEM, or NULL */
	const char *cert;	/* its certificate, PEM; NULL: raw public key */
	const char *trust;	/* who signs clients, PEM; NULL: not asked */
	const char *clients;	/* raw public keys: lines "NAME HEX", of the
				   SubjectPublicKeyInfo; NULL: any */
};

/* Reads the files; -EINVAL or -errno after a message. */
int secure_load(const struct secure_settings *settings);
/* Whether a context can do DTLS and TLS with what was loaded. */
bool secure_possible(void);
int secure_context(coap_context_t *context);

/* Adds, replaces or (key NULL) takes away a pre-shared key. */
int secure_psk(const char *identity, const char *key);

/* How the peer showed who it is: "none", "psk", "rpk" or "x509", and its
 * identity, name of the raw public key or common name ("" with none). */
const char *secure_mode(coap_session_t *session);
const char *secure_identity(coap_session_t *session, char to[256]);
/* To be told of every event: forgets sessions that end. */
void secure_event(coap_session_t *session, coap_event_t event);
void secure_free(void);
#endif
