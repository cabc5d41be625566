/* SPDX-License-Identifier: GPL-2.0-or-later
 * All keys that a configuration may have, the host's own and those of the
 * adapters that are installed: told to people, and to editors. */
#ifndef AGENT_KEY_LIST_H
#define AGENT_KEY_LIST_H
#include <stdio.h>
#include "agent/config/config_key.h"

enum key_level { LEVEL_TOP, LEVEL_BUS, LEVEL_DEVICE, LEVEL_POINT };

struct key_table {
	const char *name;		/* "server", "modbus-bus" */
	const char *where;		/* for people: "servers", "a modbus bus"*/
	const struct config_key *keys;	/* KEY_END last */
	enum key_level level;		/* those of an adapter and the host's
					 * that they stand beside */
	bool of_adapter;
};

/* The host's first; arena's. adapters: the directory they are in; one that
 * cannot be loaded is left out. Agent thread. */
const struct key_table *key_tables(const char *adapters, struct arena *arena,
				   size_t *n);
/* "time, 20s to 49710d", "one of con, non": what a key takes. arena's. */
const char *key_form(const struct config_key *key, struct arena *arena);
/* One line for each key: where, name, form, default, help. false: a key does not
 * say what it takes or what it is for, which is said instead; a build runs it. */
bool key_list_print(FILE *to, const char *adapters);
/* JSON Schema 2020-12 of a file of the configuration. */
void key_schema_print(FILE *to, const char *adapters);
#endif
