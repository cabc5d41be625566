/* SPDX-License-Identifier: GPL-2.0-or-later
 * Store and forward: what a server that cannot be reached should have been told
 * is kept with its times, and delivered in order when it is back. Agent thread.
 *
 * Worth keeping are the notifications that the server's observations would have
 * given, where its account stores them (1/x/6), and every new value of a point
 * with `keep`. Also what an answer still to come decides over is held: the
 * values of a notification under way, and those after it. Where the answer
 * comes at once, only the newest counts, as ever; where it does not, all do.
 *
 * A client has a struct forward only while something of it is kept. */
#ifndef AGENT_FORWARD_H
#define AGENT_FORWARD_H
#include "agent/client/forward_state.h"
#include "agent/coap/coap.h"
#include "agent/store/record_queue.h"
#include "agent/lwm2m/observe.h"
#include "agent/base/wall.h"

#define FORWARD_REFUSALS 3	/* of one record each, in a row */

struct client;
struct config;
struct config_point;
struct endpoint;
struct services;
struct server;
struct backlog;
struct backlog_stream;

struct forward_counts {
	uint64_t kept;			/* values that were worth it */
	uint64_t delivered;
	uint64_t dropped;		/* for want of room, or not storing */
	uint64_t superseded;		/* a 1.0 server gets the newest only */
	uint64_t refused;		/* by the server */
	uint64_t unexpected;		/* events that no state of ours awaits:
					 * a fault in here */
};

/* Of one client. */
struct forward {
	struct client *client;
	struct forward *next, **at;	/* in forwarding.all */
	struct forward *next_turn;	/* in its server's queue */
	struct record_queue kept;	/* certain, oldest first */
	struct record_queue waiting;	/* what an answer decides over */
	struct observation *lost;	/* of the registration that has ended */
	struct observation *ended;	/* ... of the outage before, while the
					 * log has values of it and one of these
					 * has an hqmax of its own */
	struct backlog_stream *stream;	/* NULL: nothing of it is in the log */
	struct forward_history *histories;	/* of resources with hqmax */
	size_t n_histories;
	uint32_t counted_to;		/* own_from when they were counted */
	struct lwm2m_path last_path;	/* the last one held, and its time */
	int64_t last_time;
	int64_t since;			/* monotonic ns: where an answer is
					 * awaited, no word of it */
	int64_t retry_at;		/* the server would not take it */
	uint32_t n_live;		/* first of waiting: of the notification
					 * under way; those behind are told by
					 * the next ones, or came since */
	uint32_t pinned;		/* first of kept: in the payload that
					 * is out, or just being written off */
	uint32_t n;			/* certain ones, also those only in the
					 * log */
	uint32_t next_sequence, load_from;
	uint32_t log_from;		/* the log has none before it any more */
	uint32_t kept_to;		/* above all certain ones of this run */
	uint32_t own_from;		/* those before are of an earlier
					 * registration: by Send only */
	uint8_t refusals;		/* in a row */
	int64_t undated_at;		/* its times are waited for until then */
	enum forward_answer answer;
	enum forward_delivery delivery;
	enum forward_place place;	/* where those from load_from on are */
};

enum forward_sweep {
	SWEEP_NONE,
	SWEEP_COUNTING,			/* reading the log for hqmax, first */
	SWEEP_UNDER_WAY,		/* reading the log, or waiting for room
					 * to */
	SWEEP_WANTED,			/* somebody was passed over meanwhile */
};

/* All of the gateway's. */
struct forwarding {
	struct queue_budget budget;
	uint32_t rate;			/* records/s to each server */
	struct services *services;
	struct backlog *backlog;	/* NULL: memory only */
	enum forward_sweep sweep;
	struct forward *all, *next_evicted;
	struct forward_counts counts;
	uint64_t waiting;		/* certain ones of all clients */
	uint64_t held;			/* those that an answer decides over */
	int64_t begun;			/* the first of them, monotonic ns ... */
	uint64_t begun_n;		/* ... and how many since */
	uint8_t boot[16];
	bool dated;			/* the log knows the clock */
};

struct forwarding *forwarding_create(void);
void forwarding_destroy(struct forwarding *forwarding);
/* With the log in a folder of directory, and without it again. */
void forwarding_open(struct services *services, const char *directory);
void forwarding_close(struct services *services);
/* Limits of `store:`. */
void forwarding_configure(struct services *services,
			  const struct config *config);

/* Its endpoint has it: what the log has of it waits for the server again. */
void forward_attach(struct client *client, int64_t now);
/* The client ends. What is not in the log is lost, and counted. */
void forward_detach(struct client *client);

/* path has a new value; observed: it is in one of the client's observations. */
void forward_changed(struct client *client, const struct lwm2m_path *path,
		     bool observed, int64_t now);
/* An event at path: it is told by itself, whatever comes before the answer to
 * what is under way. */
void forward_happened(struct client *client, const struct lwm2m_path *path,
		      int64_t now);
/* o's notification has to wait behind older values of it: they are kept, and
 * count as sent. */
bool forward_behind(struct client *client, struct observation *o, int64_t now);
/* o's notification could not go out, as there is no way to the server: its
 * values are kept, and count as sent. false: they are not to be stored. */
bool forward_unsent(struct client *client, struct observation *o, int64_t now);
/* A confirmable notification of o has gone out. */
void forward_notified(struct client *client, struct observation *o,
		      int64_t now);
/* The registration has ended, or a notification found no answer: what was
 * observed stays worth keeping. Takes the observation, or not (false). */
bool forward_lost(struct client *client, struct observation *observation,
		  int64_t now);
/* Another client takes this one's place at the same server: it goes on, by the
 * log, with what was observed here and at those that it carries; what still
 * waits for its time is kept. */
void forward_hand_over(struct client *client, int64_t now);
/* is: it is registered (again); else no more. */
void forward_registered(struct client *client, bool is, int64_t now);
/* A message of the client's has ended (not one of forward's own), or the
 * server has asked something: it can be reached. */
void forward_answered(struct client *client, enum coap_outcome outcome,
		      int64_t now);
/* Before a notification goes out: on a slow line one is always due again, so
 * that what is kept and they take turns. */
void forward_take_turn(struct client *client, int64_t now);
/* The account may have been changed: 1/x/23 Mute Send. */
void forward_schedule(struct client *client);

/* When forward_due() is to be called. */
int64_t forward_next(const struct client *client);
void forward_due(struct client *client, int64_t now);

/* client_send.c: delivers what may go now; returns when more may. */
int64_t forward_turn(struct services *services, int64_t now);
/* The connection has gone: nobody will answer what is under way. */
void forward_disconnected(struct client *client);
/* The answer to what is under way is not waited for any more. */
void forward_given_up(struct client *client, int64_t now);
/* Was it the end of a message of forward's own? */
bool forward_ended(struct client *client, enum coap_outcome outcome,
		   const struct coap_answer *answer, int64_t now);
/* The wall clock was set: the times of this run follow it. */
void forward_clock(struct services *services, const struct clock_step *jump);
/* In line at its server, where it has something that may be delivered. */
void forward_queue(struct forward *forward);
void forward_unqueue(struct forward *forward);
/* What is at path now goes to the server, by Send. The number of values. */
int forward_send(struct client *client, const struct lwm2m_path *path,
		 int64_t now);
#endif
