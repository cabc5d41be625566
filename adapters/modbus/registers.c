/* SPDX-License-Identifier: GPL-2.0-or-later
 * Registers to values and back. */
#include "adapters/modbus/registers.h"

#include <ctype.h>
#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The upper limits of 64 bits are one too high, as no double is nearer:
 * integer_of() is exact. */
static const struct {
	const char *name;
	uint8_t words, bits, value;
	double min, max;
} kinds[REGISTER_TYPES] = {
	[REGISTER_INT16] = {"int16", 1, 16, LWM2M_INTEGER, INT16_MIN,
			    INT16_MAX},
	[REGISTER_UINT16] = {"uint16", 1, 16, LWM2M_INTEGER, 0, UINT16_MAX},
	[REGISTER_INT32] = {"int32", 2, 32, LWM2M_INTEGER, INT32_MIN,
			    INT32_MAX},
	[REGISTER_UINT32] = {"uint32", 2, 32, LWM2M_INTEGER, 0, UINT32_MAX},
	[REGISTER_INT64] = {"int64", 4, 64, LWM2M_INTEGER, -0x1p63, 0x1p63},
	[REGISTER_UINT64] = {"uint64", 4, 64, LWM2M_UNSIGNED, 0, 0x1p64},
	[REGISTER_FLOAT32] = {"float32", 2, 32, LWM2M_FLOAT, -(double)FLT_MAX,
			      (double)FLT_MAX},
	[REGISTER_FLOAT64] = {"float64", 4, 64, LWM2M_FLOAT, -DBL_MAX,
			      DBL_MAX},
	[REGISTER_STRING] = {"string", 0, 0, LWM2M_STRING, 0, 0},
	[REGISTER_INT8] = {"int8", 1, 8, LWM2M_INTEGER, INT8_MIN, INT8_MAX},
	[REGISTER_UINT8] = {"uint8", 1, 8, LWM2M_INTEGER, 0, UINT8_MAX},
	[REGISTER_INT24] = {"int24", 2, 24, LWM2M_INTEGER, -0x1p23,
			    0x1p23 - 1},
	[REGISTER_UINT24] = {"uint24", 2, 24, LWM2M_INTEGER, 0, 0x1p24 - 1},
	[REGISTER_BCD16] = {"bcd16", 1, 16, LWM2M_INTEGER, 0, 9999},
	[REGISTER_BCD32] = {"bcd32", 2, 32, LWM2M_INTEGER, 0, 99999999},
	[REGISTER_FLOAT16] = {"float16", 1, 16, LWM2M_FLOAT, -65504, 65504},
};

const char *const register_order_names[ORDERS] = {
	"ABCD", "CDAB", "BADC", "DCBA"
};

const char *register_type_name(unsigned type)
{
	return kinds[type].name;
}

unsigned register_span(struct register_format f)
{
	return f.type == REGISTER_STRING ? f.length : kinds[f.type].words;
}

static bool is_bcd(struct register_format f)
{
	return f.type == REGISTER_BCD16 || f.type == REGISTER_BCD32;
}

static bool is_float(struct register_format f)
{
	return kinds[f.type].value == LWM2M_FLOAT;
}

