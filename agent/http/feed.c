/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/http/feed.h"
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include "agent/control/events.h"
#include "agent/control/overview.h"
#include "agent/control/status.h"
#include "agent/gateway/gateway.h"
#include "agent/http/feed_trace.h"
#include "agent/http/http_private.h"
#include "agent/http/recorder.h"
#include "agent/http/row_set.h"

#define READERS_MAX 16
#define QUEUE 64			/* pieces that wait for a reader */
#define BEHIND_MAX ((size_t)4 << 20)	/* bytes */
#define SECOND INT64_C(1000000000)
#define PATIENCE (30 * SECOND)		/* for a piece */
#define EVERY (2 * SECOND)
/* Of the kernel, which else takes megabytes for who does not read. */
#define SEND_ROOM (64 * 1024)
#define BLOCK ((size_t)16 * 1024)

/* Text that several readers get. */
struct piece {
	size_t readers;
	size_t n;
	char text[];
};

struct reader {
	struct feed *feed;
	struct reader *next;
	struct MHD_Connection *connection;
	int fd;
	char *endpoint;			/* or NULL */
	struct feed_trace *trace;	/* or NULL */
	bool rows, fresh;		/* fresh: was told nothing yet */
	bool asleep, cut;
	int64_t since;			/* it has read a piece */
	struct piece *queue[QUEUE];
	unsigned first, n;
	size_t taken;			/* of the first */
	size_t behind;			/* bytes in the queue */
};

struct feed {
	const struct http_site *site;
	struct reader *first;
	unsigned n_readers;
	struct row_set *rows;		/* as they were told, or NULL */
	uint64_t logged;		/* the last event that was told */
	int64_t now, sent_at, due;
	bool closed;
};

/* ---- pieces ---- */

static struct piece *piece_of(const char *event, const char *json)
{
	static const char form[] = "event: %s\ndata: %s\n\n";
	size_t n = strlen(event) + strlen(json) + sizeof(form) - 5;
	struct piece *piece = malloc(sizeof(*piece) + n + 1);

	if (!piece)
		abort();
	piece->readers = 0;
	piece->n = (size_t)snprintf(piece->text, n + 1, form, event, json);
	return piece;
}

/* Its text never has a line end of its own. json is put. */
static struct piece *piece_json(const char *event, struct json_object *json)
{
	struct piece *piece = piece_of(event, json_object_to_json_string_ext(
		json, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));

	json_object_put(json);
	return piece;
}

/* Nobody wants it? */
static void piece_settle(struct piece *piece)
{
	if (piece && !piece->readers)
		free(piece);
}

static void piece_leave(struct piece *piece)
{
	piece->readers--;
	piece_settle(piece);
}

/* ---- readers ---- */

/* Its connection ends; libmicrohttpd tells when. */
static void reader_cut(struct reader *r)
{
	r->cut = true;
	shutdown(r->fd, SHUT_RDWR);
}

static void reader_tell(struct reader *r, struct piece *piece)
{
	if (!piece || r->cut)
		return;
	if (r->n == QUEUE || (r->n && r->behind + piece->n > BEHIND_MAX)) {
		reader_cut(r);
		return;
	}
	if (!r->n)
		r->since = r->feed->now;
	r->queue[(r->first + r->n++) % QUEUE] = piece;
	r->behind += piece->n;
	piece->readers++;
}

/* What no other reader gets. */
static void reader_tell_once(struct reader *r, struct piece *piece)
{
	reader_tell(r, piece);
	piece_settle(piece);
}

static void reader_wake(struct reader *r)
{
	if (!r->asleep || (!r->n && !r->cut && !r->feed->closed))
		return;
	r->asleep = false;
	MHD_resume_connection(r->connection);
}

static void reader_next(struct reader *r)
{
	struct piece *piece = r->queue[r->first];

	r->behind -= piece->n;
	r->first = (r->first + 1) % QUEUE;
	r->n--;
	r->taken = 0;
	r->since = r->feed->now;
	piece_leave(piece);
}

/* libmicrohttpd has room for `most` bytes. */
static ssize_t reader_read(void *reader, uint64_t position, char *to,
			   size_t most)
{
	struct reader *r = reader;
	const struct piece *piece;
	size_t n;

	(void)position;
	if (r->cut || r->feed->closed)
		return MHD_CONTENT_READER_END_OF_STREAM;
	if (!r->n) {
		r->asleep = true;
		MHD_suspend_connection(r->connection);
		return 0;
	}
	piece = r->queue[r->first];
	n = piece->n - r->taken;
	n = n < most ? n : most;
	memcpy(to, piece->text + r->taken, n);
	r->taken += n;
	if (r->taken == piece->n)
		reader_next(r);
	return (ssize_t)n;
}

