/* SPDX-License-Identifier: GPL-2.0-or-later
 * Points of the configuration: the profile's and the site's by name, key by
 * key; where they are mapped, and whether that can be. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agent/config/config_build.h"
#include "agent/config/model.h"
#include "agent/base/nearest.h"
#include "agent/config/object_set.h"

/* ---- merging ---- */

static const char *name_in(const struct block *block)
{
	const struct entry *e = block_get(block, "name");

	return e && e->value->kind == YAML_TEXT ? e->value->text : NULL;
}

static struct block *list_find(const struct point_list *list, const char *name)
{
	for (size_t i = 0; name && i < list->n; i++) {
		const char *other = name_in(&list->blocks[i]);

		if (other && !strcmp(other, name))
			return &list->blocks[i];
	}
	return NULL;
}

static void list_append(struct point_list *list, struct config_builder *b,
			const struct yaml_node *item)
{
	struct block *block = &list->blocks[list->n];

	block_init(block);
	block_put_map(block, b->arena, item, NULL);
	list->places[list->n++] = item->place;
}

/* What the site says is laid over what the profile says; it has a name, so
 * that the end of the list is never the local block's own. */
static void list_override(struct block *block, struct config_builder *b,
			  const struct yaml_node *item)
{
	struct block over;

	block_init(&over);
	block_put_map(&over, b->arena, item, NULL);
	block_put_block(&over, b->arena, block);
	block->first = over.first;
	block->end = over.end;
	block->n = over.n;
}

static size_t list_count(const struct yaml_node *list)
{
	return list && list->kind == YAML_LIST ? list->n : 0;
}

static void point_miss_name(struct config_builder *b,
			    const struct yaml_node *item,
			    struct config_scope *scope)
{
	const char *device = scope->what;
	struct block block;

	block_init(&block);
	block_put_map(&block, b->arena, item, NULL);
	scope->what = "a point";
	config_miss(scope, "name", config_point_keys, &block, item->place);
	scope->what = device;
}

/* n_profile: so many are the profile's; a name twice in the same list is
 * wrong. */
static void item_merge(struct point_list *list, size_t n_profile,
		       struct config_builder *b, const struct yaml_node *item,
		       struct config_scope *scope)
{
	const struct yaml_node *name = yaml_get(item, "name");
	struct block *same;

	if (item->kind != YAML_MAP) {
		config_scope_add(scope, item->place, "a point must be a map: "
				 "- {name: ..., map: ...}%s",
				 config_blank_hint(item));
		return;
	}
	if (!name) {
		point_miss_name(b, item, scope);
		list_append(list, b, item);	/* for what else is wrong */
		return;
	}
	same = list_find(list, name->kind == YAML_TEXT ? name->text : NULL);
	if (!same) {
		list_append(list, b, item);
	} else if ((size_t)(same - list->blocks) < n_profile) {
		list->places[same - list->blocks] = item->place;
		list_override(same, b, item);
	} else {
		config_scope_add(scope, name->place, "the point '%s' is there "
				 "already, in line %u", name->text,
				 list->places[same - list->blocks].line);
	}
}

static void layer_merge(struct point_list *list, struct config_builder *b,
			const struct yaml_node *points,
			struct config_scope *scope)
{
	size_t n_profile = list->n;

	if (!points || !config_is_list(points, "points", scope))
		return;
	for (size_t i = 0; i < points->n; i++)
		item_merge(list, n_profile, b, points->items[i], scope);
}

bool config_is_inheritable(const char *name)
{
	const struct config_key *key = config_key_find(config_point_keys, name);

	return key && key->flags & KEY_POINTS;
}

/* What the device says for all of its points. */
static void gifts_lay(struct config_builder *b, struct point_list *list,
		      const struct block *device)
{
	for (const struct entry *e = device->first; e; e = e->next) {
		if (!config_is_inheritable(e->key))
			continue;
		for (size_t i = 0; i < list->n; i++)
			block_put(&list->blocks[i], b->arena, e->key, e->place,
				  e->value);
	}
}

