/* SPDX-License-Identifier: GPL-2.0-or-later
 * The host's own keys: each name, type, default and range stands here and
 * nowhere else. */
#include "agent/config/config_metadata.h"

#define S INT64_C(1000000000)
#define LONGEST (INT64_C(49710) * 86400 * S)	/* whole days in 32 bits */
#define NAME_MAX_LENGTH 252	/* "ep=" and it fit a CoAP option of 255 */

/* Typed by code: form_ says for people what may stand there, json_ is the same
 * as a JSON Schema. */
#define OTHER(name_, form_, json_, help_, ...) \
	{.name = name_, .type = KEY_OTHER, .form = form_, .json = json_, \
	 .help = help_, __VA_ARGS__}
#define JSON_TEXT "{\"type\": [\"string\", \"number\", \"boolean\"]}"
#define JSON_NUMBER "{\"type\": [\"number\", \"string\"]}"
#define JSON_REF(name_) "{\"$ref\": \"#/$defs/" name_ "\"}"
#define JSON_LIST(item_) "{\"type\": \"array\", \"items\": " item_ "}"
#define JSON_MAP(item_) \
	"{\"type\": \"object\", \"additionalProperties\": " item_ "}"
#define JSON_ANY(a_, b_) "{\"anyOf\": [" a_ ", " b_ "]}"
#define JSON_ID "{\"type\": \"integer\", \"minimum\": 1, " \
	"\"maximum\": 65534}"
#define JSON_URI "{\"type\": \"string\", \"pattern\": " \
	"\"^(coaps?([+]tcp)?://|[$][{])\"}"
#define JSON_RIGHT "{\"enum\": [\"all\", \"none\", \"read\", \"write\", " \
	"\"execute\", \"delete\", \"create\"]}"
#define JSON_RIGHTS JSON_ANY(JSON_RIGHT, JSON_LIST(JSON_RIGHT))
#define RIGHTS "all, none, or a list of read, write, execute, delete, create"
#define TEXT_OF(name_, help_, ...) \
	OTHER(name_, "text", JSON_TEXT, help_, __VA_ARGS__)
#define FILE_OF(name_, help_) OTHER(name_, "file", JSON_TEXT, help_)

const struct config_key config_main_keys[] = {
	OTHER("gateway", "map", JSON_REF("gateway"),
	      "name and endpoint of this gateway, its page and metrics"),
	OTHER("servers", "list", JSON_LIST(JSON_REF("server")),
	      "the LwM2M servers that devices register with"),
	OTHER("bootstrap", "map", JSON_REF("bootstrap"),
	      "the bootstrap server, which may name servers in their place"),
	OTHER("defaults", "map", JSON_REF("defaults"),
	      "keys that all devices start from"),
	OTHER("store", "map", JSON_REF("store"),
	      "room for what servers cannot be told now"),
	OTHER("sms", "map", JSON_REF("sms"),
	      "a modem whose SMS let servers wake endpoints"),
	OTHER("buses", "map of buses by name", JSON_MAP(JSON_REF("any-bus")),
	      "the wires and radios that devices are at"),
	OTHER("devices", "list", JSON_LIST(JSON_REF("any-device")),
	      "each one becomes an endpoint"),
	{.type = KEY_END}
};

#define METADATA_NAMES(flags_) \
	TEXT_OF("device_type", "what kind of device it is, 3/0/17", \
		.flags = (flags_)), \
	TEXT_OF("hardware_version", "version of its hardware, 3/0/18", \
		.flags = (flags_)), \
	TEXT_OF("firmware_version", "version of its firmware, 3/0/3", \
		.flags = (flags_)), \
	TEXT_OF("software_version", "version of its software, 3/0/19", \
		.flags = (flags_)), \
	TEXT_OF("timezone", "its zone as Europe/Berlin, 3/0/15; the system's " \
		"if absent", .flags = (flags_)), \
	TEXT_OF("utc_offset", "its offset as +02:00, 3/0/14; the system's if " \
		"absent", .flags = (flags_)), \
	OTHER("location", "map of latitude, longitude, altitude, radius", \
	      JSON_REF("location"), "where it stands: object 6", \
	      .flags = (flags_))

