/* SPDX-License-Identifier: GPL-2.0-or-later
 * Buses of the configuration: their own keys go to the adapter, those of
 * devices are kept for the devices. */
#include <string.h>
#include "agent/config/config_build.h"

static struct config_bus *bus_create(struct config_builder *b, const char *name,
				     struct place place)
{
	struct arena *arena = arena_create();
	struct config_bus *bus = arena_take(arena, sizeof(*bus));

	bus->arena = arena;
	bus->name = arena_text(arena, name);
	bus->source = config_source(b, place);
	config_keys_fall_back(config_bus_keys, bus, arena);
	return bus;
}

static size_t bus_add(struct config_builder *b, struct config_bus *bus,
		      struct block *inherited)
{
	config_append(&b->inherited, &b->n_inherited, inherited);
	config_append(&b->config->buses, &b->config->n_buses, bus);
	return b->config->n_buses - 1;
}

static struct block *block_create(struct config_builder *b)
{
	struct block *block = arena_take(b->arena, sizeof(*block));

	block_init(block);
	return block;
}

/* Of its devices, not its own. */
static bool is_given(const char *key)
{
	const struct config_key *device = config_key_find(config_device_keys,
							  key);

	return !config_key_find(config_bus_keys, key) &&
	       ((device && device->flags & KEY_INHERITABLE) ||
		config_is_inheritable(key));
}

bool config_bus_has_template(const struct yaml_node *node)
{
	for (size_t i = 0; node->kind == YAML_MAP && i < node->n; i++)
		if (template_in(node->items[i]) && !is_given(node->keys[i]))
			return true;
	return false;
}

static const struct yaml_node *value_fill(struct config_builder *b,
					  const struct entry *e,
					  const struct template_words *words,
					  struct config_scope *scope)
{
	if (words)
		return template_fill(e->value, words, b->arena, scope);
	if (template_in(e->value))
		config_scope_add(scope, e->value->place,
				 "'%s': templates are for devices, a bus has "
				 "none", e->key);
	return e->value;
}

/* What is given to the devices is filled there. */
static void key_take(struct config_builder *b, struct config_bus *bus,
		     const struct entry *from, struct block *inherited,
		     const struct template_words *words,
		     struct config_scope *scope)
{
	const struct config_key *key = config_key_find(config_bus_keys,
						       from->key);
	struct entry filled = *from, *e = &filled;

	if (is_given(e->key)) {
		if (!words)
			value_fill(b, e, NULL, scope);
		block_put(inherited, b->arena, e->key, e->place, e->value);
		return;
	}
	e->value = value_fill(b, e, words, scope);
	if (key) {
		config_key_set(key, e->value, bus, bus->arena, scope);
		bus->source->settings = config_setting(
			b, e, true, bus->source->settings);
		bus->fingerprint += fingerprint_pair(e->key, e->value);
		return;
	}
	bus->source->settings = config_setting(b, e, false,
						       bus->source->settings);
	bus->fingerprint += fingerprint_pair(e->key, e->value);
}

size_t config_bus_build(struct config_builder *b, const char *name,
			struct place place, const struct yaml_node *node,
			const struct template_words *words)
{
	struct config_bus *bus = bus_create(b, name, place);
	struct block block, *inherited = block_create(b);
	struct config_scope scope;

	config_scope_init(&scope, b->errors, words ? words->endpoint : NULL,
			  "a bus");
	block_init(&block);
	if (config_is_map(node, "a bus", &scope))
		block_put_map(&block, b->arena, node, NULL);
	bus->fingerprint = FINGERPRINT_START;
	for (const struct entry *e = block.first; e; e = e->next)
		key_take(b, bus, e, inherited, words, &scope);
	config_require(&scope, config_bus_keys, &block, place);
	bus->refused = scope.wrong;
	return bus_add(b, bus, inherited);
}

size_t config_bus_imply(struct config_builder *b, const char *name,
			struct place place)
{
	struct config_bus *bus = bus_create(b, name, place);

	bus->adapter = bus->name;
	bus->implied = true;
	bus->fingerprint = FINGERPRINT_START;
	return bus_add(b, bus, block_create(b));
}
