/* SPDX-License-Identifier: GPL-2.0-or-later
 * When a point is read next, and for how long a device that does not answer, or
 * a bus that cannot be opened, is left alone. */
#include "agent/bus/bus_poll.h"

#define MILLISECOND INT64_C(1000000)
#define ABSENT_MAX (5 * POLL_SECOND)

int64_t poll_next(int64_t after, int64_t poll, uint32_t seed)
{
	int64_t phase;

	if (poll < MILLISECOND)
		poll = MILLISECOND;
	phase = (int64_t)seed * 1000 % poll;
	return after - ((after - phase) % poll + poll) % poll + poll;
}

int64_t poll_grain(int64_t poll)
{
	int64_t grain = poll / 20 > 10 * MILLISECOND ? poll / 20 :
			10 * MILLISECOND;

	return grain < poll / 4 ? grain : poll / 4;
}

static int64_t backoff_doubled(int64_t first, uint32_t times)
{
	int64_t limit = 60 * POLL_SECOND;

	if (times >= 16 || first << times > limit)
		return limit;
	return first << times;
}

int64_t poll_retry(uint32_t tries, int64_t cost, int64_t poll)
{
	int64_t wait = POLL_SECOND / 2;

	if (tries < POLL_SILENT_TRIES)
		return wait > 4 * cost ? wait : 4 * cost;
	wait = backoff_doubled(POLL_SECOND, tries - POLL_SILENT_TRIES);
	if (wait < 9 * cost)
		wait = 9 * cost;
	return wait < poll ? poll : wait;
}

int64_t poll_refused(uint32_t misses, int64_t poll)
{
	int64_t most = 300 * POLL_SECOND, wait = poll;

	for (; misses > POLL_SILENT_TRIES && wait < most; misses--)
		wait *= 2;
	return wait < most ? wait : most > poll ? most : poll;
}

int64_t poll_retry_sleeper(int64_t cost, int64_t poll)
{
	int64_t wait = POLL_SECOND / 2 > 9 * cost ? POLL_SECOND / 2 : 9 * cost;

	return wait < poll && poll != POLL_NEVER ? poll : wait;
}

int64_t poll_reopen(uint32_t tries, bool absent)
{
	int64_t wait = tries ? backoff_doubled(POLL_SECOND / 2, tries - 1) : 0;

	return absent && wait > ABSENT_MAX ? ABSENT_MAX : wait;
}
