/* SPDX-License-Identifier: GPL-2.0-or-later
 * What systemd is told; nothing where there is no NOTIFY_SOCKET. */
#ifndef AGENT_SDNOTIFY_H
#define AGENT_SDNOTIFY_H
#include <stdint.h>

void sdnotify_ready(void);
void sdnotify_status(const char *status);
void sdnotify_reloading(int64_t now);	/* monotonic ns */
void sdnotify_stopping(void);
/* The period, in ms, at which sdnotify_alive() keeps the unit's watchdog from
 * biting, half of WatchdogSec=; 0: it has none. */
uint64_t sdnotify_watchdog(void);
void sdnotify_alive(void);
/* A stream socket that listens, which a .socket unit has given, or -1. It stays
 * systemd's: duplicate it. */
int sdnotify_listener(void);
#endif
