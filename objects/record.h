/* SPDX-License-Identifier: GPL-2.0-or-later
 * A value with its path and time: the pivot between tree and codecs. */
#ifndef OBJECTS_RECORD_H
#define OBJECTS_RECORD_H
#include "objects/path.h"
#include "objects/value.h"

struct lwm2m_record {
	struct lwm2m_path path;
	struct lwm2m_value value;	/* LWM2M_NONE: only the path counts */
	int64_t time;			/* ns since 1970, 0: not known */
};
#endif
