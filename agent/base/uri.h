/* SPDX-License-Identifier: GPL-2.0-or-later
 * Where a server is: "coap://host[:port][/]", IPv6 in brackets; coaps, coap+tcp
 * and coaps+tcp likewise (RFC 7252 6, RFC 8323 8). Pure. */
#ifndef AGENT_URI_H
#define AGENT_URI_H
#include <stdbool.h>
#include <stdint.h>

struct uri {
	bool secure, tcp;
	char host[256];		/* without brackets */
	uint16_t port;
};

/* 0; -EPROTONOSUPPORT the scheme, -EINVAL the host, -ERANGE the port, -EDOM
 * something behind it. */
int uri_parse(const char *text, struct uri *uri);
#endif
