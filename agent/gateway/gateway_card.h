/* SPDX-License-Identifier: GPL-2.0-or-later
 * The smart card of a gateway, and who takes its accounts. Agent thread. */
#ifndef AGENT_GATEWAY_CARD_H
#define AGENT_GATEWAY_CARD_H
#include "agent/gateway/gateway_module.h"

struct config_server;
struct gateway_card;

struct gateway_card *gateway_card_create(struct gateway *gateway);
/* When all endpoints are gone. */
void gateway_card_destroy(struct gateway_card *card);
/* Before the devices. bootstrap: as configured, or NULL. At the start it waits
 * for the reader, some seconds at most, so that nobody registers elsewhere who
 * has accounts on the card. */
void gateway_card_apply(struct gateway_card *card,
			const struct config_server *bootstrap, int64_t now);
struct gateway_module *gateway_card_module(struct gateway_card *card);
bool gateway_card_is_configured(const struct gateway_card *card);
/* A card was read. */
void gateway_card_read(struct gateway_card *card,
		       const struct module_message *message, int64_t now);
#endif
