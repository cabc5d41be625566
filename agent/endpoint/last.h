/* SPDX-License-Identifier: GPL-2.0-or-later
 * What sleeping devices last said, over a restart: written once a second at
 * most, for all of them together, so that kill -9 costs a second. A value that
 * only was said again is written once a minute. Agent thread. */
#ifndef AGENT_LAST_H
#define AGENT_LAST_H
#include <stdbool.h>
#include <stdint.h>

struct endpoint;
struct last;
struct store;

struct last *last_create(void);
/* Without a store nothing is kept. */
void last_open(struct last *last, struct store *store);
/* What has come is written down together, so often. ns */
void last_configure(struct last *last, int64_t every);
void last_destroy(struct last *last);

/* The endpoint was heard; news: with another value. */
void last_heard(struct last *last, struct endpoint *endpoint, bool news,
		int64_t now);
/* It leaves, and is not touched any more: what it has said is written. */
void last_leaving(struct last *last, struct endpoint *endpoint);
/* Sets its values, with their times, as far as the device is configured as it
 * was. true: *heard, ns since 1970, says when it was heard. */
bool last_restore(struct last *last, struct endpoint *endpoint,
		  int64_t *heard);
/* Writes what is due; returns when it is to be called next. */
int64_t last_turn(struct last *last, int64_t now);
#endif
