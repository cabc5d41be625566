/* SPDX-License-Identifier: GPL-2.0-or-later
 * What an SMS makes the gateway do. Anybody can send one and claim any number:
 * all it may do is the Registration Update Trigger, an Execute of /1/x/8 (Core
 * TS E.2, resources 8 and 21), which has no answer by SMS and says nothing but
 * what the server may ask at any time. All else is dropped and counted, unless
 * the configuration says `unsafe`. Pure; monotonic ns. */
#ifndef AGENT_SMS_TRIGGER_H
#define AGENT_SMS_TRIGGER_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SMS_PER_HOUR_MAX 120

/* One endpoint at one server, the caller's. */
struct sms_account {
	const char *endpoint;
	const char *number;		/* 0/x/9; NULL or "": has no SMS */
	uint16_t instance;		/* x of its /1/x */
	uint16_t port;			/* by which it alone is meant; 0: none */
	bool registered;		/* or on its way to be */
};
struct sms_scope {
	const struct sms_account *accounts;
	size_t n;
	uint16_t per_hour;		/* 0 to SMS_PER_HOUR_MAX of all servers
					 * that are acted on in any hour */
	bool unsafe;			/* requests, too */
};
struct sms_message;
struct sms_received {
	const char *number;		/* of who is said to have sent it */
	const uint8_t *data;		/* its user data */
	size_t n;
};

enum sms_outcome {
	SMS_UPDATE,		/* accounts were chosen: they send an Update */
	SMS_FOREIGN,		/* of a number that no account has */
	SMS_MALFORMED,		/* sms_message_read() has refused it */
	SMS_UNSUPPORTED,	/* a message, but no trigger */
	SMS_NOBODY,		/* a trigger, but of no account that its sender
				 * has, or that is registered */
	SMS_LIMITED,		/* more than per_hour */
	SMS_REQUEST,		/* of the one account that was chosen: it is
				 * served, and answered by SMS */
};
#define SMS_OUTCOMES (SMS_REQUEST + 1)

/* Begins as zeros. */
struct sms_state {
	uint64_t count[SMS_OUTCOMES];
	int64_t at[SMS_PER_HOUR_MAX];	/* of the last that were acted on, a
					 * ring */
	uint64_t acted;			/* how many were: where the ring is */
};

/* Takes one SMS, counts what becomes of it, and sets chosen[i] of each account:
 * does it send its Update now, or serve the request, which is in message then?
 * A request that means more than one is for nobody.
 *
 * An account is meant if it is registered, its number is the sender's, and x is
 * its instance; of these, the one whose port the message is addressed to; else
 * (no port, or CoAP's own, 5683) the one that the Uri-Query ep= names; else
 * all.
 * What is dropped does not count to per_hour. */
enum sms_outcome sms_step(struct sms_state *state,
			  const struct sms_scope *scope,
			  const struct sms_received *sms, int64_t now,
			  struct sms_message *message, bool *chosen);
/* For people and metrics: "update", "foreign". */
const char *sms_outcome_name(enum sms_outcome outcome);

/* Is it one number? "+49170123", "0049170123" and "49170123" are; an empty one
 * is none. Networks name the sender in the international form; some send names
 * ("MyServer"), which are compared as they stand. */
bool sms_number_is_same(const char *a, const char *b);
#endif
