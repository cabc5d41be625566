/* SPDX-License-Identifier: GPL-2.0-or-later
 * Adapters' own keys: typed by their tables into their structs, then checked
 * by the adapter itself, on structs of its ABI that live for the check only. */
#include "agent/settings.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agent/config_block.h"
#include "agent/model.h"
#include "agent/nearest.h"
#include "agent/plugin.h"
#include "agent/secret.h"

enum level { BUS, DEVICE, POINT };

/* What is being typed; device and point are NULL above their level. */
struct typing {
	struct config *config;
	struct config_bus *bus;
	struct config_device *device;
	struct config_point *point;
	struct config_scope *scope;
};

struct adapter_error {
	const struct typing *typing;
};

/* ---- tables of an adapter ---- */

static const struct adapter_key *table_of(const struct adapter_ops *ops,
					  enum level level)
{
	switch (level) {
	case BUS:
		return ops->bus_keys;
	case DEVICE:
		return ops->device_keys;
	case POINT:
		return ops->point_keys;
	}
	return NULL;
}

/* An adapter's table is stepped through by its own size of a key. */
static const struct adapter_key *key_next(const struct adapter_ops *ops,
					  const struct adapter_key *key)
{
	return (const void *)((const char *)key + ops->key_size);
}

static const struct adapter_key *key_find(const struct adapter_ops *ops,
					  enum level level, const char *name)
{
	const struct adapter_key *key = table_of(ops, level);

	for (; key && key->type != ADAPTER_END; key = key_next(ops, key))
		if (!strcmp(key->name, name))
			return key;
	return NULL;
}

static enum key_type type_of(const struct adapter_key *key)
{
	switch ((enum adapter_key_type)key->type) {
	case ADAPTER_BOOL:
		return KEY_BOOL;
	case ADAPTER_INT:
		return KEY_INT;
	case ADAPTER_REAL:
		return KEY_REAL;
	case ADAPTER_TIME:
		return KEY_TIME;
	case ADAPTER_CHOICE:
		return KEY_CHOICE;
	case ADAPTER_TEXT:
		return KEY_TEXT;
	case ADAPTER_BYTES:
		return KEY_BYTES;
	case ADAPTER_INTS:
		return KEY_INTS;
	case ADAPTER_SECRET:
	case ADAPTER_END:
		break;
	}
	return KEY_OTHER;
}

static struct config_key host_key(const struct adapter_key *key)
{
	return (struct config_key){
		.name = key->name, .type = type_of(key), .size = key->size,
		.offset = key->offset, .fallback = key->fallback,
		.flags = key->flags & (KEY_REQUIRED | KEY_INHERIT | KEY_AUTO),
		.min = key->min, .max = key->max, .choices = key->choices};
}

/* ---- what stands in the YAML ---- */

static const struct setting *setting_find(const struct setting *list,
					  const char *key, bool host)
{
	for (; list; list = list->next)
		if (list->host == host && !strcmp(list->key, key))
			return list;
	return NULL;
}

/* A level above gives a key that it has no use for itself, or that the adapter
 * says is inherited. */
static const struct setting *given(struct typing *t, enum level from,
				   const struct adapter_key *key)
{
	const struct setting *list = from == BUS ? t->bus->settings
						 : t->device->settings;

	if (key_find(t->bus->ops, from, key->name) &&
	    !(key->flags & ADAPTER_INHERIT))
		return NULL;
	return setting_find(list, key->name, false);
}

static const struct setting *value_find(struct typing *t, enum level level,
					const struct adapter_key *key)
{
	const struct setting *found = NULL;

	if (level == POINT)
		found = setting_find(t->point->settings, key->name, false);
	else if (level == DEVICE)
		found = setting_find(t->device->settings, key->name, false);
	else
		return setting_find(t->bus->settings, key->name, false);
	if (!found && level == POINT)
		found = given(t, DEVICE, key);
	if (found)
		return found;
	found = given(t, BUS, key);
	if (found)	/* so a change of the bus's key is one of the device */
		t->device->fingerprint += fingerprint_pair(key->name,
							   found->value);
	return found;
}

/* ---- typing ---- */

static struct arena *arena_of(const struct typing *t)
{
	return t->device ? t->device->arena : t->bus->arena;
}

