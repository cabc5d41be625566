/* SPDX-License-Identifier: GPL-2.0-or-later
 * Blocks of keys laid over each other (site over profile over bus over
 * defaults), their templates filled, and their fingerprint. Pure. */
#ifndef AGENT_CONFIG_BLOCK_H
#define AGENT_CONFIG_BLOCK_H
#include "agent/config/config_key.h"

struct entry {
	const char *key;
	struct place place;		/* the key's */
	const struct yaml_node *value;
	struct entry *next;
};
struct block {
	struct entry *first, **end;
	size_t n;
};
void block_init(struct block *block);
const struct entry *block_get(const struct block *block, const char *key);
/* Adds what is not there yet: earlier layers win. */
void block_put(struct block *block, struct arena *arena, const char *key,
	       struct place place, const struct yaml_node *value);
/* All of a map but what `without` names (NULL: all). */
void block_put_map(struct block *block, struct arena *arena,
		   const struct yaml_node *map, const char *without);
/* All of another block. */
void block_put_block(struct block *block, struct arena *arena,
		     const struct block *other);

/* What ${word} stands for; text NULL: not to be had here, and why. The last one
 * has no name. */
struct template_word { const char *name, *text, *why; };
/* Those of a device and of a server. */
struct template_words { const char *endpoint, *gateway, *unit; };
bool template_in(const struct yaml_node *node);
/* The node itself where it has no template. An unknown or unavailable one is
 * an error. */
const struct yaml_node *template_fill(const struct yaml_node *node,
				      const struct template_words *words,
				      struct arena *arena,
				      struct config_scope *scope);
/* The same with the words of the machine, which are filled in before all else.
 * What is none of them, or has no text, stays for later; scope: to be told of
 * the latter, or NULL. */
#define TEMPLATE_NO_HOSTNAME "this machine has no name"
#define TEMPLATE_NO_MACHINE_ID "there is no /etc/machine-id"
#define TEMPLATE_NO_SERIAL "this machine tells no serial number (a PC tells " \
	"its own only to root): take ${machine_id}"
const struct yaml_node *template_fill_machine(const struct yaml_node *node,
					      const struct template_word *words,
					      struct arena *arena,
					      struct config_scope *scope);
/* Warns of what other programs fill in, as $HOSTNAME, and this one does not. */
void template_warn(const struct yaml_node *value, const char *key,
		   const struct config_scope *scope);
/* The whole block, into a new one. */
void block_fill(struct block *block, const struct block *from,
		const struct template_words *words, struct arena *arena,
		struct config_scope *scope);

/* FNV-1a over content: places, comments and the order of keys do not count. */
#define FINGERPRINT_START UINT64_C(0xcbf29ce484222325)
uint64_t fingerprint_add(uint64_t hash, const void *bytes, size_t n);
uint64_t fingerprint_node(uint64_t hash, const struct yaml_node *node);
uint64_t fingerprint_pair(const char *key, const struct yaml_node *value);
uint64_t fingerprint_block(const struct block *block);

/* "1-30", "1,2,5-18" to numbers (arena's). 0: it is a plain text; -EINVAL: a
 * bad range; -E2BIG: too many. */
#define UNITS_MOST 65536
int units_parse(const char *text, struct arena *arena, uint32_t **units);
#endif
