/* SPDX-License-Identifier: GPL-2.0-or-later
 * Edges into states, totals, rates and times. */
#include "adapters/gpio/counter.h"

void debounce_start(struct debounce *debounce, bool level, int64_t when)
{
	*debounce = (struct debounce){level, level, when};
}

static bool is_settled(const struct debounce *debounce, int64_t now,
		       int64_t period)
{
	return debounce->raw != debounce->level &&
	       now - debounce->since >= period;
}

/* It may have settled before this edge, or with it where nothing is asked. */
bool debounce_step(struct debounce *debounce, bool level, int64_t when,
		   int64_t period, int64_t *at)
{
	bool moved = is_settled(debounce, when, period);

	*at = debounce->since;
	if (moved)
		debounce->level = debounce->raw;
	if (level != debounce->raw) {
		debounce->raw = level;
		debounce->since = when;
	}
	if (moved || !is_settled(debounce, when, period))
		return moved;
	*at = when;
	debounce->level = level;
	return true;
}

int64_t debounce_due(const struct debounce *debounce, int64_t period)
{
	return debounce->raw == debounce->level ? INT64_MAX :
	       debounce->since + period;
}

/* After a long silence the distance of two pulses says nothing any more. */
void counter_pulse(struct counter *counter, int64_t when, int64_t idle)
{
	counter->total++;
	if (!counter->last || when - counter->last > idle) {
		counter->first = when;
		counter->pulses = 0;
	} else {
		counter->pulses++;
	}
	counter->last = when;
}

void counter_set(struct counter *counter, uint64_t total)
{
	counter->total = counter->written = total;
	counter->kept = counter->sure = total;
}

uint64_t counter_told(const struct counter *counter)
{
	return counter->total < counter->sure ? counter->total :
	       counter->sure;
}

/* Where they came faster than was thought, it is the double at least: so few
 * writes catch up with any rate. */
void counter_keep(struct counter *counter, bool exact)
{
	uint64_t came = counter->total - counter->written;
	uint64_t thought = counter->kept - counter->written;

	if (counter->total > counter->kept && came < 2 * thought)
		came = 2 * thought;
	counter->written = counter->total;
	counter->kept = counter->total + (exact ? 0 : came);
}

double counter_rate(struct counter *counter, int64_t now, int64_t idle)
{
	double most;

	if (!counter->last || now - counter->last > idle) {
		counter->rate = 0;
		return 0;
	}
	if (counter->pulses > 0 && counter->last > counter->first) {
		counter->rate = counter->pulses * 1e9 /
				(double)(counter->last - counter->first);
		counter->first = counter->last;
		counter->pulses = 0;
	}
	most = 1e9 / (double)(now > counter->last ? now - counter->last : 1);
	if (counter->rate > most)
		counter->rate = most;
	return counter->rate;
}

int quadrature_step(unsigned before, unsigned after)
{
	static const int8_t steps[4][4] = {
		{0, -1, 1, 0}, {1, 0, 0, -1}, {-1, 0, 0, 1}, {0, 1, -1, 0},
	};

	return steps[before & 3][after & 3];
}

void stopwatch_run(struct stopwatch *watch, bool on, int64_t now)
{
	if (now <= watch->since)
		return;
	watch->ns[on] += now - watch->since;
	watch->since = now;
}

int64_t saving_due(const struct saving *saving, bool held, int64_t period)
{
	if (held && period > SAVING_HELD)
		period = SAVING_HELD;
	return saving->dirty ? saving->last + period : INT64_MAX;
}

bool pace_step(struct pace *pace, int64_t now, int64_t period)
{
	if (now - pace->start >= period) {
		pace->start = now;
		pace->n = 0;
	}
	pace->owed = pace->n >= PACE_BURST;
	pace->n += !pace->owed;
	return !pace->owed;
}

int64_t pace_due(const struct pace *pace, int64_t period)
{
	return pace->owed ? pace->start + period : INT64_MAX;
}
