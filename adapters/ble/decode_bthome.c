/* SPDX-License-Identifier: GPL-2.0-or-later
 * BTHome, version 2 (service data FCD2) and version 1 (181C, and 181E when
 * encrypted); https://bthome.io/format. */
#include <string.h>

#include "adapters/ble/ad.h"
#include "adapters/ble/bytes.h"
#include "adapters/ble/crypto.h"
#include "adapters/ble/decode.h"

#define V2 0xfcd2
#define V1 0x181c
#define V1_ENCRYPTED 0x181e

#define ENCRYPTED 0x01		/* of the device information */
#define HAS_ADDRESS 0x02
#define VERSION(info) ((info) >> 5)

/* A device that had its battery changed counts from 0 again; what it sends
 * below this cannot be told from an old packet. */
#define RESTART 100

enum form {
	UNSIGNED, SIGNED, TRUTH, INTEGER, PACKET, TEXT, RAW, BUTTON, COMMAND,
	DIMMER, RELEASE,
};

struct object {
	uint8_t id, size;	/* 0: said by the first byte */
	uint8_t form;
	uint8_t field;
	uint16_t multiply;
	uint32_t divide;
};

#define U(id, size, field, ...) {id, size, UNSIGNED, FIELD_##field, __VA_ARGS__}
#define S(id, size, field, ...) {id, size, SIGNED, FIELD_##field, __VA_ARGS__}
#define B(id, field) {id, 1, TRUTH, FIELD_##field, 1, 1}
#define N(id, size, field) {id, size, INTEGER, FIELD_##field, 1, 1}

