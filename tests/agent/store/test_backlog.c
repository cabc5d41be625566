/* SPDX-License-Identifier: GPL-2.0-or-later
 * The log: what was put and not done is there after a restart, in order, and
 * once; however the files were torn. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <uv.h>
#include <cmocka.h>
#include "agent/store/backlog.h"
#include "agent/store/backlog_format.h"
#include "objects/tree.h"

#define MIB (1024 * 1024)
#define MANY 20000

static struct {
	uint32_t given[MANY], lost[MANY];
	uint16_t servers[MANY];
	size_t n_given, n_lost, stop_at;
	bool ended;
} seen;

static bool on_record(void *context, struct backlog_stream *stream,
		      const struct queued_record *record)
{
	(void)context;
	if (seen.stop_at && seen.n_given == seen.stop_at)
		return false;
	assert_true(seen.n_given < MANY);
	assert_true(record->flags & QUEUED_ON_DISK);
	assert_float_equal(record->record.value.as.number,
			   record->sequence / 8.0, 0);
	assert_int_equal(record->record.time, 1000 + record->sequence);
	seen.servers[seen.n_given] = stream->server;
	seen.given[seen.n_given++] = record->sequence;
	return true;
}

static void on_lost(void *context, struct backlog_stream *stream,
		    uint32_t sequence)
{
	(void)context;
	(void)stream;
	assert_true(seen.n_lost < MANY);
	seen.lost[seen.n_lost++] = sequence;
}

static void on_end(void *context)
{
	(void)context;
	seen.ended = true;
}

static const struct backlog_handlers handlers = {
	.lost = on_lost, .record = on_record, .end = on_end};

static char folder[64];

static int set_up(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/lwmux-backlog-XXXXXX");
	memset(&seen, 0, sizeof(seen));
	return mkdtemp(folder) ? 0 : -1;
}

/* The i-th file by name; false: there are not so many. */
static bool file_at(size_t i, char path[512])
{
	struct dirent **files;
	int n = scandir(folder, &files, NULL, alphasort);
	bool there = false;

	for (int f = 0; f < n; f++) {
		if (files[f]->d_name[0] != '.' && !there && i-- == 0) {
			snprintf(path, 512, "%s/%s", folder, files[f]->d_name);
			there = true;
		}
		free(files[f]);
	}
	free(files);
	return there;
}

static int tear_down(void **state)
{
	char path[512];

	(void)state;
	while (file_at(0, path))
		unlink(path);
	return rmdir(folder);
}

static struct backlog *open_log(uint64_t most)
{
	struct backlog *s = backlog_open(folder, most, &handlers, NULL);

	assert_non_null(s);
	seen.n_given = seen.n_lost = 0;
	seen.ended = false;
	return s;
}

static uint32_t put(struct backlog *s, struct backlog_stream *stream,
		    uint32_t i)
{
	struct queued_record r = {.sequence = i, .record = {
		.path = path_resource(3303, 0, 5700), .time = 1000 + i,
		.value = lwm2m_float(i / 8.0)}};

	return backlog_put(s, stream, &r, i % 2);
}

static void read_all(struct backlog *s)
{
	seen.n_given = 0;
	seen.ended = false;
	backlog_read(s, true);
	while (!seen.ended)
		uv_run(uv_default_loop(), UV_RUN_ONCE);
}

static void assert_given(uint32_t from, uint32_t to)
{
	assert_int_equal(seen.n_given, to - from);
	for (uint32_t i = from; i < to; i++)
		assert_int_equal(seen.given[i - from], i);
}

static void test_outlives_a_restart(void **state)
{
	struct backlog *s = open_log(MIB);
	struct backlog_stream *stream = backlog_stream(s, "a", 1, NULL);
	uint32_t segment = 0;

	(void)state;
	for (uint32_t i = 0; i < 1000; i++)
		assert_true((segment = put(s, stream, i)) > 0);
	for (uint32_t i = 0; i < 100; i++)
		backlog_done(s, stream, i, segment, false);
	read_all(s);		/* also what is not written yet */
	assert_given(100, 1000);
	backlog_close(s);
	s = open_log(MIB);
	stream = backlog_stream_find(s, "a", 1);
	assert_non_null(stream);
	assert_int_equal(stream->n, 900);
	assert_int_equal(stream->next_sequence, 1000);
	assert_null(backlog_stream_find(s, "a", 2));
	assert_null(backlog_stream_find(s, "b", 1));
	read_all(s);
	assert_given(100, 1000);
	backlog_close(s);
}

