/* SPDX-License-Identifier: GPL-2.0-or-later
 * Blocks, their limits, and how illegal holes are learnt: against a device
 * that is an array of legal addresses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "adapters/modbus/plan.h"
#include "adapters/modbus/request.h"

#define MOST 4000

static struct plan_item items[MOST], *ranked[MOST];
static struct adapter_point points[MOST], *due[MOST];
static struct plan plan;
static struct plan_limits limits;
static bool legal[65536];		/* of the device */
static unsigned most_registers;		/* that it gives at once */

static void start(void)
{
	memset(&plan, 0, sizeof(plan));
	plan.items = ranked;
	limits = (struct plan_limits){125, 2000, 125, 2000};
	memset(legal, 1, sizeof(legal));
	most_registers = 125;
}

static void add(unsigned table, unsigned address, unsigned span)
{
	size_t i = plan.n++;

	items[i] = (struct plan_item){.address = (uint16_t)address,
				      .span = (uint16_t)span,
				      .table = (uint8_t)table};
	ranked[i] = &items[i];
	points[i] = (struct adapter_point){.data = &items[i]};
}

static void add_many(unsigned table, unsigned address, unsigned span,
		     unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		add(table, address + i * span, span);
}

static size_t all_due(void)
{
	for (size_t i = 0; i < plan.n; i++)
		due[i] = &points[i];
	return plan.n;
}

static bool device_gives(const struct plan_block *block)
{
	if (block->length > most_registers)
		return false;
	for (unsigned a = 0; a < block->length; a++)
		if (!legal[block->address + a])
			return false;
	return true;
}

struct round {
	unsigned good, refused, faulted;
};

/* One round of polling over what is due. */
static struct round poll_due(size_t n)
{
	struct round round = {0, 0, 0};
	const struct plan_item *cut;
	struct adapter_point **at = due;

	for (unsigned calls = 0; n > 0; calls++) {
		struct plan_block block = plan_next(&plan, at, n, &limits);

		assert_true(calls < 1000);
		if (device_gives(&block)) {
			round.good++;
			plan_served(&plan, at, n, &block, true);
		} else {
			round.refused++;
			if (plan_refused(&plan, at, &block, &cut))
				continue;
			round.faulted++;
			assert_int_equal(block.n, 1);
			plan_served(&plan, at, n, &block, false);
		}
		n -= block.n;
		memmove(at + block.first, at + block.first + block.n,
			(n - block.first) * sizeof(at[0]));
	}
	return round;
}

static struct round poll_all(void)
{
	return poll_due(all_due());
}

static struct plan_block first_block(void)
{
	size_t n;

	plan_sort(&plan);
	n = all_due();
	return plan_next(&plan, due, n, &limits);
}

static void neighbours_share_a_request(void **state)
{
	struct plan_block block;

	(void)state;
	start();
	add(TABLE_HOLDING, 101, 1);
	add(TABLE_HOLDING, 100, 1);
	add(TABLE_HOLDING, 102, 2);
	block = first_block();
	assert_int_equal(block.n, 3);
	assert_int_equal(block.address, 100);
	assert_int_equal(block.length, 4);
}

/* With three blocks of neighbours due, the one that due[0] is in. */
static void who_waited_longest_goes_first(void **state)
{
	static const struct {
		unsigned oldest, address, n;
	} cases[] = {{0, 10, 2}, {1, 10, 2}, {2, 500, 1}, {3, 900, 2},
		     {4, 900, 2}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct adapter_point *first;
		struct plan_block block;
		size_t n;

		start();
		add_many(TABLE_HOLDING, 10, 1, 2);
		add(TABLE_HOLDING, 500, 1);
		add_many(TABLE_HOLDING, 900, 1, 2);
		plan_sort(&plan);
		n = all_due();
		first = due[cases[i].oldest];
		due[cases[i].oldest] = due[0];
		due[0] = first;
		block = plan_next(&plan, due, n, &limits);
		assert_int_equal(block.address, cases[i].address);
		assert_int_equal(block.n, cases[i].n);
		assert_int_equal(((struct plan_item *)
				  due[block.first]->data)->address,
				 cases[i].address);
	}
}

