/* SPDX-License-Identifier: GPL-2.0-or-later
 * Connections: two at a time on a controller, in turns. A device that has
 * something due waits until it is heard, as only then it can be connected, and
 * one that sleeps does not keep the others waiting. */
#include "adapters/ble/gatt.h"

#include <bluetooth/bluetooth.h>
#include <bluetooth/hci.h>
#include <bluetooth/hci_lib.h>
#include <bluetooth/l2cap.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <syslog.h>
#include <unistd.h>

#include "adapters/ble/decode_standard.h"

#define SECOND INT64_C(1000000000)
#define ATT_CID 4
#define ANSWER_TIME (30 * SECOND)	/* of the standard */
#define FRESH_TIME (2 * SECOND)		/* it advertised, so it listens */
#define QUEUE_TIME (30 * SECOND)	/* not heard for so long, and for */
#define MISSES 3			/* polls: no answer */
#define TURN_TIME (5 * SECOND)		/* of one that is subscribed to, where
					 * others wait */
#define LINKS 2
#define ALONE_TIME (60 * SECOND)	/* after the controller took no second */
#define LINGER_TIME (3 * SECOND)	/* for two of them the kernel keeps a
					 * connection that nobody uses */
#define AGAIN_MAX 6			/* 2^6 s between failed attempts */
#define MTU 247
#define CCCD 0x2902
enum { WRITE_UNANSWERED = 0x04, CAN_WRITE = 0x08, CAN_NOTIFY = 0x10 };

enum state {
	IDLE, CONNECTING, ASKING_MTU, DISCOVERING, DESCRIBING, SUBSCRIBING,
	STARTING, READY, READING, WRITING,
};

struct link {
	struct ble_bus *bus;
	struct ble_device *current;	/* NULL: it is free */
	const struct ble_controller *by;	/* that makes it */
	enum state state;
	int fd;
	int64_t since, deadline;
	struct att att;
	struct ble_point *point;	/* whose turn it is */
};

struct ble_gatt {
	struct ble_device *first, **end;	/* who waits */
	struct link links[LINKS];
	int64_t alone_until;		/* one link, until then, */
	int64_t lingers_until;		/* and until then the last one is up */
};

/* ---- the queue */

int gatt_open(struct ble_bus *bus)
{
	bus->gatt = calloc(1, sizeof(*bus->gatt));
	if (!bus->gatt)
		return -ENOMEM;
	bus->gatt->end = &bus->gatt->first;
	for (int i = 0; i < LINKS; i++) {
		bus->gatt->links[i].bus = bus;
		bus->gatt->links[i].fd = -1;
	}
	return 0;
}

static struct link *link_of(struct ble_gatt *g, const struct ble_device *device)
{
	for (int i = 0; i < LINKS; i++)
		if (g->links[i].current == device)
			return &g->links[i];
	return NULL;
}

/* The kernel makes one connection at a time, and a controller may have room for
 * one only. NULL: none may be begun now. */
static struct link *free_find(struct ble_gatt *g, int64_t now)
{
	struct link *found = NULL;
	int used = 0;

	for (int i = 0; i < LINKS; i++) {
		if (!g->links[i].current)
			found = &g->links[i];
		else if (g->links[i].state == CONNECTING)
			return NULL;
		else
			used++;
	}
	if (now < g->alone_until && (used > 0 || now < g->lingers_until))
		return NULL;
	return found;
}

static void device_enqueue(struct ble_gatt *g, struct ble_device *device,
			   int64_t now)
{
	if (device->queued || link_of(g, device))
		return;
	device->queued = true;
	device->queued_at = now;
	device->waiting = NULL;
	*g->end = device;
	g->end = &device->waiting;
}

static void device_dequeue(struct ble_gatt *g, struct ble_device *device)
{
	struct ble_device **at = &g->first;

	while (*at && *at != device)
		at = &(*at)->waiting;
	if (!*at)
		return;
	*at = device->waiting;
	if (g->end == &device->waiting)
		g->end = at;
	device->queued = false;
}

static bool is_ready(const struct ble_device *device, int64_t now)
{
	return device->connectable && now - device->connectable <= FRESH_TIME &&
	       now >= device->again;
}

static struct ble_device *ready_find(const struct ble_gatt *g, int64_t now)
{
	struct ble_device *device = g->first;

	while (device && !is_ready(device, now))
		device = device->waiting;
	return device;
}

