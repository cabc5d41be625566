/* SPDX-License-Identifier: GPL-2.0-or-later
 * What the optional resources of an IPSO object do. Only slots that are there
 * and that no point stands behind are moved: a device that reports its own
 * minimum keeps it. */
#include <errno.h>
#include <string.h>
#include "ipso/ipso.h"
#include "ipso/resources.h"

enum {
	COUNTER_VALUE = 5501, COUNTER_RESET = 5505, TIME_OF_VALUE = 5518,
	MEASURED_RESET = 5605, UNITS = 5701, APPLICATION = 5750,
	INPUT_STATE = 5500, LEVEL = 5548, ON_OFF = 5850, TIME_ON = 5852,
	TIME_OFF = 5854, FRACTION_OF_TIME = 6050,
};
#define SECOND INT64_C(1000000000)

/* Which resources belong to a measured value; 0: none. An object need not
 * have them all. */
struct measured {
	uint16_t value, min, max, range_min, range_max;
};
static const struct measured measured[] = {
	{5536, 5601, 5602, 5519, 5520},		/* position and its limits */
	{5600, 5601, 5602, 5603, 5604},
	{5650, 0, 0, 5603, 5604},
	{5700, 5601, 5602, 5603, 5604},
	{5702, 5508, 5509, 5603, 5604},		/* x, y, z */
	{5703, 5510, 5511, 5603, 5604},
	{5704, 5512, 5513, 5603, 5604},
	{5705, 5601, 5602, 0, 0},
	{5800, 5801, 5802, 5803, 5804},		/* active, reactive power */
	{5810, 5811, 5812, 5813, 5814},
};
#define N_MEASURED (sizeof(measured) / sizeof(measured[0]))

