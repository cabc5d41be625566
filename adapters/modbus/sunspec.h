/* SPDX-License-Identifier: GPL-2.0-or-later
 * SunSpec: a map of models, one behind the other, at one of three addresses;
 * each has its id and length in front. Where a field is, is known when the map
 * has been walked, a header a request. Pure. */
#ifndef ADAPTERS_MODBUS_SUNSPEC_H
#define ADAPTERS_MODBUS_SUNSPEC_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum sunspec_type {
	SUNSPEC_INT16, SUNSPEC_UINT16, SUNSPEC_ENUM16, SUNSPEC_UINT32,
	SUNSPEC_BITFIELD32, SUNSPEC_ACC32, SUNSPEC_FLOAT32, SUNSPEC_STRING,
	SUNSPEC_TYPES
};

struct sunspec_field {
	const char *name;		/* NULL: the end */
	uint8_t type;			/* enum sunspec_type */
	uint8_t offset;			/* from the model's id */
	uint8_t length;			/* registers */
	uint8_t scale;			/* where its scale factor is; 0: none */
};

struct sunspec_model {
	uint16_t first, last;		/* ids */
	uint8_t block_at, block_length;	/* of the repeating block; 0: none */
	const struct sunspec_field *fields;	/* NULL: the end */
};
extern const struct sunspec_model sunspec_models[];

const struct sunspec_model *sunspec_model_find(unsigned id);	/* or NULL */
const struct sunspec_field *sunspec_field_find(const struct sunspec_model *,
					       const char *name);
/* From the model's id; block: of the repeating ones, from 1. */
unsigned sunspec_offset(const struct sunspec_model *,
			const struct sunspec_field *, unsigned block);
/* The bits that stand for "not implemented"; false: the type has none, a
 * string is empty, a float not a number. */
bool sunspec_not_implemented(unsigned type, uint64_t *bits);

#define SUNSPEC_MODELS_MAX 48		/* of one device; more are not seen */

enum sunspec_state {
	SUNSPEC_SEARCH,			/* for the mark "SunS" */
	SUNSPEC_WALK,			/* from header to header */
	SUNSPEC_DONE,
	SUNSPEC_NONE,			/* there is no map */
};

/* All zero: at the beginning. */
struct sunspec_walk {
	enum sunspec_state state;
	uint8_t candidate;		/* of the addresses of a map */
	bool silent;			/* one was not answered */
	uint16_t at;			/* of the next header */
	uint16_t base;			/* of the map */
	uint8_t n;
	struct { uint16_t id, address; } models[SUNSPEC_MODELS_MAX];
};
/* Where the next two registers are to be read; false: it is over. */
bool sunspec_next(const struct sunspec_walk *walk, uint16_t *address);
/* What they were; NULL: the device refused, or was silent. */
void sunspec_feed(struct sunspec_walk *walk, const uint16_t *words,
		  bool silent);
/* Of the first model with this id; -1: the device has none. */
int32_t sunspec_address(const struct sunspec_walk *walk, unsigned id);
/* "1, 103, 160" */
void sunspec_print(const struct sunspec_walk *walk, char *text, size_t size);
#endif
