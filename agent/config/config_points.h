/* SPDX-License-Identifier: GPL-2.0-or-later
 * Points that devices share: a thousand devices of one profile have its points
 * once. Pure; agent thread. */
#ifndef AGENT_CONFIG_POINTS_H
#define AGENT_CONFIG_POINTS_H
#include "agent/config/config.h"

struct arena;

struct config_points {
	struct arena *arena;		/* of all that the points hold */
	uint64_t fingerprint;		/* of all that makes them differ */
	unsigned users;			/* devices */
	size_t n;
	struct config_point at[];
};

/* Copies what config_build() has made, texts too, so that it can be typed;
 * data_size: of the adapter's struct. It has one user: the caller. */
struct config_points *config_points_create(const struct config_point *from,
					   size_t n, size_t data_size);
/* What else makes them differ: given by device or bus, told by the adapter. */
void config_points_differ(struct config_points *points, const void *by,
			  size_t size);
/* One user less, NULL is fine; the last one's frees them. */
void config_points_release(struct config_points *points);

/* Those known in one load, found by their fingerprints. */
struct points_known { struct config_points **slots; size_t n_slots; };
/* Room for the points of at most n devices. */
void points_known_init(struct points_known *known, size_t n);
void points_known_finish(struct points_known *known);
/* Gives `points` back, or those that were known as alike: then the caller has
 * become a user of these, and is none of `points` any more. */
struct config_points *points_known_share(struct points_known *known,
					 struct config_points *points);
#endif
