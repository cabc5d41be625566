/* SPDX-License-Identifier: GPL-2.0-or-later
 * What comes by a connection: answers to what was asked, notifications and
 * indications, and what they mean for the points. */
#include "adapters/ble/gatt_private.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "adapters/ble/decode_standard.h"

#define CCCD 0x2902

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
static void value_take(struct gatt_link *g, const uint8_t *bytes, size_t n)
{
	uint16_t handle = g->point->handle;

	for (size_t i = 0; i < g->current->base->n_points; i++) {
		struct ble_point *p = gatt_point(g->current, i);

		if (p == g->point || (p->wanted && p->handle == handle))
			value_report(p, bytes, n);
	}
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
	gatt_command_end(device, code == 0x03 || code == 0x05 || code == 0x08 ||
			 code == 0x0f ? -EACCES : -EREMOTEIO);
}

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
		struct ble_point *p = gatt_point(device, i);

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

static void link_notified(struct gatt_link *g, const struct att_event *e)
{
	struct ble_device *device = g->current;

	for (size_t i = 0; i < device->base->n_points; i++) {
		struct ble_point *p = gatt_point(device, i);

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
		struct ble_point *p = gatt_point(device, i);

		if (!p->characteristic || strncmp(p->characteristic,
						  "handle ", 7) == 0)
			continue;
		p->handle = p->client = 0;
	}
}

static void request_failed(struct gatt_link *g, uint8_t code)
{
	struct ble_device *device = g->current;
	enum gatt_state state = g->state;

	g->state = GATT_READY;
	if (state == GATT_READING || state == GATT_SUBSCRIBING)
		point_fail(device, g->point, code);
	else if (state == GATT_WRITING)
		write_refused(device, code);
	else if (state == GATT_DISCOVERING)
		device->discovered = true;
	else if (state == GATT_DESCRIBING)
		g->point->subscribed = true;
	handles_forget(device, code);
}

static void discovery_ended(struct gatt_link *g)
{
	if (g->state == GATT_DISCOVERING)
		g->current->discovered = true;
	if (g->state == GATT_DESCRIBING && !g->point->client) {
		g->point->subscribed = true;
		adapter_fault(g->current->base, g->point->base, -ENXIO,
			      "the characteristic cannot notify");
	}
	g->state = GATT_READY;
}

static void event_take(struct gatt_link *g, const struct att_event *e,
		       int64_t now)
{
	uint8_t confirm;

	switch (e->kind) {
	case ATT_NOTHING:
		break;
	case ATT_MTU:
		g->state = GATT_READY;
		break;
	case ATT_CHARACTERISTIC:
		characteristic_found(g->current, e);
		break;
	case ATT_DESCRIPTOR:
		descriptor_found(g->point, e);
		break;
	case ATT_VALUE:
		g->state = GATT_READY;
		value_take(g, e->bytes, e->n);
		break;
	case ATT_WRITTEN:
		if (g->state == GATT_WRITING)
			gatt_command_end(g->current, 0);
		g->state = GATT_READY;
		break;
	case ATT_INDICATED:
		att_confirm(&confirm);
		gatt_send(g, &confirm, 1, now);
		if (g->current)
			link_notified(g, e);
		break;
	case ATT_NOTIFIED:
		link_notified(g, e);
		break;
	case ATT_MORE:
		gatt_request(g, g->state, now);
		break;
	case ATT_END:
		discovery_ended(g);
		break;
	case ATT_ERROR:
		request_failed(g, e->code);
		break;
	case ATT_BROKEN:
		gatt_link_fail(g, -EPROTO, "answer", now);
		break;
	}
}

static void pdu_take(struct gatt_link *g, const uint8_t *pdu, size_t n,
		     int64_t now)
{
	uint8_t refusal[5];
	size_t refused = att_refuse(pdu, n, refusal);
	struct att_event e;

	if (refused) {
		gatt_send(g, refusal, refused, now);
		return;
	}
	att_receive(&g->att, pdu, n);
	do {
		e = att_next(&g->att);
		event_take(g, &e, now);
	} while (e.kind != ATT_NOTHING && g->current);
}

void gatt_link_receive(struct gatt_link *g, int64_t now)
{
	uint8_t pdu[ATT_MTU_MOST];

	while (g->current && g->fd >= 0) {
		ssize_t n = recv(g->fd, pdu, sizeof(pdu), 0);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n <= 0) {
			gatt_link_fail(g, n < 0 ? -errno : -ECONNRESET,
				       "connection", now);
			return;
		}
		watchdog_heard(&g->current->by->watchdog, now);
		pdu_take(g, pdu, (size_t)n, now);
	}
}
