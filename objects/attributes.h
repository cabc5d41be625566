/* SPDX-License-Identifier: GPL-2.0-or-later
 * Notification attributes (Core TS 7.3): per server, attached to an object,
 * instance, resource or resource instance, inherited downwards. */
#ifndef OBJECTS_ATTRIBUTES_H
#define OBJECTS_ATTRIBUTES_H
#include "objects/buf.h"
#include "objects/path.h"

enum attribute {
	ATTRIBUTE_PMIN = 1, ATTRIBUTE_PMAX = 2, ATTRIBUTE_GT = 4,
	ATTRIBUTE_LT = 8, ATTRIBUTE_ST = 16, ATTRIBUTE_EPMIN = 32,
	ATTRIBUTE_EPMAX = 64,
	/* of LwM2M 1.2 */
	ATTRIBUTE_EDGE = 128, ATTRIBUTE_CON = 256, ATTRIBUTE_HQMAX = 512,
};
/* Those of numbers; with those of truth values. */
#define ATTRIBUTE_LIMITS (ATTRIBUTE_GT | ATTRIBUTE_LT | ATTRIBUTE_ST)
#define ATTRIBUTE_CONDITIONS (ATTRIBUTE_LIMITS | ATTRIBUTE_EDGE)

struct attributes {
	uint16_t set;			/* of enum attribute */
	uint32_t pmin, pmax, epmin, epmax;	/* s */
	uint32_t edge;			/* 1: false to true, 0: true to false */
	uint32_t con;			/* 1: notifications are confirmable */
	uint32_t hqmax;			/* values to be kept for one that is
					 * not there */
	double gt, lt, st;
};

/* One server's attributes at one endpoint: a small array, owned. */
struct attribute_entry { struct lwm2m_path path; struct attributes value; };
struct attribute_set { struct attribute_entry *entries; uint16_t n; };

void attribute_set_finish(struct attribute_set *set);

/* A Write-Attributes query at path: "pmin=5&pmax=10&gt=2.5"; a bare name
 * unsets. All or nothing. conditions: those of ATTRIBUTE_CONDITIONS that can be
 * at path, a resource (instance) of that type. 0, -EINVAL malformed or unknown
 * attribute, -EDOM a condition where it cannot be, or lt < gt, lt + 2 st < gt
 * or epmin < epmax would not hold of what is in force there or at a level below,
 * -ENOMEM. */
int attributes_write(struct attribute_set *set, const struct lwm2m_path *path,
		     const char *query, size_t n, uint16_t conditions);
/* The query of an Observe (LwM2M 1.2): attributes of that observation alone. No
 * bare names. 0, -EINVAL, -EDOM as above. */
int attributes_read(const char *query, size_t n, uint16_t conditions,
		    struct attributes *own);
bool attributes_equal(const struct attributes *a, const struct attributes *b);
/* What is set in over replaces what is in *a. */
void attributes_lay(struct attributes *a, const struct attributes *over);
/* For a file: a line for each path, "101 /3303/0 pmin=5&pmax=10", and back:
 * those lines that begin with the server's id; malformed ones are left out. */
void attributes_save(const struct attribute_set *set, uint32_t server,
		     struct buf *out);
void attributes_load(struct attribute_set *set, uint32_t server,
		     const char *text, size_t n);
/* Drops what is attached to path and below it. */
void attributes_drop(struct attribute_set *set, const struct lwm2m_path *path);
/* What is attached at exactly this path; NULL: nothing. */
const struct attributes *attributes_at(const struct attribute_set *set,
				       const struct lwm2m_path *path);
/* In force at path: its own over those of the levels above (resource instance
 * > resource > instance > object); conditions are never inherited from above
 * the resource. Unset ones have their bit clear. */
struct attributes attributes_effective(const struct attribute_set *set,
				       const struct lwm2m_path *path);
/* The same without what is attached to the first `depth` levels of path. */
struct attributes attributes_below(const struct attribute_set *set,
				   const struct lwm2m_path *path,
				   uint8_t depth);
/* ";pmin=5;pmax=10" in the fixed order pmin pmax gt lt st epmin epmax
 * edge con hqmax. */
void attributes_format(const struct attributes *attributes, struct buf *out);
#endif
