/* SPDX-License-Identifier: GPL-2.0-or-later
 * What a client tells of what is observed: which observation is next, what is
 * true of it now, and what became of a notification. Whether and when one is due
 * is observe.c's to say. */
#include <errno.h>
#include <string.h>
#include "agent/client/client_host.h"
#include "agent/client/client_private.h"
#include "agent/client/client_session.h"
#include "agent/base/log.h"
#include "objects/ids.h"

#define SECOND INT64_C(1000000000)
#define SEND_AGAIN (10 * SECOND)

struct request_scope client_scope(struct client *c, int64_t now)
{
	return client_host(c)->scope(c, now);
}

static void observation_remember(struct client *c, struct observation *o,
				 const struct lwm2m_path *scope)
{
	struct tree_cursor at = {0, 0};
	struct lwm2m_path path;
	const struct tree_slot *slot;

	while ((slot = tree_next(client_tree(c), scope, &at, &path)))
		if (slot->quality == TREE_GOOD)
			observe_remember(o, &c->attributes, &path,
					 &slot->value);
}

void client_remember(struct client *c, struct observation *o)
{
	const struct lwm2m_path *path;

	/* None at all: no conditions anywhere. */
	for (size_t i = 0; (c->attributes.n || o->own) &&
	     (path = observe_path(o, i)); i++)
		observation_remember(c, o, path);
}

/* Values that waited for their time are judged; is it still due? */
static bool client_judge(struct client *c, struct observation *o, int64_t now)
{
	const struct tree_slot *slot;
	struct lwm2m_path path;

	while (observe_unjudged(o, now, &path)) {
		slot = tree_find(client_tree(c), &path);
		if (slot && slot->quality == TREE_GOOD)
			observe_changed(o, &c->attributes, &path, &slot->value,
					now);
	}
	return observe_due(o, now);
}

/* A day's confirmation waits for what is under way; notifications do not. */
static bool notification_is_confirmable(const struct client *c,
					const struct observation *o,
					int64_t now)
{
	return o->confirmable || c->awake.waking ||
	       !c->server->conf->notify_non ||
	       (observe_must_confirm(o, now) && !coap_busy(client_line(c)));
}

static int notification_send(struct client *c, struct observation *o,
			     uint8_t code, uint16_t format,
			     const struct buf *out, int64_t now)
{
	bool confirmable = notification_is_confirmable(c, o, now);
	struct lwm2m_path path = o->path;
	char uri[PATH_TEXT_MAX];
	int rc;

	path.id[PATH_DEVICE] = client_device(c);
	path_format(&path, uri);
	rc = coap_notify(client_line(c), &(struct coap_notification){
		.token = o->token, .token_length = o->token_length,
		.code = code, .confirmable = confirmable,
		.format = format, .sequence = o->sequence, .uri = uri + 1,
		.payload = out->at, .length = out->used,
		.block_size = o->block_size}, now);
	if (!rc && confirmable) {
		o->confirmed = now;
		client_spoke(c);
	}
	return rc;
}

/* 2.05, 5.03: nothing of it is true now, or what ends the observation. */
static uint8_t observation_read(struct client *c, const struct observation *o,
			     struct buf *out, uint16_t *format, int64_t now)
{
	struct request_scope scope = client_scope(c, now);
	struct request_room *room = client_services(c)->request_room;
	uint8_t code;
	size_t n;

	*format = o->format;
	if (!o->paths)
		return request_read(&scope, &o->path, o->format, room, out,
				    format);
	code = request_read_composite(&scope, o->paths, o->n_paths, o->format,
				      room, out, &n);
	return code == CODE(2, 5) && !n ? CODE(5, 3) : code;
}

/* Sends it, unless there is nothing true to say. */
static void observation_notify(struct client *c, struct observation *o,
			       int64_t now)
{
	struct services *services = client_services(c);
	struct buf out = buf_over(services->answer, services->answer_size);
	uint16_t format;
	uint8_t code;
	bool hastened;
	int rc;

	if (!client_judge(c, o, now))
		return;
	/* By rights that have changed: its end is not to wait behind values. */
	hastened = o->pending && !o->news;
	if (!hastened && forward_behind(c, o, now))
		return;
	code = observation_read(c, o, &out, &format, now);
	if (code == CODE(5, 3) || code == CODE(5, 4)) {
		observe_sent(o, now);	/* stale: not said; the clocks restart */
		return;
	}
	if (code != CODE(2, 5)) {	/* it is gone: so is the observation */
		out.used = 0;
		notification_send(c, o, code, FORMAT_NONE, &out, now);
		client_forget(c, o);
		return;
	}
	if (hastened && forward_behind(c, o, now))
		return;
	o->sequence++;
	rc = notification_send(c, o, code, format, &out, now);
	if (rc < 0) {
		/* The uplink is down, or one is under way. */
		if (rc != -EIO || !forward_unsent(c, o, now))
			o->due = now + SEND_AGAIN;
		if (rc == -EIO)
			server_suspect(c->server, now);
		return;
	}
	observe_sent(o, now);
	client_remember(c, o);
	forward_notified(c, o, now);
}

