/* SPDX-License-Identifier: GPL-2.0-or-later
 * Requests to clients, their answers, observations and block-wise transfer. */
#ifndef SERVER_REQUEST_H
#define SERVER_REQUEST_H
#include "tests/server/server.h"

struct raw_option {
	uint16_t number;
	uint8_t value[32];
	size_t length;
};

/* What to send. -1 in a number: leave the option out. */
struct request {
	const char *id;		/* of the command; comes back in the event */
	const char *path;	/* "/3303/0" */
	const char *query;	/* "pmin=1&pmax=5", or NULL */
	int method;		/* COAP_REQUEST_CODE_..., 0: ping */
	int accept, format, observe;
	int block1, block2;	/* size exponents 0..6 */
	int mid;
	bool non;
	int repeat;		/* the very same message so many times */
	int64_t timeout;	/* ms until it is given up */
	uint8_t token[8];
	size_t token_length;	/* 0: the server's own */
	const uint8_t *payload;
	size_t length;
	struct raw_option options[8];
	int n_options;
};

void request_init(struct request *r);
/* 0, or -EIO when libcoap did not take it. */
int request_send(struct client *c, const struct request *r);

/* Ends the observation of a path with Observe=1 (its answer is reported under
 * `id`), or passively: the next notification gets a Reset. -ENOENT without an
 * observation. */
int observation_cancel(struct client *c, const char *path, const char *id);
int observation_forget(struct client *c, const char *path);

/* Observes what --observe asks for and the client's links hold. */
void observe_wanted(struct client *c);

void exchanges_drop(const struct client *c);
/* Gives up what waited too long; ms of the next one, or -1. */
int64_t exchanges_expire(int64_t now);

/* libcoap's handlers */
coap_response_t response_handle(coap_session_t *session,
				const coap_pdu_t *sent,
				const coap_pdu_t *received, coap_mid_t mid);
void nack_handle(coap_session_t *session, const coap_pdu_t *sent,
		 coap_nack_reason_t reason, coap_mid_t mid);
#endif