void config_points_merge(struct config_builder *b, struct point_list *merged,
			 const struct yaml_node *profile,
			 const struct yaml_node *site,
			 const struct block *device,
			 struct config_scope *scope)
{
	size_t most = list_count(profile) + list_count(site);

	merged->n = 0;
	merged->blocks = arena_take(b->arena, most * sizeof(*merged->blocks));
	merged->places = arena_take(b->arena, most * sizeof(*merged->places));
	layer_merge(merged, b, profile, scope);
	layer_merge(merged, b, site, scope);
	gifts_lay(b, merged, device);
}

/* ---- the map ---- */

struct mapping {
	const struct object_def *object;
	const struct resource_def *resource;
	const struct yaml_node *value;
};

static bool map_object(struct config_builder *b,
		       const struct config_point *point,
		       struct mapping *m, struct config_scope *scope)
{
	uint16_t id = point->map.id[0];

	if (id <= 2 || id == 21) {
		config_scope_add(scope, m->value->place, "'map': object %u is "
				 "the gateway's own", id);
		return false;
	}
	m->object = b->model->object(b->model, id);
	if (!m->object)
		config_scope_add(scope, m->value->place,
				 "'map': object %u is not known: put its definition "
				 "into objects.d, as OMA publishes it", id);
	else if (!m->object->multiple && point->map.id[1])
		config_scope_add(scope, m->value->place, "'map': object %u "
				 "(%s) has the instance 0 only", id,
				 m->object->name);
	else
		return true;
	return false;
}

static bool map_resource(struct config_point *point, struct mapping *m,
			 struct config_scope *scope)
{
	bool whole = point->map.depth == 2;
	uint16_t id = whole ? m->object->main : point->map.id[2];

	if (whole && !id) {
		config_scope_add(scope, m->value->place, "'map': object %u "
				 "(%s) has no main resource: name one, as "
				 "%u/%u/RESOURCE", m->object->id,
				 m->object->name, m->object->id,
				 point->map.id[1]);
		return false;
	}
	m->resource = object_resource(m->object, id);
	if (!m->resource) {
		config_scope_add(scope, m->value->place, "'map': object %u "
				 "(%s) has no resource %u", m->object->id,
				 m->object->name, id);
		return false;
	}
	if (point->map.depth == 4 && !m->resource->multiple) {
		config_scope_add(scope, m->value->place, "'map': resource %u "
				 "(%s) has no instances of its own", id,
				 m->resource->name);
		return false;
	}
	point->resource = path_resource(point->map.id[0], point->map.id[1],
					id);
	if (m->resource->multiple)
		point->resource = path_child(point->resource,
			point->map.depth == 4 ? point->map.id[3] : 0);
	return true;
}

static bool map_parse(struct config_point *point,
		      const struct yaml_node *value, struct config_scope *scope)
{
	int rc;

	if (!config_text(value, "map", scope))
		return false;
	rc = path_parse(value->text, strlen(value->text), &point->map);
	if (!rc && point->map.depth >= 2)
		return true;
	config_scope_add(scope, value->place, "'map' must be OBJECT/INSTANCE "
			 "or OBJECT/INSTANCE/RESOURCE, as 3303/0 or "
			 "3308/0/5900, not '%s'", value->text);
	point->map.depth = 0;
	return false;
}

/* ---- single keys ---- */

static void scale_set(struct config_point *point, const struct entry *e,
		      bool is_scale, struct config_scope *scope)
{
	double *to = is_scale ? &point->scale.scale : &point->scale.offset;
	int8_t decimals;

	if (!config_real(e->value, e->key, to, scope))
		return;
	if (is_scale && *to == 0) {
		config_scope_add(scope, e->value->place,
				 "'scale' cannot be 0");
		return;
	}
	if (*to == (is_scale ? 1 : 0))
		return;		/* says nothing: nothing to round to */
	decimals = point_decimals(e->value->text);
	if (decimals > point->scale.decimals)
		point->scale.decimals = decimals;
}

