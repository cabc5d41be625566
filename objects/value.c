/* SPDX-License-Identifier: GPL-2.0-or-later
 * Values: comparing, converting, and their text (Core TS 7.4.1 and table C). */
#include "objects/value.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "objects/base64.h"
#include "objects/codec.h"
#include "objects/codec_formats.h"
#include "objects/decimal.h"
#include "objects/linkformat.h"
#include "objects/tree.h"

static bool number_equal(double a, double b)
{
	return isnan(a) ? isnan(b) : a == b;
}

static bool bytes_equal(const struct lwm2m_value *a,
			const struct lwm2m_value *b)
{
	return a->length == b->length &&
	       (!a->length || !memcmp(a->as.bytes, b->as.bytes, a->length));
}

bool value_equal(const struct lwm2m_value *a, const struct lwm2m_value *b)
{
	if (a->type != b->type)
		return false;
	switch ((enum lwm2m_type)a->type) {
	case LWM2M_NONE:
		return true;
	case LWM2M_BOOLEAN:
		return a->as.boolean == b->as.boolean;
	case LWM2M_INTEGER: case LWM2M_TIME:
		return a->as.integer == b->as.integer;
	case LWM2M_UNSIGNED:
		return a->as.uinteger == b->as.uinteger;
	case LWM2M_FLOAT:
		return number_equal(a->as.number, b->as.number);
	case LWM2M_STRING: case LWM2M_CORELINK: case LWM2M_OPAQUE:
		return bytes_equal(a, b);
	case LWM2M_OBJLINK:
		return a->as.link.object == b->as.link.object &&
		       a->as.link.instance == b->as.link.instance;
	}
	return false;
}

static int to_integer(const struct lwm2m_value *from, int64_t *to)
{
	double rounded;

	if (from->type == LWM2M_UNSIGNED) {
		if (from->as.uinteger > INT64_MAX)
			return -ERANGE;
		*to = (int64_t)from->as.uinteger;
		return 0;
	}
	if (from->type == LWM2M_INTEGER || from->type == LWM2M_TIME) {
		*to = from->as.integer;
		return 0;
	}
	rounded = round(lwm2m_number(from));
	if (!(rounded >= -0x1p63 && rounded < 0x1p63))
		return -ERANGE;
	*to = (int64_t)rounded;
	return 0;
}

static int to_unsigned(const struct lwm2m_value *from, uint64_t *to)
{
	double rounded;

	if (from->type == LWM2M_UNSIGNED) {
		*to = from->as.uinteger;
		return 0;
	}
	if (from->type == LWM2M_INTEGER || from->type == LWM2M_TIME) {
		if (from->as.integer < 0)
			return -ERANGE;
		*to = (uint64_t)from->as.integer;
		return 0;
	}
	rounded = round(lwm2m_number(from));
	if (!(rounded >= 0 && rounded < 0x1p64))
		return -ERANGE;
	*to = (uint64_t)rounded;
	return 0;
}

static bool is_number(uint32_t type)
{
	return type == LWM2M_BOOLEAN || type == LWM2M_INTEGER ||
	       type == LWM2M_TIME || type == LWM2M_UNSIGNED ||
	       type == LWM2M_FLOAT;
}

static int number_convert(const struct lwm2m_value *from, enum lwm2m_type type,
			  struct lwm2m_value *to)
{
	struct lwm2m_value made = {.type = type};
	int error = 0;

	if (type == LWM2M_BOOLEAN) {
		if (isnan(lwm2m_number(from)))
			return -ERANGE;
		made.as.boolean = lwm2m_number(from) != 0;
	} else if (type == LWM2M_FLOAT) {
		made.as.number = lwm2m_number(from);
	} else if (type == LWM2M_UNSIGNED) {
		error = to_unsigned(from, &made.as.uinteger);
	} else {
		error = to_integer(from, &made.as.integer);
	}
	if (!error)
		*to = made;
	return error;
}

