/* SPDX-License-Identifier: GPL-2.0-or-later
 * An object of the client itself (Core TS E), which does something: a row of
 * functions, in a file of its own. What it does not do is NULL. Agent thread. */
#ifndef AGENT_ENDPOINT_OBJECT_H
#define AGENT_ENDPOINT_OBJECT_H
#include "agent/endpoint/endpoint.h"

struct endpoint_object {
	uint16_t id;
	/* Its instance 0 as endpoints have it alike, into services->device:
	 * what thousands have is there once. `build` shares it. */
	void (*build_common)(struct tree *common);
	/* Its instances into the endpoint's tree, as they were before a
	 * restart. Without it the endpoint has none: 4.04. */
	void (*build)(struct endpoint *endpoint, int64_t now);
	/* Of a slot that is TREE_COMPUTED, as endpoint_compute(). */
	bool (*compute)(const struct endpoint *endpoint,
			const struct lwm2m_path *path,
			const struct tree_slot *slot, int64_t now,
			struct buf *texts, struct lwm2m_value *value);
	/* An executable resource that no point is bound to. The code to
	 * answer; 5.01: it is none that can be executed. */
	uint8_t (*execute)(struct endpoint *endpoint,
			   const struct lwm2m_path *path, int64_t now);
	/* A resource was set by a server, an execute, or by ourselves. */
	void (*touched)(struct endpoint *endpoint,
			const struct lwm2m_path *path, int64_t now);
	/* A point has told a new value. */
	void (*sampled)(struct endpoint *endpoint,
			const struct lwm2m_path *path, int64_t now);
	/* A request that it answers itself. false: it is as any other. */
	bool (*request)(struct client *client,
			const struct request_scope *scope,
			struct coap_exchange *exchange,
			const struct request *request, int64_t now);
	/* As coap.h says of `block`. */
	uint8_t (*block)(struct client *client, const struct request *request,
			 size_t so_far, size_t *most, int64_t now);
	/* BUS_DONE of something of its own; false: it is another's. */
	bool (*done)(struct endpoint *endpoint, uint64_t id, int error,
		     int64_t now);
	/* The endpoint ends. */
	void (*finish)(struct endpoint *endpoint);
};

/* The rows that there are, endpoint_object_NAME, each in a file of its own. */
#define ENDPOINT_OBJECTS(X) \
	X(server) X(access) X(device) X(link) X(firmware) X(statistics) \
	X(listing)

#define ENDPOINT_OBJECT_DECLARE(name) \
	extern const struct endpoint_object endpoint_object_##name;
ENDPOINT_OBJECTS(ENDPOINT_OBJECT_DECLARE)
#undef ENDPOINT_OBJECT_DECLARE
/* All of them, for struct services; NULL ends them. */
extern const struct endpoint_object *const endpoint_objects[];

/* What `build` and `build_common` are made of (endpoint_tree.c); without memory
 * they abort. First the instance, */
void endpoint_put_instance(struct tree *tree, uint16_t object,
			   uint16_t instance);
/* then in it a resource: a value (its text outlives the tree), {0} for one that
 * is executed; a text, none where it is NULL; and one for `compute`. */
void endpoint_put(struct tree *tree, struct lwm2m_path path,
		  struct lwm2m_value value);
void endpoint_put_text(struct tree *tree, struct lwm2m_path path,
		       const char *text);
void endpoint_put_computed(struct tree *tree, struct lwm2m_path path,
			   enum lwm2m_type type);
/* What `build_common` has made of the object, for this endpoint. */
void endpoint_share(struct endpoint *endpoint, uint16_t object);

void endpoint_objects_common(struct services *services);
void endpoint_objects_build(struct endpoint *endpoint, int64_t now);
/* Each goes to the object that the path is of, or to the one that takes it. */
uint8_t endpoint_object_execute(struct endpoint *endpoint,
				const struct lwm2m_path *path, int64_t now);
void endpoint_object_touched(struct endpoint *endpoint,
			     const struct lwm2m_path *path, int64_t now);
void endpoint_object_sampled(struct endpoint *endpoint,
			     const struct lwm2m_path *path, int64_t now);
bool endpoint_object_request(struct client *client,
			     const struct request_scope *scope,
			     struct coap_exchange *exchange,
			     const struct request *request, int64_t now);
uint8_t endpoint_object_block(struct client *client,
			      const struct request *request, size_t so_far,
			      size_t *most, int64_t now);
bool endpoint_object_done(struct endpoint *endpoint, uint64_t id, int error,
			  int64_t now);
void endpoint_objects_finish(struct endpoint *endpoint);
#endif
