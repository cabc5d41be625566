/* SPDX-License-Identifier: GPL-2.0-or-later
 * One unit of the Modbus slave of the tests: four tables of 65536 cells, of
 * which only the defined ones exist, and a model that moves them with time.
 * Time is an argument; nothing here knows a socket. */
#ifndef TESTS_FAKE_SLAVE_UNIT_H
#define TESTS_FAKE_SLAVE_UNIT_H
#include <modbus.h>
#include <stdbool.h>
#include <stdint.h>

enum slave_table {
	SLAVE_COIL,
	SLAVE_DISCRETE,
	SLAVE_HOLDING,
	SLAVE_INPUT,
	SLAVE_TABLES,
};

struct slave_model;

struct slave_unit {
	struct slave_unit *next;
	const struct slave_model *model;
	modbus_mapping_t map;
	uint8_t *flags[SLAVE_TABLES];
	double then;		/* s: when the model last moved, -1 never */
	double exact;		/* a model's value between two steps */
	int exception;		/* answered to everything, 0 none */
	int late;		/* ms before each answer */
	uint8_t id;
	bool mute;
	bool masks;		/* it knows function 22 */
};

/* NULL: no model of this name. */
const struct slave_model *slave_model_find(const char *name);

/* Never NULL. Free with slave_unit_destroy(), which takes NULL. */
struct slave_unit *slave_unit_create(uint8_t id, const struct slave_model *);
void slave_unit_destroy(struct slave_unit *);

/* Move the model's values to `now`, seconds since the slave's start. */
void slave_unit_step(struct slave_unit *, double now);

/* Define the cell, and hold it: the model does not move it any more. */
void slave_unit_set(struct slave_unit *, enum slave_table, uint16_t address,
		    uint16_t value);
/* Make a hole. */
void slave_unit_unset(struct slave_unit *, enum slave_table, uint16_t address);
uint16_t slave_unit_get(const struct slave_unit *, enum slave_table,
			uint16_t address);

/* The exception that a request earns before libmodbus sees it, 0 none: a cell
 * that does not exist, or a rule of the model's. */
int slave_unit_check(const struct slave_unit *, uint8_t function,
		     unsigned address, unsigned count);

/* -1: no table of this name. */
int slave_table_find(const char *name);
extern const char *const slave_table_names[SLAVE_TABLES];
#endif
