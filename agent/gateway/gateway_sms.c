/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/gateway/gateway_sms.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agent/base/log.h"
#include "agent/base/text.h"
#include "agent/config/config.h"
#include "agent/endpoint/client_request.h"
#include "agent/gateway/gateway.h"
#include "agent/sms/sms_message.h"

#define SAID_AGAIN (INT64_C(600) * 1000000000)	/* ns: of one kind */
#define NUMBER_MAX 64
#define QUERY_MAX SMS_OCTETS_MAX

struct gateway_sms {
	struct gateway *gateway;
	struct config_sms *conf;	/* owned; NULL: not configured */
	struct gateway_module module;
	struct sms_state state;
	char *number;			/* the modem's, as it says */
	int64_t logged_at[SMS_OUTCOMES]; /* when each was in the log */
	uint64_t sent, unsent;
	uint16_t last_id;
};

struct gateway_sms *gateway_sms_create(struct gateway *g)
{
	struct gateway_sms *sms = calloc(1, sizeof(*sms));

	if (!sms)
		abort();
	sms->gateway = g;
	sms->module.name = "sms";
	for (size_t i = 0; i < SMS_OUTCOMES; i++)
		sms->logged_at[i] = INT64_MIN;
	return sms;
}

void gateway_sms_destroy(struct gateway_sms *sms)
{
	gateway_module_close(&sms->module);
	config_sms_free(sms->conf);
	free(sms->number);
	free(sms);
}

/* What is configured goes before what the SIM says. */
static const char *number_of(const struct gateway_sms *sms)
{
	return sms->conf && sms->conf->number ? sms->conf->number :
	       sms->conf ? sms->number : NULL;
}

static void services_tell(struct gateway_sms *sms)
{
	sms->gateway->services.sms = (struct services_sms){
		.on = sms->conf != NULL,
		.unsafe = sms->conf && sms->conf->unsafe,
		.number = number_of(sms)};
}

bool gateway_sms_apply(struct gateway_sms *sms, struct config_sms *conf)
{
	if (!sms->conf == !conf &&
	    (!conf || sms->conf->fingerprint == conf->fingerprint)) {
		config_sms_free(conf);
		if (sms->conf && !sms->module.link)	/* installed by now? */
			gateway_module_open(sms->gateway, &sms->module,
				&(struct module_conf){
					.which = sms->conf->modem});
		return false;
	}
	gateway_module_close(&sms->module);
	config_sms_free(sms->conf);
	sms->conf = conf;
	free(sms->number);
	sms->number = NULL;
	services_tell(sms);
	if (conf)
		gateway_module_open(sms->gateway, &sms->module,
				    &(struct module_conf){
					    .which = conf->modem});
	return true;
}

struct gateway_module *gateway_sms_module(struct gateway_sms *sms)
{
	return &sms->module;
}

bool gateway_sms_is_configured(const struct gateway_sms *sms)
{
	return sms->conf != NULL;
}

/* ---- clients ---- */

static struct client *client_next(const struct gateway *g,
				  struct endpoint **e, size_t *i)
{
	while (*e && *i >= (*e)->n_clients) {
		*e = gateway_next(g, *e);
		*i = 0;
	}
	return *e ? &(*e)->clients[(*i)++] : NULL;
}

static void number_is_new(struct gateway_sms *sms, int64_t now)
{
	struct endpoint *e = gateway_next(sms->gateway, NULL);
	struct client *c;
	size_t i = 0;

	while ((c = client_next(sms->gateway, &e, &i)))
		if (client_takes_sms(c))
			client_event(c, REGISTRATION_CHANGED, 0,
				     REGISTRATION_NUMBER, now);
}

void gateway_sms_number(struct gateway_sms *sms, const char *number,
			int64_t now)
{
	bool told = !sms->conf->number;

	free(sms->number);
	sms->number = text_copy(*number ? number : NULL);
	services_tell(sms);
	if (told)
		number_is_new(sms, now);
}

