/* SPDX-License-Identifier: GPL-2.0-or-later
 * A client among its own files: client.c (it comes, goes, and its time has come),
 * client_register.c (what it says of itself), client_registration.c (what became
 * of that), client_observe.c (what is observed of it), client_notify.c (what it
 * tells of that), client_transport.c (over which transport). Agent thread. */
#ifndef AGENT_CLIENT_PRIVATE_H
#define AGENT_CLIENT_PRIVATE_H
#include "agent/client/client.h"

/* ---- client_register.c ---- */

/* In queue mode, as its device is or as the server wants it (1/x/7)? */
bool client_in_queue_mode(const struct client *client);
/* Sends what is `wanted`, which is under way then. 0, or as coap_request(). */
int client_register(struct client *client, int64_t now);

/* ---- client_registration.c ---- */

/* Nothing is under way on the connection: the message of the registration that is
 * `wanted` is sent. */
void client_registration_send(struct client *client, int64_t now);
/* The exchange of what was under way has ended; answer: COAP_ANSWERED only. */
void client_registration_ended(struct client *client,
			       enum coap_outcome outcome,
			       const struct coap_answer *answer, int64_t now);
/* The server is told nothing and goes on knowing us. */
void client_registration_drop(struct client *client);
/* enable_at has come: it leaves for `disable_for`, or registers. */
void client_enable(struct client *client, int64_t now);
/* Leaving takes too long: the server will see the registration lapse. */
void client_give_up(struct client *client, int64_t now);

/* ---- client_transport.c ---- */

/* The transport that its server prefers, or the configuration's first. */
struct server *client_preferred(const struct client *client);
/* Before the event goes to the registration: which transport it is for. The
 * event that it comes to, where another one is tried. */
enum registration_event
client_transport_choose(struct client *client, enum registration_event event,
			int64_t now);
/* Its server has answered an Update: is it time to go back to the preferred
 * transport? */
void client_transport_return(struct client *client, int64_t now);
/* 1/x/22 was written, and the answer to that has gone. */
void client_transport_prefer(struct client *client, int64_t now);

/* ---- client_observe.c ---- */

/* As client_observations_end(), and of those that it carries. */
void client_observations_forget(struct client *client, int64_t now);

/* ---- client_notify.c ---- */

/* Tells all that is due and may go now. */
void client_notify(struct client *client, int64_t now);
/* When something of that will, monotonic ns; INT64_MAX: nothing. */
int64_t client_notify_next(const struct client *client, int64_t now);
/* A notification, or the line that it was sent over, has ended so. */
void client_notification_ended(struct client *client,
			       enum coap_outcome outcome,
			       const uint8_t *token, uint8_t token_length,
			       int64_t now);
#endif
