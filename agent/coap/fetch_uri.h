/* SPDX-License-Identifier: GPL-2.0-or-later
 * The URI that a package is fetched from (RFC 7252 6.4), taken apart. Pure. */
#ifndef AGENT_FETCH_URI_H
#define AGENT_FETCH_URI_H
#include <stddef.h>
#include "agent/base/uri.h"

#define FETCH_URI_MAX 255		/* of 5/0/1 */

struct fetch_uri {
	struct uri at;			/* scheme, host, port */
	uint8_t path[512], query[512];	/* segments, each behind its length */
	size_t n_path, n_query;
};

/* 0; -EPROTONOSUPPORT another scheme, -EINVAL not a URI. */
int fetch_uri_parse(const char *text, size_t n, struct fetch_uri *uri);
#endif
