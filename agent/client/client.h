/* SPDX-License-Identifier: GPL-2.0-or-later
 * One endpoint at one server: a virtual LwM2M client with its own connection,
 * registration, observations and attributes. Agent thread. */
#ifndef AGENT_CLIENT_H
#define AGENT_CLIENT_H
#include "agent/lwm2m/awake.h"
#include "agent/coap/coap.h"
#include "agent/client/forward.h"
#include "agent/base/heap.h"
#include "agent/lwm2m/observe.h"
#include "agent/lwm2m/registration.h"
#include "agent/client/server.h"

#define CLIENT_OBSERVATIONS_MAX 128
#define CLIENT_PATHS_MAX 128	/* of one composite observation */
#define CLIENT_NO_ANSWER 1	/* as last_code: no code is 0.01 */

struct client_carriage;
struct endpoint;

struct client {
	struct endpoint *endpoint;
	struct server *server;
	struct coap_connection *connection;
	struct client *next_paced;
	struct observation *observations;
	struct attribute_set attributes;
	struct forward *forward;	/* what is kept for it, or NULL */
	struct client_carriage *carriage;	/* client_carry.h; NULL: it is
						 * not carried, nor carries */
	struct registration registration;
	struct heap_item due;
	char *trouble;			/* with its session; NULL: none */
	uint8_t *location;		/* segments, as given; owned */
	uint16_t n_location;
	uint16_t instance;		/* of object 1 that is this account */
	uint32_t address_generation;	/* of the server, when connected */
	uint8_t wanted;			/* enum registration_send: to go out */
	uint8_t under_way;		/* ... and what is */
	uint8_t wanted_changes;
	uint8_t last_code;		/* of the last answer; 0: none yet, or
					 * CLIENT_NO_ANSWER */
	bool paced;			/* in the server's queue */
	bool untold;			/* its trouble is all its server's, and
					 * another client has logged it */
	bool delayed;			/* by 1/x/14, which counts once */
	bool said_queue;		/* with the last Register */
	bool restarts;			/* at enable_at: 3/0/4 Reboot */
	bool crossed;			/* from the preferred transport, which the
					 * Register under way has found dead */
	uint8_t n_tries;		/* of the preferred transport, in vain */
	uint32_t tried;			/* ... the last one, monotonic s */
	struct awake awake;		/* of queue mode */
	int64_t enable_at;		/* registers again then: 1/x/4 Disable, or
					 * 1/x/7 has changed */
	uint32_t disable_for;		/* s; deregisters at enable_at, for as long */
};

void client_init(struct client *client, struct endpoint *endpoint,
		 struct server *server, uint16_t instance);
void client_finish(struct client *client);
/* Deregisters without waiting for an answer: it goes at once. */
void client_deregister_unconfirmed(struct client *client, int64_t now);

/* An event for the registration; code, changes: see registration_step(). */
void client_event(struct client *client, enum registration_event event,
		  uint8_t code, uint8_t changes, int64_t now);
/* Its turn in the server's queue has come. */
void client_slot_granted(struct client *client, int64_t now);
/* Its due time has come. */
void client_due(struct client *client, int64_t now);
/* client_awake.c, of queue mode: the device shows itself. */
void client_heard(struct client *client, int64_t now);
/* Does its server reach it by SMS; with requests, too? */
bool client_takes_sms(const struct client *client);
bool client_serves_sms(const struct client *client);
/* s after which the server that has answered so wants to be asked again: of a
 * 5.03 (RFC 7252 5.9.3.4) or a 4.29 (RFC 8516). 0: it does not say. */
uint32_t client_asked_wait(const struct coap_answer *answer);
/* A message to or from the server has been answered, or came in. */
void client_exchange(struct client *client, int64_t now);
/* The server does not know us any more. */
void client_unknown(struct client *client);
/* Nothing was there to notify: the server is woken by an Update. */
void client_wake(struct client *client, int64_t now);
/* Does the server know it, as far as we have heard? */
bool client_is_registered(const struct client *client);
/* It is not registered, and was answered 4.xx or 5.xx last. */
bool client_is_refused(const struct client *client);
/* What keeps it from its server, for people: of its session, or that it is
 * refused, and what to look at then. "": nothing is known. */
void client_trouble(const struct client *client, char *text, size_t size);
/* May notifications go now; may this one, whose value may be old? */
bool client_may_speak(const struct client *client, int64_t now);
bool client_may_notify(const struct client *client,
		       const struct observation *observation, int64_t now);

/* Its server was away, and has answered another: no need to wait for the next
 * try, or for libcoap's last retransmissions. It goes at the server's pace. */
void client_hurry(struct client *client, int64_t now);

/* The resource at path has a new value. */
void client_changed(struct client *client, const struct lwm2m_path *path,
		    const struct lwm2m_value *value, int64_t now);
/* Something has happened at path, and this is its value: each is told, in order
 * and with its time, bounded as what is kept for a server is. */
void client_happened(struct client *client, const struct lwm2m_path *path,
		     const struct lwm2m_value *value, int64_t now);
/* pmin, pmax or attributes have changed: all observations are set anew. */
void client_configure(struct client *client, int64_t now);
void client_reschedule(struct client *client, int64_t now);
/* What a Read or Write sees of this client. */
struct request_scope client_scope(struct client *client, int64_t now);
/* It leaves: deregisters, or (keep) tells the server nothing and stays known
 * to it. */
void client_stop(struct client *client, bool keep, int64_t now);
/* Its lifetime is that, s: told at once where it is another one. */
void client_live(struct client *client, uint32_t lifetime, int64_t now);
/* 1/x/7 was written: Registers anew, a moment later, where queue mode has
 * changed, for no Update can say that (Core TS 6.2.2). */
void client_bind(struct client *client, int64_t now);
/* 1/x/22 was written: Registers anew over the transport that its server prefers,
 * a moment later, as servers forget at a Register what they wait for. */
void client_prefer(struct client *client, int64_t now);
/* The device was restarted by 3/0/4: Registers anew, a moment later, for servers
 * forget at a Register what they wait for: the answer to this Execute. */
void client_restart(struct client *client, int64_t now);
/* It registers after so many s, of which nothing is under way. */
void client_enable_later(struct client *client, uint32_t delay, int64_t now);
/* How often and when it registers again: as 1/x/17 to 20 say now, which its
 * server may write. */
struct registration_policy client_policy(const struct client *client);
/* It waits, and has failed to register as often as the account allows (1/x/17 to
 * 20) before it is to wait for longer. */
bool client_has_failed(const struct client *client);
/* Deregisters a moment later, for servers forget with a registration what they
 * wait for: the answer to this Execute. Registers again `timeout` s after that,
 * which is at least 1. */
void client_disable(struct client *client, uint32_t timeout, int64_t now);

/* Handlers of coap.c; owner is a struct client. */
extern const struct coap_handlers client_handlers;

/* client_observe.c: what the request has asked to observe. The sequence number
 * for the answer; -1: no room, a plain answer. */
int32_t client_observe(struct client *client,
		       const struct request_outcome *outcome,
		       const uint8_t *token, uint8_t token_length,
		       int64_t now);
void client_cancel(struct client *client,
		   const struct request_outcome *outcome,
		   const uint8_t *token, uint8_t token_length);
void client_forget(struct client *client, struct observation *observation);
struct observation *client_observation(struct client *client,
				       const uint8_t *token,
				       uint8_t token_length);
/* None is observed any more: what was, stays worth keeping. */
void client_observations_end(struct client *client, int64_t now);
/* The numbers in `observation`'s scope as last sent: for its conditions. */
void client_remember(struct client *client, struct observation *observation);
#endif
