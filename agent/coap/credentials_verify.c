/* SPDX-License-Identifier: GPL-2.0-or-later
 * Is the server the one that the credentials name? And what went wrong where a
 * handshake came to nothing, for people. */
#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agent/coap/credentials_parts.h"

#define SERVER_AUTHENTICATION "1.3.6.1.5.5.7.3.1"

struct verdict { char *why; size_t size; gnutls_alert_description_t alert; };

static bool verdict_refuse(struct verdict *v, gnutls_alert_description_t alert,
			   const char *why)
{
	v->alert = alert;
	snprintf(v->why, v->size, "%s", why);
	return false;
}

/* ---- is this what `server` holds? ---- */

static bool is_digest_of(const struct credentials *c, const gnutls_datum_t *d)
{
	static const gnutls_digest_algorithm_t by[] = {
		[CREDENTIALS_SHA256] = GNUTLS_DIG_SHA256,
		[CREDENTIALS_SHA384] = GNUTLS_DIG_SHA384,
		[CREDENTIALS_SHA512] = GNUTLS_DIG_SHA512,
	};
	uint8_t digest[64];

	return c->server.n == gnutls_hash_get_len(by[c->matching]) &&
	       gnutls_hash_fast(by[c->matching], d->data, d->size,
				digest) == 0 &&
	       !memcmp(digest, c->server.at, c->server.n);
}

static bool is_same(struct credentials_bytes *ours, const gnutls_datum_t *d)
{
	bool same = ours->n == d->size && !memcmp(ours->at, d->data, d->size);

	credentials_put(ours, NULL, 0);
	return same;
}

static bool is_certificate(const struct credentials *c,
			   const gnutls_datum_t *shown)
{
	struct credentials_bytes ours = {NULL, 0};

	if (c->matching != CREDENTIALS_EXACT)
		return is_digest_of(c, shown);
	return credentials_certificate(&c->server, &ours) == 0 &&
	       is_same(&ours, shown);
}

static bool is_key(const struct credentials *c, const gnutls_datum_t *shown)
{
	struct credentials_bytes ours = {NULL, 0};

	if (c->matching != CREDENTIALS_EXACT)
		return is_digest_of(c, shown);
	return credentials_public_key(&c->server, &ours) == 0 &&
	       is_same(&ours, shown);
}

/* ---- who vouches for it? ---- */

static bool refuse_status(struct verdict *v, unsigned status)
{
	if (status & GNUTLS_CERT_EXPIRED)
		return verdict_refuse(v, GNUTLS_A_CERTIFICATE_EXPIRED,
				      "the server's certificate has expired");
	if (status & GNUTLS_CERT_NOT_ACTIVATED)
		return verdict_refuse(
			v, GNUTLS_A_BAD_CERTIFICATE,
			"the server's "
			"certificate is not valid yet: is the clock "
			"right?");
	if (status & GNUTLS_CERT_SIGNER_NOT_FOUND)
		return verdict_refuse(v, GNUTLS_A_UNKNOWN_CA,
				      "nobody that is trusted "
				      "has signed the server's certificate");
	if (status & GNUTLS_CERT_PURPOSE_MISMATCH)
		return verdict_refuse(
			v, GNUTLS_A_UNSUPPORTED_CERTIFICATE,
			"the "
			"server's certificate is not one of a server");
	return verdict_refuse(v, GNUTLS_A_BAD_CERTIFICATE,
			      "the server's certificate is not valid");
}

/* What is looked for while a chain is verified: GnuTLS tells of each pair of a
 * certificate and its issuer, without a word of who asks. */
static struct { const struct credentials *by; bool found; } sought;

static int on_verified(gnutls_x509_crt_t certificate, gnutls_x509_crt_t issuer,
		       gnutls_x509_crl_t crl, unsigned status)
{
	gnutls_datum_t der;

	(void)certificate;
	(void)crl;
	if (status || !issuer || !sought.by || sought.found ||
	    gnutls_x509_crt_export2(issuer, GNUTLS_X509_FMT_DER, &der) < 0)
		return 0;
	sought.found = is_certificate(sought.by, &der);
	gnutls_free(der.data);
	return 0;
}

