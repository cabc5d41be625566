/* SPDX-License-Identifier: GPL-2.0-or-later
 * What the keys of a bus, a device and a point say together: is it possible,
 * and if not, which key is wrong? Pure. */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "adapters/modbus/device.h"

/* "10.0.0.256", which a resolver would be asked for as a name. */
static bool is_bad_address(const char *host)
{
	struct in_addr address;

	return !host[strspn(host, "0123456789.")] &&
	       inet_pton(AF_INET, host, &address) != 1;
}

static int host_check(const struct adapter_bus *bus, const char *host,
		      struct adapter_error *error)
{
	const char *colon = strchr(host, ':');

	if (strstr(host, "://"))
		return adapter_refuse(bus, error, "host", "\"%s\": only the "
				      "name or address, not how it is spoken "
				      "to", host);
	if (strpbrk(host, " \t/"))
		return adapter_refuse(bus, error, "host", "\"%s\" is no name "
				      "or address", host);
	if (colon && colon == strrchr(host, ':'))
		return adapter_refuse(bus, error, "host", "\"%s\" has a port "
				      "in it: that is 'tcp_port'", host);
	if (is_bad_address(host))
		return adapter_refuse(bus, error, "host", "\"%s\" is no "
				      "address: four numbers of 0 to 255, as "
				      "192.0.2.1", host);
	return 0;
}

int modbus_check_bus(const struct adapter_bus *bus, struct adapter_error *error)
{
	const struct modbus_bus *b = bus->data;
	struct wire_line line;
	int rc = 0;

	if (b->transport != WIRE_RTU && !b->host)
		rc = adapter_refuse(bus, error, "host",
				    "transport %s needs a host",
				    b->transport == WIRE_TCP ? "tcp"
							     : "rtu-over-tcp");
	if (b->transport != WIRE_RTU && b->port)
		rc = adapter_refuse(bus, error, "port",
				    "is a serial port; that of TCP is "
				    "'tcp_port'");
	if (b->transport == WIRE_RTU && b->host)
		rc = adapter_refuse(bus, error, "host",
				    "transport rtu has none; rtu-over-tcp has");
	if (b->transport == WIRE_RTU && !b->port)
		rc = adapter_refuse(bus, error, "port",
				    "transport rtu needs a serial port");
	if (b->transport == WIRE_TCP && b->echo)
		rc = adapter_refuse(bus, error, "echo", "is of serial lines");
	if (b->transport == WIRE_RTU && b->close)
		rc = adapter_refuse(bus, error, "close", "is of connections");
	if (b->transport == WIRE_RTU && b->port && *b->port != '/')
		rc = adapter_refuse(bus, error, "port", "\"%s\" is no path of a "
				    "serial port, as /dev/ttyUSB0", b->port);
	if (b->host && host_check(bus, b->host, error))
		rc = -EINVAL;
	if (b->serial && !wire_line_read(b->serial, &line))
		rc = adapter_refuse(bus, error, "serial",
				    "\"%s\" is not like \"9600 8E1\", "
				    "with one of the usual rates", b->serial);
	if (rc == 0)
		modbus_bus_effect_check(bus, error);
	return rc;
}

/* One point under check. */
struct check {
	const struct adapter_point *point;
	const struct modbus_point *p;
	const struct modbus_device *d;
	struct adapter_error *error;
	struct register_format format;
	struct modbus_layout layout;
	struct modbus_point placed;	/* of a model */
};

#define refuse(c_, ...) \
	adapter_refuse((c_)->point->device->bus, (c_)->error, __VA_ARGS__)

/* Where registers hold it, be it only when it is written. */
static bool is_integer(const struct check *c)
{
	return (!table_has_bits(c->p->table) ||
		c->p->write_table == WRITE_HOLDING) && c->p->type != REGISTER_STRING &&
	       (c->format.n_bits > 1 ||
		register_value_type(c->format) != LWM2M_FLOAT);
}

static int check_bits(struct check *c)
{
	if (!modbus_format_read(c->p, &c->format))
		return refuse(c, "bits", "\"%s\" is not like \"3\" or "
			      "\"4-7\", 0 to 15", c->p->bits);
	if (c->format.n_bits && (table_has_bits(c->p->table) ||
				 (c->p->type != REGISTER_INT16 &&
				  c->p->type != REGISTER_UINT16)))
		return refuse(c, "bits",
			      "are of one register, int16 or uint16");
	return 0;
}

