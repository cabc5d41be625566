/* SPDX-License-Identifier: GPL-2.0-or-later
 * Adapters' keys, on the plug-in tests/abi/probe.c: what arrives in its
 * structs, what is refused and where. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <cmocka.h>
#include "agent/config/config_points.h"
#include "agent/config/plugin.h"
#include "agent/config/settings.h"
#include "tests/abi/probe.h"
#include "tests/agent/adapter_dir.h"
#include "tests/agent/config/config_case.h"

#define S INT64_C(1000000000)
#define MS INT64_C(1000000)

static char adapters[4096];
static char scratch[] = "/tmp/lwmux-settings-XXXXXX";

static void case_apply(struct config_case *c)
{
	case_build(c);
	c->config->directory = strdup(scratch);
	settings_apply(c->config, plugins_of(adapters), &c->errors);
}

static void found(struct config_case *c, const char *expected)
{
	char *text = findings_text(&c->errors);

	assert_string_equal(text, expected);
	free(text);
}

static void checked(const char *conf, const char *expected)
{
	struct config_case c = {.conf = conf};

	case_apply(&c);
	found(&c, expected);
	if (*expected)
		for (size_t i = 0; i < c.config->n_devices; i++)
			assert_non_null(c.config->devices[i]->refused);
	case_finish(&c);
}

static void members_of_all_types(void **state)
{
	struct config_case c = {.conf =
		"buses: {b: {adapter: probe, wire: rtu-over-tcp, host: h,"
		" port: 0x1f6, timeout: 1.5s, loud: On}}\n"
		"devices:\n"
		"  - endpoint: e\n"
		"    bus: b\n"
		"    unit: 7\n"
		"    hole: 12\n"
		"    address: \"A4:C1:38:00:11:22\"\n"
		"    points:\n"
		"      - {name: p, map: 3308/0, writable: true, number: 65535,"
		" level: -4.5, text: 8E1, invalid: [0x7FFF, -1], kind: holding}"
		"\n"
		"      - {name: q, invalid: 3, kind: input}\n"
		"  - {endpoint: f, bus: b, unit: 8, address: a4c138001122,"
		" points: [{name: p}]}\n"};
	const struct probe_bus *bus;
	const struct probe_device *device;
	const struct probe_point *point;

	(void)state;
	case_apply(&c);
	found(&c, "");
	bus = c.config->buses[0]->data;
	assert_int_equal(bus->wire, 2);
	assert_string_equal(bus->host, "h");
	assert_int_equal(bus->port, 502);
	assert_int_equal(bus->timeout, 1500 * MS);
	assert_true(bus->loud);
	device = c.config->devices[0]->data;
	assert_int_equal(device->unit, 7);
	assert_int_equal(device->hole, 12);
	assert_memory_equal(device->address, "\xa4\xc1\x38\x00\x11\x22", 6);
	assert_null(device->key.at);
	point = c.config->devices[0]->points[0].data;
	assert_int_equal(point->number, 65535);
	assert_true(point->level == -4.5);
	assert_string_equal(point->text, "8E1");
	assert_int_equal(point->invalid.n, 2);
	assert_int_equal(((const int64_t *)point->invalid.at)[0], 0x7fff);
	assert_int_equal(((const int64_t *)point->invalid.at)[1], -1);
	point = c.config->devices[0]->points[1].data;
	assert_int_equal(point->invalid.n, 1);
	assert_int_equal(point->kind, 0);
	device = c.config->devices[1]->data;
	assert_memory_equal(device->address, "\xa4\xc1\x38\x00\x11\x22", 6);
	case_finish(&c);
}

static void fallbacks_and_facts(void **state)
{
	struct config_case c = {.conf =
		"devices: [{endpoint: e, bus: probe, unit: 1, points:"
		" [{name: p, map: 3308/0, writable: true}, {name: q, kind:"
		" input}, {name: r, kind: text, map: 3308/0/5750}]}]\n"};
	const struct config_device *d;
	const struct probe_device *device;

	(void)state;
	case_apply(&c);
	found(&c, "");
	d = c.config->devices[0];
	device = d->data;
	assert_int_equal(device->hole, -1);
	assert_int_equal(((const struct probe_bus *)
			  c.config->buses[0]->data)->timeout, S);
	assert_true(d->points[0].polled && d->points[0].settable);
	assert_int_equal(d->points[0].raw_type, LWM2M_INTEGER);
	assert_true(d->points[0].raw_min == -32768);
	assert_true(d->points[0].raw_max == 32767);
	assert_false(d->points[1].settable);
	assert_int_equal(d->points[2].raw_type, LWM2M_STRING);
	assert_null(d->source);
	assert_null(d->points[0].source);
	assert_null(c.config->scratch);
	case_finish(&c);
}

/* INHERIT, and what a level has no use for itself. */
static void levels_above_give(void **state)
{
	struct config_case c = {.conf =
		"buses: {b: {adapter: probe, timeout: 2s, hole: 5, kind: input"
		", port: 9}}\n"
		"devices:\n"
		"  - {endpoint: e, bus: b, unit: 1, order: CDAB, number: 3,"
		" points: [{name: p}, {name: q, order: ABCD, number: 4}]}\n"
		"  - {endpoint: f, bus: b, unit: 2, timeout: 3s, hole: 6,"
		" points: [{name: p, kind: holding}]}\n"};
	const struct probe_device *e, *f;
	const struct probe_point *p, *q;

	(void)state;
	case_apply(&c);
	found(&c, "");
	e = c.config->devices[0]->data;
	f = c.config->devices[1]->data;
	p = c.config->devices[0]->points[0].data;
	q = c.config->devices[0]->points[1].data;
	assert_int_equal(e->timeout, 2 * S);
	assert_int_equal(f->timeout, 3 * S);
	assert_int_equal(e->hole, 5);
	assert_int_equal(f->hole, 6);
	assert_int_equal(e->order, 1);
	assert_int_equal(p->order, 1);
	assert_int_equal(q->order, 0);
	assert_int_equal(p->number, 3);
	assert_int_equal(q->number, 4);
	assert_int_equal(p->kind, 0);
	p = c.config->devices[1]->points[0].data;
	assert_int_equal(p->kind, 1);
	case_finish(&c);
}

