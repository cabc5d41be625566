/* SPDX-License-Identifier: GPL-2.0-or-later
 * What is asked at the control socket, by its member "do". */
#include "agent/control/dispatch.h"
#include <json-c/json.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agent/endpoint/client_bootstrap.h"
#include "agent/control/control.h"
#include "agent/gateway/gateway.h"
#include "agent/base/log.h"
#include "agent/base/monotonic.h"
#include "agent/control/metrics.h"
#include "agent/control/status.h"

char *reply_line(struct json_object *json)
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

void peer_reply(struct control_peer *peer, struct json_object *reply)
{
	if (peer_say(peer, reply_line(reply)))
		peer_end(peer);
}

void peer_refuse(struct control_peer *peer, const char *format, ...)
{
	struct json_object *reply = json_object_new_object();
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	json_object_object_add(reply, "error", json_object_new_string(text));
	peer_reply(peer, reply);
}

const char *request_text(struct json_object *request, const char *key)
{
	struct json_object *member;

	return json_object_object_get_ex(request, key, &member) ?
	       json_object_get_string(member) : NULL;
}

static struct endpoint *endpoint_asked(struct gateway *g,
				       struct control_peer *peer,
				       struct json_object *request)
{
	const char *name = request_text(request, "endpoint");
	struct endpoint *e = gateway_endpoint(g, name);

	if (!e)
		peer_refuse(peer, "no such endpoint: %s", name);
	return e;
}

/* ---- what can be asked ---- */

void command_ping(struct gateway *g, struct control_peer *peer,
		  struct json_object *request, int64_t now)
{
	(void)g;
	(void)request;
	(void)now;
	peer_reply(peer, json_object_new_object());
}

void command_status(struct gateway *g, struct control_peer *peer,
		    struct json_object *request, int64_t now)
{
	const char *endpoint = request_text(request, "endpoint");

	peer_reply(peer, endpoint ? status_of(g, endpoint, now) :
				    status_all(g, now));
}

void command_read(struct gateway *g, struct control_peer *peer,
		  struct json_object *request, int64_t now)
{
	const char *path = request_text(request, "path");

	peer_reply(peer, status_read(g, request_text(request, "endpoint"),
				     path ? path : "/", now));
}

void command_check(struct gateway *g, struct control_peer *peer,
		   struct json_object *request, int64_t now)
{
	(void)request;
	(void)now;
	peer_reply(peer, status_check(g));
}

void command_metrics(struct gateway *g, struct control_peer *peer,
		     struct json_object *request, int64_t now)
{
	struct json_object *reply = json_object_new_object();
	char *text = metrics_print(g, now);

	(void)request;
	json_object_object_add(reply, "metrics", json_object_new_string(text));
	free(text);
	peer_reply(peer, reply);
}

/* What it is, and with a level what it is from now on. */
void command_log_level(struct gateway *g, struct control_peer *peer,
		       struct json_object *request, int64_t now)
{
	const char *name = request_text(request, "level");
	enum log_level level = log_level_get();
	struct json_object *reply;

	(void)g;
	(void)now;
	if (name && !log_level_find(name, &level)) {
		peer_refuse(peer, "there is no log level '%s', but error, "
			    "warning, note, detail and trace", name);
		return;
	}
	log_level_set(level);
	reply = json_object_new_object();
	json_object_object_add(reply, "text", json_object_new_string(
		log_level_name(level)));
	peer_reply(peer, reply);
}

void command_bootstrap(struct gateway *g, struct control_peer *peer,
		       struct json_object *request, int64_t now)
{
	struct endpoint *e = endpoint_asked(g, peer, request);
	struct json_object *reply;

	if (!e)
		return;
	if (!client_bootstrap_trigger(e, "lwmuxctl says so", now)) {
		peer_refuse(peer, "%s has no bootstrap server now",
			    e->conf->endpoint);
		return;
	}
	reply = json_object_new_object();
	json_object_object_add(reply, "asked", json_object_new_boolean(true));
	peer_reply(peer, reply);
}

/* After a new battery: what is refused as old is the newest there is. */
void command_accept(struct gateway *g, struct control_peer *peer,
		    struct json_object *request, int64_t now)
{
	struct endpoint *e = endpoint_asked(g, peer, request);
	struct json_object *reply;

	(void)now;
	if (!e)
		return;
	if (!e->conf->counts) {
		peer_refuse(peer, "%s refuses nothing as old: it has no key, "
			   "or its adapter knows no counters",
			   e->conf->endpoint);
		return;
	}
	if (!e->device || bus_count_anew(e->device) < 0) {
		peer_refuse(peer, "%s is on its way out", e->conf->endpoint);
		return;
	}
	reply = json_object_new_object();
	json_object_object_add(reply, "accepts", json_object_new_boolean(true));
	peer_reply(peer, reply);
}

/* Counts what goes out now, or waits for the server. */
void command_send(struct gateway *g, struct control_peer *peer,
		  struct json_object *request, int64_t now)
{
	const char *text = request_text(request, "path");
	struct endpoint *e = endpoint_asked(g, peer, request);
	struct json_object *reply;
	struct lwm2m_path path;
	int n;

	if (!e)
		return;
	if (path_parse(text, strlen(text), &path) < 0) {
		peer_refuse(peer, "not a path: /object/instance/resource");
		return;
	}
	n = endpoint_send(e, &path, now);
	if (n < 0) {
		peer_refuse(peer, "%s has no value at %s for a server that "
			    "takes a Send", e->conf->endpoint, text);
		return;
	}
	reply = json_object_new_object();
	json_object_object_add(reply, "sent", json_object_new_int(n));
	peer_reply(peer, reply);
}

/* ---- the table ---- */

static const struct command {
	const char *name;		/* member "do" */
	enum command_who who;
	size_t least;			/* that many members must be there */
	const char *members[COMMAND_MEMBERS];
	void (*answer)(struct gateway *gateway, struct control_peer *peer,
		       struct json_object *request, int64_t now);
} commands[] = {
#define ROW(id, name, who, least, most, arguments, help, ...) \
	{name, who, least, {__VA_ARGS__}, command_##id},
	COMMANDS(ROW, ROW, COMMAND_NOT_HERE, ROW)
#undef ROW
};

static const struct command *command_find(const char *name)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

/* The first that it needs and has not, or NULL. */
static const char *command_lacks(const struct command *command,
				 struct json_object *request)
{
	for (size_t i = 0; i < command->least && i < COMMAND_MEMBERS; i++)
		if (!request_text(request, command->members[i]))
			return command->members[i];
	return NULL;
}

static void request_answer(struct gateway *g, struct control_peer *peer,
			   struct json_object *request)
{
	const char *name = request_text(request, "do"), *lacks;
	const struct command *command = name ? command_find(name) : NULL;

	if (!name)
		peer_refuse(peer, "a request says what to do: "
			    "{\"do\": ...}");
	else if (!command)
		peer_refuse(peer, "no such request: %s", name);
	else if ((lacks = command_lacks(command, request)))
		peer_refuse(peer, "'%s' is asked with '%s'", name, lacks);
	else if (command->who == WHO_ROOT && !peer_may_write(peer))
		peer_refuse(peer, "'%s' is for root, or the user that lwmuxd "
			    "runs as", name);
	else
		command->answer(g, peer, request, monotonic_read());
}

void control_dispatch(struct gateway *g, struct control_peer *peer,
		      const char *text)
{
	struct json_object *request = json_tokener_parse(text);

	if (json_object_is_type(request, json_type_object))
		request_answer(g, peer, request);
	else
		peer_refuse(peer, "a request is one line of JSON");
	json_object_put(request);
}
