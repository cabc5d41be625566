/* SPDX-License-Identifier: GPL-2.0-or-later
 * Object 25, LwM2M Gateway: the devices behind a gateway. */
#include "objects/table.h"

static const struct resource_def resources[] = {
	{0, LWM2M_STRING, OP_READ, SINGLE, MANDATORY, "Device ID", ANY},
	{1, LWM2M_STRING, OP_READ, SINGLE, MANDATORY, "Prefix", ANY},
	{3, LWM2M_CORELINK, OP_READ, SINGLE, MANDATORY, "IoT Device Objects",
	 ANY},
};

const struct object_def gateway_object = {
	25, 0, MULTIPLE, OPTIONAL, "LwM2M Gateway", "2.0", TABLE(resources),
};
