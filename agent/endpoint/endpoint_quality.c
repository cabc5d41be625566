/* SPDX-License-Identifier: GPL-2.0-or-later
 * 6042 Measurement Quality Indicator of the IPSO objects that have one. It is
 * there from the first doubt on: most instances never need it. */
#include <stdlib.h>
#include "agent/endpoint/endpoint.h"

#define QUALITY_INDICATOR 6042

void endpoint_quality(struct endpoint *e, const struct config_point *point,
		      enum endpoint_quality quality, int64_t now)
{
	const struct lwm2m_path *of = &point->resource;
	const struct tree_instance *instance = !point->map.depth ? NULL :
		tree_instance_find(&e->tree, of->id[0], of->id[1]);
	struct lwm2m_path path = path_resource(of->id[0], of->id[1],
					       QUALITY_INDICATOR);
	struct tree_slot *slot;

	if (!instance || point->map.depth != 2 ||
	    !object_resource(instance->object, QUALITY_INDICATOR))
		return;
	if (!tree_find(&e->tree, &path) && quality == QUALITY_ACCEPTED)
		return;
	slot = tree_slot_add(&e->tree, &path);
	if (!slot)
		abort();
	if (slot->flags & TREE_BOUND || (slot->value.type == LWM2M_INTEGER &&
					 slot->value.as.integer == quality))
		return;		/* the device says so itself, or it stays */
	slot->value = lwm2m_integer(quality);
	endpoint_touched(e, &path, now);
}
