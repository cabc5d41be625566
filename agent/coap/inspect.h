/* SPDX-License-Identifier: GPL-2.0-or-later
 * What libcoap would answer otherwise than RFC 7252 has it, is caught before it
 * looks: a datagram is passed on in a form that it takes, with the code that its
 * sender gets. Pure. */
#ifndef AGENT_INSPECT_H
#define AGENT_INSPECT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INSPECT_LONGEST 1152	/* bytes of a datagram that is taken (4.6) */

struct inspection {
	size_t n;		/* bytes of what is passed on; 0: as it came */
	uint8_t verdict;	/* CODE() to answer the request with; 0: none */
	bool reject;		/* what is passed on only says what: Reset */
};
/* One datagram of n bytes; to has room for as many.
 *
 * Requests: a method that is none is 4.05 (5.8); a critical option of wrong
 * length, or once too often, is one that is not known (5.4.3, 5.4.5), 4.02, and
 * in a NON a reason for a Reset (5.4.1); an elective one is passed over; what is
 * too long is 4.13 (5.9.2.9). Another version's message is nothing (3), and so
 * is an ACK or a Reset that is malformed or carries what neither may (4.2); a
 * ping, and a code of the signals of streams, is refused (4.3, 12.1). What is less
 * than a header, and all else, goes as it came. */
struct inspection datagram_inspect(const uint8_t *data, size_t n, uint8_t *to);
/* A request's options, and what follows them up to end: all but those that are
 * wrong. verdict is set where one of these is critical. Bytes in to, which has
 * room for as many as there were. */
size_t options_inspect(const uint8_t *at, const uint8_t *end, uint8_t *to,
		       uint8_t *verdict);
#endif
