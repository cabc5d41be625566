/* SPDX-License-Identifier: GPL-2.0-or-later
 * The tables as a JSON Schema. Each is a definition of its own; what a bus, a
 * device or a point may have is made of those by reference, since a bus takes
 * keys for its devices and a device for its points. */
#include <inttypes.h>
#include <string.h>
#include "agent/config/key_list.h"
#include "agent/config/key_range.h"

#define TEMPLATE "{\"type\": \"string\", \"pattern\": \"[$][{]\"}"

struct schema {
	FILE *to;
	struct arena *arena;
	const struct key_table *tables;
	size_t n;
};

static void text_print(FILE *to, const char *text)
{
	putc('"', to);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			putc('\\', to);
		putc(*text, to);
	}
	putc('"', to);
}

/* ---- what a key takes ---- */

/* A choice that looks like a number is one for a reader of YAML. */
static void choices_print(FILE *to, const char *choices)
{
	fputs("{\"enum\": [", to);
	for (size_t n; *choices; choices += n + (choices[n] == '|')) {
		n = strcspn(choices, "|");
		fprintf(to, "\"%.*s\"", (int)n, choices);
		if (strspn(choices, "0123456789.") == n)
			fprintf(to, ", %.*s", (int)n, choices);
		fputs(choices[n] ? ", " : "]}", to);
	}
}

static bool is_limited(const struct config_key *key)
{
	return key->min != key->max;
}

static bool has_most(const struct config_key *key)
{
	return is_limited(key) && key->max != INT64_MAX;
}

static void number_print(FILE *to, const struct config_key *key,
			 const char *type)
{
	fprintf(to, "{\"type\": \"%s\"", type);
	if (is_limited(key))
		fprintf(to, ", \"minimum\": %" PRId64 ", \"maximum\": %" PRId64,
			key->min, key->max);
	fputs("}, " TEMPLATE, to);
}

static void pattern_print(FILE *to, enum range_end end,
			  const struct config_unit *units, int64_t limit)
{
	fputs("{\"pattern\": \"", to);
	range_print(to, end, units, limit);
	fputs("\"}", to);
}

/* A number with its unit, between the limits. */
static void quantity_print(FILE *to, const struct config_key *key,
			   const struct config_unit *units)
{
	int64_t least = is_limited(key) ? key->min : 0;

	fputs("{\"type\": \"string\", \"allOf\": [", to);
	pattern_print(to, RANGE_LEAST, units, least);
	if (has_most(key)) {
		fputs(", ", to);
		pattern_print(to, RANGE_MOST, units, key->max);
	}
	fputs("]}", to);
}

static void length_print(FILE *to, const struct config_key *key)
{
	fputs("{\"type\": [\"string\", \"number\", \"boolean\"]", to);
	if (is_limited(key))
		fprintf(to, ", \"minLength\": %d, \"maxLength\": %" PRId64,
			key->min > 0, key->max);
	fputs("}", to);
}

static void ints_print(FILE *to, const struct config_key *key)
{
	number_print(to, key, "integer");
	fputs(", {\"type\": \"array\", \"items\": {\"anyOf\": [", to);
	number_print(to, key, "integer");
	fputs("]}}", to);
}

static void type_print(FILE *to, const struct config_key *key)
{
	switch ((enum key_type)key->type) {
	case KEY_BOOL:
		fputs("{\"enum\": [true, false, \"yes\", \"no\", \"on\", "
		      "\"off\"]}", to);
		return;
	case KEY_INT:
		number_print(to, key, "integer");
		return;
	case KEY_REAL:
		number_print(to, key, "number");
		return;
	case KEY_TIME:
	case KEY_SECONDS:
		quantity_print(to, key, config_time_units);
		fputs(key->min > 0 ? ", " TEMPLATE
				   : ", {\"enum\": [0, \"0\"]}, " TEMPLATE, to);
		return;
	case KEY_SIZE:
		number_print(to, key, "integer");
		fputs(", ", to);
		quantity_print(to, key, config_size_units);
		return;
	case KEY_CHOICE:
		choices_print(to, key->choices);
		return;
	case KEY_TEXT:
		length_print(to, key);
		return;
	case KEY_BYTES:
		fputs("{\"type\": [\"string\", \"number\", \"boolean\"]}", to);
		return;
	case KEY_INTS:
		ints_print(to, key);
		return;
	case KEY_TEXTS:
		fputs("{\"type\": [\"string\", \"number\"]}, {\"type\": "
		      "\"array\"}", to);
		return;
	case KEY_OTHER:
	case KEY_END:
		break;
	}
	fputs(key->json, to);
}

