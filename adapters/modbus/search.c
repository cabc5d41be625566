/* SPDX-License-Identifier: GPL-2.0-or-later
 * scan: who answers on this bus, and what is it? probe: what could these
 * registers mean? One exchange a call, between the polls. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "adapters/modbus/device.h"

static int search_read(struct adapter_search *search, uint8_t unit,
		       uint32_t table, uint16_t address, unsigned n,
		       uint16_t *words)
{
	const struct modbus_search *s = search->data;
	const struct modbus_bus *b = search->bus->data;
	struct modbus_request request =
		request_read(unit, (enum modbus_table)table, address, n);
	struct wire_call call = {.request = &request, .timeout = s->timeout,
				 .gap = b->gap};
	uint8_t pdu[PDU_MAX];
	int rc = modbus_exchange(search->bus, NULL, &call, pdu);

	if (rc == 0)
		reply_words(&request, pdu, words);
	return rc;
}

static uint16_t base_of(const struct adapter_point *point)
{
	const struct modbus_device *d =
		point->device ? point->device->data : NULL;

	return d ? modbus_base(d) : 0;
}

/* Ask the unit for what a profile knows its device by. */
static int identify_step(struct adapter_search *search,
			 const struct adapter_point *point)
{
	struct modbus_search *s = search->data;
	struct modbus_point p = *(const struct modbus_point *)point->data;
	char keys[24], text[REGISTER_TEXT_MAX];
	uint16_t words[READ_REGISTERS_MAX];
	struct lwm2m_value value;
	int rc;

	rc = modbus_point_prepare(&p, base_of(point), READ_REGISTERS_MAX);
	if (rc)
		return rc;
	if (p.item.span == 0 || p.item.span > READ_REGISTERS_MAX)
		rc = -EAGAIN;
	if (rc == 0)
		rc = search_read(search, (uint8_t)s->unit_now, p.table,
				 p.item.address, p.item.span, words);
	if (rc == 0)
		rc = modbus_value_read(&p, words, &value, text) ? -ENODATA : 0;
	modbus_point_finish(&p);
	if (rc)
		return rc == -ENODATA ? 0 : rc;
	snprintf(keys, sizeof(keys), "unit: %u", s->unit_now);
	adapter_found(search, .keys = keys, .identify = point, .value = value);
	s->told = true;
	return 0;
}

static void unit_tell(struct adapter_search *search)
{
	struct modbus_search *s = search->data;
	char keys[24], note[80];

	if (!s->heard || s->told)
		return;
	snprintf(keys, sizeof(keys), "unit: %u", s->unit_now);
	snprintf(note, sizeof(note), s->exception ?
		 "answers, exception %d, %s" : "answers", s->exception,
		 exception_name(s->exception));
	adapter_found(search, .keys = keys, .note = note);
}

static bool unit_next(struct modbus_search *s)
{
	s->unit_now = s->begun ? (uint16_t)(s->unit_now + 1) : s->from;
	s->begun = true;
	s->next = 0;
	s->heard = s->told = false;
	s->exception = 0;
	return s->unit_now <= s->to;
}

static int64_t scan_step(struct adapter_search *search, int64_t now)
{
	struct modbus_search *s = search->data;
	uint16_t word;
	bool last;
	int rc;

	if (!s->begun && !unit_next(s))
		return 0;
	if (search->n_identify == 0)
		rc = search_read(search, (uint8_t)s->unit_now, TABLE_HOLDING, 0,
				 1, &word);
	else
		rc = identify_step(search, search->identify[s->next]);
	if (rc < 0 && rc != -EAGAIN && wire_is_broken(rc))
		return rc;
	if (rc > 0)
		s->exception = (uint8_t)rc;
	s->heard |= rc == 0 || (rc > 0 && rc != 10 && rc != 11);
	/* a unit that is silent once is not asked again */
	last = !s->heard || ++s->next >= search->n_identify;
	if (!last)
		return now;
	unit_tell(search);
	return unit_next(s) ? now : 0;
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
	rc = search_read(search, s->unit, s->table, s->address, s->count,
			 words);
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
		return scan_step(search, now);
	case ADAPTER_PROBE:
		return probe_step(search);
	}
	return -ENOTSUP;
}
