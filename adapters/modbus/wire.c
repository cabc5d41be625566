/* SPDX-License-Identifier: GPL-2.0-or-later
 * The wire of the Modbus adapter, on libmodbus. No error recovery modes: they
 * sleep and reconnect inside of a call. */
#include "adapters/modbus/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SECOND INT64_C(1000000000)
#define MBAP 7			/* header of a TCP frame, with the unit */
#define USER_TIMEOUT_MS 15000	/* a peer that acknowledges nothing is gone */

int64_t wire_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * SECOND + now.tv_nsec;
}

/* libmodbus takes 9600 for a rate that it does not know, without a word. */
static bool is_rate(int baud)
{
	static const int rates[] = {
		300, 600, 1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200,
		230400, 460800, 500000, 576000, 921600, 1000000, 1152000,
		1500000, 2500000, 3000000, 3500000, 4000000
	};

	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++)
		if (rates[i] == baud)
			return true;
	return false;
}

bool wire_line_read(const char *text, struct wire_line *line)
{
	char rest;

	return sscanf(text, "%7d %1d%c%1d%c", &line->baud, &line->bits,
		      &line->parity, &line->stop, &rest) == 4 &&
	       is_rate(line->baud) && line->bits >= 7 && line->bits <= 8 &&
	       line->parity && strchr("NEO", line->parity) &&
	       line->stop >= 1 && line->stop <= 2;
}

bool wire_is_broken(int error)
{
	return error != -ETIMEDOUT && error != -EREMCHG && error != -EBADMSG;
}

static int wait_ms(int64_t deadline)
{
	int64_t left = deadline - wire_now();

	return left <= 0 ? 0 : (int)((left + 999999) / 1000000);
}

static int connect_one(const struct addrinfo *to, int64_t deadline)
{
	struct pollfd ready = {.events = POLLOUT};
	int error = 0, fd;
	socklen_t n = sizeof(error);

	fd = socket(to->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
		    0);
	if (fd < 0)
		return -errno;
	ready.fd = fd;
	if (connect(fd, to->ai_addr, to->ai_addrlen) && errno != EINPROGRESS)
		error = errno;
	else if (poll(&ready, 1, wait_ms(deadline)) != 1)
		error = ETIMEDOUT;
	else if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &n))
		error = errno;
	if (!error)
		return fd;
	close(fd);
	return -error;
}

/* A half-open connection must not look alive for ever. */
static void socket_tune(int fd)
{
	int on = 1, idle = 60, user = USER_TIMEOUT_MS;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(idle));
	setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &user, sizeof(user));
}

static int tcp_connect(const struct wire_settings *s)
{
	struct addrinfo want = {.ai_socktype = SOCK_STREAM}, *list, *to;
	int64_t deadline = wire_now() + s->timeout;
	char port[8];
	int fd = -EHOSTUNREACH;

	snprintf(port, sizeof(port), "%u", s->tcp_port);
	if (getaddrinfo(s->host, port, &want, &list))
		return -EHOSTUNREACH;
	for (to = list; to && fd < 0; to = to->ai_next)
		fd = connect_one(to, deadline);
	freeaddrinfo(list);
	if (fd >= 0)
		socket_tune(fd);
	return fd;
}

/* Hand the descriptor to libmodbus below FD_SETSIZE. */
static int fd_lower(struct wire *wire, int fd, int low)
{
	int rc = dup3(fd, low, O_CLOEXEC) < 0 ? -errno : 0;

	close(fd);
	wire->fd = low;
	modbus_set_socket(wire->ctx, rc ? -1 : low);
	return rc;
}

static int tcp_open(struct wire *wire, const struct wire_settings *s, int low)
{
	int fd = tcp_connect(s);

	if (fd < 0)
		return fd;
	wire->ctx = modbus_new_tcp(NULL, s->tcp_port);
	if (!wire->ctx) {
		close(fd);
		return -ENOMEM;
	}
	return fd_lower(wire, fd, low);
}

static void line_time(struct wire *wire, const struct wire_line *line)
{
	int64_t n = 1 + line->bits + (line->parity != 'N') + line->stop;

	wire->char_ns = n * SECOND / line->baud;
	/* Serial Line 1.02, 2.5.1.1: fixed above 19200 Bd */
	wire->silence_ns = line->baud > 19200 ? 1750000
					      : wire->char_ns * 7 / 2;
}

