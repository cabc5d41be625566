/* SPDX-License-Identifier: GPL-2.0-or-later
 * OMA TLV (Core TS 7.4.3). An entry is: kind and widths in one byte, an id of
 * one or two bytes, up to three bytes of length, the content; all big endian.
 * An object instance holds resources, a multiple resource holds its
 * elements. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "objects/codec_formats.h"

/* The two upper bits of the first byte. */
enum tlv_kind { TLV_INSTANCE, TLV_ELEMENT, TLV_MULTIPLE, TLV_RESOURCE };
#define TLV_ID_16 0x20
#define TLV_LENGTH_SHORT 0x07	/* the length itself, where it fits */
#define TLV_LENGTH_MAX 0xffffff

/* An instance that the client is to number (Create). */
#define INSTANCE_UNNAMED 65535

struct tlv_entry {
	enum tlv_kind kind;
	uint16_t id;
	const uint8_t *content;
	uint32_t length;
};

static uint64_t number_read(const uint8_t *bytes, size_t n)
{
	uint64_t number = 0;

	for (size_t i = 0; i < n; i++)
		number = number << 8 | bytes[i];
	return number;
}

/* The bytes that the first entry takes, or -EBADMSG. */
static int64_t entry_read(const uint8_t *bytes, size_t n,
			  struct tlv_entry *entry)
{
	size_t id_width = bytes[0] & TLV_ID_16 ? 2 : 1;
	size_t length_width = bytes[0] >> 3 & 3;
	size_t head = 1 + id_width + length_width;

	if (n < head)
		return -EBADMSG;
	entry->kind = bytes[0] >> 6;
	entry->id = (uint16_t)number_read(bytes + 1, id_width);
	entry->length = (uint32_t)number_read(bytes + 1 + id_width,
					      length_width);
	if (!length_width)
		entry->length = bytes[0] & TLV_LENGTH_SHORT;
	entry->content = bytes + head;
	if (entry->length > n - head || entry->id > PATH_ID_MAX)
		return -EBADMSG;
	return (int64_t)(head + entry->length);
}

static bool is_width(uint32_t n, bool one_and_two)
{
	return n == 4 || n == 8 || (one_and_two && (n == 1 || n == 2));
}

static int64_t signed_read(const uint8_t *bytes, size_t n)
{
	uint64_t number = number_read(bytes, n);
	uint64_t sign = UINT64_C(1) << (8 * n - 1);

	return (int64_t)((number ^ sign) - sign);
}

static double float_read(const uint8_t *bytes, size_t n)
{
	uint64_t bits = number_read(bytes, n);
	uint32_t half = (uint32_t)bits;
	double number;
	float single;

	if (n == 8) {
		memcpy(&number, &bits, sizeof(number));
		return number;
	}
	memcpy(&single, &half, sizeof(single));
	return single;
}

/* Content as a value of this type; false: it cannot be one. */
static bool value_read(enum lwm2m_type type, const uint8_t *bytes, uint32_t n,
		       struct lwm2m_value *value)
{
	value->type = type;
	switch (type) {
	case LWM2M_BOOLEAN:
		value->as.boolean = n == 1 && bytes[0];
		return n == 1 && bytes[0] <= 1;
	case LWM2M_INTEGER: case LWM2M_TIME:
		if (!is_width(n, true))
			return false;
		value->as.integer = signed_read(bytes, n);
		return true;
	case LWM2M_UNSIGNED:
		value->as.uinteger = is_width(n, true) ?
			number_read(bytes, n) : 0;
		return is_width(n, true);
	case LWM2M_FLOAT:
		if (!is_width(n, false))
			return false;
		value->as.number = float_read(bytes, n);
		/* No format writes NaN to a setpoint. */
		return isfinite(value->as.number);
	case LWM2M_OBJLINK:
		if (n != 4)
			return false;
		value->as.link.object = (uint16_t)number_read(bytes, 2);
		value->as.link.instance = (uint16_t)number_read(bytes + 2, 2);
		return true;
	case LWM2M_NONE:
		value->type = LWM2M_OPAQUE;
		break;
	case LWM2M_STRING: case LWM2M_OPAQUE: case LWM2M_CORELINK:
		break;
	}
	value->length = n;
	value->as.bytes = bytes;
	return true;
}

