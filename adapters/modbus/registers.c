/* SPDX-License-Identifier: GPL-2.0-or-later
 * Registers to values and back. */
#include "adapters/modbus/registers.h"

#include <errno.h>
#include <float.h>
#include <math.h>
#include <string.h>

/* The upper limits of 64 bits are one too high, as no double is nearer:
 * integer_of() is exact. */
static const struct {
	uint8_t words, value;
	double min, max;
} kinds[REGISTER_TYPES] = {
	[REGISTER_INT16] = {1, LWM2M_INTEGER, INT16_MIN, INT16_MAX},
	[REGISTER_UINT16] = {1, LWM2M_INTEGER, 0, UINT16_MAX},
	[REGISTER_INT32] = {2, LWM2M_INTEGER, INT32_MIN, INT32_MAX},
	[REGISTER_UINT32] = {2, LWM2M_INTEGER, 0, UINT32_MAX},
	[REGISTER_INT64] = {4, LWM2M_INTEGER, -0x1p63, 0x1p63},
	[REGISTER_UINT64] = {4, LWM2M_UNSIGNED, 0, 0x1p64},
	[REGISTER_FLOAT32] = {2, LWM2M_FLOAT, -(double)FLT_MAX,
			      (double)FLT_MAX},
	[REGISTER_FLOAT64] = {4, LWM2M_FLOAT, -DBL_MAX, DBL_MAX},
	[REGISTER_STRING] = {0, LWM2M_STRING, 0, 0},
};

const char *const register_type_names[REGISTER_TYPES] = {
	"int16", "uint16", "int32", "uint32", "int64", "uint64",
	"float32", "float64", "string"
};
const char *const register_order_names[ORDERS] = {
	"ABCD", "CDAB", "BADC", "DCBA"
};

unsigned register_span(struct register_format f)
{
	return f.type == REGISTER_STRING ? f.length : kinds[f.type].words;
}

enum lwm2m_type register_value_type(struct register_format f)
{
	if (f.n_bits == 1)
		return LWM2M_BOOLEAN;
	return (enum lwm2m_type)kinds[f.type].value;
}

void register_limits(struct register_format f, double *min, double *max)
{
	*min = kinds[f.type].min;
	*max = kinds[f.type].max;
}

static const char *number_read(const char *at, unsigned *to)
{
	const char *start = at;

	for (*to = 0; *at >= '0' && *at <= '9' && *to < 100; at++)
		*to = *to * 10 + (unsigned)(*at - '0');
	return at == start || *to > 15 ? NULL : at;
}

bool register_bits_read(const char *text, uint8_t *bit, uint8_t *n_bits)
{
	unsigned from, to;
	const char *at = number_read(text, &from);

	to = from;
	if (at && *at == '-')
		at = number_read(at + 1, &to);
	if (!at || *at || to < from)
		return false;
	*bit = (uint8_t)from;
	*n_bits = (uint8_t)(to - from + 1);
	return true;
}

static bool words_swapped(unsigned order)
{
	return order == ORDER_CDAB || order == ORDER_DCBA;
}

static uint16_t bytes_ordered(unsigned order, uint16_t word)
{
	if (order == ORDER_BADC || order == ORDER_DCBA)
		return (uint16_t)(word << 8 | word >> 8);
	return word;
}

static uint64_t words_join(struct register_format f, const uint16_t *words)
{
	unsigned n = register_span(f);
	uint64_t raw = 0;

	for (unsigned i = 0; i < n; i++)
		raw = raw << 16 |
		      bytes_ordered(f.order, words[words_swapped(f.order) ?
						   n - 1 - i : i]);
	return raw;
}

static void words_split(struct register_format f, uint64_t raw,
			uint16_t *words)
{
	unsigned n = register_span(f);

	for (unsigned i = 0; i < n; i++, raw >>= 16)
		words[words_swapped(f.order) ? i : n - 1 - i] =
			bytes_ordered(f.order, (uint16_t)raw);
}

static uint64_t width_mask(struct register_format f)
{
	return UINT64_MAX >> (64 - 16 * register_span(f));
}

