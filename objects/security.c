/* SPDX-License-Identifier: GPL-2.0-or-later
 * Object 0, Security, of LwM2M 1.1: accounts, closed to every server but the
 * bootstrap server. */
#include "objects/table.h"

static const struct resource_def resources[] = {
	{0, LWM2M_STRING, OP_NONE, SINGLE, MANDATORY, "LWM2M Server URI", ANY},
	{1, LWM2M_BOOLEAN, OP_NONE, SINGLE, MANDATORY, "Bootstrap-Server", ANY},
	{2, LWM2M_INTEGER, OP_NONE, SINGLE, MANDATORY, "Security Mode", 0, 4},
	{3, LWM2M_OPAQUE, OP_NONE, SINGLE, MANDATORY,
	 "Public Key or Identity", ANY},
	{4, LWM2M_OPAQUE, OP_NONE, SINGLE, MANDATORY, "Server Public Key", ANY},
	{5, LWM2M_OPAQUE, OP_NONE, SINGLE, MANDATORY, "Secret Key", ANY},
	{6, LWM2M_INTEGER, OP_NONE, SINGLE, OPTIONAL,
	 "SMS Security Mode", 0, 255},
	{7, LWM2M_OPAQUE, OP_NONE, SINGLE, OPTIONAL,
	 "SMS Binding Key Parameters", ANY},
	{8, LWM2M_OPAQUE, OP_NONE, SINGLE, OPTIONAL,
	 "SMS Binding Secret Key(s)", ANY},
	{9, LWM2M_STRING, OP_NONE, SINGLE, OPTIONAL,
	 "LwM2M Server SMS Number", ANY},
	{10, LWM2M_INTEGER, OP_NONE, SINGLE, OPTIONAL,
	 "Short Server ID", 1, 65534},
	{11, LWM2M_INTEGER, OP_NONE, SINGLE, OPTIONAL,
	 "Client Hold Off Time", ANY},
	{12, LWM2M_INTEGER, OP_NONE, SINGLE, OPTIONAL,
	 "Bootstrap-Server Account Timeout", ANY},
	{13, LWM2M_UNSIGNED, OP_NONE, SINGLE, OPTIONAL, "Matching Type", 0, 3},
	{14, LWM2M_STRING, OP_NONE, SINGLE, OPTIONAL, "SNI", ANY},
	{15, LWM2M_UNSIGNED, OP_NONE, SINGLE, OPTIONAL,
	 "Certificate Usage", 0, 3},
	{16, LWM2M_UNSIGNED, OP_NONE, MULTIPLE, OPTIONAL,
	 "DTLS/TLS Ciphersuite", ANY},
	{17, LWM2M_OBJLINK, OP_NONE, SINGLE, OPTIONAL,
	 "OSCORE Security Mode", ANY},
};

const struct object_def security_object = {
	0, 0, MULTIPLE, MANDATORY, "LWM2M Security", "1.1", TABLE(resources),
};
