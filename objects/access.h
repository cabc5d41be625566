/* SPDX-License-Identifier: GPL-2.0-or-later
 * Access control (object 2, Core TS 8.2): who may do what with an object
 * instance, as the instances of object 2 in the same tree say. Pure. */
#ifndef OBJECTS_ACCESS_H
#define OBJECTS_ACCESS_H
#include "objects/tree.h"

enum access_right {			/* as in 2/x/2 */
	ACCESS_READ = 1,		/* Observe and Write-Attributes too */
	ACCESS_WRITE = 2, ACCESS_EXECUTE = 4, ACCESS_DELETE = 8,
	ACCESS_CREATE = 16,
};
#define ACCESS_ALL 31			/* of enum access_right */
#define ACCESS_INSTANCE 15		/* what counts for an instance */
#define ACCESS_OBJECT 2			/* the object of access control */
#define ACCESS_DEFAULT 0		/* entry of 2/x/2 for all others */
/* In 2/x/1: the object itself, of which instances may be created. In 2/x/3:
 * no server's, a bootstrap's or the configuration's alone. */
#define ACCESS_NOBODY 65535

/* One entry of 2/x/2. */
struct access_entry { uint16_t server; uint8_t rights; };
/* One instance of object 2. */
struct access_rule {
	uint16_t object, instance;	/* what it is about */
	uint16_t owner;			/* short server id, or ACCESS_NOBODY */
	const struct access_entry *entries;	/* by server */
	size_t n;
};

/* The instance of object 2 about object/instance; NULL: there is none. */
const struct tree_instance *access_find(const struct tree *tree,
					uint16_t object, uint16_t instance);
/* What an instance of object 2 is about, and whose it is; false: it lacks a
 * mandatory resource and speaks of nothing. Without the entries. */
bool access_rule_read(const struct tree_instance *instance,
		      struct access_rule *rule);
/* Does it say exactly this? */
bool access_rule_is(const struct tree_instance *instance,
		    const struct access_rule *rule);

/* What the server may do with object/instance (instance ACCESS_NOBODY: make
 * one), of enum access_right: its own entry counts, without one its owner may
 * do all, others what the default entry says, or nothing. Object 2 itself is
 * read by all and written by the owner of its instance. -ENOENT: object 2 says
 * nothing of it. */
int access_rights(const struct tree *tree, uint16_t object, uint16_t instance,
		  uint16_t server);

/* Can value be written at path, of object 2? Rights are bits, and an owner is a
 * server with an account in the tree. */
bool access_is_possible(const struct tree *tree, const struct lwm2m_path *path,
			const struct lwm2m_value *value);

/* The lowest id that no instance of object 2 has; 65535: there is none. */
uint16_t access_id_free(const struct tree *tree);
/* Writes a rule to the tree as object 2's instance `id`, which is made. false:
 * no memory. */
bool access_add(struct tree *tree, const struct object_def *object,
		uint16_t id, const struct access_rule *rule);
#endif
