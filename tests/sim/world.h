/* SPDX-License-Identifier: GPL-2.0-or-later
 * The simulated world: one virtual clock, one queue of what will happen, one
 * seed. All of it lives in memory of its own, so that the heap holds what the
 * gateway has taken and nothing else. Single-threaded. */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SECOND INT64_C(1000000000)
#define MS INT64_C(1000000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define NEVER INT64_MAX
#define WORLD_START (1000 * SECOND)	/* of its monotonic clock */

struct world {
	int64_t now;		/* monotonic ns */
	int64_t offset;		/* of the wall clock */
	uint64_t seed;
	bool woken;		/* the gateway's loop has something to do */
	/* The gateway was killed: what is left of it runs on to free its
	 * memory, and nothing that it does reaches the world any more. */
	bool ghost;
	uint32_t boot;		/* changes with a power cut */
	bool verbose;
};
extern struct world world;

void world_begin(uint64_t seed);

/* From the arena; zeroed. */
void *world_take(size_t size);
void world_give(void *memory, size_t size);

/* From streams of their own, so that a draw more in one place changes nothing
 * in the others. */
enum stream { STREAM_PLAN, STREAM_NET, STREAM_SERVER, STREAM_BUS, STREAM_DISK,
	      STREAM_FAULT, STREAM_LOST, STREAM_ASK, STREAMS };
uint64_t draw(enum stream stream);
/* low <= result <= high */
int64_t draw_between(enum stream stream, int64_t low, int64_t high);
bool draw_chance(enum stream stream, double probability);

/* What happens at a time; process: within the gateway, so that it is void when
 * that is gone. a and b are the handler's own. */
typedef void world_handler(uint64_t a, uint64_t b);
void world_at(int64_t at, bool process, world_handler *run, uint64_t a,
	      uint64_t b);
int64_t world_due(void);
/* Does what is due now. */
void world_run(void);
/* The process is gone, and what it had planned. */
void world_process_gone(void);

/* For a run that is looked at: one line. */
void world_say(const char *format, ...) __attribute__((format(printf, 1, 2)));
#endif
