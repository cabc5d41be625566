/* SPDX-License-Identifier: GPL-2.0-or-later
 * Devices of the configuration: layers of keys, fleets, the host's own keys
 * typed, the adapter's put aside. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "agent/lwm2m/awake.h"
#include "agent/config/config_access.h"
#include "agent/config/config_build.h"
#include "agent/config/config_metadata.h"
#include "agent/base/nearest.h"

#define ROOM_USUAL 64	/* bytes: name, bus, the adapter's struct */

/* One entry of `devices:`, which may make many. */
struct device_entry {
	const struct yaml_node *node, *template;	/* of the names */
	struct block site, merged;
	const struct yaml_node *profile_points;
	struct point_list points;
	int bus;			/* index, -1: none */
	const char *units;		/* "1-30"; NULL: no fleet */
	struct config_scope *scope;
};

/* ---- the bus ---- */

static int bus_inline(struct config_builder *b, const struct entry *e,
		      const struct template_words *words,
		      struct config_scope *scope)
{
	const char *endpoint = words->endpoint;

	if (config_bus_find(b->config, endpoint) >= 0) {
		config_scope_add(scope, e->place, "the bus of '%s' would have "
				 "the name of another: declare it under "
				 "'buses'", endpoint);
		return -1;
	}
	return (int)config_bus_build(b, endpoint, e->place, e->value, words);
}

static int bus_of(struct config_builder *b, const struct entry *e,
		  const struct template_words *words,
		  struct config_scope *scope)
{
	int bus;

	if (!e)
		return -1;
	if (e->value->kind == YAML_MAP)
		return bus_inline(b, e, words, scope);
	if (!config_text(e->value, "bus", scope))
		return -1;
	if (template_in(e->value)) {
		config_scope_add(scope, e->value->place,
				 "'bus' cannot be a template");
		return -1;
	}
	bus = config_bus_find(b->config, e->value->text);
	return bus >= 0 ? bus : (int)config_bus_imply(b, e->value->text,
						      e->value->place);
}

/* ---- the profile ---- */

static void profile_suggest(struct config_builder *b, struct nearest *nearest)
{
	const char *name;

	if (!b->profiles || !b->profiles->name)
		return;
	for (size_t i = 0; (name = b->profiles->name(b->profiles, i)); i++) {
		const char *model = strrchr(name, '/');

		if (model && !strcasecmp(model + 1, nearest->word))
			nearest_choose(nearest, name);
		else
			nearest_offer(nearest, name);
	}
}

/* Where one is near, it is that; else it matters where it was looked for. */
static void profile_absent(struct config_builder *b,
			   const struct yaml_node *value,
			   struct nearest *nearest, struct config_scope *scope)
{
	bool where = !nearest->best && b->profiles && b->profiles->where;

	config_scope_add(scope, value->place, "there is no profile '%s'%s%s%s",
			 value->text, where ? " in " : "",
			 where ? b->profiles->where : "",
			 where ? "; `lwmuxctl profiles` lists those there are"
			       : nearest_text(nearest));
}

static const struct config_file *profile_find(struct config_builder *b,
					      const struct yaml_node *value,
					      struct config_scope *scope)
{
	const struct config_file *file;
	struct nearest nearest;

	if (!config_text(value, "profile", scope))
		return NULL;
	file = b->profiles ? b->profiles->find(b->profiles, value->text,
					       b->errors) : NULL;
	if (file && file->root)
		return file;
	nearest_init(&nearest, value->text);
	profile_suggest(b, &nearest);
	if (file)
		config_scope_add(scope, value->place, "the profile '%s' cannot "
				 "be used: %s is wrong", value->text,
				 file->name);
	else
		profile_absent(b, value, &nearest, scope);
	return NULL;
}

static bool is_own(const char *key)
{
	return !strcmp(key, "endpoint") || !strcmp(key, "bus") ||
	       !strcmp(key, "profile");
}

