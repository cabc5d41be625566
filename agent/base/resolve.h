/* SPDX-License-Identifier: GPL-2.0-or-later
 * Names of hosts become addresses, beside the loop (libuv's threads). Agent
 * thread. */
#ifndef AGENT_RESOLVE_H
#define AGENT_RESOLVE_H
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

/* length 0: there is none, and error says why. Called once, never within
 * resolve(). The owner may be gone by then: it sees to it itself. */
typedef void resolve_found(void *owner, const struct sockaddr *address,
			   socklen_t length, const char *error, int64_t now);

/* choice: which of the name's addresses, counted round; one more where the last
 * one has failed. */
void resolve(const char *host, uint16_t port, uint32_t choice,
	     resolve_found *found, void *owner);
/* Is one still looked up? The thread that does it cannot be ended. */
bool resolve_is_under_way(void);
#endif
