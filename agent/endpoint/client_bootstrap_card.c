/* SPDX-License-Identifier: GPL-2.0-or-later
 * Accounts of a smart card: which card they came from is stored, so that what
 * servers have changed since stays until there is another one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agent/base/log.h"
#include "agent/client/services.h"
#include "agent/config/config_block.h"
#include "agent/config/model.h"
#include "agent/endpoint/client_bootstrap.h"
#include "agent/lwm2m/card.h"

static uint64_t card_print(const struct services_card *card)
{
	return fingerprint_add(FINGERPRINT_START, card->bytes, card->n);
}

/* Without accounts, even the card that they came from is news. */
static bool card_is_news(const struct endpoint *e)
{
	uint64_t print = card_print(&e->services->card), stored = 0;
	size_t n = 0;
	uint8_t *bytes = store_get(e->services->store, STORE_CARD,
				   e->conf->endpoint, &n);

	if (bytes && n == sizeof(stored))
		memcpy(&stored, bytes, sizeof(stored));
	free(bytes);
	return !e->bootstrap->account || n != sizeof(stored) ||
	       stored != print;
}

static bool card_check(struct endpoint *e, struct tree *tree, char *why,
		       size_t size, int64_t now)
{
	const struct services_card *card = &e->services->card;
	const char *wrong = card_read(card->bytes, card->n, agent_model(),
				      e->services->request_room, tree);

	if (!wrong && !account_keys_check(tree, why, size))
		return false;
	if (!wrong && *why)
		log_line(LOG_WARN, e->conf->endpoint, NULL, "the smart card in "
			 "%s: a pre-shared key %s", e->services->card.reader,
			 why);
	if (!wrong && !endpoint_accounts_store(e, tree, now))
		wrong = "more than can be kept";
	if (wrong)
		snprintf(why, size, "%s", wrong);
	return !wrong;
}

/* The accounts are stored. *servers: there are others than a bootstrap
 * server. */
static bool card_take(struct endpoint *e, bool *servers, int64_t now)
{
	uint64_t print = card_print(&e->services->card);
	char why[400] = "";
	struct tree tree;
	bool good = card_check(e, &tree, why, sizeof(why), now);

	*servers = tree_has_object(&tree, 1);
	account_tree_finish(&tree);
	explicit_bzero(e->services->request_room,
		       sizeof(*e->services->request_room));
	if (good)
		store_put(e->services->store, STORE_CARD, e->conf->endpoint,
			  (const uint8_t *)&print, sizeof(print));
	else
		log_line(LOG_WARN, e->conf->endpoint, NULL, "the smart card in "
			 "%s cannot be used, the accounts stay as they are: %s",
			 e->services->card.reader, why);
	return good;
}

static bool card_is_wanted(const struct endpoint *e)
{
	return e->bootstrap && e->conf->smartcard &&
	       e->services->card.reader && card_is_news(e);
}

void bootstrap_card_restore(struct endpoint *e, int64_t now)
{
	bool servers;

	if (card_is_wanted(e) && card_take(e, &servers, now))
		log_line(LOG_NOTE, e->conf->endpoint, NULL, "bootstrapped by "
			 "the smart card in %s", e->services->card.reader);
}

void client_bootstrap_card(struct endpoint *e, int64_t now)
{
	bool servers;

	if (!e->leaving && card_is_wanted(e) && card_take(e, &servers, now))
		bootstrap_provided(e->bootstrap, servers, now);
}
