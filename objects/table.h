/* SPDX-License-Identifier: GPL-2.0-or-later
 * The words that tables of definitions are written in, and the core's own. */
#ifndef OBJECTS_TABLE_H
#define OBJECTS_TABLE_H
#include "objects/def.h"

#define SINGLE false
#define MULTIPLE true
#define OPTIONAL false
#define MANDATORY true
#define ANY 0, 0			/* no range */
#define TABLE(rows) rows, sizeof(rows) / sizeof((rows)[0]), NULL

extern const struct object_def security_object, server_object,
	access_control_object, device_object, connectivity_object,
	firmware_object, location_object, statistics_object, portfolio_object,
	binary_app_data_object, oscore_object, gateway_object;
#endif
