/* SPDX-License-Identifier: GPL-2.0-or-later
 * What is built from a configuration: members, layers, fleets, fingerprints, and
 * what is left of it where something is wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "agent/config/config_metadata.h"
#include "agent/config/config_access.h"
#include "agent/config/config_habits.h"
#include "objects/codec.h"
#include "objects/linkformat.h"
#include "tests/agent/config/config_case.h"

#define S INT64_C(1000000000)

#define P "points: [{name: t}]"

static const char *const one = "devices: [{endpoint: e, bus: sim, " P "}]\n";

static void double_names_name_both_places(void **state)
{
	struct config_case c = {
		.conf = one, .more = "# later\ndevices: [{endpoint: f, bus: "
		"sim, " P "}, {endpoint: e, bus: sim, " P "}]\n"};
	char *found;

	(void)state;
	case_build(&c);
	found = findings_text(&c.errors);
	assert_string_equal(found, "conf.d/b.yaml:2:68: the endpoint 'e' is "
			    "there already: conf.d/a.yaml:1:22\n");
	assert_string_equal(c.errors.first->device, "e");
	assert_false(config_fatal(&c.errors));
	assert_int_equal(c.config->n_devices, 2);
	assert_string_equal(c.config->devices[0]->source->place.file,
			    "conf.d/a.yaml");
	free(found);
	case_finish(&c);

	c = (struct config_case){.conf = "buses: {b: {adapter: sim}}\n",
				 .more = "buses: {b: {adapter: sim}}\n"};
	case_build(&c);
	found = findings_text(&c.errors);
	assert_string_equal(found, "conf.d/b.yaml:1:9: the bus 'b' is there "
			    "already: conf.d/a.yaml:1:9\n");
	free(found);
	case_finish(&c);
}

static void what_is_fatal(void **state)
{
	static const struct { const char *main, *conf; bool fatal; } cases[] = {
		{"servers: [", NULL, true},
		{"servers: [{id: 1}]", NULL, true},
		{MAIN_USUAL "x: 1\n", NULL, true},
		{NULL, "devices: [", false},
		{NULL, "x: 1\n", false},
		{NULL, "buses: {b: {}}\n", false},
		{NULL, "devices: [{endpoint: e}]\n", false},
		{MAIN_USUAL "devices: [{endpoint: e}]\n", NULL, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct config_case c = {.main = cases[i].main,
					.conf = cases[i].conf};

		case_build(&c);
		assert_int_not_equal(c.errors.n, 0);
		assert_int_equal(config_fatal(&c.errors), cases[i].fatal);
		case_finish(&c);
	}
}

static void a_broken_file_leaves_the_others(void **state)
{
	struct config_case c = {.conf = "devices: [\n", .more = one};

	(void)state;
	case_build(&c);
	assert_int_equal(c.errors.n, 1);
	assert_int_equal(c.config->n_devices, 1);
	assert_null(c.config->devices[0]->refused);
	case_finish(&c);
}

static void a_wrong_device_is_refused_alone(void **state)
{
	struct config_case c = {
		.conf = "devices:\n"
		"  - {endpoint: a, bus: sim, poll: 1, queue: 2, " P "}\n"
		"  - {endpoint: b, bus: sim, " P "}\n"};

	(void)state;
	case_build(&c);
	assert_int_equal(c.errors.n, 2);
	assert_string_equal(c.errors.first->device, "a");
	assert_int_equal(c.config->n_devices, 2);
	assert_string_equal(c.config->devices[0]->refused,
		"conf.d/a.yaml:2:35: 'poll' is a time and needs a unit: 1s, "
		"1min or 1h? (and 1 more)");
	assert_null(c.config->devices[1]->refused);
	case_finish(&c);
}

static void the_gateway_has_its_name_alone(void **state)
{
	struct config_case c = {
		.main = MAIN_USUAL "gateway: {endpoint: e}\n", .conf = one};
	char *found;

	(void)state;
	case_build(&c);
	found = findings_text(&c.errors);
	assert_string_equal(found, "conf.d/a.yaml:1:22: the endpoint 'e' is "
			    "the gateway's own ('endpoint' of 'gateway')\n");
	assert_int_equal(c.config->n_devices, 0);
	free(found);
	case_finish(&c);
}

static void a_way_that_is_none_is_refused(void **state)
{
	static const char *const mains[] = {
		MAIN_USUAL, MAIN_USUAL "gateway: {endpoint: gw}\n",
		MAIN_USUAL "gateway: {endpoint: gw, object_25: true}\n"};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct config_case c = {.main = mains[i], .conf = "devices:\n"
			"  - {endpoint: a, bus: sim, via: gateway, " P "}\n"
			"  - {endpoint: b, bus: sim, " P "}\n"};
		const char *refused;

		case_build(&c);
		refused = c.config->devices[0]->refused;
		if (i == 2)
			assert_null(refused);
		else
			assert_string_equal(refused, "conf.d/a.yaml:2:16: "
				"'via' is not own: 'gateway' needs an "
				"'endpoint' and 'object_25: true'");
		assert_int_equal(c.errors.n, i < 2);
		assert_null(c.config->devices[1]->refused);
		case_finish(&c);
	}
}

/* A name that cannot be is still what the device is shown by. */
static void a_name_too_long_is_kept(void **state)
{
	char conf[512], name[254];
	struct config_case c = {.conf = conf};

	(void)state;
	memset(name, 'n', 253);
	name[253] = '\0';
	snprintf(conf, sizeof(conf), "devices: [{endpoint: %s, bus: sim, "
		 "points: [{name: t}]}]\n", name);
	case_build(&c);
	assert_int_equal(c.errors.n, 1);
	assert_string_equal(c.errors.first->text, "'endpoint' must have 1 to "
			    "252 characters, this has 253");
	assert_string_equal(c.config->devices[0]->endpoint, name);
	assert_non_null(c.config->devices[0]->refused);
	case_finish(&c);
}