static void bus_fingerprints(const char *bus, uint64_t *of_bus,
			     uint64_t *of_device)
{
	char conf[512];
	struct config_case c = {.conf = conf};

	snprintf(conf, sizeof(conf), "buses: {b: {adapter: probe%s}}\n"
		 "devices: [{endpoint: e, bus: b, unit: 1, points: [{name: p}]"
		 "}]\n", bus);
	case_apply(&c);
	found(&c, "");
	*of_bus = c.config->buses[0]->fingerprint;
	*of_device = c.config->devices[0]->fingerprint;
	case_finish(&c);
}

/* A bus's own key leaves its devices alone; one that they inherit does not. */
static void inherited_keys_count(void **state)
{
	uint64_t bus[4], device[4];

	(void)state;
	bus_fingerprints("", &bus[0], &device[0]);
	bus_fingerprints(", port: 9", &bus[1], &device[1]);
	bus_fingerprints(", timeout: 2s", &bus[2], &device[2]);
	bus_fingerprints(", port: '9'", &bus[3], &device[3]);
	assert_true(bus[0] != bus[1] && bus[1] == bus[3]);
	assert_true(device[0] == device[1]);
	assert_true(bus[0] != bus[2] && device[0] != device[2]);
}

#define BUS(keys) \
	"buses: {b: {adapter: probe, " keys "}}\n" \
	"devices: [{endpoint: e, bus: b, unit: 1, points: [{name: p}]}]\n"
#define DEVICE(keys) \
	"devices: [{endpoint: e, bus: probe, " keys ", points: [{name: p}]}]\n"
