/* SPDX-License-Identifier: GPL-2.0-or-later
 * What the last scan of each bus has seen that is not configured: at most 200,
 * the oldest leave. Agent thread. */
#ifndef AGENT_FOUND_H
#define AGENT_FOUND_H
#include <stdint.h>

struct gateway;
struct json_object;

/* A scan of this bus begins: what the last one has seen is forgotten. */
void found_begin(const char *bus);
/* As lwmuxctl scan is told; kept where it could become a device. */
void found_keep(struct json_object *found, int64_t now);
/* An array of those that are not configured still, each with its age in s. */
struct json_object *found_json(const struct gateway *gateway, int64_t now);
void found_finish(void);
#endif
