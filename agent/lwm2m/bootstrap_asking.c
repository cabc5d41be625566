/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/lwm2m/bootstrap_asking.h"

/* One that is wanted while another is outstanding goes after that one, whose
 * end is then not its own. */
static const enum asking_state next[ASKING_STATES][ASKING_EVENTS] = {
	[ASKING_UNREADY] = {
		ASKING_NOTHING, ASKING_UNREADY, ASKING_UNREADY,
		ASKING_UNREADY, ASKING_UNREADY, ASKING_UNREADY,
	},
	[ASKING_NOTHING] = {
		ASKING_NOTHING, ASKING_QUEUED, ASKING_BLOCKED,
		ASKING_SENT, ASKING_NOTHING, ASKING_NOTHING,
	},
	[ASKING_QUEUED] = {
		ASKING_QUEUED, ASKING_QUEUED, ASKING_BLOCKED,
		ASKING_SENT, ASKING_QUEUED, ASKING_NOTHING,
	},
	[ASKING_BLOCKED] = {
		ASKING_BLOCKED, ASKING_QUEUED, ASKING_BLOCKED,
		ASKING_SENT, ASKING_BLOCKED, ASKING_NOTHING,
	},
	[ASKING_SENT] = {
		ASKING_SENT, ASKING_QUEUED, ASKING_SENT,
		ASKING_SENT, ASKING_NOTHING, ASKING_NOTHING,
	},
};

enum asking_state asking_next(enum asking_state state,
			      enum asking_event event)
{
	return next[state][event];
}
