/* SPDX-License-Identifier: GPL-2.0-or-later
 * Keys that can stand where they stand and do nothing there: who wrote them
 * expects something of them, and is told. Pure. */
#include "adapters/gpio/gpio.h"

/* the fallbacks of gpio.c */
#define IDLE_USUAL (300 * SECOND)
#define SAVE_USUAL (10 * SECOND)

/* What the points of one line make of it. */
struct uses {
	bool output, rate, lasting;
};

static void uses_add(struct uses *uses, const struct adapter_point *point)
{
	const struct gpio_point *p = point->data;

	uses->output |= point->writable && p->part == PART_VALUE &&
			p->count == COUNT_NO;
	uses->rate |= p->count == COUNT_RATE;
	uses->lasting |= p->count == COUNT_TOTAL ||
			 p->count == COUNT_QUADRATURE ||
			 p->part == PART_ON_TIME || p->part == PART_OFF_TIME;
}

static struct uses uses_of(const struct adapter_point *point)
{
	const struct adapter_device *device = point->device;
	struct uses uses = {0};

	for (size_t i = 0; i < device->n_points; i++)
		if (gpio_is_same_line(device->points[i]->data, point->data))
			uses_add(&uses, device->points[i]);
	return uses;
}

void gpio_effect_check(const struct adapter_point *point,
		       struct adapter_error *error)
{
	const struct gpio_point *p = point->data;
	struct uses uses = uses_of(point);
	bool output = point->writable && p->part == PART_VALUE &&
		      p->count == COUNT_NO;
	const struct {
		bool none;
		const char *key, *why;
	} effects[] = {
		{p->edge != LINE_RISING && (!gpio_names_edge(p) ||
					    p->count == COUNT_QUADRATURE),
		 "edge", "is of what is counted: needs count: total or rate"},
		{p->idle != IDLE_USUAL && !uses.rate, "idle",
		 "is of rates: no point of the line has count: rate"},
		{p->save != SAVE_USUAL && !uses.lasting, "save",
		 "is of totals and times: no point of the line has one"},
		{p->drive != LINE_PUSH_PULL && !output, "drive",
		 "is of outputs: needs writable: true"},
		{p->debounce > 0 && uses.output, "debounce",
		 "is of inputs: the line is an output"},
	};

	for (size_t i = 0; i < sizeof(effects) / sizeof(effects[0]); i++)
		if (effects[i].none)
			adapter_warn(point->device->bus, error, effects[i].key,
				     "%s; it does nothing here",
				     effects[i].why);
}