static void round_set(struct config_point *point, const struct entry *e,
		      struct config_scope *scope)
{
	int64_t decimals;

	if (!config_text(e->value, "round", scope))
		return;
	point->rounded = true;
	if (!strcmp(e->value->text, "off"))
		point->scale.decimals = -1;
	else if (!config_integer(e->value->text, &decimals) && decimals >= 0 &&
		 decimals <= 15)
		point->scale.decimals = (int8_t)decimals;
	else
		config_scope_add(scope, e->value->place, "'round' must be 0 to "
				 "15 decimals, or off, not '%s'",
				 e->value->text);
}

static void range_set(struct config_point *point, const struct entry *e,
		      struct config_scope *scope)
{
	if (e->value->kind != YAML_LIST || e->value->n != 2) {
		config_scope_add(scope, e->value->place, "'range' must be "
				 "[lowest, highest]");
		return;
	}
	if (!config_real(e->value->items[0], "range", &point->range_min,
			 scope) ||
	    !config_real(e->value->items[1], "range", &point->range_max,
			 scope))
		return;
	if (point->range_min >= point->range_max)
		config_scope_add(scope, e->value->place, "'range': %s is not "
				 "below %s", e->value->items[0]->text,
				 e->value->items[1]->text);
	else
		point->has_range = true;
}

static void values_set(struct config_builder *b, struct config_point *point,
		       const struct entry *e, struct config_scope *scope)
{
	const struct yaml_node *map = e->value;
	struct point_text *texts;
	char *end;

	if (map->kind != YAML_MAP || map->n == 0 || map->n > UINT16_MAX) {
		config_scope_add(scope, map->place, "'values' must be numbers "
				 "and what they are called: {0: off, 1: on}");
		return;
	}
	texts = arena_take(b->arena, map->n * sizeof(*texts));
	for (size_t i = 0; i < map->n; i++) {
		if (!config_text(map->items[i], "values", scope))
			return;
		texts[i].number = strtod(map->keys[i], &end);
		texts[i].text = map->items[i]->text;
		if (end == map->keys[i] || *end) {
			config_scope_add(scope, map->key_places[i], "'values': "
					 "'%s' is no number", map->keys[i]);
			return;
		}
	}
	point->scale.texts = texts;
	point->scale.n_texts = (uint16_t)map->n;
}

static void other_set(struct config_builder *b, struct config_point *point,
		      const struct entry *e, struct config_scope *scope)
{
	if (!strcmp(e->key, "values"))
		values_set(b, point, e, scope);
	else if (!strcmp(e->key, "scale"))
		scale_set(point, e, true, scope);
	else if (!strcmp(e->key, "offset"))
		scale_set(point, e, false, scope);
	else if (!strcmp(e->key, "range"))
		range_set(point, e, scope);
	else if (!strcmp(e->key, "on_execute"))
		point->has_on_execute = config_real(e->value, e->key,
						    &point->on_execute, scope);
	else if (!strcmp(e->key, "safe"))
		point->has_safe = config_real(e->value, e->key, &point->safe,
					      scope);
}

static void keys_set(struct config_builder *b, struct config_point *point,
		     const struct block *block, struct config_scope *scope)
{
	for (const struct entry *e = block->first; e; e = e->next) {
		const struct config_key *key =
			config_key_find(config_point_keys, e->key);

		if (key && key->type == KEY_OTHER)
			other_set(b, point, e, scope);
		else if (key)
			config_key_set(key, e->value, point, b->arena,
				       scope);
		point->source->settings = config_setting(
			b, e, key, point->source->settings);
	}
}

/* ---- what must fit together ---- */

static struct place place_of(const struct block *block, const char *key,
			     struct place otherwise)
{
	const struct entry *e = block_get(block, key);

	return e ? e->value->place : otherwise;
}

static void check_operations(const struct config_point *point,
			     const struct block *block,
			     const struct mapping *m,
			     struct config_scope *scope)
{
	char path[PATH_TEXT_MAX];
	uint8_t can = m->resource->operations;