/* ---- what is right ---- */

static void case_right(struct config_case *c)
{
	char *found;

	case_build(c);
	found = findings_text(&c->errors);
	assert_string_equal(found, "");
	free(found);
}

static void server_members(void **state)
{
	struct config_case c = {.main =
		"gateway: {name: g, endpoint: g-self}\n"
		"servers:\n"
		"  - {id: 7, uri: \"coap://[2001:db8::1]\", lifetime: 2h,\n"
		"     path: /a/rd/, ct: 11543, ver: no, notify: non, pace: 0,\n"
		"     on_exit: keep, pmin: 5s, pmax: 1min}\n"
		"  - {id: 8, uri: coap://h.example:15683/, lwm2m: \"1.0\"}\n"
		"  - {id: 9, uri: coap://192.0.2.1, ct: none}\n"
		"  - {id: 10, uri: coap://192.0.2.1, lwm2m: \"1.2\"}\n"};
	const struct config_server *s;

	(void)state;
	case_right(&c);
	assert_string_equal(c.config->gateway, "g");
	assert_string_equal(c.config->gateway_endpoint, "g-self");
	assert_int_equal(c.config->n_servers, 4);
	s = c.config->servers[0];
	assert_int_equal(s->id, 7);
	assert_string_equal(s->uri, "coap://[2001:db8::1]");
	assert_string_equal(s->host, "2001:db8::1");
	assert_int_equal(s->port, 5683);
	assert_int_equal(s->lifetime, 7200);
	assert_string_equal(s->path, "a/rd");
	assert_int_equal(s->ct, 11543);
	assert_int_equal(s->ver, VER_UNSAID);
	assert_int_equal(s->version, VERSION_1_1);
	assert_true(s->notify_non);
	assert_int_equal(s->pace, 0);
	assert_true(s->keep_on_exit);
	assert_int_equal(s->pmin, 5);
	assert_int_equal(s->pmax, 60);
	s = c.config->servers[1];
	assert_string_equal(s->host, "h.example");
	assert_int_equal(s->port, 15683);
	assert_string_equal(s->path, "rd");
	assert_int_equal(s->lifetime, 300);
	assert_int_equal(s->version, VERSION_1_0);
	assert_int_equal(s->ct, -1);
	assert_int_equal(s->ver, VER_BY_LWM2M);
	assert_int_equal(s->binding, 'U');
	assert_int_equal(s->pace, 200);
	assert_int_equal(s->policy.retry_count, 5);
	assert_int_equal(s->policy.sequence_delay, 900);
	s = c.config->servers[2];
	assert_int_equal(s->ct, -1);
	assert_int_equal(s->ver, VER_BY_LWM2M);
	s = c.config->servers[3];
	assert_int_equal(s->version, VERSION_1_2);
	assert_int_equal(s->ct, 110);
	case_finish(&c);
}

