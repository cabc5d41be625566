/* SPDX-License-Identifier: GPL-2.0-or-later
 * One job at a time is on a worker, in order: what was put before is there for
 * who reads after. */
#include "agent/spill.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>
#include "agent/log.h"
#include "agent/spill_format.h"

#define SECOND INT64_C(1000000000)
#define SEGMENT_LEAST (16 * 1024)
#define SEGMENT_MOST (4 * 1024 * 1024)
#define SEGMENTS 16		/* of the limit */
#define FILE_MOST (64 * 1024 * 1024)
#define JOB_ROOM (64 * 1024)
#define QUEUE_MOST (4 * 1024 * 1024)	/* bytes that wait for a slow disk */
#define CHUNK (256 * 1024)
#define RETRY (10 * SECOND)
#define BUCKETS 256

struct segment {
	uint32_t id, size;
	uint32_t n;			/* records that are not done */
};

/* Where the log says that the wall clock was set, or another boot begins. */
struct clock_mark {
	uint32_t segment, offset;
	bool boot;
	struct wall_jump step;
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
	uv_work_t work;
	int said;			/* the error that the log was told */
	int64_t retry_at, sync_at;
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

static void *must(void *memory)
{
	if (!memory)
		abort();
	return memory;
}

/* ---- streams ---- */

static uint32_t hash_of(const char *endpoint, size_t n, uint16_t server)
{
	uint32_t hash = 2166136261u ^ server;

	for (size_t i = 0; i < n; i++)
		hash = (hash ^ (uint8_t)endpoint[i]) * 16777619u;
	return hash;
}

static struct spill_stream *stream_numbered(const struct spill *s,
					    uint32_t number)
{
	struct spill_stream *stream = s->by_number[number % BUCKETS];

	while (stream && stream->number != number)
		stream = stream->next_by_number;
	return stream;
}

static struct spill_stream *stream_add(struct spill *s, uint32_t number,
				       const char *endpoint, size_t n,
				       uint16_t server)
{
	struct spill_stream *stream = must(calloc(1, sizeof(*stream) + n + 1));
	struct spill_stream **bucket = &s->by_number[number % BUCKETS];

	stream->number = number;
	stream->server = server;
	stream->hash = hash_of(endpoint, n, server);
	memcpy(stream->endpoint, endpoint, n);
	stream->next = s->streams;
	s->streams = stream;
	stream->next_by_number = *bucket;
	*bucket = stream;
	if (number >= s->next_number)
		s->next_number = number + 1;
	return stream;
}

struct spill_stream *spill_stream_find(struct spill *s, const char *endpoint,
				       uint16_t server)
{
	uint32_t hash = hash_of(endpoint, strlen(endpoint), server);
	struct spill_stream *stream = s->streams;

	while (stream && (stream->hash != hash || stream->server != server ||
			  strcmp(stream->endpoint, endpoint)))
		stream = stream->next;
	return stream;
}

struct spill_stream *spill_stream(struct spill *s, const char *endpoint,
				  uint16_t server, void *owner)
{
	struct spill_stream *stream = spill_stream_find(s, endpoint, server);

	if (!stream)
		stream = stream_add(s, s->next_number, endpoint,
				    strlen(endpoint), server);
	stream->owner = owner;
	return stream;
}

static bool is_done(const struct spill_stream *stream, uint32_t sequence)
{
	if (sequence < stream->done_to)
		return true;
	for (uint16_t i = 0; i < stream->n_done; i++)
		if (sequence >= stream->done[i].from &&
		    sequence < stream->done[i].to)
			return true;
	return false;
}

/* Ranges that touch what is done become one with it. */
static void done_settle(struct spill_stream *stream)
{
	for (uint16_t i = 0; i < stream->n_done; ) {
		if (stream->done[i].from > stream->done_to) {
			i++;
			continue;
		}
		if (stream->done[i].to > stream->done_to)
			stream->done_to = stream->done[i].to;
		stream->done[i] = stream->done[--stream->n_done];
		i = 0;
	}
}

static void done_add(struct spill_stream *stream, uint32_t from, uint32_t to)
{
	for (uint16_t i = 0; i < stream->n_done; i++)
		if (stream->done[i].to == from) {
			stream->done[i].to = to;
			return;
		}
	if (from <= stream->done_to) {
		if (to > stream->done_to)
			stream->done_to = to;
		done_settle(stream);
	} else if (stream->n_done < SPILL_DONE) {
		stream->done[stream->n_done].from = from;
		stream->done[stream->n_done++].to = to;
	}
}

/* ---- jobs ---- */

static void path_of(const struct spill *s, uint32_t segment, char *path,
		    size_t size)
{
	snprintf(path, size, "%s/%08x.log", s->directory, segment);
}

static int write_at(int fd, const struct job *job)
{
	size_t done = 0;

	while (done < job->n) {
		ssize_t n = pwrite(fd, job->bytes + done, job->n - done,
				   (off_t)(job->offset + done));

		if (n < 0 && errno != EINTR)
			return -errno;
		done += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

static void sync_folder(const struct spill *s)
{
	int fd = open(s->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return;
	fsync(fd);
	close(fd);
}

static int carry_out(const struct spill *s, const struct job *job, int fd)
{
	ssize_t n;

	switch (job->kind) {
	case JOB_WRITE:
		if (job->offset == 0)
			sync_folder(s);
		return write_at(fd, job);
	case JOB_SYNC:
		return fdatasync(fd) < 0 ? -errno : 0;
	case JOB_READ:
		n = pread(fd, job->bytes, job->size, (off_t)job->offset);
		return n < 0 ? -errno : (int)n;
	case JOB_REMOVE:
		break;
	}
	return 0;
}

/* On a worker: nothing of the log but its folder's name is looked at. */
static void work(uv_work_t *request)
{
	struct spill *s = request->data;
	struct job *job = s->now;
	char path[4096];
	int fd;

	path_of(s, job->segment, path, sizeof(path));
	if (job->kind == JOB_REMOVE) {
		job->result = unlink(path) < 0 && errno != ENOENT ? -errno : 0;
		return;
	}
	fd = open(path, job->kind == JOB_READ ? O_RDONLY | O_CLOEXEC :
		  O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0) {
		job->result = -errno;
		return;
	}
	job->result = carry_out(s, job, fd);
	close(fd);
}

static void job_free(struct spill *s, struct job *job)
{
	s->queued -= job->n;
	free(job->bytes);
	free(job);
}

static struct job *job_add(struct spill *s, enum job_kind kind,
			   uint32_t segment, size_t size)
{
	struct job *job = must(calloc(1, sizeof(*job)));

	job->kind = kind;
	job->segment = segment;
	job->size = size;
	if (size)
		job->bytes = must(malloc(size));
	*s->end = job;
	s->end = &job->next;
	return job;
}

static void has_read(struct spill *s, const struct job *job);
static void next(struct spill *s);

/* A full disk is said once, not for each write. */
static void note_result(struct spill *s, const struct job *job)
{
	if (job->result < 0 && job->result != s->said)
		log_line(LOG_ERROR, NULL, NULL, "cannot write to %s: %s",
			 s->directory, strerror(-job->result));
	if (job->result >= 0 && s->said)
		log_line(LOG_NOTE, NULL, NULL, "%s can be written again",
			 s->directory);
	s->said = job->result < 0 ? job->result : 0;
}

static void worked(uv_work_t *request, int status)
{
	struct spill *s = request->data;
	struct job *job = s->now;

	(void)status;
	s->now = NULL;
	if (job->kind == JOB_READ) {
		has_read(s, job);
	} else {
		note_result(s, job);
		s->dirty |= job->kind == JOB_WRITE && s->wanted;
	}
	if (job->result < 0 && job->kind == JOB_WRITE) {
		job->next = s->first;	/* later */
		if (!s->first)
			s->end = &job->next;
		s->first = job;
		s->retry_at = (int64_t)uv_hrtime() + RETRY;
		return;
	}
	job_free(s, job);
	next(s);
}

static void next(struct spill *s)
{
	struct job *job = s->first;

	if (s->now || !job || (int64_t)uv_hrtime() < s->retry_at)
		return;
	s->first = job->next;
	if (!s->first)
		s->end = &s->first;
	job->next = NULL;
	s->now = job;
	s->work.data = s;
	if (uv_queue_work(uv_default_loop(), &s->work, work, worked) < 0)
		abort();
}

/* ---- segments ---- */

static struct segment *segment_of(struct spill *s, uint32_t id)
{
	for (size_t i = 0; i < s->n_segments; i++)
		if (s->segments[i].id == id)
			return &s->segments[i];
	return NULL;
}

static uint32_t segment_size(const struct spill *s)
{
	uint64_t size = s->most / SEGMENTS;

	return size < SEGMENT_LEAST ? SEGMENT_LEAST :
	       size > SEGMENT_MOST ? SEGMENT_MOST : (uint32_t)size;
}

static void remove_oldest(struct spill *s)
{
	job_add(s, JOB_REMOVE, s->segments[0].id, 0);
	s->bytes -= s->segments[0].size;
	s->n_segments--;
	memmove(s->segments, s->segments + 1,
		s->n_segments * sizeof(*s->segments));
}

/* Everything in it is done, and in all before it. */
static void remove_done(struct spill *s)
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

static void lose(struct spill *s, struct segment *segment,
		 const uint8_t *bytes, size_t n)
{
	struct spill_record r;
	struct spill_stream *stream;
	int length;

	for (; (length = spill_record_read(bytes, n, &r)) > 0;
	     bytes += length, n -= (size_t)length) {
		if (r.kind != SPILL_DATA ||
		    !(stream = stream_numbered(s, r.stream)) ||
		    is_done(stream, r.data.sequence) || !segment->n)
			continue;
		segment->n--;
		stream->n--;
		done_add(stream, r.data.sequence, r.data.sequence + 1);
		s->handlers->lost(s->context, stream, r.data.sequence);
	}
}

static uint8_t *read_file(const struct spill *s, uint32_t segment, size_t *n)
{
	char path[4096];
	struct stat stat;
	uint8_t *bytes = NULL;
	int fd;

	*n = 0;
	path_of(s, segment, path, sizeof(path));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	if (fstat(fd, &stat) == 0 && S_ISREG(stat.st_mode) &&
	    stat.st_size > 0 && stat.st_size <= FILE_MOST) {
		ssize_t got;

		bytes = must(malloc((size_t)stat.st_size));
		got = read(fd, bytes, (size_t)stat.st_size);
		*n = got > 0 ? (size_t)got : 0;
	}
	close(fd);
	return bytes;
}

/* There is no room: what is in the oldest is lost, and said to be. */
static void lose_oldest(struct spill *s)
{
	struct segment *segment = &s->segments[0];
	struct job *job = s->now ? s->now : s->first;
	size_t n, written = segment->size;
	uint8_t *bytes;

	if (!segment->n) {
		remove_oldest(s);
		return;
	}
	bytes = read_file(s, segment->id, &n);
	for (; job; job = job == s->now ? s->first : job->next)
		if (job->kind == JOB_WRITE && job->segment == segment->id &&
		    job->offset < written)
			written = job->offset;
	lose(s, segment, bytes, n < written ? n : written);
	free(bytes);
	for (job = s->now ? s->now : s->first; job;
	     job = job == s->now ? s->first : job->next)
		if (job->kind == JOB_WRITE && job->segment == segment->id)
			lose(s, segment, job->bytes, job->n);
	remove_oldest(s);
}

static struct segment *segment_add(struct spill *s, uint32_t id, uint32_t size)
{
	s->segments = must(reallocarray(s->segments, s->n_segments + 1,
					sizeof(*s->segments)));
	s->segments[s->n_segments] = (struct segment){.id = id, .size = size};
	s->bytes += size;
	s->last_id = id;
	s->closed = false;
	return &s->segments[s->n_segments++];
}

static bool append(struct spill *s, struct segment *segment,
		   const struct spill_record *r);

static void append_boot(struct spill *s, struct segment *segment)
{
	struct spill_record r = {.kind = SPILL_BOOT, .clock = s->offset};

	memcpy(r.boot, s->boot, sizeof(r.boot));
	append(s, segment, &r);
}

/* The one to put into, with room for another record. */
static struct segment *current(struct spill *s)
{
	struct segment *last = s->n_segments ?
		&s->segments[s->n_segments - 1] : NULL;

	if (last && !s->closed && last->size < segment_size(s))
		return last;
	if (last && s->dirty)
		job_add(s, JOB_SYNC, last->id, 0);
	while (s->n_segments && s->bytes + segment_size(s) > s->most)
		lose_oldest(s);
	last = segment_add(s, s->last_id + 1, 0);
	append_boot(s, last);
	return last;
}

static struct job *last_job(struct spill *s)
{
	return s->first ? (struct job *)(void *)((char *)s->end -
						 offsetof(struct job, next)) :
	       NULL;
}

static bool append(struct spill *s, struct segment *segment,
		   const struct spill_record *r)
{
	struct job *job = last_job(s);
	size_t room = SPILL_RECORD_MAX + SPILL_ENDPOINT_MAX;
	struct buf out;

	if (r->kind == SPILL_DATA && r->data.record.value.length < 1024)
		room = 2048;
	if (!job || job->kind != JOB_WRITE || job->segment != segment->id ||
	    job->size - job->n < room) {
		if (s->queued > QUEUE_MOST)
			return false;
		job = job_add(s, JOB_WRITE, segment->id,
			      room > JOB_ROOM ? room : JOB_ROOM);
		job->offset = segment->size;
	}
	out = buf_over(job->bytes + job->n, job->size - job->n);
	spill_record_write(r, &out);
	if (out.full)
		return false;
	job->n += out.used;
	s->queued += out.used;
	segment->size += (uint32_t)out.used;
	s->bytes += out.used;
	return true;
}

/* ---- what is put, and done ---- */

static void flush_done(struct spill *s)
{
	struct spill_record r = {.kind = SPILL_DONE_RANGE,
		.from = s->done.from, .to = s->done.to};

	if (!s->done.stream)
		return;
	r.stream = s->done.stream->number;
	s->done.stream = NULL;
	append(s, current(s), &r);
	remove_done(s);
}

static bool append_watch(struct spill *s, struct segment *segment,
			 const struct spill_stream *stream)
{
	struct spill_record r = {.kind = SPILL_WATCH,
		.stream = stream->number, .n_paths = stream->n_watch};

	if (stream->n_watch)
		memcpy(r.paths, stream->watch,
		       stream->n_watch * sizeof(r.paths[0]));
	return append(s, segment, &r);
}

/* Each segment can be read without those before it. */
static bool introduce(struct spill *s, struct segment *segment,
		      struct spill_stream *stream)
{
	struct spill_record name = {.kind = SPILL_NAME,
		.stream = stream->number, .server = stream->server,
		.endpoint = stream->endpoint,
		.n_endpoint = strlen(stream->endpoint)};

	if (stream->named == segment->id)
		return true;
	if (!append(s, segment, &name) ||
	    (stream->n_watch && !append_watch(s, segment, stream)))
		return false;
	stream->named = segment->id;
	return true;
}

static void set_watch(struct spill_stream *stream,
		      const struct lwm2m_path *paths, size_t n)
{
	n = n < SPILL_PATHS_MAX ? n : SPILL_PATHS_MAX;
	free(stream->watch);
	stream->watch = n ? must(malloc(n * sizeof(*paths))) : NULL;
	if (n)
		memcpy(stream->watch, paths, n * sizeof(*paths));
	stream->n_watch = (uint16_t)n;
}

void spill_watch(struct spill *s, struct spill_stream *stream,
		 const struct lwm2m_path *paths, size_t n)
{
	struct segment *segment;

	if (s->most < 2 * SEGMENT_LEAST || (!n && !stream->n_watch))
		return;
	set_watch(stream, paths, n);
	flush_done(s);
	segment = current(s);
	if (stream->named != segment->id)
		introduce(s, segment, stream);
	else
		append_watch(s, segment, stream);
	next(s);
}

uint32_t spill_put(struct spill *s, struct spill_stream *stream,
		   const struct kept_record *record, bool lazy)
{
	struct spill_record r = {.kind = SPILL_DATA, .stream = stream->number,
				 .data = *record};
	struct segment *segment;

	if (s->most < 2 * SEGMENT_LEAST)
		return 0;
	flush_done(s);
	segment = current(s);
	if (!introduce(s, segment, stream) || !append(s, segment, &r)) {
		s->failed++;
		return 0;
	}
	s->wanted |= !lazy;
	stream->n++;
	segment->n++;
	if (record->sequence >= stream->next_sequence)
		stream->next_sequence = record->sequence + 1;
	next(s);
	return segment->id;
}

void spill_sync(struct spill *s)
{
	s->wanted = s->dirty = true;
}

void spill_done(struct spill *s, struct spill_stream *stream,
		uint32_t sequence, uint32_t segment, bool lazy)
{
	struct segment *in = segment_of(s, segment);

	if (!in || is_done(stream, sequence))
		return;
	in->n--;
	stream->n--;
	s->wanted |= !lazy;
	done_add(stream, sequence, sequence + 1);
	if (s->done.stream == stream && s->done.to == sequence) {
		s->done.to++;
		return;
	}
	flush_done(s);
	s->done.stream = stream;
	s->done.from = sequence;
	s->done.to = sequence + 1;
}

/* ---- the clock ---- */

static void mark_add(struct spill *s, uint32_t segment, uint32_t offset,
		     const struct wall_jump *step)
{
	s->marks = must(reallocarray(s->marks, s->n_marks + 1,
				     sizeof(*s->marks)));
	s->marks[s->n_marks++] = (struct clock_mark){
		segment, offset, !step, step ? *step : (struct wall_jump){0}};
}

/* What stands there, as the clock was set since, in the same boot. */
static void set_right(const struct spill *s, uint32_t segment, uint32_t offset,
		      struct kept_record *k)
{
	for (size_t i = 0; i < s->n_marks; i++) {
		const struct clock_mark *m = &s->marks[i];

		if (m->segment < segment ||
		    (m->segment == segment && m->offset <= offset))
			continue;
		if (m->boot)
			break;
		if (k->flags & KEPT_CLOCKLESS)
			k->record.time += m->step.by;
		else
			k->record.time = wall_correct(&m->step,
						      k->record.time);
	}
	if (wall_is_known(k->record.time))
		k->flags &= (uint8_t)~KEPT_CLOCKLESS;
}

void spill_step(struct spill *s, const struct wall_jump *jump)
{
	struct spill_record r = {.kind = SPILL_STEP, .step = *jump};
	struct segment *segment;

	s->offset += jump->by;
	if (!s->n_segments)
		return;
	segment = current(s);
	mark_add(s, segment->id, segment->size, jump);
	append(s, segment, &r);
	next(s);
}

void spill_clock(struct spill *s, const uint8_t boot[16], int64_t offset)
{
	static const uint8_t none[16];
	struct wall_jump jump = {.by = offset - s->offset};
	bool first = !memcmp(s->boot, none, sizeof(none));
	bool other = memcmp(s->boot, boot, sizeof(s->boot));

	memcpy(s->boot, boot, sizeof(s->boot));
	if (first || !s->n_segments)
		s->offset = offset;
	else if (other)		/* the next segment will say so */
		mark_add(s, s->last_id + 1, 0, NULL);
	else if (jump.by >= WALL_JUMP || jump.by <= -WALL_JUMP)
		spill_step(s, &jump);
	s->offset = offset;
}

/* ---- reading ---- */

static void read_more(struct spill *s)
{
	struct job *job;

	if (s->n_segments && s->read_segment < s->segments[0].id) {
		s->read_segment = s->segments[0].id;
		s->read_offset = 0;
	}
	job = job_add(s, JOB_READ, s->read_segment, CHUNK);
	job->offset = s->read_offset;
}

/* false: the caller wants no more now. */
static bool give(struct spill *s, const struct spill_record *r)
{
	struct spill_stream *stream;
	struct kept_record k = r->data;

	if (r->kind != SPILL_DATA ||
	    !(stream = stream_numbered(s, r->stream)) ||
	    is_done(stream, k.sequence))
		return true;
	k.segment = s->read_segment;
	set_right(s, s->read_segment, s->read_offset, &k);
	k.flags |= KEPT_ON_DISK;
	return s->handlers->record(s->context, stream, &k);
}

/* This segment is over: the next one, or all are. */
static void segment_read(struct spill *s)
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

static void has_read(struct spill *s, const struct job *job)
{
	size_t left = job->result > 0 ? (size_t)job->result : 0;
	const uint8_t *at = job->bytes;
	struct spill_record r;
	int length;

	if (!s->reading || job->segment != s->read_segment ||
	    job->offset != s->read_offset) {
		if (s->reading)
			read_more(s);
		return;
	}
	while ((length = spill_record_read(at, left, &r)) > 0) {
		if (!give(s, &r)) {
			s->reading = false;
			return;
		}
		s->read_offset += (uint32_t)length;
		at += length;
		left -= (size_t)length;
	}
	/* A record that the chunk ends in, or the end of the file. */
	if (job->result == CHUNK && left < SPILL_RECORD_MAX)
		read_more(s);
	else
		segment_read(s);
}

void spill_read(struct spill *s, bool anew)
{
	if (anew && s->n_segments) {
		s->read_segment = s->segments[0].id;
		s->read_offset = 0;
	}
	if (s->reading)
		return;
	s->reading = true;
	flush_done(s);
	read_more(s);
	next(s);
}

bool spill_is_reading(const struct spill *s)
{
	return s->reading;
}

/* ---- coming and going ---- */

static int by_id(const void *a, const void *b)
{
	const struct segment *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

static bool find_segments(struct spill *s)
{
	DIR *open = opendir(s->directory);
	unsigned id;
	int end;

	if (!open)
		return false;
	for (struct dirent *file; (file = readdir(open)); ) {
		end = 0;
		if (sscanf(file->d_name, "%8x.log%n", &id, &end) == 1 &&
		    end == 12 && !file->d_name[end])
			segment_add(s, id, 0);
	}
	closedir(open);
	if (s->n_segments)
		qsort(s->segments, s->n_segments, sizeof(*s->segments), by_id);
	for (size_t i = 0; i < s->n_segments; i++)
		s->last_id = s->segments[i].id;
	s->closed = true;	/* its end may be torn */
	return true;
}

/* Each segment says which boot it is of, and how the clock stood last. */
static void learn_boot(struct spill *s, const struct segment *segment,
		       const struct spill_record *r)
{
	if (memcmp(s->boot, r->boot, sizeof(s->boot)))
		mark_add(s, segment->id, segment->size, NULL);
	memcpy(s->boot, r->boot, sizeof(s->boot));
	s->offset = r->clock;
}

/* segment->size: where it stands. */
static void learn(struct spill *s, const struct segment *segment,
		  const struct spill_record *r)
{
	struct spill_stream *stream = stream_numbered(s, r->stream);

	switch ((enum spill_kind)r->kind) {
	case SPILL_NAME:
		if (!stream)
			stream_add(s, r->stream, r->endpoint, r->n_endpoint,
				   r->server);
		break;
	case SPILL_DATA:
		if (stream && r->data.sequence >= stream->next_sequence)
			stream->next_sequence = r->data.sequence + 1;
		break;
	case SPILL_DONE_RANGE:
		if (stream && r->to > stream->next_sequence)
			stream->next_sequence = r->to;
		if (stream)
			done_add(stream, r->from, r->to);
		break;
	case SPILL_WATCH:
		if (stream)
			set_watch(stream, r->paths, r->n_paths);
		break;
	case SPILL_BOOT:
		learn_boot(s, segment, r);
		break;
	case SPILL_STEP:
		mark_add(s, segment->id, segment->size, &r->step);
		s->offset += r->step.by;
		break;
	}
}

static void count(struct spill *s, struct segment *segment,
		  const struct spill_record *r)
{
	struct spill_stream *stream = stream_numbered(s, r->stream);

	if (r->kind != SPILL_DATA || !stream ||
	    is_done(stream, r->data.sequence))
		return;
	segment->n++;
	stream->n++;
}

static void look_through(struct spill *s, bool counting)
{
	for (size_t i = 0; i < s->n_segments; i++) {
		struct segment *segment = &s->segments[i];
		struct spill_record r;
		size_t n, left;
		uint8_t *bytes = read_file(s, segment->id, &n), *at = bytes;
		int length = 0;

		for (left = n; (length = spill_record_read(at, left, &r)) > 0;
		     at += length, left -= (size_t)length) {
			if (counting)
				count(s, segment, &r);
			else
				learn(s, segment, &r);
			if (!counting)
				segment->size += (uint32_t)length;
		}
		if (!counting) {
			segment->size = (uint32_t)n;
			s->bytes += n;
		}
		if (!counting && left)
			log_line(LOG_NOTE, NULL, NULL, "%s/%08x.log: the last "
				 "%zu bytes are torn and left out",
				 s->directory, segment->id, left);
		free(bytes);
	}
}

struct spill *spill_open(const char *directory, uint64_t most,
			 const struct spill_handlers *handlers, void *context)
{
	struct spill *s = must(calloc(1, sizeof(*s)));

	s->directory = must(strdup(directory));
	s->most = most;
	s->handlers = handlers;
	s->context = context;
	s->end = &s->first;
	s->retry_at = 0;
	if ((mkdir(directory, 0700) < 0 && errno != EEXIST) ||
	    !find_segments(s)) {
		log_line(LOG_ERROR, NULL, NULL, "cannot use %s: %s; what waits "
			 "for servers is kept in memory only", directory,
			 strerror(errno));
		free(s->directory);
		free(s);
		return NULL;
	}
	look_through(s, false);
	look_through(s, true);
	remove_done(s);
	next(s);
	return s;
}

void spill_limit(struct spill *s, uint64_t most)
{
	s->most = most;
}

void spill_close(struct spill *s)
{
	if (!s)
		return;
	s->reading = false;
	flush_done(s);
	remove_done(s);
	if (s->n_segments && !s->closed)
		job_add(s, JOB_SYNC, s->last_id, 0);
	for (next(s); s->now; )
		uv_run(uv_default_loop(), UV_RUN_ONCE);
	for (struct job *job; (job = s->first); ) {
		s->first = job->next;	/* the disk does not take them */
		job_free(s, job);
	}
	for (struct spill_stream *stream; (stream = s->streams); ) {
		s->streams = stream->next;
		free(stream->watch);
		free(stream);
	}
	free(s->marks);
	free(s->segments);
	free(s->directory);
	free(s);
}

struct spill_counts spill_counts(const struct spill *s)
{
	return (struct spill_counts){.bytes = s->bytes, .most = s->most,
		.failed = s->failed, .segments = (uint32_t)s->n_segments};
}

int64_t spill_turn(struct spill *s, int64_t now)
{
	flush_done(s);
	if (s->dirty && now >= s->sync_at) {
		s->dirty = s->wanted = false;
		s->sync_at = now + SECOND;
		job_add(s, JOB_SYNC, s->last_id, 0);
	}
	next(s);
	if (s->first && !s->now)
		return s->retry_at;
	return s->dirty ? s->sync_at : INT64_MAX;
}
