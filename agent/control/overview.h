/* SPDX-License-Identifier: GPL-2.0-or-later
 * All endpoints at a glance: why the gateway is not healthy, its servers, and a
 * row of each endpoint for tables that are looked at while they change. */
#ifndef AGENT_OVERVIEW_H
#define AGENT_OVERVIEW_H
#include <stdbool.h>
#include <stdint.h>

struct config_device;
struct endpoint;
struct gateway;
struct json_object;

/* Sentences; none where all is well. */
struct json_object *overview_reasons(const struct gateway *gateway, int64_t now);
/* Each with how many endpoints it has and how many are registered. */
struct json_object *overview_servers(const struct gateway *gateway,
				       int64_t now);
/* The modem, and what became of its SMS; NULL: none is configured. */
struct json_object *overview_sms(const struct gateway *gateway);
/* The reader of smart cards; NULL: none is configured. */
struct json_object *overview_card(const struct gateway *gateway);
/* What the status says of an endpoint, without what changes by time alone. */
struct json_object *overview_row(const struct endpoint *endpoint, int64_t now);
struct json_object *overview_refused(const struct config_device *device);
/* Can the disk be written to, and is the clock set? */
bool overview_is_well(const struct gateway *gateway, int64_t now);
#endif