/* ---- the link */

static struct ble_point *point_of(const struct ble_device *device, size_t i)
{
	return device->base->points[i]->data;
}

static void link_close(struct link *g)
{
	if (g->fd >= 0) {
		epoll_ctl(g->bus->epoll, EPOLL_CTL_DEL, g->fd, NULL);
		close(g->fd);
	}
	if (g->current)
		g->current->started = 0;
	g->fd = -1;
	g->state = IDLE;
	g->current = NULL;
	g->point = NULL;
}

/* Points fail, and not the device: whether it lives, its advertisements tell,
 * and the bus need not be opened anew where no connection comes about. */
static void points_fail(struct ble_device *device, bool notifying, int error,
			const char *what)
{
	for (size_t i = 0; i < device->base->n_points; i++) {
		struct ble_point *p = point_of(device, i);

		if (p->wanted || (notifying && p->notify))
			adapter_fault(device->base, p->base, error, "%s: %s",
				      what, strerror(-error));
	}
}

/* What was due has failed; a device that notifies is tried again anyway. */
static void link_fail(struct link *g, int error, const char *what,
		      int64_t now)
{
	struct ble_device *device = g->current;
	struct adapter_command *command = device->command;

	link_close(g);
	device->command = NULL;
	points_fail(device, device->failures > 0, error, what);
	for (size_t i = 0; i < device->base->n_points; i++) {
		point_of(device, i)->wanted = false;
		point_of(device, i)->subscribed = false;
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
		device_enqueue(g->bus->gatt, device, now);
}

static void link_end(struct link *g, int64_t now)
{
	struct ble_device *device = g->current;

	for (size_t i = 0; i < device->base->n_points; i++)
		point_of(device, i)->subscribed = false;
	g->bus->gatt->lingers_until = now + LINGER_TIME;
	link_close(g);
	if (device->has_notify)
		device_enqueue(g->bus->gatt, device, now);
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
static bool link_postpone(struct link *g, int error, int64_t now)
{
	struct ble_device *device = g->current;
	struct ble_gatt *gatt = g->bus->gatt;
	int used = 0;

	for (int i = 0; i < LINKS; i++)
		used += gatt->links[i].current != NULL;
	if (used < 2 || (error != -EBUSY && error != -EMLINK))
		return false;
	gatt->alone_until = now + ALONE_TIME;
	link_close(g);
	device_enqueue(gatt, device, now);
	return true;
}

static void link_start(struct link *g, struct ble_device *device,
		       int64_t now)
{
	device_dequeue(g->bus->gatt, device);
	g->current = device;
	g->by = device->by;
	g->state = CONNECTING;
	g->since = now;
	g->deadline = now + device->connect_timeout;
	device->connectable = 0;
	adapter_count(g->bus->base, device->base, "connections", 1);
	g->fd = link_open(g->bus, device);
	if (g->fd < 0 && !link_postpone(g, g->fd, now))
		link_fail(g, g->fd, "connection", now);
}

static void pdu_send(struct link *g, const uint8_t *pdu, size_t n,
		     int64_t now)
{
	if (send(g->fd, pdu, n, MSG_NOSIGNAL) < 0 && errno != EAGAIN)
		link_fail(g, -errno, "request", now);
}

static void request_send(struct link *g, enum state state, int64_t now)
{
	g->state = state;
	g->deadline = now + ANSWER_TIME;
	pdu_send(g, g->att.out, g->att.n_out, now);
}

/* ---- what is to do on a link */

static void value_report(struct ble_point *p, const uint8_t *bytes, size_t n)
{
	struct adapter_device *device = p->base->device;
	struct lwm2m_value value;
	uint64_t raw = 0;
	int rc = 0;

	if (!profile_place(&p->condition, &p->mark, &bytes, &n)) {
		rc = -ENODATA;
	} else if (p->format.type == RAW_AUTO) {
		switch (standard_value(p->standard, bytes, n, &value)) {
		case STANDARD_VALUE:
			break;
		case STANDARD_UNKNOWN:
			rc = -ENODATA;
			break;
		case STANDARD_SHORT:
			rc = -EMSGSIZE;
			break;
		}
	} else {
		rc = raw_read(&p->format, bytes, n, &value, &raw);
	}
	if (rc == 0 && !profile_is_value(&p->limits, raw, &value))
		rc = -ENODATA;
	p->wanted = false;
	if (rc == 0)
		adapter_report(p->base, value, 0);
	else
		adapter_fault(device, p->base, rc, "%s", rc == -ENODATA ?
			      "the device has no value" :
			      "the value has another length");
}

/* One reading is for all that want a part of it. */
static void value_take(struct link *g, const uint8_t *bytes, size_t n)
{
	uint16_t handle = g->point->handle;

	for (size_t i = 0; i < g->current->base->n_points; i++) {
		struct ble_point *p = point_of(g->current, i);

		if (p == g->point || (p->wanted && p->handle == handle))
			value_report(p, bytes, n);
	}
}

static void command_end(struct ble_device *device, int error)
{
	struct adapter_command *command = device->command;

	device->command = NULL;
	if (command)
		adapter_done(command, error);
}

static void point_fail(struct ble_device *device, struct ble_point *p,
		       uint8_t code)
{
	p->wanted = false;
	adapter_heard(device->base, device->rssi);
	adapter_fault(device->base, p->base, -EREMOTEIO,
		      "refused by the device: %s (0x%02x)",
		      att_error_text(code), code);
}

static void write_refused(struct ble_device *device, uint8_t code)
{
	adapter_why(device->base, "refused by the device: %s (0x%02x)",
		    att_error_text(code), code);
	command_end(device, code == 0x03 || code == 0x05 || code == 0x08 ||
		    code == 0x0f ? -EACCES : -EREMOTEIO);
}

static void write_start(struct link *g, int64_t now)
{
	struct adapter_command *command = g->current->command;
	struct ble_point *p = command->point->data;
	uint8_t bytes[ATT_VALUE_MAX];
	int n = p->handle ? raw_write(&p->format, &command->value, bytes,
				      sizeof(bytes)) : -ENXIO;

	if (n < 0) {
		if (!p->handle)
			adapter_why(g->current->base, "the device has no such "
				    "characteristic");
		command_end(g->current, n);
		return;
	}
	g->point = p;
	if (p->properties && !(p->properties & CAN_WRITE) &&
	    p->properties & WRITE_UNANSWERED) {
		att_write_command(&g->att, p->handle, bytes, (size_t)n);
		pdu_send(g, g->att.out, g->att.n_out, now);
		if (g->current)
			command_end(g->current, 0);
		return;
	}
	att_write(&g->att, p->handle, bytes, (size_t)n);
	request_send(g, WRITING, now);
}

static struct ble_point *wanted_find(const struct ble_device *device)
{
	for (size_t i = 0; i < device->base->n_points; i++)
		if (point_of(device, i)->wanted)
			return point_of(device, i);
	return NULL;
}

/* The next one to subscribe to. */
static struct ble_point *unsubscribed_find(const struct ble_device *device)
{
	for (size_t i = 0; i < device->base->n_points; i++) {
		struct ble_point *p = point_of(device, i);

		if (p->notify && !p->subscribed)
			return p;
	}
	return NULL;
}

static void read_start(struct link *g, struct ble_point *p, int64_t now)
{
	if (!p->handle) {
		p->wanted = false;
		adapter_fault(g->current->base, p->base, -ENXIO,
			      "the device has no such characteristic");
		return;
	}
	g->point = p;
	att_read(&g->att, p->handle);
	request_send(g, READING, now);
}

static void subscribe_start(struct link *g, struct ble_point *p,
			    int64_t now)
{
	const uint8_t bits[2] = {p->properties & CAN_NOTIFY ? 1 : 2};

	g->point = p;
	p->subscribed = true;	/* once a link, whatever comes of it */
	if (!p->handle) {
		adapter_fault(g->current->base, p->base, -ENXIO,
			      "the device has no such characteristic");
	} else if (p->client) {
		att_write(&g->att, p->client, bits, 2);
		request_send(g, SUBSCRIBING, now);
	} else if (p->handle < p->end) {
		p->subscribed = false;
		att_descriptors(&g->att, (uint16_t)(p->handle + 1), p->end);
		request_send(g, DESCRIBING, now);
	} else {
		adapter_fault(g->current->base, p->base, -ENXIO,
			      "the characteristic cannot notify");
	}
}

/* Some devices do as they are told and yet refuse it, or what they take does not
 * say that it can be written: it is told all the same, and goes on. */
static void start_write(struct link *g, int64_t now)
{
	struct ble_device *device = g->current;
	const struct ble_start *s = &device->starts[device->started++];
	bool answered = s->properties & CAN_WRITE &&
			!(s->properties & WRITE_UNANSWERED);

	if (!s->handle) {
		adapter_log(device->base->bus, device->base, LOG_WARNING,
			    "start %zu: it has no such characteristic",
			    device->started);
	} else if (answered) {
		att_write(&g->att, s->handle, s->bytes, s->n);
		request_send(g, STARTING, now);
	} else {
		att_write_command(&g->att, s->handle, s->bytes, s->n);
		pdu_send(g, g->att.out, g->att.n_out, now);
	}
}

/* What it is to be told waits until it can be heard. */
static void start_step(struct link *g, int64_t now)
{
	struct ble_point *p = unsubscribed_find(g->current);

	if (p)
		subscribe_start(g, p, now);
	else
		start_write(g, now);
}

/* Others wait, and for want of a link. */
static bool is_turn_over(const struct link *g, int64_t now)
{
	struct ble_gatt *gatt = g->bus->gatt;

	return now - g->since >= TURN_TIME && ready_find(gatt, now) &&
	       !free_find(gatt, now);
}

/* A link that has nothing under way: what is next. */
static void link_work(struct link *g, int64_t now)
{
	struct ble_point *p;

	while (g->state == READY && g->current) {
		struct ble_device *device = g->current;

		if (device->has_uuids && !device->discovered) {
			g->point = NULL;
			att_characteristics(&g->att, 1);
			request_send(g, DISCOVERING, now);
		} else if (device->started < device->n_starts) {
			start_step(g, now);
		} else if (device->command) {
			write_start(g, now);
		} else if ((p = wanted_find(device))) {
			read_start(g, p, now);
		} else if ((p = unsubscribed_find(device))) {
			subscribe_start(g, p, now);
		} else if (!device->has_notify || is_turn_over(g, now)) {
			link_end(g, now);
		} else {
			g->deadline = INT64_MAX;
			return;
		}
	}
}

static void link_connected(struct link *g, int64_t now)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = g->fd};
	socklen_t n = sizeof(int);
	int error = 0;

	if (getsockopt(g->fd, SOL_SOCKET, SO_ERROR, &error, &n) < 0)
		error = errno;
	if (error) {
		if (!link_postpone(g, -error, now))
			link_fail(g, -error, "connection", now);
		return;
	}
	epoll_ctl(g->bus->epoll, EPOLL_CTL_MOD, g->fd, &event);
	g->since = now;
	g->current->failures = 0;
	adapter_heard(g->current->base, g->current->rssi);
	att_init(&g->att);
	att_mtu(&g->att, MTU);
	request_send(g, ASKING_MTU, now);
}

