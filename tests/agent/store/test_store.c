/* SPDX-License-Identifier: GPL-2.0-or-later
 * The state directory: whole files, odd names, the newest wins. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include <uv.h>
#include "agent/base/log.h"
#include "agent/store/last_format.h"
#include "agent/store/store.h"
#include "agent/store/store_file.h"

static char directory[64];

static int set_up(void **state)
{
	(void)state;
	log_open(LOG_ERROR);
	strcpy(directory, "/tmp/lwmux-store-XXXXXX");
	return mkdtemp(directory) ? 0 : -1;
}

static int tear_down(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", directory);
	return system(command);
}

static void put(struct store *store, const char *name, const char *text)
{
	store_put(store, STORE_HELD, name, (const uint8_t *)text,
		  strlen(text));
}

static void has(struct store *store, const char *name, const char *text)
{
	size_t n;
	uint8_t *bytes = store_get(store, STORE_HELD, name, &n);

	assert_non_null(bytes);
	assert_int_equal(n, strlen(text));
	assert_memory_equal(bytes, text, n);
	free(bytes);
}

static void has_none(struct store *store, const char *name)
{
	size_t n = 1;

	assert_null(store_get(store, STORE_HELD, name, &n));
	assert_int_equal(n, 0);
}

static size_t files_in(const char *folder)
{
	char path[128];
	struct dirent *entry;
	size_t n = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/%s", directory, folder);
	dir = opendir(path);
	assert_non_null(dir);
	while ((entry = readdir(dir)))
		n += entry->d_name[0] != '.';
	closedir(dir);
	return n;
}

static void written_before_close_returns(void **state)
{
	struct store *store = store_open(directory);

	(void)state;
	for (int i = 0; i < 50; i++) {
		char name[16];

		snprintf(name, sizeof(name), "endpoint-%d", i);
		put(store, name, name);
	}
	store_close(store);
	assert_int_equal(files_in("held"), 50);
	store = store_open(directory);
	has(store, "endpoint-0", "endpoint-0");
	has(store, "endpoint-49", "endpoint-49");
	has_none(store, "endpoint-50");
	store_close(store);
}

static void the_newest_wins(void **state)
{
	struct store *store = store_open(directory);

	(void)state;
	for (int i = 0; i < 100; i++)
		put(store, "a", i == 99 ? "last" : "earlier and longer");
	store_close(store);
	store = store_open(directory);
	has(store, "a", "last");
	store_close(store);
}

/* A device that a reload replaces reads what has just been put. */
static void what_waits_is_read_too(void **state)
{
	struct store *store = store_open(directory);

	(void)state;
	put(store, "a", "on a worker");
	has(store, "a", "on a worker");
	put(store, "a", "waits");
	has(store, "a", "waits");
	put(store, "b", "behind it");
	has(store, "b", "behind it");
	store_close(store);
}

static void kinds_are_apart(void **state)
{
	struct store *store = store_open(directory);
	size_t n;

	(void)state;
	put(store, "a", "held");
	assert_null(store_get(store, STORE_KEPT, "a", &n));
	store_close(store);
}

static void odd_names_stay_in_the_directory(void **state)
{
	static const char *const names[] = {
		"..", ".", "../../etc/passwd", "a/b", "a%2Fb", "urn:dev:os:1",
		"with space", "\xc3\xa4", "a.new", "a",
	};
	size_t n = sizeof(names) / sizeof(names[0]);
	struct store *store = store_open(directory);

	(void)state;
	for (size_t i = 0; i < n; i++)
		put(store, names[i], names[i]);
	store_close(store);
	assert_int_equal(files_in("held"), n);
	store = store_open(directory);
	for (size_t i = 0; i < n; i++)
		has(store, names[i], names[i]);
	store_close(store);
}

