/* SPDX-License-Identifier: GPL-2.0-or-later
 * What the adapter itself has to say to its settings: its check_* functions,
 * on structs of its ABI that live for the check only. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agent/config/config_metadata.h"
#include "agent/config/point.h"
#include "agent/config/settings_private.h"

struct adapter_error {
	const struct typing *typing;
};

static const struct setting *either_find(const struct setting *list,
					 const char *key)
{
	const struct setting *found = setting_find(list, key, false);

	return found ? found : setting_find(list, key, true);
}

/* Where a key stands: at the point, its device or its bus; else the place of
 * what is checked. */
static struct place key_place(const struct typing *t, const char *key)
{
	const struct setting *found = NULL;

	if (key && t->point)
		found = either_find(t->point->source->settings, key);
	if (key && !found && t->device)
		found = either_find(t->device->source->settings, key);
	if (key && !found)
		found = either_find(t->bus->source->settings, key);
	return found ? found->value->place : typing_place(t);
}

static int __attribute__((format(printf, 3, 0)))
refuse(struct adapter_error *error, const char *key, const char *format,
       va_list args)
{
	const struct typing *t = error->typing;
	char text[256];

	vsnprintf(text, sizeof(text), format, args);
	if (key)
		config_scope_add(t->scope, key_place(t, key), "'%s': %s", key,
				 text);
	else
		config_scope_add(t->scope, typing_place(t), "%s", text);
	return -EINVAL;
}

/* What a device says for all of its points is of use to some of them. */
static bool is_of_all(const struct typing *t, const char *key)
{
	return key && t->point &&
	       !either_find(t->point->source->settings, key) &&
	       either_find(t->device->source->settings, key);
}

static void __attribute__((format(printf, 3, 0)))
warn(struct adapter_error *error, const char *key, const char *format,
     va_list args)
{
	const struct typing *t = error->typing;
	char text[256];

	if (is_of_all(t, key))
		return;
	vsnprintf(text, sizeof(text), format, args);
	config_warning_add(t->scope->errors, key_place(t, key),
			   t->scope->device, key ? "'%s': %s" : "%s%s",
			   key ? key : "", text);
}

/* A check may run at any time and often: what it wants to say is refuse(). */
static void ignore_log(struct adapter_bus *bus, struct adapter_device *device,
		       int level, const char *format, va_list args)
{
	(void)bus;
	(void)device;
	(void)level;
	(void)format;
	(void)args;
}

/* The functions of a host that only refuses: for check_*. */
static const struct adapter_host settings_host = {
	.abi = ADAPTER_ABI, .minor = ADAPTER_MINOR,
	.size = sizeof(struct adapter_host),
	.refuse = refuse, .log = ignore_log, .warn = warn,
};

/* An adapter that refuses without saying why still refuses. */
static void check_said(struct typing *t, unsigned before, int rc)
{
	if (rc && t->scope->wrong == before)
		config_scope_add(t->scope, typing_place(t), "the adapter %s "
				 "refuses %s: %s", t->bus->adapter,
				 t->scope->what, strerror(-rc));
}

/* It can be, but is hardly meant: a coil as a temperature, a measured value as a
 * presence. */
static void warn_type(struct typing *t, const struct resource_def *resource,
		      const char *path)
{
	const struct config_point *p = t->point;
	/* One without limits may be an adapter's only type, as sim's. */
	bool fraction = (p->raw_type == LWM2M_FLOAT &&
			 p->raw_min != p->raw_max) ||
			p->scale.scale != 1 || p->scale.offset != 0;

	if (resource->type == LWM2M_FLOAT && p->raw_type == LWM2M_BOOLEAN)
		config_warning_add(t->scope->errors, key_place(t, "map"),
				   t->scope->device, "'map': %s (%s) is a "
				   "measured value, the point '%s' gives true "
				   "or false, as 3200 (digital input) takes it",
				   path, resource->name, p->name);
	else if (resource->type == LWM2M_BOOLEAN && fraction &&
		 p->raw_type != LWM2M_BOOLEAN)
		config_warning_add(t->scope->errors, key_place(t, "map"),
				   t->scope->device, "'map': %s (%s) is true or "
				   "false, the point '%s' gives a measured "
				   "value, as 3300 (generic sensor) takes it: "
				   "all but 0 would be true", path,
				   resource->name, p->name);
}

