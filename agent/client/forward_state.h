/* SPDX-License-Identifier: GPL-2.0-or-later
 * Where store and forward stands for one client, in three machines that go on
 * side by side: one record waits for an answer while an older one is delivered
 * and the oldest are still in the log. Pure: a table each, of (state, event).
 *
 * The answer. What a server is told last decides over what is held: where its
 * answer comes at once only the newest value counts, and the next notification
 * brings that. Where it does not come for a second nobody can tell any more
 * whether the server is there, so that from then on every value counts, those
 * between this answer and the next too.
 *
 * The delivery. History and notifications share one line (RFC 7252 4.7, NSTART
 * 1), and on a slow one a notification is always due again: after each the
 * history has the next turn.
 *
 * The place. What memory has no room for is read from the log in sweeps over
 * all clients; who cannot take his records when they come by waits for the
 * next sweep. */
#ifndef AGENT_FORWARD_STATE_H
#define AGENT_FORWARD_STATE_H
#include <stdbool.h>

enum forward_answer {
	ANSWER_PROMPT,		/* none is awaited; the last was in time */
	ANSWER_AWAITED,
	ANSWER_OVERDUE,		/* and it does not come */
	ANSWER_LATE,		/* none is awaited; the last was late */
	ANSWER_AWAITED_AGAIN,	/* and the one before was late */
};

enum forward_answer_event {
	ANSWER_WAIT,		/* something is under way, and values held */
	ANSWER_TIMEOUT,
	ANSWER_CAME,
	ANSWER_DECIDED,		/* all that was held is kept */
	ANSWER_BEHIND,		/* what is new comes behind what is kept */
};

enum forward_delivery {
	DELIVERY_NONE,
	DELIVERY_OWED,		/* a notification has gone before it */
	DELIVERY_QUEUED,	/* in its server's line */
	DELIVERY_QUEUED_OWED,
	DELIVERY_SEND,		/* a Send is under way */
	DELIVERY_NOTIFICATION,	/* ... an observation's notification */
};

enum forward_delivery_event {
	DELIVERY_NOTIFIED,	/* a notification of a new value went out */
	DELIVERY_QUEUE,
	DELIVERY_UNQUEUE,
	DELIVERY_SENT,
	DELIVERY_TOLD,
	DELIVERY_ENDED,		/* answered, given up or disconnected */
};

enum forward_place {
	PLACE_MEMORY,		/* all that is kept */
	PLACE_LOG,		/* the newest of it are in the log alone */
	PLACE_PASSED,		/* ... and this sweep had no room for them */
};

enum forward_place_event {
	PLACE_LOGGED,		/* one that is kept found no room */
	PLACE_EVICTED,		/* those in memory made room for others */
	PLACE_SKIPPED,		/* one came by and could not be taken */
	PLACE_SWEEP,		/* a sweep begins */
	PLACE_SWEPT,		/* it has ended */
};

/* What an event makes of a state: nobody else writes one. false: it cannot come
 * in that state, which stays as it is. */
bool forward_answer_step(enum forward_answer *state,
			 enum forward_answer_event event);
bool forward_delivery_step(enum forward_delivery *state,
			   enum forward_delivery_event event);
bool forward_place_step(enum forward_place *state,
			enum forward_place_event event);

bool forward_answer_is_awaited(enum forward_answer state);
/* Was one late, so that the values in between count, too? */
bool forward_answer_is_late(enum forward_answer state);
bool forward_delivery_is_queued(enum forward_delivery state);
/* Is a payload of it out? */
bool forward_delivery_is_out(enum forward_delivery state);
#endif
