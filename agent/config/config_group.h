/* SPDX-License-Identifier: GPL-2.0-or-later
 * Points that are written together, as their adapter says, where we write
 * something of our own: their `safe` values, their `setup`. Pure. */
#ifndef AGENT_CONFIG_GROUP_H
#define AGENT_CONFIG_GROUP_H
#include "agent/config/config.h"

/* Which of its numbers a point is to be written with; NULL: it has none. */
typedef const double *group_number(const struct config_point *point);

const double *group_safe(const struct config_point *point);
const double *group_setup(const struct config_point *point);

/* Are both of one group? */
bool group_has(const struct config_point *point,
	       const struct config_point *other);
/* Has this point a number, and none before it that is written together with
 * it? */
bool group_is_first(const struct config_device *device, size_t at,
		    group_number *number_of);
/* The next one that is written together with it; n_points: no more. */
size_t group_next(const struct config_device *device, size_t at,
		  group_number *number_of);
#endif
