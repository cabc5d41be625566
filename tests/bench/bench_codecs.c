/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What is done for each value, a hundred times each: payloads of all formats,
 * numbers and paths as text. tests/bench/instructions runs it under callgrind
 * and takes the cost of each event_... from there; there is no clock in here.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "objects/codec.h"
#include "tests/objects/model.h"

#define TIMES 100
#define NOW_NS 1700000000000000000LL

/* Not NDEBUG's to switch off. */
#define EXPECT(fact) ((fact) ? (void)0 : abort())

static uint8_t room[1024], scratch_room[1024];

/* The sensor of a Read: a number and its unit. */
static const struct lwm2m_path base = {{3303, 0}, 2};
static struct lwm2m_record sensor[] = {
	{{{3303, 0, 5700}, 3}, {0}, 0}, {{{3303, 0, 5701}, 3}, {0}, 0},
};

static void sensor_fill(void)
{
	sensor[0].value = lwm2m_float(21.7);
	sensor[1].value = lwm2m_string("Cel", 3);
}

/* One value is what plain formats take, and what is notified of most. */
static size_t value_encode(uint16_t format)
{
	struct buf out = buf_over(room, sizeof(room));

	EXPECT(!codec_encode(format, &sensor[0].path, sensor, 1, &out));
	return out.used;
}

static size_t sensor_encode(uint16_t format)
{
	struct buf out = buf_over(room, sizeof(room));

	EXPECT(!codec_encode(format, &base, sensor, COUNT(sensor), &out));
	return out.used;
}

static void payload_decode(uint16_t format, const struct lwm2m_path *at,
			   const void *payload, size_t length, int expected)
{
	struct lwm2m_record records[4];
	struct buf scratch = buf_over(scratch_room, sizeof(scratch_room));

	EXPECT(codec_decode(format, &model, at, payload, length, records,
			    COUNT(records), &scratch) == expected);
}

#define PLAIN(name, format, payload) \
	static void event_write_##name(void) { value_encode(format); } \
	static void event_read_##name(void) \
	{ \
		payload_decode(format, &sensor[0].path, payload, \
			       sizeof(payload) - 1, 1); \
	}
#define LIST(name, format, payload) \
	static void event_write_##name(void) { sensor_encode(format); } \
	static void event_read_##name(void) \
	{ \
		payload_decode(format, &base, payload, sizeof(payload) - 1, \
			       2); \
	}

PLAIN(text, FORMAT_TEXT, "21.7")
PLAIN(cbor, FORMAT_CBOR, "\xfb\x40\x35\xb3\x33\x33\x33\x33\x33")
LIST(tlv, FORMAT_TLV, "\xe8\x16\x44\x08\x40\x35\xb3\x33\x33\x33\x33\x33"
		      "\xe3\x16\x45" "Cel")
LIST(json, FORMAT_JSON, "{\"bn\":\"/3303/0/\",\"e\":[{\"n\":\"5700\","
			"\"v\":21.7},{\"n\":\"5701\",\"sv\":\"Cel\"}]}")
LIST(senml_json, FORMAT_SENML_JSON,
     "[{\"bn\":\"/3303/0/\",\"n\":\"5700\",\"v\":21.7},"
     "{\"n\":\"5701\",\"vs\":\"Cel\"}]")
LIST(senml_cbor, FORMAT_SENML_CBOR,
     "\x82\xa3\x21\x68/3303/0/\x00\x64" "5700\x02\xfb\x40\x35\xb3\x33\x33\x33"
     "\x33\x33\xa2\x00\x64" "5701\x03\x63" "Cel")
LIST(lwm2m_cbor, FORMAT_LWM2M_CBOR,
     "\xa1\x19\x0c\xe7\xa1\x00\xa2\x19\x16\x44\xfb\x40\x35\xb3\x33\x33\x33\x33"
     "\x33\x19\x16\x45\x63" "Cel")

static void value_print(struct lwm2m_value value)
{
	struct buf out = buf_over(room, sizeof(room));

	value_format(&value, &out);
	EXPECT(out.used && !out.full);
}

static void event_number_short(void) { value_print(lwm2m_float(21.7)); }
static void event_number_whole(void) { value_print(lwm2m_float(230)); }
static void event_number_long(void) { value_print(lwm2m_float(1.0 / 3)); }
static void event_number_integer(void) { value_print(lwm2m_integer(-40961)); }

static void event_number_parse(void)
{
	struct lwm2m_value value;

	EXPECT(!value_parse(LWM2M_FLOAT, "21.7", 4, &value, NULL));
}

static void event_path_format(void)
{
	char text[PATH_TEXT_MAX];

	EXPECT(path_format(&sensor[0].path, text) == 12);
}

static void event_path_parse(void)
{
	struct lwm2m_path path;

	EXPECT(!path_parse("/3303/0/5700", 12, &path));
}

/* With a time, as the store's values go out. */
static void event_write_stored(void)
{
	struct buf out = buf_over(room, sizeof(room));
	struct lwm2m_record records[] = {sensor[0], sensor[0]};

	records[0].time = NOW_NS;
	records[1].time = NOW_NS + 60000000000LL;
	EXPECT(!codec_encode(FORMAT_SENML_CBOR, &sensor[0].path, records,
			     COUNT(records), &out));
}

int main(void)
{
	static void (*const events[])(void) = {
		event_write_text, event_read_text, event_write_cbor,
		event_read_cbor, event_write_tlv, event_read_tlv,
		event_write_json, event_read_json, event_write_senml_json,
		event_read_senml_json, event_write_senml_cbor,
		event_read_senml_cbor, event_write_lwm2m_cbor,
		event_read_lwm2m_cbor, event_write_stored,
		event_number_short, event_number_whole, event_number_long,
		event_number_integer, event_number_parse, event_path_format,
		event_path_parse,
	};

	sensor_fill();
	for (size_t i = 0; i < COUNT(events); i++)
		for (int n = 0; n < TIMES; n++)
			events[i]();
	return 0;
}
