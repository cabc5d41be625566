/* SPDX-License-Identifier: GPL-2.0-or-later
 * What lasts of a line over a restart: its totals, and what a server has set.
 * By the line's name, so that points may be renamed and mapped elsewhere. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "adapters/gpio/gpio.h"

struct kept_totals {
	uint64_t total;
	int64_t off, on;		/* ns */
	uint64_t others[LINE_BOTH + 1];
	int64_t position;
};
#define KEPT_TOTALS_LEAST offsetof(struct kept_totals, others)

/* Holds as long as the configuration says what it said then. */
struct kept_settings {
	int64_t conf_debounce, debounce;
	uint32_t conf_edge, edge;
	uint32_t conf_active_low, active_low;
};

static const char *name_of(const struct gpio_line *line, const char *what,
			   char name[GPIO_NAME_MAX + 16])
{
	snprintf(name, GPIO_NAME_MAX + 16, "%s:%s", what, line->name);
	return name;
}

static void settings_read(struct gpio_line *line)
{
	char name[GPIO_NAME_MAX + 16];
	struct kept_settings k;

	if (adapter_kept(line->device, name_of(line, "set", name), &k,
			 sizeof(k)) != sizeof(k) ||
	    k.conf_debounce != line->conf_debounce ||
	    k.conf_edge != line->conf_edge ||
	    k.conf_active_low != line->conf_active_low)
		return;
	line->debounce = k.debounce;
	line->edge = k.edge;
	line->active_low = k.active_low != 0;
}

/* The label, a 0, and where it sits: short, for many lines have one. */
static void home_read(struct gpio_line *line)
{
	char name[GPIO_NAME_MAX + 16];
	char text[LINE_TEXT_MAX + CHIP_WHERE_MAX + 1] = "";
	size_t label;

	adapter_kept(line->device, name_of(line, "chip", name), text,
		     sizeof(text) - 1);
	label = strnlen(text, LINE_TEXT_MAX - 1);
	memcpy(line->home.label, text, label);
	snprintf(line->home.where, sizeof(line->home.where), "%s",
		 text[label] ? "" : text + label + 1);
}

void gpio_home_keep(struct gpio_line *line, const struct home *home)
{
	char name[GPIO_NAME_MAX + 16];
	char text[LINE_TEXT_MAX + CHIP_WHERE_MAX];
	int n = snprintf(text, sizeof(text), "%s%c%s", home->label, '\0',
			 home->where);

	line->home = *home;
	adapter_keep(line->device, name_of(line, "chip", name), text,
		     (size_t)n);
}

static void times_set(struct gpio_line *line, bool on, int64_t ns)
{
	line->watch.ns[on] = ns;
	line->ahead.kept[on] = line->ahead.sure[on] = ns;
}

void gpio_kept_read(struct gpio_line *line)
{
	char name[GPIO_NAME_MAX + 16];
	struct kept_totals k = {0};
	uint8_t on = 0;

	if (adapter_kept(line->device, name_of(line, "totals", name), &k,
			 sizeof(k)) >= (int)KEPT_TOTALS_LEAST) {
		counter_set(&line->counter, k.total);
		times_set(line, false, k.off);
		times_set(line, true, k.on);
		for (size_t i = 0; i <= LINE_BOTH; i++)
			counter_set(&line->others[i], k.others[i]);
		line->position = k.position;
	}
	if (adapter_kept(line->device, name_of(line, "on", name), &on,
			 1) == 1)
		line->known = true;
	else if (line->initial == GPIO_LAST)
		line->initial = LINE_KEEP;	/* none was given yet */
	line->commanded = on == 1;
	settings_read(line);
	home_read(line);
}

/* A time that runs is kept so much ahead that it is written again in time. */
static int64_t time_keep(struct gpio_line *line, bool on, bool last)
{
	bool runs = line->handle && gpio_line_is_on(line) == on;
	int64_t ns = line->watch.ns[on];

	line->ahead.kept[on] = ns + (runs && !last ? 2 * line->save : 0);
	return line->ahead.kept[on];
}

