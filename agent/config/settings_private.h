/* SPDX-License-Identifier: GPL-2.0-or-later
 * Inside of settings_apply(): typing by an adapter's tables, and the adapter's
 * own checks. */
#ifndef AGENT_SETTINGS_PRIVATE_H
#define AGENT_SETTINGS_PRIVATE_H
#include "agent/config/config_key.h"
#include "agent/config/config_points.h"
#include "agent/config/settings.h"

enum level { BUS, DEVICE, POINT, SEARCH };

/* What is being typed; device, points and point are NULL above their level.
 * The settings of a search stand in for those of its bus. */
struct typing {
	struct config *config;
	struct config_bus *bus;
	struct config_device *device;
	struct config_points *points;	/* all of the device's */
	struct config_point *point;
	struct config_scope *scope;
	bool *mistyped;			/* each of the points: it has no check */
};

/* Fills a struct of `size` bytes, the adapter's for this level, from the
 * settings. NULL where the adapter has none. */
void *level_type(struct typing *t, enum level level, size_t size);
void level_refuse_unknown(struct typing *t, enum level level,
			  const struct setting *settings);

/* By the adapter; the bus must have its data, the device and its points, too,
 * but those that are mistyped. device_check() also takes the facts of the
 * points. */
void bus_check(struct typing *t);
void device_check(struct typing *t);

/* As the adapter says (adapter.h); both have been typed. */
bool bus_place(const struct config_bus *bus, char *text, size_t size);
bool device_place(const struct config_bus *bus,
		  const struct config_device *device, char *text, size_t size);
double device_load(const struct config_bus *bus,
		   const struct config_device *device);

/* Why the second cannot be on the bus beside the first; false: it can. */
bool devices_clash(const struct config_bus *bus,
		   const struct config_device *first,
		   const struct config_device *second, char *text, size_t size);

/* settings_line.c: what of all buses and devices together is one too many.
 * verdicts: of each bus, for its devices, why it is refused. */
struct verdict { char why[384]; };
void buses_refuse_twice(struct config *config, struct verdict *verdicts,
			struct config_errors *errors);
/* After the devices have been typed. */
void devices_refuse_clashes(struct config *config,
			    struct config_errors *errors);
void lines_warn(const struct config *config, struct config_errors *errors);

/* host: among the host's own keys. */
const struct setting *setting_find(const struct setting *list, const char *key,
				   bool host);
/* In the adapter's table of this level, or NULL. */
const struct adapter_key *key_find(const struct adapter_ops *ops,
				   enum level level, const char *name);
/* The adapter's table of this level as one of the host's; arena's. */
const struct config_key *level_keys(const struct adapter_ops *ops,
				    enum level level, struct arena *arena);
/* Where what is typed stands. */
struct place typing_place(const struct typing *t);
#endif
