/* SPDX-License-Identifier: GPL-2.0-or-later
 * Of all that is configured: where it is, and how much of a serial line's time
 * its polls take. Pure. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/modbus/device.h"

#define THINKS INT64_C(5000000)		/* ns; hardly a device is faster */
#define POLL_LEAST INT64_C(1000000)

bool modbus_bus_place(const struct adapter_bus *bus, char *text, size_t size)
{
	const struct modbus_bus *b = bus->data;

	if (b->transport == WIRE_RTU) {
		snprintf(text, size, "%s", b->port);
		return true;
	}
	snprintf(text, size, "%s:%u", b->host, b->tcp_port);
	for (; *text; text++)
		if (*text >= 'A' && *text <= 'Z')
			*text = (char)(*text - 'A' + 'a');
	return true;
}

bool modbus_device_place(const struct adapter_device *device, char *text,
			 size_t size)
{
	const struct modbus_device *d = device->data;

	snprintf(text, size, "unit %u", d->unit);
	return true;
}

/* A device of its own to plan with: the points of the configuration are
 * everybody's. */
struct trial {
	struct plan plan;
	struct plan_limits limits;
	struct modbus_own *data;
	struct adapter_point *points;
	struct adapter_point **due;
	size_t n;			/* of points that are polled */
	int64_t char_ns, silence_ns;
};

static void trial_finish(struct trial *t)
{
	for (size_t i = 0; i < t->n; i++)
		modbus_point_finish(&t->data[i]);
	free(t->data);
	free(t->points);
	free(t->due);
	free(t->plan.items);
}

static bool trial_make(struct trial *t, const struct adapter_device *device)
{
	const struct modbus_device *d = device->data;
	size_t n = device->n_points + 1;

	t->data = calloc(n, sizeof(t->data[0]));
	t->points = calloc(n, sizeof(t->points[0]));
	t->due = calloc(n, sizeof(t->due[0]));
	t->plan.items = calloc(n, sizeof(t->plan.items[0]));
	if (!t->data || !t->points || !t->due || !t->plan.items)
		return false;
	for (size_t i = 0; i < device->n_points; i++) {
		const struct modbus_point *p = modbus_keys(device->points[i]);
		struct modbus_own *own = &t->data[t->n];

		if (device->points[i]->poll == ADAPTER_NEVER || p->model.n > 0)
			continue;
		if (modbus_point_prepare(own, p, modbus_base(d),
					 d->max_registers))
			return false;
		t->points[t->n] = *device->points[i];
		t->points[t->n].data = own;
		t->plan.items[t->n++] = &own->item;
	}
	t->plan.n = t->n;
	plan_sort(&t->plan);
	return true;
}

/* A request, the reply, and the silence before each of them. */
static int64_t block_ns(const struct trial *t, const struct plan_block *block)
{
	const struct plan_item *first = t->due[block->first]->data;
	unsigned bytes = table_has_bits(first->table) ?
			 (block->length + 7u) / 8 : 2u * block->length;

	return t->silence_ns + THINKS + (8 + 5 + (int64_t)bytes) * t->char_ns;
}

/* What it takes to read all that have this poll or a shorter one. */
static int64_t round_ns(struct trial *t, int64_t poll)
{
	int64_t sum = 0;
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++)
		if (t->points[i].poll <= poll)
			t->due[n++] = &t->points[i];
	while (n > 0) {
		struct plan_block b = plan_next(&t->plan, t->due, n,
						&t->limits);

		sum += block_ns(t, &b);
		n -= b.n;
		memmove(t->due + b.first, t->due + b.first + b.n,
			(n - b.first) * sizeof(t->due[0]));
	}
	return sum;
}

static int64_t longer_poll(const struct trial *t, int64_t than)
{
	int64_t next = ADAPTER_NEVER;

	for (size_t i = 0; i < t->n; i++)
		if (t->points[i].poll > than && t->points[i].poll < next)
			next = t->points[i].poll;
	return next;
}

/* The points of a longer poll are read along with those of the shorter ones,
 * and take only what that is more. */
static double load_of(struct trial *t)
{
	int64_t before = 0;
	double load = 0;

	for (int64_t poll = longer_poll(t, -1); poll != ADAPTER_NEVER;
	     poll = longer_poll(t, poll)) {
		int64_t now = round_ns(t, poll);

		load += (double)(now - before) /
			(double)(poll > POLL_LEAST ? poll : POLL_LEAST);
		before = now;
	}
	return load;
}

double modbus_device_load(const struct adapter_device *device)
{
	const struct modbus_bus *b = device->bus->data;
	const struct modbus_device *d = device->data;
	struct trial t = {.n = 0};
	struct wire_line line;
	double load = 0;

	if (b->transport != WIRE_RTU || !wire_line_read(b->serial, &line))
		return 0;
	wire_line_times(&line, &t.char_ns, &t.silence_ns);
	if (d->gap > t.silence_ns)
		t.silence_ns = d->gap;
	t.limits = modbus_limits(d, t.char_ns, t.silence_ns, THINKS);
	if (trial_make(&t, device))
		load = load_of(&t);
	trial_finish(&t);
	return load;
}
