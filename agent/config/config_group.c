/* SPDX-License-Identifier: GPL-2.0-or-later
 * Points that are written together. */
#include <string.h>
#include "agent/config/config_group.h"

const double *group_safe(const struct config_point *point)
{
	return point->has_safe ? &point->safe : NULL;
}

const double *group_setup(const struct config_point *point)
{
	return point->is_setup ? &point->setup : NULL;
}

bool group_has(const struct config_point *point,
	       const struct config_point *other)
{
	return point->group && other->group &&
	       !strcmp(point->group, other->group);
}

bool group_is_first(const struct config_device *device, size_t at,
		    group_number *number_of)
{
	const struct config_point *points = device->points;

	for (size_t i = 0; points[at].group && i < at; i++)
		if (number_of(&points[i]) && group_has(&points[i], &points[at]))
			return false;
	return number_of(&points[at]) != NULL;
}

size_t group_next(const struct config_device *device, size_t at,
		  group_number *number_of)
{
	const struct config_point *points = device->points;
	size_t i = at + 1;

	if (!points[at].group)
		return device->n_points;
	while (i < device->n_points && !(number_of(&points[i]) &&
					 group_has(&points[i], &points[at])))
		i++;
	return i;
}
