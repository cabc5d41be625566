/* SPDX-License-Identifier: GPL-2.0-or-later
 * Registration messages wait here for their turn: a token bucket of `pace` a
 * second for each host and port, so that ten thousand endpoints never fire at
 * once. */
#include <arpa/inet.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include "agent/client/client_session.h"
#include "agent/client/services.h"
#include "agent/base/log.h"
#include "agent/base/resolve.h"
#include "agent/base/spread.h"
#include "agent/client/server.h"

#define SECOND INT64_C(1000000000)
#define BURST 0.05		/* s of pace that may go at once */
#define LEAVE_PACE 500		/* at the exit: so many a second at least ... */
#define LEAVE_IN 2		/* ... and all of them within so many s */
#define RESOLVE_AGAIN_MAX 300	/* s */
#define RESOLVE_LEAST (5 * SECOND)	/* while somebody waits for it */
#define DOUBT_EVERY (60 * SECOND)
#define AWAY_AFTER (30 * SECOND)	/* one is silent, but not to others */

/* A numeric address needs no look-up, and no wait at start. */
static bool take_literal(struct server *s)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)&s->address;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&s->address;

	if (!s->conf->host)
		return false;		/* a smart card in its place */
	if (inet_pton(AF_INET, s->conf->host, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(s->conf->port);
		s->length = sizeof(*v4);
	} else if (inet_pton(AF_INET6, s->conf->host, &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons(s->conf->port);
		s->length = sizeof(*v6);
	}
	return s->length > 0;
}

static bool is_same_place(const struct config_server *a,
			  const struct config_server *b)
{
	return a->host && b->host && a->port == b->port &&
	       !strcmp(a->host, b->host);
}

/* Several accounts may be at one place: those that bootstrap gives, where they
 * differ in a lifetime, and at a reload the old one and the new one. What its
 * socket bears does not grow with them. */
static struct server_pace *pace_take(struct services *services,
				     const struct config_server *conf,
				     int64_t now)
{
	struct server *s = services->servers.first;
	struct server_pace *pace;

	while (s && !is_same_place(s->conf, conf))
		s = s->next;
	pace = s ? s->pace : calloc(1, sizeof(*pace));
	if (!pace)
		abort();
	if (!pace->n_servers++) {
		pace->filled = now;
		pace->tokens = 1;
	}
	return pace;
}

static void pace_leave(struct server *s)
{
	if (!--s->pace->n_servers)
		free(s->pace);
}

struct server *server_create(struct services *services,
			     struct config_server *conf, int64_t now)
{
	struct server *s = calloc(1, sizeof(*s));

	if (!s)
		abort();
	s->services = services;
	s->conf = conf;
	s->pace = pace_take(services, conf, now);
	s->literal = take_literal(s);
	if (s->literal)
		s->route = route_to((struct sockaddr *)&s->address);
	s->resolve_at = s->literal || !conf->host ? INT64_MAX : now;
	return s;
}

struct server *server_create_pair(struct services *services,
				  struct config_server *conf, int64_t now)
{
	struct config_server *other = conf->other;
	struct server *s = server_create(services, conf, now);

	conf->other = NULL;
	servers_add(&services->servers, s, SERVER_CONFIGURED);
	if (!other)
		return s;
	s->other = server_create(services, other, now);
	s->other->other = s;
	s->other->second = true;
	servers_add(&services->servers, s->other, SERVER_CONFIGURED);
	return s;
}

void server_destroy(struct server *s)
{
	s->gone = true;
	if (s->other)
		s->other->other = NULL;
	s->other = NULL;
	if (s->pace->granted == s)
		s->pace->granted = NULL;
	if (s->resolving)
		return;		/* server_resolved() will */
	pace_leave(s);
	tree_finish(&s->account);
	config_server_free(s->conf);
	free(s);
}

static bool is_at(const struct server *s, const struct addrinfo *one)
{
	return s->length == one->ai_addrlen &&
	       !memcmp(&s->address, one->ai_addr, one->ai_addrlen);
}

/* Where its name has the address that is used still, that one stays while
 * there is a way to it and it answers; else the next one, else the first. */
static const struct addrinfo *address_choose(const struct server *s,
					     const struct addrinfo *found)
{
	const struct addrinfo *used = found;

	while (used && !is_at(s, used))
		used = used->ai_next;
	if (!used)
		return found;
	if (s->doubted)
		return used->ai_next ? used->ai_next : found;
	return s->route.known ? used : found;
}

/* Where the name has lost the address in use, all clients change over at once;
 * where it has it still, each one does with its next message. */
static void take_address(struct server *s, const struct addrinfo *found)
{
	const struct addrinfo *one = address_choose(s, found), *old = found;

	/* At last: nobody's wait goes on. */
	s->rerouted |= !s->length && s->resolve_tries;
	s->resolve_tries = 0;
	if (one->ai_addrlen > sizeof(s->address) || is_at(s, one))
		return;
	while (old && !is_at(s, old))
		old = old->ai_next;
	if (s->length)
		log_line(LOG_NOTE, NULL, NULL, "%s: %s has another "
			 "address now", s->conf->uri, s->conf->host);
	s->rerouted |= s->length && (!old || !s->route.known);
	memcpy(&s->address, one->ai_addr, one->ai_addrlen);
	s->length = one->ai_addrlen;
	s->route = route_to((struct sockaddr *)&s->address);
	s->address_generation++;
}

/* As many different ones as there is room for; the rest can wait. */
bool server_is_news(struct server *s, const char *trouble)
{
	const size_t most = sizeof(s->logged) / sizeof(*s->logged);
	uint32_t hash = seed_of(trouble);
	bool known = s->n_logged == most;

	for (size_t i = 0; i < s->n_logged; i++)
		known |= s->logged[i] == hash;
	if (known)
		s->n_unlogged++;
	else
		s->logged[s->n_logged++] = hash;
	return !known;
}

void server_heard(struct server *s, int64_t now)
{
	if (s->n_unlogged)
		log_line(LOG_NOTE, NULL, NULL, "%s answers again",
			 s->conf->uri);
	s->n_logged = 0;
	s->n_unlogged = 0;
	s->heard = now;
	s->back |= s->away;
	s->away = false;
}

void server_unanswered(struct server *s, int64_t now)
{
	s->away |= now - s->heard >= AWAY_AFTER;
}

void server_reresolve(struct server *s, int64_t now)
{
	server_unanswered(s, now);
	if (!s->literal && s->length && s->resolve_at == INT64_MAX &&
	    now - s->resolved >= DOUBT_EVERY) {
		s->resolve_at = now;
		s->doubted = true;
	}
}

void server_suspect(struct server *s, int64_t now)
{
	if (s->services->routes_at > now + SECOND)
		s->services->routes_at = now + SECOND;
}

void server_route_look(struct server *s, int64_t now)
{
	struct ip_route route = {.known = false};

	if (s->length)
		route = route_to((struct sockaddr *)&s->address);
	if (!s->literal && (!route.known || !route_same(&route, &s->route))) {
		s->resolve_tries = s->resolve_tries > 0;	/* said it is */
		s->resolve_at = now;
	}
	s->rerouted |= route.known && !route_same(&route, &s->route);
	s->route = route;
}

void server_queue(struct server *s, struct client *client)
{
	if (client->paced)
		return;
	client->paced = true;
	client->next_paced = NULL;
	if (s->last)
		s->last->next_paced = client;
	else
		s->first = client;
	s->last = client;
	s->n_waiting++;
	s->pace->n_waiting++;
}

void server_unqueue(struct server *s, struct client *client)
{
	struct client *before = NULL, *c = s->first;

	if (!client->paced)
		return;
	for (; c != client; c = c->next_paced)
		before = c;
	if (before)
		before->next_paced = client->next_paced;
	else
		s->first = client->next_paced;
	if (s->last == client)
		s->last = before;
	client->paced = false;
	s->n_waiting--;
	s->pace->n_waiting--;
}

/* Of all accounts there, when the exit began. */
static size_t leaving_count(const struct server *s)
{
	struct server_pace *pace = s->pace;

	if (pace->n_servers == 1)
		return s->n_clients;
	if (!pace->n_leaving)
		for (const struct server *other = s->services->servers.first;
		     other; other = other->next)
			if (other->pace == pace)
				pace->n_leaving += other->n_clients;
	return pace->n_leaving;
}

/* Messages a second; 0: all at once. Also at the exit no faster than it must
 * be: what arrives all at once is lost in the server's socket. */
static double pace_of(const struct server *s)
{
	double pace = s->conf->pace, leaving;

	if (!pace || !s->services->stopping)
		return pace;
	leaving = (double)leaving_count(s) / LEAVE_IN;
	if (pace < LEAVE_PACE)
		pace = LEAVE_PACE;
	return pace < leaving ? leaving : pace;
}

int64_t server_wait(const struct server *s)
{
	double pace = pace_of(s);

	return pace ? (int64_t)((double)s->pace->n_waiting / pace * SECOND) : 0;
}

int64_t server_send_slot(struct server *s, int64_t now)
{
	int64_t next = s->pace->send_slot;
	int64_t send_slot = next > now ? next : now;

	if (!s->conf->pace)
		return now;
	s->pace->send_slot = send_slot + SECOND / s->conf->pace;
	return send_slot;
}

static void tokens_refill(struct server *s, int64_t now)
{
	double pace = pace_of(s), most = pace * BURST;
	struct server_pace *p = s->pace;

	if (most < 1)
		most = 1;
	p->tokens += (double)(now - p->filled) / SECOND * pace;
	if (p->tokens > most)
		p->tokens = most;
	p->filled = now;
}

static bool is_in_line(const struct server *s, const struct server_pace *pace)
{
	return s->pace == pace && s->first && s->length && s->conf->pace;
}

/* Whose turn it is at s's place: the next behind the one that had the last. */
static struct server *turn_next(struct server *s)
{
	struct server *at = s->pace->granted;

	if (s->pace->n_servers == 1)
		return s->first ? s : NULL;
	while (at && (at = at->next))
		if (is_in_line(at, s->pace))
			return at;
	for (at = s->services->servers.first; at; at = at->next)
		if (is_in_line(at, s->pace))
			return at;
	return NULL;
}

static void turn_grant(struct server *s, int64_t now)
{
	struct client *client = s->first;

	server_unqueue(s, client);
	client_slot_granted(client, now);
}

/* A server that cannot be reached for want of an address is one that does not
 * answer: whose turn it was, has failed to register (Core TS 6.2.1.1). */
static void fail_all(struct server *s, int64_t now)
{
	for (size_t n = s->n_waiting; n && s->first; n--) {
		struct client *client = s->first;

		server_unqueue(s, client);
		client_unresolved(client, now);
	}
}

static void resolve_later(struct server *s, const char *error, int64_t now)
{
	int64_t wait = 5;

	for (uint32_t i = 0; i < s->resolve_tries && wait < RESOLVE_AGAIN_MAX;
	     i++)
		wait *= 2;
	if (!s->resolve_tries++)
		log_line(LOG_ERROR, NULL, NULL, "%s: cannot look up "
			 "%s: %s; will try again", s->conf->uri, s->conf->host,
			 error);
	s->resolve_at = now + wait * SECOND;
}

static void server_resolved(void *owner, const struct addrinfo *found,
			    const char *error, int64_t now)
{
	struct server *s = owner;

	s->resolving = false;
	if (s->gone) {
		server_destroy(s);
		return;
	}
	s->resolved = now;
	if (found)
		take_address(s, found);
	else
		resolve_later(s, error, now);
	s->doubted = false;
	if (!s->length)
		fail_all(s, now);
}

static int64_t turn_resolve(struct server *s, int64_t now)
{
	if (s->resolving)
		return INT64_MAX;
	if (!s->length && s->first && s->resolve_at > s->resolved + RESOLVE_LEAST)
		s->resolve_at = s->resolved + RESOLVE_LEAST;
	if (s->resolve_at > now)
		return s->resolve_at;
	s->resolve_at = INT64_MAX;
	s->resolving = true;
	resolve(s->conf->host, s->conf->port, server_resolved, s);
	return INT64_MAX;
}

int64_t server_turn(struct server *s, int64_t now)
{
	double pace = pace_of(s);
	struct server_pace *p = s->pace;
	struct server *next;
	int64_t due = turn_resolve(s, now), at;

	if (!s->length)
		return due;
	while (!pace && s->first)
		turn_grant(s, now);
	if (!s->first)
		return due;
	tokens_refill(s, now);
	while (p->tokens >= 1 && (next = turn_next(s))) {
		p->tokens -= 1;
		p->granted = next;
		turn_grant(next, now);
	}
	if (!s->first)
		return due;
	at = now + (int64_t)((1 - p->tokens) / pace * SECOND) + 1;
	return at < due ? at : due;
}

int64_t server_startup_window(const struct server *s, size_t n_endpoints)
{
	if (!s->conf->pace || !n_endpoints)
		return 0;
	return (int64_t)((n_endpoints - 1) * (uint64_t)SECOND / s->conf->pace);
}
