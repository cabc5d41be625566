/* SPDX-License-Identifier: GPL-2.0-or-later
 * Lists of kept values: what goes in comes out, in order, within the budget. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "agent/store/record_queue.h"
#include "objects/tree.h"

static struct queued_record made(uint32_t i)
{
	struct queued_record r = {.sequence = i, .flags = i % 3 ? 0 :
				  QUEUED_CLOCKLESS};
	static const char text[] = "abcdefghijklmnopqrstuvwxyz";

	r.record.path = i % 2 ? path_resource(3303, (uint16_t)i, 5700) :
			path_element(3, 0, 11, (uint16_t)i);
	r.record.time = INT64_C(1700000000000000000) + i;
	switch (i % 5) {
	case 0: r.record.value = lwm2m_float(i / 7.0); break;
	case 1: r.record.value = lwm2m_integer(-(int64_t)i); break;
	case 2: r.record.value = lwm2m_boolean(i & 4); break;
	case 3: r.record.value = lwm2m_string(text, i % 27); break;
	case 4:
		r.record.value = (struct lwm2m_value){.type = LWM2M_OBJLINK};
		r.record.value.as.link.object = 3303;
		r.record.value.as.link.instance = (uint16_t)i;
		break;
	}
	return r;
}

static void assert_record(const struct queued_record *r, uint32_t i)
{
	struct queued_record expected = made(i);

	assert_int_equal(r->sequence, i);
	assert_int_equal(r->flags, expected.flags);
	assert_int_equal(r->record.time, expected.record.time);
	assert_true(path_equal(&r->record.path, &expected.record.path));
	assert_true(value_equal(&r->record.value, &expected.record.value));
}

static void append_all(struct record_queue *list, struct queue_budget *budget,
		       uint32_t from, uint32_t to)
{
	for (uint32_t i = from; i < to; i++) {
		struct queued_record r = made(i);

		assert_int_equal(queue_append(list, budget, &r), 0);
	}
}

static void assert_list(const struct record_queue *list, uint32_t from,
			uint32_t to)
{
	struct queue_cursor at = {0};
	struct queued_record r;
	uint32_t i = from;

	assert_int_equal(list->n, to - from);
	for (; queue_next(list, &at, &r); i++)
		assert_record(&r, i);
	assert_int_equal(i, to);
}

static void test_first_in_first_out(void **state)
{
	struct queue_budget budget = {1 << 20, 0};
	struct record_queue list = {0};

	(void)state;
	append_all(&list, &budget, 0, 500);
	assert_list(&list, 0, 500);
	for (uint32_t n = 0; n < 500; n += 7) {
		assert_list(&list, n, 500);
		queue_pop(&list, &budget, 7);
	}
	assert_int_equal(list.n, 0);
	assert_null(list.first);
	assert_int_equal(budget.used, 0);
	queue_pop(&list, &budget, 1);	/* nothing there: nothing happens */
}

/* Of 0 to 199, across chunks: every third goes, then those of the first chunks,
 * then the last one; the others stay in order. */
static void test_one_amid_goes(void **state)
{
	struct queue_budget budget = {1 << 20, 0};
	struct record_queue list = {0};
	struct queued_record r;

	(void)state;
	append_all(&list, &budget, 0, 200);
	for (uint32_t gone = 0; gone < 200; gone++) {
		struct queue_cursor at = {0};

		if (gone % 3 && gone > 60 && gone != 199)
			continue;
		do {
			assert_true(queue_next(&list, &at, &r));
		} while (r.sequence != gone);
		queue_remove(&list, &budget, &at);
	}
	append_all(&list, &budget, 200, 210);
	for (uint32_t i = 61; i < 210; i++) {
		if (i < 200 && (i % 3 == 0 || i == 199))
			continue;
		assert_true(queue_next(&list, &(struct queue_cursor){0}, &r));
		assert_record(&r, i);
		queue_pop(&list, &budget, 1);
	}
	assert_int_equal(list.n, 0);
	assert_int_equal(budget.used, 0);
}

/* In one pass, whole chunks and the last one among them: no other is passed over,
 * and none comes twice. */
static void test_taken_out_one_after_the_other(void **state)
{
	struct queue_budget budget = {1 << 20, 0};
	struct record_queue list = {0};
	struct queue_cursor at = {0};
	struct queued_record r;
	uint32_t i = 0;

	(void)state;
	append_all(&list, &budget, 0, 300);
	for (; queue_next(&list, &at, &r); i++) {
		assert_record(&r, i);
		if (i % 3 == 0 || (i >= 60 && i < 150) || i >= 200)
			queue_remove(&list, &budget, &at);
	}
	assert_int_equal(i, 300);
	at = (struct queue_cursor){0};
	for (i = 0; i < 200; i++) {
		if (i % 3 == 0 || (i >= 60 && i < 150))
			continue;
		assert_true(queue_next(&list, &at, &r));
		assert_record(&r, i);
		queue_remove(&list, &budget, &at);
	}
	assert_false(queue_next(&list, &at, &r));
	assert_int_equal(list.n, 0);
	assert_int_equal(budget.used, 0);
}

