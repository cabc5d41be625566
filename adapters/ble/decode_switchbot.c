/* SPDX-License-Identifier: GPL-2.0-or-later
 * SwitchBot's meters, Hub 2, contact, motion and leak sensors and plugs: service
 * data FD3D (model and battery, in the scan response) and manufacturer data 0969
 * (values of meters and others, in the advertisement). */
#include "adapters/ble/ad.h"
#include "adapters/ble/bytes.h"
#include "adapters/ble/decode.h"

#define SERVICE 0xfd3d
#define SERVICE_OLD 0x0d00
#define COMPANY 0x0969
#define COMPANY_OLD 0x0059	/* Nordic's, and so of many others */
#define CO2_MAX 9999		/* ppm, of the sensor */

/* Behind the top bit, which says whether it is encrypted. */
enum model { METER = 'T', METER_PLUS = 'i', OUTDOOR = 'w', PRO = '4',
	     PRO_CO2 = '5', PRO_PAIRING = 0x14, PRO_CO2_PAIRING = 0x15,
	     HUB_2 = 'v', CONTACT = 'd', MOTION = 's', LEAK = '&',
	     PLUG_US = 'g', PLUG_JP = 'j' };

static bool is_meter(uint8_t model)
{
	return model == METER || model == METER_PLUS || model == OUTDOOR ||
	       model == PRO || model == PRO_CO2 || model == PRO_PAIRING ||
	       model == PRO_CO2_PAIRING;
}

static bool has_co2(uint8_t model)
{
	return model == PRO_CO2 || model == PRO_CO2_PAIRING;
}

static bool service_find(const struct advertisement *adv,
			 struct ad_element *e)
{
	size_t at = 0;

	if (ad_service(adv->data, adv->n, &at, SERVICE, e))
		return true;
	at = 0;
	return ad_service(adv->data, adv->n, &at, SERVICE_OLD, e);
}

/* Tenths; the sign, which is set for positive, and degrees; percent. */
static enum decode_result value_add(struct readings *out, const uint8_t *p)
{
	int tenths = (p[1] & 0x7f) * 10 + (p[0] & 0x0f);

	if ((p[0] & 0x0f) == 0 && p[1] == 0 && p[2] == 0)
		return DECODED_NOTHING;
	if ((p[0] & 0x0f) > 9 || (p[2] & 0x7f) > 100)
		return DECODED_DAMAGED;
	reading_number(out, FIELD_TEMPERATURE,
		       p[1] & 0x80 ? tenths : -tenths, 10);
	reading_number(out, FIELD_HUMIDITY, p[2] & 0x7f, 1);
	return DECODED_VALUES;
}

static bool manufacturer_find(const struct advertisement *adv,
			      struct ad_element *e)
{
	size_t at = 0;

	if (ad_company(adv->data, adv->n, &at, COMPANY, e))
		return true;
	at = 0;
	return ad_company(adv->data, adv->n, &at, COMPANY_OLD, e);
}

static enum decode_result manufacturer_decode(uint8_t model,
					      const struct ad_element *e,
					      struct readings *out)
{
	enum decode_result result;
	uint16_t co2 = e->n >= 15 ? be16(e->data + 13) : 0;

	if (e->n < 11)
		return DECODED_NOTHING;
	result = value_add(out, e->data + 8);
	if (result == DECODED_VALUES && has_co2(model) && co2 > 0 &&
	    co2 <= CO2_MAX)
		reading_number(out, FIELD_CO2, co2, 1);
	return result;
}

static enum decode_result meter_decode(uint8_t model,
				       const struct ad_element *service,
				       const struct ad_element *data,
				       struct readings *out)
{
	enum decode_result result = DECODED_NOTHING;
	uint8_t battery = service ? service->data[2] & 0x7f : 0;

	if (service && service->n >= 6 &&
	    (model == METER || model == METER_PLUS))
		result = value_add(out, service->data + 3);
	else if (data)
		result = manufacturer_decode(model, data, out);
	if (result == DECODED_DAMAGED ||
	    (result == DECODED_NOTHING && service && service->n >= 6))
		return result;
	if (battery > 0 && battery <= 100)
		reading_integer(out, FIELD_BATTERY, battery);
	return DECODED_VALUES;
}

static void battery_add(struct readings *out, uint8_t percent)
{
	if ((percent & 0x7f) > 0 && (percent & 0x7f) <= 100)
		reading_integer(out, FIELD_BATTERY, percent & 0x7f);
}

/* Behind address and sequence: motion in front of the door, light, left open,
 * open. */
static enum decode_result contact_bits(uint8_t bits, struct readings *out)
{
	reading_bool(out, FIELD_OPENING, bits & 0x30);
	reading_bool(out, FIELD_LEFT_OPEN, bits & 0x20);
	reading_bool(out, FIELD_MOTION, bits & 0x80);
	reading_bool(out, FIELD_LIGHT, bits & 0x40);
	return DECODED_VALUES;
}

/* Newer ones tell it in the manufacturer data. Behind the battery: a bit of light,
 * and two of the magnet (closed, open, left open). The motion in front of the door
 * is a bit in front of the battery. */
