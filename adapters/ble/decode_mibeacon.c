/* SPDX-License-Identifier: GPL-2.0-or-later
 * Xiaomi's MiBeacon, versions 2 to 5: service data FE95. And the FD50 of
 * HHCCJCY10, which has a layout of its own. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/ble/ad.h"
#include "adapters/ble/bytes.h"
#include "adapters/ble/crypto.h"
#include "adapters/ble/decode.h"

enum control {
	ENCRYPTED = 0x0008, HAS_ADDRESS = 0x0010, HAS_CAPABILITY = 0x0020,
	HAS_OBJECT = 0x0040, IS_MESH = 0x0080,
};
#define VERSION(control) ((control) >> 12)
#define HAS_IO 0x20		/* of the capability */
#define LEGACY_KEY 12
#define MIN_OBJECT 3
#define RESTART 256		/* a counter below: a new battery */
enum product {
	DSL_C08 = 0x0380, MJYD02YL = 0x07f6, SAFE = 0x09b0, RTCGQ02LM = 0x0a8d,
	ES5BB = 0x6a0f,
};
enum scale { POUNDS = 0x01, HAS_OHMS = 0x02, STEADY = 0x20, REMOVED = 0x80 };
#define OHMS_MAX 3000		/* more is none: shoes, or it still measures */
#define IDLE_MOTION 30		/* seconds; longer is no motion any more */

enum form {
	FORM_U8, FORM_U16, FORM_U24, FORM_U32, FORM_S16, FORM_FLOAT,
	FORM_TRUTH,
};
static const uint8_t form_size[] = {1, 2, 3, 4, 2, 4, 1};

struct part {
	uint16_t object;
	uint8_t at, form;
	uint16_t field;
	uint16_t divide;
};

/* Objects that are plain numbers, one row for each number in them. */
static const struct part parts[] = {
	{0x0003, 0, FORM_TRUTH, FIELD_MOTION, 1},
	{0x0008, 0, FORM_TRUTH, FIELD_ARMED, 1},
	{0x000a, 0, FORM_S16, FIELD_TEMPERATURE, 100},
	{0x1004, 0, FORM_S16, FIELD_TEMPERATURE, 10},
	{0x1005, 0, FORM_TRUTH, FIELD_POWER_ON, 1},
	{0x1005, 1, FORM_U8, FIELD_TEMPERATURE, 1},
	{0x1006, 0, FORM_U16, FIELD_HUMIDITY, 10},
	{0x1007, 0, FORM_U24, FIELD_ILLUMINANCE, 1},
	{0x1008, 0, FORM_U8, FIELD_MOISTURE, 1},
	{0x1009, 0, FORM_U16, FIELD_CONDUCTIVITY, 1},
	{0x100a, 0, FORM_U8, FIELD_BATTERY, 1},
	{0x100d, 0, FORM_S16, FIELD_TEMPERATURE, 10},
	{0x100d, 2, FORM_U16, FIELD_HUMIDITY, 10},
	{0x1010, 0, FORM_U16, FIELD_FORMALDEHYDE, 100},
	{0x1012, 0, FORM_TRUTH, FIELD_POWER_ON, 1},
	{0x1013, 0, FORM_U8, FIELD_CONSUMABLE, 1},
	{0x1014, 0, FORM_TRUTH, FIELD_WET, 1},
	{0x1015, 0, FORM_TRUTH, FIELD_SMOKE, 1},
	{0x1016, 0, FORM_TRUTH, FIELD_GAS_ALARM, 1},
	{0x1017, 0, FORM_U32, FIELD_IDLE, 1},
	{0x101b, 0, FORM_U32, FIELD_IDLE, 1},
	{0x1018, 0, FORM_TRUTH, FIELD_LIGHT, 1},
	{0x101a, 0, FORM_U16, FIELD_MASS, 1000},
	{0x2000, 0, FORM_S16, FIELD_TEMPERATURE, 100},
	{0x2000, 2, FORM_S16, FIELD_TEMPERATURE, 100},
	{0x2000, 4, FORM_U8, FIELD_BATTERY, 1},
	{0x4801, 0, FORM_FLOAT, FIELD_TEMPERATURE, 1},
	{0x4c01, 0, FORM_FLOAT, FIELD_TEMPERATURE, 1},
	{0x4802, 0, FORM_U8, FIELD_HUMIDITY, 1},
	{0x4c02, 0, FORM_U8, FIELD_HUMIDITY, 1},
	{0x4803, 0, FORM_U8, FIELD_BATTERY, 1},
	{0x4c03, 0, FORM_U8, FIELD_BATTERY, 1},
	{0x5003, 0, FORM_U8, FIELD_BATTERY, 1},
	{0x4805, 0, FORM_FLOAT, FIELD_ILLUMINANCE, 1},
	{0x4806, 0, FORM_TRUTH, FIELD_WET, 1},
	{0x4808, 0, FORM_FLOAT, FIELD_HUMIDITY, 1},
	{0x4c08, 0, FORM_FLOAT, FIELD_HUMIDITY, 1},
	{0x480c, 0, FORM_TRUTH, FIELD_DOOR, 1},
	{0x4818, 0, FORM_U16, FIELD_IDLE, 1},
	{0x483c, 0, FORM_TRUTH, FIELD_PRESENCE, 1},
	{0x483d, 0, FORM_U32, FIELD_DURATION, 1},
	{0x484e, 0, FORM_TRUTH, FIELD_OCCUPANCY, 1},
	{0x4a01, 0, FORM_TRUTH, FIELD_BATTERY_LOW, 1},
	{0x4e01, 0, FORM_TRUTH, FIELD_BATTERY_LOW, 1},
	{0x4c14, 0, FORM_U8, FIELD_MODE, 1},
	{0x5414, 0, FORM_U8, FIELD_MODE, 1},
	{0x4a08, 0, FORM_FLOAT, FIELD_ILLUMINANCE, 1},
};