/* What the adapter reports must be able to become the resource's value. */
static void check_type(struct typing *t)
{
	const struct config_point *p = t->point;
	const struct resource_def *resource;
	char path[PATH_TEXT_MAX];

	if (!p->resource.depth || p->raw_type == LWM2M_NONE)
		return;
	resource = model_resource(config_device_model(t->device),
				  p->resource.id[0], p->resource.id[2]);
	if (!resource || resource->type == LWM2M_NONE)
		return;
	path_format(&p->resource, path);
	warn_type(t, resource, path);
	if (resource->type == p->raw_type ||
	    (point_is_number((enum lwm2m_type)resource->type) &&
	     point_is_number((enum lwm2m_type)p->raw_type)) ||
	    (resource->type == LWM2M_STRING &&
	     point_is_number((enum lwm2m_type)p->raw_type)))
		return;
	config_scope_add(t->scope, key_place(t, "map"), "'map': %s (%s) is %s, "
			 "the point gives %s", path, resource->name,
			 point_is_number((enum lwm2m_type)resource->type)
				? "a number" : "a text or bytes",
			 point_is_number((enum lwm2m_type)p->raw_type)
				? "a number" : "a text or bytes");
}

/* What we write of ourselves must be possible when the time has come. */
static void check_written(struct typing *t, const char *key, double number)
{
	const struct config_point *p = t->point;
	struct lwm2m_value value = lwm2m_float(number), raw;

	if (point_invert(&p->scale, &value, (enum lwm2m_type)p->raw_type,
			 p->raw_min, p->raw_max, &raw) < 0)
		config_scope_add(t->scope, key_place(t, key), "'%s': %.15g "
				 "cannot be written to the device", key,
				 number);
}

static void check_initial(struct typing *t, const struct adapter_facts *facts)
{
	const struct config_point *p = t->point;
	double value = facts->initial * p->scale.scale + p->scale.offset;

	if (!facts->has_initial || !p->has_range ||
	    (value >= p->range_min && value <= p->range_max))
		return;
	config_scope_add(t->scope, key_place(t, "initial"), "'initial': that "
			 "is %.15g, and not in the point's range, %.15g to "
			 "%.15g", value, p->range_min, p->range_max);
}

static void check_values(struct typing *t)
{
	const struct config_point *p = t->point;
	const struct resource_def *resource = NULL;

	if (p->scale.n_texts == 0)
		return;
	if (p->resource.depth)
		resource = model_resource(config_device_model(t->device),
					  p->resource.id[0],
					  p->resource.id[2]);
	if (resource && resource->type == LWM2M_STRING &&
	    point_is_number((enum lwm2m_type)p->raw_type))
		return;
	config_scope_add(t->scope, key_place(t, "values"), "'values': is of "
			 "numbers that are mapped to a resource of type "
			 "string");
}

/* Given for many points at once, some of which have a use for it. */
static bool is_shared(const struct typing *t, const struct setting *setting)
{
	size_t n = 0;

	for (size_t i = 0; i < t->points->n; i++) {
		const struct setting *other = setting_find(
			t->points->at[i].source->settings, setting->key, true);

		n += other && other->place.line == setting->place.line &&
		     other->place.column == setting->place.column;
	}
	return n > 1;
}

static void warn_useless(struct typing *t, const char *key, const char *what)
{
	const struct setting *setting = setting_find(
		t->point->source->settings, key, true);

	if (setting && !is_shared(t, setting))
		config_warning_add(t->scope->errors, setting->place,
				   t->scope->device, "'%s': is of numbers, the "
				   "point '%s' is %s: leave it away", key,
				   t->point->name, what);
}

/* scale: -1 with offset: 1 turns on into off. */
static bool is_turned(const struct point_scale *scale)
{
	return scale->offset != 0 && scale->scale + scale->offset == 0;
}