static uint64_t total_keep(struct counter *counter, bool exact)
{
	counter_keep(counter, exact);
	return counter->kept;
}

static bool is_exact(const struct gpio_line *line)
{
	bool exact = line->counter.kept == line->counter.total;

	for (size_t i = 0; i <= LINE_BOTH; i++)
		exact &= line->others[i].kept == line->others[i].total;
	return exact;
}

void gpio_totals_keep(struct gpio_line *line, bool last, int64_t now)
{
	bool exact = last || now - line->saving.last > 2 * line->save;
	struct kept_totals k = {
		.total = total_keep(&line->counter, exact),
		.off = time_keep(line, false, last),
		.on = time_keep(line, true, last),
		.position = line->position,
	};
	char name[GPIO_NAME_MAX + 16];

	for (size_t i = 0; i <= LINE_BOTH; i++)
		k.others[i] = total_keep(&line->others[i], exact);
	adapter_keep(line->device, name_of(line, "totals", name), &k,
		     sizeof(k));
	line->mark = last ? 0 : adapter_keeps(line->device, false);
	line->waits = true;
	line->saving = (struct saving){.last = now, .dirty = !is_exact(line)};
}

bool gpio_totals_held(const struct gpio_line *line)
{
	bool held = line->counter.total > line->counter.kept ||
		    line->watch.ns[true] > line->ahead.kept[true] ||
		    line->watch.ns[false] > line->ahead.kept[false];

	for (size_t i = 0; i <= LINE_BOTH; i++)
		held |= line->others[i].total > line->others[i].kept;
	return held;
}

bool gpio_totals_sure(struct gpio_line *line)
{
	bool more = line->counter.total > line->counter.sure;

	if (!line->waits || adapter_keeps(line->device, true) < line->mark)
		return false;
	line->waits = false;
	line->counter.sure = line->counter.kept;
	for (size_t i = 0; i <= LINE_BOTH; i++) {
		more |= line->others[i].total > line->others[i].sure;
		line->others[i].sure = line->others[i].kept;
	}
	memcpy(line->ahead.sure, line->ahead.kept, sizeof(line->ahead.sure));
	return more;
}

int64_t gpio_seconds(const struct gpio_line *line, bool on)
{
	int64_t ns = line->watch.ns[on];

	return (ns < line->ahead.sure[on] ? ns : line->ahead.sure[on]) /
	       SECOND;
}

/* The configuration says it once: what is counted since stands, until it says
 * another. */
void gpio_reading_take(struct gpio_line *line, const struct gpio_point *p)
{
	char name[GPIO_NAME_MAX + 16];
	char what[16];
	int64_t taken = -1;

	if (p->reading < 0 || p->count != COUNT_TOTAL)
		return;
	snprintf(what, sizeof(what), "read%u", p->edge);
	adapter_kept(line->device, name_of(line, what, name), &taken,
		     sizeof(taken));
	if (taken == p->reading)
		return;
	adapter_keep(line->device, name, &p->reading, sizeof(p->reading));
	counter_set(gpio_counter(p), (uint64_t)p->reading);
	gpio_totals_keep(line, false, 0);
}

void gpio_command_keep(const struct gpio_line *line)
{
	char name[GPIO_NAME_MAX + 16];
	uint8_t on = line->commanded;

	adapter_keep(line->device, name_of(line, "on", name), &on, 1);
}

void gpio_settings_keep(struct gpio_line *line)
{
	struct kept_settings k = {
		.conf_debounce = line->conf_debounce,
		.debounce = line->debounce, .conf_edge = line->conf_edge,
		.edge = line->edge, .conf_active_low = line->conf_active_low,
		.active_low = line->active_low,
	};
	char name[GPIO_NAME_MAX + 16];

	adapter_keep(line->device, name_of(line, "set", name), &k, sizeof(k));
}
