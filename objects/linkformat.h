/* SPDX-License-Identifier: GPL-2.0-or-later
 * CoRE links (RFC 6690): the list of a registration, the answer of Discover,
 * and a checker of links that come from outside (type Corelnk). */
#ifndef OBJECTS_LINKFORMAT_H
#define OBJECTS_LINKFORMAT_H
#include "objects/attributes.h"
#include "objects/buf.h"
#include "objects/tree.h"

/* One link of a list, all borrowed from it: <target>;parameters */
struct link { const char *target, *parameters; size_t n_target, n_parameters; };

/* Takes the first link off [*text, *n). 1 one was read, 0 at the end,
 * -EBADMSG malformed. */
int link_next(const char **text, size_t *n, struct link *link);

/* What is said of an object in place of its own version. */
struct link_version { uint16_t object; const char *version; };

struct link_options {
	int32_t ct;		/* of the root link; -1: none */
	bool ver;		/* say object versions other than the core's */
	const struct link_version *versions;	/* these in any case */
	size_t n_versions;
	/* Those that could have instances and have none, by id. */
	const struct object_def *const *empty;
	size_t n_empty;
};

/* The registration's object list: </>;rt="oma.lwm2m";ct=110,</1/0>,... : no
 * spaces, /0 and /21 left out, ver on an object link only (Core TS 6.2.1). */
void links_register(const struct tree *tree,
		    const struct link_options *options, struct buf *out);
/* Discover (Core TS 6.3.2) at path, with this server's attributes: own ones
 * at object and instance level, inherited ones too for a resource; `dim` of
 * multiple resources, `ver` of objects, `ssid` of accounts (object 1). Links
 * are behind the prefix of path's device.
 * depth: not deeper than so many levels below path, 0 (path alone) to 3; -1: as
 * is usual, which is resources of objects and instances, and elements of
 * resources (LwM2M 1.2).
 * -ENOENT: nothing there. */
int links_discover(const struct tree *tree, const struct lwm2m_path *path,
		   int depth, const struct attribute_set *attributes,
		   struct buf *out);
/* Of an object without instances. */
void links_discover_empty(const struct object_def *object, uint16_t device,
			  const struct attribute_set *attributes,
			  struct buf *out);
/* Turns the links that out holds from `start` on into JSON (Content-Format
 * 504). For a while out holds both. 0, -EBADMSG malformed, -EMSGSIZE. */
int links_to_json(struct buf *out, size_t start);
#endif
