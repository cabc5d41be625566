/* SPDX-License-Identifier: GPL-2.0-or-later
 * Queue mode towards one server: when its device shows itself, the server is
 * told first, and nothing else is said to a server that may think we sleep. */
#include <stdlib.h>
#include "agent/endpoint/batch.h"
#include "agent/client/client.h"
#include "agent/client/services.h"
#include "agent/endpoint/endpoint.h"

static enum awake_action step(struct client *c, enum awake_event event,
			      int64_t now)
{
	const struct config_device *conf = c->endpoint->conf;
	struct awake_rules rules = {
		.time = conf->awake_time,
		.by_notification = conf->wake_by_notification,
	};

	return conf->queue ? awake_step(&c->awake, event, &rules, now) :
			     AWAKE_REST;
}

void client_heard(struct client *c, int64_t now)
{
	/* Any other message under way, or to come, wakes it as well. */
	if (c->registration.state != REGISTRATION_REGISTERED)
		return;
	switch (step(c, AWAKE_HEARD, now)) {
	case AWAKE_UPDATE:
		client_event(c, REGISTRATION_TRIGGER, 0, 0, now);
		break;
	case AWAKE_NOTIFY:
	case AWAKE_REST:
		/* What was not to be repeated while it slept may be due. */
		if (c->observations || c->awake.waking)
			client_reschedule(c, now);
		break;
	}
}

void client_exchange(struct client *c, int64_t now)
{
	server_heard(c->server, now);
	step(c, AWAKE_EXCHANGE, now);
}

void client_unknown(struct client *c)
{
	step(c, AWAKE_LOST, 0);
}

void client_wake(struct client *c, int64_t now)
{
	if (!c->awake.waking || !c->connection || coap_busy(c->connection))
		return;
	if (step(c, AWAKE_NOTHING_TO_SAY, now) == AWAKE_UPDATE)
		client_event(c, REGISTRATION_TRIGGER, 0, 0, now);
}

bool client_may_speak(const struct client *c, int64_t now)
{
	const struct config_device *conf = c->endpoint->conf;

	return !conf->queue || conf->notify_asleep ||
	       awake_may_send(&c->awake, now);
}

/* The period of pmax alone does not make an old value worth a message: the
 * device must have shown itself since the last one. */
bool client_may_notify(const struct client *c, const struct observation *o,
		       int64_t now)
{
	const struct config_device *conf = c->endpoint->conf;

	if (!conf->queue)
		return true;
	if (o->pending)
		return awake_may_send(&c->awake, now);
	return conf->notify_asleep || (c->endpoint->life.seen > o->sent &&
				       awake_may_send(&c->awake, now));
}

/* ---- answers that come later ---- */

/* By the server's id: accounts, and clients with them, may be others by then. */
struct answering {
	struct endpoint *endpoint;
	struct coap_later *later;
	uint16_t server;
};

static void *answer_defer(void *asker)
{
	const struct client_asking *asking = asker;
	struct coap_later *later = coap_defer(asking->exchange);
	struct answering *answering;

	if (!later)
		return NULL;
	answering = malloc(sizeof(*answering));
	if (!answering)
		abort();
	*answering = (struct answering){asking->client->endpoint, later,
					asking->client->server->conf->id};
	return answering;
}

/* Of the connection alone: the endpoint may be gone when it is on the disk. */
struct stored { struct coap_later *later; uint8_t code; };

static void answer_stored(void *stored, int error, int64_t now)
{
	struct stored *s = stored;

	coap_respond_later(s->later, error ? CODE(5, 0) : s->code, FORMAT_NONE,
			   NULL, 0, now);
	free(s);
}

void client_answer_later(const struct endpoint *e, struct coap_later *later,
			 uint8_t code, int64_t now)
{
	struct stored *s = malloc(sizeof(*s));

	if (!s)
		abort();
	*s = (struct stored){later, code};
	if (code >> 5 != 2 ||
	    !store_after(e->services->store, e->conf->endpoint, answer_stored,
			 s))
		answer_stored(s, 0, now);
}

static void answer(void *answering, uint8_t code, int64_t now)
{
	struct answering *a = answering;

	client_answer_later(a->endpoint, a->later, code, now);
	for (size_t i = 0; i < a->endpoint->n_clients; i++)
		if (a->endpoint->clients[i].server->conf->id == a->server)
			client_exchange(&a->endpoint->clients[i], now);
	free(a);
}

struct batch_asker client_asker(struct client_asking *asking)
{
	static const struct batch_asker_ops ops = {.defer = answer_defer,
						   .answer = answer};

	return (struct batch_asker){&ops, asking};
}