static int value_decode(struct decoding *decoding,
			const struct lwm2m_path *path,
			const struct tlv_entry *entry)
{
	struct lwm2m_value value = {.type = LWM2M_NONE};

	if (!value_read(decoding_type(decoding, path), entry->content,
			entry->length, &value))
		return -EPROTOTYPE;
	return decoding_add(decoding, path, &value, 0);
}

/* The depth of what stands above an entry of this kind. */
static uint8_t depth_above(enum tlv_kind kind)
{
	switch (kind) {
	case TLV_INSTANCE: return 1;
	case TLV_MULTIPLE: case TLV_RESOURCE: return 2;
	case TLV_ELEMENT: return 3;
	}
	return 0;
}

/* Does `kind` stand alone, or may it hold others? */
static bool is_holder(enum tlv_kind kind)
{
	return kind == TLV_INSTANCE || kind == TLV_MULTIPLE;
}

static int level_decode(struct decoding *decoding, struct lwm2m_path above,
			const uint8_t *bytes, size_t n);

static int entry_decode(struct decoding *decoding, struct lwm2m_path above,
			const struct tlv_entry *entry)
{
	const struct lwm2m_value none = {.type = LWM2M_NONE};
	struct lwm2m_path path = path_child(above, entry->id);

	if (!is_holder(entry->kind))
		return value_decode(decoding, &path, entry);
	if (!entry->length)
		return decoding_add(decoding, &path, &none, 0);
	return level_decode(decoding, path, entry->content, entry->length);
}

/* Entries that stand right below `above`. Recursion ends by itself: every
 * level is one deeper, and elements hold nothing. */
static int level_decode(struct decoding *decoding, struct lwm2m_path above,
			const uint8_t *bytes, size_t n)
{
	struct tlv_entry entry;

	while (n) {
		int64_t used = entry_read(bytes, n, &entry);
		int error;

		if (used < 0 || depth_above(entry.kind) != above.depth)
			return -EBADMSG;
		error = entry_decode(decoding, above, &entry);
		if (error)
			return error;
		bytes += used;
		n -= (size_t)used;
	}
	return 0;
}

/* Where the outermost entries stand. A payload may begin at what the request
 * names or one level below: /3/0 takes the instance or its resources, /3/0/6
 * the resource or its elements. Resources for an object are those of a new
 * instance. */
static int above_find(const struct lwm2m_path *base, enum tlv_kind kind,
		      struct lwm2m_path *above)
{
	uint8_t depth = depth_above(kind);

	*above = *base;
	if (base->depth == 1 && depth == 2) {
		*above = path_child(*base, INSTANCE_UNNAMED);
		return 0;
	}
	if (base->depth == 4 && kind == TLV_MULTIPLE)
		depth = 2;
	else if (depth != base->depth && depth + 1 != base->depth)
		return -EBADMSG;
	above->depth = depth;
	return 0;
}

int tlv_decode(struct decoding *decoding, const uint8_t *payload, size_t n)
{
	struct lwm2m_path above;
	struct tlv_entry first;
	int error;

	if (!decoding->base->depth)
		return -ENOTSUP;
	if (!n)
		return 0;
	if (entry_read(payload, n, &first) < 0)
		return -EBADMSG;
	error = above_find(decoding->base, first.kind, &above);
	return error ? error : level_decode(decoding, above, payload, n);
}

/* The fewest bytes that keep the number. */
static size_t signed_width(int64_t number)
{
	if (number >= INT8_MIN && number <= INT8_MAX)
		return 1;
	if (number >= INT16_MIN && number <= INT16_MAX)
		return 2;
	return number >= INT32_MIN && number <= INT32_MAX ? 4 : 8;
}

/* With a zero before the first one where there is room: some read an unsigned
 * number as a signed one. */
static size_t unsigned_width(uint64_t number)
{
	return number > INT64_MAX ? 8 : signed_width((int64_t)number);
}

static void number_write(struct buf *out, uint64_t number, size_t n)
{
	while (n--)
		buf_byte(out, (uint8_t)(number >> (8 * n)));
}