static const struct object objects[] = {
	{0x00, 1, PACKET, FIELD_PACKET, 1, 1},
	N(0x01, 1, BATTERY),
	S(0x02, 2, TEMPERATURE, 1, 100),
	U(0x03, 2, HUMIDITY, 1, 100),
	U(0x04, 3, PRESSURE, 1, 1),		/* hundredths of hPa */
	U(0x05, 3, ILLUMINANCE, 1, 100),
	U(0x06, 2, MASS, 1, 100),
	U(0x07, 2, MASS_POUNDS, 1, 100),
	S(0x08, 2, DEW_POINT, 1, 100),
	N(0x09, 1, COUNT),
	U(0x0a, 3, ENERGY, 1, 1000),
	U(0x0b, 3, POWER, 1, 100),
	U(0x0c, 2, VOLTAGE, 1, 1000),
	U(0x0d, 2, PM2_5, 1, 1),
	U(0x0e, 2, PM10, 1, 1),
	B(0x0f, GENERIC),
	B(0x10, POWER_ON),
	B(0x11, OPENING),
	U(0x12, 2, CO2, 1, 1),
	U(0x13, 2, TVOC, 1, 1),
	U(0x14, 2, MOISTURE, 1, 100),
	B(0x15, BATTERY_LOW),
	B(0x16, CHARGING),
	B(0x17, CARBON_MONOXIDE),
	B(0x18, COLD),
	B(0x19, CONNECTIVITY),
	B(0x1a, DOOR),
	B(0x1b, GARAGE_DOOR),
	B(0x1c, GAS_ALARM),
	B(0x1d, HEAT),
	B(0x1e, LIGHT),
	B(0x1f, LOCK),
	B(0x20, WET),
	B(0x21, MOTION),
	B(0x22, MOVING),
	B(0x23, OCCUPANCY),
	B(0x24, PLUG),
	B(0x25, PRESENCE),
	B(0x26, PROBLEM),
	B(0x27, RUNNING),
	B(0x28, SAFETY),
	B(0x29, SMOKE),
	B(0x2a, SOUND),
	B(0x2b, TAMPER),
	B(0x2c, VIBRATION),
	B(0x2d, WINDOW),
	U(0x2e, 1, HUMIDITY, 1, 1),
	U(0x2f, 1, MOISTURE, 1, 1),
	{0x3a, 1, BUTTON, FIELD_BUTTON_EVENT, 1, 1},
	{0x3b, 0, COMMAND, FIELD_COMMAND, 1, 1},
	{0x3c, 2, DIMMER, FIELD_DIMMER, 1, 1},
	N(0x3d, 2, COUNT),
	N(0x3e, 4, COUNT),
	S(0x3f, 2, ROTATION, 1, 10),
	U(0x40, 2, DISTANCE, 1, 1000),
	U(0x41, 2, DISTANCE, 1, 10),
	U(0x42, 3, DURATION, 1, 1000),
	U(0x43, 2, CURRENT, 1, 1000),
	U(0x44, 2, SPEED, 1, 100),
	S(0x45, 2, TEMPERATURE, 1, 10),
	U(0x46, 1, UV_INDEX, 1, 10),
	U(0x47, 2, VOLUME, 1, 10),
	U(0x48, 2, VOLUME, 1, 1000),
	U(0x49, 2, FLOW, 1, 1000),
	U(0x4a, 2, VOLTAGE, 1, 10),
	U(0x4b, 3, GAS, 1, 1000),
	U(0x4c, 4, GAS, 1, 1000),
	U(0x4d, 4, ENERGY, 1, 1000),
	U(0x4e, 4, VOLUME, 1, 1000),
	U(0x4f, 4, WATER, 1, 1000),
	{0x50, 4, INTEGER, FIELD_TIMESTAMP, 1, 1},
	U(0x51, 2, ACCELERATION, 1, 1000),
	U(0x52, 2, GYROSCOPE, 1, 1000),
	{0x53, 0, TEXT, FIELD_TEXT, 1, 1},
	{0x54, 0, RAW, FIELD_RAW, 1, 1},
	U(0x55, 4, VOLUME_STORED, 1, 1000),
	U(0x56, 2, CONDUCTIVITY, 1, 1),
	S(0x57, 1, TEMPERATURE, 1, 1),
	S(0x58, 1, TEMPERATURE, 35, 100),
	{0x59, 1, SIGNED, FIELD_COUNT, 1, 1},
	{0x5a, 2, SIGNED, FIELD_COUNT, 1, 1},
	{0x5b, 4, SIGNED, FIELD_COUNT, 1, 1},
	S(0x5c, 4, POWER, 1, 100),
	S(0x5d, 2, CURRENT, 1, 1000),
	U(0x5e, 2, DIRECTION, 1, 100),
	U(0x5f, 2, PRECIPITATION, 1, 10),
	N(0x60, 1, CHANNEL),
	U(0x61, 2, RPM, 1, 1),
	S(0x62, 4, SPEED, 1, 1000000),
	S(0x63, 4, ACCELERATION, 1, 1000000),
	N(0x64, 1, LIGHT_LEVEL),
	N(0x65, 1, SETTINGS),
	{0xf0, 2, INTEGER, FIELD_DEVICE_TYPE, 1, 1},
	{0xf1, 4, RELEASE, FIELD_FIRMWARE, 1, 1},
	{0xf2, 3, RELEASE, FIELD_FIRMWARE, 1, 1},
};

static const struct object *object_find(uint8_t id)
{
	for (size_t i = 0; i < sizeof(objects) / sizeof(*objects); i++)
		if (objects[i].id == id)
			return &objects[i];
	return NULL;
}

/* n: 1 to 8 */
static int64_t number_of(const uint8_t *p, size_t n, bool is_signed)
{
	uint64_t number = 0;

	for (size_t i = n; i-- > 0;)
		number = number << 8 | p[i];
	if (is_signed && n < 8 && p[n - 1] & 0x80)
		number |= ~UINT64_C(0) << (8 * n);
	return (int64_t)number;
}

static bool is_utf8(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n;) {
		size_t more = p[i] < 0x80 ? 0 : p[i] >= 0xc2 && p[i] < 0xe0 ? 1
			: p[i] >= 0xe0 && p[i] < 0xf0 ? 2
			: p[i] >= 0xf0 && p[i] < 0xf5 ? 3 : n;

		if (p[i] == 0 || more > n - i - 1)
			return false;
		for (size_t k = 1; k <= more; k++)
			if ((p[i + k] & 0xc0) != 0x80)
				return false;
		i += more + 1;
	}
	return true;
}

