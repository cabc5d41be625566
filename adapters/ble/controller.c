/* SPDX-License-Identifier: GPL-2.0-or-later
 * A controller: its sockets, its scan, and what revives it. */
#include "adapters/ble/controller.h"

#include <bluetooth/bluetooth.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <syslog.h>
#include <unistd.h>

#include "adapters/ble/gatt.h"
#include "adapters/ble/hci.h"
#include "adapters/ble/listen.h"

#define SECOND INT64_C(1000000000)
#define PACKETS_MAX 256		/* in one turn */
#define AGAIN_TIME (5 * SECOND)	/* one that is gone is looked for */

/* ---- opens and closes */

void controller_init(struct ble_bus *b, struct ble_controller *c,
		     const char *name)
{
	*c = (struct ble_controller){.bus = b, .name = name, .index = -1,
				     .hci = -1, .mgmt.fd = -1};
}

static int fd_watch(const struct ble_controller *c, int fd)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

	return epoll_ctl(c->bus->epoll, EPOLL_CTL_ADD, fd, &event) < 0 ?
	       -errno : 0;
}

static void controller_close(struct ble_controller *c)
{
	uint8_t packet[SCAN_COMMAND_MAX];
	size_t n = c->hci < 0 ? 0 : scan_end(&c->scan, packet);

	if (n > 0)		/* nobody scans for us any more */
		hci_write(c->hci, packet, n);
	mgmt_close(&c->mgmt);
	if (c->hci >= 0)
		close(c->hci);
	free(c->join);
	c->hci = -1;
	c->join = NULL;
	c->opened = false;
}

/* Power and the news of others come by the management socket. Without it the
 * controller is taken to be on. */
static int mgmt_watch(struct ble_controller *c, int64_t now)
{
	int rc = mgmt_open(&c->mgmt, c->index);

	if (rc == 0)
		return fd_watch(c, c->mgmt.fd);
	adapter_log(c->bus->base, NULL, LOG_WARNING,
		    "no management of controllers: %s", strerror(-rc));
	scan_start(&c->scan, now, false);
	return 0;
}

static int sockets_open(struct ble_controller *c, int64_t now)
{
	int rc;

	c->index = hci_find(c->name);
	if (c->index < 0)
		return c->index;
	c->hci = hci_open(c->index);
	if (c->hci < 0)
		return c->hci;
	rc = fd_watch(c, c->hci);
	return rc < 0 ? rc : mgmt_watch(c, now);
}

static void number_say(const struct ble_controller *c)
{
	char now[16];

	snprintf(now, sizeof(now), "hci%d", c->index);
	if (strncmp(c->name, "hci", 3) == 0 && strcmp(c->name, now) != 0)
		adapter_log(c->bus->base, NULL, LOG_NOTICE, "%s is %s now",
			    c->name, now);
}

static int controller_open(struct ble_controller *c, int64_t now)
{
	const struct ble_bus *b = c->bus;
	int rc;

	scan_init(&c->scan, b->scan_kind == SCAN_ACTIVE, b->phy == PHY_AUTO);
	watchdog_start(&c->watchdog, b->watchdog_time, now);
	c->said = SCAN_OFF;
	c->join = calloc(1, sizeof(*c->join));
	rc = c->join ? sockets_open(c, now) : -ENOMEM;
	if (rc < 0)
		controller_close(c);
	else
		number_say(c);
	return rc;
}

static const char *error_text(int rc)
{
	return rc == -EAFNOSUPPORT ? "the kernel has no Bluetooth" :
	       rc == -ENODEV ? "there is no such controller" : strerror(-rc);
}

static bool is_any_open(const struct ble_bus *b)
{
	for (size_t i = 0; i < b->n_controllers; i++)
		if (b->controllers[i].hci >= 0)
			return true;
	return false;
}

/* The bus is lost with its last controller; before that the others go on. */
static void controller_lost(struct ble_controller *c, int rc, const char *what,
			    int64_t now)
{
	struct ble_bus *b = c->bus;

	controller_close(c);
	c->again = now + AGAIN_TIME;
	if (is_any_open(b))
		adapter_log(b->base, NULL, LOG_WARNING,
			    "%s %s: the others go on", c->name, what);
	else
		adapter_lost(b->base, NULL, rc, "%s %s", c->name, what);
}

