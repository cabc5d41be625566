/* SPDX-License-Identifier: GPL-2.0-or-later
 * A line: found, requested, read, driven, and given up when its chip goes. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "adapters/gpio/gpio.h"
#include "adapters/gpio/place.h"

#define EVENTS_MAX 64		/* in one read */
#define TELL_PERIOD (250 * MILLISECOND)	/* PACE_BURST edges are told in it */

static int epoll_of(const struct gpio_line *line)
{
	return ((const struct gpio_bus *)line->device->bus->data)->epoll;
}

static int64_t now_of(const struct gpio_line *line)
{
	return adapter_now(line->device->bus);
}

bool gpio_line_is_on(const struct gpio_line *line)
{
	return line->level != line->active_low;
}

/* ---- which lines there are, and what is wanted of each ---- */

static bool is_same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

size_t gpio_names(const struct gpio_point *p, const char *names[2])
{
	names[0] = p->set_line ? p->set_line : p->line;
	names[1] = p->set_line ? p->reset_line : p->line_b;
	return names[1] ? 2 : 1;
}

static struct place_wanted wanted_of(const struct gpio_point *p,
				     const char *name)
{
	return (struct place_wanted){.chip = p->chip, .path = p->path,
				     .line = name,
				     .number = (unsigned)p->number};
}

static bool is_same(const struct place_wanted *a, const struct place_wanted *b)
{
	return is_same_text(a->line, b->line) &&
	       is_same_text(a->chip, b->chip) &&
	       is_same_text(a->path, b->path) &&
	       (a->line || a->number == b->number);
}

bool gpio_is_same_line(const struct gpio_point *a, const struct gpio_point *b)
{
	const char *of_a[2], *of_b[2];
	struct place_wanted first, second;

	gpio_names(a, of_a);
	gpio_names(b, of_b);
	first = wanted_of(a, of_a[0]);
	second = wanted_of(b, of_b[0]);
	return is_same(&first, &second);
}

static void line_name(struct gpio_line *line, const struct place_wanted *p)
{
	if (p->line)
		snprintf(line->name, sizeof(line->name), "%.60s", p->line);
	else
		snprintf(line->name, sizeof(line->name), "%.60s/%u",
			 p->chip ? p->chip : "", p->number);
	if (p->path) {
		size_t n = strlen(line->name);

		snprintf(line->name + n, sizeof(line->name) - n, "@%s",
			 p->path);
	}
}

/* What one asks for, all get: of times the longest, to save the shortest. */
static void wants_add(struct gpio_line *line, const struct adapter_point *point)
{
	const struct gpio_point *p = point->data;
	bool state = p->part == PART_VALUE && p->count == COUNT_NO;

	line->conf_active_low |= p->active_low;
	if (p->debounce > line->conf_debounce)
		line->conf_debounce = p->debounce;
	if (p->bias != LINE_BIAS_KEEP)
		line->bias = p->bias;
	if (p->idle > line->idle)
		line->idle = p->idle;
	if (!line->save || p->save < line->save)
		line->save = p->save;
	line->lasting |= p->count == COUNT_TOTAL ||
			 p->count == COUNT_QUADRATURE || p->part == PART_ON_TIME ||
			 p->part == PART_OFF_TIME;
	line->both_edges |= (p->part != PART_RESET && p->count == COUNT_NO) ||
			    p->count == COUNT_QUADRATURE;
	if (!state || !point->writable)
		return;
	line->output = true;
	line->drive = p->drive;
	line->initial = line->conf_initial = p->initial;
	line->interlock = p->interlock;
	line->pulse = p->pulse;
	if (p->set_line)
		line->initial = LINE_LOW;	/* of both coils */
}

/* The first point that counts, else 5504, says which edge the line's own counter
 * is of; points of another edge have one of their own. */
bool gpio_names_edge(const struct gpio_point *p)
{
	return p->count != COUNT_NO || p->part == PART_EDGE ||
	       p->part == PART_RESET;
}

static void edges_choose(struct gpio_line *line)
{
	const struct adapter_device *device = line->device;
	bool chosen = false;

	for (size_t i = 0; i < device->n_points; i++) {
		const struct gpio_point *p = device->points[i]->data;

		if (p->of != line || !gpio_names_edge(p))
			continue;
		if (!chosen)
			line->conf_edge = p->edge;
		else if (p->edge != line->conf_edge)
			line->also |= (uint8_t)(1u << p->edge);
		chosen = true;
	}
}

