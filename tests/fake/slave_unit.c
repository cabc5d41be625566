/* SPDX-License-Identifier: GPL-2.0-or-later
 * The register maps and device models of the Modbus slave of the tests. */
#include "tests/fake/slave_unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CELLS 65536
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
enum { DEFINED = 1, HELD = 2 };
enum kind { WORD, LONG, FLOAT };

/* value(t) = base + swing * sin(2 pi t / period) + slope * t, raw */
struct cell {
	uint8_t table, kind;
	uint16_t address;
	double base, swing, period, slope;
};

/* Cells that exist without a value of their own, and read as zero. */
struct range {
	uint8_t table;
	uint16_t from, to;
};

struct slave_model {
	const char *name;
	const struct cell *cells;
	const struct range *ranges;
	size_t n_cells, n_ranges;
	unsigned max_registers;	/* in one request, 0: what Modbus allows */
	bool even;		/* registers are asked for in pairs */
	bool own_id;		/* holding 0x4000 tells the unit id */
	void (*step)(struct slave_unit *, double seconds);
};

const char *const slave_table_names[SLAVE_TABLES] = {
	"coil", "discrete", "holding", "input"
};

/* Eastron SDM120: floats in input registers, read in pairs only. */
static const struct cell sdm120_cells[] = {
	{SLAVE_INPUT, FLOAT, 0, 230, 3, 60, 0},		/* V */
	{SLAVE_INPUT, FLOAT, 6, 2, 1, 30, 0},		/* A */
	{SLAVE_INPUT, FLOAT, 12, 460, 230, 30, 0},	/* W */
	{SLAVE_INPUT, FLOAT, 18, 470, 230, 30, 0},	/* VA */
	{SLAVE_INPUT, FLOAT, 24, 92, 46, 30, 0},	/* var */
	{SLAVE_INPUT, FLOAT, 30, .98, .01, 30, 0},
	{SLAVE_INPUT, FLOAT, 36, 11.5, 1, 30, 0},	/* deg */
	{SLAVE_INPUT, FLOAT, 70, 50, .02, 20, 0},	/* Hz */
	{SLAVE_INPUT, FLOAT, 72, 1234.5, 0, 0, .01},	/* kWh */
	{SLAVE_INPUT, FLOAT, 74, 7.25, 0, 0, 0},
	{SLAVE_INPUT, FLOAT, 76, 12.5, 0, 0, .002},	/* kvarh */
	{SLAVE_INPUT, FLOAT, 78, 0, 0, 0, 0},
	{SLAVE_INPUT, FLOAT, 342, 1241.75, 0, 0, .01},
	{SLAVE_INPUT, FLOAT, 344, 12.5, 0, 0, .002},
	{SLAVE_HOLDING, FLOAT, 12, 100, 0, 0, 0},	/* ms, pulse width */
	{SLAVE_HOLDING, FLOAT, 18, 0, 0, 0, 0},		/* 8N1 */
	{SLAVE_HOLDING, FLOAT, 20, 1, 0, 0, 0},		/* unit id */
	{SLAVE_HOLDING, FLOAT, 28, 2, 0, 0, 0},		/* 9600 */
	{SLAVE_HOLDING, LONG, 64512, 20261122, 0, 0, 0}, /* serial number */
	{SLAVE_HOLDING, WORD, 64514, 0x20, 0, 0, 0},	/* meter code */
	{SLAVE_HOLDING, WORD, 64515, 0x0240, 0, 0, 0},
};
static const struct range sdm120_ranges[] = {
	{SLAVE_INPUT, 0, 95}, {SLAVE_INPUT, 258, 265}, {SLAVE_INPUT, 342, 345},
	{SLAVE_HOLDING, 12, 29},
};

/* XY-MD02: input register 0 does not exist. */
static const struct cell xy_md02_cells[] = {
	{SLAVE_INPUT, WORD, 1, 215, 30, 60, 0},		/* 0.1 Cel */
	{SLAVE_INPUT, WORD, 2, 480, 50, 90, 0},		/* 0.1 % */
	{SLAVE_HOLDING, WORD, 257, 1, 0, 0, 0},
	{SLAVE_HOLDING, WORD, 258, 0, 0, 0, 0},
	{SLAVE_HOLDING, WORD, 259, 0, 0, 0, 0},
	{SLAVE_HOLDING, WORD, 260, 0, 0, 0, 0},
};

/* Eight relays and eight inputs, as on Waveshare's board. */
static const struct cell relay8_cells[] = {
	{SLAVE_HOLDING, WORD, 0x8000, 200, 0, 0, 0},	/* version 2.00 */
};
static const struct range relay8_ranges[] = {
	{SLAVE_COIL, 0, 7}, {SLAVE_DISCRETE, 0, 7},
	{SLAVE_HOLDING, 0x4000, 0x4000},
};