static void test_all_done_leaves_nothing(void **state)
{
	struct backlog *s = open_log(MIB);
	struct backlog_stream *stream = backlog_stream(s, "a", 1, NULL);
	char path[512];

	(void)state;
	for (uint32_t i = 0; i < 5000; i++)
		backlog_done(s, stream, i, put(s, stream, i), true);
	assert_int_equal(stream->n, 0);
	backlog_close(s);
	s = open_log(MIB);
	assert_int_equal(backlog_counts(s).segments, 0);
	read_all(s);
	assert_int_equal(seen.n_given, 0);
	backlog_close(s);
	assert_false(file_at(0, path));
}

static void test_done_out_of_order(void **state)
{
	struct backlog *s = open_log(MIB);
	struct backlog_stream *stream = backlog_stream(s, "a", 1, NULL);
	uint32_t segment = 0;

	(void)state;
	for (uint32_t i = 0; i < 20; i++)
		segment = put(s, stream, i);
	for (uint32_t i = 10; i < 15; i++)
		backlog_done(s, stream, i, segment, false);
	backlog_done(s, stream, 12, segment, false);	/* twice is fine */
	backlog_done(s, stream, 0, segment, false);
	assert_int_equal(stream->n, 14);
	backlog_close(s);
	s = open_log(MIB);
	stream = backlog_stream_find(s, "a", 1);
	assert_int_equal(stream->n, 14);
	read_all(s);
	assert_int_equal(seen.n_given, 14);
	assert_int_equal(seen.given[0], 1);
	assert_int_equal(seen.given[8], 9);
	assert_int_equal(seen.given[9], 15);
	for (uint32_t i = 1; i < 10; i++)
		backlog_done(s, stream, i, segment, false);
	assert_int_equal(stream->done_to, 15);
	assert_int_equal(stream->n_done, 0);
	backlog_close(s);
}

/* Each second one: none of the ranges may be forgotten, or what they say is
 * delivered again after each restart. */
static void test_many_gaps(void **state)
{
	struct backlog *s = open_log(MIB);
	struct backlog_stream *stream = backlog_stream(s, "a", 1, NULL);
	uint32_t segment = 0;

	(void)state;
	for (uint32_t i = 0; i < 100; i++)
		segment = put(s, stream, i);
	for (uint32_t i = 1; i < 100; i += 2)
		backlog_done(s, stream, i, segment, false);
	backlog_close(s);
	s = open_log(MIB);
	stream = backlog_stream_find(s, "a", 1);
	assert_int_equal(stream->n, 50);
	read_all(s);
	assert_int_equal(seen.n_given, 50);
	for (uint32_t i = 0; i < 50; i++)
		assert_int_equal(seen.given[i], 2 * i);
	for (uint32_t i = 100; i > 1; i -= 2)
		backlog_done(s, stream, i - 2, segment, false);
	assert_int_equal(stream->done_to, 100);
	assert_int_equal(stream->n_done, 0);
	backlog_close(s);
}

static void test_streams_do_not_mix(void **state)
{
	struct backlog *s = open_log(4 * MIB);
	struct backlog_stream *a = backlog_stream(s, "a", 1, NULL);
	struct backlog_stream *b = backlog_stream(s, "a", 2, NULL);

	(void)state;
	assert_ptr_not_equal(a, b);
	for (uint32_t i = 0; i < 3000; i++) {
		uint32_t segment = put(s, a, i);

		put(s, b, i);
		backlog_done(s, a, i, segment, false);
	}
	backlog_close(s);
	s = open_log(4 * MIB);
	read_all(s);
	assert_given(0, 3000);
	for (size_t i = 0; i < seen.n_given; i++)
		assert_int_equal(seen.servers[i], 2);
	backlog_close(s);
}

static void test_oldest_is_lost_for_room(void **state)
{
	struct backlog *s = open_log(256 * 1024);
	struct backlog_stream *stream = backlog_stream(s, "a", 1, NULL);

	(void)state;
	for (uint32_t i = 0; i < MANY; i++)
		assert_true(put(s, stream, i) > 0);
	assert_true(backlog_counts(s).bytes <= 256 * 1024);
	assert_true(seen.n_lost > 0);
	for (uint32_t i = 0; i < seen.n_lost; i++)
		assert_int_equal(seen.lost[i], i);
	assert_int_equal(stream->n, MANY - seen.n_lost);
	read_all(s);
	assert_given((uint32_t)seen.n_lost, MANY);
	backlog_close(s);
}

