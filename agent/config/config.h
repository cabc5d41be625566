/* SPDX-License-Identifier: GPL-2.0-or-later
 * The configuration as the program sees it: YAML nodes in, typed structs and
 * all errors out. Pure: files are read by config_yaml.c, adapters' keys are
 * typed by settings.c.
 *
 * Ownership: each device, bus and server is one allocation of its own with an
 * arena behind it, so that a reload can keep the untouched and free the rest;
 * points are shared by the devices that have them alike.
 * `fingerprint` is equal exactly where nothing that matters has changed. */
#ifndef AGENT_CONFIG_H
#define AGENT_CONFIG_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "agent/config/point.h"
#include "agent/lwm2m/registration.h"
#include "objects/def.h"
#include "objects/path.h"

struct yaml_node;
struct object_set;
struct arena;
struct adapter_ops;

struct place { const char *file; unsigned line, column; };

/* One finding. Those of a device refuse this device only; fatal are those of
 * the main file, of the gateway and of servers; the others cost what they stand
 * at (a bus with its devices, a file of conf.d). */
struct config_error {
	struct config_error *next;
	struct place place;		/* file NULL: of no file */
	const char *device;		/* endpoint it refuses; NULL: none */
	bool fatal;
	bool warning;			/* it may be meant: it refuses nothing */
	char *text;			/* what, and what to do */
};
struct config_errors {
	struct config_error *first, **end;	/* warnings, too */
	size_t n;			/* without warnings */
	bool fatal;			/* those without a device are, for now */
};
void config_errors_init(struct config_errors *errors);
void config_errors_finish(struct config_errors *errors);
/* Texts are copied; the same finding at the same place is kept once. */
/* Is there one of this very place already? */
bool config_error_at(const struct config_errors *errors, struct place place);
void config_error_add(struct config_errors *errors, struct place place,
		      const char *device, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
void config_warning_add(struct config_errors *errors, struct place place,
			const char *device, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* What became of a secret's file, for a check: an error where it was not read,
 * a warning where it was and there is something to say (why, or ""). */
void config_file_tell(struct config_errors *errors, struct place place,
		      const char *key, const char *path, bool read,
		      const char *why);

/* A key as it stood in the YAML: the adapter's, not typed yet, and for the
 * places of errors the host's. Borrowed from the nodes; templates are filled. */
struct setting {
	const char *key;
	struct place place;		/* the key's */
	const struct yaml_node *value;
	bool host;			/* the host's: typed already */
	bool fleet;			/* no error where the adapter has it not */
	const char *range;		/* "1-30", of which the value is one */
	struct setting *next;
};

/* What was written, as far as only the load asks for it. */
struct config_source {
	struct place place;
	struct setting *settings;
	uint64_t fingerprint;		/* of a point: of all its keys */
};

enum config_security { SECURITY_NOSEC, SECURITY_PSK, SECURITY_RPK,
		       SECURITY_X509 };
enum config_stale { STALE_ERROR, STALE_SERVE };
/* How servers get at a device: by clients of its own, by its prefix at the
 * gateway's endpoint, or either. */
enum config_via { VIA_OWN, VIA_GATEWAY, VIA_BOTH };
enum config_bootstrap { BOOTSTRAP_FALLBACK, BOOTSTRAP_FIRST,
			BOOTSTRAP_NEVER };
/* That a server is first spoken to in; the key's choices, in their order. */
enum config_version { VERSION_1_1, VERSION_1_0, VERSION_1_2 };
enum config_ver { VER_BY_LWM2M, VER_SAID, VER_UNSAID };
enum config_asleep { ASLEEP_HOLD, ASLEEP_ACCEPT, ASLEEP_REFUSE };

/* A file or credential that a server's security names. */
struct config_named { const char *name; struct place at; };

struct config_server {
	struct arena *arena;
	uint64_t fingerprint;
	uint16_t id;			/* short server id, 1..65534 */
	const char *uri, *host;		/* coap://host:port */
	uint16_t port;
	enum config_security security;
	bool tcp;			/* UDP otherwise */
	struct config_server *other;	/* its other transport, owned, alike but
					 * for uri, host, port, tcp, binding; or
					 * NULL */
	/* Of the security; NULL: not given. ${endpoint} is still in them. */
	const char *identity, *key_file, *credential, *cert_file,
		   *private_key_file, *trust_file, *server_key_file, *sni;
	struct config_named *named;	/* where these stand; of files only */
	size_t n_named;
	uint32_t keepalive;		/* s, 0: none */
	const char *path;		/* "rd" or "a/rd", no leading slash */
	const char *query;		/* of an account's URI: goes with the
					 * Register; or NULL */
	uint32_t lifetime;		/* s */
	int32_t ct;			/* -1: none */
	const char *habit;		/* of config_habits.c, or NULL */
	uint16_t format;		/* FORMAT_NONE: by ct and version */
	enum config_ver ver;
	const struct link_version *versions;	/* said in any case */
	size_t n_versions;
	enum config_version version;
	char binding;			/* 'U' or 'T' */
	bool notify_non, keep_on_exit;
	uint32_t pace;			/* messages/s of all, 0: not paced */
	uint32_t pmin, pmax;		/* 1/x/2, 1/x/3; 0: none */
	const char *sms_number;		/* it sends SMS from, 0/x/9; or NULL */
	struct registration_policy policy;	/* 1/x/17 to 20 */
	int32_t priority;		/* 1/x/13; -1: none */
	uint32_t initial_delay;		/* 1/x/14, s */
	bool failure_block, failure_bootstrap;	/* 1/x/15, 1/x/16 */
	/* Of the bootstrap server only. */
	uint32_t hold_off;		/* s */
	uint32_t account_timeout;	/* s, 0: never */
	bool unsolicited, pack;
	const char *smartcard;		/* reader, "any"; or NULL */
	const char *pin_file;		/* of the card, or NULL */
	struct place pin_at;		/* where that stands */
	const char *card_key_file;	/* of its secure channel, or NULL */
	struct place card_key_at;
	uint8_t withheld;		/* of enum access_right: what it may
					 * not do, unless the device says */
};

/* What a server may do with a device. */
struct config_access {
	uint16_t server;		/* short server id; 0: any */
	uint8_t rights;			/* of enum access_right */
};

struct config_point {
	const char *name;
	struct lwm2m_path map;		/* depth 2 or 3 as written; 0: unmapped */
	struct lwm2m_path resource;	/* the one bound: depth 3, or 4 */
	const char *unit, *application;	/* NULL: none */
	struct point_scale scale;
	bool rounded;			/* by `round`, not by scale and offset */
	bool is_setup;			/* written by itself, see `setup` */
	double setup;			/* what is written */
	int64_t every;			/* ns, again and again; 0: once */
	bool writable, keep, send, optional, fraction, has_range,
	     has_on_execute, has_safe;
	double range_min, range_max, on_execute, safe;
	int64_t poll;			/* ns */
	struct config_source *source;	/* NULL once typed */
	/* By settings.c: */
	void *data;			/* the adapter's struct, pristine */
	const char *group;		/* in the adapter's data; or NULL */
	bool polled, settable;
	uint8_t raw_type;		/* enum lwm2m_type */
	double raw_min, raw_max;
};

/* The points of all devices that have them alike: a fleet, a profile without
 * changes. Typed once and never changed then, so that the bus's thread may
 * read them; they come and go on the agent thread only. */
struct config_points;

struct config_device {
	struct arena *arena;
	struct object_set *objects;	/* it uses; NULL: the compiled ones */
	uint64_t fingerprint;
	const char *endpoint, *bus, *profile;
	struct config_source *source;	/* NULL once typed */
	uint16_t *servers;		/* ids; n_servers 0: all */
	uint16_t n_servers;
	uint16_t n_access;
	const struct config_access *access;
	bool queue, register_always, enabled;
	bool queue_given;		/* else the adapter says */
	bool learns_silence;		/* silent_after is only the most: its
					 * rhythm is learnt; by settings.c */
	bool wake_by_notification, notify_asleep;
	bool smartcard;			/* takes the accounts of a card */
	bool counts;			/* its packets, by settings.c: what is
					 * old is refused */
	bool sms;			/* SMS of its servers wake it */
	uint8_t stale;			/* enum config_stale */
	uint8_t bootstrap;		/* enum config_bootstrap */
	uint8_t via;			/* enum config_via */
	uint8_t asleep_write;		/* enum config_asleep */
	uint32_t lifetime;		/* s; 0: the server's */
	uint32_t image_room;		/* bytes of a package that it takes,
					 * by settings.c; 0: none */
	uint32_t n_points;		/* 0 of one refused, once typed */
	const struct config_point *points;
	struct config_points *shared;	/* that `points` are in, once typed */
	int64_t poll, hold_at_most, safe_after;
	int64_t awake_time;		/* MAX_TRANSMIT_WAIT unless given */
	int64_t silent_after;		/* 0: never by time alone; -1: not
					 * given, until settings.c has chosen */
	struct config_metadata *metadata;	/* NULL: none */
	void *data;			/* pristine, by settings.c */
	char *refused;			/* why it does not run, or NULL */
};

struct config_bus {
	struct arena *arena;
	uint64_t fingerprint;
	const char *name, *adapter;
	struct config_source *source;	/* NULL once typed */
	bool enabled;
	bool implied;			/* not declared: named by a device */
	bool refused;			/* gone after settings_apply() */
	const struct adapter_ops *ops;	/* by settings.c */
	void *data;			/* pristine */
};

/* What may look at the gateway, and what is kept for it. */
struct config_page {
	char *http;			/* ADDRESS:PORT, or NULL */
	char *token_file;		/* or NULL */
	struct place token_at;		/* where that stands */
	int64_t history;		/* bytes; 0: none */
	bool endpoint_metrics;
};

/* A modem by which servers may wake endpoints. */
struct config_sms {
	struct arena *arena;
	uint64_t fingerprint;
	const char *modem;		/* "any", or one of its names */
	const char *number;		/* its own; NULL: it knows that */
	uint16_t per_hour;		/* SMS that are acted on */
	bool unsafe;			/* not the trigger alone */
};

struct config {
	struct config_sms *sms;		/* or NULL */
	struct config_page page;	/* gateway: http and what is beside it */
	char *gateway;			/* gateway: name */
	char *gateway_endpoint;		/* gateway: endpoint, or NULL */
	bool object_25;			/* gateway: object_25 */
	struct config_device *itself;	/* ... and what it is, no bus */
	char *directory;		/* relative paths start here; or NULL */
	int64_t store_memory, store_disk;	/* bytes */
	int64_t store_flush;		/* ns */
	uint32_t store_rate;		/* records/s to each server */
	struct arena *scratch;		/* sources, points; gone once typed */
	struct config_server **servers;
	struct config_server *bootstrap;	/* id 0, or NULL */
	struct config_bus **buses;
	struct config_device **devices;
	size_t n_servers, n_buses, n_devices;
};

/* One parsed file. */
struct config_file { const char *name; const struct yaml_node *root; };
/* Profiles by name ("eastron/sdm120"), read on demand. */
struct config_profiles {
	/* NULL: there is none. root NULL: it is broken, errors were added. */
	const struct config_file *(*find)(struct config_profiles *,
					  const char *name,
					  struct config_errors *);
	/* Name number i, NULL behind the last: for suggestions. May be NULL. */
	const char *(*name)(struct config_profiles *, size_t i);
	const char *where;		/* for people, or NULL: the places */
};

/* files[0] is lwmux.yaml, the others conf.d in name order; a root that is NULL
 * was broken, or (of the first) is not there. Always returns a config, as much
 * of it as is right. Buses, devices and points still have their sources,
 * borrowed from the files: call settings_apply() before those go. Free with
 * config_free(). */
struct config *config_build(const struct config_file *files, size_t n,
			    struct config_profiles *profiles,
			    const struct object_model *model,
			    struct config_errors *errors);
/* NULL is fine; so are members taken out (set to NULL) before. */
void config_free(struct config *config);
void config_server_free(struct config_server *server);
void config_bus_free(struct config_bus *bus);
void config_device_free(struct config_device *device);
void config_page_finish(struct config_page *page);
void config_sms_free(struct config_sms *sms);	/* NULL is fine */

/* The definitions of objects that it was loaded with. */
const struct object_model *config_device_model(const struct config_device *);

/* Where a whole configuration is. */
struct config_dirs {
	const char *config;		/* DIR */
	const char *profiles, *objects;	/* shipped; DIR's own shadow them */
	const char *adapters;
};
/* The whole way, with I/O (config_load.c): reads DIR, profiles and objects of
 * DIR and the shipped ones, loads adapters, types their keys. */
struct config *config_load(const struct config_dirs *dirs,
			   struct config_errors *errors);
/* Without the objects, which stay the caller's (object_load.h); it may be called
 * on another thread than the agent's, one at a time. */
struct config *config_read(const struct config_dirs *dirs,
			   struct object_set *objects,
			   struct config_errors *errors);
/* "file:line:column: text", as far as its place is known; heap. */
char *config_error_line(const struct config_error *error);
/* That of each, one a line, to fd, in the order of places
 * (lwmux.yaml, objects.d, conf.d, profiles). */
void config_errors_print(const struct config_errors *errors, int fd);
/* Nothing can run with it. (A check fails on any error: errors->n.) */
bool config_fatal(const struct config_errors *errors);
#endif
