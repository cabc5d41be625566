/* SPDX-License-Identifier: GPL-2.0-or-later
 * The Attribute Protocol's client side. */
#include "adapters/ble/att.h"

#include <string.h>

#include "adapters/ble/bytes.h"

enum opcode {
	ERROR = 0x01, MTU = 0x02, FIND = 0x04, READ_TYPE = 0x08, READ = 0x0a,
	READ_MORE = 0x0c, WRITE = 0x12, PREPARE = 0x16, EXECUTE = 0x18,
	NOTIFY = 0x1b, INDICATE = 0x1d, CONFIRM = 0x1e, WRITE_COMMAND = 0x52,
};
enum { ERROR_NOT_FOUND = 0x0a, ERROR_NOT_LONG = 0x0b, ERROR_OFFSET = 0x07,
       ERROR_NOT_SUPPORTED = 0x06 };
#define CHARACTERISTIC 0x2803
#define LAST_HANDLE 0xffff

/* As they go through the air, the 16 bits at 12. */
static const uint8_t base_uuid[16] = {
	0xfb, 0x34, 0x9b, 0x5f, 0x80, 0x00, 0x00, 0x80, 0x00, 0x10, 0, 0, 0,
	0, 0, 0};

/* ---- UUIDs */

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool att_uuid_parse(const char *text, struct att_uuid *uuid)
{
	uint8_t digits[32];
	size_t n = 0;

	if (text[0] == '0' && (text[1] | 0x20) == 'x')
		text += 2;
	for (; *text; text++) {
		if (*text == '-')
			continue;
		if (n == sizeof(digits) || hex_digit(*text) < 0)
			return false;
		digits[n++] = (uint8_t)hex_digit(*text);
	}
	if (n != 4 && n != 8 && n != 32)
		return false;
	memcpy(uuid->bytes, base_uuid, sizeof(base_uuid));
	for (size_t i = 0; i < n / 2; i++)
		uuid->bytes[(n == 32 ? 15 : 11 + n / 2) - i] =
			(uint8_t)(digits[2 * i] << 4 | digits[2 * i + 1]);
	return true;
}

