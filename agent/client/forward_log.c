/* SPDX-License-Identifier: GPL-2.0-or-later
 * What memory has no room for, and what an earlier run has left, comes from the
 * log when it can be delivered: in sweeps through all of it. And what else the
 * log must know: the clock. */
#include <stdio.h>
#include "agent/client/client.h"
#include "agent/client/client_host.h"
#include "agent/client/forward_private.h"
#include "agent/store/backlog.h"

/* Those that cannot go now make room for those that can: they are in the log. */
static void queue_evict(struct forward *f)
{
	struct forwarding *w = forwarding_of(f->client);
	struct queue_cursor at = {0};
	struct queued_record k = {.flags = QUEUED_ON_DISK};
	uint32_t from = 0;
	bool first = true;

	if (f->pinned || forward_delivery_is_queued(f->delivery) || !f->kept.n)
		return;
	while (queue_next(&f->kept, &at, &k)) {
		if (!(k.flags & QUEUED_ON_DISK) || k.sequence < f->log_from)
			return;
		if (first)
			from = k.sequence;
		first = false;
	}
	queue_clear(&f->kept, &w->budget);
	forward_place_event(f, PLACE_EVICTED);
	f->load_from = from;
}

static bool has_room(const struct forwarding *w)
{
	return w->budget.used < w->budget.most / 2;
}

/* An answer still decides over it, which will say whether it is to be told. */
static bool is_undecided(const struct forward *f, uint32_t sequence)
{
	struct queue_cursor at = {0};
	struct queued_record k;

	while (queue_next(&f->waiting, &at, &k))
		if (k.flags & QUEUED_ON_DISK && k.sequence == sequence)
			return true;
	return false;
}

/* hqmax leaves it no room. */
static void record_pass_over(struct forward *f, const struct queued_record *k)
{
	struct forwarding *w = forwarding_of(f->client);

	forward_write_off(f, k, true);
	f->load_from = k->sequence + 1;
	if (f->n) {
		f->n--;
		w->waiting--;
	}
	w->counts.dropped++;
}

static bool on_record(void *context, struct backlog_stream *stream,
		      const struct queued_record *record)
{
	struct forwarding *w = context;
	struct forward *f = stream->owner;

	if (!f || f->place != PLACE_LOG || record->sequence < f->load_from ||
	    is_undecided(f, record->sequence))
		return true;
	if (w->sweep == SWEEP_COUNTING) {
		forward_history_note(f, record);
		return true;
	}
	if (!forward_may_go(f) || forward_history_is_outdated(f)) {
		forward_place_event(f, PLACE_SKIPPED);
		return true;
	}
	if (!has_room(w))
		for (struct forward *other = w->all; other; other = other->next)
			queue_evict(other);
	if (f->place == PLACE_PASSED)
		return true;
	if (forward_history_is_over(f, record)) {
		record_pass_over(f, record);
		return true;
	}
	if (!has_room(w) || queue_append(&f->kept, &w->budget, record) < 0)
		return false;
	f->load_from = record->sequence + 1;
	forward_queue(f);
	return true;
}

/* The sweep had passed it over as undecided, and before its end an answer had it
 * kept: it is in the log alone, and takes another sweep. */
static bool was_decided_behind(const struct forward *f)
{
	return f->place == PLACE_LOG && f->n > f->kept.n &&
	       f->kept_to > f->load_from;
}

/* Some have an hqmax: they were counted. */
static void sweep_deliver(struct forwarding *w)
{
	w->sweep = SWEEP_UNDER_WAY;
	backlog_read(w->backlog, true);
	for (struct forward *f = w->all; f; f = f->next) {
		forward_history_fit(f);
		forward_queue(f);
	}
}

static void on_end(void *context)
{
	struct forwarding *w = context;

	if (w->sweep == SWEEP_COUNTING) {
		sweep_deliver(w);
		return;
	}
	w->sweep = SWEEP_NONE;
	for (struct forward *f = w->all; f; f = f->next) {
		if (was_decided_behind(f))
			forward_place_event(f, PLACE_SKIPPED);
		forward_place_event(f, PLACE_SWEPT);
		if (f->place == PLACE_MEMORY)
			forward_history_end(f);
		else if (forward_may_go(f))
			w->sweep = SWEEP_WANTED;
	}
	if (w->sweep == SWEEP_WANTED)
		forward_load(w->services);
}

