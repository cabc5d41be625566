/* SPDX-License-Identifier: GPL-2.0-or-later
 * Mopeka's sensors under tanks: manufacturer data 0059 (Nordic's, so the service
 * FEE5 has to speak for it) with the time of an echo, which takes the medium's
 * speed of sound to become a level. */
#include <string.h>

#include "adapters/ble/ad.h"
#include "adapters/ble/bytes.h"
#include "adapters/ble/decode.h"

#define COMPANY 0x0059
#define SERVICE 0xfee5
#define LENGTH 10

/* mm a unit: a + b t + c t^2, t 40 degrees above that of Celsius. */
static const struct medium {
	const char *name;	/* variant of the device; the first: none */
	double a, b, c;
} media[] = {
	{"propane", 0.573045, -0.002822, -0.00000535},
	{"water", 0.600592, 0.003124, -0.00001368},
	{"air", 0.153096, 0.000327, -0.000000294},
	{"oil", 0.7373417462, -0.001978229885, 0.00000202162},
};

static bool is_model(uint8_t model)
{
	return (model >= 0x03 && model <= 0x06) ||
	       (model >= 0x08 && model <= 0x0c) || model == 0x12;
}

static const struct medium *medium_of(const char *name)
{
	for (size_t i = 0; i < sizeof(media) / sizeof(*media); i++)
		if (strcmp(media[i].name, name) == 0)
			return &media[i];
	return &media[0];
}

static double level_of(const struct medium *m, uint16_t raw, uint8_t t)
{
	return raw * (m->a + m->b * t + m->c * t * t);
}

DECODER(mopeka)
{
	struct ad_element e;
	size_t at = 0;
	uint8_t t;
	uint16_t echo;

	(void)now;
	if (!ad_company(adv->data, adv->n, &at, COMPANY, &e) ||
	    e.n != LENGTH || !is_model(e.data[0]) ||
	    (!device->chosen && !ad_lists(adv->data, adv->n, SERVICE)))
		return DECODED_OTHER;
	t = e.data[2] & 0x7f;
	echo = le16(e.data + 3);
	reading_number(out, FIELD_VOLTAGE, e.data[1], 32);
	reading_integer(out, FIELD_TEMPERATURE, t - 40);
	reading_integer(out, FIELD_QUALITY, echo >> 14);
	if (echo >> 14 > 0)	/* else it has heard no echo */
		reading_number(out, FIELD_LEVEL,
			       (int)level_of(medium_of(device->identity.name),
					     echo & 0x3fff, t), 1000);
	reading_bool(out, FIELD_INPUT, e.data[2] & 0x80);
	return DECODED_VALUES;
}
