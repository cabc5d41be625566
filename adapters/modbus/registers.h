/* SPDX-License-Identifier: GPL-2.0-or-later
 * Registers to values and back: types, orders, bit ranges, invalid values.
 * Pure. libmodbus' own float helpers changed their meaning between versions
 * and are not used. */
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
	REGISTER_TYPES,
};
#define REGISTER_TYPE_NAMES \
	"int16|uint16|int32|uint32|int64|uint64|float32|float64|string"

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

struct register_format {
	uint8_t type, order;
	uint8_t length;			/* registers of a string */
	uint8_t bit, n_bits;		/* a range of one register, 0: all */
};

extern const char *const register_type_names[REGISTER_TYPES];
extern const char *const register_order_names[ORDERS];

/* Registers that a value takes; 0 is wrong. */
unsigned register_span(struct register_format);

/* The enum lwm2m_type of its values. One bit is a boolean. */
enum lwm2m_type register_value_type(struct register_format);

/* Raw limits of a write; equal where there are none. */
void register_limits(struct register_format, double *min, double *max);

/* "3" or "4-7"; false where it is neither, or beyond 15. */
bool register_bits_read(const char *text, uint8_t *bit, uint8_t *n_bits);

/* False where `bad` has more bits than the value. */
bool register_invalid_fits(struct register_format, int64_t bad);
/* Is the whole value, as wide as it is, one of `bad`? */
bool register_is_invalid(struct register_format, const uint16_t *words,
			 const int64_t *bad, size_t n);

/* words[register_span()] to a value. A string ends at its first zero, less
 * trailing blanks, and is put into text[2 * span]. -ENODATA: a number that is
 * none (NaN, infinite); -EILSEQ: text that is not UTF-8. */
int register_decode(struct register_format, const uint16_t *words,
		    struct lwm2m_value *value, char *text);

/* A value to words[register_span()]; the number of them. -ERANGE: does not
 * fit; -EINVAL: not of this kind; -ENOTSUP: part of a register. */
int register_encode(struct register_format, const struct lwm2m_value *value,
		    uint16_t *words);
#endif