/* One of a SunSpec model: what it is, is known; c->p becomes that. */
static int check_model(struct check *c, unsigned id)
{
	const struct modbus_point *p = modbus_keys(c->point);
	const struct sunspec_model *model = sunspec_model_find(id);

	if (!p->field)
		return refuse(c, "model", "needs a 'field' of it, as W");
	if (!model)
		return refuse(c, "model", "%u is not known: there are 1, 101 "
			      "to 103, 111 to 113, 160, 201 to 204, 211 to "
			      "214 and 802", id);
	if (!sunspec_field_find(model, p->field))
		return refuse(c, "field", "SunSpec's model %u has no '%s'", id,
			      p->field);
	if (p->address >= 0 || p->high >= 0 || p->scale_from >= 0)
		return refuse(c, p->address >= 0 ? "address" :
			      p->high >= 0 ? "high" : "scale_from",
			      "does not go with 'model', which knows it");
	c->placed = *p;
	modbus_model_place(&c->placed, id, modbus_base(c->d));
	c->p = &c->placed;
	return 0;
}

/* Keys that go with some kinds of points only. */
static int check_together(struct check *c)
{
	const struct modbus_point *p = c->p;
	bool number = !table_has_bits(p->table) && p->type != REGISTER_STRING;

	if (p->chars != CHARS_TWO && (table_has_bits(p->table) ||
				      p->type != REGISTER_STRING))
		return refuse(c, "chars", "is of type string");
	if ((p->high >= 0) != (p->low >= 0))
		return refuse(c, p->high >= 0 ? "high" : "low",
			      "'high' and 'low' go together");
	if (p->high >= 0 && p->address >= 0)
		return refuse(c, "address", "with 'high' and 'low' there is "
			      "no other");
	if (p->high < 0 && p->address < 0)
		return refuse(c, NULL, "a modbus point needs the key "
			      "'address': of its first register, or of its "
			      "bit, counted from address_base");
	if (p->high >= 0 && (!number || c->format.n_bits))
		return refuse(c, "high", "is of numbers");
	if (p->scale_from >= 0 && (!number || c->format.n_bits))
		return refuse(c, "scale_from", "is of numbers in registers");
	if (modbus_has_states(p) && !is_integer(c))
		return refuse(c, p->on_value.n ? "on_value" : "off_value",
			      "is of whole numbers in registers");
	if (modbus_has_states(p) && (p->scale_from >= 0 || p->high >= 0))
		return refuse(c, p->scale_from >= 0 ? "scale_from" : "high",
			      "does not go with on_value and off_value");
	return 0;
}

static int check_states(struct check *c)
{
	const int64_t *on = c->p->on_value.at, *off = c->p->off_value.at;

	for (size_t i = 0; i < c->p->on_value.n; i++)
		for (size_t k = 0; k < c->p->off_value.n; k++)
			if (on[i] == off[k])
				return refuse(c, "off_value", "%lld is "
					      "'on_value' too",
					      (long long)off[k]);
	return 0;
}

/* In a manual the first digit of five or six names the table: 40001 and 400001
 * are holding register 0 on the wire. What the first of the table is called
 * then; 0: it does not look like that. */
static int32_t first_of(int32_t address)
{
	static const int32_t firsts[] = {10001, 30001, 40001, 100001, 300001,
					 400001};
	int32_t first = 0;

	for (size_t i = 0; i < sizeof(firsts) / sizeof(firsts[0]); i++)
		if (address >= firsts[i] &&
		    address < firsts[i] + (i < 3 ? 9999 : 65536))
			first = firsts[i];
	return first;
}

static int refuse_address(const struct check *c, const char *key,
			  int32_t address, unsigned span)
{
	int32_t base = (int32_t)modbus_base(c->d), first = first_of(address);

	if (address < base)
		return refuse(c, key, "%d is below address_base, %d", address,
			      base);
	if (address - base <= 65535)
		return refuse(c, key, "%d: it takes %u registers, and %d is "
			      "the last there is", address, span, base + 65535);
	if (base == 0 && first > 65535)
		return refuse(c, key, "%d is none, 0 to 65535 are: where a "
			      "manual calls the first so, say address_base: "
			      "%d", address, first);
	return refuse(c, key, "%d is none: %d to %d are", address, base,
		      base + 65535);
}

