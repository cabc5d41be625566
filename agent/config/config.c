/* SPDX-License-Identifier: GPL-2.0-or-later
 * From parsed files to the configuration: gateway, servers, defaults, then all
 * buses, then all devices. */
#include "agent/config/config.h"
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agent/base/arena.h"
#include "agent/config/config_build.h"
#include "agent/config/config_metadata.h"
#include "agent/config/config_points.h"
#include "agent/base/nearest.h"
#include "agent/config/object_set.h"

void config_append(void *items, size_t *n, void *item)
{
	void **array;

	memcpy(&array, items, sizeof(array));
	if (!(*n & (*n - 1))) {
		size_t size = *n ? 2 * *n : 1;

		array = realloc(array, size * sizeof(*array));
		if (!array)
			abort();
		memcpy(items, &array, sizeof(array));
	}
	array[(*n)++] = item;
}

static void offer_all(struct nearest *nearest, const struct config_key *keys)
{
	for (; keys && keys->type != KEY_END; keys++)
		config_key_offer(nearest, keys->name);
}

#define KEYS_FEW 8

/* "; there are: memory, disk and rate", where they are few. */
static const char *all_print(const struct config_key *keys, char *text,
			     size_t size)
{
	size_t n = 0, used = 0;

	*text = '\0';
	while (keys[n].type != KEY_END)
		n++;
	for (size_t i = 0; n <= KEYS_FEW && i < n && used < size; i++)
		used += (size_t)snprintf(text + used, size - used, "%s%s",
					 !i ? "; there are: " : i + 1 < n ?
					 ", " : " and ", keys[i].name);
	return text;
}

void config_refuse_key(struct config_scope *scope, const char *key,
		       struct place place, const struct config_key *keys,
		       const struct config_key *more)
{
	struct nearest nearest;
	char all[200] = "";

	nearest_init(&nearest, key);
	offer_all(&nearest, keys);
	offer_all(&nearest, more);
	config_scope_add(scope, place, "unknown key '%s' of %s%s", key,
			 scope->what, nearest.best || !keys || more ?
			 nearest_text(&nearest) :
			 all_print(keys, all, sizeof(all)));
}

void config_require(struct config_scope *scope, const struct config_key *keys,
		    const struct block *block, struct place at)
{
	for (const struct config_key *key = keys; key->type != KEY_END; key++)
		if (key->flags & KEY_REQUIRED && !block_get(block, key->name))
			config_miss(scope, key->name, keys, block, at);
}

/* "endpoint:a", which YAML takes for one word. */
static bool is_grown_together(const char *text)
{
	size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_");

	return n && text[n] == ':' && text[n + 1] && text[n + 1] != '/' &&
	       text[n + 1] != ' ';
}

/* "endpoint a", which YAML takes for a text. */
static bool lacks_colon(const char *text)
{
	size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_");

	return n && text[n] == ' ';
}

const char *config_blank_hint(const struct yaml_node *node)
{
	if (node->kind != YAML_TEXT)
		return "";
	return is_grown_together(node->text) ?
		       " (a blank is missing after the colon)" :
	       lacks_colon(node->text) ?
		       " (a colon is missing behind the key)" : "";
}

/* Is the key that stands there the one that is missing? */
static const char *miss_hint(const char *name, const char *there)
{
	struct nearest nearest;
	size_t n = strlen(name);

	if (!strncmp(there, name, n) && is_grown_together(there))
		return ", a blank is missing after the colon of";
	nearest_init(&nearest, there);
	nearest_offer(&nearest, name);
	return nearest.best ? ", which may be meant by" : NULL;
}

void config_miss(struct config_scope *scope, const char *name,
		 const struct config_key *keys, const struct block *block,
		 struct place at)
{
	for (const struct entry *e = block->first; e; e = e->next) {
		const char *hint = config_key_find(keys, e->key) ? NULL :
				   miss_hint(name, e->key);

		if (!hint)
			continue;
		config_scope_add(scope, e->place, "%s needs the key '%s'%s "
				 "'%s'", scope->what, name, hint, e->key);
		return;
	}
	config_scope_add(scope, at, "%s needs the key '%s'", scope->what, name);
}

static bool is_kind(const struct yaml_node *node, enum yaml_kind kind,
		    const char *name, struct config_scope *scope)
{
	if (node->kind == kind)
		return true;
	if (node->kind != YAML_TEXT || *node->text)
		config_scope_add(scope, node->place, "%s must be %s%s", name,
				 kind == YAML_MAP ? "a map: 'key: value' lines"
						  : "a list: '- ...' lines",
				 config_blank_hint(node));
	return false;
}

bool config_is_map(const struct yaml_node *node, const char *name,
		   struct config_scope *scope)
{
	return is_kind(node, YAML_MAP, name, scope);
}

