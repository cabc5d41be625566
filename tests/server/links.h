/* SPDX-License-Identifier: GPL-2.0-or-later
 * CoRE link format (RFC 6690) as strict as Eclipse Leshan reads it: what that
 * server refuses is refused here, with the reason in words. Written apart from
 * the product's own parser, so that one mistake is not made twice. */
#ifndef SERVER_LINKS_H
#define SERVER_LINKS_H
#include <stdbool.h>
#include <stddef.h>

/* One link; every slice points into the text that was handed in. */
struct link {
	const char *start;	/* from '<' ... */
	size_t length;		/* ... to before the comma */
	const char *target;	/* between the brackets */
	size_t target_length;
	int depth;		/* ids in the path; 0: root; -1: other text */
	const char *version;	/* value of ver=, NULL without one */
	size_t version_length;
};

/* The next link of *at .. end: 1, 0 at the end, -1 with *why in words.
 * *at moves behind the comma. */
int link_next(const char **at, const char *end, struct link *out,
	      const char **why);

/* Whole list of a Register or Update. NULL when it is right, else the reason. */
const char *links_check_registration(const char *text, size_t length);

/* Whole answer to a Discover: besides the grammar, only the attributes that
 * Leshan models and numbers without quotation marks. */
const char *links_check_discover(const char *text, size_t length);

/* Is `path` in the list, or something below it, or the instance that it is a
 * resource of? (Resources are not listed.) */
bool links_cover(const char *text, size_t length, const char *path);
#endif
