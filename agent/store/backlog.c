/* SPDX-License-Identifier: GPL-2.0-or-later
 * Segments: put into, given back from, deleted.
 *
 * Records go to the end of the last segment. A new one is begun where that is
 * full or mostly done, and says again whose records and of which boot it has,
 * so that it can be read without those before it. That a record is done is
 * written to the end, too, most likely into a later segment than its own: so
 * segments are deleted from the oldest on only, lest done records come back at
 * a start. Where the limit leaves no room the oldest goes with what is not
 * done, which is told as lost.
 *
 * The disk is left to jobs (backlog_job.c), done in order on another thread;
 * but for lose_oldest(), which has to know what it loses. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "agent/base/file.h"
#include "agent/store/backlog_private.h"

/* ---- segments ---- */

static struct segment *segment_of(struct backlog *s, uint32_t id)
{
	for (size_t i = 0; i < s->n_segments; i++)
		if (s->segments[i].id == id)
			return &s->segments[i];
	return NULL;
}

static uint32_t segment_size(const struct backlog *s)
{
	uint64_t size = s->most / SEGMENTS;

	return size < SEGMENT_LEAST ? SEGMENT_LEAST :
	       size > SEGMENT_MOST ? SEGMENT_MOST : (uint32_t)size;
}

static void remove_oldest(struct backlog *s)
{
	backlog_job_add(s, JOB_REMOVE, s->segments[0].id, 0);
	s->bytes -= s->segments[0].size;
	s->n_segments--;
	memmove(s->segments, s->segments + 1,
		s->n_segments * sizeof(*s->segments));
}

/* Everything in it is done, and in all before it. */
void backlog_remove_done(struct backlog *s)
{
	size_t open = s->n_segments && !s->closed;

	while (s->n_segments > open && !s->segments[0].n)
		remove_oldest(s);
	if (s->n_segments == 1 && open && !s->segments[0].n &&
	    s->segments[0].size >= segment_size(s) / 2) {
		remove_oldest(s);
		s->closed = true;
	}
}

static void bytes_lose(struct backlog *s, struct segment *segment,
		       const uint8_t *bytes, size_t n)
{
	struct backlog_record r;
	struct backlog_stream *stream;
	int length;

	for (; (length = backlog_record_read(bytes, n, &r)) > 0;
	     bytes += length, n -= (size_t)length) {
		if (r.kind != BACKLOG_DATA ||
		    !(stream = backlog_stream_numbered(s, r.stream)) ||
		    backlog_is_done(stream, r.data.sequence) || !segment->n)
			continue;
		segment->n--;
		stream->n--;
		backlog_done_add(stream, r.data.sequence, r.data.sequence + 1);
		s->handlers->lost(s->context, stream, r.data.sequence);
	}
}

uint8_t *backlog_read_file(const struct backlog *s, uint32_t segment, size_t *n)
{
	char path[4096];
	struct stat stat;
	uint8_t *bytes = NULL;
	int fd;

	*n = 0;
	backlog_path(s, segment, path, sizeof(path));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	if (fstat(fd, &stat) == 0 && S_ISREG(stat.st_mode) &&
	    stat.st_size > 0 && stat.st_size <= FILE_MOST) {
		ssize_t got;

		bytes = backlog_must(malloc((size_t)stat.st_size));
		got = file_read_fd(fd, bytes, (size_t)stat.st_size);
		*n = got > 0 ? (size_t)got : 0;
	}
	close(fd);
	return bytes;
}

/* There is no room: what is in the oldest is lost, and said to be. */
static void lose_oldest(struct backlog *s)
{
	struct segment *segment = &s->segments[0];
	struct job *job = s->now ? s->now : s->first;
	size_t n, written = segment->size;
	uint8_t *bytes;

	if (!segment->n) {
		remove_oldest(s);
		return;
	}
	bytes = backlog_read_file(s, segment->id, &n);
	for (; job; job = job == s->now ? s->first : job->next)
		if (job->kind == JOB_WRITE && job->segment == segment->id &&
		    job->offset < written)
			written = job->offset;
	bytes_lose(s, segment, bytes, n < written ? n : written);
	free(bytes);
	for (job = s->now ? s->now : s->first; job;
	     job = job == s->now ? s->first : job->next)
		if (job->kind == JOB_WRITE && job->segment == segment->id)
			bytes_lose(s, segment, job->bytes, job->n);
	remove_oldest(s);
}

