/* SPDX-License-Identifier: GPL-2.0-or-later
 * What points tell of their line, and what a write to them does. */
#include <errno.h>
#include <math.h>

#include "adapters/gpio/gpio.h"

/* 5504: 1 falling, 2 rising, 3 both */
static const uint8_t edge_numbers[] = {
	[LINE_RISING] = 2, [LINE_FALLING] = 1, [LINE_BOTH] = 3,
};

static struct lwm2m_value value_told(const struct gpio_point *p, int64_t now)
{
	struct gpio_line *line = p->of;

	switch ((enum gpio_count)p->count) {
	case COUNT_NO:
		break;
	case COUNT_TOTAL:
		return lwm2m_unsigned(counter_told(gpio_counter(p)));
	case COUNT_RATE:
		return lwm2m_float(counter_rate(gpio_counter(p), now,
						line->idle));
	case COUNT_QUADRATURE:
		return lwm2m_integer(line->position);
	}
	return lwm2m_boolean(gpio_line_is_on(line));
}

static struct lwm2m_value seconds_told(struct gpio_line *line, bool on,
				       int64_t now)
{
	stopwatch_run(&line->watch, gpio_line_is_on(line), now);
	line->saving.dirty = true;
	return lwm2m_integer(gpio_seconds(line, on));
}

/* Its contacts cannot be seen. */
static void latch_tell(struct adapter_point *point, struct lwm2m_value value,
		       int64_t when)
{
	const struct gpio_point *p = point->data;

	if (p->of->known)
		adapter_report(point, value, when);
	else
		adapter_fault(point->device, point, -ENODATA, "whether it is "
			      "on is not known before it is written, or "
			      "initial says");
}

void gpio_point_tell(struct adapter_point *point, int64_t when)
{
	const struct gpio_point *p = point->data;
	struct gpio_line *line = p->of;
	int64_t now = adapter_now(point->device->bus);
	struct lwm2m_value value = lwm2m_boolean(line->commanded);

	if (!gpio_is_whole(line))
		return;
	if (p->set_line) {
		latch_tell(point, value, when);
		return;
	}
	switch ((enum gpio_part)p->part) {
	case PART_VALUE:
		value = value_told(p, now);
		break;
	case PART_POLARITY:
		value = lwm2m_boolean(line->active_low);
		break;
	case PART_DEBOUNCE:
		value = lwm2m_integer(line->debounce / MILLISECOND);
		break;
	case PART_EDGE:
		value = lwm2m_integer(edge_numbers[line->edge]);
		break;
	case PART_ON_TIME:
	case PART_OFF_TIME:
		value = seconds_told(line, p->part == PART_ON_TIME, now);
		break;
	case PART_RESET:
		return;
	}
	adapter_report(point, value, when);
}

void gpio_line_tell(struct gpio_line *line)
{
	struct adapter_device *device = line->device;

	for (size_t i = 0; i < device->n_points; i++) {
		const struct gpio_point *p = device->points[i]->data;

		if (p->of == line)
			gpio_point_tell(device->points[i], 0);
	}
}

/* The next point of the line that counts so, from *i on; NULL: none. */
static struct adapter_point *point_next(const struct gpio_line *line,
					enum gpio_count count, size_t *i)
{
	const struct adapter_device *device = line->device;

	while (*i < device->n_points) {
		struct adapter_point *point = device->points[(*i)++];
		const struct gpio_point *p = point->data;

		if (p->of == line && p->part == PART_VALUE &&
		    p->count == count)
			return point;
	}
	return NULL;
}

/* Where it went on and off again before there was time to tell, it was on. */
void gpio_line_tell_state(struct gpio_line *line)
{
	bool on = gpio_line_is_on(line);
	struct adapter_point *point;
	size_t i = 0;

	while (!line->other && !line->master &&
	       (point = point_next(line, COUNT_NO, &i))) {
		if (line->rises)
			adapter_happened(point, lwm2m_boolean(true),
					 line->rose, line->rises);
		if (!on)
			adapter_happened(point, lwm2m_boolean(false),
					 line->moved, 1);
		else if (!line->rises)
			gpio_point_tell(point, line->moved);
	}
	line->rises = 0;
}

