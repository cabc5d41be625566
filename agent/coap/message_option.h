/* SPDX-License-Identifier: GPL-2.0-or-later
 * The options of a CoAP message that libcoap has not parsed, as they lie in the
 * caller's bytes. Pure. */
#ifndef AGENT_MESSAGE_OPTION_H
#define AGENT_MESSAGE_OPTION_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct message_option {
	uint32_t number;
	const uint8_t *value;
	size_t length;
	const uint8_t *next;		/* what follows it */
};

/* The option at `at`, after one of number `before` (0: the first), with its
 * nibbles and what extends them (RFC 7252 3.1). false: no more, at the end,
 * before the payload's marker, or where it is malformed. */
bool message_option_next(const uint8_t *at, const uint8_t *end, uint32_t before,
			 struct message_option *option);
#endif