int value_convert(const struct lwm2m_value *from, enum lwm2m_type type,
		  struct lwm2m_value *to)
{
	if (from->type == type) {
		*to = *from;
		return 0;
	}
	if (is_number(from->type) && is_number(type))
		return number_convert(from, type, to);
	if ((from->type == LWM2M_STRING && type == LWM2M_CORELINK) ||
	    (from->type == LWM2M_CORELINK && type == LWM2M_STRING)) {
		*to = *from;
		to->type = type;
		return 0;
	}
	return -EINVAL;
}

/* Bytes of the sequence that begins at text, 0: none does (RFC 3629: shortest
 * form, no surrogates, nothing above U+10FFFF). */
size_t utf8_sequence(const char *text, size_t n)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	uint8_t lead = (uint8_t)text[0];
	size_t length = lead < 0x80 ? 1 : lead < 0xc0 ? 0 : lead < 0xe0 ? 2 :
			lead < 0xf0 ? 3 : lead < 0xf8 ? 4 : 0;
	uint32_t code;

	if (length < 2 || length > n)
		return length == 1;
	code = lead & (0x7fu >> length);
	for (size_t i = 1; i < length; i++) {
		if (((uint8_t)text[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | ((uint8_t)text[i] & 0x3f);
	}
	if (code < least[length] || code > 0x10ffff ||
	    (code >= 0xd800 && code < 0xe000))
		return 0;
	return length;
}

bool value_is_text(const struct lwm2m_value *value)
{
	const char *text = value->as.text;
	size_t n = value->length, step;
	struct link link;
	int got;

	for (size_t at = 0; at < n; at += step) {
		step = utf8_sequence(text + at, n - at);
		if (!step)
			return false;
	}
	if (value->type != LWM2M_CORELINK)
		return true;
	do
		got = link_next(&text, &n, &link);
	while (got > 0);
	return got == 0;
}

/* As its shortest decimal. */
static void number_put(struct buf *out, double number)
{
	char text[32];
	size_t n = decimal_write(number, text);

	if (n) {
		buf_put(out, text, n);
		return;
	}
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, number);
		if (number_equal(strtod(text, NULL), number))
			break;
	}
	buf_text(out, text);
}

void value_format(const struct lwm2m_value *value, struct buf *out)
{
	switch ((enum lwm2m_type)value->type) {
	case LWM2M_NONE:
		break;
	case LWM2M_BOOLEAN:
		buf_byte(out, value->as.boolean ? '1' : '0');
		break;
	case LWM2M_INTEGER: case LWM2M_TIME:
		buf_print(out, "%" PRId64, value->as.integer);
		break;
	case LWM2M_UNSIGNED:
		buf_print(out, "%" PRIu64, value->as.uinteger);
		break;
	case LWM2M_FLOAT:
		number_put(out, value->as.number);
		break;
	case LWM2M_STRING: case LWM2M_CORELINK:
		buf_put(out, value->as.text, value->length);
		break;
	case LWM2M_OPAQUE:
		base64_put(out, value->as.bytes, value->length);
		break;
	case LWM2M_OBJLINK:
		buf_print(out, "%u:%u", value->as.link.object,
			  value->as.link.instance);
		break;
	}
}

static size_t digits_skip(const char *text, size_t n, size_t at)
{
	while (at < n && text[at] >= '0' && text[at] <= '9')
		at++;
	return at;
}

