/* SPDX-License-Identifier: GPL-2.0-or-later
 * All object definitions that the agent knows. */
#include "agent/config/model.h"
#include "ipso/ipso.h"

static const struct object_def *object_find(const struct object_model *model,
					    uint16_t id)
{
	const struct object_def *object = core_object(id);

	(void)model;
	return object ? object : ipso_object(id);
}

const struct object_model *agent_model(void)
{
	static const struct object_model model = {.object = object_find};

	return &model;
}