static bool is_signed(struct register_format f)
{
	return kinds[f.type].min < 0 && !is_float(f);
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

uint16_t register_bits_mask(struct register_format f)
{
	return bytes_ordered(f.order,
			     (uint16_t)(((1u << f.n_bits) - 1) << f.bit));
}

void register_bits_limits(struct register_format f, double *min, double *max)
{
	bool negative = f.type == REGISTER_INT16 && f.n_bits > 1;

	*min = negative ? -ldexp(1, f.n_bits - 1) : 0;
	*max = ldexp(1, negative ? f.n_bits - 1 : f.n_bits) - 1;
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

/* The bits of the value, of all that its registers hold. */
static uint64_t width_mask(struct register_format f)
{
	return UINT64_MAX >> (64 - kinds[f.type].bits);
}

/* ---- numbers to bits and back */

static uint64_t bcd_of(uint64_t number)
{
	uint64_t raw = 0;

	for (unsigned shift = 0; number; shift += 4, number /= 10)
		raw |= number % 10 << shift;
	return raw;
}

static int bcd_number(uint64_t raw, int64_t *number)
{
	int64_t power = 1;

	for (*number = 0; raw; raw >>= 4, power *= 10) {
		if ((raw & 15) > 9)
			return -ENODATA;
		*number += (int64_t)(raw & 15) * power;
	}
	return 0;
}

static double float16_number(uint16_t raw)
{
	int exponent = raw >> 10 & 31;
	double part = raw & 0x3ff, number;

	if (exponent == 31)
		number = part != 0 ? (double)NAN : (double)INFINITY;
	else if (exponent == 0)
		number = ldexp(part, -24);
	else
		number = ldexp(part + 1024, exponent - 25);
	return raw & 0x8000 ? -number : number;
}

/* Rounded to the nearest, ties to even; beyond the largest: infinite. */
static uint16_t float16_of(double number)
{
	uint16_t sign = signbit(number) ? 0x8000 : 0;
	int exponent;

	if (isnan(number))
		return 0x7e00;
	number = fabs(number);
	if (number >= 65520)
		return sign | 0x7c00;
	frexp(number, &exponent);
	if (exponent < -13)	/* subnormal; what rounds up to 1024 is none */
		return sign | (uint16_t)nearbyint(ldexp(number, 24));
	/* a part that rounds up to 2048 carries into the exponent */
	return (uint16_t)(sign + ((exponent + 14) << 10) +
			  (int)nearbyint(ldexp(number, 11 - exponent)) - 1024);
}

static double float32_number(uint32_t raw)
{
	float number;

	memcpy(&number, &raw, sizeof(number));
	return (double)number;
}

static double float64_number(uint64_t raw)
{
	double number;

	memcpy(&number, &raw, sizeof(number));
	return number;
}

static double float_number(struct register_format f, uint64_t raw)
{
	if (f.type == REGISTER_FLOAT16)
		return float16_number((uint16_t)raw);
	if (f.type == REGISTER_FLOAT32)
		return float32_number((uint32_t)raw);
	return float64_number(raw);
}

static uint64_t float_bits(struct register_format f, double number)
{
	float single = (float)number;
	uint32_t raw32;
	uint64_t raw;

	if (f.type == REGISTER_FLOAT16)
		return float16_of(number);
	memcpy(&raw32, &single, sizeof(raw32));
	memcpy(&raw, &number, sizeof(raw));
	return f.type == REGISTER_FLOAT32 ? raw32 : raw;
}

/* 3.14 as a float32 is 3.1400001049041748 as a double: the shortest decimal
 * with the same bits is what the device means. */
static double float_shortest(struct register_format f, uint64_t raw,
			     double number)
{
	int digits = f.type == REGISTER_FLOAT16 ? 3 : 6;
	int most = f.type == REGISTER_FLOAT16 ? 5 : 9;
	char text[32];

	if (f.type == REGISTER_FLOAT64 || number == trunc(number))
		return number;
	for (; digits <= most; digits++) {
		double shorter;

		snprintf(text, sizeof(text), "%.*g", digits, number);
		shorter = strtod(text, NULL);
		if (float_bits(f, shorter) == raw)
			return shorter;
	}
	return number;
}

/* ---- what is no value */

static int invalid_float(struct register_format f, const char *text,
			 uint64_t *bits)
{
	char *end;
	double number = strtod(text, &end);

	if (end == text || *end)
		return -EINVAL;
	*bits = float_bits(f, number);
	return isfinite(number) && isinf(float_number(f, *bits)) ? -ERANGE : 0;
}

static int invalid_integer(const char *text, bool *negative, uint64_t *bits)
{
	bool hex = strncmp(text, "0x", 2) == 0 || strncmp(text, "0X", 2) == 0;
	const char *digits = text + (hex ? 2 : *text == '-');
	char *end;

	*negative = *text == '-';
	if (!(hex ? isxdigit((unsigned char)*digits) :
		    isdigit((unsigned char)*digits)))
		return -EINVAL;
	errno = 0;
	*bits = strtoull(digits, &end, hex ? 16 : 10);
	return *end ? -EINVAL : errno ? -ERANGE : 0;
}

int register_invalid_read(struct register_format f, const char *text,
			  uint64_t *bits)
{
	bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	bool negative;
	int rc;

	if (f.type == REGISTER_STRING)
		return -ENOTSUP;
	if (is_float(f) && !hex)
		return invalid_float(f, text, bits);
	rc = invalid_integer(text, &negative, bits);
	if (rc)
		return rc;
	if (is_bcd(f) && !hex) {
		if (negative || (double)*bits > kinds[f.type].max)
			return -ERANGE;
		*bits = bcd_of(*bits);
	}
	if (*bits > width_mask(f) >> negative)
		if (!negative || *bits != (width_mask(f) >> 1) + 1)
			return -ERANGE;
	if (negative)
		*bits = -*bits & width_mask(f);
	return 0;
}

bool register_is_invalid(struct register_format f, const uint16_t *words,
			 const uint64_t *bad, size_t n)
{
	uint64_t raw;

	if (n == 0 || f.type == REGISTER_STRING)
		return false;
	raw = words_join(f, words) & width_mask(f);
	for (size_t i = 0; i < n; i++)
		if (bad[i] == raw)
			return true;
	return false;
}

/* ---- text */

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

/* Bytes to text in UTF-8, twice as long at most. */
static unsigned latin1_read(const uint8_t *bytes, unsigned n, char *text)
{
	unsigned used = 0;

	for (unsigned i = 0; i < n; i++) {
		if (bytes[i] < 0x80) {
			text[used++] = (char)bytes[i];
			continue;
		}
		text[used++] = (char)(0xc0 | bytes[i] >> 6);
		text[used++] = (char)(0x80 | (bytes[i] & 0x3f));
	}
	return used;
}

/* The characters in the registers, as far as the end of the text. */
static unsigned chars_take(struct register_format f, const uint16_t *words,
			   uint8_t bytes[2 * REGISTER_STRING_MAX])
{
	unsigned n = 0, end = 0;

	for (unsigned i = 0; i < f.length; i++) {
		uint16_t word = bytes_ordered(f.order, words[i]);

		if (f.chars != CHARS_LOW)
			bytes[n++] = (uint8_t)(word >> 8);
		if (f.chars != CHARS_HIGH)
			bytes[n++] = (uint8_t)word;
	}
	while (end < n && bytes[end] != 0 && bytes[end] != 0xff)
		end++;
	while (end > 0 && bytes[end - 1] == ' ')
		end--;
	return end;
}

static int string_decode(struct register_format f, const uint16_t *words,
			 struct lwm2m_value *value, char *text)
{
	uint8_t bytes[2 * REGISTER_STRING_MAX];
	unsigned n = chars_take(f, words, bytes);

	memcpy(text, bytes, n);
	if (!is_utf8(text, n))
		n = latin1_read(bytes, n, text);
	*value = lwm2m_string(text, n);
	return 0;
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

/* The lowest `width` bits as a number with a sign. */
static int64_t sign_extend(uint64_t raw, unsigned width)
{
	uint64_t sign = UINT64_C(1) << (width - 1);

	return (int64_t)(((raw & (2 * sign - 1)) ^ sign) - sign);
}

static int float_decode(struct register_format f, uint64_t raw,
			struct lwm2m_value *value)
{
	double number = float_number(f, raw);

	*value = lwm2m_float(number);
	if (!isfinite(number))
		return -ENODATA;
	*value = lwm2m_float(float_shortest(f, raw, number));
	return 0;
}

int register_decode(struct register_format f, const uint16_t *words,
		    struct lwm2m_value *value, char *text)
{
	int64_t number;
	uint64_t raw;
	int rc = 0;

	if (f.type == REGISTER_STRING)
		return string_decode(f, words, value, text);
	raw = words_join(f, words) & width_mask(f);
	if (f.n_bits > 0) {
		*value = bits_decode(f, raw);
		return 0;
	}
	if (is_float(f))
		return float_decode(f, raw, value);
	if (f.type == REGISTER_UINT64) {
		*value = lwm2m_unsigned(raw);
		return 0;
	}
	number = (int64_t)raw;
	if (is_bcd(f))
		rc = bcd_number(raw, &number);
	else if (is_signed(f))
		number = sign_extend(raw, kinds[f.type].bits);
	*value = lwm2m_integer(number);
	return rc;
}

/* ---- values to registers */

static int string_encode(struct register_format f,
			 const struct lwm2m_value *value, uint16_t *words)
{
	unsigned per = f.chars == CHARS_TWO ? 2 : 1;
	const char *text = value->as.text;

	if (value->type != LWM2M_STRING)
		return -EINVAL;
	if (value->length > per * f.length)
		return -ERANGE;
	for (uint32_t i = 0; i < f.length; i++) {
		uint32_t at = per * i;
		uint8_t first = at < value->length ? (uint8_t)text[at] : 0;
		uint8_t second = per == 2 && at + 1 < value->length ?
				 (uint8_t)text[at + 1] : 0;

		words[i] = bytes_ordered(f.order, f.chars == CHARS_LOW ?
					 first : (uint16_t)(first << 8 |
							    second));
	}
	return f.length;
}

/* A number, rounded to the nearest, as 64 bits of two's complement. */
static int integer_of(bool negative, const struct lwm2m_value *value,
		      uint64_t *raw)
{
	double number = lwm2m_number(value);

	if (value->type == LWM2M_INTEGER || value->type == LWM2M_TIME) {
		*raw = (uint64_t)value->as.integer;
		return !negative && value->as.integer < 0 ? -ERANGE : 0;
	}
	if (value->type == LWM2M_UNSIGNED) {
		*raw = value->as.uinteger;
		return negative && *raw > INT64_MAX ? -ERANGE : 0;
	}
	if (isnan(number))
		return -EINVAL;
	number = round(number);
	if (number >= (negative ? 0x1p63 : 0x1p64) ||
	    number < (negative ? -0x1p63 : 0))
		return -ERANGE;
	*raw = negative ? (uint64_t)(int64_t)number : (uint64_t)number;
	return 0;
}

static int integer_encode(struct register_format f,
			  const struct lwm2m_value *value, uint16_t *words)
{
	unsigned width = kinds[f.type].bits;
	uint64_t raw;
	int rc = integer_of(is_signed(f), value, &raw);

	if (rc)
		return rc;
	if (is_signed(f) && sign_extend(raw, width) != (int64_t)raw)
		return -ERANGE;
	if (!is_signed(f) && raw > width_mask(f))
		return -ERANGE;
	if (is_bcd(f) && (double)raw > kinds[f.type].max)
		return -ERANGE;
	words_split(f, is_bcd(f) ? bcd_of(raw) : raw, words);
	return (int)register_span(f);
}

static int bits_encode(struct register_format f,
		       const struct lwm2m_value *value, uint16_t *words)
{
	double min, max, number = lwm2m_number(value);
	uint16_t mask = register_bits_mask(f);

	register_bits_limits(f, &min, &max);
	if (isnan(number))
		return -EINVAL;
	number = round(number);
	if (number < min || number > max)
		return -ERANGE;
	words[0] = (uint16_t)((unsigned)(int)number << f.bit) &
		   bytes_ordered(f.order, mask);
	words[0] = bytes_ordered(f.order, words[0]);
	return 1;
}

static int float_encode(struct register_format f,
			const struct lwm2m_value *value, uint16_t *words)
{
	double number = lwm2m_number(value);
	uint64_t raw = float_bits(f, number);

	if (isnan(number))
		return -EINVAL;
	if (isinf(float_number(f, raw)))
		return -ERANGE;
	words_split(f, raw, words);
	return (int)register_span(f);
}

int register_encode(struct register_format f, const struct lwm2m_value *value,
		    uint16_t *words)
{
	if (f.n_bits > 0)
		return bits_encode(f, value, words);
	if (f.type == REGISTER_STRING)
		return string_encode(f, value, words);
	if (is_float(f))
		return float_encode(f, value, words);
	return integer_encode(f, value, words);
}
