/* SPDX-License-Identifier: GPL-2.0-or-later
 * The log is read twice at the start: for what is done, then for what is not. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "agent/base/log.h"
#include "agent/store/spill_private.h"

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
			spill_segment_add(s, id, 0);
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
		spill_mark_add(s, segment->id, segment->size, NULL);
	memcpy(s->boot, r->boot, sizeof(s->boot));
	s->offset = r->clock;
}

/* segment->size: where it stands. */
static void record_learn(struct spill *s, const struct segment *segment,
			 const struct spill_record *r)
{
	struct spill_stream *stream = spill_stream_numbered(s, r->stream);

	switch ((enum spill_kind)r->kind) {
	case SPILL_NAME:
		if (!stream)
			spill_stream_add(s, r->stream, r->endpoint, r->n_endpoint,
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
			spill_done_add(stream, r->from, r->to);
		break;
	case SPILL_WATCH:
		if (stream)
			spill_watch_set(stream, r->paths, r->n_paths);
		break;
	case SPILL_BOOT:
		learn_boot(s, segment, r);
		break;
	case SPILL_STEP:
		spill_mark_add(s, segment->id, segment->size, &r->step);
		s->offset += r->step.by;
		break;
	}
}

static void record_count(struct spill *s, struct segment *segment,
			 const struct spill_record *r)
{
	struct spill_stream *stream = spill_stream_numbered(s, r->stream);

	if (r->kind != SPILL_DATA || !stream ||
	    spill_is_done(stream, r->data.sequence))
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
		uint8_t *bytes = spill_read_file(s, segment->id, &n), *at = bytes;
		int length = 0;

		for (left = n; (length = spill_record_read(at, left, &r)) > 0;
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
				 "%zu bytes are torn and left out",
				 s->directory, segment->id, left);
		free(bytes);
	}
}

struct spill *spill_open(const char *directory, uint64_t most,
			 const struct spill_handlers *handlers, void *context)
{
	struct spill *s = spill_must(calloc(1, sizeof(*s)));

	s->directory = spill_must(strdup(directory));
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
	spill_remove_done(s);
	spill_work(s);
	return s;
}

void spill_close(struct spill *s)
{
	if (!s)
		return;
	s->reading = false;
	spill_flush_done(s);
	spill_remove_done(s);
	if (s->n_segments && !s->closed)
		spill_job_add(s, JOB_SYNC, s->last_id, 0);
	spill_work_off(s);
	spill_streams_free(s);
	free(s->marks);
	free(s->segments);
	free(s->directory);
	free(s);
}