/* ---- what comes */

/* The characteristic before ends where this one begins. */
static void characteristic_found(struct ble_device *device,
				 const struct att_event *e)
{
	for (size_t i = 0; i < device->n_starts; i++) {
		struct ble_start *s = &device->starts[i];

		if (s->handle || !att_uuid_equal(&s->uuid, &e->uuid))
			continue;
		s->handle = e->value_handle;
		s->properties = e->properties;
	}
	for (size_t i = 0; i < device->base->n_points; i++) {
		struct ble_point *p = point_of(device, i);

		if (!p->characteristic)
			continue;
		if (p->handle && p->handle < e->handle &&
		    p->end == UINT16_MAX)
			p->end = (uint16_t)(e->handle - 1);
		if (p->handle || !att_uuid_equal(&p->uuid, &e->uuid))
			continue;
		p->handle = e->value_handle;
		p->end = UINT16_MAX;
		p->properties = e->properties;
	}
}

static void descriptor_found(struct ble_point *p, const struct att_event *e)
{
	if (p && !p->client && att_uuid_short(&e->uuid) == CCCD)
		p->client = e->handle;
}

/* What is notified may be of another kind than the point's. */
static bool is_notified(const struct ble_point *p, const struct att_event *e)
{
	const uint8_t *bytes = e->bytes;
	size_t n = e->n;

	return p->notify && p->handle == e->handle &&
	       profile_place(&p->condition, &p->mark, &bytes, &n);
}

