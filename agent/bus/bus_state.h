/* SPDX-License-Identifier: GPL-2.0-or-later
 * The two machines of a device on its bus: whether the adapter has it, and how
 * much it can be counted on, by its answers and silences. They are apart, for a
 * device that is detached and attached again is as reachable as it was. Pure;
 * monotonic ns. */
#ifndef AGENT_BUS_STATE_H
#define AGENT_BUS_STATE_H
#include <stdbool.h>
#include <stdint.h>

enum attachment {
	DEVICE_DETACHED,
	DEVICE_FIRST_ROUND,	/* attached; not all of it has been tried */
	DEVICE_SERVED,		/* ... it has, and the agent thread was told */
	DEVICE_LOST,		/* the adapter has given it up: detached as soon
				 * as that one's call is over */
} __attribute__((packed));		/* a byte of each device */
#define ATTACHMENTS (DEVICE_LOST + 1)

enum attachment_event {
	DEVICE_ATTACHES,	/* the adapter has taken it */
	DEVICE_TRIED,		/* all its points, once */
	DEVICE_LOSES,		/* the adapter says so, even as it attaches */
	DEVICE_DETACHES,
};
#define ATTACHMENT_EVENTS (DEVICE_DETACHES + 1)

enum attachment attachment_next(enum attachment state,
				enum attachment_event event);

enum reachability {
	REACH_UNKNOWN,		/* it has not been tried yet; so it begins */
	REACH_LIVE,
	REACH_DEGRADED,		/* it missed the last one, or two */
	REACH_SILENT,		/* POLL_SILENT_TRIES in a row */
	REACH_ASLEEP,		/* in queue mode: no answer is no sign */
	REACH_UNCOUNTED,	/* of the bus's count: not attached, or nothing
				 * is polled; no device is in this state */
	REACHABILITIES
} __attribute__((packed));		/* two bytes of each device */

enum reach_event {
	REACH_ANSWERED,
	REACH_MISSED,
	REACH_ATTACHED,		/* silent_after counts from the first time on */
};

struct reach {
	enum reachability state;
	uint32_t tries;			/* unanswered in a row */
	int64_t alive_at;		/* its last answer, or when it was
					 * attached; 0: never */
};
struct reach_rules {
	bool sleeps;			/* in queue mode */
	int64_t silent_after;		/* of one that sleeps; 0: never silent */
};

/* true: it was silent, and is back. */
bool reach_step(struct reach *reach, enum reach_event event,
		const struct reach_rules *rules, int64_t now);
#endif