static bool can_be_woken(const struct client *c)
{
	switch ((enum registration_state)c->registration.state) {
	case REGISTRATION_WAITING:
	case REGISTRATION_REGISTERED:
	case REGISTRATION_UPDATING:
		return true;
	case REGISTRATION_OFF:
	case REGISTRATION_REGISTERING:
	case REGISTRATION_LAPSED:
	case REGISTRATION_LEAVING:
		break;
	}
	return false;
}

/* Those that have SMS, and who they are. */
struct sms_list {
	struct sms_account *accounts;
	struct client **clients;
	bool *chosen;
	size_t n;
};

static void list_build(struct sms_list *list, const struct gateway *g)
{
	struct endpoint *e = gateway_next(g, NULL);
	size_t n = 0, i = 0;
	struct client *c;

	while (client_next(g, &e, &i))
		n++;
	*list = (struct sms_list){
		calloc(n + 1, sizeof(*list->accounts)),
		calloc(n + 1, sizeof(struct client *)),
		calloc(n + 1, sizeof(*list->chosen)), 0};
	if (!list->accounts || !list->clients || !list->chosen)
		abort();
	e = gateway_next(g, NULL);
	i = 0;
	while ((c = client_next(g, &e, &i))) {
		if (!client_takes_sms(c))
			continue;
		list->accounts[list->n] = (struct sms_account){
			.endpoint = c->endpoint->conf->endpoint,
			.number = c->server->conf->sms_number,
			.instance = c->instance,
			.registered = can_be_woken(c)};
		list->clients[list->n++] = c;
	}
}

static void list_free(struct sms_list *list)
{
	free(list->accounts);
	free(list->clients);
	free(list->chosen);
}

/* ---- answers ---- */

/* Who asked, and what its answer needs of its request. */
struct sms_asking {
	struct gateway_sms *sms;
	char number[NUMBER_MAX];
	struct sms_message request;	/* its header; token is below */
	uint8_t token[8];
};

static void asking_set(struct sms_asking *asking, struct gateway_sms *sms,
		       const char *number, const struct sms_message *message)
{
	asking->sms = sms;
	snprintf(asking->number, sizeof(asking->number), "%s", number);
	asking->request = (struct sms_message){
		.type = message->type, .id = message->id,
		.n_token = message->n_token};
	memcpy(asking->token, message->token, message->n_token);
	asking->request.token = asking->token;
}

static void asking_answer(struct sms_asking *asking, uint8_t code,
			  uint16_t format, const uint8_t *payload, size_t n)
{
	struct gateway_sms *sms = asking->sms;
	uint8_t bytes[SMS_OCTETS_MAX];
	size_t length = sms_answer_write(&asking->request,
		&(struct sms_answer){++sms->last_id, code, format, payload, n},
		bytes);

	if (sms->module.link && !module_link_send(sms->module.link,
						  asking->number, bytes,
						  length))
		sms->sent++;
	else
		sms->unsent++;
}

static void *asking_defer(void *context)
{
	struct sms_asking *later = malloc(sizeof(*later));

	if (!later)
		abort();
	memcpy(later, context, sizeof(*later));
	later->request.token = later->token;
	return later;
}

static void asking_later(void *later, uint8_t code, int64_t now)
{
	(void)now;
	asking_answer(later, code, FORMAT_NONE, NULL, 0);
	free(later);
}

/* ---- requests ---- */

static size_t queries_join(const struct sms_message *m, char to[QUERY_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < m->n_queries; i++) {
		const struct sms_text *query = &m->query[i];

		/* Whom it is for is no matter of the request. */
		if (query->n >= 3 && !memcmp(query->at, "ep=", 3))
			continue;
		if (n)
			to[n++] = '&';
		memcpy(to + n, query->at, query->n);
		n += query->n;
	}
	return n;
}