static void writes_fail(bool do_fail)
{
	static struct rlimit before;
	struct rlimit none;

	if (do_fail) {
		assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
		signal(SIGXFSZ, SIG_IGN);
		none = (struct rlimit){0, before.rlim_max};
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	} else {
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	}
}

/* What is there, and what waits to be written, is delivered and deleted, which
 * makes room again. */
static void test_a_disk_that_takes_nothing_is_read(void **state)
{
	struct backlog *s = open_log(MIB);
	struct backlog_stream *stream = backlog_stream(s, "meter", 1, NULL);
	uint32_t segments[3000];
	char path[512];

	(void)state;
	for (uint32_t i = 0; i < 3000; i++)
		segments[i] = put(s, stream, i);
	read_all(s);
	assert_given(0, 3000);
	writes_fail(true);
	for (uint32_t i = 3000; i < 3010; i++)
		put(s, stream, i);
	seen.n_given = 0;
	backlog_read(s, true);
	seen.ended = false;
	while (!seen.ended)
		uv_run(uv_default_loop(), UV_RUN_ONCE);
	assert_given(0, 3010);
	assert_true(file_at(0, path) && strstr(path, "00000001"));
	for (uint32_t i = 0; i < 3000; i++)
		backlog_done(s, stream, i, segments[i], false);
	backlog_turn(s, 0);
	while (file_at(0, path) && strstr(path, "00000001"))
		uv_run(uv_default_loop(), UV_RUN_ONCE);
	writes_fail(false);
	backlog_close(s);
}

static void test_reading_stops_and_goes_on(void **state)
{
	struct backlog *s = open_log(MIB);
	struct backlog_stream *stream = backlog_stream(s, "a", 1, NULL);

	(void)state;
	for (uint32_t i = 0; i < 9000; i++)
		put(s, stream, i);
	seen.stop_at = 4000;
	backlog_read(s, true);
	while (backlog_is_reading(s))
		uv_run(uv_default_loop(), UV_RUN_ONCE);
	assert_false(seen.ended);
	assert_given(0, 4000);
	seen.stop_at = 0;
	for (uint32_t i = 9000; i < 9100; i++)
		put(s, stream, i);
	backlog_read(s, false);
	while (!seen.ended)
		uv_run(uv_default_loop(), UV_RUN_ONCE);
	assert_given(0, 9100);
	backlog_close(s);
}

static void test_no_room_at_all(void **state)
{
	struct backlog *s = open_log(0);
	struct backlog_stream *stream = backlog_stream(s, "a", 1, NULL);

	(void)state;
	assert_int_equal(put(s, stream, 0), 0);
	backlog_close(s);
}

/* Cut off at every length, or with any byte turned: what stands before the
 * damage is there, and what is put after a restart comes behind it. */
static void damage(long cut, long turn)
{
	struct backlog *s;
	struct backlog_stream *stream;
	uint32_t n = 0;
	char path[512];
	uint8_t byte;
	int fd;

	assert_true(file_at(0, path));
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (cut >= 0)
		assert_int_equal(ftruncate(fd, cut), 0);
	if (turn >= 0) {
		assert_int_equal(pread(fd, &byte, 1, turn), 1);
		byte ^= 0x10;
		assert_int_equal(pwrite(fd, &byte, 1, turn), 1);
	}
	close(fd);
	s = open_log(MIB);
	stream = backlog_stream_find(s, "a", 1);
	if (stream) {
		n = stream->n;
		read_all(s);
		assert_given(0, n);
	}
	stream = backlog_stream(s, "a", 1, NULL);
	put(s, stream, stream->next_sequence);
	read_all(s);
	assert_int_equal(seen.n_given, n + 1);
	backlog_close(s);
}

static void test_torn_files(void **state)
{
	char path[512];
	struct stat stat_;

	(void)state;
	for (long cut = -1, turn = -1, size = 400; cut < 2 * size; cut += 3) {
		struct backlog *s = open_log(MIB);
		struct backlog_stream *stream = backlog_stream(s, "a", 1, NULL);

		for (uint32_t i = 0; i < 9; i++)
			put(s, stream, i);
		backlog_close(s);
		assert_true(file_at(0, path));
		assert_int_equal(stat(path, &stat_), 0);
		size = stat_.st_size;
		turn = cut >= size ? cut - size : -1;
		damage(cut < size ? cut : -1, turn);
		while (file_at(0, path))
			unlink(path);
	}
}

