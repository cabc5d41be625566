/* SPDX-License-Identifier: GPL-2.0-or-later
 * The tables of host and adapters in one list, and that for people. */
#include "agent/config/key_list.h"
#include <inttypes.h>
#include <string.h>
#include "agent/config/config_metadata.h"
#include "agent/config/plugin.h"
#include "agent/config/settings_private.h"

static const struct key_table host_tables[] = {
	{"top", "a file", config_main_keys, LEVEL_TOP, false},
	{"gateway", "gateway", config_gateway_keys, LEVEL_TOP, false},
	{"server", "servers", config_server_keys, LEVEL_TOP, false},
	{"bootstrap-own", "bootstrap", config_bootstrap_keys, LEVEL_TOP,
	 false},
	{"store", "store", config_store_keys, LEVEL_TOP, false},
	{"sms", "sms", config_sms_keys, LEVEL_TOP, false},
	{"bus", "buses", config_bus_keys, LEVEL_BUS, false},
	{"device", "devices", config_device_keys, LEVEL_DEVICE, false},
	{"location", "location", config_location_keys, LEVEL_TOP, false},
	{"point", "points", config_point_keys, LEVEL_POINT, false},
	{"profile-own", "a profile", config_profile_keys, LEVEL_TOP, false},
};
#define N_HOST (sizeof(host_tables) / sizeof(*host_tables))

/* Of buses, devices and points: an adapter has one of each, or none. */
static size_t adapter_tables(const struct adapter_ops *ops,
			     struct key_table *to, struct arena *arena)
{
	static const struct { enum level level; enum key_level as;
			      const char *text, *more; } levels[] = {
		{BUS, LEVEL_BUS, "bus", "buses"},
		{DEVICE, LEVEL_DEVICE, "device", "devices"},
		{POINT, LEVEL_POINT, "point", "points"},
	};
	size_t n = 0;

	for (size_t i = 0; i < 3; i++) {
		const struct config_key *keys =
			level_keys(ops, levels[i].level, arena);

		if (keys->type == KEY_END)
			continue;
		to[n++] = (struct key_table){
			arena_print(arena, "%s-%s", ops->name, levels[i].text),
			arena_print(arena, "%s %s", ops->name, levels[i].more),
			keys, levels[i].as, true};
	}
	return n;
}

const struct key_table *key_tables(const char *adapters, struct arena *arena,
				   size_t *n)
{
	struct plugins *plugins = plugins_of(adapters);
	const char **names;
	size_t n_names = plugins_list(plugins, arena, &names);
	struct key_table *tables =
		arena_take(arena, (N_HOST + 3 * n_names) * sizeof(*tables));
	char error[512];

	for (*n = 0; *n < N_HOST; ++*n)
		tables[*n] = host_tables[*n];
	for (size_t i = 0; i < n_names; i++) {
		const struct adapter_ops *ops =
			plugins_find(plugins, names[i], error, sizeof(error));

		if (ops)
			*n += adapter_tables(ops, &tables[*n], arena);
	}
	return tables;
}

/* ---- what a key takes ---- */

static const char *choices_form(const char *choices, struct arena *arena)
{
	const char *text = "one of ";

	for (size_t n; *choices; choices += n + (choices[n] == '|')) {
		n = strcspn(choices, "|");
		text = arena_print(arena, "%s%.*s%s", text, (int)n, choices,
				   choices[n] ? ", " : "");
	}
	return text;
}

static const char *range_form(const struct config_key *key, const char *what,
			      const char *unit, struct arena *arena)
{
	char least[TIMESPAN_TEXT_MAX], most[TIMESPAN_TEXT_MAX];

	_Static_assert(SIZE_TEXT_MAX == TIMESPAN_TEXT_MAX, "one room for both");
	if (key->min == key->max || key->max == INT64_MAX)
		return what;
	if (key->type == KEY_SIZE)
		return arena_print(arena, "%s, %s to %s", what,
				   size_text(key->min, least),
				   size_text(key->max, most));
	if (key->type == KEY_TIME || key->type == KEY_SECONDS)
		return arena_print(arena, "%s, %s to %s", what,
				   timespan_text(key->min, least),
				   timespan_text(key->max, most));
	return arena_print(arena, "%s, %" PRId64 " to %" PRId64 "%s", what,
			   key->min, key->max, unit);
}

static const char *type_form(const struct config_key *key, struct arena *arena)
{
	switch ((enum key_type)key->type) {
	case KEY_BOOL:
		return "true or false";
	case KEY_INT:
		return range_form(key, "whole number", "", arena);
	case KEY_REAL:
		return range_form(key, "number", "", arena);
	case KEY_TIME:
	case KEY_SECONDS:
		return range_form(key, "time", "", arena);
	case KEY_SIZE:
		return range_form(key, "size", "", arena);
	case KEY_CHOICE:
		return choices_form(key->choices, arena);
	case KEY_TEXT:
		return range_form(key, "text", " characters", arena);
	case KEY_BYTES:
		return arena_print(arena, "%" PRId64 " bytes in hex",
				   key->min);
	case KEY_INTS:
		return "whole number, or list of them";
	case KEY_TEXTS:
		return "text, or list of them";
	case KEY_OTHER:
	case KEY_END:
		break;
	}
	return key->form;
}

const char *key_form(const struct config_key *key, struct arena *arena)
{
	return arena_print(arena, "%s%s%s%s", type_form(key, arena),
			   key->flags & KEY_AUTO ? ", or auto" : "",
			   key->flags & KEY_NONE ? ", or off" : "",
			   key->flags & KEY_NEVER ? ", or never" : "");
}

static bool is_told(const struct config_key *key)
{
	return key->help && *key->help &&
	       (key->type != KEY_OTHER || (key->form && key->json));
}

static bool line_print(FILE *to, const struct key_table *table,
		       const struct config_key *key, struct arena *arena)
{
	if (!is_told(key)) {
		fprintf(to, "%s: %s: error: the key has no help\n",
			table->where, key->name);
		return false;
	}
	fprintf(to, "%s: %s (%s%s%s%s): %s\n", table->where, key->name,
		key_form(key, arena), key->fallback ? "; " : "",
		key->fallback ? key->fallback : "",
		key->flags & KEY_REQUIRED ? "; required" : "", key->help);
	return true;
}

bool key_list_print(FILE *to, const char *adapters)
{
	struct arena *arena = arena_create();
	size_t n;
	const struct key_table *table = key_tables(adapters, arena, &n);
	bool good = true;

	for (; n--; table++)
		for (const struct config_key *key = table->keys;
		     key->type != KEY_END; key++)
			if (!line_print(to, table, key, arena))
				good = false;
	arena_destroy(arena);
	return good;
}
