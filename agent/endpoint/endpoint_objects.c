/* SPDX-License-Identifier: GPL-2.0-or-later
 * The objects that do something. */
#include <stddef.h>
#include "agent/endpoint/endpoint_object.h"

const struct endpoint_object *const endpoint_objects[] = {
	&endpoint_object_server, &endpoint_object_access,
	&endpoint_object_device, &endpoint_object_link,
	&endpoint_object_firmware, &endpoint_object_statistics,
	&endpoint_object_listing, NULL,
};
