/* SPDX-License-Identifier: GPL-2.0-or-later
 * The configuration: one case for each rule, with the words and the place that
 * a user sees. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "tests/agent/config/config_case.h"

struct rule {
	const char *main, *conf, *expected;
};

static void rule_check(const struct rule *rule)
{
	struct config_case c = {.main = rule->main, .conf = rule->conf};
	char *found;

	case_build(&c);
	found = findings_text(&c.errors);
	if (strcmp(found, rule->expected))
		print_error("main: %s\nconf: %s\n",
			    rule->main ? rule->main : "usual",
			    rule->conf ? rule->conf : "none");
	assert_string_equal(found, rule->expected);
	free(found);
	case_finish(&c);
}

#define CHECK(rules) \
	for (size_t i = 0; i < sizeof(rules) / sizeof(*(rules)); i++) \
		rule_check(&(rules)[i])

static void main_file(void **state)
{
	static const struct rule rules[] = {
		{"", NULL, "lwmux.yaml:1:1: no server: 'servers' needs at "
		 "least one, as - {id: 1, uri: coap://HOST:5683}, "
		 "or there is a 'bootstrap'\n"},
		{"servers:\n", NULL, "lwmux.yaml:1:1: no server: 'servers' "
		 "needs at least one, as - {id: 1, uri: coap://HOST:5683}, "
		 "or there is a 'bootstrap'\n"},
		{MAIN_USUAL "device: []\n", NULL, "lwmux.yaml:2:1: unknown key "
		 "'device' of the main file; did you mean 'devices'?\n"},
		{"servers: {id: 1}\n", NULL, "lwmux.yaml:1:10: servers must be "
		 "a list: '- ...' lines\n"},
		{"servers: [a]\n", NULL, "lwmux.yaml:1:11: a server must be "
		 "a map: 'key: value' lines\n"},
		{MAIN_USUAL "gateway: {nam: x}\n", NULL, "lwmux.yaml:2:11: "
		 "unknown key 'nam' of the gateway; did you mean 'name'?\n"},
		{MAIN_USUAL "gateway: {name: [x]}\n", NULL, "lwmux.yaml:2:17: "
		 "'name' must be one value, this is a list\n"},
		{MAIN_USUAL "gateway: {location: {latitude: 91, longitude: "
		 "1}}\n", NULL, "lwmux.yaml:2:32: 'latitude' must be -90 to "
		 "90, not 91\n"},
		{MAIN_USUAL "gateway: {location: {latitude: 9}}\n", NULL,
		 "lwmux.yaml:2:21: 'location' needs the key 'longitude'\n"},
		{MAIN_USUAL "gateway: {location: {latitude: 9, longitude: "
		 "-181, hight: 7}}\n", NULL, "lwmux.yaml:2:46: 'longitude' "
		 "must be -180 to 180, not -181\nlwmux.yaml:2:52: unknown key "
		 "'hight' of the gateway; there are: latitude, longitude, "
		 "altitude and radius\n"},
		{MAIN_USUAL "gateway: {utc_offset: 1h}\n", NULL,
		 "lwmux.yaml:2:23: 'utc_offset' must be as +01:00, not "
		 "'1h'\n"},
		{MAIN_USUAL "gateway: {utc_offset: \"+15:00\"}\n", NULL,
		 "lwmux.yaml:2:23: 'utc_offset' must be as +01:00, not "
		 "'+15:00'\n"},
		{MAIN_USUAL "gateway: {timezone: a b}\n", NULL,
		 "lwmux.yaml:2:21: 'timezone' must be a name as "
		 "Europe/Berlin, not 'a b'\n"},
		{MAIN_USUAL "defaults: {location: {latitude: 1, longitude: "
		 "2}, timezone: Asia/Tokyo, hardware_version: A}\n", NULL,
		 ""},
		{MAIN_USUAL "bootstrap: {uri: coap://h, hold_off: 5s}\n", NULL,
		 ""},
		{"bootstrap: {uri: coap://h, unsolicited: true}\n", NULL, ""},
		{MAIN_USUAL "bootstrap: {security: nosec}\n", NULL,
		 "lwmux.yaml:2:12: the bootstrap server needs the key 'uri'\n"},
		{"bootstrap: {smartcard: any, smartcard_key_file: k}\n", NULL,
		 ""},
		{MAIN_USUAL "bootstrap: {uri: coap://h, smartcard_pin_file: p, "
		 "smartcard_key_file: k}\n", NULL,
		 "lwmux.yaml:2:28: 'smartcard_pin_file' is nothing without "
		 "'smartcard'\n"
		 "lwmux.yaml:2:51: 'smartcard_key_file' is nothing without "
		 "'smartcard'\n"},
		{MAIN_USUAL "bootstrap: {uri: coap://h, id: 1}\n", NULL,
		 "lwmux.yaml:2:28: 'id' is nothing for the bootstrap server: "
		 "it says that for each of its servers\n"},
		{MAIN_USUAL "defaults: {pol: 1s}\n", NULL, "lwmux.yaml:2:12: "
		 "unknown key 'pol' of the defaults; did you mean 'poll'?\n"},
		{MAIN_USUAL "defaults: {endpoint: x}\n", NULL,
		 "lwmux.yaml:2:12: 'endpoint' cannot have a default: it is "
		 "each device's own\n"},
		{NULL, "servers: [{id: 2, uri: coap://i}]\n", "conf.d/a.yaml:"
		 "1:1: 'servers' is there already: lwmux.yaml:1:1\n"},
		{MAIN_USUAL "gateway: {name: x}\nstore: {}\n"
		 "defaults: {poll: 1s}\n",
		 "defaults: {poll: 2s}\nstore: {}\ngateway: {name: y}\n",
		 "conf.d/a.yaml:1:1: 'defaults' is there already: lwmux.yaml:"
		 "4:1\nconf.d/a.yaml:2:1: 'store' is there already: "
		 "lwmux.yaml:3:1\nconf.d/a.yaml:3:1: 'gateway' is there "
		 "already: lwmux.yaml:2:1\n"},
		{"bootstrap: {uri: coap://h}\n", "bootstrap: {uri: coap://i}\n",
		 "conf.d/a.yaml:1:1: 'bootstrap' is there already: "
		 "lwmux.yaml:1:1\n"},
		{"", "servers: [{id: 1, uri: coap://h}]\n", ""},
		{"", "bootstrap: {uri: coap://h}\n", ""},
		{"", "servers: [a]\n", "conf.d/a.yaml:1:11: a server must be "
		 "a map: 'key: value' lines\n"},
		{NULL, "bus: {}\n", "conf.d/a.yaml:1:1: unknown key 'bus' of a "
		 "file of conf.d; did you mean 'buses'?\n"},
	};

	(void)state;
	CHECK(rules);
}

#define SERVER(keys, expected) {"servers:\n  - {" keys "}\n", NULL, expected}

static void servers(void **state)
{
	static const struct rule rules[] = {
		SERVER("id: 1", "lwmux.yaml:2:5: a server needs the key "
		       "'uri'\n"),
		SERVER("uri: coap://h", "lwmux.yaml:2:5: a server needs the "
		       "key 'id'\n"),
		SERVER("id: 0, uri: coap://h", "lwmux.yaml:2:10: 'id' must be "
		       "1 to 65534, not 0\n"),
		SERVER("id: x, uri: coap://h", "lwmux.yaml:2:10: 'id' must be "
		       "a whole number, 'x' is none\n"),
		SERVER("id: 1, uri: http://h", "lwmux.yaml:2:18: 'uri' is "
		       "'http://h': it must begin with coap://, coaps://, "
		       "coap+tcp:// or coaps+tcp://\n"),
		SERVER("id: 1, uri: coap://h, server: leshan1", "lwmux.yaml:"
		       "2:36: 'server' is leshan-1, fiware, wakaama-1.0 or "
		       "thingsboard, or any other without this key; not "
		       "'leshan1'; did you mean 'leshan-1'?\n"),
		SERVER("id: 1, uri: coap://h, format: cbor", "lwmux.yaml:2:36: "
		       "'format' is senml-json, senml-cbor, tlv, json or "
		       "lwm2m-cbor, not 'cbor'\n"),
		SERVER("id: 1, uri: coap://h, ver: {x: 1.0}", "lwmux.yaml:2:34: "
		       "'ver' names objects by their numbers, not 'x'\n"),
		SERVER("id: 1, uri: coap://h, ver: {3303: one}", "lwmux.yaml:2:"
		       "40: 'ver' of object 3303 is a version like \"1.0\", not "
		       "'one'\n"),
		SERVER("id: 1, uri: coap://h:0", "lwmux.yaml:2:18: 'uri' is "
		       "'coap://h:0': its port must be 1 to 65535\n"),
		SERVER("id: 1, uri: coap://h:70000", "lwmux.yaml:2:18: 'uri' "
		       "is 'coap://h:70000': its port must be 1 to 65535\n"),
		SERVER("id: 1, uri: coap://2001:db8::1", "lwmux.yaml:2:18: "
		       "'uri' is 'coap://2001:db8::1': an IPv6 address stands "
		       "in brackets, as coap://[2001:db8::1]:5683\n"),
		SERVER("id: 1, uri: 'coap://[fe80::1%eth0]'", "lwmux.yaml:2:18:"
		       " 'uri' is 'coap://[fe80::1%eth0]': zones of IPv6 "
		       "(%eth0) are not supported: give a global address, or a "
		       "name\n"),
		SERVER("id: 1, uri: coap://h/rd", "lwmux.yaml:2:18: 'uri' is "
		       "'coap://h/rd': nothing may follow the port (where to "
		       "register is 'path')\n"),
		SERVER("id: 1, uri: \"coap://\"", "lwmux.yaml:2:18: 'uri' is "
		       "'coap://': its host must be a name, an address, or an "
		       "IPv6 address in brackets\n"),
		SERVER("id: 1, uri: \"coap://[::1\"", "lwmux.yaml:2:18: 'uri' "
		       "is 'coap://[::1': its host must be a name, an address, "
		       "or an IPv6 address in brackets\n"),
		SERVER("id: 1, uri: coaps://h", "lwmux.yaml:2:13: 'uri' is "
		       "coaps://h: 'security' must be psk, rpk or x509\n"),
		SERVER("id: 1, uri: coaps://h, security: nosec",
		       "lwmux.yaml:2:39: 'uri' is coaps://h: 'security' must "
		       "be psk, rpk or x509\n"),
		SERVER("id: 1, uri: coap://h, security: psk, key_file: k",
		       "lwmux.yaml:2:18: 'uri' is coap://h: with security psk "
		       "it must begin with coaps\n"),
		SERVER("id: 1, uri: coaps://h, security: psk",
		       "lwmux.yaml:2:29: security psk: 'key_file' or "
		       "'credential' is missing\n"),
		SERVER("id: 1, uri: coaps://h, security: psk, key_file: k, "
		       "credential: c", "lwmux.yaml:2:57: 'key_file' and "
		       "'credential' say the same: one of them is enough\n"),
		SERVER("id: 1, uri: coaps://h, security: psk, key_file: k, "
		       "trust_file: t", "lwmux.yaml:2:57: 'trust_file' is "
		       "nothing for security psk\n"),
		SERVER("id: 1, uri: coaps://h, security: psk, "
		       "key_file: \"${unit}\"", "lwmux.yaml:2:54: ${unit} has "
		       "no value here: the device has no unit\n"),
		SERVER("id: 1, uri: coaps://h, security: rpk, "
		       "private_key_file: p", "lwmux.yaml:2:29: security rpk: "
		       "'server_key_file' is missing\n"),
		SERVER("id: 1, uri: coaps://h, security: x509, cert_file: c, "
		       "private_key_file: p", "lwmux.yaml:2:29: security x509: "
		       "'trust_file' or 'server_key_file' is missing\n"),
		SERVER("id: 1, uri: coaps://h, security: x509, trust_file: t, "
		       "credential: p", "lwmux.yaml:2:29: security x509: "
		       "'cert_file' is missing\n"),
		SERVER("id: 1, uri: coap://h, key_file: k", "lwmux.yaml:2:28: "
		       "'key_file' is nothing for security nosec\n"),
		SERVER("id: 1, uri: coap://h, keepalive: 1s",
		       "lwmux.yaml:2:39: 'keepalive' must be 5s to 1d, not "
		       "1s\n"),
		SERVER("id: 1, uri: coap://h, security: pks",
		       "lwmux.yaml:2:38: 'security' must be nosec, psk, rpk or "
		       "x509, not 'pks'; did you mean 'psk'?\n"),
		SERVER("id: 1, uri: coap://h, binding: T",
		       "lwmux.yaml:2:37: 'binding' is T, but the uri's is "
		       "U\n"),
		SERVER("id: 1, uri: coap://h, binding: UQ",
		       "lwmux.yaml:2:37: 'binding' must be U or T, not 'UQ' "
		       "(queue mode is 'queue' of a device)\n"),
		SERVER("id: 1, uri: coap://h, lifetime: 300",
		       "lwmux.yaml:2:38: 'lifetime' is a time and needs a "
		       "unit: 300s, 300min or 300h?\n"),
		SERVER("id: 1, uri: coap://h, lifetime: 5s",
		       "lwmux.yaml:2:38: 'lifetime' must be 20s to 49710d, "
		       "not 5s\n"),
		SERVER("id: 1, uri: coap://h, lifetime: 100.5s",
		       "lwmux.yaml:2:38: 'lifetime' counts whole seconds, "
		       "100.5s is none\n"),
		SERVER("id: 1, uri: coap://h, path: /r?d",
		       "lwmux.yaml:2:34: 'path' must be as /rd, not '/r?d'\n"),
		SERVER("id: 1, uri: coap://h, lfetime: 1h",
		       "lwmux.yaml:2:28: unknown key 'lfetime' of a server; "
		       "did you mean 'lifetime'?\n"),
		SERVER("id: 1, uri: coap://h, ver: maybe", "lwmux.yaml:2:33: "
		       "'ver' must be true or false, not 'maybe'\n"),
		SERVER("id: 1, uri: coap://h}\n  - {id: 1, uri: coap://i",
		       "lwmux.yaml:3:10: server 1 is there already "
		       "(coap://h)\n"),
	};

	(void)state;
	CHECK(rules);
}

#define DEVICE(keys, expected) {NULL, "devices:\n  - {" keys "}\n", expected}
#define P "points: [{name: t}]"

static void devices(void **state)
{
	static const struct rule rules[] = {
		{NULL, "devices: {a: b}\n", "conf.d/a.yaml:1:10: devices must "
		 "be a list: '- ...' lines\n"},
		{NULL, "devices: [x]\n", "conf.d/a.yaml:1:11: a device must be "
		 "a map: - {endpoint: ..., bus: ...}\n"},
		DEVICE("bus: sim, " P, "conf.d/a.yaml:2:5: a device needs the "
		       "key 'endpoint'\n"),
		DEVICE("endpoint: e, " P, "conf.d/a.yaml:2:5: a device needs "
		       "the key 'bus'\n"),
		DEVICE("endpoint: e, bus: sim, bootstrap: first, " P,
		       "conf.d/a.yaml:2:40: 'bootstrap' is first: there is "
		       "no bootstrap server\n"),
		DEVICE("endpoint: e, bus: sim, bootstrap: never, " P, ""),
		{"bootstrap: {uri: coap://h}\n", "devices:\n"
		 "  - {endpoint: e, bus: sim, bootstrap: never, " P "}\n",
		 "conf.d/a.yaml:2:40: 'bootstrap' is never: there are no "
		 "servers either\n"},
		DEVICE("endpoint: e, bus: sim", "conf.d/a.yaml:2:16: the "
		       "device has no points: give it 'points' or a "
		       "'profile'\n"),
		DEVICE("endpoint: \"a\\tb\", bus: \"x\\e[2Jy\", poll: "
		       "\"1\\n2\", " P, "conf.d/a.yaml:2:16: 'endpoint' has "
		       "a control character\nconf.d/a.yaml:2:46: 'poll' must "
		       "be a time, as 500ms, 10s, 5min or 2h, not '1?2'\n"),
		DEVICE("endpoint: \"a\\tb\", bus: sim, " P, "conf.d/a.yaml:"
		       "2:16: 'endpoint' has a control character\n"),
		DEVICE("endpoint: e, bus: [], " P, "conf.d/a.yaml:2:24: 'bus' "
		       "must be one value, this is a list\n"),
		DEVICE("endpoint: e, bus: \"${unit}\", unit: 1, " P,
		       "conf.d/a.yaml:2:24: 'bus' cannot be a template\n"),
		DEVICE("endpoint: e, bus: {host: x}, " P, "conf.d/a.yaml:2:19: "
		       "a bus needs the key 'adapter'\n"),
		DEVICE("endpoint: e, bus: sim, queue: maybe, " P,
		       "conf.d/a.yaml:2:36: 'queue' must be true or false, not "
		       "'maybe'\n"),
		DEVICE("endpoint: e, bus: sim, register: never, " P,
		       "conf.d/a.yaml:2:39: 'register' must be heard or "
		       "always, not 'never'\n"),
		DEVICE("endpoint: e, bus: sim, poll: fast, " P,
		       "conf.d/a.yaml:2:35: 'poll' must be a time, as 500ms, "
		       "10s, 5min or 2h, not 'fast'\n"),
		DEVICE("endpoint: e, bus: sim, poll: 0s, " P,
		       "conf.d/a.yaml:2:35: 'poll' must be 1ms to 49710d, "
		       "not 0s\n"),
		DEVICE("endpoint: e, bus: sim, poll: 999999d, " P,
		       "conf.d/a.yaml:2:35: 'poll' is too long a time: "
		       "999999d\n"),
		DEVICE("endpoint: e, bus: sim, servers: [1, 2], " P,
		       "conf.d/a.yaml:2:42: there is no server with the id "
		       "2\n"),
		DEVICE("endpoint: e, bus: sim, servers: [1, 1], " P,
		       "conf.d/a.yaml:2:42: 'servers' has 1 twice\n"),
		{"servers:\n  - {id: 1, uri: coap://h}\n"
		 "  - {id: 2, uri: coap://i}\n",
		 "devices:\n  - {endpoint: e, bus: sim, servers: [2, 2], " P
		 "}\n", "conf.d/a.yaml:2:42: 'servers' has 2 twice\n"},
		DEVICE("endpoint: e, bus: sim, servers: each, " P,
		       "conf.d/a.yaml:2:38: 'servers' must be all or ids, as "
		       "[1, 2], not 'each'\n"),
		DEVICE("endpoint: e, bus: sim, servers: [], " P,
		       "conf.d/a.yaml:2:38: 'servers' is empty: use enabled: "
		       "false, or all\n"),
		DEVICE("endpoint: e, bus: sim, model: , " P,
		       "conf.d/a.yaml:2:36: 'model' must be one value, this is "
		       "empty\n"),
		DEVICE("endpoint: e, bus: sim, profile: v/n, " P,
		       "conf.d/a.yaml:2:38: there is no profile 'v/n'; did you "
		       "mean 'v/m'?\n"),
	};

	(void)state;
	CHECK(rules);
}

#define POINT(keys, expected) \
	{NULL, "devices:\n  - endpoint: e\n    bus: sim\n    points:\n" \
	 "      - {" keys "}\n", expected}

/* As other programs, manuals and word processors have it. */
static void usual_elsewhere(void **state)
{
	static const struct rule rules[] = {
		{"servers: [{id: 1, host: h, port: 5683, version: 1}]\n", NULL,
		 "lwmux.yaml:1:11: a server needs the key 'uri'\n"
		 "lwmux.yaml:1:19: unknown key 'host' of a server; did you "
		 "mean 'uri'?\n"
		 "lwmux.yaml:1:28: unknown key 'port' of a server; did you "
		 "mean 'uri'?\n"
		 "lwmux.yaml:1:40: unknown key 'version' of a server; did you "
		 "mean 'lwm2m'?\n"},
		/* Once, and by the word that was meant. */
		{"servers: [{id: 1, uri: 'coaps://h', security: dtls}]\n", NULL,
		 "lwmux.yaml:1:47: 'security' must be nosec, psk, rpk or x509, "
		 "not 'dtls'; did you mean 'psk'?\n"},
		/* The key itself is not repeated. */
		{"servers: [{id: 1, uri: 'coaps://h', security: psk, key_file: "
		 "00112233445566778899aabbccddeeff}]\n", NULL,
		 "lwmux.yaml:1:62: 'key_file' names a file, and this looks "
		 "like the key: write it into a file (root:lwmux 0640), as "
		 "keys/NAME, and that name here\n"},
		{MAIN_USUAL "store: {disk: 256}\n", NULL, "lwmux.yaml:2:15: "
		 "'disk' is a size and needs a unit: 256KiB or 256MiB?\n"},
		{MAIN_USUAL "store: {disk: 0}\n", NULL, ""},
		{MAIN_USUAL "store: {disk: 65536}\n", NULL, ""},
		{MAIN_USUAL "store: {size: 1MiB}\n", NULL, "lwmux.yaml:2:9: "
		 "unknown key 'size' of the store; there are: memory, disk, "
		 "rate and flush\n"},
		POINT("name: t,\u00a0keep: true", "conf.d/a.yaml:5:18: there is "
		      "a no-break space (U+00A0) in it, which is no blank: "
		      "write a usual one\n"),
	};

	(void)state;
	CHECK(rules);
}

