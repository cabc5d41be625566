/* SPDX-License-Identifier: GPL-2.0-or-later
 * What is asked at the control socket, by its member "do". */
#include "agent/control/ask.h"
#include <json-c/json.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agent/endpoint/client_bootstrap.h"
#include "agent/control/control.h"
#include "agent/control/events.h"
#include "agent/gateway/gateway.h"
#include "agent/base/monotonic.h"
#include "agent/control/metrics.h"
#include "agent/control/search.h"
#include "agent/control/status.h"
#include "agent/control/trace.h"

char *ask_line(struct json_object *json)
{
	const char *text = json_object_to_json_string_ext(json,
		JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
	char *line = malloc(strlen(text) + 2);

	if (!line)
		abort();
	strcpy(line, text);
	strcat(line, "\n");
	json_object_put(json);
	return line;
}

void ask_reply(struct asker *asker, struct json_object *reply)
{
	if (asker_say(asker, ask_line(reply)))
		asker_end(asker);
}

void ask_refuse(struct asker *asker, const char *format, ...)
{
	struct json_object *reply = json_object_new_object();
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	json_object_object_add(reply, "error", json_object_new_string(text));
	ask_reply(asker, reply);
}

const char *ask_text(struct json_object *request, const char *key)
{
	struct json_object *member;

	return json_object_object_get_ex(request, key, &member) ?
	       json_object_get_string(member) : NULL;
}

static void ask_metrics(struct gateway *g, struct asker *asker, int64_t now)
{
	struct json_object *reply = json_object_new_object();
	char *text = metrics_print(g, now);

	json_object_object_add(reply, "metrics", json_object_new_string(text));
	free(text);
	ask_reply(asker, reply);
}

static void ask_bootstrap(struct gateway *g, struct asker *asker,
			  struct json_object *request, int64_t now)
{
	const char *name = ask_text(request, "endpoint");
	struct endpoint *e = name ? gateway_endpoint(g, name) : NULL;

	if (!asker_may_write(asker))
		ask_refuse(asker, "only root may ask for a bootstrap");
	else if (!e)
		ask_refuse(asker, "no such endpoint: %s", name ? name : "");
	else if (!client_bootstrap_trigger(e, "lwmuxctl says so", now))
		ask_refuse(asker, "%s has no bootstrap server now", name);
	else
		ask_reply(asker, json_object_new_object());
}

/* Counts what goes out now, or waits for the server. */
static void ask_send(struct gateway *g, struct asker *asker,
		     struct json_object *request, int64_t now)
{
	const char *name = ask_text(request, "endpoint");
	const char *text = ask_text(request, "path");
	struct endpoint *e = name ? gateway_endpoint(g, name) : NULL;
	struct json_object *reply;
	struct lwm2m_path path;
	int n;

	if (!e) {
		ask_refuse(asker, "no such endpoint: %s", name ? name : "");
		return;
	}
	if (!text || path_parse(text, strlen(text), &path) < 0) {
		ask_refuse(asker, "not a path: /object/instance/resource");
		return;
	}
	n = endpoint_send(e, &path, now);
	if (n < 0) {
		ask_refuse(asker, "%s has no value at %s for a server that "
			   "takes a Send", name, text);
		return;
	}
	reply = json_object_new_object();
	json_object_object_add(reply, "sent", json_object_new_int(n));
	ask_reply(asker, reply);
}

static void ask_object(struct gateway *g, struct asker *asker,
		       struct json_object *request)
{
	const char *what = ask_text(request, "do");
	int64_t now = monotonic_read();

	if (!what)
		ask_refuse(asker, "a request says what to do: "
			   "{\"do\": ...}");
	else if (!strcmp(what, "scan") || !strcmp(what, "probe"))
		search_ask(g, asker, request, !strcmp(what, "probe"));
	else if (!strcmp(what, "trace"))
		trace_ask(g, asker, request);
	else if (!strcmp(what, "write"))
		ask_write(g, asker, request, now);
	else if (!strcmp(what, "send"))
		ask_send(g, asker, request, now);
	else if (!strcmp(what, "bootstrap"))
		ask_bootstrap(g, asker, request, now);
	else if (!strcmp(what, "events"))
		events_ask(asker, request);
	else if (!strcmp(what, "ping"))
		ask_reply(asker, json_object_new_object());
	else if (!strcmp(what, "metrics"))
		ask_metrics(g, asker, now);
	else
		ask_reply(asker, status_answer(g, what, request));
}

void ask(struct gateway *g, struct asker *asker, const char *text)
{
	struct json_object *request = json_tokener_parse(text);

	if (json_object_is_type(request, json_type_object))
		ask_object(g, asker, request);
	else
		ask_refuse(asker, "a request is one line of JSON");
	json_object_put(request);
}
