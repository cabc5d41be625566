/* SPDX-License-Identifier: GPL-2.0-or-later
 * What the control socket answers: the truth about endpoints, registrations
 * and buses, as one line of JSON. */
#ifndef AGENT_STATUS_H
#define AGENT_STATUS_H

struct gateway;

/* request: a JSON object, see control.h. The answer ends with a newline and is
 * the caller's to free; what went wrong is in its member "error". */
char *status_answer(struct gateway *gateway, const char *request);
#endif
