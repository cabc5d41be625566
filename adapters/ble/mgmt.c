/* SPDX-License-Identifier: GPL-2.0-or-later
 * The kernel's management socket. */
#include "adapters/ble/mgmt.h"

#include <bluetooth/bluetooth.h>
#include <bluetooth/hci.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "adapters/ble/bytes.h"
#include "adapters/ble/radio.h"

#define HEAD 6
#define PACKET_MAX 512

enum {
	READ_INFO = 0x0004, SET_POWERED = 0x0005, SET_LE = 0x000d,
	EVENT_COMPLETE = 0x0001, EVENT_STATUS = 0x0002, EVENT_ADDED = 0x0004,
	EVENT_REMOVED = 0x0005,
	EVENT_SETTINGS = 0x0006, EVENT_DISCOVERING = 0x0013,
};
enum { POWERED = 1 << 0, LE = 1 << 9 };
#define STATUS_INVALID_INDEX 0x11
#define INFO_SUPPORTED 9	/* offset of the supported settings */
#define INFO_CURRENT 13

static int command_send(struct mgmt *mgmt, uint16_t opcode, const void *more,
			size_t n)
{
	uint8_t packet[HEAD + 8];

	put_le16(packet, opcode);
	put_le16(packet + 2, (uint16_t)mgmt->index);
	put_le16(packet + 4, (uint16_t)n);
	if (n > 0)
		memcpy(packet + HEAD, more, n);
	return write(mgmt->fd, packet, HEAD + n) < 0 ? -errno : 0;
}

int mgmt_open(struct mgmt *mgmt, int index)
{
	int rc;

	*mgmt = (struct mgmt){.fd = radio_open(RADIO_MGMT, index),
			      .index = index};
	if (mgmt->fd < 0)
		return mgmt->fd;
	rc = command_send(mgmt, READ_INFO, NULL, 0);
	if (rc < 0)
		mgmt_close(mgmt);
	return rc;
}

void mgmt_close(struct mgmt *mgmt)
{
	if (mgmt->fd >= 0)
		close(mgmt->fd);
	mgmt->fd = -1;
}

int mgmt_power(struct mgmt *mgmt, bool on)
{
	uint8_t value = on;

	return mgmt->fd < 0 ? -EBADF :
	       command_send(mgmt, SET_POWERED, &value, 1);
}

int mgmt_power_cycle(struct mgmt *mgmt)
{
	if (!mgmt->powered)
		return mgmt_power(mgmt, true);
	mgmt->cycle = true;
	return mgmt_power(mgmt, false);
}

static enum mgmt_news settings_news(struct mgmt *mgmt, uint32_t settings)
{
	bool was = mgmt->powered;

	mgmt->powered = settings & POWERED;
	if (!mgmt->powered && was && mgmt->cycle)
		mgmt_power(mgmt, true);
	if (mgmt->powered && !was)
		mgmt->cycle = false;
	if (was == mgmt->powered)
		return MGMT_NOTHING;
	return mgmt->powered ? MGMT_ON : MGMT_OFF;
}

/* A controller of both kinds has LE off until somebody wants it. */
static enum mgmt_news info_news(struct mgmt *mgmt, const uint8_t *p, size_t n)
{
	uint32_t supported, current;
	uint8_t on = 1;

	if (n < INFO_CURRENT + 4)
		return MGMT_NOTHING;
	memcpy(mgmt->address, p, sizeof(mgmt->address));
	supported = le32(p + INFO_SUPPORTED);
	current = le32(p + INFO_CURRENT);
	if (supported & LE && !(current & LE))
		command_send(mgmt, SET_LE, &on, 1);
	mgmt->powered = current & POWERED;
	return mgmt->powered ? MGMT_ON : MGMT_OFF;
}

static enum mgmt_news complete_news(struct mgmt *mgmt, const uint8_t *p,
				    size_t n)
{
	uint16_t opcode = le16(p);

	/* The kernel still sets it up; "added" comes when it has. */
	if (opcode == READ_INFO && p[2] == STATUS_INVALID_INDEX)
		return MGMT_NOTHING;
	if (p[2] != 0) {
		mgmt->status = p[2];
		mgmt->refused = opcode;
		mgmt->cycle = false;
		return MGMT_REFUSED;
	}
	if (opcode == READ_INFO)
		return info_news(mgmt, p + 3, n - 3);
	if (opcode == SET_POWERED && n >= 7)
		return settings_news(mgmt, le32(p + 3));
	return MGMT_NOTHING;
}

static enum mgmt_news event_news(struct mgmt *mgmt, uint16_t event,
				 const uint8_t *p, size_t n)
{
	switch (event) {
	case EVENT_COMPLETE:
	case EVENT_STATUS:
		return n >= 3 ? complete_news(mgmt, p, n) : MGMT_NOTHING;
	case EVENT_ADDED:
		command_send(mgmt, READ_INFO, NULL, 0);
		return MGMT_NOTHING;
	case EVENT_REMOVED:
		return MGMT_GONE;
	case EVENT_SETTINGS:
		return n >= 4 ? settings_news(mgmt, le32(p)) : MGMT_NOTHING;
	case EVENT_DISCOVERING:
		return n < 2 ? MGMT_NOTHING : p[1] ? MGMT_DISCOVERING :
		       MGMT_DISCOVERED;
	}
	return MGMT_NOTHING;
}

int mgmt_read(struct mgmt *mgmt, enum mgmt_news *news)
{
	uint8_t packet[PACKET_MAX];
	ssize_t n = read(mgmt->fd, packet, sizeof(packet));

	*news = MGMT_NOTHING;
	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	if (n == 0)		/* lwmux-radio has ended */
		*news = MGMT_GONE;
	if (n >= HEAD && le16(packet + 2) == mgmt->index)
		*news = event_news(mgmt, le16(packet), packet + HEAD,
				   (size_t)n - HEAD);
	return 0;
}

const char *mgmt_status_text(uint8_t status)
{
	switch (status) {
	case 0x01:
		return "unknown command";
	case 0x08:
		return "time-out";
	case 0x0a:
		return "busy";
	case 0x0b:
		return "rejected";
	case 0x0c:
		return "not supported";
	case 0x0f:
		return "no power";
	case 0x11:
		return "no such controller";
	case 0x12:
		return "blocked by rfkill";
	case 0x14:
		return "permission denied (needs CAP_NET_ADMIN)";
	}
	return "failed";
}
