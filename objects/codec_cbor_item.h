/* SPDX-License-Identifier: GPL-2.0-or-later
 * CBOR (RFC 8949) item by item, read and written: what the formats that are
 * spelled in it share. For the codecs only. */
#ifndef OBJECTS_CODEC_CBOR_ITEM_H
#define OBJECTS_CODEC_CBOR_ITEM_H
#include "objects/buf.h"
#include "objects/value.h"

#define ITEM_LENGTH_OPEN UINT64_MAX	/* until a break */
#define ITEM_TAG_TIME 1			/* seconds since 1970 follow */

enum cbor_item_kind {
	ITEM_VALUE, ITEM_ARRAY, ITEM_MAP, ITEM_CHUNKS, ITEM_TAG, ITEM_BREAK,
};

/* One head, with its content where that is not other items. */
struct cbor_item {
	enum cbor_item_kind kind;
	uint64_t length;		/* of an array or map; a tag's number */
	/* INTEGER (UNSIGNED above its range, FLOAT below), FLOAT, BOOLEAN,
	 * STRING, OPAQUE, the latter two borrowed; NONE: null, undefined */
	struct lwm2m_value value;
};

struct cbor_reader {
	const uint8_t *at;
	size_t left;
};

/* 0, -EBADMSG malformed or cut off. */
int item_next(struct cbor_reader *reader, struct cbor_item *item);
/* Takes the head of one more in an array or map of `length` that gave `index`
 * so far: 1, 0 at its end, -EBADMSG. */
int item_member_next(struct cbor_reader *reader, uint64_t length,
		     uint64_t index, struct cbor_item *item);
/* Passes over what is inside of item, which nests below `depth` others.
 * 0, -EBADMSG malformed, or deeper than anyone needs. */
int item_skip(struct cbor_reader *reader, const struct cbor_item *item,
	      int depth);

void item_unsigned_put(struct buf *out, uint64_t number);
void item_integer_put(struct buf *out, int64_t number);
/* Single precision where that is exact: never an integer. */
void item_float_put(struct buf *out, double number);
void item_boolean_put(struct buf *out, bool boolean);
void item_null_put(struct buf *out);
void item_text_put(struct buf *out, const char *text, size_t n);
void item_bytes_put(struct buf *out, const uint8_t *bytes, size_t n);
/* The heads; members follow. */
void item_array_put(struct buf *out, size_t n);
void item_map_put(struct buf *out, size_t n);
void item_tag_put(struct buf *out, uint64_t tag);
#endif
