/* SPDX-License-Identifier: GPL-2.0-or-later
 * SenML-CBOR (RFC 8428 section 6). Nothing is allocated here. */
#include <errno.h>
#include <string.h>

#include "objects/codec_cbor_item.h"
#include "objects/codec_senml.h"

static enum senml_label label_of(const struct cbor_item *key)
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

static bool is_key(const struct cbor_item *item)
{
	return item->kind == ITEM_VALUE &&
	       (item->value.type == LWM2M_INTEGER ||
		item->value.type == LWM2M_STRING);
}

static int member_read(struct cbor_reader *reader, struct senml_record *record,
		       const struct cbor_item *key)
{
	enum senml_label label;
	struct cbor_item item;

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
		       struct cbor_reader *reader, const struct cbor_item *map)
{
	struct senml_record record = {.seen = 0};
	struct cbor_item key;
	int got, error;

	if (map->kind != ITEM_MAP)
		return -EBADMSG;
	for (uint64_t i = 0;; i++) {
		got = item_member_next(reader, map->length, i, &key);
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
	struct cbor_reader reader = {payload, n};
	struct senml_list list = {.n = 0};
	struct cbor_item array, map;
	int got, error;

	if (n > UINT32_MAX || item_next(&reader, &array) ||
	    array.kind != ITEM_ARRAY)
		return -EBADMSG;
	list.n = array.length == 1;
	for (uint64_t i = 0;; i++) {
		got = item_member_next(&reader, array.length, i, &map);
		if (got < 0)
			return got;
		if (!got)
			return reader.left ? -EBADMSG : 0;
		error = record_read(decoding, &list, &reader, &map);
		if (error)
			return error;
	}
}

static void time_put(struct buf *out, int64_t time)
{
	item_integer_put(out, 6);
	if (time % 1000000000)
		item_float_put(out, (double)time / 1e9);
	else
		item_integer_put(out, time / 1000000000);
}

static void objlink_put(struct buf *out, const struct lwm2m_value *value)
{
	char text[16];
	struct buf link = buf_over(text, sizeof(text));

	value_format(value, &link);
	item_text_put(out, "vlo", 3);
	item_text_put(out, text, link.used);
}

static void value_put(struct buf *out, const struct lwm2m_value *value)
{
	switch ((enum lwm2m_type)value->type) {
	case LWM2M_NONE:
		break;
	case LWM2M_BOOLEAN:
		item_integer_put(out, 4);
		item_boolean_put(out, value->as.boolean);
		break;
	case LWM2M_INTEGER: case LWM2M_TIME:
		item_integer_put(out, 2);
		item_integer_put(out, value->as.integer);
		break;
	case LWM2M_UNSIGNED:
		item_integer_put(out, 2);
		item_unsigned_put(out, value->as.uinteger);
		break;
	case LWM2M_FLOAT:
		item_integer_put(out, 2);
		item_float_put(out, value->as.number);
		break;
	case LWM2M_STRING: case LWM2M_CORELINK:
		item_integer_put(out, 3);
		item_text_put(out, value->as.text, value->length);
		break;
	case LWM2M_OPAQUE:
		item_integer_put(out, 8);
		item_bytes_put(out, value->as.bytes, value->length);
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

	item_map_put(out, members);
	if (!index) {
		item_integer_put(out, -2);
		item_text_put(out, base, senml_base_name(encoding, base));
	}
	if (named) {
		item_integer_put(out, 0);
		item_text_put(out, name, strlen(name));
	}
	if (record->time)
		time_put(out, record->time);
	value_put(out, &record->value);
}

int senml_cbor_encode(const struct encoding *encoding)
{
	item_array_put(encoding->out, encoding->n);
	for (size_t i = 0; i < encoding->n; i++)
		record_put(encoding, i);
	return 0;
}
