/* SPDX-License-Identifier: GPL-2.0-or-later
 * What a connection is used for, in this order: the device's characteristics
 * are discovered, it is told what it needs to start, then written, read and
 * subscribed to. */
#include "adapters/ble/gatt_private.h"

#include <errno.h>
#include <syslog.h>

#define TURN_TIME (5 * SECOND)		/* of one that is subscribed to, where
					 * others wait */

void gatt_command_end(struct ble_device *device, int error)
{
	struct adapter_command *command = device->command;

	device->command = NULL;
	if (command)
		adapter_done(command, error);
}

static void write_start(struct gatt_link *g, int64_t now)
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
		gatt_command_end(g->current, n);
		return;
	}
	g->point = p;
	if (p->properties && !(p->properties & CAN_WRITE) &&
	    p->properties & WRITE_UNANSWERED) {
		att_write_command(&g->att, p->handle, bytes, (size_t)n);
		gatt_send(g, g->att.out, g->att.n_out, now);
		if (g->current)
			gatt_command_end(g->current, 0);
		return;
	}
	att_write(&g->att, p->handle, bytes, (size_t)n);
	gatt_request(g, GATT_WRITING, now);
}

struct ble_point *gatt_point_wanted(const struct ble_device *device)
{
	for (size_t i = 0; i < device->base->n_points; i++)
		if (gatt_point(device, i)->wanted)
			return gatt_point(device, i);
	return NULL;
}

/* The next one to subscribe to. */
static struct ble_point *unsubscribed_find(const struct ble_device *device)
{
	for (size_t i = 0; i < device->base->n_points; i++) {
		struct ble_point *p = gatt_point(device, i);

		if (p->notify && !p->subscribed)
			return p;
	}
	return NULL;
}

static void read_start(struct gatt_link *g, struct ble_point *p, int64_t now)
{
	if (!p->handle) {
		p->wanted = false;
		adapter_fault(g->current->base, p->base, -ENXIO,
			      "the device has no such characteristic");
		return;
	}
	g->point = p;
	att_read(&g->att, p->handle);
	gatt_request(g, GATT_READING, now);
}

static void subscribe_start(struct gatt_link *g, struct ble_point *p,
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
		gatt_request(g, GATT_SUBSCRIBING, now);
	} else if (p->handle < p->end) {
		p->subscribed = false;
		att_descriptors(&g->att, (uint16_t)(p->handle + 1), p->end);
		gatt_request(g, GATT_DESCRIBING, now);
	} else {
		adapter_fault(g->current->base, p->base, -ENXIO,
			      "the characteristic cannot notify");
	}
}

/* Some devices do as they are told and yet refuse it, or what they take does not
 * say that it can be written: it is told all the same, and goes on. */
static void start_write(struct gatt_link *g, int64_t now)
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
		gatt_request(g, GATT_STARTING, now);
	} else {
		att_write_command(&g->att, s->handle, s->bytes, s->n);
		gatt_send(g, g->att.out, g->att.n_out, now);
	}
}

/* What it is to be told waits until it can be heard. */
static void start_step(struct gatt_link *g, int64_t now)
{
	struct ble_point *p = unsubscribed_find(g->current);

	if (p)
		subscribe_start(g, p, now);
	else
		start_write(g, now);
}

/* Others wait, and for want of a link. */
static bool is_turn_over(const struct gatt_link *g, int64_t now)
{
	struct ble_gatt *gatt = g->bus->gatt;

	return now - g->since >= TURN_TIME && gatt_device_ready(gatt, now) &&
	       !gatt_link_free(gatt, now);
}

/* A link that has nothing under way: what is next. */
void gatt_link_work(struct gatt_link *g, int64_t now)
{
	struct ble_point *p;

	while (g->state == GATT_READY && g->current) {
		struct ble_device *device = g->current;

		if (device->has_uuids && !device->discovered) {
			g->point = NULL;
			att_characteristics(&g->att, 1);
			gatt_request(g, GATT_DISCOVERING, now);
		} else if (device->started < device->n_starts) {
			start_step(g, now);
		} else if (device->command) {
			write_start(g, now);
		} else if ((p = gatt_point_wanted(device))) {
			read_start(g, p, now);
		} else if ((p = unsubscribed_find(device))) {
			subscribe_start(g, p, now);
		} else if (!device->has_notify || is_turn_over(g, now)) {
			gatt_link_end(g, now);
		} else {
			g->deadline = INT64_MAX;
			return;
		}
	}
}
