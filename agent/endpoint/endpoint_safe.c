/* SPDX-License-Identifier: GPL-2.0-or-later
 * safe_after: a device that no server has commanded for so long goes into its
 * safe state, by the `safe` values of its points. It stays there until a
 * server writes again. (What becomes of it when it leaves: bus_safe.c.) */
#include <stdlib.h>
#include <string.h>
#include "agent/client/client_carry.h"
#include "agent/config/config_group.h"
#include "agent/endpoint/endpoint.h"
#include "agent/client/services.h"
#include "agent/base/log.h"

#define SECOND INT64_C(1000000000)
#define SAFE_WITHIN (10 * SECOND)
#define SAFE_DONE INT64_MAX

/* While an Update is under way it is not known: the time runs from its start,
 * for CoAP gives up a message after a minute and a half only. */
static bool is_served(const struct endpoint *e)
{
	for (size_t i = 0; i < e->n_clients; i++) {
		const struct client *c = &e->clients[i];

		if (c->registration.state == REGISTRATION_REGISTERED &&
		    client_carrier(c)->registration.state ==
		    REGISTRATION_REGISTERED)
			return true;
	}
	return false;
}

void endpoint_served(struct endpoint *e, int64_t now)
{
	endpoint_sequence_go_on(e, now);
	if (e->conf->safe_after <= 0)
		return;
	if (is_served(e))
		e->safe_at = 0;
	else if (!e->safe_at)
		e->safe_at = now + e->conf->safe_after;
	endpoint_reschedule(e);
}

void endpoint_commanded(struct endpoint *e, int64_t now)
{
	if (e->conf->safe_after <= 0 || is_served(e))
		return;
	e->safe_at = now + e->conf->safe_after;
	endpoint_reschedule(e);
}

/* The next Update or Register may be under way already, so that nobody is
 * registered all the time: the server was there until now. */
void endpoint_accepted(struct endpoint *e, int64_t now)
{
	if (e->safe_at && e->safe_at != SAFE_DONE)
		e->safe_at = now + e->conf->safe_after;
}

static int write_fill(const struct config_point *p, uint32_t index,
		      struct bus_write *write)
{
	struct lwm2m_value value = lwm2m_float(p->safe);

	write->point = index;
	return point_invert(&p->scale, &value, (enum lwm2m_type)p->raw_type,
			    p->raw_min, p->raw_max, &write->raw);
}

/* And those that are written together with it. */
static void point_write(struct endpoint *e, size_t at, int64_t now)
{
	const struct config_device *conf = e->conf;
	struct bus_write *writes = calloc(conf->n_points, sizeof(*writes));
	size_t n = 0;
	int rc = 0;

	if (!writes)
		abort();
	for (size_t i = at; i < conf->n_points && rc == 0;
	     i = group_next(conf, i, group_safe))
		rc = write_fill(&conf->points[i], (uint32_t)i, &writes[n++]);
	if (rc == 0)	/* nobody waits for the end of it */
		rc = bus_write(e->device, writes, n, now + SAFE_WITHIN,
			       ++e->services->next_id);
	free(writes);
	if (rc < 0)
		log_line(LOG_WARN, conf->endpoint, conf->bus,
			 "point %s could not be made safe: %s",
			 conf->points[at].name, strerror(-rc));
}

void endpoint_safe_due(struct endpoint *e, int64_t now)
{
	if (!e->safe_at || e->safe_at > now)
		return;
	if (e->leaving || !e->device) {		/* bus_safe.c's matter */
		e->safe_at = SAFE_DONE;
		return;
	}
	if (e->life.state != LIVENESS_ONLINE) {	/* it would not hear of it */
		e->safe_at = now + e->conf->safe_after;
		return;
	}
	e->safe_at = SAFE_DONE;
	log_line(LOG_WARN, e->conf->endpoint, e->conf->bus,
		 "no server for %lld s: the device goes into its safe state",
		 (long long)(e->conf->safe_after / SECOND));
	for (size_t i = 0; i < e->conf->n_points; i++)
		if (group_is_first(e->conf, i, group_safe))
			point_write(e, i, now);
}
