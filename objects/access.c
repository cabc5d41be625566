/* SPDX-License-Identifier: GPL-2.0-or-later
 * An instance of object 2 is found by what it says in its resources 0 and 1:
 * there are few, and a copy of that would have to follow every change. */
#include "objects/access.h"
#include <errno.h>

enum { RULE_OBJECT, RULE_INSTANCE, RULE_ENTRIES, RULE_OWNER };

/* The integer of a single resource; false: not there. */
static bool number_read(const struct tree_instance *at, uint16_t resource,
			uint16_t *number)
{
	for (size_t i = 0; i < at->n_slots; i++) {
		const struct tree_slot *slot = &at->slots[i];

		if (slot->resource != resource)
			continue;
		*number = (uint16_t)slot->value.as.integer;
		return slot->value.type == LWM2M_INTEGER &&
		       slot->value.as.integer == *number;
	}
	return false;
}

bool access_rule_read(const struct tree_instance *at, struct access_rule *rule)
{
	*rule = (struct access_rule){0};
	return number_read(at, RULE_OBJECT, &rule->object) &&
	       number_read(at, RULE_INSTANCE, &rule->instance) &&
	       number_read(at, RULE_OWNER, &rule->owner);
}

bool access_rule_is(const struct tree_instance *at,
		    const struct access_rule *rule)
{
	struct access_rule there;
	size_t n = 0;

	if (!access_rule_read(at, &there) || there.object != rule->object ||
	    there.instance != rule->instance || there.owner != rule->owner)
		return false;
	for (size_t i = 0; i < at->n_slots; i++) {
		const struct tree_slot *slot = &at->slots[i];

		if (slot->resource != RULE_ENTRIES)
			continue;
		if (n == rule->n || rule->entries[n].server != slot->element ||
		    rule->entries[n].rights != slot->value.as.integer)
			return false;
		n++;
	}
	return n == rule->n;
}

/* The first instance of object 2, and behind the last. */
static const struct tree_instance *rules_begin(const struct tree *tree,
					       const struct tree_instance **end)
{
	const struct tree_instance *at = tree->instances;

	*end = at + tree->n_instances;
	while (at < *end && at->object->id < ACCESS_OBJECT)
		at++;
	return at;
}

const struct tree_instance *access_find(const struct tree *tree,
					uint16_t object, uint16_t instance)
{
	const struct tree_instance *end, *at = rules_begin(tree, &end);
	struct access_rule rule;

	for (; at < end && at->object->id == ACCESS_OBJECT; at++)
		if (access_rule_read(at, &rule) && rule.object == object &&
		    rule.instance == instance)
			return at;
	return NULL;
}

/* The entry of exactly this server, or -ENOENT. */
static int entry_find(const struct tree_instance *at, uint16_t server)
{
	for (size_t i = 0; i < at->n_slots; i++)
		if (at->slots[i].resource == RULE_ENTRIES &&
		    at->slots[i].element == server)
			return (int)(at->slots[i].value.as.integer &
				     ACCESS_ALL);
	return -ENOENT;
}

static uint16_t owner_of(const struct tree_instance *at)
{
	struct access_rule rule;

	return access_rule_read(at, &rule) ? rule.owner : ACCESS_NOBODY;
}

/* Of object 2 itself. */
static int rule_rights(const struct tree *tree, uint16_t instance,
		       uint16_t server)
{
	const struct tree_instance *at =
		tree_instance_find(tree, ACCESS_OBJECT, instance);

	return at && owner_of(at) == server ? ACCESS_READ | ACCESS_WRITE :
	       ACCESS_READ;
}

int access_rights(const struct tree *tree, uint16_t object, uint16_t instance,
		  uint16_t server)
{
	const int of = instance == ACCESS_NOBODY ? ACCESS_CREATE :
		       ACCESS_INSTANCE;
	const struct tree_instance *at;
	int rights;

	if (object == ACCESS_OBJECT)
		return rule_rights(tree, instance, server) & of;
	at = access_find(tree, object, instance);
	if (!at)
		return -ENOENT;
	rights = entry_find(at, server);
	if (rights >= 0)
		return rights & of;
	if (owner_of(at) == server)
		return ACCESS_INSTANCE & of;
	rights = entry_find(at, ACCESS_DEFAULT);
	return rights >= 0 ? rights & of : 0;
}

static bool has_account(const struct tree *tree, int64_t server)
{
	for (size_t i = 0; i < tree->n_instances; i++) {
		const struct tree_instance *at = &tree->instances[i];

		if (at->object->id == 1 && at->n_slots &&
		    !at->slots[0].resource &&
		    at->slots[0].value.as.integer == server)
			return true;
	}
	return false;
}

bool access_is_possible(const struct tree *tree, const struct lwm2m_path *path,
			const struct lwm2m_value *value)
{
	int64_t number = value->as.integer;

	if (path->id[2] == RULE_OWNER)
		return has_account(tree, number);
	return path->id[2] != RULE_ENTRIES ||
	       (number >= 0 && number <= ACCESS_ALL);
}

uint16_t access_id_free(const struct tree *tree)
{
	const struct tree_instance *end, *at = rules_begin(tree, &end);
	uint16_t id = 0;

	for (; at < end && at->object->id == ACCESS_OBJECT && at->id == id;
	     at++)
		id++;
	return id;
}

static bool number_write(struct tree *tree, struct lwm2m_path path,
			 uint16_t number)
{
	struct lwm2m_value value = lwm2m_integer(number);

	return !tree_set(tree, &path, &value, 0);
}

bool access_add(struct tree *tree, const struct object_def *object,
		uint16_t id, const struct access_rule *rule)
{
	const uint16_t o = ACCESS_OBJECT;
	bool done = tree_add(tree, object, id) &&
		number_write(tree, path_resource(o, id, RULE_OBJECT),
			     rule->object) &&
		number_write(tree, path_resource(o, id, RULE_INSTANCE),
			     rule->instance) &&
		number_write(tree, path_resource(o, id, RULE_OWNER),
			     rule->owner);

	for (size_t i = 0; i < rule->n && done; i++)
		done = number_write(tree, path_element(o, id, RULE_ENTRIES,
						       rule->entries[i].server),
				    rule->entries[i].rights);
	return done;
}
