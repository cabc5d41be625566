/* SPDX-License-Identifier: GPL-2.0-or-later
 * Oral-B's toothbrushes: manufacturer data 00DC. */
#include "adapters/ble/ad.h"
#include "adapters/ble/decode.h"

#define COMPANY 0x00dc
#define RUNNING 3
#define BUTTONS 0x0c		/* pressed: the byte of the pressure is theirs */
#define PRESSED_HARD 0x80
#define LAST_SECTOR 7		/* of as many as the device has */

/* While it does not run, the sector is the last one that there was. */
static unsigned sector_of(const uint8_t *p, size_t n)
{
	unsigned sector = p[8] & 0x07;

	if (p[3] != RUNNING)
		return 0;
	if (sector == LAST_SECTOR)
		return n == 11 && p[10] & 0x07 ? p[10] & 0x07 : 4;
	return sector;
}

DECODER(oralb)
{
	struct ad_element e;
	size_t at = 0;
	const uint8_t *p;

	(void)now;
	(void)device;
	if (!ad_company(adv->data, adv->n, &at, COMPANY, &e) ||
	    (e.n != 9 && e.n != 11))
		return DECODED_OTHER;
	p = e.data;
	reading_bool(out, FIELD_RUNNING, p[3] == RUNNING);
	reading_integer(out, FIELD_STATE, p[3]);
	reading_integer(out, FIELD_DURATION, p[5] * 60 + p[6]);
	reading_integer(out, FIELD_MODE, p[7]);
	reading_integer(out, FIELD_SECTOR, sector_of(p, e.n));
	if (!(p[4] & BUTTONS))
		reading_bool(out, FIELD_PROBLEM, p[4] & PRESSED_HARD);
	return DECODED_VALUES;
}