bool config_is_list(const struct yaml_node *node, const char *name,
		    struct config_scope *scope)
{
	return is_kind(node, YAML_LIST, name, scope);
}

struct config_source *config_source(struct config_builder *b,
				    struct place place)
{
	struct config_source *source = arena_take(b->arena, sizeof(*source));

	source->place = place;
	return source;
}

struct setting *config_setting(struct config_builder *b,
			       const struct entry *entry,
			       bool host, struct setting *next)
{
	struct setting *setting = arena_take(b->arena, sizeof(*setting));

	*setting = (struct setting){.key = entry->key, .place = entry->place,
				    .value = entry->value, .host = host,
				    .next = next};
	return setting;
}

/* ---- what is there once, in whatever file ---- */

static struct config_device *itself_create(void)
{
	struct arena *arena = arena_create();
	struct config_device *itself = arena_take(arena, sizeof(*itself));

	itself->arena = arena;
	itself->enabled = itself->register_always = true;
	itself->sms = itself->smartcard = true;
	return itself;
}

/* What its endpoint says of the gateway, as a device says of itself. */
static void itself_set(struct config_device *itself, const char *name,
		       const struct yaml_node *value,
		       struct config_scope *scope)
{
	const struct config_key *key = config_key_find(config_device_keys,
						       name);

	if (!config_metadata_set(&itself->metadata, name, value, itself->arena,
				 scope))
		config_key_set(key, value, itself, itself->arena, scope);
	itself->fingerprint += fingerprint_pair(name, value);
}

static void names_warn(const struct yaml_node *gateway,
		       const struct config_scope *scope)
{
	static const char *const keys[] = {"name", "endpoint"};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const struct yaml_node *name = yaml_get(gateway, keys[i]);

		if (name && name->kind == YAML_TEXT)
			template_warn(name, keys[i], scope);
	}
}

static void gateway_build(struct config_builder *b,
			  const struct yaml_node *node)
{
	struct config_device *itself = b->config->itself = itself_create();
	struct config_scope scope;

	config_scope_init(&scope, b->errors, NULL, "the gateway");
	if (!config_is_map(node, "gateway", &scope))
		return;
	for (size_t i = 0; i < node->n; i++) {
		const struct config_key *key =
			config_key_find(config_gateway_keys, node->keys[i]);

		if (!key)
			config_refuse_key(&scope, node->keys[i],
					  node->key_places[i],
					  config_gateway_keys, NULL);
		else if (key->type == KEY_OTHER)
			itself_set(itself, node->keys[i], node->items[i],
				   &scope);
		else
			config_key_set(key, node->items[i], b->config,
				       b->arena, &scope);
	}
	names_warn(node, &scope);
	itself->fingerprint += b->config->object_25;
	config_page_build(b, node, &scope);
	/* They outlive the arena. */
	if (b->config->gateway)
		b->config->gateway = strdup(b->config->gateway);
	if (b->config->gateway_endpoint)
		b->config->gateway_endpoint =
			strdup(b->config->gateway_endpoint);
}

static void servers_build(struct config_builder *b,
			  const struct yaml_node *node)
{
	struct config_scope scope;

	config_scope_init(&scope, b->errors, NULL, "servers");
	if (!config_is_list(node, "servers", &scope))
		return;
	for (size_t i = 0; i < node->n; i++)
		config_server_build(b, node->items[i]);
}

/* Only what a device may be given from outside. */
static void defaults_build(struct config_builder *b,
			   const struct yaml_node *node)
{
	struct config_scope scope;

	config_scope_init(&scope, b->errors, NULL, "the defaults");
	if (!config_is_map(node, "defaults", &scope))
		return;
	for (size_t i = 0; i < node->n; i++) {
		const struct config_key *key =
			config_key_find(config_device_keys, node->keys[i]);

		if (key && key->flags & KEY_INHERITABLE)
			block_put(&b->defaults, b->arena, node->keys[i],
				  node->key_places[i], node->items[i]);
		else if (key)
			config_scope_add(&scope, node->key_places[i],
					 "'%s' cannot have a default: it is "
					 "each device's own", node->keys[i]);
		else
			config_refuse_key(&scope, node->keys[i],
					  node->key_places[i],
					  config_device_keys, NULL);
	}
}

static const struct section {
	const char *name;
	void (*build)(struct config_builder *b, const struct yaml_node *node);
} sections[] = {
	{"gateway", gateway_build}, {"servers", servers_build},
	{"bootstrap", config_bootstrap_build}, {"defaults", defaults_build},
	{"store", config_store_build}, {"sms", config_sms_build},
};

