/* SPDX-License-Identifier: GPL-2.0-or-later
 * Tilt's hydrometers: an iBeacon whose UUID has the colour and whose numbers are
 * degrees Fahrenheit and specific gravity; of a Tilt Pro with a digit more. */
#include <string.h>

#include "adapters/ble/ad.h"
#include "adapters/ble/bytes.h"
#include "adapters/ble/decode.h"

#define APPLE 0x004c
#define LENGTH 23
#define COLOUR 5		/* the byte of it: 10, 20 ... 80 */
#define PRO 5000		/* no gravity of 5 */

static bool is_tilt(const uint8_t *p)
{
	static const uint8_t head[] = {0x02, 0x15, 0xa4, 0x95, 0xbb};
	static const uint8_t tail[] = {0xc5, 0xb1, 0x4b, 0x44, 0xb5, 0x12,
				       0x13, 0x70, 0xf0, 0x2d, 0x74, 0xde};

	return memcmp(p, head, sizeof(head)) == 0 &&
	       memcmp(p + COLOUR + 1, tail, sizeof(tail)) == 0 &&
	       (p[COLOUR] & 0x0f) == 0 && p[COLOUR] >= 0x10 &&
	       p[COLOUR] <= 0x80;
}

DECODER(tilt)
{
	struct ad_element e;
	size_t at = 0;
	double scale;

	(void)now;
	(void)device;
	if (!ad_company(adv->data, adv->n, &at, APPLE, &e) || e.n < LENGTH ||
	    !is_tilt(e.data))
		return DECODED_OTHER;
	scale = be16(e.data + 20) >= PRO ? 10 : 1;
	reading_number(out, FIELD_TEMPERATURE,
		       (bes16(e.data + 18) / scale - 32) * 5, 9);
	reading_number(out, FIELD_GRAVITY, be16(e.data + 20), 1000 * scale);
	return DECODED_VALUES;
}