/* Buttons whose kind of press is the object's id. */
static const struct {
	uint16_t object;
	uint8_t press;
} presses[] = {
	{0x4a0c, 1}, {0x4a0d, 2}, {0x4a0e, 4}, {0x4e0c, 1}, {0x4e0d, 2},
	{0x4e0e, 4}, {0x560c, 1}, {0x560d, 2}, {0x560e, 4},
};

/* The shortest decimal that reads back as the same float of 32 bits. */
static double float_of(const uint8_t *p)
{
	uint32_t bits = le32(p);
	char text[32];
	float number;

	memcpy(&number, &bits, sizeof(number));
	for (int digits = 6; digits <= 9; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, (double)number);
		if (strtof(text, NULL) >= number &&
		    strtof(text, NULL) <= number)
			break;
	}
	return strtod(text, NULL);
}

static double number_of(const uint8_t *p, enum form form)
{
	switch (form) {
	case FORM_U8:
	case FORM_TRUTH:
		return p[0];
	case FORM_U16:
		return le16(p);
	case FORM_U24:
		return le24(p);
	case FORM_U32:
		return le32(p);
	case FORM_S16:
		return les16(p);
	case FORM_FLOAT:
		break;
	}
	return float_of(p);
}

static void part_add(struct readings *out, const struct part *part,
		     const uint8_t *p)
{
	double number = number_of(p, (enum form)part->form);

	if (!isfinite(number) ||
	    (field_is_percent(part->field) &&
	     (number < 0 || number > 100.0 * part->divide)))
		return;
	if (part->form == FORM_TRUTH)
		reading_bool(out, part->field, number > 0);
	else if (part->field == FIELD_BATTERY)
		reading_integer(out, part->field, (int64_t)number);
	else
		reading_number(out, part->field, number, part->divide);
}

static void press_add(struct readings *out, unsigned button, uint8_t press)
{
	while (button-- > 0 && button < 16) {
		reading_bool(out, FIELD_BUTTON, false);
		reading_integer(out, FIELD_BUTTON_EVENT, 0);
	}
	reading_bool(out, FIELD_BUTTON, press > 0);
	reading_integer(out, FIELD_BUTTON_EVENT, press);
}

