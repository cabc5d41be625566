/* SPDX-License-Identifier: GPL-2.0-or-later
 * Links as JSON (application/link-format+json, 504): </3/0>;pmin=10 is
 * {"href":"/3/0","pmin":"10"}. */
#include <errno.h>
#include <string.h>

#include "objects/linkformat.h"

static void byte_put(struct buf *out, char c)
{
	if (c == '"' || c == '\\')
		buf_byte(out, '\\');
	if ((uint8_t)c < ' ')
		buf_print(out, "\\u%04x", (uint8_t)c);
	else
		buf_byte(out, (uint8_t)c);
}

/* Without the quotes and backslashes that links put around it. */
static void text_put(struct buf *out, const char *text, size_t n)
{
	bool quoted = n >= 2 && text[0] == '"';

	buf_byte(out, '"');
	for (size_t i = quoted; i < n - quoted; i++) {
		if (quoted && text[i] == '\\')
			i++;
		byte_put(out, text[i]);
	}
	buf_byte(out, '"');
}

/* The end of the parameter that begins at text: its value may be quoted. */
static size_t parameter_end(const char *text, size_t n)
{
	bool quoted = false;
	size_t at;

	for (at = 0; at < n && (quoted || text[at] != ';'); at++) {
		if (text[at] == '"')
			quoted = !quoted;
		else if (quoted && text[at] == '\\')
			at++;
	}
	return at;
}

static void parameter_put(struct buf *out, const char *text, size_t n)
{
	const char *equals = memchr(text, '=', n);
	size_t n_name = equals ? (size_t)(equals - text) : n;

	buf_byte(out, ',');
	text_put(out, text, n_name);
	buf_byte(out, ':');
	if (equals)
		text_put(out, equals + 1, n - n_name - 1);
	else
		buf_text(out, "true");
}

static void link_put(struct buf *out, const struct link *link)
{
	size_t end;

	buf_text(out, "{\"href\":");
	text_put(out, link->target, link->n_target);
	for (size_t at = 0; at < link->n_parameters; at += end + 1) {
		const char *text = link->parameters + at;

		end = parameter_end(text, link->n_parameters - at);
		parameter_put(out, text, end);
	}
	buf_byte(out, '}');
}

int links_to_json(struct buf *out, size_t start)
{
	size_t middle = out->used, n = middle - start;
	const char *text = (const char *)out->at + start;
	const char *comma = "";
	struct link link;
	int got;

	buf_byte(out, '[');
	while ((got = link_next(&text, &n, &link)) > 0) {
		buf_text(out, comma);
		link_put(out, &link);
		comma = ",";
	}
	buf_byte(out, ']');
	if (got < 0 || out->full)
		return got < 0 ? got : -EMSGSIZE;
	memmove(out->at + start, out->at + middle, out->used - middle);
	out->used -= middle - start;
	return 0;
}
