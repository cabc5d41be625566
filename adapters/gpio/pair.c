/* SPDX-License-Identifier: GPL-2.0-or-later
 * Two lines that are one thing: the coils of a latching relay, the phases of an
 * encoder. Points are of the first; the second has it as its master. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/gpio/gpio.h"

#define PHASES_MAX 64

struct gpio_quadrature {
	struct phase {
		struct line_event at[PHASES_MAX];
		size_t n;		/* read, and not yet taken */
		bool more;		/* there may be others behind them */
	} a, b;
};

static struct gpio_line *first_of(struct gpio_line *line)
{
	return line->master ? line->master : line;
}

bool gpio_is_whole(const struct gpio_line *line)
{
	return line->handle && (!line->other || line->other->handle);
}

/* ---- a latching relay: never both coils, and only for a moment */

int gpio_latch_set(struct gpio_line *line, bool on, int64_t pulse)
{
	struct gpio_line *coil = on ? line : line->other;
	struct gpio_line *against = on ? line->other : line;
	int rc;

	if (!gpio_is_whole(line))
		return -ENODEV;
	rc = gpio_line_drive(against, false, 0);
	if (rc == 0)
		rc = gpio_line_drive(coil, true, pulse);
	if (rc < 0)
		return rc;
	line->commanded = on;
	line->known = true;
	gpio_command_keep(line);
	return 0;
}

static int latch_start(struct gpio_line *line)
{
	switch (line->conf_initial) {
	case LINE_LOW:
	case LINE_HIGH:
		return gpio_latch_set(line, line->conf_initial == LINE_HIGH,
				      line->pulse);
	case GPIO_LAST:
		return line->known ? gpio_latch_set(line, line->commanded,
						    line->pulse) : 0;
	default:
		return 0;
	}
}

int gpio_pair_start(struct gpio_line *of)
{
	struct gpio_line *line = first_of(of);

	if (!line->other || !gpio_is_whole(line))
		return 0;
	if (line->output)
		return latch_start(line);
	memset(line->quadrature, 0, sizeof(*line->quadrature));
	return 0;
}

/* ---- an encoder: edges of both, in the order in which they came */

int gpio_quadrature_make(struct gpio_line *line)
{
	line->quadrature = calloc(1, sizeof(*line->quadrature));
	return line->quadrature ? 0 : -ENOMEM;
}

static unsigned phase_of(const struct gpio_line *line)
{
	return (unsigned)line->level << 1 | line->other->level;
}

/* A level that was there already: its opposite was missed. */
static void edge_take(struct gpio_line *line, struct gpio_line *which,
		      const struct line_event *event)
{
	unsigned before = phase_of(line);

	gpio_sequence_check(which, event);
	if (which->level == event->rising)
		adapter_count(line->device->bus, line->device, "missed_edges",
			      1);
	which->level = event->rising;
	line->moved = event->when;
	line->position += quadrature_step(before, phase_of(line));
}

static int phase_fill(struct gpio_line *which, struct phase *phase)
{
	int n = line_events(which->handle, phase->at + phase->n,
			    PHASES_MAX - phase->n);

	if (n < 0)
		return n;
	phase->n += (size_t)n;
	phase->more = phase->n == PHASES_MAX;
	return n;
}

static void phase_drop(struct phase *phase, size_t n)
{
	phase->n -= n;
	memmove(phase->at, phase->at + n, phase->n * sizeof(phase->at[0]));
}

/* As far as the order is known: an earlier one of the other may be to come. */
static void phases_take(struct gpio_line *line)
{
	struct gpio_quadrature *q = line->quadrature;
	size_t a = 0, b = 0;

	while (a < q->a.n || b < q->b.n) {
		if ((a == q->a.n && q->a.more) || (b == q->b.n && q->b.more))
			break;
		if (b == q->b.n || (a < q->a.n && q->a.at[a].when <=
						   q->b.at[b].when))
			edge_take(line, line, &q->a.at[a++]);
		else
			edge_take(line, line->other, &q->b.at[b++]);
	}
	phase_drop(&q->a, a);
	phase_drop(&q->b, b);
}

int gpio_quadrature_drain(struct gpio_line *of)
{
	struct gpio_line *line = first_of(of);
	struct gpio_quadrature *q = line->quadrature;
	int64_t before = line->position;
	int a = 1, b = 1;

	if (!gpio_is_whole(line))
		return 0;
	for (int reads = 0; (a > 0 || b > 0) && reads < GPIO_READS_MAX;
	     reads++) {
		a = phase_fill(line, &q->a);
		b = phase_fill(line->other, &q->b);
		if (a < 0 || b < 0)
			return a < 0 ? a : b;
		phases_take(line);
	}
	if (line->position == before)
		return 0;
	line->saving.dirty = true;
	gpio_line_tell_totals_soon(line);
	return 1;
}

/* Where it stands is what the wires say; how it came there, nobody knows. */
int gpio_quadrature_sample(struct gpio_line *of)
{
	struct gpio_line *line = first_of(of);
	int rc = gpio_quadrature_drain(line), a, b;

	if (rc != 0 || !gpio_is_whole(line))
		return rc < 0 ? rc : 0;
	a = line_get(line->handle);
	b = line_get(line->other->handle);
	if (a < 0 || b < 0)
		return a < 0 ? a : b;
	if (line->level == (bool)a && line->other->level == (bool)b)
		return 0;
	rc = gpio_quadrature_drain(line);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	adapter_count(line->device->bus, line->device, "missed_edges", 1);
	line->level = a;
	line->other->level = b;
	return 0;
}