	path_format(&point->resource, path);
	if (can & OP_EXECUTE && !point->has_on_execute)
		config_scope_add(scope, m->value->place, "'map': %s (%s) is "
				 "executed: say what that writes, with "
				 "on_execute", path, m->resource->name);
	if (!(can & OP_EXECUTE) && point->has_on_execute)
		config_scope_add(scope, place_of(block, "on_execute",
				 point->source->place), "'on_execute': %s (%s) is not "
				 "executable", path, m->resource->name);
	if (point->writable && !(can & (OP_WRITE | OP_EXECUTE)))
		config_scope_add(scope, place_of(block, "writable",
				 point->source->place), "'writable': %s (%s) is "
				 "read-only", path, m->resource->name);
}

/* What an object's XML definition says of a unit is no matter of taste. */
static void check_unit(const struct config_builder *b,
		       const struct config_point *point,
		       const struct block *block, const struct mapping *m,
		       struct config_scope *scope)
{
	const char *unit = object_unit(b->model, m->object->id,
				       m->resource->id);
	char path[PATH_TEXT_MAX];

	if (!unit || !point->unit || !strcmp(unit, point->unit))
		return;
	path_format(&point->resource, path);
	config_scope_add(scope, place_of(block, "unit", point->source->place),
			 "'unit': %s (%s) is in '%s' by its definition, not "
			 "'%s': convert with scale and offset, or leave unit "
			 "away", path, m->resource->name, unit, point->unit);
}

/* Taken as it is, since 5701 is a text; but servers know the registry's. */
static void warn_unit(const struct config_point *point,
		      const struct block *block,
		      const struct config_scope *scope)
{
	const char *senml = point->unit ? config_unit_senml(point->unit) : NULL;
	const char *is = NULL, *taken = !point->unit ? NULL :
		config_unit_taken(point->unit, point->resource.id[0], &is);

	if (taken)
		config_warning_add(scope->errors, place_of(block, "unit",
				   point->source->place), scope->device,
				   "'unit': '%s' is %s in the SenML registry, "
				   "a temperature is in %s", point->unit, is,
				   taken);
	if (senml)
		config_warning_add(scope->errors, place_of(block, "unit",
				   point->source->place), scope->device,
				   "'unit': '%s' is '%s' in the SenML registry, "
				   "which servers go by", point->unit, senml);
}

/* One that is mapped to one resource shares the instance's 5701 with others, or
 * has none. */
static void warn_unit_of_one(const struct config_builder *b,
			     const struct config_device *device,
			     const struct config_point *point,
			     const struct block *block,
			     const struct mapping *m,
			     const struct config_scope *scope)
{
	const struct config_point *first = device->points;
	struct place at = place_of(block, "unit", point->source->place);
	const char *fixed = config_unit_fixed(m->object->id, m->resource->id);

	if (!point->unit || point->map.depth == 2 ||
	    object_unit(b->model, m->object->id, m->resource->id))
		return;
	while (first != point && (!first->unit || !first->resource.depth ||
				  first->resource.id[0] != m->object->id ||
				  first->resource.id[1] != point->map.id[1]))
		first++;
	if (fixed && strcmp(fixed, point->unit))
		config_warning_add(scope->errors, at, scope->device, "'unit': "
				   "resource %u (%s) is in %s for every server, "
				   "not in %s", m->resource->id,
				   m->resource->name, fixed, point->unit);
	else if (!fixed && !object_resource(m->object, 5701))
		config_warning_add(scope->errors, at, scope->device, "'unit': "
				   "object %u (%s) has no resource 5701 that "
				   "would tell it: no server sees it",
				   m->object->id, m->object->name);
	else if (!fixed && strcmp(first->unit, point->unit))
		config_warning_add(scope->errors, at, scope->device, "'unit': "
				   "%u/%u has one 5701 for all of it, and that "
				   "says %s, for the point '%s'", m->object->id,
				   point->map.id[1], first->unit, first->name);
}

