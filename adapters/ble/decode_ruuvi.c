/* SPDX-License-Identifier: GPL-2.0-or-later
 * Ruuvi: manufacturer data 0499, formats 3 (RAWv1), 5 (RAWv2), 6 and E1 (the
 * Air). All numbers are big-endian. */
#include <math.h>

#include "adapters/ble/ad.h"
#include "adapters/ble/bytes.h"
#include "adapters/ble/decode.h"

#define COMPANY 0x0499
#define NO_S16 INT16_MIN
#define NO_U16 0xffff
#define PRESSURE_BASE 50000

static void climate_add(struct readings *out, const uint8_t *p)
{
	if (bes16(p + 1) != NO_S16)
		reading_number(out, FIELD_TEMPERATURE, bes16(p + 1), 200);
	if (be16(p + 3) != NO_U16)
		reading_number(out, FIELD_HUMIDITY, be16(p + 3), 400);
	if (be16(p + 5) != NO_U16)
		reading_number(out, FIELD_PRESSURE, be16(p + 5) +
			       PRESSURE_BASE, 1);
}

static void acceleration_add(struct readings *out, const uint8_t *p,
			     bool marked)
{
	for (unsigned i = 0; i < 3; i++)
		if (!marked || bes16(p + 2 * i) != NO_S16)
			reading_number(out, FIELD_ACCELERATION_X + i,
				       bes16(p + 2 * i), 1000);
}

static enum decode_result format_3(const uint8_t *p, struct readings *out)
{
	int hundredths = (p[2] & 0x7f) * 100 + p[3];

	if (p[3] > 99)
		return DECODED_DAMAGED;
	reading_number(out, FIELD_TEMPERATURE,
		       p[2] & 0x80 ? -hundredths : hundredths, 100);
	/* Beyond 100 % is what the sensor says of fog; 127.5 is its most. */
	reading_number(out, FIELD_HUMIDITY, p[1], 2);
	reading_number(out, FIELD_PRESSURE, be16(p + 4) + PRESSURE_BASE, 1);
	acceleration_add(out, p + 6, false);
	reading_number(out, FIELD_VOLTAGE, be16(p + 12), 1000);
	return DECODED_VALUES;
}

static enum decode_result format_5(const uint8_t *p, struct readings *out)
{
	unsigned power = be16(p + 13);

	climate_add(out, p);
	acceleration_add(out, p + 7, true);
	if (power >> 5 != 0x7ff)
		reading_number(out, FIELD_VOLTAGE, (power >> 5) + 1600, 1000);
	if ((power & 0x1f) != 0x1f)
		reading_integer(out, FIELD_TX_POWER,
				(int)(power & 0x1f) * 2 - 40);
	if (p[15] != 0xff)
		reading_integer(out, FIELD_MOVEMENTS, p[15]);
	if (be16(p + 16) != NO_U16)
		reading_integer(out, FIELD_PACKET, be16(p + 16));
	return DECODED_VALUES;
}

static void index_add(struct readings *out, unsigned field, uint8_t high,
		      bool low)
{
	int index = high << 1 | low;

	if (index != 511)
		reading_integer(out, field, index);
}

static void air_add(struct readings *out, const uint8_t *co2, const uint8_t *
		    indices, uint8_t flags)
{
	if (be16(co2) != NO_U16)
		reading_number(out, FIELD_CO2, be16(co2), 1);
	index_add(out, FIELD_VOC_INDEX, indices[0], flags & 0x40);
	index_add(out, FIELD_NOX_INDEX, indices[1], flags & 0x80);
}

static enum decode_result format_6(const uint8_t *p, struct readings *out)
{
	climate_add(out, p);
	if (be16(p + 7) != NO_U16)
		reading_number(out, FIELD_PM2_5, be16(p + 7), 10);
	air_add(out, p + 9, p + 11, p[16]);
	if (p[13] != 0xff)
		reading_number(out, FIELD_ILLUMINANCE,
			       round((exp(p[13] * log(65536) / 254) - 1) *
				     100), 100);
	reading_integer(out, FIELD_PACKET, p[15]);
	return DECODED_VALUES;
}

static enum decode_result format_e1(const uint8_t *p, struct readings *out)
{
	static const uint16_t particles[] = {FIELD_PM1, FIELD_PM2_5, FIELD_PM4,
					     FIELD_PM10};

	climate_add(out, p);
	for (unsigned i = 0; i < 4; i++)
		if (be16(p + 7 + 2 * i) != NO_U16)
			reading_number(out, particles[i], be16(p + 7 + 2 * i),
				       10);
	air_add(out, p + 15, p + 17, p[28]);
	if (be24(p + 19) != 0xffffff)
		reading_number(out, FIELD_ILLUMINANCE, be24(p + 19), 100);
	if (be24(p + 25) != 0xffffff)
		reading_integer(out, FIELD_PACKET, be24(p + 25));
	return DECODED_VALUES;
}

static const struct {
	uint8_t format, size;	/* at least: a tail may follow */
	enum decode_result (*decode)(const uint8_t *p, struct readings *out);
} formats[] = {
	{3, 14, format_3}, {5, 24, format_5}, {6, 20, format_6},
	{0xe1, 40, format_e1},
};

DECODER(ruuvi)
{
	struct ad_element e;
	size_t at = 0;

	(void)device;
	(void)now;
	if (!ad_company(adv->data, adv->n, &at, COMPANY, &e) || e.n < 1)
		return DECODED_OTHER;
	for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++)
		if (formats[i].format == e.data[0])
			return e.n < formats[i].size ? DECODED_DAMAGED :
			       formats[i].decode(e.data, out);
	return DECODED_OTHER;
}
