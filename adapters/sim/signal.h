/* SPDX-License-Identifier: GPL-2.0-or-later
 * The shapes of made-up values, as functions of the time since the start.
 * Pure. */
#ifndef ADAPTERS_SIM_SIGNAL_H
#define ADAPTERS_SIM_SIGNAL_H
#include <stddef.h>
#include <stdint.h>

enum signal_shape {
	SIGNAL_CONSTANT,	/* value */
	SIGNAL_RAMP,		/* from min up to max in each period */
	SIGNAL_SINE,		/* starts in the middle, upwards */
	SIGNAL_STEP,		/* min for half a period, then max */
	SIGNAL_RANDOM,		/* between min and max, a new one each time */
	SIGNAL_CSV,		/* replay of a file */
};
#define SIGNAL_NAMES "constant|ramp|sine|step|random|csv"

/* Of ramp, sine and step; elapsed and period in ns, period > 0. */
double signal_level(enum signal_shape shape, double min, double max,
		    int64_t period, int64_t elapsed);

/* The same names give the same row of values, in every run. */
uint32_t signal_seed(const char *device, const char *point);
/* The next one, from 0 up to but without 1. */
double signal_random(uint32_t *state);

struct signal_row {
	double seconds, value;
};

/* Lines "seconds,value" with growing seconds; blank ones and those with # in
 * front do not count. text is not changed. The number of rows, put into *rows
 * for the caller to free; or -ENOMEM, or -EINVAL with the line's number and
 * what is wrong with it. */
int signal_rows_parse(const char *text, struct signal_row **rows,
		      unsigned *line, const char **wrong);

/* Each row holds until the next; the last one as long as the one before it.
 * Then from the start again. n > 0 */
double signal_rows_level(const struct signal_row *rows, size_t n,
			 int64_t elapsed);
#endif
