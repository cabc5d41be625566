/* SPDX-License-Identifier: GPL-2.0-or-later
 * Fetches a package by CoAP, block by block (RFC 7959). Agent thread. */
#ifndef AGENT_FETCH_H
#define AGENT_FETCH_H
#include <stddef.h>
#include "agent/client/client.h"
#include "agent/lwm2m/firmware.h"

struct fetch;

/* Called once, then the fetch is gone: INITIAL and the bytes, borrowed, or why
 * there are none. */
typedef void fetch_ended(void *owner, enum firmware_result result,
			 const uint8_t *bytes, size_t n);

/* coaps:// goes with the credentials of client's server, and only to its host.
 * NULL: it cannot even begin, *why says it; `ended` is not called then. */
struct fetch *fetch_start(struct client *client, const char *uri, size_t n,
			  size_t most, fetch_ended *ended, void *owner,
			  enum firmware_result *why);
/* `ended` is not called any more. NULL is fine. */
void fetch_cancel(struct fetch *fetch);
#endif
