/* SPDX-License-Identifier: GPL-2.0-or-later
 * What a bootstrap server may ask of an endpoint (Core TS 6.1.7): Discover,
 * Read, Write, Delete, on a copy of its accounts. Pure; Finish and the session
 * are bootstrap.h's. */
#ifndef AGENT_BOOTSTRAP_REQUEST_H
#define AGENT_BOOTSTRAP_REQUEST_H
#include "agent/lwm2m/account.h"
#include "agent/lwm2m/request.h"

struct bootstrap_scope {
	struct tree *copy;		/* of objects 0, 1, 2 and 21 */
	const struct tree *tree;	/* the endpoint's: Discover names it */
	const struct object_model *model;
	uint16_t fallback;		/* format of a Read without Accept */
	const char *version;		/* "1.1": what Discover says we speak */
};

struct bootstrap_outcome {
	uint8_t code;			/* CODE() */
	uint16_t format;		/* of the payload, or FORMAT_NONE */
	const char *reason;		/* of 4.xx, literal or in the room */
};

/* POST /bs */
bool bootstrap_is_finish(const struct request *request);

/* A Write replaces an instance that it names as a whole, sets resources that
 * it names one by one, and passes over those that objects 0, 1, 2 and 21 do
 * not have. A Delete of all, or of object 0, leaves the bootstrap server's own
 * account (with its OSCORE); a Delete of that account, of /3 and of what
 * belongs to devices is 4.00, and one of all leaves both as they are. A Read
 * is of /1 and /2 only. The codes are those that the clause gives each
 * operation: 4.00 for whatever is wrong with a Write or Delete, 4.15 its
 * format; 4.04 and 4.05 of a Read. Nothing of a refused Write is done. */
struct bootstrap_outcome
bootstrap_handle(const struct bootstrap_scope *scope,
		 const struct request *request, struct request_room *room,
		 struct buf *out);

/* A Bootstrap-Pack: all accounts in one payload, in place of those there. */
struct bootstrap_outcome
bootstrap_unpack(const struct bootstrap_scope *scope, uint16_t format,
		 const uint8_t *payload, size_t length,
		 struct request_room *room);
#endif
