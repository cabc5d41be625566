/* SPDX-License-Identifier: GPL-2.0-or-later
 * Which definition of an object is taken, and for how long it is kept. */
#include "agent/config/object_set.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agent/base/arena.h"
#include "agent/config/config_block.h"
#include "agent/config/model.h"

struct object_set {
	struct object_model model;
	struct arena *arena;
	struct object_draft *drafts;	/* by ascending id */
	size_t n;
	uint64_t fingerprint;
	_Atomic unsigned users;		/* a reload that is read on another thread
					 * counts its own; the last to leave is
					 * on the agent thread */
	struct object_set *next;	/* of those in use */
};

static struct object_set *in_use;

/* ---- what differs ---- */

static const char *type_name(uint8_t type)
{
	static const char *const names[] = {
		[LWM2M_NONE] = "without a type", [LWM2M_BOOLEAN] = "Boolean",
		[LWM2M_INTEGER] = "Integer",
		[LWM2M_UNSIGNED] = "Unsigned Integer",
		[LWM2M_FLOAT] = "Float", [LWM2M_TIME] = "Time",
		[LWM2M_STRING] = "String", [LWM2M_OPAQUE] = "Opaque",
		[LWM2M_OBJLINK] = "Objlnk", [LWM2M_CORELINK] = "Corelnk",
	};

	return names[type];
}

static const char *operations_name(uint8_t operations)
{
	static const char *const names[] = {
		[OP_NONE] = "closed", [OP_READ] = "R", [OP_WRITE] = "W",
		[OP_RW] = "RW", [OP_EXECUTE] = "E",
	};

	return names[operations];
}

static bool resource_differs(const struct resource_def *a,
			     const struct resource_def *b, char *text,
			     size_t size)
{
	if (a->type != b->type)
		snprintf(text, size, "is %s here, and %s", type_name(a->type),
			 type_name(b->type));
	else if (a->operations != b->operations)
		snprintf(text, size, "has the operations %s here, and %s",
			 operations_name(a->operations),
			 operations_name(b->operations));
	else if (a->multiple != b->multiple)
		snprintf(text, size, "is %s here, and %s",
			 a->multiple ? "multiple" : "single",
			 b->multiple ? "multiple" : "single");
	else if (a->mandatory != b->mandatory)
		snprintf(text, size, "is %s here, and %s",
			 a->mandatory ? "mandatory" : "optional",
			 b->mandatory ? "mandatory" : "optional");
	else if (a->min != b->min || a->max != b->max)
		snprintf(text, size, "has the range %g..%g here, and %g..%g",
			 a->min, a->max, b->min, b->max);
	else
		return false;
	return true;
}

static bool resources_differ(const struct object_draft *draft,
			     const struct object_def *other,
			     struct place *place, char *text, size_t size)
{
	const struct object_def *def = draft->def;
	char why[128];

	for (size_t i = 0; i < def->n_resources; i++) {
		const struct resource_def *a = &def->resources[i];
		const struct resource_def *b = object_resource(other, a->id);

		*place = draft->places[i];
		if (!b)
			snprintf(text, size, "resource %u (%s) is not", a->id,
				 a->name);
		else if (resource_differs(a, b, why, sizeof(why)))
			snprintf(text, size, "resource %u (%s) %s", a->id,
				 a->name, why);
		else
			continue;
		return true;
	}
	*place = draft->place;
	for (size_t i = 0; i < other->n_resources; i++) {
		const struct resource_def *b = &other->resources[i];

		if (object_resource(def, b->id))
			continue;
		snprintf(text, size, "resource %u (%s), missing here, is",
			 b->id, b->name);
		return true;
	}
	return false;
}

/* What differs first, with the place for it: false, nothing that matters. A
 * name and an order do not. */
static bool object_differs(const struct object_draft *draft,
			   const struct object_def *other, struct place *place,
			   char *text, size_t size)
{
	const struct object_def *def = draft->def;

	*place = draft->place;
	if (strcmp(def->version, other->version))
		snprintf(text, size, "it is of version %s here, and %s",
			 def->version, other->version);
	else if (def->multiple != other->multiple)
		snprintf(text, size, "it has %s here, and %s",
			 def->multiple ? "many instances" : "one instance",
			 other->multiple ? "many" : "one");
	else
		return resources_differ(draft, other, place, text, size);
	return true;
}

static uint64_t add_text(uint64_t hash, const char *text)
{
	return fingerprint_add(hash, text, strlen(text) + 1);
}

static uint64_t add_resource(uint64_t hash, const struct resource_def *r,
			     const char *unit)
{
	uint8_t facts[] = {(uint8_t)(r->id >> 8), (uint8_t)r->id, r->type,
			   r->operations, r->multiple, r->mandatory};

	hash = fingerprint_add(hash, facts, sizeof(facts));
	hash = fingerprint_add(hash, &r->min, sizeof(r->min));
	hash = fingerprint_add(hash, &r->max, sizeof(r->max));
	return add_text(add_text(hash, r->name), unit ? unit : "");
}

uint64_t object_fingerprint(const struct object_def *def)
{
	uint8_t facts[] = {(uint8_t)(def->id >> 8), (uint8_t)def->id,
			   def->multiple, def->mandatory};
	uint64_t hash = fingerprint_add(FINGERPRINT_START, facts,
					sizeof(facts));

	hash = add_text(add_text(hash, def->name), def->version);
	for (size_t i = 0; i < def->n_resources; i++)
		hash = add_resource(hash, &def->resources[i],
				    def->units ? def->units[i] : NULL);
	return hash;
}