static void on_lost(void *context, struct backlog_stream *stream,
		    uint32_t sequence)
{
	struct forwarding *w = context;
	struct forward *f = stream->owner;
	struct queue_cursor at = {0};
	struct queued_record k;

	if (f)
		f->log_from = sequence + 1;
	if (f && (f->place == PLACE_MEMORY || sequence < f->load_from)) {
		if (f->pinned || !queue_next(&f->kept, &at, &k) ||
		    k.sequence != sequence)
			return;		/* it is in memory, and there alone */
		queue_pop(&f->kept, &w->budget, 1);
	} else if (f && f->n == f->kept.n) {
		return;			/* of those that wait for an answer */
	}
	w->counts.dropped++;
	if (f) {
		/* One less is there than was counted: rather too many are told
		 * than those passed over that are left. */
		forward_history_forget(f);
		f->n--;
		w->waiting--;
	}
}

void forward_load(struct services *services)
{
	struct forwarding *w = services->forwarding;
	bool needed = false, limited = false;

	if (!w->backlog || backlog_is_reading(w->backlog) || !has_room(w))
		return;
	if (w->sweep != SWEEP_UNDER_WAY) {
		for (struct forward *f = w->all; f; f = f->next) {
			forward_history_forget(f);
			forward_place_event(f, PLACE_SWEEP);
			if (f->place == PLACE_MEMORY)
				continue;
			needed = true;
			limited |= forward_history_is_limited(f);
		}
		if (!needed)
			return;
		w->sweep = limited ? SWEEP_COUNTING : SWEEP_UNDER_WAY;
		backlog_read(w->backlog, true);
		return;
	}
	backlog_read(w->backlog, false);
}

static void read_boot(uint8_t boot[16])
{
	FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");
	char text[40] = "";
	size_t n = 0;

	if (file && fgets(text, sizeof(text), file))
		for (char *at = text; *at && n < 32; at++) {
			int digit = *at >= 'a' ? *at - 'a' + 10 : *at - '0';

			if (*at == '-' || digit < 0 || digit > 15)
				continue;
			boot[n / 2] = (uint8_t)(boot[n / 2] << 4 | digit);
			n++;
		}
	if (file)
		fclose(file);
	boot[15] |= n != 32;		/* none: any but zeros */
}

void forwarding_open(struct services *services, const char *directory)
{
	static const struct backlog_handlers handlers = {
		.lost = on_lost, .record = on_record, .end = on_end};
	struct forwarding *w = services->forwarding;
	char path[4096];

	w->services = services;
	if (snprintf(path, sizeof(path), "%s/forward", directory) <
	    (int)sizeof(path))
		w->backlog = backlog_open(path, INT64_MAX, &handlers, w);
	read_boot(w->boot);
}

static void queue_restamp(struct record_queue *list,
			  const struct clock_step *jump)
{
	struct queue_cursor at = {0};
	struct queued_record k;

	while (queue_next(list, &at, &k)) {
		int64_t time = wall_correct(jump, k.record.time);

		if (time != k.record.time)
			queue_date(&at, time);
	}
}

void forward_clock(struct services *services, const struct clock_step *jump)
{
	struct forwarding *w = services->forwarding;

	if (w->backlog)
		backlog_step(w->backlog, jump);
	for (struct forward *f = w->all; f; f = f->next) {
		queue_restamp(&f->kept, jump);
		queue_restamp(&f->waiting, jump);
		observe_correct(f->lost, jump);
		f->last_time = wall_correct(jump, f->last_time);
	}
}

void forwarding_close(struct services *services)
{
	struct forwarding *w = services->forwarding;

	for (struct forward *f = w->all; f; f = f->next) {
		if (forward_answer_is_awaited(f->answer))
			forward_commit(f, w->begun);
		f->stream = NULL;
	}
	backlog_close(w->backlog);
	w->backlog = NULL;
}
