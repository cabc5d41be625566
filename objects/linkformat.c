/* SPDX-License-Identifier: GPL-2.0-or-later
 * Reading CoRE links (RFC 6690 section 2), one at a time. */
#include "objects/linkformat.h"

#include <errno.h>
#include <string.h>

/* What a parameter's name is made of (attr-char, RFC 5987, and the * that
 * ends an extended one). */
static bool is_name(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
	       (c >= 'a' && c <= 'z') || (c && strchr("!#$&+-.^_`|~*", c));
}

/* What a value without quotes is made of (ptokenchar). */
static bool is_token(char c)
{
	return c > ' ' && c < 0x7f && c != '"' && c != ',' && c != ';' &&
	       c != '\\';
}

/* Past the closing quote of a string that is open at `at`; 0: it never
 * closes. */
static size_t quoted_skip(const char *text, size_t n, size_t at)
{
	for (; at < n; at++) {
		if (text[at] == '"')
			return at + 1;
		if (text[at] == '\\' && ++at == n)
			break;
	}
	return 0;
}

/* Past "name" or "name=value" at `at`; 0: malformed. */
static size_t parameter_skip(const char *text, size_t n, size_t at)
{
	size_t first = at;

	while (at < n && is_name(text[at]))
		at++;
	if (at == first)
		return 0;
	if (at == n || text[at] != '=')
		return at;
	if (++at < n && text[at] == '"')
		return quoted_skip(text, n, at + 1);
	first = at;
	while (at < n && is_token(text[at]))
		at++;
	return at == first ? 0 : at;
}

/* Past "<target>"; 0: malformed. */
static size_t target_skip(const char *text, size_t n)
{
	size_t at = 1;

	if (text[0] != '<')
		return 0;
	while (at < n && text[at] > ' ' && text[at] != '<' && text[at] != '>' &&
	       text[at] != '"')
		at++;
	return at < n && text[at] == '>' ? at + 1 : 0;
}

int link_next(const char **text, size_t *n, struct link *link)
{
	const char *from = *text;
	size_t end, at;

	if (!*n)
		return 0;
	end = at = target_skip(from, *n);
	if (!at)
		return -EBADMSG;
	while (at < *n && from[at] == ';') {
		at = parameter_skip(from, *n, at + 1);
		if (!at)
			return -EBADMSG;
	}
	*link = (struct link){from + 1, from + end, end - 2, at - end};
	if (link->n_parameters) {	/* without the first semicolon */
		link->parameters++;
		link->n_parameters--;
	}
	if (at < *n && (from[at] != ',' || ++at == *n))
		return -EBADMSG;
	*text += at;
	*n -= at;
	return 1;
}
