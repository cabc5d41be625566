/* SPDX-License-Identifier: GPL-2.0-or-later
 * Requests of the control socket, each to where it is answered. */
#ifndef AGENT_DISPATCH_H
#define AGENT_DISPATCH_H
#include <stdint.h>
#include "agent/base/commands.h"

struct control_peer;
struct gateway;
struct json_object;

/* text: one line of JSON, see control.h. The peer is answered now or later. */
void control_dispatch(struct gateway *gateway, struct control_peer *peer,
		      const char *text);

/* The only line of an answer. reply is put. */
void peer_reply(struct control_peer *peer, struct json_object *reply);
void peer_refuse(struct control_peer *peer, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* JSON and its newline, on the heap. json is put. */
char *reply_line(struct json_object *json);
/* A text member, or NULL. */
const char *request_text(struct json_object *request, const char *key);

/* What answers a row of the table of commands; the members that its row asks
 * for are there. */
#define ROW(id, ...) \
	void command_##id(struct gateway *gateway, struct control_peer *peer, \
			  struct json_object *request, int64_t now);
COMMANDS(ROW, ROW, COMMAND_NOT_HERE, ROW)
#undef ROW
#endif
