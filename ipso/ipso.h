/* SPDX-License-Identifier: GPL-2.0-or-later
 * The IPSO Smart Objects 3200-3350 and what their optional resources do:
 * min/max measured, reset, timestamp, counter, times on and off. Pure. */
#ifndef IPSO_IPSO_H
#define IPSO_IPSO_H
#include "objects/def.h"
#include "objects/tree.h"

/* NULL: none of ours. */
const struct object_def *ipso_object(uint16_t id);

/* What a point brings for the optional resources of its instance. */
struct ipso_options {
	/* Texts are borrowed: they outlive the tree. */
	const char *units;		/* 5701; NULL: none */
	const char *application;	/* 5750; NULL: none */
	bool has_range;			/* 5603, 5604 */
	double range_min, range_max;
	bool read_only;			/* the main one: no writable: true */
	bool fraction;			/* 6050, beside 5518 */
};

/* Makes instance `path` (depth 2) with its main resource bound (quality EMPTY)
 * and, as far as the object has them: units, application type, range, min/max
 * measured (from the first sample on), reset, timestamp; of an input its
 * counter (5501) from 0 on, of a switch its time on and off (5852, 5854), which
 * are TREE_COMPUTED.
 * 0, -ENOMEM. */
int ipso_instance_add(struct tree *tree, const struct object_def *object,
		      uint16_t id, const struct ipso_options *options);
/* Of an instance whose resources are bound one by one: its units and application
 * type, as far as the object has them and nothing says them yet. 0, -ENOMEM. */
int ipso_options_add(struct tree *tree, const struct object_def *object,
		     uint16_t id, const struct ipso_options *options);
/* Of a value of `time` (ns since 1970) its timestamp (5518), in whole seconds,
 * or what that leaves of it (6050), from 0 to below 1 s. */
struct lwm2m_value ipso_stamp(uint16_t resource, int64_t time);
/* After the resource at path (depth 3, the instance's main one) was set from
 * a sample: moves min/max measured (5601, 5602) and the timestamp (5518, 6050).
 * changed: gets the paths that were changed too, at most 4; returns how many.*/
size_t ipso_sampled(struct tree *tree, const struct lwm2m_path *path,
		    int64_t time, struct lwm2m_path changed[4]);
/* How often something that 5501 counts happens where the instance's main
 * resource at path, of which the tree still has the old value, gets this one:
 * `happened` times, if it is an event with that many; once, if it turns from
 * off to on. 0: never, or there is no 5501, or a device counts itself. */
uint32_t ipso_counts(const struct tree *tree, const struct lwm2m_path *path,
		     const struct lwm2m_value *value, uint32_t happened);
static inline struct lwm2m_path ipso_counter(const struct lwm2m_path *path)
{
	return path_resource(path->id[0], path->id[1], 5501);
}
/* Do times run, or stand still, by what the main resource at path says? */
bool ipso_is_timed(const struct tree *tree, const struct lwm2m_path *path);
/* Is it one that is counted here, of events or of seconds, and that must not
 * be lost? */
bool ipso_is_total(const struct lwm2m_path *path,
		   const struct tree_slot *slot);
/* Of a slot that is TREE_COMPUTED. now: ns since 1970. false: not ours. */
bool ipso_compute(const struct lwm2m_path *path, const struct tree_slot *slot,
		  int64_t now, struct lwm2m_value *value);
/* A server has set the total at path: it goes on from there. */
void ipso_set(struct tree *tree, const struct lwm2m_path *path, int64_t now);
/* The range that the instance states for the value at path (depth 3), as in
 * 5603 and 5604 for its main resource. false: none,
 * and *min and *max are left as they are. */
bool ipso_range(const struct tree *tree, const struct lwm2m_path *path,
		double *min, double *max);

#define IPSO_RESET_MAX 6		/* min and max of three axes */
/* Execute 5605 Reset Min and Max Measured Values (or 5505 counter reset where
 * the counter is held): the current value becomes both. Returns how many
 * resources changed, -ENOTSUP: not ours to execute. */
int ipso_execute(struct tree *tree, const struct lwm2m_path *path,
		 struct lwm2m_path changed[IPSO_RESET_MAX]);
#endif
