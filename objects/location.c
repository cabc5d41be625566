/* SPDX-License-Identifier: GPL-2.0-or-later
 * Object 6, Location. */
#include "objects/table.h"

static const struct resource_def resources[] = {
	{0, LWM2M_FLOAT, OP_READ, SINGLE, MANDATORY, "Latitude", ANY},
	{1, LWM2M_FLOAT, OP_READ, SINGLE, MANDATORY, "Longitude", ANY},
	{2, LWM2M_FLOAT, OP_READ, SINGLE, OPTIONAL, "Altitude", ANY},
	{3, LWM2M_FLOAT, OP_READ, SINGLE, OPTIONAL, "Radius", ANY},
	{4, LWM2M_OPAQUE, OP_READ, SINGLE, OPTIONAL, "Velocity", ANY},
	{5, LWM2M_TIME, OP_READ, SINGLE, MANDATORY, "Timestamp", ANY},
	{6, LWM2M_FLOAT, OP_READ, SINGLE, OPTIONAL, "Speed", ANY},
};

const struct object_def location_object = {
	6, 0, SINGLE, OPTIONAL, "Location", "1.0",
	TABLE(resources),
};