#define POINT(keys) \
	"devices:\n  - {endpoint: e, bus: probe, unit: 1, points: [\n" \
	"      {name: p, " keys "}]}\n"

static void unknown_keys(void **state)
{
	(void)state;
	checked(BUS("wre: tcp"), "conf.d/a.yaml:1:29: unknown key 'wre' of a "
		"probe bus; did you mean 'wire'?\n");
	checked(BUS("enabld: no"), "conf.d/a.yaml:1:29: unknown key 'enabld' "
		"of a probe bus; did you mean 'enabled'?\n");
	checked(DEVICE("unit: 1, adress: 12"), "conf.d/a.yaml:1:46: unknown "
		"key 'adress' of a probe device; did you mean 'address'?\n");
	checked(DEVICE("unit: 1, lifetme: 1h"), "conf.d/a.yaml:1:46: unknown "
		"key 'lifetme' of a probe device; did you mean 'lifetime'?\n");
	checked(POINT("nummer: 12"), "conf.d/a.yaml:3:17: unknown key 'nummer' "
		"of a probe point; did you mean 'number'?\n");
	checked(POINT("scal: 12"), "conf.d/a.yaml:3:17: unknown key 'scal' of "
		"a probe point; did you mean 'scale'?\n");
	checked(POINT("lifetime: 1h"), "conf.d/a.yaml:3:17: unknown key "
		"'lifetime' of a probe point (it is one of devices)\n");
	checked(DEVICE("unit: 1, map: 3303/0"), "conf.d/a.yaml:1:46: unknown "
		"key 'map' of a probe device (it is one of points)\n");
	checked(DEVICE("unit: 1, pmin: 10s"), "conf.d/a.yaml:1:46: unknown key "
		"'pmin' of a probe device (it is one of servers)\n");
	checked(DEVICE("unit: 1,2"), "conf.d/a.yaml:1:45: unknown key '2' of a "
		"probe device: inside { } a comma ends a value: write 0.1 "
		"with a point, and a text with commas in quotes, as unit: "
		"\"1,2,5-18\"\n");
	checked(POINT("zzz: 12, yyy: 13"), "conf.d/a.yaml:3:17: unknown key "
		"'zzz' of a probe point\n"
		"conf.d/a.yaml:3:26: unknown key 'yyy' of a probe point\n");
}

static void wrong_values(void **state)
{
	(void)state;
	checked(BUS("wire: rut"), "conf.d/a.yaml:1:35: 'wire' must be tcp, rtu "
		"or rtu-over-tcp, not 'rut'; did you mean 'rtu'?\n");
	checked(BUS("port: 0"), "conf.d/a.yaml:1:35: 'port' must be 1 to "
		"65535, not 0\n");
	checked(BUS("loud: 1"), "conf.d/a.yaml:1:35: 'loud' must be true or "
		"false, not '1'\n");
	checked(BUS("timeout: 1"), "conf.d/a.yaml:1:38: 'timeout' is a time "
		"and needs a unit: 1s, 1min or 1h?\n");
	checked(BUS("timeout: 90s"), "conf.d/a.yaml:1:38: 'timeout' must be "
		"1ms to 1min, not 90s\n");
	checked(DEVICE("hole: 1"), "conf.d/a.yaml:1:30: a probe device needs "
		"the key 'unit': its number\n");
	checked(DEVICE("unit: 300"), "conf.d/a.yaml:1:43: 'unit' must be 0 to "
		"247, not 300\n");
	checked(DEVICE("unit: one"), "conf.d/a.yaml:1:43: 'unit' must be a "
		"whole number, 'one' is none\n");
	checked(DEVICE("unit: 1, hole: all"), "conf.d/a.yaml:1:52: 'hole' must "
		"be a whole number or auto, 'all' is none\n");
	checked(DEVICE("unit: 1, address: A4-C1"), "conf.d/a.yaml:1:55: "
		"'address' must be 6 bytes in hex, as A4:C1:38..., not "
		"'A4-C1'\n");
	checked(POINT("level: 6"), "conf.d/a.yaml:3:24: 'level' must be -5 to "
		"5, not 6\n");
	checked(POINT("number: {a: b}"), "conf.d/a.yaml:3:25: 'number' must be "
		"one value, this is a map\n");
	checked(POINT("invalid: [1, x]"), "conf.d/a.yaml:3:30: 'invalid' must "
		"be a whole number, 'x' is none\n");
}

