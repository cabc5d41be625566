/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/bus/bus_state.h"
#include "agent/bus/bus_poll.h"

enum attachment attachment_next(enum attachment state,
				enum attachment_event event)
{
	static const enum attachment next[ATTACHMENTS][ATTACHMENT_EVENTS] = {
		[DEVICE_DETACHED] = {
			DEVICE_FIRST_ROUND, DEVICE_DETACHED, DEVICE_LOST,
			DEVICE_DETACHED,
		},
		[DEVICE_FIRST_ROUND] = {
			DEVICE_FIRST_ROUND, DEVICE_SERVED, DEVICE_LOST,
			DEVICE_DETACHED,
		},
		[DEVICE_SERVED] = {
			DEVICE_FIRST_ROUND, DEVICE_SERVED, DEVICE_LOST,
			DEVICE_DETACHED,
		},
		[DEVICE_LOST] = {
			DEVICE_LOST, DEVICE_LOST, DEVICE_LOST,
			DEVICE_DETACHED,
		},
	};

	return next[state][event];
}

/* One that sleeps is not gone before its time. */
static bool sleeper_is_absent(const struct reach *r,
			      const struct reach_rules *rules, int64_t now)
{
	return rules->silent_after > 0 && r->tries >= POLL_SILENT_TRIES &&
	       now - r->alive_at >= rules->silent_after;
}

static enum reachability reach_unanswered(const struct reach *r,
					  const struct reach_rules *rules,
					  int64_t now)
{
	if (rules->sleeps)
		return sleeper_is_absent(r, rules, now) ? REACH_SILENT :
							  REACH_ASLEEP;
	return r->tries >= POLL_SILENT_TRIES ? REACH_SILENT : REACH_DEGRADED;
}

bool reach_step(struct reach *r, enum reach_event event,
		const struct reach_rules *rules, int64_t now)
{
	bool back = false;

	if (event == REACH_MISSED)
		r->tries++;
	if (event == REACH_ATTACHED && !r->alive_at)
		r->alive_at = now;
	if (r->tries > 0)
		r->state = reach_unanswered(r, rules, now);
	if (event == REACH_ANSWERED) {
		back = r->state == REACH_SILENT;
		*r = (struct reach){.state = REACH_LIVE, .alive_at = now};
	}
	return back;
}