/* As long as an endpoint's name may be, and longer still when written plain. */
static void long_names_are_kept_apart(void **state)
{
	struct store *store = store_open(directory);
	char names[3][256];

	(void)state;
	for (int i = 0; i < 3; i++) {
		memset(names[i], i == 2 ? '.' : 'n', 255);
		names[i][255] = 0;
	}
	names[1][254] = 'm';
	for (int i = 0; i < 3; i++)
		put(store, names[i], names[i]);
	store_close(store);
	store = store_open(directory);
	for (int i = 0; i < 3; i++)
		has(store, names[i], names[i]);
	assert_int_equal(files_in("held"), 3);
	store_close(store);
}

static void large_ones_come_back_whole(void **state)
{
	struct store *store = store_open(directory);
	size_t size = 100 * 1024, n;
	uint8_t *bytes = malloc(size), *back;

	(void)state;
	assert_non_null(bytes);
	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)(i * 7);
	store_put(store, STORE_KEPT, "a", bytes, size);
	store_close(store);
	store = store_open(directory);
	back = store_get(store, STORE_KEPT, "a", &n);
	assert_int_equal(n, size);
	assert_memory_equal(back, bytes, size);
	free(back);
	free(bytes);
	store_close(store);
}

static void only_its_owner_reads_them(void **state)
{
	struct store *store = store_open(directory);
	char path[128];
	struct stat stat_;

	(void)state;
	put(store, "a", "x");
	store_close(store);
	snprintf(path, sizeof(path), "%s/held/a", directory);
	assert_int_equal(stat(path, &stat_), 0);
	assert_int_equal(stat_.st_mode & 0777, 0600);
}

/* A directory in the file's place: the write fails, and is no crash; what was
 * begun beside it does not stay. */
static void a_write_that_fails_leaves_nothing(void **state)
{
	struct store *store = store_open(directory);
	char path[128];

	(void)state;
	snprintf(path, sizeof(path), "%s/held/a", directory);
	assert_int_equal(mkdir(path, 0700), 0);
	put(store, "a", "x");
	put(store, "b", "y");
	store_close(store);
	assert_int_equal(files_in("held"), 2);
	store = store_open(directory);
	has_none(store, "a");
	has(store, "b", "y");
	store_close(store);
}

