/* SPDX-License-Identifier: GPL-2.0-or-later
 * Adapters' keys by the adapters' tables: found at their level or given by the
 * ones above, typed, and refused where no table has them. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "agent/config/config_block.h"
#include "agent/base/nearest.h"
#include "agent/base/secret.h"
#include "agent/base/text.h"
#include "agent/config/settings_private.h"

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
	case SEARCH:
		return ops->search_keys;
	}
	return NULL;
}

/* An adapter's table is stepped through by its own size of a key. */
static const struct adapter_key *key_next(const struct adapter_ops *ops,
					  const struct adapter_key *key)
{
	return (const void *)((const char *)key + ops->key_size);
}

const struct adapter_key *key_find(const struct adapter_ops *ops,
				   enum level level, const char *name)
{
	const struct adapter_key *key = table_of(ops, level);

	for (; key && key->type != ADAPTER_END; key = key_next(ops, key))
		if (text_is(key->name, name))
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
	case ADAPTER_TEXTS:
		return KEY_TEXTS;
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
		.min = key->min, .max = key->max, .choices = key->choices,
		.help = key->help ? key->help : "", .form = "file",
		.json = "{\"type\": \"string\"}"};
}

const struct config_key *level_keys(const struct adapter_ops *ops,
				    enum level level, struct arena *arena)
{
	const struct adapter_key *first = table_of(ops, level), *key;
	struct config_key *keys;
	size_t n = 0;

	for (key = first; key && key->type != ADAPTER_END;
	     key = key_next(ops, key))
		n++;
	keys = arena_take(arena, (n + 1) * sizeof(*keys));
	key = first;
	for (size_t i = 0; i < n; i++, key = key_next(ops, key))
		keys[i] = host_key(key);
	return keys;
}

/* ---- what stands in the YAML ---- */

const struct setting *setting_find(const struct setting *list, const char *key,
				   bool host)
{
	for (; list; list = list->next)
		if (list->host == host && text_is(list->key, key))
			return list;
	return NULL;
}

/* A level above gives a key that it has no use for itself, or that the adapter
 * says is inherited. */
static const struct setting *setting_given(struct typing *t, enum level from,
					   const struct adapter_key *key)
{
	const struct setting *list = from == BUS ? t->bus->source->settings
						 : t->device->source->settings;

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
		found = setting_find(t->point->source->settings, key->name,
				     false);
	else if (level == DEVICE)
		found = setting_find(t->device->source->settings, key->name,
				     false);
	else
		return setting_find(t->bus->source->settings, key->name,
				    false);
	if (!found && level == POINT)
		found = setting_given(t, DEVICE, key);
	if (found)
		return found;
	found = setting_given(t, BUS, key);
	if (found)	/* so a change of the bus's key is one of the device */
		t->device->fingerprint += fingerprint_pair(key->name,
							   found->value);
	return found;
}

/* ---- typing ---- */

static struct arena *arena_of(const struct typing *t)
{
	if (t->point)
		return t->points->arena;
	return t->device ? t->device->arena : t->bus->arena;
}

static void secret_set(struct typing *t, const struct adapter_key *key,
		       const struct yaml_node *value, void *data)
{
	struct adapter_list *list = (void *)((char *)data + key->offset);
	char why[400];
	uint8_t *bytes;
	int n;

	if (!config_key_file(value, key->name, t->scope))
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
	if (*why)
		config_warning_add(t->scope->errors, value->place,
				   t->scope->device, "'%s': the file %s %s",
				   key->name, value->text, why);
	*list = (struct adapter_list){bytes, (size_t)n};
	if (t->point)
		config_points_differ(t->points, bytes, (size_t)n);
	if (t->device)
		t->device->fingerprint =
			fingerprint_add(t->device->fingerprint, bytes,
					(size_t)n);
	else
		t->bus->fingerprint = fingerprint_add(t->bus->fingerprint,
						      bytes, (size_t)n);
}

struct place typing_place(const struct typing *t)
{
	const struct setting *bus;

	if (t->point)
		return t->point->source->place;
	if (!t->device)
		return t->bus->source->place;
	bus = setting_find(t->device->source->settings, "bus", true);
	return bus && bus->value->kind == YAML_TEXT ? bus->value->place
						    : t->device->source->place;
}