struct counter *gpio_counter(const struct gpio_point *p)
{
	struct gpio_line *line = p->of;

	return line->also & 1u << p->edge ? &line->others[p->edge] :
	       &line->counter;
}

static struct gpio_line *line_of(struct adapter_device *device,
				 const struct gpio_point *p, const char *name)
{
	struct gpio_device *d = device->data;
	struct place_wanted wanted = wanted_of(p, name);
	struct gpio_line *line;

	for (size_t i = 0; i < d->n_lines; i++)
		if (is_same(&d->lines[i].wanted, &wanted))
			return &d->lines[i];
	line = &d->lines[d->n_lines++];
	line->wanted = wanted;
	line->device = device;
	return line;
}

/* false: no memory. */
static bool lines_add(struct adapter_point *point)
{
	struct gpio_point *p = point->data;
	const char *names[2];
	size_t n = gpio_names(p, names);

	p->of = line_of(point->device, p, names[0]);
	wants_add(p->of, point);
	if (n < 2)
		return true;
	p->of->other = line_of(point->device, p, names[1]);
	p->of->other->master = p->of;
	wants_add(p->of->other, point);
	return p->set_line || p->of->quadrature ||
	       gpio_quadrature_make(p->of) == 0;
}

int gpio_lines_make(struct adapter_device *device)
{
	struct gpio_device *d = device->data;

	d->n_lines = 0;
	d->lines = calloc(2 * device->n_points + 1, sizeof(*d->lines));
	if (!d->lines)
		return -ENOMEM;
	for (size_t i = 0; i < device->n_points; i++)
		if (!lines_add(device->points[i])) {
			gpio_lines_free(device);
			return -ENOMEM;
		}
	for (size_t i = 0; i < d->n_lines; i++) {
		struct gpio_line *line = &d->lines[i];

		line_name(line, &line->wanted);
		edges_choose(line);
		line->active_low = line->conf_active_low;
		line->edge = line->conf_edge;
		line->debounce = line->conf_debounce;
		gpio_kept_read(line);
	}
	for (size_t i = 0; i < device->n_points; i++) {
		const struct gpio_point *p = device->points[i]->data;

		gpio_reading_take(p->of, p);
	}
	return 0;
}

/* ---- opened and closed ---- */

static void close_line(struct gpio_line *line)
{
	int fd = line_fd(line->handle);

	if (fd >= 0)		/* closing would not do: a fork may share it */
		epoll_ctl(epoll_of(line), EPOLL_CTL_DEL, fd, NULL);
	line_release(line->handle);
	line->handle = NULL;
	line->pulse_end = 0;
}

void gpio_lines_free(struct adapter_device *device)
{
	struct gpio_device *d = device->data;

	for (size_t i = 0; i < d->n_lines; i++) {
		if (d->lines[i].lasting && !d->lines[i].master)
			gpio_totals_keep(&d->lines[i], true, 0);
		if (d->lines[i].handle)
			close_line(&d->lines[i]);
		free(d->lines[i].quadrature);
	}
	free(d->lines);
	d->lines = NULL;
	d->n_lines = 0;
}

bool gpio_device_lives(const struct adapter_device *device)
{
	const struct gpio_device *d = device->data;

	for (size_t i = 0; i < d->n_lines; i++)
		if (d->lines[i].handle)
			return true;
	return false;
}

static void line_fault(struct gpio_line *line, int error, const char *why)
{
	struct adapter_device *device = line->device;

	for (size_t i = 0; i < device->n_points; i++) {
		const struct gpio_point *p = device->points[i]->data;

		if (p->of == line || p->of == line->master)
			adapter_fault(device, device->points[i], error,
				      "line %s: %s", line->name, why);
	}
}

static bool needs_both(const struct gpio_line *line)
{
	return line->both_edges || line->also || line->edge == LINE_BOTH ||
	       (line->debounce > 0 && !lines_facts.debounces);
}

/* Which edge of the wire is which of the contact. */
static enum line_edge wire_edge(const struct gpio_line *line)
{
	if (needs_both(line))
		return LINE_BOTH;
	return (line->edge == LINE_FALLING) != line->active_low ?
	       LINE_FALLING : LINE_RISING;
}

