/* SPDX-License-Identifier: GPL-2.0-or-later
 * Modbus requests and replies. */
#include "adapters/modbus/request.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum {
	READ_COILS = 1,
	READ_DISCRETE_INPUTS,
	READ_HOLDING_REGISTERS,
	READ_INPUT_REGISTERS,
	WRITE_COIL,
	WRITE_REGISTER,
	WRITE_COILS = 15,
	WRITE_REGISTERS,
	SERVER_ID,
	MASK_WRITE_REGISTER = 22,
	ENCAPSULATED = 43,
	EXCEPTION = 0x80,
};
#define IDENTIFICATION 14	/* MEI type of ENCAPSULATED */
#define OBJECTS_AT 7		/* in its reply's PDU */

const char *const modbus_table_names[TABLES] = {
	"coil", "discrete", "holding", "input"
};
static const uint8_t read_functions[TABLES] = {
	[TABLE_COIL] = READ_COILS,
	[TABLE_DISCRETE] = READ_DISCRETE_INPUTS,
	[TABLE_HOLDING] = READ_HOLDING_REGISTERS,
	[TABLE_INPUT] = READ_INPUT_REGISTERS,
};

static void word_put(uint8_t *at, unsigned word)
{
	at[0] = (uint8_t)(word >> 8);
	at[1] = (uint8_t)word;
}

static unsigned word_at(const uint8_t *at)
{
	return (unsigned)at[0] << 8 | at[1];
}

static struct modbus_request request_start(uint8_t unit, uint8_t function,
					   unsigned address, unsigned word)
{
	struct modbus_request r = {
		.unit = unit, .length = 5, .reply = 5, .pdu = {function}
	};

	word_put(r.pdu + 1, address);
	word_put(r.pdu + 3, word);
	return r;
}

struct modbus_request request_read(uint8_t unit, enum modbus_table table,
				   uint16_t address, unsigned n)
{
	struct modbus_request r =
		request_start(unit, read_functions[table], address, n);

	r.reply = (uint8_t)(2 + (table_has_bits(table) ? (n + 7) / 8 : 2 * n));
	return r;
}

struct modbus_request request_coil_write(uint8_t unit, uint16_t address,
					 bool on, bool multiple)
{
	struct modbus_request r;

	if (!multiple)
		return request_start(unit, WRITE_COIL, address,
				     on ? 0xff00 : 0);
	r = request_start(unit, WRITE_COILS, address, 1);
	r.pdu[5] = 1;
	r.pdu[6] = on;
	r.length = 7;
	return r;
}

struct modbus_request request_registers_write(uint8_t unit, uint16_t address,
					      const uint16_t *words, unsigned n,
					      bool multiple)
{
	struct modbus_request r;

	if (n == 1 && !multiple)
		return request_start(unit, WRITE_REGISTER, address, words[0]);
	r = request_start(unit, WRITE_REGISTERS, address, n);
	r.pdu[5] = (uint8_t)(2 * n);
	for (unsigned i = 0; i < n; i++)
		word_put(r.pdu + 6 + 2 * i, words[i]);
	r.length = (uint8_t)(6 + 2 * n);
	return r;
}

struct modbus_request request_mask_write(uint8_t unit, uint16_t address,
					 uint16_t and_mask, uint16_t or_mask)
{
	struct modbus_request r = request_start(unit, MASK_WRITE_REGISTER,
						address, and_mask);

	word_put(r.pdu + 5, or_mask);
	r.length = r.reply = 7;
	return r;
}

struct modbus_request request_identification(uint8_t unit)
{
	return (struct modbus_request){
		.unit = unit, .length = 4,
		.pdu = {ENCAPSULATED, IDENTIFICATION, 1, 0}};
}

struct modbus_request request_server_id(uint8_t unit)
{
	return (struct modbus_request){.unit = unit, .length = 1,
				       .pdu = {SERVER_ID}};
}

/* How long the PDU of a reply is that says so itself; 0: not yet known. */
static size_t open_length(const uint8_t *pdu, size_t n)
{
	size_t at = OBJECTS_AT;

	if (pdu[0] == SERVER_ID)
		return n < 2 ? 0 : 2u + pdu[1];
	if (n < OBJECTS_AT)
		return 0;
	for (unsigned i = 0; i < pdu[OBJECTS_AT - 1]; i++) {
		if (at + 2 > n)
			return 0;
		at += 2u + pdu[at + 1];
	}
	return at;
}

