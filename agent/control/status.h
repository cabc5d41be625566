/* SPDX-License-Identifier: GPL-2.0-or-later
 * What the control socket answers: the truth about endpoints, registrations
 * and buses, as JSON. */
#ifndef AGENT_STATUS_H
#define AGENT_STATUS_H
#include <stdint.h>

struct gateway;
struct json_object;

/* what: status, read, reload or check; request: its other members, see
 * control.h. What went wrong is in the answer's member "error". */
struct json_object *status_answer(struct gateway *gateway, const char *what,
				  struct json_object *request);
/* Its parts: all but the endpoints; one endpoint, or an error; what a server
 * would read of it at a path ("/": everything), or an error. now: monotonic. */
struct json_object *status_head(struct gateway *gateway, int64_t now);
struct json_object *status_of(struct gateway *gateway, const char *endpoint,
			      int64_t now);
struct json_object *status_read(struct gateway *gateway, const char *endpoint,
				const char *path, int64_t now);
#endif