/* 0x80 is "held", FE the same of an older firmware. A press that is none
 * (several buttons, and another one was pressed), or of no kind that is known,
 * counts in the numbering, as does whatever is out of its range. */
static void button_add(struct readings *out, uint8_t event)
{
	bool pressed = event != 0;

	if (event == 0xfe)
		event = 0x80;
	if (event > 6 && event != 0x80) {
		reading_none(out, FIELD_BUTTON);
		reading_none(out, FIELD_BUTTON_EVENT);
		return;
	}
	reading_bool(out, FIELD_BUTTON, pressed);
	reading_integer(out, FIELD_BUTTON_EVENT, event);
}

static void command_add(struct readings *out, const uint8_t *p, size_t n)
{
	reading_integer(out, FIELD_COMMAND, p[1]);
	if (n > 2 && n <= 10)
		reading_integer(out, FIELD_COMMAND_ARGUMENT,
				number_of(p + 2, n - 2, false));
}

static void dimmer_add(struct readings *out, const uint8_t *p)
{
	if (p[0] == 1)
		reading_integer(out, FIELD_DIMMER, -(int)p[1]);
	else if (p[0] == 2)
		reading_integer(out, FIELD_DIMMER, p[1]);
	else
		reading_none(out, FIELD_DIMMER);
}

static void version_add(struct readings *out, const uint8_t *p, size_t n)
{
	if (n == 4)
		reading_text(out, FIELD_FIRMWARE, "%u.%u.%u.%u", p[3], p[2],
			     p[1], p[0]);
	else if (n == 3)
		reading_text(out, FIELD_FIRMWARE, "%u.%u.%u", p[2], p[1],
			     p[0]);
}

static void number_add(struct readings *out, const struct object *o,
		       int64_t number)
{
	if (o->field == FIELD_TIMESTAMP)
		reading_add(out, o->field, (struct lwm2m_value){
			.type = LWM2M_TIME, .as.integer = number});
	else if (o->field == FIELD_DEVICE_TYPE)
		reading_text(out, o->field, "%u", (unsigned)number);
	else if (field_is_percent(o->field) &&
		 (number < 0 || number * o->multiply > 100 * (double)o->divide))
		reading_none(out, o->field);
	else if (o->form == INTEGER || o->form == PACKET)
		reading_integer(out, o->field, number);
	else
		reading_number(out, o->field,
			       (double)number * o->multiply, o->divide);
}

/* p holds the whole value: n bytes, behind a text's length. */
static void object_add(struct readings *out, const struct object *o,
		       const uint8_t *p, size_t n)
{
	switch ((enum form)o->form) {
	case UNSIGNED:
	case SIGNED:
	case INTEGER:
	case PACKET:
		number_add(out, o, number_of(p, n, o->form == SIGNED));
		return;
	case TRUTH:
		if (p[0] <= 1)
			reading_bool(out, o->field, p[0]);
		else
			reading_none(out, o->field);
		return;
	case TEXT:
		if (is_utf8(p, n))
			reading_text(out, o->field, "%.*s", (int)n,
				     (const char *)p);
		else
			reading_none(out, o->field);
		return;
	case RAW:
		reading_hex(out, o->field, p, n);
		return;
	case BUTTON:
		button_add(out, p[0]);
		return;
	case COMMAND:
		command_add(out, p, n);
		return;
	case DIMMER:
		dimmer_add(out, p);
		return;
	case RELEASE:
		version_add(out, p, n);
		return;
	}
}

/* Ids and values back to back. What is unknown or cut short ends it, as its
 * length is not known; what came before stays good. */
static void v2_walk(const uint8_t *p, size_t n, struct readings *out)
{
	while (n > 0) {
		const struct object *o = object_find(p[0]);
		size_t head = 1, size;

		if (!o || n < 2)
			return;
		size = o->size;
		if (o->form == COMMAND)
			size = 2u + (p[1] & 0x1f);
		else if (size == 0)
			size = p[head++];
		if (size > n - head)
			return;
		object_add(out, o, p + head, size);
		p += head + size;
		n -= head + size;
	}
}

