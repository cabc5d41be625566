/* SPDX-License-Identifier: GPL-2.0-or-later
 * Victron's "instant readout": manufacturer data 02E1, a record for each kind of
 * device, encrypted with AES in counter mode. Nothing authenticates it: the first
 * byte of the key, which is sent with it, only tells a wrong key. */
#include "adapters/ble/ad.h"
#include "adapters/ble/bytes.h"
#include "adapters/ble/crypto.h"
#include "adapters/ble/decode.h"

#define COMPANY 0x02e1
#define READOUT 0x10
#define HEAD 8			/* readout, length, model, record, counter (2),
				 * key's first byte */
#define RECORD_MAX 20

enum record { SOLAR = 0x01, BATTERY = 0x02, INVERTER = 0x03, DCDC = 0x04,
	      LITHIUM = 0x05, CHARGER = 0x08, PROTECT = 0x09, LYNX = 0x0a,
	      VEBUS = 0x0c, METER = 0x0d, ORION_XS = 0x0f };

/* Bits are counted from the lowest of the first byte. What is `none` in them is
 * no value. */
static const struct part {
	uint8_t record;
	uint8_t bit, width;
	bool is_signed;
	uint8_t index;
	uint16_t field;
	uint32_t none;
	double times, divide, less;
} parts[] = {
	{SOLAR, 0, 8, false, 0, FIELD_STATE, 0xff, 1, 1, 0},
	{SOLAR, 8, 8, false, 0, FIELD_ERROR, 0xff, 1, 1, 0},
	{SOLAR, 16, 16, true, 0, FIELD_VOLTAGE, 0x7fff, 1, 100, 0},
	{SOLAR, 32, 16, true, 0, FIELD_CURRENT, 0x7fff, 1, 10, 0},
	{SOLAR, 48, 16, false, 0, FIELD_ENERGY, 0xffff, 1, 100, 0},
	{SOLAR, 64, 16, false, 0, FIELD_POWER, 0xffff, 1, 1, 0},
	{SOLAR, 80, 9, false, 1, FIELD_CURRENT, 0x1ff, 1, 10, 0},

	{BATTERY, 0, 16, false, 0, FIELD_REMAINING, 0xffff, 60, 1, 0},
	{BATTERY, 16, 16, true, 0, FIELD_VOLTAGE, 0x7fff, 1, 100, 0},
	{BATTERY, 32, 16, false, 0, FIELD_ALARM, 0x10000, 1, 1, 0},
	{BATTERY, 66, 22, true, 0, FIELD_CURRENT, 0x3fffff, 1, 1000, 0},
	{BATTERY, 88, 20, false, 0, FIELD_CONSUMED, 0xfffff, 1, 10, 0},
	{BATTERY, 108, 10, false, 0, FIELD_CHARGE, 0x3ff, 1, 10, 0},

	{INVERTER, 0, 8, false, 0, FIELD_STATE, 0xff, 1, 1, 0},
	{INVERTER, 8, 16, false, 0, FIELD_ALARM, 0x10000, 1, 1, 0},
	{INVERTER, 24, 16, true, 0, FIELD_VOLTAGE, 0x7fff, 1, 100, 0},
	{INVERTER, 40, 16, false, 0, FIELD_APPARENT_POWER, 0xffff, 1, 1, 0},
	{INVERTER, 56, 15, false, 1, FIELD_VOLTAGE, 0x7fff, 1, 100, 0},
	{INVERTER, 71, 11, false, 1, FIELD_CURRENT, 0x7ff, 1, 10, 0},

	{DCDC, 0, 8, false, 0, FIELD_STATE, 0xff, 1, 1, 0},
	{DCDC, 8, 8, false, 0, FIELD_ERROR, 0xff, 1, 1, 0},
	{DCDC, 32, 16, true, 0, FIELD_VOLTAGE, 0x7fff, 1, 100, 0},
	{DCDC, 16, 16, false, 1, FIELD_VOLTAGE, 0xffff, 1, 100, 0},

	{LITHIUM, 0, 32, false, 0, FIELD_ALARM, 0xffffffff, 1, 1, 0},
	{LITHIUM, 32, 16, false, 0, FIELD_ERROR, 0xffff, 1, 1, 0},
	{LITHIUM, 104, 12, false, 0, FIELD_VOLTAGE, 0xfff, 1, 100, 0},
	{LITHIUM, 120, 7, false, 0, FIELD_TEMPERATURE, 0x7f, 1, 1, 40},

	{CHARGER, 0, 8, false, 0, FIELD_STATE, 0xff, 1, 1, 0},
	{CHARGER, 8, 8, false, 0, FIELD_ERROR, 0xff, 1, 1, 0},
	{CHARGER, 16, 13, false, 0, FIELD_VOLTAGE, 0x1fff, 1, 100, 0},
	{CHARGER, 29, 11, false, 0, FIELD_CURRENT, 0x7ff, 1, 10, 0},
	{CHARGER, 40, 13, false, 1, FIELD_VOLTAGE, 0x1fff, 1, 100, 0},
	{CHARGER, 53, 11, false, 1, FIELD_CURRENT, 0x7ff, 1, 10, 0},
	{CHARGER, 64, 13, false, 2, FIELD_VOLTAGE, 0x1fff, 1, 100, 0},
	{CHARGER, 77, 11, false, 2, FIELD_CURRENT, 0x7ff, 1, 10, 0},
	{CHARGER, 88, 7, false, 0, FIELD_TEMPERATURE, 0x7f, 1, 1, 40},
	{CHARGER, 95, 9, false, 3, FIELD_CURRENT, 0x1ff, 1, 10, 0},

	{PROTECT, 0, 8, false, 0, FIELD_STATE, 0xff, 1, 1, 0},
	{PROTECT, 16, 8, false, 0, FIELD_ERROR, 0xff, 1, 1, 0},
	{PROTECT, 24, 16, false, 0, FIELD_ALARM, 0x10000, 1, 1, 0},
	{PROTECT, 56, 16, true, 0, FIELD_VOLTAGE, 0x7fff, 1, 100, 0},
	{PROTECT, 72, 16, false, 1, FIELD_VOLTAGE, 0xffff, 1, 100, 0},

	{LYNX, 0, 8, false, 0, FIELD_ERROR, 0x100, 1, 1, 0},
	{LYNX, 8, 16, false, 0, FIELD_REMAINING, 0xffff, 60, 1, 0},
	{LYNX, 24, 16, true, 0, FIELD_VOLTAGE, 0x7fff, 1, 100, 0},
	{LYNX, 40, 16, true, 0, FIELD_CURRENT, 0x7fff, 1, 10, 0},
	{LYNX, 72, 18, false, 0, FIELD_ALARM, 0x40000, 1, 1, 0},
	{LYNX, 90, 10, false, 0, FIELD_CHARGE, 0x3ff, 1, 10, 0},
	{LYNX, 100, 20, false, 0, FIELD_CONSUMED, 0xfffff, 1, 10, 0},
	{LYNX, 120, 7, false, 0, FIELD_TEMPERATURE, 0x7f, 1, 1, 40},

	{VEBUS, 0, 8, false, 0, FIELD_STATE, 0xff, 1, 1, 0},
	{VEBUS, 8, 8, false, 0, FIELD_ERROR, 0xff, 1, 1, 0},
	{VEBUS, 16, 16, true, 0, FIELD_CURRENT, 0x7fff, 1, 10, 0},
	{VEBUS, 32, 14, false, 0, FIELD_VOLTAGE, 0x3fff, 1, 100, 0},
	{VEBUS, 48, 19, true, 0, FIELD_POWER, 0x3ffff, 1, 1, 0},
	{VEBUS, 67, 19, true, 1, FIELD_POWER, 0x3ffff, 1, 1, 0},
	{VEBUS, 88, 7, false, 0, FIELD_TEMPERATURE, 0x7f, 1, 1, 40},
	{VEBUS, 95, 7, false, 0, FIELD_CHARGE, 0x7f, 1, 1, 0},

	{METER, 16, 16, true, 0, FIELD_VOLTAGE, 0x7fff, 1, 100, 0},
	{METER, 32, 16, false, 0, FIELD_ALARM, 0x10000, 1, 1, 0},
	{METER, 66, 22, true, 0, FIELD_CURRENT, 0x3fffff, 1, 1000, 0},

	{ORION_XS, 0, 8, false, 0, FIELD_STATE, 0xff, 1, 1, 0},
	{ORION_XS, 8, 8, false, 0, FIELD_ERROR, 0xff, 1, 1, 0},
	{ORION_XS, 16, 16, false, 0, FIELD_VOLTAGE, 0xffff, 1, 100, 0},
	{ORION_XS, 32, 16, false, 0, FIELD_CURRENT, 0xffff, 1, 10, 0},
	{ORION_XS, 48, 16, false, 1, FIELD_VOLTAGE, 0xffff, 1, 100, 0},
	{ORION_XS, 64, 16, false, 1, FIELD_CURRENT, 0xffff, 1, 10, 0},
};