/* Kinds of press are told as BTHome numbers them: 1, 2 double, 4 long. */
static void button_add(struct readings *out, const uint8_t *p)
{
	static const uint8_t kinds[] = {1, 2, 4};
	int8_t steps = (int8_t)p[1];

	if (p[2] <= 2)
		press_add(out, p[0], kinds[p[2]]);
	else if (p[2] == 3)	/* of a dimmer: value 0 press, else long */
		press_add(out, 0, p[0] ? 4 : 1);
	else if (p[2] == 4)	/* button: turned while it was pressed */
		reading_integer(out, FIELD_DIMMER, steps ? steps :
				(int8_t)p[0]);
}

/* 0 open, 1 closed, 2 left open; the others (reset, knock) change nothing here. */
static void door_add(struct readings *out, unsigned field, uint8_t state)
{
	if (state > 2)
		return;
	reading_bool(out, field, state != 1);
	reading_bool(out, FIELD_LEFT_OPEN, state == 2);
}

/* Of a door: 4 is prised open and 5 stuck, until it is closed, or open. */
static void door_trouble_add(struct readings *out, uint8_t state)
{
	if (state == 1 || state == 4)
		reading_bool(out, FIELD_TAMPER, state == 4);
	if (state == 0 || state == 5)
		reading_bool(out, FIELD_PROBLEM, state == 5);
}

/* The operation; those of the bolt also say how it is: 0, 4 and 15 opened it from
 * outside, from inside and by trouble. */
static void lock_add(struct readings *out, uint8_t operation)
{
	reading_integer(out, FIELD_LOCK_EVENT, operation);
	if (operation == 0 || operation == 4 || operation == 15)
		reading_bool(out, FIELD_LOCK, true);
	else if (operation == 1 || operation == 5 || operation == 8)
		reading_bool(out, FIELD_LOCK, false);
	else if (operation == 6 || operation == 7)	/* on, off */
		reading_bool(out, FIELD_CHILD_LOCK, operation == 6);
}

static void toothbrush_add(struct readings *out, const uint8_t *p, size_t n)
{
	reading_bool(out, FIELD_RUNNING, p[0] == 0);
	if (n > 1 && p[0] != 0)
		reading_integer(out, FIELD_SCORE, p[1]);
}

/* Whose finger it was, and what came of it. */
static void fingerprint_add(struct readings *out, const uint8_t *p)
{
	reading_number(out, FIELD_KEY_ID, le32(p), 1);
	if (p[4] <= 6)
		reading_integer(out, FIELD_FINGERPRINT_EVENT, p[4]);
}

/* 0 it begins, 1 it has ended; the time, and a score at the end. */
static void brushing_add(struct readings *out, const uint8_t *p, size_t n)
{
	if (p[0] > 1)
		return;
	reading_bool(out, FIELD_RUNNING, p[0] == 0);
	if (n == 6)
		reading_integer(out, FIELD_SCORE, p[5]);
}

/* For how long somebody was there, and for how long nobody. */
static void presence_time_add(struct readings *out, bool nobody,
			      uint32_t seconds)
{
	reading_add_at(out, FIELD_DURATION, nobody, lwm2m_float(seconds));
}

/* What means this only where one model sends it. */
static void model_add(struct readings *out, uint16_t product, uint16_t id,
		      uint8_t value)
{
	if (id == 0x100e && product == DSL_C08) {
		reading_bool(out, FIELD_LOCK, !(value & 1));
		reading_bool(out, FIELD_CHILD_LOCK, value & 8);
	} else if (id == 0x100f && product == SAFE) {
		reading_bool(out, FIELD_DOOR, value == 1);
	} else if (id == 0x5413 && product == ES5BB) {
		reading_add_at(out, FIELD_OCCUPANCY, 1,
			       lwm2m_boolean(value > 0));
	}
}

