/* SPDX-License-Identifier: GPL-2.0-or-later
 * The bootstrap server (Core TS 6.1): its number is BOOTSTRAP. It deletes all,
 * writes an account for each server of the site, and finishes. */
#ifndef SIM_BOOTSTRAP_H
#define SIM_BOOTSTRAP_H
#include <stddef.h>

enum bootstrap_habit {
	BOOTSTRAP_GOOD,
	BOOTSTRAP_SILENT,	/* answers nothing */
	BOOTSTRAP_HALF,		/* its Finish never comes */
	BOOTSTRAP_NONSENSE,	/* refuses, or writes what is none */
	BOOTSTRAP_FINISH_LOST,	/* the answer to its Finish never arrives */
	BOOTSTRAP_HABITS
};

struct datagram;

void bootstrap_begin(void);
void bootstrap_habit(enum bootstrap_habit habit);
/* It begins by itself, over the way that it was asked before; with another
 * lifetime than the last time. */
void bootstrap_unasked(size_t endpoint);
/* Taken. */
void bootstrap_arrived(struct datagram *datagram);
#endif