/* One exchange with a device that is silent where a register is missing. */
static bool silent_poll(struct plan_block *block)
{
	const struct plan_item *cut;
	size_t n = all_due();

	*block = plan_next(&plan, due, n, &limits);
	if (device_gives(block)) {
		plan_served(&plan, due, n, block, true);
		return true;
	}
	plan_silent(&plan, due, block, &cut);
	return false;
}

/* Without holes it answers, with them again it does not: they are cut. */
static void silence_over_a_hole_is_learnt(void **state)
{
	struct plan_block block;

	(void)state;
	start();
	add_many(TABLE_HOLDING, 0, 1, 2);
	add_many(TABLE_HOLDING, 100, 1, 2);
	plan_sort(&plan);
	legal[50] = false;
	assert_false(silent_poll(&block));
	assert_int_equal(block.length, 102);
	assert_true(silent_poll(&block));
	assert_int_equal(block.length, 2);
	assert_false(silent_poll(&block));
	for (int i = 0; i < 5; i++) {
		assert_true(silent_poll(&block));
		assert_int_equal(block.n, 2);
	}
}

/* ---- silence, as a bus plays it: what was read is due again a round later,
 * what was not answered waits behind the others */

static uint32_t seed;

static unsigned pick(unsigned below)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % below;
}

struct silent_line {
	unsigned long waits[MOST];	/* since when */
	bool due[MOST];
	unsigned long now;
	unsigned silences, row, worst_row;	/* in a row, at most */
};

/* The oldest first. */
static size_t line_due(const struct silent_line *line)
{
	size_t n = 0, first = 0;

	for (size_t i = 0; i < plan.n; i++) {
		if (!line->due[i])
			continue;
		due[n] = &points[i];
		if (line->waits[i] < line->waits[due[first] - points])
			first = n;
		n++;
	}
	if (n > 0) {
		struct adapter_point *oldest = due[first];

		due[first] = due[0];
		due[0] = oldest;
	}
	return n;
}

/* Until all have been read; silences of it. */
static unsigned line_round(struct silent_line *line)
{
	unsigned before = line->silences, requests = 0;
	size_t n;

	for (size_t i = 0; i < plan.n; i++)
		line->due[i] = true;
	while ((n = line_due(line)) > 0) {
		struct plan_block block = plan_next(&plan, due, n, &limits);
		bool good = device_gives(&block);
		const struct plan_item *cut;

		assert_true(requests++ < 1000);
		line->now++;
		for (size_t i = block.first; i < block.first + block.n; i++) {
			line->waits[due[i] - points] = line->now;
			line->due[due[i] - points] = !good;
		}
		line->silences += !good;
		line->row = good ? 0 : line->row + 1;
		if (line->row > line->worst_row)
			line->worst_row = line->row;
		if (good)
			plan_served(&plan, due, n, &block, true);
		else
			plan_silent(&plan, due, &block, &cut);
	}
	return line->silences - before;
}

struct cuts { unsigned all, needless; };

static void cuts_count(struct cuts *cuts)
{
	for (size_t i = 1; i < plan.n; i++) {
		unsigned from = ranked[i - 1]->address + ranked[i - 1]->span;
		bool cut = ranked[i]->boundary == BOUNDARY_CUT, needed = false;

		for (unsigned a = from; a < ranked[i]->address; a++)
			needed |= !legal[a];
		cuts->all += cut;
		cuts->needless += cut && !needed;
	}
}

/* Several tables, several holes, and registers that are missing in some of
 * them: in the end nothing is silent any more, and hardly more is cut than must
 * be (holes between points that are not due at once cannot be told apart). The
 * device never counts as gone: that takes three in a row. */