static bool is_within(const struct check *c, int32_t address, unsigned span)
{
	unsigned base = modbus_base(c->d);

	return address < 0 || ((unsigned)address >= base &&
			       (unsigned)address - base + span <= 65536);
}

static int check_place(struct check *c)
{
	const struct modbus_point *p = c->p;
	const struct { const char *key; int32_t at; unsigned span; } places[] = {
		{"address", p->address, register_span(c->format)},
		{"high", p->high, register_span(c->format)},
		{"low", p->low, register_span(c->format)},
		{"scale_from", p->scale_from, 1},
		{"write_address", p->write_address, register_span(c->format)},
	};
	unsigned span = register_span(c->format), most = c->d->max_registers;
	bool bits = table_has_bits(p->table);

	if (!bits && span == 0)
		return refuse(c, "length", "is missing: how many registers the "
			      "text takes");
	if (!bits && span > most)
		return refuse(c, span ? "type" : "length", "takes %u "
			      "registers, not 1 to %u", span, most);
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (!is_within(c, places[i].at, bits ? 1 : places[i].span))
			return refuse_address(c, places[i].key, places[i].at,
					      places[i].span);
	if (!modbus_layout_make(p, c->format, modbus_base(c->d), most,
				&c->layout))
		return refuse(c, p->scale_from >= 0 ? "scale_from" : "high",
			      "is too far away: at most %u registers are read "
			      "at once", most);
	return 0;
}

static int check_invalid(struct check *c)
{
	const char *const *texts = c->p->invalid.at;
	uint64_t bits;

	for (size_t i = 0; i < c->p->invalid.n; i++) {
		int rc = table_has_bits(c->p->table) ? -ENOTSUP :
			 register_invalid_read(c->format, texts[i], &bits);

		if (rc == -ENOTSUP)
			return refuse(c, "invalid", "is of numbers");
		if (rc == -ERANGE)
			return refuse(c, "invalid", "%s is wider than the "
				      "value", texts[i]);
		if (rc)
			return refuse(c, "invalid", "\"%s\" is no number, as "
				      "0x8000, -32768 or -9999.0", texts[i]);
	}
	return 0;
}

static bool has_target(const struct modbus_point *p)
{
	return p->write_table == WRITE_COIL || p->write_table == WRITE_HOLDING ||
	       p->table == TABLE_COIL || p->table == TABLE_HOLDING;
}

static void facts_fill(const struct check *c, struct adapter_facts *facts)
{
	const struct modbus_point *p = c->p;
	bool bits = table_has_bits(p->table);

	facts->polled = true;
	facts->writable = has_target(p) && p->high < 0;
	facts->group = p->group;
	facts->type = bits || modbus_has_states(p) ? LWM2M_BOOLEAN :
		      p->high >= 0 || p->scale_from >= 0 ? LWM2M_FLOAT :
		      register_value_type(c->format);
	if (bits || modbus_has_states(p) || p->scale_from >= 0 || p->high >= 0)
		return;
	if (c->format.n_bits)
		register_bits_limits(c->format, &facts->min, &facts->max);
	else
		register_limits(c->format, &facts->min, &facts->max);
}

static int check_group(struct check *c)
{
	const struct modbus_point *p = c->p;

	if (!p->group)
		return 0;
	if (p->model.n > 0 || p->bits)
		return refuse(c, "group", "does not go with '%s'",
			      p->model.n > 0 ? "model" : "bits");
	if (p->high >= 0 || !has_target(p) || p->write_table == WRITE_COIL ||
	    (p->write_table == WRITE_SAME && p->table == TABLE_COIL))
		return refuse(c, "group", "is of holding registers that can "
			      "be written");
	return 0;
}

static int check_write(struct check *c, const struct adapter_facts *facts)
{
	const struct modbus_point *p = c->p;

	if (!has_target(p) && p->write_address >= 0)
		return refuse(c, "write_address", "needs write_table: coil or "
			      "holding");
	if (p->high >= 0 && c->point->writable)
		return refuse(c, "writable", "a value of two parts cannot be "
			      "written");
	if (c->point->writable && !facts->writable)
		return refuse(c, "writable", "only coils and holding registers "
			      "are, or where write_table and write_address "
			      "say");
	if (p->write_table == WRITE_COIL && facts->type != LWM2M_BOOLEAN)
		return refuse(c, "write_table", "a coil takes a boolean: give "
			      "the point bits of one, or on_value");
	if (c->point->writable && c->layout.span > WRITE_REGISTERS_MAX &&
	    p->type == REGISTER_STRING)
		return refuse(c, "length", "at most %d registers can be "
			      "written", WRITE_REGISTERS_MAX);
	return 0;
}

