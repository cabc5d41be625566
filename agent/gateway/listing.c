/* SPDX-License-Identifier: GPL-2.0-or-later
 * Who has which instance of object 25. Its resources are shared slots that are
 * computed from the device's endpoint when they are read. */
#include <stdlib.h>
#include <string.h>
#include "agent/gateway/gateway.h"
#include "agent/gateway/listing.h"
#include "agent/base/log.h"
#include "objects/ids.h"
#include "objects/linkformat.h"

static struct endpoint *endpoint_listed(const struct gateway *g, uint16_t id)
{
	return id < LISTING_MAX && g->listed ? g->listed[id] : NULL;
}

/* An instance that nobody has. Numbers go round, so that one which has just
 * become free does not mean another device at once. */
static long free_id(struct gateway *g)
{
	for (size_t i = 0; i < LISTING_MAX; i++) {
		size_t id = (g->next_listed + i) % LISTING_MAX;

		if (!g->listed[id]) {
			g->next_listed = id + 1;
			return (long)id;
		}
	}
	return -1;
}

/* The prefix "d5" is that of instance 5. */
static uint16_t device_of(long id)
{
	return (uint16_t)(id + 1);
}

static bool endpoint_enter(struct endpoint *e, int64_t now)
{
	struct gateway *g = gateway_of(e);
	long id = free_id(g);

	if (id < 0)
		return false;
	if (!tree_share(&g->itself->tree, tree_instance_find(
			&g->services.device, ID_LISTING, 0), (uint16_t)id))
		abort();
	g->listed[id] = e;
	endpoint_carry(e, g->itself, device_of(id), now);
	return true;
}

static bool may_list(const struct endpoint *e)
{
	const struct gateway *g = gateway_of(e);

	return g->listed && g->itself && e != g->itself;
}

static void refuse_more(const struct gateway *g)
{
	log_line(LOG_WARN, g->itself->conf->endpoint, NULL, "object 25 has "
		 "room for %d devices: servers do not find the others there",
		 LISTING_MAX);
}

static bool enter_all(struct gateway *g, bool no_other_way, int64_t now)
{
	bool all = true;

	for (struct endpoint *e = gateway_next(g, NULL); e;
	     e = gateway_next(g, e))
		if (may_list(e) && !e->gone &&
		    (e->conf->via == VIA_GATEWAY) == no_other_way)
			all &= endpoint_enter(e, now);
	return all;
}

void listing_open(struct gateway *g, int64_t now)
{
	bool all;

	if (!g->object_25 || !g->itself)
		return;
	g->listed = calloc(LISTING_MAX, sizeof(*g->listed));
	if (!g->listed)
		abort();
	g->next_listed = 0;
	all = enter_all(g, true, now);	/* they have no other way */
	if (!enter_all(g, false, now) || !all)
		refuse_more(g);
	endpoint_objects_changed(g->itself, now);
}

void listing_clients_changed(struct endpoint *e, int64_t now)
{
	struct gateway *g = gateway_of(e);

	if (g->itself != e || !g->listed)
		return;
	for (long id = 0; id < LISTING_MAX; id++)
		if (g->listed[id])
			endpoint_carry(g->listed[id], e, device_of(id), now);
}

void listing_close(struct gateway *g)
{
	free(g->listed);
	g->listed = NULL;
}

void listing_add(struct endpoint *e, int64_t now)
{
	if (!may_list(e))
		return;
	if (!endpoint_enter(e, now)) {
		refuse_more(gateway_of(e));
		return;
	}
	endpoint_objects_changed(gateway_of(e)->itself, now);
	listing_changed(e, now);
}

static long id_of(const struct endpoint *e)
{
	for (long id = 0; may_list(e) && id < LISTING_MAX; id++)
		if (gateway_of(e)->listed[id] == e)
			return id;
	return -1;
}

void listing_remove(struct endpoint *e, int64_t now)
{
	struct lwm2m_path path = {{25, 0, 0, 0}, 2};
	long id = id_of(e);

	if (id < 0)
		return;
	path.id[1] = (uint16_t)id;
	tree_remove(&gateway_of(e)->itself->tree, &path);
	gateway_of(e)->listed[id] = NULL;
	if (e->services->stopping)	/* nobody is told, but may still read */
		return;
	endpoint_gone(gateway_of(e)->itself, &path, now);
	endpoint_objects_changed(gateway_of(e)->itself, now);
}

void listing_changed(struct endpoint *e, int64_t now)
{
	struct lwm2m_value none = {.type = LWM2M_CORELINK};
	struct lwm2m_path path = path_resource(ID_LISTING, 0, ID_LISTING_OBJECTS);
	long id = id_of(e);

	path.id[1] = (uint16_t)id;
	for (size_t i = 0; id >= 0 && i < gateway_of(e)->itself->n_clients; i++)
		client_changed(&gateway_of(e)->itself->clients[i], &path, &none,
			       now);
}

/* As it registers, from object 3 on: what comes before is of the connection. */
static void objects_print(const struct tree *tree, struct buf *to)
{
	size_t from = to->used, n;
	const uint8_t *start;

	links_register(tree, &(struct link_options){.ct = -1, .ver = true},
		       to);
	if (to->full)
		return;
	start = memmem(to->at + from, to->used - from, "</3", 3);
	n = start ? (size_t)(to->at + to->used - start) : 0;
	if (n)
		memmove(to->at + from, start, n);
	to->used = from + n;
}

bool listing_compute(const struct endpoint *itself,
		     const struct lwm2m_path *path, struct buf *texts,
		     struct lwm2m_value *value)
{
	const struct endpoint *e =
		endpoint_listed(gateway_of(itself), path->id[1]);
	size_t from = texts->used;

	if (!e)
		return false;
	switch (path->id[2]) {
	case ID_LISTING_DEVICE: buf_text(texts, e->conf->endpoint); break;
	case ID_LISTING_PREFIX: buf_print(texts, "d%u", path->id[1]); break;
	case ID_LISTING_OBJECTS: objects_print(&e->tree, texts); break;
	default: return false;
	}
	*value = lwm2m_string((const char *)texts->at + from,
			      (uint32_t)(texts->used - from));
	value->type = path->id[2] == ID_LISTING_OBJECTS ? LWM2M_CORELINK :
							  LWM2M_STRING;
	return true;
}
