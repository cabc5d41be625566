/* SPDX-License-Identifier: GPL-2.0-or-later
 * The GPIO adapter: its keys, and what it does with the bus, devices and
 * points. It never blocks: edges wake it, one epoll set serves all lines. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "adapters/gpio/gpio.h"
#include "adapters/gpio/place.h"

#define READY_MAX 32

static const struct adapter_key point_keys[] = {
	ADAPTER_KEY(ADAPTER_TEXT, struct gpio_point, line,
		    .help = "the line's name, as scan shows it"),
	ADAPTER_KEY(ADAPTER_TEXT, struct gpio_point, set_line,
		    .help = "of a latching relay: the line that turns it on"),
	ADAPTER_KEY(ADAPTER_TEXT, struct gpio_point, reset_line,
		    .help = "of a latching relay: the line that turns it off; "
			    "each is driven for pulse"),
	ADAPTER_KEY(ADAPTER_TEXT, struct gpio_point, line_b,
		    .help = "of an encoder: its phase B, A being line"),
	ADAPTER_KEY(ADAPTER_TEXT, struct gpio_point, chip,
		    .help = "the label of its chip, never the chip's number"),
	ADAPTER_KEY(ADAPTER_TEXT, struct gpio_point, path, .min = 1,
		    .max = GPIO_PATH_MAX,
		    .help = "of the chip's device, or the end of it, where "
			    "several chips have its label (scan lists it)"),
	ADAPTER_KEY(ADAPTER_INT, struct gpio_point, number, .min = 0,
		    .max = 65535, .flags = ADAPTER_AUTO, .fallback = "auto",
		    .help = "the line's number on its chip, where it has no "
			    "name"),
	ADAPTER_KEY(ADAPTER_BOOL, struct gpio_point, active_low,
		    .fallback = "no", .help = "the line is low when it is on"),
	ADAPTER_KEY(ADAPTER_CHOICE, struct gpio_point, bias,
		    .choices = LINE_BIAS_NAMES, .fallback = "keep",
		    .help = "which way an open input is pulled"),
	ADAPTER_KEY(ADAPTER_TIME, struct gpio_point, debounce, .min = 0,
		    .max = 60 * SECOND, .fallback = "0s",
		    .help = "an input is believed when it was still for so "
			    "long"),
	ADAPTER_KEY(ADAPTER_CHOICE, struct gpio_point, edge,
		    .choices = LINE_EDGE_NAMES, .fallback = "rising",
		    .help = "which edge is counted; rising is from off to on"),
	ADAPTER_KEY(ADAPTER_CHOICE, struct gpio_point, count,
		    .choices = GPIO_COUNT_NAMES, .fallback = "no",
		    .help = "the value is the number of pulses, or how many "
			    "come in a second"),
	ADAPTER_KEY(ADAPTER_CHOICE, struct gpio_point, part,
		    .choices = GPIO_PART_NAMES, .fallback = "value",
		    .help = "what of the line the point is"),
	ADAPTER_KEY(ADAPTER_TIME, struct gpio_point, idle, .min = 1,
		    .max = 86400 * SECOND, .fallback = "5min",
		    .help = "a rate is 0 when no pulse came for so long"),
	ADAPTER_KEY(ADAPTER_TIME, struct gpio_point, save, .min = SECOND,
		    .max = 86400 * SECOND, .fallback = "10s",
		    .help = "totals go to the disk at most so often"),
	ADAPTER_KEY(ADAPTER_CHOICE, struct gpio_point, drive,
		    .choices = LINE_DRIVE_NAMES, .fallback = "push-pull",
		    .help = "how an output drives its line"),
	ADAPTER_KEY(ADAPTER_CHOICE, struct gpio_point, initial,
		    .choices = GPIO_INITIAL_NAMES, .fallback = "keep",
		    .help = "an output's state at the start"),
	ADAPTER_KEY(ADAPTER_TEXT, struct gpio_point, interlock, .min = 1,
		    .max = 60,
		    .help = "the name of a group of outputs of which never two "
			    "are on"),
	ADAPTER_KEY(ADAPTER_INT, struct gpio_point, reading, .min = 0,
		    .max = INT64_MAX, .flags = ADAPTER_AUTO,
		    .fallback = "auto",
		    .help = "a total begins with so many pulses, as the meter "
			    "shows them; each new number is taken once"),
	ADAPTER_KEY(ADAPTER_TIME, struct gpio_point, pulse, .min = 0,
		    .max = 86400 * SECOND, .fallback = "0s",
		    .help = "an output that is set on goes off after it"),
	{.type = ADAPTER_END}
};
static const struct adapter_key search_keys[] = {{.type = ADAPTER_END}};

/* ---- checks ---- */

