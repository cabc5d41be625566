/* SPDX-License-Identifier: GPL-2.0-or-later
 * What a device is told so that it begins to tell. */
#include "adapters/ble/start.h"

#include <stdio.h>
#include <string.h>

#include "adapters/ble/decode_profile.h"

bool start_parse(const char *text, struct ble_start *start)
{
	char uuid[40], bytes[2 * START_BYTES + 2];
	int used = 0;

	memset(start, 0, sizeof(*start));
	return sscanf(text, " %39s %41s %n", uuid, bytes, &used) == 2 &&
	       !text[used] && att_uuid_parse(uuid, &start->uuid) &&
	       profile_hex_parse(bytes, strlen(bytes), start->bytes,
				 START_BYTES, &start->n);
}
