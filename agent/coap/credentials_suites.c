/* SPDX-License-Identifier: GPL-2.0-or-later
 * The cipher suites that an account allows (0/x/16), by their numbers at IANA, in
 * GnuTLS's words: what it may not use is not offered. */
#include <errno.h>
#include <string.h>
#include "agent/coap/credentials_parts.h"

/* Within a mode the cipher says which suite it is: one exchange of keys stands
 * in it, and CBC goes with SHA-256 alone, the others with no MAC of their own.
 * X.509's are RPK's, too. */
static const struct suite {
	uint16_t number;
	enum config_security mode;
	const char *exchange, *cipher;
} suites[] = {
	{0x00a8, SECURITY_PSK, "PSK", "AES-128-GCM"},
	{0x00a9, SECURITY_PSK, "PSK", "AES-256-GCM"},
	{0x00ae, SECURITY_PSK, "PSK", "AES-128-CBC"},
	{0xc0a4, SECURITY_PSK, "PSK", "AES-128-CCM"},
	{0xc0a5, SECURITY_PSK, "PSK", "AES-256-CCM"},
	{0xc0a8, SECURITY_PSK, "PSK", "AES-128-CCM-8"},
	{0xc0a9, SECURITY_PSK, "PSK", "AES-256-CCM-8"},
	{0xc023, SECURITY_X509, "ECDHE-ECDSA", "AES-128-CBC"},
	{0xc02b, SECURITY_X509, "ECDHE-ECDSA", "AES-128-GCM"},
	{0xc02c, SECURITY_X509, "ECDHE-ECDSA", "AES-256-GCM"},
	{0xc0ac, SECURITY_X509, "ECDHE-ECDSA", "AES-128-CCM"},
	{0xc0ad, SECURITY_X509, "ECDHE-ECDSA", "AES-256-CCM"},
	{0xc0ae, SECURITY_X509, "ECDHE-ECDSA", "AES-128-CCM-8"},
	{0xc0af, SECURITY_X509, "ECDHE-ECDSA", "AES-256-CCM-8"},
};

static bool is_allowed(const struct credentials *c, const struct suite *suite)
{
	enum config_security mode = c->mode == SECURITY_RPK ? SECURITY_X509 :
							      c->mode;

	for (size_t i = 0; i < c->n_suites; i++)
		if (suite->mode == mode && c->suites[i] == suite->number)
			return true;
	return false;
}

int credentials_priorities(const struct credentials *c,
			   char text[CREDENTIALS_PRIORITIES])
{
	const struct suite *last = NULL;
	char *at;

	text[0] = '\0';
	if (!c->n_suites || c->mode == SECURITY_NOSEC)
		return 0;
	at = stpcpy(text, ":-VERS-TLS1.3:-CIPHER-ALL:-MAC-ALL:+AEAD:+SHA256");
	for (size_t i = 0; i < sizeof(suites) / sizeof(*suites); i++)
		if (is_allowed(c, &suites[i])) {
			last = &suites[i];
			at = stpcpy(stpcpy(at, ":+"), last->cipher);
		}
	if (!last)
		return -EINVAL;
	stpcpy(stpcpy(at, ":-KX-ALL:+"), last->exchange);
	return 0;
}
