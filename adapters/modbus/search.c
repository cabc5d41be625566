/* SPDX-License-Identifier: GPL-2.0-or-later
 * probe: what could these registers mean? One exchange a call, between the
 * polls. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "adapters/modbus/device.h"

int modbus_search_exchange(struct adapter_search *search,
			   const struct modbus_request *request, uint8_t *pdu)
{
	const struct modbus_search *s = search->data;
	const struct modbus_bus *b = search->bus->data;
	struct wire_call call = {.request = request, .timeout = s->timeout,
				 .gap = b->gap};

	return modbus_exchange(search->bus, NULL, &call, pdu);
}

int modbus_search_read(struct adapter_search *search, uint8_t unit,
		       uint32_t table, uint16_t address, unsigned n,
		       uint16_t *words)
{
	struct modbus_request request =
		request_read(unit, (enum modbus_table)table, address, n);
	uint8_t pdu[PDU_MAX];
	int rc = modbus_search_exchange(search, &request, pdu);

	if (rc == 0)
		reply_words(&request, pdu, 0, n, words);
	return rc;
}

static void reading_tell(struct adapter_search *search, unsigned offset,
			 struct register_format format, const uint16_t *words)
{
	const struct modbus_search *s = search->data;
	char keys[80], text[REGISTER_TEXT_MAX];
	struct lwm2m_value value;

	if (register_decode(format, words + offset, &value, text))
		return;
	snprintf(keys, sizeof(keys), "table: %s, address: %u, type: %s, "
		 "order: %s", modbus_table_names[s->table],
		 s->address + offset, register_type_name(format.type),
		 register_order_names[format.order]);
	adapter_found(search, .keys = keys, .value = value);
}

/* All orders that differ: two of one register, four of more. */
static void readings_tell(struct adapter_search *search, unsigned offset,
			  const uint16_t *words)
{
	const struct modbus_search *s = search->data;

	for (unsigned type = 0; type < REGISTER_STRING; type++)
		for (unsigned order = 0; order < ORDERS; order++) {
			struct register_format f = {
				.type = (uint8_t)type, .order = (uint8_t)order
			};
			unsigned span = register_span(f);

			if (offset + span <= s->count &&
			    (span > 1 || order == ORDER_ABCD ||
			     order == ORDER_BADC))
				reading_tell(search, offset, f, words);
		}
}

/* Any bytes are some text: only what people would read is offered. */
static bool is_readable(const struct lwm2m_value *text)
{
	for (uint32_t i = 0; i < text->length; i++)
		if (text->as.text[i] < ' ' || text->as.text[i] > '~')
			return false;
	return text->length > 0;
}

static void text_tell(struct adapter_search *search, const uint16_t *words)
{
	const struct modbus_search *s = search->data;
	struct register_format f = {.type = REGISTER_STRING,
				    .length = s->count};
	char keys[80], text[REGISTER_TEXT_MAX];
	struct lwm2m_value value;

	if (register_decode(f, words, &value, text) || !is_readable(&value))
		return;
	snprintf(keys, sizeof(keys),
		 "table: %s, address: %u, type: string, length: %u",
		 modbus_table_names[s->table], s->address, s->count);
	adapter_found(search, .keys = keys, .value = value);
}

static void bit_tell(struct adapter_search *search, unsigned offset, bool on)
{
	const struct modbus_search *s = search->data;
	char keys[48];

	snprintf(keys, sizeof(keys), "table: %s, address: %u",
		 modbus_table_names[s->table], s->address + offset);
	adapter_found(search, .keys = keys, .value = lwm2m_boolean(on));
}

/* Addresses as manuals write them, with the table in front, count from 1. */
static const char *number_hint(const struct modbus_search *s, int exception)
{
	if (exception != 2)
		return "";
	if (s->address >= 40001 && s->table == TABLE_HOLDING)
		return ": does the manual count from 40001? Then take 40001 "
		       "off, or say address_base: 40001";
	if (s->address >= 30001 && s->table == TABLE_INPUT)
		return ": does the manual count from 30001? Then take 30001 "
		       "off, or say address_base: 30001";
	return s->address > 0 ? ": does the manual count from 1? Then take 1 "
				"off, or say address_base: 1" : "";
}

static int64_t probe_step(struct adapter_search *search)
{
	struct modbus_search *s = search->data;
	uint16_t words[READ_REGISTERS_MAX] = {0};
	char note[160];
	int rc;

	if (s->address + s->count > 65536)
		return -EINVAL;
	rc = modbus_search_read(search, s->unit, s->table, s->address,
				s->count, words);
	if (rc > 0) {
		snprintf(note, sizeof(note), "exception %d, %s%s", rc,
			 exception_name(rc), number_hint(s, rc));
		adapter_found(search, .keys = "", .note = note);
	}
	if (rc)
		return rc > 0 ? -EREMOTEIO : rc;
	for (unsigned i = 0; i < s->count; i++)
		if (table_has_bits(s->table))
			bit_tell(search, i, words[i] != 0);
		else
			readings_tell(search, i, words);
	if (!table_has_bits(s->table))
		text_tell(search, words);
	return 0;
}

int64_t modbus_search_step(struct adapter_search *search, int64_t now)
{
	switch (search->kind) {
	case ADAPTER_SCAN:
		return modbus_scan_step(search, now);
	case ADAPTER_PROBE:
		return probe_step(search);
	}
	return -ENOTSUP;
}
