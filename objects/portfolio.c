/* SPDX-License-Identifier: GPL-2.0-or-later
 * Object 16, Portfolio. */
#include "objects/table.h"

static const struct resource_def resources[] = {
	{0, LWM2M_STRING, OP_RW, MULTIPLE, MANDATORY, "Identity", ANY},
	{1, LWM2M_NONE, OP_EXECUTE, SINGLE, OPTIONAL, "GetAuthData", ANY},
	{2, LWM2M_OPAQUE, OP_READ, MULTIPLE, OPTIONAL, "AuthData", ANY},
	{3, LWM2M_INTEGER, OP_READ, SINGLE, OPTIONAL, "AuthStatus", 0, 2},
};

const struct object_def portfolio_object = {
	16, 0, MULTIPLE, OPTIONAL, "Portfolio", "1.0",
	TABLE(resources),
};
