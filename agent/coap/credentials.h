/* SPDX-License-Identifier: GPL-2.0-or-later
 * What one connection is protected with (object 0, resources 2 to 5 and 13 to
 * 15): filled from files of the configuration or from the bytes of a bootstrap,
 * held for as long as a handshake needs it, wiped then. The one place, beside
 * gnutls_shim.c, that knows GnuTLS. Agent thread. */
#ifndef AGENT_CREDENTIALS_H
#define AGENT_CREDENTIALS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "agent/config/config.h"

#define CREDENTIALS_IDENTITY_MAX 128	/* bytes, Core TS E.1 */
#define CREDENTIALS_KEY_MAX 64
#define CREDENTIALS_KEY_STRONG 16	/* bytes: RFC 9257 6, 128 bits at least */
#define CREDENTIALS_SUITES 16

/* 0/x/13: what `server` holds of the server's certificate or key. */
enum credentials_matching {
	CREDENTIALS_EXACT, CREDENTIALS_SHA256, CREDENTIALS_SHA384,
	CREDENTIALS_SHA512,
};
/* 0/x/15, as RFC 6698 2.1.1. */
enum credentials_usage {
	CREDENTIALS_CA_CONSTRAINT,	/* `server` is one of its issuers */
	CREDENTIALS_SERVICE,		/* ... it itself; and `trust` vouches */
	CREDENTIALS_TRUST_ANCHOR,	/* `server` is what vouches for it */
	CREDENTIALS_DOMAIN_ISSUED,	/* it itself, whoever has issued it */
};

/* Heap; wiped before it is freed. */
struct credentials_bytes { uint8_t *at; size_t n; };

/* Keys and certificates as they come: PEM, DER, or either in hex. A zeroed one
 * is NoSec. */
struct credentials {
	enum config_security mode;
	struct credentials_bytes identity;	/* PSK; 0/x/3 */
	struct credentials_bytes key;		/* PSK; 0/x/5: raw bytes */
	struct credentials_bytes certificate;	/* X.509: its chain; RPK: the
						 * public key, may be empty; 0/x/3 */
	struct credentials_bytes private_key;	/* RPK, X.509; 0/x/5 */
	struct credentials_bytes server;	/* RPK: its public key; X.509: a
						 * certificate; or a digest; 0/x/4 */
	struct credentials_bytes trust;		/* X.509: issuers, PEM or DER */
	char *sni;				/* 0/x/14, or NULL */
	uint8_t matching;			/* enum credentials_matching */
	uint8_t usage;				/* enum credentials_usage */
	uint8_t n_suites;			/* 0/x/16; 0: any */
	uint16_t suites[CREDENTIALS_SUITES];	/* by their numbers at IANA */
};

/* Replaces (and wipes) what is there. */
void credentials_put(struct credentials_bytes *to, const void *bytes, size_t n);
void credentials_put_text(char **to, const char *text);	/* NULL: none */
void credentials_copy(struct credentials *to, const struct credentials *from);
/* Overwrites and frees all; zeroed after. NULL is fine. */
void credentials_wipe(struct credentials *credentials);

/* Fills `to` for one endpoint from what the server's keys name, relative paths
 * below directory. 0, or -errno with the reason for people in why, which names
 * a file but nothing of its content. Of 0 why is "", or what to be warned of. (credentials_load.c) */
int credentials_load(struct credentials *to, const struct config_server *conf,
		     const char *directory, const char *endpoint, char *why,
		     size_t size);

/* The same, of who vouches for the servers of a bootstrap's accounts: `trust`
 * alone, of the bootstrap server's keys; where they name none, it stays empty. */
int credentials_load_trust(struct credentials *to,
			   const struct config_server *conf,
			   const char *directory, const char *endpoint,
			   char *why, size_t size);

/* Tells missing() why, of each file that the server's keys name and that cannot
 * be had, whereas credentials_load() stops at the first. Returns how many. What
 * is in them is not looked at. */
size_t credentials_missing(const struct config_server *conf,
			   const char *directory, const char *endpoint,
			   void (*missing)(void *owner, const char *why),
			   void *owner);

/* Tries that for all devices and their servers; adds what cannot be loaded.
 * (credentials_find.c) */
void credentials_find(const struct config *config, const char *directory,
		      struct config_errors *errors);

/* Is a pre-shared key so short that it can be guessed? why is "" or says so, to
 * stand behind its name. */
void credentials_weak(const struct credentials_bytes *key, char *why,
		      size_t size);

/* Could a handshake be made of it? -EINVAL: why says what is missing, or is no
 * key. For the consistency check of a bootstrap, and before a connection. */
int credentials_check(const struct credentials *credentials, char *why,
		      size_t size);
#endif
