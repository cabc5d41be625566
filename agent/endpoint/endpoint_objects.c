/* SPDX-License-Identifier: GPL-2.0-or-later
 * The objects that do something, by id, and the way to them. */
#include "agent/client/services.h"
#include "agent/endpoint/endpoint_object.h"
#include "ipso/ipso.h"
#include "objects/codec.h"

static const struct endpoint_object *const objects[] = {
	&endpoint_object_server, &endpoint_object_access,
	&endpoint_object_device, &endpoint_object_link,
	&endpoint_object_firmware, &endpoint_object_statistics,
	&endpoint_object_listing,
};
#define OBJECTS (sizeof(objects) / sizeof(*objects))

/* One without functions where there is none. */
static const struct endpoint_object *object_of(const struct lwm2m_path *path)
{
	static const struct endpoint_object none;

	for (size_t i = 0; i < OBJECTS; i++)
		if (objects[i]->id == path->id[0])
			return objects[i];
	return &none;
}

void endpoint_objects_build(struct endpoint *e, int64_t now)
{
	for (size_t i = 0; i < OBJECTS; i++)
		if (objects[i]->build)
			objects[i]->build(e, now);
}

bool endpoint_compute(void *owner, const struct lwm2m_path *path,
		      const struct tree_slot *slot, int64_t now,
		      struct buf *texts, struct lwm2m_value *value)
{
	const struct endpoint_object *object = object_of(path);

	return object->compute ?
	       object->compute(owner, path, slot, now, texts, value) :
	       ipso_compute(path, slot, now, value);
}

struct lwm2m_value endpoint_value(const struct endpoint *e,
				  const struct lwm2m_path *path,
				  const struct tree_slot *slot, int64_t now,
				  struct buf *texts)
{
	struct lwm2m_value value = slot->value;

	if (slot->flags & TREE_COMPUTED &&
	    !endpoint_compute((void *)(uintptr_t)e, path, slot,
			      services_wall(e->services, now), texts, &value))
		value = (struct lwm2m_value){.type = LWM2M_NONE};
	return value;
}

uint8_t endpoint_object_execute(struct endpoint *e,
				const struct lwm2m_path *path, int64_t now)
{
	const struct endpoint_object *object = object_of(path);

	return object->execute ? object->execute(e, path, now) : CODE(5, 1);
}

void endpoint_object_touched(struct endpoint *e, const struct lwm2m_path *path,
			     int64_t now)
{
	const struct endpoint_object *object = object_of(path);

	if (object->touched)
		object->touched(e, path, now);
}

void endpoint_object_sampled(struct endpoint *e, const struct lwm2m_path *path,
			     int64_t now)
{
	const struct endpoint_object *object = object_of(path);

	if (object->sampled)
		object->sampled(e, path, now);
}

bool endpoint_object_request(struct client *c,
			     const struct request_scope *scope,
			     struct coap_exchange *exchange,
			     const struct request *request, int64_t now)
{
	for (size_t i = 0; i < OBJECTS; i++)
		if (objects[i]->request &&
		    objects[i]->request(c, scope, exchange, request, now))
			return true;
	return false;
}

uint8_t endpoint_object_block(struct client *c, const struct request *request,
			      size_t so_far, size_t *most, int64_t now)
{
	uint8_t code = 0;

	for (size_t i = 0; i < OBJECTS && !code; i++)
		if (objects[i]->block)
			code = objects[i]->block(c, request, so_far, most, now);
	return code;
}

bool endpoint_object_done(struct endpoint *e, uint64_t id, int error,
			  int64_t now)
{
	for (size_t i = 0; i < OBJECTS; i++)
		if (objects[i]->done && objects[i]->done(e, id, error, now))
			return true;
	return false;
}

void endpoint_objects_finish(struct endpoint *e)
{
	for (size_t i = 0; i < OBJECTS; i++)
		if (objects[i]->finish)
			objects[i]->finish(e);
}
