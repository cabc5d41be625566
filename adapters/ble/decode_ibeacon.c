/* SPDX-License-Identifier: GPL-2.0-or-later
 * Apple's iBeacon: manufacturer data 004C that begins with 02 15. */
#include <stdio.h>

#include "adapters/ble/ad.h"
#include "adapters/ble/bytes.h"
#include "adapters/ble/decode.h"

static void uuid_add(struct readings *out, const uint8_t *p)
{
	reading_text(out, FIELD_UUID, "%08x-%04x-%04x-%04x-%04x%08x", be32(p),
		     be16(p + 4), be16(p + 6), be16(p + 8), be16(p + 10),
		     be32(p + 12));
}

DECODER(ibeacon)
{
	struct ad_element e;
	size_t at = 0;

	(void)device;
	(void)now;
	while (ad_company(adv->data, adv->n, &at, 0x004c, &e)) {
		if (e.n < 2 || e.data[0] != 0x02 || e.data[1] != 0x15)
			continue;
		if (e.n < 23)
			return DECODED_DAMAGED;
		uuid_add(out, e.data + 2);
		reading_integer(out, FIELD_MAJOR, be16(e.data + 18));
		reading_integer(out, FIELD_MINOR, be16(e.data + 20));
		reading_integer(out, FIELD_TX_POWER, (int8_t)e.data[22]);
		return DECODED_VALUES;
	}
	return DECODED_OTHER;
}
