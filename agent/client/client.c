/* SPDX-License-Identifier: GPL-2.0-or-later
 * Carries out what the registration machine and the observations ask for.
 *
 * Of our confirmable messages one is outstanding at a time (RFC 7252 4.7), so
 * little is sent where it is decided: the registration machine leaves its
 * message in `wanted`, which waits for its turn at the server
 * (server_queue()); an observation is `pending`; what is kept waits in
 * forward.c. They go out when their time comes, client_due(), and when the
 * line is free again, on_idle(): registration first, for the server has to
 * know who notifies it; then notifications, the one due for longest first, in
 * turns with what is kept.
 *
 * What a Register, an Update or a notification comes to is an event of the
 * registration machine: it alone says whether this client is registered. */
#include <stdlib.h>
#include "agent/client/client_host.h"
#include "agent/client/client_private.h"
#include "agent/client/client_session.h"
#include "agent/base/log.h"

void client_init(struct client *c, struct endpoint *endpoint,
		 struct server *server, uint16_t instance)
{
	const struct config_device *conf;

	*c = (struct client){.endpoint = endpoint, .server = server,
			     .instance = instance, .enable_at = INT64_MAX};
	conf = client_conf(c);
	registration_init(&c->registration, conf->lifetime ? conf->lifetime :
			  server->conf->lifetime, conf->endpoint);
	c->registration.lwm2m_1_0 = server->conf->version == VERSION_1_0;
	c->registration.lwm2m_1_2 = server->conf->version == VERSION_1_2;
	server->n_clients++;
}

void client_finish(struct client *c)
{
	client_registration_drop(c);
	client_carry_end(c);
	c->server->n_clients--;
	heap_remove(&client_services(c)->clients, &c->due);
	forward_detach(c);
	while (c->observations)
		client_forget(c, c->observations);
	attribute_set_finish(&c->attributes);
	coap_close(c->connection);
	free(c->trouble);
	free(c->location);
}

void client_reschedule(struct client *c, int64_t now)
{
	int64_t due = client_notify_next(c, now), forward = forward_next(c);

	if (c->registration.next < due)
		due = c->registration.next;
	if (c->enable_at < due)
		due = c->enable_at;
	if (c->awake.waking && c->connection && !coap_busy(c->connection))
		due = now;
	if (client_stop_at(c) < due)
		due = client_stop_at(c);
	if (forward < due)
		due = forward;
	if (due < now)
		due = now;
	heap_set(&client_services(c)->clients, &c->due, due);
}

void client_due(struct client *c, int64_t now)
{
	if (client_stop_at(c) <= now) {
		client_give_up(c, now);
		return;
	}
	if (c->enable_at <= now)
		client_enable(c, now);
	if (c->registration.next <= now)
		client_event(c, REGISTRATION_TIMER, 0, 0, now);
	forward_take_turn(c, now);
	client_notify(c, now);
	forward_due(c, now);
	client_wake(c, now);
	client_reschedule(c, now);
}

/* ---- coap.c calls ---- */

static void on_request(void *owner, struct coap_exchange *exchange,
		       const struct request *request, const uint8_t *token,
		       uint8_t token_length, int64_t now)
{
	struct client *c = owner;

	client_host(c)->request(c, exchange, request, token, token_length,
				now);
}

static void on_ended(void *owner, enum coap_outcome outcome,
		     const uint8_t *token, uint8_t token_length,
		     const struct coap_answer *answer, int64_t now)
{
	struct client *c = owner;

	if (c->under_way) {
		client_registration_ended(c, outcome, answer, now);
		return;
	}
	c = client_spoken(c);
	if (!forward_ended(c, outcome, answer, now))
		client_notification_ended(c, outcome, token, token_length, now);
}

/* What was held back for it may go, or is kept. */
static void on_answered(void *owner, enum coap_outcome outcome, int64_t now)
{
	struct client *c = owner;

	forward_answered(c, outcome, now);
	for (struct client *k = client_carried_next(c, NULL); k;
	     k = client_carried_next(c, k))
		forward_answered(k, outcome, now);
}

static void on_refused(void *owner, const uint8_t *token,
		       uint8_t token_length, int64_t now)
{
	struct client *c;
	struct observation *o = client_carry_find(owner, token, token_length,
						  &c);

	if (!o)
		return;
	log_line(LOG_DETAIL, client_name(c), NULL,
		 "observation cancelled by a Reset");
	client_forget(c, o);
	client_reschedule(c, now);
}

static void on_idle(void *owner, int64_t now)
{
	struct client *c = owner;

	if (c->wanted && !c->paced)
		client_registration_send(c, now);
	else
		client_due(c, now);
	for (struct client *k = client_carried_next(c, NULL); k;
	     k = client_carried_next(c, k))
		client_reschedule(k, now);
}

static void on_traffic(void *owner, bool sent, size_t bytes, int64_t now)
{
	const struct client *c = owner;

	client_host(c)->traffic(c->endpoint, sent, bytes, now);
}

static uint8_t on_block(void *owner, const struct request *request,
			size_t so_far, size_t *most, int64_t now)
{
	struct client *c = owner;

	return client_host(c)->block(c, request, so_far, most, now);
}

const struct coap_handlers client_handlers = {
	.request = on_request, .ended = on_ended, .idle = on_idle,
	.answered = on_answered, .refused = on_refused,
	.broken = client_session_failed, .silent = client_silent,
	.traffic = on_traffic, .block = on_block,
};
