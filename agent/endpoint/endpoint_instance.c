/* SPDX-License-Identifier: GPL-2.0-or-later
 * Instances that servers make and take away: their list is the registration's,
 * they are kept, and who observes them is told. */
#include "agent/client/client_host.h"
#include "agent/endpoint/endpoint_access.h"

enum { PUSH_BUTTON = 3347, MULTISTATE_SELECTOR = 3348 };	/* IPSO */

static void list_changed(struct endpoint *e, int64_t now)
{
	for (size_t i = 0; i < e->n_clients; i++)
		client_event(&e->clients[i], REGISTRATION_CHANGED, 0,
			     REGISTRATION_OBJECTS, now);
}

void endpoint_created(struct endpoint *e, uint16_t server, int64_t now)
{
	endpoint_access_settle(e, server, now);
	endpoint_store(e);
	list_changed(e, now);
}

static bool observation_concerns(const struct observation *o,
				 const struct lwm2m_path *path)
{
	const struct lwm2m_path *own;

	for (size_t i = 0; (own = observe_path(o, i)); i++)
		if (path_covers(own, path) || path_covers(path, own))
			return true;
	return false;
}

/* Those of what is gone end by an error, those above have less to say. */
static void instance_gone(struct client *c, const struct lwm2m_path *path,
			  int64_t now)
{
	const struct lwm2m_value none = {.type = LWM2M_NONE};

	attributes_drop(&c->attributes, path);
	for (struct observation *o = c->observations; o; o = o->next)
		if (observation_concerns(o, path))
			observe_changed(o, &c->attributes, path, &none, now);
	client_reschedule(c, now);
}

void endpoint_gone(struct endpoint *e, const struct lwm2m_path *path,
		   int64_t now)
{
	for (size_t i = 0; i < e->n_clients; i++)
		instance_gone(&e->clients[i], path, now);
}

void endpoint_deleted(struct endpoint *e, const struct lwm2m_path *path,
		      int64_t now)
{
	endpoint_gone(e, path, now);
	if (path->depth == 2)
		endpoint_access_settle(e, 0, now);
	endpoint_store(e);
	endpoint_attributes_store(e);
	if (path->depth == 2)
		list_changed(e, now);
}

bool endpoint_expects(const struct endpoint *e, uint16_t object)
{
	for (size_t i = 0; i < e->conf->n_points; i++)
		if (e->conf->points[i].optional &&
		    e->conf->points[i].map.depth &&
		    e->conf->points[i].resource.id[0] == object)
			return true;
	return false;
}

/* Puts it in its place; one that has instances, or is there, is left out. */
static size_t empty_add(const struct endpoint *e, uint16_t object,
			const struct object_def **objects, size_t n)
{
	const struct object_model *model = config_device_model(e->conf);
	const struct object_def *def = model->object(model, object);
	size_t at = n;

	if (!def || n == CLIENT_EMPTY_MAX || tree_has_object(&e->tree, object))
		return n;
	for (; at > 0 && objects[at - 1]->id >= object; at--)
		if (objects[at - 1]->id == object)
			return n;
	for (size_t i = n; i > at; i--)
		objects[i] = objects[i - 1];
	objects[at] = def;
	return n + 1;
}

/* Of things that happen: who wants the first one must be able to observe them
 * before it. */
static bool is_of_events(uint16_t object)
{
	return object == PUSH_BUTTON || object == MULTISTATE_SELECTOR;
}

/* A profile is for all that a make sends, of which one device has little. Once
 * a device has shown itself, what it has is there, and the rest is not promised
 * to servers. */
static bool is_promised(const struct endpoint *e,
			const struct config_point *point)
{
	return point->optional && point->map.depth &&
	       (!e->life.heard || is_of_events(point->resource.id[0]));
}

size_t endpoint_empty_objects(const struct endpoint *e,
			      const struct object_def **objects)
{
	size_t n = 0;

	for (size_t i = 0; request_creatable(i); i++)
		n = empty_add(e, request_creatable(i), objects, n);
	for (size_t i = 0; i < e->conf->n_points; i++)
		if (is_promised(e, &e->conf->points[i]))
			n = empty_add(e, e->conf->points[i].resource.id[0],
				      objects, n);
	return n;
}
