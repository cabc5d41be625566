/* SPDX-License-Identifier: GPL-2.0-or-later
 * What is doubted says so, as IPSO has it: 6042 Measurement Quality Indicator
 * in words, 6049 Measurement Quality Level from 0, rejected, to 100. They are
 * there from the first doubt on: most instances never need them. */
#include <stdlib.h>
#include "agent/endpoint/endpoint.h"

#define QUALITY_INDICATOR 6042
#define QUALITY_LEVEL 6049

static int64_t quality_level(enum endpoint_quality quality)
{
	switch (quality) {
	case QUALITY_INVALID: return 0;
	case QUALITY_OLD: return 50;
	case QUALITY_ACCEPTED: return 100;
	}
	return 0;
}

static void quality_set(struct endpoint *e, const struct tree_instance *instance,
			uint16_t resource, int64_t value, int64_t now)
{
	struct lwm2m_path path = path_resource(instance->object->id,
					       instance->id, resource);
	struct tree_slot *slot;

	if (!object_resource(instance->object, resource))
		return;
	slot = tree_slot_add(&e->tree, &path);
	if (!slot)
		abort();
	if (slot->flags & TREE_BOUND || (slot->value.type == LWM2M_INTEGER &&
					 slot->value.as.integer == value))
		return;		/* the device says so itself, or it stays */
	slot->value = lwm2m_integer(value);
	endpoint_touched(e, &path, now);
}

/* One of the two is enough to tell: no object has the second alone. */
static bool was_doubted(const struct endpoint *e, const struct lwm2m_path *of)
{
	struct lwm2m_path path = path_resource(of->id[0], of->id[1],
					       QUALITY_INDICATOR);

	return tree_find(&e->tree, &path);
}

void endpoint_quality(struct endpoint *e, const struct config_point *point,
		      enum endpoint_quality quality, int64_t now)
{
	const struct lwm2m_path *of = &point->resource;
	const struct tree_instance *instance = !point->map.depth ? NULL :
		tree_instance_find(&e->tree, of->id[0], of->id[1]);

	if (!instance || point->map.depth != 2 ||
	    (quality == QUALITY_ACCEPTED && !was_doubted(e, of)))
		return;
	quality_set(e, instance, QUALITY_INDICATOR, quality, now);
	quality_set(e, instance, QUALITY_LEVEL, quality_level(quality), now);
}