/* What a server is says how it is spoken to; a key beside it says more. */
static void server_habits(void **state)
{
	struct config_case c = {.main =
		"gateway: {name: g}\n"
		"servers:\n"
		"  - {id: 1, uri: coap://h, server: leshan-1}\n"
		"  - {id: 2, uri: coap://h, server: fiware}\n"
		"  - {id: 3, uri: coap://h, server: wakaama-1.0, ver: true}\n"
		"  - {id: 4, uri: coap://h, server: thingsboard,"
		" ver: {3303: \"1.0\"}}\n"
		"  - {id: 5, uri: coap://h, server: leshan-1, lwm2m: \"1.1\","
		" ct: 112}\n"
		"  - {id: 6, uri: coap://h, ct: none, format: json}\n"
		"  - {id: 7, uri: coap://h, ct: 60}\n"};
	static const struct {
		bool old;
		enum config_ver ver;
		int32_t ct;
		uint16_t format;
	} wanted[] = {
		{true, VER_SAID, -1, FORMAT_TLV},
		{true, VER_UNSAID, -1, FORMAT_TLV},
		{true, VER_SAID, -1, FORMAT_TLV},
		{false, VER_SAID, 110, FORMAT_SENML_JSON},
		{false, VER_SAID, 112, FORMAT_SENML_CBOR},
		{false, VER_BY_LWM2M, -1, FORMAT_JSON},
		{false, VER_BY_LWM2M, 60, FORMAT_SENML_CBOR},
	};

	(void)state;
	case_right(&c);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++) {
		const struct config_server *s = c.config->servers[i];

		assert_int_equal(s->version, wanted[i].old ? VERSION_1_0 :
						 VERSION_1_1);
		assert_int_equal(s->ver, wanted[i].ver);
		assert_int_equal(s->ct, wanted[i].ct);
		assert_int_equal(config_server_format(s, wanted[i].old),
				 wanted[i].format);
	}
	assert_int_equal(c.config->servers[3]->n_versions, 1);
	assert_int_equal(c.config->servers[3]->versions[0].object, 3303);
	assert_string_equal(c.config->servers[3]->versions[0].version, "1.0");
	case_finish(&c);
}

/* ${gateway} is filled now, ${endpoint} for each endpoint later. */
static void server_security(void **state)
{
	struct config_case c = {.main =
		"gateway: {name: g}\n"
		"servers:\n"
		"  - {id: 1, uri: \"coaps://h\", security: psk,\n"
		"     identity: \"${gateway}/${endpoint}\",\n"
		"     key_file: \"keys/${endpoint}.psk\", keepalive: 30s}\n"
		"  - {id: 2, uri: coaps+tcp://h, security: x509,\n"
		"     cert_file: c, credential: k, trust_file: t, sni: s,\n"
		"     keepalive: off}\n"};
	const struct config_server *s;

	(void)state;
	case_right(&c);
	s = c.config->servers[0];
	assert_int_equal(s->security, SECURITY_PSK);
	assert_string_equal(s->identity, "g/${endpoint}");
	assert_string_equal(s->key_file, "keys/${endpoint}.psk");
	assert_null(s->credential);
	assert_int_equal(s->port, 5684);
	assert_int_equal(s->keepalive, 30);
	assert_int_equal(s->binding, 'U');
	s = c.config->servers[1];
	assert_int_equal(s->security, SECURITY_X509);
	assert_string_equal(s->credential, "k");
	assert_string_equal(s->sni, "s");
	assert_int_equal(s->keepalive, 0);
	assert_int_equal(s->binding, 'T');
	assert_true(s->tcp);
	case_finish(&c);
}

/* The device's word before the server's. */
static void access_members(void **state)
{
	struct config_case c = {
		.main = "defaults: {access: [read, execute]}\n"
			"servers:\n"
			"  - {id: 1, uri: coap://h}\n"
			"  - {id: 2, uri: coap://i, access: [read, write]}\n"
			"  - {id: 3, uri: coap://j, access: none}\n",
		.conf = "devices:\n"
			"  - {endpoint: e, bus: sim, access: {2: all, 1: "
			"none}, points: [{name: t}]}\n"
			"  - {endpoint: f, bus: sim, points: [{name: t}]}\n"};
	static const uint8_t expected[2][3] = {{0, 31, 0}, {5, 5, 5}};

	(void)state;
	case_right(&c);
	for (size_t d = 0; d < 2; d++)
		for (size_t s = 0; s < 3; s++)
			assert_int_equal(config_access_of(
				c.config->devices[d], c.config->servers[s]),
				expected[d][s]);
	case_finish(&c);
}

