/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/gateway/gateway_module.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agent/base/log.h"
#include "agent/base/mailbox.h"
#include "agent/base/text.h"
#include "agent/gateway/gateway.h"
#include "agent/gateway/gateway_card.h"
#include "agent/gateway/gateway_sms.h"

static void module_is(struct gateway_module *m, bool up, const char *what)
{
	log_line(up ? LOG_NOTE : LOG_WARN, NULL, m->name, "%s%s",
		 up ? "works with " : "", what);
	free(m->what);
	m->what = text_copy(what);
	m->up = up;
}

void gateway_module_open(struct gateway *g, struct gateway_module *m,
			 const struct module_conf *conf)
{
	char error[512];

	m->link = module_link_open(g->services.dirs.adapters, m->name, conf,
				   g->module_mail, error, sizeof(error));
	if (!m->link)
		module_is(m, false, error);
}

void gateway_module_refuse(struct gateway_module *m, const char *why)
{
	module_is(m, false, why);
}

void gateway_module_close(struct gateway_module *m)
{
	module_link_close(m->link);
	free(m->what);
	m->link = NULL;
	m->what = NULL;
	m->up = false;
}

/* That this message is of; NULL: it was closed meanwhile. */
static struct gateway_module *module_of(struct gateway *g, uint64_t link)
{
	struct gateway_module *all[] = {gateway_sms_module(g->sms),
					gateway_card_module(g->card)};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (all[i]->link && module_link_id(all[i]->link) == link)
			return all[i];
	return NULL;
}

static void module_message(struct gateway *g, const struct module_message *m,
			   int64_t now)
{
	struct gateway_module *module = module_of(g, m->link);

	/* An SMS is deleted in the modem once it is told, whoever told it. */
	if (!module && m->event == MODULE_SMS &&
	    gateway_sms_is_configured(g->sms))
		module = gateway_sms_module(g->sms);
	if (!module)
		return;
	switch (m->event) {
	case MODULE_UP:
	case MODULE_DOWN:
		module_is(module, m->event == MODULE_UP, m->text);
		break;
	case MODULE_NUMBER:
		gateway_sms_number(g->sms, m->text, now);
		break;
	case MODULE_SMS:
		gateway_sms_received(g->sms, m, now);
		break;
	case MODULE_CARD:
		gateway_card_read(g->card, m, now);
		break;
	}
}

bool gateway_modules_turn(struct gateway *g, int64_t now)
{
	static struct module_message messages[MODULE_MAIL]; /* agent thread */
	size_t n = mailbox_take(g->module_mail, messages, MODULE_MAIL);

	for (size_t i = 0; i < n; i++) {
		module_message(g, &messages[i], now);
		module_message_finish(&messages[i]);
	}
	return n == MODULE_MAIL;
}
