/* SPDX-License-Identifier: GPL-2.0-or-later
 * Whoever corrects all times of this run at each jump has them all on one
 * clock, the one in force. */
#include "agent/base/wall.h"

bool wall_step(struct wall *wall, int64_t offset, int64_t now,
	       struct clock_step *step)
{
	int64_t before = wall->offset, by = offset - before;

	wall->offset = offset;
	if (!wall->read) {
		wall->read = true;
		wall->start = now;
		return false;
	}
	if (by < WALL_JUMP && by > -WALL_JUMP)
		return false;
	/* A sample may be a little older than the first reading. */
	*step = (struct clock_step){wall->start + before - 60 * WALL_JUMP,
				    now + before, by};
	return true;
}
