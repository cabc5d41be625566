/* SPDX-License-Identifier: GPL-2.0-or-later
 * CBOR items. Read with libcbor's stream decoder: its tree builder allocates
 * what a length claims, before the bytes are there. */
#include "objects/codec_cbor_item.h"

#include <errno.h>
#include <math.h>

#include <cbor.h>

/* How deep a value may nest that we ignore. */
#define DEPTH_MAX 8

#if CBOR_MAJOR_VERSION == 0 && CBOR_MINOR_VERSION < 10
typedef size_t cbor_length;
#else
typedef uint64_t cbor_length;
#endif

static void on_unsigned(void *item, uint64_t number)
{
	struct lwm2m_value *value = &((struct cbor_item *)item)->value;

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
	struct lwm2m_value *value = &((struct cbor_item *)item)->value;

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
	((struct cbor_item *)item)->value = lwm2m_float(number);
}

static void on_float(void *item, float number)
{
	on_double(item, (double)number);
}

static void on_boolean(void *item, bool boolean)
{
	((struct cbor_item *)item)->value = lwm2m_boolean(boolean);
}

static void on_string(void *item, cbor_data text, cbor_length n)
{
	((struct cbor_item *)item)->value =
		lwm2m_string((const char *)text, (uint32_t)n);
}

static void on_bytes(void *item, cbor_data bytes, cbor_length n)
{
	on_string(item, bytes, n);
	((struct cbor_item *)item)->value.type = LWM2M_OPAQUE;
}

static void on_chunks(void *item)
{
	((struct cbor_item *)item)->kind = ITEM_CHUNKS;
	((struct cbor_item *)item)->length = ITEM_LENGTH_OPEN;
}

static void on_array(void *item, cbor_length n)
{
	((struct cbor_item *)item)->kind = ITEM_ARRAY;
	((struct cbor_item *)item)->length = n;
}

static void on_array_open(void *item)
{
	((struct cbor_item *)item)->kind = ITEM_ARRAY;
	((struct cbor_item *)item)->length = ITEM_LENGTH_OPEN;
}

static void on_map(void *item, cbor_length n)
{
	((struct cbor_item *)item)->kind = ITEM_MAP;
	((struct cbor_item *)item)->length = n;
}

static void on_map_open(void *item)
{
	((struct cbor_item *)item)->kind = ITEM_MAP;
	((struct cbor_item *)item)->length = ITEM_LENGTH_OPEN;
}

static void on_tag(void *item, uint64_t tag)
{
	((struct cbor_item *)item)->kind = ITEM_TAG;
	((struct cbor_item *)item)->length = tag;
}

static void on_nothing(void *item)
{
	((struct cbor_item *)item)->value.type = LWM2M_NONE;
}

static void on_break(void *item)
{
	((struct cbor_item *)item)->kind = ITEM_BREAK;
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

int item_next(struct cbor_reader *reader, struct cbor_item *item)
{
	struct cbor_decoder_result result;

	*item = (struct cbor_item){.kind = ITEM_VALUE};
	result = cbor_stream_decode(reader->at, reader->left, &callbacks,
				    item);
	if (result.status != CBOR_DECODER_FINISHED || !result.read)
		return -EBADMSG;
	reader->at += result.read;
	reader->left -= result.read;
	return 0;
}

int item_member_next(struct cbor_reader *reader, uint64_t length,
		     uint64_t index, struct cbor_item *item)
{
	if (index == length)
		return 0;
	if (item_next(reader, item))
		return -EBADMSG;
	if (item->kind != ITEM_BREAK)
		return 1;
	return length == ITEM_LENGTH_OPEN ? 0 : -EBADMSG;
}

/* Every step takes a byte, and depth has an end. */
int item_skip(struct cbor_reader *reader, const struct cbor_item *item,
	      int depth)
{
	uint64_t length = item->kind == ITEM_TAG ? 1 : item->length;
	struct cbor_item next;
	int got = 1, error = 0;

	if (item->kind == ITEM_VALUE)
		return 0;
	if (item->kind == ITEM_BREAK || depth == DEPTH_MAX)
		return -EBADMSG;
	for (uint64_t i = 0; got > 0 && !error; i++) {
		got = item_member_next(reader, length, i, &next);
		if (got <= 0)
			return got;
		error = item_skip(reader, &next, depth + 1);
		if (!error && item->kind == ITEM_MAP)
			error = item_next(reader, &next) ||
				item_skip(reader, &next, depth + 1);
	}
	return error ? -EBADMSG : 0;
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

void item_unsigned_put(struct buf *out, uint64_t number)
{
	struct head head;

	head_put(out, &head, cbor_encode_uint(number, head.bytes,
					      sizeof(head.bytes)));
}

void item_integer_put(struct buf *out, int64_t number)
{
	struct head head;

	if (number >= 0)
		item_unsigned_put(out, (uint64_t)number);
	else
		head_put(out, &head,
			 cbor_encode_negint((uint64_t)(-1 - number),
					    head.bytes, sizeof(head.bytes)));
}

void item_float_put(struct buf *out, double number)
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

void item_text_put(struct buf *out, const char *text, size_t n)
{
	struct head head;

	head_put(out, &head, cbor_encode_string_start(n, head.bytes,
						      sizeof(head.bytes)));
	buf_put(out, text, n);
}

void item_boolean_put(struct buf *out, bool boolean)
{
	buf_byte(out, boolean ? 0xf5 : 0xf4);
}

void item_null_put(struct buf *out)
{
	buf_byte(out, 0xf6);
}

void item_bytes_put(struct buf *out, const uint8_t *bytes, size_t n)
{
	struct head head;

	head_put(out, &head, cbor_encode_bytestring_start(n, head.bytes,
							  sizeof(head.bytes)));
	buf_put(out, bytes, n);
}

void item_array_put(struct buf *out, size_t n)
{
	struct head head;

	head_put(out, &head, cbor_encode_array_start(n, head.bytes,
						     sizeof(head.bytes)));
}

void item_map_put(struct buf *out, size_t n)
{
	struct head head;

	head_put(out, &head, cbor_encode_map_start(n, head.bytes,
						   sizeof(head.bytes)));
}

void item_tag_put(struct buf *out, uint64_t tag)
{
	struct head head;

	head_put(out, &head, cbor_encode_tag(tag, head.bytes,
					     sizeof(head.bytes)));
}