static void reader_free(void *reader)
{
	struct reader *r = reader;
	struct feed *feed = r->feed;
	struct reader **at = &feed->first;

	while (*at != r)
		at = &(*at)->next;
	*at = r->next;
	feed->n_readers--;
	while (r->n)
		reader_next(r);
	feed_trace_destroy(r->trace);
	free(r->endpoint);
	free(r);
}

/* ---- what has changed ---- */

struct changes {
	struct json_object *all;	/* or NULL: nobody is fresh */
	struct json_object *some, *gone;
};

static void row_take(struct feed *feed, struct changes *changes,
		     const char *name, struct json_object *row)
{
	const char *text = json_object_to_json_string_ext(
		row, JSON_C_TO_STRING_PLAIN);

	if (row_set_put(feed->rows, name, text))
		json_object_array_add(changes->some, json_object_get(row));
	if (changes->all)
		json_object_array_add(changes->all, json_object_get(row));
	json_object_put(row);
}

static void row_gone(void *changes, const char *name)
{
	struct changes *c = changes;

	json_object_array_add(c->gone, json_object_new_string(name));
}

static void rows_look(struct feed *feed, struct changes *changes, int64_t now)
{
	const struct gateway *g = feed->site->gateway;

	if (!feed->rows)
		feed->rows = row_set_create();
	for (struct endpoint *e = gateway_next(g, NULL); e;
	     e = gateway_next(g, e))
		row_take(feed, changes, e->conf->endpoint,
			 overview_row(e, now));
	for (size_t i = 0; i < g->n_refused; i++)
		row_take(feed, changes, g->refused[i]->endpoint,
			 overview_refused(g->refused[i]));
	row_set_sweep(feed->rows, row_gone, changes);
}

static struct piece *rows_piece(struct json_object *rows, bool all)
{
	struct json_object *to;

	if (!rows || (!all && !json_object_array_length(rows))) {
		json_object_put(rows);
		return NULL;
	}
	to = json_object_new_object();
	if (all)
		json_object_object_add(to, "all",
				       json_object_new_boolean(true));
	json_object_object_add(to, "rows", rows);
	return piece_json("rows", to);
}

static struct piece *gone_piece(struct json_object *gone)
{
	struct json_object *to;

	if (!json_object_array_length(gone)) {
		json_object_put(gone);
		return NULL;
	}
	to = json_object_new_object();
	json_object_object_add(to, "gone", gone);
	return piece_json("gone", to);
}

static void tell_rows(struct feed *feed, bool fresh, int64_t now)
{
	struct changes changes = {
		.all = fresh ? json_object_new_array() : NULL,
		.some = json_object_new_array(),
		.gone = json_object_new_array()};
	struct piece *all, *some, *gone;

	rows_look(feed, &changes, now);
	all = rows_piece(changes.all, true);
	some = rows_piece(changes.some, false);
	gone = gone_piece(changes.gone);
	for (struct reader *r = feed->first; r; r = r->next) {
		if (!r->rows)
			continue;
		reader_tell(r, r->fresh ? all : gone);
		if (!r->fresh)
			reader_tell(r, some);
	}
	piece_settle(all);
	piece_settle(some);
	piece_settle(gone);
}

/* The past is for who is fresh, what is new for all others. */
static struct piece *log_piece(uint64_t *after)
{
	struct json_object *to = json_object_new_object();
	struct json_object *list = events_json(after, NULL);

	json_object_object_add(to, "events", list);
	if (json_object_array_length(list))
		return piece_json("log", to);
	json_object_put(to);
	return NULL;
}

static void tell_log(struct feed *feed, bool fresh)
{
	uint64_t none = 0;
	struct piece *news = events_new(feed->logged) ?
			     log_piece(&feed->logged) : NULL;
	struct piece *past = fresh ? log_piece(&none) : NULL;

	for (struct reader *r = feed->first; r; r = r->next)
		reader_tell(r, r->fresh ? past : news);
	piece_settle(news);
	piece_settle(past);
}

