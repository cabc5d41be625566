/* SPDX-License-Identifier: GPL-2.0-or-later
 * What our own messages have come to: the response that a request of ours got, a
 * Reset, no answer, or an error of the network. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "agent/coap/coap_private.h"

void connection_exchange_end(struct coap_connection *c,
			     enum coap_outcome outcome,
			     const struct coap_answer *answer, int64_t now)
{
	enum outstanding outstanding = (enum outstanding)c->outstanding;

	if (outcome == COAP_ACKED && !connection_is_stream(c))
		connection_traffic(c, false, EMPTY_MESSAGE);
	c->outstanding = OUTSTANDING_NONE;
	c->idle_owed = true;
	if (outstanding == OUTSTANDING_REQUEST) {
		free(c->outgoing);
		c->outgoing = NULL;
	}
	if (outstanding == OUTSTANDING_SEPARATE && c->handlers->answered)
		c->handlers->answered(c->owner, outcome, now);
	if (outstanding != OUTSTANDING_SEPARATE &&
	    outstanding != OUTSTANDING_NONE)
		c->handlers->ended(c->owner, outcome, c->token,
				   c->token_length, answer, now);
}

/* 2.31, or 4.13 with a smaller block: the next block. false: it is final. */
static bool next_block(struct coap_connection *c, uint8_t code,
		       const coap_pdu_t *received)
{
	struct outgoing *o = c->outgoing;
	coap_opt_iterator_t iterator;
	coap_opt_t *option = coap_check_option(received, COAP_OPTION_BLOCK1,
					       &iterator);
	struct block block;
	size_t sent = block_size(&o->block);

	if (!option || !block_decode(coap_opt_value(option),
				     coap_opt_length(option), &block))
		return false;
	if (code == CODE(4, 13) && block.szx < o->block.szx)
		o->block = (struct block){0, false, block.szx};
	else if (code != CODE(2, 31) || !o->block.more)
		return false;
	else if (block.szx < o->block.szx)	/* it wants smaller ones */
		o->block = (struct block){
			(uint32_t)((o->block.number + 1) * sent >>
				   (4 + block.szx)), false, block.szx};
	else
		o->block.number++;
	connection_send_outgoing(c, coap_state.now);
	return true;
}

/* What of an answer tells that it is one block of several. */
static void take_block2(struct coap_answer *answer, uint16_t number,
			coap_opt_t *option)
{
	const uint8_t *value = coap_opt_value(option);
	size_t n = coap_opt_length(option);
	struct block block;

	if (number == COAP_OPTION_ETAG)
		answer->etag = block_hash(1, value, n);
	if (number != COAP_OPTION_BLOCK2 || !block_decode(value, n, &block))
		return;
	answer->has_block2 = true;
	answer->block2 = block.number;
	answer->block2_size = block_size(&block);
	answer->more = block.more;
}

static uint32_t number_of(coap_opt_t *option)
{
	return coap_decode_var_bytes(coap_opt_value(option),
				     coap_opt_length(option));
}

/* A response that answers nothing is refused by a Reset, or, in an ACK, by
 * silence (RFC 7252 4.2). */
static coap_response_t response_refuse(const coap_pdu_t *received)
{
	return coap_pdu_get_type(received) == COAP_MESSAGE_ACK ?
		COAP_RESPONSE_OK : COAP_RESPONSE_FAIL;
}