static void test_format_is_little_endian_and_checked(void **state)
{
	static const uint8_t done[] = {
		0x3f, 0x1b, 0xb0, 0x2d,	/* CRC-32 */
		0x14, 0, 3, 0,		/* 20 bytes, DONE */
		0x78, 0x56, 0x34, 0x12, 1, 0, 0, 0, 3, 0, 0, 0,
	};
	struct backlog_record r = {.kind = BACKLOG_DONE_RANGE, .from = 1,
				   .to = 3,
				   .stream = 0x12345678}, back;
	uint8_t room[64];
	struct buf out = buf_over(room, sizeof(room));

	(void)state;
	backlog_record_write(&r, &out);
	assert_int_equal(out.used, sizeof(done));
	assert_memory_equal(room, done, sizeof(done));
	assert_int_equal(backlog_record_read(room, out.used, &back),
			 sizeof(done));
	assert_int_equal(back.stream, 0x12345678);
	assert_int_equal(back.to, 3);
	assert_int_equal(backlog_record_read(room, out.used - 1, &back),
			 -EBADMSG);
	assert_int_equal(backlog_record_read(room, 0, &back), 0);
	room[9] ^= 1;
	assert_int_equal(backlog_record_read(room, out.used, &back), -EBADMSG);
}

/* Records of before the clock was set: at 100 s of a clock that begins with the
 * boot, which is set by 1.7e9 s later. */
static void put_clockless(struct backlog *s, uint32_t i)
{
	struct queued_record r = {.sequence = i, .flags = QUEUED_CLOCKLESS,
		.record = {.path = path_resource(3303, 0, 5700),
			   .time = INT64_C(100000000000) + i,
			   .value = lwm2m_float(i / 8.0)}};

	assert_true(backlog_put(s, backlog_stream(s, "a", 1, NULL), &r,
				false) > 0);
}

static struct {
	int64_t times[8];
	uint8_t flags[8];
	size_t n;
} dated;

static bool on_dated(void *context, struct backlog_stream *stream,
		     const struct queued_record *record)
{
	(void)context;
	(void)stream;
	assert_true(dated.n < 8);
	dated.flags[dated.n] = record->flags;
	dated.times[dated.n++] = record->record.time;
	return true;
}

static const struct backlog_handlers dating = {
	.lost = on_lost, .record = on_dated, .end = on_end};

static struct backlog *open_dated(uint8_t boot, int64_t offset)
{
	struct backlog *s = backlog_open(folder, MIB, &dating, NULL);

	assert_non_null(s);
	backlog_clock(s, (uint8_t[16]){boot}, offset);
	return s;
}

static void read_dated(struct backlog *s)
{
	memset(&dated, 0, sizeof(dated));
	read_all(s);
}

#define LATE (INT64_C(1700000000) * 1000000000)

static void test_clock_is_set_later(void **state)
{
	const struct clock_step jump = {0, INT64_C(200000000000), LATE};
	struct backlog *s = open_dated(1, 0);

	(void)state;
	put_clockless(s, 0);
	backlog_step(s, &jump);		/* while it runs */
	put(s, backlog_stream(s, "a", 1, NULL), 1);
	read_dated(s);
	assert_int_equal(dated.n, 2);
	assert_int_equal(dated.times[0], LATE + INT64_C(100000000000));
	assert_int_equal(dated.flags[0], QUEUED_ON_DISK);
	assert_int_equal(dated.times[1], 1001);		/* put after it */
	backlog_close(s);
	s = open_dated(1, LATE);	/* and after a restart the same */
	read_dated(s);
	assert_int_equal(dated.times[0], LATE + INT64_C(100000000000));
	backlog_close(s);
}

static void test_clock_is_set_between_two_runs(void **state)
{
	struct backlog *s = open_dated(1, 0);

	(void)state;
	put_clockless(s, 0);
	backlog_close(s);
	s = open_dated(1, LATE);
	put_clockless(s, 1);	/* whatever it thinks: by a later step only */
	read_dated(s);
	assert_int_equal(dated.times[0], LATE + INT64_C(100000000000));
	assert_int_equal(dated.times[1], INT64_C(100000000001));
	assert_true(dated.flags[1] & QUEUED_CLOCKLESS);
	backlog_close(s);
}