static void device_members(void **state)
{
	struct config_case c = {.conf =
		"devices:\n"
		"  - {endpoint: e, bus: sim, servers: [1], poll: 500ms,\n"
		"     lifetime: 1d, queue: on, register: always, stale: serve,\n"
		"     silent_after: 30min, asleep_write: refuse,\n"
		"     enabled: false, manufacturer: M, model: D, serial: 0012,\n"
		"     points: [{name: t, map: 3303/0}]}\n"
		"  - {endpoint: f, bus: sim, silent_after: off, servers: all,\n"
		"     points: [{name: t}]}\n"};
	const struct config_device *d;

	(void)state;
	case_right(&c);
	d = c.config->devices[0];
	assert_string_equal(d->endpoint, "e");
	assert_string_equal(d->bus, "sim");
	assert_int_equal(d->n_servers, 1);
	assert_int_equal(d->servers[0], 1);
	assert_int_equal(d->poll, S / 2);
	assert_int_equal(d->lifetime, 86400);
	assert_true(d->queue && d->register_always && !d->enabled);
	assert_int_equal(d->stale, STALE_SERVE);
	assert_int_equal(d->silent_after, 1800 * S);
	assert_int_equal(d->asleep_write, ASLEEP_REFUSE);
	assert_string_equal(d->metadata->serial, "0012");
	d = c.config->devices[1];
	assert_int_equal(d->n_servers, 0);
	assert_int_equal(d->poll, 10 * S);
	assert_int_equal(d->silent_after, 0);
	assert_int_equal(d->awake_time, 93 * S);
	assert_int_equal(d->lifetime, 0);
	assert_true(!d->queue && !d->register_always && d->enabled);
	assert_int_equal(c.config->n_buses, 1);
	assert_true(c.config->buses[0]->implied);
	assert_string_equal(c.config->buses[0]->adapter, "sim");
	case_finish(&c);
}

static void point_members(void **state)
{
	struct config_case c = {.conf =
		"devices:\n"
		"  - endpoint: e\n"
		"    bus: sim\n"
		"    poll: 2s\n"
		"    points:\n"
		"      - {name: t, map: 3303/0, unit: Cel, scale: 0.1}\n"
		"      - {name: u, map: 3303/1/5700, scale: 0.01, offset: -40.5,"
		" round: 1, poll: 60s, application: A}\n"
		"      - {name: v, map: 3308/0, writable: yes, range: [5, 30.5],"
		" scale: 1, keep: true}\n"
		"      - {name: w, map: 3/0/4, on_execute: 1}\n"
		"      - {name: x, map: 3/0/7, scale: 10, optional: true}\n"
		"      - {name: y, map: 3/0/7/1}\n"
		"      - {name: z, enabled: false, map: nonsense}\n"};
	const struct config_point *p;

	(void)state;
	case_right(&c);
	assert_int_equal(c.config->devices[0]->n_points, 6);
	p = c.config->devices[0]->points;
	assert_string_equal(p[0].unit, "Cel");
	assert_int_equal(p[0].map.depth, 2);
	assert_int_equal(p[0].resource.depth, 3);
	assert_int_equal(p[0].resource.id[2], 5700);
	assert_true(p[0].scale.scale == 0.1 && p[0].scale.offset == 0);
	assert_int_equal(p[0].scale.decimals, 1);
	assert_int_equal(p[0].poll, 2 * S);
	assert_int_equal(p[0].source->place.line, 6);
	assert_int_equal(p[1].map.depth, 3);
	assert_int_equal(p[1].scale.decimals, 1);
	assert_true(p[1].scale.offset == -40.5);
	assert_int_equal(p[1].poll, 60 * S);
	assert_string_equal(p[1].application, "A");
	assert_int_equal(p[2].resource.id[2], 5900);
	assert_true(p[2].writable && p[2].keep && p[2].has_range);
	assert_true(p[2].range_min == 5 && p[2].range_max == 30.5);
	assert_int_equal(p[2].scale.decimals, -1);
	assert_true(p[3].has_on_execute && p[3].on_execute == 1);
	assert_int_equal(p[4].resource.depth, 4);
	assert_int_equal(p[4].resource.id[3], 0);
	assert_int_equal(p[4].scale.decimals, 0);
	assert_true(p[4].optional);
	assert_int_equal(p[5].resource.id[3], 1);
	case_finish(&c);
}

/* They are filled in first; what this machine does not tell stays, and is told
 * to whoever asks. */
