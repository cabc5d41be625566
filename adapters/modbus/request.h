/* SPDX-License-Identifier: GPL-2.0-or-later
 * Requests and replies of Modbus (Application Protocol 1.1b3, clause 6) as
 * PDUs, which are the same on every wire, and the frame around them on a
 * serial line. Pure. A reply counts only after reply_check() has passed it. */
#ifndef ADAPTERS_MODBUS_REQUEST_H
#define ADAPTERS_MODBUS_REQUEST_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum modbus_table {
	TABLE_COIL,
	TABLE_DISCRETE,
	TABLE_HOLDING,
	TABLE_INPUT,
	TABLES,
};
#define MODBUS_TABLE_NAMES "coil|discrete|holding|input"
extern const char *const modbus_table_names[TABLES];

#define READ_REGISTERS_MAX 125
#define READ_BITS_MAX 2000
#define WRITE_REGISTERS_MAX 123
#define PDU_MAX 253
#define RTU_MAX 256			/* unit, PDU, CRC */

struct modbus_request {
	uint8_t unit;
	uint8_t length;			/* of pdu */
	uint8_t reply;			/* length of the good reply's PDU; 0: as
					 * it says itself */
	uint8_t pdu[PDU_MAX];
};

static inline bool table_has_bits(unsigned table)
{
	return table == TABLE_COIL || table == TABLE_DISCRETE;
}

/* n: 1 to the limits above */
struct modbus_request request_read(uint8_t unit, enum modbus_table,
				   uint16_t address, unsigned n);
/* Function 5, or 15 where `multiple`. */
struct modbus_request request_coil_write(uint8_t unit, uint16_t address,
					 bool on, bool multiple);
/* Function 6 for one register, 16 where `multiple` or for more. */
struct modbus_request request_registers_write(uint8_t unit, uint16_t address,
					      const uint16_t *words, unsigned n,
					      bool multiple);

/* Function 22: register = (register AND and_mask) OR or_mask, of the bits that
 * and_mask has cleared. */
struct modbus_request request_mask_write(uint8_t unit, uint16_t address,
					 uint16_t and_mask, uint16_t or_mask);

/* Functions 43/14 (basic identification) and 17 (server id): what a device
 * calls itself. Their replies are as long as they say. */
struct modbus_request request_identification(uint8_t unit);
struct modbus_request request_server_id(uint8_t unit);
/* Of a checked reply to these: its texts, "Acme, PM-5, V1.2"; printable. */
void reply_name(const struct modbus_request *, const uint8_t *pdu, char *text,
		size_t size);

/* 0: the answer to this request; above: the exception in it; -EBADMSG:
 * another function, length or echo than asked for. */
int reply_check(const struct modbus_request *, const uint8_t *pdu, size_t n);

/* Of a checked reply to request_read(): n of its registers, or bits as 0
 * and 1, from the first on, which is counted from 0. */
void reply_words(const struct modbus_request *, const uint8_t *pdu,
		 unsigned first, unsigned n, uint16_t *words);

/* "illegal data address" */
const char *exception_name(int code);

/* Serial frames: unit, PDU, CRC. The length of the frame; frame[RTU_MAX]. */
size_t rtu_frame_put(const struct modbus_request *, uint8_t *frame);
/* How long a reply's frame is as its first n bytes tell: 0, not yet known. */
size_t rtu_reply_length(const uint8_t *frame, size_t n);
bool rtu_crc_good(const uint8_t *frame, size_t n);
#endif