static void secret_set(struct typing *t, const struct adapter_key *key,
		       const struct yaml_node *value, void *data)
{
	struct adapter_list *list = (void *)((char *)data + key->offset);
	char why[160];
	uint8_t *bytes;
	int n;

	if (!config_text(value, key->name, t->scope))
		return;
	n = secret_read(t->config->directory, value->text, arena_of(t), &bytes,
			why, sizeof(why));
	if (n >= 0 && key->min != key->max && (n < key->min || n > key->max)) {
		snprintf(why, sizeof(why), "has %d bytes, not %lld to %lld", n,
			 (long long)key->min, (long long)key->max);
		n = -ERANGE;
	} else if (n >= 0 && key->min && n != key->min &&
		   key->min == key->max) {
		snprintf(why, sizeof(why), "has %d bytes, not %lld", n,
			 (long long)key->min);
		n = -ERANGE;
	}
	if (n < 0) {
		config_scope_add(t->scope, value->place, "'%s': the file %s %s",
				 key->name, value->text, why);
		return;
	}
	*list = (struct adapter_list){bytes, (size_t)n};
	if (t->device)
		t->device->fingerprint =
			fingerprint_add(t->device->fingerprint, bytes,
					(size_t)n);
	else
		t->bus->fingerprint = fingerprint_add(t->bus->fingerprint,
						      bytes, (size_t)n);
}

static struct place place_of(const struct typing *t)
{
	const struct setting *bus;

	if (t->point)
		return t->point->place;
	if (!t->device)
		return t->bus->place;
	bus = setting_find(t->device->settings, "bus", true);
	return bus && bus->value->kind == YAML_TEXT ? bus->value->place
						    : t->device->place;
}

static void key_set(struct typing *t, enum level level,
		    const struct adapter_key *key, void *data)
{
	const struct setting *setting = value_find(t, level, key);
	struct config_key host = host_key(key);
	struct yaml_node fallback = {.kind = YAML_TEXT, .text = key->fallback,
				     .place = place_of(t)};

	if (!setting && key->flags & ADAPTER_REQUIRED)
		config_scope_add(t->scope, place_of(t),
				 "%s needs the key '%s'%s%s", t->scope->what,
				 key->name, key->help ? ": " : "",
				 key->help ? key->help : "");
	else if (setting && key->type == ADAPTER_SECRET)
		secret_set(t, key, setting->value, data);
	else if (setting || key->fallback)
		config_key_set(&host, setting ? setting->value : &fallback,
			       data, arena_of(t), t->scope);
}

static void *level_type(struct typing *t, enum level level, size_t size)
{
	const struct adapter_ops *ops = t->bus->ops;
	const struct adapter_key *key = table_of(ops, level);
	void *data = size ? arena_take(arena_of(t), size) : NULL;

	for (; data && key && key->type != ADAPTER_END;
	     key = key_next(ops, key))
		key_set(t, level, key, data);
	return data;
}

/* ---- unknown keys ---- */

static void offer_all(struct nearest *nearest, const struct adapter_ops *ops,
		      enum level level)
{
	static const struct config_key *const hosts[] = {
		config_bus_keys, config_device_keys, config_point_keys};
	const struct adapter_key *key = table_of(ops, level);

	for (const struct config_key *k = hosts[level]; k->type != KEY_END; k++)
		nearest_offer(nearest, k->name);
	for (; key && key->type != ADAPTER_END; key = key_next(ops, key))
		nearest_offer(nearest, key->name);
}

/* A bus gives to its devices, a device to its points: what a level below
 * knows is not wrong here. */
static bool known_below(const struct adapter_ops *ops, enum level level,
			const char *key)
{
	for (int below = level; below <= POINT; below++)
		if (key_find(ops, (enum level)below, key))
			return true;
	return false;
}

/* A host's key that stands a level too low or too high. */
static const char *elsewhere(enum level level, const char *key)
{
	if (level != DEVICE && config_key_find(config_device_keys, key))
		return " (it is one of devices)";
	if (level != POINT && config_key_find(config_point_keys, key))
		return " (it is one of points)";
	return NULL;
}

static void refuse_unknown(struct typing *t, enum level level,
			   const struct setting *settings)
{
	const struct adapter_ops *ops = t->bus->ops;

	for (const struct setting *s = settings; s; s = s->next) {
		const char *other = elsewhere(level, s->key);
		struct nearest nearest;

		if (s->host || s->fleet || known_below(ops, level, s->key))
			continue;
		nearest_init(&nearest, s->key);
		offer_all(&nearest, ops, level);
		config_scope_add(t->scope, s->place, "unknown key '%s' of "
				 "%s%s", s->key, t->scope->what,
				 other ? other : nearest_text(&nearest));
	}
}

/* ---- the adapter's own checks ---- */

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
		found = either_find(t->point->settings, key);
	if (key && !found && t->device)
		found = either_find(t->device->settings, key);
	if (key && !found)
		found = either_find(t->bus->settings, key);
	return found ? found->value->place : place_of(t);
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
		config_scope_add(t->scope, place_of(t), "%s", text);
	return -EINVAL;
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

const struct adapter_host settings_host = {
	.abi = ADAPTER_ABI, .minor = ADAPTER_MINOR,
	.size = sizeof(struct adapter_host),
	.refuse = refuse, .log = ignore_log,
};