static const struct object_def *table_find(const struct object_def *table,
					   size_t n, uint16_t id)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (table[middle].id == id)
			return &table[middle];
		if (table[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

const struct object_def *ipso_object(uint16_t id)
{
	const struct object_def *def =
		table_find(ipso_sensors, n_ipso_sensors, id);

	return def ? def : table_find(ipso_actuators, n_ipso_actuators, id);
}

static const struct measured *measured_find(uint16_t value)
{
	for (size_t i = 0; i < N_MEASURED; i++)
		if (measured[i].value == value)
			return &measured[i];
	return NULL;
}

/* The instance that is being made, and the first thing that went wrong. */
struct making {
	struct tree *tree;
	const struct object_def *object;
	uint16_t id;
	int error;
};

/* One that awaits its value, or an executable. NULL: the object has no such
 * resource. */
static struct tree_slot *slot_make(struct making *m, uint16_t resource)
{
	struct lwm2m_path path = path_resource(m->object->id, m->id, resource);
	const struct resource_def *def = object_resource(m->object, resource);
	struct tree_slot *slot;

	if (!resource || !def)
		return NULL;
	slot = tree_slot_add(m->tree, &path);
	if (!slot)
		m->error = -ENOMEM;
	else if (slot->value.type == LWM2M_NONE && def->type != LWM2M_NONE)
		slot->quality = TREE_EMPTY;
	return slot;
}

static void value_make(struct making *m, uint16_t resource,
		       const struct lwm2m_value *value)
{
	struct lwm2m_path path = path_resource(m->object->id, m->id, resource);

	if (slot_make(m, resource) && tree_set(m->tree, &path, value, 0))
		m->error = -ENOMEM;
}

/* Borrowed: thousands of instances name one text of the configuration. */
static void text_make(struct making *m, uint16_t resource, const char *text)
{
	struct tree_slot *slot = text ? slot_make(m, resource) : NULL;

	if (!slot)
		return;
	slot->value = lwm2m_string(text, (uint32_t)strlen(text));
	slot->quality = TREE_GOOD;
}

static void main_make(struct making *m, bool read_only)
{
	struct tree_slot *slot = slot_make(m, m->object->main);

	if (!slot)
		return;
	slot->flags |= TREE_BOUND;
	if (read_only)
		slot->flags |= TREE_READ_ONLY;
}

static void measured_make(struct making *m, const struct measured *of,
			  const struct ipso_options *options)
{
	struct lwm2m_value min = lwm2m_float(options->range_min);
	struct lwm2m_value max = lwm2m_float(options->range_max);

	if (options->has_range) {
		value_make(m, of->range_min, &min);
		value_make(m, of->range_max, &max);
	}
	if (slot_make(m, of->min) && slot_make(m, of->max))
		slot_make(m, MEASURED_RESET);
}

/* Is it on or off? */
static bool is_switch(uint16_t resource)
{
	return resource == INPUT_STATE || resource == ON_OFF ||
	       resource == LEVEL;
}

/* A device that counts itself is not counted beside. */
static void counter_make(struct making *m)
{
	struct tree_slot *slot = slot_make(m, COUNTER_VALUE);

	if (!slot || slot->flags & TREE_BOUND)
		return;
	slot->value = lwm2m_integer(0);
	slot->quality = TREE_GOOD;
	slot_make(m, COUNTER_RESET);
}

/* The value is the seconds until `time`, which is 0 while they stand still. */
static void time_make(struct making *m, uint16_t resource)
{
	struct tree_slot *slot = slot_make(m, resource);

	if (!slot || slot->flags & TREE_BOUND)
		return;
	slot->value = lwm2m_integer(0);
	slot->quality = TREE_GOOD;
	slot->flags |= TREE_COMPUTED;
}

int ipso_instance_add(struct tree *tree, const struct object_def *object,
		      uint16_t id, const struct ipso_options *options)
{
	struct making m = {tree, object, id, 0};
	const struct measured *of = measured_find(object->main);

	if (!tree_add(tree, object, id))
		return -ENOMEM;
	main_make(&m, options->read_only);
	text_make(&m, UNITS, options->units);
	text_make(&m, APPLICATION, options->application);
	if (of)
		measured_make(&m, of, options);
	slot_make(&m, TIME_OF_VALUE);
	if (options->fraction)
		slot_make(&m, FRACTION_OF_TIME);
	if (object->main == INPUT_STATE)
		counter_make(&m);
	if (is_switch(object->main)) {
		time_make(&m, TIME_ON);
		time_make(&m, TIME_OFF);
	}
	return m.error;
}

int ipso_options_add(struct tree *tree, const struct object_def *object,
		     uint16_t id, const struct ipso_options *options)
{
	struct making m = {tree, object, id, 0};
	struct lwm2m_path units = path_resource(object->id, id, UNITS);
	struct lwm2m_path application = path_resource(object->id, id,
						      APPLICATION);

	if (!tree_find(tree, &units))
		text_make(&m, UNITS, options->units);
	if (!tree_find(tree, &application))
		text_make(&m, APPLICATION, options->application);
	return m.error;
}

/* A slot of the same instance that is ours, not a device's. */
static const struct tree_slot *held_find(const struct tree *tree,
					 const struct lwm2m_path *beside,
					 uint16_t resource)
{
	struct lwm2m_path path =
		path_resource(beside->id[0], beside->id[1], resource);
	const struct tree_slot *slot = resource ? tree_find(tree, &path) :
				       NULL;

	return slot && !(slot->flags & TREE_BOUND) ? slot : NULL;
}

static struct tree_slot *held_edit(struct tree *tree,
				   const struct lwm2m_path *beside,
				   uint16_t resource)
{
	struct lwm2m_path path =
		path_resource(beside->id[0], beside->id[1], resource);

	return held_find(tree, beside, resource) ? tree_edit(tree, &path) :
	       NULL;
}

/* Numbers need no memory: they are set in place. */
static size_t number_set(struct tree_slot *slot,
			 const struct lwm2m_value *value, int64_t time,
			 const struct lwm2m_path *beside,
			 struct lwm2m_path *changed)
{
	slot->value = *value;
	slot->time = time;
	slot->quality = TREE_GOOD;
	*changed = path_resource(beside->id[0], beside->id[1],
				 slot->resource);
	return 1;
}

static size_t extreme_move(struct tree *tree,
			   const struct lwm2m_path *path, uint16_t resource,
			   int direction, double number, int64_t time,
			   struct lwm2m_path *changed)
{
	const struct tree_slot *was = held_find(tree, path, resource);
	struct lwm2m_value value = lwm2m_float(number);
	struct tree_slot *slot;

	if (!was || (was->quality == TREE_GOOD &&
		     direction * number <= direction * was->value.as.number))
		return 0;
	slot = held_edit(tree, path, resource);
	return slot ? number_set(slot, &value, time, path, changed) : 0;
}

struct lwm2m_value ipso_stamp(uint16_t resource, int64_t time)
{
	int64_t seconds = time / SECOND - (time % SECOND < 0);

	if (resource == FRACTION_OF_TIME)
		return lwm2m_float((double)(time - seconds * SECOND) / 1e9);
	return (struct lwm2m_value){
		.type = LWM2M_TIME, .as.integer = seconds,
	};
}

static size_t stamp_move(struct tree *tree, const struct lwm2m_path *path,
			 uint16_t resource, int64_t time,
			 struct lwm2m_path *changed)
{
	struct tree_slot *slot = held_edit(tree, path, resource);
	struct lwm2m_value value = ipso_stamp(resource, time);

	if (!slot)
		return 0;
	slot->time = time;
	if (slot->quality == TREE_GOOD && value_equal(&slot->value, &value))
		return 0;
	return number_set(slot, &value, time, path, changed);
}

static bool is_time(uint16_t resource)
{
	return resource == TIME_ON || resource == TIME_OFF;
}

static int64_t seconds_of(const struct tree_slot *slot, int64_t now,
			  int64_t more)
{
	int64_t passed = slot->time ? now - slot->time : 0;

	return slot->value.as.integer +
	       (passed > 0 ? (passed + more) / SECOND : 0);
}

/* Whole seconds are kept, and what remains is rounded: many short ones add up
 * to what they were, about. */
static void time_run(struct tree *tree, const struct lwm2m_path *path,
		     uint16_t resource, bool runs, int64_t now)
{
	struct tree_slot *slot = held_edit(tree, path, resource);

	if (!slot || !(slot->flags & TREE_COMPUTED) || runs == !!slot->time)
		return;
	slot->value = lwm2m_integer(seconds_of(slot, now, SECOND / 2));
	slot->time = runs ? now : 0;
}

static void times_run(struct tree *tree, const struct lwm2m_path *path,
		      double number, int64_t now)
{
	if (!is_switch(path->id[2]))
		return;
	time_run(tree, path, TIME_ON, number > 0, now);
	time_run(tree, path, TIME_OFF, !(number > 0), now);
}

size_t ipso_sampled(struct tree *tree, const struct lwm2m_path *path,
		    int64_t time, struct lwm2m_path changed[4])
{
	const struct tree_slot *slot = tree_find(tree, path);
	const struct measured *of = measured_find(path->id[2]);
	double number;
	size_t n = 0;

	if (!slot)
		return 0;
	number = lwm2m_number(&slot->value);
	if (of && number == number) {		/* not NaN */
		n += extreme_move(tree, path, of->min, -1, number, time,
				  &changed[n]);
		n += extreme_move(tree, path, of->max, 1, number, time,
				  &changed[n]);
	}
	times_run(tree, path, number, time);
	n += stamp_move(tree, path, TIME_OF_VALUE, time, &changed[n]);
	return n + stamp_move(tree, path, FRACTION_OF_TIME, time, &changed[n]);
}

uint32_t ipso_counts(const struct tree *tree, const struct lwm2m_path *path,
		     const struct lwm2m_value *value, uint32_t happened)
{
	const struct tree_slot *is;

	if (path->id[2] != INPUT_STATE || value->type != LWM2M_BOOLEAN ||
	    !value->as.boolean || !held_find(tree, path, COUNTER_VALUE))
		return 0;
	if (happened)
		return happened;
	is = tree_find(tree, path);
	return is && is->value.type == LWM2M_BOOLEAN && !is->value.as.boolean;
}

bool ipso_is_timed(const struct tree *tree, const struct lwm2m_path *path)
{
	const struct tree_slot *slot = is_switch(path->id[2]) ?
		held_find(tree, path, TIME_ON) : NULL;

	return slot && slot->flags & TREE_COMPUTED;
}

bool ipso_is_total(const struct lwm2m_path *path, const struct tree_slot *slot)
{
	return (path->id[2] == COUNTER_VALUE || is_time(path->id[2])) &&
	       !(slot->flags & TREE_BOUND) &&
	       slot->value.type == LWM2M_INTEGER && ipso_object(path->id[0]);
}

bool ipso_compute(const struct lwm2m_path *path, const struct tree_slot *slot,
		  int64_t now, struct lwm2m_value *value)
{
	if (!ipso_is_total(path, slot))
		return false;
	*value = lwm2m_integer(seconds_of(slot, now, 0));
	return true;
}

void ipso_set(struct tree *tree, const struct lwm2m_path *path, int64_t now)
{
	struct tree_slot *slot = held_edit(tree, path, path->id[2]);
	const struct object_def *object = ipso_object(path->id[0]);
	struct lwm2m_path main = *path;
	const struct tree_slot *is;

	if (!slot || !object || !(slot->flags & TREE_COMPUTED))
		return;
	main.id[2] = object->main;
	is = tree_find(tree, &main);
	slot->time = is && is->value.type != LWM2M_NONE &&
		     (lwm2m_number(&is->value) > 0) ==
		     (path->id[2] == TIME_ON) ? now : 0;
}

static bool number_read(const struct tree *tree,
			const struct lwm2m_path *beside, uint16_t resource,
			double *number)
{
	const struct tree_slot *slot = held_find(tree, beside, resource);

	if (!slot || slot->quality != TREE_GOOD)
		return false;
	*number = lwm2m_number(&slot->value);
	return true;
}

bool ipso_range(const struct tree *tree, const struct lwm2m_path *path,
		double *min, double *max)
{
	const struct measured *of = measured_find(path->id[2]);
	double low, high;

	if (!of || !number_read(tree, path, of->range_min, &low) ||
	    !number_read(tree, path, of->range_max, &high))
		return false;
	*min = low;
	*max = high;
	return true;
}

static int measured_reset(struct tree *tree,
			  const struct lwm2m_path *path,
			  struct lwm2m_path *changed)
{
	size_t n = 0;

	for (size_t i = 0; i < N_MEASURED && n + 2 <= IPSO_RESET_MAX; i++) {
		const struct measured *of = &measured[i];
		struct lwm2m_path value = path_resource(
			path->id[0], path->id[1], of->value);
		const struct tree_slot *now = tree_find(tree, &value);
		struct tree_slot *min = held_edit(tree, path, of->min);
		struct tree_slot *max = held_edit(tree, path, of->max);

		if (!now || !min || !max || now->value.type != LWM2M_FLOAT)
			continue;
		n += number_set(min, &now->value, now->time, path,
				&changed[n]);
		n += number_set(max, &now->value, now->time, path,
				&changed[n]);
	}
	return (int)n;
}

int ipso_execute(struct tree *tree, const struct lwm2m_path *path,
		 struct lwm2m_path changed[IPSO_RESET_MAX])
{
	struct lwm2m_value zero = lwm2m_integer(0);
	struct tree_slot *counter;

	if (path->depth != 3 || !ipso_object(path->id[0]) ||
	    !held_find(tree, path, path->id[2]))
		return -ENOTSUP;
	if (path->id[2] == MEASURED_RESET)
		return measured_reset(tree, path, changed);
	counter = held_edit(tree, path, COUNTER_VALUE);
	if (path->id[2] != COUNTER_RESET || !counter)
		return -ENOTSUP;
	return (int)number_set(counter, &zero, counter->time, path, changed);
}