void backlog_make_room(struct backlog *s)
{
	if (s->n_segments > 1)
		lose_oldest(s);
}

struct segment *backlog_segment_add(struct backlog *s, uint32_t id,
				    uint32_t size)
{
	s->segments = backlog_must(reallocarray(s->segments, s->n_segments + 1,
					sizeof(*s->segments)));
	s->segments[s->n_segments] = (struct segment){.id = id, .size = size};
	s->bytes += size;
	s->last_id = id;
	s->closed = false;
	return &s->segments[s->n_segments++];
}

static bool record_append(struct backlog *s, struct segment *segment,
			  const struct backlog_record *r);

static void append_boot(struct backlog *s, struct segment *segment)
{
	struct backlog_record r = {.kind = BACKLOG_BOOT, .clock = s->offset};

	memcpy(r.boot, s->boot, sizeof(r.boot));
	record_append(s, segment, &r);
}

/* Where something is always under way, a segment never has all of it done: most
 * of it is enough to go on in another, and this one goes with the last of it. */
static bool is_stale(const struct segment *segment)
{
	return segment->size >= STALE && segment->n < segment->put / 2;
}

/* The one to put into, with room for another record. */
static struct segment *segment_current(struct backlog *s)
{
	struct segment *last = s->n_segments ?
		&s->segments[s->n_segments - 1] : NULL;

	if (last && !s->closed && last->size < segment_size(s) &&
	    !is_stale(last))
		return last;
	/* Also what is not written yet, and what is lazy: the syncs to come are
	 * of the next file. */
	if (last)
		backlog_job_add(s, JOB_SYNC, last->id, 0);
	while (s->n_segments && s->bytes + segment_size(s) > s->most)
		lose_oldest(s);
	last = backlog_segment_add(s, s->last_id + 1, 0);
	append_boot(s, last);
	return last;
}

static struct job *last_job(struct backlog *s)
{
	return s->first ? (struct job *)(void *)((char *)s->end -
						 offsetof(struct job, next)) :
	       NULL;
}

static bool record_append(struct backlog *s, struct segment *segment,
			  const struct backlog_record *r)
{
	struct job *job = last_job(s);
	size_t room = BACKLOG_RECORD_MAX + BACKLOG_ENDPOINT_MAX;
	struct buf out;

	if (r->kind == BACKLOG_DATA && r->data.record.value.length < 1024)
		room = 2048;
	if (!job || job->kind != JOB_WRITE || job->segment != segment->id ||
	    job->size - job->n < room) {
		if (s->queued > QUEUE_MOST)
			return false;
		job = backlog_job_add(s, JOB_WRITE, segment->id,
			      room > JOB_ROOM ? room : JOB_ROOM);
		job->offset = segment->size;
	}
	out = buf_over(job->bytes + job->n, job->size - job->n);
	backlog_record_write(r, &out);
	if (out.full)
		return false;
	job->n += out.used;
	s->queued += out.used;
	segment->size += (uint32_t)out.used;
	s->bytes += out.used;
	return true;
}

/* ---- what is put, and done ---- */

void backlog_flush_done(struct backlog *s)
{
	struct backlog_record r = {.kind = BACKLOG_DONE_RANGE,
		.from = s->done.from, .to = s->done.to};

	if (!s->done.stream)
		return;
	r.stream = s->done.stream->number;
	s->done.stream = NULL;
	record_append(s, segment_current(s), &r);
	backlog_remove_done(s);
}

static bool append_watch(struct backlog *s, struct segment *segment,
			 const struct backlog_stream *stream)
{
	struct backlog_record r = {.kind = BACKLOG_WATCH,
		.stream = stream->number, .n_paths = stream->n_watch};

	if (stream->n_watch)
		memcpy(r.paths, stream->watch,
		       stream->n_watch * sizeof(r.paths[0]));
	return record_append(s, segment, &r);
}

/* Each segment can be read without those before it. */
static bool stream_introduce(struct backlog *s, struct segment *segment,
			     struct backlog_stream *stream)
{
	struct backlog_record name = {.kind = BACKLOG_NAME,
		.stream = stream->number, .server = stream->server,
		.endpoint = stream->endpoint,
		.n_endpoint = strlen(stream->endpoint)};

	if (stream->named == segment->id)
		return true;
	if (!record_append(s, segment, &name) ||
	    (stream->n_watch && !append_watch(s, segment, stream)))
		return false;
	stream->named = segment->id;
	return true;
}