/* An adapter that refuses without saying why still refuses. */
static void check_said(struct typing *t, unsigned before, int rc)
{
	if (rc && t->scope->wrong == before)
		config_scope_add(t->scope, place_of(t), "the adapter %s "
				 "refuses %s: %s", t->bus->adapter,
				 t->scope->what, strerror(-rc));
}

static bool is_number(enum lwm2m_type type)
{
	switch (type) {
	case LWM2M_BOOLEAN:
	case LWM2M_INTEGER:
	case LWM2M_UNSIGNED:
	case LWM2M_FLOAT:
	case LWM2M_TIME:
		return true;
	case LWM2M_NONE:
	case LWM2M_STRING:
	case LWM2M_OPAQUE:
	case LWM2M_OBJLINK:
	case LWM2M_CORELINK:
		break;
	}
	return false;
}

/* What the adapter reports must be able to become the resource's value. */
static void check_type(struct typing *t)
{
	const struct config_point *p = t->point;
	const struct resource_def *resource;
	char path[PATH_TEXT_MAX];

	if (!p->resource.depth || p->raw_type == LWM2M_NONE)
		return;
	resource = model_resource(agent_model(), p->resource.id[0],
				  p->resource.id[2]);
	if (!resource || resource->type == LWM2M_NONE ||
	    resource->type == p->raw_type ||
	    (is_number((enum lwm2m_type)resource->type) &&
	     is_number((enum lwm2m_type)p->raw_type)))
		return;
	path_format(&p->resource, path);
	config_scope_add(t->scope, key_place(t, "map"), "'map': %s (%s) is %s, "
			 "the point gives %s", path, resource->name,
			 is_number((enum lwm2m_type)resource->type)
				? "a number" : "a text or bytes",
			 is_number((enum lwm2m_type)p->raw_type)
				? "a number" : "a text or bytes");
}

static void facts_take(struct typing *t, const struct adapter_facts *facts)
{
	struct config_point *p = t->point;
	const char *key = p->writable ? "writable" : "on_execute";

	p->polled = facts->polled;
	p->settable = facts->writable;
	p->raw_type = (uint8_t)facts->type;
	p->raw_min = facts->min;
	p->raw_max = facts->max;
	if ((p->writable || p->has_on_execute) && !facts->writable)
		config_scope_add(t->scope, key_place(t, key), "'%s': the point "
				 "cannot be written on its device", key);
	check_type(t);
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

/* ---- a device ---- */

struct stubs {
	struct adapter_bus bus;
	struct adapter_device device;
	struct adapter_point *points;
	struct adapter_point **pointers;
};

static void stubs_make(struct stubs *s, const struct typing *t)
{
	struct config_device *d = t->device;

	s->bus = (struct adapter_bus){.host = &settings_host,
				      .name = t->bus->name,
				      .data = t->bus->data};
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
			.data = p->data, .poll = p->poll,
			.writable = p->writable || p->has_on_execute};
	}
}

static void device_check(struct typing *t)
{
	struct adapter_error error = {t};
	unsigned before = t->scope->wrong;
	struct stubs s;

	stubs_make(&s, t);
	if (t->bus->ops->check_device)
		check_said(t, before,
			   t->bus->ops->check_device(&s.device, &error));
	for (size_t i = 0; i < t->device->n_points; i++) {
		t->point = &t->device->points[i];
		point_check(t, &s.points[i]);
	}
	t->point = NULL;
	free(s.points);
	free(s.pointers);
}

static void device_type(struct typing *t, const char *what_point)
{
	const struct adapter_ops *ops = t->bus->ops;
	const char *what = t->scope->what;
	struct config_device *d = t->device;

	refuse_unknown(t, DEVICE, d->settings);
	d->data = level_type(t, DEVICE, ops->device_size);
	t->scope->what = what_point;
	for (size_t i = 0; i < d->n_points; i++) {
		t->point = &d->points[i];
		refuse_unknown(t, POINT, t->point->settings);
		t->point->data = level_type(t, POINT, ops->point_size);
	}
	t->point = NULL;
	t->scope->what = what;
}

static void device_refuse(struct config_device *device, const char *why)
{
	if (!device->refused)
		device->refused = arena_text(device->arena, why);
}

/* "a modbus point", "an other point" */
static void what_print(char text[96], const struct config_bus *bus,
		       const char *level)
{
	const char *adapter = bus->adapter ? bus->adapter : "?";

	snprintf(text, 96, "%s %.64s %s", strchr("aeiou", *adapter) ? "an"
		 : "a", adapter, level);
}

static void device_apply(struct config *config, struct config_bus *bus,
			 struct config_device *device,
			 struct config_errors *errors)
{
	char what[96], what_point[96];
	struct config_scope scope;
	struct typing t = {config, bus, device, NULL, &scope};