static void check_unmapped(const struct config_point *point,
			   const struct block *block,
			   struct config_scope *scope)
{
	if (!point->writable && !point->has_on_execute)
		return;
	config_scope_add(scope, place_of(block, point->writable ? "writable"
					 : "on_execute", point->source->place),
			 "the point has no 'map', so nobody can write it");
}

/* A server may not write it; so we must not, either. */
static void check_range(const struct config_point *point,
			const struct block *block, const char *key, double value,
			struct config_scope *scope)
{
	const struct entry *e = block_get(block, key);

	if (value < point->range_min || value > point->range_max)
		config_scope_add(scope, e->value->place, "'%s': %s is not in "
				 "the point's range, %.15g to %.15g", key,
				 e->value->text, point->range_min,
				 point->range_max);
}

static void check_ranges(const struct config_point *point,
			 const struct block *block, struct config_scope *scope)
{
	if (!point->has_range)
		return;
	if (point->has_safe)
		check_range(point, block, "safe", point->safe, scope);
	if (point->has_on_execute)
		check_range(point, block, "on_execute", point->on_execute,
			    scope);
}

/* Two points behind one resource would overwrite each other. */
static void check_twice(const struct config_device *device,
			const struct config_point *point,
			const struct yaml_node *value,
			struct config_scope *scope)
{
	const struct config_point *other = device->points;
	char path[PATH_TEXT_MAX];

	for (; other != point; other++) {
		if (!other->resource.depth ||
		    !path_equal(&other->resource, &point->resource))
			continue;
		path_format(&point->resource, path);
		config_scope_add(scope, value->place, "'map': %s is the point "
				 "'%s' already (line %u)", path, other->name,
				 other->source->place.line);
		return;
	}
}

/* point: the last of the device's, as yet. */
static void map_set(struct config_builder *b,
		    const struct config_device *device,
		    struct config_point *point, const struct block *block,
		    struct config_scope *scope)
{
	const struct entry *e = block_get(block, "map");
	struct mapping m = {.value = e ? e->value : NULL};

	if (!e) {
		check_unmapped(point, block, scope);
		return;
	}
	if (!map_parse(point, m.value, scope) ||
	    !map_object(b, point, &m, scope) ||
	    !map_resource(point, &m, scope))
		return;
	check_operations(point, block, &m, scope);
	check_unit(b, point, block, &m, scope);
	check_twice(device, point, m.value, scope);
	warn_unit_of_one(b, device, point, block, &m, scope);
}

/* ---- one point, all points ---- */

/* true unless `enabled: false`. */
static bool point_enabled(const struct block *block, struct config_scope *scope)
{
	static const struct config_key key = {
		.name = "enabled", .type = KEY_BOOL, .size = sizeof(bool)};
	const struct entry *e = block_get(block, "enabled");
	bool is = true;

	if (e)
		config_key_set(&key, e->value, &is, NULL, scope);
	return is;
}

/* A point of another definition is another point. */
static void definition_note(const struct config_builder *b,
			    struct config_point *point)
{
	uint16_t id = point->resource.id[0];
	const struct object_def *def = point->resource.depth ?
		b->model->object(b->model, id) : NULL;
	uint64_t print;

	if (!def || def == agent_model()->object(agent_model(), id))
		return;
	print = object_fingerprint(def);
	point->source->fingerprint = fingerprint_add(point->source->fingerprint,
						     &print, sizeof(print));
}

static void point_build(struct config_builder *b, struct config_device *device,
			struct config_point *point, const struct block *block,
			struct place place, struct config_scope *scope)
{
	const struct entry *round = block_get(block, "round");

	point->source = config_source(b, place);
	point->source->fingerprint = fingerprint_block(block);
	point->scale = (struct point_scale){.scale = 1, .decimals = -1};
	keys_set(b, point, block, scope);
	if (!point->name)
		point->name = "";
	if (round)
		round_set(point, round, scope);
	if (!point->poll)
		point->poll = device->poll;
	check_ranges(point, block, scope);
	map_set(b, device, point, block, scope);
	warn_unit(point, block, scope);
	definition_note(b, point);
	device->fingerprint = fingerprint_add(device->fingerprint,
					      &point->source->fingerprint,
					      sizeof(uint64_t));
}

