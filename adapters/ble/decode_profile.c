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

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool profile_hex_parse(const char *word, size_t digits, uint8_t *bytes,
		       size_t size, uint8_t *n)
{
	if (digits == 0 || digits % 2 || digits / 2 > size)
		return false;
	*n = (uint8_t)(digits / 2);
	for (size_t i = 0; i < *n; i++) {
		int high = hex_digit(word[2 * i]),
		    low = hex_digit(word[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		bytes[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

bool profile_bytes_parse(const char *text, struct profile_bytes *bytes)
{
	const char *is = strchr(text, '='), *slash = strchr(text, '/');
	size_t digits;
	uint8_t n_mask;
	char *end;
	unsigned long at = strtoul(text, &end, 10);

	if (!is || end != is || is == text || at > 253)
		return false;
	bytes->at = (uint8_t)at;
	digits = slash ? (size_t)(slash - is - 1) : strlen(is + 1);
	memset(bytes->mask, 0xff, sizeof(bytes->mask));
	if (!profile_hex_parse(is + 1, digits, bytes->value, PROFILE_BYTES, &bytes->n))
		return false;
	return !slash || (profile_hex_parse(slash + 1, strlen(slash + 1), bytes->mask,
				    PROFILE_BYTES, &n_mask) &&
			  n_mask == bytes->n);
}

static bool profile_bytes_are(const struct profile_bytes *bytes,
			      const uint8_t *data, size_t n)
{
	if (n < (size_t)bytes->at + bytes->n)
		return false;
	for (size_t i = 0; i < bytes->n; i++)
		if ((data[bytes->at + i] ^ bytes->value[i]) & bytes->mask[i])
			return false;
	return true;
}

bool profile_mark_parse(const char *text, struct profile_bytes *mark)
{
	char place[64];

	return snprintf(place, sizeof(place), "0=%s", text) <
	       (int)sizeof(place) && profile_bytes_parse(place, mark);
}

bool profile_place(const struct profile_bytes *condition,
		   const struct profile_bytes *mark, const uint8_t **data,
		   size_t *n)
{
	if (condition->n && !profile_bytes_are(condition, *data, *n))
		return false;
	if (!mark->n)
		return true;
	for (; *n >= mark->n; ++*data, --*n)
		if (profile_bytes_are(mark, *data, *n)) {
			*data += mark->n;
			*n -= mark->n;
			return true;
		}
	return false;
}

/* Four digits, as in the documents: "c2" could be the half of an id. */
static bool id_parse(const char *word, uint16_t *id)
{
	uint8_t bytes[2], n;

	if (!profile_hex_parse(word, strlen(word), bytes, sizeof(bytes), &n) || n != 2)
		return false;
	*id = be16(bytes);
	return true;
}

/* 32 digits and dashes; in the air it goes last byte first. */
static bool uuid_parse(const char *word, uint8_t uuid[16])
{
	char digits[33];
	uint8_t bytes[16], n;
	size_t used = 0;

	for (; *word; word++) {
		if (*word == '-')
			continue;
		if (used == sizeof(digits) - 1)
			return false;
		digits[used++] = *word;
	}
	if (!profile_hex_parse(digits, used, bytes, sizeof(bytes), &n) || n != 16)
		return false;
	for (int i = 0; i < 16; i++)
		uuid[i] = bytes[15 - i];
	return true;
}

/* "13", "5-7". */
static bool length_parse(const char *word, struct profile_match *match)
{
	unsigned long shortest, longest;
	char *end;

	if (*word < '0' || *word > '9')
		return false;
	shortest = longest = strtoul(word, &end, 10);
	if (*end == '-' && end[1] >= '0' && end[1] <= '9')
		longest = strtoul(end + 1, &end, 10);
	match->shortest = (uint8_t)shortest;
	match->longest = (uint8_t)longest;
	return !*end && shortest > 0 && shortest <= longest && longest <= 253;
}

static const char *service_parse(const char *word, struct profile_match *match)
{
	match->kind = PROFILE_SERVICE;
	if (id_parse(word, &match->id))
		return NULL;
	match->kind = PROFILE_SERVICE_LONG;
	return uuid_parse(word, match->uuid) ? NULL :
	       "needs four hexadecimal digits behind service, or a UUID of 32";
}

static const char *place_parse(const char *name, const char *word,
			       struct profile_match *match)
{
	struct profile_bytes *place = &match->places[match->n_places];

	if (match->n_places == PROFILE_PLACES)
		return "has more than four of bytes and starts";
	match->n_places++;
	if (name[0] == 'b')
		return profile_bytes_parse(word, place) ? NULL :
			"needs a place and up to 8 bytes in hex behind bytes, "
			"and a mask where wanted: 4=02 or 4=02/0f";
	return profile_mark_parse(word, place) ? NULL :
		"needs up to 8 bytes in hex behind starts";
}

/* NULL, or what is wrong with the pair. */
static const char *pair_parse(const char *name, const char *word,
			      struct profile_match *match, bool *has_id)
{
	if (strcmp(name, "service") == 0) {
		*has_id = true;
		return service_parse(word, match);
	}
	if (strcmp(name, "company") == 0) {
		match->kind = PROFILE_COMPANY;
		*has_id = true;
		return id_parse(word, &match->id) ? NULL :
			"needs four hexadecimal digits behind company";
	}
	if (strcmp(name, "length") == 0)
		return length_parse(word, match) ? NULL :
			"needs a length of 1 to 253, or two as 5-7";
	if (strcmp(name, "starts") == 0 || strcmp(name, "bytes") == 0)
		return place_parse(name, word, match);
	if (strcmp(name, "lists") == 0)
		return id_parse(word, &match->lists) ? NULL :
			"needs four hexadecimal digits behind lists";
	if (strcmp(name, "name") != 0)
		return "knows service, company, manufacturer, length, starts, "
		       "bytes, lists and name";
	if (strlen(word) >= sizeof(match->name))
		return "has a name that is too long";
	memcpy(match->name, word, strlen(word) + 1);
	return NULL;
}

/* "hot:" in front; what is behind it. NULL: too long. */
static const char *label_parse(const char *text, struct profile_match *match)
{
	size_t n = strcspn(text, ": ");

	if (text[n] != ':')
		return text;
	if (n == 0 || n >= sizeof(match->label))
		return NULL;
	memcpy(match->label, text, n);
	return text + n + 1;
}

int profile_match_parse(const char *text, struct profile_match *match,
			const char **wrong)
{
	char name[16], word[48];
	bool has_id = false;
	int used;

	memset(match, 0, sizeof(*match));
	*wrong = NULL;
	text = label_parse(text, match);
	if (!text)
		*wrong = "has a label of no or more than 15 characters";
	while (!*wrong && sscanf(text, " %15s%n", name, &used) == 1) {
		text += used;
		if (strcmp(name, "manufacturer") == 0) {
			match->kind = PROFILE_MANUFACTURER;
			has_id = true;
			continue;
		}
		if (sscanf(text, " %47s%n", word, &used) != 1)
			*wrong = "has a word too many";
		else
			*wrong = pair_parse(name, word, match, &has_id);
		text += used;
	}
	if (!*wrong && !has_id)
		*wrong = "needs a service, a company or manufacturer";
	return *wrong ? -EINVAL : 0;
}

/* Without a name the pattern of a name is nobody's. */
static bool name_matches(const char *pattern, const char *name)
{
	for (; *pattern; pattern++, name++) {
		if (*pattern == '*' && !pattern[1])
			return true;
		if (!*name || (*pattern != '?' && *pattern != *name))
			return false;
	}
	return !*name;
}

static bool element_next(const struct profile_match *match,
			 const struct advertisement *adv, size_t *at,
			 struct ad_element *e)
{
	switch (match->kind) {
	case PROFILE_SERVICE:
		return ad_service(adv->data, adv->n, at, match->id, e);
	case PROFILE_SERVICE_LONG:
		return ad_service_long(adv->data, adv->n, at, match->uuid, e);
	case PROFILE_COMPANY:
		return ad_company(adv->data, adv->n, at, match->id, e);
	case PROFILE_MANUFACTURER:
		break;
	}
	while (ad_next(adv->data, adv->n, at, e))
		if (e->type == AD_MANUFACTURER)
			return true;
	return false;
}

static bool element_matches(const struct profile_match *match,
			    const struct ad_element *e)
{
	if (match->longest &&
	    (e->n < match->shortest || e->n > match->longest))
		return false;
	for (size_t i = 0; i < match->n_places; i++)
		if (!profile_bytes_are(&match->places[i], e->data, e->n))
			return false;
	return true;
}

bool profile_find(const struct profile_match *match,
		  const struct advertisement *adv, const char *name,
		  struct ad_element *e)
{
	size_t at = 0;

	if ((*match->name && !name_matches(match->name, name)) ||
	    (match->lists && !ad_lists(adv->data, adv->n, match->lists)))
		return false;
	while (element_next(match, adv, &at, e))
		if (element_matches(match, e))
			return true;
	return false;
}

/* The points take the values out of the element themselves. */
DECODER(profile)
{
	struct ad_element e;

	(void)now;
	(void)out;
	for (size_t i = 0; i < device->n_matches; i++)
		if (profile_find(&device->matches[i], adv,
				 device->identity.name, &e))
			return DECODED_NOTHING;
	return DECODED_OTHER;
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
	[RAW_BCD8] = {1, false, LWM2M_INTEGER},
	[RAW_BCD16] = {2, false, LWM2M_INTEGER},
	[RAW_BCD24] = {3, false, LWM2M_INTEGER},
	[RAW_BCD32] = {4, false, LWM2M_INTEGER},
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

static uint64_t bits_masked(uint64_t raw, uint64_t mask)
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

static bool is_bcd(enum raw_type type)
{
	return type >= RAW_BCD8 && type <= RAW_BCD32;
}

/* Two decimal digits a byte; -1: one is none. */
static int64_t bcd_value(uint64_t raw)
{
	int64_t number = 0, power = 1;

	for (; raw; raw >>= 4, power *= 10) {
		if ((raw & 0xf) > 9)
			return -1;
		number += (int64_t)(raw & 0xf) * power;
	}
	return number;
}

/* How many bits the masked number has. */
static unsigned width_of(const struct raw_format *f)
{
	uint64_t most = bits_masked(
		UINT64_MAX >> (64 - 8 * types[f->type].size), f->mask);
	unsigned n = 0;

	for (; most; most >>= 1)
		n++;
	return n;
}

/* whole: as it was before the mask. */
static int64_t integer_of(const struct raw_format *f, uint64_t raw,
			  uint64_t whole)
{
	unsigned width = types[f->type].is_signed ? width_of(f) : 0;

	if (width > 0 && width < 64 && raw >> (width - 1))
		return (int64_t)(raw | UINT64_MAX << width);
	if (f->divisor)
		raw /= f->divisor;
	if (f->modulo)
		raw %= f->modulo;
	return whole & f->minus ? -(int64_t)raw : (int64_t)raw;
}

int raw_read(const struct raw_format *f, const uint8_t *bytes, size_t n,
	     struct lwm2m_value *value, uint64_t *raw)
{
	size_t size = types[f->type].size;
	uint64_t whole;

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
	whole = *raw;
	*raw = bits_masked(*raw, f->mask);
	if (is_bcd(f->type) && bcd_value(*raw) < 0)
		return -ERANGE;
	if (f->type == RAW_BOOL)
		*value = lwm2m_boolean(*raw != 0);
	else
		*value = lwm2m_integer(is_bcd(f->type) ? bcd_value(*raw) :
				       integer_of(f, *raw, whole));
	return 0;
}

bool profile_is_value(const struct profile_limits *limits, uint64_t raw,
		      const struct lwm2m_value *value)
{
	int64_t number = value->type == LWM2M_INTEGER ? value->as.integer :
			 (int64_t)raw;

	for (size_t i = 0; i < limits->n_marks; i++)
		if (limits->marks[i] == (int64_t)raw ||
		    limits->marks[i] == number)
			return false;
	return !limits->range || (number >= limits->range[0] &&
				  number <= limits->range[1]);
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
