/* SPDX-License-Identifier: GPL-2.0-or-later
 * Queue mode towards one server: when its device shows itself, the server is
 * told first, and nothing else is said to a server that may think we sleep. */
#include "agent/client/client.h"
#include "agent/client/client_host.h"
#include "agent/client/client_session.h"

/* One that is carried speaks for the gateway, which never sleeps. */
static bool is_queued(const struct client *c)
{
	return client_conf(c)->queue && !client_is_carried(c);
}

static enum awake_action queue_mode_step(struct client *c,
					 enum awake_event event, int64_t now)
{
	const struct config_device *conf = client_conf(c);
	struct awake_rules rules = {
		.time = conf->awake_time,
		.by_notification = conf->wake_by_notification,
	};

	return is_queued(c) ? awake_step(&c->awake, event, &rules, now) :
			     AWAKE_REST;
}

void client_heard(struct client *c, int64_t now)
{
	/* Any other message under way, or to come, wakes it as well. */
	if (c->registration.state != REGISTRATION_REGISTERED)
		return;
	switch (queue_mode_step(c, AWAKE_HEARD, now)) {
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
	client_session_heard(c);
	queue_mode_step(c, AWAKE_EXCHANGE, now);
}

void client_unknown(struct client *c)
{
	queue_mode_step(c, AWAKE_LOST, 0);
}

void client_wake(struct client *c, int64_t now)
{
	if (!c->awake.waking || !c->connection || coap_busy(c->connection))
		return;
	if (queue_mode_step(c, AWAKE_NOTHING_TO_SAY, now) == AWAKE_UPDATE)
		client_event(c, REGISTRATION_TRIGGER, 0, 0, now);
}

bool client_may_speak(const struct client *c, int64_t now)
{
	const struct config_device *conf = client_conf(c);

	return !is_queued(c) || conf->notify_asleep ||
	       awake_may_send(&c->awake, now);
}

/* The period of pmax alone does not make an old value worth a message: the
 * device must have shown itself since the last one. */
bool client_may_notify(const struct client *c, const struct observation *o,
		       int64_t now)
{
	const struct config_device *conf = client_conf(c);

	bool may = !is_queued(c) || awake_may_send(&c->awake, now);

	if (!conf->queue || o->pending)
		return may;
	return conf->notify_asleep ||
	       (client_host(c)->seen(c->endpoint) > o->sent && may);
}
