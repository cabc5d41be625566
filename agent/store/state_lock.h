/* SPDX-License-Identifier: GPL-2.0-or-later
 * The state directory is one daemon's at a time, and remembers whether that
 * one has come to a clean end: devices that a crash, a kill or a power cut
 * left as they were are made safe first at the next start. */
#ifndef AGENT_STATE_LOCK_H
#define AGENT_STATE_LOCK_H
#include <stdbool.h>
#include <stdint.h>
#include "agent/store/worker.h"

struct state_lock {
	struct worker_task task;
	int fd;
	bool held;
	bool marked;		/* as in use, on the disk itself */
	int64_t next;		/* when the mark is tried again */
};

/* 0, or -errno: -EWOULDBLOCK where another daemon has it. Marks the directory
 * as in use: blocks for one small write. was_killed: the last daemon did not
 * end by state_lock_end(). */
int state_lock_begin(struct state_lock *lock, const char *directory,
		     bool *was_killed);
/* A disk that was full or failing takes the mark when it can: tried every ten
 * seconds, by the worker. Returns when it is to be called again. */
int64_t state_lock_turn(struct state_lock *lock, int64_t now);
/* Blocks for one small write, at the end. Not while the task waits. */
void state_lock_end(struct state_lock *lock);
#endif