/* ---- outputs of which never two are on */

static struct gpio_line *on_among(struct adapter_device *device,
				  const struct gpio_line *line)
{
	struct gpio_device *d = device->data;

	for (size_t i = 0; i < d->n_lines; i++) {
		struct gpio_line *other = &d->lines[i];

		if (other != line && other->handle && other->interlock &&
		    strcmp(other->interlock, line->interlock) == 0 &&
		    gpio_line_is_on(other))
			return other;
	}
	return NULL;
}

/* NULL: none of its group is on. */
static struct gpio_line *line_interlocked(const struct gpio_line *line)
{
	struct gpio_line *found;

	if (!line->interlock)
		return NULL;
	found = on_among(line->device, line);
	for (struct adapter_device *d = line->device->bus->devices;
	     d && !found; d = d->next)
		if (d != line->device)
			found = on_among(d, line);
	return found;
}

static enum line_initial wire_initial(const struct gpio_line *line)
{
	bool on = line->initial == GPIO_LAST ? line->commanded :
		  line->initial == LINE_HIGH;

	if (line->initial == LINE_KEEP)
		return LINE_KEEP;
	return (on && !line_interlocked(line)) != line->active_low ? LINE_HIGH
								   : LINE_LOW;
}

static int line_borrow(struct gpio_line *line, const struct place *place)
{
	char consumer[LINE_TEXT_MAX];
	struct line_settings settings = {
		.consumer = consumer, .output = line->output,
		.initial = wire_initial(line),
		.bias = (enum line_bias)line->bias,
		.drive = (enum line_drive)line->drive,
		.edge = wire_edge(line),
		.debounce = lines_facts.debounces ? line->debounce : 0,
	};

	snprintf(consumer, sizeof(consumer), "lwmux %.25s",
		 line->device->name);
	return line_request(place->path, place->offset, &settings,
			    &line->handle);
}

/* Found on beside another of its group: off it goes. */
static int interlock_settle(struct gpio_line *line)
{
	const struct gpio_line *other = !line->output || !gpio_line_is_on(line)
						? NULL
						: line_interlocked(line);

	if (!other)
		return 0;
	adapter_log(line->device->bus, line->device, GPIO_LOG_WARNING,
		    "line %s was on, and %s of its interlock is: it is set "
		    "off", line->name, other->name);
	return gpio_line_drive(line, false, 0);
}

static int line_start(struct gpio_line *line)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = line};
	int fd = line_fd(line->handle);
	int level = line_get(line->handle);

	if (level < 0)
		return level;
	if (fd >= 0 &&
	    epoll_ctl(epoll_of(line), EPOLL_CTL_ADD, fd, &event) < 0)
		return -errno;
	line->level = level;
	line->moved = line->watch.since = now_of(line);
	line->sequence = 0;
	debounce_start(&line->filter, level, line->moved);
	return interlock_settle(line);
}

int gpio_line_open(struct gpio_line *line)
{
	char why[PLACE_WHY_MAX], holder[LINE_TEXT_MAX + 2];
	struct place place;
	int rc = place_find(&line->wanted, &line->home, &place, why);

	if (rc < 0) {
		line_fault(line, rc, why);
		return rc;
	}
	gpio_home_keep(line, &place.home);
	rc = line_borrow(line, &place);
	if (rc == 0) {
		rc = line_start(line);
		if (rc == 0)
			rc = gpio_pair_start(line);
		if (rc < 0)
			close_line(line);
	}
	if (rc == -EBUSY) {
		place_holder(&place, holder);
		snprintf(why, sizeof(why), "is held by %s", holder);
	}
	if (rc < 0)
		line_fault(line, rc, rc == -EBUSY ? why : strerror(-rc));
	else
		gpio_line_tell(line->master ? line->master : line);
	return rc;
}

void gpio_line_fail(struct gpio_line *line, int error)
{
	const char *why = error == -ENODEV ? "its chip is gone" :
			  strerror(-error);

	if (!line->handle)
		return;
	close_line(line);
	line_fault(line, error, why);
	if (!gpio_device_lives(line->device))
		adapter_lost(line->device->bus, line->device, error,
			     "line %s: %s", line->name, why);
}

/* ---- edges ---- */

static void pulse_count(struct gpio_line *line, struct counter *counter,
			int64_t when)
{
	counter_pulse(counter, when, line->idle);
	line->saving.dirty = line->lasting;
}

