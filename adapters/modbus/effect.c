/* SPDX-License-Identifier: GPL-2.0-or-later
 * Keys that can stand where they stand and do nothing there: who wrote them
 * expects something of them, and is told. Pure. */
#include <string.h>

#include "adapters/modbus/device.h"

#define PORT_USUAL 502		/* the fallbacks of modbus.c */
#define SERIAL_USUAL "9600 8N1"
#define FACTOR_USUAL 65536

#define AWAY ": leave it away"

struct effect {
	bool none;
	const char *key, *why;
};

static void effects_tell(const struct adapter_bus *bus,
			 struct adapter_error *error,
			 const struct effect *effects, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (effects[i].none)
			adapter_warn(bus, error, effects[i].key,
				     "%s", effects[i].why);
}

void modbus_bus_effect_check(const struct adapter_bus *bus,
			     struct adapter_error *error)
{
	const struct modbus_bus *b = bus->data;
	bool rtu = b->transport == WIRE_RTU;
	const struct effect effects[] = {
		{rtu && b->tcp_port != PORT_USUAL, "tcp_port",
		 "is of tcp and rtu-over-tcp, and transport is rtu" AWAY},
		{!rtu && b->serial && strcmp(b->serial, SERIAL_USUAL) != 0,
		 "serial", "is of rtu: the converter has its own settings" AWAY},
		{!rtu && b->rs485, "rs485", "is of rtu" AWAY},
	};

	effects_tell(bus, error, effects, sizeof(effects) / sizeof(effects[0]));
}

/* In one register, or in text, there are no words to change places. */
static bool has_words(const struct modbus_point *p)
{
	struct register_format format = {.type = (uint8_t)p->type};

	return p->type != REGISTER_STRING && !p->bits &&
	       register_span(format) > 1;
}

static bool is_order_used(const struct modbus_point *p)
{
	if (p->model.n > 0 || (table_has_bits(p->table) &&
			       p->write_table != WRITE_HOLDING))
		return false;
	return p->order != ORDER_CDAB || has_words(p);
}

static const char *order_why(const struct modbus_point *p)
{
	return p->model.n > 0 ? "SunSpec's models have one order" AWAY :
	       table_has_bits(p->table) ? "is of registers, and this is a bit" AWAY :
	       "CDAB is of values of two registers or more" AWAY;
}

/* The first model decides: they are alike. */
static bool has_blocks(const struct modbus_point *p)
{
	const int64_t *ids = p->model.at;
	const struct sunspec_model *model = p->model.n == 0 ? NULL :
		sunspec_model_find((unsigned)ids[0]);
	const struct sunspec_field *field = model ?
		sunspec_field_find(model, p->field) : NULL;

	return field && sunspec_offset(model, field, 2) != field->offset;
}

void modbus_effect_check(const struct adapter_point *point,
			 struct adapter_error *error)
{
	const struct modbus_point *p = modbus_keys(point);
	bool model = p->model.n > 0;
	bool bit = table_has_bits(p->table) && p->write_table != WRITE_HOLDING;
	const struct effect effects[] = {
		{!model && bit && p->type != REGISTER_UINT16, "type",
		 "is of registers: a coil or discrete input is one bit" AWAY},
		{model && p->type != REGISTER_UINT16, "type",
		 "does not go with 'model', which knows it" AWAY},
		{p->length > 0 && !model && (bit || p->type != REGISTER_STRING),
		 "length", "is of type string" AWAY},
		{p->length > 0 && model, "length",
		 "does not go with 'model', which knows it" AWAY},
		{p->order != ORDER_ABCD && !is_order_used(p), "order",
		 order_why(p)},
		{p->high < 0 && (p->high_factor < FACTOR_USUAL ||
				 p->high_factor > FACTOR_USUAL), "high_factor",
		 "is of 'high' and 'low'" AWAY},
		{p->block != 1 && !has_blocks(p), "block",
		 "is of fields in the repeating blocks of a 'model'" AWAY},
		{!point->writable && p->write_table != WRITE_SAME,
		 "write_table", "needs writable: true, and does nothing without"},
		{!point->writable && p->write_address >= 0,
		 "write_address", "needs writable: true, and does nothing without"},
	};

	effects_tell(point->device->bus, error, effects,
		     sizeof(effects) / sizeof(effects[0]));
}

/* Of a device whose points are all of one register, or bits. */
void modbus_device_effect_check(const struct adapter_device *device,
				struct adapter_error *error)
{
	const struct modbus_device *d = device->data;

	if (d->order == ORDER_ABCD)
		return;
	for (size_t i = 0; i < device->n_points; i++)
		if (is_order_used(modbus_keys(device->points[i])))
			return;
	adapter_warn(device->bus, error, "order", "no point of this device has "
		     "a use for it" AWAY);
}
