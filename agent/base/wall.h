/* SPDX-License-Identifier: GPL-2.0-or-later
 * The wall clock beside the monotonic one: timers never look at it, but values
 * have its times. Where there is no battery behind it, it is wrong until the
 * network has told the time. Pure; ns. */
#ifndef AGENT_WALL_H
#define AGENT_WALL_H
#include <stdbool.h>
#include <stdint.h>

/* No clock that is right stands before this: 2020. ns since 1970 */
#define WALL_KNOWN (INT64_C(1577836800) * 1000000000)
#define WALL_JUMP INT64_C(1000000000)	/* less is no jump but its slewing */

struct wall {
	int64_t offset;			/* since 1970 minus monotonic */
	int64_t start;			/* monotonic, of its first reading */
	bool read;			/* once at least */
};
/* Times on the old clock within from .. to are of this run: they are wrong by
 * `by`. */
struct clock_step { int64_t from, to, by; };

/* The clocks were read at `now`. true: it was set since the last time. */
bool wall_step(struct wall *wall, int64_t offset, int64_t now,
	       struct clock_step *step);
/* The right time of what was noted as `time`, 0: not known. */
static inline int64_t wall_correct(const struct clock_step *step, int64_t time)
{
	return time && time >= step->from && time <= step->to ?
	       time + step->by : time;
}
static inline bool wall_is_known(int64_t time)
{
	return time >= WALL_KNOWN;
}
#endif
