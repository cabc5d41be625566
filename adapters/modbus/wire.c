/* SPDX-License-Identifier: GPL-2.0-or-later
 * The wire of the Modbus adapter: when a request may go out, and which of what
 * comes back is its reply. */
#include "adapters/modbus/wire.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SECOND INT64_C(1000000000)
#define MS INT64_C(1000000)
#define DAMAGED_QUIET (50 * MS)	/* nothing more comes behind damaged bytes */
#define DOUBLE_WAIT (20 * MS)	/* for what comes behind a reply seen before */

int64_t wire_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * SECOND + now.tv_nsec;
}

bool wire_is_broken(int error)
{
	return error != -ETIMEDOUT && error != -EREMCHG && error != -EBADMSG;
}

static bool is_line(const struct wire *wire)
{
	return wire->settings.transport != WIRE_TCP;
}

/* Nothing tells its late answers from others. */
static bool is_blind(const struct wire *wire)
{
	return is_line(wire) || wire->zero_ids;
}

void wire_line_times(const struct wire_line *line, int64_t *char_ns,
		     int64_t *silence_ns)
{
	int64_t n = 1 + line->bits + (line->parity != 'N') + line->stop;

	*char_ns = n * SECOND / line->baud;
	/* Serial Line 1.02, 2.5.1.1: fixed above 19200 Bd */
	*silence_ns = line->baud > 19200 ? 1750000 : *char_ns * 7 / 2;
}

static int wire_connected(struct wire *wire, int fd)
{
	wire->fd = fd;
	wire->opened = wire_now();
	wire->served = wire->timed_out = false;
	wire->stale = is_blind(wire);
	return 0;
}

int wire_open(struct wire *wire, const struct wire_settings *settings,
	      char text[WIRE_TEXT_MAX])
{
	int fd = wire_connect(settings, text);

	*wire = (struct wire){.settings = *settings, .fd = -1,
			      .echo = settings->echo};
	if (fd < 0)
		return fd;
	/* ids of another connection are not met again on this one */
	wire->transaction = (uint16_t)(wire_now() >> 20);
	if (settings->transport == WIRE_RTU)
		wire_line_times(&settings->line, &wire->char_ns,
				&wire->silence_ns);
	/* A new connection to the line, but the line is the old one. */
	if (is_line(wire))
		wire->doubt_from = settings->asked_until;
	wire->room = malloc(sizeof(*wire->room));
	if (!wire->room) {
		close(fd);
		return -ENOMEM;
	}
	return wire_connected(wire, fd);
}

void wire_release(struct wire *wire)
{
	if (wire->fd >= 0)
		close(wire->fd);
	wire->fd = -1;
}

void wire_close(struct wire *wire)
{
	wire_release(wire);
	free(wire->room);
	wire->room = NULL;
}

/* The other side has closed, or we have let go. */
static int wire_reconnect(struct wire *wire, struct wire_call *call)
{
	int fd;

	if (wire->settings.transport == WIRE_RTU)
		return -ECONNRESET;
	wire_release(wire);
	fd = wire_connect(&wire->settings, call->text);
	if (fd < 0)
		return fd == -ETIMEDOUT ? -ECONNRESET : fd;
	call->reconnects++;
	return wire_connected(wire, fd);
}

/* ---- waiting */

static void sleep_until(int64_t until)
{
	struct timespec at = {until / SECOND, until % SECOND};

	if (until > wire_now())
		while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at,
				       NULL) == EINTR)
			;
}

static int64_t slow_until(const struct wire *wire, uint8_t unit)
{
	int64_t until = 0;

	for (unsigned i = 0; i < WIRE_SLOW_MAX; i++)
		if (wire->slow[i].unit == unit && wire->slow[i].until > until)
			until = wire->slow[i].until;
	return until;
}

/* Where there is no room the one that ends first makes it. */
static void slow_note(struct wire *wire, uint8_t unit, int64_t until)
{
	struct wire_slow *first = wire->slow;

	for (unsigned i = 0; i < WIRE_SLOW_MAX; i++) {
		if (wire->slow[i].unit == unit) {
			wire->slow[i].until = until;
			return;
		}
		if (wire->slow[i].until < first->until)
			first = &wire->slow[i];
	}
	*first = (struct wire_slow){unit, until};
}