static double half_float(uint16_t bits)
{
	int exponent = bits >> 10 & 0x1f;
	double value = (bits & 0x3ff) / 1024.0;

	if (exponent == 31)
		return __builtin_nan("");
	value = exponent ? __builtin_ldexp(1 + value, exponent - 15)
			 : __builtin_ldexp(value, -14);
	return bits & 0x8000 ? -value : value;
}

static double float_of(const uint8_t *p, size_t n)
{
	uint32_t bits = n == 4 ? le32(p) : 0;
	uint64_t long_bits = n == 8 ? (uint64_t)number_of(p, 8, false) : 0;
	float number;
	double real;

	if (n == 2)
		return half_float(le16(p));
	if (n == 4) {
		memcpy(&number, &bits, sizeof(number));
		return number;
	}
	memcpy(&real, &long_bits, sizeof(real));
	return n == 8 ? real : __builtin_nan("");
}

enum kind { KIND_UNSIGNED, KIND_SIGNED, KIND_FLOAT, KIND_TEXT, KIND_ADDRESS,
	    KIND_TIME };

static void v1_object(struct readings *out, unsigned kind,
		      const struct object *o, const uint8_t *p, size_t n)
{
	double real;

	if (o->size == 0 && kind != KIND_TEXT)
		return;
	if (kind == KIND_TEXT) {
		if (is_utf8(p, n))
			reading_text(out, FIELD_TEXT, "%.*s", (int)n,
				     (const char *)p);
	} else if (kind == KIND_FLOAT) {
		real = float_of(p, n);
		if (real > -1e12 && real < 1e12 &&
		    !(field_is_percent(o->field) &&
		      (real < 0 ||
		       real * o->multiply > 100 * (double)o->divide)))
			reading_number(out, o->field, real * o->multiply,
				       o->divide);
		else
			reading_none(out, o->field);
	} else if (kind != KIND_ADDRESS && n <= 8) {
		if (o->form == UNSIGNED || o->form == SIGNED ||
		    o->form == INTEGER || o->form == PACKET)
			number_add(out, o, number_of(p, n, kind ==
						     KIND_SIGNED));
		else if (n == o->size)
			object_add(out, o, p, n);
	}
}

/* In version 1 each object begins with its length and kind. */
static bool v1_walk(const uint8_t *p, size_t n, struct readings *out)
{
	bool known = false;

	while (n > 0) {
		unsigned length = p[0] & 0x1f, kind = p[0] >> 5;
		const struct object *o;

		if (length > n - 1 || length < 2)
			break;
		o = object_find(p[1]);
		if (o && kind <= KIND_TIME) {
			v1_object(out, kind, o, p + 2, length - 1);
			known = true;
		}
		p += length + 1;
		n -= length + 1;
	}
	return known;
}

/* Several packets carry one measurement; those in clear tell by their id. */
static enum decode_result clear_result(struct decode_device *device,
				       const struct ad_element *e, int64_t now,
				       struct readings *out)
{
	const struct reading *id = reading_find(out, FIELD_PACKET, 0);

	if (!id)
		return DECODED_VALUES;
	return decode_packet_is_new(device, (uint8_t)id->value.as.integer,
				    e->data, e->n, now) ? DECODED_VALUES
							: DECODED_REPEATED;
}

/* Text in front of the counter (4) and the tag (4), which are the last. */
static enum decode_result payload_decrypt(struct decode_device *device,
					  struct crypto_sealed *sealed,
					  const uint8_t *body, size_t n,
					  int64_t now, uint8_t *plain)
{
	sealed->key = device->key;
	sealed->text = body;
	sealed->n = n - 8;
	sealed->tag = body + n - 4;
	sealed->n_tag = 4;
	if (crypto_ccm_open(sealed, plain) < 0)
		return DECODED_WRONG_KEY;
	return decode_count(&device->counter, le32(body + n - 8), RESTART,
			    now);
}

