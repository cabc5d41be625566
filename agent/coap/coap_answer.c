/* SPDX-License-Identifier: GPL-2.0-or-later
 * Answers to requests: at once, or as a separate response.
 *
 * Who has a request answers before he returns, or begins a separate response
 * (RFC 7252 5.2.2): the ACK then waits for a moment, as the answer may still go
 * with it. After that the ACK goes alone, and the answer is a confirmable
 * message of ours, sent when no other is outstanding. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agent/coap/coap_private.h"

#define ACK_WAIT (SECOND / 5)	/* for the answer to go with it */

uint16_t exchange_token_hash(const uint8_t *token, size_t n)
{
	uint32_t hash = block_hash(2166136261u, token, n);

	return (uint16_t)(hash ^ hash >> 16);
}

void exchange_remember(struct coap_connection *c,
		       const struct coap_exchange *x, uint16_t token,
		       uint8_t code)
{
	if (!c->dedup)
		c->dedup = calloc(1, sizeof(*c->dedup));
	if (!c->dedup)
		abort();
	dedup_add(c->dedup, &(struct dedup_answer){
		.until = coap_state.now + EXCHANGE_LIFETIME,
		.mid = (uint16_t)coap_pdu_get_mid(x->pdu), .token = token,
		.code = code, .block1 = x->block1, .located = x->located});
}

void pdu_add_location(coap_pdu_t *pdu, uint32_t located)
{
	const uint16_t ids[] = {(uint16_t)(located >> 16), (uint16_t)located};
	char text[8];

	for (size_t i = 0; i < 2; i++) {
		int n = snprintf(text, sizeof(text), "%u", ids[i]);

		coap_add_option(pdu, COAP_OPTION_LOCATION_PATH, (size_t)n,
				(const uint8_t *)text);
	}
}

static uint32_t located_at(const struct lwm2m_path *path)
{
	return (uint32_t)path->id[0] << 16 | path->id[1];
}

void coap_locate(struct coap_exchange *x, const struct lwm2m_path *path)
{
	x->located = located_at(path);
	pdu_add_location(x->response, x->located);
}

void coap_locate_later(struct coap_separate *later,
		       const struct lwm2m_path *path)
{
	later->located = located_at(path);
}

void coap_respond(struct coap_exchange *x, uint8_t code, uint16_t format,
		  const uint8_t *payload, size_t length, int32_t observe)
{
	struct body *body = body_create(code, format, x->key, payload, length);

	x->answered = true;
	pdu_fill(x->response, body, x->block2, observe, x->block1);
	connection_keep_answer(x->connection, body, &x->block2);
}

static size_t laters_count(const struct coap_connection *c)
{
	size_t n = 0;

	for (const struct coap_separate *l = c->separates; l; l = l->next)
		n++;
	return n;
}

/* Most devices answer at once, and their answer is to go with the ACK (RFC 7252
 * 5.2.1): libcoap sends none for a NON that is empty. */
static void later_hold(struct coap_separate *later, struct coap_exchange *x)
{
	coap_bin_const_t token = coap_pdu_get_token(x->pdu);

	if (later->non || connection_is_stream(x->connection))
		return;
	later->ack_at = coap_state.now + ACK_WAIT;
	later->mid = (uint16_t)coap_pdu_get_mid(x->pdu);
	later->token_hash = exchange_token_hash(token.s, token.length);
	coap_pdu_set_type(x->response, COAP_MESSAGE_NON);
}

static coap_pdu_t *ack_create(uint16_t mid)
{
	coap_pdu_t *pdu = coap_pdu_init(COAP_MESSAGE_ACK, 0, mid, 0);

	if (!pdu)
		abort();
	return pdu;
}

int64_t connection_ack_due(const struct coap_connection *c)
{
	int64_t due = INT64_MAX;

	for (const struct coap_separate *l = c->separates; l; l = l->next)
		if (l->ack_at && l->ack_at < due)
			due = l->ack_at;
	return due;
}

static void later_acknowledge(struct coap_connection *c,
			      struct coap_separate *later)
{
	for (int n = 0; later->ack_at && n <= later->copies; n++)
		connection_tell(c, ack_create(later->mid));
	later->ack_at = 0;
}