/* A key of a profile's top level: the host's, for a device or its points. */
static void profile_key(struct config_builder *b, struct device_entry *d,
			const struct yaml_node *root, size_t i)
{
	const char *key = root->keys[i];

	if (is_own(key))
		config_scope_add(d->scope, root->key_places[i], "'%s' is each "
				 "device's own and cannot be in a profile",
				 key);
	else if (config_key_find(config_profile_keys, key))
		return;		/* points: later; identify: of scans */
	else if (config_key_find(config_device_keys, key) ||
		 config_is_inheritable(key))
		block_put(&d->merged, b->arena, key, root->key_places[i],
			  root->items[i]);
	else if (root->items[i]->kind != YAML_MAP)
		config_refuse_key(d->scope, key, root->key_places[i],
				  config_device_keys, config_profile_keys);
}

static bool is_of_host(const char *key)
{
	return config_key_find(config_profile_keys, key) ||
	       config_key_find(config_device_keys, key) ||
	       config_is_inheritable(key);
}

/* The adapter's keys stand in a block by the adapter's name. false: it is for
 * another one, and each of its points would be wrong. */
static bool profile_adapter(struct config_builder *b, struct device_entry *d,
			    const struct yaml_node *root,
			    const struct entry *named,
			    const struct yaml_node **block)
{
	const char *adapter = b->config->buses[d->bus]->adapter, *other = NULL;

	for (size_t i = 0; i < root->n; i++) {
		if (is_of_host(root->keys[i]) ||
		    root->items[i]->kind != YAML_MAP)
			continue;
		if (adapter && !strcmp(root->keys[i], adapter))
			*block = root->items[i];
		else
			other = root->keys[i];
	}
	if (*block || !other || !adapter)
		return true;
	config_scope_add(d->scope, named->value->place, "the profile '%s' is "
			 "for the adapter %s, the bus '%s' is of %s",
			 named->value->text, other,
			 b->config->buses[d->bus]->name, adapter);
	return false;
}

static void profile_lay(struct config_builder *b, struct device_entry *d)
{
	const struct entry *named = block_get(&d->site, "profile");
	const struct yaml_node *block = NULL;
	const struct config_file *file;

	if (!named)
		return;
	file = profile_find(b, named->value, d->scope);
	if (!file)
		return;
	if (d->bus >= 0 && !profile_adapter(b, d, file->root, named, &block))
		return;
	for (size_t i = 0; i < file->root->n; i++)
		profile_key(b, d, file->root, i);
	if (block)
		block_put_map(&d->merged, b->arena, block, NULL);
	d->profile_points = yaml_get(file->root, "points");
}

/* ---- a fleet ---- */

/* "1,2,5-18", also written as a list; NULL: neither. */
static const char *units_text(struct config_builder *b,
			      const struct yaml_node *value)
{
	const char *text = "";

	if (value->kind == YAML_TEXT)
		return value->text;
	if (value->kind == YAML_MAP)
		return NULL;
	for (size_t i = 0; i < value->n; i++) {
		if (value->items[i]->kind != YAML_TEXT)
			return NULL;
		text = arena_print(b->arena, "%s%s%s", text, i ? "," : "",
				   value->items[i]->text);
	}
	return text;
}

static void refuse_one_name(struct config_scope *scope,
			    const struct yaml_node *name, const char *units)
{
	config_scope_add(scope, name->place, "'unit' is the range %s: each "
			 "device needs a name of its own, as \"%s-${unit}\"",
			 units, name->text);
}

/* Numbers of `unit: 1-30`; 0: an ordinary device; -1: refused. */
static int units_of(struct config_builder *b, const struct device_entry *d,
		    uint32_t **units, struct config_scope *scope)
{
	const struct entry *unit = block_get(&d->site, "unit");
	const char *text = unit ? units_text(b, unit->value) : NULL;
	int n = text ? units_parse(text, b->arena, units) : 0;

	if (n == 0 && text && strstr(text, ".."))
		n = -EINVAL;
	if (n < 0)
		config_scope_add(scope, unit->value->place,
				 n == -E2BIG ? "'unit': '%s' are too many" :
				 "'unit': '%s' is no number or range, as 7 or "
				 "1,2,5-18", text);
	if (n <= 0 || strstr(d->template->text, "${unit}"))
		return n;
	refuse_one_name(scope, d->template, text);
	return -1;
}

/* ---- one device ---- */