static void machine_words(void **state)
{
	static const struct template_word words[] = {
		{"hostname", "box", "no"}, {"serial", NULL, "it is secret"},
		{NULL, NULL, NULL},
	};
	struct yaml_node first = {.kind = YAML_TEXT, .place = {"f", 3, 4},
				.text = "${hostname}-${unit}-${hostname}${"},
			 second = {.kind = YAML_TEXT, .place = {"f", 5, 6},
				.text = "n${serial}"};
	struct yaml_node *items[] = {&first, &second};
	struct yaml_node list = {.kind = YAML_LIST, .n = 2, .items = items};
	struct arena *arena = arena_create();
	const struct yaml_node *filled;
	struct config_errors errors;
	struct config_scope scope;

	(void)state;
	config_errors_init(&errors);
	config_scope_init(&scope, &errors, NULL, NULL);
	filled = template_fill_machine(&list, words, arena, NULL);
	assert_string_equal(filled->items[0]->text, "box-${unit}-box${");
	assert_string_equal(filled->items[1]->text, "n${serial}");
	assert_int_equal(errors.n, 0);
	template_fill_machine(&list, words, arena, &scope);
	assert_int_equal(errors.n, 1);
	assert_string_equal(errors.first->text,
			    "${serial} has no value here: it is secret");
	assert_int_equal(errors.first->place.line, 5);
	config_errors_finish(&errors);
	arena_destroy(arena);
}

static void fleet_members(void **state)
{
	struct config_case c = {
		.main = MAIN_USUAL "gateway: {name: site7}\n",
		.conf = "devices:\n"
		"  - {endpoint: \"${gateway}-m${unit}\", bus: line,\n"
		"     unit: \"1,2,5-7\", serial: \"n${unit} of ${endpoint}\",\n"
		"     points: [{name: t, application: \"t${unit}\"}]}\n"
		"  - {endpoint: \"one-${unit}\", bus: line, unit: 9, " P "}\n"
		"  - {endpoint: \"l-${unit}\", bus: line, unit: [3, 8-9], " P
		"}\n"};
	static const char *const names[] = {
		"site7-m1", "site7-m2", "site7-m5", "site7-m6", "site7-m7",
		"one-9", "l-3", "l-8", "l-9"};
	const struct config_device *d;

	(void)state;
	case_right(&c);
	assert_int_equal(c.config->n_devices, 9);
	assert_int_equal(c.config->n_buses, 1);
	for (size_t i = 0; i < 9; i++)
		assert_string_equal(c.config->devices[i]->endpoint, names[i]);
	d = c.config->devices[2];
	assert_string_equal(d->metadata->serial, "n5 of site7-m5");
	assert_string_equal(d->points[0].application, "t5");
	for (const struct setting *s = d->source->settings; s; s = s->next)
		if (!strcmp(s->key, "unit"))
			assert_string_equal(s->value->text, "5");
	for (size_t i = 1; i < 9; i++)
		assert_true(c.config->devices[i]->fingerprint !=
			    c.config->devices[i - 1]->fingerprint);
	case_finish(&c);
}

static void inline_bus(void **state)
{
	struct config_case c = {.conf =
		"devices:\n"
		"  - {endpoint: \"e${unit}\", unit: 1-2, bus: {adapter: modbus,"
		" host: h, poll: 3s}, " P "}\n"};

	(void)state;
	case_right(&c);
	assert_int_equal(c.config->n_buses, 1);
	assert_string_equal(c.config->buses[0]->name, "e1");
	assert_string_equal(c.config->buses[0]->adapter, "modbus");
	assert_false(c.config->buses[0]->implied);
	assert_string_equal(c.config->devices[0]->bus, "e1");
	assert_string_equal(c.config->devices[1]->bus, "e1");
	assert_int_equal(c.config->devices[1]->poll, 3 * S);
	case_finish(&c);
}

static void a_modem_and_who_may_use_it(void **state)
{
	struct config_case c = {
		.main = "servers: [{id: 1, uri: coap://h, sms_number: "
			"'+49170123'}]\nsms: {number: 49171, per_hour: 3}\n",
		.conf = "devices: [{endpoint: e, bus: sim, sms: true,"
			" points: [{name: t}]}]\n"};
	struct config_case deaf = {.main = MAIN_USUAL "sms: {}\n"};
	struct config_case wrong = {
		.main = "servers: [{id: 1, uri: coap://h, sms_number: "
			"MyServer}]\nsms: {number: 0170-1, per_hour: 121, "
			"per_minute: 1}\n"};

	(void)state;
	case_build(&c);
	assert_int_equal(c.errors.n, 0);
	assert_null(c.errors.first);
	assert_string_equal(c.config->sms->modem, "any");
	assert_string_equal(c.config->sms->number, "49171");
	assert_int_equal(c.config->sms->per_hour, 3);
	assert_false(c.config->sms->unsafe);
	assert_string_equal(c.config->servers[0]->sms_number, "+49170123");
	assert_true(c.config->devices[0]->sms);
	assert_true(c.config->itself == NULL || c.config->itself->sms);
	case_finish(&c);
	case_build(&deaf);
	assert_int_equal(deaf.errors.n, 0);
	assert_non_null(deaf.errors.first);	/* a warning */
	case_finish(&deaf);
	case_build(&wrong);
	assert_int_equal(wrong.errors.n, 4);
	case_finish(&wrong);
}

