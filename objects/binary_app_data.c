/* SPDX-License-Identifier: GPL-2.0-or-later
 * Object 19, BinaryAppDataContainer. */
#include "objects/table.h"

static const struct resource_def resources[] = {
	{0, LWM2M_OPAQUE, OP_RW, MULTIPLE, MANDATORY, "Data", ANY},
	{1, LWM2M_INTEGER, OP_RW, SINGLE, OPTIONAL, "Data Priority", ANY},
	{2, LWM2M_TIME, OP_RW, SINGLE, OPTIONAL, "Data Creation Time", ANY},
	{3, LWM2M_STRING, OP_RW, SINGLE, OPTIONAL, "Data Description", ANY},
	{4, LWM2M_STRING, OP_RW, SINGLE, OPTIONAL, "Data Format", ANY},
	{5, LWM2M_INTEGER, OP_RW, SINGLE, OPTIONAL, "App ID", ANY},
};

const struct object_def binary_app_data_object = {
	19, 0, MULTIPLE, OPTIONAL, "BinaryAppDataContainer", "1.0",
	TABLE(resources),
};
