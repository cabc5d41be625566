/* SPDX-License-Identifier: GPL-2.0-or-later
 * Layers of keys and their fingerprints. */
#include "agent/config/config_block.h"
#include <string.h>
#include "agent/base/text.h"

const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key)
{
	if (map->kind != YAML_MAP)
		return NULL;
	for (size_t i = 0; i < map->n; i++)
		if (text_is(map->keys[i], key))
			return map->items[i];
	return NULL;
}

void block_init(struct block *block)
{
	block->first = NULL;
	block->end = &block->first;
	block->n = 0;
}

const struct entry *block_get(const struct block *block, const char *key)
{
	for (const struct entry *e = block->first; e; e = e->next)
		if (text_is(e->key, key))
			return e;
	return NULL;
}

static void entry_append(struct block *block, struct arena *arena,
			 const char *key, struct place place,
			 const struct yaml_node *value)
{
	struct entry *entry = arena_take(arena, sizeof(*entry));

	*entry = (struct entry){key, place, value, NULL};
	*block->end = entry;
	block->end = &entry->next;
	block->n++;
}

void block_put(struct block *block, struct arena *arena, const char *key,
	       struct place place, const struct yaml_node *value)
{
	if (!block_get(block, key))
		entry_append(block, arena, key, place, value);
}

void block_put_map(struct block *block, struct arena *arena,
		   const struct yaml_node *map, const char *without)
{
	bool empty = !block->n;

	for (size_t i = 0; i < map->n; i++) {
		if (without && !strcmp(map->keys[i], without))
			continue;
		if (empty)	/* a map has no key twice: no need to look */
			entry_append(block, arena, map->keys[i],
				     map->key_places[i], map->items[i]);
		else
			block_put(block, arena, map->keys[i],
				  map->key_places[i], map->items[i]);
	}
}

void block_put_block(struct block *block, struct arena *arena,
		     const struct block *other)
{
	for (const struct entry *e = other->first; e; e = e->next)
		block_put(block, arena, e->key, e->place, e->value);
}

uint64_t fingerprint_add(uint64_t hash, const void *bytes, size_t n)
{
	const uint8_t *at = bytes;

	while (n--)
		hash = (hash ^ *at++) * UINT64_C(0x100000001b3);
	return hash;
}

static uint64_t add_text(uint64_t hash, const char *text)
{
	return fingerprint_add(hash, text, strlen(text) + 1);
}

/* A map's pairs are summed: their order is of no matter. */
uint64_t fingerprint_node(uint64_t hash, const struct yaml_node *node)
{
	uint8_t kind = (uint8_t)node->kind;
	uint64_t sum = 0;

	hash = fingerprint_add(hash, &kind, 1);
	switch (node->kind) {
	case YAML_TEXT:
		return add_text(hash, node->text);
	case YAML_LIST:
		for (size_t i = 0; i < node->n; i++)
			hash = fingerprint_node(hash, node->items[i]);
		break;
	case YAML_MAP:
		for (size_t i = 0; i < node->n; i++)
			sum += fingerprint_pair(node->keys[i], node->items[i]);
		return fingerprint_add(hash, &sum, sizeof(sum));
	}
	return fingerprint_add(hash, &node->n, sizeof(node->n));
}

/* Every bit of a sum must depend on all of the pair: FNV-1a leaves the last
 * characters in a few bits, so that "m-2" with unit 2 and "m-3" with unit 3
 * could add up to the same. */
static uint64_t hash_stir(uint64_t hash)
{
	hash ^= hash >> 32;
	hash *= UINT64_C(0x9e3779b97f4a7c15);
	hash ^= hash >> 29;
	hash *= UINT64_C(0xd6e8feb86659fd93);
	return hash ^ hash >> 32;
}

uint64_t fingerprint_pair(const char *key, const struct yaml_node *value)
{
	return hash_stir(
		fingerprint_node(add_text(FINGERPRINT_START, key), value));
}

uint64_t fingerprint_block(const struct block *block)
{
	uint64_t sum = 0;

	for (const struct entry *e = block->first; e; e = e->next)
		sum += fingerprint_pair(e->key, e->value);
	return fingerprint_add(FINGERPRINT_START, &sum, sizeof(sum));
}
