/* SPDX-License-Identifier: GPL-2.0-or-later
 * Configuration files: a tree where each node has a place, or an error with
 * one. */
#include <stdlib.h>

#include "agent/base/arena.h"
#include "agent/config/yaml.h"

#define EXPECT(fact) ((fact) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void node_check(const struct yaml_node *node, unsigned depth)
{
	EXPECT(node && depth <= 16);
	EXPECT(node->place.line >= 1 && node->place.column >= 1);
	if (node->kind == YAML_TEXT) {
		EXPECT(node->text);
		return;
	}
	for (size_t i = 0; i < node->n; i++) {
		node_check(node->items[i], depth + 1);
		if (node->kind != YAML_MAP)
			continue;
		EXPECT(node->key_places[i].line >= 1);
		EXPECT(yaml_get(node, node->keys[i]) == node->items[i]);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_create();
	struct config_errors errors;
	const struct yaml_node *node;

	config_errors_init(&errors);
	node = yaml_parse("fuzz.yaml", (const char *)data, size, arena,
			  &errors);
	EXPECT(!node == (errors.n > 0));
	if (node)
		node_check(node, 0);
	for (struct config_error *e = errors.first; e; e = e->next)
		EXPECT(e->text);
	config_errors_finish(&errors);
	arena_destroy(arena);
	return 0;
}