/* What is to be confirmed waits for what is under way. */
static bool notification_may_go(const struct client *c,
				const struct observation *o, int64_t now)
{
	return client_may_notify(c, o, now) &&
	       !(notification_is_confirmable(c, o, now) &&
		 coap_busy(client_line(c)));
}

static bool line_may_notify(const struct client *c, int64_t now)
{
	return client_line(c) && client_is_registered(c) &&
	       client_may_speak(c, now);
}

/* The one that is due for longest: each has its turn. */
static bool oldest_notify(struct client *c, int64_t now)
{
	struct observation *oldest = NULL;

	for (struct observation *o = c->observations; o; o = o->next)
		if (observe_due(o, now) && notification_may_go(c, o, now) &&
		    (!oldest || o->due < oldest->due))
			oldest = o;
	if (oldest)
		observation_notify(c, oldest, now);
	return oldest != NULL;
}

void client_notify(struct client *c, int64_t now)
{
	while (line_may_notify(c, now) && oldest_notify(c, now))
		;
}

int64_t client_notify_next(const struct client *c, int64_t now)
{
	int64_t next = INT64_MAX;

	if (line_may_notify(c, now))
		for (const struct observation *o = c->observations; o;
		     o = o->next)
			if (o->due < next &&
			    notification_may_go(c, o, o->due > now ?
						o->due : now))
				next = o->due;
	return next;
}

void client_notification_ended(struct client *c, enum coap_outcome outcome,
			       const uint8_t *token, uint8_t token_length,
			       int64_t now)
{
	struct observation *o = client_observation(c, token, token_length);

	if (outcome == COAP_ACKED)
		client_exchange(c, now);
	forward_answered(c, outcome, now);
	if (!o || outcome == COAP_ACKED)
		return;
	log_line(LOG_DETAIL, client_name(c), NULL,
		 "observation cancelled: its notification was %s",
		 outcome == COAP_REFUSED ? "answered by a Reset" :
		 "not acknowledged");
	if (outcome == COAP_REFUSED)
		client_forget(c, o);
	else
		client_observations_forget(client_carrier(c), now);
	/* RFC 7641 4.5: it is over here, while the server waits for ever. A
	 * new registration makes both agree again. */
	if (outcome == COAP_NO_ANSWER && !client_session_lost(c, now))
		client_event(client_carrier(c), REGISTRATION_RESTART, 0, 0, now);
}

void client_changed(struct client *c, const struct lwm2m_path *path,
		    const struct lwm2m_value *value, int64_t now)
{
	bool any = false;

	for (struct observation *o = c->observations; o; o = o->next)
		if (observe_covers(o, path)) {
			observe_changed(o, &c->attributes, path, value, now);
			any = true;
		}
	forward_changed(c, path, any, now);
	if (any || c->forward)
		client_reschedule(c, now);
}

void client_happened(struct client *c, const struct lwm2m_path *path,
		     const struct lwm2m_value *value, int64_t now)
{
	for (struct observation *o = c->observations; o; o = o->next)
		if (observe_covers(o, path))
			observe_changed(o, &c->attributes, path, value, now);
	forward_happened(c, path, now);
	client_reschedule(c, now);
}

static uint32_t account_default(const struct client *c, uint16_t resource)
{
	const struct tree_slot *slot = client_account_slot(c, resource);

	return slot && slot->value.as.integer > 0 ?
	       (uint32_t)slot->value.as.integer : 0;
}

void client_configure(struct client *c, int64_t now)
{
	uint32_t pmin = account_default(c, ID_SERVER_PMIN);
	uint32_t pmax = account_default(c, ID_SERVER_PMAX);

	for (struct observation *o = c->observations; o; o = o->next)
		observe_configure(o, &c->attributes, pmin, pmax, now);
	for (struct observation *o = c->forward ? c->forward->lost : NULL; o;
	     o = o->next)
		observe_configure(o, &c->attributes, pmin, pmax, now);
	client_host(c)->observed(c->endpoint);
	client_reschedule(c, now);
	for (struct client *k = client_carried_next(c, NULL); k;
	     k = client_carried_next(c, k))
		client_configure(k, now);
}
