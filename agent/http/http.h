/* SPDX-License-Identifier: GPL-2.0-or-later
 * The page: `http` of the gateway's configuration, or a socket that systemd has
 * given. Off unless one of them asks for it, and then a comparison of two
 * numbers a turn for as long as nobody looks. Agent thread. */
#ifndef AGENT_HTTP_H
#define AGENT_HTTP_H

struct gateway;

/* Follows the gateway's configuration from now on: listens where it says, and
 * no more once the gateway stops. Trouble is logged, and tried again. */
void http_start(struct gateway *gateway);
#endif
