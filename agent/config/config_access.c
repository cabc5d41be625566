/* SPDX-License-Identifier: GPL-2.0-or-later
 * `access:` of servers and devices: rights as words, one or a list; of a device
 * also by server: {2: read}. Pure. */
#include <string.h>
#include "agent/config/config_access.h"
#include "agent/base/nearest.h"
#include "objects/access.h"

#define WORDS "all, none, read, write, execute, delete, create"

static const struct word { const char *text; uint8_t rights; } words[] = {
	{"all", ACCESS_ALL}, {"none", 0}, {"read", ACCESS_READ},
	{"write", ACCESS_WRITE}, {"execute", ACCESS_EXECUTE},
	{"delete", ACCESS_DELETE}, {"create", ACCESS_CREATE},
};
#define N_WORDS (sizeof(words) / sizeof(words[0]))

static bool word_read(const struct yaml_node *value, uint8_t *rights,
		      struct config_scope *scope)
{
	struct nearest nearest;

	if (!config_text(value, "access", scope))
		return false;
	nearest_init(&nearest, value->text);
	for (size_t i = 0; i < N_WORDS; i++) {
		if (!strcmp(words[i].text, value->text)) {
			*rights |= words[i].rights;
			return true;
		}
		nearest_offer(&nearest, words[i].text);
	}
	config_scope_add(scope, value->place, "'access' is of the words "
			 WORDS ", not '%s'%s", value->text,
			 nearest_text(&nearest));
	return false;
}

bool config_access_read(const struct yaml_node *value, uint8_t *rights,
			struct config_scope *scope)
{
	*rights = 0;
	if (value->kind != YAML_LIST)
		return word_read(value, rights, scope);
	if (!value->n) {
		config_scope_add(scope, value->place,
				 "'access' is empty: say none");
		return false;
	}
	for (size_t i = 0; i < value->n; i++)
		if (!word_read(value->items[i], rights, scope))
			return false;
	return true;
}

static bool server_read(const struct config_builder *b, const char *key,
			struct place place, uint16_t *server,
			struct config_scope *scope)
{
	int64_t id = 0;

	if (!config_integer(key, &id))
		for (size_t i = 0; i < b->config->n_servers; i++)
			if (b->config->servers[i]->id == id) {
				*server = (uint16_t)id;
				return true;
			}
	config_scope_add(scope, place, "'access': there is no server with the "
			 "id %s", key);
	return false;
}

void config_access_set(const struct config_builder *b,
		       struct config_device *device,
		       const struct yaml_node *value,
		       struct config_scope *scope)
{
	bool by_server = value->kind == YAML_MAP;
	size_t n = by_server ? value->n : 1;
	struct config_access *access = arena_take(device->arena,
						  n * sizeof(*access));

	for (size_t i = 0; i < n; i++)
		if ((by_server && !server_read(b, value->keys[i],
					       value->key_places[i],
					       &access[i].server, scope)) ||
		    !config_access_read(by_server ? value->items[i] : value,
					&access[i].rights, scope))
			return;
	device->access = access;
	device->n_access = (uint16_t)n;
}

uint8_t config_access_of(const struct config_device *device,
			 const struct config_server *server)
{
	for (size_t i = 0; i < device->n_access; i++)
		if (!device->access[i].server ||
		    device->access[i].server == server->id)
			return device->access[i].rights;
	return ACCESS_ALL & ~server->withheld;
}
