/* SPDX-License-Identifier: GPL-2.0-or-later
 * Object 1, Server, of LwM2M 1.1, whose resources 13 to 20 a server may read and,
 * but for those that rank it among others, write, as version 1.2 has it: one
 * that knows 1.1 does not ask. */
#include "objects/table.h"

static const struct resource_def resources[] = {
	{0, LWM2M_INTEGER, OP_READ, SINGLE, MANDATORY,
	 "Short Server ID", 1, 65534},
	{1, LWM2M_INTEGER, OP_RW, SINGLE, MANDATORY, "Lifetime", ANY},
	{2, LWM2M_INTEGER, OP_RW, SINGLE, OPTIONAL,
	 "Default Minimum Period", ANY},
	{3, LWM2M_INTEGER, OP_RW, SINGLE, OPTIONAL,
	 "Default Maximum Period", ANY},
	{4, LWM2M_NONE, OP_EXECUTE, SINGLE, OPTIONAL, "Disable", ANY},
	{5, LWM2M_INTEGER, OP_RW, SINGLE, OPTIONAL, "Disable Timeout", ANY},
	{6, LWM2M_BOOLEAN, OP_RW, SINGLE, MANDATORY,
	 "Notification Storing When Disabled or Offline", ANY},
	{7, LWM2M_STRING, OP_RW, SINGLE, MANDATORY, "Binding", ANY},
	{8, LWM2M_NONE, OP_EXECUTE, SINGLE, MANDATORY,
	 "Registration Update Trigger", ANY},
	{9, LWM2M_NONE, OP_EXECUTE, SINGLE, OPTIONAL,
	 "Bootstrap-Request Trigger", ANY},
	{10, LWM2M_OBJLINK, OP_RW, SINGLE, OPTIONAL, "APN Link", ANY},
	{11, LWM2M_UNSIGNED, OP_READ, SINGLE, OPTIONAL,
	 "TLS-DTLS Alert Code", 0, 255},
	{12, LWM2M_TIME, OP_READ, SINGLE, OPTIONAL, "Last Bootstrapped", ANY},
	{13, LWM2M_UNSIGNED, OP_READ, SINGLE, OPTIONAL,
	 "Registration Priority Order", ANY},
	{14, LWM2M_UNSIGNED, OP_RW, SINGLE, OPTIONAL,
	 "Initial Registration Delay Timer", ANY},
	{15, LWM2M_BOOLEAN, OP_READ, SINGLE, OPTIONAL,
	 "Registration Failure Block", ANY},
	{16, LWM2M_BOOLEAN, OP_READ, SINGLE, OPTIONAL,
	 "Bootstrap on Registration Failure", ANY},
	{17, LWM2M_UNSIGNED, OP_RW, SINGLE, OPTIONAL,
	 "Communication Retry Count", ANY},
	{18, LWM2M_UNSIGNED, OP_RW, SINGLE, OPTIONAL,
	 "Communication Retry Timer", ANY},
	{19, LWM2M_UNSIGNED, OP_RW, SINGLE, OPTIONAL,
	 "Communication Sequence Delay Timer", ANY},
	{20, LWM2M_UNSIGNED, OP_RW, SINGLE, OPTIONAL,
	 "Communication Sequence Retry Count", ANY},
	{21, LWM2M_BOOLEAN, OP_RW, SINGLE, OPTIONAL, "Trigger", ANY},
	{22, LWM2M_STRING, OP_RW, SINGLE, OPTIONAL, "Preferred Transport", ANY},
	{23, LWM2M_BOOLEAN, OP_RW, SINGLE, OPTIONAL, "Mute Send", ANY},
};

const struct object_def server_object = {
	1, 0, MULTIPLE, MANDATORY, "LwM2M Server", "1.1", TABLE(resources),
};
