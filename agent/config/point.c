/* SPDX-License-Identifier: GPL-2.0-or-later
 * Scaling between raw values and resources. Whole numbers that are neither
 * scaled nor shifted never pass through a double: 64 bits stay 64 bits. */
#include "agent/config/point.h"
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DECIMALS_MAX 15		/* more digits than that a double has not */
#define EXPONENT_MAX 400	/* below it all numbers are 0 */

int8_t point_decimals(const char *number)
{
	const char *dot = strchr(number, '.');
	const char *exponent = strpbrk(number, "eE");
	const char *end = exponent ? exponent : number + strlen(number);
	long decimals = 0, power;

	if (dot && dot < end) {
		while (end > dot + 1 && end[-1] == '0')
			end--;
		decimals = end - dot - 1;
	}
	power = exponent ? strtol(exponent + 1, NULL, 10) : 0;
	if (power < -EXPONENT_MAX)
		power = -EXPONENT_MAX;
	if (power > decimals)
		return 0;
	decimals -= power;
	return decimals > DECIMALS_MAX ? DECIMALS_MAX : (int8_t)decimals;
}

static bool is_identity(const struct point_scale *scale)
{
	return scale->scale == 1 && scale->offset == 0;
}

/* Whole number / power of ten is the double nearest to the decimal: the text
 * of it is the shortest one. Beyond 2^53 there is nothing left to round. */
static double number_round(double number, int decimals)
{
	double power = 1, whole;

	for (int i = 0; i < decimals; i++)
		power *= 10;
	whole = round(number * power);
	return fabs(whole) < 0x1p53 ? whole / power : number;
}

static bool is_whole(const struct lwm2m_value *value)
{
	return value->type == LWM2M_INTEGER || value->type == LWM2M_UNSIGNED ||
	       value->type == LWM2M_TIME || value->type == LWM2M_BOOLEAN;
}

/* A whole number as another whole type, exactly. */
static int whole_convert(const struct lwm2m_value *from, enum lwm2m_type type,
			 struct lwm2m_value *to)
{
	bool negative = (from->type == LWM2M_INTEGER ||
			 from->type == LWM2M_TIME) && from->as.integer < 0;
	uint64_t magnitude = from->type == LWM2M_BOOLEAN ?
			     from->as.boolean : from->as.uinteger;

	*to = (struct lwm2m_value){.type = type};
	if (type == LWM2M_BOOLEAN) {
		to->as.boolean = magnitude != 0;
		return 0;
	}
	if (type == LWM2M_UNSIGNED ? negative :
	    !negative && magnitude > INT64_MAX)
		return -ERANGE;
	to->as.uinteger = magnitude;
	return 0;
}

static int number_convert(double number, enum lwm2m_type type,
			  struct lwm2m_value *to)
{
	*to = (struct lwm2m_value){.type = type};
	switch (type) {
	case LWM2M_BOOLEAN:
		to->as.boolean = number != 0;
		return 0;
	case LWM2M_FLOAT:
		to->as.number = number;
		return 0;
	case LWM2M_INTEGER:
	case LWM2M_TIME:
		number = round(number);
		if (!(number >= -0x1p63 && number < 0x1p63))
			return -ERANGE;
		to->as.integer = (int64_t)number;
		return 0;
	case LWM2M_UNSIGNED:
		number = round(number);
		if (!(number >= 0 && number < 0x1p64))
			return -ERANGE;
		to->as.uinteger = (uint64_t)number;
		return 0;
	case LWM2M_NONE:
	case LWM2M_STRING:
	case LWM2M_OPAQUE:
	case LWM2M_OBJLINK:
	case LWM2M_CORELINK:
		break;
	}
	return -EINVAL;
}

bool point_is_number(enum lwm2m_type type)
{
	switch (type) {
	case LWM2M_BOOLEAN:
	case LWM2M_INTEGER:
	case LWM2M_UNSIGNED:
	case LWM2M_FLOAT:
	case LWM2M_TIME:
		return true;
	case LWM2M_NONE:
	case LWM2M_STRING:
	case LWM2M_OPAQUE:
	case LWM2M_OBJLINK:
	case LWM2M_CORELINK:
		break;
	}
	return false;
}

/* Text, bytes and links: as they are; text may also stand as bytes or as
 * links in link format, which are text too. */
static int value_pass(const struct lwm2m_value *from, enum lwm2m_type type,
		      struct lwm2m_value *to)
{
	bool text = from->type == LWM2M_STRING || from->type == LWM2M_CORELINK;

	if (from->type == LWM2M_NONE ||
	    (from->type != type &&
	     !(text && (type == LWM2M_STRING || type == LWM2M_CORELINK ||
			type == LWM2M_OPAQUE))))
		return -EINVAL;
	*to = *from;
	to->type = type;
	return 0;
}

