/* SPDX-License-Identifier: GPL-2.0-or-later
 * How each transport and each security is asked of libcoap. */
#include "agent/coap/coap_session.h"
#include "agent/coap/gnutls_shim.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct handshake *handshake_create(const struct coap_peer *peer, char *why,
				   size_t size)
{
	struct handshake *h;

	if (credentials_check(peer->credentials, why, size) < 0) {
		errno = EINVAL;
		return NULL;
	}
	h = calloc(1, sizeof(*h));
	if (!h)
		abort();
	credentials_copy(&h->credentials, peer->credentials);
	if (h->credentials.mode == SECURITY_RPK ||
	    h->credentials.mode == SECURITY_X509)
		credentials_pem(&h->credentials, &h->pem, why, size);
	credentials_put_text(&h->host, peer->host);
	if (peer->length <= sizeof(h->address))
		memcpy(&h->address, peer->address, peer->length);
	h->peer = (struct coap_peer){
		.transport = peer->transport, .length = peer->length,
		.address = (const struct sockaddr *)&h->address};
	h->psk.identity.s = h->credentials.identity.at;
	h->psk.identity.length = h->credentials.identity.n;
	h->psk.key.s = h->credentials.key.at;
	h->psk.key.length = h->credentials.key.n;
	return h;
}

void handshake_free(struct handshake *h)
{
	if (!h)
		return;
	credentials_wipe(&h->credentials);
	credentials_pem_wipe(&h->pem);
	free(h->host);
	free(h);
}

bool handshake_is_safe(const struct handshake *h)
{
	return h->credentials.mode == SECURITY_PSK || h->verified;
}

void *session_tls(const coap_session_t *session)
{
	coap_tls_library_t library;
	void *tls = coap_session_get_tls(session, &library);

	return library == COAP_TLS_LIBRARY_GNUTLS ? tls : NULL;
}

/* Asked for the key while the handshake runs; GnuTLS makes its own copy. */
static const coap_dtls_cpsk_info_t *psk_of(coap_str_const_t *hint,
					   coap_session_t *session, void *arg)
{
	const struct handshake *h = handshake_of(session);

	(void)hint;
	(void)arg;
	return h ? &h->psk : NULL;
}

static coap_session_t *psk_open(coap_context_t *context,
				coap_address_t *address, coap_proto_t proto,
				struct handshake *h)
{
	coap_dtls_cpsk_t setup = {
		.version = COAP_DTLS_CPSK_SETUP_VERSION,
		.validate_ih_call_back = psk_of,
		.client_sni = h->credentials.sni,
		/* It wants to have one and copies that, without wiping: */
		.psk_info = {{1, (const uint8_t *)"-"},
			     {1, (const uint8_t *)"-"}},
	};

	return coap_new_client_session_psk2(context, NULL, address, proto,
					    &setup);
}

/* A name for the server to choose its certificate by: no address. */
static char *sni_of(const struct handshake *h)
{
	if (h->credentials.sni)
		return h->credentials.sni;
	if (!h->host || strchr(h->host, ':') ||
	    strspn(h->host, "0123456789.") == strlen(h->host))
		return NULL;
	return h->host;
}

/* libcoap verifies nothing: gnutls_shim.c has it asked of us. */
static coap_session_t *keys_open(coap_context_t *context,
				 coap_address_t *address, coap_proto_t proto,
				 struct handshake *h)
{
	coap_dtls_pki_t setup = {
		.version = COAP_DTLS_PKI_SETUP_VERSION,
		.is_rpk_not_cert = h->credentials.mode == SECURITY_RPK,
		.client_sni = sni_of(h),
		.pki_key.key_type = COAP_PKI_KEY_PEM_BUF,
		.pki_key.key.pem_buf = {
			.public_cert = h->pem.certificate.at,
			.public_cert_len = h->pem.certificate.n,
			.private_key = h->pem.private_key.at,
			.private_key_len = h->pem.private_key.n,
		},
	};

	return coap_new_client_session_pki(context, NULL, address, proto,
					   &setup);
}

void session_wipe(const coap_session_t *session)
{
	const coap_bin_const_t *key = coap_session_get_psk_key(session);

	if (key && key->length)
		explicit_bzero((uint8_t *)(uintptr_t)key->s, key->length);
}

void session_forget(coap_context_t *context, const struct handshake *h)
{
	coap_dtls_pki_t none = {.version = COAP_DTLS_PKI_SETUP_VERSION,
				.pki_key.key_type = COAP_PKI_KEY_PEM_BUF};

	if (h->pem.private_key.n)
		coap_context_set_pki(context, &none);
}

static coap_session_t *keyed_open(coap_context_t *context,
				  coap_address_t *address, coap_proto_t proto,
				  struct handshake *h)
{
	switch (h->credentials.mode) {
	case SECURITY_PSK:
		return psk_open(context, address, proto, h);
	case SECURITY_RPK:
	case SECURITY_X509:
		return keys_open(context, address, proto, h);
	case SECURITY_NOSEC:
		break;
	}
	errno = EINVAL;
	return NULL;
}

/* libcoap offers all suites that it has: the shim leaves those out that the
 * account does not allow. */
static coap_session_t *secure_open(coap_context_t *context,
				   coap_address_t *address, coap_proto_t proto,
				   struct handshake *h)
{
	char priorities[CREDENTIALS_PRIORITIES];
	coap_session_t *session;

	if (credentials_priorities(&h->credentials, priorities) < 0) {
		errno = EINVAL;
		return NULL;
	}
	gnutls_shim_narrow(*priorities ? priorities : NULL);
	session = keyed_open(context, address, proto, h);
	gnutls_shim_narrow(NULL);
	return session;
}

coap_session_t *session_open(coap_context_t *context,
			     const struct coap_peer *peer,
			     struct handshake *h)
{
	coap_address_t to;

	coap_address_init(&to);
	if (peer->length > sizeof(to.addr)) {
		errno = EAFNOSUPPORT;
		return NULL;
	}
	memcpy(&to.addr, peer->address, peer->length);
	to.size = peer->length;
	switch (peer->transport) {
	case COAP_OVER_UDP:
		return coap_new_client_session(context, NULL, &to,
					       COAP_PROTO_UDP);
	case COAP_OVER_TCP:
		return coap_new_client_session(context, NULL, &to,
					       COAP_PROTO_TCP);
	case COAP_OVER_DTLS:
		return secure_open(context, &to, COAP_PROTO_DTLS, h);
	case COAP_OVER_TLS:
		return secure_open(context, &to, COAP_PROTO_TLS, h);
	}
	return NULL;
}