int controllers_open(struct ble_bus *b)
{
	int64_t now = adapter_now(b->base);
	int errors[BLE_CONTROLLERS];

	for (size_t i = 0; i < b->n_controllers; i++)
		errors[i] = controller_open(&b->controllers[i], now);
	for (size_t i = 0; i < b->n_controllers; i++) {
		struct ble_controller *c = &b->controllers[i];

		if (errors[i] == 0)
			continue;
		c->again = now + AGAIN_TIME;
		if (is_any_open(b)) {
			adapter_log(b->base, NULL, LOG_WARNING,
				    "%s: %s: the others go on", c->name,
				    error_text(errors[i]));
			continue;
		}
		adapter_lost(b->base, NULL, errors[i], "%s: %s", c->name,
			     error_text(errors[i]));
		return errors[i];
	}
	return 0;
}

void controllers_close(struct ble_bus *b)
{
	for (size_t i = 0; i < b->n_controllers; i++)
		controller_close(&b->controllers[i]);
}

/* ---- what comes */

static void hci_failed(struct ble_controller *c, int rc, int64_t now)
{
	if (rc == -ENETDOWN)
		scan_power_off(&c->scan);
	else if (rc == -EPERM)
		controller_lost(c, rc, "has no CAP_NET_RAW, which scanning "
				"needs", now);
	else if (rc != -EAGAIN)
		controller_lost(c, rc == -EPIPE ? -ENODEV : rc, "is gone",
				now);
}

static void hci_ready(struct ble_controller *c, int64_t now)
{
	uint8_t packet[HCI_PACKET_MAX];

	for (int i = 0; i < PACKETS_MAX; i++) {
		int n = hci_read(c->hci, packet, sizeof(packet));

		if (n == -EAGAIN)
			return;
		if (n < 0) {
			hci_failed(c, n, now);
			return;
		}
		if (!listen_packet(c, packet, (size_t)n, now))
			scan_event(&c->scan, packet, (size_t)n, now);
		else if (watchdog_heard(&c->watchdog, now))
			adapter_log(c->bus->base, NULL, LOG_NOTICE,
				    "advertisements are heard again");
	}
}

static void power_lost(struct ble_controller *c)
{
	scan_power_off(&c->scan);
	if (c->mgmt.cycle || c->said == SCAN_OFF)
		return;
	c->said = SCAN_OFF;
	adapter_log(c->bus->base, NULL, LOG_WARNING, "%s has no power",
		    c->name);
}

static void refusal_say(const struct ble_controller *c)
{
	if (c->mgmt.refused == 0x0005 || c->mgmt.refused == 0x000d)
		adapter_log(c->bus->base, NULL, LOG_WARNING,
			    "%s cannot be switched on: %s", c->name,
			    mgmt_status_text(c->mgmt.status));
	else
		adapter_log(c->bus->base, NULL, LOG_WARNING,
			    "%s: management refused: %s", c->name,
			    mgmt_status_text(c->mgmt.status));
}

static void mgmt_ready(struct ble_controller *c, int64_t now)
{
	enum mgmt_news news;

	while (mgmt_read(&c->mgmt, &news) == 0) {
		switch (news) {
		case MGMT_NOTHING:
			break;
		case MGMT_ON:
			hci_remember(c->name, c->mgmt.address);
			c->scan.known = false;
			scan_start(&c->scan, now, false);
			break;
		case MGMT_OFF:
			power_lost(c);
			if (!c->opened)	/* as the site's file wants it */
				mgmt_power(&c->mgmt, true);
			break;
		case MGMT_GONE:
			controller_lost(c, -ENODEV, "was unplugged", now);
			return;
		case MGMT_DISCOVERING:
		case MGMT_DISCOVERED:
			scan_others(&c->scan, news == MGMT_DISCOVERING, now);
			break;
		case MGMT_REFUSED:
			refusal_say(c);
			break;
		}
		c->opened |= news == MGMT_ON || news == MGMT_OFF;
	}
}

/* Each rung is told once in a silence. */
static void ladder_say(const struct ble_controller *c, const char *what, int rc,
		       const char *need)
{
	int64_t seconds = (adapter_now(c->bus->base) - c->watchdog.heard) / SECOND;

	if (c->watchdog.rounds > 0)
		return;
	if (rc < 0)
		adapter_log(c->bus->base, NULL, LOG_WARNING,
			    "nothing heard for %lld s; %s: %s%s",
			    (long long)seconds, what, strerror(-rc),
			    rc == -EACCES || rc == -EPERM ? need : "");
	else
		adapter_log(c->bus->base, NULL, LOG_WARNING,
			    "nothing heard for %lld s: %s",
			    (long long)seconds, what);
}

