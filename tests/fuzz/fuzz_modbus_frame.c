/* SPDX-License-Identifier: GPL-2.0-or-later
 * What a line or a connection brings in place of a reply. The input is a byte
 * for the transport, four for the request, and pieces, each behind a byte of
 * its length: as they are, or, where its high bit is set, made a frame with
 * the right CRC or header. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/modbus/frame.h"

#define UNIT 7
#define ID 0x0102

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct modbus_request request_of(const uint8_t *data)
{
	static const uint16_t words[WRITE_REGISTERS_MAX];
	uint16_t address = (uint16_t)(data[1] << 8 | data[2]);
	unsigned n = 1 + data[3] % WRITE_REGISTERS_MAX;

	switch (data[0] % 8) {
	case 0:
		return request_coil_write(UNIT, address, n & 1, n & 2);
	case 1:
		return request_registers_write(UNIT, address, words, n, true);
	case 2:
		return request_mask_write(UNIT, address, 0xff, 0xff00);
	case 6:
		return request_identification(UNIT);
	case 7:
		return request_server_id(UNIT);
	default:
		return request_read(UNIT, data[0] % TABLES, address, n);
	}
}

/* unit and PDU in piece[n]; how long its frame is, put into frame. */
static size_t frame_make(bool tcp, const uint8_t *piece, size_t n,
			 uint8_t *frame)
{
	struct modbus_request r = {.unit = n > 0 ? piece[0] : UNIT};

	r.length = (uint8_t)(n > 1 ? n - 1 : 0);
	if (r.length > 0)
		memcpy(r.pdu, piece + 1, r.length);
	return tcp ? frame_tcp_put(&r, ID, frame) : rtu_frame_put(&r, frame);
}

static void check(const struct frame_found *f, bool tcp,
		  const struct modbus_request *r, const uint8_t *bytes,
		  size_t n)
{
	size_t before = tcp ? MBAP : 1;

	if (f->verdict != FRAME_REPLY)
		return;
	if (f->end > n || f->length == 0 || f->length > PDU_MAX ||
	    f->at < before || f->at + f->length > f->end)
		abort();
	if (bytes[f->at - 1] != UNIT ||
	    reply_check(r, bytes + f->at, f->length) < 0)
		abort();
	if (!tcp && !rtu_crc_good(bytes + f->at - 1, f->length + 3))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct frame_memory memory;
	static const uint16_t ids[2] = {ID, ID - 1};
	uint8_t stream[FRAME_BYTES_MAX], frame[MBAP + RTU_MAX], *bytes;
	struct modbus_request request;
	struct frame_found found;
	size_t n = 0;
	char text[160], name[40];
	bool tcp;

	if (size < 5)
		return 0;
	tcp = data[0] & 1;
	request = request_of(data + 1);
	for (data += 5, size -= 5; size > 1;) {
		size_t length = data[0] & 0x7f;
		const uint8_t *from = data + 1;
		bool whole = data[0] & 0x80;

		if (length > size - 1)
			length = size - 1;
		data += 1 + length;
		size -= 1 + length;
		if (whole) {
			length = frame_make(tcp, from, length, frame);
			from = frame;
		}
		if (n + length > sizeof(stream))
			break;
		memcpy(stream + n, from, length);
		n += length;
	}
	bytes = malloc(n ? n : 1);	/* so that one too far is seen */
	if (!bytes)
		abort();
	memcpy(bytes, stream, n);
	found = tcp ? frame_tcp(&request, ids, n & 1, bytes, n) :
		      frame_serial(&request, bytes, n);
	check(&found, tcp, &request, bytes, n);
	frame_print(&found, &request, text, sizeof(text));
	if (strlen(text) >= sizeof(text))
		abort();
	if (found.verdict == FRAME_REPLY && request.reply == 0 &&
	    reply_check(&request, bytes + found.at, found.length) == 0) {
		reply_name(&request, bytes + found.at, name, sizeof(name));
		if (strlen(name) >= sizeof(name))
			abort();
	}
	if (found.verdict == FRAME_REPLY) {
		frame_is_suspect(&memory, &request, bytes + found.at,
				 found.length);
		frame_remember(&memory, &request, bytes + found.at,
			       found.length);
	}
	free(bytes);
	return 0;
}