static int latch_check(const struct adapter_point *point,
		       struct adapter_error *error)
{
	const struct gpio_point *p = point->data;
	const struct adapter_bus *bus = point->device->bus;

	if (!p->set_line || !p->reset_line)
		return adapter_refuse(bus, error, p->set_line ? "set_line" :
			"reset_line", "set_line and reset_line go together");
	if (strcmp(p->set_line, p->reset_line) == 0)
		return adapter_refuse(bus, error, "reset_line",
				      "is the same line as set_line");
	if (p->line || p->number >= 0 || p->line_b)
		return adapter_refuse(bus, error, p->line ? "line" :
			p->line_b ? "line_b" : "number",
			"a latching relay has set_line and reset_line");
	if (!point->writable || p->count != COUNT_NO || p->part != PART_VALUE)
		return adapter_refuse(bus, error, "set_line",
			"is of a value that is set: needs writable: true");
	if (p->interlock)
		return adapter_refuse(bus, error, "interlock",
				      "is not of latching relays");
	if (!p->pulse)
		return adapter_refuse(bus, error, "set_line",
			"needs pulse: for how long a coil is driven");
	return 0;
}

static int quadrature_check(const struct adapter_point *point,
			    struct adapter_error *error)
{
	const struct gpio_point *p = point->data;
	const struct adapter_bus *bus = point->device->bus;

	if (p->count != COUNT_QUADRATURE)
		return adapter_refuse(bus, error, "line_b", "is of an encoder: "
				      "needs count: quadrature");
	if (!p->line || !p->line_b || strcmp(p->line, p->line_b) == 0)
		return adapter_refuse(bus, error, "count", "an encoder has two "
				      "lines, by their names: line and line_b");
	if (p->debounce)
		return adapter_refuse(bus, error, "debounce",
				      "is not of encoders: their edges must "
				      "all be seen");
	return 0;
}

static int place_check(const struct adapter_point *point,
		       struct adapter_error *error)
{
	const struct gpio_point *p = point->data;
	const struct adapter_bus *bus = point->device->bus;

	if (p->chip && place_is_number(p->chip))
		return adapter_refuse(bus, error, "chip",
			"the numbers of chips change with the order in which "
			"they are found: give the label of the chip, or the "
			"name of the line (lwmuxctl scan gpio lists them)");
	if (p->set_line || p->reset_line)
		return latch_check(point, error);
	if (!p->line && !p->chip && !p->path)
		return adapter_refuse(bus, error, "line",
			"which line? Give its name, or chip and number");
	if (!p->line && p->number < 0)
		return adapter_refuse(bus, error, p->chip ? "chip" : "path",
			"needs the number of the line on this chip");
	if (p->line && p->number >= 0)
		return adapter_refuse(bus, error, "number",
			"a line is found by its name or by its number");
	return p->line_b || p->count == COUNT_QUADRATURE ?
	       quadrature_check(point, error) : 0;
}

static int use_check(const struct adapter_point *point,
		     struct adapter_error *error)
{
	const struct gpio_point *p = point->data;
	const struct adapter_bus *bus = point->device->bus;
	bool output = p->part == PART_VALUE && p->count == COUNT_NO &&
		      point->writable;

	if (p->part != PART_VALUE && p->count != COUNT_NO)
		return adapter_refuse(bus, error, "count",
				      "only the part value counts");
	if (p->pulse && !output)
		return adapter_refuse(bus, error, "pulse",
				      "is of outputs: needs writable: true");
	if (p->initial != LINE_KEEP && !output)
		return adapter_refuse(bus, error, "initial",
				      "is of outputs: needs writable: true");
	if (p->interlock && !output)
		return adapter_refuse(bus, error, "interlock",
				      "is of outputs: needs writable: true");
	if (p->reading >= 0 && p->count != COUNT_TOTAL)
		return adapter_refuse(bus, error, "reading",
				      "is of totals: needs count: total");
	if (p->bias != LINE_BIAS_KEEP && output)
		return adapter_refuse(bus, error, "bias",
				      "is of inputs: an output has none");
	return 0;
}

static bool may_be_same(const char *a, const char *b)
{
	return !a || !b || strcmp(a, b) == 0;
}

/* Two ways to say the same? Which chip it is is known at the start only. */
static bool may_be_same_line(const struct gpio_point *a, const char *line_a,
			     const struct gpio_point *b, const char *line_b)
{
	bool same = line_a && line_b ? strcmp(line_a, line_b) == 0 :
		    !line_a && !line_b && a->number == b->number;

	return same && may_be_same(a->chip, b->chip) &&
	       may_be_same(a->path, b->path);
}