/* Keys of numbers at what is none. */
static void check_useless(struct typing *t)
{
	const struct config_point *p = t->point;
	const struct resource_def *resource = NULL;

	if (p->raw_type == LWM2M_NONE || p->is_setup)
		return;
	if (p->resource.depth)
		resource = model_resource(config_device_model(t->device),
					  p->resource.id[0],
					  p->resource.id[2]);
	if (!point_is_number((enum lwm2m_type)p->raw_type)) {
		warn_useless(t, "scale", "none");
		warn_useless(t, "offset", "none");
		warn_useless(t, "round", "none");
	} else if (p->raw_type == LWM2M_BOOLEAN && resource &&
		   resource->type == LWM2M_BOOLEAN) {
		if (!is_turned(&p->scale)) {
			warn_useless(t, "scale", "true or false");
			warn_useless(t, "offset", "true or false");
		}
		warn_useless(t, "round", "true or false");
	}
}

/* What the adapter tells is in this unit, unless a scale makes another of it. */
static void unit_take(struct typing *t, const char *unit)
{
	struct config_point *p = t->point;

	if (!unit || !*unit || p->scale.scale != 1 || p->scale.offset != 0)
		return;
	if (!p->unit && p->map.depth == 2)
		p->unit = unit;
	else if (p->unit && strcmp(p->unit, unit) != 0)
		config_scope_add(t->scope, key_place(t, "unit"), "'unit': the "
				 "values are in %s; in %s they are with a "
				 "scale only", unit, p->unit);
	config_points_differ(t->points, &p->unit, sizeof(p->unit));
}

static void facts_take(struct typing *t, const struct adapter_facts *facts)
{
	struct config_point *p = t->point;
	const char *key = p->writable ? "writable" : "on_execute";

	p->polled = facts->polled && p->poll != INT64_MAX;
	p->settable = facts->writable;
	p->raw_type = (uint8_t)facts->type;
	p->group = facts->group;
	unit_take(t, facts->unit);
	if (facts->type == LWM2M_FLOAT && !p->rounded &&
	    p->scale.decimals >= 0)
		p->scale.decimals = POINT_DECIMALS_OWN;
	p->raw_min = facts->min;
	p->raw_max = facts->max;
	config_points_differ(t->points, &p->polled, sizeof(p->polled));
	config_points_differ(t->points, &p->settable, sizeof(p->settable));
	config_points_differ(t->points, &p->raw_type, sizeof(p->raw_type));
	config_points_differ(t->points, &p->raw_min, sizeof(p->raw_min));
	config_points_differ(t->points, &p->raw_max, sizeof(p->raw_max));
	if (p->is_setup)
		key = "setup";
	if ((p->writable || p->has_on_execute || p->is_setup) &&
	    !facts->writable)
		config_scope_add(t->scope, key_place(t, key), "'%s': the point "
				 "cannot be written on its device", key);
	if (p->has_safe && !(p->writable && facts->writable))
		config_scope_add(t->scope, key_place(t, "safe"), "'safe': is "
				 "of points that can be written: needs "
				 "writable: true");
	else if (p->has_safe)
		check_written(t, "safe", p->safe);
	if (p->has_on_execute && facts->writable)
		check_written(t, "on_execute", p->on_execute);
	check_initial(t, facts);
	if (p->is_setup && facts->writable)
		check_written(t, "value", p->setup);
	check_type(t);
	check_useless(t);
	check_values(t);
	if (p->poll == INT64_MAX && !p->writable && !p->has_on_execute &&
	    !p->is_setup && !p->group)
		config_scope_add(t->scope, key_place(t, "poll"), "'poll': what "
				 "is never read must be writable");
}

static void point_check(struct typing *t, const struct adapter_point *stub)
{
	struct adapter_error error = {t};
	struct adapter_facts facts = {.type = LWM2M_NONE};
	unsigned before = t->scope->wrong;
	int rc = 0;

	if (t->bus->ops->check_point)
		rc = t->bus->ops->check_point(stub, &facts, &error);
	check_said(t, before, rc);
	if (!rc)
		facts_take(t, &facts);
}

/* ---- structs of the ABI, for as long as a check takes ---- */