static bool is_edge(uint32_t edge, bool rises)
{
	return edge == LINE_BOTH || rises == (edge == LINE_RISING);
}

static void edge_count(struct gpio_line *line, bool rises, int64_t when)
{
	if (is_edge(line->edge, rises))
		pulse_count(line, &line->counter, when);
	for (uint32_t edge = 0; edge <= LINE_BOTH; edge++)
		if (line->also & 1u << edge && is_edge(edge, rises))
			pulse_count(line, &line->others[edge], when);
}

static void totals_tell(struct gpio_line *line)
{
	if (pace_step(&line->pace, now_of(line), TELL_PERIOD))
		gpio_line_tell_totals(line);
}

void gpio_line_tell_totals_soon(struct gpio_line *line)
{
	totals_tell(line);
}

static void state_tell(struct gpio_line *line)
{
	if (pace_step(&line->state_pace, now_of(line), TELL_PERIOD))
		gpio_line_tell_state(line);
}

/* The wire has moved, for good. */
static void line_moved(struct gpio_line *line, bool level, int64_t when)
{
	bool rises;

	stopwatch_run(&line->watch, gpio_line_is_on(line), when);
	line->level = level;
	line->moved = when;
	rises = gpio_line_is_on(line);
	if (rises && !line->output) {
		line->rises++;
		line->rose = when;
	}
	edge_count(line, rises, when);
}

/* Returns whether there is something to tell. */
static bool level_seen(struct gpio_line *line, bool level, int64_t when)
{
	int64_t period = lines_facts.debounces ? 0 : line->debounce;
	int64_t at;

	if (!debounce_step(&line->filter, level, when, period, &at))
		return false;
	line_moved(line, line->filter.level, at);
	state_tell(line);
	return true;
}

static void warn_once(struct gpio_line *line, const char *what)
{
	if (line->warned)
		return;
	line->warned = true;
	adapter_log(line->device->bus, line->device, GPIO_LOG_WARNING,
		    "line %s: %s: pulses may have been lost (the kernel holds "
		    "%u edges; counted in the status)", line->name, what,
		    lines_facts.buffer);
}

/* The first event of a request has the number 1. */
void gpio_sequence_check(struct gpio_line *line, const struct line_event *e)
{
	uint32_t gap = e->sequence - line->sequence - 1;

	if (lines_facts.numbers && gap) {
		adapter_count(line->device->bus, line->device, "lost_edges",
			      gap);
		warn_once(line, "edges are missing");
	}
	line->sequence = e->sequence;
}

static bool event_take(struct gpio_line *line, const struct line_event *e)
{
	gpio_sequence_check(line, e);
	if (wire_edge(line) != LINE_BOTH) {	/* only pulses are counted */
		line->level = e->rising;
		line->moved = e->when;
		pulse_count(line, &line->counter, e->when);
		return true;
	}
	return level_seen(line, e->rising, e->when);
}

/* Without numbers a full buffer is all that can be seen of lost edges. */
static void fullness_check(struct gpio_line *line, int n)
{
	if (lines_facts.numbers || n < (int)lines_facts.buffer)
		return;
	adapter_count(line->device->bus, line->device, "full_buffer", 1);
	warn_once(line, "edges came faster than they were taken");
}

static bool is_phase(const struct gpio_line *line)
{
	return line->quadrature || (line->master && line->master->quadrature);
}

int gpio_line_drain(struct gpio_line *line)
{
	struct line_event events[EVENTS_MAX];
	bool moved = false;
	int n = 1, taken = 0;

	if (is_phase(line))
		return gpio_quadrature_drain(line);
	if (line_fd(line->handle) < 0)
		return 0;
	for (int reads = 0; n > 0 && reads < GPIO_READS_MAX; reads++) {
		n = line_events(line->handle, events, EVENTS_MAX);
		for (int i = 0; i < n; i++)
			moved |= event_take(line, &events[i]);
		if (reads == 0)
			fullness_check(line, n);
		taken += n > 0 ? n : 0;
	}
	if (moved)
		totals_tell(line);
	return n < 0 ? n : taken;
}

static int output_sample(struct gpio_line *line)
{
	int level = line_get(line->handle);

	if (level < 0 || level == line->level)
		return level;
	adapter_count(line->device->bus, line->device, "changed_by_others", 1);
	line_moved(line, level, now_of(line));
	state_tell(line);
	totals_tell(line);
	return 0;
}