/* A boiler: the water goes towards the setpoint while the pump is on. */
enum { BOILER_FLOW = 100, BOILER_SETPOINT = 101, BOILER_PUMP = 3 };
static const struct cell boiler_cells[] = {
	{SLAVE_HOLDING, WORD, BOILER_FLOW, 200, 0, 0, 0},
	{SLAVE_HOLDING, WORD, BOILER_SETPOINT, 550, 0, 0, 0},
	{SLAVE_COIL, WORD, BOILER_PUMP, 1, 0, 0, 0},
};

/* 10 % of the difference a second; without the pump it cools to 15 Cel. */
static void boiler_step(struct slave_unit *unit, double seconds)
{
	double target = unit->map.tab_registers[BOILER_SETPOINT];

	if (!unit->map.tab_bits[BOILER_PUMP])
		target = 150;
	if (unit->then < 0)
		unit->exact = 200;
	unit->exact += (target - unit->exact) * (1 - exp(-.1 * seconds));
	if (!(unit->flags[SLAVE_HOLDING][BOILER_FLOW] & HELD))
		unit->map.tab_registers[BOILER_FLOW] =
			(uint16_t)lround(unit->exact);
}

/* Every cell up to 9999 exists; slave_unit_create() numbers them. */
static const struct range plain_ranges[] = {
	{SLAVE_COIL, 0, 9999}, {SLAVE_DISCRETE, 0, 9999},
	{SLAVE_HOLDING, 0, 9999}, {SLAVE_INPUT, 0, 9999},
};

#define CELLS_OF(a) .cells = a, .n_cells = COUNT(a)
#define RANGES_OF(a) .ranges = a, .n_ranges = COUNT(a)
static const struct slave_model models[] = {
	{.name = "plain", RANGES_OF(plain_ranges)},
	{.name = "empty"},
	{.name = "sdm120", CELLS_OF(sdm120_cells), RANGES_OF(sdm120_ranges),
	 .max_registers = 80, .even = true},
	{.name = "xy-md02", CELLS_OF(xy_md02_cells)},
	{.name = "relay8", CELLS_OF(relay8_cells), RANGES_OF(relay8_ranges),
	 .own_id = true},
	{.name = "boiler", CELLS_OF(boiler_cells), .step = boiler_step},
};

const struct slave_model *slave_model_find(const char *name)
{
	for (size_t i = 0; i < COUNT(models); i++)
		if (strcmp(models[i].name, name) == 0)
			return &models[i];
	return NULL;
}

int slave_table_find(const char *name)
{
	for (int i = 0; i < SLAVE_TABLES; i++)
		if (strcmp(slave_table_names[i], name) == 0)
			return i;
	return -1;
}

static void *zeroed(size_t n, size_t size)
{
	void *p = calloc(n, size);

	if (!p)
		abort();
	return p;
}

/* Not modbus_mapping_new(): it touches every page, and there may be 247. */
static void map_init(struct slave_unit *unit)
{
	unit->map.nb_bits = unit->map.nb_input_bits = CELLS;
	unit->map.nb_registers = unit->map.nb_input_registers = CELLS;
	unit->map.tab_bits = zeroed(CELLS, 1);
	unit->map.tab_input_bits = zeroed(CELLS, 1);
	unit->map.tab_registers = zeroed(CELLS, 2);
	unit->map.tab_input_registers = zeroed(CELLS, 2);
	for (int i = 0; i < SLAVE_TABLES; i++)
		unit->flags[i] = zeroed(CELLS, 1);
}

static void cell_put(struct slave_unit *unit, enum slave_table table,
		     uint16_t address, uint16_t value)
{
	switch (table) {
	case SLAVE_COIL:
		unit->map.tab_bits[address] = value != 0;
		return;
	case SLAVE_DISCRETE:
		unit->map.tab_input_bits[address] = value != 0;
		return;
	case SLAVE_HOLDING:
		unit->map.tab_registers[address] = value;
		return;
	case SLAVE_INPUT:
		unit->map.tab_input_registers[address] = value;
		return;
	case SLAVE_TABLES:
		return;
	}
}

uint16_t slave_unit_get(const struct slave_unit *unit, enum slave_table table,
			uint16_t address)
{
	switch (table) {
	case SLAVE_COIL:
		return unit->map.tab_bits[address];
	case SLAVE_DISCRETE:
		return unit->map.tab_input_bits[address];
	case SLAVE_HOLDING:
		return unit->map.tab_registers[address];
	case SLAVE_INPUT:
		return unit->map.tab_input_registers[address];
	case SLAVE_TABLES:
		break;
	}
	return 0;
}

static void cell_move(struct slave_unit *unit, const struct cell *cell,
		      double now)
{
	const uint8_t *flags = unit->flags[cell->table];
	double value = cell->base + cell->slope * now;
	float number;
	uint32_t raw;

	if (cell->period > 0)
		value += cell->swing * sin(6.283185307179586 * now /
					   cell->period);
	number = (float)value;
	if (cell->kind == FLOAT)
		memcpy(&raw, &number, sizeof(raw));
	else
		raw = (uint32_t)llround(value);
	if (cell->kind == WORD) {
		if (!(flags[cell->address] & HELD))
			cell_put(unit, cell->table, cell->address,
				 (uint16_t)raw);
		return;
	}
	if (!(flags[cell->address] & HELD))
		cell_put(unit, cell->table, cell->address,
			 (uint16_t)(raw >> 16));
	if (!(flags[cell->address + 1] & HELD))
		cell_put(unit, cell->table, (uint16_t)(cell->address + 1),
			 (uint16_t)raw);
}

