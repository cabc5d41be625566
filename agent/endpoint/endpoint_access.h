/* SPDX-License-Identifier: GPL-2.0-or-later
 * Access control of an endpoint: object 2 in its tree, as the configuration and
 * its servers want it. Agent thread. */
#ifndef AGENT_ENDPOINT_ACCESS_H
#define AGENT_ENDPOINT_ACCESS_H
#include "agent/endpoint/endpoint.h"

/* Does object 2 count? A lone server may do all, unless `access` says less. */
bool endpoint_access_enforced(const struct endpoint *endpoint);
/* What `access` lets this client's server do. */
uint8_t endpoint_access_rights(const struct client *client);

/* Instances of object 2 for what has none, none for what is gone. After each
 * change of the instances in the tree. owner: short server id of who has made
 * what is new; 0: nobody, the configuration's rights hold. */
void endpoint_access_settle(struct endpoint *endpoint, uint16_t owner,
			    int64_t now);
#endif
