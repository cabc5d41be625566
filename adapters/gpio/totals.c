/* SPDX-License-Identifier: GPL-2.0-or-later
 * What lasts of a line over a restart: its totals, and what a server has set.
 * By the line's name, so that points may be renamed and mapped elsewhere. */
#include <stdio.h>
#include <string.h>

#include "adapters/gpio/gpio.h"

struct kept_totals {
	uint64_t total;
	int64_t off, on;		/* ns */
};

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

void gpio_kept_read(struct gpio_line *line)
{
	char name[GPIO_NAME_MAX + 16];
	struct kept_totals k;

	if (adapter_kept(line->device, name_of(line, "totals", name), &k,
			 sizeof(k)) == sizeof(k)) {
		line->counter.total = k.total;
		line->watch.ns[false] = k.off;
		line->watch.ns[true] = k.on;
	}
	settings_read(line);
	home_read(line);
}

void gpio_totals_keep(struct gpio_line *line, int64_t now)
{
	struct kept_totals k = {
		.total = line->counter.total, .off = line->watch.ns[false],
		.on = line->watch.ns[true],
	};
	char name[GPIO_NAME_MAX + 16];

	adapter_keep(line->device, name_of(line, "totals", name), &k,
		     sizeof(k));
	line->saving = (struct saving){.last = now};
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