const struct config_key config_gateway_keys[] = {
	CONFIG_KEY("name", KEY_TEXT, struct config, gateway, .min = 1,
		   .max = NAME_MAX_LENGTH, .help = "what the gateway is called; ${gateway} in "
		   "templates"),
	CONFIG_KEY("endpoint", KEY_TEXT, struct config, gateway_endpoint,
		   .min = 1, .max = NAME_MAX_LENGTH,
		   .help = "its name at the servers, where it is "
			   "an endpoint itself"),
	CONFIG_KEY("object_25", KEY_BOOL, struct config, object_25,
		   .help = "its endpoint lists the devices, in object 25"),
	CONFIG_KEY("http", KEY_TEXT, struct config, page.http,
		   .help = "where browsers and Prometheus find it: "
			   "127.0.0.1:8088, [::1]:8088; off if absent"),
	CONFIG_KEY("http_token_file", KEY_TEXT, struct config, page.token_file,
		   .help = "a file with what readers must know, 16 characters "
			   "or more, 0640; beyond loopback it is needed"),
	CONFIG_KEY("history", KEY_SIZE, struct config, page.history,
		   .fallback = "4MiB", .min = 0, .max = 1 << 30,
		   .help = "memory for the plots of the page: a value takes "
			   "4 KiB; 0: no plots"),
	CONFIG_KEY("metrics", KEY_CHOICE, struct config,
		   page.endpoint_metrics, .fallback = "summary",
		   .choices = "summary|endpoints",
		   .help = "whether there are series of each endpoint, "
			   "too"),
	TEXT_OF("manufacturer", "who made it, 3/0/0; the machine's if "
		"absent"),
	TEXT_OF("model", "model number, 3/0/1; the machine's if "
		"absent"),
	TEXT_OF("serial", "serial number, 3/0/2; the machine's if "
		"absent"),
	OTHER("sms", "true or false",
	      "{\"enum\": [true, false, \"yes\", \"no\", \"on\", \"off\"]}",
	      "SMS of its servers wake its endpoint; true if absent"),
	OTHER("smartcard", "true or false",
	      "{\"enum\": [true, false, \"yes\", \"no\", \"on\", \"off\"]}",
	      "its endpoint takes the accounts of a smart card; true if absent"),
	METADATA_NAMES(0),
	{.type = KEY_END}
};

const struct config_key config_store_keys[] = {
	CONFIG_KEY("memory", KEY_SIZE, struct config, store_memory,
		   .fallback = "1MiB", .min = 65536, .max = 1 << 30,
		   .help = "for values that wait, of all endpoints"),
	CONFIG_KEY("disk", KEY_SIZE, struct config, store_disk,
		   .fallback = "64MiB", .min = 0, .max = INT64_C(1) << 40,
		   .help = "for values that wait, below the state "
			   "directory; 0: memory only"),
	CONFIG_KEY("rate", KEY_INT, struct config, store_rate,
		   .fallback = "1000", .min = 1, .max = 1000000,
		   .help = "values/s delivered late to each server"),
	CONFIG_KEY("flush", KEY_TIME, struct config, store_flush,
		   .fallback = "30s", .min = S, .max = 3600 * S,
		   .help = "the disk is written to so often, but for what a "
			   "server was told to be set"),
	{.type = KEY_END}
};

#define SMS(name_, type_, member_, ...) \
	CONFIG_KEY(name_, type_, struct config_sms, member_, __VA_ARGS__)

const struct config_key config_sms_keys[] = {
	SMS("modem", KEY_TEXT, modem, .fallback = "any", .min = 1, .max = 64,
	    .help = "which one of ModemManager's, by IMEI, device or primary "
	    "port; any: the first"),
	SMS("number", KEY_TEXT, number, .min = 3, .max = 16,
	    .help = "its own number, as +491701234567, which servers are told; "
	    "the SIM's if absent, where it has one"),
	SMS("per_hour", KEY_INT, per_hour, .fallback = "20", .min = 1,
	    .max = 120, .help = "SMS that are acted on in any hour; more are "
	    "dropped and counted"),
	SMS("unsafe", KEY_BOOL, unsafe, .fallback = "false",
	    .help = "beyond the trigger, servers may read and write by SMS: a "
	    "sender's number can be forged"),
	{.type = KEY_END}
};

