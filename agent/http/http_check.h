/* SPDX-License-Identifier: GPL-2.0-or-later
 * Who is let in: pure. */
#ifndef AGENT_HTTP_CHECK_H
#define AGENT_HTTP_CHECK_H
#include <stdbool.h>

/* Is `host`, the header, one of our own names: an address in numbers,
 * localhost, or self (the machine's name, with or without .local)? A page from
 * elsewhere whose name was made to point at us (DNS rebinding) has its own. The
 * port is not looked at: tunnels have another. */
bool http_host_is_ours(const char *host, const char *self);
/* Does the header Authorization say "Bearer TOKEN"? NULL: there is none. Takes
 * as long for a wrong token as for the right one. */
bool http_bearer_is(const char *authorization, const char *token);
#endif
