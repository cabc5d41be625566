/* SPDX-License-Identifier: GPL-2.0-or-later
 * The Modbus adapter: its keys, and what it does with buses, devices, points.
 * Checks are in check.c, values in value.c and registers.c, writes in
 * command.c, requests in request.c, blocks in plan.c, the wire in wire.c. */
#include <errno.h>
#include <stdlib.h>

#include "adapters/modbus/device.h"
#include "adapters/modbus/serial_name.h"

#define CUTS_MAX 128
#define CLOSE_PAUSE INT64_C(50000000)	/* ns */
enum { CLOSE_NEVER, CLOSE_AFTER_POLL };
#define SECOND INT64_C(1000000000)

#define TIMEOUT_LIMITS .min = 1000000, .max = 60 * SECOND
#define GAP_LIMITS .min = 0, .max = 10 * SECOND

/* -1 where it is not given */
#define ADDRESS_OPTION .flags = ADAPTER_AUTO, .fallback = "auto", .min = 0, \
	.max = 465536		/* 400001 and all that are behind it */

static const struct adapter_key bus_keys[] = {
	ADAPTER_KEY(ADAPTER_CHOICE, struct modbus_bus, transport,
		    .flags = ADAPTER_REQUIRED, .choices = WIRE_TRANSPORT_NAMES,
		    .help = "Modbus TCP, a serial line, or serial frames over "
			    "TCP (a simple converter)"),
	ADAPTER_KEY(ADAPTER_TEXT, struct modbus_bus, host,
		    .help = "name or address of tcp and rtu-over-tcp"),
	ADAPTER_KEY(ADAPTER_INT, struct modbus_bus, tcp_port,
		    .fallback = "502", .min = 1, .max = 65535,
		    .help = "port of tcp and rtu-over-tcp"),
	ADAPTER_KEY(ADAPTER_TEXT, struct modbus_bus, port,
		    .help = "serial device of rtu, best below "
			    "/dev/serial/by-id"),
	ADAPTER_KEY(ADAPTER_TEXT, struct modbus_bus, serial,
		    .fallback = "9600 8N1",
		    .help = "rate, data bits, parity, stop bits of rtu"),
	ADAPTER_KEY(ADAPTER_BOOL, struct modbus_bus, rs485, .fallback = "no",
		    .help = "let the kernel switch the direction of rtu"),
	ADAPTER_KEY(ADAPTER_BOOL, struct modbus_bus, echo, .fallback = "no",
		    .help = "the adapter of a line hears what it sends"),
	ADAPTER_KEY(ADAPTER_TIME, struct modbus_bus, connect_delay,
		    .fallback = "0s", .min = 0, .max = 60 * SECOND,
		    .help = "leave it alone for so long after a connect"),
	ADAPTER_KEY(ADAPTER_CHOICE, struct modbus_bus, close,
		    .fallback = "never", .choices = "never|after_poll",
		    .help = "let go of a TCP connection when all are read, for "
			    "devices that serve one client"),
	ADAPTER_KEY(ADAPTER_TIME, struct modbus_bus, timeout,
		    .fallback = "1s", TIMEOUT_LIMITS,
		    .help = "wait for a connection, and for an answer"),
	ADAPTER_KEY(ADAPTER_TIME, struct modbus_bus, gap, .fallback = "0s",
		    GAP_LIMITS,
		    .help = "silence before a request, at least; on a serial "
			    "line never below 3.5 characters"),
	{.type = ADAPTER_END}
};
static const struct adapter_key device_keys[] = {
	ADAPTER_KEY(ADAPTER_INT, struct modbus_device, unit,
		    .flags = ADAPTER_REQUIRED, .min = 0, .max = 255,
		    .help = "unit id; 0 is nobody on a serial line"),
	ADAPTER_KEY(ADAPTER_CHOICE, struct modbus_device, order,
		    .fallback = "ABCD", .choices = REGISTER_ORDER_NAMES,
		    .help = "order of bytes, A being the most significant"),
	ADAPTER_KEY(ADAPTER_INT, struct modbus_device, address_base,
		    .flags = ADAPTER_AUTO, .fallback = "auto", .min = 0,
		    .max = 400001,
		    .help = "what the manual calls the first address; auto is "
			    "0, and looks askance at 40001"),
	ADAPTER_KEY(ADAPTER_INT, struct modbus_device, max_hole,
		    .flags = ADAPTER_AUTO, .fallback = "auto", .min = 0,
		    .max = READ_REGISTERS_MAX,
		    .help = "registers nobody asked for that a request may "
			    "run over; of bits 16 times as many"),
	ADAPTER_KEY(ADAPTER_INT, struct modbus_device, max_registers,
		    .fallback = "125", .min = 1, .max = READ_REGISTERS_MAX,
		    .help = "registers in one request, at most"),
	ADAPTER_KEY(ADAPTER_INT, struct modbus_device, max_bits,
		    .fallback = "2000", .min = 1, .max = READ_BITS_MAX,
		    .help = "bits in one request, at most"),
	ADAPTER_KEY(ADAPTER_CHOICE, struct modbus_device, write,
		    .fallback = "single", .choices = "single|multiple",
		    .help = "functions 5 and 6 where one cell is written, or "
			    "always 15 and 16"),
	ADAPTER_KEY(ADAPTER_TIME, struct modbus_device, timeout,
		    .flags = ADAPTER_INHERIT, .fallback = "1s", TIMEOUT_LIMITS,
		    .help = "how long to wait for an answer"),
	ADAPTER_KEY(ADAPTER_TIME, struct modbus_device, gap,
		    .flags = ADAPTER_INHERIT, .fallback = "0s", GAP_LIMITS,
		    .help = "silence before a request, at least"),
	{.type = ADAPTER_END}
};
static const struct adapter_key point_keys[] = {
	ADAPTER_KEY(ADAPTER_CHOICE, struct modbus_point, table,
		    .fallback = "holding", .choices = MODBUS_TABLE_NAMES,
		    .help = "which of the four tables it is in"),
	ADAPTER_KEY(ADAPTER_INT, struct modbus_point, address,
		    ADDRESS_OPTION,
		    .help = "of its first register, or of its bit, counted "
			    "from address_base"),
	ADAPTER_KEY(ADAPTER_CHOICE, struct modbus_point, type,
		    .fallback = "uint16", .choices = REGISTER_TYPE_NAMES,
		    .help = "what its registers hold"),
	ADAPTER_KEY(ADAPTER_INT, struct modbus_point, length, .fallback = "0",
		    .min = 0, .max = REGISTER_STRING_MAX,
		    .help = "length of a string, in registers"),
	ADAPTER_KEY(ADAPTER_CHOICE, struct modbus_point, order,
		    .flags = ADAPTER_INHERIT, .fallback = "ABCD",
		    .choices = REGISTER_ORDER_NAMES,
		    .help = "order of its bytes; the device's if absent"),
	ADAPTER_KEY(ADAPTER_TEXTS, struct modbus_point, invalid,
		    .help = "raw values, as wide as the type, that mean that "
			    "there is none: 0x8000, -32768, of a float -9999.0"),
	ADAPTER_KEY(ADAPTER_CHOICE, struct modbus_point, chars,
		    .fallback = "two", .choices = REGISTER_CHARS_NAMES,
		    .help = "characters in a register of a string: two, or "
			    "one in its low or high byte"),
	ADAPTER_KEY(ADAPTER_INT, struct modbus_point, scale_from,
		    ADDRESS_OPTION,
		    .help = "of a register with the power of ten to multiply "
			    "with, as SunSpec's sunssf"),
	ADAPTER_KEY(ADAPTER_INT, struct modbus_point, high, ADDRESS_OPTION,
		    .help = "of a part that counts high_factor times"),
	ADAPTER_KEY(ADAPTER_INT, struct modbus_point, low, ADDRESS_OPTION,
		    .help = "of the other part, in place of address"),
	ADAPTER_KEY(ADAPTER_REAL, struct modbus_point, high_factor,
		    .fallback = "65536",
		    .help = "value = high x high_factor + low"),
	ADAPTER_KEY(ADAPTER_INTS, struct modbus_point, on_value,
		    .help = "raw values that mean true; the first is written"),
	ADAPTER_KEY(ADAPTER_INTS, struct modbus_point, off_value,
		    .help = "raw values that mean false; the first is written"),
	ADAPTER_KEY(ADAPTER_CHOICE, struct modbus_point, write_table,
		    .fallback = "same", .choices = WRITE_TABLE_NAMES,
		    .help = "in which table it is written"),
	ADAPTER_KEY(ADAPTER_INT, struct modbus_point, write_address,
		    ADDRESS_OPTION, .help = "where it is written, if not "
		    "where it is read"),
	ADAPTER_KEY(ADAPTER_TEXT, struct modbus_point, group,
		    .help = "name of registers in a row that are written "
			    "together, by one function 16"),
	ADAPTER_KEY(ADAPTER_INTS, struct modbus_point, model,
		    .help = "SunSpec model, or a list of which the device has "
			    "one, in place of an address"),
	ADAPTER_KEY(ADAPTER_TEXT, struct modbus_point, field,
		    .help = "of the model, as SunSpec calls it: W"),
	ADAPTER_KEY(ADAPTER_INT, struct modbus_point, block,
		    .fallback = "1", .min = 1, .max = 255,
		    .help = "which of a model's repeating blocks"),
	ADAPTER_KEY(ADAPTER_TEXT, struct modbus_point, bits,
		    .help = "part of a register: \"3\", or \"4-7\""),
	{.type = ADAPTER_END}
};
static const struct adapter_key search_keys[] = {
	ADAPTER_KEY(ADAPTER_INT, struct modbus_search, from,
		    .flags = ADAPTER_AUTO, .fallback = "auto", .min = 0,
		    .max = 255, .help = "first unit of a scan; auto: 1, over "
		    "TCP 0"),
	ADAPTER_KEY(ADAPTER_INT, struct modbus_search, to,
		    .flags = ADAPTER_AUTO, .fallback = "auto", .min = 0,
		    .max = 255, .help = "last unit of a scan; auto: 247, over "
		    "TCP 255"),
	ADAPTER_KEY(ADAPTER_TIME, struct modbus_search, timeout,
		    .fallback = "300ms", TIMEOUT_LIMITS,
		    .help = "how long to wait for an answer"),
	ADAPTER_KEY(ADAPTER_BOOL, struct modbus_search, names,
		    .fallback = "yes",
		    .help = "ask those found for their names, in the end, by "
			    "functions 17 and 43/14"),
	ADAPTER_KEY(ADAPTER_INT, struct modbus_search, unit, .fallback = "1",
		    .min = 0, .max = 255, .help = "unit to probe"),
	ADAPTER_KEY(ADAPTER_CHOICE, struct modbus_search, table,
		    .fallback = "holding", .choices = MODBUS_TABLE_NAMES,
		    .help = "which table to probe"),
	ADAPTER_KEY(ADAPTER_INT, struct modbus_search, address,
		    .fallback = "0", .min = 0, .max = 65535,
		    .help = "first address to probe, from 0"),
	ADAPTER_KEY(ADAPTER_INT, struct modbus_search, count, .fallback = "4",
		    .min = 1, .max = 32, .help = "addresses to probe"),
	{.type = ADAPTER_END}
};