static void silence_is_bisected(void **state)
{
	static struct silent_line line;
	struct cuts cuts = {0, 0};

	(void)state;
	for (unsigned device = 0; device < 400; device++) {
		unsigned groups, at = 0, rounds = 0, quiet = 0;

		seed = device;
		groups = 2 + pick(8);
		start();
		memset(&line, 0, sizeof(line));
		for (unsigned g = 0; g < groups; g++) {
			unsigned n = 1 + pick(4);
			unsigned hole = 1 + pick(20);

			add_many(TABLE_HOLDING, at, 1, n);
			at += n + hole;
			if (pick(3) == 0)
				legal[at - 1 - pick(hole)] = false;
		}
		add_many(TABLE_INPUT, 1000, 1, 3);
		add_many(TABLE_COIL, 2000, 1, 3);
		plan_sort(&plan);
		while (quiet < 4) {
			quiet = line_round(&line) > 0 ? 0 : quiet + 1;
			assert_true(rounds++ < 60);
		}
		cuts_count(&cuts);
		assert_true(line.worst_row <= 2);
	}
	assert_true(cuts.all > 400);
	assert_true(cuts.needless <= cuts.all / 30);
}

/* It was off, not silent: holes are read over as before. */
static void a_device_that_was_off_keeps_its_blocks(void **state)
{
	struct plan_block block;

	(void)state;
	for (unsigned off = 1; off <= 4; off++) {
		start();
		add_many(TABLE_HOLDING, 0, 1, 2);
		add_many(TABLE_HOLDING, 100, 1, 2);
		plan_sort(&plan);
		memset(legal, 0, sizeof(legal));
		for (unsigned i = 0; i < off; i++)
			assert_false(silent_poll(&block));
		memset(legal, 1, sizeof(legal));
		silent_poll(&block);
		assert_true(silent_poll(&block));
		assert_int_equal(block.length, 102);
	}
}

static void tables_do_not_share_a_request(void **state)
{
	(void)state;
	start();
	add(TABLE_HOLDING, 0, 1);
	add(TABLE_INPUT, 1, 1);
	add(TABLE_COIL, 0, 1);
	add(TABLE_DISCRETE, 1, 1);
	plan_sort(&plan);
	assert_int_equal(poll_all().good, 4);
}

static void registers_end_at_125(void **state)
{
	struct plan_block block;

	(void)state;
	start();
	add_many(TABLE_INPUT, 1000, 1, 125);
	block = first_block();
	assert_int_equal(block.n, 125);
	assert_int_equal(block.length, 125);
	start();
	add_many(TABLE_INPUT, 1000, 1, 126);
	block = first_block();
	assert_int_equal(block.n, 125);
	assert_int_equal(block.length, 125);
	assert_int_equal(poll_all().good, 2);
}

static void values_are_never_split(void **state)
{
	struct plan_block block;

	(void)state;
	start();
	add_many(TABLE_INPUT, 0, 2, 63);	/* 126 registers of floats */
	block = first_block();
	assert_int_equal(block.n, 62);
	assert_int_equal(block.length, 124);
	start();
	add(TABLE_HOLDING, 0, 123);
	add(TABLE_HOLDING, 123, 4);
	block = first_block();
	assert_int_equal(block.n, 1);
	assert_int_equal(block.length, 123);
}

static void bits_end_at_2000(void **state)
{
	struct plan_block block;

	(void)state;
	start();
	add_many(TABLE_COIL, 0, 1, 2000);
	block = first_block();
	assert_int_equal(block.n, 2000);
	assert_int_equal(block.length, 2000);
	start();
	add_many(TABLE_DISCRETE, 63535, 1, 2001);
	block = first_block();
	assert_int_equal(block.n, 2000);
	assert_int_equal(block.address, 63535);
}

static void the_device_may_want_fewer(void **state)
{
	(void)state;
	start();
	limits.registers = 10;
	add_many(TABLE_HOLDING, 0, 1, 25);
	plan_sort(&plan);
	assert_int_equal(poll_all().good, 3);
}