static void test_both_ends_at_once(void **state)
{
	struct queue_budget budget = {1 << 20, 0};
	struct record_queue list = {0};
	uint32_t first = 0;

	(void)state;
	for (uint32_t next = 0; next < 3000; next += 10) {
		append_all(&list, &budget, next, next + 10);
		queue_pop(&list, &budget, 9);
		first += 9;
		assert_list(&list, first, next + 10);
	}
	queue_clear(&list, &budget);
	assert_int_equal(budget.used, 0);
	assert_list(&list, 0, 0);
}

static void test_budget_holds(void **state)
{
	struct queue_budget budget = {4096, 0};
	struct record_queue a = {0}, b = {0};
	struct queued_record r = made(0);
	int rc;

	(void)state;
	while ((rc = queue_append(&a, &budget, &r)) == 0)
		assert_true(budget.used <= budget.most);
	assert_int_equal(rc, -ENOSPC);
	assert_true(a.n > 60);		/* what 4 KiB take of 40 bytes */
	while ((rc = queue_append(&b, &budget, &r)) == 0)
		assert_true(budget.used <= budget.most);
	assert_int_equal(rc, -ENOSPC);
	assert_true(b.n < 4);		/* what was left */
	queue_clear(&b, &budget);
	queue_clear(&a, &budget);
	assert_int_equal(queue_append(&b, &budget, &r), 0);
	assert_true(budget.used < 256);	/* one value alone costs little */
	queue_clear(&b, &budget);
	assert_int_equal(budget.used, 0);
}

static void test_join_keeps_the_order(void **state)
{
	struct queue_budget budget = {1 << 20, 0};
	struct record_queue a = {0}, b = {0};

	(void)state;
	append_all(&b, &budget, 0, 10);
	queue_join(&a, &b);		/* to an empty one */
	assert_list(&a, 0, 10);
	append_all(&b, &budget, 10, 200);
	queue_join(&a, &b);
	assert_list(&a, 0, 200);
	assert_list(&b, 0, 0);
	queue_join(&a, &b);		/* nothing */
	append_all(&a, &budget, 200, 210);
	assert_list(&a, 0, 210);
	queue_clear(&a, &budget);
	assert_int_equal(budget.used, 0);
}

static void test_marks_and_times_in_place(void **state)
{
	struct queue_budget budget = {1 << 20, 0};
	struct record_queue list = {0};
	struct queue_cursor at = {0};
	struct queued_record r;

	(void)state;
	append_all(&list, &budget, 0, 100);
	for (uint32_t i = 0; queue_next(&list, &at, &r); i++) {
		queue_mark(&at, 1000 + i, 7);
		if (r.flags & QUEUED_CLOCKLESS)
			queue_date(&at, r.record.time + 50);
	}
	at = (struct queue_cursor){0};
	for (uint32_t i = 0; queue_next(&list, &at, &r); i++) {
		struct queued_record old = made(i);

		assert_int_equal(r.sequence, 1000 + i);
		assert_int_equal(r.segment, 7);
		assert_int_equal(r.flags, QUEUED_ON_DISK);
		assert_int_equal(r.record.time, old.record.time +
				 (old.flags & QUEUED_CLOCKLESS ? 50 : 0));
	}
	queue_clear(&list, &budget);
}

static void test_large_values(void **state)
{
	static uint8_t bytes[QUEUED_VALUE_MAX + 1];
	struct queue_budget budget = {1 << 20, 0};
	struct record_queue list = {0};
	struct queue_cursor at = {0};
	struct queued_record r = made(0), back;

	(void)state;
	memset(bytes, 0xa5, sizeof(bytes));
	r.record.value = (struct lwm2m_value){LWM2M_OPAQUE, QUEUED_VALUE_MAX,
					      {.bytes = bytes}};
	assert_int_equal(queue_append(&list, &budget, &r), 0);
	assert_true(queue_next(&list, &at, &back));
	assert_true(value_equal(&r.record.value, &back.record.value));
	r.record.value.length++;
	assert_int_equal(queue_append(&list, &budget, &r), -EMSGSIZE);
	queue_clear(&list, &budget);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_in_first_out),
		cmocka_unit_test(test_one_amid_goes),
		cmocka_unit_test(test_taken_out_one_after_the_other),
		cmocka_unit_test(test_both_ends_at_once),
		cmocka_unit_test(test_budget_holds),
		cmocka_unit_test(test_join_keeps_the_order),
		cmocka_unit_test(test_marks_and_times_in_place),
		cmocka_unit_test(test_large_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