static void port_warn(struct adapter_bus *bus, const char *port)
{
	char better[300];

	if (serial_name_find(port, "/dev/serial/by-id", better,
			     sizeof(better)))
		adapter_log(bus, NULL, LOG_WARNING,
			    "%s may be another port after the next start: "
			    "use %s", port, better);
}

static int modbus_open(struct adapter_bus *bus)
{
	struct modbus_bus *b = bus->data;
	struct wire_settings settings = {
		.transport = (enum wire_transport)b->transport,
		.host = b->host, .port = b->port, .tcp_port = b->tcp_port,
		.rs485 = b->rs485, .timeout = b->timeout, .echo = b->echo,
		.connect_delay = b->connect_delay,
		.asked_until = bus->closed_at,
	};
	char text[WIRE_TEXT_MAX];
	int rc;

	if (b->transport == WIRE_RTU &&
	    !wire_line_read(b->serial, &settings.line))
		return -EINVAL;
	rc = wire_open(&b->wire, &settings, text);
	if (rc < 0)
		adapter_lost(bus, NULL, rc, "%s", text);
	if (rc == 0 && settings.transport == WIRE_RTU)
		port_warn(bus, b->port);
	return rc;
}

static void modbus_close_bus(struct adapter_bus *bus)
{
	struct modbus_bus *b = bus->data;

	wire_close(&b->wire);
	free(b->came);
	b->came = NULL;
}