static void room_for_what_waits(void **state)
{
	struct config_case c = {.main = MAIN_USUAL "store: {memory: 512KiB, "
		"disk: 1.5 GiB, rate: 50, flush: 2min}\n"};
	struct config_case usual = {.conf = "devices: [{endpoint: e, bus: sim,"
		" points: [{name: t, send: true, keep: true}]}]\n"};
	struct config_case wrong = {.main = MAIN_USUAL "store: {memory: 1 KiB,"
		" disk: lots, speed: 1}\n"};

	(void)state;
	case_build(&c);
	assert_int_equal(c.errors.n, 0);
	assert_int_equal(c.config->store_memory, 512 * 1024);
	assert_int_equal(c.config->store_disk, INT64_C(3) << 29);
	assert_int_equal(c.config->store_rate, 50);
	assert_int_equal(c.config->store_flush, INT64_C(120000000000));
	case_finish(&c);
	case_build(&usual);
	assert_int_equal(usual.errors.n, 0);
	assert_int_equal(usual.config->store_memory, 1 << 20);
	assert_int_equal(usual.config->store_disk, 64 << 20);
	assert_int_equal(usual.config->store_flush, INT64_C(30000000000));
	assert_true(usual.config->devices[0]->points[0].send);
	case_finish(&usual);
	case_build(&wrong);
	assert_int_equal(wrong.errors.n, 3);
	case_finish(&wrong);
}

static const struct setting *setting(const struct setting *list,
				     const char *key)
{
	while (list && strcmp(list->key, key))
		list = list->next;
	return list;
}

static const char profile[] =
	"manufacturer: Eastron\n"
	"model: SDM120\n"
	"poll: 30s\n"
	"modbus: {table: input, order: ABCD}\n"
	"identify: {address: 0, range: [80, 280]}\n"
	"points:\n"
	"  - {name: voltage, address: 0, unit: V, map: 3316/0}\n"
	"  - {name: energy, address: 0x156, unit: kWh, map: 3331/0, "
	"poll: 60s}\n";

/* Device over profile over bus over defaults; points by name, key by key. */
static void layers(void **state)
{
	struct config_case c = {
		.profile = profile,
		.main = MAIN_USUAL "defaults: {poll: 1s, queue: true, "
		"lifetime: 1h, silent_after: 7s}\n",
		.conf =
		"buses: {b: {adapter: modbus, lifetime: 2h, poll: 2s,"
		" silent_after: 8s, optional: true}}\n"
		"devices:\n"
		"  - endpoint: e\n"
		"    bus: b\n"
		"    profile: v/m\n"
		"    model: mine\n"
		"    order: CDAB\n"
		"    keep: true\n"
		"    silent_after: 9s\n"
		"    points:\n"
		"      - {name: energy, scale: 10, keep: false, unit: Wh}\n"
		"      - {name: extra, address: 9}\n"};
	const struct config_device *d;
	const struct config_point *p;

	(void)state;
	case_right(&c);
	d = c.config->devices[0];
	p = d->points;
	assert_string_equal(d->profile, "v/m");
	assert_string_equal(d->metadata->manufacturer, "Eastron");
	assert_string_equal(d->metadata->model, "mine");
	assert_int_equal(d->poll, 30 * S);
	assert_int_equal(d->lifetime, 7200);
	assert_int_equal(d->silent_after, 9 * S);
	assert_true(d->queue);
	assert_string_equal(setting(d->source->settings, "order")->value->text,
			    "CDAB");
	assert_string_equal(setting(d->source->settings, "table")->value->text,
			    "input");
	assert_null(setting(d->source->settings, "identify"));
	assert_null(setting(d->source->settings, "keep"));
	assert_int_equal(d->n_points, 3);
	assert_string_equal(p[0].name, "voltage");
	assert_true(p[0].keep && p[0].optional && p[2].optional);
	assert_int_equal(p[0].poll, 30 * S);
	assert_string_equal(p[0].source->place.file, "profiles/v/m.yaml");
	assert_int_equal(p[0].source->place.line, 7);
	assert_string_equal(p[1].name, "energy");
	assert_string_equal(p[1].unit, "Wh");
	assert_false(p[1].keep);
	assert_true(p[1].scale.scale == 10);
	assert_int_equal(p[1].poll, 60 * S);
	assert_int_equal(p[1].resource.id[0], 3331);
	assert_string_equal(setting(p[1].source->settings, "address")->value->text,
			    "0x156");
	assert_string_equal(p[1].source->place.file, "conf.d/a.yaml");
	assert_string_equal(p[2].name, "extra");
	case_finish(&c);
}