/* On a serial line nothing tells a late answer from the next one of the same
 * unit: that one is asked again only when it had twice its time. As the host
 * lets a failed device wait, this costs nothing. */
static void wire_wait(struct wire *wire, const struct wire_call *call)
{
	int64_t silence = call->gap > wire->silence_ns ? call->gap
						       : wire->silence_ns;

	if (wire->quiet)
		sleep_until(wire->quiet + silence);
	sleep_until(wire->opened + wire->settings.connect_delay);
	if (!is_blind(wire))
		return;
	sleep_until(slow_until(wire, call->request->unit));
	if (wire->doubt_from)
		sleep_until(wire->doubt_from + call->timeout);
	wire->doubt_from = 0;
}

/* ---- bytes */

/* How long the wire must be quiet after a failure. A frame on TCP has its
 * transaction id; behind a converter nobody knows how the rest comes. */
static int settle_ms(const struct wire *wire)
{
	switch (wire->settings.transport) {
	case WIRE_TCP:
		return wire->zero_ids ? 50 : 0;
	case WIRE_RTU:
		return (int)(wire->silence_ns / MS) + 1;
	case WIRE_RTU_OVER_TCP:
		return 50;
	}
	return 0;
}

/* At most max of what is there; 0: nothing. */
static int bytes_take(const struct wire *wire, uint8_t *at, size_t max)
{
	ssize_t n = read(wire->fd, at, max);

	if (n > 0 && wire->tracer)
		wire->tracer->came(wire->tracer_owner, at, (size_t)n);
	if (n > 0)
		return (int)n;
	if (n == 0)	/* a raw port says so where there is nothing */
		return wire->settings.transport == WIRE_RTU ? -EIO
							    : -ECONNRESET;
	return errno == EAGAIN || errno == EINTR ? 0 : -errno;
}

/* Throw away what is there; after a failure until the line is quiet. */
static int wire_drain(struct wire *wire)
{
	struct pollfd ready = {wire->fd, POLLIN, 0};
	int quiet = wire->stale ? settle_ms(wire) : 0, n;

	for (int i = 0; i < 64; i++) {
		if (poll(&ready, 1, quiet) == 0) {
			wire->stale = false;
			return 0;
		}
		n = bytes_take(wire, wire->room->heard, FRAME_BYTES_MAX);
		if (n < 0)
			return n;
	}
	return -EBADMSG;	/* somebody talks without end */
}

static int bytes_send(struct wire *wire, const struct modbus_request *request,
		      const uint8_t *bytes, size_t n)
{
	bool port = wire->settings.transport == WIRE_RTU;
	ssize_t sent = port ? write(wire->fd, bytes, n)
			    : send(wire->fd, bytes, n, MSG_NOSIGNAL);

	if (wire->tracer)
		wire->tracer->sent(wire->tracer_owner, request, bytes, n);
	if (sent == (ssize_t)n)
		return 0;
	return port ? sent < 0 ? -errno : -EIO : -ECONNRESET;
}

/* ---- one request */

/* All that has come for it. */
struct hearing {
	uint8_t *bytes;			/* FRAME_BYTES_MAX of the wire */
	size_t n_sent, n;
	uint16_t ids[2];
	int64_t last;			/* when something came */
	struct frame_found found;
};

static int request_send(struct wire *wire, struct hearing *h,
			const struct modbus_request *request)
{
	uint8_t *frame = wire->room->sent;

	if (wire->settings.transport == WIRE_TCP) {
		h->ids[1] = h->ids[0];
		if (++wire->transaction == 0)
			wire->transaction = 1;
		h->ids[0] = wire->transaction;
		if (h->ids[1] == 0)
			h->ids[1] = h->ids[0];
		return bytes_send(wire, request, frame,
				  frame_tcp_put(request, h->ids[0], frame));
	}
	h->n_sent = rtu_frame_put(request, frame);
	return bytes_send(wire, request, frame, h->n_sent);
}

/* Our own bytes at the beginning of what has come. That of a read is no
 * possible answer to it: an adapter that hears itself is known by that. */