/* It may have been given from above. */
static void point_differs(struct typing *t, const struct adapter_key *key,
			  const struct setting *setting)
{
	uint64_t pair = fingerprint_pair(key->name, setting->value);

	config_points_differ(t->points, &pair, sizeof(pair));
}

/* A range that goes too far is one mistake, not one for each of its numbers. */
static void range_set(struct typing *t, const struct config_key *key,
		      const struct setting *setting, void *data)
{
	struct config_scope alone = *t->scope;
	struct config_errors errors;

	config_errors_init(&errors);
	alone.errors = &errors;
	if (!config_key_set(key, setting->value, data, arena_of(t), &alone))
		config_scope_add(t->scope, setting->value->place, "'%s' must be "
				 "%lld to %lld, not all of %s", key->name,
				 (long long)key->min, (long long)key->max,
				 setting->range);
	config_errors_finish(&errors);
}

static bool is_of_range(const struct setting *setting,
			const struct adapter_key *key)
{
	return setting && setting->range && key->type == ADAPTER_INT &&
	       key->min != key->max;
}

static void key_set(struct typing *t, enum level level,
		    const struct adapter_key *key, void *data)
{
	const struct setting *setting = value_find(t, level, key);
	struct config_key host = host_key(key);
	struct yaml_node fallback = {.kind = YAML_TEXT, .text = key->fallback,
				     .place = typing_place(t)};

	if (setting && t->point)
		point_differs(t, key, setting);
	if (!setting && key->flags & ADAPTER_REQUIRED)
		config_scope_add(t->scope, typing_place(t),
				 "%s needs the key '%s'%s%s", t->scope->what,
				 key->name, key->help ? ": " : "",
				 key->help ? key->help : "");
	else if (setting && key->type == ADAPTER_SECRET)
		secret_set(t, key, setting->value, data);
	else if (is_of_range(setting, key))
		range_set(t, &host, setting, data);
	else if (setting || key->fallback)
		config_key_set(&host, setting ? setting->value : &fallback,
			       data, arena_of(t), t->scope);
}

void *level_type(struct typing *t, enum level level, size_t size)
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
	static const struct config_key none[] = {{.type = KEY_END}};
	static const struct config_key *const hosts[] = {
		config_bus_keys, config_device_keys, config_point_keys, none};
	const struct adapter_key *key = table_of(ops, level);

	for (const struct config_key *k = hosts[level]; k->type != KEY_END; k++)
		config_key_offer(nearest, k->name);
	for (; key && key->type != ADAPTER_END; key = key_next(ops, key))
		config_key_offer(nearest, key->name);
}

/* A bus gives to its devices, a device to its points: what a level below
 * knows is not wrong here. */
static bool known_below(const struct adapter_ops *ops, enum level level,
			const char *key)
{
	for (int below = level; below <= POINT; below++)
		if (key_find(ops, (enum level)below, key))
			return true;
	return level == SEARCH && key_find(ops, SEARCH, key);
}

/* A host's key that stands a level too low or too high, and the rest of a list
 * that a comma ended. */
static const char *level_elsewhere(enum level level, const char *key)
{
	if (strspn(key, "0123456789-") == strlen(key))
		return ": inside { } a comma ends a value: write 0.1 with a "
		       "point, and a text with commas in quotes, as unit: "
		       "\"1,2,5-18\"";
	if (level == SEARCH)
		return NULL;
	if (level != DEVICE && config_key_find(config_device_keys, key))
		return " (it is one of devices)";
	if (level != POINT && config_key_find(config_point_keys, key))
		return " (it is one of points)";
	if (config_key_find(config_server_keys, key))
		return " (it is one of servers)";
	return NULL;
}

void level_refuse_unknown(struct typing *t, enum level level,
			  const struct setting *settings)
{
	const struct adapter_ops *ops = t->bus->ops;

	for (const struct setting *s = settings; s; s = s->next) {
		const char *other = NULL, *usual;
		struct nearest nearest;

		if (s->host || s->fleet || known_below(ops, level, s->key) ||
		    config_error_at(t->scope->errors, s->place))
			continue;	/* or: told as what it is meant for */
		usual = config_key_usual(s->key);
		if (!usual || !known_below(ops, level, usual))
			other = level_elsewhere(level, s->key);
		nearest_init(&nearest, s->key);
		offer_all(&nearest, ops, level);
		config_scope_add(t->scope, s->place, "unknown key '%s' of "
				 "%s%s", s->key, t->scope->what,
				 other ? other : nearest_text(&nearest));
	}
}
