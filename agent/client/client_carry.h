/* SPDX-License-Identifier: GPL-2.0-or-later
 * Clients of devices behind the gateway (LwM2M Gateway 1.1): they have neither a
 * connection nor a registration of their own, but those of the gateway's client
 * at the same server, their carrier. What is asked of /d5/3303 there is asked of
 * the one whose prefix is d5; what it tells goes out with that prefix. All else
 * of a client is its own: observations, attributes, what is kept for the server.
 * Agent thread. */
#ifndef AGENT_CLIENT_CARRY_H
#define AGENT_CLIENT_CARRY_H
#include "agent/client/client.h"
#include "agent/client/services.h"

#define CLIENT_LOG_NAME 256

/* By their numbers, see client_ids.h: each may end without the others. */
struct client_carriage {
	uint64_t id;			/* its own */
	uint64_t by;			/* the carrier; 0: it is gone */
	uint64_t next;			/* that it carries, too */
	uint64_t first;			/* of a carrier: those it carries */
	uint64_t speaker;		/* ... and the one whose message is under
					 * way; 0: its own is */
	uint16_t device;		/* of paths, see path.h; 0: a carrier */
};

static inline struct client *client_of_id(const struct client *client,
					  uint64_t id)
{
	return client_by_id(&client->server->services->client_ids, id);
}

static inline bool client_is_carried(const struct client *client)
{
	return client->carriage && client->carriage->device;
}

/* One that is carried while its endpoint registers by itself, too: its server
 * may have two of that endpoint, which are kept apart. */
bool client_is_beside(const struct client *client);
/* By what the log of what waits knows it. */
const char *client_log_name(const struct client *client,
			    char room[CLIENT_LOG_NAME]);

/* Of the paths that its server knows. */
static inline uint16_t client_device(const struct client *client)
{
	return client->carriage ? client->carriage->device : 0;
}

/* Whose connection, registration and account it has: a carrier's, or its own.
 * One whose carrier is gone has none of the three. */
static inline struct client *client_carrier(const struct client *client)
{
	struct client *by = client_is_carried(client) ?
			    client_of_id(client, client->carriage->by) : NULL;

	return by ? by : (struct client *)(uintptr_t)client;
}

/* NULL: none now. */
static inline struct coap_connection *client_line(const struct client *client)
{
	return client_carrier(client)->connection;
}

/* for (k = client_carried_next(c, NULL); k; k = client_carried_next(c, k)) */
static inline struct client *client_carried_next(const struct client *carrier,
						 const struct client *after)
{
	if (after)
		return client_of_id(carrier, after->carriage->next);
	return carrier->carriage && !client_is_carried(carrier) ?
	       client_of_id(carrier, carrier->carriage->first) : NULL;
}

/* Just made, it is carried from now on. device: not 0, its alone there. */
void client_carry(struct client *client, struct client *carrier,
		  uint16_t device, int64_t now);
/* One that is carried is at another place in memory from now on; there is nothing
 * at the old one. */
void client_carry_move(struct client *from, struct client *to);
/* NULL: the carrier carries none of that device. */
struct client *client_carried(const struct client *carrier, uint16_t device);
/* It ends: it is carried no more, nor carries others. */
void client_carry_end(struct client *client);
/* Is the message under way on its line its own? */
bool client_is_speaking(const struct client *client);
/* It has sent one that an answer comes to. */
void client_spoke(struct client *client);
/* Whose message has ended, that was sent over this carrier's line. */
struct client *client_spoken(struct client *carrier);
/* The carrier is registered, or no more: so are those it carries. */
void client_carry_registered(struct client *carrier, bool is, int64_t now);
/* An event of one that is carried, which has no registration of its own to take
 * it: only that it leaves changes anything, and its observers are told then that
 * nothing is there any more. */
void client_carried_event(struct client *client,
			  enum registration_event event, int64_t now);
/* The observation that has token, and whose it is: that of the carrier or of one
 * that it carries. NULL: none has. */
struct observation *client_carry_find(struct client *carrier,
				      const uint8_t *token,
				      uint8_t token_length,
				      struct client **whose);
#endif
