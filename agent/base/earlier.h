/* SPDX-License-Identifier: GPL-2.0-or-later
 * The nearer of two times, INT64_MAX for never. */
#ifndef AGENT_EARLIER_H
#define AGENT_EARLIER_H
#include <stdint.h>

static inline int64_t time_earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}
#endif
