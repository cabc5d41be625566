/* SPDX-License-Identifier: GPL-2.0-or-later
 * Object 21, OSCORE, of LwM2M 1.1: kept for the bootstrap server, used by
 * nobody yet. Closed to every other server. */
#include "objects/table.h"

static const struct resource_def resources[] = {
	{0, LWM2M_OPAQUE, OP_NONE, SINGLE, MANDATORY,
	 "OSCORE Master Secret", ANY},
	{1, LWM2M_OPAQUE, OP_NONE, SINGLE, MANDATORY,
	 "OSCORE Sender ID", ANY},
	{2, LWM2M_OPAQUE, OP_NONE, SINGLE, MANDATORY,
	 "OSCORE Recipient ID", ANY},
	{3, LWM2M_INTEGER, OP_NONE, SINGLE, OPTIONAL,
	 "OSCORE AEAD Algorithm", ANY},
	{4, LWM2M_INTEGER, OP_NONE, SINGLE, OPTIONAL,
	 "OSCORE HMAC Algorithm", ANY},
	{5, LWM2M_OPAQUE, OP_NONE, SINGLE, OPTIONAL,
	 "OSCORE Master Salt", ANY},
	{6, LWM2M_OPAQUE, OP_NONE, SINGLE, OPTIONAL,
	 "OSCORE ID Context", ANY},
};

const struct object_def oscore_object = {
	21, 0, MULTIPLE, OPTIONAL, "LWM2M OSCORE", "2.0", TABLE(resources),
};