static int rtu_open(struct wire *wire, const struct wire_settings *s, int low)
{
	const struct wire_line *l = &s->line;
	int rc;

	wire->ctx = modbus_new_rtu(s->port, l->baud, l->parity, l->bits,
				   l->stop);
	if (!wire->ctx)
		return -errno;
	if (modbus_connect(wire->ctx))
		return errno ? -errno : -EIO;
	if (s->rs485 &&
	    modbus_rtu_set_serial_mode(wire->ctx, MODBUS_RTU_RS485)) {
		rc = -errno;
		modbus_close(wire->ctx);
		return rc;
	}
	line_time(wire, l);
	return fd_lower(wire, modbus_get_socket(wire->ctx), low);
}

int wire_open(struct wire *wire, const struct wire_settings *settings, int low)
{
	int rc = -EINVAL;

	*wire = (struct wire){.settings = *settings,
			      .transport = settings->transport, .fd = -1};
	switch (settings->transport) {
	case WIRE_TCP:
		rc = tcp_open(wire, settings, low);
		break;
	case WIRE_RTU:
		rc = rtu_open(wire, settings, low);
		break;
	case WIRE_RTU_OVER_TCP:
		rc = wire->fd = tcp_connect(settings);
		break;
	}
	/* A new connection to the line, but the line is the old one. */
	wire->stale = settings->transport != WIRE_TCP;
	wire->doubt_from = wire->stale ? settings->asked_until : 0;
	/* The time-out is for the whole reply, not for each of its bytes. */
	if (rc >= 0 && wire->ctx)
		modbus_set_byte_timeout(wire->ctx, 0, 0);
	if (rc < 0 && wire->ctx)
		modbus_free(wire->ctx);
	return rc < 0 ? rc : 0;
}

void wire_close(struct wire *wire)
{
	if (!wire->ctx) {
		close(wire->fd);
		return;
	}
	modbus_set_socket(wire->ctx, -1);	/* it is the host's */
	modbus_free(wire->ctx);
	wire->ctx = NULL;
}

/* How long the wire must be quiet after a failure. A frame on TCP has its
 * transaction id; behind a converter nobody knows how the rest comes. */
static int settle_ms(const struct wire *wire)
{
	switch (wire->transport) {
	case WIRE_TCP:
		return 0;
	case WIRE_RTU:
		return (int)(wire->silence_ns / 1000000) + 1;
	case WIRE_RTU_OVER_TCP:
		return 50;
	}
	return 0;
}

/* Throw away what is there; after a failure until the line is quiet. */
static int wire_drain(struct wire *wire)
{
	struct pollfd ready = {wire->fd, POLLIN, 0};
	int quiet = wire->stale ? settle_ms(wire) : 0;
	uint8_t rest[512];
	ssize_t n;

	for (int i = 0; i < 64; i++) {
		if (poll(&ready, 1, quiet) == 0) {
			wire->stale = false;
			return 0;
		}
		n = read(wire->fd, rest, sizeof(rest));
		if (n == 0)
			return -ECONNRESET;
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return -errno;
	}
	return -EBADMSG;	/* somebody talks without end */
}

/* The other side has closed while nobody asked. */
static int wire_reconnect(struct wire *wire)
{
	int fd;

	if (wire->transport == WIRE_RTU)
		return -ECONNRESET;
	fd = tcp_connect(&wire->settings);
	if (fd < 0)
		return fd == -ETIMEDOUT ? -ECONNRESET : fd;
	wire->stale = wire->transport == WIRE_RTU_OVER_TCP;
	if (wire->transport == WIRE_TCP)
		return fd_lower(wire, fd, wire->fd);
	close(wire->fd);
	wire->fd = fd;
	return 0;
}

static void sleep_until(int64_t until)
{
	struct timespec at = {until / SECOND, until % SECOND};

	if (until > wire_now())
		while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at,
				       NULL) == EINTR)
			;
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
	if (wire->transport != WIRE_TCP &&
	    wire->slow_unit == call->request->unit)
		sleep_until(wire->slow_until);
	if (wire->doubt_from)
		sleep_until(wire->doubt_from + call->timeout);
	wire->doubt_from = 0;
}

/* Not modbus_send_raw_request(): its transaction id is always 0, and a late
 * answer could not be told from the right one. */
static int tcp_send(struct wire *wire, const struct modbus_request *r)
{
	size_t n = MBAP + (size_t)r->length;
	uint8_t frame[MBAP + PDU_MAX] = {0};

	wire->transaction++;
	frame[0] = (uint8_t)(wire->transaction >> 8);
	frame[1] = (uint8_t)wire->transaction;
	frame[5] = (uint8_t)(r->length + 1);
	frame[6] = r->unit;
	memcpy(frame + MBAP, r->pdu, r->length);
	if (send(wire->fd, frame, n, MSG_NOSIGNAL) == (ssize_t)n)
		return 0;
	return -ECONNRESET;
}