static void key_print(struct schema *s, const struct config_key *key)
{
	const char *form = key_form(key, s->arena);

	fputs("{\"title\": ", s->to);
	text_print(s->to, form);
	fputs(", \"description\": ", s->to);
	text_print(s->to, key->help);
	if (key->fallback) {
		fputs(", \"default\": ", s->to);
		text_print(s->to, key->fallback);
	}
	fputs(", \"anyOf\": [", s->to);
	type_print(s->to, key);
	if (key->flags & KEY_AUTO)
		fputs(", {\"const\": \"auto\"}", s->to);
	if (key->flags & KEY_NONE)
		fputs(", {\"enum\": [\"none\", \"off\", false]}", s->to);
	if (key->flags & KEY_NEVER)
		fputs(", {\"const\": \"never\"}", s->to);
	fputs("]}", s->to);
}

/* Nothing but these keys, and these in any case. */
static void closed_print(FILE *to, const struct config_key *key)
{
	const char *comma = "";

	fputs(", \"additionalProperties\": false, \"required\": [", to);
	for (; key->type != KEY_END; key++) {
		if (!(key->flags & KEY_REQUIRED))
			continue;
		fprintf(to, "%s\"%s\"", comma, key->name);
		comma = ", ";
	}
	fputs("]", to);
}

static void table_print(struct schema *s, const struct key_table *table)
{
	fprintf(s->to, "    \"%s\": {\"title\": \"%s\", \"type\": %s, "
		"\"properties\": {", table->name, table->where,
		table->keys == config_main_keys ? "[\"object\", \"null\"]"
						: "\"object\"");
	for (const struct config_key *key = table->keys; key->type != KEY_END;
	     key++) {
		fprintf(s->to, "%s\n      \"%s\": ",
			key == table->keys ? "" : ",", key->name);
		key_print(s, key);
	}
	fputs("}", s->to);
	if (table->level == LEVEL_TOP)
		closed_print(s->to, table->keys);
	fputs("},\n", s->to);
}

/* ---- unions of tables ---- */

/* A table may stand at its own level and at those above, of the host's keys
 * only what is marked for it. */
static bool key_fits(const struct key_table *table,
		     const struct config_key *key, enum key_level level)
{
	if (table->level == LEVEL_TOP || table->level < level)
		return false;
	if (table->of_adapter || table->level == level)
		return true;
	return table->level == LEVEL_DEVICE ? key->flags & KEY_INHERITABLE
					    : key->flags & KEY_POINTS;
}

static const struct config_key *key_of(const struct schema *s, size_t table,
				       const char *name, enum key_level level)
{
	const struct config_key *key =
		config_key_find(s->tables[table].keys, name);

	return key && key_fits(&s->tables[table], key, level) ? key : NULL;
}

static bool was_before(const struct schema *s, size_t table, const char *name,
		       enum key_level level)
{
	while (table--)
		if (key_of(s, table, name, level))
			return true;
	return false;
}

/* Two adapters may have a key of one name: it is either. */
static void refs_print(struct schema *s, size_t table, const char *name,
		       enum key_level level)
{
	const char *comma = "";

	fprintf(s->to, "\"%s\": {\"anyOf\": [", name);
	for (; table < s->n; table++) {
		if (!key_of(s, table, name, level))
			continue;
		fprintf(s->to, "%s{\"$ref\": \"#/$defs/%s/properties/%s\"}",
			comma, s->tables[table].name, name);
		comma = ", ";
	}
	/* "1-30", of a fleet */
	if (level == LEVEL_DEVICE && !strcmp(name, "unit"))
		fputs(", {\"type\": [\"string\", \"array\"]}", s->to);
	fputs("]}", s->to);
}

static void union_print(struct schema *s, const char *name,
			enum key_level level, const char *required)
{
	const char *comma = "";

