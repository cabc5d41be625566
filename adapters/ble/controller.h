/* SPDX-License-Identifier: GPL-2.0-or-later
 * The controllers of a bus: each listens all the time, and is revived where it is
 * silent. One of several may go and come, the bus is there while one is. On the
 * bus's thread; nothing blocks. */
#ifndef BLE_CONTROLLER_H
#define BLE_CONTROLLER_H
#include "adapters/ble/device.h"

/* name: borrowed, of the configuration. It is closed. */
void controller_init(struct ble_bus *bus, struct ble_controller *controller,
		     const char *name);
/* All that are there: 0 where one is, else an error, which the host knows. */
int controllers_open(struct ble_bus *bus);
void controllers_close(struct ble_bus *bus);
/* An event of epoll; false: of none of their sockets. */
bool controllers_ready(struct ble_bus *bus, int fd, int64_t now);
/* What is to do now; when to call again. */
void controllers_turn(struct ble_bus *bus, int64_t now);
int64_t controllers_due(const struct ble_bus *bus);
#endif
