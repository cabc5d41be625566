/* SPDX-License-Identifier: GPL-2.0-or-later
 * How full a bus is, and whether the points of a device get the periods that
 * they ask for. Pure; monotonic ns. */
#ifndef AGENT_BUS_LOAD_H
#define AGENT_BUS_LOAD_H
#include <stdbool.h>
#include <stdint.h>

#define LOAD_WINDOW (30 * INT64_C(1000000000))

/* Of one bus: what its thread did not wait, in this window and in the one
 * before. All zero: nothing is known. */
struct load {
	int64_t since, busy;
	int64_t busy_before, length_before;
};
/* It was at work for `busy` up to now. */
void load_add(struct load *load, int64_t now, int64_t busy);
/* Per mille of the time, of one window to two; -1: it is too early to say. */
int load_permille(const struct load *load, int64_t now);

/* Of one point: how long its period is, beside its poll, in 64ths and smoothed.
 * 0: not known. */
#define STRETCH_ONE 64
#define STRETCH_LATE (STRETCH_ONE * 3 / 2)	/* beyond: it is late */
uint16_t stretch_add(uint16_t stretch, int64_t period, int64_t poll);
/* The period that belongs to it. */
int64_t stretch_period(uint16_t stretch, int64_t poll);
#endif