/* The first one counts: told, but no reason not to run. */
static void section_again(struct config_builder *b, const char *name,
			  struct place at, struct place first)
{
	bool fatal = b->errors->fatal;

	b->errors->fatal = false;
	config_error_add(b->errors, at, NULL, "'%s' is there already: %s:%u:%u",
			 name, first.file, first.line, first.column);
	b->errors->fatal = fatal;
}

/* The first of all files, in the order of their names; a second one is refused,
 * not merged. */
static const struct yaml_node *section_find(struct config_builder *b,
					    const struct config_file *file,
					    size_t n, const char *name)
{
	const struct yaml_node *found = NULL;
	struct place at = {NULL, 0, 0};

	for (const struct config_file *end = file + n; file < end; file++)
		for (size_t i = 0; file->root && i < file->root->n; i++) {
			if (strcmp(file->root->keys[i], name))
				continue;
			if (found)
				section_again(b, name,
					      file->root->key_places[i], at);
			else
				at = file->root->key_places[i];
			if (!found)
				found = file->root->items[i];
		}
	return found;
}

static void sections_build(struct config_builder *b,
			   const struct config_file *files, size_t n)
{
	for (size_t i = 0; i < sizeof(sections) / sizeof(*sections); i++) {
		const struct yaml_node *node =
			section_find(b, files, n, sections[i].name);

		if (node)
			sections[i].build(b, node);
	}
	if (!b->config->n_servers && !b->config->bootstrap &&
	    !config_fatal(b->errors))
		config_error_add(b->errors, (struct place){files->name,
							  files->root != NULL,
							  files->root != NULL},
				 NULL, "no server: 'servers' needs at least "
				 "one, as - {id: 1, uri: coap://HOST:5683}, or "
				 "there is a 'bootstrap'");
}

static void check_top(struct config_builder *b, const struct config_file *file,
		      const char *what)
{
	const struct yaml_node *root = file->root;
	struct config_scope scope;

	config_scope_init(&scope, b->errors, NULL, what);
	for (size_t i = 0; root && i < root->n; i++)
		if (!config_key_find(config_main_keys, root->keys[i]))
			config_refuse_key(&scope, root->keys[i],
					  root->key_places[i],
					  config_main_keys, NULL);
}

/* ---- buses and devices, of all files ---- */

int config_bus_find(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->n_buses; i++)
		if (!strcmp(config->buses[i]->name, name))
			return (int)i;
	return -1;
}

static void buses_build(struct config_builder *b, const struct yaml_node *node)
{
	struct config_scope scope;

	config_scope_init(&scope, b->errors, NULL, "buses");
	if (!config_is_map(node, "buses", &scope))
		return;
	for (size_t i = 0; i < node->n; i++) {
		int known = config_bus_find(b->config, node->keys[i]);

		if (known >= 0) {
			struct place at =
				b->config->buses[known]->source->place;

			config_scope_add(&scope, node->key_places[i],
					 "the bus '%s' is there already: "
					 "%s:%u:%u", node->keys[i], at.file,
					 at.line, at.column);
			continue;
		}
		config_bus_build(b, node->keys[i], node->key_places[i],
				 node->items[i], NULL);
	}
}

static void devices_build(struct config_builder *b,
			  const struct yaml_node *node)
{
	struct config_scope scope;

	config_scope_init(&scope, b->errors, NULL, "devices");
	if (!config_is_list(node, "devices", &scope))
		return;
	for (size_t i = 0; i < node->n; i++)
		config_device_build(b, node->items[i]);
}

struct named { struct config_device *device; size_t index; };

static int named_compare(const void *left, const void *right)
{
	const struct named *a = left, *b = right;
	int order = strcmp(a->device->endpoint, b->device->endpoint);

	return order ? order : a->index < b->index ? -1 : 1;
}

static void refuse_double(struct config_builder *b,
			  const struct config_device *first,
			  const struct config_device *second)
{
	struct place at = first->source->place;

	config_error_add(b->errors, second->source->place, second->endpoint,
			 "the endpoint '%s' is there already: %s:%u:%u",
			 second->endpoint, at.file, at.line, at.column);
}

/* One that is served by the gateway's own endpoint needs it, and to be listed
 * there: it would run and nobody could reach it. */
static void refuse_lost_ways(struct config_builder *b)
{
	static const char why[] = "'via' is not own: 'gateway' needs an "
				  "'endpoint' and 'object_25: true'";
	const struct config *config = b->config;

	if (config->gateway_endpoint && config->object_25)
		return;
	for (size_t i = 0; i < config->n_devices; i++) {
		struct config_device *device = config->devices[i];
		struct place at = device->source->place;

		if (device->via == VIA_OWN)
			continue;
		config_error_add(b->errors, at, device->endpoint, "%s", why);
		if (!device->refused)
			device->refused = arena_print(device->arena,
						      "%s:%u:%u: %s", at.file,
						      at.line, at.column, why);
	}
}

