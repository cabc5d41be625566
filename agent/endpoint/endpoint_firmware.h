/* SPDX-License-Identifier: GPL-2.0-or-later
 * Object 5 of an endpoint whose adapter takes images: carries out what
 * firmware.c decides; what else it does is a row of endpoint_object.h. Agent
 * thread. */
#ifndef AGENT_ENDPOINT_FIRMWARE_H
#define AGENT_ENDPOINT_FIRMWARE_H
#include "agent/client/client.h"

#define FIRMWARE_AT_ONCE 32	/* packages of all endpoints, in memory */

/* The time of services->firmware's first has come. */
void endpoint_firmware_due(struct heap_item *item, int64_t now);
#endif
