/* SPDX-License-Identifier: GPL-2.0-or-later
 * Plans of searches, and buses made for them alone. */
#include "agent/bus/search_plan.h"
#include <math.h>
#include <string.h>
#include "agent/base/arena.h"
#include "agent/config/config_block.h"
#include "agent/base/log.h"
#include "agent/config/plugin.h"
#include "agent/config/profiles.h"
#include "agent/config/settings_private.h"

#define SECOND INT64_C(1000000000)
#define LISTEN_USUAL (10 * SECOND)
#define SEARCH_LONGEST (600 * SECOND)
#define FOR_SLACK (30 * SECOND)		/* to tell what was heard */

static struct setting *setting_put(struct arena *arena, struct setting *next,
				   const char *key,
				   const struct yaml_node *value)
{
	struct setting *s = arena_take(arena, sizeof(*s));

	*s = (struct setting){.key = key, .value = value,
			      .place = value->place, .next = next};
	return s;
}

static struct setting *text_put(struct arena *arena, struct setting *next,
				const char *key, const char *text)
{
	struct yaml_node *node = arena_take(arena, sizeof(*node));

	*node = (struct yaml_node){.kind = YAML_TEXT,
				   .text = arena_text(arena, text)};
	return setting_put(arena, next, arena_text(arena, key), node);
}

static struct setting *map_put(struct arena *arena, struct setting *next,
			       const struct yaml_node *map, const char *without)
{
	for (size_t i = 0; i < map->n; i++)
		if (!without || strcmp(map->keys[i], without))
			next = setting_put(arena, next, map->keys[i],
					   map->items[i]);
	return next;
}

/* What typing needs of a bus; nothing of it is kept. */
static struct config_bus *bus_stub(struct arena *arena,
				   const struct adapter_ops *ops)
{
	struct config_bus *bus = arena_take(arena, sizeof(*bus));

	bus->arena = arena;
	bus->name = bus->adapter = ops->name;
	bus->ops = ops;
	bus->source = arena_take(arena, sizeof(*bus->source));
	return bus;
}

/* ---- keys ---- */

static int64_t duration_of(const struct adapter_ops *ops, int64_t asked)
{
	if (ops->search && key_find(ops, SEARCH, "for"))
		return asked ? asked + FOR_SLACK : SEARCH_LONGEST;
	if (asked)
		return asked;
	return ops->search ? SEARCH_LONGEST : LISTEN_USUAL;
}

/* An adapter that listens for a time has a key for that. */
static struct setting *for_put(struct arena *arena, struct setting *list,
			       const struct adapter_ops *ops, int64_t duration)
{
	char text[TIMESPAN_TEXT_MAX];

	if (!duration || !key_find(ops, SEARCH, "for") ||
	    setting_find(list, "for", false))
		return list;
	return text_put(arena, list, "for", timespan_text(duration, text));
}

struct search_plan *search_plan_create(const struct adapter_ops *ops,
				       uint32_t kind,
				       const struct search_key *keys, size_t n,
				       int64_t duration,
				       struct config_errors *errors)
{
	struct arena *arena = arena_create();
	struct search_plan *plan = arena_take(arena, sizeof(*plan));
	struct config config = {0};
	struct config_scope scope;
	struct typing t = {.config = &config, .scope = &scope,
			   .bus = bus_stub(arena, ops)};
	struct setting *list = NULL;

	for (size_t i = 0; i < n; i++)
		list = text_put(arena, list, keys[i].key, keys[i].value);
	list = for_put(arena, list, ops, duration);
	t.bus->source->settings = list;
	config_scope_init(&scope, errors, NULL, "a search");
	level_refuse_unknown(&t, SEARCH, list);
	*plan = (struct search_plan){
		.arena = arena, .kind = kind,
		.duration = duration_of(ops, duration),
		.data = level_type(&t, SEARCH, ops->search_size)};
	if (!scope.wrong)
		return plan;
	arena_destroy(arena);
	return NULL;
}

void search_plan_free(struct search_plan *plan)
{
	if (plan)
		arena_destroy(plan->arena);
}

/* ---- profiles ---- */

static bool range_read(const struct yaml_node *identify,
		       struct search_identify *to, struct config_scope *scope)
{
	const struct yaml_node *range = yaml_get(identify, "range");