static void the_adapter_refuses(void **state)
{
	(void)state;
	checked(BUS("wire: rtu, host: h"), "conf.d/a.yaml:1:46: 'host': rtu "
		"has none\n");
	checked(DEVICE("unit: 13"), "conf.d/a.yaml:1:43: 'unit': 13 brings bad "
		"luck to e, which has 1 points\n");
	checked(DEVICE("unit: 14"), "conf.d/a.yaml:1:30: the adapter probe "
		"refuses a probe device: No such device\n");
	checked(POINT("number: 666"), "conf.d/a.yaml:3:25: 'number': not this "
		"one\n");
	/* Given by the device: said where it stands. */
	checked(DEVICE("unit: 1, number: 666"), 
		"conf.d/a.yaml:1:54: "
		"'number': not this one\n");
}

static void points_that_cannot_be(void **state)
{
	(void)state;
	checked(POINT("kind: input, map: 3308/0, writable: yes"),
		"conf.d/a.yaml:3:53: 'writable': the point cannot be written "
		"on its device\n");
	checked(POINT("kind: input, map: 3/0/4, on_execute: 1"),
		"conf.d/a.yaml:3:54: 'on_execute': the point cannot be written "
		"on its device\n");
	checked(POINT("map: 3308/0, safe: 0"), "conf.d/a.yaml:3:36: 'safe': is "
		"of points that can be written: needs writable: true\n");
	checked(POINT("map: 3308/0, writable: yes, safe: x"),
		"conf.d/a.yaml:3:51: 'safe' must be a number, 'x' is none\n");
	checked(POINT("kind: text, map: 3303/0"), "conf.d/a.yaml:3:34: 'map': "
		"/3303/0/5700 (Sensor Value) is a number, the point gives a "
		"text or bytes\n");
	checked(POINT("kind: input, map: 3303/0/5750"), "");
	checked(POINT("map: 3303/0, values: {0: off}"), 
		"conf.d/a.yaml:3:38: 'values': is of numbers that are mapped to a resource of "
		"type string\n");
	checked(POINT("map: 3303/0/5750, values: {on: off}"), 
		"conf.d/a.yaml:3:44: 'values': 'on' is no number\n");
	checked(POINT("map: 3303/0/5750, values: off"), 
		"conf.d/a.yaml:3:43: 'values' must be numbers and what they are called: {0: off, "
		"1: on}\n");
	checked(POINT("kind: input, map: 3303/0, poll: never"), 
		"conf.d/a.yaml:3:49: 'poll': what is never read must be writable\n");
}

static void names_of_numbers_and_points_never_read(void **state)
{
	struct config_case c = {.conf =
		"devices: [{endpoint: e, bus: probe, unit: 1, points:"
		" [{name: p, map: 3308/0, writable: true, poll: never},"
		" {name: q, map: 3308/0/5750, values: {0: \"off\", -1.5: low}}"
		"]}]\n"};
	const struct config_point *points;

	(void)state;
	case_apply(&c);
	found(&c, "");
	points = c.config->devices[0]->points;
	assert_false(points[0].polled);
	assert_true(points[0].settable);
	assert_true(points[0].poll == INT64_MAX);
	assert_int_equal(points[1].scale.n_texts, 2);
	assert_string_equal(points[1].scale.texts[0].text, "off");
	assert_true(points[1].scale.texts[1].number == -1.5);
	case_finish(&c);
}