static void wrong_profiles(void **state)
{
	static const struct { const char *profile, *expected; } cases[] = {
		{"points: [", "conf.d/a.yaml:1:44: the profile 'v/m' cannot "
		 "be used: profiles/v/m.yaml is wrong\n"
		 "profiles/v/m.yaml:2:1: not valid YAML: while parsing a flow "
		 "node that begins in line 2, did not find expected node "
		 "content\n"},
		{"ble: {}\npoints: [{name: t}]\n", "conf.d/a.yaml:1:44: the "
		 "profile 'v/m' is for the adapter ble, the bus 'sim' is of "
		 "sim\n"},
		{"bus: x\npoints: [{name: t}]\n", "profiles/v/m.yaml:1:1: "
		 "'bus' is each device's own and cannot be in a profile\n"},
		{"polll: 3s\npoints: [{name: t}]\n", "profiles/v/m.yaml:1:1: "
		 "unknown key 'polll' of a device; did you mean 'poll'?\n"},
		{"points: [{name: t, map: 9/9}]\n", "profiles/v/m.yaml:1:25: "
		 "'map': object 9 is not known: put its definition into "
		 "objects.d, as OMA publishes it\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct config_case c = {
			.profile = cases[i].profile,
			.conf = "devices: [{endpoint: e, bus: sim, profile: "
				"v/m}]\n"};
		char *found;

		case_build(&c);
		found = findings_text(&c.errors);
		assert_string_equal(found, cases[i].expected);
		assert_non_null(c.config->devices[0]->refused);
		free(found);
		case_finish(&c);
	}
}

/* A profile's mistake is said once, and refuses all devices of it. */
static void the_same_finding_comes_once(void **state)
{
	struct config_case c = {
		.profile = "polll: 1s\npoints: [{name: t}]\n",
		.conf = "devices: [{endpoint: e, bus: sim, profile: v/m}, "
			"{endpoint: f, bus: sim, profile: v/m}]\n"};

	(void)state;
	case_build(&c);
	assert_int_equal(c.errors.n, 1);
	assert_non_null(c.config->devices[0]->refused);
	assert_non_null(c.config->devices[1]->refused);
	case_finish(&c);
}

static uint64_t fingerprint(const char *main, const char *conf,
			    const char *profile_text)
{
	struct config_case c = {.main = main, .conf = conf,
				.profile = profile_text};
	uint64_t fingerprint;

	case_build(&c);
	assert_int_equal(c.errors.n, 0);
	fingerprint = c.config->devices[0]->fingerprint;
	case_finish(&c);
	return fingerprint;
}

static void fingerprints_tell_what_matters(void **state)
{
	static const char a[] =
		"devices: [{endpoint: e, bus: sim, poll: 5s, x: 1,"
		" points: [{name: t, y: 2}]}]\n";
	static const char b[] =
		"# the same\n"
		"devices:\n"
		"  - poll: '5s'	# here\n"
		"    x: 1\n"
		"    points:\n"
		"      - y: 2\n"
		"        name: t\n"
		"    bus: sim\n"
		"    endpoint: e\n";
	static const char p[] = "devices: [{endpoint: e, bus: sim, profile: "
				"v/m}]\n";
	uint64_t base = fingerprint(NULL, a, NULL);

	(void)state;
	assert_true(base == fingerprint(NULL, b, NULL));
	assert_true(base == fingerprint(MAIN_USUAL "defaults: {poll: 9s}\n", a,
					NULL));
	assert_true(base != fingerprint(MAIN_USUAL "defaults: {queue: yes}\n",
					a, NULL));
	assert_true(base != fingerprint(NULL,
		"devices: [{endpoint: e, bus: sim, poll: 5s, x: 2,"
		" points: [{name: t, y: 2}]}]\n", NULL));
	assert_true(base != fingerprint(NULL,
		"devices: [{endpoint: e, bus: sim, poll: 5s, x: 1,"
		" points: [{name: t, y: 3}]}]\n", NULL));
	/* Another adapter behind a bus of the same name. */
	assert_true(fingerprint("buses: {sim: {adapter: x}}\n" MAIN_USUAL, a,
				NULL) != base);
	assert_true(fingerprint(NULL, p, "points: [{name: t}]\n") ==
		    fingerprint(NULL, p, "points:\n- name: t\n"));
	assert_true(fingerprint(NULL, p, "points: [{name: t}]\n") !=
		    fingerprint(NULL, p, "points: [{name: u}]\n"));
}

