/* SPDX-License-Identifier: GPL-2.0-or-later
 * A client's registration: what happens is told to its machine
 * (lwm2m/registration.c), which alone says whether this client is registered;
 * what follows from that is done here, and everybody told whom it concerns. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "agent/client/client_host.h"
#include "agent/client/client_private.h"
#include "agent/client/client_session.h"
#include "agent/lwm2m/account.h"
#include "agent/base/log.h"
#include "objects/ids.h"

#define SECOND INT64_C(1000000000)
#define ANSWERED_AFTER 1	/* s till a server has had our answer */
#define HURRY_AFTER (3 * SECOND)	/* its answer is not on its way */

bool client_is_registered(const struct client *c)
{
	return c->registration.state == REGISTRATION_REGISTERED ||
	       c->registration.state == REGISTRATION_UPDATING;
}

static void registered_count(struct client *c, bool registered)
{
	if (registered)
		c->server->n_registered++;
	else
		c->server->n_registered--;
}

void client_registration_send(struct client *c, int64_t now)
{
	struct server *s = c->server;
	int error;

	if (client_register(c, now) == 0)
		return;
	error = errno;
	/* Its own address may be ours no more. */
	client_disconnect(c);
	server_suspect(s, now);
	client_event(c, REGISTRATION_LOST, 0, 0, now);
	client_unsent(c, s, error, now);
}

/* Nothing is left to say but good-bye, which an answer that may never come is
 * not to hold up. What hangs on that answer is kept. */
static void outstanding_give_up(struct client *c, int64_t now)
{
	if (coap_give_up(c->connection))
		forward_given_up(client_spoken(c), now);
}

void client_slot_granted(struct client *c, int64_t now)
{
	if (!c->wanted)
		return;
	if (client_is_leaving(c) && c->connection && !c->under_way)
		outstanding_give_up(c, now);
	if (!client_connect(c, now)) {
		c->wanted = REGISTRATION_NOTHING;
		client_event(c, REGISTRATION_LOST, 0, 0, now);
	} else if (!coap_busy(c->connection)) {
		client_registration_send(c, now);
	}
}

static void registration_note(struct client *c, bool was, bool is, int64_t now)
{
	const char *name = client_name(c);

	if (was == is)
		return;
	registered_count(c, is);
	forward_registered(c, is, now);
	client_carry_registered(c, is, now);
	if (is)
		log_line(client_session_level(c, LOG_NOTE), name, NULL,
			 "registered at %s as LwM2M %s, "
			 "lifetime %u s", c->server->conf->uri,
			 registration_version(&c->registration),
			 c->registration.lifetime);
	else
		log_line(client_session_level(c, LOG_NOTE), name, NULL,
			 "no longer registered at %s", c->server->conf->uri);
	if (is)
		client_session_good(c);
}

static uint32_t policy_number(const struct client *c, uint16_t resource,
			      uint32_t fallback)
{
	const struct client *by = client_carrier(c);
	int64_t n = account_number(client_tree(by), path_resource(ID_SERVER,
				   by->instance, resource), fallback);

	return n < 0 ? fallback : n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
}

struct registration_policy client_policy(const struct client *c)
{
	const struct registration_policy *p = &c->server->conf->policy;

	return (struct registration_policy){
		.retry_count = policy_number(c, ID_SERVER_RETRY_COUNT,
					     p->retry_count),
		.retry_timer = policy_number(c, ID_SERVER_RETRY_TIMER,
					     p->retry_timer),
		.sequence_delay = policy_number(c, ID_SERVER_SEQUENCE_DELAY,
						p->sequence_delay),
		.sequence_count = policy_number(c, ID_SERVER_SEQUENCE_COUNT,
						p->sequence_count),
	};
}

bool client_has_failed(const struct client *c)
{
	return c->registration.state == REGISTRATION_WAITING &&
	       !c->registration.attempt && c->registration.sequence &&
	       c->registration.sequence >= client_policy(c).sequence_count;
}

/* As often as the account allows, for one more time; or the server has said
 * that no try will do (Core TS 6.2.1.1, 1/x/16: "explicitly rejected"). */
static bool registration_has_failed(const struct client *c,
				    enum registration_event event, uint8_t code)
{
	if (c->registration.state != REGISTRATION_WAITING)
		return false;
	if (event == REGISTRATION_ANSWER &&
	    (code == CODE(4, 1) || code == CODE(4, 3)))
		return true;
	return client_has_failed(c) &&
	       (event == REGISTRATION_ANSWER || event == REGISTRATION_LOST);
}

/* Its own endpoint, and those of the ones that it carries: it is theirs, too. */
static void registration_tell(struct client *c, bool accepted, int64_t now)
{
	client_host(c)->registration(c, accepted, now);
	for (struct client *k = client_carried_next(c, NULL); k;
	     k = client_carried_next(c, k))
		client_host(k)->registration(k, accepted, now);
}

