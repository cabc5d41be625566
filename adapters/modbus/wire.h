/* SPDX-License-Identifier: GPL-2.0-or-later
 * One request and its reply over TCP, a serial line, or serial frames over
 * TCP. Blocks, for one time-out at most; on the bus's thread. It keeps the
 * silence between frames, throws away what comes too late or twice, hears its
 * own bytes where the line gives them back, and takes no other unit's reply
 * for an answer. What is a reply is decided in frame.c. */
#ifndef ADAPTERS_MODBUS_WIRE_H
#define ADAPTERS_MODBUS_WIRE_H
#include <stdbool.h>
#include <stdint.h>

#include "adapters/modbus/frame.h"
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
	bool rs485, echo;
	int64_t timeout;	/* ns: to connect */
	int64_t connect_delay;	/* ns: left alone after a connect */
	int64_t asked_until;	/* something on the line may still answer what
				 * was asked before this moment; 0: nothing */
};

/* Told what goes over the wire. */
struct wire_tracer {
	void (*sent)(void *owner, const struct modbus_request *request,
		     const uint8_t *bytes, size_t n);
	void (*came)(void *owner, const uint8_t *bytes, size_t n);
};

#define WIRE_SLOW_MAX 8		/* units that may answer late */
#define WIRE_TEXT_MAX 160

struct wire_slow { uint8_t unit; int64_t until; };

/* The frame under way, and what has come for it: on the stacks of hundreds of
 * threads they would cost a page each. */
struct wire_room { uint8_t sent[MBAP + PDU_MAX], heard[FRAME_BYTES_MAX]; };

struct wire {
	struct wire_settings settings;
	int fd;			/* -1: closed, and opened when needed */
	uint16_t transaction;
	bool stale;		/* an answer may still be under way */
	bool echo;		/* the line gives back what is sent */
	bool zero_ids;		/* the device answers as transaction 0 */
	bool served;		/* on this connection */
	bool timed_out;		/* likewise */
	int64_t char_ns;	/* 0: no serial line of ours */
	int64_t silence_ns;	/* 3.5 characters */
	int64_t quiet;		/* when the last byte came or went, ns */
	int64_t opened;		/* when it was connected */
	int64_t doubt_from;	/* what was asked before may yet be answered,
				 * by any unit, as long as a time-out from
				 * here; 0: nothing */
	int64_t turn_ns;	/* the longest that somebody has thought */
	struct wire_slow slow[WIRE_SLOW_MAX];
	struct frame_memory memory;	/* of replies, to know them again */
	const struct wire_tracer *tracer;	/* NULL: nobody */
	void *tracer_owner;
	struct wire_room *room;	/* while it is open */
};

struct wire_call {
	const struct modbus_request *request;
	int64_t timeout, gap;	/* ns; gap: at least, before the request */
	/* out: what was thrown away, and how long the device thought */
	unsigned late, other_unit, reconnects;
	bool echo_heard;	/* for the first time */
	int64_t turn_ns;
	char text[WIRE_TEXT_MAX];	/* what came, where that is an error */
};

/* False where it is not like "9600 8E1", or no usual rate. */
bool wire_line_read(const char *text, struct wire_line *line);

/* Of a character, and of the silence between frames, ns. */
void wire_line_times(const struct wire_line *line, int64_t *char_ns,
		     int64_t *silence_ns);

/* 0 or -errno, with text saying what was tried, and then nothing is left open.
 * The texts in settings live as long as the wire. */
int wire_open(struct wire *wire, const struct wire_settings *settings,
	      char text[WIRE_TEXT_MAX]);
void wire_close(struct wire *wire);
/* Lets go of a TCP connection; the next exchange makes a new one. */
void wire_release(struct wire *wire);

/* The length of the reply's PDU, put into pdu[PDU_MAX]; it has passed
 * reply_check(). Where the other side closed an idle connection, as many
 * gateways do, a new one is made first, and a read is asked once more where the
 * connection broke before a byte of the reply came.
 * -ETIMEDOUT: no reply;
 * -EREMCHG: another unit's; -EBADMSG: garbled. Any other error: the wire is
 * broken and wants to be opened again. */
int wire_exchange(struct wire *wire, struct wire_call *call, uint8_t *pdu);
bool wire_is_broken(int error);

int64_t wire_now(void);

/* connect.c: a socket or a port, non-blocking; or -errno, and text. */
int wire_connect(const struct wire_settings *settings,
		 char text[WIRE_TEXT_MAX]);
#endif
