/* SPDX-License-Identifier: GPL-2.0-or-later
 * The log of what waits for servers alone: how fast it takes, finds and gives
 * back records, and what one costs in memory and on disk.
 *
 *     bench_store DIRECTORY [RECORDS [STREAMS]] */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <uv.h>
#include "agent/store/backlog.h"

static size_t n_given;
static bool ended;

static bool on_record(void *context, struct backlog_stream *stream,
		      const struct queued_record *record)
{
	(void)context;
	(void)stream;
	(void)record;
	n_given++;
	return true;
}

static void on_lost(void *context, struct backlog_stream *stream,
		    uint32_t sequence)
{
	(void)context;
	(void)stream;
	(void)sequence;
}

static void on_end(void *context)
{
	(void)context;
	ended = true;
}

static const struct backlog_handlers handlers = {
	.record = on_record, .lost = on_lost, .end = on_end};

static double seconds(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double wall, cpu;

static void begin(void)
{
	wall = seconds(CLOCK_MONOTONIC);
	cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
}

static void say(const char *what, size_t n)
{
	printf("%-28s %9.0f records/s %7.2f us CPU each\n", what,
	       (double)n / (seconds(CLOCK_MONOTONIC) - wall),
	       (seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu) / (double)n * 1e6);
}

static struct queued_record value(size_t i)
{
	return (struct queued_record){.record = {
		.path = {{3303, (uint16_t)(i % 7), 5700}, 3},
		.time = INT64_C(1700000000000000000) + (int64_t)i * 1000000,
		.value = lwm2m_float((double)i / 10)}};
}

static struct backlog_stream *stream_of(struct backlog *s, size_t i)
{
	char name[32];

	snprintf(name, sizeof(name), "endpoint-%zu", i);
	return backlog_stream(s, name, 1, NULL);
}

static void memory(size_t n)
{
	struct queue_budget budget = {(size_t)1 << 30, 0};
	struct record_queue list = {0};

	begin();
	for (size_t i = 0; i < n; i++) {
		struct queued_record r = value(i);

		queue_append(&list, &budget, &r);
	}
	say("kept in memory", n);
	printf("%-28s %9.1f bytes\n", "  each", (double)budget.used /
	       (double)n);
	queue_clear(&list, &budget);
}

int main(int argc, char **argv)
{
	size_t n = argc > 2 ? strtoul(argv[2], NULL, 10) : 500000;
	size_t n_streams = argc > 3 ? strtoul(argv[3], NULL, 10) : 1000;
	struct backlog_stream **streams = calloc(n_streams, sizeof(*streams));
	struct backlog *s;

	if (argc < 2 || !streams)
		return 2;
	memory(n);
	s = backlog_open(argv[1], UINT64_C(1) << 40, &handlers, NULL);
	if (!s)
		return 1;
	for (size_t i = 0; i < n_streams; i++)
		streams[i] = stream_of(s, i);
	begin();
	for (size_t i = 0; i < n; i++) {
		struct queued_record r = value(i);

		r.sequence = (uint32_t)(i / n_streams);
		while (!backlog_put(s, streams[i % n_streams], &r, false))
			uv_run(uv_default_loop(), UV_RUN_ONCE);
	}
	printf("%-28s %9.1f bytes\n", "  each on disk",
	       (double)backlog_counts(s).bytes / (double)n);
	backlog_close(s);
	say("written and synced", n);
	begin();
	s = backlog_open(argv[1], UINT64_C(1) << 40, &handlers, NULL);
	if (!s)
		return 1;
	say("looked through at start", n);
	begin();
	for (backlog_read(s, true); !ended; )
		uv_run(uv_default_loop(), UV_RUN_ONCE);
	say("read back", n_given);
	backlog_close(s);
	free(streams);
	return n_given == n ? 0 : 1;
}
