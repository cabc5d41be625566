/* SPDX-License-Identifier: GPL-2.0-or-later
 * Govee's thermometers: manufacturer data, and its length tells the model. */
#include <stdlib.h>
#include <string.h>

#include "adapters/ble/ad.h"
#include "adapters/ble/bytes.h"
#include "adapters/ble/decode.h"
#include "adapters/ble/decode_govee.h"

#define GOVEE 0xec88
#define GOVEE_OLD 0x8801
#define SHARED 0x0001		/* the newer ones; others use it too */

enum { PROBE_ITSELF = 0x41, PROBE_AT_JACK = 0x82 };
/* Layouts of the shared company. */
enum layout { UNKNOWN, CLIMATE, PARTICLES, CARBON_DIOXIDE, SENSORS, PROBES };

/* Lengths do not tell them apart: their names' numbers do. */
static const struct {
	uint16_t model;
	uint8_t layout;
} models[] = {
	{5100, CLIMATE}, {5101, CLIMATE}, {5102, CLIMATE}, {5103, CLIMATE},
	{5104, CLIMATE}, {5105, CLIMATE}, {5106, PARTICLES}, {5108, CLIMATE},
	{5110, CLIMATE}, {5112, PROBES}, {5140, CARBON_DIOXIDE},
	{5174, CLIMATE}, {5177, CLIMATE}, {5178, SENSORS}, {5179, CLIMATE},
};

/* GVH5106_1234, GV5140..., B5178...; H5106 where the site says it. */
static unsigned long model_of(const char *name)
{
	unsigned long model;

	name += strspn(name, "GVBH");
	model = strtoul(name, NULL, 10);
	while (model > 9999)	/* digits of the address behind it */
		model /= 10;
	return model;
}

static enum layout layout_of(const char *name)
{
	unsigned long model = model_of(name);

	for (size_t i = 0; i < sizeof(models) / sizeof(*models); i++)
		if (models[i].model == model)
			return (enum layout)models[i].layout;
	return UNKNOWN;
}

static bool is_range(double temperature, double humidity)
{
	return temperature >= -40 && temperature <= 100 && humidity <= 100;
}

/* false: the sensor's own error, or a value out of range. */
static bool climate_add(struct readings *out, double temperature,
			double humidity, uint8_t battery)
{
	if (battery & 0x80 || !is_range(temperature, humidity))
		return false;
	reading_number(out, FIELD_TEMPERATURE, temperature, 1);
	reading_number(out, FIELD_HUMIDITY, humidity, 1);
	if (battery <= 100)
		reading_integer(out, FIELD_BATTERY, battery);
	return true;
}

/* Three bytes: the sign, then thousand times tenths of degrees plus tenths
 * of percent. */
static bool joined_add(struct readings *out, const uint8_t *p, uint8_t battery)
{
	uint32_t magnitude = be24(p) & 0x7fffff;
	double temperature = (magnitude / 1000) / 10.0;

	return climate_add(out, p[0] & 0x80 ? -temperature : temperature,
			   (magnitude % 1000) / 10.0, battery);
}

static bool hundredths_add(struct readings *out, const uint8_t *p)
{
	return climate_add(out, les16(p) / 100.0, le16(p + 2) / 100.0, p[4]);
}

static bool particles_add(struct readings *out, const uint8_t *p)
{
	uint32_t magnitude = be32(p) & 0x7fffffff;
	double temperature = (magnitude / 1000000) / 10.0;

	if (!climate_add(out, p[0] & 0x80 ? -temperature : temperature,
			 (magnitude / 1000 % 1000) / 10.0, 101))
		return false;
	reading_number(out, FIELD_PM2_5, magnitude % 1000, 1);
	return true;
}

static enum decode_result result_of(bool good)
{
	return good ? DECODED_VALUES : DECODED_DAMAGED;
}

