/* SPDX-License-Identifier: GPL-2.0-or-later
 * Govee's thermometers for grills, and its contacts, motion sensors and buttons,
 * which are encrypted with a key that comes with them. The two bytes of the
 * company are no company: a service, a name or a checksum tells them. */
#include <stdlib.h>
#include <string.h>

#include "adapters/ble/ad.h"
#include "adapters/ble/bytes.h"
#include "adapters/ble/crypto.h"
#include "adapters/ble/decode.h"
#include "adapters/ble/decode_govee.h"

/* Where the second value is: of a second probe, of the next of two packets, or of
 * the air. */
static const struct grill {
	uint16_t model, service;
	uint8_t n;		/* behind the company */
	uint8_t second;		/* 0: there is none */
	bool pairs;		/* a byte says which pair of four probes */
} grills[] = {
	{5181, 0x8151, 14, 0, false}, {5182, 0x8251, 17, 13, false},
	{5183, 0x8351, 14, 0, false}, {5184, 0x8451, 17, 13, true},
	{5185, 0x8551, 20, 14, false}, {5191, 0x9151, 20, 14, false},
	{5198, 0x9851, 20, 14, true},
};
#define FIRST 8			/* hundredths of degrees; below 0: no probe */
#define PAIR 6
#define H5055_SERVICE 0x5550
#define H5055_LENGTH 20

static void probe_add(struct readings *out, unsigned index, int16_t hundredths)
{
	if (hundredths >= 0)
		reading_add_at(out, FIELD_TEMPERATURE, index,
			       lwm2m_float(hundredths / 100.0));
}

static enum decode_result grill_decode(const struct grill *g, const uint8_t *p,
				       struct readings *out)
{
	unsigned pair = p[PAIR] & 0x3f;

	if (g->pairs && pair != 1 && pair != 2)
		return DECODED_DAMAGED;
	pair = g->pairs ? 2 * (pair - 1) : 0;
	probe_add(out, pair, bes16(p + FIRST));
	if (g->second)
		probe_add(out, pair + 1, bes16(p + g->second));
	return DECODED_VALUES;
}

/* Whole degrees; which pair of six, and which of it are there, are bits. */
static enum decode_result grill_of_six(const uint8_t *p, struct readings *out)
{
	unsigned pair = p[3] >> 6;

	if (pair > 2)
		return DECODED_DAMAGED;
	if (p[3] >> 2 * pair & 1)
		reading_add_at(out, FIELD_TEMPERATURE, 2 * pair,
			       lwm2m_float(les16(p + 5)));
	if (p[3] >> 2 * pair & 2)
		reading_add_at(out, FIELD_TEMPERATURE, 2 * pair + 1,
			       lwm2m_float(les16(p + 12)));
	if ((p[2] & 0x7f) <= 100)
		reading_integer(out, FIELD_BATTERY, p[2] & 0x7f);
	return DECODED_VALUES;
}

static enum decode_result grills_decode(const struct advertisement *adv,
					unsigned long model,
					const struct ad_element *e,
					struct readings *out)
{
	for (size_t i = 0; i < sizeof(grills) / sizeof(*grills); i++)
		if (e->n == grills[i].n &&
		    (model == grills[i].model ||
		     ad_lists(adv->data, adv->n, grills[i].service)))
			return grill_decode(&grills[i], e->data, out);
	if (e->n == H5055_LENGTH && (model == 5055 ||
				     ad_lists(adv->data, adv->n,
					      H5055_SERVICE)))
		return grill_of_six(e->data, out);
	return DECODED_OTHER;
}

/* ---- sealed ones: a time (4 bytes), sixteen sealed, their CRC */

#define SEALED 24
#define TIME_AT 2
#define TEXT_AT 6
#define CRC_AT 22
enum sealed { WINDOW = 2, MOTION = 3, BUTTON_1 = 8, VIBRATION = 9,
	      BUTTON_6 = 10, BUTTON_2 = 11, PRESSURE = 13 };

