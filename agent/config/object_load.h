/* SPDX-License-Identifier: GPL-2.0-or-later
 * The folders of object definitions. Agent thread; reads files. */
#ifndef AGENT_OBJECT_LOAD_H
#define AGENT_OBJECT_LOAD_H
#include "agent/config/object_set.h"

/* Every *.xml of DIR/objects.d and of object_dir (NULL: none), by name; those
 * of the first shadow those of the second, by the file's name and by the
 * object's id. Messages name a file as the configuration does: inside of DIR,
 * or in full. The caller is a user of the set. */
struct object_set *object_set_load(const char *dir, const char *object_dir,
				   struct config_errors *errors);
#endif