static enum decode_result v2_encrypted(const struct advertisement *adv,
				       struct decode_device *device,
				       int64_t now, uint8_t info,
				       const uint8_t *body, size_t n,
				       struct readings *out)
{
	uint8_t nonce[13] = {[6] = 0xd2, [7] = 0xfc};
	uint8_t plain[CRYPTO_PLAIN_MAX];
	struct crypto_sealed sealed = {.nonce = nonce,
				       .n_nonce = sizeof(nonce)};
	enum decode_result result;

	if (n < 8 || n - 8 > sizeof(plain))
		return DECODED_DAMAGED;
	if (device->n_key != CRYPTO_KEY)
		return DECODED_NO_KEY;
	memcpy(nonce, adv->address, 6);
	nonce[8] = info;
	memcpy(nonce + 9, body + n - 8, 4);
	result = payload_decrypt(device, &sealed, body, n, now, plain);
	if (result == DECODED_VALUES)
		v2_walk(plain, n - 8, out);
	return result;
}

static enum decode_result v2_decode(const struct advertisement *adv,
				    struct decode_device *device, int64_t now,
				    const struct ad_element *e,
				    struct readings *out)
{
	size_t head = 1;

	if (e->n < 1)
		return DECODED_DAMAGED;
	if (VERSION(e->data[0]) != 2)
		return DECODED_OTHER;
	if (e->data[0] & HAS_ADDRESS) {
		head += 6;
		if (e->n < head || !decode_is_address(e->data + 1, adv))
			return DECODED_DAMAGED;
	}
	if (e->data[0] & ENCRYPTED)
		return v2_encrypted(adv, device, now, e->data[0],
				    e->data + head, e->n - head, out);
	if (device->n_key > 0)
		return DECODED_UNPROTECTED;
	v2_walk(e->data + head, e->n - head, out);
	return clear_result(device, e, now, out);
}

static enum decode_result v1_encrypted(const struct advertisement *adv,
				       struct decode_device *device,
				       int64_t now, const uint8_t *body,
				       size_t n, struct readings *out)
{
	static const uint8_t more[] = {0x11};
	uint8_t nonce[12] = {[6] = 0x1e, [7] = 0x18};
	uint8_t plain[CRYPTO_PLAIN_MAX];
	struct crypto_sealed sealed = {.nonce = nonce,
				       .n_nonce = sizeof(nonce),
				       .more = more, .n_more = sizeof(more)};
	enum decode_result result;

	if (n < 8 || n - 8 > sizeof(plain))
		return device->chosen ? DECODED_DAMAGED : DECODED_OTHER;
	if (device->n_key != CRYPTO_KEY)
		return DECODED_NO_KEY;
	memcpy(nonce, adv->address, 6);
	memcpy(nonce + 8, body + n - 8, 4);
	result = payload_decrypt(device, &sealed, body, n, now, plain);
	if (result == DECODED_VALUES)
		v1_walk(plain, n - 8, out);
	return result;
}

/* 181C and 181E also belong to services of the standard, whose data makes no
 * object; unless the site has chosen, that is not ours. */
static enum decode_result v1_clear(struct decode_device *device, int64_t now,
				   const struct ad_element *e,
				   struct readings *out)
{
	if (!v1_walk(e->data, e->n, out) && !device->chosen)
		return DECODED_OTHER;
	if (device->n_key > 0)
		return DECODED_UNPROTECTED;
	return clear_result(device, e, now, out);
}

DECODER(bthome)
{
	struct ad_element e;
	size_t at = 0;

	if (ad_service(adv->data, adv->n, &at, V2, &e))
		return v2_decode(adv, device, now, &e, out);
	at = 0;
	if (ad_service(adv->data, adv->n, &at, V1, &e))
		return v1_clear(device, now, &e, out);
	at = 0;
	if (ad_service(adv->data, adv->n, &at, V1_ENCRYPTED, &e))
		return v1_encrypted(adv, device, now, e.data, e.n, out);
	return DECODED_OTHER;
}
