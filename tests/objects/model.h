/* SPDX-License-Identifier: GPL-2.0-or-later
 * A small object model for the tests of codecs. */
#ifndef TESTS_OBJECTS_MODEL_H
#define TESTS_OBJECTS_MODEL_H
#include <stddef.h>

#include "objects/def.h"

/* Object 1000 has a resource of every type, under the type's number, and as a
 * multiple one under 100 and that; 50 is executable, 300 has a long id. */
#define TYPES 1000
#define MANY 100

static const struct resource_def type_resources[] = {
	{LWM2M_BOOLEAN, LWM2M_BOOLEAN, OP_RW, false, false, "Boolean", 0, 0},
	{LWM2M_INTEGER, LWM2M_INTEGER, OP_RW, false, false, "Integer", 0, 0},
	{LWM2M_UNSIGNED, LWM2M_UNSIGNED, OP_RW, false, false, "Unsigned", 0, 0},
	{LWM2M_FLOAT, LWM2M_FLOAT, OP_RW, false, false, "Float", 0, 0},
	{LWM2M_TIME, LWM2M_TIME, OP_RW, false, false, "Time", 0, 0},
	{LWM2M_STRING, LWM2M_STRING, OP_RW, false, false, "String", 0, 0},
	{LWM2M_OPAQUE, LWM2M_OPAQUE, OP_RW, false, false, "Opaque", 0, 0},
	{LWM2M_OBJLINK, LWM2M_OBJLINK, OP_RW, false, false, "Objlnk", 0, 0},
	{LWM2M_CORELINK, LWM2M_CORELINK, OP_RW, false, false, "Corelnk", 0, 0},
	{50, LWM2M_NONE, OP_EXECUTE, false, false, "Executable", 0, 0},
	{MANY + LWM2M_BOOLEAN, LWM2M_BOOLEAN, OP_RW, true, false, "", 0, 0},
	{MANY + LWM2M_INTEGER, LWM2M_INTEGER, OP_RW, true, false, "", 0, 0},
	{MANY + LWM2M_UNSIGNED, LWM2M_UNSIGNED, OP_RW, true, false, "", 0, 0},
	{MANY + LWM2M_FLOAT, LWM2M_FLOAT, OP_RW, true, false, "", 0, 0},
	{MANY + LWM2M_TIME, LWM2M_TIME, OP_RW, true, false, "", 0, 0},
	{MANY + LWM2M_STRING, LWM2M_STRING, OP_RW, true, false, "", 0, 0},
	{MANY + LWM2M_OPAQUE, LWM2M_OPAQUE, OP_RW, true, false, "", 0, 0},
	{MANY + LWM2M_OBJLINK, LWM2M_OBJLINK, OP_RW, true, false, "", 0, 0},
	{MANY + LWM2M_CORELINK, LWM2M_CORELINK, OP_RW, true, false, "", 0, 0},
	{300, LWM2M_INTEGER, OP_RW, false, false, "Long id", 0, 0},
};
/* A few of /1 (Server), /3 (Device) and /3303 (Temperature). */
static const struct resource_def server_resources[] = {
	{1, LWM2M_INTEGER, OP_RW, false, true, "Lifetime", 0, 0},
	{2, LWM2M_INTEGER, OP_RW, false, false, "Minimum Period", 0, 0},
	{5, LWM2M_INTEGER, OP_RW, false, false, "Disable Timeout", 0, 0},
	{6, LWM2M_BOOLEAN, OP_RW, false, true, "Storing", 0, 0},
	{7, LWM2M_STRING, OP_RW, false, true, "Binding", 0, 0},
};
static const struct resource_def device_resources[] = {
	{0, LWM2M_STRING, OP_READ, false, false, "Manufacturer", 0, 0},
	{6, LWM2M_INTEGER, OP_READ, true, false, "Power Sources", 0, 0},
	{9, LWM2M_INTEGER, OP_READ, false, false, "Battery Level", 0, 0},
	{13, LWM2M_TIME, OP_RW, false, false, "Current Time", 0, 0},
	{14, LWM2M_STRING, OP_RW, false, false, "UTC Offset", 0, 0},
	{15, LWM2M_STRING, OP_RW, false, false, "Timezone", 0, 0},
};
static const struct resource_def temperature_resources[] = {
	{5700, LWM2M_FLOAT, OP_READ, false, true, "Sensor Value", 0, 0},
	{5701, LWM2M_STRING, OP_READ, false, false, "Sensor Units", 0, 0},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define OBJECT(id_, resources_) \
	{.id = (id_), .multiple = true, .name = "", .version = "1.0", \
	 .resources = (resources_), .n_resources = COUNT(resources_)}

static const struct object_def model_objects[] = {
	OBJECT(1, server_resources), OBJECT(3, device_resources),
	OBJECT(TYPES, type_resources), OBJECT(3303, temperature_resources),
};

static inline const struct object_def *
model_object(const struct object_model *model, uint16_t id)
{
	(void)model;
	for (size_t i = 0; i < COUNT(model_objects); i++)
		if (model_objects[i].id == id)
			return &model_objects[i];
	return NULL;
}

static const struct object_model model = {model_object};

#endif
