/* SPDX-License-Identifier: GPL-2.0-or-later
 * Server-sent events for those who keep looking. What has changed is written
 * once, every 2 s, for all readers together; where there is no reader, nothing
 * is. Events, each with one JSON object:
 *   head      all of the status but its endpoints
 *   rows      {"rows": [...]}: endpoints that are new or have changed, with
 *             "all": true every one of them
 *   gone      {"gone": [names]}
 *   log       {"events": [...]}, as lwmuxctl's
 *   endpoint  one endpoint: {"endpoint": {...}, "resources": [...], "plots":
 *             [paths]}, or {"error": ...}
 *   trace     what went over a bus: feed_trace.h
 * A reader gets head and log, and by its query rows, one endpoint or a trace. Who is
 * more than 4 MiB or 30 s behind is cut off. */
#ifndef AGENT_FEED_H
#define AGENT_FEED_H
#include <microhttpd.h>
#include <stdbool.h>
#include <stdint.h>

struct feed;
struct http_site;

/* site stays, with its gateway and history. */
struct feed *feed_create(const struct http_site *site);
/* Tells what is due. now: monotonic ns. Connections may have been
 * resumed by it: MHD_run() is next. */
void feed_turn(struct feed *feed, int64_t now);
/* When it wants to be called, not later; INT64_MAX: nobody looks. */
int64_t feed_due(const struct feed *feed);
/* All its readers are sent to their end: before the daemon is stopped. */
void feed_close(struct feed *feed);
/* After it was stopped. */
void feed_destroy(struct feed *feed);

/* What a reader wants beside head and log. */
struct feed_wish {
	bool rows;
	const char *endpoint, *trace;	/* this one; a bus; or NULL */
};
/* Answers the request with a stream, or refuses it: 16 read already. fd: the
 * connection's. */
enum MHD_Result feed_answer(struct feed *feed,
			    struct MHD_Connection *connection, int fd,
			    const struct feed_wish *wish);
#endif
