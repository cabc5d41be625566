/* SPDX-License-Identifier: GPL-2.0-or-later
 * coap://host:port/path/to?a&b */
#include "agent/coap/fetch_uri.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

static int hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) % 16 : -1;
}

/* The byte at text, of at most n; -1: none that may stand there. *taken: its
 * characters. */
static int byte_read(const char *text, size_t n, size_t *taken)
{
	int high, low;

	*taken = 1;
	if (*text != '%')
		return (unsigned char)*text > ' ' ? (unsigned char)*text : -1;
	if (n < 3)
		return -1;
	*taken = 3;
	high = hex_digit(text[1]);
	low = hex_digit(text[2]);
	return high < 0 || low < 0 ? -1 : high * 16 + low;
}

/* One segment with its %XX undone, behind its length. */
static bool segment_add(const char *text, size_t n, uint8_t *to, size_t room,
			size_t *used)
{
	size_t length = 0, taken;

	for (; n; n -= taken, text += taken) {
		int byte = byte_read(text, n, &taken);

		if (byte < 0 || length == 255 || *used + 1 + length >= room)
			return false;
		to[*used + 1 + length++] = (uint8_t)byte;
	}
	if (*used + 1 > room)
		return false;
	to[*used] = (uint8_t)length;
	*used += 1 + length;
	return true;
}

/* "a/b" or "x&y" to segments. */
static int segments_add(const char *text, size_t n, char between, uint8_t *to,
			size_t room, size_t *used)
{
	*used = 0;
	while (n) {
		const char *end = memchr(text, between, n);
		size_t length = end ? (size_t)(end - text) : n;

		if (!segment_add(text, length, to, room, used))
			return -EINVAL;
		text += length + (end != NULL);
		n -= length + (end != NULL);
	}
	return 0;
}

int fetch_uri_parse(const char *text, size_t n, struct fetch_uri *uri)
{
	char head[FETCH_URI_MAX + 1];
	const char *end = text + n, *at, *query;
	int rc;

	memset(uri, 0, sizeof(*uri));
	if (!n || n > FETCH_URI_MAX || memchr(text, 0, n) ||
	    memchr(text, '#', n))
		return -EINVAL;
	at = memmem(text, n, "://", 3);
	for (at = at ? at + 3 : end; at < end && *at != '/' && *at != '?'; )
		at++;
	snprintf(head, sizeof(head), "%.*s", (int)(at - text), text);
	rc = uri_parse(head, &uri->at);
	if (rc)
		return rc == -EPROTONOSUPPORT ? rc : -EINVAL;
	at += at < end && *at == '/';
	query = memchr(at, '?', (size_t)(end - at));
	rc = segments_add(at, (size_t)((query ? query : end) - at), '/',
			  uri->path, sizeof(uri->path), &uri->n_path);
	if (!rc && query)
		rc = segments_add(query + 1, (size_t)(end - query - 1), '&',
				  uri->query, sizeof(uri->query),
				  &uri->n_query);
	return rc;
}
