/* SPDX-License-Identifier: GPL-2.0-or-later
 * The log of what waits for servers, on disk: segment files of bounded size in
 * one folder, only appended to, the oldest deleted when all of it is done, or
 * for want of room. Written as soon as a worker of libuv is free, synced once in
 * spill_pace(): a kill takes what the last moment brought, a power cut what came
 * since the last sync. What is done is written down too, so that nothing is
 * delivered twice. What is lazy waits until something else is written, or for
 * the next sync: a disk wears out by the number of its writes.
 *
 * All calls come on the agent thread; records are given back in the order that
 * they were put. */
#ifndef AGENT_SPILL_H
#define AGENT_SPILL_H
#include "agent/store/kept.h"
#include "agent/base/wall.h"

struct spill;

struct spill_range { uint32_t from, to; };	/* from .. to - 1 */

/* One endpoint at one server. The log's, as long as it has records of it. */
struct spill_stream {
	struct spill_stream *next;
	void *owner;			/* the caller's, or NULL */
	uint32_t number, hash;
	uint32_t next_sequence;		/* above all that are in the log */
	uint32_t done_to;		/* those below are done */
	uint32_t n;			/* in the log and not done */
	uint32_t named;			/* the last segment that has its name */
	uint16_t server, n_watch;
	struct lwm2m_path *watch;	/* what was observed when it was lost */
	struct spill_range *done;	/* above done_to; as many at most as
					 * the log has records */
	uint32_t n_done, done_room;
	struct spill_stream *next_by_number;
	char endpoint[];
};

struct spill_handlers {
	/* A record for lack of room is in the log no more. */
	void (*lost)(void *context, struct spill_stream *stream,
		     uint32_t sequence);
	/* Of spill_read(). false: not now; it comes again when it goes on. */
	bool (*record)(void *context, struct spill_stream *stream,
		       const struct kept_record *record);
	/* All that was in the log when it ran out has been given. */
	void (*end)(void *context);
};

struct spill_counts {
	uint64_t bytes, most;		/* of all segments */
	uint64_t failed;		/* records that could not be written */
	uint32_t segments;
	int error;			/* of the last write; 0: it went well */
};

/* Reads what is there. NULL: the folder cannot be used, which was said. */
struct spill *spill_open(const char *directory, uint64_t most,
			 const struct spill_handlers *handlers, void *context);
/* Waits until all is written and synced. NULL is fine. */
void spill_close(struct spill *spill);
void spill_limit(struct spill *spill, uint64_t most);
/* Between two syncs, and until what is lazy is written. ns */
void spill_pace(struct spill *spill, int64_t every);

/* NULL: there is none. */
struct spill_stream *spill_stream_find(struct spill *spill,
				       const char *endpoint, uint16_t server);
/* It is made where it is not there. */
struct spill_stream *spill_stream(struct spill *spill, const char *endpoint,
				  uint16_t server, void *owner);
/* The segment that it is in; 0: it is not written, for want of room. */
uint32_t spill_put(struct spill *spill, struct spill_stream *stream,
		   const struct kept_record *record, bool lazy);
/* What is lazy is to be synced now, too. */
void spill_sync(struct spill *spill);
/* It need not be given any more. */
void spill_done(struct spill *spill, struct spill_stream *stream,
		uint32_t sequence, uint32_t segment, bool lazy);

/* What the server had observed: it comes with every segment. No paths: nothing
 * any more. */
void spill_watch(struct spill *spill, struct spill_stream *stream,
		 const struct lwm2m_path *paths, size_t n);

/* Gives all records that are not done, in the order that they were put, until
 * `record` wants no more, or the end. It goes on where it stopped; anew: from
 * the oldest on. */
void spill_read(struct spill *spill, bool anew);
bool spill_is_reading(const struct spill *spill);

/* Once, after opening it: the boot that this is, and the wall clock minus the
 * monotonic one, ns. Records from before the clock was set (KEPT_CLOCKLESS) are
 * given with the times that they turn out to have, where it was set in the same
 * boot, be it between two runs. */
void spill_clock(struct spill *spill, const uint8_t boot[16], int64_t offset);
/* The clock was set in this run. */
void spill_step(struct spill *spill, const struct clock_step *jump);

struct spill_counts spill_counts(const struct spill *spill);
/* Its worker has something to do: at once, or at the time returned. */
int64_t spill_turn(struct spill *spill, int64_t now);
#endif
