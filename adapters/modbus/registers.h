/* SPDX-License-Identifier: GPL-2.0-or-later
 * Registers to values and back: types, orders, bit ranges, invalid values.
 * Pure. */
#ifndef ADAPTERS_MODBUS_REGISTERS_H
#define ADAPTERS_MODBUS_REGISTERS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "objects/value.h"

enum register_type {
	REGISTER_INT16,
	REGISTER_UINT16,
	REGISTER_INT32,
	REGISTER_UINT32,
	REGISTER_INT64,
	REGISTER_UINT64,
	REGISTER_FLOAT32,
	REGISTER_FLOAT64,
	REGISTER_STRING,
	REGISTER_INT8,		/* the low byte of a register; the high one
				 * with BADC */
	REGISTER_UINT8,
	REGISTER_INT24,		/* the low three bytes of two registers */
	REGISTER_UINT24,
	REGISTER_BCD16,		/* a decimal digit in each four bits */
	REGISTER_BCD32,
	REGISTER_FLOAT16,	/* IEEE 754 binary16 */
	REGISTER_TYPES,
};
#define REGISTER_TYPE_NAMES \
	"int16|uint16|int32|uint32|int64|uint64|float32|float64|string|" \
	"int8|uint8|int24|uint24|bcd16|bcd32|float16"

/* Of a string: which bytes of a register are characters. */
enum register_chars { CHARS_TWO, CHARS_LOW, CHARS_HIGH };
#define REGISTER_CHARS_NAMES "two|low|high"

/* On the wire, A being the most significant byte. Of 64 bits, ABCD stands for
 * ABCDEFGH, CDAB for GHEFCDAB, BADC for BADCFEHG, DCBA for HGFEDCBA. A string
 * has its bytes swapped by BADC and DCBA, its registers never. */
enum register_order {
	ORDER_ABCD,
	ORDER_CDAB,
	ORDER_BADC,
	ORDER_DCBA,
	ORDERS,
};
#define REGISTER_ORDER_NAMES "ABCD|CDAB|BADC|DCBA"

#define REGISTER_STRING_MAX 125		/* registers */
#define REGISTER_TEXT_MAX (4 * REGISTER_STRING_MAX)	/* bytes of UTF-8 */

struct register_format {
	uint8_t type, order;
	uint8_t length;			/* registers of a string */
	uint8_t chars;			/* enum register_chars, of a string */
	uint8_t bit, n_bits;		/* a range of one register, 0: all */
};

const char *register_type_name(unsigned type);
extern const char *const register_order_names[ORDERS];

/* Registers that a value takes; 0 is wrong. */
unsigned register_span(struct register_format);

/* The enum lwm2m_type of its values. One bit is a boolean. */
enum lwm2m_type register_value_type(struct register_format);

/* Raw limits of a write; equal where there are none. */
void register_limits(struct register_format, double *min, double *max);

/* "3" or "4-7"; false where it is neither, or beyond 15. */
bool register_bits_read(const char *text, uint8_t *bit, uint8_t *n_bits);

/* Of a range of bits: which they are in their register, and its limits. */
uint16_t register_bits_mask(struct register_format);
void register_bits_limits(struct register_format, double *min, double *max);

/* What a manual calls "no value" as the bits that stand for it: "0x8000",
 * "-32768", "18446744073709551615"; of floats and BCD hex is the bits, and
 * anything else the number: "-9999.0", "NaN". -EINVAL: no number; -ERANGE:
 * more than the type holds; -ENOTSUP: a string has none. */
int register_invalid_read(struct register_format, const char *text,
			  uint64_t *bits);
/* Is the whole value, as wide as it is, one of `bad`? */
bool register_is_invalid(struct register_format, const uint16_t *words,
			 const uint64_t *bad, size_t n);

/* words[register_span()] to a value. A string ends at its first 0x00 or 0xff,
 * less trailing blanks; where it is no UTF-8 it is taken for Latin-1; it is
 * put into text[REGISTER_TEXT_MAX]. A float is the shortest decimal that reads
 * back. -ENODATA: a number that is none (NaN, infinite, no decimal digit). */
int register_decode(struct register_format, const uint16_t *words,
		    struct lwm2m_value *value, char *text);

/* A value to words[register_span()]; the number of them. A range of bits in
 * its place, the others 0. -ERANGE: does not fit; -EINVAL: not of this kind. */
int register_encode(struct register_format, const struct lwm2m_value *value,
		    uint16_t *words);
#endif
