/* SPDX-License-Identifier: GPL-2.0-or-later
 * What a device is told once it is connected to and subscribed to, so that it
 * begins to tell. Pure. */
#ifndef BLE_START_H
#define BLE_START_H
#include <stdbool.h>

#include "adapters/ble/att.h"

#define START_BYTES 20		/* what fits into the smallest MTU */

struct ble_start {
	struct att_uuid uuid;		/* of the characteristic ... */
	uint16_t handle;		/* ... which is there, once found; 0 */
	uint8_t properties;
	uint8_t n;
	uint8_t bytes[START_BYTES];
};

/* "FFE9 55aa19010019": a UUID and 1 to 20 bytes in hex. */
bool start_parse(const char *text, struct ble_start *start);
#endif
