/* SPDX-License-Identifier: GPL-2.0-or-later
 * The object definitions of one load of the configuration: the compiled ones,
 * and behind them those of XML files. Pure; agent thread.
 *
 * A set is shared by all devices that were loaded with it, and lives as long
 * as one of them: the definitions that their trees point to are in it. */
#ifndef AGENT_OBJECT_SET_H
#define AGENT_OBJECT_SET_H
#include "agent/config/config.h"

#define OBJECT_SET_MAX 4096	/* definitions of XML files */

/* A definition as it stood in a file; where, for what is said of it. */
struct object_draft {
	const struct object_def *def;
	struct place place;		/* of the object */
	const struct place *places;	/* of each resource */
	bool site;			/* of the site's own folder */
};

struct object_set;

struct object_set *object_set_create(void);	/* with one user */
/* What definitions are made in: theirs to take, the set's to free. */
struct arena *object_set_arena(struct object_set *set);
/* Of several versions of an object the newest is taken, of a folder's as of
 * the compiled ones; the site's definition shadows the shipped one. What
 * differs and is not used for it is a finding. */
void object_set_add(struct object_set *set, const struct object_draft *draft,
		    struct config_errors *errors);
/* A set of equal content that somebody uses already, or this one. */
struct object_set *object_set_share(struct object_set *set);
struct object_set *object_set_keep(struct object_set *set);	/* a user more */
void object_set_release(struct object_set *set);	/* NULL is fine */

/* NULL: the compiled ones alone. Never NULL. */
const struct object_model *object_set_model(const struct object_set *set);

uint64_t object_fingerprint(const struct object_def *def);
/* The unit of a resource as its definition tells it, or NULL. */
const char *object_unit(const struct object_model *model, uint16_t object,
			uint16_t resource);
#endif
