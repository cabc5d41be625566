/* SPDX-License-Identifier: GPL-2.0-or-later
 * What an endpoint's tree holds at its start: its servers' accounts (/1), the
 * device (/3), and an instance for each mapped point. */
#include <stdlib.h>
#include <string.h>
#include "agent/endpoint.h"
#include "agent/gateway.h"
#include "agent/model.h"
#include "ipso/ipso.h"

static struct tree_slot *slot_at(struct tree *tree, struct lwm2m_path path)
{
	struct tree_slot *slot = tree_slot_add(tree, &path);

	if (!slot)
		abort();
	return slot;
}

/* A value whose text outlives the tree: the configuration's, or a literal. */
static void put(struct tree *tree, struct lwm2m_path path,
		struct lwm2m_value value)
{
	slot_at(tree, path)->value = value;
}

static void put_text(struct tree *tree, struct lwm2m_path path,
		     const char *text)
{
	if (text)
		put(tree, path, lwm2m_string(text, (uint32_t)strlen(text)));
}

static void add_object(struct endpoint *e, uint16_t object, uint16_t id)
{
	if (!tree_add(&e->tree, agent_model()->object(agent_model(), object),
		      id))
		abort();
}

static void build_account(struct endpoint *e, const struct client *c)
{
	const struct config_server *conf = c->server->conf;
	uint16_t i = c->instance;
	const struct {
		uint16_t resource;
		struct lwm2m_value value;
	} values[] = {
		{0, lwm2m_integer(conf->id)},
		{1, lwm2m_integer(c->registration.lifetime)},
		{2, lwm2m_integer(conf->pmin)},
		{3, lwm2m_integer(conf->pmax)},
		{4, {0}},			/* executable: Disable */
		{5, lwm2m_integer(86400)},
		{6, lwm2m_boolean(false)},
		{7, lwm2m_string(e->conf->queue && conf->lwm2m_1_0 ? "UQ" :
				 "U", e->conf->queue && conf->lwm2m_1_0 ? 2 :
				 1)},
		{8, {0}},			/* executable: Update Trigger */
	};

	add_object(e, 1, i);
	for (size_t n = 0; n < sizeof(values) / sizeof(values[0]); n++)
		put(&e->tree, path_resource(1, i, values[n].resource),
		    values[n].value);
}

static void build_device(struct endpoint *e)
{
	struct tree *t = &e->tree;

	add_object(e, 3, 0);
	put_text(t, path_resource(3, 0, 0), e->conf->manufacturer);
	put_text(t, path_resource(3, 0, 1), e->conf->model);
	put_text(t, path_resource(3, 0, 2), e->conf->serial);
	put(t, path_resource(3, 0, 4), (struct lwm2m_value){0});
	put(t, path_element(3, 0, 11, 0), lwm2m_integer(0));
	put(t, path_resource(3, 0, 12), (struct lwm2m_value){0});
	put(t, path_resource(3, 0, 16), lwm2m_string("U", 1));
}

/* One resource of any object, without IPSO's companions. */
static void build_bound(struct endpoint *e, const struct config_point *point,
			const struct object_def *object)
{
	const struct resource_def *def = object_resource(object,
							 point->resource.id[2]);
	struct tree_slot *slot;

	if (!tree_add(&e->tree, object, point->resource.id[1]))
		abort();
	slot = slot_at(&e->tree, point->resource);
	slot->flags |= TREE_BOUND;
	if (!point->writable)
		slot->flags |= TREE_READ_ONLY;
	if (def && def->operations & OP_EXECUTE)
		return;
	slot->value = (struct lwm2m_value){0};
	slot->quality = TREE_EMPTY;
}

static void build_ipso(struct endpoint *e, const struct config_point *point,
		       const struct object_def *object)
{
	struct ipso_facts facts = {
		.units = point->unit, .application = point->application ?
			point->application : point->name,
		.has_range = point->has_range, .range_min = point->range_min,
		.range_max = point->range_max, .read_only = !point->writable,
	};

	if (ipso_instance_add(&e->tree, object, point->resource.id[1],
			      &facts) < 0)
		abort();
}

void endpoint_build_point(struct endpoint *e, const struct config_point *point)
{
	const struct object_model *model = agent_model();
	const struct object_def *object;

	if (point->map.depth == 0)
		return;
	object = model->object(model, point->resource.id[0]);
	if (point->map.depth == 2 && ipso_object(object->id))
		build_ipso(e, point, object);
	else
		build_bound(e, point, object);
}

void endpoint_build(struct endpoint *e)
{
	tree_init(&e->tree);
	for (size_t i = 0; i < e->n_clients; i++)
		build_account(e, &e->clients[i]);
	build_device(e);
	for (size_t i = 0; i < e->conf->n_points; i++)
		if (!e->conf->points[i].optional)
			endpoint_build_point(e, &e->conf->points[i]);
}
