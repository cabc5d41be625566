/* SPDX-License-Identifier: GPL-2.0-or-later
 * The types that the standards give resources, as far as tests meet them. */
#include <stddef.h>

#include "tests/server/decode.h"

struct typed {
	int object;	/* -1: any from 2048 on */
	int first, last;
	enum lwm2m_type type;
};

static const struct typed types[] = {
	{1, 0, 3, LWM2M_INTEGER}, {1, 5, 5, LWM2M_INTEGER},
	{1, 6, 6, LWM2M_BOOLEAN}, {1, 7, 7, LWM2M_STRING},
	{1, 10, 10, LWM2M_OBJLINK}, {1, 11, 11, LWM2M_UNSIGNED},
	{1, 12, 12, LWM2M_TIME}, {1, 13, 14, LWM2M_UNSIGNED},
	{1, 15, 16, LWM2M_BOOLEAN}, {1, 17, 20, LWM2M_UNSIGNED},
	{1, 21, 21, LWM2M_BOOLEAN}, {1, 22, 22, LWM2M_STRING},
	{1, 23, 23, LWM2M_BOOLEAN},
	{2, 0, 3, LWM2M_INTEGER},
	{3, 0, 3, LWM2M_STRING}, {3, 6, 11, LWM2M_INTEGER},
	{3, 13, 13, LWM2M_TIME}, {3, 14, 19, LWM2M_STRING},
	{3, 20, 21, LWM2M_INTEGER}, {3, 22, 22, LWM2M_OBJLINK},
	{4, 0, 3, LWM2M_INTEGER}, {4, 4, 5, LWM2M_STRING},
	{5, 0, 0, LWM2M_OPAQUE}, {5, 1, 1, LWM2M_STRING},
	{5, 3, 5, LWM2M_INTEGER}, {5, 6, 7, LWM2M_STRING},
	{5, 8, 9, LWM2M_INTEGER},
	{-1, 5500, 5500, LWM2M_BOOLEAN}, {-1, 5501, 5501, LWM2M_INTEGER},
	{-1, 5502, 5502, LWM2M_BOOLEAN}, {-1, 5503, 5504, LWM2M_INTEGER},
	{-1, 5506, 5506, LWM2M_TIME}, {-1, 5517, 5517, LWM2M_OPAQUE},
	{-1, 5518, 5518, LWM2M_TIME}, {-1, 5522, 5522, LWM2M_OPAQUE},
	{-1, 5526, 5526, LWM2M_INTEGER}, {-1, 5527, 5527, LWM2M_STRING},
	{-1, 5528, 5529, LWM2M_INTEGER}, {-1, 5532, 5533, LWM2M_BOOLEAN},
	{-1, 5534, 5534, LWM2M_INTEGER}, {-1, 5541, 5542, LWM2M_INTEGER},
	{-1, 5543, 5543, LWM2M_BOOLEAN}, {-1, 5545, 5547, LWM2M_INTEGER},
	{-1, 5550, 5551, LWM2M_BOOLEAN}, {-1, 5701, 5701, LWM2M_STRING},
	{-1, 5706, 5706, LWM2M_STRING}, {-1, 5750, 5751, LWM2M_STRING},
	{-1, 5823, 5823, LWM2M_STRING}, {-1, 5824, 5824, LWM2M_TIME},
	{-1, 5825, 5826, LWM2M_INTEGER}, {-1, 5827, 5827, LWM2M_STRING},
	{-1, 5828, 5828, LWM2M_INTEGER}, {-1, 5850, 5850, LWM2M_BOOLEAN},
	{-1, 5851, 5852, LWM2M_INTEGER}, {-1, 5853, 5853, LWM2M_STRING},
	{-1, 5854, 5854, LWM2M_INTEGER}, {-1, 5903, 5903, LWM2M_INTEGER},
	{-1, 5910, 5910, LWM2M_INTEGER}, {-1, 5912, 5912, LWM2M_STRING},
	{-1, 6042, 6042, LWM2M_INTEGER}, {-1, 6049, 6049, LWM2M_INTEGER},
	/* Whatever else the reusable resources are, it is a number. */
	{-1, 5500, 6099, LWM2M_FLOAT},
};

enum lwm2m_type resource_type(int object, int resource)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
		const struct typed *t = &types[i];

		if ((t->object == object ||
		     (t->object < 0 && object >= 2048)) &&
		    resource >= t->first && resource <= t->last)
			return t->type;
	}
	return LWM2M_NONE;
}
