/* SPDX-License-Identifier: GPL-2.0-or-later
 * Scan and probe of a bus: what the agent hands over, and what comes back as
 * BUS_FOUND and BUS_SEARCHED. One search a bus at a time, beside its polls. */
#ifndef AGENT_BUS_SEARCH_H
#define AGENT_BUS_SEARCH_H
#include "agent/bus/bus.h"

#define SEARCH_NO_PROFILE UINT32_MAX
#define SEARCH_FOUND_MAX 4096	/* BUS_FOUND of one search; the rest is lost */

/* A condition by which a profile knows its device. Those of one profile stand
 * in a row, and all of them must hold. */
struct search_identify {
	const char *profile;
	void *device, *point;		/* structs of the adapter, filled */
	double min, max;		/* of the raw value, inclusive */
	bool more;			/* the next is of this profile too */
};

struct arena;
struct search_plan {
	struct arena *arena;		/* of all of it */
	uint32_t kind;			/* enum adapter_search_kind */
	void *data;			/* from search_keys, pristine */
	struct search_identify *identify;
	size_t n_identify;
	int64_t duration;		/* ns, at most */
};

/* -ESHUTDOWN: the bus is on its way out. Else 0: plan stays with the caller and
 * must outlive BUS_SEARCHED, which always follows: with error 0 at the end or
 * when the duration is over, -ECANCELED when it was stopped or the bus was,
 * -EBUSY when there is one already. A bus that is closed is tried at once; its
 * error is the search's.
 *
 * BUS_FOUND: text is keys, NUL, note, NUL, what is missing; value as read;
 * point the index of the last condition in plan->identify of the profile that
 * it is of, or SEARCH_NO_PROFILE; rssi in error. All messages have the id. */
int bus_search(struct bus *bus, const struct search_plan *plan, uint64_t id);
void bus_search_stop(struct bus *bus, uint64_t id);
#endif
