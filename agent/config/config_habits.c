/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>
#include "agent/config/config_habits.h"
#include "agent/base/nearest.h"
#include "objects/codec.h"
#include "objects/linkformat.h"

/* leshan-1: Leshan 1.x takes lwm2m=1.1 and cannot read what 1.1 answers where no
 * format is asked for; it knows versions of objects. fiware: the IoT Agent with
 * lwm2m-node-lib, likewise, but for the versions. wakaama-1.0: refuses
 * parameters that 1.0 has not. thingsboard: its models are found by `ver`, and
 * it asks in the format that it is told. */
static const struct habit {
	const char *name;
	bool lwm2m_1_0;
	enum config_ver ver;
	int32_t ct;
} habits[] = {
	{"leshan-1", true, VER_SAID, -1},
	{"fiware", true, VER_UNSAID, -1},
	{"wakaama-1.0", true, VER_UNSAID, -1},
	{"thingsboard", false, VER_SAID, FORMAT_SENML_JSON},
};
#define N_HABITS (sizeof(habits) / sizeof(habits[0]))

static const struct { const char *name; uint16_t format; } formats[] = {
	{"senml-json", FORMAT_SENML_JSON}, {"senml-cbor", FORMAT_SENML_CBOR},
	{"tlv", FORMAT_TLV}, {"json", FORMAT_JSON},
	{"lwm2m-cbor", FORMAT_LWM2M_CBOR},
};
#define N_FORMATS (sizeof(formats) / sizeof(formats[0]))

static void habit_set(struct config_server *server,
		      const struct yaml_node *value,
		      struct config_scope *scope)
{
	struct nearest nearest;

	if (!config_text(value, "server", scope))
		return;
	nearest_init(&nearest, value->text);
	for (size_t i = 0; i < N_HABITS; i++) {
		if (!strcmp(habits[i].name, value->text)) {
			server->habit = habits[i].name;
			return;
		}
		nearest_offer(&nearest, habits[i].name);
	}
	config_scope_add(scope, value->place, "'server' is leshan-1, fiware, "
			 "wakaama-1.0 or thingsboard, or any other without "
			 "this key; not '%s'%s", value->text,
			 nearest_text(&nearest));
}

static void format_set(struct config_server *server,
		       const struct yaml_node *value,
		       struct config_scope *scope)
{
	struct nearest nearest;

	if (!config_text(value, "format", scope))
		return;
	nearest_init(&nearest, value->text);
	for (size_t i = 0; i < N_FORMATS; i++) {
		if (!strcmp(formats[i].name, value->text)) {
			server->format = formats[i].format;
			return;
		}
		nearest_offer(&nearest, formats[i].name);
	}
	config_scope_add(scope, value->place, "'format' is senml-json, "
			 "senml-cbor, tlv, json or lwm2m-cbor, not '%s'%s",
			 value->text, nearest_text(&nearest));
}

/* "1.0": digits, a dot, digits; it goes into a link as it is. */
static bool is_version(const char *text)
{
	size_t major = strspn(text, "0123456789"), minor;

	if (!major || major > 3 || text[major] != '.')
		return false;
	minor = strspn(text + major + 1, "0123456789");
	return minor && minor <= 3 && !text[major + 1 + minor];
}

static bool version_set(struct config_server *server,
			const struct yaml_node *value, size_t i,
			struct link_version *version,
			struct config_scope *scope)
{
	const struct yaml_node *text = value->items[i];
	int64_t object;

	if (config_integer(value->keys[i], &object) || object < 0 ||
	    object > PATH_ID_MAX) {
		config_scope_add(scope, value->key_places[i], "'ver' names "
				 "objects by their numbers, not '%s'",
				 value->keys[i]);
		return false;
	}
	if (!config_text(text, "ver", scope))
		return false;
	if (!is_version(text->text)) {
		config_scope_add(scope, text->place, "'ver' of object %u is a "
				 "version like \"1.0\", not '%s'",
				 (unsigned)object, text->text);
		return false;
	}
	*version = (struct link_version){(uint16_t)object,
		arena_text(server->arena, text->text)};
	return true;
}

static void versions_set(struct config_server *server,
			 const struct yaml_node *value,
			 struct config_scope *scope)
{
	struct link_version *versions =
		arena_take(server->arena, (value->n + 1) * sizeof(*versions));

	for (size_t i = 0; i < value->n; i++)
		if (!version_set(server, value, i, &versions[i], scope))
			return;
	server->versions = versions;
	server->n_versions = value->n;
}

static void ver_set(struct config_server *server,
		    const struct yaml_node *value, struct config_scope *scope)
{
	static const struct config_key key = {
		.name = "ver", .type = KEY_BOOL, .size = sizeof(bool)};
	bool said;

	if (value->kind == YAML_MAP)
		versions_set(server, value, scope);
	else if (config_key_set(&key, value, &said, server->arena, scope))
		server->ver = said ? VER_SAID : VER_UNSAID;
}

bool config_habit_set(struct config_server *server, const struct entry *entry,
		      struct config_scope *scope)
{
	if (!strcmp(entry->key, "server"))
		habit_set(server, entry->value, scope);
	else if (!strcmp(entry->key, "format"))
		format_set(server, entry->value, scope);
	else if (!strcmp(entry->key, "ver"))
		ver_set(server, entry->value, scope);
	else
		return false;
	return true;
}

void config_habits_apply(struct config_server *server,
			 const struct block *block)
{
	const struct habit *habit = habits;
	const struct entry *ver = block_get(block, "ver");

	while (habit < habits + N_HABITS && habit->name != server->habit)
		habit++;
	if (habit == habits + N_HABITS)
		return;
	if (!block_get(block, "lwm2m"))
		server->version = habit->lwm2m_1_0 ? VERSION_1_0 : VERSION_1_1;
	if (!ver || ver->value->kind == YAML_MAP)
		server->ver = habit->ver;
	if (!block_get(block, "ct"))
		server->ct = habit->ct;
}

void config_habits_copy(struct config_server *to,
			const struct config_server *from)
{
	struct link_version *versions =
		arena_take(to->arena, (from->n_versions + 1) *
			   sizeof(*versions));

	for (size_t i = 0; i < from->n_versions; i++)
		versions[i] = (struct link_version){
			from->versions[i].object,
			arena_text(to->arena, from->versions[i].version)};
	to->versions = versions;
}

/* What it was told that we speak, is what it can read. */
uint16_t config_server_format(const struct config_server *server,
			      bool lwm2m_1_0)
{
	if (server->format != FORMAT_NONE)
		return server->format;
	if (lwm2m_1_0)
		return FORMAT_TLV;
	for (size_t i = 0; i < N_FORMATS; i++)
		if (formats[i].format == server->ct)
			return formats[i].format;
	return FORMAT_SENML_CBOR;
}
