/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/base/spread.h"

uint32_t seed_of(const char *name)
{
	uint32_t hash = 2166136261u;

	for (; *name; name++)
		hash = (hash ^ (uint8_t)*name) * 16777619u;
	/* Names that differ in their last letter only must lie far apart. */
	hash ^= hash >> 16;
	hash *= 0x85ebca6bu;
	hash ^= hash >> 13;
	hash *= 0xc2b2ae35u;
	return hash ^ hash >> 16;
}

int64_t spread_of(uint32_t seed, int64_t window)
{
	int64_t high = window >> 32, low = window & UINT32_MAX;

	if (window <= 0)
		return 0;
	return high * seed + (int64_t)((uint64_t)low * seed >> 32);
}
