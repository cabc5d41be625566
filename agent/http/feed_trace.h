/* SPDX-License-Identifier: GPL-2.0-or-later
 * A reader's look at what goes over a bus, for a minute: frames are gathered
 * here until the feed tells them. */
#ifndef AGENT_FEED_TRACE_H
#define AGENT_FEED_TRACE_H

struct feed_trace;
struct gateway;
struct json_object;

/* What hinders it is told by the first take. */
struct feed_trace *feed_trace_create(struct gateway *gateway, const char *bus);
/* {"frames": [...]} since the last take, at most 500, "left_out" of more, "done"
 * at the end, or "error"; NULL: nothing is new. The caller puts it. */
struct json_object *feed_trace_take(struct feed_trace *trace);
/* trace may be NULL. */
void feed_trace_destroy(struct feed_trace *trace);
#endif