/* A leak sensor with two: 0 and 1 wet and dry below, 2 and 3 above. */
static void leak_add(struct readings *out, uint8_t event)
{
	if (event <= 3)
		reading_add_at(out, FIELD_WET, event >> 1,
			       lwm2m_boolean(!(event & 1)));
}

/* S200: hundredths of kilograms. */
static void weight_s200_add(struct readings *out, const uint8_t *p)
{
	if (le32(p + 1) > 0)
		reading_number(out, FIELD_MASS, le32(p + 1), 100);
}

/* S400: 11 bits of tenths of kilograms, 7 of the heart's beats over 50, the rest
 * tenths of ohms: at 50 kHz where the weight is with it, else at 250 kHz. */
static void weight_s400_add(struct readings *out, const uint8_t *p)
{
	uint32_t bits = le32(p + 1), mass = bits & 0x7ff;
	uint32_t heart = bits >> 11 & 0x7f, ohms = bits >> 18;

	if (mass == 0x7ff)
		mass = 0;
	if (mass > 0)
		reading_number(out, FIELD_MASS, mass, 10);
	if (heart > 0 && heart < 127)
		reading_integer(out, FIELD_HEART_RATE, heart + 50);
	if (ohms > 0)
		reading_add_at(out, FIELD_IMPEDANCE,
			       mass == 0 && heart == 0,
			       lwm2m_float(ohms / 10.0));
}

/* What is closed is no longer left open: nothing else says that. */
static void opening_add(struct readings *out, bool is_open)
{
	reading_bool(out, FIELD_OPENING, is_open);
	if (!is_open)
		reading_bool(out, FIELD_LEFT_OPEN, false);
}

static void idle_add(struct readings *out, double seconds)
{
	reading_bool(out, FIELD_MOTION, seconds <= IDLE_MOTION);
}

/* Behind a motion stands the light, in lux; with some devices it is a mark. */
static void motion_add(struct readings *out, uint16_t product, uint32_t light)
{
	reading_bool(out, FIELD_MOTION, true);
	if (product == RTCGQ02LM)
		reading_bool(out, FIELD_LIGHT, light == 256);
	else if (product == MJYD02YL)
		reading_bool(out, FIELD_LIGHT, light == 100);
	else
		reading_number(out, FIELD_ILLUMINANCE, light, 1);
}

static bool one_or_two(uint8_t byte)
{
	return byte == 1 || byte == 2;
}

/* Of who wears it, stands on it or holds it. */
static void person_add(struct readings *out, uint16_t id, const uint8_t *p,
		       size_t n)
{
	switch (id) {
	case 0x0006:
		if (n == 5)
			fingerprint_add(out, p);
		break;
	case 0x3003:
		if (n >= 5)
			brushing_add(out, p, n);
		break;
	case 0x5810:
	case 0x6461:
		if (n == 1)	/* 1 is no */
			reading_bool(out, id == 0x5810 ? FIELD_ASLEEP :
				     FIELD_WEARING, !(p[0] & 1));
		break;
	case 0x0010:
		if (n >= 1)
			toothbrush_add(out, p, n);
		break;
	case 0x4e16:
		if (n == 9)
			weight_s200_add(out, p);
		break;
	case 0x6e16:
		if (n == 9)
			weight_s400_add(out, p);
		break;
	}
}

/* Of who moves, or does not. */
static void presence_add(struct readings *out, uint16_t product, uint16_t id,
			 const uint8_t *p, size_t n)
{
	switch (id) {
	case 0x483e:
		if (n >= 4)
			presence_time_add(out, true, le32(p));
		break;
	case 0x4851:
	case 0x4852:
		if (n >= 1)
			presence_time_add(out, id == 0x4852, 60u * p[0]);
		break;
	case 0x000f:
		if (n >= 3)
			motion_add(out, product, le24(p));
		break;
	case 0x1017:
	case 0x101b:
		if (n >= 4)
			idle_add(out, le32(p));
		break;
	case 0x4818:
		if (n >= 2)
			idle_add(out, le16(p));
		break;
	case 0x4a08:
		reading_bool(out, FIELD_MOTION, true);
		break;
	}
}

