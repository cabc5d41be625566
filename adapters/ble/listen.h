/* SPDX-License-Identifier: GPL-2.0-or-later
 * From advertising reports to values of configured devices. */
#ifndef BLE_LISTEN_H
#define BLE_LISTEN_H
#include "adapters/ble/device.h"

/* A packet of a controller's HCI socket; false: it holds no reports. Strangers are
 * counted, and leave no trace. */
bool listen_packet(struct ble_controller *by, const uint8_t *packet, size_t n,
		   int64_t now);
void listen_enter(struct ble_bus *bus, struct ble_device *device);
/* Keeps what has to survive. */
void listen_leave(struct ble_bus *bus, struct ble_device *device);
/* The next good packet is taken, whatever its counter. */
void listen_count_anew(struct ble_device *device);
/* What is not told by a packet: motion that is over, counters to be kept.
 * Returns when next. */
int64_t listen_turn(struct ble_bus *bus, int64_t now);
/* The counters of the bus, all that came together. */
void listen_count(struct ble_bus *bus, int64_t now);
#endif
