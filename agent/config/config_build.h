/* SPDX-License-Identifier: GPL-2.0-or-later
 * Inside of config_build(): what its parts share. Pure. */
#ifndef AGENT_CONFIG_BUILD_H
#define AGENT_CONFIG_BUILD_H
#include "agent/config/config_block.h"

struct config_builder {
	struct config *config;
	struct config_errors *errors;
	struct config_profiles *profiles;
	const struct object_model *model;
	struct arena *arena;		/* config->scratch */
	struct block defaults;
	struct block **inherited;	/* what a bus gives to its devices: */
	size_t n_inherited;			/* as config->buses, by index */
};

/* Grows by powers of two. */
void config_append(void *items, size_t *n, void *item);

/* A key that nobody knows, with the nearest of the tables (the second may be
 * NULL). */
void config_refuse_key(struct config_scope *scope, const char *key,
		       struct place place, const struct config_key *keys,
		       const struct config_key *more);
/* Names of keys that must be there and are not; at: where they should be. */
void config_require(struct config_scope *scope, const struct config_key *keys,
		    const struct block *block, struct place at);
/* One of them is missing: where a key of the block that is none of `keys` may
 * be it, that is said, at its place. */
void config_miss(struct config_scope *scope, const char *name,
		 const struct config_key *keys, const struct block *block,
		 struct place at);
/* What the SenML registry has in place of a spelling that is not in it; NULL:
 * nothing is known to be wrong with it. */
const char *config_unit_senml(const char *unit);
/* What a resource without a 5701 beside it is in by OMA's registry, or NULL. */
const char *config_unit_fixed(uint16_t object, uint16_t resource);
/* What a point of the object should be in, where its unit is another one in the
 * registry than people mean; that one's name to *is. NULL: nothing. */
const char *config_unit_taken(const char *unit, uint16_t object,
			      const char **is);
/* Of a node that should be a map or a list; "": nothing to say. */
const char *config_blank_hint(const struct yaml_node *node);
/* A map, or nothing at all (`points:` with all its lines commented out). */
bool config_is_map(const struct yaml_node *node, const char *name,
		   struct config_scope *scope);
bool config_is_list(const struct yaml_node *node, const char *name,
		    struct config_scope *scope);

/* Do its keys, its uri and its binding fit its security? (config_security.c) */
void config_security_check(struct config_server *server,
			   const struct block *block,
			   struct config_scope *scope);
/* What stands beside `http` of the gateway, once its keys are typed: texts
 * outlive the arena from then on. */
void config_page_build(struct config_builder *b,
		       const struct yaml_node *gateway,
		       struct config_scope *scope);
void config_store_build(struct config_builder *b, const struct yaml_node *node);
/* A telephone number, "+491701234567", or what a network puts in its place: up
 * to 15 digits. */
bool config_is_number(const char *text);
/* After servers. */
void config_sms_build(struct config_builder *b, const struct yaml_node *node);
void config_server_build(struct config_builder *b,
			 const struct yaml_node *node);
void config_bootstrap_build(struct config_builder *b,
			    const struct yaml_node *node);
/* Every device of one entry: a range of units makes many. */
void config_device_build(struct config_builder *b,
			 const struct yaml_node *node);
/* A key that a device (or its bus) may say for all of its points. */
bool config_is_inheritable(const char *name);
/* The points of a device from its profile's and its own. points: lists of
 * blocks in order. */
struct point_list { struct block *blocks; struct place *places; size_t n; };
void config_points_merge(struct config_builder *b, struct point_list *merged,
			 const struct yaml_node *profile,
			 const struct yaml_node *site,
			 const struct block *device,
			 struct config_scope *scope);
void config_points_build(struct config_builder *b, struct config_device *device,
			 const struct point_list *list,
			 const struct block *block,
			 const struct template_words *words,
			 struct config_scope *scope);
/* Index in config->buses, -1: none of this name. */
int config_bus_find(const struct config *config, const char *name);
/* Declared, or inline in a device, whose words fill its templates (else NULL).
 * Returns its index. */
size_t config_bus_build(struct config_builder *b, const char *name,
			struct place place, const struct yaml_node *node,
			const struct template_words *words);
/* Is one that stands inline another one for each device of its entry? */
bool config_bus_has_template(const struct yaml_node *node);
/* By a device's `bus:` alone, named as its adapter. */
size_t config_bus_imply(struct config_builder *b, const char *name,
			struct place place);

struct config_source *config_source(struct config_builder *b,
				    struct place place);
struct setting *config_setting(struct config_builder *b,
			       const struct entry *entry,
			       bool host, struct setting *next);

/* "127.0.0.1:8088", "[::1]:8088": where somebody may connect to. */
struct config_listen {
	char host[48];			/* numeric, without brackets */
	uint16_t port;			/* 0: any that is free */
	bool v6, loopback;		/* nobody but this machine */
};
int config_listen_parse(const char *text, struct config_listen *listen);
#endif
