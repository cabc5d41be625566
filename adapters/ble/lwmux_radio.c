/* SPDX-License-Identifier: GPL-2.0-or-later
 * lwmux-radio: holds the capabilities that a radio takes, so that the daemon, which
 * talks to the network, has none. systemd starts one for each connection, which is
 * its standard input. See radio.h. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "adapters/ble/radio.h"

#define DAEMON STDIN_FILENO

static int32_t request_take(enum radio_kind *kind, int *index)
{
	char text[16] = "";
	char end;
	ssize_t n = recv(DAEMON, text, sizeof(text) - 1, 0);

	if (n <= 0)
		return -EPROTO;
	if (sscanf(text, "hci %3d%c", index, &end) == 1)
		*kind = RADIO_HCI;
	else if (sscanf(text, "mgmt %3d%c", index, &end) == 1)
		*kind = RADIO_MGMT;
	else
		return -EINVAL;
	return *index < 0 ? -EINVAL : 0;
}

/* What the daemon does not take in time is lost, as the kernel would lose it;
 * false: it is gone. */
static bool to_daemon(int kernel)
{
	uint8_t packet[RADIO_PACKET_MAX];
	ssize_t n = read(kernel, packet, sizeof(packet));

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	if (n == 0)
		return false;
	return send(DAEMON, packet, (size_t)n, MSG_NOSIGNAL | MSG_DONTWAIT) >=
	       0 || errno == EAGAIN;
}

/* A controller that is down is told by its management; the command is lost. */
static bool to_kernel(int kernel, enum radio_kind kind, int index)
{
	uint8_t packet[RADIO_PACKET_MAX];
	ssize_t n = recv(DAEMON, packet, sizeof(packet), 0);

	if (n <= 0)
		return n < 0 && errno == EINTR;
	if (!radio_is_allowed(kind, index, packet, (size_t)n)) {
		fprintf(stderr, "lwmux-radio: refuses a command that the "
			"adapter does not send\n");
		return false;
	}
	return write(kernel, packet, (size_t)n) >= 0 || errno == ENETDOWN ||
	       errno == EAGAIN;
}

static void packets_relay(int kernel, enum radio_kind kind, int index)
{
	struct pollfd ready[2] = {{.fd = DAEMON, .events = POLLIN},
				  {.fd = kernel, .events = POLLIN}};

	for (;;) {
		if (poll(ready, 2, -1) < 0) {
			if (errno == EINTR)
				continue;
			return;
		}
		if (ready[0].revents && !to_kernel(kernel, kind, index))
			return;
		if (ready[1].revents && !to_daemon(kernel))
			return;
	}
}

int main(void)
{
	enum radio_kind kind = RADIO_HCI;
	int index = -1, kernel = -1;
	int32_t answer = request_take(&kind, &index);

	if (answer == 0) {
		kernel = radio_open_kernel(kind, index);
		answer = kernel < 0 ? kernel : 0;
	}
	if (send(DAEMON, &answer, sizeof(answer), MSG_NOSIGNAL) < 0 ||
	    answer < 0)
		return EXIT_FAILURE;
	packets_relay(kernel, kind, index);
	return EXIT_SUCCESS;
}