static unsigned chain_status(const struct credentials_bytes *anchors,
			     gnutls_x509_crt_t *chain, unsigned n)
{
	char purpose[] = SERVER_AUTHENTICATION;
	gnutls_typed_vdata_st data = {GNUTLS_DT_KEY_PURPOSE_OID,
				      (unsigned char *)purpose, 0};
	unsigned status = GNUTLS_CERT_SIGNER_NOT_FOUND;
	gnutls_x509_trust_list_t list;

	gnutls_x509_trust_list_init(&list, 0);
	if (credentials_trust(anchors, list) < 1 ||
	    gnutls_x509_trust_list_verify_crt2(list, chain, n, &data, 1, 0,
					       &status, on_verified) < 0)
		status |= GNUTLS_CERT_SIGNER_NOT_FOUND;
	gnutls_x509_trust_list_deinit(list, 1);
	return status;
}

static bool is_vouched_for(const struct credentials *c, const char *host,
			   gnutls_x509_crt_t *chain, unsigned n,
			   struct verdict *v)
{
	bool anchor = c->usage == CREDENTIALS_TRUST_ANCHOR || !c->trust.n;
	bool constrained = c->usage == CREDENTIALS_CA_CONSTRAINT &&
			   c->server.n && c->trust.n;
	const char *name = c->sni ? c->sni : host;
	unsigned status;
	char why[320];

	sought.by = constrained ? c : NULL;
	sought.found = false;
	status = chain_status(anchor ? &c->server : &c->trust, chain, n);
	if (status)
		return refuse_status(v, status);
	if (constrained && !sought.found)
		return verdict_refuse(v, GNUTLS_A_UNKNOWN_CA,
				      "the issuer that is "
				      "asked for has not signed the server's "
				      "certificate");
	if (!name || gnutls_x509_crt_check_hostname(chain[0], name))
		return true;
	snprintf(why, sizeof(why), "the server's certificate is not one of %s",
		 name);
	return verdict_refuse(v, GNUTLS_A_BAD_CERTIFICATE, why);
}

/* ---- by usage ---- */

static bool is_right_chain(const struct credentials *c, const char *host,
			   const gnutls_datum_t *shown, gnutls_x509_crt_t *chain,
			   unsigned n, struct verdict *v)
{
	switch ((enum credentials_usage)c->usage) {
	case CREDENTIALS_DOMAIN_ISSUED:
	case CREDENTIALS_SERVICE:
		if (!is_certificate(c, shown))
			return verdict_refuse(
				v, GNUTLS_A_BAD_CERTIFICATE,
				"the server "
				"shows another certificate than the one "
				"that is configured");
		if (c->usage == CREDENTIALS_DOMAIN_ISSUED || !c->trust.n)
			return true;
		break;
	case CREDENTIALS_CA_CONSTRAINT:		/* one of the verified chain */
	case CREDENTIALS_TRUST_ANCHOR:
		break;
	}
	return is_vouched_for(c, host, chain, n, v);
}

static bool x509_verify(const struct credentials *c, const char *host,
			const gnutls_datum_t *shown, unsigned n,
			struct verdict *v)
{
	gnutls_x509_crt_t chain[CREDENTIALS_CHAIN_MAX];
	unsigned used = 0;
	bool right;

	for (int rc = 0; rc == 0 && used < n && used < CREDENTIALS_CHAIN_MAX;
	     used++) {
		gnutls_x509_crt_init(&chain[used]);
		rc = gnutls_x509_crt_import(chain[used], &shown[used],
					    GNUTLS_X509_FMT_DER);
	}
	right = is_right_chain(c, host, shown, chain, used, v);
	while (used)
		gnutls_x509_crt_deinit(chain[--used]);
	return right;
}