static void the_last_address_is_reached(void **state)
{
	struct plan_block block;

	(void)state;
	start();
	add(TABLE_HOLDING, 65534, 2);
	add(TABLE_HOLDING, 65530, 1);
	block = first_block();
	assert_int_equal(block.n, 2);
	assert_int_equal(block.address, 65530);
	assert_int_equal(block.length, 6);
}

static void holes_are_read_over_up_to_a_limit(void **state)
{
	struct plan_block block;

	(void)state;
	start();
	limits.hole_registers = 10;
	add(TABLE_HOLDING, 0, 1);
	add(TABLE_HOLDING, 11, 1);	/* ten for nothing */
	add(TABLE_HOLDING, 23, 1);	/* eleven */
	block = first_block();
	assert_int_equal(block.n, 2);
	assert_int_equal(block.length, 12);
	start();
	limits.hole_registers = 0;
	add(TABLE_HOLDING, 0, 1);
	add(TABLE_HOLDING, 1, 1);
	add(TABLE_HOLDING, 3, 1);
	assert_int_equal(first_block().n, 2);
}

static void overlapping_points_are_one(void **state)
{
	struct plan_block block;

	(void)state;
	start();
	add(TABLE_HOLDING, 5, 1);	/* bits of one register */
	add(TABLE_HOLDING, 5, 1);
	add(TABLE_HOLDING, 4, 4);
	add(TABLE_HOLDING, 8, 1);
	block = first_block();
	assert_int_equal(block.n, 4);
	assert_int_equal(block.address, 4);
	assert_int_equal(block.length, 5);
}

static void one_illegal_hole_is_learnt_at_once(void **state)
{
	struct round round;

	(void)state;
	start();
	add_many(TABLE_HOLDING, 0, 1, 20);
	add_many(TABLE_HOLDING, 25, 1, 20);
	plan_sort(&plan);
	legal[22] = false;
	round = poll_all();
	assert_int_equal(round.refused, 1);
	assert_int_equal(round.good, 2);
	round = poll_all();
	assert_int_equal(round.refused, 0);
	assert_int_equal(round.good, 2);
}

/* Eight holes of which one is illegal: the others stay bridged. */
static void an_illegal_hole_among_many_is_found(void **state)
{
	struct round round = {0, 0, 0};
	unsigned refused = 0;

	(void)state;
	for (unsigned bad = 0; bad < 8; bad++) {
		start();
		memset(legal, 1, sizeof(legal));
		for (unsigned i = 0; i < 9; i++)
			add(TABLE_HOLDING, 10 * i, 2);
		plan_sort(&plan);
		legal[10 * bad + 5] = false;
		refused = 0;
		for (int i = 0; i < 6; i++) {
			round = poll_all();
			refused += round.refused;
			assert_int_equal(round.faulted, 0);
		}
		assert_int_equal(round.refused, 0);
		assert_int_equal(round.good, 2);
		assert_true(refused <= 5);
	}
}

static void all_holes_may_be_illegal(void **state)
{
	struct round round = {0, 0, 0};

	(void)state;
	start();
	for (unsigned i = 0; i < 9; i++)
		add(TABLE_HOLDING, 10 * i, 2);
	plan_sort(&plan);
	memset(legal, 0, sizeof(legal));
	for (unsigned i = 0; i < 9; i++)
		legal[10 * i] = legal[10 * i + 1] = true;
	for (int i = 0; i < 8; i++) {
		round = poll_all();
		assert_int_equal(round.faulted, 0);
	}
	assert_int_equal(round.refused, 0);
	assert_int_equal(round.good, 9);
}

