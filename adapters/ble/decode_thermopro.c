/* SPDX-License-Identifier: GPL-2.0-or-later
 * ThermoPro's thermometers TP35x and TP39x. Their manufacturer data has no
 * company: the second byte of it belongs to the temperature, so that only the
 * name tells them. */
#include <string.h>

#include "adapters/ble/ad.h"
#include "adapters/ble/bytes.h"
#include "adapters/ble/decode.h"

#define MARK 0xc2

static bool is_ours(const char *name)
{
	return strncmp(name, "TP35", 4) == 0 || strncmp(name, "TP39", 4) == 0;
}

/* Mark, tenths of degrees, percent, and the battery in three steps. */
static enum decode_result climate_decode(const uint8_t *p, struct readings *out)
{
	static const uint8_t batteries[] = {1, 50, 100};
	double temperature = les16(p + 1) / 10.0;
	uint8_t step = p[4] & 0x03;

	if (temperature < -60 || temperature > 100 || p[3] > 100)
		return DECODED_DAMAGED;
	reading_number(out, FIELD_TEMPERATURE, temperature, 1);
	reading_number(out, FIELD_HUMIDITY, p[3], 1);
	if (step < sizeof(batteries))
		reading_integer(out, FIELD_BATTERY, batteries[step]);
	return DECODED_VALUES;
}

DECODER(thermopro)
{
	struct ad_element e;
	size_t at = 0;

	(void)now;
	while (ad_next(adv->data, adv->n, &at, &e)) {
		if (e.type != AD_MANUFACTURER || e.n < 6 || e.data[0] != MARK)
			continue;
		if (is_ours(device->identity.name))
			return climate_decode(e.data, out);
		return device->chosen ? DECODED_NO_MODEL : DECODED_OTHER;
	}
	return DECODED_OTHER;
}