/* What of a point is written as in a manual: a coil at 10001 is an input that is
 * looked for in the wrong table. Holding registers from 30001 on are not: many
 * inverters have theirs there, counted from 0. -1: nothing is. */
static int32_t manuals_address(const struct modbus_point *p)
{
	const int32_t places[] = {p->address, p->high, p->low, p->scale_from,
				  p->write_address};
	static const int32_t firsts[TABLES] = {
		[TABLE_COIL] = 10001, [TABLE_DISCRETE] = 10001,
		[TABLE_INPUT] = 30001, [TABLE_HOLDING] = 40001,
	};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		if (p->model.n == 0 && first_of(places[i]) == firsts[p->table])
			return places[i];
	}
	return -1;
}

static void warn_manuals(const struct adapter_point *point, int32_t address,
			 struct adapter_error *error)
{
	static const char *const tables[] = {"", "discrete", "", "input",
					     "holding"};
	const struct modbus_point *p = modbus_keys(point);
	const char *table = tables[address / 10000];
	bool other = strcmp(table, modbus_table_names[p->table]);

	adapter_warn(point->device->bus, error, NULL, "the point '%s' has the "
		     "address %d: where a manual calls the first %s so, say "
		     "%s%s%saddress_base: %d, and where it is meant, "
		     "address_base: 0", point->name, address,
		     p->table == TABLE_DISCRETE || p->table == TABLE_COIL ?
		     "input" : "register", other ? "table: " : "",
		     other ? table : "", other ? ", " : "", first_of(address));
}

int modbus_check_device(const struct adapter_device *device,
			struct adapter_error *error)
{
	const struct modbus_device *d = device->data;
	int32_t address = -1;

	for (size_t i = 0; i < device->n_points && d->address_base < 0 &&
			   address < 0; i++) {
		address = manuals_address(
			modbus_keys(device->points[i]));
		if (address >= 0)
			warn_manuals(device->points[i], address, error);
	}
	modbus_device_effect_check(device, error);
	return modbus_groups_check(device, error);
}

static int check_one(struct check *c, struct adapter_facts *facts)
{
	int rc = check_bits(c);

	if (rc == 0)
		rc = check_together(c);
	if (rc == 0)
		rc = check_states(c);
	if (rc == 0)
		rc = check_place(c);
	if (rc)
		return rc;
	facts_fill(c, facts);
	rc = check_group(c);
	if (rc == 0)
		rc = check_write(c, facts);
	return rc ? rc : check_invalid(c);
}

/* Whichever the device has, the values are of one type. */
static int check_models(struct check *c, struct adapter_facts *facts)
{
	const struct modbus_point *p = modbus_keys(c->point);
	const int64_t *ids = p->model.at;
	uint32_t type = LWM2M_NONE;
	int rc = 0;

	for (size_t i = 0; i < p->model.n && rc == 0; i++) {
		if (ids[i] < 1 || ids[i] > UINT16_MAX)
			return refuse(c, "model", "%lld is none",
				      (long long)ids[i]);
		rc = check_model(c, (unsigned)ids[i]);
		if (rc == 0)
			rc = check_one(c, facts);
		if (rc == 0 && i > 0 && facts->type != type)
			rc = refuse(c, "model", "%lld has '%s' in another "
				    "type than those before it",
				    (long long)ids[i], p->field);
		type = facts->type;
	}
	return rc;
}

int modbus_check_point(const struct adapter_point *point,
		       struct adapter_facts *facts,
		       struct adapter_error *error)
{
	struct check c = {.point = point, .p = modbus_keys(point),
			  .d = point->device->data, .error = error};

	int rc;

	if (c.p->model.n > 0)
		rc = check_models(&c, facts);
	else if (c.p->field)
		rc = refuse(&c, "field", "is of a 'model'");
	else
		rc = check_one(&c, facts);
	if (rc == 0)
		modbus_effect_check(point, error);
	return rc;
}
