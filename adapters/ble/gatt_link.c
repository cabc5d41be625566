/* SPDX-License-Identifier: GPL-2.0-or-later
 * A connection comes about, carries requests and ends: L2CAP's socket, and what
 * its end means for who waited. */
#include "adapters/ble/gatt_private.h"

#include <bluetooth/bluetooth.h>
#include <bluetooth/hci.h>
#include <bluetooth/hci_lib.h>
#include <bluetooth/l2cap.h>
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define ATT_CID 4
#define ANSWER_TIME (30 * SECOND)	/* of the standard */
#define ALONE_TIME (60 * SECOND)	/* after the controller took no second */
#define LINGER_TIME (3 * SECOND)	/* for two of them the kernel keeps a
					 * connection that nobody uses */
#define AGAIN_MAX 6			/* 2^6 s between failed attempts */
#define MTU 247

void gatt_link_close(struct gatt_link *g)
{
	if (g->fd >= 0) {
		epoll_ctl(g->bus->epoll, EPOLL_CTL_DEL, g->fd, NULL);
		close(g->fd);
	}
	if (g->current)
		g->current->started = 0;
	g->fd = -1;
	g->state = GATT_IDLE;
	g->current = NULL;
	g->point = NULL;
}

/* Points fail, and not the device: whether it lives, its advertisements tell,
 * and the bus need not be opened anew where no connection comes about. */
void gatt_points_fail(struct ble_device *device, bool notifying, int error,
		      const char *what)
{
	for (size_t i = 0; i < device->base->n_points; i++) {
		struct ble_point *p = gatt_point(device, i);

		if (p->wanted || (notifying && p->notify))
			adapter_fault(device->base, p->base, error, "%s: %s",
				      what, strerror(-error));
	}
}

/* What was due has failed; a device that notifies is tried again anyway. */
void gatt_link_fail(struct gatt_link *g, int error, const char *what,
		    int64_t now)
{
	struct ble_device *device = g->current;
	struct adapter_command *command = device->command;

	gatt_link_close(g);
	device->command = NULL;
	gatt_points_fail(device, device->failures > 0, error, what);
	for (size_t i = 0; i < device->base->n_points; i++) {
		gatt_point(device, i)->wanted = false;
		gatt_point(device, i)->subscribed = false;
	}
	device->again = now + (SECOND << (device->failures < AGAIN_MAX ?
					  device->failures : AGAIN_MAX));
	device->failures++;
	adapter_count(g->bus->base, device->base, "connections_failed", 1);
	if (command) {
		adapter_why(device->base, "%s: %s", what, strerror(-error));
		adapter_done(command, error);
	}
	if (device->has_notify)
		gatt_enqueue(g->bus->gatt, device, now);
}

void gatt_link_end(struct gatt_link *g, int64_t now)
{
	struct ble_device *device = g->current;

	for (size_t i = 0; i < device->base->n_points; i++)
		gatt_point(device, i)->subscribed = false;
	g->bus->gatt->lingers_until = now + LINGER_TIME;
	gatt_link_close(g);
	if (device->has_notify)
		gatt_enqueue(g->bus->gatt, device, now);
}

static int link_open(struct ble_bus *bus, const struct ble_device *device)
{
	struct sockaddr_l2 own = {.l2_family = AF_BLUETOOTH,
				  .l2_cid = htobs(ATT_CID),
				  .l2_bdaddr_type = BDADDR_LE_PUBLIC};
	struct sockaddr_l2 peer = own;
	struct bt_security security = {
		.level = (uint8_t)(BT_SECURITY_LOW + device->security)};
	struct epoll_event event = {.events = EPOLLOUT};
	int fd = socket(AF_BLUETOOTH, SOCK_SEQPACKET | SOCK_CLOEXEC |
			SOCK_NONBLOCK, BTPROTO_L2CAP);

	if (fd < 0)
		return -errno;
	for (int i = 0; i < 6; i++)
		peer.l2_bdaddr.b[i] = device->address[5 - i];
	if (device->random)
		peer.l2_bdaddr_type = BDADDR_LE_RANDOM;
	event.data.fd = fd;
	if (hci_devba(device->by->index, &own.l2_bdaddr) < 0 ||
	    bind(fd, (struct sockaddr *)&own, sizeof(own)) < 0 ||
	    setsockopt(fd, SOL_BLUETOOTH, BT_SECURITY, &security,
		       sizeof(security)) < 0 ||
	    (connect(fd, (struct sockaddr *)&peer, sizeof(peer)) < 0 &&
	     errno != EINPROGRESS) ||
	    epoll_ctl(bus->epoll, EPOLL_CTL_ADD, fd, &event) < 0) {
		int rc = -errno;

		close(fd);
		return rc;
	}
	return fd;
}

/* The controller, or the kernel, takes no second connection: it waits until the
 * first has ended. false: that is not why. */
static bool link_postpone(struct gatt_link *g, int error, int64_t now)
{
	struct ble_device *device = g->current;
	struct ble_gatt *gatt = g->bus->gatt;
	int used = 0;

	for (int i = 0; i < GATT_LINKS; i++)
		used += gatt->links[i].current != NULL;
	if (used < 2 || (error != -EBUSY && error != -EMLINK))
		return false;
	gatt->alone_until = now + ALONE_TIME;
	gatt_link_close(g);
	gatt_enqueue(gatt, device, now);
	return true;
}

void gatt_link_start(struct gatt_link *g, struct ble_device *device,
		     int64_t now)
{
	gatt_dequeue(g->bus->gatt, device);
	g->current = device;
	g->by = device->by;
	g->state = GATT_CONNECTING;
	g->since = now;
	g->deadline = now + device->connect_timeout;
	device->connectable = 0;
	adapter_count(g->bus->base, device->base, "connections", 1);
	g->fd = link_open(g->bus, device);
	if (g->fd < 0 && !link_postpone(g, g->fd, now))
		gatt_link_fail(g, g->fd, "connection", now);
}

void gatt_send(struct gatt_link *g, const uint8_t *pdu, size_t n,
	       int64_t now)
{
	if (send(g->fd, pdu, n, MSG_NOSIGNAL) < 0 && errno != EAGAIN)
		gatt_link_fail(g, -errno, "request", now);
}

void gatt_request(struct gatt_link *g, enum gatt_state state, int64_t now)
{
	g->state = state;
	g->deadline = now + ANSWER_TIME;
	gatt_send(g, g->att.out, g->att.n_out, now);
}

void gatt_link_connected(struct gatt_link *g, int64_t now)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = g->fd};
	socklen_t n = sizeof(int);
	int error = 0;

	if (getsockopt(g->fd, SOL_SOCKET, SO_ERROR, &error, &n) < 0)
		error = errno;
	if (error) {
		if (!link_postpone(g, -error, now))
			gatt_link_fail(g, -error, "connection", now);
		return;
	}
	epoll_ctl(g->bus->epoll, EPOLL_CTL_MOD, g->fd, &event);
	g->since = now;
	g->current->failures = 0;
	adapter_heard(g->current->base, g->current->rssi);
	att_init(&g->att);
	att_mtu(&g->att, MTU);
	gatt_request(g, GATT_ASKING_MTU, now);
}
