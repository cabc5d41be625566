/* SPDX-License-Identifier: GPL-2.0-or-later
 * What to do when a controller has been silent: a ladder, one rung after the
 * other, until something is heard. Pure. */
#ifndef BLE_WATCHDOG_H
#define BLE_WATCHDOG_H
#include <stdbool.h>
#include <stdint.h>

enum watchdog_action {
	WATCHDOG_NOTHING, WATCHDOG_SCAN, WATCHDOG_POWER, WATCHDOG_RFKILL,
	WATCHDOG_USB,
};

struct watchdog {
	int64_t patience;	/* ns, 0: off */
	int64_t heard;		/* when last; ns */
	int64_t at;		/* of the next rung */
	uint8_t rung;		/* the last action, of this round */
	uint8_t rounds;		/* through, without success */
};

void watchdog_start(struct watchdog *watchdog, int64_t patience, int64_t now);
/* An advertisement, whose ever. true: after the ladder was used. */
bool watchdog_heard(struct watchdog *watchdog, int64_t now);
/* What to do now. It is the first time in this silence while rounds is 0:
 * later rounds come ever more rarely, and nothing new is to be said. */
enum watchdog_action watchdog_step(struct watchdog *watchdog, int64_t now);
int64_t watchdog_due(const struct watchdog *watchdog);
#endif
