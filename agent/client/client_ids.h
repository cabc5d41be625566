/* SPDX-License-Identifier: GPL-2.0-or-later
 * Clients by number. Endpoints come and go, and their clients with them; who has
 * to know one over a turn keeps its number, which is never given twice: once that
 * client has ended, nobody is found. 0 is nobody's. Pure. */
#ifndef AGENT_CLIENT_IDS_H
#define AGENT_CLIENT_IDS_H
#include <stddef.h>
#include <stdint.h>

struct client;

struct client_place {
	struct client *client;		/* NULL: free */
	uint32_t turn;			/* how often it has been given */
	uint32_t next_free;		/* of a free one: 1 + index, 0: none */
};
struct client_ids {
	struct client_place *places;
	uint32_t n, capacity, first_free;	/* 1 + index, 0: none */
};

void client_ids_finish(struct client_ids *ids);
uint64_t client_id_give(struct client_ids *ids, struct client *client);
/* It ends; of 0, or of one that has ended: nothing happens. */
void client_id_end(struct client_ids *ids, uint64_t id);
/* It is at another place in memory from now on. */
void client_id_move(struct client_ids *ids, uint64_t id, struct client *to);

static inline struct client *client_by_id(const struct client_ids *ids,
					  uint64_t id)
{
	uint32_t at = (uint32_t)id;	/* 1 + index; above it: the turn */

	return at && at <= ids->n && ids->places[at - 1].turn == id >> 32 ?
	       ids->places[at - 1].client : NULL;
}
#endif
