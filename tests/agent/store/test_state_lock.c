/* SPDX-License-Identifier: GPL-2.0-or-later
 * One daemon at a time, and whether the last one came to a clean end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <signal.h>
#include <unistd.h>
#include <cmocka.h>
#include "agent/store/state_lock.h"

#define SECOND INT64_C(1000000000)

static char directory[64];
static char path[80];

static int directory_make(void **state)
{
	(void)state;
	strcpy(directory, "/tmp/lwmux-lock-XXXXXX");
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/lock", directory);
	return 0;
}

static int directory_remove(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(directory);
}

static struct state_lock begun(bool was_killed)
{
	struct state_lock lock;
	bool killed = !was_killed;

	assert_int_equal(state_lock_begin(&lock, directory, &killed), 0);
	assert_int_equal(killed, was_killed);
	return lock;
}

static void killed(struct state_lock *lock)
{
	close(lock->fd);
}

static void content_put(const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void a_clean_end_is_known(void **state)
{
	struct state_lock lock = begun(false);

	(void)state;
	state_lock_end(&lock);
	lock = begun(false);
	state_lock_end(&lock);
}

static void a_kill_is_known(void **state)
{
	struct state_lock lock = begun(false);

	(void)state;
	killed(&lock);
	lock = begun(true);
	state_lock_end(&lock);
	lock = begun(false);
	state_lock_end(&lock);
}

static void another_has_it(void **state)
{
	struct state_lock lock = begun(false), other;
	bool was_killed;

	(void)state;
	assert_int_equal(state_lock_begin(&other, directory, &was_killed),
			 -EWOULDBLOCK);
	assert_false(was_killed);
	state_lock_end(&other);		/* has none: lets go of nothing */
	assert_int_equal(state_lock_begin(&other, directory, &was_killed),
			 -EWOULDBLOCK);
	state_lock_end(&lock);
}

/* Of versions that emptied it in the end, and of a write that was torn. */
static void other_contents(void **state)
{
	struct state_lock lock;

	(void)state;
	content_put("");
	lock = begun(false);
	state_lock_end(&lock);
	content_put("runs, or was killed\n");
	lock = begun(true);
	state_lock_end(&lock);
	content_put("came to a cl");
	lock = begun(true);
	state_lock_end(&lock);
	content_put("came to a clean end\nand more");
	lock = begun(true);
	killed(&lock);
}

/* A disk that takes nothing at the start takes the mark later. */
static void the_mark_is_tried_again(void **state)
{
	struct rlimit before, none = {0};
	struct state_lock lock;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	none.rlim_max = before.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	lock = begun(false);
	assert_int_equal(state_lock_turn(&lock, 5 * SECOND), 15 * SECOND);
	worker_wait(&lock.task);
	assert_int_equal(state_lock_turn(&lock, 6 * SECOND), 15 * SECOND);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(state_lock_turn(&lock, 15 * SECOND), 25 * SECOND);
	worker_wait(&lock.task);
	assert_int_equal(state_lock_turn(&lock, 16 * SECOND), INT64_MAX);
	killed(&lock);
	lock = begun(true);
	state_lock_end(&lock);
}

static void none_has_no_turn(void **state)
{
	struct state_lock none = {0};

	(void)state;
	assert_int_equal(state_lock_turn(&none, SECOND), INT64_MAX);
	state_lock_end(&none);
}

int main(void)
{
#define LOCK_TEST(name) \
	cmocka_unit_test_setup_teardown(name, directory_make, directory_remove)
	const struct CMUnitTest tests[] = {
		LOCK_TEST(a_clean_end_is_known),
		LOCK_TEST(a_kill_is_known),
		LOCK_TEST(another_has_it),
		LOCK_TEST(other_contents),
		LOCK_TEST(the_mark_is_tried_again),
		cmocka_unit_test(none_has_no_turn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