static void modbus_detach(struct adapter_device *device)
{
	struct modbus_device *d = device->data;

	for (size_t i = 0; i < device->n_points; i++)
		modbus_point_finish(device->points[i]->data);
	free(d->plan.items);
	d->plan.items = NULL;
}

/* Of all points whose place is known. */
static void plan_fill(struct adapter_device *device)
{
	struct modbus_device *d = device->data;
	struct plan_cut cuts[CUTS_MAX];
	int n;

	d->plan.n = 0;
	for (size_t i = 0; i < device->n_points; i++) {
		struct modbus_own *own = modbus_own(device->points[i]);

		if (own->placed)
			d->plan.items[d->plan.n++] = &own->item;
	}
	plan_sort(&d->plan);
	n = adapter_kept(device, "cuts", cuts, sizeof(cuts));
	if (n > (int)sizeof(cuts))
		n = sizeof(cuts);
	if (n > 0)
		plan_cuts_set(&d->plan, cuts, (size_t)n / sizeof(cuts[0]));
}

static int modbus_attach(struct adapter_device *device)
{
	struct modbus_device *d = device->data;

	d->plan.items = calloc(device->n_points + 1, sizeof(d->plan.items[0]));
	if (!d->plan.items)
		return -ENOMEM;
	for (size_t i = 0; i < device->n_points; i++) {
		const struct modbus_point *p = modbus_keys(device->points[i]);
		struct modbus_own *own = modbus_own(device->points[i]);

		own->placed = p->model.n == 0;
		if (own->placed && modbus_point_prepare(own, p, modbus_base(d),
							d->max_registers)) {
			modbus_detach(device);
			return -ENOMEM;
		}
	}
	plan_fill(device);
	return 0;
}

