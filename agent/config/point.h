/* SPDX-License-Identifier: GPL-2.0-or-later
 * Between the raw value of a point and its resource: scale, offset, rounding,
 * type. Pure. */
#ifndef AGENT_POINT_H
#define AGENT_POINT_H
#include "objects/def.h"

struct point_text { double number; const char *text; };

struct point_scale {
	double scale, offset;		/* value = raw x scale + offset */
	int8_t decimals;		/* rounded to these; -1: not rounded; */
#define POINT_DECIMALS_OWN (-2)	/* the raw number has its own */
	uint16_t n_texts;
	const struct point_text *texts;	/* what numbers are called, scaled */
};

#define POINT_TEXT_MAX 32

/* Decimals that a number written so in a configuration has: "0.1" 1, "1e-3" 3,
 * "10" 0. */
/* A truth value is one, too: 0 or 1. */
bool point_is_number(enum lwm2m_type type);
int8_t point_decimals(const char *number);

/* Raw to resource. Numbers are scaled and rounded (217 x 0.1 is 21.7), then
 * turned into the resource's type; as a text they are what `texts` calls them,
 * else the shortest decimal, which is put into text[]. Text and bytes pass.
 * -ENODATA: NaN or infinite, never a value; -ERANGE, -EINVAL: does not fit the
 * type. */
int point_convert(const struct point_scale *scale,
		  const struct lwm2m_value *raw, enum lwm2m_type type,
		  struct lwm2m_value *value, char text[POINT_TEXT_MAX]);
/* Resource to raw, for a write: undone in the other order, a text that is one
 * of `texts`, or else a number, too; raw_type as the
 * adapter's facts say, whole numbers rounded; min, max: raw limits (equal:
 * none). -ERANGE outside of them, -EINVAL. */
int point_invert(const struct point_scale *scale,
		 const struct lwm2m_value *value, enum lwm2m_type raw_type,
		 double min, double max, struct lwm2m_value *raw);
#endif