static bool peer_verify(const struct credentials *c, const char *host,
			gnutls_session_t tls, struct verdict *v)
{
	unsigned n = 0;
	const gnutls_datum_t *shown = gnutls_certificate_get_peers(tls, &n);
	bool raw = gnutls_certificate_type_get2(tls, GNUTLS_CTYPE_PEERS) ==
		   GNUTLS_CRT_RAWPK;

	if (!shown || !n)
		return verdict_refuse(v, GNUTLS_A_BAD_CERTIFICATE,
				      "the server shows no certificate");
	if (raw != (c->mode == SECURITY_RPK))
		return verdict_refuse(
			v, GNUTLS_A_UNSUPPORTED_CERTIFICATE,
			raw ? "the server shows a raw public key"
			    : "the server shows no raw public key, but a "
			      "certificate");
	if (!raw)
		return x509_verify(c, host, shown, n, v);
	return is_key(c, shown) ||
	       verdict_refuse(
		       v, GNUTLS_A_BAD_CERTIFICATE,
		       "the server has another public key than the one that is "
		       "configured");
}

bool credentials_verify(const struct credentials *c, const char *host,
			void *tls, char *why, size_t size)
{
	struct verdict v = {why, size, GNUTLS_A_BAD_CERTIFICATE};

	if (peer_verify(c, host, tls, &v))
		return true;
	gnutls_alert_send(tls, GNUTLS_AL_FATAL, v.alert);
	return false;
}

/* ---- for people ---- */

static const char *alert_meaning(int alert)
{
	switch (alert) {
	case GNUTLS_A_UNKNOWN_PSK_IDENTITY:
		return "the server does not know the identity";
	case GNUTLS_A_BAD_RECORD_MAC:
	case GNUTLS_A_DECRYPTION_FAILED:
	case GNUTLS_A_DECRYPT_ERROR:
		return "the server has another key";
	case GNUTLS_A_HANDSHAKE_FAILURE:
	case GNUTLS_A_INSUFFICIENT_SECURITY:
		return "the server refuses: it does not know us, or there is "
		       "no common cipher suite";
	case GNUTLS_A_BAD_CERTIFICATE:
	case GNUTLS_A_UNSUPPORTED_CERTIFICATE:
	case GNUTLS_A_CERTIFICATE_REVOKED:
	case GNUTLS_A_CERTIFICATE_UNKNOWN:
	case GNUTLS_A_UNKNOWN_CA:
	case GNUTLS_A_ACCESS_DENIED:
		return "the server refuses our certificate or key";
	case GNUTLS_A_CERTIFICATE_EXPIRED:
		return "the server says that our certificate has expired";
	case GNUTLS_A_CLOSE_NOTIFY:
		return "the server has closed the session";
	default:
		return "the server has ended the session";
	}
}

/* Where no alert came: what it looks like from here. */
static const char *error_meaning(int error)
{
	switch (error) {
	case 0:
	case GNUTLS_E_SESSION_EOF:
		return "the server has closed the session";
	case GNUTLS_E_UNEXPECTED_PACKET:
	case GNUTLS_E_UNEXPECTED_HANDSHAKE_PACKET:
	case GNUTLS_E_DECRYPTION_FAILED:
		return "the handshake does not come to its end: does the "
		       "server know us, and has it the same key?";
	case GNUTLS_E_TIMEDOUT:
		return "the server does not answer the handshake";
	case GNUTLS_E_PREMATURE_TERMINATION:
	case GNUTLS_E_PULL_ERROR:
	case GNUTLS_E_PUSH_ERROR:
		return "the connection has broken";
	default:
		return gnutls_strerror(error);
	}
}

bool credentials_is_stray(int error)
{
	return error == GNUTLS_E_UNEXPECTED_PACKET ||
	       error == GNUTLS_E_UNEXPECTED_HANDSHAKE_PACKET ||
	       error == GNUTLS_E_SESSION_EOF;	/* the server stumbled */
}

void credentials_explain(int error, int alert, char *text, size_t size)
{
	const char *name = alert < 0 ? NULL :
		gnutls_alert_get_name((gnutls_alert_description_t)alert);

	if (alert >= 0)
		snprintf(text, size, "%s (alert %d, %s)", alert_meaning(alert),
			 alert, name ? name : "unknown");
	else
		snprintf(text, size, "%s", error_meaning(error));
}

const char *credentials_suite(void *tls)
{
	return tls ? gnutls_ciphersuite_get(tls) : NULL;
}
