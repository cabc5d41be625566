/* SPDX-License-Identifier: GPL-2.0-or-later
 * Load: the time that a bus was at work, in this window and the one before, in
 * per mille of both. Stretch: a smoothed mean of the periods that a point got. */
#include "agent/bus/bus_load.h"

static void window_turn(struct load *load, int64_t now)
{
	load->busy_before = load->busy;
	load->length_before = now - load->since;
	load->since = now;
	load->busy = 0;
}

void load_add(struct load *load, int64_t now, int64_t busy)
{
	if (!load->since)
		load->since = now - busy;
	load->busy += busy;
	if (now - load->since >= LOAD_WINDOW)
		window_turn(load, now);
}

int load_permille(const struct load *load, int64_t now)
{
	int64_t busy = load->busy_before + load->busy;
	int64_t length = load->length_before + now - load->since;

	if (!load->since || length < LOAD_WINDOW / 3)
		return -1;
	return busy < length ? (int)(busy * 1000 / length) : 1000;
}

/* The first one counts whole, each later one a quarter. */
uint16_t stretch_add(uint16_t stretch, int64_t period, int64_t poll)
{
	int64_t now, step;

	if (poll <= 0 || period <= 0)
		return stretch;
	now = period / poll >= UINT16_MAX / STRETCH_ONE ? UINT16_MAX :
	      period * STRETCH_ONE / poll;
	step = now - stretch;
	if (stretch)
		step = (step + (step > 0 ? 2 : -2)) / 4;
	now = stretch + step;
	return now < 1 ? 1 : (uint16_t)now;
}

int64_t stretch_period(uint16_t stretch, int64_t poll)
{
	return poll / STRETCH_ONE * stretch;
}
