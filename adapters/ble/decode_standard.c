/* SPDX-License-Identifier: GPL-2.0-or-later
 * Characteristics of the standard, read by GATT or sent as service data. */
#include "adapters/ble/decode_standard.h"

#include "adapters/ble/ad.h"
#include "adapters/ble/bytes.h"
#include "adapters/ble/decode.h"

#define SIGNED 0x80		/* in size */
#define MEDFLOAT 0x40
#define NO_MARK UINT32_MAX

struct standard {
	uint16_t uuid;
	uint8_t size;
	uint16_t field;
	uint16_t multiply, divide;
	uint32_t from;		/* raw values from here on are no values */
};

static const struct standard table[] = {
	{0x2a19, 1, FIELD_BATTERY, 1, 1, 101},
	{0x2a6e, 2 | SIGNED, FIELD_TEMPERATURE, 1, 100, 0x8000},
	{0x2b0d, 1 | SIGNED, FIELD_TEMPERATURE, 1, 2, 0x7f},
	{0x2a1f, 2 | SIGNED, FIELD_TEMPERATURE, 1, 10, 0x8000},
	{0x2a6f, 2, FIELD_HUMIDITY, 1, 100, 10001},
	{0x2a6d, 4, FIELD_PRESSURE, 1, 10, NO_MARK},
	{0x2a79, 1 | SIGNED, FIELD_HEAT_INDEX, 1, 1, NO_MARK},
	{0x2a7a, 1 | SIGNED, FIELD_WIND_CHILL, 1, 1, NO_MARK},
	{0x2a7b, 1 | SIGNED, FIELD_DEW_POINT, 1, 1, NO_MARK},
	{0x2afb, 3, FIELD_ILLUMINANCE, 1, 100, 0xffffff},
	{0x2a77, 2, FIELD_IRRADIANCE, 1, 10, NO_MARK},
	{0x2a6c, 3 | SIGNED, FIELD_ALTITUDE, 1, 100, NO_MARK},
	{0x2a70, 2, FIELD_WIND_SPEED, 1, 100, NO_MARK},
	{0x2a72, 2, FIELD_WIND_SPEED, 1, 100, NO_MARK},
	{0x2a71, 2, FIELD_DIRECTION, 1, 100, NO_MARK},
	{0x2a73, 2, FIELD_DIRECTION, 1, 100, NO_MARK},
	{0x2a74, 1, FIELD_GUST_FACTOR, 1, 10, NO_MARK},
	{0x2a75, 3, FIELD_POLLEN, 1, 1, NO_MARK},
	{0x2a76, 1, FIELD_UV_INDEX, 1, 1, NO_MARK},
	{0x2a78, 2, FIELD_PRECIPITATION, 1, 1, NO_MARK},
	{0x2b8c, 2, FIELD_CO2, 1, 1, 0xfffe},
	{0x2be7, 2, FIELD_VOC, 1, 1, 0xfffe},
	{0x2be4, 1, FIELD_SOUND_LEVEL, 1, 1, 0xfe},
	{0x2b18, 2, FIELD_VOLTAGE, 1, 64, 0xffff},
	{0x2aee, 2, FIELD_CURRENT, 1, 100, 0xffff},
	{0x2bcf, 2 | MEDFLOAT, FIELD_CONCENTRATION, 1, 1, NO_MARK},
	{0x2bd0, 2 | MEDFLOAT, FIELD_CONCENTRATION, 1, 1, NO_MARK},
	{0x2bd1, 2 | MEDFLOAT, FIELD_CONCENTRATION, 1, 1, NO_MARK},
	{0x2bd2, 2 | MEDFLOAT, FIELD_CONCENTRATION, 1, 1, NO_MARK},
	{0x2bd3, 2 | MEDFLOAT, FIELD_CONCENTRATION, 1, 1, NO_MARK},
	{0x2bd4, 2 | MEDFLOAT, FIELD_CONCENTRATION, 1, 1, NO_MARK},
	{0x2bd5, 2 | MEDFLOAT, FIELD_CONCENTRATION, 1, 1, NO_MARK},
	{0x2bd6, 2 | MEDFLOAT, FIELD_CONCENTRATION, 1, 1, NO_MARK},
	{0x2bd7, 2 | MEDFLOAT, FIELD_CONCENTRATION, 1, 1, NO_MARK},
	{0x2bd8, 2 | MEDFLOAT, FIELD_CONCENTRATION, 1, 1, NO_MARK},
	{0x2bd9, 2 | MEDFLOAT, FIELD_CONCENTRATION, 1, 1, NO_MARK},
};