/* The decimals of a scale say nothing of a number that has its own: only what
 * the multiplication has added goes. */
static double number_clean(double number)
{
	char text[32];

	snprintf(text, sizeof(text), "%.12g", number);
	return strtod(text, NULL);
}

static double number_scale(const struct point_scale *scale, double number)
{
	number = number * scale->scale + scale->offset;
	if (scale->decimals == POINT_DECIMALS_OWN)
		return number_clean(number);
	return scale->decimals < 0 ? number :
	       number_round(number, scale->decimals);
}

/* ---- numbers as texts */

static const char *text_find(const struct point_scale *scale, double number)
{
	for (size_t i = 0; i < scale->n_texts; i++)
		if (scale->texts[i].number == number)
			return scale->texts[i].text;
	return NULL;
}

static const char *number_print(const struct point_scale *scale,
				const struct lwm2m_value *raw,
				char text[POINT_TEXT_MAX])
{
	double number = number_scale(scale, lwm2m_number(raw));

	if (is_identity(scale) && raw->type == LWM2M_UNSIGNED)
		snprintf(text, POINT_TEXT_MAX, "%llu",
			 (unsigned long long)raw->as.uinteger);
	else if (is_identity(scale) && is_whole(raw) &&
		 raw->type != LWM2M_BOOLEAN)
		snprintf(text, POINT_TEXT_MAX, "%lld",
			 (long long)raw->as.integer);
	else
		for (int digits = 15; digits <= 17; digits++) {
			snprintf(text, POINT_TEXT_MAX, "%.*g", digits, number);
			if (strtod(text, NULL) == number)
				break;
		}
	return text;
}

static int text_convert(const struct point_scale *scale,
			const struct lwm2m_value *raw,
			struct lwm2m_value *value, char text[POINT_TEXT_MAX])
{
	const char *found = text_find(scale, number_scale(scale,
							  lwm2m_number(raw)));

	if (!found)
		found = number_print(scale, raw, text);
	*value = lwm2m_string(found, strlen(found));
	return 0;
}

/* The number that a text stands for: NaN, none. */
static double text_number(const struct point_scale *scale,
			  const struct lwm2m_value *value)
{
	char text[POINT_TEXT_MAX], *end;
	size_t n = value->length;
	double number;

	for (size_t i = 0; i < scale->n_texts; i++)
		if (strlen(scale->texts[i].text) == n &&
		    memcmp(scale->texts[i].text, value->as.text, n) == 0)
			return scale->texts[i].number;
	if (n == 0 || n >= sizeof(text))
		return (double)NAN;
	memcpy(text, value->as.text, n);
	text[n] = '\0';
	number = strtod(text, &end);
	return *end ? (double)NAN : number;
}

int point_convert(const struct point_scale *scale,
		  const struct lwm2m_value *raw, enum lwm2m_type type,
		  struct lwm2m_value *value, char text[POINT_TEXT_MAX])
{
	double number = lwm2m_number(raw);

	if (!point_is_number((enum lwm2m_type)raw->type))
		return value_pass(raw, type, value);
	if (!isfinite(number))
		return -ENODATA;
	if (type == LWM2M_STRING)
		return text_convert(scale, raw, value, text);
	if (!point_is_number(type))
		return -EINVAL;
	if (is_identity(scale) && is_whole(raw) && type != LWM2M_FLOAT)
		return whole_convert(raw, type, value);
	number = number_scale(scale, number);
	return isfinite(number) ? number_convert(number, type, value) : -ERANGE;
}

static bool is_within(const struct lwm2m_value *raw, double min, double max)
{
	double number = lwm2m_number(raw);

	return min == max || (number >= min && number <= max);
}

int point_invert(const struct point_scale *scale,
		 const struct lwm2m_value *value, enum lwm2m_type raw_type,
		 double min, double max, struct lwm2m_value *raw)
{
	double number = lwm2m_number(value);
	struct lwm2m_value named;
	int rc;

	if (value->type == LWM2M_STRING && point_is_number(raw_type)) {
		number = text_number(scale, value);
		named = lwm2m_float(number);
		value = &named;
	}
	if (!point_is_number((enum lwm2m_type)value->type))
		return value_pass(value, raw_type, raw);
	if (!isfinite(number) || !point_is_number(raw_type) || scale->scale == 0)
		return -EINVAL;
	if (is_identity(scale) && is_whole(value) && raw_type != LWM2M_FLOAT)
		rc = whole_convert(value, raw_type, raw);
	else
		rc = number_convert((number - scale->offset) / scale->scale,
				    raw_type, raw);
	if (rc < 0)
		return rc;
	return is_within(raw, min, max) ? 0 : -ERANGE;
}