static void link_notified(struct link *g, const struct att_event *e)
{
	struct ble_device *device = g->current;

	for (size_t i = 0; i < device->base->n_points; i++) {
		struct ble_point *p = point_of(device, i);

		if (is_notified(p, e))
			value_report(p, e->bytes, e->n);
	}
}

/* The device's database has changed: find the handles anew next time. */
static void handles_forget(struct ble_device *device, uint8_t code)
{
	if (code != 0x01 && code != 0x12)
		return;
	device->discovered = false;
	for (size_t i = 0; i < device->n_starts; i++)
		device->starts[i].handle = 0;
	for (size_t i = 0; i < device->base->n_points; i++) {
		struct ble_point *p = point_of(device, i);

		if (!p->characteristic || strncmp(p->characteristic,
						  "handle ", 7) == 0)
			continue;
		p->handle = p->client = 0;
	}
}

static void request_failed(struct link *g, uint8_t code)
{
	struct ble_device *device = g->current;
	enum state state = g->state;

	g->state = READY;
	if (state == READING || state == SUBSCRIBING)
		point_fail(device, g->point, code);
	else if (state == WRITING)
		write_refused(device, code);
	else if (state == DISCOVERING)
		device->discovered = true;
	else if (state == DESCRIBING)
		g->point->subscribed = true;
	handles_forget(device, code);
}

