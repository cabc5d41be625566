/* SPDX-License-Identifier: GPL-2.0-or-later
 * Devices that a profile describes. */
#include "adapters/ble/decode_profile.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/ble/bytes.h"

#define NUMBER_MAX 8

static int nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool hex_parse(const char *word, uint8_t *bytes, uint8_t *n)
{
	size_t length = strlen(word);

	if (length == 0 || length % 2 || length / 2 > PROFILE_START)
		return false;
	*n = (uint8_t)(length / 2);
	for (size_t i = 0; i < *n; i++) {
		int high = nibble(word[2 * i]), low = nibble(word[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		bytes[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

static bool id_parse(const char *word, uint16_t *id)
{
	unsigned long number;
	char *end;

	if (nibble(word[0]) < 0)
		return false;
	number = strtoul(word, &end, 16);
	*id = (uint16_t)number;
	return !*end && number <= UINT16_MAX;
}

static bool length_parse(const char *word, uint8_t *length)
{
	unsigned long number;
	char *end;

	if (word[0] < '0' || word[0] > '9')
		return false;
	number = strtoul(word, &end, 0);
	*length = (uint8_t)number;
	return !*end && number > 0 && number <= 253;
}

/* NULL, or what is wrong with the pair. */
static const char *pair_parse(const char *name, const char *word,
			      struct profile_match *match, bool *has_id)
{
	if (strcmp(name, "service") == 0 || strcmp(name, "company") == 0) {
		match->company = name[0] == 'c';
		*has_id = true;
		return id_parse(word, &match->id) ? NULL :
			"needs four hexadecimal digits behind service or "
			"company";
	}
	if (strcmp(name, "length") == 0)
		return length_parse(word, &match->length) ? NULL :
			"needs a length of 1 to 253";
	if (strcmp(name, "starts") == 0)
		return hex_parse(word, match->start, &match->n_start) ? NULL :
			"needs up to 8 bytes in hex behind starts";
	return "knows service, company, length and starts";
}

int profile_match_parse(const char *text, struct profile_match *match,
			const char **wrong)
{
	char name[16], word[32];
	bool has_id = false;
	int used;

	memset(match, 0, sizeof(*match));
	*wrong = NULL;
	while (!*wrong && sscanf(text, " %15s %31s%n", name, word,
				 &used) == 2) {
		*wrong = pair_parse(name, word, match, &has_id);
		text += used;
	}
	if (!*wrong && text[strspn(text, " ")])
		*wrong = "has a word too many";
	if (!*wrong && !has_id)
		*wrong = "needs a service or a company";
	return *wrong ? -EINVAL : 0;
}

bool profile_find(const struct profile_match *match,
		  const struct advertisement *adv, struct ad_element *e)
{
	size_t at = 0;

	while (match->company ?
	       ad_company(adv->data, adv->n, &at, match->id, e) :
	       ad_service(adv->data, adv->n, &at, match->id, e))
		if ((!match->length || e->n == match->length) &&
		    e->n >= match->n_start &&
		    memcmp(e->data, match->start, match->n_start) == 0)
			return true;
	return false;
}

/* The points take the values out of the element themselves. */
DECODER(profile)
{
	struct ad_element e;

	(void)now;
	(void)out;
	return device->match && profile_find(device->match, adv, &e) ?
	       DECODED_NOTHING : DECODED_OTHER;
}

/* ---- numbers */

static const struct {
	uint8_t size;
	bool is_signed;
	uint8_t type;
} types[] = {
	[RAW_AUTO] = {0, false, LWM2M_NONE},
	[RAW_UINT8] = {1, false, LWM2M_INTEGER},
	[RAW_INT8] = {1, true, LWM2M_INTEGER},
	[RAW_UINT16] = {2, false, LWM2M_INTEGER},
	[RAW_INT16] = {2, true, LWM2M_INTEGER},
	[RAW_UINT24] = {3, false, LWM2M_INTEGER},
	[RAW_INT24] = {3, true, LWM2M_INTEGER},
	[RAW_UINT32] = {4, false, LWM2M_INTEGER},
	[RAW_INT32] = {4, true, LWM2M_INTEGER},
	[RAW_UINT48] = {6, false, LWM2M_INTEGER},
	[RAW_FLOAT32] = {4, false, LWM2M_FLOAT},
	[RAW_FLOAT64] = {8, false, LWM2M_FLOAT},
	[RAW_BOOL] = {1, false, LWM2M_BOOLEAN},
	[RAW_UTF8] = {0, false, LWM2M_STRING},
	[RAW_OPAQUE] = {0, false, LWM2M_OPAQUE},
};

size_t raw_size(enum raw_type type)
{
	return types[type].size;
}

enum lwm2m_type raw_value_type(enum raw_type type)
{
	return (enum lwm2m_type)types[type].type;
}

static uint64_t number_read(const uint8_t *p, size_t size, bool big_endian)
{
	uint64_t number = 0;

	for (size_t i = 0; i < size; i++)
		number = number << 8 | p[big_endian ? i : size - 1 - i];
	return number;
}

static int float_read(enum raw_type type, uint64_t raw,
		      struct lwm2m_value *value)
{
	uint32_t bits = (uint32_t)raw;
	float single;
	double number;

	if (type == RAW_FLOAT32) {
		memcpy(&single, &bits, sizeof(single));
		number = (double)single;
	} else {
		memcpy(&number, &raw, sizeof(number));
	}
	if (!isfinite(number))
		return -ERANGE;
	*value = lwm2m_float(number);
	return 0;
}

static uint64_t masked(uint64_t raw, uint64_t mask)
{
	if (!mask)
		return raw;
	raw &= mask;
	while (!(mask & 1)) {
		mask >>= 1;
		raw >>= 1;
	}
	return raw;
}

static int text_read(const struct raw_format *f, const uint8_t *p, size_t n,
		     struct lwm2m_value *value)
{
	if (f->length > n)
		return -EMSGSIZE;
	if (f->length > 0)
		n = f->length;
	if (f->type == RAW_UTF8) {
		n = strnlen((const char *)p, n);
		*value = lwm2m_string((const char *)p, (uint32_t)n);
		return 0;
	}
	*value = (struct lwm2m_value){.type = LWM2M_OPAQUE,
				      .length = (uint32_t)n, .as.bytes = p};
	return 0;
}

int raw_read(const struct raw_format *f, const uint8_t *bytes, size_t n,
	     struct lwm2m_value *value, uint64_t *raw)
{
	size_t size = types[f->type].size;

	*raw = 0;
	if (f->at > n || size > n - f->at)
		return -EMSGSIZE;
	bytes += f->at;
	n -= f->at;
	if (size == 0)
		return text_read(f, bytes, n, value);
	*raw = number_read(bytes, size, f->big_endian);
	if (types[f->type].type == LWM2M_FLOAT)
		return float_read(f->type, *raw, value);
	*raw = masked(*raw, f->mask);
	if (f->type == RAW_BOOL)
		*value = lwm2m_boolean(*raw != 0);
	else if (types[f->type].is_signed && !f->mask &&
		 *raw >> (8 * size - 1))
		*value = lwm2m_integer((int64_t)(*raw | ~UINT64_C(0)
						 << (8 * size)));
	else
		*value = lwm2m_integer((int64_t)*raw);
	return 0;
}

static void number_write(uint8_t *p, size_t size, bool big_endian,
			 uint64_t number)
{
	for (size_t i = 0; i < size; i++)
		p[big_endian ? size - 1 - i : i] =
			(uint8_t)(number >> (8 * i));
}

static int integer_write(const struct raw_format *f, double number,
			 uint8_t *bytes)
{
	size_t size = types[f->type].size;
	double limit = ldexp(1, (int)(8 * size));
	bool is_signed = types[f->type].is_signed;

	number = round(number);
	if (number < (is_signed ? -limit / 2 : 0) ||
	    number >= (is_signed ? limit / 2 : limit))
		return -ERANGE;
	number_write(bytes, size, f->big_endian, (uint64_t)(int64_t)number);
	return (int)size;
}

static int float_write(const struct raw_format *f, double number,
		       uint8_t *bytes)
{
	float single = (float)number;
	uint32_t bits;
	uint64_t long_bits;

	if (f->type == RAW_FLOAT32) {
		memcpy(&bits, &single, sizeof(bits));
		number_write(bytes, 4, f->big_endian, bits);
		return 4;
	}
	memcpy(&long_bits, &number, sizeof(long_bits));
	number_write(bytes, 8, f->big_endian, long_bits);
	return 8;
}

int raw_write(const struct raw_format *f, const struct lwm2m_value *value,
	      uint8_t *bytes, size_t size)
{
	double number = lwm2m_number(value);

	if (f->type == RAW_UTF8 || f->type == RAW_OPAQUE) {
		if (value->type != LWM2M_STRING && value->type != LWM2M_OPAQUE)
			return -EINVAL;
		if (value->length > size)
			return -EMSGSIZE;
		memcpy(bytes, value->as.bytes, value->length);
		return (int)value->length;
	}
	if (isnan(number) || f->type == RAW_AUTO)
		return -EINVAL;
	if (size < NUMBER_MAX)
		return -EMSGSIZE;
	if (f->type == RAW_BOOL) {
		bytes[0] = number != 0;
		return 1;
	}
	return types[f->type].type == LWM2M_FLOAT ?
	       float_write(f, number, bytes) :
	       integer_write(f, number, bytes);
}