static void writes_of_the_setup(void **state)
{
	struct config_case c = {.conf =
		"devices: [{endpoint: e, bus: probe, unit: 1, setup:"
		" [{number: 7, value: 3}, {value: -4, every: 10s}], points:"
		" [{name: p}]}]\n"};
	const struct config_device *d;

	(void)state;
	case_apply(&c);
	found(&c, "");
	d = c.config->devices[0];
	assert_int_equal(d->n_points, 3);
	assert_false(d->points[0].is_setup);
	assert_string_equal(d->points[1].name, "setup 1");
	assert_true(d->points[1].is_setup && !d->points[1].polled);
	assert_true(d->points[1].setup == 3 && d->points[1].every == 0);
	assert_int_equal(((const struct probe_point *)
			  d->points[1].data)->number, 7);
	assert_true(d->points[2].setup == -4);
	assert_true(d->points[2].every == 10 * S);
	case_finish(&c);
	checked(DEVICE("unit: 1, setup: [{number: 7}]"), 
		"conf.d/a.yaml:1:54: 'setup': a write needs the key 'value'\n");
	checked(DEVICE("unit: 1, setup: {number: 7}"), "conf.d/a.yaml:1:53: "
		"setup must be a list: '- ...' lines\n");
	checked(DEVICE("unit: 1, setup: [7]"), 
		"conf.d/a.yaml:1:54: 'setup' "
		"must be a list of writes: [{address: 10, value: 3}]\n");
	checked(DEVICE("unit: 1, setup: [{value: 7, map: 3308/0}]"),
		"conf.d/a.yaml:1:65: 'map' is not of a write of 'setup'\n");
	checked(DEVICE("unit: 1, setup: [{value: 7, every: 1ms}]"),
		"conf.d/a.yaml:1:72: 'every' must be a time of 100ms or more, "
		"as 10s, not '1ms'\n");
	checked(DEVICE("unit: 1, setup: [{value: 40000}]"), 
		"conf.d/a.yaml:1:54: 'value': 40000 cannot be written to the device\n");
	checked(DEVICE("unit: 1, setup: [{value: 1, kind: input}]"), "conf.d/a.yaml:1:53: 'setup': the point cannot be written on its "
		"device\n");
	checked(DEVICE("unit: 1, setup: [{value: 1, nmber: 1}]"), "conf.d/a.yaml:1:65: unknown key 'nmber' of a probe point; did you "
		"mean 'number'?\n");
}

static void buses_that_are_not_there(void **state)
{
	char expected[8192];

	(void)state;
	snprintf(expected, sizeof(expected), "conf.d/a.yaml:1:22: no adapter "
		 "'prob' in %s; did you mean 'probe'?\n", adapters);
	checked("buses: {b: {adapter: prob}}\n"
		"devices: [{endpoint: e, bus: b, points: [{name: p}]}]\n",
		expected);
	checked("buses: {plant: {adapter: probe}}\n"
		"devices: [{endpoint: e, bus: plnt, points: [{name: p}]}]\n",
		"conf.d/a.yaml:2:30: there is no bus 'plnt'; did you mean "
		"'plant'?\n");
	snprintf(expected, sizeof(expected), "conf.d/a.yaml:1:30: there is no "
		 "bus 'zigbee', and no adapter 'zigbee' in %s; there are: "
		 "alias, broken, future, hungry, mute, newer, older, probe, "
		 "sleepy, tiny\n", adapters);
	checked("devices: [{endpoint: e, bus: zigbee, points: [{name: p}]}]\n",
		expected);
	checked("buses: {b: {adapter: future}}\n"
		"devices: [{endpoint: e, bus: b, points: [{name: p}]}]\n",
		"conf.d/a.yaml:1:22: the adapter 'future' was built for "
		"adapter ABI 2, this lwmuxd has 1: install the one of the same "
		"version\n");
}

