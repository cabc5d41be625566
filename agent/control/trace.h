/* SPDX-License-Identifier: GPL-2.0-or-later
 * What goes over a bus, line by line, for who asks at the control socket: one a
 * bus at a time. Agent thread. */
#ifndef AGENT_TRACE_H
#define AGENT_TRACE_H

struct bus_message;
struct gateway_bus;

/* BUS_FRAME and BUS_TRACED. */
void trace_message(struct gateway_bus *bus, const struct bus_message *message);
#endif
