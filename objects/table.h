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

/* The core's own, each NAME_object in objects/NAME.c: X(NAME, its number). */
#define CORE_OBJECTS(X) \
	X(security, 0) X(server, 1) X(access_control, 2) X(device, 3) \
	X(connectivity, 4) X(firmware, 5) X(location, 6) X(statistics, 7) \
	X(portfolio, 16) X(binary_app_data, 19) X(oscore, 21) X(gateway, 25)

#define CORE_OBJECT_DECLARE(name, number) \
	extern const struct object_def name##_object;
CORE_OBJECTS(CORE_OBJECT_DECLARE)
#undef CORE_OBJECT_DECLARE
#endif
