/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/http/history.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "objects/path.h"

#define SECOND INT64_C(1000000000)
#define DAY (86400 * SECOND)
#define HOUR_TIMES 180
#define DAY_TIMES 288
#define CHAINS 1024u

static const struct { int64_t step, n; } spans[] = {
	[HISTORY_HOUR] = {20 * SECOND, HOUR_TIMES},
	[HISTORY_DAY] = {300 * SECOND, DAY_TIMES},
};

/* NaN: nothing has come in this time. */
struct range { float low, high; };

/* One value of one endpoint. */
struct series {
	struct series *next;
	struct lwm2m_path path;
	int64_t newest[2];	/* time of the span: number of its step */
	struct range hour[HOUR_TIMES], day[DAY_TIMES];
	char endpoint[];
};

struct history {
	size_t room, used;
	struct series *chains[CHAINS];	/* by endpoint */
};

/* ---- series ---- */

static unsigned chain_of(const char *endpoint)
{
	unsigned hash = 2166136261u;

	for (; *endpoint; endpoint++)
		hash = (hash ^ (unsigned char)*endpoint) * 16777619u;
	return hash % CHAINS;
}

static size_t size_of(const char *endpoint)
{
	return sizeof(struct series) + strlen(endpoint) + 1;
}

static struct series *series_find(const struct history *history,
				  const char *endpoint,
				  const struct lwm2m_path *path)
{
	struct series *s = history->chains[chain_of(endpoint)];

	while (s && (strcmp(s->endpoint, endpoint) ||
		     !path_equal(&s->path, path)))
		s = s->next;
	return s;
}

static struct range *ranges_of(struct series *s, int span)
{
	return span == HISTORY_HOUR ? s->hour : s->day;
}

static void forget_all(struct series *s, int span, int64_t newest)
{
	for (int64_t i = 0; i < spans[span].n; i++)
		ranges_of(s, span)[i] = (struct range){NAN, NAN};
	s->newest[span] = newest;
}

static struct series *series_create(struct history *history,
				    const char *endpoint,
				    const struct lwm2m_path *path, int64_t now)
{
	size_t size = size_of(endpoint);
	struct series *s, **chain = &history->chains[chain_of(endpoint)];

	if (size > history->room - history->used)
		return NULL;
	s = malloc(size);
	if (!s)
		abort();
	history->used += size;
	strcpy(s->endpoint, endpoint);
	s->path = *path;
	for (int span = 0; span < 2; span++)
		forget_all(s, span, now / spans[span].step);
	s->next = *chain;
	*chain = s;
	return s;
}

struct history *history_create(size_t room)
{
	struct history *history = calloc(1, sizeof(*history));

	if (!history)
		abort();
	history->room = room;
	return history;
}

void history_destroy(struct history *history)
{
	for (unsigned i = 0; history && i < CHAINS; i++)
		for (struct series *s; (s = history->chains[i]); ) {
			history->chains[i] = s->next;
			free(s);
		}
	free(history);
}

/* ---- values ---- */

/* Times that have passed without a value are emptied on the way. */
static void range_add(struct series *s, int span, float value, int64_t now)
{
	int64_t time = now / spans[span].step, n = spans[span].n;
	struct range *ranges = ranges_of(s, span), *at;

	if (time - s->newest[span] >= n)
		forget_all(s, span, time);
	while (s->newest[span] < time)
		ranges[++s->newest[span] % n] = (struct range){NAN, NAN};
	at = &ranges[time % n];
	/* Also where it is NaN still. */
	at->low = at->low <= value ? at->low : value;
	at->high = at->high >= value ? at->high : value;
}

bool history_add(struct history *history, const char *endpoint,
		 const struct lwm2m_path *path, double value, int64_t now)
{
	struct series *s = series_find(history, endpoint, path);

	if (!isfinite((float)value))
		return true;
	if (!s)
		s = series_create(history, endpoint, path, now);
	for (int span = 0; s && span < 2; span++)
		range_add(s, span, (float)value, now);
	return s;
}

void history_sweep(struct history *history, int64_t now)
{
	for (unsigned i = 0; i < CHAINS; i++)
		for (struct series **at = &history->chains[i], *s;
		     (s = *at); ) {
			if (now - s->newest[HISTORY_DAY] *
				  spans[HISTORY_DAY].step <= DAY) {
				at = &s->next;
				continue;
			}
			*at = s->next;
			history->used -= size_of(s->endpoint);
			free(s);
		}
}

size_t history_points(const struct history *history, const char *endpoint,
		      const struct lwm2m_path *path, enum history_span span,
		      int64_t now, struct history_point *points)
{
	struct series *s = series_find(history, endpoint, path);
	int64_t step = spans[span].step, n = spans[span].n;
	int64_t time = now / step - n + 1;
	size_t found = 0;

	for (time = time > 0 ? time : 0; s && time <= s->newest[span]; time++) {
		const struct range *at = &ranges_of(s, (int)span)[time % n];

		if (s->newest[span] - time < n && !isnan(at->low))
			points[found++] = (struct history_point){
				time * step, (double)at->low,
				(double)at->high};
	}
	return found;
}

void history_paths(const struct history *history, const char *endpoint,
		   void (*tell)(void *owner, const struct lwm2m_path *path),
		   void *owner)
{
	for (const struct series *s = history->chains[chain_of(endpoint)]; s;
	     s = s->next)
		if (!strcmp(s->endpoint, endpoint))
			tell(owner, &s->path);
}
