/* SPDX-License-Identifier: GPL-2.0-or-later
 * Qingping's own format, service data FDCD: a head with the model and the
 * address, then objects of a kind, a length and a value. */
#include "adapters/ble/ad.h"
#include "adapters/ble/bytes.h"
#include "adapters/ble/decode.h"

#define SERVICE 0xfdcd
#define HEAD 8			/* control, model, address last byte first */
#define IS_EVENT 0x40		/* of the control: no light behind a motion */

static void climate_add(struct readings *out, const uint8_t *p)
{
	if (le16(p + 2) > 1000)
		return;
	reading_number(out, FIELD_TEMPERATURE, les16(p), 10);
	reading_number(out, FIELD_HUMIDITY, le16(p + 2), 10);
}

/* 0 open, 1 closed, 2 left open. */
static void door_add(struct readings *out, uint8_t state)
{
	if (state > 2)
		return;
	reading_bool(out, FIELD_OPENING, state != 1);
	reading_bool(out, FIELD_LEFT_OPEN, state == 2);
}

static void motion_add(struct readings *out, const uint8_t *p, bool event)
{
	reading_bool(out, FIELD_MOTION, p[0]);
	if (!event)
		reading_number(out, FIELD_ILLUMINANCE, le24(p + 1), 1);
}

/* Kind and length together: another length is another object. */
static void object_add(struct readings *out, const uint8_t *p, bool event)
{
	switch (p[0] << 8 | p[1]) {
	case 0x0104:
		climate_add(out, p + 2);
		break;
	case 0x0201:
		if (p[2] <= 100)
			reading_integer(out, FIELD_BATTERY, p[2]);
		break;
	case 0x0401:
		door_add(out, p[2]);
		break;
	case 0x0702:
		reading_number(out, FIELD_PRESSURE, le16(p + 2) * 10.0, 1);
		break;
	case 0x0804:
		motion_add(out, p + 2, event);
		break;
	case 0x0904:
		reading_number(out, FIELD_ILLUMINANCE, le32(p + 2), 1);
		break;
	case 0x0f01:
		reading_integer(out, FIELD_PACKET, p[2]);
		break;
	case 0x1101:
		reading_bool(out, FIELD_LIGHT, p[2]);
		break;
	case 0x1204:
		reading_number(out, FIELD_PM2_5, le16(p + 2), 1);
		reading_number(out, FIELD_PM10, le16(p + 4), 1);
		break;
	case 0x1302:
		reading_number(out, FIELD_CO2, le16(p + 2), 1);
		break;
	case 0x1502:
		reading_number(out, FIELD_VOC_INDEX, le16(p + 2), 1);
		break;
	case 0x1901:
		reading_number(out, FIELD_SOUND_LEVEL, p[2], 1);
		break;
	}
}

DECODER(qingping)
{
	struct ad_element e;
	size_t at = 0;

	(void)now;
	(void)device;
	if (!ad_service(adv->data, adv->n, &at, SERVICE, &e) || e.n < HEAD)
		return DECODED_OTHER;
	at = HEAD;
	for (; at + 2 <= e.n && e.data[at + 1] <= e.n - at - 2;
	     at += 2u + e.data[at + 1])
		object_add(out, e.data + at, e.data[0] & IS_EVENT);
	return at == e.n ? DECODED_VALUES : DECODED_DAMAGED;
}
