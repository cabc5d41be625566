/* SPDX-License-Identifier: GPL-2.0-or-later
 * Frames of a bus to JSON. */
#include "agent/control/trace.h"
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agent/config/settings.h"
#include "agent/control/dispatch.h"
#include "agent/control/control.h"
#include "agent/gateway/gateway.h"

struct trace {
	struct gateway_bus *bus;
	const struct trace_ops *ops;	/* NULL: nobody reads any more */
	void *owner;
	uint64_t id;
};

static struct json_object *hex_json(const uint8_t *bytes, size_t n)
{
	char *text = malloc(3 * n + 1);
	struct json_object *json;

	if (!text)
		abort();
	*text = '\0';
	for (size_t i = 0; i < n; i++)
		sprintf(text + 3 * i, i + 1 < n ? "%02x " : "%02x", bytes[i]);
	json = json_object_new_string(text);
	free(text);
	return json;
}

/* The time is the wall clock's, s. */
static struct json_object *frame_json(const struct trace *t,
				      const struct bus_message *m)
{
	struct json_object *frame = json_object_new_object();
	int64_t wall = services_wall(&t->bus->gateway->services, m->when);

	json_object_object_add(frame, "time",
			       json_object_new_double((double)wall / 1e9));
	json_object_object_add(frame, "sent", json_object_new_boolean(m->error));
	json_object_object_add(frame, "bytes", hex_json(m->bytes, m->length));
	json_object_object_add(frame, "words", json_object_new_string(m->text));
	if (m->tries)
		json_object_object_add(frame, "left_out",
				       json_object_new_int64(m->tries));
	return frame;
}

static void trace_end(struct trace *t)
{
	t->bus->trace = NULL;
	if (t->ops)
		t->ops->ended(t->owner);
	free(t);
}

void trace_message(struct gateway_bus *b, const struct bus_message *m)
{
	struct trace *t = b->trace;

	if (!t || t->id != m->id)
		return;
	if (m->event == BUS_TRACED)
		trace_end(t);
	else if (t->ops)
		t->ops->frame(t->owner, frame_json(t, m));
}

static struct gateway_bus *bus_find(struct gateway *g, const char *name)
{
	struct gateway_bus *b = g->buses;

	while (b && strcmp(b->conf->name, name))
		b = b->next;
	return b;
}

struct trace *trace_open(struct gateway *g, const char *bus, int64_t duration,
			 const struct trace_ops *ops, void *owner,
			 const char **why)
{
	struct gateway_bus *b = bus_find(g, bus);
	struct trace *t;

	*why = !b ? "lwmuxd runs no such bus" :
	       b->trace ? "a trace is under way there" :
	       !b->bus || b->leaving || g->services.stopping ?
	       "the bus is being closed" : NULL;
	if (*why)
		return NULL;
	t = calloc(1, sizeof(*t));
	if (!t)
		abort();
	*t = (struct trace){b, ops, owner, ++g->services.next_id};
	if (bus_trace(b->bus, duration, t->id) < 0) {
		*why = "the bus is being closed";
		free(t);
		return NULL;
	}
	b->trace = t;
	return t;
}

void trace_leave(struct trace *t)
{
	t->ops = NULL;
	bus_trace_stop(t->bus->bus);
}

/* ---- at the control socket: the owner is the peer ---- */

static void frame_say(void *peer, struct json_object *frame)
{
	struct json_object *to = json_object_new_object();

	json_object_object_add(to, "frame", frame);
	peer_say(peer, reply_line(to));
}

static void end_say(void *peer)
{
	struct json_object *to = json_object_new_object();

	json_object_object_add(to, "done", json_object_new_boolean(true));
	peer_reply(peer, to);
}

static void hung_up(void *trace)
{
	trace_leave(trace);
}

/* request: bus, for ("60s"; without it until the peer hangs up). */
void command_trace(struct gateway *g, struct control_peer *peer,
		   struct json_object *request, int64_t now)
{
	static const struct trace_ops ops = {frame_say, end_say};
	static const struct control_peer_ops peer_ops = {.hung_up = hung_up};
	const char *name = request_text(request, "bus");
	const char *text = request_text(request, "for");
	int64_t duration = INT64_MAX;
	const char *why;
	struct trace *t;

	(void)now;
	if (!bus_find(g, name)) {
		peer_refuse(peer, "lwmuxd runs no bus '%s'", name);
		return;
	}
	if (text && (timespan_parse(text, &duration) < 0 || duration <= 0)) {
		peer_refuse(peer, "--for: '%s' is no time, as 10s", text);
		return;
	}
	t = trace_open(g, name, duration, &ops, peer, &why);
	if (t)
		peer_wait(peer, &peer_ops, t, true);
	else
		peer_refuse(peer, "%s", why);
}