static void range_define(struct slave_unit *unit, const struct range *range)
{
	for (unsigned a = range->from; a <= range->to; a++)
		unit->flags[range->table][a] = DEFINED;
}

/* Cell N of a plain unit is N, and every second bit is on. */
static void plain_fill(struct slave_unit *unit)
{
	for (uint16_t a = 0; a < 10000; a++) {
		cell_put(unit, SLAVE_COIL, a, a & 1);
		cell_put(unit, SLAVE_DISCRETE, a, a & 1);
		cell_put(unit, SLAVE_HOLDING, a, a);
		cell_put(unit, SLAVE_INPUT, a, a);
	}
}

struct slave_unit *slave_unit_create(uint8_t id,
				     const struct slave_model *model)
{
	struct slave_unit *unit = zeroed(1, sizeof(*unit));

	unit->id = id;
	unit->model = model;
	unit->then = -1;
	map_init(unit);
	for (size_t i = 0; i < model->n_ranges; i++)
		range_define(unit, &model->ranges[i]);
	for (size_t i = 0; i < model->n_cells; i++) {
		const struct cell *c = &model->cells[i];

		unit->flags[c->table][c->address] = DEFINED;
		if (c->kind != WORD)
			unit->flags[c->table][c->address + 1] = DEFINED;
		cell_move(unit, c, 0);
	}
	if (model == &models[0])
		plain_fill(unit);
	if (model->own_id)
		cell_put(unit, SLAVE_HOLDING, 0x4000, id);
	return unit;
}

void slave_unit_destroy(struct slave_unit *unit)
{
	if (!unit)
		return;
	free(unit->map.tab_bits);
	free(unit->map.tab_input_bits);
	free(unit->map.tab_registers);
	free(unit->map.tab_input_registers);
	for (int i = 0; i < SLAVE_TABLES; i++)
		free(unit->flags[i]);
	free(unit);
}

static bool moves(const struct cell *cell)
{
	return (cell->period > 0 && cell->swing != 0) || cell->slope != 0;
}

void slave_unit_step(struct slave_unit *unit, double now)
{
	const struct slave_model *model = unit->model;

	for (size_t i = 0; i < model->n_cells; i++)
		if (moves(&model->cells[i]))
			cell_move(unit, &model->cells[i], now);
	if (model->step)
		model->step(unit, unit->then < 0 ? 0 : now - unit->then);
	unit->then = now;
}

void slave_unit_set(struct slave_unit *unit, enum slave_table table,
		    uint16_t address, uint16_t value)
{
	unit->flags[table][address] = DEFINED | HELD;
	cell_put(unit, table, address, value);
}

void slave_unit_unset(struct slave_unit *unit, enum slave_table table,
		      uint16_t address)
{
	unit->flags[table][address] = HELD;
}

static enum slave_table table_of(const struct slave_unit *unit,
				 uint8_t function)
{
	switch (function) {
	case MODBUS_FC_READ_COILS:
	case MODBUS_FC_WRITE_SINGLE_COIL:
	case MODBUS_FC_WRITE_MULTIPLE_COILS:
		return SLAVE_COIL;
	case MODBUS_FC_READ_DISCRETE_INPUTS:
		return SLAVE_DISCRETE;
	case MODBUS_FC_READ_INPUT_REGISTERS:
		return SLAVE_INPUT;
	case MODBUS_FC_READ_HOLDING_REGISTERS:
	case MODBUS_FC_WRITE_SINGLE_REGISTER:
	case MODBUS_FC_WRITE_MULTIPLE_REGISTERS:
		return SLAVE_HOLDING;
	case MODBUS_FC_MASK_WRITE_REGISTER:
		return unit->masks ? SLAVE_HOLDING : SLAVE_TABLES;
	}
	return SLAVE_TABLES;
}

int slave_unit_check(const struct slave_unit *unit, uint8_t function,
		     unsigned address, unsigned count)
{
	enum slave_table table = table_of(unit, function);
	bool words = table == SLAVE_HOLDING || table == SLAVE_INPUT;
	/* the numbers of the identification block are asked for alone */
	bool pairs = unit->model->even && words && address < 63744;

	if (table == SLAVE_TABLES)
		return MODBUS_EXCEPTION_ILLEGAL_FUNCTION;
	if (unit->model->max_registers && words &&
	    count > unit->model->max_registers)
		return MODBUS_EXCEPTION_ILLEGAL_DATA_VALUE;
	if (pairs && (address % 2 || count % 2))
		return MODBUS_EXCEPTION_ILLEGAL_DATA_ADDRESS;
	for (unsigned a = address; a < address + count; a++)
		if (a >= CELLS || !(unit->flags[table][a] & DEFINED))
			return MODBUS_EXCEPTION_ILLEGAL_DATA_ADDRESS;
	return 0;
}
