/* SPDX-License-Identifier: GPL-2.0-or-later
 * SenML-CBOR (RFC 8428 section 6). Read item by item with libcbor's stream
 * decoder: its tree builder allocates what a length claims, before the bytes
 * are there. Nothing is allocated here. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include <cbor.h>

#include "objects/codec_senml.h"

/* How deep a value may nest that we ignore. */
#define DEPTH_MAX 8
#define LENGTH_OPEN UINT64_MAX	/* until a break */

#if CBOR_MAJOR_VERSION == 0 && CBOR_MINOR_VERSION < 10
typedef size_t cbor_length;
#else
typedef uint64_t cbor_length;
#endif

enum item_kind {
	ITEM_VALUE, ITEM_ARRAY, ITEM_MAP, ITEM_CHUNKS, ITEM_TAG, ITEM_BREAK,
};

/* One head, with its content where that is not other items. */
struct item {
	enum item_kind kind;
	uint64_t length;		/* of an array or map */
	struct lwm2m_value value;	/* NONE: null, undefined */
};

struct reader {
	const uint8_t *at;
	size_t left;
};

static void on_unsigned(void *item, uint64_t number)
{
	struct lwm2m_value *value = &((struct item *)item)->value;

	*value = number > INT64_MAX ? lwm2m_unsigned(number) :
				      lwm2m_integer((int64_t)number);
}

static void on_unsigned8(void *item, uint8_t number)
{
	on_unsigned(item, number);
}

static void on_unsigned16(void *item, uint16_t number)
{
	on_unsigned(item, number);
}

static void on_unsigned32(void *item, uint32_t number)
{
	on_unsigned(item, number);
}

/* -1 - number. Below int64 no integer of LwM2M goes; a float shows that. */
static void on_negative(void *item, uint64_t number)
{
	struct lwm2m_value *value = &((struct item *)item)->value;

	*value = number > INT64_MAX ? lwm2m_float(-1.0 - (double)number) :
				      lwm2m_integer(-1 - (int64_t)number);
}

static void on_negative8(void *item, uint8_t number)
{
	on_negative(item, number);
}

static void on_negative16(void *item, uint16_t number)
{
	on_negative(item, number);
}

static void on_negative32(void *item, uint32_t number)
{
	on_negative(item, number);
}

static void on_double(void *item, double number)
{
	((struct item *)item)->value = lwm2m_float(number);
}

static void on_float(void *item, float number)
{
	on_double(item, (double)number);
}

static void on_boolean(void *item, bool boolean)
{
	((struct item *)item)->value = lwm2m_boolean(boolean);
}

static void on_string(void *item, cbor_data text, cbor_length n)
{
	((struct item *)item)->value =
		lwm2m_string((const char *)text, (uint32_t)n);
}

static void on_bytes(void *item, cbor_data bytes, cbor_length n)
{
	on_string(item, bytes, n);
	((struct item *)item)->value.type = LWM2M_OPAQUE;
}

static void on_chunks(void *item)
{
	((struct item *)item)->kind = ITEM_CHUNKS;
	((struct item *)item)->length = LENGTH_OPEN;
}

static void on_array(void *item, cbor_length n)
{
	((struct item *)item)->kind = ITEM_ARRAY;
	((struct item *)item)->length = n;
}

static void on_array_open(void *item)
{
	((struct item *)item)->kind = ITEM_ARRAY;
	((struct item *)item)->length = LENGTH_OPEN;
}

static void on_map(void *item, cbor_length n)
{
	((struct item *)item)->kind = ITEM_MAP;
	((struct item *)item)->length = n;
}

static void on_map_open(void *item)
{
	((struct item *)item)->kind = ITEM_MAP;
	((struct item *)item)->length = LENGTH_OPEN;
}

static void on_tag(void *item, uint64_t tag)
{
	(void)tag;
	((struct item *)item)->kind = ITEM_TAG;
}

static void on_nothing(void *item)
{
	((struct item *)item)->value.type = LWM2M_NONE;
}

static void on_break(void *item)
{
	((struct item *)item)->kind = ITEM_BREAK;
}

static const struct cbor_callbacks callbacks = {
	.uint8 = on_unsigned8, .uint16 = on_unsigned16,
	.uint32 = on_unsigned32, .uint64 = on_unsigned,
	.negint64 = on_negative, .negint32 = on_negative32,
	.negint16 = on_negative16, .negint8 = on_negative8,
	.byte_string_start = on_chunks, .byte_string = on_bytes,
	.string = on_string, .string_start = on_chunks,
	.indef_array_start = on_array_open, .array_start = on_array,
	.indef_map_start = on_map_open, .map_start = on_map,
	.tag = on_tag, .float2 = on_float, .float4 = on_float,
	.float8 = on_double, .undefined = on_nothing, .null = on_nothing,
	.boolean = on_boolean, .indef_break = on_break,
};