static bool server_known(const struct config_builder *b, int64_t id)
{
	for (size_t i = 0; i < b->config->n_servers; i++)
		if (b->config->servers[i]->id == id)
			return true;
	return false;
}

static bool server_id(struct config_builder *b, const struct yaml_node *value,
		      uint16_t *id, struct config_scope *scope)
{
	int64_t number = 0;

	if (!config_text(value, "servers", scope))
		return false;
	if (config_integer(value->text, &number)) {
		config_scope_add(scope, value->place, "'servers' must be all "
				 "or ids, as [1, 2], not '%s'", value->text);
		return false;
	}
	if (!server_known(b, number)) {
		config_scope_add(scope, value->place,
				 "there is no server with the id %s",
				 value->text);
		return false;
	}
	*id = (uint16_t)number;
	return true;
}

static void servers_set(struct config_builder *b, struct config_device *device,
			const struct yaml_node *value,
			struct config_scope *scope)
{
	struct yaml_node *one = (struct yaml_node *)(uintptr_t)value;
	struct yaml_node *const *items = &one;
	size_t n = 1;

	if (value->kind == YAML_TEXT && !strcmp(value->text, "all"))
		return;
	if (value->kind == YAML_LIST) {
		items = value->items;
		n = value->n;
	}
	if (!n) {
		config_scope_add(scope, value->place, "'servers' is empty: "
				 "use enabled: false, or all");
		return;
	}
	device->servers = arena_take(device->arena,
				     n * sizeof(*device->servers));
	for (size_t i = 0; i < n; i++) {
		if (!server_id(b, items[i], &device->servers[i], scope))
			return;
		for (size_t j = 0; j < i; j++)
			if (device->servers[j] == device->servers[i]) {
				config_scope_add(scope, items[i]->place,
						 "'servers' has %u twice",
						 device->servers[i]);
				return;
			}
	}
	device->n_servers = (uint16_t)n;
}

static void other_set(struct config_builder *b, struct config_device *device,
		      const struct entry *e, struct config_scope *scope)
{
	if (!strcmp(e->key, "servers"))
		servers_set(b, device, e->value, scope);
	else if (!strcmp(e->key, "access"))
		config_access_set(b, device, e->value, scope);
	else if (!strcmp(e->key, "profile") && e->value->kind == YAML_TEXT)
		device->profile = arena_text(device->arena, e->value->text);
	else
		config_metadata_set(&device->metadata, e->key, e->value,
				    device->arena, scope);
}

static void keys_set(struct config_builder *b, struct config_device *device,
		     const struct block *block, struct config_scope *scope)
{
	uint64_t sum = 0;

	for (const struct entry *e = block->first; e; e = e->next) {
		const struct config_key *key =
			config_key_find(config_device_keys, e->key);

		if (key && key->type == KEY_OTHER)
			other_set(b, device, e, scope);
		else if (key)
			config_key_set(key, e->value, device, device->arena,
				       scope);
		device->queue_given |= !strcmp(e->key, "queue");
		if (!config_is_inheritable(e->key))
			device->source->settings = config_setting(
				b, e, key, device->source->settings);
		if (strcmp(e->key, "profile") &&
		    (strcmp(e->key, "bus") || e->value->kind == YAML_TEXT))
			sum += fingerprint_pair(e->key, e->value);
	}
	device->fingerprint = fingerprint_add(FINGERPRINT_START, &sum,
					      sizeof(sum));
}

/* `unit` of a fleet only makes names where the adapter has no such key. */
static void unit_mark(struct config_device *device,
		      const struct device_entry *d)
{
	for (struct setting *s = device->source->settings; s; s = s->next)
		if (!strcmp(s->key, "unit")) {
			s->fleet = strstr(d->template->text, "${unit}");
			s->range = d->units;
		}
}

static void endpoint_check(const struct yaml_node *value,
			   struct config_scope *scope)
{
	template_warn(value, "endpoint", scope);
	for (const char *c = value->text; *c; c++) {
		if ((unsigned char)*c >= ' ' && *c != 0x7f)
			continue;
		config_scope_add(scope, value->place, "'endpoint' has a "
				 "control character");
		return;
	}
}

