/* SPDX-License-Identifier: GPL-2.0-or-later
 * The rhythm of a bus: the grid that polls lie on, and how long to leave alone
 * what does not answer. Pure; monotonic ns. */
#ifndef AGENT_BUS_POLL_H
#define AGENT_BUS_POLL_H
#include <stdbool.h>
#include <stdint.h>

#define POLL_NEVER INT64_MAX
#define POLL_SECOND INT64_C(1000000000)
#define POLL_SILENT_TRIES 3	/* unanswered in a row: the device is silent */

/* The first moment after `after` on the grid of poll whose phase comes from
 * seed: devices spread over the period, while the points of one device with
 * polls of 1 s and 10 s meet. poll below 1 ms counts as that. */
int64_t poll_next(int64_t after, int64_t poll, uint32_t seed);
/* A point whose time comes within this is read along with the others. */
int64_t poll_grain(int64_t poll);
/* How long a device is left alone after `tries` exchanges in a row that it did
 * not answer, the last of which took cost: soon twice, then doubling from 1 s
 * to 60 s, never more often than its poll nor for more than a tenth of the
 * bus's time. */
int64_t poll_retry(uint32_t tries, int64_t cost, int64_t poll);
/* The same of one that sleeps, by its queue mode: to miss it is its way. It is
 * asked again at its own rhythm, at no more than a tenth of the bus's time. */
int64_t poll_retry_sleeper(int64_t cost, int64_t poll);
/* When a point that the device has refused `misses` times in a row, by itself,
 * is asked again: at its poll at first, then ever more rarely, up to 5 min or
 * its poll. */
int64_t poll_refused(uint32_t misses, int64_t poll);
/* How long a bus is left alone after `tries` failures in a row: 0.5 s doubling
 * to 60 s, to 5 s where it is absent (unplugged): to look costs nothing, and
 * somebody waits beside it. */
int64_t poll_reopen(uint32_t tries, bool absent);
#endif
