/* SPDX-License-Identifier: GPL-2.0-or-later
 * One queue, one task at a time, in order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "agent/store/worker.h"

static struct {
	atomic_int under_way, most;
	char worked[32], done[32];	/* the tasks' names, in order */
	int again;			/* how often one is put again when done */
} seen;

struct named { struct worker_task task; char name; };

static void note(char *to, char name)
{
	to[strlen(to)] = name;
}

static void work(struct worker_task *task)
{
	int n = atomic_fetch_add(&seen.under_way, 1) + 1;

	if (n > atomic_load(&seen.most))
		atomic_store(&seen.most, n);
	usleep(2000);		/* time for another to begin, if it could */
	note(seen.worked, ((struct named *)task)->name);
	atomic_fetch_sub(&seen.under_way, 1);
}

static void done(struct worker_task *task)
{
	assert_false(task->waits);
	note(seen.done, ((struct named *)task)->name);
	if (seen.again > 0) {
		seen.again--;
		worker_put(task);
	}
}

static int clean(void **state)
{
	(void)state;
	memset(&seen, 0, sizeof(seen));
	return 0;
}

static struct named named(char name)
{
	return (struct named){{.work = work, .done = done}, name};
}

static void one_at_a_time_in_order(void **state)
{
	struct named tasks[8];

	(void)state;
	for (int i = 0; i < 8; i++) {
		tasks[i] = named((char)('a' + i));
		worker_put(&tasks[i].task);
		assert_true(tasks[i].task.waits);
	}
	worker_wait(&tasks[7].task);
	assert_string_equal(seen.worked, "abcdefgh");
	assert_string_equal(seen.done, "abcdefgh");
	assert_int_equal(atomic_load(&seen.most), 1);
}

/* Two that always have more to do take turns. */
static void who_is_put_again_goes_behind_who_waits(void **state)
{
	struct named a = named('a'), b = named('b');

	(void)state;
	seen.again = 4;
	worker_put(&a.task);
	worker_put(&b.task);
	worker_wait(&a.task);
	worker_wait(&b.task);
	assert_string_equal(seen.done, "ababab");
}

static void waiting_for_nothing_returns(void **state)
{
	struct named a = named('a');

	(void)state;
	worker_wait(&a.task);
	assert_string_equal(seen.done, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(one_at_a_time_in_order, clean),
		cmocka_unit_test_setup(who_is_put_again_goes_behind_who_waits,
				       clean),
		cmocka_unit_test_setup(waiting_for_nothing_returns, clean),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
