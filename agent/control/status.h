/* SPDX-License-Identifier: GPL-2.0-or-later
 * What the control socket answers: the truth about endpoints, registrations
 * and buses, as JSON. */
#ifndef AGENT_STATUS_H
#define AGENT_STATUS_H
#include <stdint.h>

struct gateway;
struct json_object;

/* All that there is to say. What went wrong is in the answer's member "error";
 * now: monotonic. */
struct json_object *status_all(struct gateway *gateway, int64_t now);
/* Of the files as they are now; nothing is applied. */
struct json_object *status_check(struct gateway *gateway);
/* What it has come to. */
struct json_object *status_reload(struct gateway *gateway, bool done);
/* Parts of it: all but the endpoints; one endpoint, or an error; what a server
 * would read of it at a path ("/": everything), or an error. */
struct json_object *status_head(struct gateway *gateway, int64_t now);
struct json_object *status_of(struct gateway *gateway, const char *endpoint,
			      int64_t now);
struct json_object *status_read(struct gateway *gateway, const char *endpoint,
				const char *path, int64_t now);
#endif