static void device_refuse(struct config_device *device,
			  const struct config_scope *scope)
{
	device->refused = scope->wrong == 1
		? arena_text(device->arena, scope->first)
		: arena_print(device->arena, "%s (and %u more)", scope->first,
			      scope->wrong - 1);
}

static struct config_device *device_create(struct config_builder *b,
					   const char *endpoint,
					   const struct yaml_node *value,
					   const char *bus)
{
	struct arena *arena = arena_create();
	struct config_device *device;

	arena_reserve(arena, sizeof(*device) + ROOM_USUAL);
	device = arena_take(arena, sizeof(*device));
	device->arena = arena;
	device->source = config_source(b, value->place);
	device->bus = bus && strcmp(bus, endpoint) ? arena_text(arena, bus)
						   : NULL;
	device->silent_after = -1;
	device->awake_time = transmission_wait(&transmission_default);
	config_keys_fall_back(config_device_keys, device, arena);
	return device;
}

/* Somebody must tell it its servers. */
static void bootstrap_check(const struct config_builder *b,
			    const struct config_device *device,
			    const struct yaml_node *name,
			    const struct block *block,
			    struct config_scope *scope)
{
	const struct entry *e = block_get(block, "bootstrap");

	if (device->bootstrap == BOOTSTRAP_FIRST && !b->config->bootstrap)
		config_scope_add(scope, e->value->place, "'bootstrap' is "
				 "first: there is no bootstrap server");
	if (device->bootstrap == BOOTSTRAP_NEVER && !b->config->n_servers)
		config_scope_add(scope, e ? e->value->place : name->place,
				 "'bootstrap' is never: there are no servers "
				 "either");
}

/* The entry's own wrongs (of its profile, of its bus) are each device's. */
static void device_build(struct config_builder *b, const struct device_entry *d,
			 const struct yaml_node *name,
			 const struct template_words *words,
			 struct config_scope *scope)
{
	const struct config_bus *bus = d->bus < 0 ? NULL
					: b->config->buses[d->bus];
	struct config_device *device =
		device_create(b, words->endpoint, name,
			      bus ? bus->name : "");
	struct block filled;

	block_fill(&filled, &d->merged, words, b->arena, scope);
	keys_set(b, device, &filled, scope);
	if (device->via == VIA_GATEWAY)	/* it has no servers of its own */
		device->bootstrap = BOOTSTRAP_NEVER;
	else
		bootstrap_check(b, device, name, &filled, scope);
	if (bus && bus->adapter)	/* it says what `data` is */
		device->fingerprint = fingerprint_add(device->fingerprint,
						      bus->adapter,
						      strlen(bus->adapter));
	if (!device->endpoint)	/* refused, but shown by this name */
		device->endpoint = arena_text(device->arena, words->endpoint);
	if (!device->bus)
		device->bus = device->endpoint;
	unit_mark(device, d);
	endpoint_check(name, scope);
	config_points_build(b, device, &d->points, &d->merged, words, scope);
	if (scope->wrong)
		device_refuse(device, scope);
	config_append(&b->config->devices, &b->config->n_devices, device);
}

static const struct yaml_node *name_of(struct config_builder *b,
				       const struct device_entry *d,
				       const char *unit,
				       struct config_scope *scope)
{
	struct template_words words = {.gateway = b->config->gateway,
				       .unit = unit};

	return template_fill(d->template, &words, b->arena, scope);
}

static void entry_replace(struct block *block, const char *key,
			  const struct yaml_node *value)
{
	for (struct entry *e = block->first; e; e = e->next)
		if (!strcmp(e->key, key))
			e->value = value;
}

static void unit_replace(struct config_builder *b, struct block *block,
			 const char *unit)
{
	const struct entry *old = block_get(block, "unit");
	struct yaml_node *value = arena_take(b->arena, sizeof(*value));

	*value = (struct yaml_node){.kind = YAML_TEXT, .text = unit,
				    .place = old->value->place};
	entry_replace(block, "unit", value);
}

/* A bus that stands inline with a template is another one for each device. */
static bool bus_is_each_ones(const struct device_entry *d)
{
	const struct entry *bus = block_get(&d->site, "bus");

	return bus && config_bus_has_template(bus->value);
}