/* Of doors, windows and their locks. */
static void entrance_add(struct readings *out, uint16_t id, const uint8_t *p,
			 size_t n)
{
	switch (id) {
	case 0x0007:
		if (n < 1)
			break;
		door_add(out, FIELD_DOOR, p[0] == 4 ? 0 : p[0] == 5 ? 1 :
			 p[0]);
		door_trouble_add(out, p[0]);
		break;
	case 0x000b:
		if (n >= 1)
			lock_add(out, p[0] & 0x0f);
		break;
	case 0x1019:
		if (n >= 1)
			door_add(out, FIELD_OPENING, p[0]);
		break;
	case 0x4a0f:
		if (n >= 1 && p[0] == 1)
			reading_bool(out, FIELD_TAMPER, true);
		break;
	case 0x4804:
	case 0x4a12:
		if (n >= 1 && one_or_two(p[0]))
			opening_add(out, p[0] == 1);
		break;
	case 0x4a1a:
		reading_bool(out, FIELD_OPENING, true);
		reading_bool(out, FIELD_LEFT_OPEN, true);
		break;
	}
}

/* What is not a plain number. */
static void special_add(struct readings *out, uint16_t product, uint16_t id,
			const uint8_t *p, size_t n)
{
	switch (id) {
	case 0x100e:
	case 0x100f:
	case 0x5413:
		if (n == 1)
			model_add(out, product, id, p[0]);
		break;
	case 0x1001:
		if (n == 3)
			button_add(out, p);
		break;
	case 0x487b:
		if (n == 1)
			reading_add_at(out, FIELD_WET, 1,
				       lwm2m_boolean(p[0] > 0));
		break;
	case 0x4a68:
		if (n == 1)
			leak_add(out, p[0]);
		break;
	case 0x5422:
		if (n == 1 && p[0] <= 2)
			reading_bool(out, FIELD_CHARGING, p[0] == 0);
		break;
	case 0x4a13:
		press_add(out, 0, 1);
		break;
	default:
		person_add(out, id, p, n);
		presence_add(out, product, id, p, n);
		entrance_add(out, id, p, n);
	}
}

static void object_add(struct readings *out, uint16_t product, uint16_t id,
		       const uint8_t *p, size_t n)
{
	/* XMOSB01XS has a 2 where others have a 0 */
	if (product == 0x4683 && id == 0x484e && n >= 1) {
		reading_bool(out, FIELD_OCCUPANCY, p[0] == 1);
		return;
	}
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		if (parts[i].object == id &&
		    n >= (size_t)parts[i].at + form_size[parts[i].form])
			part_add(out, &parts[i], p + parts[i].at);
	for (size_t i = 0; i < sizeof(presses) / sizeof(*presses); i++)
		if (presses[i].object == id)
			press_add(out, n > 0 ? p[0] : 0, presses[i].press);
	special_add(out, product, id, p, n);
}

/* Unknown objects are skipped by their length; bytes that make no whole
 * object are junk that some devices send. Returns the objects. */
static unsigned objects_walk(struct readings *out, uint16_t product,
			     const uint8_t *p, size_t n)
{
	unsigned objects = 0;

	while (n >= MIN_OBJECT && p[2] <= n - MIN_OBJECT) {
		size_t size = MIN_OBJECT + (size_t)p[2];

		object_add(out, product, le16(p), p + MIN_OBJECT, p[2]);
		objects++;
		p += size;
		n -= size;
	}
	return objects;
}

static void address_reverse(const struct advertisement *adv, uint8_t *out)
{
	for (int i = 0; i < 6; i++)
		out[i] = adv->address[5 - i];
}

static const uint8_t more[] = {0x11};

