/* SPDX-License-Identifier: GPL-2.0-or-later
 * Work-arounds for libcoap on GnuTLS, by functions of the executable that
 * stand before the library's own (ELF interposition). Agent thread. */
#ifndef AGENT_GNUTLS_SHIM_H
#define AGENT_GNUTLS_SHIM_H
#include <stdbool.h>
#include <sys/types.h>

/* Do libcoap's calls of GnuTLS come here, as far as was seen up to now? Who calls
 * it also makes the linker take this file out of its library. */
bool gnutls_shim_active(void);

/* What libcoap does not tell of a session; transport is its session, tls the
 * gnutls_session_t. */
struct gnutls_shim_hooks {
	/* The peer has shown a certificate or key. true: it is the right one.
	 * (libcoap's own check knows no host name, and no pinned key that it
	 * would insist on.) */
	bool (*verify)(void *transport, void *tls);
	/* The session has ended: error of GnuTLS (0: it was closed), and the
	 * alert that came with it or -1. */
	void (*failed)(void *transport, int error, int alert);
	/* In place of gnutls_record_recv(), which is gnutls_shim_receive(). On
	 * whichever thread that was called. */
	ssize_t (*receive)(void *tls, void *to, size_t size);
};
/* Sessions that begin from now on have priorities that end so; NULL: as libcoap
 * has them. Borrowed. */
void gnutls_shim_narrow(const char *suffix);
void gnutls_shim_hook(const struct gnutls_shim_hooks *hooks);
ssize_t gnutls_shim_receive(void *tls, void *to, size_t size);
#endif