/* Of the others, the long and the odd names among them. */
static void what_is_nobodys_goes(void **state)
{
	const char *names[] = {"b/d.e", NULL, "a"};
	struct store *store = store_open(directory);
	char longest[252 + 1];

	(void)state;
	memset(longest, '/', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = 0;
	names[1] = longest;
	for (size_t i = 0; i < 3; i++)
		put(store, names[i], "kept");
	put(store, "c", "gone");
	put(store, "ab", "gone");
	store_close(store);
	store = store_open(directory);
	assert_int_equal(store_keep_only(store, STORE_ACCOUNT, NULL, 0), 0);
	assert_int_equal(store_keep_only(store, STORE_HELD, names, 3), 2);
	for (size_t i = 0; i < 3; i++)
		has(store, names[i], "kept");
	has_none(store, "c");
	has_none(store, "ab");
	assert_int_equal(store_keep_only(store, STORE_HELD, NULL, 0), 3);
	store_close(store);
	assert_int_equal(store_keep_only(NULL, STORE_HELD, names, 3), 0);
}

static void no_directory_keeps_nothing(void **state)
{
	(void)state;
	assert_null(store_open(NULL));
	assert_null(store_open("/proc/none/of/this"));
	put(NULL, "a", "x");
	has_none(NULL, "a");
	store_close(NULL);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

static int told, told_error;

static void on_done(void *context, int error, int64_t now)
{
	(void)now;
	told++;
	told_error = error;
	if (context)			/* it is there when it is told */
		assert_int_equal(access(context, F_OK), 0);
}

static void loop_run(void)
{
	uv_run(uv_default_loop(), UV_RUN_DEFAULT);
}

static void who_waits_is_told_when_it_is_on_the_disk(void **state)
{
	struct store *store = store_open(directory);
	char path[128];

	(void)state;
	snprintf(path, sizeof(path), "%s/held/meter", directory);
	told = 0;
	assert_false(store_after(store, "meter", on_done, path));
	put(store, "other", "x");
	assert_false(store_after(store, "meter", on_done, path));
	put(store, "meter", "1");
	put(store, "meter", "2");	/* takes the place of none: 1 waits */
	assert_true(store_after(store, "meter", on_done, path));
	assert_true(store_is_pending(store, "meter"));
	assert_int_equal(store_turn(store, 1), INT64_MAX);
	assert_int_equal(told, 0);
	loop_run();
	assert_false(store_is_pending(store, "meter"));
	assert_int_equal(store_turn(store, 2), INT64_MAX);
	assert_int_equal(told, 1);
	assert_int_equal(told_error, 0);
	assert_false(store_after(NULL, "meter", on_done, NULL));
	store_close(store);
}

/* A folder where the file should be: as a disk that is full for a while. */
static void what_the_disk_does_not_take_is_tried_again(void **state)
{
	struct store *store = store_open(directory);
	const int64_t second = 1000000000;
	char path[128];

	(void)state;
	log_open(LOG_ERROR + 1);
	snprintf(path, sizeof(path), "%s/held/full.new", directory);
	assert_int_equal(mkdir(path, 0700), 0);
	told = 0;
	put(store, "full", "1");
	assert_true(store_after(store, "full", on_done, NULL));
	loop_run();
	assert_int_equal(store_turn(store, second), 11 * second);
	assert_int_equal(told, 1);
	assert_int_equal(told_error, -EISDIR);
	has(store, "full", "1");
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(store_turn(store, 11 * second), INT64_MAX);
	loop_run();
	store_close(store);
	store = store_open(directory);
	has(store, "full", "1");
	store_close(store);
	log_open(LOG_ERROR);
}

/* ---- the journal ---- */

#define ENDS_IN_ZEROS 2		/* bytes of each record, as there lie anyhow */

static size_t record(uint8_t *to, size_t size, const char *name, int64_t heard)
{
	struct buf out = buf_over(to, size);

	last_put(&out, &(struct last_record){
		.name = name, .n_name = strlen(name), .heard = heard,
		.values = (const uint8_t *)"\0\0",
		.n_values = ENDS_IN_ZEROS});
	assert_false(out.full);
	return out.used;
}

static void append(struct store *store, const char *name, int64_t heard,
		   bool sync)
{
	uint8_t bytes[128];
	size_t n = record(bytes, sizeof(bytes), name, heard);
	uint64_t number = store_append(store, bytes, n, sync);

	while (store_appended(store) < number)
		uv_run(uv_default_loop(), UV_RUN_ONCE);
}

/* -1: there is none. */
static int64_t heard_of(struct store *store, const char *name, size_t *lost)
{
	size_t n;
	uint8_t *bytes = store_read(store, &n);
	struct last_index index = last_index(bytes, n, lost);
	const struct last_record *r = last_find(&index, name);
	int64_t heard = r ? r->heard : -1;

	last_index_finish(&index);
	free(bytes);
	return heard;
}

static const char *journal_path(void)
{
	static char path[80];

	snprintf(path, sizeof(path), "%s/last", directory);
	return path;
}

static struct stat journal_stat(void)
{
	struct stat s;

	assert_int_equal(stat(journal_path(), &s), 0);
	return s;
}

/* The file system has neither a size nor a block to write down for it: that is
 * what wears out a card. */
static void the_journal_is_written_in_place(void **state)
{
	struct store *store = store_open(directory);
	struct stat before, after;
	size_t lost;

	(void)state;
	append(store, "a", 1, true);
	before = journal_stat();
	for (int64_t i = 2; i < 300; i++)
		append(store, "a", i, i % 2);
	after = journal_stat();
	assert_int_equal(after.st_size, before.st_size);
	assert_int_equal(after.st_blocks, before.st_blocks);
	assert_int_equal(heard_of(store, "a", &lost), 299);
	for (int64_t i = 300; i < 3000; i++)
		append(store, "a", i, false);
	assert_true(journal_stat().st_size > before.st_size);
	append(store, "b", 1, true);
	assert_int_equal(heard_of(store, "a", &lost), 2999);
	assert_int_equal(lost, 0);
	store_compact(store);
	append(store, "c", 2, true);
	assert_true(journal_stat().st_size < 3 * before.st_size);
	assert_int_equal(heard_of(store, "a", &lost), 2999);
	assert_int_equal(heard_of(store, "c", &lost), 2);
	assert_int_equal(lost, 0);
	store_close(store);
}

/* However little of the last append a power cut has left: what was there before
 * is, and what comes after it is read. */
static void a_power_cut_takes_the_last_append_alone(void **state)
{
	uint8_t old[4096], torn[128];
	size_t n = record(torn, sizeof(torn), "a", 2), lost;
	struct store *store = store_open(directory);
	ssize_t n_old;
	int fd;

	(void)state;
	append(store, "a", 1, true);
	append(store, "b", 1, true);
	store_close(store);
	fd = open(journal_path(), O_RDWR);
	n_old = pread(fd, old, sizeof(old), 0);
	assert_int_equal(n_old, sizeof(old));
	for (size_t cut = 0; cut <= n; cut++) {
		size_t end = last_end(old, sizeof(old));
		int64_t a = cut + ENDS_IN_ZEROS < n ? 1 : 2;

		assert_int_equal(pwrite(fd, old, sizeof(old), 0), n_old);
		assert_int_equal(pwrite(fd, torn, cut, (off_t)end), cut);
		store = store_open(directory);
		assert_int_equal(heard_of(store, "a", &lost), a);
		append(store, "c", 3, false);
		store_close(store);
		store = store_open(directory);
		assert_int_equal(heard_of(store, "a", &lost), a);
		assert_int_equal(heard_of(store, "b", &lost), 1);
		assert_int_equal(heard_of(store, "c", &lost), 3);
		store_close(store);
	}
	close(fd);
}

/* Of a state directory of an older version, and one that somebody cut. */
static void a_journal_without_zeros_is_gone_on_with(void **state)
{
	struct store *store = store_open(directory);
	size_t lost, n;
	uint8_t bytes[128];

	(void)state;
	n = record(bytes, sizeof(bytes), "a", 1);
	append(store, "a", 1, true);
	append(store, "b", 1, true);
	assert_int_equal(truncate(journal_path(), (off_t)n), 0);
	store_close(store);
	store = store_open(directory);
	assert_int_equal(heard_of(store, "b", &lost), -1);
	append(store, "c", 1, true);
	assert_int_equal(heard_of(store, "a", &lost), 1);
	assert_int_equal(heard_of(store, "c", &lost), 1);
	assert_int_equal(lost, 0);
	store_close(store);
}

static void a_file_that_is_too_long_is_refused_or_cut(void **state)
{
	char path[128];
	uint8_t *bytes;
	size_t n = 0;

	(void)state;
	snprintf(path, sizeof(path), "%s/file", directory);
	assert_int_equal(store_file_replace(path, (const uint8_t *)"abcdef", 6),
			 0);
	assert_null(store_file_read(path, 5, STORE_LONG_NONE, &n));
	bytes = store_file_read(path, 5, STORE_LONG_CUT, &n);
	assert_non_null(bytes);
	assert_int_equal(n, 5);
	assert_memory_equal(bytes, "abcde", 5);
	free(bytes);
	bytes = store_file_read(path, 6, STORE_LONG_NONE, &n);
	assert_non_null(bytes);
	assert_int_equal(n, 6);
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(written_before_close_returns),
		CASE(the_newest_wins),
		CASE(what_waits_is_read_too),
		CASE(kinds_are_apart),
		CASE(odd_names_stay_in_the_directory),
		CASE(long_names_are_kept_apart),
		CASE(large_ones_come_back_whole),
		CASE(only_its_owner_reads_them),
		CASE(a_write_that_fails_leaves_nothing),
		CASE(what_is_nobodys_goes),
		CASE(no_directory_keeps_nothing),
		CASE(who_waits_is_told_when_it_is_on_the_disk),
		CASE(what_the_disk_does_not_take_is_tried_again),
		CASE(the_journal_is_written_in_place),
		CASE(a_power_cut_takes_the_last_append_alone),
		CASE(a_journal_without_zeros_is_gone_on_with),
		CASE(a_file_that_is_too_long_is_refused_or_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
