/* SPDX-License-Identifier: GPL-2.0-or-later
 * GnuTLS' functions as libcoap is to find them:
 *
 * Priorities: libcoap parses its string anew for every context (8.4 kB each,
 * four fifths of what an endpoint without DTLS costs), and for every session
 * with a key of its own. Here they share one per distinct string, and without
 * what is older than (D)TLS 1.2.
 *
 * Waiting: libcoap asks select() whether its socket is readable, which aborts
 * the process from descriptor 1,024 on. It needs no system call at all, since
 * libcoap has read the datagram before it calls GnuTLS.
 *
 * Verifying: what libcoap would accept is not what the configuration asks for.
 *
 * Failing: libcoap tells that a session has ended, but not of which alert. */
#include <dlfcn.h>
#include <gnutls/dtls.h>
#include <gnutls/gnutls.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agent/coap/gnutls_shim.h"

struct shared {
	struct shared *next;
	gnutls_priority_t priority;
	char text[];
};

#define WITHOUT ":-VERS-TLS1.0:-VERS-TLS1.1:-VERS-DTLS1.0"

static struct shared *all;
static bool called;
static const char *narrow;		/* see gnutls_shim_narrow() */
static const struct gnutls_shim_hooks *hooks;
static gnutls_pull_func datagram_pull;		/* libcoap's own */

void gnutls_shim_hook(const struct gnutls_shim_hooks *to)
{
	hooks = to;
}

bool gnutls_shim_active(void)
{
	return called;
}

static void *symbol_real(const char *name)
{
	void *function = dlsym(RTLD_NEXT, name);

	if (!function)
		abort();
	return function;
}

/* ---- priorities ---- */

static struct shared *priority_share(const char *text, const char **where,
				     int *rc)
{
	int (*init)(gnutls_priority_t *, const char *, const char **);
	struct shared *shared = calloc(1, sizeof(*shared) + strlen(text) + 1);
	char *modern = malloc(strlen(text) + sizeof(WITHOUT));

	if (!shared || !modern)
		abort();
	strcpy(stpcpy(modern, text), WITHOUT);
	*(void **)&init = symbol_real("gnutls_priority_init");
	*rc = init(&shared->priority, modern, where);
	free(modern);
	if (*rc != GNUTLS_E_SUCCESS) {
		free(shared);
		return NULL;
	}
	strcpy(shared->text, text);
	shared->next = all;
	return all = shared;
}

static struct shared *shared_of(const char *text, const char **where, int *rc)
{
	struct shared *shared = all;

	*rc = GNUTLS_E_SUCCESS;
	while (shared && strcmp(shared->text, text))
		shared = shared->next;
	return shared ? shared : priority_share(text, where, rc);
}

__attribute__((visibility("default")))
int gnutls_priority_init(gnutls_priority_t *priority, const char *text,
			 const char **where)
{
	struct shared *shared;
	int rc;

	called = true;
	shared = shared_of(text ? text : "NORMAL", where, &rc);
	if (!shared)
		return rc;
	*priority = shared->priority;
	return rc;
}

/* A shared one stays for good. (GnuTLS comes here too, for its sessions.) */
__attribute__((visibility("default")))
void gnutls_priority_deinit(gnutls_priority_t priority)
{
	void (*deinit)(gnutls_priority_t);

	for (struct shared *shared = all; shared; shared = shared->next)
		if (shared->priority == priority)
			return;
	*(void **)&deinit = symbol_real("gnutls_priority_deinit");
	deinit(priority);
}

void gnutls_shim_narrow(const char *suffix)
{
	narrow = suffix;
}

/* One of its own, that ends with the session: of a server's choice, and not to
 * be kept for ever. */
static int priority_set_narrow(gnutls_session_t session, const char *text)
{
	int (*init)(gnutls_priority_t *, const char *, const char **);
	int (*set)(gnutls_session_t, gnutls_priority_t);
	void (*deinit)(gnutls_priority_t);
	char whole[1024];
	gnutls_priority_t own;
	int rc;

	*(void **)&init = symbol_real("gnutls_priority_init");
	*(void **)&set = symbol_real("gnutls_priority_set");
	*(void **)&deinit = symbol_real("gnutls_priority_deinit");
	if (snprintf(whole, sizeof(whole), "%s%s%s", text, WITHOUT, narrow) >=
	    (int)sizeof(whole))
		return GNUTLS_E_INVALID_REQUEST;
	rc = init(&own, whole, NULL);
	if (rc != GNUTLS_E_SUCCESS)
		return rc;
	rc = set(session, own);
	deinit(own);			/* the session holds it */
	return rc;
}