static void test_clock_of_another_boot_tells_nothing(void **state)
{
	struct backlog *s = open_dated(1, 0);

	(void)state;
	put_clockless(s, 0);
	backlog_close(s);
	s = open_dated(2, LATE);
	read_dated(s);
	assert_int_equal(dated.times[0], INT64_C(100000000000));
	assert_true(dated.flags[0] & QUEUED_CLOCKLESS);
	backlog_close(s);
	s = open_dated(2, LATE);
	read_dated(s);
	assert_int_equal(dated.times[0], INT64_C(100000000000));
	backlog_close(s);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static bool disk_is_full;

/* In place of libc's, for the log too. */
ssize_t pwrite(int fd, const void *bytes, size_t n, off_t at)
{
	if (disk_is_full) {
		errno = ENOSPC;
		return -1;
	}
	return syscall(SYS_pwrite64, fd, bytes, n, at);
}

static struct { ino_t file; off_t size; } synced[8];
static size_t n_synced;

/* The same, on a worker: of each file, what is in it then. */
int fdatasync(int fd)
{
	struct stat now;

	if (fstat(fd, &now) == 0) {
		synced[n_synced % 8].file = now.st_ino;
		synced[n_synced++ % 8].size = now.st_size;
	}
	return (int)syscall(SYS_fdatasync, fd);
}

static off_t synced_of(ino_t file)
{
	off_t size = 0;

	for (size_t i = 0; i < 8; i++)
		if (synced[i].file == file && synced[i].size > size)
			size = synced[i].size;
	return size;
}

/* Records of every step-th number until the second file begins. */
static void two_files(uint32_t from, uint32_t step)
{
	struct backlog *s = open_log(256 * 1024);
	struct backlog_stream *stream = backlog_stream(s, "a", 1, NULL);
	uint32_t i = from, first = put(s, stream, i);
	struct stat file;
	char path[512];

	memset(synced, 0, sizeof(synced));
	while (put(s, stream, i += step) == first)
		;
	put(s, stream, (i | 1) + 1);		/* not lazy */
	uv_run(uv_default_loop(), UV_RUN_DEFAULT);
	backlog_turn(s, 1);
	uv_run(uv_default_loop(), UV_RUN_DEFAULT);
	for (i = 0; file_at(i, path); i++) {
		assert_int_equal(stat(path, &file), 0);
		assert_true(file.st_size > 0);
		assert_int_equal(synced_of(file.st_ino), file.st_size);
	}
	assert_int_equal(i, 2);
	backlog_close(s);
}

/* Its end may still wait for the disk when the next file begins. */
static void test_each_file_is_synced_to_its_end(void **state)
{
	(void)state;
	two_files(0, 1);
}

static void test_what_is_lazy_is_synced_with_its_file(void **state)
{
	(void)state;
	two_files(1, 2);
}

/* All of it is done before its sync is due. */
static void test_a_sync_makes_no_file_anew(void **state)
{
	struct backlog *s = open_log(256 * 1024);
	struct backlog_stream *stream = backlog_stream(s, "a", 1, NULL);
	uint32_t first = put(s, stream, 0);
	char path[512];

	(void)state;
	for (uint32_t i = 1; i < 400; i++)
		assert_int_equal(put(s, stream, i), first);
	uv_run(uv_default_loop(), UV_RUN_DEFAULT);
	assert_true(file_at(0, path));
	for (uint32_t i = 0; i < 400; i++)
		backlog_done(s, stream, i, first, false);
	for (int64_t now = 1; now < 5; now++) {
		backlog_turn(s, now * 2000000000);
		uv_run(uv_default_loop(), UV_RUN_DEFAULT);
	}
	assert_false(file_at(0, path));
	assert_int_equal(backlog_counts(s).error, 0);
	backlog_close(s);
}

/* Long before our own limit: somebody else's files. */
static void test_a_full_disk_takes_the_oldest(void **state)
{
	struct backlog *s = open_log(256 * 1024);
	struct backlog_stream *stream = backlog_stream(s, "a", 1, NULL);

	(void)state;
	for (uint32_t i = 0; i < 3000; i++)
		assert_true(put(s, stream, i) > 0);
	uv_run(uv_default_loop(), UV_RUN_DEFAULT);
	assert_true(backlog_counts(s).segments > 2);
	assert_int_equal(seen.n_lost, 0);
	disk_is_full = true;
	put(s, stream, 3000);
	for (int i = 0; i < 1000 && !seen.n_lost; i++)
		uv_run(uv_default_loop(), UV_RUN_ONCE);
	disk_is_full = false;
	assert_true(seen.n_lost > 0);
	uv_run(uv_default_loop(), UV_RUN_DEFAULT);
	for (uint32_t i = 0; i < seen.n_lost; i++)
		assert_int_equal(seen.lost[i], i);
	assert_true(seen.n_lost < 3000);
	assert_int_equal(stream->n, 3001 - seen.n_lost);
	read_all(s);
	assert_given((uint32_t)seen.n_lost, 3001);
	backlog_close(s);
}

/* There is always one under way: the disk does not fill up with what is done. */
static void test_what_is_done_goes_while_one_is_not(void **state)
{
	struct backlog *s = open_log(64 * MIB);
	struct backlog_stream *stream = backlog_stream(s, "a", 1, NULL);
	uint32_t before = put(s, stream, 0), segment;

	(void)state;
	for (uint32_t i = 1; i < MANY; i++, before = segment) {
		segment = put(s, stream, i);
		assert_true(segment);
		backlog_done(s, stream, i - 1, before, false);
		assert_true(backlog_counts(s).bytes < 300 * 1024);
	}
	assert_true(segment > 2);
	backlog_close(s);
	s = open_log(64 * MIB);
	read_all(s);
	assert_given(MANY - 1, MANY);
	assert_int_equal(seen.n_lost, 0);
	backlog_close(s);
}

static size_t file_size(void)
{
	struct stat stat_;
	char path[512];

	return file_at(0, path) && stat(path, &stat_) == 0 ?
	       (size_t)stat_.st_size : 0;
}

/* Each write wears out a card: what a kill may take waits for the next sync. */
static void test_what_is_lazy_is_written_with_others(void **state)
{
	struct backlog *s = open_log(MIB);
	struct backlog_stream *stream = backlog_stream(s, "a", 1, NULL);
	const int64_t second = 1000000000;
	size_t before;

	(void)state;
	backlog_pace(s, 30 * second);
	put(s, stream, 0);			/* not lazy: at once */
	uv_run(uv_default_loop(), UV_RUN_DEFAULT);
	before = file_size();
	assert_true(before > 0);
	backlog_turn(s, 5 * second);		/* synced */
	uv_run(uv_default_loop(), UV_RUN_DEFAULT);
	for (uint32_t i = 1; i < 20; i += 2)	/* lazy */
		put(s, stream, i);
	assert_int_equal(backlog_turn(s, 6 * second), 36 * second);
	assert_int_equal(backlog_turn(s, 36 * second - 1), 36 * second);
	uv_run(uv_default_loop(), UV_RUN_DEFAULT);
	assert_int_equal(file_size(), before);
	backlog_turn(s, 36 * second);
	uv_run(uv_default_loop(), UV_RUN_DEFAULT);
	assert_true(file_size() > before);
	before = file_size();
	put(s, stream, 21);
	put(s, stream, 22);			/* takes it along */
	uv_run(uv_default_loop(), UV_RUN_DEFAULT);
	assert_true(file_size() > before);
	backlog_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_outlives_a_restart),
		TEST(test_all_done_leaves_nothing),
		TEST(test_done_out_of_order),
		TEST(test_many_gaps),
		TEST(test_streams_do_not_mix),
		TEST(test_oldest_is_lost_for_room),
		TEST(test_a_disk_that_takes_nothing_is_read),
		TEST(test_reading_stops_and_goes_on),
		TEST(test_no_room_at_all),
		TEST(test_torn_files),
		TEST(test_clock_is_set_later),
		TEST(test_clock_is_set_between_two_runs),
		TEST(test_clock_of_another_boot_tells_nothing),
		TEST(test_each_file_is_synced_to_its_end),
		TEST(test_what_is_lazy_is_synced_with_its_file),
		TEST(test_a_sync_makes_no_file_anew),
		TEST(test_a_full_disk_takes_the_oldest),
		TEST(test_what_is_done_goes_while_one_is_not),
		TEST(test_what_is_lazy_is_written_with_others),
		cmocka_unit_test(test_format_is_little_endian_and_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