/* The examples of the documentation, as they stand there. */
static void documented_examples(void **state)
{
	struct config_case c = {
		.profile = profile,
		.main =
		"gateway: {name: site7, endpoint: site7-gateway}\n"
		"servers:\n"
		"  - id: 1\n"
		"    uri: coap://lwm2m.example.net:5683\n"
		"    lifetime: 5min\n"
		"    security: nosec\n"
		"defaults: {poll: 10s, queue: false}\n",
		.conf =
		"buses:\n"
		"  plant: {adapter: modbus, transport: rtu, port: /dev/ttyS0,"
		" serial: 9600 8E1}\n"
		"  boiler-plc:  {adapter: modbus, transport: tcp, host:"
		" 192.0.2.10, tcp_port: 502}\n"
		"devices:\n"
		"  - {endpoint: site7-meter-01, bus: plant, unit: 1, profile:"
		" v/m}\n"
		"  - endpoint: site7-boiler\n"
		"    bus: boiler-plc\n"
		"    unit: 1\n"
		"    poll: 2s\n"
		"    points:\n"
		"      - {name: flow-temp, table: holding, address: 100, type:"
		" int16, scale: 0.1, unit: Cel, map: 3303/0}\n"
		"      - {name: setpoint,  table: holding, address: 101, type:"
		" int16, scale: 0.1, unit: Cel, map: 3308/0/5900, writable:"
		" true}\n"
		"      - {name: pump,      table: coil, address: 3, map: 3306/0,"
		" writable: true}\n"
		"  - {endpoint: site7-cold-room, bus: ble, address:"
		" \"A4:C1:38:00:11:22\", points: [{name: t, map: 3303/0}],"
		" bindkey_file: keys/cold-room, queue: true, silent_after:"
		" 30min}\n"
		"  - {endpoint: site7-door, bus: gpio, points: [{name: contact,"
		" line: DOOR_CONTACT, map: 3302/0, active_low: true, debounce:"
		" 20ms}]}\n"
		"  - {endpoint: demo-1, bus: sim, points: [{name: t, signal:"
		" sine, min: 18, max: 24, period: 60s, map: 3303/0, unit:"
		" Cel}]}\n"};

	(void)state;
	case_right(&c);
	assert_int_equal(c.config->n_devices, 5);
	assert_int_equal(c.config->n_buses, 5);
	case_finish(&c);
}

/* Ten thousand devices: time that grows with their number, not its square. */
static void ten_thousand(void **state)
{
	struct config_case c = {.conf =
		"devices: [{endpoint: \"d-${unit}\", unit: 1-10000, bus: sim, "
		"points: [{name: t, map: 3303/0, unit: Cel}]}]\n"};

	(void)state;
	case_right(&c);
	assert_int_equal(c.config->n_devices, 10000);
	case_finish(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_modem_and_who_may_use_it),
		cmocka_unit_test(room_for_what_waits),
		cmocka_unit_test(double_names_name_both_places),
		cmocka_unit_test(what_is_fatal),
		cmocka_unit_test(a_broken_file_leaves_the_others),
		cmocka_unit_test(a_wrong_device_is_refused_alone),
		cmocka_unit_test(the_gateway_has_its_name_alone),
		cmocka_unit_test(a_way_that_is_none_is_refused),
		cmocka_unit_test(a_name_too_long_is_kept),
		cmocka_unit_test(server_members),
		cmocka_unit_test(server_habits),
		cmocka_unit_test(server_security),
		cmocka_unit_test(access_members),
		cmocka_unit_test(device_members),
		cmocka_unit_test(point_members),
		cmocka_unit_test(machine_words),
		cmocka_unit_test(fleet_members),
		cmocka_unit_test(inline_bus),
		cmocka_unit_test(layers),
		cmocka_unit_test(wrong_profiles),
		cmocka_unit_test(the_same_finding_comes_once),
		cmocka_unit_test(fingerprints_tell_what_matters),
		cmocka_unit_test(documented_examples),
		cmocka_unit_test(ten_thousand),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