void backlog_watch(struct backlog *s, struct backlog_stream *stream,
		   const struct lwm2m_path *paths, size_t n)
{
	struct segment *segment;

	if (s->most < 2 * SEGMENT_LEAST || (!n && !stream->n_watch))
		return;
	backlog_watch_set(stream, paths, n);
	backlog_flush_done(s);
	segment = segment_current(s);
	if (stream->named != segment->id)
		stream_introduce(s, segment, stream);
	else
		append_watch(s, segment, stream);
	backlog_work(s);
}

uint32_t backlog_put(struct backlog *s, struct backlog_stream *stream,
		     const struct queued_record *record, bool lazy)
{
	struct backlog_record r = {.kind = BACKLOG_DATA,
				   .stream = stream->number,
				   .data = *record};
	struct segment *segment;

	if (s->most < 2 * SEGMENT_LEAST)
		return 0;
	backlog_flush_done(s);
	segment = segment_current(s);
	if (!stream_introduce(s, segment, stream) ||
	    !record_append(s, segment, &r)) {
		s->failed++;
		return 0;
	}
	s->wanted |= !lazy;
	stream->n++;
	segment->n++;
	segment->put++;
	if (record->sequence >= stream->next_sequence)
		stream->next_sequence = record->sequence + 1;
	s->urgent |= !lazy;
	backlog_work_lazily(s);
	return segment->id;
}

void backlog_sync(struct backlog *s)
{
	s->wanted = s->dirty = s->urgent = true;
}

void backlog_pace(struct backlog *s, int64_t every)
{
	s->every = every;
}

void backlog_done(struct backlog *s, struct backlog_stream *stream,
		  uint32_t sequence, uint32_t segment, bool lazy)
{
	struct segment *in = segment_of(s, segment);

	if (!in || backlog_is_done(stream, sequence))
		return;
	in->n--;
	stream->n--;
	s->wanted |= !lazy;
	s->urgent |= !lazy;
	backlog_done_add(stream, sequence, sequence + 1);
	if (s->done.stream == stream && s->done.to == sequence) {
		s->done.to++;
		return;
	}
	backlog_flush_done(s);
	s->done.stream = stream;
	s->done.from = sequence;
	s->done.to = sequence + 1;
}

/* ---- the clock ---- */

void backlog_mark_add(struct backlog *s, uint32_t segment, uint32_t offset,
		     const struct clock_step *step)
{
	s->marks = backlog_must(reallocarray(s->marks, s->n_marks + 1,
				     sizeof(*s->marks)));
	s->marks[s->n_marks++] = (struct clock_mark){
		segment, offset, !step, step ? *step : (struct clock_step){0}};
}

/* What stands there, as the clock was set since, in the same boot. */
static void set_right(const struct backlog *s, uint32_t segment,
		      uint32_t offset,
		      struct queued_record *k)
{
	for (size_t i = 0; i < s->n_marks; i++) {
		const struct clock_mark *m = &s->marks[i];

		if (m->segment < segment ||
		    (m->segment == segment && m->offset <= offset))
			continue;
		if (m->boot)
			break;
		if (k->flags & QUEUED_CLOCKLESS)
			k->record.time += m->step.by;
		else
			k->record.time = wall_correct(&m->step,
						      k->record.time);
	}
	if (wall_is_known(k->record.time))
		k->flags &= (uint8_t)~QUEUED_CLOCKLESS;
}

void backlog_step(struct backlog *s, const struct clock_step *jump)
{
	struct backlog_record r = {.kind = BACKLOG_STEP, .step = *jump};
	struct segment *segment;

	s->offset += jump->by;
	if (!s->n_segments)
		return;
	segment = segment_current(s);
	backlog_mark_add(s, segment->id, segment->size, jump);
	record_append(s, segment, &r);
	backlog_work(s);
}

void backlog_clock(struct backlog *s, const uint8_t boot[16], int64_t offset)
{
	static const uint8_t none[16];
	struct clock_step jump = {.by = offset - s->offset};
	bool first = !memcmp(s->boot, none, sizeof(none));
	bool other = memcmp(s->boot, boot, sizeof(s->boot));

	memcpy(s->boot, boot, sizeof(s->boot));
	if (first || !s->n_segments)
		s->offset = offset;
	else if (other)		/* the next segment will say so */
		backlog_mark_add(s, s->last_id + 1, 0, NULL);
	else if (jump.by >= WALL_JUMP || jump.by <= -WALL_JUMP)
		backlog_step(s, &jump);
	s->offset = offset;
}

