/* SPDX-License-Identifier: GPL-2.0-or-later
 * The shapes of made-up values. */
#include "adapters/sim/signal.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

double signal_level(enum signal_shape shape, double min, double max,
		    int64_t period, int64_t elapsed)
{
	double phase = (double)(elapsed % period) / (double)period;

	switch (shape) {
	case SIGNAL_RAMP:
		return min + (max - min) * phase;
	case SIGNAL_SINE:
		return min + (max - min) *
		       (1 + sin(6.283185307179586 * phase)) / 2;
	case SIGNAL_STEP:
		return phase < .5 ? min : max;
	case SIGNAL_CONSTANT:
	case SIGNAL_RANDOM:
	case SIGNAL_CSV:
		break;
	}
	return min;
}

/* FNV-1a over both names and the zero between them. */
uint32_t signal_seed(const char *device, const char *point)
{
	uint32_t hash = 2166136261u;

	for (const char *at = device; *at; at++)
		hash = (hash ^ (uint8_t)*at) * 16777619u;
	hash *= 16777619u;
	for (const char *at = point; *at; at++)
		hash = (hash ^ (uint8_t)*at) * 16777619u;
	return hash ? hash : 1;
}

/* Marsaglia's xorshift: 32 bits of state for each point are enough. */
double signal_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return (*state >> 8) / 0x1p24;
}

/* "seconds,value", and nothing behind it. */
static const char *row_parse(const char *at, struct signal_row *row)
{
	char *end;

	row->seconds = strtod(at, &end);
	if (end == at || !isfinite(row->seconds))
		return "does not start with a number of seconds";
	at = end + strspn(end, " \t");
	if (*at != ',')
		return "has no comma behind the seconds";
	at += 1 + strspn(at + 1, " \t");
	if (*at == '\n' || *at == '\r' || !*at)
		return "has no value";
	row->value = strtod(at, &end);
	if (end == at || !isfinite(row->value))
		return "has a value that is no number";
	end += strspn(end, " \t\r");
	return *end && *end != '\n' ? "goes on behind the value" : NULL;
}

static bool is_blank(const char *at)
{
	at += strspn(at, " \t\r");
	return *at == '\n' || *at == '#' || !*at;
}

static const char *row_add(const char *at, struct signal_row *rows, size_t n)
{
	const char *wrong = row_parse(at, &rows[n]);

	if (wrong)
		return wrong;
	if (rows[n].seconds < 0 ||
	    (n > 0 && rows[n].seconds <= rows[n - 1].seconds))
		return "has seconds that do not grow";
	return NULL;
}

static size_t lines_count(const char *text)
{
	size_t n = 1;

	while ((text = strchr(text, '\n'))) {
		text++;
		n++;
	}
	return n;
}

int signal_rows_parse(const char *text, struct signal_row **rows,
		      unsigned *line, const char **wrong)
{
	const char *at = text;
	size_t n = 0;

	*rows = calloc(lines_count(text), sizeof(**rows));
	if (!*rows)
		return -ENOMEM;
	*wrong = NULL;
	for (*line = 1; at && !*wrong; (*line)++) {
		const char *end = strchr(at, '\n');

		if (!is_blank(at)) {
			*wrong = row_add(at, *rows, n++);
			if (*wrong)
				break;
		}
		at = end ? end + 1 : NULL;
	}
	if (!*wrong && n == 0) {
		*wrong = "is the last, and there was no value";
		(*line)--;
	}
	if (!*wrong)
		return (int)n;
	free(*rows);
	*rows = NULL;
	return -EINVAL;
}

double signal_rows_level(const struct signal_row *rows, size_t n,
			 int64_t elapsed)
{
	double length, phase;
	size_t low = 0, high = n;

	if (n == 1)
		return rows[0].value;
	length = 2 * rows[n - 1].seconds - rows[n - 2].seconds;
	phase = fmod((double)elapsed / 1e9, length);
	while (high - low > 1) {
		size_t middle = (low + high) / 2;

		if (rows[middle].seconds <= phase)
			low = middle;
		else
			high = middle;
	}
	return rows[low].value;
}
