/* SPDX-License-Identifier: GPL-2.0-or-later
 * A table is read as: in this state, this event leads to that state. What is
 * not in it cannot happen, and is refused. */
#include "agent/client/forward_state.h"
#include <stdint.h>

#define N_EVENTS 6
#define TO(state) ((uint8_t)((state) + 1))	/* 0: it cannot happen */

/* The time is up only while one is awaited, and once; who awaits one already
 * does not begin anew. */
static const uint8_t answer_next[][N_EVENTS] = {
	[ANSWER_PROMPT] = {
		[ANSWER_WAIT] = TO(ANSWER_AWAITED),
		[ANSWER_CAME] = TO(ANSWER_PROMPT),
		[ANSWER_DECIDED] = TO(ANSWER_PROMPT),
		[ANSWER_BEHIND] = TO(ANSWER_LATE),
	},
	[ANSWER_AWAITED] = {
		[ANSWER_TIMEOUT] = TO(ANSWER_OVERDUE),
		[ANSWER_CAME] = TO(ANSWER_PROMPT),
		[ANSWER_DECIDED] = TO(ANSWER_PROMPT),
		[ANSWER_BEHIND] = TO(ANSWER_AWAITED_AGAIN),
	},
	[ANSWER_OVERDUE] = {
		[ANSWER_CAME] = TO(ANSWER_LATE),
		[ANSWER_DECIDED] = TO(ANSWER_PROMPT),
		[ANSWER_BEHIND] = TO(ANSWER_OVERDUE),
	},
	[ANSWER_LATE] = {
		[ANSWER_WAIT] = TO(ANSWER_AWAITED_AGAIN),
		[ANSWER_CAME] = TO(ANSWER_PROMPT),
		[ANSWER_DECIDED] = TO(ANSWER_PROMPT),
		[ANSWER_BEHIND] = TO(ANSWER_LATE),
	},
	[ANSWER_AWAITED_AGAIN] = {
		[ANSWER_TIMEOUT] = TO(ANSWER_OVERDUE),
		[ANSWER_CAME] = TO(ANSWER_PROMPT),
		[ANSWER_DECIDED] = TO(ANSWER_PROMPT),
		[ANSWER_BEHIND] = TO(ANSWER_AWAITED_AGAIN),
	},
};

/* Who is out or in line is not put in line; who goes out has left it. The end
 * comes to all: a lost connection does not ask what was out. */
static const uint8_t delivery_next[][N_EVENTS] = {
	[DELIVERY_NONE] = {
		[DELIVERY_NOTIFIED] = TO(DELIVERY_OWED),
		[DELIVERY_QUEUE] = TO(DELIVERY_QUEUED),
		[DELIVERY_SENT] = TO(DELIVERY_SEND),
		[DELIVERY_TOLD] = TO(DELIVERY_NOTIFICATION),
		[DELIVERY_ENDED] = TO(DELIVERY_NONE),
	},
	[DELIVERY_OWED] = {
		[DELIVERY_NOTIFIED] = TO(DELIVERY_OWED),
		[DELIVERY_QUEUE] = TO(DELIVERY_QUEUED_OWED),
		[DELIVERY_SENT] = TO(DELIVERY_SEND),
		[DELIVERY_TOLD] = TO(DELIVERY_NOTIFICATION),
		[DELIVERY_ENDED] = TO(DELIVERY_OWED),
	},
	[DELIVERY_QUEUED] = {
		[DELIVERY_NOTIFIED] = TO(DELIVERY_QUEUED_OWED),
		[DELIVERY_UNQUEUE] = TO(DELIVERY_NONE),
		[DELIVERY_ENDED] = TO(DELIVERY_QUEUED),
	},
	[DELIVERY_QUEUED_OWED] = {
		[DELIVERY_NOTIFIED] = TO(DELIVERY_QUEUED_OWED),
		[DELIVERY_UNQUEUE] = TO(DELIVERY_OWED),
		[DELIVERY_ENDED] = TO(DELIVERY_QUEUED_OWED),
	},
	[DELIVERY_SEND] = {
		[DELIVERY_NOTIFIED] = TO(DELIVERY_SEND),
		[DELIVERY_ENDED] = TO(DELIVERY_NONE),
	},
	[DELIVERY_NOTIFICATION] = {
		[DELIVERY_NOTIFIED] = TO(DELIVERY_NOTIFICATION),
		[DELIVERY_ENDED] = TO(DELIVERY_NONE),
	},
};

/* Only who has all in memory begins to have some in the log alone, and only who
 * waits for what comes by can miss it. Sweeps are of all clients. */
static const uint8_t place_next[][N_EVENTS] = {
	[PLACE_MEMORY] = {
		[PLACE_LOGGED] = TO(PLACE_LOG),
		[PLACE_EVICTED] = TO(PLACE_PASSED),
		[PLACE_SWEEP] = TO(PLACE_MEMORY),
		[PLACE_SWEPT] = TO(PLACE_MEMORY),
	},
	[PLACE_LOG] = {
		[PLACE_EVICTED] = TO(PLACE_PASSED),
		[PLACE_SKIPPED] = TO(PLACE_PASSED),
		[PLACE_SWEEP] = TO(PLACE_LOG),
		[PLACE_SWEPT] = TO(PLACE_MEMORY),
	},
	[PLACE_PASSED] = {
		[PLACE_EVICTED] = TO(PLACE_PASSED),
		[PLACE_SWEEP] = TO(PLACE_LOG),
		[PLACE_SWEPT] = TO(PLACE_PASSED),
	},
};

bool forward_answer_step(enum forward_answer *state,
			 enum forward_answer_event event)
{
	uint8_t to = answer_next[*state][event];

	if (to)
		*state = (enum forward_answer)(to - 1);
	return to;
}

bool forward_delivery_step(enum forward_delivery *state,
			   enum forward_delivery_event event)
{
	uint8_t to = delivery_next[*state][event];

	if (to)
		*state = (enum forward_delivery)(to - 1);
	return to;
}

bool forward_place_step(enum forward_place *state,
			enum forward_place_event event)
{
	uint8_t to = place_next[*state][event];

	if (to)
		*state = (enum forward_place)(to - 1);
	return to;
}

bool forward_answer_is_awaited(enum forward_answer state)
{
	return state == ANSWER_AWAITED || state == ANSWER_OVERDUE ||
	       state == ANSWER_AWAITED_AGAIN;
}

bool forward_answer_is_late(enum forward_answer state)
{
	return state == ANSWER_OVERDUE || state == ANSWER_LATE ||
	       state == ANSWER_AWAITED_AGAIN;
}

bool forward_delivery_is_queued(enum forward_delivery state)
{
	return state == DELIVERY_QUEUED || state == DELIVERY_QUEUED_OWED;
}

bool forward_delivery_is_out(enum forward_delivery state)
{
	return state == DELIVERY_SEND || state == DELIVERY_NOTIFICATION;
}
