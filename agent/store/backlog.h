/* SPDX-License-Identifier: GPL-2.0-or-later
 * The backlog: the log of what waits for servers, on disk. Segment files of
 * bounded size in one folder, only appended to, the oldest deleted when all of
 * it is done, or for want of room. Written as soon as a worker of libuv is free,
 * synced once in backlog_pace(): a kill takes what the last moment brought, a
 * power cut what came since the last sync. What is done is written down too, so
 * that nothing is delivered twice. What is lazy waits until something else is
 * written, or for the next sync: a disk wears out by the number of its writes.
 *
 * All calls come on the agent thread; records are given back in the order that
 * they were put. */
#ifndef AGENT_BACKLOG_H
#define AGENT_BACKLOG_H
#include "agent/store/record_queue.h"
#include "agent/base/wall.h"

struct backlog;

struct backlog_range { uint32_t from, to; };	/* from .. to - 1 */

/* One endpoint at one server. The log's, as long as it has records of it. */
struct backlog_stream {
	struct backlog_stream *next;
	void *owner;			/* the caller's, or NULL */
	uint32_t number, hash;
	uint32_t next_sequence;		/* above all that are in the log */
	uint32_t done_to;		/* those below are done */
	uint32_t n;			/* in the log and not done */
	uint32_t named;			/* the last segment that has its name */
	uint16_t server, n_watch;
	struct lwm2m_path *watch;	/* what was observed when it was lost */
	struct backlog_range *done;	/* above done_to; as many at most as
					 * the log has records */
	uint32_t n_done, done_room;
	struct backlog_stream *next_by_number;
	char endpoint[];
};

struct backlog_handlers {
	/* A record for lack of room is in the log no more. */
	void (*lost)(void *context, struct backlog_stream *stream,
		     uint32_t sequence);
	/* Of backlog_read(). false: not now; it comes again when it goes on. */
	bool (*record)(void *context, struct backlog_stream *stream,
		       const struct queued_record *record);
	/* All that was in the log when it ran out has been given. */
	void (*end)(void *context);
};

struct backlog_counts {
	uint64_t bytes, most;		/* of all segments */
	uint64_t failed;		/* records that could not be written */
	uint32_t segments;
	int error;			/* of the last write; 0: it went well */
};

/* Reads what is there. NULL: the folder cannot be used, which was said. */
struct backlog *backlog_open(const char *directory, uint64_t most,
			     const struct backlog_handlers *handlers,
			     void *context);
/* Waits until all is written and synced. NULL is fine. */
void backlog_close(struct backlog *backlog);
void backlog_limit(struct backlog *backlog, uint64_t most);
/* Between two syncs, and until what is lazy is written. ns */
void backlog_pace(struct backlog *backlog, int64_t every);

/* NULL: there is none. */
struct backlog_stream *backlog_stream_find(struct backlog *backlog,
					   const char *endpoint,
					   uint16_t server);
/* It is made where it is not there. */
struct backlog_stream *backlog_stream(struct backlog *backlog,
				      const char *endpoint, uint16_t server,
				      void *owner);
/* The segment that it is in; 0: it is not written, for want of room. */
uint32_t backlog_put(struct backlog *backlog, struct backlog_stream *stream,
		     const struct queued_record *record, bool lazy);
/* What is lazy is to be synced now, too. */
void backlog_sync(struct backlog *backlog);
/* It need not be given any more. */
void backlog_done(struct backlog *backlog, struct backlog_stream *stream,
		  uint32_t sequence, uint32_t segment, bool lazy);

/* What the server had observed: it comes with every segment. No paths: nothing
 * any more. */
void backlog_watch(struct backlog *backlog, struct backlog_stream *stream,
		   const struct lwm2m_path *paths, size_t n);

/* Gives all records that are not done, in the order that they were put, until
 * `record` wants no more, or the end. It goes on where it stopped; anew: from
 * the oldest on. */
void backlog_read(struct backlog *backlog, bool anew);
bool backlog_is_reading(const struct backlog *backlog);

/* Once, after opening it: the boot that this is, and the wall clock minus the
 * monotonic one, ns. Records of before the clock was set (QUEUED_CLOCKLESS) are
 * given with the times that they turn out to have, where it was set in the same
 * boot, be it between two runs. */
void backlog_clock(struct backlog *backlog, const uint8_t boot[16],
		   int64_t offset);
/* The clock was set in this run. */
void backlog_step(struct backlog *backlog, const struct clock_step *jump);

struct backlog_counts backlog_counts(const struct backlog *backlog);
/* Its worker has something to do: at once, or at the time returned. */
int64_t backlog_turn(struct backlog *backlog, int64_t now);
#endif
