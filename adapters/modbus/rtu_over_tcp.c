/* SPDX-License-Identifier: GPL-2.0-or-later
 * Serial frames on a TCP connection, as simple serial-to-Ethernet converters
 * carry them: no MBAP header, the CRC stays. libmodbus has no such back end. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "adapters/modbus/wire.h"

int rtu_over_tcp_send(int fd, const struct modbus_request *request)
{
	uint8_t frame[RTU_MAX];
	size_t n = rtu_frame_put(request, frame);

	if (send(fd, frame, n, MSG_NOSIGNAL) == (ssize_t)n)
		return 0;
	return -ECONNRESET;
}

/* At least one byte more. */
static int bytes_receive(int fd, int64_t deadline, uint8_t *at, size_t n)
{
	struct pollfd ready = {fd, POLLIN, 0};
	int64_t left = deadline - wire_now();
	ssize_t got;

	if (left <= 0 || poll(&ready, 1, (int)(left / 1000000) + 1) == 0)
		return -ETIMEDOUT;
	got = recv(fd, at, n, MSG_DONTWAIT);
	if (got == 0)
		return -ECONNRESET;
	if (got < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	return (int)got;
}

/* One whole frame: its length, its CRC is right. */
static int frame_receive(int fd, int64_t deadline, uint8_t *frame)
{
	size_t have = 0, want = 3;

	while (have < want) {
		int n = bytes_receive(fd, deadline, frame + have, want - have);

		if (n < 0)
			return n == -ETIMEDOUT && have ? -EBADMSG : n;
		have += (size_t)n;
		if (have == 3)
			want = rtu_reply_length(frame, have);
		if (want > RTU_MAX)
			return -EBADMSG;
	}
	return rtu_crc_good(frame, have) ? (int)have : -EBADMSG;
}

int rtu_over_tcp_receive(int fd, struct wire_call *call, int64_t deadline,
			 uint8_t *pdu)
{
	uint8_t frame[RTU_MAX];

	for (;;) {
		int n = frame_receive(fd, deadline, frame);

		if (n == -ETIMEDOUT && call->other_unit)
			return -EREMCHG;
		if (n < 0)
			return n;
		if (frame[0] == call->request->unit) {
			memcpy(pdu, frame + 1, (size_t)(n - 3));
			return n - 3;
		}
		call->other_unit++;	/* a late one; ours may follow */
	}
}
