/* SPDX-License-Identifier: GPL-2.0-or-later
 * The journal of what sleeping devices last said: whatever of it is whole is
 * read, the newest of each name. */
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "agent/store/last_format.h"

static uint8_t journal[4096];

static void put(struct buf *out, const char *name, int64_t heard,
		const char *values)
{
	last_put(out, &(struct last_record){
		.name = name, .n_name = strlen(name), .fingerprint = 0x1234,
		.heard = heard, .values = (const uint8_t *)values,
		.n_values = strlen(values)});
}

static void expect(const struct last_index *index, const char *name,
		   int64_t heard, const char *values)
{
	const struct last_record *r = last_find(index, name);

	assert_non_null(r);
	assert_int_equal(r->heard, heard);
	assert_true(r->fingerprint == 0x1234);
	assert_int_equal(r->n_values, strlen(values));
	assert_memory_equal(r->values, values, r->n_values);
}

static void the_newest_of_each_name_counts(void **state)
{
	struct buf out = buf_over(journal, sizeof(journal));
	struct last_index index;
	size_t lost;

	(void)state;
	put(&out, "b", 1, "one");
	put(&out, "a", 2, "");
	put(&out, "ab", 3, "three");
	put(&out, "b", 4, "four");
	put(&out, "b", 3, "late");	/* the order of writing decides */
	index = last_index(journal, out.used, &lost);
	assert_int_equal(index.n, 3);
	assert_int_equal(lost, 0);
	expect(&index, "a", 2, "");
	expect(&index, "ab", 3, "three");
	expect(&index, "b", 3, "late");
	assert_null(last_find(&index, "c"));
	assert_null(last_find(&index, ""));
	last_index_finish(&index);
}

/* A journal of hours is mostly what a newer record replaces. */
static void what_is_replaced_takes_no_memory(void **state)
{
	static uint8_t hours[200000];
	struct buf out = buf_over(hours, sizeof(hours));
	struct last_index index;
	size_t lost;

	(void)state;
	for (int i = 0; i < 3000; i++)
		put(&out, i % 3 == 0 ? "a" : i % 3 == 1 ? "b" : "c", i, "x");
	assert_false(out.full);
	index = last_index(hours, out.used, &lost);
	assert_int_equal(index.n, 3);
	expect(&index, "a", 2997, "x");
	expect(&index, "b", 2998, "x");
	expect(&index, "c", 2999, "x");
	assert_true(malloc_usable_size(index.records) <
		    200 * sizeof(*index.records));
	last_index_finish(&index);
}

static void a_rhythm_is_kept_where_there_is_one(void **state)
{
	static uint8_t small[4096];
	struct last_rhythm rhythm = {.longest = 600, .before = 0x01020304,
					 .window = 86399, .signs = 65535};
	struct buf out = buf_over(journal, sizeof(journal));
	struct buf to = buf_over(small, sizeof(small));
	struct last_index index;
	size_t lost;

	(void)state;
	put(&out, "b", 1, "one");
	last_put(&out, &(struct last_record){
		.name = "a", .n_name = 1, .fingerprint = 0x1234, .heard = 2,
		.rhythm = rhythm, .values = (const uint8_t *)"two",
		.n_values = 3});
	put(&out, "c", 3, "three");
	last_compact(journal, out.used, 50, &to);
	index = last_index(small, to.used, &lost);
	assert_int_equal(lost, 0);
	assert_int_equal(index.n, 3);
	expect(&index, "b", 1, "one");
	expect(&index, "a", 2, "two");
	expect(&index, "c", 3, "three");
	assert_memory_equal(&last_find(&index, "a")->rhythm, &rhythm,
			    offsetof(struct last_rhythm, signs) + 2);
	assert_int_equal(last_find(&index, "b")->rhythm.signs, 0);
	last_index_finish(&index);
}