static int rtu_send(struct wire *wire, const struct modbus_request *r)
{
	uint8_t raw[1 + PDU_MAX];

	raw[0] = r->unit;
	memcpy(raw + 1, r->pdu, r->length);
	modbus_set_slave(wire->ctx, r->unit);
	if (modbus_send_raw_request(wire->ctx, raw, 1 + r->length) < 0)
		return -EIO;
	return 0;
}

/* One frame by libmodbus, which throws nothing away on its own. */
static int frame_receive(struct wire *wire, int64_t deadline, uint8_t *frame)
{
	int64_t left = deadline - wire_now();
	int n;

	if (left <= 0)
		return -ETIMEDOUT;
	modbus_set_response_timeout(wire->ctx, (uint32_t)(left / SECOND),
				    (uint32_t)(left % SECOND / 1000 + 1));
	n = modbus_receive_confirmation(wire->ctx, frame);
	if (n >= 0)
		return n;
	if (errno == EMBBADCRC || errno == EMBBADDATA || errno == EMBBADEXC)
		return -EBADMSG;
	return errno > 0 && errno < MODBUS_ENOBASE ? -errno : -EIO;
}

static int tcp_receive(struct wire *wire, struct wire_call *call,
		       int64_t deadline, uint8_t *pdu)
{
	uint8_t frame[MODBUS_TCP_MAX_ADU_LENGTH];

	for (;;) {
		int n = frame_receive(wire, deadline, frame);

		if (n < 0)
			return n;
		/* Out of step with the stream: only a new one helps. */
		if (n <= MBAP || frame[2] || frame[3] ||
		    (frame[4] << 8 | frame[5]) != n - MBAP + 1)
			return -EPROTO;
		if ((frame[0] << 8 | frame[1]) != wire->transaction) {
			call->late++;
			continue;
		}
		if (frame[6] != call->request->unit) {
			call->other_unit++;
			return -EREMCHG;
		}
		memcpy(pdu, frame + MBAP, (size_t)(n - MBAP));
		return n - MBAP;
	}
}

/* libmodbus answers 0 for a frame of another unit: a late answer of somebody
 * else, behind which ours may still come. */
static int rtu_receive(struct wire *wire, struct wire_call *call,
		       int64_t deadline, uint8_t *pdu)
{
	uint8_t frame[MODBUS_RTU_MAX_ADU_LENGTH];
	int n;

	while ((n = frame_receive(wire, deadline, frame)) == 0)
		call->other_unit++;
	if (n == -ETIMEDOUT && call->other_unit)
		return -EREMCHG;
	if (n < 0)
		return n;
	if (n < 4 || frame[0] != call->request->unit)
		return -EBADMSG;
	memcpy(pdu, frame + 1, (size_t)(n - 3));
	return n - 3;
}

static int wire_send(struct wire *wire, const struct modbus_request *request)
{
	switch (wire->transport) {
	case WIRE_TCP:
		return tcp_send(wire, request);
	case WIRE_RTU:
		return rtu_send(wire, request);
	case WIRE_RTU_OVER_TCP:
		return rtu_over_tcp_send(wire->fd, request);
	}
	return -EINVAL;
}

static int wire_receive(struct wire *wire, struct wire_call *call,
			int64_t deadline, uint8_t *pdu)
{
	switch (wire->transport) {
	case WIRE_TCP:
		return tcp_receive(wire, call, deadline, pdu);
	case WIRE_RTU:
		return rtu_receive(wire, call, deadline, pdu);
	case WIRE_RTU_OVER_TCP:
		return rtu_over_tcp_receive(wire->fd, call, deadline, pdu);
	}
	return -EINVAL;
}

int wire_exchange(struct wire *wire, struct wire_call *call, uint8_t *pdu)
{
	const struct modbus_request *r = call->request;
	/* unit and CRC of both frames are four characters more */
	int64_t sending = wire->char_ns * (r->length + r->reply + 6);
	int64_t start;
	int rc;

	wire_wait(wire, call);
	rc = wire_drain(wire);
	if (rc == -ECONNRESET) {
		rc = wire_reconnect(wire);
		call->reconnects += rc == 0;
	}
	if (rc)
		return rc;
	start = wire_now();
	rc = wire_send(wire, r);
	if (rc == 0)
		rc = wire_receive(wire, call, start + sending + call->timeout,
				  pdu);
	wire->quiet = wire_now();
	wire->stale = rc < 0;
	if (rc == -ETIMEDOUT) {
		wire->slow_unit = r->unit;
		wire->slow_until = wire->quiet + call->timeout;
	}
	call->turn_ns = wire->quiet - start - sending;
	return rc;
}