static uint32_t bits_read(const uint8_t *p, unsigned bit, unsigned width)
{
	uint64_t bits = 0;

	for (unsigned i = 0; i < 5 && bit / 8 + i < RECORD_MAX; i++)
		bits |= (uint64_t)p[bit / 8 + i] << (8 * i);
	return (uint32_t)(bits >> bit % 8 & (UINT64_MAX >> (64 - width)));
}

static void part_add(struct readings *out, const struct part *part,
		     const uint8_t *p)
{
	uint32_t raw = bits_read(p, part->bit, part->width);
	double number = raw;

	if (raw == part->none)
		return;
	if (part->is_signed && raw >> (part->width - 1))
		number -= (double)(UINT64_C(1) << part->width);
	number = (number - part->less) * part->times / part->divide;
	if (field_is_percent(part->field) && number > 100)
		return;
	reading_add_at(out, part->field, part->index, lwm2m_float(number));
}

/* The second input of a battery monitor: what it measures is set up. */
static void second_input_add(struct readings *out, const uint8_t *p)
{
	uint16_t raw = le16(p + 6);

	switch (p[8] & 0x03) {
	case 0:			/* the starter's battery */
		reading_add_at(out, FIELD_VOLTAGE, 1,
			       lwm2m_float((int16_t)raw / 100.0));
		break;
	case 1:			/* in the middle of the bank */
		reading_add_at(out, FIELD_VOLTAGE, 2,
			       lwm2m_float(raw / 100.0));
		break;
	case 2:			/* kelvins */
		if (raw != 0xffff)
			reading_number(out, FIELD_TEMPERATURE, raw - 27315.0,
				       100);
		break;
	}
}

