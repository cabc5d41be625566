/* SPDX-License-Identifier: GPL-2.0-or-later
 * In which order an endpoint begins to register with its servers, and when (Core
 * TS 6.2.1.1 and E.2, resources 13 to 15 of object 1). Without them: with all of
 * them at once. */
#include "agent/client/client.h"
#include "agent/endpoint/endpoint.h"
#include "agent/lwm2m/account.h"
#include "objects/ids.h"

#define SECOND INT64_C(1000000000)

static int64_t resource_number(const struct client *c, uint16_t resource)
{
	return account_number(&c->endpoint->tree, path_resource(ID_SERVER,
			      c->instance, resource), -1);
}

/* Those behind it need not wait for it any more. */
static bool is_done(const struct client *c)
{
	return c->registration.state == REGISTRATION_REGISTERED ||
	       c->registration.state == REGISTRATION_UPDATING ||
	       (client_has_failed(c) &&
		resource_number(c, ID_SERVER_BLOCK) != 1);
}

static bool is_its_turn(const struct endpoint *e, const struct client *c)
{
	int64_t priority = resource_number(c, ID_SERVER_PRIORITY);

	for (size_t i = 0; i < endpoint_own_clients(e) && priority >= 0; i++) {
		int64_t other =
			resource_number(&e->clients[i], ID_SERVER_PRIORITY);

		if (other >= 0 && other < priority && !is_done(&e->clients[i]))
			return false;
	}
	return true;
}

static void registration_start(struct client *c, int64_t now)
{
	int64_t delay = c->delayed ? 0 : resource_number(c, ID_SERVER_DELAY);

	c->delayed = true;
	if (delay > 0)
		client_enable_later(c, (uint32_t)(delay < UINT32_MAX ? delay :
						  UINT32_MAX), now);
	else
		client_event(c, REGISTRATION_START, 0, 0, now);
}

void endpoint_sequence_start(struct endpoint *e, int64_t now)
{
	e->held_back = false;
	for (size_t i = 0; i < endpoint_own_clients(e); i++) {
		struct client *c = &e->clients[i];

		if (c->registration.state != REGISTRATION_OFF ||
		    c->enable_at != INT64_MAX)
			continue;
		if (is_its_turn(e, c))
			registration_start(c, now);
		else
			e->held_back = true;
	}
}

void endpoint_sequence_go_on(struct endpoint *e, int64_t now)
{
	if (e->held_back && !e->leaving)
		endpoint_sequence_start(e, now);
}
