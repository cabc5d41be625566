/* SPDX-License-Identifier: GPL-2.0-or-later
 * Lists of links made from a tree. They say what the strictest servers take:
 * no spaces, numbers unquoted, `ver` on an object only. */
#include <errno.h>
#include <string.h>
#include "objects/linkformat.h"

#define FIRST_CONTENT_OBJECT 3200	/* below: the enabler's own version */

static void link_open(const struct lwm2m_path *path, struct buf *out)
{
	char text[PATH_TEXT_MAX];

	if (out->used)
		buf_byte(out, ',');
	path_format(path, text);
	buf_print(out, "<%s>", text);
}

/* Objects of the core have the versions of the enabler that `lwm2m=` names,
 * and 1.0 is what a server assumes where nothing is said. */
static bool says_version(const struct object_def *object)
{
	return object->id >= FIRST_CONTENT_OBJECT &&
	       strcmp(object->version, "1.0");
}

static void object_link(const struct object_def *object, bool ver,
			struct buf *out)
{
	struct lwm2m_path path = path_object(object->id);

	link_open(&path, out);
	if (ver && says_version(object))
		buf_print(out, ";ver=%s", object->version);
}

/* Is i the first instance of its object? */
static bool is_first(const struct tree *tree, size_t i)
{
	return !i || tree->instances[i].object->id !=
		     tree->instances[i - 1].object->id;
}

static bool is_closed(uint16_t object)
{
	return object == 0 || object == 21;
}

void links_register(const struct tree *tree,
		    const struct link_options *options, struct buf *out)
{
	bool ver = options->ver && !options->lwm2m_1_0;

	buf_text(out, "</>;rt=\"oma.lwm2m\"");
	if (options->ct >= 0)
		buf_print(out, ";ct=%d", (int)options->ct);
	for (size_t i = 0; i < tree->n_instances; i++) {
		const struct tree_instance *at = &tree->instances[i];
		struct lwm2m_path path = path_instance(at->object->id, at->id);

		if (is_closed(at->object->id))
			continue;
		if (is_first(tree, i) && ver && says_version(at->object))
			object_link(at->object, true, out);
		link_open(&path, out);
	}
}

static void own_attributes(const struct attribute_set *set,
			   const struct lwm2m_path *path, struct buf *out)
{
	const struct attributes *own = attributes_at(set, path);

	if (own)
		attributes_format(own, out);
}

static unsigned int elements_count(const struct tree_instance *instance,
				   uint16_t resource)
{
	unsigned int n = 0;

	for (size_t i = 0; i < instance->n_slots; i++)
		n += instance->slots[i].resource == resource;
	return n;
}

/* One link for a resource, however many elements it has. */
static void resource_link(const struct tree_instance *instance,
			  uint16_t resource, struct buf *out)
{
	const struct resource_def *def =
		object_resource(instance->object, resource);
	struct lwm2m_path path = path_resource(instance->object->id,
					       instance->id, resource);

	link_open(&path, out);
	if (def && def->multiple)
		buf_print(out, ";dim=%u", elements_count(instance, resource));
}

/* Which server's account this is (Core TS 7.3.1): object 1, resource 0. */
static void account_name(const struct tree_instance *instance, struct buf *out)
{
	const struct tree_slot *slot = instance->n_slots ? instance->slots :
							   NULL;

	if (instance->object->id == 1 && slot && !slot->resource &&
	    slot->value.type == LWM2M_INTEGER)
		buf_print(out, ";ssid=%u", (unsigned)slot->value.as.integer);
}

static void instance_links(const struct tree_instance *instance,
			   const struct attribute_set *attributes,
			   struct buf *out)
{
	struct lwm2m_path path =
		path_instance(instance->object->id, instance->id);

	link_open(&path, out);
	account_name(instance, out);
	own_attributes(attributes, &path, out);
	for (size_t i = 0; i < instance->n_slots; i++) {
		uint16_t resource = instance->slots[i].resource;
		struct lwm2m_path at = path_child(path, resource);

		if (i && instance->slots[i - 1].resource == resource)
			continue;
		resource_link(instance, resource, out);
		own_attributes(attributes, &at, out);
	}
}

static void object_links(const struct tree *tree, uint16_t object,
			 const struct attribute_set *attributes,
			 struct buf *out)
{
	struct lwm2m_path path = path_object(object);

	for (size_t i = 0; i < tree->n_instances; i++) {
		const struct tree_instance *at = &tree->instances[i];

		if (at->object->id != object)
			continue;
		if (is_first(tree, i)) {
			object_link(at->object, true, out);
			own_attributes(attributes, &path, out);
		}
		instance_links(at, attributes, out);
	}
}

/* The resource with all that is in force for it, then its elements with what
 * each has of its own. */
static void resource_links(const struct tree *tree,
			   const struct lwm2m_path *path,
			   const struct attribute_set *attributes,
			   struct buf *out)
{
	struct attributes all = attributes_effective(attributes, path);
	struct tree_cursor cursor = {0, 0};
	struct lwm2m_path element;

	resource_link(tree_instance_find(tree, path->id[0], path->id[1]),
		      path->id[2], out);
	attributes_format(&all, out);
	while (tree_next(tree, path, &cursor, &element)) {
		if (element.depth < 4)
			continue;
		link_open(&element, out);
		own_attributes(attributes, &element, out);
	}
}

static void element_link(const struct lwm2m_path *path,
			 const struct attribute_set *attributes,
			 struct buf *out)
{
	struct attributes all = attributes_effective(attributes, path);

	link_open(path, out);
	attributes_format(&all, out);
}

static void root_links(const struct tree *tree,
		       const struct attribute_set *attributes,
		       struct buf *out)
{
	for (size_t i = 0; i < tree->n_instances; i++)
		if (is_first(tree, i) &&
		    !is_closed(tree->instances[i].object->id))
			object_links(tree, tree->instances[i].object->id,
				     attributes, out);
}

int links_discover(const struct tree *tree, const struct lwm2m_path *path,
		   const struct attribute_set *attributes, struct buf *out)
{
	if (!tree_exists(tree, path))
		return -ENOENT;
	switch (path->depth) {
	case 0:
		root_links(tree, attributes, out);
		break;
	case 1:
		object_links(tree, path->id[0], attributes, out);
		break;
	case 2:
		instance_links(tree_instance_find(tree, path->id[0],
						  path->id[1]),
			       attributes, out);
		break;
	case 3:
		resource_links(tree, path, attributes, out);
		break;
	default:
		element_link(path, attributes, out);
		break;
	}
	return 0;
}
