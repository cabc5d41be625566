/* SPDX-License-Identifier: GPL-2.0-or-later
 * The state directory is one daemon's at a time, and remembers whether that
 * one has come to a clean end. Blocks for one small write; at start and stop. */
#ifndef AGENT_STATE_LOCK_H
#define AGENT_STATE_LOCK_H
#include <stdbool.h>

/* A descriptor for state_lock_end(), or -errno: -EWOULDBLOCK where another
 * daemon has it. was_killed: the last one did not end by state_lock_end(): a
 * crash, a kill, a power cut. */
int state_lock_begin(const char *directory, bool *was_killed);
/* lock < 0: there is none. */
void state_lock_end(int lock);
#endif
