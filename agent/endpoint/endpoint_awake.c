/* SPDX-License-Identifier: GPL-2.0-or-later
 * Liveness and sleep of an endpoint: what the pure machines say is told to the
 * tree, the clients and the held writes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "agent/endpoint/transaction.h"
#include "agent/base/text.h"
#include "agent/endpoint/endpoint.h"
#include "agent/client/services.h"
#include "agent/endpoint/last_values.h"
#include "agent/base/log.h"

#define SECOND INT64_C(1000000000)

static struct liveness_rules rules_of(const struct endpoint *e)
{
	struct liveness_rules rules = {
		.queue = e->conf->queue, .awake = e->conf->awake_time,
		.silent_after = e->conf->silent_after,
		.learns = e->conf->learns_silence,
	};

	for (size_t i = 0; i < e->conf->n_points && !rules.polled; i++)
		rules.polled = e->conf->points[i].polled;
	return rules;
}

static void life_reschedule(struct endpoint *e, int64_t now)
{
	endpoint_reschedule(e);
	for (size_t i = 0; i < e->n_clients; i++)
		client_reschedule(&e->clients[i], now);
}

void endpoint_life_init(struct endpoint *e, int64_t now)
{
	struct liveness_rules rules = rules_of(e);

	liveness_init(&e->life, &rules, now);
	if (!e->bus)		/* the gateway itself */
		liveness_step(&e->life, LIVENESS_HEARD, &rules, now);
	life_reschedule(e, now);
}

static void values_mark_stale(struct endpoint *e, int64_t now)
{
	struct lwm2m_path root = path_root(), path;
	struct tree_cursor at = {0, 0};
	const struct tree_slot *slot;

	while ((slot = tree_next(&e->tree, &root, &at, &path)))
		if (slot->flags & TREE_BOUND)
			tree_edit(&e->tree, &path)->quality = TREE_BAD;
	for (size_t i = 0; i < e->conf->n_points; i++)
		endpoint_quality(e, &e->conf->points[i], QUALITY_OLD, now);
}

/* Its age in this clock. Where this clock is not set yet, or that one was not,
 * it is not known: then it counts from now on. */
static int64_t heard_at(const struct endpoint *e, int64_t heard, int64_t now)
{
	int64_t age = services_wall(e->services, now) - heard;

	return age < 0 || !wall_is_known(heard) ? now : now - age;
}

void endpoint_life_restore(struct endpoint *e, int64_t now)
{
	struct liveness_rules rules = rules_of(e);
	struct liveness_rhythm rhythm;
	int64_t heard;

	if (!e->bus ||
	    !last_values_restore(e->services->last, e, &heard, &rhythm))
		return;
	heard = heard_at(e, heard, now);
	if (rules.silent_after > 0 && now - heard >= rules.silent_after) {
		values_mark_stale(e, now);
		return;
	}
	liveness_restore(&e->life, &rules, heard, &rhythm, now);
	log_line(LOG_DETAIL, e->conf->endpoint, e->conf->bus,
		 "device is taken for asleep: heard %lld s ago",
		 (long long)((now - heard) / SECOND));
	e->round_done = true;
	endpoint_clients_start(e, now);
	life_reschedule(e, now);
}

void endpoint_register_when_ready(struct endpoint *e, int64_t now)
{
	bool there = e->life.state == LIVENESS_ONLINE ||
		     e->life.state == LIVENESS_ASLEEP;

	if (e->round_done && there && !e->leaving)
		endpoint_clients_start(e, now);
}

/* ---- in words, for the status ---- */

void endpoint_note(struct endpoint *e, const char *text)
{
	if (!text && !e->optional->note)
		return;
	free(e->optional->note);
	endpoint_optional(e)->note = text_copy(text);
}

static void endpoint_why(struct endpoint *e, const char *text)
{
	if (!text && !e->optional->why)
		return;
	free(e->optional->why);
	endpoint_optional(e)->why = text_copy(text);
}

