/* SPDX-License-Identifier: GPL-2.0-or-later
 * Frames found among bytes. */
#include "adapters/modbus/frame.h"

#include <stdio.h>
#include <string.h>

#define EXCEPTION 0x80
#define FRAME_LEAST 5		/* an exception's, on a serial line */

static unsigned word_at(const uint8_t *at)
{
	return (unsigned)at[0] << 8 | at[1];
}

/* The PDU at `at` as an answer; the unit's own, whatever it is, is noted. */
static bool is_answer(const struct modbus_request *request, const uint8_t *pdu,
		      size_t n)
{
	return reply_check(request, pdu, n) >= 0;
}

static void other_note(struct frame_found *found, uint8_t unit,
		       const struct modbus_request *request,
		       const uint8_t *pdu, size_t n)
{
	found->others++;
	found->unit = unit;
	found->function = pdu[0];
	found->bytes = n > 2 ? n - 2 : 0;
	found->verdict = unit == request->unit ? FRAME_OTHER : FRAME_UNIT;
}

/* A whole frame with a good CRC that begins here: its length, or 0. */
static size_t serial_length(const uint8_t *bytes, size_t n)
{
	size_t length = rtu_reply_length(bytes, n);

	return length && length <= n && rtu_crc_good(bytes, length) ? length
								     : 0;
}

/* Any place may be the first of the reply: noise comes before and behind. A
 * whole frame that is no answer is stepped over, so that nothing in it is. */
struct frame_found frame_serial(const struct modbus_request *request,
				const uint8_t *bytes, size_t n)
{
	struct frame_found found = {.verdict = FRAME_NONE};
	size_t stray = 0;

	for (size_t at = 0; at + FRAME_LEAST <= n;) {
		size_t length = serial_length(bytes + at, n - at);
		const uint8_t *pdu = bytes + at + 1;

		if (length == 0) {
			at++;
			stray++;
			continue;
		}
		if (bytes[at] == request->unit &&
		    is_answer(request, pdu, length - 3)) {
			found.verdict = FRAME_REPLY;
			found.at = at + 1;
			found.length = length - 3;
			found.end = at + length;
			return found;
		}
		other_note(&found, bytes[at], request, pdu, length - 3);
		at += length;
	}
	if (found.verdict == FRAME_NONE && (stray > 0 || n >= FRAME_LEAST))
		found.verdict = FRAME_DAMAGED;
	return found;
}

static bool is_id(const uint16_t ids[2], bool zero, unsigned id)
{
	return id == ids[0] || id == ids[1] || (zero && id == 0);
}

struct frame_found frame_tcp(const struct modbus_request *request,
			     const uint16_t ids[2], bool zero,
			     const uint8_t *bytes, size_t n)
{
	struct frame_found found = {.verdict = FRAME_NONE};
	size_t length;

	found.rest = n;
	for (size_t at = 0; at + MBAP + 1 <= n; at += 6 + length) {
		const uint8_t *frame = bytes + at, *pdu = frame + MBAP;

		length = word_at(frame + 4);
		if (word_at(frame + 2) != 0 || length < 3 ||
		    length > PDU_MAX + 1) {
			found.verdict = FRAME_LOST;
			return found;
		}
		if (at + 6 + length > n)
			return found;
		found.rest = n - at - 6 - length;
		found.zero_id |= word_at(frame) == 0;
		if (!is_id(ids, zero, word_at(frame))) {
			found.late++;
			continue;
		}
		found.at = at + MBAP;
		found.length = length - 1;
		found.end = at + 6 + length;
		if (frame[6] == request->unit &&
		    is_answer(request, pdu, length - 1)) {
			found.verdict = FRAME_REPLY;
			return found;
		}
		other_note(&found, frame[6], request, pdu, length - 1);
		return found;
	}
	return found;
}

size_t frame_tcp_put(const struct modbus_request *request, uint16_t id,
		     uint8_t frame[MBAP + PDU_MAX])
{
	memset(frame, 0, MBAP);
	frame[0] = (uint8_t)(id >> 8);
	frame[1] = (uint8_t)id;
	frame[5] = (uint8_t)(request->length + 1);
	frame[6] = request->unit;
	memcpy(frame + MBAP, request->pdu, request->length);
	return MBAP + (size_t)request->length;
}

void frame_print(const struct frame_found *found,
		 const struct modbus_request *request, char *text, size_t size)
{
	switch (found->verdict) {
	case FRAME_NONE:
		snprintf(text, size, "no answer");
		return;
	case FRAME_UNIT:
		snprintf(text, size, "asked unit %u, answered as unit %u",
			 request->unit, found->unit);
		return;
	case FRAME_OTHER:
		if (found->function != request->pdu[0] &&
		    found->function != (request->pdu[0] | EXCEPTION))
			snprintf(text, size, "answered with function %u, asked "
				 "for %u", found->function, request->pdu[0]);
		else if (request->reply == 0)
			snprintf(text, size, "%zu bytes, which do not end "
				 "where they say", found->bytes);
		else
			snprintf(text, size, "%zu bytes where %d were asked "
				 "for", found->bytes, request->reply - 2);
		return;
	case FRAME_DAMAGED:
		snprintf(text, size, "a damaged answer: parity, rate, or noise "
			 "on the line");
		return;
	case FRAME_LOST:
		snprintf(text, size, "what comes is no Modbus TCP");
		return;
	case FRAME_REPLY:
		break;
	}
	*text = '\0';
}

/* FNV-1a, of 64 bits. */
static uint64_t hash_of(uint8_t unit, const uint8_t *bytes, size_t n)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ unit;

	while (n--)
		hash = (hash ^ *bytes++) * UINT64_C(0x100000001b3);
	return hash;
}

/* What a write is answered with says nothing that could be wrong. */
static bool is_read(const uint8_t *pdu)
{
	return pdu[0] <= 4;
}

void frame_remember(struct frame_memory *memory,
		    const struct modbus_request *request, const uint8_t *pdu,
		    size_t n)
{
	unsigned i = memory->next;

	if (!is_read(pdu))
		return;
	memory->last[i].request = hash_of(request->unit, request->pdu,
					  request->length);
	memory->last[i].reply = hash_of(request->unit, pdu, n);
	memory->next = (i + 1) % FRAME_MEMORY;
}

bool frame_is_suspect(const struct frame_memory *memory,
		      const struct modbus_request *request,
		      const uint8_t *pdu, size_t n)
{
	uint64_t asked = hash_of(request->unit, request->pdu, request->length);
	uint64_t reply = hash_of(request->unit, pdu, n);

	for (unsigned i = 0; is_read(pdu) && i < FRAME_MEMORY; i++)
		if (memory->last[i].reply == reply &&
		    memory->last[i].request != asked)
			return true;
	return false;
}
