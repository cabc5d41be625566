/* SPDX-License-Identifier: GPL-2.0-or-later
 * CBOR of one value (Core TS 7.4, Content-Format 60). */
#include <errno.h>
#include <math.h>

#include "objects/codec_cbor_value.h"

/* Tagged, an integer is a time and nothing else. */
static int time_take(struct cbor_reader *reader, enum lwm2m_type type,
		     struct lwm2m_value *value)
{
	struct cbor_item item;

	if (item_next(reader, &item) || item.kind != ITEM_VALUE)
		return -EBADMSG;
	if (type != LWM2M_TIME && type != LWM2M_NONE)
		return -EPROTOTYPE;
	if (item.value.type != LWM2M_INTEGER && item.value.type != LWM2M_FLOAT)
		return -EBADMSG;
	*value = item.value;
	return decoding_fit(LWM2M_TIME, value);
}

int cbor_value_take(struct decoding *decoding, const struct lwm2m_path *path,
		    struct cbor_reader *reader, struct cbor_item item,
		    struct lwm2m_value *value)
{
	enum lwm2m_type type = decoding_type(decoding, path);

	if (item.kind == ITEM_TAG && item.length == ITEM_TAG_TIME)
		return time_take(reader, type, value);
	if (item.kind != ITEM_VALUE || item.value.type == LWM2M_NONE)
		return -EBADMSG;
	if (item.value.type == LWM2M_FLOAT && !isfinite(item.value.as.number))
		return -EPROTOTYPE;
	*value = item.value;
	return decoding_fit(type, value);
}

static void objlink_put(struct buf *out, const struct lwm2m_value *value)
{
	char text[16];
	struct buf link = buf_over(text, sizeof(text));

	value_format(value, &link);
	item_text_put(out, text, link.used);
}

void cbor_value_put(struct buf *out, const struct lwm2m_value *value)
{
	switch ((enum lwm2m_type)value->type) {
	case LWM2M_NONE:
		item_null_put(out);
		break;
	case LWM2M_BOOLEAN:
		item_boolean_put(out, value->as.boolean);
		break;
	case LWM2M_TIME:
		/* Leshan takes no time without its tag. */
		item_tag_put(out, ITEM_TAG_TIME);
		item_integer_put(out, value->as.integer);
		break;
	case LWM2M_INTEGER:
		item_integer_put(out, value->as.integer);
		break;
	case LWM2M_UNSIGNED:
		item_unsigned_put(out, value->as.uinteger);
		break;
	case LWM2M_FLOAT:
		item_float_put(out, value->as.number);
		break;
	case LWM2M_STRING: case LWM2M_CORELINK:
		item_text_put(out, value->as.text, value->length);
		break;
	case LWM2M_OPAQUE:
		item_bytes_put(out, value->as.bytes, value->length);
		break;
	case LWM2M_OBJLINK:
		objlink_put(out, value);
		break;
	}
}

int cbor_decode(struct decoding *decoding, const uint8_t *payload, size_t n)
{
	struct cbor_reader reader = {payload, n};
	struct lwm2m_value value;
	struct cbor_item item;
	int error;

	if (decoding->base->depth < 3)
		return -ENOTSUP;
	if (n > UINT32_MAX || item_next(&reader, &item))
		return -EBADMSG;
	error = cbor_value_take(decoding, decoding->base, &reader, item,
				&value);
	if (error)
		return error;
	return reader.left ? -EBADMSG :
			     decoding_add(decoding, decoding->base, &value, 0);
}

int cbor_encode(const struct encoding *encoding)
{
	if (encoding->n != 1 || encoding->records[0].value.type == LWM2M_NONE)
		return -ENOTSUP;
	cbor_value_put(encoding->out, &encoding->records[0].value);
	return 0;
}