static void since_print(const struct endpoint *e, int64_t now, char *text,
			size_t size)
{
	int64_t heard = services_wall(e->services, now) - (now - e->life.seen);
	time_t seconds = (time_t)(heard / SECOND);
	char when[32] = "";
	struct tm tm;

	if (wall_is_known(heard) && gmtime_r(&seconds, &tm))
		strftime(when, sizeof(when), " since %Y-%m-%dT%H:%M:%SZ", &tm);
	snprintf(text, size, "not heard%s", *when ? when : " any more");
}

void endpoint_trouble(const struct endpoint *e, int64_t now, char *text,
		      size_t size)
{
	bool missed = e->error && e->life.state != LIVENESS_ASLEEP;

	text[0] = '\0';
	if (e->optional->note)
		snprintf(text, size, "%s", e->optional->note);
	else if (missed)
		snprintf(text, size, "%s", e->optional->why ? e->optional->why :
			 strerror(-e->error));
	else if (e->life.state == LIVENESS_SILENT && e->life.heard)
		since_print(e, now, text, size);
	else if (e->life.state != LIVENESS_ONLINE && !e->life.heard)
		snprintf(text, size, "never heard");
}

/* ---- changes ---- */

static void endpoint_came_online(struct endpoint *e, uint8_t before,
				 int64_t now)
{
	if (before == LIVENESS_ASLEEP) {
		log_line(LOG_DETAIL, e->conf->endpoint, e->conf->bus,
			 "device is awake");
		endpoint_register_when_ready(e, now);
		return;
	}
	log_line(LOG_NOTE, e->conf->endpoint, e->conf->bus, "device %s",
		 before == LIVENESS_SILENT ? "answers again" : "is online");
	if (before == LIVENESS_SILENT) {
		endpoint_error(e, ERROR_PERIPHERAL, false, now);
		endpoint_clients_event(e, REGISTRATION_HEARD, now);
	}
	endpoint_register_when_ready(e, now);
}

static void endpoint_went_offline(struct endpoint *e, const char *why,
				  int64_t now)
{
	if (e->life.state == LIVENESS_ASLEEP) {
		log_line(LOG_DETAIL, e->conf->endpoint, e->conf->bus,
			 "device is asleep");
		return;
	}
	log_line(LOG_WARN, e->conf->endpoint, e->conf->bus,
		 "device is silent: %s", why);
	values_mark_stale(e, now);
	endpoint_error(e, ERROR_PERIPHERAL, true, now);
	endpoint_clients_event(e, REGISTRATION_SILENT, now);
}

void endpoint_heard(struct endpoint *e, int64_t when, int64_t now)
{
	struct liveness_rules rules = rules_of(e);
	uint8_t before = e->life.state;
	int64_t due = e->life.due;

	e->tries = 0;
	e->error = 0;
	endpoint_why(e, NULL);
	if (liveness_step(&e->life, LIVENESS_HEARD, &rules, when))
		endpoint_came_online(e, before, now);
	if (e->life.due < due)
		life_reschedule(e, now);
	if (!e->conf->queue || e->leaving)
		return;
	last_values_heard(e->services->last, e, false, now);
	for (size_t i = 0; i < e->n_clients; i++)
		client_heard(&e->clients[i], now);
	transaction_release(e, now);
}

void endpoint_missed(struct endpoint *e, const struct bus_message *m,
		     int64_t now)
{
	struct liveness_rules rules = rules_of(e);

	e->tries = m->tries;
	e->error = m->error;
	endpoint_why(e, m->text);
	if (liveness_step(&e->life, LIVENESS_MISS, &rules, now))
		endpoint_went_offline(e, m->text ? m->text :
				      strerror(-m->error), now);
	life_reschedule(e, now);
}

/* Why it is thought to be gone: what the adapter or its last miss says. */
static const char *silence_text(const struct endpoint *e)
{
	if (e->optional->note)
		return e->optional->note;
	if (e->error)
		return e->optional->why ? e->optional->why :
		       strerror(-e->error);
	return e->conf->learns_silence ?
	       "not heard for three of its longest gaps" :
	       "not heard for its silent_after";
}

void endpoint_life_due(struct endpoint *e, int64_t now)
{
	struct liveness_rules rules = rules_of(e);

	if (e->life.due > now || e->leaving)
		return;
	if (liveness_step(&e->life, LIVENESS_TIMER, &rules, now))
		endpoint_went_offline(e, silence_text(e), now);
}
