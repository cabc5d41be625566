/* SPDX-License-Identifier: GPL-2.0-or-later
 * Parsed YAML of our strict subset: scalars are text, typed later by schema.
 * Every node knows where it stood. Made by config_yaml.c, read by config.c. */
#ifndef AGENT_YAML_H
#define AGENT_YAML_H
#include "agent/config/config.h"

enum yaml_kind { YAML_TEXT, YAML_LIST, YAML_MAP };

struct yaml_node {
	enum yaml_kind kind;
	struct place place;		/* of the value */
	const char *text;		/* of TEXT */
	size_t n;			/* of LIST and MAP */
	struct yaml_node **items;	/* of LIST and MAP (values) */
	const char **keys;		/* of MAP */
	struct place *key_places;	/* of MAP */
};

/* NULL: map has no such key. */
const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key);

/* Parses one file of at most 1 MiB, nested at most 8 deep: anchors, aliases,
 * tags, duplicate keys and several documents are errors. NULL after an error
 * was added. Everything lies in arena. An empty file is an empty map. */
const struct yaml_node *yaml_parse(const char *file, const char *text,
				   size_t length, struct arena *arena,
				   struct config_errors *errors);
#endif
