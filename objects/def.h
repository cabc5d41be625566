/* SPDX-License-Identifier: GPL-2.0-or-later
 * What an object is: const tables of the OMA registry's facts. */
#ifndef OBJECTS_DEF_H
#define OBJECTS_DEF_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "objects/value.h"

enum operation { OP_READ = 1, OP_WRITE = 2, OP_EXECUTE = 4 };
#define OP_NONE 0
#define OP_RW (OP_READ | OP_WRITE)

struct resource_def {
	uint16_t id;
	uint8_t type;			/* enum lwm2m_type */
	uint8_t operations;		/* of enum operation; 0: closed to the
					 * server (object 0) */
	bool multiple, mandatory;
	const char *name;
	double min, max;		/* of a written number; equal: any */
};

struct object_def {
	uint16_t id;
	uint16_t main;			/* the resource that `map: O/I` binds,
					 * 0: none (never a real one there) */
	bool multiple, mandatory;
	const char *name;
	const char *version;		/* "1.0", "1.1" ...: of these tables */
	const struct resource_def *resources;	/* by ascending id */
	size_t n_resources;
	const char *const *units;	/* of each resource ("Cel"; NULL: none
					 * told); NULL: of none */
};

/* NULL: the object has no such resource. */
const struct resource_def *object_resource(const struct object_def *object,
					   uint16_t resource);

/* Where definitions are found: by the agent, in the core objects, IPSO's and
 * those of XML files. NULL: not known. */
struct object_model {
	const struct object_def *(*object)(const struct object_model *,
					   uint16_t id);
};

/* NULL: not known. */
static inline const struct resource_def *
model_resource(const struct object_model *model, uint16_t object,
	       uint16_t resource)
{
	const struct object_def *def = model->object(model, object);

	return def ? object_resource(def, resource) : NULL;
}

/* Objects 0 to 7 of the Core TS (Appendix E), 16, 19 and 21 beside them. */
const struct object_def *core_object(uint16_t id);
#endif
