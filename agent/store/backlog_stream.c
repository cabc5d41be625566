/* SPDX-License-Identifier: GPL-2.0-or-later
 * The streams of the log: their names, and what of them is done. */
#include <stdlib.h>
#include <string.h>
#include "agent/store/backlog_private.h"

void *backlog_must(void *memory)
{
	if (!memory)
		abort();
	return memory;
}

static uint32_t hash_of(const char *endpoint, size_t n, uint16_t server)
{
	uint32_t hash = 2166136261u ^ server;

	for (size_t i = 0; i < n; i++)
		hash = (hash ^ (uint8_t)endpoint[i]) * 16777619u;
	return hash;
}

struct backlog_stream *backlog_stream_numbered(const struct backlog *s,
					    uint32_t number)
{
	struct backlog_stream *stream = s->by_number[number % BUCKETS];

	while (stream && stream->number != number)
		stream = stream->next_by_number;
	return stream;
}

struct backlog_stream *backlog_stream_add(struct backlog *s, uint32_t number,
				       const char *endpoint, size_t n,
				       uint16_t server)
{
	struct backlog_stream *stream = backlog_must(calloc(1,
							    sizeof(*stream) + n + 1));
	struct backlog_stream **bucket = &s->by_number[number % BUCKETS];

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

struct backlog_stream *backlog_stream_find(struct backlog *s,
					   const char *endpoint,
					   uint16_t server)
{
	uint32_t hash = hash_of(endpoint, strlen(endpoint), server);
	struct backlog_stream *stream = s->streams;

	while (stream && (stream->hash != hash || stream->server != server ||
			  strcmp(stream->endpoint, endpoint)))
		stream = stream->next;
	return stream;
}

struct backlog_stream *backlog_stream(struct backlog *s, const char *endpoint,
				      uint16_t server, void *owner)
{
	struct backlog_stream *stream = backlog_stream_find(s, endpoint,
							    server);

	if (!stream)
		stream = backlog_stream_add(s, s->next_number, endpoint,
				    strlen(endpoint), server);
	stream->owner = owner;
	return stream;
}

bool backlog_is_done(const struct backlog_stream *stream, uint32_t sequence)
{
	if (sequence < stream->done_to)
		return true;
	for (uint32_t i = 0; i < stream->n_done; i++)
		if (sequence >= stream->done[i].from &&
		    sequence < stream->done[i].to)
			return true;
	return false;
}

/* Takes out what touches the range, which becomes one with it. */
static void done_join(struct backlog_stream *stream,
		      struct backlog_range *range)
{
	for (uint32_t i = 0; i < stream->n_done; ) {
		struct backlog_range at = stream->done[i];

		if (at.from > range->to || at.to < range->from) {
			i++;
			continue;
		}
		range->from = at.from < range->from ? at.from : range->from;
		range->to = at.to > range->to ? at.to : range->to;
		stream->done[i] = stream->done[--stream->n_done];
		i = 0;
	}
}

void backlog_done_add(struct backlog_stream *stream, uint32_t from, uint32_t to)
{
	struct backlog_range range = {from, to};

	if (to <= stream->done_to)
		return;
	done_join(stream, &range);
	if (range.from <= stream->done_to) {
		stream->done_to = range.to;
		return;
	}
	if (stream->n_done == stream->done_room) {
		stream->done_room = stream->done_room ?
				    stream->done_room * 2 : 4;
		stream->done = backlog_must(reallocarray(stream->done,
			stream->done_room, sizeof(*stream->done)));
	}
	stream->done[stream->n_done++] = range;
}

void backlog_watch_set(struct backlog_stream *stream,
		       const struct lwm2m_path *paths, size_t n)
{
	n = n < BACKLOG_PATHS_MAX ? n : BACKLOG_PATHS_MAX;
	free(stream->watch);
	stream->watch = n ? backlog_must(malloc(n * sizeof(*paths))) : NULL;
	if (n)
		memcpy(stream->watch, paths, n * sizeof(*paths));
	stream->n_watch = (uint16_t)n;
}

void backlog_streams_free(struct backlog *s)
{
	for (struct backlog_stream *stream; (stream = s->streams); ) {
		s->streams = stream->next;
		free(stream->watch);
		free(stream->done);
		free(stream);
	}
}
