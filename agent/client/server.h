/* SPDX-License-Identifier: GPL-2.0-or-later
 * One server account that all endpoints share: its address, and the pace at
 * which registration messages leave for it. */
#ifndef AGENT_SERVER_H
#define AGENT_SERVER_H
#include <sys/socket.h>
#include "agent/base/route.h"
#include "agent/config/config.h"
#include "objects/tree.h"

struct client;
struct forward;
struct services;

/* Who has named it. */
enum server_kind {
	SERVER_CONFIGURED,	/* the configuration */
	SERVER_BOOTSTRAP,	/* ... as where to bootstrap */
	SERVER_BOOTSTRAPPED,	/* a bootstrap server: gone with its last
				 * client, its keys are those of endpoints */
	SERVER_RETIRED,		/* nobody any more: likewise */
};

/* Of what leaves for one host and port, however many accounts name it. */
struct server_pace {
	struct server *granted;		/* who had the last turn; NULL: nobody */
	size_t n_servers;
	size_t n_waiting;		/* of all of them */
	size_t n_leaving;		/* clients at the exit; 0: not counted */
	double tokens;			/* messages that may go now */
	int64_t filled;			/* when tokens was right */
	int64_t send_slot;		/* see server_send_slot() */
};

struct server {
	struct services *services;
	struct server_pace *pace;		/* shared */
	struct config_server *conf;		/* owned */
	struct server *other;			/* over its other transport, which
						 * has this one as its other; or
						 * NULL */
	bool second;				/* the one of `other_uri` */
	int64_t left;				/* when a client last fell back from
						 * this transport to the other */
	struct sockaddr_storage address;
	socklen_t length;			/* 0: not resolved */
	uint32_t address_generation;		/* how often it has changed */
	bool literal, resolving, gone;
	bool doubted;				/* it did not answer: look-up */
	bool rerouted;				/* its clients are to be told */
	struct ip_route route;			/* to it, as last seen */
	int64_t resolve_at;			/* next try, or INT64_MAX */
	int64_t resolved;			/* the last time */
	uint32_t resolve_tries;
	struct tree account;			/* /1/0 as endpoints share it */
	struct client *first, *last;		/* wait for their turn */
	struct forward *forward_first, *forward_last;	/* have something kept
						 * to be delivered */
	int64_t forward_at;			/* when the next one may */
	size_t n_clients, n_registered;
	size_t n_waiting;			/* ... for their turn */
	int64_t heard;				/* when it answered anybody */
	uint32_t logged[4];			/* hashes: troubles since */
	uint8_t n_logged;
	uint32_t n_unlogged;			/* ... that were the same */
	bool away;				/* nobody, for long */
	bool back;				/* ... and now it has: the others
						 * are to be told, client_hurry() */
	enum server_kind kind;
	struct server *next;			/* of all */
};

/* Over whichever of its transports? */
static inline bool server_is_same(const struct server *a, const struct server *b)
{
	return a == b || a->other == b;
}

/* Do endpoints register there? Not at the bootstrap server, and not where nobody
 * names it any more. */
static inline bool server_takes_registrations(const struct server *s)
{
	return s->kind == SERVER_CONFIGURED || s->kind == SERVER_BOOTSTRAPPED;
}

struct server *server_create(struct services *services,
			     struct config_server *conf, int64_t now);
/* Both transports of what the configuration names by `uri` and `other_uri`, the
 * first of which is returned. Takes conf. */
struct server *server_create_pair(struct services *services,
				  struct config_server *conf, int64_t now);
/* Its clients are gone. Freed now, or when a look-up under way has ended. */
void server_destroy(struct server *server);

/* c's registration message may go when its turn comes: client_slot_granted()
 * is called then. */
void server_queue(struct server *server, struct client *client);
void server_unqueue(struct server *server, struct client *client);
/* Lets those go whose turn has come, of all accounts at this host and port, which
 * take turns; returns when the next one may. */
int64_t server_turn(struct server *server, int64_t now);
/* It did not answer: has its name another address now, or one more? Looked up
 * at most once a minute, the next of its addresses taken; connections are made
 * anew where it is. */
void server_reresolve(struct server *server, int64_t now);
/* It does not answer for now: where that lasts, its first answer is news. */
void server_unanswered(struct server *server, int64_t now);
/* It has answered a client: where it was away, the others need not wait for their
 * next try (client_hurry()). */
void server_heard(struct server *server, int64_t now);
/* One of its clients has this trouble with it: is it news, or has another one
 * told the same since it answered last? */
bool server_is_news(struct server *server, const char *trouble);
/* The kernel does not take what is for it: its route is looked at soon. */
void server_suspect(struct server *server, int64_t now);
/* Routes have changed. Marks it `rerouted` where its own has, and there is one
 * now; its name is looked up anew. */
void server_route_look(struct server *server, int64_t now);
/* When the next message that does not queue may go; it is taken. ns */
int64_t server_send_slot(struct server *server, int64_t now);
/* How long a message queued now waits for its turn. ns */
int64_t server_wait(const struct server *server);
/* The window that n endpoints start in: what pace needs. ns */
int64_t server_startup_window(const struct server *server, size_t n_endpoints);

/* server_account.c: of an account that bootstrap has given; made where there is
 * none yet of an endpoint whose account is alike. Gone with its last client. */
struct account;
struct server *server_of_account(struct services *services,
				 const struct tree *accounts,
				 const struct account *account, int64_t now);
#endif
