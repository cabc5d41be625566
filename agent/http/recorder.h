/* SPDX-License-Identifier: GPL-2.0-or-later
 * Looks every 10 s at the numbers of the devices' points, for plots. Agent
 * thread. */
#ifndef AGENT_RECORDER_H
#define AGENT_RECORDER_H
#include <stdint.h>

struct gateway;
struct history;
struct json_object;

#define RECORDER_EVERY INT64_C(10000000000)	/* ns */

/* What is good now of devices that are there is taken down. */
void recorder_look(struct history *history, const struct gateway *gateway,
		   int64_t now);
/* {"points": [[s since 1970, lowest, highest], ...]} of the last hours (1, or
 * 24), or {"error"}. history NULL: it is off. */
struct json_object *recorder_answer(const struct history *history,
				    const struct gateway *gateway,
				    const char *endpoint, const char *path,
				    const char *hours, int64_t now);
/* Paths that there are plots of. */
struct json_object *recorder_paths(const struct history *history,
				   const char *endpoint);
#endif
