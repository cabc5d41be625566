/* SPDX-License-Identifier: GPL-2.0-or-later
 * The way from a path to the object that it is of. */
#include "agent/client/services.h"
#include "agent/endpoint/endpoint_object.h"
#include "ipso/ipso.h"
#include "objects/codec.h"

#define EACH_OBJECT(services, o) \
	for (const struct endpoint_object *const *(o) = (services)->objects; \
	     *(o); (o)++)

/* One without functions where there is none. */
static const struct endpoint_object *object_of(const struct endpoint *e,
					       const struct lwm2m_path *path)
{
	static const struct endpoint_object none;

	EACH_OBJECT(e->services, o)
		if ((*o)->id == path->id[0])
			return *o;
	return &none;
}

void endpoint_objects_common(struct services *services)
{
	EACH_OBJECT(services, o)
		if ((*o)->build_common)
			(*o)->build_common(&services->device);
}

void endpoint_objects_build(struct endpoint *e, int64_t now)
{
	EACH_OBJECT(e->services, o)
		if ((*o)->build)
			(*o)->build(e, now);
}

bool endpoint_compute(void *owner, const struct lwm2m_path *path,
		      const struct tree_slot *slot, int64_t now,
		      struct buf *texts, struct lwm2m_value *value)
{
	const struct endpoint *e = owner;
	const struct endpoint_object *object = object_of(e, path);

	return object->compute ?
	       object->compute(e, path, slot, now, texts, value) :
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
	const struct endpoint_object *object = object_of(e, path);

	return object->execute ? object->execute(e, path, now) : CODE(5, 1);
}

void endpoint_object_touched(struct endpoint *e, const struct lwm2m_path *path,
			     int64_t now)
{
	const struct endpoint_object *object = object_of(e, path);

	if (object->touched)
		object->touched(e, path, now);
}

void endpoint_object_sampled(struct endpoint *e, const struct lwm2m_path *path,
			     int64_t now)
{
	const struct endpoint_object *object = object_of(e, path);

	if (object->sampled)
		object->sampled(e, path, now);
}

bool endpoint_object_request(struct client *c,
			     const struct request_scope *scope,
			     struct coap_exchange *exchange,
			     const struct request *request, int64_t now)
{
	EACH_OBJECT(c->endpoint->services, o)
		if ((*o)->request &&
		    (*o)->request(c, scope, exchange, request, now))
			return true;
	return false;
}

uint8_t endpoint_object_block(struct client *c, const struct request *request,
			      size_t so_far, size_t *most, int64_t now)
{
	uint8_t code = 0;

	EACH_OBJECT(c->endpoint->services, o)
		if (!code && (*o)->block)
			code = (*o)->block(c, request, so_far, most, now);
	return code;
}

bool endpoint_object_done(struct endpoint *e, uint64_t id, int error,
			  int64_t now)
{
	EACH_OBJECT(e->services, o)
		if ((*o)->done && (*o)->done(e, id, error, now))
			return true;
	return false;
}

void endpoint_objects_finish(struct endpoint *e)
{
	EACH_OBJECT(e->services, o)
		if ((*o)->finish)
			(*o)->finish(e);
}