bool register_invalid_fits(struct register_format f, int64_t bad)
{
	unsigned width = 16 * kinds[f.type].words;

	if (width == 0)
		return false;
	if (width == 64)
		return true;
	return bad >= -((int64_t)1 << (width - 1)) &&
	       bad < (int64_t)1 << width;
}

bool register_is_invalid(struct register_format f, const uint16_t *words,
			 const int64_t *bad, size_t n)
{
	uint64_t raw, mask;

	if (n == 0 || f.type == REGISTER_STRING)
		return false;
	raw = words_join(f, words);
	mask = width_mask(f);
	for (size_t i = 0; i < n; i++)
		if (((uint64_t)bad[i] & mask) == raw)
			return true;
	return false;
}

/* Length of the UTF-8 character at `at`, 0 where there is none. */
static unsigned utf8_length(const uint8_t *at, unsigned left)
{
	static const uint8_t lowest[] = {0, 0, 0xc2, 0xe0, 0xf0};
	unsigned n = at[0] < 0x80 ? 1 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : 4;

	if (n > left || at[0] < lowest[n] || at[0] > 0xf4)
		return 0;
	for (unsigned i = 1; i < n; i++)
		if ((at[i] & 0xc0) != 0x80)
			return 0;
	/* overlong, a surrogate, beyond U+10FFFF */
	if ((at[0] == 0xe0 && at[1] < 0xa0) ||
	    (at[0] == 0xed && at[1] > 0x9f) ||
	    (at[0] == 0xf0 && at[1] < 0x90) ||
	    (at[0] == 0xf4 && at[1] > 0x8f))
		return 0;
	return n;
}

static bool is_utf8(const char *text, unsigned n)
{
	const uint8_t *at = (const uint8_t *)text;
	unsigned used;

	for (unsigned i = 0; i < n; i += used) {
		used = utf8_length(at + i, n - i);
		if (used == 0)
			return false;
	}
	return true;
}

static int string_decode(struct register_format f, const uint16_t *words,
			 struct lwm2m_value *value, char *text)
{
	unsigned n = 0;

	for (unsigned i = 0; i < f.length; i++) {
		uint16_t word = bytes_ordered(f.order, words[i]);

		text[n++] = (char)(word >> 8);
		text[n++] = (char)(word & 0xff);
	}
	n = (unsigned)strnlen(text, n);
	while (n > 0 && text[n - 1] == ' ')
		n--;
	*value = lwm2m_string(text, n);
	return is_utf8(text, n) ? 0 : -EILSEQ;
}

/* A range of bits; of an int16 its highest is the sign. */
static struct lwm2m_value bits_decode(struct register_format f, uint64_t raw)
{
	uint64_t value = raw >> f.bit & ((1u << f.n_bits) - 1);

	if (f.n_bits == 1)
		return lwm2m_boolean(value != 0);
	if (f.type == REGISTER_INT16 && value >> (f.n_bits - 1))
		return lwm2m_integer((int64_t)value - (1 << f.n_bits));
	return lwm2m_integer((int64_t)value);
}

static double float32_of(uint32_t raw)
{
	float number;

	memcpy(&number, &raw, sizeof(number));
	return (double)number;
}

static double float64_of(uint64_t raw)
{
	double number;

	memcpy(&number, &raw, sizeof(number));
	return number;
}

int register_decode(struct register_format f, const uint16_t *words,
		    struct lwm2m_value *value, char *text)
{
	uint64_t raw;