static void registration_event(struct client *c, enum registration_event event,
			       uint8_t code, uint8_t changes, int64_t now)
{
	const struct client_host *host = client_host(c);
	int64_t spread = event != REGISTRATION_START ||
			 host->is_fresh(c->endpoint) ? 0 :
		server_startup_window(c->server,
				      client_services(c)->n_endpoints);
	bool was = client_is_registered(c);
	bool updated = c->registration.state == REGISTRATION_UPDATING &&
		       event == REGISTRATION_ANSWER && code >> 5 == 2;
	struct registration_policy policy = client_policy(c);
	struct registration_action action =
		registration_step(&c->registration, event, code, changes,
				  spread, &policy, now);

	if (action.gone) {
		client_observations_forget(c, now);
		client_unknown(c);
	}
	if (action.send) {
		c->wanted = (uint8_t)action.send;
		c->wanted_changes = action.changes;
		server_queue(c->server, c);
	}
	registration_note(c, was, client_is_registered(c), now);
	if (registration_has_failed(c, event, code))
		host->failed(c, now);
	registration_tell(c, updated || action.registered, now);
	client_reschedule(c, now);
	if (c->registration.state != REGISTRATION_OFF)
		return;
	if (client_is_leaving(c))
		host->left(c->endpoint);
	else if (c->enable_at != INT64_MAX && !c->under_way)
		client_disconnect(c);	/* 1/x/4: it hears nothing, either */
}

void client_event(struct client *c, enum registration_event event,
		  uint8_t code, uint8_t changes, int64_t now)
{
	if (client_is_carried(c))
		client_carried_event(c, event, now);
	else
		registration_event(c, client_transport_choose(c, event, now),
				   code, changes, now);
}

void client_deregister_unconfirmed(struct client *c, int64_t now)
{
	if (!client_is_registered(c) || !c->connection)
		return;
	outstanding_give_up(c, now);
	if (coap_busy(c->connection))
		return;
	c->wanted = REGISTRATION_SEND_DEREGISTER;
	client_register(c, now);
}

void client_registration_drop(struct client *c)
{
	if (client_is_registered(c))
		registered_count(c, false);
	c->wanted = REGISTRATION_NOTHING;
	server_unqueue(c->server, c);
	registration_drop(&c->registration);
}

void client_stop(struct client *c, bool keep, int64_t now)
{
	c->enable_at = INT64_MAX;
	c->disable_for = 0;
	if (keep) {
		client_registration_drop(c);
		return;
	}
	client_event(c, REGISTRATION_STOP, 0, 0, now);
	if (!c->paced)			/* an Update that waits for an answer */
		client_slot_granted(c, now);
}

void client_enable_later(struct client *c, uint32_t delay, int64_t now)
{
	c->enable_at = now + delay * SECOND;
	client_reschedule(c, now);
}

void client_disable(struct client *c, uint32_t timeout, int64_t now)
{
	c->disable_for = timeout;
	client_enable_later(c, ANSWERED_AFTER, now);
}

void client_live(struct client *c, uint32_t lifetime, int64_t now)
{
	if (c->registration.lifetime == lifetime)
		return;
	c->registration.lifetime = lifetime;
	client_event(c, REGISTRATION_CHANGED, 0, REGISTRATION_LIFETIME, now);
}

/* Where it is disabled, it will register anyhow. */
void client_bind(struct client *c, int64_t now)
{
	if (c->said_queue != client_in_queue_mode(c) && c->enable_at == INT64_MAX)
		client_enable_later(c, ANSWERED_AFTER, now);
}

/* Where it is disabled, or waits, its next Register goes there anyhow. */
void client_prefer(struct client *c, int64_t now)
{
	if (client_preferred(c) != c->server && c->enable_at == INT64_MAX)
		client_enable_later(c, ANSWERED_AFTER, now);
}

/* Where it is disabled or is about to be, it will register anyhow. */
void client_restart(struct client *c, int64_t now)
{
	if (!client_is_registered(c)) {
		client_event(c, REGISTRATION_RESTART, 0, 0, now);
	} else if (!c->disable_for) {
		c->restarts = true;
		client_enable_later(c, ANSWERED_AFTER, now);
	}
}

static void registration_disable(struct client *c, int64_t now)
{
	c->enable_at = now + c->disable_for * SECOND;
	c->disable_for = 0;
	client_event(c, REGISTRATION_STOP, 0, 0, now);
}

void client_enable(struct client *c, int64_t now)
{
	if (c->disable_for) {
		registration_disable(c, now);
		return;
	}
	c->enable_at = INT64_MAX;
	client_event(c, REGISTRATION_START, 0, 0, now);
	if (client_is_registered(c) &&
	    (c->restarts || c->said_queue != client_in_queue_mode(c)))
		client_event(c, REGISTRATION_RESTART, 0, 0, now);
	c->restarts = false;
	client_transport_prefer(c, now);
}

