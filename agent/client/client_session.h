/* SPDX-License-Identifier: GPL-2.0-or-later
 * The session that a client's messages go over: how it comes to be, and what
 * follows from its end. Agent thread. */
#ifndef AGENT_CLIENT_SESSION_H
#define AGENT_CLIENT_SESSION_H
#include "agent/base/log.h"
#include "agent/client/client.h"

/* The endpoint's keys for the server: of files, or of its account. -errno, and
 * why; wipe them in any case. */
int client_session_keys(const struct endpoint *endpoint,
			const struct server *server, struct credentials *to,
			char *why, size_t size);
/* Begins one of the endpoint to the server. NULL: why says it. */
struct coap_connection *client_session_open(const struct endpoint *endpoint,
				     const struct server *server, void *owner,
				     char *why, size_t size, int64_t now);
/* A connection to where the server is now, begun if need be. false: that is
 * not possible, which was said; the registration must hear LOST. */
bool client_connect(struct client *client, int64_t now);
/* It is of no use any more, with all that is under way. */
void client_disconnect(struct client *client);
/* Of coap_handlers. */
void client_session_failed(void *owner,
			   const struct coap_session_failure *failure,
			   int64_t now);
void client_silent(void *owner, const char *why, int64_t now);
/* The kernel did not take the registration's message: errno, 0: unknown. */
void client_unsent(struct client *client, struct server *server, int error,
		   int64_t now);
/* A message got no answer: the next one goes by a new socket, or a new session.
 * true: there was a session, and the registration has heard of its end. */
bool client_session_lost(struct client *client, int64_t now);
/* Its turn had come, but its server's name has no address. */
void client_unresolved(struct client *client, int64_t now);
/* The way to its server is another one, or was away: registers or updates, in
 * its turn, over what serves still or anew. */
void client_rerouted(struct client *client, int64_t now);
/* Can the connection go on over the server's way as it is now? Idle and over
 * datagrams it can where our address is the same. */
bool client_session_stays(const struct server *server,
			  const struct coap_connection *connection);
/* For the log: LOG_DETAIL while its trouble is that of all at its server, which
 * one of them has told. */
enum log_level client_session_level(const struct client *client,
				    enum log_level level);
/* Its server has answered it. */
void client_session_heard(struct client *client);
/* Registered: what was wrong is not any more. */
void client_session_good(struct client *client);
/* What a Register that is refused so wants of whoever reads it; NULL: nothing
 * that we would know. */
const char *client_refusal_advice(const struct client *client, uint8_t code);
#endif
