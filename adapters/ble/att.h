/* SPDX-License-Identifier: GPL-2.0-or-later
 * The Attribute Protocol's client side (Core Specification, volume 3, part F):
 * one request at a time, its answer, and what comes unasked. Pure. */
#ifndef BLE_ATT_H
#define BLE_ATT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ATT_MTU_LEAST 23
#define ATT_MTU_MOST 517
#define ATT_VALUE_MAX 512

struct att_uuid {
	uint8_t bytes[16];	/* as in the air; 16-bit ones spelt out */
};

/* "2A6E", "0x2A6E", 128 bits with or without hyphens. */
bool att_uuid_parse(const char *text, struct att_uuid *uuid);
bool att_uuid_equal(const struct att_uuid *a, const struct att_uuid *b);
/* 0: it has no short form. */
uint16_t att_uuid_short(const struct att_uuid *uuid);

enum att_kind {
	ATT_NOTHING,		/* not for us, or a repeated answer */
	ATT_MTU,		/* mtu is set */
	ATT_CHARACTERISTIC,	/* one declaration of several: handle, value
				 * handle, properties, uuid */
	ATT_DESCRIPTOR,		/* handle and uuid */
	ATT_VALUE,		/* the whole of a read one */
	ATT_WRITTEN,
	ATT_NOTIFIED,		/* handle and value; unasked */
	ATT_INDICATED,		/* the same; att_confirm() must follow */
	ATT_MORE,		/* send `out`: the request goes on */
	ATT_END,		/* nothing more of what was asked for */
	ATT_ERROR,		/* code; the request has ended */
	ATT_BROKEN,		/* not the protocol: the link is to be closed */
};

struct att_event {
	enum att_kind kind;
	uint16_t handle, value_handle;
	uint8_t properties, code;
	struct att_uuid uuid;
	const uint8_t *bytes;		/* until the next call */
	size_t n;
};

struct att {
	uint16_t mtu;
	uint8_t request;		/* opcode that waits; 0: none */
	uint16_t first, last;		/* of a discovery */
	uint16_t handle;		/* of a read or write */
	size_t n;			/* of value, so far */
	uint8_t value[ATT_VALUE_MAX];
	/* the answer that is being taken apart */
	uint8_t pdu[ATT_MTU_MOST];
	size_t n_pdu, at;
	/* to send */
	uint8_t out[ATT_MTU_MOST];
	size_t n_out;
};

void att_init(struct att *att);
/* Each puts a request into out; only while none waits. */
void att_mtu(struct att *att, uint16_t mtu);
void att_characteristics(struct att *att, uint16_t first);
void att_descriptors(struct att *att, uint16_t first, uint16_t last);
void att_read(struct att *att, uint16_t handle);
/* At most ATT_VALUE_MAX; longer than a PDU: prepared and executed. */
void att_write(struct att *att, uint16_t handle, const uint8_t *bytes,
	       size_t n);
/* The same unanswered, n at most mtu - 3. */
void att_write_command(struct att *att, uint16_t handle, const uint8_t *bytes,
		       size_t n);
/* The answer to a request of the other side, as we serve nothing: its length,
 * 0 where the PDU is none. `answer` holds 5 bytes. */
size_t att_refuse(const uint8_t *pdu, size_t n, uint8_t *answer);
void att_confirm(uint8_t *pdu);		/* of one byte */
/* A PDU that came. att_next() then tells what is in it until ATT_NOTHING. */
void att_receive(struct att *att, const uint8_t *pdu, size_t n);
struct att_event att_next(struct att *att);
/* "read not permitted" */
const char *att_error_text(uint8_t code);
#endif
