/* SPDX-License-Identifier: GPL-2.0-or-later
 * What to do when a controller has been silent. */
#include "adapters/ble/watchdog.h"

#define STEP INT64_C(10000000000)	/* for a rung to show its effect */
#define ROUNDS_MAX 6			/* the pause is doubled so often */

void watchdog_start(struct watchdog *w, int64_t patience, int64_t now)
{
	*w = (struct watchdog){.patience = patience, .heard = now,
			       .at = patience ? now + patience : INT64_MAX};
}

bool watchdog_heard(struct watchdog *w, int64_t now)
{
	bool used = w->rung != WATCHDOG_NOTHING || w->rounds > 0;

	w->heard = now;
	w->rung = WATCHDOG_NOTHING;
	w->rounds = 0;
	return used;
}

/* What is heard does not move `at`, which saves a system call for each. */
enum watchdog_action watchdog_step(struct watchdog *w, int64_t now)
{
	if (!w->patience || now < w->at)
		return WATCHDOG_NOTHING;
	if (w->rung == WATCHDOG_NOTHING && w->rounds == 0 &&
	    now - w->heard < w->patience) {
		w->at = w->heard + w->patience;
		return WATCHDOG_NOTHING;
	}
	if (w->rung == WATCHDOG_USB) {	/* all tried: rest, and again */
		w->rung = WATCHDOG_NOTHING;
		if (w->rounds < ROUNDS_MAX)
			w->rounds++;
		w->at = now + (w->patience << w->rounds);
		return WATCHDOG_NOTHING;
	}
	w->rung++;
	w->at = now + STEP;
	return (enum watchdog_action)w->rung;
}

int64_t watchdog_due(const struct watchdog *w)
{
	return w->at;
}