static void a_wrong_point_harms_no_other(void **state)
{
	struct round round = {0, 0, 0};

	(void)state;
	for (unsigned bad = 0; bad < 10; bad++) {
		start();
		add_many(TABLE_HOLDING, 0, 1, 10);
		plan_sort(&plan);
		legal[bad] = false;
		for (int i = 0; i < 8; i++)
			round = poll_all();
		assert_int_equal(round.refused, 1);	/* itself, alone */
		assert_int_equal(round.faulted, 1);
		assert_true(round.good <= 2);
	}
}

/* The manual says 125, and the device gives ten at once. */
static void a_lower_limit_is_learnt(void **state)
{
	struct round round = {0, 0, 0};

	(void)state;
	start();
	add_many(TABLE_HOLDING, 0, 1, 60);
	plan_sort(&plan);
	most_registers = 10;
	for (int i = 0; i < 12; i++) {
		round = poll_all();
		assert_int_equal(round.faulted, 0);
	}
	assert_int_equal(round.refused, 0);
	assert_true(round.good <= 12);
}

/* Points that are not due lie in the hole: the cut must still come to rest. */
static void learning_ends_with_points_not_due(void **state)
{
	struct round round = {0, 0, 0};

	(void)state;
	start();
	for (unsigned i = 0; i < 10; i++)
		add(TABLE_HOLDING, 10 * i, 2);
	plan_sort(&plan);
	legal[35] = false;
	for (int i = 0; i < 10; i++) {
		for (unsigned k = 0; k < 5; k++)
			due[k] = &points[2 * k];
		round = poll_due(5);
	}
	assert_int_equal(round.refused, 0);
	assert_int_equal(round.good, 2);
	for (int i = 0; i < 10; i++)
		round = poll_all();
	assert_int_equal(round.refused, 0);
	assert_true(round.good <= 3);
}

static bool is_legal(const struct plan_item *item)
{
	for (unsigned a = 0; a < item->span; a++)
		if (!legal[item->address + a])
			return false;
	return true;
}

/* Up to 40 points, up to 20 addresses that do not exist, some of them of
 * points, and a limit that the manual does not tell. Returns how many points
 * are wrong. */
static unsigned random_device(void)
{
	unsigned wrong = 0, n = 1 + pick(40), address = pick(50);

	start();
	limits.hole_registers = pick(2) ? 125 : pick(20);
	most_registers = pick(3) ? 125 : 4 + pick(30);
	for (unsigned i = 0; i < n; i++) {
		unsigned span = 1u << pick(3);

		add(pick(9) ? TABLE_HOLDING : TABLE_INPUT, address, span);
		address += pick(8) ? span + pick(3) * pick(12) : 0;
	}
	for (unsigned i = pick(20); i > 0; i--)
		legal[pick(address + 1)] = false;
	plan_sort(&plan);
	for (unsigned i = 0; i < n; i++)
		wrong += !is_legal(&items[i]);
	return wrong;
}

/* However the device is: no legal point is ever faulted (each is read in each
 * round), and in the end only wrong points cost a request in vain. */
static void learning_ends_on_any_device(void **state)
{
	(void)state;
	for (uint32_t device = 0; device < 3000; device++) {
		struct round round = {0, 0, 0};
		unsigned wrong;

		seed = device;
		wrong = random_device();
		for (int i = 0; i < 60; i++) {
			size_t n = 0;

			for (size_t k = 0; i < 20 && k < plan.n; k++)
				if (pick(2))
					due[n++] = &points[k];
			if (i < 20)
				poll_due(n);
			else
				round = poll_all();
			assert_true(round.faulted <= wrong);
		}
		assert_int_equal(round.faulted, wrong);
		assert_int_equal(round.refused, wrong);
	}
}

