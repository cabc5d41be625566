/* SPDX-License-Identifier: GPL-2.0-or-later
 * Object 2, Access Control, of LwM2M 1.1. */
#include "objects/table.h"

static const struct resource_def resources[] = {
	{0, LWM2M_INTEGER, OP_READ, SINGLE, MANDATORY, "Object ID", 1, 65534},
	{1, LWM2M_INTEGER, OP_READ, SINGLE, MANDATORY,
	 "Object Instance ID", 0, 65535},
	{2, LWM2M_INTEGER, OP_RW, MULTIPLE, OPTIONAL, "ACL", ANY},
	{3, LWM2M_INTEGER, OP_RW, SINGLE, MANDATORY,
	 "Access Control Owner", 0, 65535},
};

const struct object_def access_control_object = {
	2, 0, MULTIPLE, OPTIONAL, "LwM2M Access Control", "1.0",
	TABLE(resources),
};