/* What is not ASCII is left out: nobody says in which code it is. */
static size_t text_put(const uint8_t *from, size_t n, char *text, size_t used,
		       size_t size)
{
	size_t begin = used;

	for (size_t i = 0; i < n && used + 1 < size; i++)
		if (from[i] > ' ' || (from[i] == ' ' && used > begin))
			if (from[i] < 0x7f)
				text[used++] = (char)from[i];
	while (used > begin && text[used - 1] == ' ')
		used--;
	text[used] = '\0';
	return used;
}

void reply_name(const struct modbus_request *r, const uint8_t *pdu, char *text,
		size_t size)
{
	size_t used = 0, at = OBJECTS_AT;

	*text = '\0';
	if (r->pdu[0] == SERVER_ID) {
		text_put(pdu + 2, pdu[1], text, 0, size);
		return;
	}
	for (unsigned i = 0; i < pdu[OBJECTS_AT - 1]; i++) {
		size_t before = used;

		if (before > 0 && before + 2 < size)
			used = before + (size_t)snprintf(text + before,
							 size - before, ", ");
		if (text_put(pdu + at + 2, pdu[at + 1], text, used, size) ==
		    used)
			used = before;
		else
			used = strlen(text);
		text[used] = '\0';
		at += 2u + pdu[at + 1];
	}
}

int reply_check(const struct modbus_request *r, const uint8_t *pdu, size_t n)
{
	if (n == 2 && pdu[0] == (r->pdu[0] | EXCEPTION) && pdu[1] > 0)
		return pdu[1];
	if (r->reply == 0)
		return n > 0 && pdu[0] == r->pdu[0] &&
		       open_length(pdu, n) == n ? 0 : -EBADMSG;
	if (n != r->reply || pdu[0] != r->pdu[0])
		return -EBADMSG;
	if (pdu[0] <= READ_INPUT_REGISTERS)
		return pdu[1] == n - 2 ? 0 : -EBADMSG;
	/* A write is echoed: address, and value or number. */
	return memcmp(pdu, r->pdu, r->reply) == 0 ? 0 : -EBADMSG;
}

void reply_words(const struct modbus_request *r, const uint8_t *pdu,
		 unsigned first, unsigned n, uint16_t *words)
{
	if (r->pdu[0] <= READ_DISCRETE_INPUTS)
		for (unsigned i = first; i < first + n; i++)
			*words++ = pdu[2 + i / 8] >> i % 8 & 1;
	else
		for (unsigned i = first; i < first + n; i++)
			*words++ = (uint16_t)word_at(pdu + 2 + 2 * i);
}

const char *exception_name(int code)
{
	static const char *const names[] = {
		[1] = "illegal function",
		[2] = "illegal data address",
		[3] = "illegal data value",
		[4] = "device failure",
		[5] = "acknowledge",
		[6] = "device busy",
		[7] = "negative acknowledge",
		[8] = "memory parity error",
		[10] = "gateway path unavailable",
		[11] = "device behind the gateway does not respond",
	};

	if (code < 1 || code > 11 || !names[code])
		return "unknown exception";
	return names[code];
}

/* Serial Line 1.02, 6.2.2: polynomial 0xa001, starting from all ones. */
static uint16_t crc_of(const uint8_t *at, size_t n)
{
	unsigned crc = 0xffff;

	while (n--) {
		crc ^= *at++;
		for (int i = 0; i < 8; i++)
			crc = crc & 1 ? crc >> 1 ^ 0xa001 : crc >> 1;
	}
	return (uint16_t)crc;
}

size_t rtu_frame_put(const struct modbus_request *r, uint8_t *frame)
{
	size_t n = 1u + r->length;
	uint16_t crc;

	frame[0] = r->unit;
	memcpy(frame + 1, r->pdu, r->length);
	crc = crc_of(frame, n);
	frame[n] = (uint8_t)crc;	/* low byte first */
	frame[n + 1] = (uint8_t)(crc >> 8);
	return n + 2;
}

size_t rtu_reply_length(const uint8_t *frame, size_t n)
{
	if (n < 3)
		return 0;
	if (frame[1] & EXCEPTION)
		return 5;
	if (frame[1] <= READ_INPUT_REGISTERS)
		return 5u + frame[2];
	if (frame[1] == SERVER_ID || frame[1] == ENCAPSULATED) {
		n = open_length(frame + 1, n - 1);
		return n && n <= PDU_MAX ? n + 3 : 0;
	}
	return frame[1] == MASK_WRITE_REGISTER ? 10 : 8;
}

bool rtu_crc_good(const uint8_t *frame, size_t n)
{
	return n >= 4 &&
	       crc_of(frame, n - 2) == (frame[n - 2] | frame[n - 1] << 8);
}
