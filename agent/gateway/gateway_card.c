/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/gateway/gateway_card.h"
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agent/base/log.h"
#include "agent/base/mailbox.h"
#include "agent/base/text.h"
#include "agent/config/config_card_key.h"
#include "agent/config/config_pin.h"
#include "agent/endpoint/client_bootstrap.h"
#include "agent/gateway/gateway.h"

#define START_WAIT 1000		/* ms, a few times */
#define START_TRIES 5

/* What the files have. */
struct card_secrets {
	char pin[CONFIG_PIN_ROOM];	/* "": there is none */
	struct config_card_key key;
};

struct gateway_card {
	struct gateway *gateway;
	struct gateway_module module;
	char *which, *pin_file, *key_file;	/* as configured; which NULL:
						 * not */
	struct card_secrets secrets;
	uint8_t *bytes;			/* what services.card has */
	size_t n;
	char *reader;
};

struct gateway_card *gateway_card_create(struct gateway *g)
{
	struct gateway_card *card = calloc(1, sizeof(*card));

	if (!card)
		abort();
	card->gateway = g;
	card->module.name = "smartcard";
	return card;
}

static void bytes_forget(struct gateway_card *card)
{
	if (card->bytes)
		explicit_bzero(card->bytes, card->n);
	free(card->bytes);
	free(card->reader);
	card->bytes = NULL;
	card->reader = NULL;
	card->gateway->services.card = (struct services_card){0};
}

static void card_close(struct gateway_card *card)
{
	gateway_module_close(&card->module);
	bytes_forget(card);
	free(card->which);
	free(card->pin_file);
	free(card->key_file);
	card->which = card->pin_file = card->key_file = NULL;
	explicit_bzero(&card->secrets, sizeof(card->secrets));
}

void gateway_card_destroy(struct gateway_card *card)
{
	card_close(card);
	free(card);
}

/* Of a file that is not there, or not good, the log says so. */
static void pin_read(const struct gateway_card *card, const char *file,
		     char pin[CONFIG_PIN_ROOM])
{
	char why[300] = "";

	memset(pin, 0, CONFIG_PIN_ROOM);
	if (!file || !config_pin_read(card->gateway->services.dirs.config, file,
				      pin, why, sizeof(why)))
		return;
	memset(pin, 0, CONFIG_PIN_ROOM);
	log_line(LOG_ERROR, NULL, card->module.name,
		 "smartcard_pin_file %s %s", file, why);
}

/* why: what the file of keys lacks, or "". */
static void secrets_read(const struct gateway_card *card,
			 const struct config_server *bootstrap,
			 struct card_secrets *secrets, char *why, size_t size)
{
	const char *file = bootstrap->card_key_file;
	char said[300] = "";

	memset(secrets, 0, sizeof(*secrets));
	*why = '\0';
	pin_read(card, bootstrap->pin_file, secrets->pin);
	if (file && config_card_key_read(card->gateway->services.dirs.config,
					 file, &secrets->key, said,
					 sizeof(said)) < 0)
		snprintf(why, size, "smartcard_key_file %s %s: no card is read "
			 "without its keys", file, said);
}

/* why: what its files lack, or "". */
static void card_open(struct gateway_card *card, const char *why)
{
	const struct card_secrets *s = &card->secrets;

	if (*why)
		gateway_module_refuse(&card->module, why);
	else
		gateway_module_open(card->gateway, &card->module,
			&(struct module_conf){.which = card->which,
					      .pin = *s->pin ? s->pin : NULL,
					      .key_enc = s->key.enc,
					      .key_mac = s->key.mac,
					      .n_key = s->key.n});
}

static bool is_configured_so(const struct gateway_card *card,
			     const struct config_server *bootstrap)
{
	return text_equal(card->which, bootstrap->smartcard) &&
	       text_equal(card->pin_file, bootstrap->pin_file) &&
	       text_equal(card->key_file, bootstrap->card_key_file);
}

/* Accounts on a card go before those of the configuration (Core TS 6.1.4). */
static void card_wait(struct gateway_card *card, int64_t now)
{
	struct pollfd fd = {.fd = mailbox_fd(card->gateway->module_mail),
			    .events = POLLIN};

	for (int i = 0; card->module.link && !card->module.what &&
	     i < START_TRIES; i++) {
		poll(&fd, 1, START_WAIT);
		gateway_modules_turn(card->gateway, now);
	}
}

void gateway_card_apply(struct gateway_card *card,
			const struct config_server *bootstrap, int64_t now)
{
	struct card_secrets secrets;
	char why[400];
	bool same;

	if (!bootstrap || !bootstrap->smartcard) {
		card_close(card);
		return;
	}
	secrets_read(card, bootstrap, &secrets, why, sizeof(why));
	same = card->module.link && is_configured_so(card, bootstrap) &&
	       !memcmp(&card->secrets, &secrets, sizeof(secrets));
	if (!same) {
		card_close(card);
		memcpy(&card->secrets, &secrets, sizeof(secrets));
	}
	explicit_bzero(&secrets, sizeof(secrets));
	if (same)
		return;
	card->which = text_copy(bootstrap->smartcard);
	card->pin_file = text_copy(bootstrap->pin_file);
	card->key_file = text_copy(bootstrap->card_key_file);
	card_open(card, why);
	if (card->gateway->applied <= 1)
		card_wait(card, now);
}

struct gateway_module *gateway_card_module(struct gateway_card *card)
{
	return &card->module;
}

bool gateway_card_is_configured(const struct gateway_card *card)
{
	return card->which != NULL;
}

void gateway_card_read(struct gateway_card *card,
		       const struct module_message *m, int64_t now)
{
	struct gateway *g = card->gateway;

	bytes_forget(card);
	card->bytes = malloc(m->n + 1);
	if (!card->bytes)
		abort();
	memcpy(card->bytes, m->bytes, m->n);
	card->n = m->n;
	card->reader = text_copy(m->text);
	g->services.card = (struct services_card){card->reader, card->bytes,
						  card->n};
	for (struct endpoint *e = gateway_next(g, NULL); e;
	     e = gateway_next(g, e))
		client_bootstrap_card(e, now);
}