static bool is_gateway(const struct config_builder *b,
		       const struct config_device *device)
{
	const char *own = b->config->gateway_endpoint;

	return own && !strcmp(own, device->endpoint);
}

static void refuse_gateways(struct config_builder *b)
{
	struct config *config = b->config;
	size_t left = 0;

	for (size_t i = 0; i < config->n_devices; i++) {
		struct config_device *device = config->devices[i];

		if (!is_gateway(b, device)) {
			config->devices[left++] = device;
			continue;
		}
		config_error_add(b->errors, device->source->place,
				 device->endpoint, "the endpoint '%s' is the gateway's own "
				 "('endpoint' of 'gateway')", device->endpoint);
		config_device_free(device);
	}
	config->n_devices = left;
}

/* The first of a name stays; sorted, because there may be ten thousand. */
static void refuse_doubles(struct config_builder *b)
{
	struct config *config = b->config;
	struct named *sorted = calloc(config->n_devices + 1, sizeof(*sorted));
	size_t first = 0, left = 0;

	if (!sorted)
		abort();
	for (size_t i = 0; i < config->n_devices; i++)
		sorted[i] = (struct named){config->devices[i], i};
	qsort(sorted, config->n_devices, sizeof(*sorted), named_compare);
	for (size_t i = 1; i < config->n_devices; i++) {
		if (strcmp(sorted[i].device->endpoint,
			   sorted[first].device->endpoint)) {
			first = i;
			continue;
		}
		refuse_double(b, sorted[first].device, sorted[i].device);
		config->devices[sorted[i].index] = NULL;
		config_device_free(sorted[i].device);
	}
	for (size_t i = 0; i < config->n_devices; i++)
		if (config->devices[i])
			config->devices[left++] = config->devices[i];
	config->n_devices = left;
	free(sorted);
}

static void files_build(struct config_builder *b,
			const struct config_file *files, size_t n)
{
	const struct yaml_node *node;

	for (size_t i = 1; i < n; i++)
		check_top(b, &files[i], "a file of conf.d");
	for (size_t i = 0; i < n; i++)
		if (files[i].root && (node = yaml_get(files[i].root, "buses")))
			buses_build(b, node);
	for (size_t i = 0; i < n; i++)
		if (files[i].root &&
		    (node = yaml_get(files[i].root, "devices")))
			devices_build(b, node);
	refuse_gateways(b);
	refuse_lost_ways(b);
	refuse_doubles(b);
}

struct config *config_build(const struct config_file *files, size_t n,
			    struct config_profiles *profiles,
			    const struct object_model *model,
			    struct config_errors *errors)
{
	struct config *config = calloc(1, sizeof(*config));
	struct config_builder b = {.config = config, .errors = errors,
				   .profiles = profiles, .model = model};
	bool fatal = errors->fatal;

	if (!config)
		abort();
	b.arena = config->scratch = arena_create();
	block_init(&b.defaults);
	config_keys_fall_back(config_store_keys, config, b.arena);
	config_keys_fall_back(config_gateway_keys, config, b.arena);
	errors->fatal = true;
	if (n) {
		check_top(&b, &files[0], "the main file");
		sections_build(&b, files, n);
	}
	errors->fatal = fatal;
	files_build(&b, files, n);
	free(b.inherited);
	return config;
}

void config_server_free(struct config_server *server)
{
	if (!server)
		return;
	config_server_free(server->other);
	arena_destroy(server->arena);
}

void config_bus_free(struct config_bus *bus)
{
	if (bus)
		arena_destroy(bus->arena);
}

void config_device_free(struct config_device *device)
{
	if (!device)
		return;
	config_points_release(device->shared);
	object_set_release(device->objects);
	arena_destroy(device->arena);
}

const struct object_model *
config_device_model(const struct config_device *device)
{
	return object_set_model(device->objects);
}

void config_free(struct config *config)
{
	if (!config)
		return;
	for (size_t i = 0; i < config->n_servers; i++)
		config_server_free(config->servers[i]);
	for (size_t i = 0; i < config->n_buses; i++)
		config_bus_free(config->buses[i]);
	for (size_t i = 0; i < config->n_devices; i++)
		config_device_free(config->devices[i]);
	free(config->servers);
	config_server_free(config->bootstrap);
	free(config->buses);
	free(config->devices);
	config_device_free(config->itself);
	free(config->gateway);
	free(config->gateway_endpoint);
	config_page_finish(&config->page);
	config_sms_free(config->sms);
	free(config->directory);
	arena_destroy(config->scratch);
	free(config);
}