static void ladder_climb(struct ble_controller *c, int64_t now)
{
	if (!c->bus->base->devices)	/* nobody is missed */
		watchdog_heard(&c->watchdog, now);
	switch (watchdog_step(&c->watchdog, now)) {
	case WATCHDOG_NOTHING:
		return;
	case WATCHDOG_SCAN:
		ladder_say(c, "the scan is started again", 0, "");
		if (c->scan.state != SCAN_OFF || c->mgmt.fd < 0)
			scan_start(&c->scan, now, true);
		break;
	case WATCHDOG_POWER:
		ladder_say(c, "power is switched off and on",
			   mgmt_power_cycle(&c->mgmt), "");
		break;
	case WATCHDOG_RFKILL:
		c->mgmt.cycle = c->mgmt.powered;
		ladder_say(c, "rfkill blocks and releases it",
			   hci_rfkill(c->index),
			   " (needs write access to /dev/rfkill)");
		break;
	case WATCHDOG_USB:
		ladder_say(c, "its USB device is reset",
			   hci_usb_reset(c->index),
			   " (needs write access to its node in /dev/bus/usb)");
		break;
	}
	adapter_count(c->bus->base, NULL, "revivals", 1);
}

/* Without a status it was a time-out. */
static void scan_refusal_say(const struct ble_controller *c)
{
	if (c->scan.status)
		adapter_log(c->bus->base, NULL, LOG_WARNING,
			    "%s refuses to scan (HCI status 0x%02x): listening "
			    "to what others let it hear", c->name,
			    c->scan.status);
	else
		adapter_log(c->bus->base, NULL, LOG_WARNING,
			    "%s does not answer to commands: listening to what "
			    "others let it hear", c->name);
}

static void scan_say(struct ble_controller *c)
{
	enum scan_state state = c->scan.state;

	if (state == c->said || (state == SCAN_REFUSED &&
				 c->scan.refusals < 4))
		return;
	if (state == SCAN_RUNNING)
		adapter_log(c->bus->base, NULL, LOG_INFO, "scanning on %s, %s%s%s",
			    c->name, c->scan.active ? "active" :
			    "passive", c->scan.extended ? ", extended" : "",
			    c->scan.coded ? ", LE Coded too" : "");
	else if (state == SCAN_LISTENING)
		adapter_log(c->bus->base, NULL, LOG_INFO,
			    "another program discovers on %s: listening",
			    c->name);
	else if (state == SCAN_REFUSED)
		scan_refusal_say(c);
	else
		return;
	c->said = state;
}

/* While the kernel connects for us, its own scan is heard: see scan.h. */
static void scan_drive(struct ble_controller *c, int64_t now)
{
	uint8_t packet[SCAN_COMMAND_MAX];
	size_t n = gatt_connects(c) ? 0 : scan_step(&c->scan, now, packet);
	int rc;

	if (n > 0) {
		rc = hci_write(c->hci, packet, n);
		if (rc < 0)
			hci_failed(c, rc, now);
	}
	scan_say(c);
}

/* ---- all of a bus */

bool controllers_ready(struct ble_bus *b, int fd, int64_t now)
{
	for (size_t i = 0; i < b->n_controllers; i++) {
		struct ble_controller *c = &b->controllers[i];

		if (fd == c->hci)
			hci_ready(c, now);
		else if (fd == c->mgmt.fd)
			mgmt_ready(c, now);
		else
			continue;
		return true;
	}
	return false;
}

/* One of several that was gone. */
static void controller_look(struct ble_controller *c, int64_t now)
{
	if (now < c->again)
		return;
	c->again = now + AGAIN_TIME;
	if (controller_open(c, now) == 0)
		adapter_log(c->bus->base, NULL, LOG_NOTICE, "%s is back",
			    c->name);
}

void controllers_turn(struct ble_bus *b, int64_t now)
{
	for (size_t i = 0; i < b->n_controllers; i++) {
		struct ble_controller *c = &b->controllers[i];

		if (c->hci < 0) {
			controller_look(c, now);
			continue;
		}
		ladder_climb(c, now);
		scan_drive(c, now);
	}
}

int64_t controllers_due(const struct ble_bus *b)
{
	int64_t due = INT64_MAX;

	for (size_t i = 0; i < b->n_controllers; i++) {
		const struct ble_controller *c = &b->controllers[i];
		int64_t scan = gatt_connects(c) ? INT64_MAX :
			       scan_due(&c->scan);
		int64_t watchdog = watchdog_due(&c->watchdog);
		int64_t next = c->hci < 0 ? c->again :
			       scan < watchdog ? scan : watchdog;

		if (next < due)
			due = next;
	}
	return due;
}
