/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/http/http_check.h"
#include <ctype.h>
#include <string.h>
#include <strings.h>

static bool is_port(const char *text)
{
	return !*text || (*text == ':' &&
			  strspn(text + 1, "0123456789") == strlen(text + 1));
}

/* Browsers write other notations of an address as this one. */
static bool is_ipv4(const char *host, size_t n)
{
	size_t dots = 0, digits = 0;

	for (size_t i = 0; i < n; i++) {
		if (isdigit((unsigned char)host[i]) && digits < 3) {
			digits++;
		} else if (host[i] == '.' && digits) {
			digits = 0;
			dots++;
		} else {
			return false;
		}
	}
	return dots == 3 && digits;
}

static bool is_name(const char *host, size_t n, const char *name)
{
	return *name && n == strlen(name) && !strncasecmp(host, name, n);
}

bool http_host_is_ours(const char *host, const char *self)
{
	static const char local[] = ".local";
	const size_t n_local = sizeof(local) - 1;
	size_t n;

	if (*host == '[') {
		n = strspn(host + 1, "0123456789abcdefABCDEF:.");
		return n && host[n + 1] == ']' && is_port(host + n + 2);
	}
	n = strcspn(host, ":");
	if (!n || !is_port(host + n))
		return false;
	if (is_ipv4(host, n) || is_name(host, n, "localhost") ||
	    is_name(host, n, self))
		return true;
	return n > n_local &&
	       !strncasecmp(host + n - n_local, local, n_local) &&
	       is_name(host, n - n_local, self);
}

bool http_bearer_is(const char *authorization, const char *token)
{
	static const char scheme[] = "Bearer ";
	const size_t n = strlen(token);
	unsigned differs;

	if (!authorization ||
	    strncasecmp(authorization, scheme, sizeof(scheme) - 1))
		return false;
	authorization += sizeof(scheme) - 1;
	differs = strlen(authorization) != n;
	for (size_t i = 0; i < n; i++) {
		differs |= (unsigned)(*authorization ^ token[i]) & 0xff;
		authorization += *authorization != 0;
	}
	return !differs;
}