/* unit NULL: the device has none. */
static void member_build(struct config_builder *b, struct device_entry *d,
			 const char *unit)
{
	struct config_scope scope = *d->scope;
	const struct yaml_node *name = name_of(b, d, unit, &scope);
	struct template_words words = {.endpoint = name->text, .unit = unit,
				       .gateway = b->config->gateway};

	scope.device = name->text;
	if (d->bus < 0 && bus_is_each_ones(d))
		d->bus = bus_of(b, block_get(&d->site, "bus"), &words, &scope);
	entry_replace(&d->merged, "endpoint", name);
	if (unit)
		unit_replace(b, &d->merged, unit);
	device_build(b, d, name, &words, &scope);
}

/* What is the same for all devices of the entry; its findings, and a bus that
 * stands inline, go by the first device's name. */
static void entry_prepare(struct config_builder *b, struct device_entry *d,
			  const char *unit)
{
	struct config_scope silent = *d->scope;
	struct template_words words = {.unit = unit,
				       .gateway = b->config->gateway};
	struct config_errors errors;

	config_errors_init(&errors);
	silent.errors = &errors;
	d->scope->device = name_of(b, d, unit, &silent)->text;
	config_errors_finish(&errors);
	words.endpoint = d->scope->device;
	d->bus = bus_of(b, block_get(&d->site, "bus"), &words, d->scope);
	block_init(&d->merged);
	block_put_block(&d->merged, b->arena, &d->site);
	profile_lay(b, d);
	if (d->bus >= 0)
		block_put_block(&d->merged, b->arena, b->inherited[d->bus]);
	block_put_block(&d->merged, b->arena, &b->defaults);
	config_points_merge(b, &d->points, d->profile_points,
			    yaml_get(d->node, "points"), &d->merged, d->scope);
}

/* One, or as many as `unit` has numbers. */
static void fleet_build(struct config_builder *b, struct device_entry *d)
{
	const struct entry *unit = block_get(&d->site, "unit");
	bool text = unit && unit->value->kind == YAML_TEXT;
	uint32_t *units;
	int n = units_of(b, d, &units, d->scope);

	if (n <= 0) {
		entry_prepare(b, d, text ? unit->value->text : NULL);
		member_build(b, d, text ? unit->value->text : NULL);
	}
	if (n > 0)
		d->units = units_text(b, unit->value);
	for (int i = 0; i < n; i++) {
		const char *number = arena_print(b->arena, "%u", units[i]);

		if (!i)
			entry_prepare(b, d, number);
		else if (bus_is_each_ones(d))
			d->bus = -1;
		member_build(b, d, number);
	}
}

/* One without a name is refused, and shown by its place; what else is wrong
 * with it is told all the same. */
static const struct yaml_node *name_make(struct config_builder *b,
					 const struct yaml_node *node)
{
	struct yaml_node *name = arena_take(b->arena, sizeof(*name));

	*name = (struct yaml_node){
		.kind = YAML_TEXT, .place = node->place,
		.text = arena_print(b->arena, "%s:%u:%u", node->place.file,
				    node->place.line, node->place.column)};
	return name;
}

void config_device_build(struct config_builder *b, const struct yaml_node *node)
{
	struct device_entry d = {.node = node, .bus = -1};
	const struct entry *endpoint;
	struct config_scope scope;

	config_scope_init(&scope, b->errors, NULL, "a device");
	d.scope = &scope;
	if (node->kind != YAML_MAP) {
		config_scope_add(&scope, node->place, "a device must be a map: "
				 "- {endpoint: ..., bus: ...}%s",
				 config_blank_hint(node));
		return;
	}
	block_init(&d.site);
	block_put_map(&d.site, b->arena, node, "points");
	endpoint = block_get(&d.site, "endpoint");
	if (endpoint && config_text(endpoint->value, "endpoint", &scope))
		scope.device = endpoint->value->text;
	config_require(&scope, config_device_keys, &d.site, node->place);
	d.template = scope.device ? endpoint->value : name_make(b, node);
	fleet_build(b, &d);
}
