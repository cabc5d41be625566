/* SPDX-License-Identifier: GPL-2.0-or-later
 * `store:` of the main file, and sizes. */
#include <errno.h>
#include <math.h>
#include <string.h>
#include "agent/config/config_build.h"

int config_size(const char *text, int64_t *bytes)
{
	static const struct { const char *name; double bytes; } units[] = {
		{"", 1}, {"B", 1}, {"KiB", 1024.0}, {"MiB", 1024.0 * 1024},
		{"GiB", 1024.0 * 1024 * 1024}, {"kB", 1e3}, {"MB", 1e6},
		{"GB", 1e9},
	};
	const char *unit;
	double value;

	if (config_quantity(text, &value, &unit) < 0)
		return -EINVAL;
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		if (strcmp(unit, units[i].name))
			continue;
		value *= units[i].bytes;
		if (value > 1e15)
			return -ERANGE;
		*bytes = (int64_t)llround(value);
		return 0;
	}
	return -EINVAL;
}

void config_store_build(struct building *b, const struct yaml_node *node)
{
	struct config_scope scope;

	config_scope_init(&scope, b->errors, NULL, "the store");
	if (!config_is_map(node, "store", &scope))
		return;
	for (size_t i = 0; i < node->n; i++) {
		const struct config_key *key =
			config_key_find(config_store_keys, node->keys[i]);

		if (!key)
			config_refuse_key(&scope, node->keys[i],
					  node->key_places[i],
					  config_store_keys, NULL);
		else
			config_key_set(key, node->items[i], b->config,
				       b->arena, &scope);
	}
}
