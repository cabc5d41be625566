/* SPDX-License-Identifier: GPL-2.0-or-later
 * The sockets of a controller, and who may open them. */
#include "adapters/ble/radio.h"

#include <bluetooth/bluetooth.h>
#include <bluetooth/hci.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "adapters/ble/bytes.h"

#define BUFFER (256 << 10)	/* some seconds of a busy place */
#define ANSWER_MS 5000		/* systemd has to start it */
#define MGMT_HEAD 6

static int filter_set(int fd)
{
	struct hci_filter filter = {.type_mask = 1u << HCI_EVENT_PKT};
	const int events[] = {EVT_CMD_COMPLETE, EVT_CMD_STATUS,
			      EVT_LE_META_EVENT};

	for (size_t i = 0; i < sizeof(events) / sizeof(*events); i++)
		filter.event_mask[events[i] / 32] |= 1u << events[i] % 32;
	return setsockopt(fd, SOL_HCI, HCI_FILTER, &filter, sizeof(filter));
}

int radio_open_kernel(enum radio_kind kind, int index)
{
	struct sockaddr_hci address = {
		.hci_family = AF_BLUETOOTH,
		.hci_dev = kind == RADIO_HCI ? (uint16_t)index : HCI_DEV_NONE,
		.hci_channel = kind == RADIO_HCI ? HCI_CHANNEL_RAW :
			       HCI_CHANNEL_CONTROL};
	int fd = socket(AF_BLUETOOTH, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
			BTPROTO_HCI);
	int size = BUFFER, rc;

	if (fd < 0)
		return -errno;
	if ((kind == RADIO_HCI && filter_set(fd) < 0) ||
	    bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		rc = -errno;
		close(fd);
		return rc;
	}
	/* less than asked for is no failure */
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	return fd;
}

/* It does so at once, or it hangs. */
static int answer_await(int fd)
{
	struct pollfd ready = {.fd = fd, .events = POLLIN};
	int32_t answer;

	if (poll(&ready, 1, ANSWER_MS) != 1)
		return -ETIMEDOUT;
	return recv(fd, &answer, sizeof(answer), 0) == sizeof(answer) ?
	       answer : -ECONNRESET;
}

/* -ENOENT, -ECONNREFUSED: nobody listens. */
static int helper_open(enum radio_kind kind, int index)
{
	const struct sockaddr_un address = {.sun_family = AF_UNIX,
					    .sun_path = RADIO_PATH};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC |
			SOCK_NONBLOCK, 0);
	char text[16];
	int rc = 0, n, size = BUFFER;

	if (fd < 0)
		return -errno;
	n = snprintf(text, sizeof(text), "%s %d", kind == RADIO_HCI ? "hci" :
		     "mgmt", index);
	if (connect(fd, (const struct sockaddr *)&address,
		    sizeof(address)) < 0 || send(fd, text, (size_t)n,
						 MSG_NOSIGNAL) < 0)
		rc = -errno;
	else
		rc = answer_await(fd);
	if (rc < 0) {
		close(fd);
		return rc;
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	return fd;
}

int radio_open(enum radio_kind kind, int index)
{
	int fd = helper_open(kind, index);

	return fd == -ENOENT || fd == -ECONNREFUSED ?
	       radio_open_kernel(kind, index) : fd;
}

bool radio_is_allowed(enum radio_kind kind, int index, const uint8_t *p,
		      size_t n)
{
	/* what scan.c and mgmt.c send */
	static const uint16_t hci[] = {0x1002, 0x2003, 0x200b, 0x200c, 0x2041,
				       0x2042};
	static const uint16_t mgmt[] = {0x0004, 0x0005, 0x000d};
	bool is_hci = kind == RADIO_HCI;
	const uint16_t *codes = is_hci ? hci : mgmt;
	size_t count = is_hci ? sizeof(hci) / sizeof(*hci) :
		       sizeof(mgmt) / sizeof(*mgmt);
	uint16_t code;

	if (is_hci ? n < 4 || p[0] != HCI_COMMAND_PKT :
	    n < MGMT_HEAD || le16(p + 2) != index)
		return false;
	code = le16(is_hci ? p + 1 : p);
	for (size_t i = 0; i < count; i++)
		if (codes[i] == code)
			return true;
	return false;
}
