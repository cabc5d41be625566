/* SPDX-License-Identifier: GPL-2.0-or-later
 * What sleeping devices last said, over a restart: written once a second at
 * most, for all of them together, so that kill -9 costs a second. A value that
 * only was said again is written once a minute.
 *
 * Beside it, of all devices, the totals that IPSO objects count. A number of
 * events is written before it is told, so that no server ever sees a smaller
 * one, whatever ends the daemon. Agent thread. */
#ifndef AGENT_LAST_VALUES_H
#define AGENT_LAST_VALUES_H
#include <stdbool.h>
#include <stdint.h>

#include "objects/path.h"

struct endpoint;
struct liveness_rhythm;
struct last_values;
struct store;

struct last_values *last_values_create(void);
/* Without a store nothing is kept. */
void last_values_open(struct last_values *last, struct store *store);
/* What has come is written down together, so often. ns */
void last_values_configure(struct last_values *last, int64_t every);
void last_values_destroy(struct last_values *last);

/* The endpoint was heard; news: with another value. */
void last_values_heard(struct last_values *last, struct endpoint *endpoint,
		       bool news, int64_t now);
/* n more events at path, a counter of the endpoint's tree, the last one at `wall`
 * (ns since 1970): endpoint_counted() when that is on the disk. */
void last_values_count(struct last_values *last, struct endpoint *endpoint,
		       const struct lwm2m_path *path, uint32_t n, int64_t wall,
		       int64_t now);
/* The total at path, or another that the tree alone tells, is to be written. */
void last_values_total(struct last_values *last, struct endpoint *endpoint,
		       const struct lwm2m_path *path, int64_t now);
/* It leaves, and is not touched any more: what it has said is written. */
void last_values_leaving(struct last_values *last, struct endpoint *endpoint);
/* Sets its totals and, of a sleeping one, its values, with their times, as far as
 * the device is configured as it was. true: *heard, ns since 1970, says when it
 * was heard, and *rhythm how often it is. */
bool last_values_restore(struct last_values *last, struct endpoint *endpoint,
			 int64_t *heard, struct liveness_rhythm *rhythm);
/* Writes what is due; returns when it is to be called next. */
int64_t last_values_turn(struct last_values *last, int64_t now);
#endif
