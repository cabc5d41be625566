/* SPDX-License-Identifier: GPL-2.0-or-later
 * The streams of the log: their names, and what of them is done. */
#include <stdlib.h>
#include <string.h>
#include "agent/store/spill_private.h"

void *spill_must(void *memory)
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

struct spill_stream *spill_stream_numbered(const struct spill *s,
					    uint32_t number)
{
	struct spill_stream *stream = s->by_number[number % BUCKETS];

	while (stream && stream->number != number)
		stream = stream->next_by_number;
	return stream;
}

struct spill_stream *spill_stream_add(struct spill *s, uint32_t number,
				       const char *endpoint, size_t n,
				       uint16_t server)
{
	struct spill_stream *stream = spill_must(calloc(1, sizeof(*stream) + n + 1));
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
		stream = spill_stream_add(s, s->next_number, endpoint,
				    strlen(endpoint), server);
	stream->owner = owner;
	return stream;
}

bool spill_is_done(const struct spill_stream *stream, uint32_t sequence)
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
static void done_join(struct spill_stream *stream, struct spill_range *range)
{
	for (uint32_t i = 0; i < stream->n_done; ) {
		struct spill_range at = stream->done[i];

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

void spill_done_add(struct spill_stream *stream, uint32_t from, uint32_t to)
{
	struct spill_range range = {from, to};

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
		stream->done = spill_must(reallocarray(stream->done,
			stream->done_room, sizeof(*stream->done)));
	}
	stream->done[stream->n_done++] = range;
}

void spill_watch_set(struct spill_stream *stream,
		     const struct lwm2m_path *paths, size_t n)
{
	n = n < SPILL_PATHS_MAX ? n : SPILL_PATHS_MAX;
	free(stream->watch);
	stream->watch = n ? spill_must(malloc(n * sizeof(*paths))) : NULL;
	if (n)
		memcpy(stream->watch, paths, n * sizeof(*paths));
	stream->n_watch = (uint16_t)n;
}

void spill_streams_free(struct spill *s)
{
	for (struct spill_stream *stream; (stream = s->streams); ) {
		s->streams = stream->next;
		free(stream->watch);
		free(stream->done);
		free(stream);
	}
}
