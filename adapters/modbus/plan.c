/* SPDX-License-Identifier: GPL-2.0-or-later
 * Blocks of points, and how they are learnt. */
#include "adapters/modbus/plan.h"

#include <stdlib.h>

#include "adapters/modbus/request.h"

static struct plan_item *item_of(const struct adapter_point *point)
{
	return point->data;
}

static int item_compare(const void *left, const void *right)
{
	const struct plan_item *a = *(struct plan_item *const *)left;
	const struct plan_item *b = *(struct plan_item *const *)right;

	if (a->table != b->table)
		return a->table < b->table ? -1 : 1;
	if (a->address != b->address)
		return a->address < b->address ? -1 : 1;
	return a->rank < b->rank ? -1 : a->rank > b->rank;
}

void plan_sort(struct plan *plan)
{
	for (size_t i = 0; i < plan->n; i++)
		plan->items[i]->rank = (uint16_t)i;
	qsort(plan->items, plan->n, sizeof(plan->items[0]), item_compare);
	for (size_t i = 0; i < plan->n; i++)
		plan->items[i]->rank = (uint16_t)i;
}

static int due_compare(const void *left, const void *right)
{
	const struct plan_item *a =
		item_of(*(struct adapter_point *const *)left);
	const struct plan_item *b =
		item_of(*(struct adapter_point *const *)right);

	return (int)a->rank - (int)b->rank;
}

/* A new round: both sides of a boundary are due again, after the left one was
 * read. If the boundary was to blame, the block is refused once more and has
 * no other suspect left. */
static void plan_reopen(struct plan *plan, unsigned first, unsigned last)
{
	bool learning = false;

	for (unsigned i = 1; i < plan->n; i++) {
		uint8_t *boundary = &plan->items[i]->boundary;

		if (*boundary == BOUNDARY_HALF && i > first && i <= last)
			*boundary = BOUNDARY_OPEN;
		learning |= *boundary == BOUNDARY_TRY ||
			    *boundary == BOUNDARY_HALF;
	}
	plan->learning = learning;
}

static bool is_open(const struct plan *plan, unsigned from, unsigned to)
{
	for (unsigned i = from + 1; i <= to; i++)
		if (plan->items[i]->boundary >= BOUNDARY_TRY)
			return false;
	return true;
}

/* The block that begins with due[from]. */
static struct plan_block block_from(const struct plan *plan,
				    struct adapter_point *const *due,
				    size_t from, size_t n,
				    const struct plan_limits *limits)
{
	const struct plan_item *first = item_of(due[from]), *last = first, *next;
	bool bits = table_has_bits(first->table);
	unsigned most = bits ? limits->bits : limits->registers;
	unsigned hole = bits ? limits->hole_bits : limits->hole_registers;
	unsigned end = first->address + first->span, next_end;
	size_t i;

	for (i = from + 1; i < n; i++, last = next) {
		next = item_of(due[i]);
		next_end = next->address + next->span;
		if (next_end < end)
			next_end = end;
		if (next->table != first->table ||
		    next_end - first->address > most ||
		    (next->address > end && next->address - end > hole) ||
		    (plan->doubt == DOUBT_TRY && next->address > end &&
		     next->boundary != BOUNDARY_GOOD) ||
		    !is_open(plan, last->rank, next->rank))
			break;
		end = next_end;
	}
	return (struct plan_block){from, i - from, first->address,
				   (uint16_t)(end - first->address)};
}

struct plan_block plan_next(struct plan *plan, struct adapter_point **due,
			    size_t n, const struct plan_limits *limits)
{
	unsigned oldest = item_of(due[0])->rank;
	struct plan_block block = {0};

	qsort(due, n, sizeof(due[0]), due_compare);
	if (plan->learning)
		plan_reopen(plan, item_of(due[0])->rank,
			    item_of(due[n - 1])->rank);
	do
		block = block_from(plan, due, block.first + block.n, n,
				   limits);
	while (item_of(due[block.first + block.n - 1])->rank < oldest);
	return block;
}