static void access_of_servers(void **state)
{
	static const struct rule rules[] = {
		{"servers: [{id: 1, uri: coap://h, access: reed}]\n", NULL,
		 "lwmux.yaml:1:42: 'access' is of the words all, none, read, "
		 "write, execute, delete, create, not 'reed'; did you mean "
		 "'read'?\n"},
		{"servers: [{id: 1, uri: coap://h, access: []}]\n", NULL,
		 "lwmux.yaml:1:42: 'access' is empty: say none\n"},
		{"servers: [{id: 1, uri: coap://h, access: {1: read}}]\n",
		 NULL, "lwmux.yaml:1:42: 'access' must be one value, this is a "
		 "map\n"},
		{NULL, "devices:\n  - {endpoint: e, bus: sim, points: [{name: t}], access: {2: "
		 "read}}\n", "conf.d/a.yaml:2:59: 'access': there is no "
		 "server with the id 2\n"},
		{NULL, "devices:\n  - {endpoint: e, bus: sim, points: [{name: t}], access: {1: "
		 "[read, x]}}\n", "conf.d/a.yaml:2:69: 'access' is of the "
		 "words all, none, read, write, execute, delete, create, not "
		 "'x'\n"},
	};

	(void)state;
	CHECK(rules);
}

static void points(void **state)
{
	static const struct rule rules[] = {
		DEVICE("endpoint: e, bus: sim, points: {a: 1}",
		       "conf.d/a.yaml:2:37: points must be a list: '- ...' "
		       "lines\n"),
		DEVICE("endpoint: e, bus: sim, points: [x]",
		       "conf.d/a.yaml:2:38: a point must be a map: - {name: "
		       "..., map: ...}\n"),
		POINT("map: 3303/0", "conf.d/a.yaml:5:9: a point needs the key "
		      "'name'\n"),
		POINT("name: a}\n      - {name: a", "conf.d/a.yaml:6:16: the "
		      "point 'a' is there already, in line 5\n"),
		POINT("name: a, map: 3303", "conf.d/a.yaml:5:24: 'map' must be "
		      "OBJECT/INSTANCE or OBJECT/INSTANCE/RESOURCE, as 3303/0 "
		      "or 3308/0/5900, not '3303'\n"),
		POINT("name: a, map: t/0", "conf.d/a.yaml:5:24: 'map' must be "
		      "OBJECT/INSTANCE or OBJECT/INSTANCE/RESOURCE, as 3303/0 "
		      "or 3308/0/5900, not 't/0'\n"),
		POINT("name: a, map: 1/0", "conf.d/a.yaml:5:24: 'map': object "
		      "1 is the gateway's own\n"),
		POINT("name: a, map: 33030/0", "conf.d/a.yaml:5:24: 'map': "
		      "object 33030 is not known: put its definition into "
		      "objects.d, as OMA publishes it\n"),
		POINT("name: a, map: 3/1/9", "conf.d/a.yaml:5:24: 'map': "
		      "object 3 (Device) has the instance 0 only\n"),
		POINT("name: a, map: 3/0", "conf.d/a.yaml:5:24: 'map': object "
		      "3 (Device) has no main resource: name one, as "
		      "3/0/RESOURCE\n"),
		POINT("name: a, map: 3303/0/5900", "conf.d/a.yaml:5:24: 'map': "
		      "object 3303 (Temperature) has no resource 5900\n"),
		POINT("name: a, map: 3303/0/5700/1", "conf.d/a.yaml:5:24: "
		      "'map': resource 5700 (Sensor Value) has no instances "
		      "of its own\n"),
		POINT("name: a, map: 3303/0, writable: true",
		      "conf.d/a.yaml:5:42: 'writable': /3303/0/5700 (Sensor "
		      "Value) is read-only\n"),
		POINT("name: a, writable: true", "conf.d/a.yaml:5:29: the "
		      "point has no 'map', so nobody can write it\n"),
		POINT("name: a, map: 3/0/4", "conf.d/a.yaml:5:24: 'map': "
		      "/3/0/4 (Reboot) is executed: say what that writes, with "
		      "on_execute\n"),
		POINT("name: a, map: 3303/0, on_execute: 1",
		      "conf.d/a.yaml:5:44: 'on_execute': /3303/0/5700 (Sensor "
		      "Value) is not executable\n"),
		POINT("name: a, map: 3303/0}\n      - {name: b, map: "
		      "3303/0/5700", "conf.d/a.yaml:6:24: 'map': /3303/0/5700 "
		      "is the point 'a' already (line 5)\n"),
		POINT("name: a, scale: 0", "conf.d/a.yaml:5:26: 'scale' cannot "
		      "be 0\n"),
		POINT("name: a, scale: ten", "conf.d/a.yaml:5:26: 'scale' must "
		      "be a number, 'ten' is none\n"),
		POINT("name: a, offset: 0x10", "conf.d/a.yaml:5:27: 'offset' "
		      "must be a number, '0x10' is none\n"),
		POINT("name: a, round: 16", "conf.d/a.yaml:5:26: 'round' must "
		      "be 0 to 15 decimals, or off, not '16'\n"),
		POINT("name: a, range: 1..2", "conf.d/a.yaml:5:26: 'range' must "
		      "be [lowest, highest]\n"),
		POINT("name: a, range: [2, 1]", "conf.d/a.yaml:5:26: 'range': 2 "
		      "is not below 1\n"),
		POINT("name: a, range: [5, 60], safe: 100",
		      "conf.d/a.yaml:5:41: 'safe': 100 is not in the point's "
		      "range, 5 to 60\n"),
		POINT("name: a, map: 3308/0, writable: true, safe: 4.9, range: "
		      "[5, 60]", "conf.d/a.yaml:5:54: 'safe': 4.9 is not in "
		      "the point's range, 5 to 60\n"),
		POINT("name: a, range: [5, 60], map: 3/0/4, on_execute: 0",
		      "conf.d/a.yaml:5:59: 'on_execute': 0 is not in the "
		      "point's range, 5 to 60\n"),
		POINT("name: a, enabled: perhaps", "conf.d/a.yaml:5:28: "
		      "'enabled' must be true or false, not 'perhaps'\n"),
		POINT("name: a, poll: 5", "conf.d/a.yaml:5:25: 'poll' is a "
		      "time and needs a unit: 5s, 5min or 5h?\n"),
	};

	(void)state;
	CHECK(rules);
}