static enum decode_result contact_decode(const struct ad_element *service,
					 const struct ad_element *data,
					 struct readings *out)
{
	const uint8_t *p;
	uint8_t state;

	if (data && data->n >= 13) {
		if (service)
			battery_add(out, service->data[2]);
		return contact_bits(data->data[7], out);
	}
	if (!service || service->n < 4)
		return service ? DECODED_DAMAGED : DECODED_NOTHING;
	p = service->data;
	state = p[3] >> 1 & 0x03;
	if (state > 2)
		return DECODED_DAMAGED;
	reading_bool(out, FIELD_OPENING, state != 0);
	reading_bool(out, FIELD_LEFT_OPEN, state == 2);
	reading_bool(out, FIELD_MOTION, p[1] & 0x40);
	reading_bool(out, FIELD_LIGHT, p[3] & 0x01);
	battery_add(out, p[2]);
	return DECODED_VALUES;
}

/* As with a contact. The light: 1 dark, 2 bright; the others are nothing that is
 * known. */
static enum decode_result motion_decode(const struct ad_element *service,
					const struct ad_element *data,
					struct readings *out)
{
	const uint8_t *p;
	uint8_t light;

	if (data && data->n >= 8) {
		reading_bool(out, FIELD_MOTION, data->data[7] & 0x40);
		reading_bool(out, FIELD_LIGHT, data->data[7] & 0x20);
		if (service)
			battery_add(out, service->data[2]);
		return DECODED_VALUES;
	}
	if (!service || service->n < 6)
		return service ? DECODED_DAMAGED : DECODED_NOTHING;
	p = service->data;
	light = p[5] & 0x03;
	reading_bool(out, FIELD_MOTION, p[1] & 0x40);
	if (light == 1 || light == 2)
		reading_bool(out, FIELD_LIGHT, light == 2);
	battery_add(out, p[2]);
	return DECODED_VALUES;
}

/* As a meter, at another place, and a level of light that is no lux. */
static enum decode_result hub_decode(const struct ad_element *data,
				     struct readings *out)
{
	enum decode_result result;

	if (!data || data->n < 16)
		return data ? DECODED_DAMAGED : DECODED_NOTHING;
	result = value_add(out, data->data + 13);
	if (result == DECODED_VALUES)
		reading_integer(out, FIELD_LIGHT_LEVEL, data->data[12] & 0x1f);
	return result;
}

/* Behind address and sequence: the battery, and flags of which the first is
 * water and the second that it was moved. */
static enum decode_result leak_decode(const struct ad_element *data,
				      struct readings *out)
{
	const uint8_t *p;

	if (!data || data->n < 9)
		return data ? DECODED_DAMAGED : DECODED_NOTHING;
	p = data->data;
	reading_bool(out, FIELD_WET, p[8] & 0x01);
	reading_bool(out, FIELD_TAMPER, p[8] & 0x02);
	reading_bool(out, FIELD_BATTERY_LOW, p[7] & 0x80);
	battery_add(out, p[7]);
	return DECODED_VALUES;
}

/* The switch, and tenths of watts of 15 bits; the top one is that of overload. */
static enum decode_result plug_decode(const struct ad_element *data,
				      struct readings *out)
{
	if (!data || data->n < 12)
		return data ? DECODED_DAMAGED : DECODED_NOTHING;
	reading_bool(out, FIELD_POWER_ON, data->data[7] == 0x80);
	reading_number(out, FIELD_POWER, be16(data->data + 10) & 0x7fff, 10);
	return DECODED_VALUES;
}

static enum decode_result by_model(uint8_t model,
				   const struct ad_element *service,
				   const struct ad_element *data,
				   struct readings *out)
{
	if (is_meter(model))
		return meter_decode(model, service, data, out);
	switch (model | 0x20) {		/* capital letters: it is paired */
	case CONTACT:
		return contact_decode(service, data, out);
	case MOTION:
		return motion_decode(service, data, out);
	case HUB_2:
		return hub_decode(data, out);
	case LEAK:
		return leak_decode(data, out);
	case PLUG_US:
	case PLUG_JP:
		return plug_decode(data, out);
	}
	return DECODED_OTHER;
}

/* All of SwitchBot's devices send the same manufacturer data: whose they are,
 * the other packet says, or the site. */
DECODER(switchbot)
{
	struct ad_element service, data;
	bool has_service = service_find(adv, &service);
	bool has_data = manufacturer_find(adv, &data);
	uint8_t *model = &device->identity.model;

	(void)now;
	if (has_service && service.n < 3)
		return service.n && is_meter(service.data[0] & 0x7f) ?
		       DECODED_DAMAGED : DECODED_OTHER;
	if (has_service)
		*model = service.data[0] & 0x7f;
	else if (!has_data || (!*model && !device->chosen))
		return DECODED_OTHER;
	if (!*model)
		return DECODED_NO_MODEL;
	return by_model(*model, has_service ? &service : NULL,
			has_data ? &data : NULL, out);
}
