/* SPDX-License-Identifier: GPL-2.0-or-later
 * Which of its server's two transports a client speaks over (Core TS 6.2.1.2, 1.2:
 * /1/x/22 Preferred Transport). Each Register begins at the preferred one; where
 * that does not answer, the other is tried at once, before the try counts as one
 * that has failed. So what the server's policy (1/x/17 to 20) and a bootstrap on
 * failure (1/x/16) see is a server that neither transport reaches.
 *
 * Where a session over the other one ends, the Register that follows begins
 * there, and goes on over the preferred one.
 *
 * The way back is one client's to find: once an hour one of them registers over
 * the preferred transport again, and as soon as one gets through, the others
 * follow it, each with its next Update. So thousands do not go silent to find
 * out that a port is still closed. */
#include "agent/client/client_private.h"
#include "agent/client/client_carry.h"
#include "agent/client/client_host.h"
#include "agent/client/client_session.h"
#include "agent/base/log.h"
#include "objects/ids.h"

#define SECOND INT64_C(1000000000)
#define BACK_EVERY (3600 * SECOND)
#define TRIES_AT_ONCE 2

struct server *client_preferred(const struct client *c)
{
	const struct tree_slot *slot;
	struct server *s = c->server;
	bool tcp;

	if (!s->other)
		return s;		/* looked for with each event */
	slot = client_account_slot(c, ID_SERVER_PREFERRED);
	tcp = s->second ? s->other->conf->tcp : s->conf->tcp;
	if (slot && slot->value.length)
		tcp = slot->value.as.text[0] == 'T';
	return s->conf->tcp == tcp ? s : s->other;
}

/* It is not registered there, and has no connection. */
static void client_server_take(struct client *c, struct server *to)
{
	bool queued = c->paced;

	server_unqueue(c->server, c);
	if (c->forward)
		forward_unqueue(c->forward);
	c->server->n_clients--;
	c->server = to;
	to->n_clients++;
	if (queued)
		server_queue(to, c);
}

static void transport_take(struct client *c, struct server *to)
{
	if (c->connection)
		client_disconnect(c);
	client_server_take(c, to);
	for (struct client *k = client_carried_next(c, NULL); k;
	     k = client_carried_next(c, k))
		client_server_take(k, to);
}

enum registration_event client_transport_choose(struct client *c,
						enum registration_event event,
						int64_t now)
{
	enum registration_state state =
		(enum registration_state)c->registration.state;
	struct server *preferred = client_preferred(c);

	if (!c->server->other || client_is_leaving(c))
		return event;
	if ((state == REGISTRATION_OFF || state == REGISTRATION_WAITING) &&
	    c->server != preferred)
		transport_take(c, preferred);
	if (event == REGISTRATION_ANSWER)
		c->crossed = false;
	if (state != REGISTRATION_REGISTERING || event != REGISTRATION_LOST ||
	    (c->server != preferred && c->crossed))
		return event;
	c->crossed = c->server == preferred;
	if (c->crossed)
		preferred->left = now;
	log_line(client_session_level(c, LOG_NOTE), client_name(c), NULL,
		 "%s does not answer: registers at %s", c->server->conf->uri,
		 c->server->other->conf->uri);
	transport_take(c, c->server->other);
	return REGISTRATION_CUT;
}

/* Registers anew over the preferred transport: the server replaces by it the
 * registration that it has of this endpoint (Core TS 6.2.1). */
static void transport_change(struct client *c, int64_t now)
{
	struct server *to = client_preferred(c);

	client_disconnect(c);
	client_event(c, REGISTRATION_MOVED, 0, 0, now);
	if (!client_is_registered(c))
		transport_take(c, to);
}

/* Another one has got through. Where this one did not although others did, as at
 * a server that takes so many connections and no more, it need not go there with
 * each Update: every Register costs it what is observed. */
static bool is_worth_a_try(const struct client *c,
			   const struct server *preferred, int64_t now)
{
	if (preferred->heard < preferred->left)
		return now - preferred->left >= BACK_EVERY;
	return c->n_tries < TRIES_AT_ONCE ||
	       now - c->tried * SECOND >= BACK_EVERY;
}

/* What it was asked is answered over the line that it came by: till then the one
 * that serves is kept. */
void client_transport_return(struct client *c, int64_t now)
{
	struct server *preferred = client_preferred(c);

	if (c->server == preferred)
		c->n_tries = 0;
	if (c->server == preferred || client_is_leaving(c) ||
	    (c->connection &&
	     (coap_busy(c->connection) || coap_owes(c->connection))) ||
	    !is_worth_a_try(c, preferred, now))
		return;
	c->n_tries += c->n_tries < TRIES_AT_ONCE;
	c->tried = (uint32_t)(now / SECOND);
	if (preferred->heard < preferred->left)
		preferred->left = now;
	transport_change(c, now);
}

void client_transport_prefer(struct client *c, int64_t now)
{
	if (client_preferred(c) == c->server || !client_is_registered(c))
		return;
	log_line(LOG_NOTE, client_name(c), NULL,
		 "its server prefers another transport: registers anew at %s",
		 client_preferred(c)->conf->uri);
	transport_change(c, now);
}