static void request_serve(struct gateway_sms *sms, struct client *c,
			  const char *number, const struct sms_message *m,
			  int64_t now)
{
	static const struct requester_ops ops = {.defer = asking_defer,
						   .answer = asking_later};
	struct services *services = &sms->gateway->services;
	struct request_scope scope = client_scope(c, now);
	struct buf out = buf_over(services->answer, SMS_ANSWER_MAX);
	struct sms_asking asking;
	char query[QUERY_MAX];
	struct request request = {
		.method = m->code, .uri = m->uri, .uri_length = m->uri_length,
		.query = query, .query_length = queries_join(m, query),
		.accept = m->accept, .format = m->format, .observe = -1,
		.payload = m->payload, .length = m->length};
	struct request_outcome outcome = request_handle(
		&scope, &request, services->request_room, &out);
	uint8_t code = outcome.code;

	asking_set(&asking, sms, number, m);
	if (code >> 5 == 2)
		code = client_carry_out(c, &outcome,
			(struct requester){&ops, &asking}, now);
	log_line(LOG_DETAIL, c->endpoint->conf->endpoint, NULL, "SMS of %s: "
		 "method %u of /%.*s: %u.%02u", number, m->code,
		 (int)m->uri_length, m->uri, code >> 5, code & 31);
	if (code)
		asking_answer(&asking, code, code >> 5 == 2 ? outcome.format :
			      FORMAT_NONE, out.at,
			      code >> 5 == 2 ? out.used : 0);
}

static void client_wake_up(struct client *c, int64_t now)
{
	client_event(c, c->registration.state == REGISTRATION_WAITING ?
		     REGISTRATION_BACK : REGISTRATION_TRIGGER, 0, 0, now);
}

/* ---- what comes ---- */

/* Anybody can send: the log is not for them to fill. */
static void outcome_say(struct gateway_sms *sms, enum sms_outcome outcome,
			const char *number, int64_t now)
{
	static const char *const texts[SMS_OUTCOMES] = {
		[SMS_UPDATE] = "wakes endpoints",
		[SMS_FOREIGN] = "is dropped: no server has this number",
		[SMS_MALFORMED] = "is dropped: no CoAP message is in it",
		[SMS_UNSUPPORTED] = "is dropped: it is not the trigger (an "
			"Execute of /1/x/8)",
		[SMS_NOBODY] = "is dropped: it is for no endpoint here, or for "
			"more than one",
		[SMS_LIMITED] = "is dropped: more than per_hour",
		[SMS_REQUEST] = "is served",
	};
	bool good = outcome == SMS_UPDATE || outcome == SMS_REQUEST;

	if (!good && sms->logged_at[outcome] != INT64_MIN &&
	    now - sms->logged_at[outcome] < SAID_AGAIN)
		return;
	sms->logged_at[outcome] = now;
	log_line(good ? LOG_DETAIL : LOG_WARN, NULL, "sms",
		 "an SMS of %.64s %s", number, texts[outcome]);
}

void gateway_sms_received(struct gateway_sms *sms,
			  const struct module_message *m, int64_t now)
{
	struct sms_message message;
	enum sms_outcome outcome;
	struct sms_list list;

	list_build(&list, sms->gateway);
	outcome = sms_step(&sms->state, &(struct sms_scope){
		list.accounts, list.n, sms->conf->per_hour, sms->conf->unsafe},
		&(struct sms_received){m->text, m->bytes, m->n}, now,
		&message, list.chosen);
	outcome_say(sms, outcome, m->text, now);
	for (size_t i = 0; i < list.n; i++) {
		if (!list.chosen[i])
			continue;
		if (outcome == SMS_REQUEST)
			request_serve(sms, list.clients[i], m->text, &message,
				      now);
		else
			client_wake_up(list.clients[i], now);
	}
	list_free(&list);
}

struct gateway_sms_view gateway_sms_look(const struct gateway_sms *sms)
{
	return (struct gateway_sms_view){sms->conf, &sms->module,
		number_of(sms), &sms->state, sms->sent, sms->unsent};
}
