/* SPDX-License-Identifier: GPL-2.0-or-later
 * Scans and probes for who asks at the control socket: one a bus at a time,
 * line by line as it is found. Agent thread. */
#ifndef AGENT_SEARCH_H
#define AGENT_SEARCH_H
#include <stdbool.h>

struct asker;
struct bus_message;
struct gateway;
struct gateway_bus;
struct json_object;

/* request: bus, keys (texts by name), for ("10s"). A bus that is not
 * configured is run for the search, where it needs no settings. */
void search_ask(struct gateway *gateway, struct asker *asker,
		struct json_object *request, bool probe);
/* BUS_FOUND and BUS_SEARCHED. */
void search_message(struct gateway_bus *bus, const struct bus_message *message);
#endif