static void fleets_that_cannot_be(void **state)
{
	static const struct rule rules[] = {
		DEVICE("endpoint: e, unit: 1-3, bus: sim, " P,
		       "conf.d/a.yaml:2:16: 'unit' is the range 1-3: each "
		       "device needs a name of its own, as \"e-${unit}\"\n"),
		DEVICE("endpoint: e, unit: 3-1, bus: sim, " P,
		       "conf.d/a.yaml:2:25: 'unit': '3-1' is no number or "
		       "range, as 7 or 1,2,5-18\n"),
		DEVICE("endpoint: e, unit: 1-, bus: sim, " P,
		       "conf.d/a.yaml:2:25: 'unit': '1-' is no number or "
		       "range, as 7 or 1,2,5-18\n"),
		DEVICE("endpoint: e, unit: 0-99999, bus: sim, " P,
		       "conf.d/a.yaml:2:25: 'unit': '0-99999' are too many\n"),
		DEVICE("endpoint: \"e-${unit}\", bus: sim, " P,
		       "conf.d/a.yaml:2:16: ${unit} has no value here: the "
		       "device has no unit\n"),
		DEVICE("endpoint: \"e-${uint}\", bus: sim, " P,
		       "conf.d/a.yaml:2:16: ${uint} is not known: there are "
		       "${endpoint}, ${gateway}, ${unit}, ${hostname}, "
		       "${machine_id} and ${serial}\n"),
		DEVICE("endpoint: \"e-${serial}\", bus: sim, " P,
		       "conf.d/a.yaml:2:16: ${serial} has no value here: this "
		       "machine tells no serial number (a PC tells its own only "
		       "to root): take ${machine_id}\n"),
		DEVICE("endpoint: \"e-${unit\", bus: sim, " P,
		       "conf.d/a.yaml:2:16: '${' without its '}'\n"),
		DEVICE("endpoint: \"${endpoint}\", bus: sim, " P,
		       "conf.d/a.yaml:2:16: ${endpoint} has no value here: the "
		       "endpoint's name cannot hold itself\n"),
		DEVICE("endpoint: \"${gateway}-1\", bus: sim, " P,
		       "conf.d/a.yaml:2:16: ${gateway} has no value here: "
		       "gateway: has no name\n"),
		{NULL, "buses: {b: {adapter: sim, x: \"${unit}\"}}\n",
		 "conf.d/a.yaml:1:30: 'x': templates are for devices, a bus "
		 "has none\n"},
	};

	(void)state;
	CHECK(rules);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(main_file),
		cmocka_unit_test(servers),
		cmocka_unit_test(devices),
		cmocka_unit_test(usual_elsewhere),
		cmocka_unit_test(access_of_servers),
		cmocka_unit_test(points),
		cmocka_unit_test(fleets_that_cannot_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
