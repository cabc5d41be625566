/* SPDX-License-Identifier: GPL-2.0-or-later
 * The answers of "reload". Agent thread. */
#ifndef AGENT_RELOADS_H
#define AGENT_RELOADS_H
#include <stdbool.h>
#include <stdint.h>

struct gateway;

/* The gateway's host is told so (gateway.h). */
void reloads_answer(struct gateway *gateway, uint64_t number, bool done);
#endif
