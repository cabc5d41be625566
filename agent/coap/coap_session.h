/* SPDX-License-Identifier: GPL-2.0-or-later
 * A session of libcoap over any of the transports, and the handshake that it
 * begins with. For coap.c. */
#ifndef AGENT_COAP_SESSION_H
#define AGENT_COAP_SESSION_H
#include <coap3/coap.h>
#include "agent/coap/coap.h"
#include "agent/coap/credentials_parts.h"

/* What a handshake needs, gone when it has ended. */
struct handshake {
	struct credentials credentials;
	struct credentials_pem pem;	/* of RPK, X.509; for libcoap */
	char *host;			/* or NULL */
	struct sockaddr_storage address;	/* of the peer */
	struct coap_peer peer;		/* with that, without the others */
	unsigned tries;
	bool failed;			/* with this: */
	int error, alert;
	coap_dtls_cpsk_info_t psk;	/* borrows from credentials */
	bool verified;			/* RPK, X.509: it is the right peer */
	char why[320];			/* ... or not */
};

/* NULL: the credentials are none, errno is EINVAL, and why says it. */
struct handshake *handshake_create(const struct coap_peer *peer, char *why,
				   size_t size);
void handshake_free(struct handshake *handshake);	/* NULL is fine */
/* May the session be used? A peer that should have been verified was. */
bool handshake_is_safe(const struct handshake *handshake);

/* NULL: errno says why. */
coap_session_t *session_open(coap_context_t *context,
			     const struct coap_peer *peer,
			     struct handshake *handshake);
/* The session is up: libcoap forgets where the handshake's keys were. */
void session_forget(coap_context_t *context, const struct handshake *handshake);
/* coap.c's: what the session's handshake needs; NULL: it is over. */
struct handshake *handshake_of(const coap_session_t *session);
/* libcoap keeps a copy of a pre-shared key: overwritten. */
void session_wipe(const coap_session_t *session);
/* gnutls_session_t, or NULL. */
void *session_tls(const coap_session_t *session);
#endif
