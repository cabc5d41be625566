/* SPDX-License-Identifier: GPL-2.0-or-later
 * The modules of a gateway (agent/module/), and what they say. Agent thread. */
#ifndef AGENT_GATEWAY_MODULE_H
#define AGENT_GATEWAY_MODULE_H
#include <stdbool.h>
#include <stdint.h>
#include "agent/module/module_link.h"

struct gateway;

struct gateway_module {
	const char *name;		/* "sms" */
	struct module_link *link;	/* NULL: not configured, or not there */
	bool up;
	char *what;			/* it works with, or is missing; or NULL */
};

/* Where that fails, `what` says why, and the log. */
void gateway_module_open(struct gateway *gateway,
			 struct gateway_module *module,
			 const struct module_conf *conf);
/* It is closed, and why, for people. */
void gateway_module_refuse(struct gateway_module *module, const char *why);
void gateway_module_close(struct gateway_module *module);
/* What they have told; true: more is left. */
bool gateway_modules_turn(struct gateway *gateway, int64_t now);
#endif
