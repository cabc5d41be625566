/* SPDX-License-Identifier: GPL-2.0-or-later
 * The last 500 things that were logged at LOG_NOTE or worse: devices that came
 * and went, registrations, buses, reloads. Lines come from any thread, and are
 * asked for on the agent thread. */
#ifndef AGENT_EVENTS_H
#define AGENT_EVENTS_H
#include <stdbool.h>
#include <stdint.h>

#define EVENTS_MAX 500

struct json_object;

/* Follows the log from now on. */
void events_start(void);
void events_stop(void);
/* An array of those behind number *after (0: all there are), of one endpoint
 * (NULL: of everything): {"id", "time" in s since 1970, "level", "endpoint",
 * "bus", "text"}, the oldest first. *after becomes the last one's number. */
struct json_object *events_json(uint64_t *after, const char *endpoint);
/* Has anything happened behind number `after`? */
bool events_new(uint64_t after);
#endif