	what_print(what, bus, "device");
	what_print(what_point, bus, "point");
	config_scope_init(&scope, errors, device->endpoint, what);
	device_type(&t, what_point);
	if (!scope.wrong)
		device_check(&t);
	if (scope.wrong)
		device_refuse(device, scope.first);
}

/* ---- a bus ---- */

static void bus_suggest(const struct config *config, struct nearest *nearest)
{
	for (size_t i = 0; i < config->n_buses; i++)
		if (!config->buses[i]->implied)
			nearest_offer(nearest, config->buses[i]->name);
}

static void refuse_adapter(struct typing *t, const char *why)
{
	const struct setting *adapter =
		setting_find(t->bus->settings, "adapter", true);
	struct nearest nearest;

	if (!t->bus->implied) {
		config_scope_add(t->scope, adapter ? adapter->value->place
				 : t->bus->place, "%s", why);
		return;
	}
	nearest_init(&nearest, t->bus->name);
	bus_suggest(t->config, &nearest);
	if (nearest.best)
		config_scope_add(t->scope, t->bus->place,
				 "there is no bus '%s'%s", t->bus->name,
				 nearest_text(&nearest));
	else
		config_scope_add(t->scope, t->bus->place,
				 "there is no bus '%s', and %s",
				 t->bus->name, why);
}

static void bus_check(struct typing *t)
{
	struct adapter_bus stub = {.host = &settings_host,
				   .name = t->bus->name, .data = t->bus->data};
	struct adapter_error error = {t};
	unsigned before = t->scope->wrong;

	if (t->bus->ops->check_bus)
		check_said(t, before, t->bus->ops->check_bus(&stub, &error));
}

/* why: of a refused one, for its devices. */
static void bus_apply(struct config *config, struct config_bus *bus,
		      struct plugins *plugins, struct config_errors *errors,
		      char *why, size_t size)
{
	char what[96], reason[1024];
	struct config_scope scope;
	struct typing t = {config, bus, NULL, NULL, &scope};

	what_print(what, bus, "bus");
	config_scope_init(&scope, errors, NULL, what);
	if (bus->adapter)
		bus->ops = plugins_find(plugins, bus->adapter, reason,
					sizeof(reason));
	if (bus->adapter && !bus->ops)
		refuse_adapter(&t, reason);
	if (bus->ops) {
		refuse_unknown(&t, BUS, bus->settings);
		bus->data = level_type(&t, BUS, bus->ops->bus_size);
		if (!scope.wrong)
			bus_check(&t);
	}
	bus->refused |= scope.wrong;
	snprintf(why, size, "its bus '%s' is refused%s%s", bus->name,
		 scope.wrong ? ": " : "", scope.first);
}

/* ---- all ---- */

struct verdict { char why[384]; };

static int bus_index(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->n_buses; i++)
		if (!strcmp(config->buses[i]->name, name))
			return (int)i;
	return -1;
}

static void devices_apply(struct config *config, const struct verdict *verdicts,
			  struct config_errors *errors)
{
	for (size_t i = 0; i < config->n_devices; i++) {
		struct config_device *device = config->devices[i];
		int bus = bus_index(config, device->bus);

		if (bus < 0)
			continue;	/* refused for having none */
		if (config->buses[bus]->ops)
			device_apply(config, config->buses[bus], device,
				     errors);
		if (config->buses[bus]->refused)
			device_refuse(device, verdicts[bus].why);
	}
}

static void refused_drop(struct config *config)
{
	size_t left = 0;

	for (size_t i = 0; i < config->n_buses; i++) {
		if (config->buses[i]->refused)
			config_bus_free(config->buses[i]);
		else
			config->buses[left++] = config->buses[i];
	}
	config->n_buses = left;
}

static void settings_forget(struct config *config)
{
	for (size_t i = 0; i < config->n_buses; i++)
		config->buses[i]->settings = NULL;
	for (size_t i = 0; i < config->n_devices; i++) {
		config->devices[i]->settings = NULL;
		for (size_t j = 0; j < config->devices[i]->n_points; j++)
			config->devices[i]->points[j].settings = NULL;
	}
	arena_destroy(config->scratch);
	config->scratch = NULL;
}

void settings_apply(struct config *config, struct plugins *plugins,
		    struct config_errors *errors)
{
	struct verdict *verdicts = calloc(config->n_buses + 1,
					  sizeof(*verdicts));

	if (!verdicts)
		abort();
	for (size_t i = 0; i < config->n_buses; i++)
		bus_apply(config, config->buses[i], plugins, errors,
			  verdicts[i].why, sizeof(verdicts[i].why));
	devices_apply(config, verdicts, errors);
	settings_forget(config);
	refused_drop(config);
	free(verdicts);
}

int timespan_parse(const char *text, int64_t *ns)
{
	return config_timespan(text, ns) ? -EINVAL : 0;
}