static bool may_share_line(const struct gpio_point *a,
			   const struct gpio_point *b)
{
	const char *of_a[2], *of_b[2];
	size_t n_a = gpio_names(a, of_a), n_b = gpio_names(b, of_b);

	for (size_t i = 0; i < n_a; i++)
		for (size_t k = 0; k < n_b; k++)
			if (may_be_same_line(a, of_a[i], b, of_b[k]))
				return true;
	return false;
}

/* Within a device points share a line, but not one of a pair. */
static bool may_not_share(const struct gpio_point *a,
			  const struct gpio_point *b)
{
	bool pair = a->set_line || a->line_b || b->set_line || b->line_b;

	return pair && may_share_line(a, b);
}

static bool are_on_together(const struct adapter_point *a,
			    const struct adapter_point *b)
{
	const struct gpio_point *p = a->data, *q = b->data;

	return p->interlock && q->interlock &&
	       strcmp(p->interlock, q->interlock) == 0 &&
	       p->initial == LINE_HIGH && q->initial == LINE_HIGH;
}

/* Two points of one line that want it otherwise; 0 where one of them does not
 * say. */
static int agree_check(const struct adapter_point *point,
		       struct adapter_error *error)
{
	const struct adapter_device *device = point->device;
	const struct gpio_point *p = point->data;

	for (size_t i = 0; i < device->n_points; i++) {
		const struct gpio_point *o = device->points[i]->data;
		const char *key = NULL;

		if (device->points[i] == point)
			return 0;
		if (are_on_together(device->points[i], point))
			return adapter_refuse(device->bus, error, "initial",
				"the point %s is on at the start, and of the "
				"same interlock", device->points[i]->name);
		if (may_not_share(o, p))
			return adapter_refuse(device->bus, error,
				p->set_line ? "set_line" : p->line ? "line" :
				"number", "the point %s has this line already",
				device->points[i]->name);
		if (!gpio_is_same_line(o, p))
			continue;
		if (o->bias && p->bias && o->bias != p->bias)
			key = "bias";
		else if (o->debounce && p->debounce &&
			 o->debounce != p->debounce)
			key = "debounce";
		else if (o->edge != p->edge && ((o->part == PART_EDGE &&
			 gpio_names_edge(p)) || (p->part == PART_EDGE &&
			 gpio_names_edge(o))))
			key = "edge";
		else if (o->initial && p->initial && o->initial != p->initial)
			key = "initial";
		else if (o->drive && p->drive && o->drive != p->drive)
			key = "drive";
		if (key)
			return adapter_refuse(device->bus, error, key,
				"the point %s says otherwise of the same line",
				device->points[i]->name);
	}
	return 0;
}

static bool points_clash(const struct adapter_point *first,
			 const struct adapter_point *second, char *text,
			 size_t size)
{
	if (may_share_line(first->data, second->data))
		snprintf(text, size, "its point %s has the same line as %s",
			 first->name, second->name);
	else if (are_on_together(first, second))
		snprintf(text, size, "the points %s and %s are of one "
			 "interlock, and both on at the start", first->name,
			 second->name);
	else
		return false;
	return true;
}

static bool gpio_devices_clash(const struct adapter_device *first,
			       const struct adapter_device *second, char *text,
			       size_t size)
{
	for (size_t i = 0; i < first->n_points; i++)
		for (size_t k = 0; k < second->n_points; k++)
			if (points_clash(first->points[i], second->points[k],
					 text, size))
				return true;
	return false;
}

static enum lwm2m_type type_of(const struct gpio_point *p)
{
	switch ((enum gpio_part)p->part) {
	case PART_VALUE:
		return p->count == COUNT_NO ? LWM2M_BOOLEAN :
		       p->count == COUNT_TOTAL ? LWM2M_UNSIGNED :
		       p->count == COUNT_RATE ? LWM2M_FLOAT : LWM2M_INTEGER;
	case PART_POLARITY:
	case PART_RESET:
		return LWM2M_BOOLEAN;
	case PART_DEBOUNCE:
	case PART_EDGE:
	case PART_ON_TIME:
	case PART_OFF_TIME:
		break;
	}
	return LWM2M_INTEGER;
}

static int gpio_check_point(const struct adapter_point *point,
			    struct adapter_facts *facts,
			    struct adapter_error *error)
{
	const struct gpio_point *p = point->data;
	int rc = place_check(point, error);

	facts->type = type_of(p);
	facts->polled = p->part != PART_RESET;
	facts->writable = p->part != PART_VALUE || p->count != COUNT_RATE;
	if (p->part == PART_EDGE) {
		facts->min = 1;
		facts->max = 3;
	} else if (p->part == PART_DEBOUNCE) {
		facts->max = 60000;
	}
	if ((p->initial == LINE_LOW || p->initial == LINE_HIGH) &&
	    adapter_minor(point->device->bus) >= 3) {
		facts->has_initial = true;
		facts->initial = p->initial == LINE_HIGH;
	}
	if (rc == 0)
		rc = use_check(point, error);
	if (rc == 0)
		rc = agree_check(point, error);
	if (rc == 0)
		gpio_effect_check(point, error);
	return rc;
}