static void a_refused_bus_takes_its_devices(void **state)
{
	struct config_case c = {.conf =
		"buses: {b: {adapter: probe, port: 0}, c: {adapter: probe}}\n"
		"devices:\n"
		"  - {endpoint: e, bus: b, unit: 1, points: [{name: p}]}\n"
		"  - {endpoint: f, bus: c, unit: 1, points: [{name: p}]}\n"};

	(void)state;
	case_apply(&c);
	assert_int_equal(c.errors.n, 1);
	assert_false(config_fatal(&c.errors));
	assert_string_equal(c.config->devices[0]->refused,
		"its bus 'b' is refused: conf.d/a.yaml:1:35: 'port' must be 1 "
		"to 65535, not 0");
	assert_null(c.config->devices[1]->refused);
	assert_int_equal(c.config->n_buses, 1);
	assert_string_equal(c.config->buses[0]->name, "c");
	case_finish(&c);
}

/* ---- points that are shared ---- */

#define E(keys, points) \
	"  - {endpoint: e, bus: b, unit: 1, " keys ", points: [" points "]}\n"
#define F(keys, points) \
	"  - {endpoint: f, bus: b, unit: 2, " keys ", points: [" points "]}\n"
#define G(points) \
	"  - {endpoint: g, bus: c, unit: 1, points: [" points "]}\n"
#define BUSES \
	"buses: {b: {adapter: probe}, c: {adapter: probe, order: CDAB}}\n" \
	"devices:\n"

/* Are the points of the first two devices the same ones? */
static bool shared(const char *conf)
{
	struct config_case c = {.conf = conf};
	const struct config_device *const *d;
	bool same;

	case_apply(&c);
	found(&c, "");
	d = (const struct config_device *const *)c.config->devices;
	same = d[0]->points == d[1]->points;
	assert_true(same == (d[0]->shared == d[1]->shared));
	assert_int_equal(d[0]->shared->users, same ? 2 : 1);
	case_finish(&c);
	return same;
}

static void points_alike_are_shared(void **state)
{
	(void)state;
	assert_true(shared(BUSES E("hole: 3", "{name: p}")
				 F("hole: 4, poll: 10s", "{name: p}")));
	assert_true(shared(BUSES E("order: CDAB", "{name: p, text: t}")
				 F("order: CDAB", "{text: t, name: p}")));
	assert_true(shared("devices: [{endpoint: \"e${unit}\", unit: 1-2, bus:"
			   " probe, points: [{name: p}, {name: q}]}]\n"));
	/* Another bus of the adapter that gives nothing else. */
	assert_true(shared(BUSES E("order: CDAB", "{name: p}")
				 G("{name: p}")));
}

static void points_that_differ_are_not(void **state)
{
	(void)state;
	/* By their own keys, by more of them, by their order. */
	assert_false(shared(BUSES E("hole: 3", "{name: p, number: 1}")
				  F("hole: 3", "{name: p, number: 2}")));
	assert_false(shared(BUSES E("hole: 3", "{name: p, map: 3303/0}")
				  F("hole: 3", "{name: p, map: 3303/1}")));
	assert_false(shared(BUSES E("hole: 3", "{name: p}, {name: q}")
				  F("hole: 3", "{name: p}")));
	assert_false(shared(BUSES E("hole: 3", "{name: p}, {name: q}")
				  F("hole: 3", "{name: q}, {name: p}")));
	assert_false(shared(BUSES
		E("hole: 3", "{name: p, map: 3308/0, writable: true, safe: 1}")
		F("hole: 3", "{name: p, map: 3308/0, writable: true, safe: 2}")
		));
	/* By what their devices or buses give them. */
	assert_false(shared(BUSES E("order: CDAB", "{name: p}")
				  F("order: ABCD", "{name: p}")));
	assert_false(shared(BUSES E("hole: 3", "{name: p}") G("{name: p}")));
	assert_false(shared(BUSES E("number: 7", "{name: p}")
				  F("number: 8", "{name: p}")));
	assert_false(shared(BUSES E("poll: 1s", "{name: p}")
				  F("poll: 2s", "{name: p}")));
	assert_false(shared(BUSES E("scale: 0.1", "{name: p}")
				  F("scale: 0.2", "{name: p}")));
	/* By a template. */
	assert_false(shared("devices: [{endpoint: \"e${unit}\", unit: 1-2, "
			    "bus: probe, points: [{name: p, text: "
			    "\"${unit}\"}]}]\n"));
	/* By their adapter. */
	assert_false(shared("devices:\n"
			    "  - {endpoint: e, bus: older, points: [{name: p}]}"
			    "\n"
			    "  - {endpoint: f, bus: newer, points: [{name: p}]}"
			    "\n"));
}