/* On the account of the device, and of the bus, which has each of its counters
 * from the first request on: what comes into being with its first event has no
 * rate. */
static void counter_count(struct adapter_bus *bus,
			  struct adapter_device *device, const char *name,
			  unsigned n)
{
	adapter_count(bus, NULL, name, n);
	if (device && n)
		adapter_count(bus, device, name, n);
}

static void echo_tell(struct adapter_bus *bus)
{
	adapter_log(bus, NULL, LOG_NOTICE, "the adapter hears what it sends: "
		    "that is passed over; say 'echo: yes' so that writes are "
		    "not taken for confirmed before the first read");
}

int modbus_exchange(struct adapter_bus *bus, struct adapter_device *device,
		    struct wire_call *call, uint8_t *pdu)
{
	struct modbus_bus *b = bus->data;
	int rc;

	modbus_trace_begin(bus);
	rc = wire_exchange(&b->wire, call, pdu);
	b->used_at = adapter_now(bus);
	if (rc >= 0)
		rc = reply_check(call->request, pdu, (size_t)rc);
	else if (wire_is_broken(rc))
		adapter_lost(bus, NULL, rc, "%s", *call->text ? call->text :
			     "the connection broke");
	else if (device)
		adapter_why(device, "%s", call->text);
	if (rc > 0 && device)
		adapter_why(device, "exception %d, %s", rc, exception_name(rc));
	modbus_trace_end(bus, call, rc, pdu);
	if (call->echo_heard)
		echo_tell(bus);
	counter_count(bus, device, "requests", 1);
	counter_count(bus, device, "timeouts", rc == -ETIMEDOUT);
	counter_count(bus, device, "crc", rc == -EBADMSG);
	counter_count(bus, device, "exceptions", rc > 0);
	counter_count(bus, device, "other_unit", call->other_unit);
	counter_count(bus, device, "late", call->late);
	counter_count(bus, NULL, "reconnects", call->reconnects);
	return rc;
}

struct plan_limits modbus_limits(const struct modbus_device *d, int64_t char_ns,
				 int64_t silence_ns, int64_t turn_ns)
{
	unsigned hole = d->max_hole >= 0 ? (unsigned)d->max_hole :
			plan_hole_worth(char_ns, silence_ns, turn_ns);

	return (struct plan_limits){
		.registers = d->max_registers, .bits = d->max_bits,
		.hole_registers = hole, .hole_bits = 16 * hole,
	};
}

