/* SPDX-License-Identifier: GPL-2.0-or-later
 * Object 5, Firmware Update, of LwM2M 1.1. */
#include "objects/table.h"

static const struct resource_def resources[] = {
	{0, LWM2M_OPAQUE, OP_WRITE, SINGLE, MANDATORY, "Package", ANY},
	{1, LWM2M_STRING, OP_RW, SINGLE, MANDATORY, "Package URI", ANY},
	{2, LWM2M_NONE, OP_EXECUTE, SINGLE, MANDATORY, "Update", ANY},
	{3, LWM2M_INTEGER, OP_READ, SINGLE, MANDATORY, "State", 0, 3},
	{5, LWM2M_INTEGER, OP_READ, SINGLE, MANDATORY, "Update Result", 0, 9},
	{6, LWM2M_STRING, OP_READ, SINGLE, OPTIONAL, "PkgName", ANY},
	{7, LWM2M_STRING, OP_READ, SINGLE, OPTIONAL, "PkgVersion", ANY},
	{8, LWM2M_INTEGER, OP_READ, MULTIPLE, OPTIONAL,
	 "Firmware Update Protocol Support", 0, 5},
	{9, LWM2M_INTEGER, OP_READ, SINGLE, MANDATORY,
	 "Firmware Update Delivery Method", 0, 2},
};

const struct object_def firmware_object = {
	5, 0, SINGLE, OPTIONAL, "Firmware Update", "1.0",
	TABLE(resources),
};
