/* SPDX-License-Identifier: GPL-2.0-or-later
 * Work-arounds for libcoap on GnuTLS, by functions of the executable that
 * stand before the library's own (ELF interposition). */
#ifndef AGENT_GNUTLS_SHIM_H
#define AGENT_GNUTLS_SHIM_H
#include <stdbool.h>

/* Have libcoap's calls come here, up to now? Also makes the linker take this
 * file. */
bool gnutls_shim_active(void);
#endif