static void discovery_ended(struct link *g)
{
	if (g->state == DISCOVERING)
		g->current->discovered = true;
	if (g->state == DESCRIBING && !g->point->client) {
		g->point->subscribed = true;
		adapter_fault(g->current->base, g->point->base, -ENXIO,
			      "the characteristic cannot notify");
	}
	g->state = READY;
}

static void event_take(struct link *g, const struct att_event *e,
		       int64_t now)
{
	uint8_t confirm;

	switch (e->kind) {
	case ATT_NOTHING:
		break;
	case ATT_MTU:
		g->state = READY;
		break;
	case ATT_CHARACTERISTIC:
		characteristic_found(g->current, e);
		break;
	case ATT_DESCRIPTOR:
		descriptor_found(g->point, e);
		break;
	case ATT_VALUE:
		g->state = READY;
		value_take(g, e->bytes, e->n);
		break;
	case ATT_WRITTEN:
		if (g->state == WRITING)
			command_end(g->current, 0);
		g->state = READY;
		break;
	case ATT_INDICATED:
		att_confirm(&confirm);
		pdu_send(g, &confirm, 1, now);
		if (g->current)
			link_notified(g, e);
		break;
	case ATT_NOTIFIED:
		link_notified(g, e);
		break;
	case ATT_MORE:
		request_send(g, g->state, now);
		break;
	case ATT_END:
		discovery_ended(g);
		break;
	case ATT_ERROR:
		request_failed(g, e->code);
		break;
	case ATT_BROKEN:
		link_fail(g, -EPROTO, "answer", now);
		break;
	}
}

static void pdu_take(struct link *g, const uint8_t *pdu, size_t n,
		     int64_t now)
{
	uint8_t refusal[5];
	size_t refused = att_refuse(pdu, n, refusal);
	struct att_event e;

	if (refused) {
		pdu_send(g, refusal, refused, now);
		return;
	}
	att_receive(&g->att, pdu, n);
	do {
		e = att_next(&g->att);
		event_take(g, &e, now);
	} while (e.kind != ATT_NOTHING && g->current);
}

static void link_read(struct link *g, int64_t now)
{
	uint8_t pdu[ATT_MTU_MOST];

	while (g->current && g->fd >= 0) {
		ssize_t n = recv(g->fd, pdu, sizeof(pdu), 0);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n <= 0) {
			link_fail(g, n < 0 ? -errno : -ECONNRESET,
				  "connection", now);
			return;
		}
		watchdog_heard(&g->current->by->watchdog, now);
		pdu_take(g, pdu, (size_t)n, now);
	}
}

void gatt_ready(struct ble_bus *bus, int fd, int64_t now)
{
	for (int i = 0; i < LINKS; i++) {
		struct link *g = &bus->gatt->links[i];

		if (!g->current || g->fd != fd)
			continue;
		if (g->state == CONNECTING)
			link_connected(g, now);
		else
			link_read(g, now);
		return;
	}
}

/* ---- the adapter's side */

void gatt_close(struct ble_bus *bus)
{
	for (int i = 0; bus->gatt && i < LINKS; i++)
		if (bus->gatt->links[i].fd >= 0)
			close(bus->gatt->links[i].fd);
	free(bus->gatt);
	bus->gatt = NULL;
}

