/* SPDX-License-Identifier: GPL-2.0-or-later
 * What only the site knows of a device. */
#include <string.h>
#include "agent/config/config_build.h"
#include "agent/config/config_metadata.h"

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

static void metadata_check(const char *key, const struct yaml_node *value,
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

static struct config_optional *optional_of(struct config_metadata *metadata,
					   struct arena *arena)
{
	if (!metadata->optional) {
		metadata->optional = arena_take(arena,
						sizeof(*metadata->optional));
		metadata->optional->firmware_max = FIRMWARE_MAX_USUAL;
	}
	return metadata->optional;
}

bool config_metadata_set(struct config_metadata **metadata, const char *name,
			 const struct yaml_node *value, struct arena *arena,
			 struct config_scope *scope)
{
	const struct config_key *usual =
		config_key_find(config_metadata_keys, name);
	const struct config_key *optional =
		config_key_find(config_optional_keys, name);
	bool location = !strcmp(name, "location");

	if (!usual && !optional && !location)
		return false;
	if (!*metadata)
		*metadata = arena_take(arena, sizeof(**metadata));
	if (usual)
		config_key_set(usual, value, *metadata, arena, scope);
	else if (location)
		optional_of(*metadata, arena)->location =
			location_build(value, arena, scope);
	else if (config_key_set(optional, value, optional_of(*metadata, arena),
				arena, scope))
		metadata_check(name, value, scope);
	return true;
}

uint32_t config_firmware_max(const struct config_metadata *metadata)
{
	return metadata && metadata->optional ?
	       metadata->optional->firmware_max : FIRMWARE_MAX_USUAL;
}
