/* SPDX-License-Identifier: GPL-2.0-or-later
 * Adapters as shared objects: found by name in one directory, loaded once, never
 * unloaded. */
#ifndef AGENT_PLUGIN_H
#define AGENT_PLUGIN_H
#include "adapters/adapter.h"

struct arena;
struct plugins;
/* The adapters of one directory; the same each time, never freed. From the agent
 * thread and the one that reads a configuration anew. */
struct plugins *plugins_of(const char *directory);
/* The ops, copied by the smaller size; NULL and a reason for people in error
 * (not there, no symbol, another ABI by both numbers, another name, a newer
 * minor needed). */
const struct adapter_ops *plugins_find(struct plugins *plugins,
				       const char *name, char *error,
				       size_t size);
/* The names of all that are there, in their order, arena's. Returns how many;
 * they need not be adapters that fit. */
size_t plugins_list(const struct plugins *plugins, struct arena *arena,
		    const char ***names);
#endif