/* A device that starts refuses all for a while. */
static void what_a_starting_device_taught_is_forgotten(void **state)
{
	struct plan_cut cuts[64];
	struct round round;

	(void)state;
	start();
	add_many(TABLE_HOLDING, 0, 1, 20);
	add_many(TABLE_HOLDING, 30, 1, 20);
	plan_sort(&plan);
	memset(legal, 0, sizeof(legal));
	for (int i = 0; i < 10; i++)
		round = poll_all();
	assert_int_equal(round.faulted, 40);
	assert_int_equal(plan_cuts_get(&plan, cuts, 64), 0);
	memset(legal, 1, sizeof(legal));
	legal[25] = false;
	for (int i = 0; i < 3; i++)
		round = poll_all();
	assert_int_equal(round.refused, 0);
	assert_int_equal(round.good, 2);
	assert_int_equal(plan_cuts_get(&plan, cuts, 64), 1);
	assert_int_equal(cuts[0].address, 30);
}

static void what_was_learnt_is_kept(void **state)
{
	struct plan_cut cuts[8];

	(void)state;
	start();
	add(TABLE_HOLDING, 0, 1);
	add(TABLE_HOLDING, 10, 1);
	add(TABLE_INPUT, 10, 1);
	plan_sort(&plan);
	legal[5] = false;
	assert_int_equal(poll_all().refused, 1);
	assert_int_equal(plan_cuts_get(&plan, cuts, 8), 1);
	assert_int_equal(cuts[0].table, TABLE_HOLDING);
	assert_int_equal(cuts[0].address, 10);
	start();
	add(TABLE_INPUT, 10, 1);
	add(TABLE_HOLDING, 10, 1);
	add(TABLE_HOLDING, 0, 1);
	plan_sort(&plan);
	plan_cuts_set(&plan, cuts, 1);
	legal[5] = false;
	assert_int_equal(poll_all().refused, 0);
	assert_int_equal(plan_cuts_get(&plan, cuts, 0), 0);
}

/* 11-bit characters: the table of break-even holes in whole registers. */
static void a_hole_is_worth_its_time(void **state)
{
	int64_t at9600 = 11 * INT64_C(1000000000) / 9600;
	int64_t at115200 = 11 * INT64_C(1000000000) / 115200;

	(void)state;
	assert_int_equal(plan_hole_worth(at9600, at9600 * 7 / 2, 0), 8);
	assert_int_equal(plan_hole_worth(at9600, at9600 * 7 / 2, 20000000),
			 16);
	/* a gap of 60 ms is waited for once */
	assert_int_equal(plan_hole_worth(at9600, 60000000, 20000000), 41);
	assert_int_equal(plan_hole_worth(at115200, 1750000, 0), 15);
	assert_int_equal(plan_hole_worth(at115200, 1750000, 50000000), 125);
	assert_int_equal(plan_hole_worth(0, 0, 0), 125);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(neighbours_share_a_request),
		cmocka_unit_test(who_waited_longest_goes_first),
		cmocka_unit_test(silence_over_a_hole_is_learnt),
		cmocka_unit_test(silence_is_bisected),
		cmocka_unit_test(a_device_that_was_off_keeps_its_blocks),
		cmocka_unit_test(tables_do_not_share_a_request),
		cmocka_unit_test(registers_end_at_125),
		cmocka_unit_test(values_are_never_split),
		cmocka_unit_test(bits_end_at_2000),
		cmocka_unit_test(the_device_may_want_fewer),
		cmocka_unit_test(the_last_address_is_reached),
		cmocka_unit_test(holes_are_read_over_up_to_a_limit),
		cmocka_unit_test(overlapping_points_are_one),
		cmocka_unit_test(one_illegal_hole_is_learnt_at_once),
		cmocka_unit_test(an_illegal_hole_among_many_is_found),
		cmocka_unit_test(all_holes_may_be_illegal),
		cmocka_unit_test(a_wrong_point_harms_no_other),
		cmocka_unit_test(a_lower_limit_is_learnt),
		cmocka_unit_test(learning_ends_with_points_not_due),
		cmocka_unit_test(learning_ends_on_any_device),
		cmocka_unit_test(what_a_starting_device_taught_is_forgotten),
		cmocka_unit_test(what_was_learnt_is_kept),
		cmocka_unit_test(a_hole_is_worth_its_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