/* Has an edge been lost? Only where none came while the level was read can
 * that be said; a line that moves all the time shows it another time. */
static int input_sample(struct gpio_line *line)
{
	int rc = gpio_line_drain(line), level;

	if (rc < 0)
		return rc;
	level = line_get(line->handle);
	if (level < 0 || wire_edge(line) != LINE_BOTH ||
	    level == line->filter.raw)
		return level;
	rc = gpio_line_drain(line);
	if (rc != 0)
		return rc;
	adapter_count(line->device->bus, line->device, "missed_edges", 1);
	if (level_seen(line, level, now_of(line)))
		totals_tell(line);
	return 0;
}

int gpio_line_sample(struct gpio_line *line)
{
	if (is_phase(line))
		return gpio_quadrature_sample(line);
	return line->output ? output_sample(line) : input_sample(line);
}

/* ---- outputs ---- */

int gpio_line_drive(struct gpio_line *line, bool on, int64_t pulse)
{
	bool level = on != line->active_low;
	int rc = line_set(line->handle, level), is;

	if (rc < 0)
		return rc;
	is = line_get(line->handle);
	if (is < 0)
		return is;
	line->pulse_end = on && pulse > 0 ? now_of(line) + pulse : 0;
	if (is != line->level)
		line_moved(line, is, now_of(line));
	if (is == level)
		return 0;
	adapter_why(line->device, "line %s was set %s and reads back %s",
		    line->name, level ? "high" : "low", is ? "high" : "low");
	adapter_log(line->device->bus, line->device, GPIO_LOG_WARNING,
		    "line %s was set %s and reads back %s", line->name,
		    level ? "high" : "low", is ? "high" : "low");
	return -EIO;
}

/* One that goes off by itself is off, whatever cuts it short. */
static void command_note(struct gpio_line *line, bool on)
{
	if (line->initial != GPIO_LAST && line->conf_initial != GPIO_LAST)
		return;
	line->commanded = on;
	line->initial = GPIO_LAST;
	gpio_command_keep(line);
}

int gpio_line_command(struct gpio_line *line, bool on, int64_t pulse)
{
	const struct gpio_line *other = on ? line_interlocked(line) : NULL;
	int rc;

	if (other) {
		adapter_why(line->device, "line %s stays off: %s of the "
			    "interlock %s is on", line->name, other->name,
			    line->interlock);
		return -EBUSY;
	}
	rc = gpio_line_drive(line, on, pulse);
	if (rc == 0)
		command_note(line, on && !pulse);
	return rc;
}

static void pulse_finish(struct gpio_line *line)
{
	int rc = gpio_line_drive(line, false, 0);

	line->pulse_end = 0;
	if (rc == -ENODEV)
		gpio_line_fail(line, rc);
	else
		gpio_line_tell(line);
}

/* ---- time passes ---- */

static int64_t time_earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

int64_t gpio_line_tick(struct gpio_line *line, int64_t now)
{
	int64_t period = lines_facts.debounces ? 0 : line->debounce;
	int64_t next = INT64_MAX;

	if (line->handle && line->pulse_end && line->pulse_end <= now)
		pulse_finish(line);
	if (line->handle && !is_phase(line) && debounce_due(&line->filter, period) <= now &&
	    level_seen(line, line->filter.raw, now))
		totals_tell(line);
	if (line->handle && pace_due(&line->pace, TELL_PERIOD) <= now)
		totals_tell(line);
	if (line->handle && pace_due(&line->state_pace, TELL_PERIOD) <= now)
		state_tell(line);
	if (saving_due(&line->saving, gpio_totals_held(line),
		       line->save) <= now)
		gpio_totals_keep(line, false, now);
	if (gpio_totals_sure(line) && line->handle)
		totals_tell(line);
	if (line->handle) {
		next = time_earlier(debounce_due(&line->filter, period),
				    pace_due(&line->pace, TELL_PERIOD));
		next = time_earlier(next,
				    pace_due(&line->state_pace, TELL_PERIOD));
		if (line->pulse_end)
			next = time_earlier(next, line->pulse_end);
	}
	return time_earlier(
		next,
		saving_due(&line->saving, gpio_totals_held(line), line->save));
}
