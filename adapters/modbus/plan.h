/* SPDX-License-Identifier: GPL-2.0-or-later
 * Which points one request reads. Pure.
 *
 * All points of a device are ranked by table and address; between two
 * neighbours in rank lies a boundary, which is where a request may end. A
 * block runs over holes (registers that nobody asked for) as long as it pays.
 * A device that refuses a block has a register missing somewhere in it: the
 * block is bisected, and what is found stays cut. A value is never split, as
 * a boundary never lies inside of one. */
#ifndef ADAPTERS_MODBUS_PLAN_H
#define ADAPTERS_MODBUS_PLAN_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "adapters/adapter.h"

enum plan_boundary {
	BOUNDARY_OPEN,		/* nothing known */
	BOUNDARY_GOOD,		/* was read across */
	BOUNDARY_TRY,		/* closed to find out which half is refused */
	BOUNDARY_HALF,		/* the same, and the left half is through */
	BOUNDARY_CUT,		/* never read across */
};

/* First member of the point's data. */
struct plan_item {
	uint16_t address, span;	/* registers or bits, from 0 on the wire */
	uint16_t rank;
	uint8_t table;
	uint8_t boundary;	/* the one before this item */
	bool refused;		/* even alone */
};

/* A device may be silent, and no more, where a register does not exist. */
enum plan_doubt {
	DOUBT_NONE,
	DOUBT_TRY,		/* once without holes that were never read */
	DOUBT_PROVE,		/* that was answered: with which is it not? */
};

struct plan {
	struct plan_item **items;	/* by rank */
	size_t n;
	bool learning;			/* some boundary is TRY or HALF */
	enum plan_doubt doubt;
};

struct plan_limits {
	unsigned registers, bits;		/* in one request */
	unsigned hole_registers, hole_bits;	/* read over */
};

struct plan_block {
	size_t first, n;	/* takes n of due[], from due[first] on */
	uint16_t address, length;
};

struct plan_cut {		/* kept over restarts: do not change */
	uint16_t table, address;
};

/* Sets the ranks. Items of equal address keep the order given. */
void plan_sort(struct plan *plan);

/* The block that due[0] is in: who waited longest goes first, in whatever
 * company. due[] becomes sorted by rank. n > 0 */
struct plan_block plan_next(struct plan *plan, struct adapter_point **due,
			    size_t n, const struct plan_limits *limits);

/* That block was read, or refused for good. n: all that was due. True: what
 * was learnt has changed, and wants to be kept. As a device may refuse all
 * while it starts, nothing is kept that a wrong point may have taught; and
 * when such a point answers after all, everything is learnt anew. */
bool plan_served(struct plan *plan, struct adapter_point *const *due, size_t n,
		 const struct plan_block *block, bool good);

enum plan_lesson {
	PLAN_NOTHING,		/* a single point: it is wrong itself */
	PLAN_HALVED,		/* ask again, in halves */
	PLAN_LEARNT,		/* a cut was made; ask again, and keep it */
};
/* The device says that an address of this block does not exist. *cut: the
 * item before which it was cut, where learnt. */
enum plan_lesson plan_refused(struct plan *plan,
			      struct adapter_point *const *due,
			      const struct plan_block *block,
			      const struct plan_item **cut);

/* That block was not answered at all. Where the device answers without the
 * block's holes and, again, not with them, they are bisected as by
 * plan_refused(); between two silences one request is made that it can answer,
 * so that it does not count as gone. */
enum plan_lesson plan_silent(struct plan *plan,
			     struct adapter_point *const *due,
			     const struct plan_block *block,
			     const struct plan_item **cut);

/* What is worth keeping: the number of cuts put, at most max. */
size_t plan_cuts_get(const struct plan *plan, struct plan_cut *cuts,
		     size_t max);
void plan_cuts_set(struct plan *plan, const struct plan_cut *cuts, size_t n);

/* How many registers are read for nothing sooner than a new request is made:
 * a request costs 13 characters, a silence and the device's thinking, in which
 * its own silence is. */
unsigned plan_hole_worth(int64_t char_ns, int64_t silence_ns, int64_t turn_ns);
#endif