#define SERVER(name_, type_, member_, ...) \
	CONFIG_KEY(name_, type_, struct config_server, member_, __VA_ARGS__)

const struct config_key config_server_keys[] = {
	SERVER("id", KEY_INT, id, .flags = KEY_REQUIRED | KEY_ACCOUNT, .min = 1,
	       .max = 65534, .help = "short server id, which devices name"),
	OTHER("uri", "coap://HOST:PORT, coaps, coap+tcp or coaps+tcp", JSON_URI,
	      "where the server is; the port is 5683 or 5684 if absent",
	      .flags = KEY_REQUIRED),
	OTHER("other_uri", "coap+tcp://HOST:PORT beside coap, coaps+tcp beside "
	      "coaps, or the other way round", JSON_URI,
	      "where the same server is over its other transport, which endpoints "
	      "take where the first one does not answer, or the server prefers "
	      "it (1/x/22)", .flags = KEY_ACCOUNT),
	SERVER("lifetime", KEY_SECONDS, lifetime, .fallback = "5min",
	       .flags = KEY_ACCOUNT,
	       .min = 20 * S, .max = LONGEST,
	       .help = "how long a registration lives without an Update"),
	SERVER("security", KEY_CHOICE, security, .fallback = "nosec",
	       .choices = "nosec|psk|rpk|x509",
	       .help = "how the connection is protected"),
	TEXT_OF("identity", "of psk; ${endpoint} where it is not given"),
	FILE_OF("key_file", "of psk: the key in hex, root:lwmux 0640"),
	TEXT_OF("credential", "name of one of systemd, in place of key_file "
		"(psk) or private_key_file"),
	FILE_OF("cert_file", "of x509: own certificate, and its issuers"),
	FILE_OF("private_key_file", "of rpk and x509: own key, root:lwmux "
		"0640"),
	FILE_OF("trust_file", "of x509: whose signature on the server's "
		"certificate counts"),
	FILE_OF("server_key_file", "of rpk: the server's public key; of x509: "
		"its certificate"),
	TEXT_OF("sni", "the name that the server goes by; its host if absent"),
	SERVER("lwm2m", KEY_CHOICE, version, .fallback = "1.1",
	       .choices = "1.1|1.0|1.2", .help = "the version of LwM2M that "
	       "it speaks; an older one where it refuses that"),
	TEXT_OF("path", "where endpoints register; /rd if absent"),
	SERVER("ct", KEY_INT, ct, .flags = KEY_NONE, .min = 0, .max = 65535,
	       .help = "content format named in the registration, or none; "
		       "110 with 1.1, none with 1.0"),
	OTHER("ver", "true, false or map of versions by object",
	      JSON_ANY("{\"type\": [\"boolean\", \"string\"]}",
		       JSON_MAP(JSON_TEXT)),
	      "name object versions in the registration; true with 1.1, "
	      "false with 1.0; or those of some objects, {3303: \"1.0\"}"),
	TEXT_OF("format", "of what is read without naming one: senml-json, "
	      "senml-cbor, tlv, json, lwm2m-cbor; as ct, or tlv with 1.0"),
	TEXT_OF("server", "what it is, with habits that the keys beside it need not "
	      "name: leshan-1, fiware, wakaama-1.0, thingsboard"),
	OTHER("binding", "U or T", "{\"enum\": [\"U\", \"T\"]}",
	      "what an endpoint says it listens to: UDP or TCP"),
	SERVER("notify", KEY_CHOICE, notify_non, .fallback = "con",
	       .choices = "con|non", .help = "whether notifications are confirmed"),
	SERVER("pace", KEY_INT, pace, .fallback = "200", .min = 0,
	       .max = 1000000, .help = "registrations and updates/s; 0: any"),
	SERVER("keepalive", KEY_SECONDS, keepalive, .flags = KEY_NONE,
	       .min = 5 * S, .max = 86400 * S, .help = "a ping after so long a "
	       "silence, or off: keeps a NAT open"),
	SERVER("on_exit", KEY_CHOICE, keep_on_exit, .fallback = "deregister",
	       .choices = "deregister|keep", .help = "what endpoints do when lwmuxd stops"),
	SERVER("pmin", KEY_SECONDS, pmin, .fallback = "0", .min = 0,
	       .flags = KEY_ACCOUNT,
	       .max = LONGEST, .help = "default minimum period, 1/x/2"),
	SERVER("pmax", KEY_SECONDS, pmax, .fallback = "0", .min = 0,
	       .flags = KEY_ACCOUNT,
	       .max = LONGEST, .help = "default maximum period, 1/x/3"),
	SERVER("priority", KEY_INT, priority, .flags = KEY_NONE | KEY_ACCOUNT,
	       .min = 0, .max = INT32_MAX, .help = "whose turn it is to be "
	       "registered with, the lowest first, 1/x/13; none: at once"),
	SERVER("initial_delay", KEY_SECONDS, initial_delay, .fallback = "0",
	       .flags = KEY_ACCOUNT, .min = 0, .max = LONGEST,
	       .help = "how long the first registration waits, 1/x/14"),
	SERVER("failure_block", KEY_BOOL, failure_block, .fallback = "false",
	       .flags = KEY_ACCOUNT, .help = "where it fails, those of a "
	       "higher priority number wait on, 1/x/15"),
	SERVER("failure_bootstrap", KEY_BOOL, failure_bootstrap,
	       .fallback = "true", .flags = KEY_ACCOUNT, .help = "where it "
	       "fails, the bootstrap server is asked, 1/x/16"),
	SERVER("retry_count", KEY_INT, policy.retry_count, .fallback = "5",
	       .flags = KEY_ACCOUNT, .min = 1, .max = 255,
	       .help = "attempts to register in a row, 1/x/17"),
	SERVER("retry_timer", KEY_SECONDS, policy.retry_timer,
	       .fallback = "1min", .flags = KEY_ACCOUNT, .min = 2 * S,
	       .max = LONGEST, .help = "between the first two of them; doubled "
	       "for each further one, 1/x/18"),
	/* Not the standard's day: after an hour without their server ours are
	 * back within a quarter of one. */
	SERVER("sequence_delay", KEY_SECONDS, policy.sequence_delay,
	       .fallback = "15min", .flags = KEY_ACCOUNT, .min = 2 * S,
	       .max = LONGEST, .help = "after a row, before the next, 1/x/19"),
	SERVER("sequence_count", KEY_INT, policy.sequence_count,
	       .fallback = "1", .flags = KEY_ACCOUNT, .min = 1, .max = 255,
	       .help = "rows after which it counts as failed, 1/x/20; they go on"),
	OTHER("sms_number", "number, as +491701234567", JSON_TEXT,
	      "where its SMS come from: those wake endpoints with sms: true",
	      .flags = KEY_ACCOUNT),
	OTHER("access", RIGHTS, JSON_RIGHTS,
	      "what it may do with its devices; all if absent"),
	{.type = KEY_END}
};

