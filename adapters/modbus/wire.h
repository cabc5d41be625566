/* SPDX-License-Identifier: GPL-2.0-or-later
 * One request and its reply over TCP, a serial line, or serial frames over
 * TCP. Blocks, for one time-out at most; on the bus's thread. It keeps the
 * silence between frames that libmodbus does not, throws away what comes too
 * late, and takes no other unit's reply for an answer. */
#ifndef ADAPTERS_MODBUS_WIRE_H
#define ADAPTERS_MODBUS_WIRE_H
#include <modbus.h>
#include <stdbool.h>
#include <stdint.h>

#include "adapters/modbus/request.h"

enum wire_transport { WIRE_TCP, WIRE_RTU, WIRE_RTU_OVER_TCP };
#define WIRE_TRANSPORT_NAMES "tcp|rtu|rtu-over-tcp"

struct wire_line {		/* "9600 8E1" */
	int baud, bits, stop;
	char parity;
};

struct wire_settings {
	enum wire_transport transport;
	const char *host, *port;
	uint16_t tcp_port;
	struct wire_line line;
	bool rs485;
	int64_t timeout;	/* ns: to connect */
	int64_t asked_until;	/* something on the line may still answer what
				 * was asked before this moment; 0: nothing */
};

struct wire {
	struct wire_settings settings;
	enum wire_transport transport;
	modbus_t *ctx;		/* NULL with WIRE_RTU_OVER_TCP */
	int fd;
	uint16_t transaction;
	bool stale;		/* an answer may still be under way */
	int64_t char_ns;	/* 0: no serial line of ours */
	int64_t silence_ns;	/* 3.5 characters */
	int64_t quiet;		/* when the last byte came or went, ns */
	int64_t doubt_from;	/* what was asked before may yet be answered,
				 * by any unit, as long as a time-out from
				 * here; 0: nothing */
	int64_t slow_until;	/* an answer of slow_unit may come till then */
	uint8_t slow_unit;
};

struct wire_call {
	const struct modbus_request *request;
	int64_t timeout, gap;	/* ns; gap: at least, before the request */
	/* out: what was thrown away, and how long the device thought */
	unsigned late, other_unit, reconnects;
	int64_t turn_ns;
};

/* False where it is not like "9600 8E1", or no rate of libmodbus. */
bool wire_line_read(const char *text, struct wire_line *line);

/* 0 or -errno, and then nothing is left open. The texts in settings live as
 * long as the wire. low: a descriptor below
 * FD_SETSIZE that becomes the wire, as libmodbus selects on it; it is never
 * closed here, and not used (-1) by WIRE_RTU_OVER_TCP. */
int wire_open(struct wire *wire, const struct wire_settings *settings, int low);
void wire_close(struct wire *wire);

/* The length of the reply's PDU, put into pdu[PDU_MAX]. Where the other side
 * closed an idle connection, as many gateways do, a new one is made first.
 * -ETIMEDOUT: no reply;
 * -EREMCHG: another unit's; -EBADMSG: garbled. Any other error: the wire is
 * broken and wants to be opened again. */
int wire_exchange(struct wire *wire, struct wire_call *call, uint8_t *pdu);
bool wire_is_broken(int error);

int64_t wire_now(void);

/* rtu_over_tcp.c: send and receive of serial frames on a socket. */
int rtu_over_tcp_send(int fd, const struct modbus_request *request);
int rtu_over_tcp_receive(int fd, struct wire_call *call, int64_t deadline,
			 uint8_t *pdu);
#endif