/* ---- the set ---- */

/* Index of the first that is not below id. */
static size_t place_of(const struct object_set *set, uint16_t id)
{
	size_t low = 0, high = set->n;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (set->drafts[middle].def->id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct object_draft *draft_of(const struct object_set *set, uint16_t id)
{
	size_t i = place_of(set, id);

	return i < set->n && set->drafts[i].def->id == id ? &set->drafts[i]
							  : NULL;
}

static const struct object_def *object_find(const struct object_model *model,
					    uint16_t id)
{
	const struct object_set *set = (const struct object_set *)model;
	const struct object_def *def = agent_model()->object(agent_model(),
							     id);
	const struct object_draft *draft = def ? NULL : draft_of(set, id);

	return draft ? draft->def : def;
}

struct object_set *object_set_create(void)
{
	struct object_set *set = calloc(1, sizeof(*set));

	if (!set)
		abort();
	set->model.object = object_find;
	set->arena = arena_create();
	set->users = 1;
	return set;
}

struct arena *object_set_arena(struct object_set *set)
{
	return set->arena;
}

static int version_compare(const char *a, const char *b)
{
	char *rest_a, *rest_b;
	unsigned long major_a = strtoul(a, &rest_a, 10);
	unsigned long major_b = strtoul(b, &rest_b, 10);
	unsigned long minor_a = *rest_a ? strtoul(rest_a + 1, NULL, 10) : 0;
	unsigned long minor_b = *rest_b ? strtoul(rest_b + 1, NULL, 10) : 0;

	if (major_a != major_b)
		return major_a < major_b ? -1 : 1;
	return minor_a < minor_b ? -1 : minor_a > minor_b;
}

static void add_finding(const struct object_draft *draft,
			const struct object_def *other, const char *whose,
			struct config_errors *errors)
{
	struct place place;
	char why[256];

	if (!object_differs(draft, other, &place, why, sizeof(why)))
		return;
	config_error_add(errors, place, NULL, "object %u (%s): %s in %s, "
			 "which is used: correct this file, or take it away",
			 draft->def->id, draft->def->name, why, whose);
}

/* The object is in the set already. */
static void draft_settle(struct object_draft *old,
			 const struct object_draft *draft,
			 struct config_errors *errors)
{
	int newer = version_compare(draft->def->version, old->def->version);
	char whose[300];

	if (old->site && !draft->site)
		return;
	if (newer > 0) {
		*old = *draft;
	} else if (!newer) {
		snprintf(whose, sizeof(whose), "%s", old->place.file);
		add_finding(draft, old->def, whose, errors);
	}
}

static void draft_insert(struct object_set *set,
			 const struct object_draft *draft)
{
	size_t at = place_of(set, draft->def->id);

	if (!(set->n & (set->n - 1)))	/* 0, 1, 2, 4 ...: full */
		set->drafts = realloc(set->drafts, (set->n ? 2 * set->n : 1) *
				      sizeof(*set->drafts));
	if (!set->drafts)
		abort();
	memmove(&set->drafts[at + 1], &set->drafts[at],
		(set->n - at) * sizeof(*set->drafts));
	set->drafts[at] = *draft;
	set->n++;
}

void object_set_add(struct object_set *set, const struct object_draft *draft,
		    struct config_errors *errors)
{
	const struct object_def *own = agent_model()->object(agent_model(),
							     draft->def->id);
	struct object_draft *old = draft_of(set, draft->def->id);

	if (own) {
		if (version_compare(draft->def->version, own->version) >= 0)
			add_finding(draft, own, "the one compiled in", errors);
	} else if (old) {
		draft_settle(old, draft, errors);
	} else if (set->n >= OBJECT_SET_MAX) {
		config_error_add(errors, draft->place, NULL, "object %u (%s) "
				 "is one too many: %d are the most",
				 draft->def->id, draft->def->name,
				 OBJECT_SET_MAX);
	} else {
		draft_insert(set, draft);
	}
}

static void set_seal(struct object_set *set)
{
	set->fingerprint = FINGERPRINT_START;
	for (size_t i = 0; i < set->n; i++) {
		uint64_t one = object_fingerprint(set->drafts[i].def);

		set->fingerprint = fingerprint_add(set->fingerprint, &one,
						   sizeof(one));
	}
}

struct object_set *object_set_share(struct object_set *set)
{
	set_seal(set);
	for (struct object_set *other = in_use; other; other = other->next)
		if (other->fingerprint == set->fingerprint) {
			object_set_release(set);
			return object_set_keep(other);
		}
	set->next = in_use;
	in_use = set;
	return set;
}

struct object_set *object_set_keep(struct object_set *set)
{
	set->users++;
	return set;
}

void object_set_release(struct object_set *set)
{
	if (!set || --set->users)
		return;
	for (struct object_set **at = &in_use; *at; at = &(*at)->next)
		if (*at == set) {
			*at = set->next;
			break;
		}
	arena_destroy(set->arena);
	free(set->drafts);
	free(set);
}

const struct object_model *object_set_model(const struct object_set *set)
{
	return set ? &set->model : agent_model();
}

const char *object_unit(const struct object_model *model, uint16_t object,
			uint16_t resource)
{
	const struct object_def *def = model->object(model, object);
	const struct resource_def *found = def ?
		object_resource(def, resource) : NULL;

	return found && def->units ? def->units[found - def->resources] : NULL;
}
