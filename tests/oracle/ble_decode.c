/* SPDX-License-Identifier: GPL-2.0-or-later
 * Decodes advertisements: a line of "ADDRESS KEY NAME HEX" on stdin (- for no key
 * or name, _ for a blank in a name) gives a line of "field=value ..." or of a word
 * in capitals. Each line is another device, that nothing is remembered of. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/ble/decode.h"

static size_t hex_read(const char *hex, uint8_t *bytes, size_t size)
{
	unsigned byte;
	size_t n = 0;

	for (; n < size && sscanf(hex, "%2x", &byte) == 1; hex += 2)
		bytes[n++] = (uint8_t)byte;
	return n;
}

static size_t name_put(uint8_t *data, const char *name)
{
	size_t n = strlen(name);

	data[0] = (uint8_t)(n + 1);
	data[1] = 0x09;
	for (size_t i = 0; i < n; i++)
		data[2 + i] = name[i] == '_' ? ' ' : (uint8_t)name[i];
	return n + 2;
}

static void reading_print(const struct reading *r, const char *before)
{
	const struct lwm2m_value *v = &r->value;

	printf("%s%s", before, field_name(r->field));
	if (r->index)
		printf("-%u", r->index + 1u);
	if (v->type == LWM2M_STRING)
		printf("='%.*s'", (int)v->length, v->as.text);
	else
		printf("=%.12g", lwm2m_number(v));
}

static void line_decode(const char *address, const char *key, const char *name,
			const char *hex)
{
	uint8_t data[700], key_bytes[32];
	struct decode_device device = {.key = key_bytes};
	struct advertisement adv = {.data = data, .rssi = 127};
	const struct decoder *by;
	struct readings readings;
	enum decode_result result;

	for (int i = 0; i < 6; i++)
		adv.address[i] = (uint8_t)strtoul(address + 3 * i, NULL, 16);
	if (*key != '-')
		device.n_key = hex_read(key, key_bytes, sizeof(key_bytes));
	if (*name != '-')
		adv.n = name_put(data, name);
	adv.n += hex_read(hex, data + adv.n, sizeof(data) - adv.n);
	result = decode(DECODE_AUTO, &adv, &device, 1, &readings, &by);
	if (result != DECODED_VALUES)
		printf("%s", result == DECODED_OTHER ? "OTHER" : "NOTHING");
	for (size_t i = 0; result == DECODED_VALUES && i < readings.n; i++)
		reading_print(&readings.at[i], i ? " " : "");
	putchar('\n');
}

int main(void)
{
	char address[32], key[80], name[64], hex[1300];

	while (scanf("%31s %79s %63s %1299s", address, key, name, hex) == 4)
		line_decode(address, key, name, hex);
	return 0;
}