static void what_was_cut_off_costs_only_itself(void **state)
{
	struct last_index index;
	size_t lost, whole;

	(void)state;
	for (size_t cut = 1; cut < 40; cut++) {
		struct buf out = buf_over(journal, sizeof(journal));

		put(&out, "a", 1, "one");
		whole = out.used;
		put(&out, "b", 2, "two");
		out.used -= cut;
		if (out.used <= whole)
			break;
		put(&out, "c", 3, "three");
		index = last_index(journal, out.used, &lost);
		assert_true(lost > 0);
		assert_int_equal(index.n, 2);
		expect(&index, "a", 1, "one");
		expect(&index, "c", 3, "three");
		last_index_finish(&index);
	}
}

static void a_wrong_bit_costs_only_its_record(void **state)
{
	struct buf out = buf_over(journal, sizeof(journal));
	struct last_index index;
	size_t lost, from, to;

	(void)state;
	put(&out, "a", 1, "one");
	from = out.used;
	put(&out, "b", 2, "two");
	to = out.used;
	put(&out, "c", 3, "three");
	for (size_t bit = from * 8; bit < to * 8; bit++) {
		journal[bit / 8] ^= (uint8_t)(1 << bit % 8);
		index = last_index(journal, out.used, &lost);
		assert_true(index.n == 2 && lost > 0);
		expect(&index, "a", 1, "one");
		expect(&index, "c", 3, "three");
		last_index_finish(&index);
		journal[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
}

static void compacted_it_says_the_same(void **state)
{
	static uint8_t small[4096];
	struct buf out = buf_over(journal, sizeof(journal));
	struct buf to = buf_over(small, sizeof(small));
	struct last_index index;
	size_t lost;

	(void)state;
	put(&out, "old", 5, "gone since");
	for (int i = 0; i < 20; i++)
		put(&out, i % 2 ? "a" : "b", 100 + i, "value");
	last_compact(journal, out.used, 50, &to);
	assert_false(to.full);
	assert_true(to.used < out.used / 8);
	index = last_index(small, to.used, &lost);
	assert_int_equal(index.n, 2);
	expect(&index, "a", 119, "value");
	expect(&index, "b", 118, "value");
	last_index_finish(&index);
}

static void nothing_and_garbage_are_empty(void **state)
{
	struct last_index index;
	size_t lost;

	(void)state;
	index = last_index(NULL, 0, &lost);
	assert_int_equal(index.n, 0);
	assert_null(last_find(&index, "a"));
	memset(journal, 'L', sizeof(journal));
	index = last_index(journal, sizeof(journal), &lost);
	assert_int_equal(index.n, 0);
	assert_int_equal(lost, sizeof(journal));
	last_index_finish(&index);
}

/* What is not zero is not written over, and a record may end in zeros. */
static void the_next_one_is_written_behind_all(void **state)
{
	static const char zeros[8];
	struct buf out = buf_over(journal, sizeof(journal));
	size_t end;

	(void)state;
	memset(journal, 0, sizeof(journal));
	assert_int_equal(last_end(journal, sizeof(journal)), 0);
	last_put(&out, &(struct last_record){
		.name = "a", .n_name = 1, .values = (const uint8_t *)zeros,
		.n_values = sizeof(zeros)});
	end = out.used;
	assert_int_equal(last_end(journal, sizeof(journal)), end);
	assert_int_equal(last_end(journal, end), end);
	journal[end + 20] = 1;			/* torn */
	assert_int_equal(last_end(journal, sizeof(journal)), end + 21);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_newest_of_each_name_counts),
		cmocka_unit_test(what_is_replaced_takes_no_memory),
		cmocka_unit_test(a_rhythm_is_kept_where_there_is_one),
		cmocka_unit_test(what_was_cut_off_costs_only_itself),
		cmocka_unit_test(a_wrong_bit_costs_only_its_record),
		cmocka_unit_test(compacted_it_says_the_same),
		cmocka_unit_test(nothing_and_garbage_are_empty),
		cmocka_unit_test(the_next_one_is_written_behind_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
