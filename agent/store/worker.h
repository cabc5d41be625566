/* SPDX-License-Identifier: GPL-2.0-or-later
 * The one queue of all that is done to files while the daemon runs: one task at
 * a time is on a thread of libuv's, in the order in which they came. So a disk
 * that is slow holds back one thread and not the look-ups of names, and nobody
 * who reads a file meets another who writes it.
 *
 * It is bounded by who uses it: the files of the state directory (store.h) and
 * the backlog have one task each, their next waits with them, where what is
 * newer replaces what waits (store.h) or is dropped and counted (backlog.h); a
 * reload's reading is one more.
 * Agent thread. */
#ifndef AGENT_WORKER_H
#define AGENT_WORKER_H
#include <stdbool.h>

/* The caller's memory, from worker_put() until `done` is called. */
struct worker_task {
	struct worker_task *next;
	void (*work)(struct worker_task *task);	/* on the worker */
	void (*done)(struct worker_task *task);	/* on the agent thread; it may
						 * be put again */
	bool waits;			/* or is under way */
};

/* Not one that waits already. */
void worker_put(struct worker_task *task);
/* Runs the loop until this one is done. */
void worker_wait(struct worker_task *task);
#endif
