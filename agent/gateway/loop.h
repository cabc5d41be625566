/* SPDX-License-Identifier: GPL-2.0-or-later
 * The one event loop (libuv) of the agent thread: it waits, everything else
 * is called from here with the time as an argument. */
#ifndef AGENT_LOOP_H
#define AGENT_LOOP_H
#include <stdbool.h>

struct gateway;

/* run_dir: where the control socket is made; NULL: none. 0 or -errno. */
int loop_open(struct gateway *gateway, const char *run_dir);
/* Until SIGTERM or SIGINT and a clean end; SIGHUP reloads. */
void loop_run(void);
/* Reads the configuration anew, as at SIGHUP; gateway->errors has what was
 * wrong. false: nothing was changed. */
bool loop_reload(void);
#endif