/* Versions 4 and 5: text, the high bytes of the counter (3), tag (4). */
static enum decode_result decrypt_v4(const struct advertisement *adv,
				     struct decode_device *device, int64_t now,
				     const uint8_t *head, const uint8_t *p,
				     size_t n, struct readings *out)
{
	uint8_t nonce[12], plain[CRYPTO_PLAIN_MAX];
	struct crypto_sealed s = {.nonce = nonce, .n_nonce = sizeof(nonce),
				  .more = more, .n_more = sizeof(more),
				  .text = p, .tag = p + n - 4, .n_tag = 4};
	enum decode_result result;

	if (n < 7 + MIN_OBJECT)
		return DECODED_DAMAGED;
	if (device->n_key != CRYPTO_KEY)
		return device->n_key ? DECODED_WRONG_KEY : DECODED_NO_KEY;
	address_reverse(adv, nonce);
	memcpy(nonce + 6, head + 2, 3);
	memcpy(nonce + 9, p + n - 7, 3);
	s.key = device->key;
	s.n = n - 7;
	if (s.n > sizeof(plain))
		return DECODED_DAMAGED;
	if (crypto_ccm_open(&s, plain) < 0)
		return DECODED_WRONG_KEY;
	result = decode_count(&device->counter,
			      le24(p + n - 7) << 8 | head[4], RESTART, now);
	if (result == DECODED_VALUES)
		objects_walk(out, le16(head + 2), plain, s.n);
	return result;
}

/* Versions 2 and 3 have no whole tag: text that is exactly one object is
 * taken for proof. Wrong keys make random bytes, one in 2^24 of which pass. */
static enum decode_result decrypt_v2(const struct advertisement *adv,
				     struct decode_device *device,
				     const uint8_t *head, const uint8_t *p,
				     size_t n, struct readings *out)
{
	uint8_t key[CRYPTO_KEY] = {[6] = 0x8d, 0x3d, 0x3c, 0x97};
	uint8_t nonce[13], plain[CRYPTO_PLAIN_MAX], address[6];
	struct crypto_sealed s = {.key = key, .nonce = nonce,
				  .n_nonce = sizeof(nonce), .text = p};
	bool known = false;

	if (n < 4 + MIN_OBJECT || n - 4 > sizeof(plain))
		return DECODED_DAMAGED;
	if (device->n_key != LEGACY_KEY)
		return device->n_key ? DECODED_WRONG_KEY : DECODED_NO_KEY;
	memcpy(key, device->key, 6);
	memcpy(key + 10, device->key + 6, 6);
	memcpy(nonce, head, 5);
	memcpy(nonce + 5, p + n - 4, 3);
	address_reverse(adv, address);
	memcpy(nonce + 8, address, 5);
	s.n = n - 4;
	if (crypto_ccm_uncover(&s, plain) < 0)
		return DECODED_WRONG_KEY;
	known = s.n == MIN_OBJECT + (size_t)plain[2] && plain[1] <= 0x20;
	if (!known)
		return DECODED_WRONG_KEY;
	if (device->has_packet && device->packet == head[4])
		return DECODED_REPEATED;
	device->has_packet = true;
	device->packet = head[4];
	objects_walk(out, le16(head + 2), plain, s.n);
	return out->n ? DECODED_VALUES : DECODED_WRONG_KEY;
}

/* Behind the five bytes of the head: what the control says is there. 0: it
 * is not. */
static size_t head_length(const struct advertisement *adv, uint16_t control,
			  const uint8_t *p, size_t n)
{
	size_t at = 5;

	if (control & HAS_ADDRESS) {
		if (n < at + 6 || !decode_is_address(p + at, adv))
			return 0;
		at += 6;
	}
	if (control & HAS_CAPABILITY) {
		if (n < at + 1)
			return 0;
		at += p[at] & HAS_IO ? 2 : 1;
	}
	return at <= n ? at : 0;
}

static enum decode_result clear_decode(struct decode_device *device,
				       int64_t now, const uint8_t *head,
				       const uint8_t *p, size_t n,
				       struct readings *out)
{
	if (device->n_key > 0)
		return DECODED_UNPROTECTED;
	if (!objects_walk(out, le16(head + 2), p, n))
		return DECODED_DAMAGED;
	return decode_packet_is_new(device, head[4], p, n, now) ?
	       DECODED_VALUES : DECODED_REPEATED;
}