static int item_next(struct reader *reader, struct item *item)
{
	struct cbor_decoder_result result;

	*item = (struct item){.kind = ITEM_VALUE};
	result = cbor_stream_decode(reader->at, reader->left, &callbacks,
				    item);
	if (result.status != CBOR_DECODER_FINISHED || !result.read)
		return -EBADMSG;
	reader->at += result.read;
	reader->left -= result.read;
	return 0;
}

/* Is there one more in this array or map? Takes the head of it. */
static int member_next(struct reader *reader, uint64_t length, uint64_t index,
		       struct item *item)
{
	if (index == length)
		return 0;
	if (item_next(reader, item))
		return -EBADMSG;
	if (item->kind != ITEM_BREAK)
		return 1;
	return length == LENGTH_OPEN ? 0 : -EBADMSG;
}

/* Passes over what is inside of item: every step takes a byte, and depth has
 * an end. */
static int item_skip(struct reader *reader, const struct item *item, int depth)
{
	uint64_t length = item->kind == ITEM_TAG ? 1 : item->length;
	struct item next;
	int got = 1, error = 0;

	if (item->kind == ITEM_VALUE)
		return 0;
	if (item->kind == ITEM_BREAK || depth == DEPTH_MAX)
		return -EBADMSG;
	for (uint64_t i = 0; got > 0 && !error; i++) {
		got = member_next(reader, length, i, &next);
		if (got <= 0)
			return got;
		error = item_skip(reader, &next, depth + 1);
		if (!error && item->kind == ITEM_MAP)
			error = item_next(reader, &next) ||
				item_skip(reader, &next, depth + 1);
	}
	return error ? -EBADMSG : 0;
}

static enum senml_label label_of(const struct item *key)
{
	static const enum senml_label labels[] = {
		[0] = SENML_BASE_SUM, [1] = SENML_BASE_VALUE,
		[2] = SENML_OTHER, [3] = SENML_BASE_TIME,
		[4] = SENML_BASE_NAME, [5] = SENML_VERSION, [6] = SENML_NAME,
		[7] = SENML_OTHER, [8] = SENML_NUMBER, [9] = SENML_STRING,
		[10] = SENML_BOOLEAN, [11] = SENML_SUM, [12] = SENML_TIME,
		[13] = SENML_OTHER, [14] = SENML_DATA,
	};
	int64_t number = key->value.as.integer;

	if (key->value.type == LWM2M_STRING)
		return senml_label(key->value.as.text, key->value.length,
				   false);
	if (number < -6 || number > 8)
		return SENML_OTHER;
	return labels[number + 6];
}

static bool is_key(const struct item *item)
{
	return item->kind == ITEM_VALUE &&
	       (item->value.type == LWM2M_INTEGER ||
		item->value.type == LWM2M_STRING);
}

static int member_read(struct reader *reader, struct senml_record *record,
		       const struct item *key)
{
	enum senml_label label;
	struct item item;

	if (!is_key(key) || item_next(reader, &item))
		return -EBADMSG;
	label = label_of(key);
	if (label == SENML_OTHER)
		return item_skip(reader, &item, 0);
	if (item.kind != ITEM_VALUE)
		return -EBADMSG;
	return senml_set(record, label, &item.value);
}

static int record_read(struct decoding *decoding, struct senml_list *list,
		       struct reader *reader, const struct item *map)
{
	struct senml_record record = {.seen = 0};
	struct item key;
	int got, error;

	if (map->kind != ITEM_MAP)
		return -EBADMSG;
	for (uint64_t i = 0;; i++) {
		got = member_next(reader, map->length, i, &key);
		if (got < 0)
			return got;
		if (!got)
			return senml_add(decoding, list, &record);
		error = member_read(reader, &record, &key);
		if (error)
			return error;
	}
}

int senml_cbor_decode(struct decoding *decoding, const uint8_t *payload,
		      size_t n)
{
	struct reader reader = {payload, n};
	struct senml_list list = {.n = 0};
	struct item array, map;
	int got, error;

	if (n > UINT32_MAX || item_next(&reader, &array) ||
	    array.kind != ITEM_ARRAY)
		return -EBADMSG;
	list.n = array.length == 1;
	for (uint64_t i = 0;; i++) {
		got = member_next(&reader, array.length, i, &map);
		if (got < 0)
			return got;
		if (!got)
			return reader.left ? -EBADMSG : 0;
		error = record_read(decoding, &list, &reader, &map);
		if (error)
			return error;
	}
}