static void echo_take(struct wire *wire, struct wire_call *call,
		      struct hearing *h)
{
	if (h->n_sent == 0 || h->n < h->n_sent ||
	    memcmp(h->bytes, wire->room->sent, h->n_sent) != 0)
		return;
	if (!wire->echo && call->request->pdu[0] > 4)
		return;
	call->echo_heard = !wire->echo;
	wire->echo = true;
	h->n -= h->n_sent;
	memmove(h->bytes, h->bytes + h->n_sent, h->n);
	h->n_sent = 0;			/* once */
}

static void frames_find(struct wire *wire, struct wire_call *call,
			struct hearing *h)
{
	if (is_line(wire)) {
		echo_take(wire, call, h);
		/* half of what is ours is not yet anything */
		if (wire->echo && h->n_sent > 0)
			return;
		h->found = frame_serial(call->request, h->bytes, h->n);
		return;
	}
	h->found = frame_tcp(call->request, h->ids, !wire->timed_out ||
			     wire->zero_ids, h->bytes, h->n);
	wire->zero_ids |= h->found.zero_id;
}

/* Is it certain that nothing better comes? */
static bool is_over(const struct wire *wire, const struct hearing *h)
{
	switch (h->found.verdict) {
	case FRAME_REPLY:
	case FRAME_LOST:
		return true;
	case FRAME_UNIT:
	case FRAME_OTHER:
		return !is_line(wire);
	case FRAME_DAMAGED:
		return h->n == FRAME_BYTES_MAX;
	case FRAME_NONE:
		break;
	}
	return false;
}

/* When to stop listening: behind damaged bytes the line falls silent, while a
 * glitch or another's frame may come before the answer. */
static int64_t hearing_until(const struct wire *wire, const struct hearing *h,
			     int64_t deadline)
{
	int64_t quiet = wire->char_ns * 20 > DAMAGED_QUIET ?
			wire->char_ns * 20 : DAMAGED_QUIET;

	if (h->found.verdict != FRAME_DAMAGED ||
	    h->last + quiet > deadline)
		return deadline;
	return h->last + quiet;
}

/* Bytes until `until`, and what they are; 0 also where the time is over. */
static int hearing_more(struct wire *wire, struct wire_call *call,
			struct hearing *h, int64_t until)
{
	struct pollfd ready = {wire->fd, POLLIN, 0};
	int64_t left = until - wire_now();
	int n;

	if (left <= 0 || poll(&ready, 1, (int)(left / MS) + 1) == 0)
		return 0;
	n = bytes_take(wire, h->bytes + h->n, FRAME_BYTES_MAX - h->n);
	if (n <= 0)
		return n;
	h->n += (size_t)n;
	h->last = wire_now();
	frames_find(wire, call, h);
	return n;
}

static int verdict_error(const struct hearing *h)
{
	switch (h->found.verdict) {
	case FRAME_NONE:
		return -ETIMEDOUT;
	case FRAME_UNIT:
		return -EREMCHG;
	case FRAME_OTHER:
	case FRAME_DAMAGED:
		return -EBADMSG;
	case FRAME_LOST:
		return -EPROTO;
	case FRAME_REPLY:
		break;
	}
	return 0;
}

/* The reply out of what has come; the rest stays. */
static int reply_take(struct hearing *h, uint8_t *pdu)
{
	int n = (int)h->found.length;

	memcpy(pdu, h->bytes + h->found.at, h->found.length);
	h->n -= h->found.end;
	memmove(h->bytes, h->bytes + h->found.end, h->n);
	h->found = (struct frame_found){.verdict = FRAME_NONE};
	return n;
}

/* Of both frames: unit and CRC of each are three characters more. */
static int64_t line_ns(const struct wire *wire,
		       const struct modbus_request *request)
{
	unsigned reply = request->reply ? request->reply : PDU_MAX;

	return wire->char_ns * (request->length + reply + 6);
}

/* A reply as one before it, to another question, may be that one come again:
 * another one right behind it counts more. How long to wait for that is known
 * from the longest that anybody here has thought. */
static int reply_doubt(struct wire *wire, struct wire_call *call,
		       struct hearing *h, uint8_t *pdu, int n)
{
	int64_t until = h->last + DOUBLE_WAIT + 2 * wire->turn_ns +
			line_ns(wire, call->request);

