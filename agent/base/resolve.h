/* SPDX-License-Identifier: GPL-2.0-or-later
 * Names of hosts become addresses, beside the loop (libuv's threads). Agent
 * thread. */
#ifndef AGENT_RESOLVE_H
#define AGENT_RESOLVE_H
#include <stdbool.h>
#include <stdint.h>

struct addrinfo;

/* All its addresses, those that can be reached first; NULL: there is none, and
 * error says why. Called once, never within resolve(). The owner may be gone by
 * then: it sees to it itself. */
typedef void resolve_found(void *owner, const struct addrinfo *found,
			   const char *error, int64_t now);

void resolve(const char *host, uint16_t port, resolve_found *found,
	     void *owner);
/* Is one still looked up? The thread that does it cannot be ended. */
bool resolve_is_under_way(void);
#endif