static enum decode_result beacon_decode(const struct advertisement *adv,
					struct decode_device *device,
					int64_t now, const uint8_t *p, size_t n,
					struct readings *out)
{
	uint16_t control;
	size_t at;

	if (n < 5)
		return DECODED_DAMAGED;
	control = le16(p);
	if (VERSION(control) < 2 || VERSION(control) > 5 || control & IS_MESH)
		return DECODED_OTHER;
	at = head_length(adv, control, p, n);
	if (!at)
		return DECODED_DAMAGED;
	if (!(control & HAS_OBJECT))
		return DECODED_NOTHING;
	if (!(control & ENCRYPTED))
		return clear_decode(device, now, p, p + at, n - at, out);
	if (VERSION(control) >= 4)
		return decrypt_v4(adv, device, now, p, p + at, n - at, out);
	return decrypt_v2(adv, device, p, p + at, n - at, out);
}

/* HHCCJCY10: soil, big-endian. */
static enum decode_result soil_decode(const uint8_t *p, size_t n,
				      struct readings *out)
{
	if (n != 9)
		return DECODED_OTHER;
	if (p[0] <= 100)
		reading_number(out, FIELD_MOISTURE, p[0], 1);
	reading_number(out, FIELD_TEMPERATURE, bes16(p + 1), 10);
	reading_number(out, FIELD_ILLUMINANCE, be24(p + 3), 1);
	if (p[6] <= 100)
		reading_integer(out, FIELD_BATTERY, p[6]);
	reading_number(out, FIELD_CONDUCTIVITY, be16(p + 7), 1);
	return DECODED_VALUES;
}

/* Of hundredths of pounds, else of two hundredths of kilograms (or hundredths
 * of jin, which is the same). */
static void weight_add(struct readings *out, uint16_t raw, bool pounds)
{
	if (pounds)
		reading_number(out, FIELD_MASS, round(raw * 0.45359237), 100);
	else
		reading_number(out, FIELD_MASS, raw, 200);
}

/* The first scale: flags, weight, time. What moves or was taken off is no
 * weight. */
static enum decode_result scale_decode(const uint8_t *p, size_t n,
				       struct readings *out)
{
	if (n != 10)
		return DECODED_OTHER;
	if ((p[0] & (STEADY | REMOVED)) == STEADY)
		weight_add(out, le16(p + 1), p[0] & POUNDS);
	return DECODED_VALUES;
}

/* That of body composition: flags of two bytes, time, impedance, weight. */
static enum decode_result body_scale(const uint8_t *p, size_t n,
				     struct readings *out)
{
	uint16_t ohms;

	if (n != 13)
		return DECODED_OTHER;
	if ((p[1] & (STEADY | REMOVED)) != STEADY)
		return DECODED_NOTHING;
	weight_add(out, le16(p + 11), p[0] & POUNDS);
	ohms = le16(p + 9);
	if (p[1] & HAS_OHMS && ohms > 0 && ohms < OHMS_MAX)
		reading_number(out, FIELD_IMPEDANCE, ohms, 1);
	return DECODED_VALUES;
}

DECODER(mibeacon)
{
	struct ad_element e;
	size_t at = 0;

	if (ad_service(adv->data, adv->n, &at, 0xfe95, &e))
		return beacon_decode(adv, device, now, e.data, e.n, out);
	at = 0;
	if (ad_service(adv->data, adv->n, &at, 0xfd50, &e))
		return soil_decode(e.data, e.n, out);
	at = 0;
	if (ad_service(adv->data, adv->n, &at, 0x181d, &e))
		return scale_decode(e.data, e.n, out);
	at = 0;
	if (ad_service(adv->data, adv->n, &at, 0x181b, &e))
		return body_scale(e.data, e.n, out);
	return DECODED_OTHER;
}
