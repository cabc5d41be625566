/* SPDX-License-Identifier: GPL-2.0-or-later
 * Object 7, Connectivity Statistics. */
#include "objects/table.h"

static const struct resource_def resources[] = {
	{0, LWM2M_INTEGER, OP_READ, SINGLE, OPTIONAL, "SMS Tx Counter", ANY},
	{1, LWM2M_INTEGER, OP_READ, SINGLE, OPTIONAL, "SMS Rx Counter", ANY},
	{2, LWM2M_INTEGER, OP_READ, SINGLE, OPTIONAL, "Tx Data", ANY},
	{3, LWM2M_INTEGER, OP_READ, SINGLE, OPTIONAL, "Rx Data", ANY},
	{4, LWM2M_INTEGER, OP_READ, SINGLE, OPTIONAL, "Max Message Size", ANY},
	{5, LWM2M_INTEGER, OP_READ, SINGLE, OPTIONAL,
	 "Average Message Size", ANY},
	{6, LWM2M_NONE, OP_EXECUTE, SINGLE, MANDATORY, "Start", ANY},
	{7, LWM2M_NONE, OP_EXECUTE, SINGLE, MANDATORY, "Stop", ANY},
	{8, LWM2M_INTEGER, OP_RW, SINGLE, OPTIONAL, "Collection Period", ANY},
};

const struct object_def statistics_object = {
	7, 0, SINGLE, OPTIONAL, "Connectivity Statistics", "1.0",
	TABLE(resources),
};
