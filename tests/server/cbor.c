/* SPDX-License-Identifier: GPL-2.0-or-later
 * The pull reader of CBOR. */
#include "tests/server/cbor.h"

#include <math.h>
#include <string.h>

static double half(uint16_t bits)
{
	int exponent = bits >> 10 & 0x1f, mantissa = bits & 0x3ff;
	double d;

	if (exponent == 0)
		d = ldexp(mantissa, -24);
	else if (exponent != 31)
		d = ldexp(mantissa + 1024, exponent - 25);
	else
		d = mantissa ? NAN : INFINITY;
	return bits & 0x8000 ? -d : d;
}

static double float_of(uint64_t bits, size_t size)
{
	uint32_t low = (uint32_t)bits;
	double d;
	float f;

	if (size == 2)
		return half((uint16_t)bits);
	if (size == 4) {
		memcpy(&f, &low, 4);
		return (double)f;
	}
	memcpy(&d, &bits, 8);
	return d;
}

static bool argument(struct cbor_reader *r, int info, uint64_t *value,
		     size_t *size)
{
	*size = 0;
	*value = (uint64_t)info;
	if (info < 24)
		return true;
	if (info > 27)
		return info == 31;
	*size = (size_t)1 << (info - 24);
	if ((size_t)(r->end - r->at) < *size)
		return false;
	*value = 0;
	for (size_t i = 0; i < *size; i++)
		*value = *value << 8 | *r->at++;
	return true;
}

static bool simple(struct cbor *item, int info, uint64_t value, size_t size)
{
	if (info == 20 || info == 21) {
		item->kind = CBOR_BOOLEAN;
		item->integer = info == 21;
	} else if (info == 22 || info == 23) {
		item->kind = CBOR_NULL;
	} else if (info >= 25 && info <= 27) {
		item->kind = CBOR_FLOAT;
		item->number = float_of(value, size);
		item->size = size;
	} else if (info == 31) {
		item->kind = CBOR_END;
	} else {
		return false;
	}
	return true;
}

static bool bytes(struct cbor_reader *r, struct cbor *item, uint64_t length)
{
	if (length > (uint64_t)(r->end - r->at))
		return false;
	item->bytes = r->at;
	item->size = (size_t)length;
	r->at += length;
	return true;
}

bool cbor_next(struct cbor_reader *r, struct cbor *item)
{
	static const enum cbor_kind kinds[] = {
		CBOR_INTEGER, CBOR_INTEGER, CBOR_BYTES, CBOR_TEXT,
		CBOR_ARRAY, CBOR_MAP, CBOR_TAG,
	};
	int major, info;
	uint64_t value;
	size_t size;

	memset(item, 0, sizeof(*item));
	if (r->at >= r->end)
		return false;
	major = *r->at >> 5;
	info = *r->at++ & 0x1f;
	if (!argument(r, info, &value, &size))
		return false;
	if (major == 7)
		return simple(item, info, value, size);
	item->kind = kinds[major];
	if (info == 31) {
		item->size = SIZE_MAX;
		return major == 4 || major == 5;
	}
	if (major == 2 || major == 3)
		return bytes(r, item, value);
	if (value > INT64_MAX)
		return false;
	item->integer = major == 1 ? -1 - (int64_t)value : (int64_t)value;
	item->size = (size_t)value;
	return true;
}
