/* SPDX-License-Identifier: GPL-2.0-or-later
 * The one event loop (libuv) of the agent thread: it waits, everything else
 * is called from here with the time as an argument. */
#ifndef AGENT_LOOP_H
#define AGENT_LOOP_H
#include <stdint.h>

struct gateway;

/* coap_start() comes before. */
void loop_open(struct gateway *gateway);
/* Until SIGTERM or SIGINT and a clean end; SIGHUP reloads. */
void loop_run(void);
/* In place of loop_run(), where the start fails behind loop_open(). */
void loop_close(void);
/* Reads the configuration anew, as at SIGHUP. Its number, for the host's
 * reloaded() (gateway.h); 0: it stops, nothing is read any more. */
uint64_t loop_reload(void);
#endif