/* [-]digits, nothing else; above: the largest magnitude that fits */
static bool magnitude_parse(const char *text, size_t n, uint64_t above,
			    uint64_t *magnitude)
{
	uint64_t value = 0;

	if (!n || digits_skip(text, n, 0) != n)
		return false;
	for (size_t i = 0; i < n; i++) {
		uint64_t digit = (uint64_t)(text[i] - '0');

		if (value > (above - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	*magnitude = value;
	return true;
}

static bool integer_parse(const char *text, size_t n, int64_t *integer)
{
	bool minus = n && text[0] == '-';
	uint64_t magnitude;

	if (!n || !magnitude_parse(text + minus, n - minus,
			     (uint64_t)INT64_MAX + minus, &magnitude))
		return false;
	*integer = (int64_t)(minus ? 0 - magnitude : magnitude);
	return true;
}

/* [+-]digits[.digits][e[+-]digits]: what strtod takes beyond that (hex,
 * names, spaces) is no decimal of the Core TS. */
static bool is_decimal(const char *text, size_t n)
{
	size_t at = n && (text[0] == '-' || text[0] == '+'), end, fraction;

	end = digits_skip(text, n, at);
	fraction = end;
	if (end < n && text[end] == '.')
		fraction = digits_skip(text, n, end + 1);
	if (end == at && fraction <= end + 1)
		return false;
	if (fraction < n && (text[fraction] == 'e' || text[fraction] == 'E')) {
		at = fraction + 1;
		if (at < n && (text[at] == '-' || text[at] == '+'))
			at++;
		fraction = digits_skip(text, n, at);
		if (fraction == at)
			return false;
	}
	return n && fraction == n;
}

static bool float_parse(const char *text, size_t n, double *number)
{
	char copy[128];

	if (n >= sizeof(copy) || !is_decimal(text, n))
		return false;
	memcpy(copy, text, n);
	copy[n] = '\0';
	*number = strtod(copy, NULL);
	return isfinite(*number);
}

bool objlink_parse(const char *text, size_t n, struct lwm2m_value *value)
{
	const char *colon = n ? memchr(text, ':', n) : NULL;
	uint64_t object, instance;
	size_t first;

	if (!colon)
		return false;
	first = (size_t)(colon - text);
	if (!magnitude_parse(text, first, UINT16_MAX, &object) ||
	    !magnitude_parse(colon + 1, n - first - 1, UINT16_MAX, &instance))
		return false;
	value->type = LWM2M_OBJLINK;
	value->length = 0;
	value->as.link.object = (uint16_t)object;
	value->as.link.instance = (uint16_t)instance;
	return true;
}

static int opaque_parse(const char *text, size_t n, struct lwm2m_value *value,
			struct buf *scratch)
{
	const uint8_t *bytes = scratch->at + scratch->used;
	int taken = base64_take(text, n, scratch);

	if (taken < 0)
		return taken == -EMSGSIZE ? taken : -EPROTOTYPE;
	value->as.bytes = bytes;
	value->length = (uint32_t)taken;
	return 0;
}

int value_parse(enum lwm2m_type type, const char *text, size_t n,
		struct lwm2m_value *value, struct buf *scratch)
{
	struct lwm2m_value read = {.type = type};
	bool fits = false;
	int error;

	switch (type) {
	case LWM2M_NONE:
		break;
	case LWM2M_BOOLEAN:
		fits = n == 1 && (text[0] == '0' || text[0] == '1');
		read.as.boolean = fits && text[0] == '1';
		break;
	case LWM2M_INTEGER: case LWM2M_TIME:
		fits = integer_parse(text, n, &read.as.integer);
		break;
	case LWM2M_UNSIGNED:
		fits = magnitude_parse(text, n, UINT64_MAX, &read.as.uinteger);
		break;
	case LWM2M_FLOAT:
		fits = float_parse(text, n, &read.as.number);
		break;
	case LWM2M_STRING: case LWM2M_CORELINK:
		read.as.text = text;
		read.length = (uint32_t)n;
		fits = n <= UINT32_MAX && value_is_text(&read);
		break;
	case LWM2M_OPAQUE:
		error = opaque_parse(text, n, &read, scratch);
		if (error)
			return error;
		fits = true;
		break;
	case LWM2M_OBJLINK:
		fits = objlink_parse(text, n, &read);
		break;
	}
	if (!fits)
		return -EPROTOTYPE;
	*value = read;
	return 0;
}