/* Registers that no point has, 0 where that was read across before. */
static unsigned unknown_hole(const struct plan *plan, unsigned i)
{
	const struct plan_item *left = plan->items[i - 1];
	const struct plan_item *right = plan->items[i];
	unsigned end = left->address + left->span;

	if (right->boundary == BOUNDARY_GOOD || right->address <= end)
		return 0;
	return right->address - end;
}

static void plan_forget(struct plan *plan)
{
	for (size_t i = 0; i < plan->n; i++)
		plan->items[i]->boundary = BOUNDARY_OPEN;
	plan->learning = false;
}

/* Take note of refusals; true: of something new. */
static bool refusals_note(struct plan *plan, struct adapter_point *const *due,
			  size_t n, bool good)
{
	bool changed = false;

	for (size_t i = 0; i < n; i++) {
		struct plan_item *item = item_of(due[i]);

		changed |= item->refused == good;
		item->refused = !good;
	}
	if (changed && good)
		plan_forget(plan);
	return changed;
}

static bool has_unknown_holes(const struct plan *plan, unsigned first,
			      unsigned last)
{
	for (unsigned i = first + 1; i <= last; i++)
		if (unknown_hole(plan, i) > 0)
			return true;
	return false;
}

/* Silence is bisected with pieces read in between, which are not due for a
 * while then: does the block begin where it does because its neighbour is one
 * of those? Then it is not all that is left of the next boundary. */
static bool is_piece(const struct plan *plan, struct adapter_point *const *due,
		     const struct plan_block *block)
{
	unsigned first = item_of(due[block->first])->rank;

	if (plan->doubt == DOUBT_NONE || first == 0 ||
	    plan->items[first]->boundary >= BOUNDARY_TRY ||
	    unknown_hole(plan, first) == 0)
		return false;
	return plan->doubt == DOUBT_TRY || block->first == 0 ||
	       item_of(due[block->first - 1])->rank != first - 1;
}

/* An answer without holes shows that the device is there, one with holes that
 * it has not been these. */
static void doubt_answered(struct plan *plan, unsigned first, unsigned last)
{
	if (plan->doubt == DOUBT_TRY)
		plan->doubt = DOUBT_PROVE;
	else if (!plan->learning && has_unknown_holes(plan, first, last))
		plan->doubt = DOUBT_NONE;
}

bool plan_served(struct plan *plan, struct adapter_point *const *due, size_t n,
		 const struct plan_block *block, bool good)
{
	size_t end = block->first + block->n;
	unsigned first = item_of(due[block->first])->rank;
	unsigned last = item_of(due[end - 1])->rank;
	unsigned next = end < n ? item_of(due[end])->rank
				: (unsigned)plan->n - 1;
	bool changed = refusals_note(plan, due + block->first, block->n, good);
	bool piece = is_piece(plan, due, block);

	if (good)
		doubt_answered(plan, first, last);
	for (unsigned i = first + 1; good && i <= last; i++)
		plan->items[i]->boundary = BOUNDARY_GOOD;
	for (unsigned i = last + 1; plan->learning && i <= next; i++)
		if (plan->items[i]->boundary == BOUNDARY_TRY && !piece)
			plan->items[i]->boundary = BOUNDARY_HALF;
	return changed;
}

/* Two neighbours among those due, and what lies between them in rank: points
 * that are not due now cannot be told apart, and count as one. */
struct gap {
	unsigned from, to;
};

static struct gap gap_of(struct adapter_point *const *due, size_t k)
{
	return (struct gap){item_of(due[k - 1])->rank, item_of(due[k])->rank};
}

/* Where the gap is cut: at its largest unknown hole. */
static unsigned gap_boundary(const struct plan *plan, struct gap gap)
{
	unsigned best = gap.to, hole = 0;

	for (unsigned i = gap.from + 1; i <= gap.to; i++)
		if (unknown_hole(plan, i) > hole) {
			hole = unknown_hole(plan, i);
			best = i;
		}
	return best;
}

