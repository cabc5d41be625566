/* SPDX-License-Identifier: GPL-2.0-or-later
 * `store:` of the main file, and sizes. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "agent/config/config_build.h"

const struct config_unit config_size_units[] = {
	{"", 1}, {"B", 1}, {"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30},
	{"kB", 1000}, {"MB", 1000000}, {"GB", 1000000000}, {NULL, 0}
};

int config_size(const char *text, int64_t *bytes)
{
	const char *unit;
	double value;

	if (config_quantity(text, &value, &unit) < 0)
		return -EINVAL;
	for (const struct config_unit *u = config_size_units; u->name; u++) {
		if (strcmp(unit, u->name))
			continue;
		value *= (double)u->of;
		if (value > 1e15)
			return -ERANGE;
		*bytes = (int64_t)llround(value);
		return 0;
	}
	return -EINVAL;
}

const char *size_text(int64_t bytes, char text[SIZE_TEXT_MAX])
{
	static const char *const names[] = {"", "KiB", "MiB", "GiB"};
	size_t i = 0;

	for (; i < 3 && bytes && bytes % 1024 == 0; i++)
		bytes /= 1024;
	snprintf(text, SIZE_TEXT_MAX, "%" PRId64 "%s", bytes, names[i]);
	return text;
}

void config_store_build(struct config_builder *b, const struct yaml_node *node)
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
