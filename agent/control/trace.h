/* SPDX-License-Identifier: GPL-2.0-or-later
 * What goes over a bus, frame by frame, for who asks at the control socket or
 * looks at the page: one of them a bus at a time. Agent thread. */
#ifndef AGENT_TRACE_H
#define AGENT_TRACE_H
#include <stdint.h>

struct bus_message;
struct gateway;
struct gateway_bus;
struct json_object;
struct trace;

/* Of whoever reads a trace. */
struct trace_ops {
	/* {"time", "sent", "bytes", "words"}, and "left_out" where some were;
	 * it is taken. */
	void (*frame)(void *owner, struct json_object *frame);
	/* The last call; the trace is no more. */
	void (*ended)(void *owner);
};

/* duration: ns; INT64_MAX: until it is left. NULL: *why says what hinders it. */
struct trace *trace_open(struct gateway *gateway, const char *bus,
			 int64_t duration, const struct trace_ops *ops,
			 void *owner, const char **why);
/* Before the end: owner is told nothing more. */
void trace_leave(struct trace *trace);

/* BUS_FRAME and BUS_TRACED. */
void trace_message(struct gateway_bus *bus, const struct bus_message *message);
#endif