/* From the likeliest reason to the last: a hole never read across, a boundary
 * never read across, anything (the device refuses so many at once). */
enum suspicion { HOLES, UNKNOWN, ALL, SUSPICIONS };

static bool is_suspect(const struct plan *plan, struct gap gap,
		       enum suspicion suspicion)
{
	for (unsigned i = gap.from + 1; i <= gap.to; i++)
		if (suspicion == ALL || unknown_hole(plan, i) > 0 ||
		    (suspicion == UNKNOWN &&
		     plan->items[i]->boundary != BOUNDARY_GOOD))
			return true;
	return false;
}

/* How many suspects there are, and the middle one. */
static unsigned suspects_halve(const struct plan *plan,
			       struct adapter_point *const *due, size_t n,
			       enum suspicion suspicion, struct gap *middle)
{
	unsigned count = 0, seen = 0;

	for (size_t k = 1; k < n; k++)
		count += is_suspect(plan, gap_of(due, k), suspicion);
	for (size_t k = 1; k < n; k++)
		if (is_suspect(plan, gap_of(due, k), suspicion) &&
		    seen++ == count / 2)
			*middle = gap_of(due, k);
	return count;
}

enum plan_lesson plan_refused(struct plan *plan,
			      struct adapter_point *const *due,
			      const struct plan_block *block,
			      const struct plan_item **cut)
{
	struct gap middle = {0, 0};
	unsigned count = 0, boundary;

	for (int s = HOLES; s < SUSPICIONS && count == 0; s++)
		count = suspects_halve(plan, due + block->first, block->n,
				       (enum suspicion)s, &middle);
	if (count == 0)
		return PLAN_NOTHING;
	boundary = gap_boundary(plan, middle);
	if (count == 1) {
		plan->items[boundary]->boundary = BOUNDARY_CUT;
		*cut = plan->items[boundary];
		return PLAN_LEARNT;
	}
	plan->items[boundary]->boundary = BOUNDARY_TRY;
	plan->learning = true;
	return PLAN_HALVED;
}

enum plan_lesson plan_silent(struct plan *plan,
			     struct adapter_point *const *due,
			     const struct plan_block *block,
			     const struct plan_item **cut)
{
	unsigned first = item_of(due[block->first])->rank;
	unsigned last = item_of(due[block->first + block->n - 1])->rank;
	enum plan_doubt before = plan->doubt;

	plan->doubt = DOUBT_NONE;
	if (!has_unknown_holes(plan, first, last))
		return PLAN_NOTHING;
	plan->doubt = DOUBT_TRY;
	return before == DOUBT_PROVE ? plan_refused(plan, due, block, cut) :
				       PLAN_NOTHING;
}

size_t plan_cuts_get(const struct plan *plan, struct plan_cut *cuts,
		     size_t max)
{
	size_t n = 0;

	for (size_t i = 1; i < plan->n && n < max; i++)
		if (plan->items[i]->boundary == BOUNDARY_CUT &&
		    !plan->items[i]->refused && !plan->items[i - 1]->refused)
			cuts[n++] = (struct plan_cut){
				plan->items[i]->table, plan->items[i]->address
			};
	return n;
}

void plan_cuts_set(struct plan *plan, const struct plan_cut *cuts, size_t n)
{
	for (size_t k = 0; k < n; k++)
		for (size_t i = 1; i < plan->n; i++) {
			struct plan_item *item = plan->items[i];

			/* the first of those with this address */
			if (item->table == cuts[k].table &&
			    item->address == cuts[k].address) {
				item->boundary = BOUNDARY_CUT;
				break;
			}
		}
}

unsigned plan_hole_worth(int64_t char_ns, int64_t silence_ns, int64_t turn_ns)
{
	int64_t worth;

	if (char_ns <= 0)
		return READ_REGISTERS_MAX;
	worth = (13 * char_ns + silence_ns + turn_ns) / (2 * char_ns);
	return worth > READ_REGISTERS_MAX ? READ_REGISTERS_MAX
					  : (unsigned)worth;
}