/* ---- reading ---- */

static void read_more(struct backlog *s)
{
	struct job *job;

	if (s->n_segments && s->read_segment < s->segments[0].id) {
		s->read_segment = s->segments[0].id;
		s->read_offset = 0;
	}
	job = backlog_job_add(s, JOB_READ, s->read_segment, CHUNK);
	job->offset = s->read_offset;
}

/* false: the caller wants no more now. */
static bool record_give(struct backlog *s, const struct backlog_record *r)
{
	struct backlog_stream *stream;
	struct queued_record k = r->data;

	if (r->kind != BACKLOG_DATA ||
	    !(stream = backlog_stream_numbered(s, r->stream)) ||
	    backlog_is_done(stream, k.sequence))
		return true;
	k.segment = s->read_segment;
	set_right(s, s->read_segment, s->read_offset, &k);
	k.flags |= QUEUED_ON_DISK;
	return s->handlers->record(s->context, stream, &k);
}

/* This segment is over: the next one, or all are. */
static void segment_read(struct backlog *s)
{
	const struct segment *segment = s->segments, *end;

	for (end = segment + s->n_segments; segment < end; segment++)
		if (segment->id > s->read_segment)
			break;
	if (segment < end) {
		s->read_segment = segment->id;
		s->read_offset = 0;
		read_more(s);
		return;
	}
	segment = segment_of(s, s->read_segment);
	if (segment && !s->closed && s->read_offset < segment->size &&
	    (s->first || s->now)) {
		read_more(s);		/* what is still to be written */
		return;
	}
	s->reading = false;
	s->handlers->end(s->context);
}

void backlog_has_read(struct backlog *s, const struct job *job)
{
	size_t left = job->result > 0 ? (size_t)job->result : 0;
	const uint8_t *at = job->bytes;
	struct backlog_record r;
	int length;

	if (!s->reading || job->segment != s->read_segment ||
	    job->offset != s->read_offset) {
		if (s->reading)
			read_more(s);
		return;
	}
	while ((length = backlog_record_read(at, left, &r)) > 0) {
		if (!record_give(s, &r)) {
			s->reading = false;
			return;
		}
		s->read_offset += (uint32_t)length;
		at += length;
		left -= (size_t)length;
	}
	/* A record that the chunk ends in, or the end of the file. */
	if (job->result == CHUNK && left < BACKLOG_RECORD_MAX)
		read_more(s);
	else
		segment_read(s);
}

void backlog_read(struct backlog *s, bool anew)
{
	if (anew && s->n_segments) {
		s->read_segment = s->segments[0].id;
		s->read_offset = 0;
	}
	if (s->reading)
		return;
	s->reading = s->urgent = true;
	backlog_flush_done(s);
	read_more(s);
	backlog_work(s);
}

bool backlog_is_reading(const struct backlog *s)
{
	return s->reading;
}

void backlog_limit(struct backlog *s, uint64_t most)
{
	s->most = most;
}

struct backlog_counts backlog_counts(const struct backlog *s)
{
	return (struct backlog_counts){.bytes = s->bytes, .most = s->most,
		.failed = s->failed, .segments = (uint32_t)s->n_segments,
		.error = s->logged_error};
}

static int64_t lazy_turn(struct backlog *s, int64_t now)
{
	if (!s->lazy_at)
		s->lazy_at = now + s->every;
	if (now >= s->lazy_at || s->queued > LAZY_MOST) {
		s->urgent = true;
		backlog_work(s);
		return INT64_MAX;
	}
	return s->dirty && s->sync_at < s->lazy_at ? s->sync_at : s->lazy_at;
}

int64_t backlog_turn(struct backlog *s, int64_t now)
{
	backlog_flush_done(s);
	if (s->dirty && now >= s->sync_at) {
		s->dirty = s->wanted = false;
		s->sync_at = now + s->every;
		s->urgent = true;
		backlog_job_add(s, JOB_SYNC, s->last_id, 0);
	}
	if (s->first && !s->now && !s->urgent)
		return lazy_turn(s, now);
	backlog_work(s);
	if (s->first && !s->now)
		return s->retry_at;
	return s->dirty ? s->sync_at : INT64_MAX;
}