static struct plan_limits limits_of(const struct adapter_device *device)
{
	const struct modbus_bus *b = device->bus->data;
	const struct modbus_device *d = device->data;
	int64_t silence = b->wire.silence_ns > d->gap ? b->wire.silence_ns
						      : d->gap;

	return modbus_limits(d, b->wire.char_ns, silence, d->turn_ns);
}

struct wire_call modbus_call(const struct adapter_device *device,
			     const struct modbus_request *request)
{
	const struct modbus_device *d = device->data;

	return (struct wire_call){.request = request, .timeout = d->timeout,
				  .gap = d->gap};
}

static bool value_report(struct adapter_point *point, const uint16_t *words,
			 char *text)
{
	const struct modbus_point *p = modbus_keys(point);
	const struct modbus_own *own = modbus_own(point);
	const struct modbus_device *d = point->device->data;
	struct lwm2m_value value;
	int rc = modbus_value_read(p, own->bad, words, &value, text);

	if (rc == 0)
		adapter_report(point, value, 0);
	else
		adapter_fault(point->device, point, rc,
			      "%s %u holds no valid value",
			      modbus_table_names[p->table],
			      own->item.address + modbus_point_base(d, p));
	return rc == 0;
}

/* There may be hundreds of threads, each with its stack: what takes room there
 * is not inline, to take it only while it is needed. */
static bool __attribute__((noinline))
text_report(struct adapter_point *point, const uint16_t *words)
{
	char text[REGISTER_TEXT_MAX];

	return value_report(point, words, text);
}

static bool point_report(struct adapter_point *point, const uint16_t *words)
{
	return modbus_keys(point)->type == REGISTER_STRING ?
	       text_report(point, words) : value_report(point, words, NULL);
}

static void __attribute__((noinline))
block_report(struct adapter_device *device, struct adapter_point **due,
	     const struct plan_block *block,
	     const struct modbus_request *request, const uint8_t *pdu)
{
	uint16_t words[READ_REGISTERS_MAX];	/* of one point */
	bool reported = false;

	for (size_t i = block->first; i < block->first + block->n; i++) {
		const struct plan_item *item = &modbus_own(due[i])->item;

		reply_words(request, pdu,
			    (unsigned)(item->address - block->address),
			    item->span, words);
		reported |= point_report(due[i], words);
	}
	if (!reported)
		adapter_heard(device, 0);
}

static void block_fault(struct adapter_device *device,
			struct adapter_point **due,
			const struct plan_block *block, int exception)
{
	const struct modbus_device *d = device->data;
	int error = exception == 5 || exception == 6 ? -EBUSY : -EREMOTEIO;

	for (size_t i = block->first; i < block->first + block->n; i++) {
		const struct modbus_point *p = modbus_keys(due[i]);
		const struct plan_item *item = &modbus_own(due[i])->item;

		adapter_fault(device, due[i], error,
			      "%s %u (0x%04x on the wire): exception %d, %s",
			      modbus_table_names[p->table],
			      item->address + modbus_point_base(d, p),
			      item->address, exception,
			      exception_name(exception));
	}
}

static int block_missed(struct adapter_point **due,
			const struct plan_block *block, int error)
{
	for (size_t i = block->first; i < block->first + block->n; i++)
		adapter_missed(due[i]);
	return error;
}

static void cuts_keep(struct adapter_device *device)
{
	const struct modbus_device *d = device->data;
	struct plan_cut cuts[CUTS_MAX];
	size_t n = plan_cuts_get(&d->plan, cuts, CUTS_MAX);

	adapter_keep(device, "cuts", cuts, n * sizeof(cuts[0]));
}

static void cut_tell(struct adapter_device *device,
		     const struct plan_item *item)
{
	const struct modbus_device *d = device->data;

	cuts_keep(device);
	adapter_log(device->bus, device, LOG_NOTICE,
		    "from now on %s %u is not read together with what stands "
		    "before it: the device refuses that",
		    modbus_table_names[item->table],
		    item->address + modbus_base(d));
}

/* Illegal data address and value, by the specification; many say illegal
 * function or failure where a register does not exist. */
