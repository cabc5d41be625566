/* SPDX-License-Identifier: GPL-2.0-or-later
 * Frames of a bus to JSON lines. */
#include "agent/control/trace.h"
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agent/config/settings.h"
#include "agent/control/ask.h"
#include "agent/control/control.h"
#include "agent/gateway/gateway.h"

struct trace {
	struct gateway_bus *bus;
	struct asker *asker;		/* NULL: it has hung up */
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
	struct json_object *to = json_object_new_object();
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
	json_object_object_add(to, "frame", frame);
	return to;
}

static void trace_end(struct trace *t)
{
	struct json_object *to = json_object_new_object();

	json_object_object_add(to, "done", json_object_new_boolean(true));
	if (t->asker)
		ask_reply(t->asker, to);
	else
		json_object_put(to);
	t->bus->trace = NULL;
	free(t);
}

void trace_message(struct gateway_bus *b, const struct bus_message *m)
{
	struct trace *t = b->trace;

	if (!t || t->id != m->id)
		return;
	if (m->event == BUS_TRACED)
		trace_end(t);
	else if (t->asker)
		asker_say(t->asker, ask_line(frame_json(t, m)));
}

static void hung_up(void *owner)
{
	struct trace *t = owner;

	t->asker = NULL;
	bus_trace_stop(t->bus->bus);
}

static struct gateway_bus *bus_find(struct gateway *g, const char *name)
{
	struct gateway_bus *b = g->buses;

	while (b && strcmp(b->conf->name, name))
		b = b->next;
	return b;
}

static void tracing_begin(struct gateway_bus *b, struct asker *asker,
			  int64_t duration)
{
	static const struct asker_ops ops = {.hung_up = hung_up};
	struct trace *t = calloc(1, sizeof(*t));

	if (!t)
		abort();
	*t = (struct trace){b, asker, ++b->gateway->services.next_id};
	if (bus_trace(b->bus, duration, t->id) < 0) {
		ask_refuse(asker, "the bus is being closed");
		free(t);
		return;
	}
	b->trace = t;
	asker_wait(asker, &ops, t, true);
}

/* request: bus, for ("60s"; without it until the asker hangs up). */
void ask_trace(struct gateway *g, struct asker *asker,
	       struct json_object *request, int64_t now)
{
	const char *name = ask_text(request, "bus");
	const char *text = ask_text(request, "for");
	struct gateway_bus *b = bus_find(g, name);
	int64_t duration = INT64_MAX;

	(void)now;
	if (!b)
		ask_refuse(asker, "lwmuxd runs no bus '%s'", name);
	else if (text && (timespan_parse(text, &duration) < 0 || duration <= 0))
		ask_refuse(asker, "--for: '%s' is no time, as 10s", text);
	else if (b->trace || !b->bus || b->leaving || g->services.stopping)
		ask_refuse(asker, b->trace ? "a trace is under way there" :
			   "the bus is being closed");
	else
		tracing_begin(b, asker, duration);
}
