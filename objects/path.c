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

size_t path_prefix(const char *text, size_t n, uint16_t *device)
{
	size_t first = n && text[0] == '/', at = first + 1;
	uint16_t number;

	if (first >= n || text[first] != 'd' || id_parse(text, n, &at, &number) ||
	    number > PATH_DEVICE_MAX)
		return 0;
	if (!first && at + 1 == n)	/* a slash, and nothing after */
		return 0;
	*device = (uint16_t)(number + 1);
	return first || at == n ? at : at + 1;
}

int path_parse_prefixed(const char *text, size_t n, struct lwm2m_path *path)
{
	uint16_t device = 0;
	size_t skip = path_prefix(text, n, &device);
	int error;

	if (skip && skip + 1 == n)	/* "/d5/" */
		return -EINVAL;
	error = path_parse(text + skip, n - skip, path);
	if (!error)
		path->id[PATH_DEVICE] = device;
	return error;
}

static size_t number_format(uint16_t number, char *text)
{
	char digits[5];
	size_t used = 0, n = 0;

	do {
		digits[used++] = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	while (used)
		text[n++] = digits[--used];
	return n;
}

size_t path_format(const struct lwm2m_path *path, char text[PATH_TEXT_MAX])
{
	size_t n = 0;

	if (path->id[PATH_DEVICE] && path->id[PATH_DEVICE] != PATH_DEVICE_ANY) {
		text[n++] = '/';
		text[n++] = 'd';
		n += number_format((uint16_t)(path->id[PATH_DEVICE] - 1), text + n);
	} else if (!path->depth) {
		text[n++] = '/';
	}
	for (int level = 0; level < path->depth; level++) {
		text[n++] = '/';
		n += number_format(path->id[level], text + n);
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
	if (outer->depth > inner->depth ||
	    (outer->id[PATH_DEVICE] != inner->id[PATH_DEVICE] &&
	     outer->id[PATH_DEVICE] != PATH_DEVICE_ANY))
		return false;
	for (int level = 0; level < outer->depth; level++)
		if (outer->id[level] != inner->id[level])
			return false;
	return true;
}

int path_compare(const struct lwm2m_path *a, const struct lwm2m_path *b)
{
	if (a->id[PATH_DEVICE] != b->id[PATH_DEVICE])
		return a->id[PATH_DEVICE] < b->id[PATH_DEVICE] ? -1 : 1;
	for (int level = 0; level < a->depth && level < b->depth; level++)
		if (a->id[level] != b->id[level])
			return a->id[level] < b->id[level] ? -1 : 1;
	return a->depth - b->depth;
}
