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
	case 0:
		return &security_object;
	case 1:
		return &server_object;
	case 2:
		return &access_control_object;
	case 3:
		return &device_object;
	case 4:
		return &connectivity_object;
	case 5:
		return &firmware_object;
	case 6:
		return &location_object;
	case 7:
		return &statistics_object;
	case 16:
		return &portfolio_object;
	case 19:
		return &binary_app_data_object;
	case 21:
		return &oscore_object;
	case 25:
		return &gateway_object;
	default:
		return NULL;
	}
}