void connection_acknowledge(struct coap_connection *c, int64_t now)
{
	if (connection_ack_due(c) > now)
		return;
	for (struct coap_separate *l = c->separates; l; l = l->next)
		later_acknowledge(c, l);
}

bool coap_owes(const struct coap_connection *c)
{
	return c->separates != NULL;
}

struct coap_separate *coap_separate_begin(struct coap_exchange *x)
{
	struct coap_connection *c = x->connection;
	coap_bin_const_t token = coap_pdu_get_token(x->pdu);
	struct coap_separate *later, **end = &c->separates;

	if (laters_count(c) >= LATERS_MAX) {
		coap_state.counts.busy++;
		return NULL;
	}
	later = calloc(1, sizeof(*later));
	if (!later)
		abort();
	later->connection = c;
	later->non = coap_pdu_get_type(x->pdu) == COAP_MESSAGE_NON;
	later->block1 = x->block1;
	later->unwanted = x->unwanted;
	later_hold(later, x);
	later->token_length = (uint8_t)token.length;
	memcpy(later->token, token.s, token.length);
	while (*end)
		end = &(*end)->next;
	*end = later;
	x->later = later;
	return later;
}

static coap_pdu_t *later_pdu(struct coap_connection *c,
			     struct coap_separate *later)
{
	coap_pdu_type_t type = later->non ? COAP_MESSAGE_NON :
			       later->ack_at ? COAP_MESSAGE_ACK :
					       COAP_MESSAGE_CON;
	coap_pdu_t *pdu = pdu_create(c, type, later->body->code, later->token,
				     later->token_length);

	if (type == COAP_MESSAGE_ACK)
		coap_pdu_set_mid(pdu, later->mid);
	if (later->located)
		pdu_add_location(pdu, later->located);
	pdu_fill(pdu, later->body, block_whole, -1, later->block1);
	return pdu;
}

static void later_unlink(struct coap_connection *c, struct coap_separate *later)
{
	struct coap_separate **at = &c->separates;

	while (*at != later)
		at = &(*at)->next;
	*at = later->next;
}

/* In an ACK, or a NON (RFC 7252 5.2.3): nothing is to be waited for. */
static void later_tell(struct coap_connection *c, struct coap_separate *later)
{
	later_unlink(c, later);
	if (later->ack_at && c->dedup)
		dedup_settle(c->dedup, later->mid, later->token_hash,
			     later->body->code, later->located);
	for (int n = 0; n <= later->copies; n++)
		connection_tell(c, later_pdu(c, later));
	connection_keep_answer(c, later->body, &block_whole);
	free(later);
}

/* The first of those whose answer is there goes out. */
void connection_send_separate(struct coap_connection *c, int64_t now)
{
	struct coap_separate **at = &c->separates, *later;
	coap_pdu_t *pdu;

	while (*at && !(*at)->body)
		at = &(*at)->next;
	later = *at;
	if (!later || c->outstanding)
		return;
	*at = later->next;
	pdu = later_pdu(c, later);
	connection_keep_answer(c, later->body, &block_whole);
	connection_exchange_start(c, OUTSTANDING_SEPARATE, later->token,
				  later->token_length, now);
	connection_send(c, pdu, now);
	free(later);
}

/* RFC 7967 2.1: its server does not want to hear that. A CON has its ACK. */
static void later_keep_quiet(struct coap_connection *c,
			     struct coap_separate *later)
{
	later_acknowledge(c, later);
	later_unlink(c, later);
	free(later);
}

void coap_respond_separately(struct coap_separate *later, uint8_t code,
			     uint16_t format, const uint8_t *payload,
			     size_t length, int64_t now)
{
	coap_state.now = now;
	if (!later->connection) {
		free(later);
		return;
	}
	if (later->unwanted >> ((code >> 5) - 1) & 1) {
		later_keep_quiet(later->connection, later);
		return;
	}
	later->body = body_create(code, format, 0, payload, length);
	if (later->non || later->ack_at)
		later_tell(later->connection, later);
	else
		connection_send_separate(later->connection, now);
}
