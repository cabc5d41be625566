/* SPDX-License-Identifier: GPL-2.0-or-later
 * The wall clock was set while values stood in the trees: their times move
 * with it. */
#include <stdlib.h>
#include "agent/gateway/gateway.h"
#include "agent/endpoint/last_values.h"
#include "agent/base/log.h"
#include "ipso/ipso.h"
#include "objects/ids.h"

#define SECOND INT64_C(1000000000)

/* Timestamp of an IPSO object: of its value, in seconds. */
static int64_t stamp_correct(const struct clock_step *step, int64_t stamp)
{
	int64_t right = wall_correct(step, stamp * SECOND);

	return right / SECOND;
}

static bool is_stamp(const struct lwm2m_path *path,
		     const struct tree_slot *slot)
{
	return path->id[2] == ID_IPSO_TIMESTAMP &&
	       slot->value.type == LWM2M_TIME;
}

/* Behind a timestamp that is ours, not the device's: it has the time of the
 * value, and so has the timestamp where there is such. */
static void fraction_correct(struct endpoint *e,
			     const struct lwm2m_path *fraction)
{
	struct lwm2m_path seconds = path_resource(
		fraction->id[0], fraction->id[1], ID_IPSO_TIMESTAMP);
	struct tree_slot *edit = tree_edit(&e->tree, fraction);

	edit->value = ipso_stamp(ID_IPSO_FRACTION, edit->time);
	edit = tree_edit(&e->tree, &seconds);
	if (edit && is_stamp(&seconds, edit))
		edit->value = ipso_stamp(ID_IPSO_TIMESTAMP, edit->time);
}

static bool is_fraction(const struct lwm2m_path *path,
			const struct tree_slot *slot)
{
	return path->id[2] == ID_IPSO_FRACTION &&
	       slot->value.type == LWM2M_FLOAT && !(slot->flags & TREE_BOUND);
}

static void endpoint_correct(struct endpoint *e, const struct clock_step *step)
{
	struct lwm2m_path root = path_root(), path;
	struct tree_cursor at = {0, 0};
	const struct tree_slot *slot;

	while ((slot = tree_next(&e->tree, &root, &at, &path))) {
		struct tree_slot *edit;

		if (wall_correct(step, slot->time) == slot->time &&
		    !is_stamp(&path, slot) && !is_fraction(&path, slot))
			continue;
		edit = tree_edit(&e->tree, &path);
		if (!edit)
			abort();
		edit->time = wall_correct(step, edit->time);
		if (is_stamp(&path, edit))
			edit->value.as.integer = stamp_correct(
				step, edit->value.as.integer);
		if (is_fraction(&path, edit))
			fraction_correct(e, &path);
	}
}

void gateway_clock_step(struct gateway *g, int64_t offset, int64_t now)
{
	struct clock_step step;

	if (!wall_step(&g->services.wall, offset, now, &step))
		return;
	log_line(LOG_NOTE, NULL, NULL, "the clock was set by %+lld s: the times "
		 "of values follow it", (long long)(step.by / SECOND));
	forward_clock(&g->services, &step);
	for (struct endpoint *e = gateway_next(g, NULL); e;
	     e = gateway_next(g, e)) {
		endpoint_correct(e, &step);
		for (size_t i = 0; i < e->n_clients; i++)
			observe_correct(e->clients[i].observations, &step);
		if (e->life.heard)
			last_values_heard(g->services.last, e, true, now);
	}
}
