/* SPDX-License-Identifier: GPL-2.0-or-later
 * Which of the bytes that have come are the reply to a request: serial frames
 * and those of TCP. Pure. Bytes that are no frame, or another's, never become
 * a reply; what they were is told, for people. */
#ifndef ADAPTERS_MODBUS_FRAME_H
#define ADAPTERS_MODBUS_FRAME_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "adapters/modbus/request.h"

#define FRAME_BYTES_MAX 1024	/* that may come for one request */
#define MBAP 7			/* header of a TCP frame, with the unit */

enum frame_verdict {
	FRAME_NONE,		/* nothing, or too little to say */
	FRAME_REPLY,
	FRAME_UNIT,		/* only another unit's */
	FRAME_OTHER,		/* the unit's, but no answer to this */
	FRAME_DAMAGED,		/* bytes that are no frame */
	FRAME_LOST,		/* TCP: out of step with the stream */
};

struct frame_found {
	enum frame_verdict verdict;
	size_t at, length;	/* of the PDU of the reply */
	size_t end;		/* behind its frame */
	unsigned late, others;	/* frames passed over */
	uint8_t unit;		/* whose the last other one was */
	uint8_t function;
	size_t bytes;		/* of its data */
	size_t rest;		/* TCP: of a frame that is not whole */
	bool zero_id;		/* TCP: with transaction 0 */
};

/* Among all the bytes since the request went out. */
struct frame_found frame_serial(const struct modbus_request *request,
				const uint8_t *bytes, size_t n);
/* ids: of this request, which may have been sent twice. zero: whether a reply
 * with transaction 0 counts. */
struct frame_found frame_tcp(const struct modbus_request *request,
			     const uint16_t ids[2], bool zero,
			     const uint8_t *bytes, size_t n);
size_t frame_tcp_put(const struct modbus_request *request, uint16_t id,
		     uint8_t frame[MBAP + PDU_MAX]);
/* "answered as unit 3", "8 bytes where 4 were asked for" */
void frame_print(const struct frame_found *found,
		 const struct modbus_request *request, char *text, size_t size);

/* The last reads of a line, as hashes. A reply that comes again, byte for
 * byte, while something else is asked for may be the old one: doubled, or
 * late. */
#define FRAME_MEMORY 4
struct frame_memory {
	struct { uint64_t request, reply; } last[FRAME_MEMORY];
	unsigned next;
};
void frame_remember(struct frame_memory *memory,
		    const struct modbus_request *request, const uint8_t *pdu,
		    size_t n);
bool frame_is_suspect(const struct frame_memory *memory,
		      const struct modbus_request *request,
		      const uint8_t *pdu, size_t n);
#endif
