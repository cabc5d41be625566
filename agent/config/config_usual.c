/* SPDX-License-Identifier: GPL-2.0-or-later
 * Words for keys that are usual elsewhere, in other programs and in manuals of
 * devices. Pure. */
#include <string.h>
#include <strings.h>
#include "agent/base/nearest.h"
#include "agent/config/config_key.h"

static const struct { const char *word, *key; } usual[] = {
	{"baud", "serial"}, {"baudrate", "serial"}, {"baud_rate", "serial"},
	{"parity", "serial"}, {"stop_bits", "serial"}, {"stopbits", "serial"},
	{"data_bits", "serial"}, {"databits", "serial"},
	{"slave", "unit"}, {"slave_id", "unit"}, {"slaveid", "unit"},
	{"unit_id", "unit"}, {"device_id", "unit"},
	{"ip", "host"}, {"ip_address", "host"}, {"hostname", "host"},
	{"server", "host"}, {"device", "port"}, {"tty", "port"},
	{"mac", "address"}, {"register", "address"}, {"addr", "address"},
	{"function", "table"}, {"function_code", "table"},
	{"register_type", "table"}, {"input_type", "table"},
	{"data_type", "type"}, {"datatype", "type"}, {"format", "type"},
	{"byte_order", "order"}, {"word_order", "order"}, {"swap", "order"},
	{"endian", "order"}, {"count", "length"},
	{"factor", "scale"}, {"multiplier", "scale"}, {"gain", "scale"},
	{"precision", "round"}, {"decimals", "round"},
	{"interval", "poll"}, {"period", "poll"}, {"scan_interval", "poll"},
	{"poll_interval", "poll"}, {"path", "map"}, {"object", "map"},
	{"resource", "map"}, {"description", "application"},
	{"id", "endpoint"}, {"client", "endpoint"}, {"gpio", "line"},
	{"pin", "line"}, {"bindkey", "bindkey_file"},
	{"url", "uri"}, {"psk", "key_file"}, {"key", "key_file"},
	{"psk_identity", "identity"}, {"short_server_id", "id"},
	{"ssid", "id"}, {"listen", "http"}, {"min", "range"}, {"max", "range"},
	{"host", "uri"}, {"port", "uri"}, {"version", "lwm2m"},
	{"password", "key_file"}, {"secret", "key_file"},
	{"ca", "trust_file"}, {"ca_file", "trust_file"},
	{"cafile", "trust_file"}, {"ca_cert", "trust_file"},
	{"certificate", "cert_file"}, {"divisor", "scale"}, {"divide", "scale"},
	{"mask", "bits"}, {"bitmask", "bits"}, {"slave_address", "unit"},
	{"readonly", "writable"}, {"read_only", "writable"},
	{"access", "writable"}, {"rw", "writable"},
	{"direction", "writable"}, {"mode", "writable"}, {"pull", "bias"},
	{"pullup", "bias"}, {"pull_up", "bias"}, {"inverted", "active_low"},
	{"invert", "active_low"}, {"inverse", "active_low"},
};

/* The same for values: what manuals of devices and other programs call them. */
static const struct { const char *key, *word, *value; } values[] = {
	{"table", "1", "coil"}, {"table", "2", "discrete"},
	{"table", "3", "holding"}, {"table", "4", "input"},
	{"table", "co", "coil"}, {"table", "di", "discrete"},
	{"table", "hr", "holding"}, {"table", "ir", "input"},
	{"table", "register", "holding"},
	{"type", "real", "float32"}, {"type", "single", "float32"},
	{"type", "double", "float64"}, {"type", "lreal", "float64"},
	{"type", "word", "uint16"}, {"type", "dword", "uint32"},
	{"type", "short", "int16"}, {"type", "long", "int32"},
	{"type", "dint", "int32"}, {"type", "udint", "uint32"},
	{"type", "s16", "int16"}, {"type", "u16", "uint16"},
	{"type", "s32", "int32"}, {"type", "u32", "uint32"},
	{"type", "char", "string"}, {"type", "ascii", "string"},
	{"order", "big", "ABCD"}, {"order", "big-endian", "ABCD"},
	{"order", "little", "DCBA"}, {"order", "little-endian", "DCBA"},
	{"order", "swapped", "CDAB"}, {"order", "word-swap", "CDAB"},
	{"order", "byte-swap", "BADC"},
	{"transport", "serial", "rtu"}, {"transport", "rs485", "rtu"},
	{"transport", "rs-485", "rtu"}, {"transport", "ip", "tcp"},
	{"transport", "ethernet", "tcp"}, {"transport", "rtuovertcp",
	 "rtu-over-tcp"},
	{"security", "none", "nosec"}, {"security", "no_sec", "nosec"},
	{"security", "off", "nosec"}, {"security", "dtls", "psk"},
	{"security", "tls", "psk"}, {"security", "cert", "x509"},
	{"security", "certificate", "x509"},
	{"decode", "xiaomi", "mibeacon"}, {"decode", "mijia", "mibeacon"},
	{"decode", "atc1441", "atc"}, {"decode", "pvvx", "atc"},
	{"decode", "ruuvitag", "ruuvi"},
	{"edge", "up", "rising"}, {"edge", "down", "falling"},
	{"edge", "any", "both"}, {"edge", "change", "both"},
	{"initial", "high", "on"}, {"initial", "1", "on"},
	{"initial", "true", "on"}, {"initial", "low", "off"},
	{"initial", "0", "off"}, {"initial", "false", "off"},
	{"bias", "up", "pull-up"}, {"bias", "down", "pull-down"},
	{"bias", "none", "disabled"}, {"bias", "off", "disabled"},
};

const char *config_key_usual(const char *name)
{
	for (size_t i = 0; i < sizeof(usual) / sizeof(*usual); i++)
		if (!strcmp(usual[i].word, name))
			return usual[i].key;
	return NULL;
}

void config_key_offer(struct nearest *nearest, const char *known)
{
	for (size_t i = 0; i < sizeof(usual) / sizeof(*usual); i++)
		if (!strcmp(usual[i].word, nearest->word) &&
		    !strcmp(usual[i].key, known)) {
			nearest_choose(nearest, known);
			if (!strncmp(nearest->word, "divi", 4))
				strcpy(nearest->text, "; did you mean 'scale', "
				       "0.1 in place of 10?");
			return;
		}
	nearest_offer(nearest, known);
}

void config_choices_offer(struct nearest *nearest, const char *key,
			  const char *choices)
{
	nearest_offer_choices(nearest, choices);
	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++)
		if (!strcmp(values[i].key, key) &&
		    !strcasecmp(values[i].word, nearest->word) &&
		    strstr(choices, values[i].value))
			nearest_choose(nearest, values[i].value);
}
