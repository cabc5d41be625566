/* SPDX-License-Identifier: GPL-2.0-or-later
 * What the parts of the Modbus adapter share: the data of buses, devices,
 * points and searches, as the key tables in modbus.c fill it. */
#ifndef ADAPTERS_MODBUS_DEVICE_H
#define ADAPTERS_MODBUS_DEVICE_H
#include "adapters/adapter.h"
#include "adapters/modbus/plan.h"
#include "adapters/modbus/registers.h"
#include "adapters/modbus/request.h"
#include "adapters/modbus/wire.h"

struct modbus_bus {
	/* keys */
	uint32_t transport;
	const char *host, *port, *serial;
	uint16_t tcp_port;
	bool rs485;
	int64_t timeout, gap;
	/* ours */
	struct wire wire;
};

struct modbus_device {
	/* keys */
	uint32_t order, write;
	uint16_t address_base;
	int32_t max_hole;		/* -1: what pays */
	uint8_t unit, max_registers;
	int64_t timeout, gap;
	/* ours */
	struct plan plan;
	int64_t turn_ns;		/* it thinks for so long */
};

struct modbus_point {
	struct plan_item item;		/* ours; must be first */
	struct register_format format;
	/* keys */
	uint32_t table, type, order, address;
	uint8_t length;
	const char *bits;
	struct adapter_list invalid;
};

struct modbus_search {
	/* keys */
	uint8_t from, to, unit;
	uint32_t table;
	uint16_t address;
	uint8_t count;
	int64_t timeout;
	/* ours */
	uint16_t unit_now;		/* 0: not yet begun */
	size_t next;			/* of the identifying points */
	bool heard, told;		/* the unit of now */
	uint8_t exception;
};

/* As the keys say; false where `bits` is wrong. */
bool modbus_format_read(const struct modbus_point *point,
			struct register_format *format);
unsigned modbus_span(const struct modbus_point *point,
		     struct register_format format);

/* One exchange, counted: 0, the exception (above 0), or -errno. A broken wire
 * is told to the host. device: NULL in a search. */
int modbus_exchange(struct adapter_bus *bus, struct adapter_device *device,
		    struct wire_call *call, uint8_t *pdu);

/* words[] to a value; -ENODATA, -EILSEQ as register_decode(). */
int modbus_value_read(const struct modbus_point *point,
		      struct register_format format, const uint16_t *words,
		      struct lwm2m_value *value, char *text);

/* adapter_ops.search */
int64_t modbus_search_step(struct adapter_search *search, int64_t now);
#endif
