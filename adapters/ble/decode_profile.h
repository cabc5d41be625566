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

#define PROFILE_START 8

struct profile_match {
	bool company;		/* manufacturer data, else service data */
	uint16_t id;
	uint8_t length;		/* behind the id; 0: any */
	uint8_t n_start;
	uint8_t start[PROFILE_START];
};

/* "service fff0 length 13 starts 0a01", "company 0499". 0, or -EINVAL and
 * *wrong says why. */
int profile_match_parse(const char *text, struct profile_match *match,
			const char **wrong);
/* The data behind the id. */
bool profile_find(const struct profile_match *match,
		  const struct advertisement *adv, struct ad_element *element);

#define RAW_TYPES "auto|uint8|int8|uint16|int16|uint24|int24|uint32|int32|" \
	"uint48|float32|float64|bool|utf8|opaque"
enum raw_type {
	RAW_AUTO, RAW_UINT8, RAW_INT8, RAW_UINT16, RAW_INT16, RAW_UINT24,
	RAW_INT24, RAW_UINT32, RAW_INT32, RAW_UINT48, RAW_FLOAT32,
	RAW_FLOAT64, RAW_BOOL, RAW_UTF8, RAW_OPAQUE,
};

struct raw_format {
	enum raw_type type;	/* not RAW_AUTO */
	bool big_endian;
	size_t at;		/* bytes */
	size_t length;		/* of utf8 and opaque; 0: the rest */
	uint64_t mask;		/* 0: all; what is left is moved down */
};

/* Bytes of a number; 0: as many as there are. */
size_t raw_size(enum raw_type type);
enum lwm2m_type raw_value_type(enum raw_type type);
/* Text and bytes point into `bytes`. *raw: the unsigned number, to compare
 * with marks of no value. -EMSGSIZE: it does not hold the value; -ERANGE: it
 * is not a number. */
int raw_read(const struct raw_format *format, const uint8_t *bytes, size_t n,
	     struct lwm2m_value *value, uint64_t *raw);
/* For a write: bytes, or -ERANGE (does not fit), -EINVAL (not of the type),
 * -EMSGSIZE (no room). */
int raw_write(const struct raw_format *format, const struct lwm2m_value *value,
	      uint8_t *bytes, size_t size);
#endif
