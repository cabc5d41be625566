/* SPDX-License-Identifier: GPL-2.0-or-later
 * Is a device there? A pure machine: signs of life, misses and times go in,
 * its state comes out. Monotonic ns. */
#ifndef AGENT_LIVENESS_H
#define AGENT_LIVENESS_H
#include <stdbool.h>
#include <stdint.h>

#define LIVENESS_NEVER INT64_MAX
#define LIVENESS_TRIES 3	/* without an answer in a row: it is silent,
				 * where no time says otherwise */

enum liveness_state {
	LIVENESS_UNKNOWN,	/* not heard yet */
	LIVENESS_ONLINE,
	LIVENESS_ASLEEP,	/* queue mode: between two signs of life */
	LIVENESS_SILENT,	/* gone, as far as anybody can tell */
};
#define LIVENESS_STATES 4
const char *liveness_state_name(enum liveness_state state);

enum liveness_event {
	LIVENESS_HEARD,		/* an answer, an advertisement, an edge */
	LIVENESS_MISS,		/* it was asked and did not answer */
	LIVENESS_TIMER,		/* `due` has come */
};

struct liveness_rules {
	bool queue;		/* it sleeps between its signs of life */
	bool polled;		/* it is asked: unheard alone means nothing,
				 * it must have missed once too */
	int64_t awake;		/* so long after a sign it counts as awake */
	int64_t silent_after;	/* without a sign; 0: by misses alone, and one
				 * that sleeps never */
};

struct liveness {
	int64_t seen;		/* last heard, or since when it is waited for */
	int64_t due;		/* TIMER then; may be early, then nothing
				 * happens but a later one */
	uint8_t state;		/* enum liveness_state */
	uint8_t missed;		/* in a row */
	bool heard;		/* ever */
};

void liveness_init(struct liveness *liveness,
		   const struct liveness_rules *rules, int64_t now);
/* As it was before a restart: it sleeps since `heard`, which may lie before
 * the clock's beginning. */
void liveness_restore(struct liveness *liveness,
		      const struct liveness_rules *rules, int64_t heard);
/* true: the state has changed. now: of HEARD, when it was. */
bool liveness_step(struct liveness *liveness, enum liveness_event event,
		   const struct liveness_rules *rules, int64_t now);
#endif