/* What an encoder of libcbor made: it returns the bytes used, 0 where they do
 * not fit. */
struct head {
	uint8_t bytes[9];
};

static void head_put(struct buf *out, const struct head *head, size_t n)
{
	buf_put(out, head->bytes, n);
}

static void unsigned_put(struct buf *out, uint64_t number)
{
	struct head head;

	head_put(out, &head, cbor_encode_uint(number, head.bytes,
					      sizeof(head.bytes)));
}

static void integer_put(struct buf *out, int64_t number)
{
	struct head head;

	if (number >= 0)
		unsigned_put(out, (uint64_t)number);
	else
		head_put(out, &head,
			 cbor_encode_negint((uint64_t)(-1 - number),
					    head.bytes, sizeof(head.bytes)));
}

static void float_put(struct buf *out, double number)
{
	float single = (float)number;
	struct head head;
	size_t n;

	if ((double)single == number || isnan(number))
		n = cbor_encode_single(single, head.bytes, sizeof(head.bytes));
	else
		n = cbor_encode_double(number, head.bytes, sizeof(head.bytes));
	head_put(out, &head, n);
}

static void text_put(struct buf *out, const char *text, size_t n)
{
	struct head head;

	head_put(out, &head, cbor_encode_string_start(n, head.bytes,
						      sizeof(head.bytes)));
	buf_put(out, text, n);
}

static void time_put(struct buf *out, int64_t time)
{
	integer_put(out, 6);
	if (time % 1000000000)
		float_put(out, (double)time / 1e9);
	else
		integer_put(out, time / 1000000000);
}

static void objlink_put(struct buf *out, const struct lwm2m_value *value)
{
	char text[16];
	struct buf link = buf_over(text, sizeof(text));

	value_format(value, &link);
	text_put(out, "vlo", 3);
	text_put(out, text, link.used);
}

static void value_put(struct buf *out, const struct lwm2m_value *value)
{
	struct head head;

	switch ((enum lwm2m_type)value->type) {
	case LWM2M_NONE:
		break;
	case LWM2M_BOOLEAN:
		integer_put(out, 4);
		buf_byte(out, value->as.boolean ? 0xf5 : 0xf4);
		break;
	case LWM2M_INTEGER: case LWM2M_TIME:
		integer_put(out, 2);
		integer_put(out, value->as.integer);
		break;
	case LWM2M_UNSIGNED:
		integer_put(out, 2);
		unsigned_put(out, value->as.uinteger);
		break;
	case LWM2M_FLOAT:
		integer_put(out, 2);
		float_put(out, value->as.number);
		break;
	case LWM2M_STRING: case LWM2M_CORELINK:
		integer_put(out, 3);
		text_put(out, value->as.text, value->length);
		break;
	case LWM2M_OPAQUE:
		integer_put(out, 8);
		head_put(out, &head,
			 cbor_encode_bytestring_start(value->length, head.bytes,
						      sizeof(head.bytes)));
		buf_put(out, value->as.bytes, value->length);
		break;
	case LWM2M_OBJLINK:
		objlink_put(out, value);
		break;
	}
}

static void record_put(const struct encoding *encoding, size_t index)
{
	const struct lwm2m_record *record = &encoding->records[index];
	char text[PATH_TEXT_MAX + 1], base[PATH_TEXT_MAX + 1];
	const char *name = senml_name(encoding, record, text);
	bool named = *name || index;
	size_t members = !index + named + !!record->time +
			 (record->value.type != LWM2M_NONE);
	struct buf *out = encoding->out;
	struct head head;

	head_put(out, &head, cbor_encode_map_start(members, head.bytes,
						   sizeof(head.bytes)));
	if (!index) {
		integer_put(out, -2);
		text_put(out, base, senml_base_name(encoding, base));
	}
	if (named) {
		integer_put(out, 0);
		text_put(out, name, strlen(name));
	}
	if (record->time)
		time_put(out, record->time);
	value_put(out, &record->value);
}

int senml_cbor_encode(const struct encoding *encoding)
{
	struct head head;

	head_put(encoding->out, &head,
		 cbor_encode_array_start(encoding->n, head.bytes,
					 sizeof(head.bytes)));
	for (size_t i = 0; i < encoding->n; i++)
		record_put(encoding, i);
	return 0;
}
