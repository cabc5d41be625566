/* SPDX-License-Identifier: GPL-2.0-or-later
 * What a server observes of a client, by its tokens. */
#include <stdlib.h>
#include <string.h>
#include "agent/client/client_host.h"
#include "agent/client/client_private.h"

struct observation *client_observation(struct client *c, const uint8_t *token,
				       uint8_t token_length)
{
	struct observation *o = c->observations;

	while (o && (o->token_length != token_length ||
		     memcmp(o->token, token, token_length)))
		o = o->next;
	return o;
}

void client_forget(struct client *c, struct observation *observation)
{
	struct observation **at = &c->observations;

	while (*at && *at != observation)
		at = &(*at)->next;
	if (!*at)
		return;
	*at = observation->next;
	observe_destroy(observation);
	client_host(c)->observed(c->endpoint);
}

/* With their registration; what they would tell may be kept all the same. */
void client_observations_end(struct client *c, int64_t now)
{
	for (struct observation *o; (o = c->observations); ) {
		c->observations = o->next;
		if (!forward_lost(c, o, now))
			observe_destroy(o);
	}
}

void client_observations_forget(struct client *c, int64_t now)
{
	client_observations_end(c, now);
	for (struct client *k = client_carried_next(c, NULL); k;
	     k = client_carried_next(c, k))
		client_observations_end(k, now);
}

static size_t observations_count(const struct client *c)
{
	size_t n = 0;

	for (const struct observation *o = c->observations; o; o = o->next)
		n++;
	return n;
}

/* The attributes, the format and the blocks that its request names. */
static void observation_renew(struct observation *o,
			      const struct request_outcome *outcome)
{
	o->format = outcome->format;
	o->block_size = outcome->block_size;
	if (observe_attach(o, outcome->attributes.set ? &outcome->attributes :
						       NULL))
		abort();
}

static struct observation *observation_create(
	const struct request_outcome *outcome, const uint8_t *token,
	uint8_t token_length)
{
	struct observation *o = outcome->paths ?
		observe_create_composite(outcome->paths, outcome->n_paths,
					 token, token_length,
					 outcome->format) :
		observe_create(&outcome->path, token, token_length,
			       outcome->format);

	if (!o)
		abort();
	observation_renew(o, outcome);
	return o;
}

static bool observation_is_of(const struct observation *o,
		  const struct request_outcome *outcome)
{
	if (!o->paths != !outcome->paths || o->n_paths != outcome->n_paths ||
	    !path_equal(&o->path, &outcome->path))
		return false;
	for (size_t i = 0; i < o->n_paths; i++)
		if (!path_equal(&o->paths[i], &outcome->paths[i]))
			return false;
	return true;
}

static struct observation *observation_add(struct client *c,
	const struct request_outcome *outcome, const uint8_t *token,
	uint8_t token_length)
{
	struct observation *o;

	if (observations_count(c) >= CLIENT_OBSERVATIONS_MAX ||
	    outcome->n_paths > CLIENT_PATHS_MAX)
		return NULL;
	o = observation_create(outcome, token, token_length);
	o->next = c->observations;
	c->observations = o;
	return o;
}

/* An Observe that has its answer told the values of now. Not so one that came
 * twice, as the first answer was late: its server takes that one and ignores the
 * second (RFC 7252 5.3.2), and nobody can tell. What was to be told is told by a
 * notification all the same. */
static void observation_answered(struct client *c, struct observation *o,
				 int64_t now)
{
	o->confirmed = now;
	if (observe_owes(o))
		return;
	observe_sent(o, now);
	o->newest_sent = services_wall(client_services(c), now);
	client_remember(c, o);
}

int32_t client_observe(struct client *c, const struct request_outcome *outcome,
		       const uint8_t *token, uint8_t token_length, int64_t now)
{
	struct client *whose;
	struct observation *o = client_carry_find(client_carrier(c), token,
						  token_length, &whose);
	uint32_t sequence = o ? o->sequence : 0;

	if (o && whose == c && observation_is_of(o, outcome)) {
		observation_renew(o, outcome);
	} else {
		if (o)			/* the same token: it is replaced */
			client_forget(whose, o);
		o = observation_add(c, outcome, token, token_length);
	}
	if (!o)
		return -1;
	o->sequence = sequence + 1;	/* RFC 7641 3.4: never backwards */
	observation_answered(c, o, now);
	client_configure(c, now);
	return (int32_t)o->sequence;
}

void client_cancel(struct client *c, const struct request_outcome *outcome,
		   const uint8_t *token, uint8_t token_length)
{
	struct observation *o = client_observation(c, token, token_length);

	/* Some servers cancel with a new token: then the path counts. */
	if (!o)
		for (o = c->observations; o && !observation_is_of(o, outcome); )
			o = o->next;
	if (o)
		client_forget(c, o);
}
