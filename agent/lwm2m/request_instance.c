/* SPDX-License-Identifier: GPL-2.0-or-later
 * Create and Delete: of instances that stand for no device, but hold what
 * servers want to be kept beside it. All is checked before anything is done. */
#include <errno.h>
#include "agent/lwm2m/request_parts.h"
#include "ipso/ipso.h"

#define NO_ID 65535		/* the client is to choose one */
#define INSTANCES_MAX 64	/* of one object */

/* Portfolio, BinaryAppData: kept for servers at every endpoint. */
static const uint16_t creatable[] = {16, 19};
#define N_CREATABLE (sizeof(creatable) / sizeof(creatable[0]))

uint16_t request_creatable(size_t i)
{
	return i < N_CREATABLE ? creatable[i] : 0;
}

static bool is_everywhere(uint16_t object)
{
	for (size_t i = 0; i < N_CREATABLE; i++)
		if (creatable[i] == object)
			return true;
	return false;
}

/* Nothing must be in it that a device alone could give. */
static bool is_servers_to_fill(const struct object_def *object)
{
	bool writable = false;

	for (size_t i = 0; i < object->n_resources; i++) {
		const struct resource_def *def = &object->resources[i];

		if (def->mandatory && !(def->operations & OP_WRITE))
			return false;
		writable |= def->operations & OP_WRITE;
	}
	return object->multiple && writable;
}

bool request_allows_create(const struct object_def *object)
{
	if (is_everywhere(object->id))
		return true;
	return !core_object(object->id) && !ipso_object(object->id) &&
	       is_servers_to_fill(object);
}

/* Of an XML file, only where the device has the object, and not while
 * instances of its own may come: one number would be both's. */
bool request_is_creatable(const struct request_scope *scope, uint16_t object)
{
	const struct object_def *def = scope->model->object(scope->model,
							    object);

	if (!def || !request_allows_create(def))
		return false;
	return is_everywhere(object) ||
	       (tree_has_object(scope->tree, object) &&
		!request_expects(scope, object));
}

bool request_is_devices(const struct tree *tree, const struct lwm2m_path *path)
{
	struct lwm2m_path instance = path_instance(path->id[0], path->id[1]);
	struct tree_cursor cursor = {0, 0};
	const struct tree_slot *slot;
	struct lwm2m_path at;

	while ((slot = tree_next(tree, &instance, &cursor, &at)))
		if (slot->flags & TREE_BOUND)
			return true;
	return false;
}

bool request_is_create(const struct request_scope *scope,
		       const struct request *request,
		       const struct lwm2m_path *path)
{
	return request->method == REQUEST_POST && path->depth == 1 &&
	       request_is_creatable(scope, path->id[0]);
}

/* The lowest that is free; NO_ID: there are too many. */
static uint16_t id_choose(const struct tree *tree, uint16_t object)
{
	uint16_t id = 0;

	while (id < INSTANCES_MAX && tree_instance_find(tree, object, id))
		id++;
	return id < INSTANCES_MAX ? id : NO_ID;
}

static size_t instances_count(const struct tree *tree, uint16_t object)
{
	size_t n = 0;

	for (size_t i = 0; i < tree->n_instances; i++)
		n += tree->instances[i].object->id == object;
	return n;
}

/* The id that all records agree on. */
static bool ids_agree(const struct lwm2m_record *records, size_t n,
		      uint16_t *id)
{
	*id = NO_ID;
	for (size_t i = 0; i < n; i++) {
		if (records[i].path.depth < 2 ||
		    (i && records[i].path.id[1] != *id))
			return false;
		*id = records[i].path.id[1];
	}
	return true;
}

/* Resources that the object has not, and those that are read-only, are neither
 * taken nor an error (Core TS 6.3.6). */
static bool is_passed_over(const struct object_def *object, uint16_t resource)
{
	const struct resource_def *def = object_resource(object, resource);

	return !def || (def->operations & OP_READ &&
			!(def->operations & OP_WRITE));
}

static size_t unknown_drop(struct handling *h, const struct object_def *object,
			   size_t n)
{
	struct lwm2m_record *records = h->room->records;
	size_t left = 0;

	for (size_t i = 0; i < n; i++)
		if (records[i].path.depth < 3 ||
		    !is_passed_over(object, records[i].path.id[2]))
			records[left++] = records[i];
	return left;
}

static void record_check(struct handling *h, const struct object_def *object,
			 const struct lwm2m_record *record)
{
	const struct resource_def *def;
	struct request_range range;

	if (record->path.depth < 3 && record->value.type == LWM2M_NONE)
		return;			/* an instance without resources */
	def = object_resource(object, record->path.id[2]);
	if (!(def->operations & OP_WRITE))
		request_answer(h, CODE(4, 05), "the resource is not writable");
	else if (def->multiple != (record->path.depth == 4))
		request_answer(h, CODE(4, 00), def->multiple ?
			"the resource is a multiple one" :
			"the resource is a single one");
	else
		request_value_check(h, def, &record->value);
	range = request_range_of(def);
	if (!h->outcome.code)
		request_range_check(h, &range, &record->value);
}

static bool is_given(const struct lwm2m_record *records, size_t n,
		     uint16_t resource)
{
	for (size_t i = 0; i < n; i++)
		if (records[i].path.depth >= 3 &&
		    records[i].path.id[2] == resource)
			return true;
	return false;
}