	to->min = -INFINITY;
	to->max = INFINITY;
	if (!range)
		return true;
	return range->kind == YAML_LIST && range->n == 2 &&
	       config_real(range->items[0], "range", &to->min, scope) &&
	       config_real(range->items[1], "range", &to->max, scope);
}

static void identify_refuse(const char *profile, const char *why)
{
	log_line(LOG_WARN, NULL, NULL, "the profile %s is not looked for, its "
		 "'identify' is wrong: %s", profile, why);
}

/* One device with one point, as the profile's block and a condition of its
 * `identify` make it. */
static bool identify_type(struct search_plan *plan,
			  const struct adapter_ops *ops,
			  const struct yaml_node *block,
			  const struct yaml_node *identify,
			  struct search_identify *to)
{
	struct arena *arena = plan->arena;
	struct config_device *device = arena_take(arena, sizeof(*device));
	struct config_points *points = arena_take(
		arena, sizeof(*points) + sizeof(struct config_point));
	struct config config = {0};
	struct config_errors errors;
	struct config_scope scope;
	struct typing t = {.config = &config, .bus = bus_stub(arena, ops),
			   .device = device, .points = points,
			   .scope = &scope};

	config_errors_init(&errors);
	config_scope_init(&scope, &errors, NULL, "a profile");
	device->arena = points->arena = arena;
	device->source = arena_take(arena, sizeof(*device->source));
	device->source->settings = map_put(arena, NULL, block, NULL);
	to->device = level_type(&t, DEVICE, ops->device_size);
	scope.wrong = 0;	/* what each device must say, as its unit */
	points->n = 1;
	t.point = &points->at[0];
	t.point->source = arena_take(arena, sizeof(*t.point->source));
	t.point->source->settings = map_put(arena, NULL, identify, "range");
	level_refuse_unknown(&t, POINT, t.point->source->settings);
	to->point = level_type(&t, POINT, ops->point_size);
	if (!range_read(identify, to, &scope))
		scope.wrong++;
	if (scope.wrong)
		identify_refuse(to->profile, scope.first);
	config_errors_finish(&errors);
	return !scope.wrong;
}

static void identify_add(struct search_plan *plan,
			 const struct search_identify *one)
{
	struct search_identify *all = arena_take(
		plan->arena, (plan->n_identify + 1) * sizeof(*all));

	if (plan->n_identify)
		memcpy(all, plan->identify, plan->n_identify * sizeof(*all));
	all[plan->n_identify++] = *one;
	plan->identify = all;
}

/* `identify` is one condition or a list of them: all are taken, or none. */
static void profile_add(struct search_plan *plan,
			const struct adapter_ops *ops, const char *profile,
			const struct yaml_node *block,
			const struct yaml_node *identify)
{
	bool list = identify->kind == YAML_LIST;
	size_t n = list ? identify->n : 1, before = plan->n_identify;

	if (n == 0)
		identify_refuse(profile, "the list is empty");
	for (size_t i = 0; i < n; i++) {
		const struct yaml_node *one =
			list ? identify->items[i] : identify;
		struct search_identify condition = {.profile = profile,
						    .more = i + 1 < n};
		bool map = one->kind == YAML_MAP;

		if (!map)
			identify_refuse(profile, "it is neither a map nor a "
					"list of maps");
		if (!map || !identify_type(plan, ops, block, one, &condition)) {
			plan->n_identify = before;
			return;
		}
		identify_add(plan, &condition);
	}
}

void search_plan_identify(struct search_plan *plan,
			  const struct adapter_ops *ops, const char *dir,
			  const char *profile_dir)
{
	struct profile_files *files = profile_files_open(dir, profile_dir);
	const struct yaml_node *root, *block, *identify;
	const char *name;

	while ((root = profile_files_next(files, &name))) {
		block = yaml_get(root, ops->name);
		identify = yaml_get(root, "identify");
		if (block && block->kind == YAML_MAP && identify)
			profile_add(plan, ops, arena_text(plan->arena, name),
				    block, identify);
	}
	profile_files_close(files);
}

/* ---- what is found ---- */

