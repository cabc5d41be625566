/* SPDX-License-Identifier: GPL-2.0-or-later
 * Where a Bootstrap-Request (Core TS 6.1.7.1) is on its way out: it waits for its
 * turn at the server, then until nothing else is outstanding, then for its
 * answer. A table of (state, event), beside bootstrap.h, which says whether one
 * is to be sent at all. Pure. */
#ifndef AGENT_BOOTSTRAP_ASKING_H
#define AGENT_BOOTSTRAP_ASKING_H

enum asking_state {
	ASKING_UNREADY,		/* the endpoint may not register yet */
	ASKING_NOTHING,
	ASKING_QUEUED,		/* its time comes: the server's pace, or until
				 * its name has an address */
	ASKING_BLOCKED,		/* it has come: as soon as the connection is
				 * idle */
	ASKING_SENT,		/* outstanding */
};
#define ASKING_STATES (ASKING_SENT + 1)

enum asking_event {
	ASKING_READY,		/* the endpoint may register */
	ASKING_WANTED,		/* bootstrap.h asks for one */
	ASKING_BUSY,		/* another exchange is outstanding; or ended as
				 * one that is to be repeated otherwise */
	ASKING_GOES,		/* it, or the next part of a pack, is sent */
	ASKING_ENDED,		/* its exchange has: answered or lost */
	ASKING_GIVEN_UP,	/* it cannot be sent, or the connection closes */
};
#define ASKING_EVENTS (ASKING_GIVEN_UP + 1)

enum asking_state asking_next(enum asking_state state,
			      enum asking_event event);
#endif