static void float_write(struct buf *out, double number)
{
	float single = (float)number;
	uint32_t half;
	uint64_t bits;

	if ((double)single == number || number != number) {
		memcpy(&half, &single, sizeof(half));
		number_write(out, half, 4);
		return;
	}
	memcpy(&bits, &number, sizeof(bits));
	number_write(out, bits, 8);
}

static void value_write(struct buf *out, const struct lwm2m_value *value)
{
	switch ((enum lwm2m_type)value->type) {
	case LWM2M_NONE:
		break;
	case LWM2M_BOOLEAN:
		buf_byte(out, value->as.boolean);
		break;
	case LWM2M_INTEGER: case LWM2M_TIME:
		number_write(out, (uint64_t)value->as.integer,
			     signed_width(value->as.integer));
		break;
	case LWM2M_UNSIGNED:
		number_write(out, value->as.uinteger,
			     unsigned_width(value->as.uinteger));
		break;
	case LWM2M_FLOAT:
		float_write(out, value->as.number);
		break;
	case LWM2M_STRING: case LWM2M_OPAQUE: case LWM2M_CORELINK:
		buf_put(out, value->as.bytes, value->length);
		break;
	case LWM2M_OBJLINK:
		number_write(out, value->as.link.object, 2);
		number_write(out, value->as.link.instance, 2);
		break;
	}
}

static void head_write(struct buf *out, enum tlv_kind kind, uint16_t id,
		       size_t length)
{
	size_t width = length <= TLV_LENGTH_SHORT ? 0 :
		       length <= UINT8_MAX ? 1 : length <= UINT16_MAX ? 2 : 3;
	uint8_t type = (uint8_t)(kind << 6 | width << 3);

	if (id > UINT8_MAX)
		type |= TLV_ID_16;
	if (!width)
		type |= (uint8_t)length;
	if (length > TLV_LENGTH_MAX)
		out->full = true;
	buf_byte(out, type);
	number_write(out, id, id > UINT8_MAX ? 2 : 1);
	number_write(out, length, width);
}

/* Puts a head before what was written since `start`, now that its length is
 * known. */
static void head_insert(struct buf *out, size_t start, enum tlv_kind kind,
			uint16_t id)
{
	uint8_t bytes[6];
	struct buf head = buf_over(bytes, sizeof(bytes));
	size_t length = out->used - start;

	head_write(&head, kind, id, length);
	if (head.full || out->full || head.used > out->size - out->used) {
		out->full = true;
		return;
	}
	memmove(out->at + start + head.used, out->at + start, length);
	memcpy(out->at + start, bytes, head.used);
	out->used += head.used;
}

static enum tlv_kind kind_of(const struct lwm2m_record *record, uint8_t depth)
{
	if (depth == 2)
		return TLV_INSTANCE;
	if (depth == 4)
		return TLV_ELEMENT;
	return record->path.depth == 4 || record->value.type == LWM2M_NONE ?
		TLV_MULTIPLE : TLV_RESOURCE;
}

/* Writes the entries at `depth` (2: instances) of these records, which share
 * what stands above. */
static void level_write(struct buf *out, const struct lwm2m_record *records,
			size_t n, uint8_t depth)
{
	for (size_t first = 0, end; first < n; first = end) {
		const struct lwm2m_record *record = &records[first];
		uint16_t id = record->path.id[depth - 1];
		size_t start = out->used;

		end = first + 1;
		if (record->path.depth < depth)
			continue;	/* an instance without resources */
		while (end < n && records[end].path.id[depth - 1] == id)
			end++;
		if (record->path.depth > depth)
			level_write(out, record, end - first, depth + 1);
		else
			value_write(out, &record->value);
		head_insert(out, start, kind_of(record, depth), id);
	}
}

int tlv_encode(const struct encoding *encoding)
{
	uint8_t base = encoding->base->depth;

	if (!base)
		return -ENOTSUP;
	for (size_t i = 0; i < encoding->n; i++)
		if (encoding->records[i].path.depth < 2)
			return -ENOTSUP;
	/* A resource stands in its own entry, an instance only in its
	 * object's. */
	level_write(encoding->out, encoding->records, encoding->n,
		    base < 3 ? base + 1 : base);
	return 0;
}
