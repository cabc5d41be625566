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
	bool learns;		/* silent_after is the most: its own rhythm
				 * decides once that is known */
};

/* How a device that is only listened to shows itself: the longest gap between
 * two signs in each of the last two windows. The first signs tell nothing: some
 * come in bursts, hours apart. A window is a day, so that a device that rests
 * in the night is known by its night, and one bad hour is forgotten. */
struct liveness_rhythm {
	uint32_t longest, before;	/* s, in this window and the last */
	uint32_t window;		/* s: since this one began */
	uint16_t signs;			/* of its life, until they are enough */
};
#define LIVENESS_SIGNS 8	/* fewer say nothing of a rhythm, ... */
#define LIVENESS_LEARNT 3600	/* s: ... nor do those of a shorter time */
#define LIVENESS_WINDOW 86400	/* s */
#define LIVENESS_GAPS 3		/* silent after so many of the longest */
#define LIVENESS_LEAST (900 * INT64_C(1000000000))	/* silent after that,
				 * however fast its rhythm: radio is lossy */

struct liveness {
	int64_t seen;		/* last heard, or since when it is waited for */
	int64_t listens;	/* since when it could be heard at all: after
				 * a restart that is later than `seen` */
	int64_t due;		/* TIMER then; may be early, then nothing
				 * happens but a later one */
	uint8_t state;		/* enum liveness_state */
	uint8_t missed;		/* in a row */
	bool heard;		/* ever */
	struct liveness_rhythm rhythm;
};

void liveness_init(struct liveness *liveness,
		   const struct liveness_rules *rules, int64_t now);
/* As it was before a restart: it sleeps since `heard`, which may lie before
 * the clock's beginning, and has the rhythm that it had. */
void liveness_restore(struct liveness *liveness,
		      const struct liveness_rules *rules, int64_t heard,
		      const struct liveness_rhythm *rhythm, int64_t now);
/* true: the state has changed. now: of HEARD, when it was. */
bool liveness_step(struct liveness *liveness, enum liveness_event event,
		   const struct liveness_rules *rules, int64_t now);
#endif
