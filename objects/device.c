/* SPDX-License-Identifier: GPL-2.0-or-later
 * Object 3, Device, of LwM2M 1.1. */
#include "objects/table.h"

static const struct resource_def resources[] = {
	{0, LWM2M_STRING, OP_READ, SINGLE, OPTIONAL, "Manufacturer", ANY},
	{1, LWM2M_STRING, OP_READ, SINGLE, OPTIONAL, "Model Number", ANY},
	{2, LWM2M_STRING, OP_READ, SINGLE, OPTIONAL, "Serial Number", ANY},
	{3, LWM2M_STRING, OP_READ, SINGLE, OPTIONAL, "Firmware Version", ANY},
	{4, LWM2M_NONE, OP_EXECUTE, SINGLE, MANDATORY, "Reboot", ANY},
	{5, LWM2M_NONE, OP_EXECUTE, SINGLE, OPTIONAL, "Factory Reset", ANY},
	{6, LWM2M_INTEGER, OP_READ, MULTIPLE, OPTIONAL,
	 "Available Power Sources", 0, 7},
	{7, LWM2M_INTEGER, OP_READ, MULTIPLE, OPTIONAL,
	 "Power Source Voltage", ANY},
	{8, LWM2M_INTEGER, OP_READ, MULTIPLE, OPTIONAL,
	 "Power Source Current", ANY},
	{9, LWM2M_INTEGER, OP_READ, SINGLE, OPTIONAL, "Battery Level", 0, 100},
	{10, LWM2M_INTEGER, OP_READ, SINGLE, OPTIONAL, "Memory Free", ANY},
	{11, LWM2M_INTEGER, OP_READ, MULTIPLE, MANDATORY, "Error Code", 0, 8},
	{12, LWM2M_NONE, OP_EXECUTE, SINGLE, OPTIONAL, "Reset Error Code", ANY},
	{13, LWM2M_TIME, OP_RW, SINGLE, OPTIONAL, "Current Time", ANY},
	{14, LWM2M_STRING, OP_RW, SINGLE, OPTIONAL, "UTC Offset", ANY},
	{15, LWM2M_STRING, OP_RW, SINGLE, OPTIONAL, "Timezone", ANY},
	{16, LWM2M_STRING, OP_READ, SINGLE, MANDATORY,
	 "Supported Binding and Modes", ANY},
	{17, LWM2M_STRING, OP_READ, SINGLE, OPTIONAL, "Device Type", ANY},
	{18, LWM2M_STRING, OP_READ, SINGLE, OPTIONAL, "Hardware Version", ANY},
	{19, LWM2M_STRING, OP_READ, SINGLE, OPTIONAL, "Software Version", ANY},
	{20, LWM2M_INTEGER, OP_READ, SINGLE, OPTIONAL, "Battery Status", 0, 6},
	{21, LWM2M_INTEGER, OP_READ, SINGLE, OPTIONAL, "Memory Total", ANY},
	{22, LWM2M_OBJLINK, OP_READ, MULTIPLE, OPTIONAL, "ExtDevInfo", ANY},
};

const struct object_def device_object = {
	3, 0, SINGLE, MANDATORY, "Device", "1.1", TABLE(resources),
};
