/* SPDX-License-Identifier: GPL-2.0-or-later
 * What a search is to do: its keys typed by the adapter's table, and what the
 * profiles know their devices by. Agent thread; reads profiles. */
#ifndef AGENT_SEARCH_PLAN_H
#define AGENT_SEARCH_PLAN_H
#include "adapters/adapter.h"
#include "agent/bus/bus_search.h"
#include "agent/config/config.h"

#define SEARCH_KEYS_MAX 32

struct search_key { const char *key, *value; };	/* as given by people */

/* Keys that are neither a search's nor a bus's are refused as a search's.
 * duration: how long (ns), 0: as long as it takes an adapter that searches by
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

/* What was found, by its keys: "unit: 7". */
struct search_hit {
	const struct adapter_ops *ops;
	struct arena *arena;
	const struct yaml_node *keys;	/* a map, or NULL: they are none */
	void *device;			/* as a device with these keys has */
	bool of_device;			/* else they are a point's */
};
void search_hit_init(struct search_hit *hit, const struct adapter_ops *ops,
		     const char *keys);
void search_hit_finish(struct search_hit *hit);
/* Has a device, by its data, all of the keys alike? */
bool search_hit_is(const struct search_hit *hit, const void *device);

/* Takes those of keys that are a bus's out of them, to the end; how many are
 * left. */
size_t search_keys_split(const struct adapter_ops *ops, struct search_key *keys,
			 size_t n);
/* A bus that nobody declared, named as its adapter, with these settings. NULL:
 * it cannot be, errors say why. */
struct plugins;
struct config_bus *search_bus_imply(const char *name, struct plugins *plugins,
				    const struct search_key *keys, size_t n,
				    struct config_errors *errors);
#endif
