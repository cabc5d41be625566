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
	size_t n = strcspn(from, bracket ? "]" : ":/?");

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
	const char *from = text;
	int rc = scheme_parse(&text, uri);

	if (!rc)
		rc = host_parse(&text, uri);
	if (!rc)
		rc = port_parse(&text, uri);
	if (rc)
		return rc;
	uri->n = (size_t)(text - from);
	return !*text || !strcmp(text, "/") ? 0 : -EDOM;
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' :
	       c >= 'a' && c <= 'f' ? c - 'a' + 10 :
	       c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The n characters at text; between: what parts segments, never an encoded
 * one. No segment is longer than an option of CoAP. */
static int part_decode(const char *text, size_t n, char between, char *to)
{
	size_t used = 0, segment = 0;

	for (size_t i = 0; i < n; i++) {
		bool encoded = text[i] == '%';
		int c = (unsigned char)text[i];

		if (encoded && (i + 2 >= n || hex_digit(text[i + 1]) < 0 ||
				hex_digit(text[i + 2]) < 0))
			return -EINVAL;
		if (encoded) {
			c = hex_digit(text[i + 1]) << 4 |
			    hex_digit(text[i + 2]);
			i += 2;
		}
		segment = c == between ? 0 : segment + 1;
		if (!c || (encoded && c == between) || segment > 255 ||
		    used + 1 >= URI_REST_MAX)
			return -EINVAL;
		to[used++] = (char)c;
	}
	to[used] = '\0';
	return 0;
}

int uri_rest_parse(const char *text, struct uri_rest *rest)
{
	size_t n = strcspn(text, "?");
	const char *query = text[n] ? text + n + 1 : "";
	int rc;

	*rest = (struct uri_rest){.path = ""};
	if (strchr(text, '#') || (*text && *text != '/' && *text != '?'))
		return -EINVAL;
	if (n && text[n - 1] == '/' && n > 1)
		n--;
	rc = part_decode(text + (n > 0), n - (n > 0), '/', rest->path);
	if (rc < 0)
		return rc;
	return part_decode(query, strlen(query), '&', rest->query);
}
