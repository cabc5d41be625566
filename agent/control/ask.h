/* SPDX-License-Identifier: GPL-2.0-or-later
 * Requests of the control socket, each to where it is answered. */
#ifndef AGENT_ASK_H
#define AGENT_ASK_H
#include <stdint.h>
#include "agent/base/commands.h"

struct asker;
struct gateway;
struct json_object;

/* text: one line of JSON, see control.h. The asker is answered now or later. */
void ask(struct gateway *gateway, struct asker *asker, const char *text);

/* The only line of an answer. reply is put. */
void ask_reply(struct asker *asker, struct json_object *reply);
void ask_refuse(struct asker *asker, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* JSON and its newline, on the heap. json is put. */
char *ask_line(struct json_object *json);
/* A text member, or NULL. */
const char *ask_text(struct json_object *request, const char *key);

/* What answers a row of the table of commands; the members that its row asks
 * for are there. */
#define ROW(id, ...) \
	void ask_##id(struct gateway *gateway, struct asker *asker, \
		      struct json_object *request, int64_t now);
COMMANDS(ROW, ROW, COMMAND_NOT_HERE, ROW)
#undef ROW
#endif