/* Each device goes when it likes; the last one takes its points along. */
static void shared_points_live_on(void **state)
{
	struct config_case c = {.conf =
		"devices: [{endpoint: \"e${unit}\", unit: 1-3, bus: probe,"
		" points: [{name: p, text: abc}]}]\n"};
	const struct probe_point *point;

	(void)state;
	case_apply(&c);
	config_device_free(c.config->devices[0]);
	config_device_free(c.config->devices[2]);
	c.config->devices[0] = c.config->devices[2] = NULL;
	assert_int_equal(c.config->devices[1]->shared->users, 1);
	assert_string_equal(c.config->devices[1]->points[0].name, "p");
	point = c.config->devices[1]->points[0].data;
	assert_string_equal(point->text, "abc");
	case_finish(&c);
}

/* One that is refused has none, and leaves the others theirs. */
static void the_refused_share_nothing(void **state)
{
	struct config_case c = {.conf =
		"buses: {b: {adapter: probe, port: 0}}\n"
		"devices:\n"
		"  - {endpoint: e, bus: probe, unit: 13, points: [{name: p}]}\n"
		"  - {endpoint: f, bus: probe, unit: 1, points: [{name: p}]}\n"
		"  - {endpoint: g, bus: b, unit: 1, points: [{name: p}]}\n"
		"  - {endpoint: h, bus: none, unit: 1, points: [{name: p}]}\n"};

	(void)state;
	case_apply(&c);
	for (size_t i = 0; i < 4; i++) {
		const struct config_device *d = c.config->devices[i];

		assert_int_equal(d->n_points, i == 1);
		assert_true(!d->points == (i != 1) && !d->refused == (i == 1));
	}
	assert_int_equal(c.config->devices[1]->shared->users, 1);
	case_finish(&c);
}

/* An adapter without a key `unit` has fleets all the same. */
static void fleets_without_units(void **state)
{
	(void)state;
	checked("devices: [{endpoint: \"e${unit}\", unit: 1-3, bus: older,"
		" points: [{name: p}]}]\n", "");
	checked("devices: [{endpoint: e, unit: 1, bus: older,"
		" points: [{name: p}]}]\n", "conf.d/a.yaml:1:25: unknown key "
		"'unit' of an older device (it is one of points)\n");
}

/* ---- key files ---- */

static void file_write(const char *name, const char *text, mode_t mode)
{
	char path[4096];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", scratch, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	assert_int_equal(chmod(path, mode), 0);
}

static void secrets(void **state)
{
	struct config_case c = {.conf = "devices: [{endpoint: e, bus: probe, "
		"unit: 1, key: \"${endpoint}.key\", points: [{name: p}]}]\n"};
	const struct probe_device *device;
	uint64_t before;

	(void)state;
	file_write("e.key", "00112233445566778899aabbccddeeff\n", 0600);
	case_apply(&c);
	found(&c, "");
	device = c.config->devices[0]->data;
	assert_int_equal(device->key.n, 16);
	assert_memory_equal(device->key.at, "\x00\x11\x22\x33\x44\x55\x66\x77"
			    "\x88\x99\xaa\xbb\xcc\xdd\xee\xff", 16);
	before = c.config->devices[0]->fingerprint;
	case_finish(&c);
	/* Another key in the same file is another device. */
	file_write("e.key", "00112233445566778899aabbccddeefe\n", 0600);
	case_apply(&c);
	assert_true(before != c.config->devices[0]->fingerprint);
	case_finish(&c);
}

