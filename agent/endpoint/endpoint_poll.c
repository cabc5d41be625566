/* SPDX-License-Identifier: GPL-2.0-or-later
 * epmax (Core TS 7.3): a value that is observed is looked at no later than that
 * after the last time. What is polled is polled as often then; what is heard
 * comes when it comes. */
#include <stdlib.h>
#include "agent/endpoint/endpoint_poll.h"
#include "agent/bus/bus.h"

#define SECOND INT64_C(1000000000)

static bool has_epmax(const struct client *c)
{
	for (size_t i = 0; i < c->attributes.n; i++)
		if (c->attributes.entries[i].value.set & ATTRIBUTE_EPMAX)
			return true;
	for (const struct observation *o = c->observations; o; o = o->next)
		if (o->own && o->own->set & ATTRIBUTE_EPMAX)
			return true;
	return false;
}

static bool is_asked_for(const struct endpoint *e)
{
	for (size_t i = 0; i < e->n_clients; i++)
		if (e->clients[i].observations && has_epmax(&e->clients[i]))
			return true;
	return false;
}

/* The shortest of all observations, in s; 0: none asks. */
static uint32_t epmax_of(const struct endpoint *e,
			 const struct lwm2m_path *path)
{
	uint32_t shortest = 0, epmax;

	for (size_t i = 0; i < e->n_clients; i++)
		for (const struct observation *o = e->clients[i].observations;
		     o; o = o->next) {
			epmax = observe_covers(o, path) ? observe_epmax(
				o, &e->clients[i].attributes, path) : 0;
			if (epmax && (!shortest || epmax < shortest))
				shortest = epmax;
		}
	return shortest;
}

static void point_set(struct endpoint *e, uint32_t i, uint32_t epmax)
{
	int64_t poll = e->conf->points[i].poll;

	if (e->optional->poll_periods[i] == epmax)
		return;
	e->optional->poll_periods[i] = epmax;
	if (epmax && epmax * SECOND < poll)
		poll = epmax * SECOND;
	bus_poll_period(e->device, i, poll);
}

void endpoint_poll(struct endpoint *e)
{
	bool asked = is_asked_for(e);

	if (!e->device || e->leaving || e->conf->queue || !e->conf->n_points ||
	    (!asked && !e->optional->poll_periods))
		return;
	if (!e->optional->poll_periods)
		endpoint_optional(e)->poll_periods = calloc(e->conf->n_points,
							    sizeof(uint32_t));
	if (!e->optional->poll_periods)
		abort();
	for (uint32_t i = 0; i < e->conf->n_points; i++)
		if (e->conf->points[i].map.depth)
			point_set(e, i, !asked ? 0 :
				  epmax_of(e, &e->conf->points[i].resource));
	if (asked)
		return;
	free(e->optional->poll_periods);
	endpoint_optional(e)->poll_periods = NULL;
}
