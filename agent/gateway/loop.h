/* SPDX-License-Identifier: GPL-2.0-or-later
 * The one event loop (libuv) of the agent thread: it waits, everything else
 * is called from here with the time as an argument. */
#ifndef AGENT_LOOP_H
#define AGENT_LOOP_H
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct gateway;
struct server;

/* run_dir: where the control socket is made; NULL: none. 0 or -errno. */
int loop_open(struct gateway *gateway, const char *run_dir);
/* Until SIGTERM or SIGINT and a clean end; SIGHUP reloads. */
void loop_run(void);
/* Reads the configuration anew, as at SIGHUP; gateway->errors has what was
 * wrong. false: nothing was changed. */
bool loop_reload(void);
/* Looks a host up; found() follows, with length 0 where that failed. The owner
 * may be gone by then: it sees to it itself. */
void loop_lookup(const char *host, uint16_t port,
		 void (*found)(void *owner, const struct sockaddr *address,
			       socklen_t length, int64_t now), void *owner);
/* Looks the server's host up; server_resolved() follows. */
void loop_resolve(struct server *server);
#endif