static coap_response_t on_response(coap_session_t *session,
				   const coap_pdu_t *sent,
				   const coap_pdu_t *received,
				   const coap_mid_t mid)
{
	struct coap_connection *c = coap_session_get_app_data(session);
	coap_bin_const_t token = coap_pdu_get_token(received);
	uint8_t segments[256];
	struct buf location = buf_over(segments, sizeof(segments));
	struct coap_answer answer = {
		.code = (uint8_t)coap_pdu_get_code(received),
		.format = FORMAT_NONE};
	coap_opt_iterator_t iterator;
	coap_opt_t *option;

	(void)sent;
	(void)mid;
	coap_state.counts.received++;
	if (!c || c->outstanding != OUTSTANDING_REQUEST ||
	    token.length != c->token_length ||
	    memcmp(token.s, c->token, token.length))
		return response_refuse(received);
	connection_traffic(c, false, pdu_bytes(received));
	if (next_block(c, answer.code, received))
		return COAP_RESPONSE_OK;
	coap_option_iterator_init(received, &iterator, COAP_OPT_ALL);
	while ((option = coap_option_next(&iterator))) {
		take_block2(&answer, iterator.number, option);
		if (iterator.number == COAP_OPTION_CONTENT_FORMAT)
			answer.format = (uint16_t)number_of(option);
		if (iterator.number == COAP_OPTION_MAXAGE)
			answer.max_age = number_of(option);
		if (iterator.number == COAP_OPTION_LOCATION_PATH) {
			buf_byte(&location, (uint8_t)coap_opt_length(option));
			buf_put(&location, coap_opt_value(option),
				coap_opt_length(option));
		}
	}
	answer.location = (struct coap_segments){segments,
				location.full ? 0 : location.used};
	if (!coap_get_data(received, &answer.length, &answer.payload))
		answer.length = 0;
	c->proven = true;
	c->doubted = false;
	connection_exchange_end(c, COAP_ANSWERED, &answer, coap_state.now);
	return COAP_RESPONSE_OK;
}

void connection_silent(struct coap_connection *c, const char *why, int64_t now)
{
	c->silent = true;
	if (c->handlers->silent)
		c->handlers->silent(c->owner, why, now);
}

/* Of what libcoap has just read from the socket. */
static const char *network_error(int error)
{
	switch (error) {
	case ECONNREFUSED:
		return "connection refused: nothing listens at that port";
	case EHOSTUNREACH:
	case ENETUNREACH:
		return "no route to it";
	}
	return "the network says that it cannot be reached";
}

static void on_nack(coap_session_t *session, const coap_pdu_t *sent,
		    coap_nack_reason_t reason, coap_mid_t mid)
{
	struct coap_connection *c = coap_session_get_app_data(session);
	int error = errno;
	coap_bin_const_t token;

	(void)mid;
	if (!c || !c->outstanding || !sent)
		return;
	if (reason == COAP_NACK_ICMP_ISSUE) {	/* not final: it is sent again */
		if (c->outstanding == OUTSTANDING_REQUEST)
			connection_silent(c, network_error(error),
					  coap_state.now);
		return;
	}
	if (reason != COAP_NACK_RST && reason != COAP_NACK_TOO_MANY_RETRIES)
		return;			/* the session's end: on_event() */
	heap_set(&coap_state.due, &c->due, coap_state.now);
	token = coap_pdu_get_token(sent);
	if (token.length != c->token_length ||
	    memcmp(token.s, c->token, token.length))
		return;
	connection_exchange_end(c, reason == COAP_NACK_RST ? COAP_REFUSED :
				COAP_NO_ANSWER, NULL, coap_state.now);
}

/* libcoap's own Pong has no token, that of the Ping is to be in it (RFC 8323
 * 5.4). Both count as an answer does. */
static void on_ping(coap_session_t *session, const coap_pdu_t *received,
		    const coap_mid_t mid)
{
	struct coap_connection *c = coap_session_get_app_data(session);
	coap_bin_const_t token = coap_pdu_get_token(received);
	coap_pdu_t *pong;

	(void)mid;
	if (c)
		connection_given(c, 2 * EMPTY_MESSAGE + token.length);
	if (!token.length || (c && c->cut))
		return;
	pong = coap_pdu_init(COAP_MESSAGE_CON,
			     (coap_pdu_code_t)COAP_SIGNALING_CODE_PONG, 0,
			     token.length);
	if (!pong)
		abort();
	coap_add_token(pong, token.length, token.s);
	coap_send(session, pong);
}

void context_listen_responses(coap_context_t *context)
{
	coap_register_ping_handler(context, on_ping);
	coap_register_response_handler(context, on_response);
	coap_register_nack_handler(context, on_nack);
}
