/* SPDX-License-Identifier: GPL-2.0-or-later
 * Names of serial ports that last. */
#ifndef ADAPTERS_MODBUS_SERIAL_NAME_H
#define ADAPTERS_MODBUS_SERIAL_NAME_H
#include <stdbool.h>
#include <stddef.h>

/* For a name such as /dev/ttyUSB0, which may be another port after the next
 * boot: the link in `directory` that leads to the same port, into to[size].
 * False: the name lasts, or there is no such link. */
bool serial_name_find(const char *port, const char *directory, char *to,
		      size_t size);
#endif