/* The bootstrap server's: these, and those of a server that are left over. */
const struct config_key config_bootstrap_keys[] = {
	OTHER("uri", "coap://HOST:PORT, coaps, coap+tcp or coaps+tcp", JSON_URI,
	      "where the bootstrap server is; none is needed with smartcard"),
	SERVER("smartcard", KEY_TEXT, smartcard, .min = 1, .max = 127,
	       .help = "reader whose card has the accounts, any or a part of "
	       "its name; a card goes before all servers"),
	SERVER("smartcard_pin_file", KEY_TEXT, pin_file, .min = 1, .max = 4095,
	       .help = "of a card that wants one: its PIN, root:lwmux 0640"),
	SERVER("smartcard_key_file", KEY_TEXT, card_key_file, .min = 1,
	       .max = 4095, .help = "of a card that is read through a secure "
	       "channel (SCP03) alone: KEY_ENC, KEY_MAC and KEY_DEK in hex, each "
	       "in a line, or one for all; root:lwmux 0640"),
	TEXT_OF("path", "where endpoints ask; /bs if absent"),
	SERVER("ct", KEY_INT, ct, .flags = KEY_NONE, .min = 0, .max = 65535,
	       .help = "the format it is asked to write in, or none; 112 with "
		       "1.1, none with 1.0"),
	SERVER("hold_off", KEY_SECONDS, hold_off, .fallback = "0", .min = 0,
	       .max = LONGEST, .help = "how long to wait before asking"),
	SERVER("account_timeout", KEY_SECONDS, account_timeout,
	       .flags = KEY_NONE, .min = S, .max = LONGEST,
	       .help = "when its own account ends after a bootstrap"),
	FILE_OF("trust_file", "of x509: whose signature on its certificate "
		"counts; and, with any security, on those of servers whose "
		"accounts ask for that (0/x/15: 0 and 1)"),
	SERVER("pack", KEY_BOOL, pack, .fallback = "false",
	       .help = "ask for all in one, as LwM2M 1.2 may"),
	SERVER("unsolicited", KEY_BOOL, unsolicited, .fallback = "false",
	       .help = "it may begin at any time: the connection stays"),
	{.type = KEY_END}
};

