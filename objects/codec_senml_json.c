/* SPDX-License-Identifier: GPL-2.0-or-later
 * SenML-JSON (RFC 8428 section 5). */
#include <errno.h>
#include <string.h>

#include <json-c/json.h>

#include "objects/base64.h"
#include "objects/codec_json.h"
#include "objects/codec_senml.h"

/* A text or bytes go into scratch: json-c's die with its object. */
static int text_take(struct decoding *decoding, struct json_object *object,
		     enum senml_label label, struct lwm2m_value *raw)
{
	const char *text = json_object_get_string(object);
	size_t n = (size_t)json_object_get_string_len(object);
	int error;

	if (label == SENML_DATA) {
		error = value_parse(LWM2M_OPAQUE, text, n, raw,
				    decoding->scratch);
		return error;
	}
	*raw = lwm2m_string(text, (uint32_t)n);
	if (label != SENML_STRING)
		return 0;
	raw->as.text = decoding_keep(decoding, text, n);
	return raw->as.text ? 0 : -EMSGSIZE;
}

static int raw_take(struct decoding *decoding, struct json_object *object,
		    enum senml_label label, struct lwm2m_value *raw)
{
	if (json_object_is_type(object, json_type_string))
		return text_take(decoding, object, label, raw);
	*raw = codec_json_value(object);
	return 0;
}

static int member_read(struct decoding *decoding, struct senml_record *record,
		       const char *key, struct json_object *object)
{
	enum senml_label label = senml_label(key, strlen(key), true);
	struct lwm2m_value raw;
	int error;

	if (label == SENML_OTHER)
		return 0;
	error = raw_take(decoding, object, label, &raw);
	return error ? error : senml_set(record, label, &raw);
}

static int record_read(struct decoding *decoding, struct senml_list *list,
		       struct json_object *object)
{
	struct senml_record record = {.seen = 0};
	int error;

	json_object_object_foreach(object, key, value) {
		error = member_read(decoding, &record, key, value);
		if (error)
			return error;
	}
	return senml_add(decoding, list, &record);
}

static int list_read(struct decoding *decoding, struct json_object *array)
{
	struct senml_list list = {.n = json_object_array_length(array)};
	int error = 0;

	for (size_t i = 0; i < list.n; i++)
		if (!json_object_is_type(json_object_array_get_idx(array, i),
					 json_type_object))
			return -EBADMSG;
	for (size_t i = 0; i < list.n && !error; i++)
		error = record_read(decoding, &list,
				    json_object_array_get_idx(array, i));
	return error;
}

int senml_json_decode(struct decoding *decoding, const uint8_t *payload,
		      size_t n)
{
	struct json_object *array;
	int error = codec_json_read(payload, n, &array);

	if (!error)
		error = json_object_is_type(array, json_type_array) ?
			list_read(decoding, array) : -EBADMSG;
	json_object_put(array);
	return error;
}

static void value_write(struct buf *out, const struct lwm2m_value *value)
{
	switch ((enum lwm2m_type)value->type) {
	case LWM2M_NONE:
		break;
	case LWM2M_BOOLEAN:
		buf_text(out, value->as.boolean ? ",\"vb\":true" :
						  ",\"vb\":false");
		break;
	case LWM2M_INTEGER: case LWM2M_TIME: case LWM2M_UNSIGNED:
	case LWM2M_FLOAT:
		buf_text(out, ",\"v\":");
		value_format(value, out);
		break;
	case LWM2M_STRING: case LWM2M_CORELINK:
		buf_text(out, ",\"vs\":");
		codec_json_text_put(out, value->as.text, value->length);
		break;
	case LWM2M_OPAQUE:
		buf_text(out, ",\"vd\":\"");
		base64url_put(out, value->as.bytes, value->length);
		buf_byte(out, '"');
		break;
	case LWM2M_OBJLINK:
		buf_text(out, ",\"vlo\":\"");
		value_format(value, out);
		buf_byte(out, '"');
		break;
	}
}

static void record_write(const struct encoding *encoding, size_t index)
{
	const struct lwm2m_record *record = &encoding->records[index];
	char text[PATH_TEXT_MAX + 1];
	const char *name = senml_name(encoding, record, text);
	const char *comma = "";
	struct buf *out = encoding->out;

	buf_text(out, index ? ",{" : "{");
	if (!index) {
		char base[PATH_TEXT_MAX + 1];

		senml_base_name(encoding, base);
		buf_print(out, "\"bn\":\"%s\"", base);
		comma = ",";
	}
	if (*name || index)
		buf_print(out, "%s\"n\":\"%s\"", comma, name);
	if (record->time) {
		buf_text(out, ",\"t\":");
		codec_json_time_put(out, record->time);
	}
	value_write(out, &record->value);
	buf_byte(out, '}');
}

int senml_json_encode(const struct encoding *encoding)
{
	if (!codec_json_carries(encoding))
		return -ENOTSUP;
	buf_byte(encoding->out, '[');
	for (size_t i = 0; i < encoding->n; i++)
		record_write(encoding, i);
	buf_byte(encoding->out, ']');
	return 0;
}
