/* SPDX-License-Identifier: GPL-2.0-or-later
 * What goes over the wire, in words. Costs nothing while nobody listens: the
 * wire has no tracer then. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/modbus/device.h"

#define WORDS_SHOWN 12

static unsigned word_at(const uint8_t *at)
{
	return (unsigned)at[0] << 8 | at[1];
}

static const char *table_of(unsigned function)
{
	static const char *const tables[] = {
		[1] = "coils", [2] = "discrete inputs",
		[3] = "holding registers", [4] = "input registers",
	};

	return tables[function];
}

static void request_print(const struct modbus_request *r, char *text,
			  size_t size)
{
	unsigned address = word_at(r->pdu + 1), n = word_at(r->pdu + 3);
	size_t used = (size_t)snprintf(text, size, "unit %u: ", r->unit);

	switch (r->pdu[0]) {
	case 1: case 2: case 3: case 4:
		snprintf(text + used, size - used, "read %u %s from %u", n,
			 table_of(r->pdu[0]), address);
		break;
	case 5:
		snprintf(text + used, size - used, "write coil %u: %s",
			 address, n ? "on" : "off");
		break;
	case 6:
		snprintf(text + used, size - used, "write register %u: %u",
			 address, n);
		break;
	case 15: case 16:
		snprintf(text + used, size - used, "write %u %s from %u", n,
			 r->pdu[0] == 15 ? "coils" : "registers", address);
		break;
	case 22:
		snprintf(text + used, size - used, "write bits %04x of "
			 "register %u: %04x", ~n & 0xffff, address,
			 word_at(r->pdu + 5));
		break;
	default:
		snprintf(text + used, size - used, "function %u", r->pdu[0]);
	}
}

static void values_print(const struct modbus_request *r, const uint8_t *pdu,
			 char *text, size_t size)
{
	uint16_t words[WORDS_SHOWN];
	unsigned n = word_at(r->pdu + 3);
	unsigned shown = n < WORDS_SHOWN ? n : WORDS_SHOWN;
	size_t used = (size_t)snprintf(text, size, "unit %u:", r->unit);

	reply_words(r, pdu, 0, shown, words);
	for (unsigned i = 0; i < shown; i++)
		used += (size_t)snprintf(text + used, size - used, " %u",
					 words[i]);
	if (n > WORDS_SHOWN)
		snprintf(text + used, size - used, " ... (%u)", n);
}

static void reply_print(const struct wire_call *call, int rc,
			const uint8_t *pdu, char *text, size_t size)
{
	const struct modbus_request *r = call->request;

	if (rc > 0)
		snprintf(text, size, "unit %u: exception %d, %s", r->unit, rc,
			 exception_name(rc));
	else if (rc == 0 && r->pdu[0] >= 1 && r->pdu[0] <= 4)
		values_print(r, pdu, text, size);
	else if (rc == 0)
		snprintf(text, size, "unit %u: done", r->unit);
	else
		snprintf(text, size, "%s", *call->text ? call->text :
			 strerror(-rc));
}

static void bytes_sent(void *bus, const struct modbus_request *request,
		       const uint8_t *bytes, size_t n)
{
	char text[WIRE_TEXT_MAX];

	request_print(request, text, sizeof(text));
	adapter_trace(bus, true, bytes, n, "%s", text);
}

/* They come in pieces: told together, when it is known what they are. */
static void bytes_came(void *bus, const uint8_t *bytes, size_t n)
{
	struct modbus_bus *b = ((struct adapter_bus *)bus)->data;

	if (n > FRAME_BYTES_MAX - b->n_came)
		n = FRAME_BYTES_MAX - b->n_came;
	memcpy(b->came + b->n_came, bytes, n);
	b->n_came += n;
}

void modbus_trace_begin(struct adapter_bus *bus)
{
	static const struct wire_tracer tracer = {
		.sent = bytes_sent, .came = bytes_came,
	};
	struct modbus_bus *b = bus->data;

	b->wire.tracer = NULL;
	if (!adapter_is_traced(bus))
		return;
	if (!b->came)
		b->came = malloc(FRAME_BYTES_MAX);
	if (b->came)
		b->wire.tracer = &tracer;
	b->wire.tracer_owner = bus;
	b->n_came = 0;
}

void modbus_trace_end(struct adapter_bus *bus, const struct wire_call *call,
		      int rc, const uint8_t *pdu)
{
	const struct modbus_bus *b = bus->data;
	char text[WIRE_TEXT_MAX];

	if (!b->wire.tracer)
		return;
	reply_print(call, rc, pdu, text, sizeof(text));
	adapter_trace(bus, false, b->came, b->n_came, "%s", text);
}
