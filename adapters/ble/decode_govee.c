/* SPDX-License-Identifier: GPL-2.0-or-later
 * Govee's thermometers: manufacturer data, and its length tells the model. */
#include <string.h>

#include "adapters/ble/ad.h"
#include "adapters/ble/bytes.h"
#include "adapters/ble/decode.h"

#define GOVEE 0xec88
#define GOVEE_OLD 0x8801
#define SHARED 0x0001		/* the newer ones; others use it too */

enum model { UNKNOWN, CLIMATE, PARTICLES, CARBON_DIOXIDE };

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

static enum decode_result told(bool good)
{
	return good ? DECODED_VALUES : DECODED_DAMAGED;
}

static enum decode_result govee(const uint8_t *p, size_t n,
				struct readings *out)
{
	if (n == 6)
		return told(joined_add(out, p + 1, p[4]));
	if (n == 7)
		return told(hundredths_add(out, p + 1));
	if (n == 9 && p[0] != 0xec)
		return told(hundredths_add(out, p + 1));
	if (n == 9)
		return told(hundredths_add(out, p + 4));
	/* with another vendor's data glued to it */
	return n > 9 && p[0] == 0 ? told(joined_add(out, p + 1, p[4]))
				  : DECODED_OTHER;
}

static bool is_name(const struct advertisement *adv, const char *start)
{
	char name[32];

	ad_name(adv->data, adv->n, name, sizeof(name));
	return strncmp(name, start, strlen(start)) == 0;
}

/* Lengths are not enough to tell these from the rest, and the name comes in
 * a packet of its own. */
static void model_learn(const struct advertisement *adv,
			struct decode_device *device)
{
	if (is_name(adv, "GVH5106"))
		device->model = PARTICLES;
	else if (is_name(adv, "GVH5140"))
		device->model = CARBON_DIOXIDE;
	else if (is_name(adv, "GV"))
		device->model = CLIMATE;
}

/* The company says little here: its name, or the site, has to say more. */
static enum decode_result shared(const struct decode_device *device,
				 const uint8_t *p, size_t n,
				 struct readings *out)
{
	if (n < 6 || p[0] != 0x01 || p[1] != 0x01 ||
	    (!device->chosen && device->model == UNKNOWN))
		return DECODED_OTHER;
	if (n == 9) {
		if (p[2] > 1)
			return DECODED_DAMAGED;
		reading_integer(out, FIELD_CHANNEL, p[2]);
		return told(joined_add(out, p + 3, p[6]));
	}
	if (n == 6 && device->model == PARTICLES)
		return told(particles_add(out, p + 2));
	if (n == 8 && device->model == CARBON_DIOXIDE) {
		if (!joined_add(out, p + 2, 101) || p[7] & 0x80)
			return DECODED_DAMAGED;
		reading_number(out, FIELD_CO2, be16(p + 5), 1);
		return DECODED_VALUES;
	}
	return n == 6 || n == 8 ? told(joined_add(out, p + 2, p[5]))
				: DECODED_OTHER;
}

DECODER(govee)
{
	struct ad_element e;
	size_t at = 0;

	(void)now;
	model_learn(adv, device);
	if (ad_company(adv->data, adv->n, &at, GOVEE, &e))
		return govee(e.data, e.n, out);
	at = 0;
	if (ad_company(adv->data, adv->n, &at, GOVEE_OLD, &e))
		return e.n == 9 ? govee(e.data, e.n, out) : DECODED_OTHER;
	at = 0;
	if (ad_company(adv->data, adv->n, &at, SHARED, &e))
		return shared(device, e.data, e.n, out);
	return DECODED_OTHER;
}
