/* SPDX-License-Identifier: GPL-2.0-or-later
 * Where a server is: "coap://host[:port][/]", IPv6 in brackets; coaps, coap+tcp
 * and coaps+tcp likewise (RFC 7252 6, RFC 8323 8). Pure. */
#ifndef AGENT_URI_H
#define AGENT_URI_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct uri {
	bool secure, tcp;
	char host[256];		/* without brackets */
	uint16_t port;
	size_t n;		/* bytes of all that */
};

/* 0; -EPROTONOSUPPORT the scheme, -EINVAL the host, -ERANGE the port, -EDOM
 * something behind it. */
int uri_parse(const char *text, struct uri *uri);

#define URI_REST_MAX 256
/* What may follow in an account (0/x/0): "/tenant7/lwm2m?key=value", decoded
 * (RFC 7252 6.4): "tenant7/lwm2m", "key=value". -EINVAL: it is none, or no text
 * could hold it (an encoded slash in the path, an encoded & in the query). */
struct uri_rest { char path[URI_REST_MAX], query[URI_REST_MAX]; };
int uri_rest_parse(const char *text, struct uri_rest *rest);
#endif
