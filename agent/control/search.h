/* SPDX-License-Identifier: GPL-2.0-or-later
 * Scans and probes for who asks at the control socket: one a bus at a time,
 * line by line as it is found. Agent thread. */
#ifndef AGENT_SEARCH_H
#define AGENT_SEARCH_H

struct bus_message;
struct gateway_bus;

/* BUS_FOUND and BUS_SEARCHED. */
void search_message(struct gateway_bus *bus, const struct bus_message *message);
#endif