	if (f.type == REGISTER_STRING)
		return string_decode(f, words, value, text);
	raw = words_join(f, words);
	if (f.n_bits > 0) {
		*value = bits_decode(f, raw);
		return 0;
	}
	switch ((enum register_type)f.type) {
	case REGISTER_INT16:
		*value = lwm2m_integer((int16_t)raw);
		return 0;
	case REGISTER_INT32:
		*value = lwm2m_integer((int32_t)raw);
		return 0;
	case REGISTER_UINT16:
	case REGISTER_UINT32:
	case REGISTER_INT64:
		*value = lwm2m_integer((int64_t)raw);
		return 0;
	case REGISTER_UINT64:
		*value = lwm2m_unsigned(raw);
		return 0;
	case REGISTER_FLOAT32:
		*value = lwm2m_float(float32_of((uint32_t)raw));
		return isfinite(value->as.number) ? 0 : -ENODATA;
	case REGISTER_FLOAT64:
		*value = lwm2m_float(float64_of(raw));
		return isfinite(value->as.number) ? 0 : -ENODATA;
	case REGISTER_STRING:
	case REGISTER_TYPES:
		break;
	}
	return -EINVAL;
}

static int string_encode(struct register_format f,
			 const struct lwm2m_value *value, uint16_t *words)
{
	const char *text = value->as.text;

	if (value->type != LWM2M_STRING)
		return -EINVAL;
	if (value->length > 2u * f.length)
		return -ERANGE;
	for (uint32_t i = 0; i < f.length; i++) {
		uint32_t at = 2 * i;
		uint8_t high = at < value->length ? (uint8_t)text[at] : 0;
		uint8_t low = at + 1 < value->length ?
			      (uint8_t)text[at + 1] : 0;

		words[i] = bytes_ordered(f.order,
					 (uint16_t)(high << 8 | low));
	}
	return f.length;
}

/* A number, rounded to the nearest, as 64 bits of two's complement. */
static int integer_of(bool is_signed, const struct lwm2m_value *value,
		      uint64_t *raw)
{
	double number = lwm2m_number(value);

	if (value->type == LWM2M_INTEGER || value->type == LWM2M_TIME) {
		*raw = (uint64_t)value->as.integer;
		return !is_signed && value->as.integer < 0 ? -ERANGE : 0;
	}
	if (value->type == LWM2M_UNSIGNED) {
		*raw = value->as.uinteger;
		return is_signed && *raw > INT64_MAX ? -ERANGE : 0;
	}
	if (isnan(number))
		return -EINVAL;
	number = round(number);
	if (number >= (is_signed ? 0x1p63 : 0x1p64) ||
	    number < (is_signed ? -0x1p63 : 0))
		return -ERANGE;
	*raw = is_signed ? (uint64_t)(int64_t)number : (uint64_t)number;
	return 0;
}

static int integer_encode(struct register_format f,
			  const struct lwm2m_value *value, uint16_t *words)
{
	bool is_signed = kinds[f.type].min < 0;
	unsigned width = 16 * register_span(f);
	uint64_t raw;
	int rc = integer_of(is_signed, value, &raw);

	if (rc)
		return rc;
	if (width < 64 && is_signed &&
	    ((int64_t)raw < -((int64_t)1 << (width - 1)) ||
	     (int64_t)raw >= (int64_t)1 << (width - 1)))
		return -ERANGE;
	if (width < 64 && !is_signed && raw >> width)
		return -ERANGE;
	words_split(f, raw, words);
	return (int)register_span(f);
}

static int float_encode(struct register_format f,
			const struct lwm2m_value *value, uint16_t *words)
{
	double number = lwm2m_number(value);
	float single = (float)number;
	uint32_t raw32;
	uint64_t raw;

	if (isnan(number))
		return -EINVAL;
	if (isinf(number) || (f.type == REGISTER_FLOAT32 && isinf(single)))
		return -ERANGE;
	memcpy(&raw32, &single, sizeof(raw32));
	memcpy(&raw, &number, sizeof(raw));
	words_split(f, f.type == REGISTER_FLOAT32 ? raw32 : raw, words);
	return (int)register_span(f);
}

int register_encode(struct register_format f, const struct lwm2m_value *value,
		    uint16_t *words)
{
	if (f.n_bits > 0)
		return -ENOTSUP;
	if (f.type == REGISTER_STRING)
		return string_encode(f, value, words);
	if (f.type == REGISTER_FLOAT32 || f.type == REGISTER_FLOAT64)
		return float_encode(f, value, words);
	return integer_encode(f, value, words);
}
