/* SPDX-License-Identifier: GPL-2.0-or-later
 * Adapters as shared objects: found by name in one directory, loaded once, never
 * unloaded. */
#ifndef AGENT_PLUGIN_H
#define AGENT_PLUGIN_H
#include "adapters/adapter.h"

struct plugins;
/* The adapters of one directory; the same each time, never freed. Agent
 * thread. */
struct plugins *plugins_of(const char *directory);
/* The ops, copied by the smaller size; NULL and a reason for people in error
 * (not there, no symbol, another ABI by both numbers, another name, a newer
 * minor needed). */
const struct adapter_ops *plugins_find(struct plugins *plugins,
				       const char *name, char *error,
				       size_t size);
#endif