static uint16_t crc_of(const uint8_t *p, size_t n)
{
	uint16_t crc = 0x1d0f;

	while (n-- > 0) {
		crc = (uint16_t)(crc ^ *p++ << 8);
		for (int bit = 0; bit < 8; bit++)
			crc = (uint16_t)(crc << 1 ^ (crc >> 15 ? 0x1021 : 0));
	}
	return crc;
}

/* All of it goes last byte first. */
static bool sealed_open(const uint8_t *p, uint8_t plain[16])
{
	uint8_t key[16] = {0}, block[16], text[16];

	for (int i = 0; i < 4; i++)
		key[15 - i] = p[TIME_AT + i];
	for (int i = 0; i < 16; i++)
		block[15 - i] = p[TEXT_AT + i];
	if (crypto_block_open(key, block, text) < 0)
		return false;
	for (int i = 0; i < 16; i++)
		plain[i] = text[15 - i];
	return true;
}

static void press_add(struct readings *out, uint8_t button)
{
	if (button > 5)
		return;
	reading_add_at(out, FIELD_BUTTON, button, lwm2m_boolean(true));
	reading_add_at(out, FIELD_BUTTON_EVENT, button, lwm2m_integer(1));
}

static enum decode_result sealed_add(struct readings *out, uint8_t model,
				     uint8_t state)
{
	switch (model) {
	case WINDOW:
		reading_bool(out, FIELD_WINDOW, state == 2);
		break;
	case MOTION:
		if (state == 1)
			reading_bool(out, FIELD_MOTION, true);
		break;
	case VIBRATION:
		if (state == 1)
			reading_bool(out, FIELD_VIBRATION, true);
		break;
	case BUTTON_1:
	case BUTTON_2:
	case BUTTON_6:
		press_add(out, state);
		break;
	case PRESSURE:
		if (state & 0x10)
			press_add(out, 0);
		if (state != 0x10)
			reading_bool(out, FIELD_PRESENCE, state & 0x01);
		break;
	default:
		return DECODED_OTHER;
	}
	return DECODED_VALUES;
}

static enum decode_result sealed_decode(const uint8_t *p, struct readings *out)
{
	uint8_t plain[16];
	enum decode_result result;

	if (crc_of(p + TEXT_AT, 16) != be16(p + CRC_AT) ||
	    !sealed_open(p, plain))
		return DECODED_OTHER;
	result = sealed_add(out, plain[2], plain[5]);
	if (result == DECODED_VALUES && plain[4] <= 100)
		reading_integer(out, FIELD_BATTERY, plain[4]);
	return result;
}

/* H5127, in clear: somebody is there, and moves. */
static enum decode_result presence_decode(const struct ad_element *e,
					  struct readings *out)
{
	const uint8_t *p = e->data;

	if (e->n != 6 || p[0] != 0xec || p[1] != 0x00 ||
	    (p[2] != 0x01 && p[2] != 0x02) || p[3] != 0x01)
		return DECODED_OTHER;
	reading_bool(out, FIELD_OCCUPANCY, p[4] == 1);
	reading_bool(out, FIELD_MOTION, p[5] == 0x11);
	return DECODED_VALUES;
}

enum decode_result govee_others_decode(const struct advertisement *adv,
				       unsigned long model,
				       struct readings *out)
{
	enum decode_result result = DECODED_OTHER;
	struct ad_element e;
	size_t at = 0;

	while (result == DECODED_OTHER && ad_next(adv->data, adv->n, &at, &e)) {
		uint16_t company = e.n >= 2 ? le16(e.data) : 0;

		if (e.type != AD_MANUFACTURER || e.n < 2)
			continue;
		e.data += 2;
		e.n = (uint8_t)(e.n - 2);
		if (e.n == SEALED)
			result = sealed_decode(e.data, out);
		else if (company == 0x8803 || company == 0x8843)
			result = presence_decode(&e, out);
		else
			result = grills_decode(adv, model, &e, out);
	}
	return result;
}
