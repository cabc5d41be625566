/* SPDX-License-Identifier: GPL-2.0-or-later
 * Paths of the LwM2M resource model. */
#include "objects/path.h"

#include <errno.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* One id at text[*at], up to a slash or the end. */
static int id_parse(const char *text, size_t n, size_t *at, uint16_t *id)
{
	size_t first = *at;
	uint32_t value = 0;

	while (*at < n && is_digit(text[*at])) {
		if (value <= PATH_ID_MAX)
			value = value * 10 + (uint32_t)(text[*at] - '0');
		++*at;
	}
	if (*at == first || (*at < n && text[*at] != '/'))
		return -EINVAL;
	if (text[first] == '0' && *at - first > 1)
		return -EINVAL;
	if (value > PATH_ID_MAX)
		return -ERANGE;
	*id = (uint16_t)value;
	return 0;
}

int path_parse(const char *text, size_t n, struct lwm2m_path *path)
{
	struct lwm2m_path read = path_root();
	size_t at = 0;
	int error;

	if (n && text[0] == '/')
		at++;
	while (at < n) {
		if (read.depth == 4)
			return -E2BIG;
		error = id_parse(text, n, &at, &read.id[read.depth]);
		if (error)
			return error;
		read.depth++;
		if (at < n && ++at == n)	/* a slash, and nothing after */
			return -EINVAL;
	}
	*path = read;
	return 0;
}

size_t path_format(const struct lwm2m_path *path, char text[PATH_TEXT_MAX])
{
	size_t n = 0;

	if (!path->depth)
		text[n++] = '/';
	for (int level = 0; level < path->depth; level++) {
		char digits[5];
		int used = 0;
		uint16_t id = path->id[level];

		do {
			digits[used++] = (char)('0' + id % 10);
			id /= 10;
		} while (id);
		text[n++] = '/';
		while (used)
			text[n++] = digits[--used];
	}
	text[n] = '\0';
	return n;
}

bool path_equal(const struct lwm2m_path *a, const struct lwm2m_path *b)
{
	return path_compare(a, b) == 0;
}

bool path_covers(const struct lwm2m_path *outer,
		 const struct lwm2m_path *inner)
{
	if (outer->depth > inner->depth)
		return false;
	for (int level = 0; level < outer->depth; level++)
		if (outer->id[level] != inner->id[level])
			return false;
	return true;
}

int path_compare(const struct lwm2m_path *a, const struct lwm2m_path *b)
{
	for (int level = 0; level < a->depth && level < b->depth; level++)
		if (a->id[level] != b->id[level])
			return a->id[level] < b->id[level] ? -1 : 1;
	return a->depth - b->depth;
}
