/* SPDX-License-Identifier: GPL-2.0-or-later
 * Devices that a profile describes: which element of the advertisement, and
 * where in it the numbers are. The same types serve GATT characteristics. */
#ifndef BLE_DECODE_PROFILE_H
#define BLE_DECODE_PROFILE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "adapters/ble/ad.h"
#include "adapters/ble/decode.h"
#include "objects/value.h"

#define PROFILE_BYTES 8		/* in one comparison ... */
#define PROFILE_PLACES 4	/* ... and so many comparisons */
#define PROFILE_LABEL 16

/* These bytes at this place, as far as the mask goes. */
struct profile_bytes {
	uint8_t at, n;
	uint8_t value[PROFILE_BYTES], mask[PROFILE_BYTES];
};

enum profile_kind {
	PROFILE_SERVICE,	/* service data behind a UUID of 16 bits, */
	PROFILE_SERVICE_LONG,	/* of 128 bits */
	PROFILE_COMPANY,	/* manufacturer data behind the company, */
	PROFILE_MANUFACTURER,	/* and with it, where it is none */
};

struct profile_match {
	enum profile_kind kind;
	uint16_t id;		/* UUID or company */
	uint8_t uuid[16];	/* of SERVICE_LONG, as in the air */
	uint8_t shortest, longest;	/* behind the id; 0, 0: any */
	uint8_t n_places;
	struct profile_bytes places[PROFILE_PLACES];
	uint16_t lists;		/* a service that the packet lists too; 0 */
	char name[DECODE_NAME];	/* heard in any packet: ? is any character, *
				 * at the end any rest; "": any name */
	char label[PROFILE_LABEL];	/* of several layouts; "": none */
};

/* "service fff0 length 13 starts 0a01", "company 0499", "hot: manufacturer
 * length 5-7 bytes 1=40/f0 name TP35*". 0, or -EINVAL and *wrong says why. */
int profile_match_parse(const char *text, struct profile_match *match,
			const char **wrong);
/* An even number of digits, and how many bytes these are. */
bool profile_hex_parse(const char *word, size_t digits, uint8_t *bytes,
		       size_t size, uint8_t *n);
/* "4=02/0f", "1=c2". */
bool profile_bytes_parse(const char *text, struct profile_bytes *bytes);
/* "55aa02", "55aa00/ffff0f": wherever they are. */
bool profile_mark_parse(const char *text, struct profile_bytes *mark);
/* Is there a value in these bytes? Then *data is what is behind the mark, where
 * it is found first. What has no bytes asks for nothing. */
bool profile_place(const struct profile_bytes *condition,
		   const struct profile_bytes *mark, const uint8_t **data,
		   size_t *n);
/* The data behind the id. name: what was heard of the device, or "". */
bool profile_find(const struct profile_match *match,
		  const struct advertisement *adv, const char *name,
		  struct ad_element *element);

#define RAW_TYPES "auto|uint8|int8|uint16|int16|uint24|int24|uint32|int32|" \
	"uint48|float32|float64|bool|utf8|opaque|bcd8|bcd16|bcd24|bcd32"
enum raw_type {
	RAW_AUTO, RAW_UINT8, RAW_INT8, RAW_UINT16, RAW_INT16, RAW_UINT24,
	RAW_INT24, RAW_UINT32, RAW_INT32, RAW_UINT48, RAW_FLOAT32,
	RAW_FLOAT64, RAW_BOOL, RAW_UTF8, RAW_OPAQUE, RAW_BCD8, RAW_BCD16,
	RAW_BCD24, RAW_BCD32,
};

struct raw_format {
	enum raw_type type;	/* not RAW_AUTO */
	bool big_endian;
	size_t at;		/* bytes */
	size_t length;		/* of utf8 and opaque; 0: the rest */
	uint64_t mask;		/* 0: all; what is left is moved down, and is
				 * signed as its type is */
	uint64_t minus;		/* bits of which one makes it negative: a
				 * magnitude with a sign */
	uint64_t divisor, modulo;	/* of several numbers counted into one:
				 * (it / divisor) % modulo; 0: not */
};

/* Bytes of a number; 0: as many as there are. */
size_t raw_size(enum raw_type type);
enum lwm2m_type raw_value_type(enum raw_type type);
/* Text and bytes point into `bytes`. *raw: the unsigned number, to compare
 * with marks of no value. -EMSGSIZE: it does not hold the value; -ERANGE: it
 * is not a number. */
int raw_read(const struct raw_format *format, const uint8_t *bytes, size_t n,
	     struct lwm2m_value *value, uint64_t *raw);
/* What of the raw values is none. */
struct profile_limits {
	const int64_t *marks;	/* stand for no value */
	size_t n_marks;
	const int64_t *range;	/* lowest and highest; NULL: any */
};

/* raw, value: of raw_read(). */
bool profile_is_value(const struct profile_limits *limits, uint64_t raw,
		      const struct lwm2m_value *value);
/* For a write: bytes, or -ERANGE (does not fit), -EINVAL (not of the type),
 * -EMSGSIZE (no room). */
int raw_write(const struct raw_format *format, const struct lwm2m_value *value,
	      uint8_t *bytes, size_t size);
#endif
