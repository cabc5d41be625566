/* SPDX-License-Identifier: GPL-2.0-or-later
 * Object 25 of the gateway's own endpoint: an instance for each device, while
 * there is one (gateway: object_25); its prefix leads to those with via: gateway.
 * Agent thread. */
#ifndef AGENT_LISTING_H
#define AGENT_LISTING_H
#include "agent/endpoint/endpoint.h"

struct gateway;

#define LISTING_MAX 1000	/* what a registration can name, with room */

/* The gateway's endpoint is there: all devices are listed. */
void listing_open(struct gateway *gateway, int64_t now);
void listing_close(struct gateway *gateway);
/* A device has come, is about to go, has other objects. */
void listing_add(struct endpoint *endpoint, int64_t now);
void listing_remove(struct endpoint *endpoint, int64_t now);
void listing_changed(struct endpoint *endpoint, int64_t now);
/* It has other clients: where it is the gateway's own, those that it carries
 * follow. */
void listing_clients_changed(struct endpoint *endpoint, int64_t now);
/* Of /25/n; false: it has none. */
bool listing_compute(const struct endpoint *itself,
		     const struct lwm2m_path *path, struct buf *texts,
		     struct lwm2m_value *value);
#endif