bool att_uuid_equal(const struct att_uuid *a, const struct att_uuid *b)
{
	return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

uint16_t att_uuid_short(const struct att_uuid *uuid)
{
	if (memcmp(uuid->bytes, base_uuid, 12) != 0 || uuid->bytes[14] ||
	    uuid->bytes[15])
		return 0;
	return le16(uuid->bytes + 12);
}

static struct att_uuid uuid_of(const uint8_t *p, size_t n)
{
	struct att_uuid uuid;

	memcpy(uuid.bytes, n == 16 ? p : base_uuid, 16);
	if (n == 2)
		memcpy(uuid.bytes + 12, p, 2);
	return uuid;
}

/* ---- requests */

void att_init(struct att *att)
{
	memset(att, 0, sizeof(*att));
	att->mtu = ATT_MTU_LEAST;
}

static void att_ask(struct att *att, uint8_t opcode, size_t n)
{
	att->out[0] = opcode;
	att->n_out = n;
	att->request = opcode;
}

void att_mtu(struct att *att, uint16_t mtu)
{
	put_le16(att->out + 1, mtu);
	att->handle = mtu;
	att_ask(att, MTU, 3);
}

void att_characteristics(struct att *att, uint16_t first)
{
	att->first = first;
	att->last = LAST_HANDLE;
	put_le16(att->out + 1, first);
	put_le16(att->out + 3, LAST_HANDLE);
	put_le16(att->out + 5, CHARACTERISTIC);
	att_ask(att, READ_TYPE, 7);
}

void att_descriptors(struct att *att, uint16_t first, uint16_t last)
{
	att->first = first;
	att->last = last;
	put_le16(att->out + 1, first);
	put_le16(att->out + 3, last);
	att_ask(att, FIND, 5);
}

void att_read(struct att *att, uint16_t handle)
{
	att->handle = handle;
	att->n = 0;
	put_le16(att->out + 1, handle);
	att_ask(att, READ, 3);
}

static void part_prepare(struct att *att)
{
	size_t at = att->first, part = att->n - at;

	if (part > att->mtu - 5u)
		part = att->mtu - 5u;
	put_le16(att->out + 1, att->handle);
	put_le16(att->out + 3, (uint16_t)at);
	memcpy(att->out + 5, att->value + at, part);
	att->last = (uint16_t)(at + part);
	att_ask(att, PREPARE, part + 5);
}

void att_write(struct att *att, uint16_t handle, const uint8_t *bytes,
	       size_t n)
{
	if (n > ATT_VALUE_MAX)
		n = ATT_VALUE_MAX;
	att->handle = handle;
	att->n = n;
	memcpy(att->value, bytes, n);
	att->first = 0;
	if (n > att->mtu - 3u) {
		part_prepare(att);
		return;
	}
	put_le16(att->out + 1, handle);
	memcpy(att->out + 3, bytes, n);
	att_ask(att, WRITE, n + 3);
}

void att_write_command(struct att *att, uint16_t handle, const uint8_t *bytes,
		       size_t n)
{
	if (n > att->mtu - 3u)
		n = att->mtu - 3u;
	att->out[0] = WRITE_COMMAND;
	put_le16(att->out + 1, handle);
	memcpy(att->out + 3, bytes, n);
	att->n_out = n + 3;
}

/* Requests have even opcodes; commands, which have bit 6, get no answer. */
size_t att_refuse(const uint8_t *pdu, size_t n, uint8_t *answer)
{
	if (n < 1 || pdu[0] & 1 || pdu[0] & 0x40 || pdu[0] == CONFIRM)
		return 0;
	answer[0] = ERROR;
	answer[1] = pdu[0];
	answer[2] = n >= 3 ? pdu[1] : 0;
	answer[3] = n >= 3 ? pdu[2] : 0;
	answer[4] = ERROR_NOT_SUPPORTED;
	return 5;
}

void att_confirm(uint8_t *pdu)
{
	pdu[0] = CONFIRM;
}

/* ---- answers */

static struct att_event event_of(enum att_kind kind)
{
	return (struct att_event){.kind = kind};
}

static struct att_event att_finish(struct att *att, enum att_kind kind)
{
	att->request = 0;
	att->n_pdu = 0;
	return event_of(kind);
}

static struct att_event error_take(struct att *att)
{
	const uint8_t *p = att->pdu;
	uint8_t request = att->request;
	struct att_event e;

	if (att->n_pdu < 5 || p[1] != request) {
		att->n_pdu = 0;
		return event_of(ATT_NOTHING);
	}
	if ((request == READ_TYPE || request == FIND) &&
	    p[4] == ERROR_NOT_FOUND)
		return att_finish(att, ATT_END);
	/* the value was just as long as the PDU holds */
	if (request == READ_MORE && (p[4] == ERROR_NOT_LONG ||
				     p[4] == ERROR_OFFSET)) {
		e = att_finish(att, ATT_VALUE);
		e.handle = att->handle;
		e.bytes = att->value;
		e.n = att->n;
		return e;
	}
	e = att_finish(att, ATT_ERROR);
	e.code = p[4];
	return e;
}

static struct att_event mtu_take(struct att *att)
{
	uint16_t theirs;

	if (att->n_pdu != 3)
		return att_finish(att, ATT_BROKEN);
	theirs = le16(att->pdu + 1);
	if (theirs > att->handle)	/* ours */
		theirs = att->handle;
	att->mtu = theirs < ATT_MTU_LEAST ? ATT_MTU_LEAST : theirs;
	return att_finish(att, ATT_MTU);
}

/* The next part of a discovery, or its end. Handles must rise: a device that
 * repeats itself would keep us for ever. */
static struct att_event discovery_go_on(struct att *att, uint16_t last)
{
	bool find = att->request == FIND;
	uint16_t end = att->last;

	if (last < att->first)
		return att_finish(att, ATT_BROKEN);
	att_finish(att, ATT_END);
	if (last >= end)
		return event_of(ATT_END);
	if (find)
		att_descriptors(att, (uint16_t)(last + 1), end);
	else
		att_characteristics(att, (uint16_t)(last + 1));
	return event_of(ATT_MORE);
}

/* Items of equal length behind the head; *last: the handle of the last one. */
static const uint8_t *item_next(struct att *att, size_t head, size_t size,
				uint16_t *last)
{
	const uint8_t *item;

	if (att->at == 0)
		att->at = head;
	if (att->at + size > att->n_pdu) {
		*last = le16(att->pdu + att->at - size);
		return NULL;
	}
	item = att->pdu + att->at;
	att->at += size;
	return item;
}

static struct att_event characteristic_take(struct att *att)
{
	size_t size = att->n_pdu >= 2 ? att->pdu[1] : 0;
	struct att_event e = event_of(ATT_CHARACTERISTIC);
	const uint8_t *p;
	uint16_t last;

	if ((size != 7 && size != 21) || att->n_pdu < 2 + size)
		return att_finish(att, ATT_BROKEN);
	p = item_next(att, 2, size, &last);
	if (!p)
		return discovery_go_on(att, last);
	e.handle = le16(p);
	e.properties = p[2];
	e.value_handle = le16(p + 3);
	e.uuid = uuid_of(p + 5, size - 5);
	return e;
}

static struct att_event descriptor_take(struct att *att)
{
	size_t size = att->n_pdu < 2 ? 0 : att->pdu[1] == 1 ? 4 :
		      att->pdu[1] == 2 ? 18 : 0;
	struct att_event e = event_of(ATT_DESCRIPTOR);
	const uint8_t *p;
	uint16_t last;

	if (!size || att->n_pdu < 2 + size)
		return att_finish(att, ATT_BROKEN);
	p = item_next(att, 2, size, &last);
	if (!p)
		return discovery_go_on(att, last);
	e.handle = le16(p);
	e.uuid = uuid_of(p + 2, size - 2);
	return e;
}

/* A PDU that is full may not have held all of the value. */
static struct att_event value_take(struct att *att)
{
	size_t n = att->n_pdu - 1;
	bool full = att->n_pdu == att->mtu;
	struct att_event e;

	if (n > sizeof(att->value) - att->n)
		return att_finish(att, ATT_BROKEN);
	memcpy(att->value + att->n, att->pdu + 1, n);
	att->n += n;
	e = att_finish(att, ATT_VALUE);
	if (full && att->n < sizeof(att->value)) {
		put_le16(att->out + 1, att->handle);
		put_le16(att->out + 3, (uint16_t)att->n);
		att_ask(att, READ_MORE, 5);
		return event_of(ATT_MORE);
	}
	e.handle = att->handle;
	e.bytes = att->value;
	e.n = att->n;
	return e;
}

/* The answer to a prepared part repeats it, so that what was changed on the
 * way is seen: then all of it is cancelled. */
static struct att_event part_take(struct att *att)
{
	bool same = att->n_pdu == att->n_out &&
		    memcmp(att->pdu + 1, att->out + 1, att->n_out - 1) == 0;

	att_finish(att, ATT_NOTHING);
	if (same && att->last < att->n) {
		att->first = att->last;
		part_prepare(att);
		return event_of(ATT_MORE);
	}
	att->out[1] = same;
	att_ask(att, EXECUTE, 2);
	att->first = same;
	return event_of(ATT_MORE);
}

static struct att_event executed_take(struct att *att)
{
	struct att_event e =
		att_finish(att, att->first ? ATT_WRITTEN : ATT_ERROR);

	e.code = 0x0e;
	return e;
}

static struct att_event unasked_take(struct att *att)
{
	struct att_event e =
		event_of(att->pdu[0] == NOTIFY ? ATT_NOTIFIED : ATT_INDICATED);

	if (att->n_pdu < 3) {
		att->n_pdu = 0;
		return event_of(ATT_NOTHING);
	}
	e.handle = le16(att->pdu + 1);
	e.bytes = att->pdu + 3;
	e.n = att->n_pdu - 3;
	att->n_pdu = 0;
	return e;
}

void att_receive(struct att *att, const uint8_t *pdu, size_t n)
{
	if (n > sizeof(att->pdu))
		n = 0;
	memcpy(att->pdu, pdu, n);
	att->n_pdu = n;
	att->at = 0;
}

struct att_event att_next(struct att *att)
{
	uint8_t opcode;

	if (att->n_pdu == 0)
		return event_of(ATT_NOTHING);
	opcode = att->pdu[0];
	if (opcode == NOTIFY || opcode == INDICATE)
		return unasked_take(att);
	if (opcode == ERROR && att->request)
		return error_take(att);
	if (att->request && opcode == att->request + 1) {
		switch ((enum opcode)att->request) {
		case MTU:
			return mtu_take(att);
		case READ_TYPE:
			return characteristic_take(att);
		case FIND:
			return descriptor_take(att);
		case READ:
		case READ_MORE:
			return value_take(att);
		case WRITE:
			return att_finish(att, ATT_WRITTEN);
		case PREPARE:
			return part_take(att);
		case EXECUTE:
			return executed_take(att);
		case ERROR:
		case NOTIFY:
		case INDICATE:
		case CONFIRM:
		case WRITE_COMMAND:
			break;
		}
	}
	att->n_pdu = 0;
	/* Requests of the other side, as we serve nothing: the caller refuses
	 * them; answers that nobody waits for are late ones. */
	return event_of(ATT_NOTHING);
}

const char *att_error_text(uint8_t code)
{
	static const char *const texts[] = {
		"no error", "no such handle", "read not permitted",
		"write not permitted", "invalid request",
		"needs authentication", "request not supported",
		"invalid offset", "needs authorization", "queue is full",
		"not found", "not long", "key is too short",
		"length of the value is wrong", "unlikely error",
		"needs encryption", "unsupported group", "no resources",
		"database changed", "value not allowed"};

	if (code < sizeof(texts) / sizeof(*texts))
		return texts[code];
	return code >= 0x80 && code <= 0x9f ? "refused by the device" :
	       "unknown error";
}
