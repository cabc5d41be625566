/* SPDX-License-Identifier: GPL-2.0-or-later
 * The registration store: a list, since tests have thousands at most. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/server/request.h"
#include "tests/server/server.h"

int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

struct client *client_find(const char *endpoint)
{
	struct client *c = server.clients;

	while (c && strcmp(c->endpoint, endpoint))
		c = c->next;
	return c;
}

static bool same(const struct segments *a, const struct segments *b)
{
	if (a->n != b->n)
		return false;
	for (int i = 0; i < a->n; i++)
		if (strcmp(a->part[i], b->part[i]))
			return false;
	return true;
}

struct client *client_at(const struct segments *location)
{
	struct client *c = server.clients;

	while (c && !same(&c->location, location))
		c = c->next;
	return c;
}

struct client *client_add(const char *endpoint)
{
	struct client *c = calloc(1, sizeof(*c));

	c->endpoint = strdup(endpoint);
	c->register_mid = COAP_INVALID_MID;
	c->known = json_object_new_object();
	c->next = server.clients;
	server.clients = c;
	return c;
}

/* Requests go to where the last Register or Update came from. */
void client_move(struct client *c, coap_session_t *session)
{
	if (c->session == session)
		return;
	coap_session_reference(session);
	if (c->session)
		coap_session_release(c->session);
	c->session = session;
}

void client_remove(struct client *c)
{
	struct client **at = &server.clients;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	exchanges_drop(c);
	if (c->session)
		coap_session_release(c->session);
	json_object_put(c->known);
	free(c->links);
	free(c->query);
	free(c->endpoint);
	free(c);
}

int64_t clients_expire(int64_t now)
{
	struct client *c = server.clients, *next;
	int64_t soonest = -1;

	for (; c; c = next) {
		next = c->next;
		if (c->expires <= now) {
			event_send(event_new("expired", c->endpoint));
			client_remove(c);
		} else if (soonest < 0 || c->expires - now < soonest) {
			soonest = c->expires - now;
		}
	}
	return soonest;
}
