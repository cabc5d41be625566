/* SPDX-License-Identifier: GPL-2.0-or-later
 * The object tree: two levels of sorted arrays, each of exactly the size that
 * it needs, because there are thousands of trees and they seldom grow. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "objects/tree.h"

/* The design figure of memory per endpoint. */
_Static_assert(sizeof(struct tree_slot) <= 32, "32 bytes a slot");
_Static_assert(sizeof(struct tree_instance) <= 24, "24 bytes an instance");

void tree_init(struct tree *tree)
{
	*tree = (struct tree){NULL, 0};
}

static void slot_clear(struct tree_slot *slot)
{
	if (slot->owned)
		free((void *)(uintptr_t)slot->value.as.bytes);
	slot->owned = false;
}

static void instance_finish(struct tree_instance *instance)
{
	if (instance->shared)
		return;
	for (size_t i = 0; i < instance->n_slots; i++)
		slot_clear(&instance->slots[i]);
	free(instance->slots);
}

void tree_finish(struct tree *tree)
{
	for (size_t i = 0; i < tree->n_instances; i++)
		instance_finish(&tree->instances[i]);
	free(tree->instances);
	tree_init(tree);
}

/* Order of a tree walk in one number. */
static uint32_t slot_key(uint16_t high, uint16_t low)
{
	return (uint32_t)high << 16 | low;
}

