/* SPDX-License-Identifier: GPL-2.0-or-later
 * Keys as const tables: from a text of the YAML to a member of a struct, with
 * what is wrong said at its place. Serves the host's own keys and those of the
 * adapters. Pure. */
#ifndef AGENT_CONFIG_KEY_H
#define AGENT_CONFIG_KEY_H
#include "agent/base/arena.h"
#include "agent/config/config.h"
#include "agent/config/yaml.h"

enum key_type {				/* member's C type */
	KEY_END,
	KEY_BOOL,			/* bool */
	KEY_INT,			/* any integer */
	KEY_REAL,			/* double */
	KEY_TIME,			/* int64_t ns */
	KEY_SECONDS,			/* uint32_t s, written as a time */
	KEY_SIZE,			/* int64_t bytes, written as a size */
	KEY_CHOICE,			/* any integer: index into choices */
	KEY_TEXT,			/* const char * */
	KEY_BYTES,			/* uint8_t[min] */
	KEY_INTS,			/* struct key_list of int64_t */
	KEY_TEXTS,			/* struct key_list of const char * */
	KEY_OTHER,			/* by code */
};
enum key_flag {
	KEY_REQUIRED = 1,
	KEY_INHERIT = 2,		/* adapters': from bus or device */
	KEY_AUTO = 4,			/* "auto" is -1 */
	KEY_INHERITABLE = 8,		/* a bus or `defaults` may give it */
	KEY_POINTS = 16,		/* a device may give it to its points */
	KEY_LATER = 32,			/* typed, but nothing follows yet */
	KEY_ACCOUNT = 256,		/* a server's, none of the bootstrap
					 * server's */
	KEY_NEVER = 128,		/* "never" is INT64_MAX, of a time */
	KEY_NONE = 64,			/* "none" and "off" are -1, or 0 of a
					 * time */
};

struct config_key {
	const char *name;
	uint32_t type, offset, size, flags;
	const char *fallback;		/* as it would stand in the YAML */
	int64_t min, max;		/* equal: no limit but the member's */
	const char *choices;		/* "con|non" */
	const char *help;		/* for people */
	const char *form, *json;	/* of KEY_OTHER: what may stand there,
					 * for people and as a JSON Schema */
};
#define CONFIG_KEY(name_, type_, struct_, member, ...) \
	{.name = name_, .type = type_, .offset = offsetof(struct_, member), \
	 .size = sizeof(((struct_ *)0)->member), __VA_ARGS__}

struct key_list { const void *at; size_t n; };

/* Whose keys are read: collects what was wrong with it. */
struct config_scope {
	struct config_errors *errors;
	const char *device;		/* endpoint, or NULL */
	const char *what;		/* "a modbus point" */
	unsigned wrong;
	char first[256];		/* the first finding, with its place */
};
void config_scope_init(struct config_scope *scope, struct config_errors *errors,
		       const char *device, const char *what);
void config_scope_add(struct config_scope *scope, struct place place,
		      const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The tables of the host; KEY_END last. */
extern const struct config_key config_main_keys[],
	config_store_keys[], config_sms_keys[], config_gateway_keys[],
	config_server_keys[], config_bootstrap_keys[],
	config_bus_keys[], config_device_keys[], config_point_keys[],
	config_profile_keys[];

const struct config_key *config_key_find(const struct config_key *keys,
					 const char *name);
/* Types one value into base. false: it does not fit, which was said. */
bool config_key_set(const struct config_key *key, const struct yaml_node *value,
		    void *base, struct arena *arena,
		    struct config_scope *scope);
/* The fallbacks of all keys that have one. */
void config_keys_fall_back(const struct config_key *keys, void *base,
			   struct arena *arena);

/* What another program, or a manual, calls the key: "baud" is `serial`. NULL: it
 * is nothing that we know. */
const char *config_key_usual(const char *name);
/* Offers the name of a key, which may be meant by such a word. */
struct nearest;
void config_key_offer(struct nearest *nearest, const char *known);
/* The same of the values, "tcp|rtu", that a key may have. */
void config_choices_offer(struct nearest *nearest, const char *key,
			  const char *choices);

/* Single values. false: it is none, which was said; name: the key's. */
bool config_text(const struct yaml_node *value, const char *name,
		 struct config_scope *scope);
/* The same of a file with a key in hex: the key itself is refused, and is not
 * repeated. */
bool config_key_file(const struct yaml_node *value, const char *name,
		     struct config_scope *scope);
bool config_real(const struct yaml_node *value, const char *name,
		 double *number, struct config_scope *scope);
/* A number and its unit, which stands behind it or one space further; "" where
 * there is none. -EINVAL */
int config_quantity(const char *text, double *number, const char **unit);
/* The units of times, in ns, and of sizes, in bytes; one without name last. */
struct config_unit { const char *name; int64_t of; };
extern const struct config_unit config_time_units[], config_size_units[];
/* "500ms", "10s", "5min", "2h", "1d", "1.5h" to ns. -EINVAL; -ERANGE: too
 * long; -EDOM: a number without a unit. "0" needs none. */
int config_timespan(const char *text, int64_t *ns);
/* For messages: 1500000000 is "1.5s". Returns text. */
#define TIMESPAN_TEXT_MAX 32
const char *timespan_text(int64_t ns, char text[TIMESPAN_TEXT_MAX]);
/* "64MiB", "512KiB", "1GiB", "4096" to bytes. -EINVAL, -ERANGE. */
int config_size(const char *text, int64_t *bytes);
/* For messages: 65536 is "64KiB". Returns text. */
#define SIZE_TEXT_MAX 32
const char *size_text(int64_t bytes, char text[SIZE_TEXT_MAX]);
/* "17", "-5", "0x1f". -EINVAL, -ERANGE. No octal: "010" is ten. */
int config_integer(const char *text, int64_t *number);
#endif
