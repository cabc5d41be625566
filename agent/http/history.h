/* SPDX-License-Identifier: GPL-2.0-or-later
 * What numbers were: of each value the lowest and highest of every 20 s of the
 * last hour and of every 5 min of the last day, in memory alone. A value takes
 * 4 KiB; where the room is full, new ones are left out. Pure; monotonic ns. */
#ifndef AGENT_HISTORY_H
#define AGENT_HISTORY_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct history;
struct lwm2m_path;

/* room: bytes at most. */
struct history *history_create(size_t room);
void history_destroy(struct history *history);	/* NULL is fine */
/* false: there is no room for one more value. now never goes back. */
bool history_add(struct history *history, const char *endpoint,
		 const struct lwm2m_path *path, double value, int64_t now);
/* Forgets the values of which nothing has come for a day. */
void history_sweep(struct history *history, int64_t now);

enum history_span { HISTORY_HOUR, HISTORY_DAY };
/* When a time began (it may begin before 0), its lowest and highest. */
struct history_point { int64_t when; double low, high; };
#define HISTORY_POINTS_MAX 288
/* Those of the span before now, the oldest first; at most HISTORY_POINTS_MAX.
 * Nothing is known of a value: 0. */
size_t history_points(const struct history *history, const char *endpoint,
		      const struct lwm2m_path *path, enum history_span span,
		      int64_t now, struct history_point *points);
/* The paths that are known of an endpoint, told one by one. */
void history_paths(const struct history *history, const char *endpoint,
		   void (*tell)(void *owner, const struct lwm2m_path *path),
		   void *owner);
#endif
