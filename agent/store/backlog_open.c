/* SPDX-License-Identifier: GPL-2.0-or-later
 * The log is read twice at the start: for what is done, then for what is not. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "agent/base/log.h"
#include "agent/store/backlog_private.h"

static int by_id(const void *a, const void *b)
{
	const struct segment *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

static bool find_segments(struct backlog *s)
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
			backlog_segment_add(s, id, 0);
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
static void learn_boot(struct backlog *s, const struct segment *segment,
		       const struct backlog_record *r)
{
	if (memcmp(s->boot, r->boot, sizeof(s->boot)))
		backlog_mark_add(s, segment->id, segment->size, NULL);
	memcpy(s->boot, r->boot, sizeof(s->boot));
	s->offset = r->clock;
}

/* segment->size: where it stands. */
static void record_learn(struct backlog *s, const struct segment *segment,
			 const struct backlog_record *r)
{
	struct backlog_stream *stream = backlog_stream_numbered(s, r->stream);

	switch ((enum backlog_kind)r->kind) {
	case BACKLOG_NAME:
		if (!stream)
			backlog_stream_add(s, r->stream, r->endpoint,
					   r->n_endpoint,
				   r->server);
		break;
	case BACKLOG_DATA:
		if (stream && r->data.sequence >= stream->next_sequence)
			stream->next_sequence = r->data.sequence + 1;
		break;
	case BACKLOG_DONE_RANGE:
		if (stream && r->to > stream->next_sequence)
			stream->next_sequence = r->to;
		if (stream)
			backlog_done_add(stream, r->from, r->to);
		break;
	case BACKLOG_WATCH:
		if (stream)
			backlog_watch_set(stream, r->paths, r->n_paths);
		break;
	case BACKLOG_BOOT:
		learn_boot(s, segment, r);
		break;
	case BACKLOG_STEP:
		backlog_mark_add(s, segment->id, segment->size, &r->step);
		s->offset += r->step.by;
		break;
	}
}

static void record_count(struct backlog *s, struct segment *segment,
			 const struct backlog_record *r)
{
	struct backlog_stream *stream = backlog_stream_numbered(s, r->stream);

	if (r->kind != BACKLOG_DATA || !stream ||
	    backlog_is_done(stream, r->data.sequence))
		return;
	segment->n++;
	stream->n++;
}

static void look_through(struct backlog *s, bool counting)
{
	for (size_t i = 0; i < s->n_segments; i++) {
		struct segment *segment = &s->segments[i];
		struct backlog_record r;
		size_t n, left;
		uint8_t *bytes = backlog_read_file(s, segment->id,
						   &n), *at = bytes;
		int length = 0;

		for (left = n; (length = backlog_record_read(at, left, &r)) > 0;
		     at += length, left -= (size_t)length) {
			if (counting)
				record_count(s, segment, &r);
			else
				record_learn(s, segment, &r);
			if (!counting)
				segment->size += (uint32_t)length;
		}
		if (!counting) {
			segment->size = (uint32_t)n;
			s->bytes += n;
		}
		if (!counting && left)
			log_line(LOG_NOTE, NULL, NULL, "%s/%08x.log: the last "
				 "%zu bytes are not whole and left out",
				 s->directory, segment->id, left);
		free(bytes);
	}
}

struct backlog *backlog_open(const char *directory, uint64_t most,
			     const struct backlog_handlers *handlers,
			     void *context)
{
	struct backlog *s = backlog_must(calloc(1, sizeof(*s)));

	s->directory = backlog_must(strdup(directory));
	s->most = most;
	s->handlers = handlers;
	s->context = context;
	s->end = &s->first;
	s->every = SECOND;
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
	backlog_remove_done(s);
	backlog_work(s);
	return s;
}

void backlog_close(struct backlog *s)
{
	if (!s)
		return;
	s->reading = false;
	backlog_flush_done(s);
	backlog_remove_done(s);
	if (s->n_segments && !s->closed)
		backlog_job_add(s, JOB_SYNC, s->last_id, 0);
	backlog_work_off(s);
	backlog_streams_free(s);
	free(s->marks);
	free(s->segments);
	free(s->directory);
	free(s);
}
