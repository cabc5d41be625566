/* SPDX-License-Identifier: GPL-2.0-or-later
 * A server's request to one client: request.c says what is to be done, and
 * here it is done. */
#include <stdlib.h>
#include <string.h>
#include "agent/endpoint/client_request.h"
#include "agent/endpoint/endpoint_object.h"
#include "agent/client/client_carry.h"
#include "agent/client/services.h"

/* ---- answers that come later ---- */

/* By the server's id: accounts, and clients with them, may be others by then. */
struct answering {
	struct endpoint *endpoint;
	struct coap_separate *later;
	uint16_t server;
};

/* Who asks, and what is to be answered. */
struct client_asking { struct client *client; struct coap_exchange *exchange; };

static void *answer_defer(void *context)
{
	const struct client_asking *asking = context;
	struct coap_separate *later = coap_separate_begin(asking->exchange);
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
struct stored { struct coap_separate *later; uint8_t code; };

static void answer_stored(void *stored, int error, int64_t now)
{
	struct stored *s = stored;

	coap_respond_separately(s->later, error ? CODE(5, 0) : s->code,
				FORMAT_NONE, NULL, 0, now);
	free(s);
}

/* Where it says that something was set, it goes when that is on the disk; 5.00
 * where the disk does not take it. */
static void client_answer_later(const struct endpoint *e,
				struct coap_separate *later, uint8_t code,
				int64_t now)
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

static void deferred_answer(void *answering, uint8_t code, int64_t now)
{
	struct answering *a = answering;

	client_answer_later(a->endpoint, a->later, code, now);
	for (size_t i = 0; i < a->endpoint->n_clients; i++)
		if (a->endpoint->clients[i].server->conf->id == a->server)
			client_exchange(&a->endpoint->clients[i], now);
	free(a);
}

/* Asks for the server: the answer comes later, and prolongs the awake window
 * once more. */
static struct requester client_requester(struct client_asking *asking)
{
	static const struct requester_ops ops = {
		.defer = answer_defer, .answer = deferred_answer};

	return (struct requester){&ops, asking};
}

/* ---- what is left to do ---- */

/* A point with on_execute, or an object's own. Returns 0 when the answer comes
 * later. */
static uint8_t request_execute(struct client *c, struct requester requester,
			       const struct lwm2m_path *path, int64_t now)
{
	struct endpoint *e = c->endpoint;
	long point = endpoint_point(e, path);
	struct lwm2m_record write = {.path = *path};

	if (point < 0)
		return endpoint_object_execute(e, path, now);
	write.value = lwm2m_float(e->conf->points[point].on_execute);
	return transaction_start(e, requester, &write, 1, CODE(2, 4), now);
}

static void outcome_respond(struct coap_exchange *x,
			    const struct request_outcome *outcome,
			    const struct buf *out, int32_t sequence)
{
	const char *reason = outcome->code >> 5 == 2 ? NULL : outcome->reason;

	if (outcome->kind == REQUEST_CREATED && outcome->chosen)
		coap_locate(x, &outcome->path);
	if (reason)
		coap_respond(x, outcome->code, FORMAT_NONE,
			     (const uint8_t *)reason, strlen(reason), -1);
	else
		coap_respond(x, outcome->code, outcome->format, out->at,
			     out->used, sequence);
}

bool endpoint_respond_when_stored(const struct endpoint *e,
				  struct coap_exchange *x, uint8_t code,
				  const struct lwm2m_path *located, int64_t now)
{
	struct coap_separate *later;

	if (code >> 5 != 2 ||
	    !store_is_pending(e->services->store, e->conf->endpoint))
		return false;
	later = coap_separate_begin(x);
	if (!later)
		return false;
	if (located)
		coap_locate_later(later, located);
	client_answer_later(e, later, code, now);
	return true;
}

/* A server may rely on what it was told to be done: over a kill, too. */
static bool respond_when_stored(struct client *c, struct coap_exchange *x,
				const struct request_outcome *outcome,
				int64_t now)
{
	bool located = outcome->kind == REQUEST_CREATED && outcome->chosen;

	switch (outcome->kind) {
	case REQUEST_ANSWERED:
	case REQUEST_OBSERVE:
	case REQUEST_CANCEL:
	case REQUEST_EXECUTE:
		return false;
	case REQUEST_WRITE:
	case REQUEST_ATTRIBUTES:
	case REQUEST_CREATED:
	case REQUEST_DELETED:
		break;
	}
	return endpoint_respond_when_stored(c->endpoint, x, outcome->code,
					    located ? &outcome->path : NULL,
					    now);
}

static void touch_all(struct endpoint *e, const struct request_outcome *outcome,
		      int64_t now)
{
	for (size_t i = 0; i < outcome->n_touched; i++)
		endpoint_touched(e, &outcome->touched[i], now);
	if (outcome->n_touched)
		endpoint_store(e);
}

uint8_t endpoint_write(struct endpoint *e,
		       const struct request_outcome *outcome,
		       struct requester requester, int64_t now)
{
	touch_all(e, outcome, now);
	return !outcome->n_writes ? outcome->code :
	       transaction_start(e, requester, outcome->writes,
				 outcome->n_writes,
				 outcome->code, now);
}

uint8_t client_carry_out(struct client *c,
			 const struct request_outcome *outcome,
			 struct requester requester, int64_t now)
{
	uint8_t code = outcome->code;

	if (outcome->kind == REQUEST_WRITE)
		return endpoint_write(c->endpoint, outcome, requester, now);
	touch_all(c->endpoint, outcome, now);
	switch (outcome->kind) {
	case REQUEST_ANSWERED:
	case REQUEST_OBSERVE:
	case REQUEST_CANCEL:
	case REQUEST_WRITE:
		break;
	case REQUEST_EXECUTE:
		code = request_execute(c, requester, &outcome->path, now);
		break;
	case REQUEST_ATTRIBUTES:
		client_configure(c, now);
		endpoint_attributes_store(c->endpoint);
		break;
	case REQUEST_CREATED:
		endpoint_created(c->endpoint, c->server->conf->id, now);
		break;
	case REQUEST_DELETED:
		endpoint_deleted(c->endpoint, &outcome->path, now);
		break;
	}
	return code;
}

/* ---- requests ---- */

static bool may_ask(const struct client *c)
{
	enum registration_state state = (enum registration_state)
		client_carrier(c)->registration.state;

	if (c->registration.state == REGISTRATION_OFF)	/* it leaves */
		return false;
	/* A fast server asks before its 2.01 has been seen here. */
	return state == REGISTRATION_REGISTERED ||
	       state == REGISTRATION_UPDATING ||
	       state == REGISTRATION_REGISTERING ||
	       state == REGISTRATION_LAPSED || client_carrier(c)->under_way;
}

static void request_of(struct client *c, struct coap_exchange *x,
		       const struct request *request, const uint8_t *token,
		       uint8_t token_length, int64_t now)
{
	struct services *services = c->endpoint->services;
	struct request_scope scope = client_scope(c, now);
	struct buf out = buf_over(services->answer, services->answer_size);
	struct request_outcome outcome;
	int32_t sequence = -1;

	if (!may_ask(c)) {
		coap_respond(x, CODE(5, 3), FORMAT_NONE, NULL, 0, -1);
		return;
	}
	client_exchange(c, now);
	if (client_line(c) && !coap_busy(client_line(c)))
		forward_answered(c, COAP_ANSWERED, now);
	if (endpoint_object_request(c, &scope, x, request, now))
		return;
	outcome = request_handle(&scope, request, services->request_room, &out);
	if (outcome.kind == REQUEST_CANCEL)	/* also where the read failed */
		client_cancel(c, &outcome, token, token_length);
	if (outcome.code >> 5 == 2) {
		if (outcome.kind == REQUEST_OBSERVE)
			sequence = client_observe(c, &outcome, token,
						  token_length, now);
		outcome.code = client_carry_out(c, &outcome,
			client_requester(&(struct client_asking){c, x}), now);
	}
	if (outcome.code && !respond_when_stored(c, x, &outcome, now))
		outcome_respond(x, &outcome, &out, sequence);
	if (c->endpoint->conf->queue)	/* its window is longer now */
		client_reschedule(c, now);
}

/* ---- of devices behind this gateway ---- */

/* Whose request it is: the client's own, or of the device whose prefix its path
 * has; *inner is without that. NULL: no device has it. */
static struct client *client_addressed(struct client *c,
				       const struct request *request,
				       struct request *inner)
{
	uint16_t device = 0;
	size_t skip = !client_carried_next(c, NULL) ? 0 :
		      path_prefix(request->uri, request->uri_length, &device);

	*inner = *request;
	inner->uri += skip;
	inner->uri_length -= skip;
	return skip ? client_carried(c, device) : c;
}

uint8_t client_request_block(struct client *c, const struct request *request,
			     size_t so_far, size_t *most, int64_t now)
{
	struct request inner;

	c = client_addressed(c, request, &inner);
	return c ? endpoint_object_block(c, &inner, so_far, most, now) :
		   CODE(4, 4);
}

static bool device_scope(void *carrier, uint16_t device, int64_t now,
			 struct request_scope *scope)
{
	struct client *c = device ? client_carried(carrier, device) : carrier;

	if (c && may_ask(c))
		*scope = client_scope(c, now);
	return c && may_ask(c);
}

/* Names of several devices in one: only a Read-Composite can do that, for what
 * is written is all or nothing, and an observation is of one of them. */
static void request_of_many(struct client *c, struct coap_exchange *x,
			    const struct request *request, int64_t now)
{
	struct services *services = c->endpoint->services;
	struct buf out = buf_over(services->answer, services->answer_size);
	struct request_outcome outcome = request_read_devices(
		&(struct request_devices){device_scope, c, now}, request,
		services->request_room, &out);

	client_exchange(c, now);
	outcome_respond(x, &outcome, &out, -1);
}

void client_request(struct client *c, struct coap_exchange *x,
		    const struct request *request, const uint8_t *token,
		    uint8_t token_length, int64_t now)
{
	static const char nobody[] = "no device has this prefix";
	struct request inner;
	struct client *of = client_addressed(c, request, &inner);
	uint16_t device = 0;

	if (of == c && client_carried_next(c, NULL) &&
	    !request_devices_named(request, c->endpoint->services->request_room,
				   &device)) {
		request_of_many(c, x, request, now);
		return;
	}
	if (device)
		of = client_carried(c, device);
	if (of)
		request_of(of, x, &inner, token, token_length, now);
	else
		coap_respond(x, CODE(4, 4), FORMAT_NONE,
			     (const uint8_t *)nobody, sizeof(nobody) - 1, -1);
}
