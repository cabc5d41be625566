/* SPDX-License-Identifier: GPL-2.0-or-later
 * Who waits for a connection, and whose turn it is: two at a time on a
 * controller. A device that has something due waits until it is heard, as only
 * then it can be connected, and one that sleeps does not keep the others
 * waiting. */
#include "adapters/ble/gatt_private.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define FRESH_TIME (2 * SECOND)		/* it advertised, so it listens */
#define QUEUE_TIME (30 * SECOND)	/* not heard for so long, and for */
#define MISSES 3			/* polls: no answer */

/* ---- the queue */

static struct gatt_link *link_of(struct ble_gatt *g,
				 const struct ble_device *device)
{
	for (int i = 0; i < GATT_LINKS; i++)
		if (g->links[i].current == device)
			return &g->links[i];
	return NULL;
}

/* The kernel makes one connection at a time, and a controller may have room for
 * one only. NULL: none may be begun now. */
struct gatt_link *gatt_link_free(struct ble_gatt *g, int64_t now)
{
	struct gatt_link *found = NULL;
	int used = 0;

	for (int i = 0; i < GATT_LINKS; i++) {
		if (!g->links[i].current)
			found = &g->links[i];
		else if (g->links[i].state == GATT_CONNECTING)
			return NULL;
		else
			used++;
	}
	if (now < g->alone_until && (used > 0 || now < g->lingers_until))
		return NULL;
	return found;
}

void gatt_enqueue(struct ble_gatt *g, struct ble_device *device,
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

void gatt_dequeue(struct ble_gatt *g, struct ble_device *device)
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

struct ble_device *gatt_device_ready(const struct ble_gatt *g, int64_t now)
{
	struct ble_device *device = g->first;

	while (device && !is_ready(device, now))
		device = device->waiting;
	return device;
}

/* ---- the adapter's side */

int gatt_open(struct ble_bus *bus)
{
	bus->gatt = calloc(1, sizeof(*bus->gatt));
	if (!bus->gatt)
		return -ENOMEM;
	bus->gatt->end = &bus->gatt->first;
	for (int i = 0; i < GATT_LINKS; i++) {
		bus->gatt->links[i].bus = bus;
		bus->gatt->links[i].fd = -1;
	}
	return 0;
}

void gatt_close(struct ble_bus *bus)
{
	for (int i = 0; bus->gatt && i < GATT_LINKS; i++)
		if (bus->gatt->links[i].fd >= 0)
			close(bus->gatt->links[i].fd);
	free(bus->gatt);
	bus->gatt = NULL;
}

void gatt_attach(struct ble_bus *bus, struct ble_device *device)
{
	if (device->has_notify)
		gatt_enqueue(bus->gatt, device, adapter_now(bus->base));
}

void gatt_detach(struct ble_bus *bus, struct ble_device *device)
{
	struct gatt_link *g = link_of(bus->gatt, device);

	device->command = NULL;
	gatt_dequeue(bus->gatt, device);
	if (g)
		gatt_link_close(g);
}

bool gatt_connects(const struct ble_controller *by)
{
	const struct ble_gatt *g = by->bus->gatt;

	for (int i = 0; g && i < GATT_LINKS; i++)
		if (g->links[i].current && g->links[i].by == by &&
		    g->links[i].state == GATT_CONNECTING)
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
	if (!device->queued || !gatt_point_wanted(device)) {
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
	gatt_enqueue(bus->gatt, device, adapter_now(base->bus));
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
	gatt_enqueue(bus->gatt, device, adapter_now(bus->base));
	return -EINPROGRESS;
}

void gatt_cancel(struct adapter_command *command)
{
	struct ble_device *device = command->point->device->data;

	if (device->command == command)
		device->command = NULL;
}

/* ---- turns */

/* One that is not heard has not answered; it stays in the queue, and is read
 * when it is heard. A command waits on, for as long as the host says. */
static int64_t queue_turn(struct ble_bus *bus, int64_t now)
{
	struct ble_device *device = bus->gatt->first;
	int64_t until = INT64_MAX;

	for (; device; device = device->waiting) {
		if (device->unheard || !gatt_point_wanted(device))
			continue;
		if (now - device->queued_at < device->patience) {
			if (device->queued_at + device->patience < until)
				until = device->queued_at + device->patience;
			continue;
		}
		device->unheard = true;
		gatt_points_fail(device, false, -ETIMEDOUT,
				 "the device is not heard");
	}
	return until;
}

static void link_turn(struct gatt_link *g, int64_t now)
{
	if (g->current && now >= g->deadline)
		gatt_link_fail(g, -ETIMEDOUT, g->state == GATT_CONNECTING ?
			       "connection" : "answer", now);
	gatt_link_work(g, now);
}

static int64_t link_due(const struct gatt_link *g, int64_t now)
{
	if (!g->current)
		return INT64_MAX;
	/* a subscribed one makes room for those that wait */
	if (g->state == GATT_READY && g->bus->gatt->first &&
	    now + SECOND < g->deadline)
		return now + SECOND;
	return g->deadline;
}

int64_t gatt_turn(struct ble_bus *bus, int64_t now)
{
	struct ble_gatt *gatt = bus->gatt;
	int64_t until = queue_turn(bus, now), due;
	struct ble_device *device;
	struct gatt_link *g;

	for (int i = 0; i < GATT_LINKS; i++)
		link_turn(&gatt->links[i], now);
	g = gatt_link_free(gatt, now);
	if (g && (device = gatt_device_ready(gatt, now)))
		gatt_link_start(g, device, now);
	if (!g && gatt->first && now < gatt->lingers_until &&
	    gatt->lingers_until < until)
		until = gatt->lingers_until;
	for (int i = 0; i < GATT_LINKS; i++) {
		due = link_due(&gatt->links[i], now);
		if (due < until)
			until = due;
	}
	return until;
}

void gatt_ready(struct ble_bus *bus, int fd, int64_t now)
{
	for (int i = 0; i < GATT_LINKS; i++) {
		struct gatt_link *g = &bus->gatt->links[i];

		if (!g->current || g->fd != fd)
			continue;
		if (g->state == GATT_CONNECTING)
			gatt_link_connected(g, now);
		else
			gatt_link_receive(g, now);
		return;
	}
}
