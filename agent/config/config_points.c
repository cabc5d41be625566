/* SPDX-License-Identifier: GPL-2.0-or-later
 * Points that devices share: counted, and found by what is in them. */
#include "agent/config/config_points.h"
#include <stdlib.h>
#include <string.h>
#include "agent/base/arena.h"
#include "agent/config/config_block.h"
#include "agent/config/config_key.h"

static const char **text_at(struct config_point *point,
			    const struct config_key *key)
{
	return (const char **)(void *)((char *)point + key->offset);
}

/* Those of the keys that the host has; arena NULL: only how long they are. */
static size_t texts_copy(struct config_point *point, struct arena *arena)
{
	const struct config_key *key = config_point_keys;
	size_t size = 0;

	for (; key->type != KEY_END; key++) {
		const char **text = text_at(point, key);

		if (key->type != KEY_TEXT || !*text)
			continue;
		size += strlen(*text) + 1;
		if (arena)
			*text = arena_text(arena, *text);
	}
	return size;
}

/* What its numbers are called, likewise. */
static size_t values_copy(struct config_point *point, struct arena *arena)
{
	size_t n = point->scale.n_texts, size = n * sizeof(struct point_text);
	struct point_text *texts = arena && n ? arena_take(arena, size) : NULL;

	for (size_t i = 0; i < n; i++) {
		const struct point_text *from = &point->scale.texts[i];

		size += strlen(from->text) + 1;
		if (texts)
			texts[i] = (struct point_text){
				from->number, arena_text(arena, from->text)};
	}
	if (texts)
		point->scale.texts = texts;
	return size;
}

static size_t room_of(const struct config_point *from, size_t n,
		      size_t data_size)
{
	size_t size = sizeof(struct config_points) +
		      n * (sizeof(*from) + data_size);

	for (size_t i = 0; i < n; i++) {
		struct config_point point = from[i];

		size += texts_copy(&point, NULL) + values_copy(&point, NULL);
	}
	return size;
}

void config_points_differ(struct config_points *points, const void *by,
			  size_t size)
{
	points->fingerprint = fingerprint_add(points->fingerprint, by, size);
}

/* All keys in effect, and what is left of the device's: its poll. */
static void point_copy(struct config_points *points, size_t i,
		       const struct config_point *from)
{
	struct config_point *point = &points->at[i];

	*point = *from;
	texts_copy(point, points->arena);
	values_copy(point, points->arena);
	config_points_differ(points, &from->source->fingerprint,
			     sizeof(from->source->fingerprint));
	config_points_differ(points, &from->poll, sizeof(from->poll));
}

struct config_points *config_points_create(const struct config_point *from,
					   size_t n, size_t data_size)
{
	struct arena *arena = arena_create();
	struct config_points *points;

	arena_reserve(arena, room_of(from, n, data_size));
	points = arena_take(arena, sizeof(*points) + n * sizeof(*from));
	points->arena = arena;
	points->fingerprint = FINGERPRINT_START;
	points->users = 1;
	points->n = n;
	for (size_t i = 0; i < n; i++)
		point_copy(points, i, &from[i]);
	return points;
}

void config_points_release(struct config_points *points)
{
	if (points && !--points->users)
		arena_destroy(points->arena);
}

void points_known_init(struct points_known *known, size_t n)
{
	known->n_slots = 2 * n + 1;
	known->slots = calloc(known->n_slots, sizeof(struct config_points *));
	if (!known->slots)
		abort();
}

void points_known_finish(struct points_known *known)
{
	free(known->slots);
}

struct config_points *points_known_share(struct points_known *known,
					 struct config_points *points)
{
	size_t i = points->fingerprint % known->n_slots;

	while (known->slots[i] &&
	       known->slots[i]->fingerprint != points->fingerprint)
		i = (i + 1) % known->n_slots;
	if (!known->slots[i]) {
		known->slots[i] = points;
		return points;
	}
	config_points_release(points);
	known->slots[i]->users++;
	return known->slots[i];
}
