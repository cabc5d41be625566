/* SPDX-License-Identifier: GPL-2.0-or-later
 * Object 4, Connectivity Monitoring, of LwM2M 1.1. */
#include "objects/table.h"

static const struct resource_def resources[] = {
	{0, LWM2M_INTEGER, OP_READ, SINGLE, MANDATORY, "Network Bearer", 0, 50},
	{1, LWM2M_INTEGER, OP_READ, MULTIPLE, MANDATORY,
	 "Available Network Bearer", 0, 50},
	{2, LWM2M_INTEGER, OP_READ, SINGLE, MANDATORY,
	 "Radio Signal Strength", ANY},
	{3, LWM2M_INTEGER, OP_READ, SINGLE, OPTIONAL, "Link Quality", ANY},
	{4, LWM2M_STRING, OP_READ, MULTIPLE, MANDATORY, "IP Addresses", ANY},
	{5, LWM2M_STRING, OP_READ, MULTIPLE, OPTIONAL,
	 "Router IP Addresses", ANY},
	{6, LWM2M_INTEGER, OP_READ, SINGLE, OPTIONAL,
	 "Link Utilization", 0, 100},
	{7, LWM2M_STRING, OP_READ, MULTIPLE, OPTIONAL, "APN", ANY},
	{8, LWM2M_INTEGER, OP_READ, SINGLE, OPTIONAL, "Cell ID", ANY},
	{9, LWM2M_INTEGER, OP_READ, SINGLE, OPTIONAL, "SMNC", 0, 999},
	{10, LWM2M_INTEGER, OP_READ, SINGLE, OPTIONAL, "SMCC", 0, 999},
	{11, LWM2M_INTEGER, OP_READ, SINGLE, OPTIONAL, "SignalSNR", ANY},
	{12, LWM2M_INTEGER, OP_READ, SINGLE, OPTIONAL, "LAC", ANY},
};

const struct object_def connectivity_object = {
	4, 0, SINGLE, OPTIONAL, "Connectivity Monitoring", "1.2",
	TABLE(resources),
};
