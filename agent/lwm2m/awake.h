/* SPDX-License-Identifier: GPL-2.0-or-later
 * The awake window of a client in queue mode at one server (Core TS 6.2.1.2,
 * 6.4 Queue Mode): opens with a message of ours that the server has answered,
 * is prolonged by every exchange in either direction, and closes when nothing
 * has passed for its time. Pure; monotonic ns. */
#ifndef AGENT_AWAKE_H
#define AGENT_AWAKE_H
#include <stdbool.h>
#include <stdint.h>

/* RFC 7252 4.8. */
struct transmission {
	int64_t ack_timeout;		/* ns */
	uint32_t random_percent;	/* ACK_RANDOM_FACTOR x 100 */
	uint32_t max_retransmit;
};
extern const struct transmission transmission_default;
/* MAX_TRANSMIT_WAIT (RFC 7252 4.8.2): from the first transmission of a
 * confirmable message until its sender gives up. 93 s by default. ns */
int64_t transmission_wait(const struct transmission *transmission);

struct awake {
	int64_t until;			/* the window closes; 0: never opened */
	bool waking;			/* was heard: its first notification is
					 * to wake the server, or an Update */
};

enum awake_event {
	AWAKE_HEARD,		/* the device is there */
	AWAKE_EXCHANGE,		/* a message was answered, or came in */
	AWAKE_NOTHING_TO_SAY,	/* there is no notification to wake by */
	AWAKE_LOST,		/* the server does not know us (any more) */
};
struct awake_rules {
	int64_t time;			/* of the window, ns */
	bool by_notification;		/* wake by one, if there is one */
};
enum awake_action {
	AWAKE_REST,		/* nothing follows */
	AWAKE_UPDATE,		/* send an Update */
	AWAKE_NOTIFY,		/* send a notification, confirmable, or say
				 * NOTHING_TO_SAY */
};

enum awake_action awake_step(struct awake *awake, enum awake_event event,
			     const struct awake_rules *rules, int64_t now);
static inline bool awake_is_open(const struct awake *awake, int64_t now)
{
	return now < awake->until;
}
/* May a notification go out: the window is open, or it is to open it? */
static inline bool awake_may_send(const struct awake *awake, int64_t now)
{
	return awake->waking || awake_is_open(awake, now);
}
#endif
