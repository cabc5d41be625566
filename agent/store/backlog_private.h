/* SPDX-License-Identifier: GPL-2.0-or-later
 * Inside of the log: what its parts share. */
#ifndef AGENT_BACKLOG_PRIVATE_H
#define AGENT_BACKLOG_PRIVATE_H
#include "agent/store/backlog.h"
#include "agent/store/backlog_format.h"
#include "agent/store/worker.h"

#define SECOND INT64_C(1000000000)
#define SEGMENT_LEAST (16 * 1024)
#define SEGMENT_MOST (4 * 1024 * 1024)
#define SEGMENTS 16		/* of the limit */
#define STALE (128 * 1024)	/* bytes of a segment that may be mostly done */
#define FILE_MOST (64 * 1024 * 1024)
#define JOB_ROOM (64 * 1024)
#define QUEUE_MOST (4 * 1024 * 1024)	/* bytes that wait for a slow disk */
#define CHUNK (256 * 1024)
#define LAZY_MOST (64 * 1024)		/* bytes that wait to be written */
#define RETRY (10 * SECOND)
#define BUCKETS 256

struct segment {
	uint32_t id, size;
	uint32_t n;			/* records that are not done */
	uint32_t put;			/* records of this run, done or not */
};

/* Where the log says that the wall clock was set, or another boot begins. */
struct clock_mark {
	uint32_t segment, offset;
	bool boot;
	struct clock_step step;
};

enum job_kind { JOB_WRITE, JOB_SYNC, JOB_REMOVE, JOB_READ };

struct job {
	struct job *next;
	enum job_kind kind;
	uint32_t segment, offset;
	uint8_t *bytes;
	size_t n, size;
	int result;			/* READ: bytes; else 0; or -errno */
};

struct backlog {
	char *directory;
	uint64_t most, bytes;
	const struct backlog_handlers *handlers;
	void *context;
	struct segment *segments;	/* oldest first; put into the last */
	size_t n_segments;
	bool closed;			/* the last is not put into any more */
	struct backlog_stream *streams;
	struct backlog_stream *by_number[BUCKETS];
	uint32_t next_number;
	struct job *first, **end, *now;
	size_t queued;			/* bytes in jobs */
	struct worker_task task;	/* does `now` */
	int logged_error;		/* the error that the log was told */
	int64_t retry_at, sync_at;
	int64_t every;			/* see backlog_pace() */
	int64_t lazy_at;		/* then what is lazy is written; 0: not
					 * set yet */
	bool urgent;			/* something in jobs is not lazy */
	bool wanted;			/* not lazy: it is to be synced */
	bool dirty;			/* written, not synced */
	uint64_t failed;
	struct { struct backlog_stream *stream; uint32_t from, to; } done;
	uint32_t last_id;
	bool reading;
	uint32_t read_segment, read_offset;
	uint8_t boot[16];
	int64_t offset;			/* of the clocks, see backlog_clock() */
	struct clock_mark *marks;	/* oldest first */
	size_t n_marks;
};

/* Aborts without memory. */
void *backlog_must(void *memory);

/* backlog_stream.c */
struct backlog_stream *backlog_stream_numbered(const struct backlog *backlog,
					       uint32_t number);
struct backlog_stream *backlog_stream_add(struct backlog *backlog,
					  uint32_t number,
					  const char *endpoint, size_t n,
					  uint16_t server);
void backlog_streams_free(struct backlog *backlog);
void backlog_watch_set(struct backlog_stream *stream,
		       const struct lwm2m_path *paths, size_t n);
bool backlog_is_done(const struct backlog_stream *stream, uint32_t sequence);
/* from .. to - 1 are. */
void backlog_done_add(struct backlog_stream *stream, uint32_t from,
		      uint32_t to);

/* backlog_job.c: one at a time is on a worker. */
void backlog_path(const struct backlog *backlog, uint32_t segment, char *path,
		  size_t size);
struct job *backlog_job_add(struct backlog *backlog, enum job_kind kind,
			    uint32_t segment, size_t size);
/* Begins the next one, where none is on its way. */
void backlog_work(struct backlog *backlog);
/* The same, unless there is nothing but what is lazy. */
void backlog_work_lazily(struct backlog *backlog);
/* Waits for all of them; what the disk does not take is dropped. */
void backlog_work_off(struct backlog *backlog);

/* backlog.c */
struct segment *backlog_segment_add(struct backlog *backlog, uint32_t id,
				    uint32_t size);
void backlog_remove_done(struct backlog *backlog);
/* The disk is full before our limit: the oldest goes, and is told as lost. The
 * segment that is written to stays. */
void backlog_make_room(struct backlog *backlog);
void backlog_flush_done(struct backlog *backlog);
uint8_t *backlog_read_file(const struct backlog *backlog, uint32_t segment,
			   size_t *n);
void backlog_mark_add(struct backlog *backlog, uint32_t segment,
		      uint32_t offset,
		      const struct clock_step *step);
/* A JOB_READ has ended. */
void backlog_has_read(struct backlog *backlog, const struct job *job);
#endif