static bool is_of_addresses(int exception)
{
	return exception >= 1 && exception <= 4;
}

/* The device answered, with an exception: it lives. */
static int block_refused(struct adapter_device *device,
			 struct adapter_point **due, size_t n,
			 const struct plan_block *block, int exception)
{
	struct modbus_device *d = device->data;
	const struct plan_item *cut;

	/* said by a gateway in its place: 10 no path, 11 no answer */
	if (exception == 10 || exception == 11)
		return block_missed(due, block, -EHOSTUNREACH);
	adapter_heard(device, 0);
	if (is_of_addresses(exception))
		switch (plan_refused(&d->plan, due, block, &cut)) {
		case PLAN_LEARNT:
			cut_tell(device, cut);
			return -EAGAIN;
		case PLAN_HALVED:
			return -EAGAIN;
		case PLAN_NOTHING:
			break;
		}
	block_fault(device, due, block, exception);
	if (is_of_addresses(exception)) {
		if (plan_served(&d->plan, due, n, block, false))
			cuts_keep(device);
	}
	return 0;
}

static int block_read(struct adapter_device *device,
		      struct adapter_point **due, size_t n)
{
	struct modbus_device *d = device->data;
	struct plan_limits limits = limits_of(device);
	struct plan_block block = plan_next(&d->plan, due, n, &limits);
	const struct plan_item *first = &modbus_own(due[block.first])->item;
	struct modbus_request request =
		request_read(d->unit, (enum modbus_table)first->table,
			     block.address, block.length);
	struct wire_call call = modbus_call(device, &request);
	const struct plan_item *cut;
	uint8_t pdu[PDU_MAX];
	int rc = modbus_exchange(device->bus, device, &call, pdu);

	if (rc > 0)
		return block_refused(device, due, n, &block, rc);
	if (rc == -ETIMEDOUT &&
	    plan_silent(&d->plan, due, &block, &cut) == PLAN_LEARNT)
		cut_tell(device, cut);
	if (rc < 0)
		return block_missed(due, &block, rc);
	if (call.turn_ns > 0)
		d->turn_ns += (call.turn_ns - d->turn_ns) / 8;
	block_report(device, due, &block, &request, pdu);
	if (plan_served(&d->plan, due, n, &block, true))
		cuts_keep(device);
	return 0;
}

static int modbus_read_points(struct adapter_device *device,
			      struct adapter_point **due, size_t n)
{
	int rc;

	if (modbus_own(due[0])->placed)
		return block_read(device, due, modbus_models_last(due, n));
	rc = modbus_models_read(device, due, n);
	if (rc <= 0)
		return rc;
	plan_fill(device);
	return -EAGAIN;
}

/* Devices that serve one client are let go of when nothing is asked any more:
 * all that is due is asked without a pause. */
static int64_t modbus_turn(struct adapter_bus *bus, int64_t now, bool readable)
{
	struct modbus_bus *b = bus->data;

	(void)readable;
	if (b->close != CLOSE_AFTER_POLL || b->wire.fd < 0)
		return ADAPTER_NEVER;
	if (now < b->used_at + CLOSE_PAUSE)
		return b->used_at + CLOSE_PAUSE;
	wire_release(&b->wire);
	return ADAPTER_NEVER;
}

ADAPTER_EXPORT(.name = "modbus", .version = "1", .needs = 5,
	       .bus_keys = bus_keys, .device_keys = device_keys,
	       .point_keys = point_keys, .search_keys = search_keys,
	       .bus_size = sizeof(struct modbus_bus),
	       .device_size = sizeof(struct modbus_device),
	       .point_size = sizeof(struct modbus_point),
	       .point_state = sizeof(struct modbus_own),
	       .search_size = sizeof(struct modbus_search),
	       .check_bus = modbus_check_bus,
	       .check_device = modbus_check_device,
	       .check_point = modbus_check_point,
	       .open = modbus_open, .close = modbus_close_bus,
	       .attach = modbus_attach, .detach = modbus_detach,
	       .read = modbus_read_points, .command = modbus_command,
	       .turn = modbus_turn, .search = modbus_search_step,
	       .bus_place = modbus_bus_place,
	       .device_place = modbus_device_place,
	       .device_load = modbus_device_load);
