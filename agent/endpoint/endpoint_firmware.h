/* SPDX-License-Identifier: GPL-2.0-or-later
 * Object 5 of an endpoint whose adapter takes images: carries out what
 * firmware.c decides. Agent thread. All but _build() do nothing, and return
 * false, 0 or INT64_MAX, where an endpoint has no object 5. */
#ifndef AGENT_ENDPOINT_FIRMWARE_H
#define AGENT_ENDPOINT_FIRMWARE_H
#include "agent/client/client.h"

#define FIRMWARE_AT_ONCE 32	/* packages of all endpoints, in memory */

/* /5/0, as it was before the restart; if the device takes images. */
void endpoint_firmware_build(struct endpoint *endpoint);
void endpoint_firmware_finish(struct endpoint *endpoint);
/* A Write to /5/0, or a part of it: answered. false: it is another request. */
bool endpoint_firmware_request(struct client *client,
			       const struct request_scope *scope,
			       struct coap_exchange *exchange,
			       const struct request *request, int64_t now);
/* As coap.h says of `block`. */
uint8_t endpoint_firmware_block(struct client *client,
				const struct request *request, size_t so_far,
				size_t *most, int64_t now);
/* 5/0/2; the code to answer. */
uint8_t endpoint_firmware_update(struct endpoint *endpoint, int64_t now);
/* BUS_DONE; false: it is not of an image. */
bool endpoint_firmware_done(struct endpoint *endpoint, uint64_t id, int error,
			    int64_t now);
/* The time of gateway->firmware's first has come. */
void endpoint_firmware_due(struct heap_item *item, int64_t now);
#endif