/* The first instance that is not before object/id. */
static size_t instance_lower(const struct tree *tree, uint16_t object,
			     uint16_t id)
{
	size_t low = 0, high = tree->n_instances;

	while (low < high) {
		size_t middle = (low + high) / 2;
		const struct tree_instance *at = &tree->instances[middle];

		if (slot_key(at->object->id, at->id) < slot_key(object, id))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static size_t slot_lower(const struct tree_instance *instance,
			 uint16_t resource, uint16_t element)
{
	size_t low = 0, high = instance->n_slots;

	while (low < high) {
		size_t middle = (low + high) / 2;
		const struct tree_slot *at = &instance->slots[middle];

		if (slot_key(at->resource, at->element) <
		    slot_key(resource, element))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Makes room for one more item at `at`; false: no memory, nothing changed. */
static bool array_open(void **array, uint16_t *n, size_t size, size_t at)
{
	char *bigger;

	if (*n == UINT16_MAX)
		return false;
	bigger = realloc(*array, (*n + 1u) * size);
	if (!bigger)
		return false;
	memmove(bigger + (at + 1) * size, bigger + at * size,
		(*n - at) * size);
	*array = bigger;
	++*n;
	return true;
}

/* Takes count items away at `at`. */
static void array_close(void **array, uint16_t *n, size_t size, size_t at,
			size_t count)
{
	char *bytes = *array;
	void *smaller;

	memmove(bytes + at * size, bytes + (at + count) * size,
		(*n - at - count) * size);
	*n = (uint16_t)(*n - count);
	if (!*n) {
		free(bytes);
		*array = NULL;
		return;
	}
	smaller = realloc(bytes, *n * size);
	if (smaller)
		*array = smaller;
}

struct tree_instance *tree_instance_find(const struct tree *tree,
					 uint16_t object, uint16_t id)
{
	size_t i = instance_lower(tree, object, id);
	struct tree_instance *at;

	if (i == tree->n_instances)
		return NULL;
	at = &tree->instances[i];
	return at->object->id == object && at->id == id ? at : NULL;
}

struct tree_instance *tree_add(struct tree *tree,
			       const struct object_def *object, uint16_t id)
{
	struct tree_instance *there = tree_instance_find(tree, object->id, id);
	void *array = tree->instances;
	size_t at;

	if (there)
		return there;
	at = instance_lower(tree, object->id, id);
	if (!array_open(&array, &tree->n_instances, sizeof(*there), at))
		return NULL;
	tree->instances = array;
	tree->instances[at] = (struct tree_instance){
		.object = object, .id = id,
	};
	return &tree->instances[at];
}

bool tree_share(struct tree *tree, const struct tree_instance *of, uint16_t id)
{
	struct tree_instance *instance;

	if (tree_instance_find(tree, of->object->id, id))
		return false;
	instance = tree_add(tree, of->object, id);
	if (!instance)
		return false;
	instance->slots = of->slots;
	instance->n_slots = of->n_slots;
	instance->shared = true;
	return true;
}

/* Before a change: slots of its own. Their texts stay the other's. */
static bool instance_own(struct tree_instance *instance)
{
	size_t size = instance->n_slots * sizeof(struct tree_slot);
	struct tree_slot *slots;

	if (!instance->shared)
		return true;
	slots = malloc(size);
	if (!slots)
		return false;
	memcpy(slots, instance->slots, size);
	for (size_t i = 0; i < instance->n_slots; i++)
		slots[i].owned = false;
	instance->slots = slots;
	instance->shared = false;
	return true;
}

static void instance_remove(struct tree *tree, struct tree_instance *instance)
{
	void *array = tree->instances;

	instance_finish(instance);
	array_close(&array, &tree->n_instances, sizeof(*instance),
		    (size_t)(instance - tree->instances), 1);
	tree->instances = array;
}

static bool is_multiple(const struct tree_instance *instance,
			uint16_t resource)
{
	const struct resource_def *def =
		object_resource(instance->object, resource);

	return def && def->multiple;
}

/* Does the instance's path have this shape: no element of a single one? */
static bool is_shaped(const struct tree_instance *instance,
		      const struct lwm2m_path *path)
{
	return path->depth == 3 ||
	       (path->depth == 4 && is_multiple(instance, path->id[2]));
}

static void slots_remove(struct tree_instance *instance, size_t at,
			 size_t count)
{
	void *array = instance->slots;

	for (size_t i = at; i < at + count; i++)
		slot_clear(&instance->slots[i]);
	array_close(&array, &instance->n_slots, sizeof(struct tree_slot), at,
		    count);
	instance->slots = array;
}

bool tree_remove(struct tree *tree, const struct lwm2m_path *path)
{
	struct tree_instance *instance;
	struct tree_slot *first;
	size_t at, count = 1;

	if (path->depth < 2)
		return false;
	instance = tree_instance_find(tree, path->id[0], path->id[1]);
	if (instance && path->depth == 2) {
		instance_remove(tree, instance);
		return true;
	}
	first = tree_edit(tree, path);
	if (!first)
		return false;
	at = (size_t)(first - instance->slots);
	while (path->depth == 3 && at + count < instance->n_slots &&
	       first[count].resource == path->id[2])
		count++;
	slots_remove(instance, at, count);
	return true;
}

bool tree_has_object(const struct tree *tree, uint16_t object)
{
	size_t i = instance_lower(tree, object, 0);

	return i < tree->n_instances &&
	       tree->instances[i].object->id == object;
}

/* Index of the slot at path in *instance, or -1. */
static long slot_index(const struct tree *tree, const struct lwm2m_path *path,
		       struct tree_instance **instance)
{
	uint16_t element = path->depth == 4 ? path->id[3] : 0;
	const struct tree_slot *slot;
	size_t i;

	if (path->depth < 3)
		return -1;
	*instance = tree_instance_find(tree, path->id[0], path->id[1]);
	if (!*instance || !is_shaped(*instance, path))
		return -1;
	i = slot_lower(*instance, path->id[2], element);
	if (i == (*instance)->n_slots)
		return -1;
	slot = &(*instance)->slots[i];
	if (slot->resource != path->id[2])
		return -1;
	return path->depth == 3 || slot->element == element ? (long)i : -1;
}

const struct tree_slot *tree_find(const struct tree *tree,
				  const struct lwm2m_path *path)
{
	struct tree_instance *instance;
	long i = slot_index(tree, path, &instance);

	return i < 0 ? NULL : &instance->slots[i];
}

struct tree_slot *tree_edit(struct tree *tree, const struct lwm2m_path *path)
{
	struct tree_instance *instance;
	long i = slot_index(tree, path, &instance);

	return i < 0 || !instance_own(instance) ? NULL : &instance->slots[i];
}

struct tree_slot *tree_slot_add(struct tree *tree,
				const struct lwm2m_path *path)
{
	struct tree_slot *there = tree_edit(tree, path);
	struct tree_instance *instance;
	uint16_t element = path->depth == 4 ? path->id[3] : 0;
	void *array;
	size_t at;

	if (there)
		return there;
	instance = tree_instance_find(tree, path->id[0], path->id[1]);
	if (!instance || !is_shaped(instance, path) || !instance_own(instance))
		return NULL;
	at = slot_lower(instance, path->id[2], element);
	array = instance->slots;
	if (!array_open(&array, &instance->n_slots, sizeof(*there), at))
		return NULL;
	instance->slots = array;
	instance->slots[at] = (struct tree_slot){
		.resource = path->id[2], .element = element,
	};
	return &instance->slots[at];
}

static bool has_content(const struct lwm2m_value *value)
{
	return (value->type == LWM2M_STRING || value->type == LWM2M_OPAQUE ||
		value->type == LWM2M_CORELINK) && value->length;
}

/* The new content may lie in the old one: copy before freeing. */
static int slot_copy(struct tree_slot *slot, const struct lwm2m_value *value)
{
	uint8_t *copy;

	if (slot->owned && has_content(value) &&
	    slot->value.length == value->length) {
		copy = (uint8_t *)(uintptr_t)slot->value.as.bytes;
		memmove(copy, value->as.bytes, value->length);
	} else if (has_content(value)) {
		copy = malloc(value->length);
		if (!copy)
			return -ENOMEM;
		memcpy(copy, value->as.bytes, value->length);
		slot_clear(slot);
	} else {
		slot_clear(slot);
		slot->value = *value;
		return 0;
	}
	slot->value = *value;
	slot->value.as.bytes = copy;
	slot->owned = true;
	return 0;
}

int tree_set(struct tree *tree, const struct lwm2m_path *path,
	     const struct lwm2m_value *value, int64_t time)
{
	struct tree_slot *slot;
	int error;

	if (path->depth < 3 ||
	    !tree_instance_find(tree, path->id[0], path->id[1]))
		return -ENOENT;
	slot = tree_slot_add(tree, path);
	if (!slot)
		return -ENOMEM;
	error = slot_copy(slot, value);
	if (error)
		return error;
	slot->quality = TREE_GOOD;
	slot->time = time;
	return 0;
}

static struct lwm2m_path slot_path(const struct tree_instance *instance,
				   const struct tree_slot *slot)
{
	if (is_multiple(instance, slot->resource))
		return path_element(instance->object->id, instance->id,
				    slot->resource, slot->element);
	return path_resource(instance->object->id, instance->id,
			     slot->resource);
}

/* Ids are compared here, not paths: most slots are not in a narrow scope, and
 * building their paths would cost a look into the object's table each. */
static bool slot_within(const struct tree_slot *slot,
			const struct lwm2m_path *scope)
{
	return (scope->depth < 3 || slot->resource == scope->id[2]) &&
	       (scope->depth < 4 || slot->element == scope->id[3]);
}

static bool instance_within(const struct tree_instance *instance,
			    const struct lwm2m_path *scope)
{
	return (scope->depth < 1 || instance->object->id == scope->id[0]) &&
	       (scope->depth < 2 || instance->id == scope->id[1]);
}

const struct tree_slot *tree_next(const struct tree *tree,
				  const struct lwm2m_path *scope,
				  struct tree_cursor *cursor,
				  struct lwm2m_path *path)
{
	const struct tree_instance *instance;

	if (!cursor->instance && !cursor->slot && scope->depth)
		cursor->instance = (uint16_t)instance_lower(tree, scope->id[0],
			scope->depth > 1 ? scope->id[1] : 0);
	for (; cursor->instance < tree->n_instances;
	     cursor->instance++, cursor->slot = 0) {
		instance = &tree->instances[cursor->instance];
		if (!instance_within(instance, scope))
			return NULL;
		while (cursor->slot < instance->n_slots) {
			const struct tree_slot *slot =
				&instance->slots[cursor->slot++];

			if (!slot_within(slot, scope))
				continue;
			*path = slot_path(instance, slot);
			if (path->depth >= scope->depth)
				return slot;
		}
	}
	return NULL;
}

bool tree_exists(const struct tree *tree, const struct lwm2m_path *path)
{
	switch (path->depth) {
	case 0:
		return true;
	case 1:
		return tree_has_object(tree, path->id[0]);
	case 2:
		return tree_instance_find(tree, path->id[0], path->id[1]);
	default:
		return tree_find(tree, path);
	}
}