/* What follows names the file's owner, who is whoever runs this. */
static void began(const char *conf, const char *expected)
{
	struct config_case c = {.conf = conf};
	char *text;

	case_apply(&c);
	text = findings_text(&c.errors);
	assert_memory_equal(text, expected, strlen(expected));
	free(text);
	case_finish(&c);
}

static void wrong_secrets(void **state)
{
	static const char conf[] = DEVICE("unit: 1, key: k");

	(void)state;
	began(conf, "conf.d/a.yaml:1:51: 'key': the file k cannot be read: "
	      "No such file or directory; it is looked for as /");
	file_write("k", "00112233445566778899aabbccddeeff", 0644);
	began(conf, "conf.d/a.yaml:1:51: 'key': the file k can be read by "
	      "others: chmod 600");
	file_write("k", "00112233445566778899aabbccddee", 0600);
	checked(conf, "conf.d/a.yaml:1:51: 'key': the file k has 15 bytes, not "
		"16\n");
	file_write("k", "secret words", 0600);
	checked(conf, "conf.d/a.yaml:1:51: 'key': the file k is not in hex at "
		"line 1, column 1: two of 0-9 and a-f for each byte, as "
		"00112233445566778899aabbccddeeff\n");
	file_write("k", "", 0600);
	checked(conf, "conf.d/a.yaml:1:51: 'key': the file k is empty\n");
	checked(DEVICE("unit: 1, key: ."), "conf.d/a.yaml:1:51: 'key': the "
		"file . is no file\n");
}

static void timespans(void **state)
{
	static const struct { const char *text; int64_t ns; } right[] = {
		{"500ms", 500 * MS}, {"10s", 10 * S}, {"5min", 300 * S},
		{"2h", 7200 * S}, {"1d", 86400 * S}, {"1.5h", 5400 * S},
		{"0", 0}, {"0s", 0}, {"250us", MS / 4}, {"3 min", 180 * S},
	};
	static const char *const wrong[] = {
		"", "10", "s", "-1s", "1m", "1 0s", "1..5s", "1e3s", "10sek",
		"99999999999999999999d", "1s ",
	};
	int64_t ns;

	(void)state;
	for (size_t i = 0; i < sizeof(right) / sizeof(*right); i++) {
		assert_int_equal(timespan_parse(right[i].text, &ns), 0);
		assert_int_equal(ns, right[i].ns);
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		assert_int_not_equal(timespan_parse(wrong[i], &ns), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_of_all_types),
		cmocka_unit_test(fallbacks_and_facts),
		cmocka_unit_test(levels_above_give),
		cmocka_unit_test(inherited_keys_count),
		cmocka_unit_test(unknown_keys),
		cmocka_unit_test(wrong_values),
		cmocka_unit_test(the_adapter_refuses),
		cmocka_unit_test(points_that_cannot_be),
		cmocka_unit_test(names_of_numbers_and_points_never_read),
		cmocka_unit_test(writes_of_the_setup),
		cmocka_unit_test(buses_that_are_not_there),
		cmocka_unit_test(a_refused_bus_takes_its_devices),
		cmocka_unit_test(points_alike_are_shared),
		cmocka_unit_test(points_that_differ_are_not),
		cmocka_unit_test(shared_points_live_on),
		cmocka_unit_test(the_refused_share_nothing),
		cmocka_unit_test(fleets_without_units),
		cmocka_unit_test(secrets),
		cmocka_unit_test(wrong_secrets),
		cmocka_unit_test(timespans),
	};
	char command[128];
	int failed;

	adapter_dir(adapters, sizeof(adapters));
	if (!mkdtemp(scratch))
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	snprintf(command, sizeof(command), "rm -r %s", scratch);
	return system(command) || failed;
}