	frames_find(wire, call, h);
	while (frame_is_suspect(&wire->memory, call->request, pdu,
				(size_t)n)) {
		if (h->found.verdict == FRAME_REPLY) {
			call->late++;
			n = reply_take(h, pdu);
			frames_find(wire, call, h);
		} else if (hearing_more(wire, call, h, until) <= 0) {
			break;
		}
	}
	return n;
}

static int reply_receive(struct wire *wire, struct wire_call *call,
			 struct hearing *h, int64_t deadline, uint8_t *pdu)
{
	int n;

	while (!is_over(wire, h)) {
		int64_t until = hearing_until(wire, h, deadline);

		n = hearing_more(wire, call, h, until);
		if (n < 0)
			return n;
		if (n == 0 && wire_now() >= until)
			break;
	}
	call->late += h->found.late;
	if (h->found.verdict == FRAME_UNIT)
		call->other_unit++;
	frame_print(&h->found, call->request, call->text, sizeof(call->text));
	if (h->found.verdict != FRAME_REPLY)
		return verdict_error(h);
	call->other_unit += is_line(wire) ? h->found.others : 0;
	n = reply_take(h, pdu);
	return is_line(wire) ? reply_doubt(wire, call, h, pdu, n) : n;
}

static bool is_read(const struct wire_call *call)
{
	return call->request->pdu[0] <= 4;
}

/* Sent, and heard. On a new TCP connection the first read is sent twice, as
 * some devices swallow what comes too soon; an answer to either will do. */
static int exchange_once(struct wire *wire, struct wire_call *call,
			 struct hearing *h, uint8_t *pdu)
{
	bool twice = !wire->served && !wire->timed_out && is_read(call) &&
		     wire->settings.transport == WIRE_TCP;
	int64_t sending = line_ns(wire, call->request);
	int64_t start = wire_now();
	int64_t deadline = start + sending + call->timeout;
	int rc = request_send(wire, h, call->request);

	if (rc == 0)
		rc = reply_receive(wire, call, h, twice ?
				   start + call->timeout / 2 : deadline, pdu);
	if (rc == -ETIMEDOUT && twice) {
		rc = request_send(wire, h, call->request);
		if (rc == 0)
			rc = reply_receive(wire, call, h, deadline, pdu);
	}
	wire->quiet = wire_now();
	call->turn_ns = wire->quiet - start - sending;
	return rc;
}

static void exchange_note(struct wire *wire, struct wire_call *call, int rc,
			  const uint8_t *pdu)
{
	uint8_t unit = call->request->unit;

	wire->stale = rc < 0;
	if (rc >= 0) {
		wire->served = true;
		if (call->turn_ns > wire->turn_ns)
			wire->turn_ns = call->turn_ns;
		frame_remember(&wire->memory, call->request, pdu, (size_t)rc);
	} else if (rc == -ETIMEDOUT) {
		wire->timed_out = true;
		slow_note(wire, unit, wire->quiet + call->timeout);
	}
}

/* Ready to send: connected, quiet, and nothing left of before. */
static int exchange_begin(struct wire *wire, struct wire_call *call)
{
	int rc = 0;

	if (wire->fd >= 0) {
		wire_wait(wire, call);
		rc = wire_drain(wire);
	}
	if (wire->fd >= 0 && rc != -ECONNRESET)
		return rc;
	rc = wire_reconnect(wire, call);
	if (rc)
		return rc;
	wire_wait(wire, call);
	return wire_drain(wire);
}

int wire_exchange(struct wire *wire, struct wire_call *call, uint8_t *pdu)
{
	struct hearing h = {.bytes = wire->room->heard};
	bool served = wire->served;
	int rc = exchange_begin(wire, call);

	if (rc)
		return rc;
	rc = exchange_once(wire, call, &h, pdu);
	/* It closed while the request was under way: nothing was done, or a
	 * read may be done again. */
	if ((rc == -ECONNRESET || rc == -EPIPE) && h.n == 0 && served &&
	    is_read(call) && wire_reconnect(wire, call) == 0) {
		wire_wait(wire, call);
		h = (struct hearing){.bytes = wire->room->heard};
		rc = exchange_once(wire, call, &h, pdu);
	}
	exchange_note(wire, call, rc, pdu);
	/* The rest of half a frame would be the start of the next one. */
	if (rc < 0 && !is_line(wire) && h.found.rest > 0)
		wire_release(wire);
	return rc;
}
