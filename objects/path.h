/* SPDX-License-Identifier: GPL-2.0-or-later
 * Paths of the LwM2M resource model: /object/instance/resource/resource
 * instance (Core TS 7.1). Plain values, no memory of their own. */
#ifndef OBJECTS_PATH_H
#define OBJECTS_PATH_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PATH_TEXT_MAX 31	/* "/d4094/65535/65535/65535/65535" and its
				 * end */
#define PATH_ID_MAX 65534	/* 65535 is reserved */
#define PATH_DEVICE 4
#define PATH_DEVICE_MAX 4094	/* prefixes "d0" to "d4094" */
#define PATH_DEVICE_ANY 4096	/* of a path that only covers: all, and none */

/* id[PATH_DEVICE]: in whose tree, behind a gateway (LwM2M Gateway 1.1): 1 more
 * than the number of its prefix, 0: in the client's own. Part of what names say
 * to a server; trees and attributes know of none. */
struct lwm2m_path {
	uint16_t id[5];
	uint8_t depth;		/* 0: the root, 4: a resource instance */
};

static inline struct lwm2m_path path_root(void)
{
	return (struct lwm2m_path){{0}, 0};
}
static inline struct lwm2m_path path_object(uint16_t o)
{
	return (struct lwm2m_path){{o, 0, 0, 0}, 1};
}
static inline struct lwm2m_path path_instance(uint16_t o, uint16_t i)
{
	return (struct lwm2m_path){{o, i, 0, 0}, 2};
}
static inline struct lwm2m_path path_resource(uint16_t o, uint16_t i,
					      uint16_t r)
{
	return (struct lwm2m_path){{o, i, r, 0}, 3};
}
static inline struct lwm2m_path path_element(uint16_t o, uint16_t i,
					     uint16_t r, uint16_t ri)
{
	return (struct lwm2m_path){{o, i, r, ri}, 4};
}
/* The same in the tree itself, which has no prefixes. */
static inline struct lwm2m_path path_here(const struct lwm2m_path *path)
{
	struct lwm2m_path here = *path;

	here.id[PATH_DEVICE] = 0;
	return here;
}
/* One level deeper; the depth must be below 4. */
static inline struct lwm2m_path path_child(struct lwm2m_path path, uint16_t id)
{
	path.id[path.depth++] = id;
	return path;
}

/* Reads "/3303/0/5700", with or without the first slash ("3303/0"); "/" and
 * "" are the root. No leading zeros, signs or trailing slash.
 * 0, -EINVAL malformed, -ERANGE an id above PATH_ID_MAX, -E2BIG too deep. */
int path_parse(const char *text, size_t n, struct lwm2m_path *path);
/* The same behind a prefix, "/d5/3303/0/5700", or without one. -EINVAL also: no
 * number of ours. */
int path_parse_prefixed(const char *text, size_t n, struct lwm2m_path *path);
/* Takes "d5/" or "/d5", all of it, off the front of a path's text: how many
 * bytes, 0: it has none. */
size_t path_prefix(const char *text, size_t n, uint16_t *device);

/* "/3303/0/5700", "/" for the root, "/d5" for that of a device; returns the
 * length. */
size_t path_format(const struct lwm2m_path *path, char text[PATH_TEXT_MAX]);

bool path_equal(const struct lwm2m_path *a, const struct lwm2m_path *b);
/* Is inner the same as outer or below it? The root covers all. */
bool path_covers(const struct lwm2m_path *outer,
		 const struct lwm2m_path *inner);
/* Order of a tree walk: by ids, a parent before its children. <0, 0, >0 */
int path_compare(const struct lwm2m_path *a, const struct lwm2m_path *b);
#endif