void gatt_attach(struct ble_bus *bus, struct ble_device *device)
{
	if (device->has_notify)
		device_enqueue(bus->gatt, device, adapter_now(bus->base));
}

void gatt_detach(struct ble_bus *bus, struct ble_device *device)
{
	struct link *g = link_of(bus->gatt, device);

	device->command = NULL;
	device_dequeue(bus->gatt, device);
	if (g)
		link_close(g);
}

bool gatt_connects(const struct ble_controller *by)
{
	const struct ble_gatt *g = by->bus->gatt;

	for (int i = 0; g && i < LINKS; i++)
		if (g->links[i].current && g->links[i].by == by &&
		    g->links[i].state == CONNECTING)
			return true;
	return false;
}

void gatt_heard(struct ble_controller *by, struct ble_device *device,
		int64_t now)
{
	device->connectable = now;
	device->by = by;
}

int gatt_read(struct adapter_device *base, struct adapter_point **due,
	      size_t n)
{
	struct ble_device *device = base->data;
	struct ble_bus *bus = base->bus->data;

	/* one that waits since an earlier poll goes on waiting from then */
	if (!device->queued || !wanted_find(device)) {
		device->patience = QUEUE_TIME;
		device->queued_at = adapter_now(base->bus);
	}
	for (size_t i = 0; i < n; i++) {
		struct ble_point *p = due[i]->data;

		p->wanted = true;
		if (MISSES * due[i]->poll > device->patience)
			device->patience = MISSES * due[i]->poll;
	}
	device->unheard = false;
	device_enqueue(bus->gatt, device, adapter_now(base->bus));
	return -EINPROGRESS;
}

int gatt_command(struct adapter_command *command)
{
	struct ble_device *device = command->point->device->data;
	struct ble_bus *bus = command->point->device->bus->data;
	const struct ble_point *p = command->point->data;

	if (command->kind != ADAPTER_WRITE || !p->characteristic)
		return -ENOTSUP;
	if (device->command)
		return -EBUSY;
	device->command = command;
	device_enqueue(bus->gatt, device, adapter_now(bus->base));
	return -EINPROGRESS;
}

void gatt_cancel(struct adapter_command *command)
{
	struct ble_device *device = command->point->device->data;

	if (device->command == command)
		device->command = NULL;
}

/* One that is not heard has not answered; it stays in the queue, and is read
 * when it is heard. A command waits on, for as long as the host says. */
static int64_t queue_turn(struct ble_bus *bus, int64_t now)
{
	struct ble_device *device = bus->gatt->first;
	int64_t until = INT64_MAX;

	for (; device; device = device->waiting) {
		if (device->unheard || !wanted_find(device))
			continue;
		if (now - device->queued_at < device->patience) {
			if (device->queued_at + device->patience < until)
				until = device->queued_at + device->patience;
			continue;
		}
		device->unheard = true;
		points_fail(device, false, -ETIMEDOUT,
			    "the device is not heard");
	}
	return until;
}

static void link_turn(struct link *g, int64_t now)
{
	if (g->current && now >= g->deadline)
		link_fail(g, -ETIMEDOUT, g->state == CONNECTING ?
			  "connection" : "answer", now);
	link_work(g, now);
}

static int64_t link_due(const struct link *g, int64_t now)
{
	if (!g->current)
		return INT64_MAX;
	/* a subscribed one makes room for those that wait */
	if (g->state == READY && g->bus->gatt->first &&
	    now + SECOND < g->deadline)
		return now + SECOND;
	return g->deadline;
}

int64_t gatt_turn(struct ble_bus *bus, int64_t now)
{
	struct ble_gatt *gatt = bus->gatt;
	int64_t until = queue_turn(bus, now), due;
	struct ble_device *device;
	struct link *g;

	for (int i = 0; i < LINKS; i++)
		link_turn(&gatt->links[i], now);
	g = free_find(gatt, now);
	if (g && (device = ready_find(gatt, now)))
		link_start(g, device, now);
	if (!g && gatt->first && now < gatt->lingers_until &&
	    gatt->lingers_until < until)
		until = gatt->lingers_until;
	for (int i = 0; i < LINKS; i++) {
		due = link_due(&gatt->links[i], now);
		if (due < until)
			until = due;
	}
	return until;
}
