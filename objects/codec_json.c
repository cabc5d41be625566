/* SPDX-License-Identifier: GPL-2.0-or-later
 * JSON text: read by json-c, written by ourselves, as its numbers and its
 * memory are of our own making then. */
#include "objects/codec_json.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "objects/codec_formats.h"

/* An object of a list of records with values; room for what we ignore. */
#define DEPTH_MAX 8

/* What json-c does not tell. It keeps the last of two equal keys, makes the
 * largest integer of one that is too large, and takes keys in single quotes. */
struct scan {
	size_t members;		/* keys of all objects, each time counted */
	bool too_large;		/* an integer beyond 64 bits */
	bool quotes;		/* that are single, around a key */
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
static struct scan text_scan(const uint8_t *text, size_t n)
{
	struct scan found = {0, false, false};
	size_t at = 0;

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
		found.members += c == ':';
		found.quotes = found.quotes || c == '\'';
		at++;
	}
	return found;
}

/* Integers above INT64_MAX read as INT64_MAX by the signed getter. */
static struct lwm2m_value integer_value(struct json_object *object)
{
	int64_t integer = json_object_get_int64(object);
	uint64_t large = json_object_get_uint64(object);

	if (integer == INT64_MAX && large > INT64_MAX)
		return lwm2m_unsigned(large);
	return lwm2m_integer(integer);
}

static bool is_blank(const uint8_t *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (text[i] != ' ' && text[i] != '\t' && text[i] != '\n' &&
		    text[i] != '\r')
			return false;
	return true;
}

/* The keys of all objects that json-c made. It goes no deeper than DEPTH_MAX,
 * nor does this. */
static size_t members_count(struct json_object *object)
{
	size_t n = 0;

	if (json_object_is_type(object, json_type_array))
		for (size_t i = 0; i < json_object_array_length(object); i++)
			n += members_count(
				json_object_array_get_idx(object, i));
	if (!json_object_is_type(object, json_type_object))
		return n;
	json_object_object_foreach(object, key, value) {
		(void)key;
		n += 1 + members_count(value);
	}
	return n;
}

static int object_parse(struct json_tokener *tokener, const uint8_t *payload,
			size_t n, struct json_object **object)
{
	struct scan found;
	size_t end;

	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT |
			       JSON_TOKENER_VALIDATE_UTF8);
	*object = json_tokener_parse_ex(tokener, (const char *)payload,
					(int)n);
	if (json_tokener_get_error(tokener) != json_tokener_success)
		return -EBADMSG;
	end = json_tokener_get_parse_end(tokener);
	if (!is_blank(payload + end, n - end))
		return -EBADMSG;
	found = text_scan(payload, n);
	return found.too_large || found.quotes ||
	       found.members != members_count(*object) ? -EBADMSG : 0;
}

/* ---- json-c 0.18, when strict, takes no byte of 0x80 and above: what is not
 * ASCII goes to it as \u escapes ---- */

static bool is_ascii(const uint8_t *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (text[i] >= 0x80)
			return false;
	return true;
}

/* One character of UTF-8 (RFC 3629), its bytes; 0: it is none. */
static size_t utf8_read(const uint8_t *text, size_t n, uint32_t *code)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t length = text[0] < 0x80 ? 1 : text[0] >= 0xf0 ? 4 :
			text[0] >= 0xe0 ? 3 : 2;

	*code = text[0];
	if (length == 1)
		return 1;
	if (text[0] < 0xc0 || text[0] >= 0xf8 || length > n)
		return 0;
	*code &= 0x7fu >> length;
	for (size_t i = 1; i < length; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | (text[i] & 0x3f);
	}
	if (*code < least[length] || *code > 0x10ffff ||
	    (*code >= 0xd800 && *code < 0xe000))
		return 0;
	return length;
}

static void code_escape(struct buf *out, uint32_t code)
{
	if (code < 0x80) {
		buf_byte(out, (uint8_t)code);
	} else if (code < 0x10000) {
		buf_print(out, "\\u%04x", (unsigned)code);
	} else {
		buf_print(out, "\\u%04x\\u%04x",
			  (unsigned)(0xd7c0 + (code >> 10)),
			  (unsigned)(0xdc00 + (code & 0x3ff)));
	}
}

/* false: not UTF-8. No character of n bytes becomes longer than 3 n, but for
 * the end that buf_print() writes. */
static bool escape_all(struct buf *out, const uint8_t *text, size_t n)
{
	uint32_t code;
	size_t length;

	for (; n; text += length, n -= length) {
		length = utf8_read(text, n, &code);
		if (!length)
			return false;
		code_escape(out, code);
	}
	return true;
}

static int parse_escaped(struct json_tokener *tokener, const uint8_t *payload,
			 size_t n, struct json_object **object)
{
	size_t size = 3 * n + 1;
	uint8_t *bytes = malloc(size);
	struct buf out = buf_over(bytes, size);
	int error = -EBADMSG;

	if (!bytes)
		return -ENOMEM;
	if (escape_all(&out, payload, n))
		error = object_parse(tokener, bytes, out.used, object);
	free(bytes);
	return error;
}

int codec_json_read(const uint8_t *payload, size_t n,
		    struct json_object **object)
{
	struct json_tokener *tokener;
	int error;

	*object = NULL;
	if (n > INT_MAX / 4)
		return -EMSGSIZE;
	tokener = json_tokener_new_ex(DEPTH_MAX);
	if (!tokener)
		return -ENOMEM;
	error = is_ascii(payload, n)
			? object_parse(tokener, payload, n, object)
			: parse_escaped(tokener, payload, n, object);
	json_tokener_free(tokener);
	return error;
}

struct lwm2m_value codec_json_value(struct json_object *object)
{
	switch (json_object_get_type(object)) {
	case json_type_boolean:
		return lwm2m_boolean(json_object_get_boolean(object));
	case json_type_double:
		return lwm2m_float(json_object_get_double(object));
	case json_type_int:
		return integer_value(object);
	case json_type_string:
		return lwm2m_string(json_object_get_string(object),
			(uint32_t)json_object_get_string_len(object));
	case json_type_null: case json_type_object: case json_type_array:
		break;
	}
	return (struct lwm2m_value){.type = LWM2M_NONE};
}

bool codec_json_carries(const struct encoding *encoding)
{
	for (size_t i = 0; i < encoding->n; i++) {
		const struct lwm2m_value *value = &encoding->records[i].value;

		if (value->type == LWM2M_FLOAT && !isfinite(value->as.number))
			return false;
	}
	return true;
}

/* Bytes that are no UTF-8 come from a device, not from us: what can be read
 * stays, the rest becomes U+FFFD. */
void codec_json_text_put(struct buf *out, const char *text, size_t n)
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
void codec_json_time_put(struct buf *out, int64_t time)
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