static void records_check(struct handling *h, const struct object_def *object,
			  size_t n)
{
	const struct lwm2m_record *records = h->room->records;

	for (size_t i = 0; i < n && !h->outcome.code; i++)
		record_check(h, object, &records[i]);
	for (size_t i = 0; i < object->n_resources && !h->outcome.code; i++) {
		const struct resource_def *def = &object->resources[i];

		if (def->mandatory && def->operations & OP_WRITE &&
		    !is_given(records, n, def->id))
			request_answer(h, CODE(4, 00),
				       "a mandatory resource is missing");
	}
}

/* Where it goes, or a refusal. */
static void id_settle(struct handling *h, size_t n)
{
	const struct tree *tree = h->scope->tree;
	uint16_t object = h->outcome.path.id[0], id;

	if (!ids_agree(h->room->records, n, &id)) {
		request_answer(h, CODE(4, 00), "not one instance");
		return;
	}
	h->outcome.chosen = id == NO_ID;
	if (instances_count(tree, object) >= INSTANCES_MAX)
		id = NO_ID;
	else if (id == NO_ID)
		id = id_choose(tree, object);
	if (id == NO_ID)
		request_answer(h, CODE(5, 00), "too many instances");
	else if (tree_instance_find(tree, object, id))
		request_answer(h, CODE(4, 00), "there is such an instance");
	h->outcome.path = path_instance(object, id);
}

/* Of what has no value nothing is kept over a restart. */
static void values_check(struct handling *h, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (h->room->records[i].path.depth >= 3)
			return;
	request_answer(h, CODE(4, 00), "an instance needs a value");
}

static void create_do(struct handling *h, const struct object_def *object,
		      size_t n)
{
	struct lwm2m_record *records = h->room->records;
	struct tree *tree = h->scope->tree;
	const struct lwm2m_path *path = &h->outcome.path;
	bool made = tree_add(tree, object, path->id[1]);

	h->outcome.touched = h->room->touched;
	for (size_t i = 0; i < n && made; i++) {
		struct lwm2m_path *at = &records[i].path;

		at->id[1] = path->id[1];
		if (at->depth < 3)
			continue;
		made = !tree_set(tree, at, &records[i].value, h->scope->now);
		if (!made)
			break;
		tree_edit(tree, at)->flags |= TREE_PERSISTENT;
		h->room->touched[h->outcome.n_touched++] = *at;
	}
	if (!made) {
		tree_remove(tree, path);
		h->outcome.n_touched = 0;
		request_answer(h, CODE(5, 00), "no memory");
		return;
	}
	h->outcome.kind = REQUEST_CREATED;
	request_answer(h, CODE(2, 01), NULL);
}

void request_create(struct handling *h)
{
	uint16_t format = h->request->format == FORMAT_NONE ? FORMAT_TLV :
			  h->request->format;
	const struct object_def *object =
		h->scope->model->object(h->scope->model,
					h->outcome.path.id[0]);
	int n;

	if (!request_is_creatable(h->scope, h->outcome.path.id[0])) {
		request_disallow(h);
		return;
	}
	if (!codec_decodes(format)) {
		request_answer(h, CODE(4, 15), "this format cannot be read");
		return;
	}
	n = request_decode(h, format);
	if (n < 0)
		return;
	id_settle(h, (size_t)n);
	n = (int)unknown_drop(h, object, (size_t)n);
	if (!h->outcome.code)
		records_check(h, object, (size_t)n);
	if (!h->outcome.code)
		values_check(h, (size_t)n);
	if (!h->outcome.code && request_quota_fits(h, (size_t)n))
		create_do(h, object, (size_t)n);
}

static size_t elements_count(const struct tree *tree, struct lwm2m_path path)
{
	struct tree_cursor cursor = {0, 0};
	struct lwm2m_path at;
	size_t n = 0;

	path.depth = 3;
	while (tree_next(tree, &path, &cursor, &at))
		n++;
	return n;
}

/* An element that a server could have written (LwM2M 1.2), but not the last
 * one of a resource that must be there. */
static bool is_element_deletable(const struct tree *tree,
				 const struct lwm2m_path *path)
{
	const struct resource_def *def = request_def(tree, path);
	const struct tree_slot *slot = tree_find(tree, path);

	return def && slot && def->operations & OP_WRITE &&
	       !(slot->flags & (TREE_BOUND | TREE_READ_ONLY)) &&
	       (!def->mandatory || elements_count(tree, *path) > 1);
}

/* One that a site has mapped a point to is its device's. */
static bool is_instance_deletable(const struct tree *tree,
				  const struct lwm2m_path *path)
{
	const struct tree_instance *instance =
		tree_instance_find(tree, path->id[0], path->id[1]);

	return instance && request_allows_create(instance->object) &&
	       !request_is_devices(tree, path);
}

void request_delete(struct handling *h)
{
	struct tree *tree = h->scope->tree;
	const struct lwm2m_path *path = &h->outcome.path;

	if (!(path->depth == 2 && is_instance_deletable(tree, path)) &&
	    !(path->depth == 4 && is_element_deletable(tree, path))) {
		request_disallow(h);
		return;
	}
	tree_remove(tree, path);
	h->outcome.kind = REQUEST_DELETED;
	request_answer(h, CODE(2, 02), NULL);
}
