/* SPDX-License-Identifier: GPL-2.0-or-later
 * The objects that do something. */
#include <stddef.h>
#include "agent/endpoint/endpoint_object.h"

#define ROW(name) &endpoint_object_##name,
const struct endpoint_object *const endpoint_objects[] = {
	ENDPOINT_OBJECTS(ROW) NULL,
};
#undef ROW
