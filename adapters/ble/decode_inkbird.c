/* SPDX-License-Identifier: GPL-2.0-or-later
 * Inkbird: IBS-TH and P01B, whose manufacturer data has no company in front,
 * the longer data of the ITH models, the thermometers of iBBQ, and IAM-T2. */
#include <string.h>

#include "adapters/ble/ad.h"
#include "adapters/ble/bytes.h"
#include "adapters/ble/decode.h"

#define LONG_COMPANY 0x2449
#define PROBES_AT 10

static bool is_short(const struct advertisement *adv,
		     const struct decode_device *device)
{
	const char *name = device->identity.name;

	return device->chosen ||
	       (ad_lists(adv->data, adv->n, 0xfff0) &&
		(strcmp(name, "sps") == 0 || strcmp(name, "tps") == 0));
}

/* The two bytes of the company are those of the temperature. */
static enum decode_result short_decode(const uint8_t *p, struct readings *out)
{
	double temperature = les16(p) / 100.0;

	if (temperature < -60 || temperature > 320)
		return DECODED_DAMAGED;
	reading_number(out, FIELD_TEMPERATURE, temperature, 1);
	/* 0 is a model without a sensor for it */
	if (le16(p + 2) > 0 && le16(p + 2) <= 10000)
		reading_number(out, FIELD_HUMIDITY, le16(p + 2), 100);
	if (p[4] <= 1)
		reading_bool(out, FIELD_EXTERNAL_PROBE, p[4]);
	if (p[7] <= 100)
		reading_integer(out, FIELD_BATTERY, p[7]);
	return DECODED_VALUES;
}

static enum decode_result long_decode(const uint8_t *p, struct readings *out)
{
	double temperature = les16(p + 4) / 10.0;

	if (temperature < -60 || temperature > 320)
		return DECODED_DAMAGED;
	reading_number(out, FIELD_TEMPERATURE, temperature, 1);
	if (le16(p + 6) > 0 && le16(p + 6) <= 1000)
		reading_number(out, FIELD_HUMIDITY, le16(p + 6), 10);
	if (p[8] <= 100)
		reading_integer(out, FIELD_BATTERY, p[8]);
	return DECODED_VALUES;
}

/* iBBQ and xBBQ: two bytes in place of a company and two more, the sender's
 * address, and up to six probes. Four probes leave no room for the name, so those
 * four bytes, the address and the service tell it; ThermoBeacon has an address and
 * a service there too, and its model in front. */
static bool is_grill_head(const uint8_t *p)
{
	return p[0] <= 1 && p[1] == 0 && p[2] == 0 && p[3] == 0;
}

static bool is_grill(const struct advertisement *adv,
		     const struct decode_device *device,
		     const struct ad_element *e)
{
	const char *name = device->identity.name;

	return e->n >= PROBES_AT + 2 && e->n <= PROBES_AT + 12 &&
	       e->n % 2 == 0 &&
	       (strcmp(name, "iBBQ") == 0 || strcmp(name, "xBBQ") == 0 ||
		(ad_lists(adv->data, adv->n, 0xfff0) &&
		 is_grill_head(e->data) &&
		 (memcmp(e->data + 4, adv->address, 6) == 0 ||
		  decode_is_address(e->data + 4, adv))));
}

static bool is_plugged_in(uint16_t raw)
{
	return raw != 0xffff && raw != 0xfff6 && raw != 0x7ffe;
}

/* One that is not plugged in keeps its number. */
static enum decode_result probes_decode(const uint8_t *p, size_t n,
					struct readings *out)
{
	for (size_t i = 0; 2 * i + 1 < n; i++) {
		double temperature = les16(p + 2 * i) / 10.0;

		if (!is_plugged_in(le16(p + 2 * i)))
			continue;
		if (temperature < -60 || temperature > 400)
			return DECODED_DAMAGED;
		reading_add_at(out, FIELD_TEMPERATURE, (unsigned)i,
			       lwm2m_float(temperature));
	}
	return DECODED_VALUES;
}

/* IAM-T2: "T2" in place of a company, the address (which begins so), status,
 * then big-endian tenths, and CO2. The battery's scale is not known. */
static bool is_air_monitor(const struct ad_element *e)
{
	return e->n == 17 && e->data[0] == 'T' && e->data[1] == '2' &&
	       e->data[2] == 0x00 && e->data[3] == 0x62;
}

static enum decode_result air_decode(const uint8_t *p, struct readings *out)
{
	double tenths = bes16(p + 10);

	if (be16(p + 12) > 1000)
		return DECODED_DAMAGED;
	if (p[9] & 0x02)	/* it shows degrees Fahrenheit */
		reading_number(out, FIELD_TEMPERATURE, (tenths - 320) * 5, 90);
	else
		reading_number(out, FIELD_TEMPERATURE, tenths, 10);
	reading_number(out, FIELD_HUMIDITY, be16(p + 12), 10);
	reading_number(out, FIELD_CO2, be16(p + 14), 1);
	return DECODED_VALUES;
}

/* Where there are several, the last one is the newest. */
static bool last_manufacturer(const struct advertisement *adv,
			      struct ad_element *found)
{
	struct ad_element e;
	size_t at = 0;
	bool any = false;

	while (ad_next(adv->data, adv->n, &at, &e)) {
		if (e.type != AD_MANUFACTURER)
			continue;
		*found = e;
		any = true;
	}
	return any;
}

DECODER(inkbird)
{
	struct ad_element e = {0};

	(void)now;
	if (!last_manufacturer(adv, &e))
		return DECODED_OTHER;
	if (e.n == 18 && le16(e.data) == LONG_COMPANY)
		return long_decode(e.data + 2, out);
	if (is_air_monitor(&e))
		return air_decode(e.data, out);
	if (is_grill(adv, device, &e))
		return probes_decode(e.data + PROBES_AT, e.n - PROBES_AT,
				     out);
	if (e.n == 9 && is_short(adv, device))
		return short_decode(e.data, out);
	return device->chosen ? DECODED_DAMAGED : DECODED_OTHER;
}