/* ---- the bus and its devices ---- */

static int gpio_open(struct adapter_bus *bus)
{
	struct gpio_bus *b = bus->data;

	b->epoll = epoll_create1(EPOLL_CLOEXEC);
	return b->epoll < 0 ? -errno : 0;
}

static void gpio_close(struct adapter_bus *bus)
{
	close(((struct gpio_bus *)bus->data)->epoll);
}

/* A line that cannot be had costs its points; read() tries again. Without any
 * line there is no device. */
static int gpio_attach(struct adapter_device *device)
{
	struct gpio_device *d = device->data;
	int rc = gpio_lines_make(device), error = 0;

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < d->n_lines; i++) {
		rc = gpio_line_open(&d->lines[i]);
		if (rc < 0 && !error)
			error = rc;
	}
	if (gpio_device_lives(device) || d->n_lines == 0)
		return 0;
	gpio_lines_free(device);
	return error;
}

static void gpio_detach(struct adapter_device *device)
{
	gpio_lines_free(device);
}

static void read_all(struct adapter_device *device)
{
	struct gpio_device *d = device->data;

	for (size_t i = 0; i < d->n_lines; i++) {
		struct gpio_line *line = &d->lines[i];
		int rc = line->handle ? gpio_line_sample(line) :
			 gpio_line_open(line);

		if (rc < 0)
			gpio_line_fail(line, rc);
	}
}

/* What is read is read of all lines: those not due cost little, and a chip
 * that is gone shows at once. */
static int gpio_read(struct adapter_device *device, struct adapter_point **due,
		     size_t n)
{
	read_all(device);
	for (size_t i = 0; i < n; i++) {
		const struct gpio_point *p = due[i]->data;

		if (p->of->handle)
			gpio_point_tell(due[i], 0);
	}
	return gpio_device_lives(device) ? 0 : -ENODEV;
}

static int gpio_command(struct adapter_command *command)
{
	const struct gpio_point *p = command->point->data;
	bool whole = gpio_is_whole(p->of);
	int rc = -ENOTSUP;

	if (command->kind == ADAPTER_WRITE)
		rc = gpio_point_write(command->point, &command->value);
	if (rc == -ENODEV && whole)
		gpio_line_fail(p->of, rc);
	return rc;
}

static int gpio_pollfd(struct adapter_bus *bus)
{
	return ((struct gpio_bus *)bus->data)->epoll;
}

static void event_serve(const struct epoll_event *event)
{
	struct gpio_line *line = event->data.ptr;
	int rc;

	if (!line->handle)
		return;
	rc = gpio_line_drain(line);
	if (rc >= 0 && event->events & (EPOLLHUP | EPOLLERR))
		rc = -ENODEV;
	if (rc < 0)
		gpio_line_fail(line, rc);
}

/* Looks whether there are edges even where it was not woken for them: what
 * they say comes before what time has done. */
static int64_t gpio_turn(struct adapter_bus *bus, int64_t now, bool readable)
{
	const struct gpio_bus *b = bus->data;
	struct epoll_event events[READY_MAX];
	int64_t next = ADAPTER_NEVER;
	int n = epoll_wait(b->epoll, events, READY_MAX, 0);

	(void)readable;
	for (int i = 0; i < n; i++)
		event_serve(&events[i]);
	for (struct adapter_device *at = bus->devices; at; at = at->next) {
		struct gpio_device *d = at->data;

		for (size_t i = 0; i < d->n_lines; i++) {
			int64_t due = gpio_line_tick(&d->lines[i], now);

			if (due < next)
				next = due;
		}
	}
	return n == READY_MAX ? now : next;
}

ADAPTER_EXPORT(.name = "gpio", .version = "1",
	       .point_keys = point_keys, .search_keys = search_keys,
	       .bus_size = sizeof(struct gpio_bus),
	       .device_size = sizeof(struct gpio_device),
	       .point_size = sizeof(struct gpio_point),
	       .search_size = sizeof(struct gpio_search),
	       .check_point = gpio_check_point,
	       .devices_clash = gpio_devices_clash,
	       .open = gpio_open, .close = gpio_close,
	       .attach = gpio_attach, .detach = gpio_detach,
	       .read = gpio_read, .command = gpio_command,
	       .pollfd = gpio_pollfd, .turn = gpio_turn,
	       .search = gpio_search_step);
