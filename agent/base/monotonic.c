/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <time.h>
#include "agent/base/monotonic.h"

int64_t monotonic_read(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}
