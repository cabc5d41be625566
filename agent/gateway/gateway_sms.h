/* SPDX-License-Identifier: GPL-2.0-or-later
 * SMS of servers: which endpoints they wake, and what is answered. Agent
 * thread. */
#ifndef AGENT_GATEWAY_SMS_H
#define AGENT_GATEWAY_SMS_H
#include "agent/gateway/gateway_module.h"
#include "agent/sms/sms_trigger.h"

struct config_sms;
struct gateway_sms;

struct gateway_sms *gateway_sms_create(struct gateway *gateway);
/* When all endpoints are gone. */
void gateway_sms_destroy(struct gateway_sms *sms);
/* Before the devices: takes conf (NULL: no SMS). true: what endpoints say of
 * SMS is another thing now. */
bool gateway_sms_apply(struct gateway_sms *sms, struct config_sms *conf);
bool gateway_sms_is_configured(const struct gateway_sms *sms);
struct gateway_module *gateway_sms_module(struct gateway_sms *sms);
/* The modem's own number; "": it does not know it. */
void gateway_sms_number(struct gateway_sms *sms, const char *number,
			int64_t now);
void gateway_sms_received(struct gateway_sms *sms,
			  const struct module_message *message, int64_t now);

/* For the status. conf NULL: it is not configured. */
struct gateway_sms_view {
	const struct config_sms *conf;
	const struct gateway_module *module;
	const char *number;		/* or NULL */
	const struct sms_state *state;
	uint64_t sent, unsent;		/* answers; those that had no room */
};
struct gateway_sms_view gateway_sms_look(const struct gateway_sms *sms);
#endif
