/* SPDX-License-Identifier: GPL-2.0-or-later
 * May this server do this? Asked once all else that could be said of the path
 * has been, and before the operation looks at its payload. */
#include "agent/lwm2m/request_parts.h"

/* Of a path of depth 2 or more, or an object's to create. */
static uint8_t rights_of(const struct request_scope *scope, uint16_t object,
			 uint16_t instance)
{
	int rights = access_rights(scope->tree, object, instance,
				   scope->server);

	return rights < 0 ? scope->rights : (uint8_t)rights;
}

/* An object is as open as the most open one of its instances: others are left
 * out. Without any there is nothing to hide. */
static bool is_object_open(const struct request_scope *scope, uint16_t object,
			   uint8_t right)
{
	const struct tree *tree = scope->tree;

	for (size_t i = 0; i < tree->n_instances; i++)
		if (tree->instances[i].object->id == object &&
		    rights_of(scope, object, tree->instances[i].id) & right)
			return true;
	return !tree_has_object(tree, object);
}

bool request_may(const struct request_scope *scope,
		 const struct lwm2m_path *path, uint8_t right)
{
	if (!scope->enforced || !path->depth)
		return true;
	if (path->depth > 1)
		return rights_of(scope, path->id[0], path->id[1]) & right;
	if (right == ACCESS_CREATE)
		return rights_of(scope, path->id[0], ACCESS_NOBODY) & right;
	return is_object_open(scope, path->id[0], right);
}

bool request_is_visible(const struct request_scope *scope,
			const struct lwm2m_path *path)
{
	return !path->depth || (!request_is_closed(scope, path->id[0]) &&
				request_may(scope, path, ACCESS_READ));
}

static uint8_t right_of_post(const struct lwm2m_path *path)
{
	switch (path->depth) {
	case 1: return ACCESS_CREATE;
	case 2: return ACCESS_WRITE;
	case 3: return ACCESS_EXECUTE;
	default: return 0;
	}
}

/* "For the Write-Attributes operation, the LwM2M Client MUST perform" it on an
 * object, whatever rights there are (Core TS 8.2.4). */
static uint8_t right_of_put(const struct handling *h)
{
	if (!h->request->query_length || h->request->length)
		return ACCESS_WRITE;
	return h->outcome.path.depth > 1 ? ACCESS_READ : 0;
}

/* What the operation takes; 0: nothing, or it looks for itself. */
static uint8_t right_of(const struct handling *h)
{
	const struct request *request = h->request;

	switch ((enum request_method)request->method) {
	case REQUEST_GET:
		return request->accept == FORMAT_LINK ||
		       request->accept == FORMAT_LINK_JSON ? 0 : ACCESS_READ;
	case REQUEST_PUT:
		return right_of_put(h);
	case REQUEST_POST:
		return right_of_post(&h->outcome.path);
	case REQUEST_DELETE:
		return ACCESS_DELETE;
	case REQUEST_FETCH: case REQUEST_IPATCH: case REQUEST_PATCH:
		break;
	}
	return 0;
}

/* What no server can do is 4.05 whoever asks for it. */
static bool is_for_nobody(const struct handling *h)
{
	const struct lwm2m_path *path = &h->outcome.path;
	const struct object_model *model = h->scope->model;
	const struct object_def *object = path->depth ?
		model->object(model, path->id[0]) : NULL;

	if (h->request->method == REQUEST_POST && path->depth == 1)
		return !request_is_creatable(h->scope, path->id[0]);
	if (h->request->method == REQUEST_DELETE && path->depth < 3)
		return !object || !request_allows_create(object);
	return false;
}

bool request_authorise(struct handling *h)
{
	uint8_t right = right_of(h);

	if (!right || is_for_nobody(h) ||
	    request_may(h->scope, &h->outcome.path, right))
		return true;
	request_answer(h, CODE(4, 01), "access control does not allow it");
	return false;
}