static enum decode_result record_add(struct readings *out, uint8_t record,
				     const uint8_t *p, size_t n)
{
	bool known = false;

	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		if (parts[i].record != record)
			continue;
		known = true;
		if (parts[i].bit + parts[i].width <= 8 * n)
			part_add(out, &parts[i], p);
	}
	if ((record == BATTERY || record == METER) && n >= 9)
		second_input_add(out, p);
	return known ? DECODED_VALUES : DECODED_OTHER;
}

DECODER(victron)
{
	uint8_t plain[RECORD_MAX] = {0};
	struct ad_element e;
	size_t at = 0, n;

	(void)now;
	if (!ad_company(adv->data, adv->n, &at, COMPANY, &e) || e.n <= HEAD ||
	    e.data[0] != READOUT)
		return DECODED_OTHER;
	if (device->n_key == 0)
		return DECODED_NO_KEY;
	if (device->n_key != CRYPTO_KEY || e.data[7] != device->key[0])
		return DECODED_WRONG_KEY;
	n = e.n - HEAD < RECORD_MAX ? e.n - (size_t)HEAD : RECORD_MAX;
	if (crypto_counter_uncover(device->key, le16(e.data + 5),
				   e.data + HEAD, n, plain) < 0)
		return DECODED_WRONG_KEY;
	return record_add(out, e.data[4], plain, n);
}