	fprintf(s->to, "    \"%s\": {\"type\": \"object\", \"required\": [%s], "
		"\"additionalProperties\": false, \"properties\": {", name,
		required);
	for (size_t i = 0; i < s->n; i++)
		for (const struct config_key *key = s->tables[i].keys;
		     key->type != KEY_END; key++) {
			if (!key_fits(&s->tables[i], key, level) ||
			    was_before(s, i, key->name, level))
				continue;
			fprintf(s->to, "%s\n      ", comma);
			refs_print(s, i, key->name, level);
			comma = ",";
		}
	fputs("}},\n", s->to);
}

/* Of a host's table those keys that have the flag and not the other one. */
static const char *some_print(FILE *to, const char *table,
			      const struct config_key *key, uint32_t flag,
			      uint32_t without, const char *comma)
{
	for (; key->type != KEY_END; key++) {
		if ((key->flags & flag) != flag || key->flags & without)
			continue;
		fprintf(to, "%s\n      \"%s\": {\"$ref\": "
			"\"#/$defs/%s/properties/%s\"}", comma, key->name,
			table, key->name);
		comma = ",";
	}
	return comma;
}

static void defaults_print(FILE *to)
{
	fputs("    \"defaults\": {\"type\": \"object\", "
	      "\"additionalProperties\": false, \"properties\": {", to);
	some_print(to, "device", config_device_keys, KEY_INHERITABLE, 0, "");
	fputs("}},\n", to);
}

/* The bootstrap server's own keys come before those of any server. */
static void bootstrap_print(FILE *to)
{
	const char *comma = "";

	fputs("    \"bootstrap\": {\"type\": \"object\", \"anyOf\": "
	      "[{\"required\": [\"uri\"]}, {\"required\": "
	      "[\"smartcard\"]}], \"additionalProperties\": false, "
	      "\"properties\": {", to);
	comma = some_print(to, "bootstrap-own", config_bootstrap_keys, 0, 0,
			   comma);
	for (const struct config_key *key = config_server_keys;
	     key->type != KEY_END; key++) {
		if (key->flags & KEY_ACCOUNT ||
		    config_key_find(config_bootstrap_keys, key->name))
			continue;
		fprintf(to, "%s\n      \"%s\": {\"$ref\": "
			"\"#/$defs/server/properties/%s\"}", comma, key->name,
			key->name);
	}
	fputs("}}\n", to);
}

static bool is_each_ones(const struct config_key *key)
{
	return !strcmp(key->name, "endpoint") || !strcmp(key->name, "bus") ||
	       !strcmp(key->name, "profile");
}

/* A device's keys but its own, and a block for each adapter, by its name. */
static void profile_print(struct schema *s)
{
	const char *comma;

	fputs("    \"profile\": {\"type\": \"object\", "
	      "\"additionalProperties\": {\"type\": \"object\"}, "
	      "\"properties\": {", s->to);
	comma = some_print(s->to, "profile-own", config_profile_keys, 0, 0, "");
	for (const struct config_key *key = config_device_keys;
	     key->type != KEY_END; key++) {
		if (is_each_ones(key) ||
		    config_key_find(config_profile_keys, key->name))
			continue;
		fprintf(s->to, "%s\n      \"%s\": {\"$ref\": "
			"\"#/$defs/device/properties/%s\"}", comma, key->name,
			key->name);
	}
	some_print(s->to, "point", config_point_keys, KEY_POINTS, 0, comma);
	fputs("}},\n", s->to);
}

void key_schema_print(FILE *to, const char *adapters)
{
	struct schema s = {.to = to, .arena = arena_create()};

	s.tables = key_tables(adapters, s.arena, &s.n);
	fputs("{\n  \"$schema\": "
	      "\"https://json-schema.org/draft/2020-12/schema\",\n"
	      "  \"title\": \"lwmux: lwmux.yaml and conf.d/*.yaml\",\n"
	      "  \"$ref\": \"#/$defs/top\",\n"
	      "  \"$defs\": {\n", to);
	for (size_t i = 0; i < s.n; i++)
		table_print(&s, &s.tables[i]);
	union_print(&s, "any-bus", LEVEL_BUS, "\"adapter\"");
	union_print(&s, "any-device", LEVEL_DEVICE, "\"endpoint\", \"bus\"");
	union_print(&s, "any-point", LEVEL_POINT, "\"name\"");
	defaults_print(to);
	profile_print(&s);
	bootstrap_print(to);
	fputs("  }\n}\n", to);
	arena_destroy(s.arena);
}
