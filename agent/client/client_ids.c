/* SPDX-License-Identifier: GPL-2.0-or-later
 * A number is a place in a table and how often that place was given: places are
 * used again, so that the table is as large as there were clients at one time,
 * numbers are not. */
#include "agent/client/client_ids.h"
#include <stdlib.h>

void client_ids_finish(struct client_ids *ids)
{
	free(ids->places);
	*ids = (struct client_ids){0};
}

static void places_grow(struct client_ids *ids)
{
	uint32_t capacity = ids->capacity ? 2 * ids->capacity : 8;
	struct client_place *places = realloc(ids->places, capacity *
					      sizeof(*places));

	if (!places || capacity < ids->capacity)
		abort();
	ids->places = places;
	ids->capacity = capacity;
}

uint64_t client_id_give(struct client_ids *ids, struct client *client)
{
	uint32_t at = ids->first_free;
	struct client_place *place;

	if (at) {
		place = &ids->places[at - 1];
		ids->first_free = place->next_free;
	} else {
		if (ids->n == ids->capacity)
			places_grow(ids);
		at = ++ids->n;
		place = &ids->places[at - 1];
		place->turn = 0;
	}
	place->client = client;
	place->turn++;
	return (uint64_t)place->turn << 32 | at;
}

void client_id_end(struct client_ids *ids, uint64_t id)
{
	uint32_t at = (uint32_t)id;

	if (!client_by_id(ids, id))
		return;
	ids->places[at - 1].client = NULL;
	ids->places[at - 1].next_free = ids->first_free;
	ids->first_free = at;
}

void client_id_move(struct client_ids *ids, uint64_t id, struct client *to)
{
	if (client_by_id(ids, id))
		ids->places[(uint32_t)id - 1].client = to;
}