static struct piece *endpoint_piece(const struct http_site *site,
				    const char *name, int64_t now)
{
	struct gateway *g = site->gateway;
	struct json_object *one = status_of(g, name, now), *list, *to, *tree;

	if (!json_object_object_get_ex(one, "endpoints", &list))
		return piece_json("endpoint", one);
	to = json_object_new_object();
	json_object_object_add(to, "endpoint", json_object_get(
		json_object_array_get_idx(list, 0)));
	json_object_put(one);
	one = status_read(g, name, "/", now);	/* an error: it is refused */
	if (json_object_object_get_ex(one, "resources", &tree))
		json_object_object_add(to, "resources", json_object_get(tree));
	json_object_put(one);
	json_object_object_add(to, "plots", recorder_paths(site->history,
							   name));
	return piece_json("endpoint", to);
}

static void tell_endpoints(struct feed *feed, int64_t now)
{
	for (struct reader *r = feed->first; r; r = r->next) {
		if (r->endpoint)
			reader_tell_once(r, endpoint_piece(
				feed->site, r->endpoint, now));
	}
}

static void tell_traces(struct feed *feed)
{
	for (struct reader *r = feed->first; r; r = r->next) {
		struct json_object *news = r->trace ?
			feed_trace_take(r->trace) : NULL;

		if (news)
			reader_tell_once(r, piece_json("trace", news));
	}
}

static void tell_head(struct feed *feed, int64_t now)
{
	struct piece *head = piece_json("head", status_head(feed->site->gateway,
							    now));

	for (struct reader *r = feed->first; r; r = r->next)
		reader_tell(r, head);
	piece_settle(head);
}

/* ---- when ---- */

/* Nobody knows them any more. */
static void rows_forget(struct feed *feed)
{
	row_set_destroy(feed->rows);
	feed->rows = NULL;
}

static void tell_all(struct feed *feed)
{
	bool fresh = false, rows = false;
	int64_t now = feed->now;

	for (const struct reader *r = feed->first; r; r = r->next) {
		fresh |= r->fresh;
		rows |= r->rows;
	}
	tell_head(feed, now);
	if (rows)
		tell_rows(feed, fresh, now);
	tell_log(feed, fresh);
	tell_endpoints(feed, now);
	tell_traces(feed);
	for (struct reader *r = feed->first; r; r = r->next) {
		r->fresh = false;
		if (r->n && feed->now - r->since > PATIENCE)
			reader_cut(r);
		reader_wake(r);
	}
	if (!rows)
		rows_forget(feed);
}

/* Who comes is told at once; a crowd that comes and goes is told together. */
static void tell_soon(struct feed *feed)
{
	int64_t due = feed->sent_at + EVERY / 4;

	due = due > feed->now ? due : feed->now;
	if (feed->due > due)
		feed->due = due;
}

void feed_turn(struct feed *feed, int64_t now)
{
	feed->now = now;
	if (feed->due > now)
		return;
	if (feed->first) {
		feed->sent_at = now;
		feed->due = now + EVERY;
		tell_all(feed);
	} else {
		feed->due = INT64_MAX;
		rows_forget(feed);
	}
}

int64_t feed_due(const struct feed *feed)
{
	return feed->due;
}

/* ---- the feed ---- */

struct feed *feed_create(const struct http_site *site)
{
	struct feed *feed = calloc(1, sizeof(*feed));

	if (!feed)
		abort();
	feed->site = site;
	feed->due = INT64_MAX;
	return feed;
}

void feed_close(struct feed *feed)
{
	feed->closed = true;
	for (struct reader *r = feed->first; r; r = r->next)
		reader_wake(r);
}

void feed_destroy(struct feed *feed)
{
	row_set_destroy(feed->rows);
	free(feed);
}

enum MHD_Result feed_answer(struct feed *feed,
			    struct MHD_Connection *connection, int fd,
			    const struct feed_wish *wish)
{
	const int room = SEND_ROOM;
	struct reader *r;

	if (feed->n_readers >= READERS_MAX)
		return http_refuse(connection, MHD_HTTP_SERVICE_UNAVAILABLE,
				   "too many look already");
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	r = calloc(1, sizeof(*r));
	if (!r || (wish->endpoint && !(r->endpoint = strdup(wish->endpoint))))
		abort();
	if (wish->trace)
		r->trace = feed_trace_create(feed->site->gateway, wish->trace);
	r->feed = feed;
	r->connection = connection;
	r->fd = fd;
	r->rows = wish->rows;
	r->fresh = true;
	r->next = feed->first;
	feed->first = r;
	feed->n_readers++;
	tell_soon(feed);
	return http_respond(connection, MHD_HTTP_OK,
			    MHD_create_response_from_callback(MHD_SIZE_UNKNOWN,
				BLOCK, reader_read, r, reader_free),
			    "text/event-stream");
}
