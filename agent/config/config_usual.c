/* SPDX-License-Identifier: GPL-2.0-or-later
 * Words for keys that are usual elsewhere, in other programs and in manuals of
 * devices. Pure. */
#include <string.h>
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
	const char *meant = config_key_usual(nearest->word);

	if (meant && !strcmp(meant, known))
		nearest_choose(nearest, known);
	else
		nearest_offer(nearest, known);
}