const struct config_key config_bus_keys[] = {
	CONFIG_KEY("adapter", KEY_TEXT, struct config_bus, adapter,
		   .flags = KEY_REQUIRED,
		   .help = "what drives it: modbus, ble, gpio, sim"),
	CONFIG_KEY("enabled", KEY_BOOL, struct config_bus, enabled,
		   .fallback = "true", .help = "false: the bus is left closed"),
	{.type = KEY_END}
};

#define DEVICE(name_, type_, member_, ...) \
	CONFIG_KEY(name_, type_, struct config_device, member_, __VA_ARGS__)

const struct config_key config_device_keys[] = {
	DEVICE("endpoint", KEY_TEXT, endpoint, .flags = KEY_REQUIRED, .min = 1,
	       .max = NAME_MAX_LENGTH, .help = "its name at the servers"),
	OTHER("bus", "name, or a map of the bus's keys",
	      JSON_ANY("{\"type\": [\"string\", \"number\"]}",
		       JSON_REF("any-bus")),
	      "its bus: a name of buses, an adapter that needs no keys, or "
	      "the bus itself", .flags = KEY_REQUIRED),
	TEXT_OF("profile", "what its manual says, a file VENDOR/MODEL.yaml of "
		"profiles"),
	OTHER("servers", "list of ids, or all",
	      JSON_ANY("{\"enum\": [\"all\"]}",
		       JSON_ANY(JSON_ID, JSON_LIST(JSON_ID))),
	      "whom it registers with; all if absent",
	      .flags = KEY_INHERITABLE),
	DEVICE("bootstrap", KEY_CHOICE, bootstrap, .fallback = "fallback",
	       .choices = "fallback|first|never", .flags = KEY_INHERITABLE,
	       .help = "when it asks the bootstrap server: where "
	       "its servers fail, before them, never"),
	OTHER("access", RIGHTS "; or a map of these by server",
	      JSON_ANY(JSON_RIGHTS, JSON_MAP(JSON_RIGHTS)),
	      "what servers may do with it, {2: read}; the server's if absent",
	      .flags = KEY_INHERITABLE),
	DEVICE("via", KEY_CHOICE, via, .fallback = "own",
	       .choices = "own|gateway|both", .flags = KEY_INHERITABLE,
	       .help = "how servers get at it: it registers itself, or they "
	       "ask the gateway's own endpoint, by the device's prefix in "
	       "object 25, or both"),
	DEVICE("poll", KEY_TIME, poll, .fallback = "10s",
	       .flags = KEY_INHERITABLE,
	       .min = S / 1000, .max = LONGEST, .help = "how often it is read"),
	DEVICE("lifetime", KEY_SECONDS, lifetime, .flags = KEY_INHERITABLE,
	       .min = 20 * S, .max = LONGEST,
	       .help = "of its registration; the server's if absent"),
	DEVICE("queue", KEY_BOOL, queue, .fallback = "false",
	       .flags = KEY_INHERITABLE, .help = "queue mode: it sleeps"),
	DEVICE("awake_time", KEY_TIME, awake_time, .flags = KEY_INHERITABLE,
	       .min = S, .max = LONGEST, .help = "the server's window in "
	       "queue mode; 93s, MAX_TRANSMIT_WAIT, if absent"),
	DEVICE("wake", KEY_CHOICE, wake_by_notification, .fallback = "update",
	       .choices = "update|notify", .flags = KEY_INHERITABLE,
	       .help = "how the server learns that a sleeper is awake"),
	DEVICE("notify_asleep", KEY_BOOL, notify_asleep, .fallback = "false",
	       .flags = KEY_INHERITABLE,
	       .help = "pmax repeats the old value while it sleeps"),
	DEVICE("sms", KEY_BOOL, sms, .fallback = "false",
	       .flags = KEY_INHERITABLE,
	       .help = "SMS of its servers wake it"),
	DEVICE("smartcard", KEY_BOOL, smartcard, .fallback = "false",
	       .flags = KEY_INHERITABLE,
	       .help = "it takes the accounts of a smart card, as "
	       "bootstrap says"),
	DEVICE("register", KEY_CHOICE, register_always, .fallback = "heard",
	       .choices = "heard|always", .flags = KEY_INHERITABLE,
	       .help = "registers when first heard, or at start"),
	DEVICE("silent_after", KEY_TIME, silent_after,
	       .flags = KEY_INHERITABLE | KEY_NONE,
	       .help = "called silent after so long without a sign of life; "
	       "3 polls or misses if absent; of a radio that is only listened "
	       "to 3 of its own longest gaps, 15min to 6h"),
	DEVICE("stale", KEY_CHOICE, stale, .fallback = "error",
	       .choices = "error|serve", .flags = KEY_INHERITABLE,
	       .help = "what a Read of a silent device gets"),
	DEVICE("asleep_write", KEY_CHOICE, asleep_write, .fallback = "hold",
	       .choices = "hold|accept|refuse", .flags = KEY_INHERITABLE,
	       .help = "what becomes of a Write to a sleeping device"),
	DEVICE("hold_at_most", KEY_TIME, hold_at_most, .fallback = "1h",
	       .min = S, .max = LONGEST, .flags = KEY_INHERITABLE,
	       .help = "of asleep_write: hold; then the server gets "
	       "5.04"),
	DEVICE("safe_after", KEY_TIME, safe_after,
	       .flags = KEY_INHERITABLE | KEY_NONE,
	       .help = "without a server for so long, since the Update that it "
	       "has not answered, `safe` is written"),
	OTHER("setup", "list of maps of the adapter's keys, value, every",
	      JSON_LIST("{\"type\": \"object\"}"),
	      "writes after each reconnect, before the first poll"),
	DEVICE("enabled", KEY_BOOL, enabled, .fallback = "true",
	       .help = "false: the device is left out"),
	OTHER("firmware_max", "bytes, 0 to 16777216", "{\"type\": \"integer\", "
	      "\"minimum\": 0, \"maximum\": 16777216}",
	      "of a package (object 5), if the device takes any; 0: none",
	      .flags = KEY_INHERITABLE),
	TEXT_OF("manufacturer", "who made it, 3/0/0", .flags = KEY_INHERITABLE),
	TEXT_OF("model", "model number, 3/0/1", .flags = KEY_INHERITABLE),
	TEXT_OF("serial", "serial number, 3/0/2"),
	METADATA_NAMES(KEY_INHERITABLE),
	OTHER("points", "list", JSON_LIST(JSON_REF("any-point")),
	      "what it measures and does"),
	{.type = KEY_END}
};

