/* SPDX-License-Identifier: GPL-2.0-or-later
 * One connection and one registration for many clients. */
#include <stdio.h>
#include <stdlib.h>
#include "agent/client/client_carry.h"
#include "agent/client/client_host.h"
#include "agent/client/client_session.h"

static struct client_carriage *carriage_of(struct client *c)
{
	if (c->carriage)
		return c->carriage;
	c->carriage = calloc(1, sizeof(*c->carriage));
	if (!c->carriage)
		abort();
	c->carriage->id = client_id_give(&client_services(c)->client_ids, c);
	return c->carriage;
}

bool client_is_beside(const struct client *c)
{
	return client_is_carried(c) && client_conf(c)->via == VIA_BOTH;
}

/* No endpoint's name has a line feed. */
const char *client_log_name(const struct client *c, char room[CLIENT_LOG_NAME])
{
	snprintf(room, CLIENT_LOG_NAME, "%s%s",
		 client_is_beside(c) ? "\n" : "", client_name(c));
	return room;
}

static void state_set(struct client *c, enum registration_state state)
{
	bool was = client_is_registered(c);

	c->registration.state = (uint8_t)state;
	if (client_is_registered(c) && !was)
		c->server->n_registered++;
	else if (was && !client_is_registered(c))
		c->server->n_registered--;
}

/* As its carrier: also in which version of LwM2M it speaks. */
static void carried_follow(struct client *c, bool is, int64_t now)
{
	const struct registration *of = &client_carrier(c)->registration;

	if (client_is_leaving(c) || is == client_is_registered(c))
		return;
	c->registration.lwm2m_1_0 = of->lwm2m_1_0;
	c->registration.lwm2m_1_2 = of->lwm2m_1_2;
	state_set(c, is ? REGISTRATION_REGISTERED : REGISTRATION_WAITING);
	forward_registered(c, is, now);
	if (is)
		client_session_good(c);
	client_host(c)->registration(c, false, now);
	client_reschedule(c, now);
}

void client_carry(struct client *c, struct client *carrier, uint16_t device,
		  int64_t now)
{
	struct client_carriage *of = carriage_of(carrier);
	struct client_carriage *own = carriage_of(c);

	own->by = of->id;
	own->next = of->first;
	own->device = device;
	of->first = own->id;
	c->registration.next = INT64_MAX;
	state_set(c, REGISTRATION_WAITING);
	carried_follow(c, client_is_registered(carrier), now);
}

/* Where its number, the times and what is kept point at it. */
void client_carry_move(struct client *from, struct client *to)
{
	struct services *services = client_services(from);
	int64_t due = from->due.place ? from->due.due : INT64_MAX;

	heap_remove(&services->clients, &from->due);
	*to = *from;
	*from = (struct client){0};
	heap_set(&services->clients, &to->due, due);
	client_id_move(&services->client_ids, to->carriage->id, to);
	if (to->forward)
		to->forward->client = to;
}

struct client *client_carried(const struct client *carrier, uint16_t device)
{
	struct client *c = client_carried_next(carrier, NULL);

	while (c && c->carriage->device != device)
		c = client_carried_next(carrier, c);
	return c;
}

static void carried_unlink(struct client *carrier, struct client *c)
{
	struct client_carriage *of = carrier->carriage;
	uint64_t *at = &of->first;

	for (struct client *k; (k = client_of_id(c, *at)) && k != c; )
		at = &k->carriage->next;
	if (*at == c->carriage->id)
		*at = c->carriage->next;
	if (of->speaker == c->carriage->id)
		of->speaker = 0;
}

void client_carry_end(struct client *c)
{
	if (!c->carriage)
		return;
	if (client_carrier(c) != c)
		carried_unlink(client_carrier(c), c);
	for (struct client *k; (k = client_carried_next(c, NULL)); ) {
		c->carriage->first = k->carriage->next;
		k->carriage->by = k->carriage->next = 0;
		state_set(k, REGISTRATION_OFF);
	}
	client_id_end(&client_services(c)->client_ids, c->carriage->id);
	free(c->carriage);
	c->carriage = NULL;
}

bool client_is_speaking(const struct client *c)
{
	const struct client *by = client_carrier(c);

	return by->connection && coap_busy(by->connection) &&
	       (!by->carriage ||
		by->carriage->speaker == (c == by ? 0 : c->carriage->id));
}

void client_spoke(struct client *c)
{
	if (client_carrier(c) != c)
		client_carrier(c)->carriage->speaker = c->carriage->id;
}

struct client *client_spoken(struct client *carrier)
{
	struct client *c = carrier->carriage ?
		client_of_id(carrier, carrier->carriage->speaker) : NULL;

	if (!c)
		return carrier;
	carrier->carriage->speaker = 0;
	return c;
}

void client_carry_registered(struct client *carrier, bool is, int64_t now)
{
	for (struct client *c = client_carried_next(carrier, NULL); c;
	     c = client_carried_next(carrier, c))
		carried_follow(c, is, now);
}

/* Without confirmation: the line may be busy, and is shared. */
static void observers_tell(struct client *c, int64_t now)
{
	char uri[PATH_TEXT_MAX];

	for (struct observation *o; (o = c->observations); ) {
		struct lwm2m_path path = o->path;

		path.id[PATH_DEVICE] = client_device(c);
		path_format(&path, uri);
		if (client_line(c) && client_is_registered(c))
			coap_notify(client_line(c), &(struct coap_notification){
				.token = o->token,
				.token_length = o->token_length,
				.code = CODE(4, 4), .format = FORMAT_NONE,
				.uri = uri + 1}, now);
		client_forget(c, o);
	}
}

void client_carried_event(struct client *c, enum registration_event event,
			  int64_t now)
{
	if (event != REGISTRATION_STOP)
		return;
	if (!client_services(c)->stopping)	/* the gateway says it for all */
		observers_tell(c, now);
	state_set(c, REGISTRATION_OFF);
	client_host(c)->registration(c, false, now);
	client_reschedule(c, now);
	if (client_is_leaving(c))
		client_host(c)->left(c->endpoint);
}

struct observation *client_carry_find(struct client *carrier,
				      const uint8_t *token,
				      uint8_t token_length,
				      struct client **whose)
{
	struct observation *o = client_observation(carrier, token,
						   token_length);

	*whose = carrier;
	for (struct client *c = client_carried_next(carrier, NULL); c && !o;
	     c = client_carried_next(carrier, c)) {
		o = client_observation(c, token, token_length);
		*whose = c;
	}
	return o;
}