static const char *text_of(gnutls_priority_t priority)
{
	for (struct shared *shared = all; shared; shared = shared->next)
		if (shared->priority == priority)
			return shared->text;
	return NULL;
}

__attribute__((visibility("default")))
int gnutls_priority_set(gnutls_session_t session, gnutls_priority_t priority)
{
	int (*set)(gnutls_session_t, gnutls_priority_t);
	const char *text = narrow ? text_of(priority) : NULL;

	if (text)
		return priority_set_narrow(session, text);
	*(void **)&set = symbol_real("gnutls_priority_set");
	return set(session, priority);
}

__attribute__((visibility("default")))
int gnutls_priority_set_direct(gnutls_session_t session, const char *text,
			       const char **where)
{
	int (*set)(gnutls_session_t, const char *, const char **);

	if (narrow)
		return priority_set_narrow(session, text);
	*(void **)&set = symbol_real("gnutls_priority_set_direct");
	return set(session, text, where);
}

/* ---- waiting ---- */

/* Is there a datagram that libcoap has read? A read of no bytes tells, and
 * takes none. GnuTLS asks with 0 ms whether a retransmission is due: then only
 * what is really there may stop it. With more, in a handshake, it would give
 * up at a no: so it reads, and learns that it has to come again. */
static int datagram_ready(gnutls_transport_ptr_t transport, unsigned ms)
{
	uint8_t none;

	return ms || datagram_pull(transport, &none, 0) >= 0;
}

/* A stream's own read says the same. */
static int stream_ready(gnutls_transport_ptr_t transport, unsigned ms)
{
	(void)transport;
	(void)ms;
	return 1;
}

static bool is_datagram(gnutls_session_t session)
{
	return gnutls_dtls_get_mtu(session) > 0;
}

__attribute__((visibility("default")))
void gnutls_transport_set_pull_function(gnutls_session_t session,
					gnutls_pull_func pull)
{
	void (*set)(gnutls_session_t, gnutls_pull_func);

	if (is_datagram(session))
		datagram_pull = pull;
	*(void **)&set = symbol_real("gnutls_transport_set_pull_function");
	set(session, pull);
}

__attribute__((visibility("default")))
void gnutls_transport_set_pull_timeout_function(gnutls_session_t session,
						gnutls_pull_timeout_func wait)
{
	void (*set)(gnutls_session_t, gnutls_pull_timeout_func);

	(void)wait;
	*(void **)&set =
		symbol_real("gnutls_transport_set_pull_timeout_function");
	set(session, is_datagram(session) ? datagram_ready : stream_ready);
}

/* ---- verifying ---- */

static int session_verify(gnutls_session_t session)
{
	return hooks && hooks->verify(gnutls_transport_get_ptr(session),
				      session) ? 0 : -1;
}

__attribute__((visibility("default")))
void gnutls_certificate_set_verify_function(
	gnutls_certificate_credentials_t credentials,
	gnutls_certificate_verify_function *theirs)
{
	void (*set)(gnutls_certificate_credentials_t,
		    gnutls_certificate_verify_function *);

	(void)theirs;
	*(void **)&set = symbol_real("gnutls_certificate_set_verify_function");
	set(credentials, session_verify);
}

/* ---- failing ---- */

static void handshake_note(gnutls_session_t session, int rc)
{
	bool alert = rc == GNUTLS_E_FATAL_ALERT_RECEIVED;

	if (hooks && (rc == 0 || gnutls_error_is_fatal(rc)))
		hooks->failed(gnutls_transport_get_ptr(session), rc,
			      alert ? (int)gnutls_alert_get(session) : -1);
}

__attribute__((visibility("default")))
int gnutls_handshake(gnutls_session_t session)
{
	static int (*handshake)(gnutls_session_t);
	int rc;

	if (!handshake)
		*(void **)&handshake = symbol_real("gnutls_handshake");
	rc = handshake(session);
	if (rc)
		handshake_note(session, rc);
	return rc;
}

ssize_t gnutls_shim_receive(void *tls, void *to, size_t size)
{
	static ssize_t (*receive)(gnutls_session_t, void *, size_t);
	ssize_t n;

	if (!receive)
		*(void **)&receive = symbol_real("gnutls_record_recv");
	n = receive(tls, to, size);
	if (n <= 0)
		handshake_note(tls, (int)n);
	return n;
}

__attribute__((visibility("default")))
ssize_t gnutls_record_recv(gnutls_session_t session, void *to, size_t size)
{
	return hooks ? hooks->receive(session, to, size) :
		       gnutls_shim_receive(session, to, size);
}
