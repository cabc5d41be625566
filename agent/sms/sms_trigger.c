/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/sms/sms_trigger.h"
#include <string.h>
#include "agent/lwm2m/request.h"
#include "agent/sms/sms_message.h"
#include "objects/ids.h"

#define HOUR (INT64_C(3600) * 1000000000)
#define COAP_PORT 5683

static const char *number_begin(const char *number)
{
	if (number[0] == '+')
		return number + 1;
	return strncmp(number, "00", 2) ? number : number + 2;
}

bool sms_number_is_same(const char *a, const char *b)
{
	if (!a || !b)
		return false;
	a = number_begin(a);
	return *a && !strcmp(a, number_begin(b));
}

static bool number_is_known(const struct sms_scope *scope, const char *number)
{
	for (size_t i = 0; i < scope->n; i++)
		if (sms_number_is_same(scope->accounts[i].number, number))
			return true;
	return false;
}

/* An Execute of /1/x/8? */
static bool is_trigger(const struct sms_message *message, uint16_t *instance)
{
	struct lwm2m_path path;

	if (message->type > SMS_NON || message->code != REQUEST_POST ||
	    path_parse(message->uri, message->uri_length, &path) ||
	    path.depth != 3 || path.id[0] != ID_SERVER ||
	    path.id[2] != ID_SERVER_UPDATE)
		return false;
	*instance = path.id[1];
	return true;
}

static bool is_request(const struct sms_message *message)
{
	return message->type <= SMS_NON && message->code >= REQUEST_GET &&
	       message->code <= REQUEST_DELETE;
}

/* The value of ep=, or NULL. */
static const char *name_of(const struct sms_message *message, size_t *n)
{
	for (size_t i = 0; i < message->n_queries; i++) {
		const struct sms_text *query = &message->query[i];

		if (query->n < 3 || memcmp(query->at, "ep=", 3))
			continue;
		*n = query->n - 3;
		return query->at + 3;
	}
	return NULL;
}

/* Of those that the sender has: is it this one's port, or its name? */
static bool is_addressed(const struct sms_account *account,
			 const struct sms_message *message)
{
	const char *name;
	size_t n;

	if (message->has_port && message->port != COAP_PORT)
		return account->port && account->port == message->port;
	name = name_of(message, &n);
	return !name || (strlen(account->endpoint) == n &&
			 !memcmp(account->endpoint, name, n));
}

/* instance: that the server's own must be, or negative: any. */
static size_t accounts_choose(const struct sms_scope *scope,
			      const char *number,
			      const struct sms_message *message,
			      int32_t instance, bool *chosen)
{
	size_t n = 0;

	for (size_t i = 0; i < scope->n; i++) {
		const struct sms_account *account = &scope->accounts[i];

		chosen[i] = account->registered &&
			    (instance < 0 || account->instance == instance) &&
			    sms_number_is_same(account->number, number) &&
			    is_addressed(account, message);
		n += chosen[i];
	}
	return n;
}

/* Was the one that came per_hour before this less than an hour ago? */
static bool is_limited(const struct sms_state *state, uint16_t per_hour,
		       int64_t now)
{
	uint64_t n = state->acted;

	if (!per_hour)
		return true;
	return n >= per_hour &&
	       now - state->at[(n - per_hour) % SMS_PER_HOUR_MAX] < HOUR;
}

static enum sms_outcome sms_judge(const struct sms_state *state,
				  const struct sms_scope *scope,
				  const struct sms_received *sms, int64_t now,
				  struct sms_message *message, bool *chosen)
{
	uint16_t instance = 0;
	bool trigger;
	size_t n;

	if (!number_is_known(scope, sms->number))
		return SMS_FOREIGN;
	if (sms_message_read(sms->data, sms->n, message))
		return SMS_MALFORMED;
	trigger = is_trigger(message, &instance);
	if (!trigger && !(scope->unsafe && is_request(message)))
		return SMS_UNSUPPORTED;
	n = accounts_choose(scope, sms->number, message,
			    trigger ? instance : -1, chosen);
	if (!n || (!trigger && n > 1))
		return SMS_NOBODY;
	return is_limited(state, scope->per_hour, now) ? SMS_LIMITED :
	       trigger ? SMS_UPDATE : SMS_REQUEST;
}

enum sms_outcome sms_step(struct sms_state *state,
			  const struct sms_scope *scope,
			  const struct sms_received *sms, int64_t now,
			  struct sms_message *message, bool *chosen)
{
	enum sms_outcome outcome = sms_judge(state, scope, sms, now, message,
					     chosen);

	if (outcome == SMS_UPDATE || outcome == SMS_REQUEST)
		state->at[state->acted++ % SMS_PER_HOUR_MAX] = now;
	else
		for (size_t i = 0; i < scope->n; i++)
			chosen[i] = false;
	state->count[outcome]++;
	return outcome;
}

const char *sms_outcome_name(enum sms_outcome outcome)
{
	switch (outcome) {
	case SMS_UPDATE: return "update";
	case SMS_FOREIGN: return "foreign";
	case SMS_MALFORMED: return "malformed";
	case SMS_UNSUPPORTED: return "unsupported";
	case SMS_NOBODY: return "nobody";
	case SMS_LIMITED: return "limited";
	case SMS_REQUEST: return "request";
	}
	return "?";
}