const struct standard *standard_find(uint16_t uuid)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		if (table[i].uuid == uuid)
			return &table[i];
	return NULL;
}

static uint32_t raw_of(const uint8_t *p, size_t size)
{
	uint32_t raw = 0;

	while (size-- > 0)
		raw = raw << 8 | p[size];
	return raw;
}

static double signed_of(uint32_t raw, size_t size)
{
	uint32_t top = UINT32_C(1) << (8 * size - 1);

	return raw & top ? (double)raw - 2.0 * top : raw;
}

/* IEEE 11073: twelve bits and a power of ten; NaN where it says so. */
static double medfloat_of(uint16_t raw)
{
	int mantissa = raw & 0x0fff, exponent = raw >> 12;
	double power = 1;

	if (mantissa >= 0x7fe && mantissa <= 0x802)
		return __builtin_nan("");
	if (mantissa > 0x7ff)
		mantissa -= 0x1000;
	if (exponent > 7)
		exponent -= 16;
	for (int i = 0; i < (exponent < 0 ? -exponent : exponent); i++)
		power *= 10;
	return exponent < 0 ? mantissa / power : mantissa * power;
}

/* Sensors that have no value also send the ends of the range. */
static bool is_possible(const struct standard *s, double number)
{
	return s->field != FIELD_TEMPERATURE ||
	       (number >= -273.15 && number < 327.67);
}

enum standard_result standard_value(const struct standard *s,
				    const uint8_t *bytes, size_t n,
				    struct lwm2m_value *value)
{
	size_t size = s->size & 0x0f;
	uint32_t raw;
	double number;

	if (n < size)
		return STANDARD_SHORT;
	raw = raw_of(bytes, size);
	if (s->size & SIGNED ? raw == s->from : raw >= s->from)
		return STANDARD_UNKNOWN;
	number = s->size & MEDFLOAT ? medfloat_of((uint16_t)raw) :
		 s->size & SIGNED ? signed_of(raw, size) : raw;
	if (__builtin_isnan(number) ||
	    !is_possible(s, number * s->multiply / s->divide))
		return STANDARD_UNKNOWN;
	*value = s->field == FIELD_BATTERY ? lwm2m_integer(raw) :
		 lwm2m_float(number * s->multiply / s->divide);
	return STANDARD_VALUE;
}

/* Service data of a characteristic's UUID, as some beacons send them; or of
 * the battery service, which then is its level. */
static enum decode_result service_add(struct readings *out, uint16_t uuid,
				      const uint8_t *p, size_t n)
{
	const struct standard *s = standard_find(uuid == 0x180f ? 0x2a19 :
						 uuid);
	struct lwm2m_value value;

	if (!s)
		return DECODED_OTHER;
	switch (standard_value(s, p, n, &value)) {
	case STANDARD_VALUE:
		reading_add(out, s->field, value);
		return DECODED_VALUES;
	case STANDARD_UNKNOWN:
		return DECODED_NOTHING;
	case STANDARD_SHORT:
		break;
	}
	return DECODED_DAMAGED;
}

DECODER(standard)
{
	enum decode_result best = DECODED_OTHER;
	struct ad_element e;
	size_t at = 0;

	(void)device;
	(void)now;
	while (ad_next(adv->data, adv->n, &at, &e)) {
		enum decode_result result;

		if (e.type != AD_SERVICE_DATA_16 || e.n < 2)
			continue;
		result = service_add(out, le16(e.data), e.data + 2,
				     e.n - 2u);
		if (result != DECODED_OTHER && best != DECODED_VALUES)
			best = result;
	}
	return best;
}
