/* SPDX-License-Identifier: GPL-2.0-or-later
 * Facts that only the site knows. */
#include <string.h>
#include "agent/config/config_build.h"
#include "agent/config/config_facts.h"

/* "+01:00". */
static bool is_offset(const char *text)
{
	static const char shape[] = "s00:00";

	for (size_t i = 0; i < sizeof(shape); i++) {
		char c = text[i];

		if (shape[i] == 's' ? c != '+' && c != '-' :
		    shape[i] == '0' ? c < '0' || c > '9' : c != shape[i])
			return false;
	}
	return (text[1] - '0') * 10 + text[2] - '0' <= 14 && text[4] <= '5';
}

static bool is_zone(const char *text)
{
	return *text && text[strspn(text, "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789/_+-")] == '\0';
}

static void fact_check(const char *key, const struct yaml_node *value,
		       struct config_scope *scope)
{
	if (!strcmp(key, "utc_offset") && !is_offset(value->text))
		config_scope_add(scope, value->place, "'utc_offset' must be as "
				 "+01:00, not '%s'", value->text);
	if (!strcmp(key, "timezone") && !is_zone(value->text))
		config_scope_add(scope, value->place, "'timezone' must be a "
				 "name as Europe/Berlin, not '%s'",
				 value->text);
}

static const struct config_location *
location_build(const struct yaml_node *map, struct arena *arena,
	       struct config_scope *scope)
{
	struct config_location *location = arena_take(arena,
						      sizeof(*location));

	if (!config_is_map(map, "location", scope))
		return NULL;
	for (size_t i = 0; i < map->n; i++) {
		const struct config_key *key =
			config_key_find(config_location_keys, map->keys[i]);

		if (key)
			config_key_set(key, map->items[i], location, arena,
				       scope);
		else
			config_refuse_key(scope, map->keys[i],
					  map->key_places[i],
					  config_location_keys, NULL);
	}
	location->has_altitude = yaml_get(map, "altitude");
	location->has_radius = yaml_get(map, "radius");
	for (const struct config_key *key = config_location_keys;
	     key->type != KEY_END; key++)
		if (key->flags & KEY_REQUIRED && !yaml_get(map, key->name))
			config_scope_add(scope, map->place, "'location' needs "
					 "the key '%s'", key->name);
	return location;
}

static struct config_rare *rare_of(struct config_facts *facts,
				   struct arena *arena)
{
	if (!facts->rare) {
		facts->rare = arena_take(arena, sizeof(*facts->rare));
		facts->rare->firmware_max = FIRMWARE_MAX_USUAL;
	}
	return facts->rare;
}

bool config_fact_set(struct config_facts **facts, const char *name,
		     const struct yaml_node *value, struct arena *arena,
		     struct config_scope *scope)
{
	const struct config_key *fact = config_key_find(config_fact_keys, name);
	const struct config_key *rare = config_key_find(config_rare_keys, name);
	bool location = !strcmp(name, "location");

	if (!fact && !rare && !location)
		return false;
	if (!*facts)
		*facts = arena_take(arena, sizeof(**facts));
	if (fact)
		config_key_set(fact, value, *facts, arena, scope);
	else if (location)
		rare_of(*facts, arena)->location =
			location_build(value, arena, scope);
	else if (config_key_set(rare, value, rare_of(*facts, arena), arena,
				scope))
		fact_check(name, value, scope);
	return true;
}

uint32_t config_firmware_max(const struct config_facts *facts)
{
	return facts && facts->rare ? facts->rare->firmware_max :
				      FIRMWARE_MAX_USUAL;
}