/* ---- writes of its own that a device begins with */

static void setup_value(const struct yaml_node *item, double *value,
			struct config_scope *scope)
{
	const struct yaml_node *node = yaml_get(item, "value");

	if (node)
		config_real(node, "value", value, scope);
	else
		config_scope_add(scope, item->place, "'setup': a write needs "
				 "the key 'value'");
}

static void setup_every(const struct yaml_node *item, int64_t *every,
			struct config_scope *scope)
{
	const struct yaml_node *node = yaml_get(item, "every");

	if (!node || !config_text(node, "every", scope))
		return;
	if (config_timespan(node->text, every) ||
	    *every < INT64_C(100000000))
		config_scope_add(scope, node->place, "'every' must be a time "
				 "of 100ms or more, as 10s, not '%s'",
				 node->text);
}

/* The rest are the adapter's keys of a point. */
static void setup_keys(struct config_builder *b, struct block *block,
		       const struct yaml_node *item, struct config_scope *scope)
{
	block_init(block);
	for (size_t i = 0; i < item->n; i++) {
		const char *key = item->keys[i];

		if (!strcmp(key, "value") || !strcmp(key, "every"))
			continue;
		if (config_key_find(config_point_keys, key))
			config_scope_add(scope, item->key_places[i], "'%s' is "
					 "not of a write of 'setup'", key);
		else
			block_put(block, b->arena, key, item->key_places[i],
				  item->items[i]);
	}
}

/* They are points that nobody sees, behind all others, in their order. */
static void setup_build(struct config_builder *b, struct config_device *device,
			struct config_point *point,
			const struct yaml_node *item, unsigned number,
			const struct template_words *words,
			struct config_scope *scope)
{
	struct block block, filled;

	setup_keys(b, &block, item, scope);
	block_fill(&filled, &block, words, b->arena, scope);
	point_build(b, device, point, &filled, item->place, scope);
	point->name = arena_print(b->arena, "setup %u", number);
	point->is_setup = true;
	setup_value(item, &point->setup, scope);
	point->poll = INT64_MAX;
	setup_every(item, &point->every, scope);
	point->source->fingerprint = fingerprint_node(
		point->source->fingerprint, item);
	device->n_points++;
}

static const struct yaml_node *setup_list(const struct block *device,
					  struct config_scope *scope)
{
	const struct entry *e = block_get(device, "setup");

	if (!e || !config_is_list(e->value, "setup", scope))
		return NULL;
	for (size_t i = 0; i < e->value->n; i++)
		if (e->value->items[i]->kind != YAML_MAP) {
			config_scope_add(scope, e->value->items[i]->place,
					 "'setup' must be a list of writes: "
					 "[{address: 10, value: 3}]");
			return NULL;
		}
	return e->value;
}

void config_points_build(struct config_builder *b, struct config_device *device,
			 const struct point_list *list,
			 const struct block *block,
			 const struct template_words *words,
			 struct config_scope *scope)
{
	const struct yaml_node *setup = setup_list(block, scope);
	struct config_point *points;
	size_t n = 0;

	for (size_t i = 0; i < list->n; i++)
		n += point_enabled(&list->blocks[i], scope);
	points =
		arena_take(b->arena, (n + list_count(setup)) * sizeof(*points));
	device->points = points;
	if (!n && !scope->wrong)
		config_scope_add(scope, device->source->place, "the device has "
				 "no points: give it 'points' or a 'profile'");
	for (size_t i = 0; i < list->n && device->n_points < n; i++) {
		struct block filled;

		if (!point_enabled(&list->blocks[i], scope))
			continue;
		block_fill(&filled, &list->blocks[i], words, b->arena, scope);
		point_build(b, device, &points[device->n_points++], &filled,
			    list->places[i], scope);
	}
	for (size_t i = 0; setup && i < setup->n; i++)
		setup_build(b, device, &points[device->n_points],
			    setup->items[i], (unsigned)i + 1, words, scope);
}