void search_hit_init(struct search_hit *hit, const struct adapter_ops *ops,
		     const char *keys)
{
	struct arena *arena = arena_create();
	const char *text = arena_print(arena, "{%s}", keys);
	struct config_device *device = arena_take(arena, sizeof(*device));
	struct config config = {0};
	struct config_errors errors;
	struct config_scope scope;
	struct typing t = {.config = &config, .bus = bus_stub(arena, ops),
			   .device = device, .scope = &scope};

	config_errors_init(&errors);
	config_scope_init(&scope, &errors, NULL, "a device");
	*hit = (struct search_hit){.ops = ops, .arena = arena};
	hit->keys = yaml_parse("keys", text, strlen(text), arena, &errors);
	if (hit->keys && hit->keys->kind != YAML_MAP)
		hit->keys = NULL;
	hit->of_device = hit->keys && hit->keys->n > 0 &&
			 key_find(ops, DEVICE, hit->keys->keys[0]);
	if (hit->of_device) {
		device->arena = arena;
		device->source = arena_take(arena, sizeof(*device->source));
		device->source->settings = map_put(arena, NULL, hit->keys,
						   NULL);
		hit->device = level_type(&t, DEVICE, ops->device_size);
	}
	config_errors_finish(&errors);
}

void search_hit_finish(struct search_hit *hit)
{
	arena_destroy(hit->arena);
}

static bool member_equal(const struct adapter_key *key, const void *a,
			 const void *b)
{
	const char *left = (const char *)a + key->offset;
	const char *right = (const char *)b + key->offset;
	const char *texts[2];

	if (key->type != ADAPTER_TEXT)
		return !memcmp(left, right, key->size);
	memcpy(&texts[0], left, sizeof(texts[0]));
	memcpy(&texts[1], right, sizeof(texts[1]));
	return texts[0] && texts[1] && !strcmp(texts[0], texts[1]);
}

bool search_hit_is(const struct search_hit *hit, const void *device)
{
	if (!hit->device || !device)
		return false;
	for (size_t i = 0; i < hit->keys->n; i++) {
		const struct adapter_key *key = key_find(
			hit->ops, DEVICE, hit->keys->keys[i]);

		if (key && !member_equal(key, hit->device, device))
			return false;
	}
	return true;
}

/* ---- a bus of its own ---- */

size_t search_keys_split(const struct adapter_ops *ops, struct search_key *keys,
			 size_t n)
{
	size_t left = 0;

	for (size_t i = 0; i < n; i++) {
		struct search_key key = keys[i];

		if (!key_find(ops, SEARCH, key.key) &&
		    key_find(ops, BUS, key.key))
			continue;
		keys[i] = keys[left];
		keys[left++] = key;
	}
	return left;
}

struct config_bus *search_bus_imply(const char *name, struct plugins *plugins,
				    const struct search_key *keys, size_t n,
				    struct config_errors *errors)
{
	char why[512];
	const struct adapter_ops *ops = plugins_find(plugins, name, why,
						     sizeof(why));
	struct config config = {0};
	struct config_scope scope;
	struct typing t = {.config = &config, .scope = &scope};

	if (!ops) {
		config_error_add(errors, (struct place){0}, NULL,
				 "there is no bus '%s', and %s", name, why);
		return NULL;
	}
	config_scope_init(&scope, errors, NULL, "the bus");
	t.bus = bus_stub(arena_create(), ops);
	t.bus->implied = t.bus->enabled = true;
	t.bus->fingerprint = FINGERPRINT_START;
	for (size_t i = 0; i < n; i++)
		if (!key_find(ops, SEARCH, keys[i].key) &&
		    key_find(ops, BUS, keys[i].key))
			t.bus->source->settings = text_put(
				t.bus->arena, t.bus->source->settings,
				keys[i].key, keys[i].value);
	t.bus->data = level_type(&t, BUS, ops->bus_size);
	if (!scope.wrong)
		bus_check(&t);
	if (scope.wrong) {
		config_bus_free(t.bus);
		config_error_add(errors, (struct place){0}, NULL,
				 "give its keys along, as port=/dev/ttyUSB0, or "
				 "declare the bus: buses: {NAME: {adapter: %s, "
				 "...}}", name);
		return NULL;
	}
	t.bus->source = NULL;
	return t.bus;
}