/* Rates and times on are told when they are asked for. */
void gpio_line_tell_totals(struct gpio_line *line)
{
	struct adapter_point *point;
	size_t i = 0;

	while ((point = point_next(line, COUNT_TOTAL, &i)))
		gpio_point_tell(point,
				gpio_counter(point->data)->last);
	i = 0;
	while ((point = point_next(line, COUNT_QUADRATURE, &i)))
		gpio_point_tell(point, line->moved);
}

static int total_set(struct gpio_line *line, struct counter *counter,
		     double number)
{
	if (!(number >= 0 && number < 0x1p63))
		return -ERANGE;
	counter_set(counter, (uint64_t)number);
	gpio_totals_keep(line, false, adapter_now(line->device->bus));
	return 0;
}

static int position_set(struct gpio_line *line, double number)
{
	if (!(number > -0x1p63 && number < 0x1p63))
		return -ERANGE;
	line->position = (int64_t)number;
	gpio_totals_keep(line, false, adapter_now(line->device->bus));
	return 0;
}

static int seconds_set(struct gpio_line *line, bool on, double seconds)
{
	int64_t now = adapter_now(line->device->bus);

	if (!(seconds >= 0 && seconds < 1e9))
		return -ERANGE;
	stopwatch_run(&line->watch, gpio_line_is_on(line), now);
	line->watch.ns[on] = (int64_t)(seconds * 1e9);
	line->ahead.sure[on] = line->watch.ns[on];
	gpio_totals_keep(line, false, now);
	return 0;
}

/* An output stays on or off, and its wire changes sides; an input's wire
 * stays, and what it means changes. */
static int polarity_set(struct gpio_line *line, bool active_low)
{
	bool on = gpio_line_is_on(line);
	int rc = 0;

	if (active_low == line->active_low)
		return 0;
	stopwatch_run(&line->watch, on, adapter_now(line->device->bus));
	line->active_low = active_low;
	if (line->output)
		rc = gpio_line_drive(line, on, 0);
	if (rc < 0)
		line->active_low = !active_low;
	else
		gpio_settings_keep(line);
	return rc;
}

static int debounce_set(struct gpio_line *line, double milliseconds)
{
	int64_t ns = (int64_t)(milliseconds * 1e6);
	int rc = 0;

	if (!(milliseconds >= 0 && milliseconds <= 60000))
		return -ERANGE;
	if (lines_facts.debounces)
		rc = line_debounce(line->handle, ns);
	if (rc < 0)
		return rc;
	line->debounce = ns;
	gpio_settings_keep(line);
	return 0;
}

static int edge_set(struct gpio_line *line, double number)
{
	for (uint32_t i = 0; i < sizeof(edge_numbers); i++)
		if (edge_numbers[i] == number) {
			line->edge = i;
			gpio_settings_keep(line);
			return 0;
		}
	return -ERANGE;
}

static int part_write(const struct gpio_point *p, double number)
{
	struct gpio_line *line = p->of;

	switch ((enum gpio_part)p->part) {
	case PART_VALUE:
		return p->set_line ?
		       gpio_latch_set(line, number != 0, p->pulse) :
		       p->count == COUNT_QUADRATURE ?
		       position_set(line, number) : p->count == COUNT_NO ?
		       gpio_line_command(line, number != 0, p->pulse) :
		       p->count == COUNT_TOTAL ?
		       total_set(line, gpio_counter(p), number) : -ENOTSUP;
	case PART_POLARITY:
		return polarity_set(line, number != 0);
	case PART_DEBOUNCE:
		return debounce_set(line, number);
	case PART_EDGE:
		return edge_set(line, number);
	case PART_RESET:
		return total_set(line, gpio_counter(p), 0);
	case PART_ON_TIME:
	case PART_OFF_TIME:
		return seconds_set(line, p->part == PART_ON_TIME, number);
	}
	return -ENOTSUP;
}

int gpio_point_write(struct adapter_point *point,
		     const struct lwm2m_value *value)
{
	const struct gpio_point *p = point->data;
	double number = lwm2m_number(value);
	int rc;

	if (isnan(number))
		return -EINVAL;
	if (!gpio_is_whole(p->of))
		return -ENODEV;
	rc = part_write(p, number);
	if (p->of->handle)
		gpio_line_tell(p->of);	/* as it really is now */
	return rc;
}
