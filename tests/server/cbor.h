/* SPDX-License-Identifier: GPL-2.0-or-later
 * A pull reader of CBOR (RFC 8949): just what payloads of LwM2M hold. */
#ifndef SERVER_CBOR_H
#define SERVER_CBOR_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum cbor_kind {
	CBOR_INTEGER, CBOR_FLOAT, CBOR_BOOLEAN, CBOR_TEXT, CBOR_BYTES,
	CBOR_ARRAY, CBOR_MAP, CBOR_TAG, CBOR_NULL, CBOR_END,
};

struct cbor {
	enum cbor_kind kind;
	int64_t integer;
	double number;
	const uint8_t *bytes;	/* borrowed from the input */
	/* Bytes of text, bytes and floats; entries of arrays and maps,
	 * SIZE_MAX when the length is not known before its CBOR_END. */
	size_t size;
};

struct cbor_reader {
	const uint8_t *at, *end;
};

/* One item (the head only, of arrays and maps); false when it is cut short or
 * of a kind that payloads do not use. */
bool cbor_next(struct cbor_reader *r, struct cbor *item);
#endif