static enum decode_result govee_decode(const uint8_t *p, size_t n,
				       struct readings *out)
{
	if (n == 6)
		return result_of(joined_add(out, p + 1, p[4]));
	if (n == 7)
		return result_of(hundredths_add(out, p + 1));
	if (n == 9 && p[0] != 0xec)
		return result_of(hundredths_add(out, p + 1));
	if (n == 9)
		return result_of(hundredths_add(out, p + 4));
	/* with another vendor's data glued to it */
	return n > 9 && p[0] == 0 ? result_of(joined_add(out, p + 1, p[4]))
				  : DECODED_OTHER;
}

/* One of several sensors: the byte in front says which. */
static bool sensor_add(struct readings *out, const uint8_t *p, unsigned index)
{
	struct readings one = {0};

	if (index > 1 || !joined_add(&one, p + 1, p[4]))
		return false;
	reading_integer(out, FIELD_CHANNEL, index);
	for (size_t i = 0; i < one.n; i++)
		reading_add_at(out, one.at[i].field, index, one.at[i].value);
	return true;
}

/* Its own sensor, or a probe at its jack, which has no humidity: the last byte says
 * which it is. */
static bool probe_add(struct readings *out, const uint8_t *p)
{
	struct readings one = {0};
	unsigned index = p[5] == PROBE_ITSELF ? 0 : 1;

	if ((p[5] != PROBE_ITSELF && p[5] != PROBE_AT_JACK) ||
	    !joined_add(&one, p, p[3]))
		return false;
	reading_integer(out, FIELD_CHANNEL, index);
	for (size_t i = 0; i < one.n; i++)
		if (one.at[i].field == FIELD_BATTERY)
			reading_add(out, FIELD_BATTERY, one.at[i].value);
		else if (one.at[i].field == FIELD_TEMPERATURE || !index)
			reading_add_at(out, one.at[i].field, index,
				       one.at[i].value);
	return true;
}

static bool carbon_dioxide_add(struct readings *out, const uint8_t *p)
{
	if (p[5] || !joined_add(out, p, 101))	/* the sensor's own error */
		return false;
	reading_number(out, FIELD_CO2, be16(p + 3), 1);
	return true;
}

/* p: behind the two bytes that all have. */
static enum decode_result sensors_decode(enum layout layout, const uint8_t *p,
					 size_t n, struct readings *out)
{
	switch (layout) {
	case UNKNOWN:
		if (n != 7)
			return DECODED_NO_MODEL;
		return result_of(sensor_add(out, p, p[0]));
	case CLIMATE:
		if (n == 4 || n == 6)
			return result_of(joined_add(out, p, p[3]));
		break;
	case PARTICLES:
		if (n == 4)
			return result_of(particles_add(out, p));
		break;
	case CARBON_DIOXIDE:
		if (n == 6)
			return result_of(carbon_dioxide_add(out, p));
		break;
	case SENSORS:		/* 0 and 1 */
		if (n == 7)
			return result_of(sensor_add(out, p, p[0]));
		break;
	case PROBES:
		if (n == 6)
			return result_of(probe_add(out, p));
		break;
	}
	return DECODED_OTHER;
}

/* The company is also Nokia's: a name, or the site, has to speak for Govee. */
static enum decode_result shared_decode(const struct decode_device *device,
					const struct ad_element *e,
					struct readings *out)
{
	enum layout layout = layout_of(device->identity.name);

	if (e->n < 6 || e->data[0] != 0x01 || e->data[1] != 0x01 ||
	    (!device->chosen && layout == UNKNOWN))
		return DECODED_OTHER;
	return sensors_decode(layout, e->data + 2, e->n - 2u, out);
}

DECODER(govee)
{
	struct ad_element e;
	size_t at = 0;

	(void)now;
	if (ad_company(adv->data, adv->n, &at, GOVEE, &e))
		return govee_decode(e.data, e.n, out);
	at = 0;
	if (ad_company(adv->data, adv->n, &at, GOVEE_OLD, &e))
		return e.n == 9 ? govee_decode(e.data, e.n, out)
				: DECODED_OTHER;
	at = 0;
	if (ad_company(adv->data, adv->n, &at, SHARED, &e))
		return shared_decode(device, &e, out);
	return govee_others_decode(adv, model_of(device->identity.name), out);
}
