/* SPDX-License-Identifier: GPL-2.0-or-later
 * Looks definitions up. */
#include "objects/table.h"

const struct resource_def *object_resource(const struct object_def *object,
					   uint16_t resource)
{
	size_t low = 0, high = object->n_resources;

	while (low < high) {
		size_t middle = (low + high) / 2;
		const struct resource_def *at = &object->resources[middle];

		if (at->id == resource)
			return at;
		if (at->id < resource)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

const struct object_def *core_object(uint16_t id)
{
	switch (id) {
#define ROW(name, number) case number: return &name##_object;
	CORE_OBJECTS(ROW)
#undef ROW
	default:
		return NULL;
	}
}
