/* SPDX-License-Identifier: GPL-2.0-or-later
 * Fetches a package by CoAP, block by block (RFC 7959). Agent thread. */
#ifndef AGENT_FETCH_H
#define AGENT_FETCH_H
#include <stddef.h>
#include <stdint.h>
#include "agent/lwm2m/firmware.h"

struct endpoint;
struct fetch;

/* Called once, then the fetch is gone: INITIAL and the bytes, borrowed, or why
 * there are none. */
typedef void fetch_ended(void *owner, enum firmware_result result,
			 const uint8_t *bytes, size_t n, int64_t now);

/* For the server of that short id, which wrote the URI: coaps:// goes with the
 * endpoint's credentials for it, and only to its host. The endpoint must outlive
 * the fetch; its clients need not. NULL: it cannot even begin, *why says it;
 * `ended` is not called then. */
struct fetch *fetch_start(const struct endpoint *endpoint, uint16_t server,
			  const char *uri, size_t n, size_t most,
			  fetch_ended *ended, void *owner,
			  enum firmware_result *why);
/* `ended` is not called any more. NULL is fine. */
void fetch_cancel(struct fetch *fetch);
#endif