#define METADATA(name_) \
	CONFIG_KEY(#name_, KEY_TEXT, struct config_metadata, name_)

const struct config_key config_metadata_keys[] = {
	METADATA(manufacturer), METADATA(model), METADATA(serial),
	{.type = KEY_END}
};

#define OPTIONAL(name_) \
	CONFIG_KEY(#name_, KEY_TEXT, struct config_optional, name_, .min = 1, \
		   .max = 255)

const struct config_key config_optional_keys[] = {
	OPTIONAL(device_type), OPTIONAL(hardware_version),
	OPTIONAL(firmware_version), OPTIONAL(software_version),
	OPTIONAL(timezone), OPTIONAL(utc_offset),
	CONFIG_KEY("firmware_max", KEY_INT, struct config_optional,
		   firmware_max, .min = 0, .max = 16 << 20),
	{.type = KEY_END}
};

#define PLACE(name_, ...) \
	CONFIG_KEY(#name_, KEY_REAL, struct config_location, name_, __VA_ARGS__)

const struct config_key config_location_keys[] = {
	PLACE(latitude, .min = -90, .max = 90, .flags = KEY_REQUIRED,
	      .help = "degrees north of the equator"),
	PLACE(longitude, .min = -180, .max = 180, .flags = KEY_REQUIRED,
	      .help = "degrees east of Greenwich"),
	PLACE(altitude, .min = -12000, .max = 100000,
	      .help = "height above sea level, m"),
	PLACE(radius, .min = 0, .max = 20000000, .help = "radius of uncertainty, m"),
	{.type = KEY_END}
};

#define POINT(name_, type_, member_, ...) \
	CONFIG_KEY(name_, type_, struct config_point, member_, __VA_ARGS__)

const struct config_key config_point_keys[] = {
	POINT("name", KEY_TEXT, name, .flags = KEY_REQUIRED, .min = 1,
	      .max = 64, .help = "what it is called; 5750 unless "
	      "application says otherwise"),
	OTHER("map", "OBJECT/INSTANCE or OBJECT/INSTANCE/RESOURCE",
	      "{\"type\": \"string\", \"pattern\": \"^[0-9]+(/[0-9]+)+$|"
	      "[$][{]\"}", "what it is for a server: 3303/0, 3308/0/5900"),
	POINT("unit", KEY_TEXT, unit, .help = "of its value, 5701: Cel, V, "
	      "kWh, by SenML's registry"),
	POINT("application", KEY_TEXT, application, .help = "what its "
	      "instance is for, 5750; its name if absent, of several parts "
	      "the first's"),
	OTHER("scale", "number, not 0", JSON_NUMBER,
	      "value = raw x scale + offset", .flags = KEY_POINTS),
	OTHER("offset", "number", JSON_NUMBER,
	      "added behind scale: value = raw x scale + offset",
	      .flags = KEY_POINTS),
	OTHER("round", "0 to 15, or off",
	      "{\"enum\": [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, "
	      "15, \"off\"]}",
	      "decimals of the value; those of scale and offset if absent",
	      .flags = KEY_POINTS),
	OTHER("range", "[lowest, highest]",
	      "{\"type\": \"array\", \"items\": " JSON_NUMBER ", "
	      "\"minItems\": 2, \"maxItems\": 2}",
	      "what it can be, 5603 and 5604; a Write of more is refused",
	      .flags = KEY_POINTS),
	POINT("writable", KEY_BOOL, writable, .fallback = "false",
	      .flags = KEY_POINTS, .help = "a server may write it"),
	OTHER("on_execute", "number", JSON_NUMBER,
	      "what an Execute writes to the device"),
	OTHER("safe", "number", JSON_NUMBER,
	      "written when the device leaves, and after safe_after"),
	POINT("poll", KEY_TIME, poll, .min = S / 1000, .max = LONGEST,
	      .flags = KEY_NEVER, .help = "how often it is read, or never; the "
	      "device's if absent"),
	OTHER("values", "map of texts by number", JSON_MAP(JSON_TEXT),
	      "what numbers are called: {0: off, 1: heating}",
	      .flags = KEY_POINTS),
	POINT("keep", KEY_BOOL, keep, .fallback = "false", .flags = KEY_POINTS,
	      .help = "kept for a server that cannot be reached"),
	POINT("send", KEY_BOOL, send, .fallback = "false", .flags = KEY_POINTS,
	      .help = "each new value is sent, observed or not"),
	POINT("fraction", KEY_BOOL, fraction, .fallback = "false",
	      .flags = KEY_POINTS, .help = "also 6050: the part of a second of "
	      "its time, beside 5518"),
	POINT("optional", KEY_BOOL, optional, .fallback = "false",
	      .flags = KEY_POINTS, .help = "there from its first value on"),
	OTHER("enabled", "true or false",
	      "{\"enum\": [true, false, \"yes\", \"no\", \"on\", \"off\"]}",
	      "false: the point is left out"),
	{.type = KEY_END}
};

/* What a profile may say beside the adapter's block and the device's keys. */
const struct config_key config_profile_keys[] = {
	OTHER("identify", "map, or list of maps",
	      JSON_ANY("{\"type\": \"object\"}",
		       JSON_LIST("{\"type\": \"object\"}")),
	      "lets a scan recognise it: a condition, or a list of "
	      "which all hold"),
	OTHER("points", "list", JSON_LIST(JSON_REF("any-point")),
	      "what it measures and does"),
	{.type = KEY_END}
};
