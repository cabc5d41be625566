/* SPDX-License-Identifier: GPL-2.0-or-later
 * Many that begin at once are spread over a window by their names: each has the
 * same place every time. Pure. */
#ifndef AGENT_SPREAD_H
#define AGENT_SPREAD_H
#include <stdint.h>

/* A hash of the name. */
uint32_t seed_of(const char *name);
/* 0 .. window - 1 ns; 0 where window is 0 or less. */
int64_t spread_of(uint32_t seed, int64_t window);
#endif
