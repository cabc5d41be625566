/* SPDX-License-Identifier: GPL-2.0-or-later
 * What the control socket answers: the truth about endpoints, registrations
 * and buses, as JSON. */
#ifndef AGENT_STATUS_H
#define AGENT_STATUS_H

struct gateway;
struct json_object;

/* what: status, read, reload or check; request: its other members, see
 * control.h. What went wrong is in the answer's member "error". */
struct json_object *status_answer(struct gateway *gateway, const char *what,
				  struct json_object *request);
#endif
