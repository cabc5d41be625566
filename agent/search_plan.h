/* SPDX-License-Identifier: GPL-2.0-or-later
 * What a search is to do: its keys typed by the adapter's table, and what the
 * profiles know their devices by. Agent thread; reads profiles. */
#ifndef AGENT_SEARCH_PLAN_H
#define AGENT_SEARCH_PLAN_H
#include "adapters/adapter.h"
#include "agent/bus_search.h"
#include "agent/config.h"

#define SEARCH_KEYS_MAX 32

struct search_key { const char *key, *value; };	/* as given by people */

/* duration: how long (ns), 0: as long as it takes an adapter that searches by
 * itself (600 s at most), 10 s for others. What is wrong goes to errors, and
 * NULL is returned. */
struct search_plan *search_plan_create(const struct adapter_ops *ops,
				       uint32_t kind,
				       const struct search_key *keys, size_t n,
				       int64_t duration,
				       struct config_errors *errors);
/* Every profile with `identify` and a block for this adapter; those that are
 * wrong are left out. dir: of the configuration. */
void search_plan_identify(struct search_plan *plan,
			  const struct adapter_ops *ops, const char *dir,
			  const char *profile_dir);
void search_plan_free(struct search_plan *plan);	/* NULL is fine */

/* Do the keys that were found make a device, or are they a point's? */
bool search_finds_device(const struct adapter_ops *ops, const char *keys);

/* A bus that nobody declared, named as its adapter, with no settings. NULL:
 * it needs to be declared, errors say why. */
struct plugins;
struct config_bus *search_bus_imply(const char *name, struct plugins *plugins,
				    struct config_errors *errors);
#endif