static struct adapter_bus bus_stub(const struct config_bus *bus)
{
	return (struct adapter_bus){.host = &settings_host, .name = bus->name,
				    .data = bus->data};
}

struct stubs {
	struct adapter_bus bus;
	struct adapter_device device;
	struct adapter_point *points;
	struct adapter_point **pointers;
};

static void stubs_make(struct stubs *s, const struct config_bus *bus,
		       const struct config_device *d)
{
	s->bus = bus_stub(bus);
	s->points = calloc(d->n_points + 1, sizeof(*s->points));
	s->pointers = calloc(d->n_points + 1, sizeof(*s->pointers));
	if (!s->points || !s->pointers)
		abort();
	s->device = (struct adapter_device){
		.bus = &s->bus, .name = d->endpoint, .data = d->data,
		.points = s->pointers, .n_points = d->n_points};
	for (size_t i = 0; i < d->n_points; i++) {
		const struct config_point *p = &d->points[i];

		s->pointers[i] = &s->points[i];
		s->points[i] = (struct adapter_point){
			.device = &s->device, .name = p->name,
			.data = bus->ops->point_state ? NULL : p->data,
			.keys = p->data, .poll = p->poll,
			.writable = p->writable || p->has_on_execute ||
				    p->is_setup};
	}
}

static void stubs_finish(struct stubs *s)
{
	free(s->points);
	free(s->pointers);
}

static void image_room_take(struct typing *t, size_t room)
{
	uint32_t most = config_firmware_max(t->device->metadata);

	t->device->image_room = room < most ? (uint32_t)room : most;
}

void device_check(struct typing *t)
{
	struct adapter_error error = {t};
	unsigned before = t->scope->wrong;
	struct stubs s;

	stubs_make(&s, t->bus, t->device);
	/* The device is judged with all of its points, or not at all. */
	if (t->bus->ops->check_device && !before)
		check_said(t, before,
			   t->bus->ops->check_device(&s.device, &error));
	if (t->bus->ops->image_room && t->scope->wrong == before)
		image_room_take(t, t->bus->ops->image_room(&s.device));
	t->device->counts = t->bus->ops->counts &&
			    t->scope->wrong == before &&
			    t->bus->ops->counts(&s.device);
	for (size_t i = 0; i < t->points->n; i++) {
		t->point = &t->points->at[i];
		if (!t->mistyped[i])
			point_check(t, &s.points[i]);
	}
	t->point = NULL;
	stubs_finish(&s);
}

void bus_check(struct typing *t)
{
	struct adapter_bus stub = bus_stub(t->bus);
	struct adapter_error error = {t};
	unsigned before = t->scope->wrong;

	if (t->bus->ops->check_bus)
		check_said(t, before, t->bus->ops->check_bus(&stub, &error));
}

/* ---- what is asked for of all of them */

bool bus_place(const struct config_bus *bus, char *text, size_t size)
{
	struct adapter_bus stub = bus_stub(bus);

	return bus->ops->bus_place && bus->ops->bus_place(&stub, text, size);
}

bool device_place(const struct config_bus *bus,
		  const struct config_device *device, char *text, size_t size)
{
	struct stubs s;
	bool is_placed;

	if (!bus->ops->device_place)
		return false;
	stubs_make(&s, bus, device);
	is_placed = bus->ops->device_place(&s.device, text, size);
	stubs_finish(&s);
	return is_placed;
}

double device_load(const struct config_bus *bus,
		   const struct config_device *device)
{
	struct stubs s;
	double load;

	if (!bus->ops->device_load)
		return 0;
	stubs_make(&s, bus, device);
	load = bus->ops->device_load(&s.device);
	stubs_finish(&s);
	return load;
}

bool devices_clash(const struct config_bus *bus,
		   const struct config_device *first,
		   const struct config_device *second, char *text, size_t size)
{
	struct stubs a, b;
	bool clash;

	if (!bus->ops->devices_clash)
		return false;
	stubs_make(&a, bus, first);
	stubs_make(&b, bus, second);
	clash = bus->ops->devices_clash(&a.device, &b.device, text, size);
	stubs_finish(&a);
	stubs_finish(&b);
	return clash;
}
