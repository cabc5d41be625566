/* SPDX-License-Identifier: GPL-2.0-or-later
 * Object 7, Connectivity Statistics: what an endpoint's connections moved since
 * a server said Start (Core TS E.8). Pure. */
#ifndef AGENT_STATISTICS_H
#define AGENT_STATISTICS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct statistics {			/* zeroed: never started */
	int64_t until;			/* collects before; monotonic ns */
	uint64_t sent, received;	/* bytes with their IP headers */
	uint64_t messages;
	uint32_t largest;		/* bytes */
};

/* 7/0/6: all begins anew; period in s as 7/0/8 says, 0 or less: until it is
 * stopped. */
void statistics_start(struct statistics *s, int64_t period, int64_t now);
/* 7/0/7: the numbers stay. */
void statistics_stop(struct statistics *s, int64_t now);
void statistics_count(struct statistics *s, bool sent, size_t bytes,
		      int64_t now);
/* Of resource 2 (kB sent), 3 (kB received), 4 (largest message, bytes) or 5
 * (average, bytes); NULL: never started. 0 for others. */
int64_t statistics_value(const struct statistics *s, uint16_t resource);
#endif
