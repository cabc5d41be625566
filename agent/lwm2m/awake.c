/* SPDX-License-Identifier: GPL-2.0-or-later
 * The window needs no timer: whoever asks compares. */
#include "agent/lwm2m/awake.h"

const struct transmission transmission_default = {
	.ack_timeout = INT64_C(2000000000), .random_percent = 150,
	.max_retransmit = 4,
};

int64_t transmission_wait(const struct transmission *t)
{
	return t->ack_timeout * ((INT64_C(2) << t->max_retransmit) - 1) *
	       t->random_percent / 100;
}

enum awake_action awake_step(struct awake *awake, enum awake_event event,
			     const struct awake_rules *rules, int64_t now)
{
	switch (event) {
	case AWAKE_HEARD:
		if (awake_may_send(awake, now))
			break;
		awake->waking = rules->by_notification;
		return awake->waking ? AWAKE_NOTIFY : AWAKE_UPDATE;
	case AWAKE_EXCHANGE:
		awake->until = now + rules->time;
		awake->waking = false;
		break;
	case AWAKE_NOTHING_TO_SAY:
		if (!awake->waking)
			break;
		awake->waking = false;
		return AWAKE_UPDATE;
	case AWAKE_LOST:
		*awake = (struct awake){0, false};
		break;
	}
	return AWAKE_REST;
}
