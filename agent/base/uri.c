/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "agent/base/uri.h"

static const struct { const char *name; bool secure, tcp; uint16_t port; }
schemes[] = {
	{"coap", false, false, 5683}, {"coaps", true, false, 5684},
	{"coap+tcp", false, true, 5683}, {"coaps+tcp", true, true, 5684},
};

static int scheme_parse(const char **text, struct uri *uri)
{
	const char *end = strstr(*text, "://");

	for (size_t i = 0; end && i < sizeof(schemes) / sizeof(*schemes); i++) {
		if (strlen(schemes[i].name) != (size_t)(end - *text) ||
		    strncmp(schemes[i].name, *text, (size_t)(end - *text)))
			continue;
		uri->secure = schemes[i].secure;
		uri->tcp = schemes[i].tcp;
		uri->port = schemes[i].port;
		*text = end + 3;
		return 0;
	}
	return -EPROTONOSUPPORT;
}

static int host_parse(const char **text, struct uri *uri)
{
	bool bracket = **text == '[';
	const char *from = *text + bracket;
	size_t n = strcspn(from, bracket ? "]" : ":/");

	if (!n || n >= sizeof(uri->host) || (bracket && !from[n]))
		return -EINVAL;
	if (strspn(from, bracket ? "0123456789abcdefABCDEF:.%" :
		   "0123456789abcdefghijklmnopqrstuvwxyz"
		   "ABCDEFGHIJKLMNOPQRSTUVWXYZ-._") < n)
		return -EINVAL;
	memcpy(uri->host, from, n);
	uri->host[n] = '\0';
	*text = from + n + bracket;
	return 0;
}

static int port_parse(const char **text, struct uri *uri)
{
	size_t n;
	unsigned long port;

	if (**text != ':')
		return 0;
	++*text;
	n = strspn(*text, "0123456789");
	port = n && n <= 5 ? strtoul(*text, NULL, 10) : 0;
	if (!port || port > 65535)
		return -ERANGE;
	uri->port = (uint16_t)port;
	*text += n;
	return 0;
}

int uri_parse(const char *text, struct uri *uri)
{
	int rc = scheme_parse(&text, uri);

	if (!rc)
		rc = host_parse(&text, uri);
	if (!rc)
		rc = port_parse(&text, uri);
	if (rc)
		return rc;
	return !*text || !strcmp(text, "/") ? 0 : -EDOM;
}