void client_hurry(struct client *c, int64_t now)
{
	if (c->registration.state == REGISTRATION_WAITING &&
	    c->last_code == CLIENT_NO_ANSWER) {
		client_event(c, REGISTRATION_BACK, 0, 0, now);
	} else if (c->under_way == REGISTRATION_SEND_REGISTER &&
		   now - coap_since(c->connection) >= HURRY_AFTER) {
		client_disconnect(c);
		client_event(c, REGISTRATION_CUT, 0, 0, now);
	}
}

static void location_keep(struct client *c, struct coap_segments location)
{
	free(c->location);
	c->location = malloc(location.n + 1);
	if (!c->location)
		abort();
	memcpy(c->location, location.at, location.n);
	c->n_location = (uint16_t)location.n;
}

static void refusal_note(const struct client *c, uint8_t sent,
			 const struct coap_answer *answer)
{
	int n = answer->length < 200 ? (int)answer->length : 200;
	bool registers = sent == REGISTRATION_SEND_REGISTER;
	bool good = registers ? answer->code == CODE(2, 1) :
		    answer->code >> 5 == 2;
	const char *advice = registers ? client_refusal_advice(c, answer->code)
				       : NULL;

	if (good || answer->code == c->last_code)
		return;
	log_line(LOG_WARN, client_name(c), NULL, "%s answered %u.%02u%s%.*s%s%s%s",
		 c->server->conf->uri, answer->code >> 5, answer->code & 31,
		 n ? ": " : "", n, n ? (const char *)answer->payload : "",
		 advice ? " (" : "", advice ? advice : "", advice ? ")" : "");
}

/* When the next try is: what an operator wants to know. */
static void wait_note(const struct client *c, int64_t now)
{
	if (c->registration.state == REGISTRATION_WAITING &&
	    c->registration.next != INT64_MAX)
		log_line(client_session_level(c, LOG_WARN), client_name(c), NULL,
			 "not registered at %s, again in %lld s",
			 c->server->conf->uri, (long long)
			 ((c->registration.next - now) / SECOND));
}

/* Without a place to update there is no registration (Core TS 6.2.1). */
static bool answer_is_without_location(const struct client *c, uint8_t sent,
				       const struct coap_answer *answer)
{
	if (sent != REGISTRATION_SEND_REGISTER || answer->code != CODE(2, 1) ||
	    answer->location.n)
		return false;
	if (c->last_code != answer->code)
		log_line(LOG_WARN, client_name(c), NULL,
			 "%s answers 2.01 to Register, but with no Location-Path "
			 "of up to 255 bytes: not registered",
			 c->server->conf->uri);
	return true;
}

uint32_t client_asked_wait(const struct coap_answer *answer)
{
	return answer->code == CODE(5, 3) || answer->code == CODE(4, 29) ?
	       answer->max_age : 0;
}

void client_registration_ended(struct client *c, enum coap_outcome outcome,
			       const struct coap_answer *answer, int64_t now)
{
	uint8_t sent = c->under_way, before = c->last_code;

	c->under_way = REGISTRATION_NOTHING;
	forward_answered(c, outcome, now);
	if (outcome != COAP_ANSWERED && client_session_lost(c, now))
		return;
	if (outcome != COAP_ANSWERED) {
		client_silent(c, NULL, now);
		c->last_code = CLIENT_NO_ANSWER;
		server_reresolve(c->server, now);
		client_event(c, REGISTRATION_LOST, 0, 0, now);
		if (before != CLIENT_NO_ANSWER)
			wait_note(c, now);
		return;
	}
	server_heard(c->server, now);
	client_session_heard(c);
	c->untold &= answer->code >> 5 == 2;
	refusal_note(c, sent, answer);
	if (answer_is_without_location(c, sent, answer)) {
		c->last_code = answer->code;
		client_event(c, REGISTRATION_LOST, 0, 0, now);
		return;
	}
	c->last_code = answer->code;
	if (answer->code >> 5 != 4)
		client_exchange(c, now);
	if (sent == REGISTRATION_SEND_REGISTER && answer->code == CODE(2, 1))
		location_keep(c, answer->location);
	c->registration.asked_wait = client_asked_wait(answer);
	client_event(c, REGISTRATION_ANSWER, answer->code, 0, now);
	if (answer->code != before && answer->code >> 5 != 2)
		wait_note(c, now);
	if (sent == REGISTRATION_SEND_UPDATE && answer->code >> 5 == 2)
		client_transport_return(c, now);
}

void client_give_up(struct client *c, int64_t now)
{
	bool was = client_is_registered(c);

	server_unqueue(c->server, c);
	heap_remove(&client_services(c)->clients, &c->due);
	registration_drop(&c->registration);
	registration_note(c, was, false, now);
	client_host(c)->left(c->endpoint);
}
