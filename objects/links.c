/* SPDX-License-Identifier: GPL-2.0-or-later
 * Lists of links made from a tree. They say what the strictest servers take:
 * no spaces, numbers unquoted, `ver` on an object only. */
#include <errno.h>
#include <string.h>
#include "objects/linkformat.h"

#define GATEWAY_OBJECT 25	/* of an enabler of its own */
#define FIRST_CONTENT_OBJECT 3200	/* below: the enabler's own version */

/* device: see path.h. */
static void link_open(struct lwm2m_path path, uint16_t device, struct buf *out)
{
	char text[PATH_TEXT_MAX];

	path.id[PATH_DEVICE] = device;
	if (out->used)
		buf_byte(out, ',');
	path_format(&path, text);
	buf_print(out, "<%s>", text);
}

/* Objects of the core have the versions of the enabler that `lwm2m=` names,
 * and 1.0 is what a server assumes where nothing is said. */
static bool says_version(const struct object_def *object)
{
	return (object->id >= FIRST_CONTENT_OBJECT ||
		object->id == GATEWAY_OBJECT) &&
	       strcmp(object->version, "1.0");
}

static const char *own_version(const struct object_def *object)
{
	return says_version(object) ? object->version : NULL;
}

/* NULL: none is said. */
static const char *version_of(const struct link_options *options,
			      const struct object_def *object)
{
	for (size_t i = 0; i < options->n_versions; i++)
		if (options->versions[i].object == object->id)
			return options->versions[i].version;
	return options->ver ? own_version(object) : NULL;
}

static void object_link(const struct object_def *object, const char *version,
			uint16_t device, struct buf *out)
{
	link_open(path_object(object->id), device, out);
	if (version)
		buf_print(out, ";ver=%s", version);
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

/* Objects without instances whose turn is before object `below`: they stand in
 * their place of the list. */
static void empty_links(const struct link_options *options, size_t *at,
			uint32_t below, struct buf *out)
{
	for (; *at < options->n_empty && options->empty[*at]->id < below; ++*at)
		object_link(options->empty[*at],
			    version_of(options, options->empty[*at]), 0, out);
}

void links_register(const struct tree *tree,
		    const struct link_options *options, struct buf *out)
{
	size_t empty = 0;

	buf_text(out, "</>;rt=\"oma.lwm2m\"");
	if (options->ct >= 0)
		buf_print(out, ";ct=%d", (int)options->ct);
	for (size_t i = 0; i < tree->n_instances; i++) {
		const struct tree_instance *at = &tree->instances[i];
		const char *version = version_of(options, at->object);

		if (is_closed(at->object->id))
			continue;
		empty_links(options, &empty, at->object->id, out);
		if (is_first(tree, i) && version)
			object_link(at->object, version, 0, out);
		link_open(path_instance(at->object->id, at->id), 0, out);
	}
	empty_links(options, &empty, UINT32_MAX, out);
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
			  uint16_t resource, uint16_t device, struct buf *out)
{
	const struct resource_def *def =
		object_resource(instance->object, resource);

	link_open(path_resource(instance->object->id, instance->id, resource),
		  device, out);
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

/* A Discover under way. */
struct discovery {
	const struct tree *tree;
	const struct attribute_set *attributes;
	uint16_t device;		/* of the path */
	uint8_t deepest;		/* links of paths deeper than this are
					 * left out */
	struct buf *out;
};

static void element_links(const struct discovery *d,
			  const struct lwm2m_path *resource)
{
	struct tree_cursor cursor = {0, 0};
	struct lwm2m_path element;

	while (d->deepest >= 4 &&
	       tree_next(d->tree, resource, &cursor, &element)) {
		if (element.depth < 4)
			continue;
		link_open(element, d->device, d->out);
		own_attributes(d->attributes, &element, d->out);
	}
}

static void instance_links(const struct discovery *d,
			   const struct tree_instance *instance)
{
	struct lwm2m_path path =
		path_instance(instance->object->id, instance->id);

	link_open(path, d->device, d->out);
	account_name(instance, d->out);
	own_attributes(d->attributes, &path, d->out);
	for (size_t i = 0; i < instance->n_slots && d->deepest >= 3; i++) {
		uint16_t resource = instance->slots[i].resource;
		struct lwm2m_path at = path_child(path, resource);

		if (i && instance->slots[i - 1].resource == resource)
			continue;
		resource_link(instance, resource, d->device, d->out);
		own_attributes(d->attributes, &at, d->out);
		element_links(d, &at);
	}
}

static void object_links(const struct discovery *d, uint16_t object)
{
	const struct tree *tree = d->tree;
	struct lwm2m_path path = path_object(object);

	for (size_t i = 0; i < tree->n_instances; i++) {
		const struct tree_instance *at = &tree->instances[i];

		if (at->object->id != object)
			continue;
		if (is_first(tree, i)) {
			object_link(at->object, own_version(at->object),
				    d->device, d->out);
			own_attributes(d->attributes, &path, d->out);
		}
		if (d->deepest >= 2)
			instance_links(d, at);
	}
}

/* The resource with all that is in force for it, then its elements with what
 * each has of its own. */
static void resource_links(const struct discovery *d,
			   const struct lwm2m_path *path)
{
	struct attributes all = attributes_effective(d->attributes, path);

	resource_link(tree_instance_find(d->tree, path->id[0], path->id[1]),
		      path->id[2], d->device, d->out);
	attributes_format(&all, d->out);
	element_links(d, path);
}

static void element_link(const struct discovery *d,
			 const struct lwm2m_path *path)
{
	struct attributes all = attributes_effective(d->attributes, path);

	link_open(*path, d->device, d->out);
	attributes_format(&all, d->out);
}

static void root_links(const struct discovery *d)
{
	const struct tree *tree = d->tree;

	for (size_t i = 0; i < tree->n_instances; i++)
		if (is_first(tree, i) &&
		    !is_closed(tree->instances[i].object->id))
			object_links(d, tree->instances[i].object->id);
}

int links_discover(const struct tree *tree, const struct lwm2m_path *named,
		   int depth, const struct attribute_set *attributes,
		   struct buf *out)
{
	const int usual = named->depth == 3 ? 4 : 3;
	const struct lwm2m_path here = path_here(named), *path = &here;
	const struct discovery d = {
		tree, attributes, named->id[PATH_DEVICE], depth < 0 ? (uint8_t)usual :
		(uint8_t)(path->depth + depth), out,
	};

	if (!tree_exists(tree, path))
		return -ENOENT;
	switch (path->depth) {
	case 0:
		root_links(&d);
		break;
	case 1:
		object_links(&d, path->id[0]);
		break;
	case 2:
		instance_links(&d, tree_instance_find(tree, path->id[0],
						      path->id[1]));
		break;
	case 3:
		resource_links(&d, path);
		break;
	default:
		element_link(&d, path);
		break;
	}
	return 0;
}

void links_discover_empty(const struct object_def *object, uint16_t device,
			  const struct attribute_set *attributes,
			  struct buf *out)
{
	struct lwm2m_path path = path_object(object->id);

	object_link(object, own_version(object), device, out);
	own_attributes(attributes, &path, out);
}
