/* SPDX-License-Identifier: GPL-2.0-or-later
 * Connections: two at a time, in turns, each by the controller that heard the
 * device last. */
#ifndef BLE_GATT_H
#define BLE_GATT_H
#include "adapters/ble/device.h"

int gatt_open(struct ble_bus *bus);
void gatt_close(struct ble_bus *bus);
void gatt_attach(struct ble_bus *bus, struct ble_device *device);
/* Forgets the device, its points and its command. */
void gatt_detach(struct ble_bus *bus, struct ble_device *device);
/* It sent a connectable advertisement just now. */
void gatt_heard(struct ble_controller *by, struct ble_device *device,
		int64_t now);
/* A connection is under way on it. */
bool gatt_connects(const struct ble_controller *by);
/* adapter_ops.read, command and cancel */
int gatt_read(struct adapter_device *device, struct adapter_point **due,
	      size_t n);
int gatt_command(struct adapter_command *command);
void gatt_cancel(struct adapter_command *command);
/* What is to do now; when to call again. */
int64_t gatt_turn(struct ble_bus *bus, int64_t now);
/* Events of its socket, by epoll. */
void gatt_ready(struct ble_bus *bus, int fd, int64_t now);
#endif
