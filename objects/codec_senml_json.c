/* SPDX-License-Identifier: GPL-2.0-or-later
 * SenML-JSON (RFC 8428 section 5): read by json-c, written by ourselves, as
 * its numbers and its memory are of our own making then. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <string.h>

#include <json-c/json.h>

#include "objects/base64.h"
#include "objects/codec_senml.h"

/* A list of records with values; room for what we ignore. */
#define DEPTH_MAX 8

/* What json-c does not tell. It keeps the last of two equal keys, and makes
 * the largest integer of one that is too large. */
struct scan {
	size_t members;		/* keys of all records, each time counted */
	bool too_large;		/* an integer beyond 64 bits */
};

static size_t string_skip(const uint8_t *text, size_t n, size_t at)
{
	while (++at < n && text[at] != '"')
		if (text[at] == '\\')
			at++;
	return at + 1;
}

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

/* Past the number whose first digit is at `at`. */
static size_t number_skip(const uint8_t *text, size_t n, size_t at, bool minus,
			  bool *too_large)
{
	uint64_t limit = minus ? UINT64_C(1) << 63 : UINT64_MAX;
	uint64_t value = 0;
	bool beyond = false;

	for (; at < n && is_digit(text[at]); at++) {
		uint64_t digit = (uint64_t)(text[at] - '0');

		beyond = beyond || value > (limit - digit) / 10;
		value = value * 10 + digit;
	}
	if (at < n && (text[at] == '.' || text[at] == 'e' || text[at] == 'E'))
		beyond = false;		/* a float has another range */
	while (at < n && (is_digit(text[at]) || strchr("+-.eE", text[at])))
		at++;
	*too_large = *too_large || beyond;
	return at;
}

/* Only for text that json-c found to be well-formed. */
static struct scan scan(const uint8_t *text, size_t n)
{
	struct scan found = {0, false};
	size_t at = 0;
	int depth = 0;

	while (at < n) {
		uint8_t c = text[at];

		if (c == '"') {
			at = string_skip(text, n, at);
			continue;
		}
		if (is_digit(c)) {
			at = number_skip(text, n, at, at && text[at - 1] == '-',
					 &found.too_large);
			continue;
		}
		depth += (c == '[' || c == '{') - (c == ']' || c == '}');
		found.members += c == ':' && depth == 2;
		at++;
	}
	return found;
}

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

/* Integers above INT64_MAX read as INT64_MAX by the signed getter. */
static struct lwm2m_value integer_take(struct json_object *object)
{
	int64_t integer = json_object_get_int64(object);
	uint64_t large = json_object_get_uint64(object);

	if (integer == INT64_MAX && large > INT64_MAX)
		return lwm2m_unsigned(large);
	return lwm2m_integer(integer);
}

static int raw_take(struct decoding *decoding, struct json_object *object,
		    enum senml_label label, struct lwm2m_value *raw)
{
	raw->type = LWM2M_NONE;
	switch (json_object_get_type(object)) {
	case json_type_boolean:
		*raw = lwm2m_boolean(json_object_get_boolean(object));
		break;
	case json_type_double:
		*raw = lwm2m_float(json_object_get_double(object));
		break;
	case json_type_int:
		*raw = integer_take(object);
		break;
	case json_type_string:
		return text_take(decoding, object, label, raw);
	case json_type_null: case json_type_object: case json_type_array:
		break;
	}
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

static int list_read(struct decoding *decoding, struct json_object *array,
		     const struct scan *found)
{
	struct senml_list list = {.n = json_object_array_length(array)};
	size_t members = 0;
	int error = 0;

	for (size_t i = 0; i < list.n; i++) {
		struct json_object *object = json_object_array_get_idx(array, i);

		if (!json_object_is_type(object, json_type_object))
			return -EBADMSG;
		members += (size_t)json_object_object_length(object);
	}
	if (members != found->members || found->too_large)
		return -EBADMSG;
	for (size_t i = 0; i < list.n && !error; i++)
		error = record_read(decoding, &list,
				    json_object_array_get_idx(array, i));
	return error;
}

static bool is_blank(const uint8_t *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (text[i] != ' ' && text[i] != '\t' && text[i] != '\n' &&
		    text[i] != '\r')
			return false;
	return true;
}

static int parse(struct json_tokener *tokener, const uint8_t *payload,
		 size_t n, struct json_object **array)
{
	size_t end;

	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT |
			       JSON_TOKENER_VALIDATE_UTF8);
	*array = json_tokener_parse_ex(tokener, (const char *)payload, (int)n);
	if (json_tokener_get_error(tokener) != json_tokener_success)
		return -EBADMSG;
	end = json_tokener_get_parse_end(tokener);
	if (!json_object_is_type(*array, json_type_array) ||
	    !is_blank(payload + end, n - end))
		return -EBADMSG;
	return 0;
}

int senml_json_decode(struct decoding *decoding, const uint8_t *payload,
		      size_t n)
{
	struct json_tokener *tokener;
	struct json_object *array = NULL;
	struct scan found;
	int error;

	if (n > INT_MAX)
		return -EMSGSIZE;
	tokener = json_tokener_new_ex(DEPTH_MAX);
	if (!tokener)
		return -ENOMEM;
	error = parse(tokener, payload, n, &array);
	if (!error) {
		found = scan(payload, n);
		error = list_read(decoding, array, &found);
	}
	json_object_put(array);
	json_tokener_free(tokener);
	return error;
}

/* Bytes that are no UTF-8 come from a device, not from us: what can be read
 * stays, the rest becomes U+FFFD. */
static void string_write(struct buf *out, const char *text, size_t n)
{
	buf_byte(out, '"');
	for (size_t at = 0, step; at < n; at += step) {
		uint8_t c = (uint8_t)text[at];

		step = utf8_sequence(text + at, n - at);
		if (!step) {
			buf_text(out, "\xef\xbf\xbd");
			step = 1;
		} else if (c == '"' || c == '\\') {
			buf_byte(out, '\\');
			buf_byte(out, c);
		} else if (c < ' ') {
			buf_print(out, "\\u%04x", c);
		} else {
			buf_put(out, text + at, step);
		}
	}
	buf_byte(out, '"');
}

/* Exact: a double would not hold ns. */
static void time_write(struct buf *out, int64_t time)
{
	uint64_t ns = time < 0 ? 0 - (uint64_t)time : (uint64_t)time;
	uint64_t fraction = ns % 1000000000;
	int digits = 9;

	buf_print(out, "%s%" PRIu64, time < 0 ? "-" : "", ns / 1000000000);
	if (!fraction)
		return;
	for (; fraction % 10 == 0; digits--)
		fraction /= 10;
	buf_print(out, ".%0*" PRIu64, digits, fraction);
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
		string_write(out, value->as.text, value->length);
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
		time_write(out, record->time);
	}
	value_write(out, &record->value);
	buf_byte(out, '}');
}

int senml_json_encode(const struct encoding *encoding)
{
	for (size_t i = 0; i < encoding->n; i++) {
		const struct lwm2m_value *value = &encoding->records[i].value;

		/* JSON has no word for these. */
		if (value->type == LWM2M_FLOAT && !isfinite(value->as.number))
			return -ENOTSUP;
	}
	buf_byte(encoding->out, '[');
	for (size_t i = 0; i < encoding->n; i++)
		record_write(encoding, i);
	buf_byte(encoding->out, ']');
	return 0;
}
