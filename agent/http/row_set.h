/* SPDX-License-Identifier: GPL-2.0-or-later
 * Rows by name, as they were last told: which have changed since? Pure. */
#ifndef AGENT_ROW_SET_H
#define AGENT_ROW_SET_H
#include <stdbool.h>

struct row_set;

struct row_set *row_set_create(void);
void row_set_destroy(struct row_set *set);	/* NULL is fine */
/* The row is there, in this round. true: it is new, or another than before (by
 * a hash of 64 bits: no text is kept). */
bool row_set_put(struct row_set *set, const char *name, const char *text);
/* Ends the round: told of those that were not put in it, which are gone. */
void row_set_sweep(struct row_set *set, void (*gone)(void *owner,
						     const char *name),
		   void *owner);
#endif
