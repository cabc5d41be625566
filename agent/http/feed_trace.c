/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/http/feed_trace.h"
#include <json-c/json.h>
#include <stdbool.h>
#include <stdlib.h>
#include "agent/control/trace.h"

#define DURATION (60 * INT64_C(1000000000))
#define FRAMES_MAX 500			/* of one take */

struct feed_trace {
	struct trace *trace;		/* NULL: it has ended */
	const char *why;		/* it never began */
	struct json_object *frames;
	int64_t left_out;
	bool news;			/* there is something to tell */
};

static void frame_keep(void *owner, struct json_object *frame)
{
	struct feed_trace *t = owner;

	t->news = true;
	if (json_object_array_length(t->frames) < FRAMES_MAX) {
		json_object_array_add(t->frames, frame);
		return;
	}
	json_object_put(frame);
	t->left_out++;
}

static void trace_ended(void *owner)
{
	struct feed_trace *t = owner;

	t->trace = NULL;
	t->news = true;
}

struct feed_trace *feed_trace_create(struct gateway *gateway, const char *bus)
{
	static const struct trace_ops ops = {frame_keep, trace_ended};
	struct feed_trace *t = calloc(1, sizeof(*t));

	if (!t)
		abort();
	t->frames = json_object_new_array();
	t->news = true;
	t->trace = trace_open(gateway, bus, DURATION, &ops, t, &t->why);
	return t;
}

struct json_object *feed_trace_take(struct feed_trace *t)
{
	struct json_object *to;

	if (!t->news)
		return NULL;
	to = json_object_new_object();
	json_object_object_add(to, "frames", t->frames);
	if (t->left_out)
		json_object_object_add(to, "left_out",
				       json_object_new_int64(t->left_out));
	if (t->why)
		json_object_object_add(to, "error",
				       json_object_new_string(t->why));
	else if (!t->trace)
		json_object_object_add(to, "done",
				       json_object_new_boolean(true));
	t->frames = json_object_new_array();
	t->left_out = 0;
	t->news = false;
	return to;
}

void feed_trace_destroy(struct feed_trace *t)
{
	if (!t)
		return;
	if (t->trace)
		trace_leave(t->trace);
	json_object_put(t->frames);
	free(t);
}
