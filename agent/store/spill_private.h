/* SPDX-License-Identifier: GPL-2.0-or-later
 * Inside of the log: what its parts share. */
#ifndef AGENT_SPILL_PRIVATE_H
#define AGENT_SPILL_PRIVATE_H
#include "agent/store/spill.h"
#include "agent/store/spill_format.h"
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

struct spill {
	char *directory;
	uint64_t most, bytes;
	const struct spill_handlers *handlers;
	void *context;
	struct segment *segments;	/* oldest first; put into the last */
	size_t n_segments;
	bool closed;			/* the last is not put into any more */
	struct spill_stream *streams;
	struct spill_stream *by_number[BUCKETS];
	uint32_t next_number;
	struct job *first, **end, *now;
	size_t queued;			/* bytes in jobs */
	struct worker_task task;	/* does `now` */
	int said;			/* the error that the log was told */
	int64_t retry_at, sync_at;
	int64_t every;			/* see spill_pace() */
	int64_t lazy_at;		/* then what is lazy is written; 0: not
					 * set yet */
	bool urgent;			/* something in jobs is not lazy */
	bool wanted;			/* not lazy: it is to be synced */
	bool dirty;			/* written, not synced */
	uint64_t failed;
	struct { struct spill_stream *stream; uint32_t from, to; } done;
	uint32_t last_id;
	bool reading;
	uint32_t read_segment, read_offset;
	uint8_t boot[16];
	int64_t offset;			/* of the clocks, see spill_clock() */
	struct clock_mark *marks;	/* oldest first */
	size_t n_marks;
};

/* Aborts without memory. */
void *spill_must(void *memory);

/* spill_stream.c */
struct spill_stream *spill_stream_numbered(const struct spill *spill,
					   uint32_t number);
struct spill_stream *spill_stream_add(struct spill *spill, uint32_t number,
				      const char *endpoint, size_t n,
				      uint16_t server);
void spill_streams_free(struct spill *spill);
void spill_watch_set(struct spill_stream *stream,
		     const struct lwm2m_path *paths, size_t n);
bool spill_is_done(const struct spill_stream *stream, uint32_t sequence);
/* from .. to - 1 are. */
void spill_done_add(struct spill_stream *stream, uint32_t from, uint32_t to);

/* spill_job.c: one at a time is on a worker. */
void spill_path(const struct spill *spill, uint32_t segment, char *path,
		size_t size);
struct job *spill_job_add(struct spill *spill, enum job_kind kind,
			  uint32_t segment, size_t size);
/* Begins the next one, where none is on its way. */
void spill_work(struct spill *spill);
/* The same, unless there is nothing but what is lazy. */
void spill_work_lazily(struct spill *spill);
/* Waits for all of them; what the disk does not take is dropped. */
void spill_work_off(struct spill *spill);

/* spill.c */
struct segment *spill_segment_add(struct spill *spill, uint32_t id,
				  uint32_t size);
void spill_remove_done(struct spill *spill);
/* The disk is full before our limit: the oldest goes, and is told as lost. The
 * segment that is written to stays. */
void spill_make_room(struct spill *spill);
void spill_flush_done(struct spill *spill);
uint8_t *spill_read_file(const struct spill *spill, uint32_t segment,
			 size_t *n);
void spill_mark_add(struct spill *spill, uint32_t segment, uint32_t offset,
		    const struct clock_step *step);
/* A JOB_READ has ended. */
void spill_has_read(struct spill *spill, const struct job *job);
#endif
