/* SPDX-License-Identifier: GPL-2.0-or-later
 * What a server asks of one client. Agent thread. */
#ifndef AGENT_CLIENT_REQUEST_H
#define AGENT_CLIENT_REQUEST_H
#include "agent/endpoint/transaction.h"

void client_request(struct client *client, struct coap_exchange *exchange,
		    const struct request *request, const uint8_t *token,
		    uint8_t token_length, int64_t now);
/* As coap.h says of `block`. */
uint8_t client_request_block(struct client *client,
			     const struct request *request, size_t so_far,
			     size_t *most, int64_t now);
/* What request_handle() has left to do; the code to answer, 0: it goes to the
 * requester later. */
uint8_t client_carry_out(struct client *client,
			 const struct request_outcome *outcome,
			 struct requester requester, int64_t now);
/* Answers a good code when all that servers have set in the endpoint is on the
 * disk; 5.00 where that does not take it. located: what a Create made, or NULL.
 * false: nothing is still to be written, answer at once. */
bool endpoint_respond_when_stored(const struct endpoint *endpoint,
				  struct coap_exchange *exchange, uint8_t code,
				  const struct lwm2m_path *located,
				  int64_t now);
#endif
