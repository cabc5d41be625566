/* SPDX-License-Identifier: GPL-2.0-or-later
 * What becomes of edges: contacts settle, pulses are counted, their rate is
 * derived, times on and off add up. Pure: times are arguments, monotonic ns. */
#ifndef ADAPTERS_GPIO_COUNTER_H
#define ADAPTERS_GPIO_COUNTER_H
#include <stdbool.h>
#include <stdint.h>

/* ---- a contact that bounces ---- */

struct debounce {
	bool raw, level;		/* as last seen; as believed */
	int64_t since;			/* raw is so */
};
void debounce_start(struct debounce *debounce, bool level, int64_t when);
/* The line was seen at `level` (unchanged is fine, as when time has passed).
 * true: what is believed has changed, at *at, which is when the contact moved
 * for the last time. A period of 0 believes everything. */
bool debounce_step(struct debounce *debounce, bool level, int64_t when,
		   int64_t period, int64_t *at);
/* When to step again if no edge comes; INT64_MAX: need not. */
int64_t debounce_due(const struct debounce *debounce, int64_t period);

/* ---- pulses ---- */

/* A total that goes to the disk ahead of itself: what is told is on the disk, and
 * a kill or a loss of power never shows a smaller one. */
struct counter {
	uint64_t total;
	uint64_t written;		/* the total when it was last written */
	uint64_t kept;			/* what was written for it: as much more
					 * as came since the time before */
	uint64_t sure;			/* of that, what is on the disk */
	int64_t first, last;		/* pulses between which rate is
					 * measured; 0: none yet */
	uint32_t pulses;		/* behind first */
	double rate;			/* per second, as last said */
};
void counter_pulse(struct counter *counter, int64_t when, int64_t idle);
/* It is so many, and that will be written: as it is read, or set. */
void counter_set(struct counter *counter, uint64_t total);
/* What may be told of it now. */
uint64_t counter_told(const struct counter *counter);
/* It goes to the disk: kept is what is to be written. exact: no pulse follows, or
 * there was none for long: nothing is guessed. */
void counter_keep(struct counter *counter, bool exact);
/* Pulses per second since the last call; while none come, no more than one in
 * the time that has passed; 0 after `idle` without one. */
double counter_rate(struct counter *counter, int64_t now, int64_t idle);

/* ---- an encoder ---- */

/* Its phases, A << 1 | B, before and after an edge: 1 forward (A leads), -1
 * back; 0 they are the same, or both have moved. */
int quadrature_step(unsigned before, unsigned after);

/* ---- times on and off ---- */

struct stopwatch {
	int64_t ns[2];			/* off, on */
	int64_t since;			/* ns are of then */
};
/* Until now it was `on`. */
void stopwatch_run(struct stopwatch *watch, bool on, int64_t now);

/* ---- when to write what must last ---- */

struct saving {
	int64_t last;			/* written then; 0: never */
	bool dirty;
};
#define SAVING_HELD INT64_C(1000000000)	/* ns */
/* When to write: at most once in `period`, and where something is not told
 * before it is written (held), in SAVING_HELD. INT64_MAX: nothing to write. */
int64_t saving_due(const struct saving *saving, bool held, int64_t period);

/* ---- how often something is told ---- */

#define PACE_BURST 16
struct pace {
	int64_t start;			/* of the time in which n were told */
	uint32_t n;
	bool owed;
};
/* Something is to be told. true: now; else when pace_due() says. At most
 * PACE_BURST in `period`. */
bool pace_step(struct pace *pace, int64_t now, int64_t period);
int64_t pace_due(const struct pace *pace, int64_t period);
#endif
