/* SPDX-License-Identifier: GPL-2.0-or-later
 * The object tree of one endpoint: instances with a slot for every resource
 * (or resource instance) that they have. Touched on the agent thread only.
 * A tree owns copies of the texts and bytes in it. Memory is the design
 * figure: 32 bytes a slot. */
#ifndef OBJECTS_TREE_H
#define OBJECTS_TREE_H
#include "objects/def.h"
#include "objects/path.h"
#include "objects/record.h"

enum tree_quality {
	TREE_GOOD,
	TREE_EMPTY,		/* no value yet: 5.03 */
	TREE_BAD,		/* its device does not answer, or refuses: 5.04 */
};
enum tree_flag {
	TREE_BOUND = 1, /* a point of a device stands behind it */
	TREE_READ_ONLY = 2, /* not writable here though the object allows */
	TREE_PERSISTENT = 4, /* written by a server: survives a restart */
	TREE_COMPUTED = 8, /* asked for when it is read: what changes with
				 * time itself costs no memory and notifies
				 * nobody but by pmax */
};

struct tree_slot {
	struct lwm2m_value value;	/* LWM2M_NONE: executable, or none yet */
	int64_t time;			/* ns since 1970, 0: not known */
	uint16_t resource, element;	/* element: resource instance id, 0 of
					 * a single resource */
	uint8_t quality, flags;
	bool owned;			/* value's text is this tree's */
};

struct tree_instance {
	const struct object_def *object;
	struct tree_slot *slots;	/* by resource, then element */
	uint16_t id, n_slots;
	bool shared;			/* slots are another tree's, until
					 * the first change */
};

struct tree {
	struct tree_instance *instances;	/* by object id, then id */
	uint16_t n_instances;
};

struct tree_cursor {
	uint16_t instance, slot;	/* {0, 0}: from the beginning */
};

/* Pointers into a tree hold until the next add, remove or set in it. */
void tree_init(struct tree *tree);
void tree_finish(struct tree *tree);

/* The instance is made where it is not there. NULL: no memory. */
struct tree_instance *tree_add(struct tree *tree,
			       const struct object_def *object, uint16_t id);
/* Takes the instance, resource or element away; false: was not there. */
bool tree_remove(struct tree *tree, const struct lwm2m_path *path);
struct tree_instance *tree_instance_find(const struct tree *tree,
					 uint16_t object, uint16_t id);
/* Any instance of the object there? */
bool tree_has_object(const struct tree *tree, uint16_t object);
/* path of depth 3 (element 0, or the first of a multiple resource) or 4. */
const struct tree_slot *tree_find(const struct tree *tree,
				  const struct lwm2m_path *path);
/* The same, to be changed. NULL: not there, or no memory. */
struct tree_slot *tree_edit(struct tree *tree, const struct lwm2m_path *path);
/* An instance of its own id whose slots are those of `of`, another tree's that
 * outlives this one and does not change, until its first change here: what
 * thousands of endpoints have alike is there once. false: no memory, or the
 * instance is there already. */
bool tree_share(struct tree *tree, const struct tree_instance *of,
		uint16_t id);
/* Slot of a path of depth 3 or 4 whose instance exists; made where it is not
 * there: GOOD and without a value, as an executable stays. Who awaits a value
 * sets it EMPTY. NULL: no instance, or no memory. */
struct tree_slot *tree_slot_add(struct tree *tree,
				const struct lwm2m_path *path);
/* Makes the slot where needed, copies the value, sets GOOD and the time.
 * 0, -ENOENT no such instance, -ENOMEM. */
int tree_set(struct tree *tree, const struct lwm2m_path *path,
	     const struct lwm2m_value *value, int64_t time);

/* Walks all slots that scope covers, in path order. NULL at the end. *path is
 * the slot's: of depth 4 for a multiple resource, else 3. */
const struct tree_slot *tree_next(const struct tree *tree,
				  const struct lwm2m_path *scope,
				  struct tree_cursor *cursor,
				  struct lwm2m_path *path);
/* Does anything exist at path (root: always; object: an instance)? */
bool tree_exists(const struct tree *tree, const struct lwm2m_path *path);

/* Same type and content? Floats by their bits' meaning, NaN equals NaN. */
bool value_equal(const struct lwm2m_value *a, const struct lwm2m_value *b);
/* Turns a number into the resource's type (float to integer by rounding,
 * number to boolean, ...). 0, -EINVAL no such conversion, -ERANGE. */
int value_convert(const struct lwm2m_value *from, enum lwm2m_type type,
		  struct lwm2m_value *to);
#endif
