/* SPDX-License-Identifier: GPL-2.0-or-later
 * Which new values are worth keeping, and how: by the observations that would
 * have told them, those that live and those of a registration that has ended,
 * and by the points with `keep` and `send`.
 *
 * A value is taken once, however many observations it is in: they may overlap,
 * and each remembers the time of the newest that it has taken. One with pmin
 * takes what there is when it is due, one without takes each value. */
#include "agent/client/client.h"
#include "agent/client/client_host.h"
#include "agent/client/forward_private.h"
#include "objects/ids.h"

/* The point bound at path, where it is to be kept or sent in any case. */
static const struct config_point *point_of(const struct client *c,
					   const struct lwm2m_path *path)
{
	const struct config_device *conf = client_conf(c);

	for (size_t i = 0; i < conf->n_points; i++) {
		const struct config_point *point = &conf->points[i];

		if ((point->keep || point->send) && point->map.depth &&
		    path_equal(&point->resource, path))
			return point;
	}
	return NULL;
}

/* Their records carry the time themselves. */
static bool is_stamp(const struct lwm2m_path *path)
{
	return path->id[0] >= 3200 && path->id[0] <= 3350 &&
	       (path->id[2] == ID_IPSO_TIMESTAMP ||
		path->id[2] == ID_IPSO_FRACTION);
}

static void keep_or_count(struct client *c, const struct lwm2m_record *r,
			  int64_t now)
{
	if (forward_is_storing(c))
		forward_keep(forward_get(c), r, now);
	else
		forwarding_of(c)->counts.dropped++;
}

enum take {
	TAKE_HOLD,		/* until the answer to what is under way */
	TAKE_LIVE,		/* ... which tells it */
	TAKE_KEEP,
	TAKE_KEEP_OTHERS,	/* but for points': those were kept at once */
	TAKE_KEEP_POINTS,	/* those alone */
};

/* As forward_hold(); else false. */
static bool record_take(struct client *c, const struct lwm2m_record *r,
			enum take how, int64_t now)
{
	switch (how) {
	case TAKE_HOLD:
		return forward_hold(c->forward, r, false, now);
	case TAKE_LIVE:
		return forward_hold(c->forward, r, true, now);
	case TAKE_KEEP:
		forward_keep(c->forward, r, now);
		break;
	case TAKE_KEEP_OTHERS:
		if (!point_of(c, &r->path))
			keep_or_count(c, r, now);
		break;
	case TAKE_KEEP_POINTS:
		if (point_of(c, &r->path))
			forward_keep(c->forward, r, now);
		break;
	}
	return false;
}

/* Observations may overlap: another one has brought it here. */
static bool is_taken(const struct forward *f, const struct lwm2m_record *r)
{
	return (r->time == f->last_time &&
		path_equal(&r->path, &f->last_path)) ||
	       forward_is_waiting(f, r);
}

/* ... or, of those that have ended, has kept it (what `lost` takes is kept at
 * once), or has told it when it still could. */
static bool is_taken_by_lost(const struct forward *f,
			     const struct observation *but,
			     const struct lwm2m_record *r)
{
	for (const struct observation *o = f->lost; o; o = o->next)
		if (o != but && o->newest_sent >= r->time &&
		    observe_covers(o, &r->path))
			return true;
	return false;
}

/* All in o's scope that is newer than what it has told. */
static bool take_new(struct client *c, struct observation *o, enum take how,
		     int64_t now)
{
	bool kept = false;
	const struct tree *tree = client_tree(c);
	struct forward *f = forward_get(c);
	const struct lwm2m_path *scope;
	int64_t told = o->newest_sent;

	for (size_t i = 0; (scope = observe_path(o, i)); i++) {
		struct tree_cursor at = {0, 0};
		const struct tree_slot *slot;
		struct lwm2m_path path;

		while ((slot = tree_next(tree, scope, &at, &path))) {
			struct lwm2m_record r = {path, slot->value,
						 slot->time};

			if (slot->quality != TREE_GOOD ||
			    slot->value.type == LWM2M_NONE ||
			    slot->time <= o->newest_sent || is_stamp(&path))
				continue;
			told = slot->time > told ? slot->time : told;
			if (!is_taken(f, &r) &&
			    (how != TAKE_KEEP_OTHERS ||
			     !is_taken_by_lost(f, o, &r)))
				kept |= record_take(c, &r, how, now);
		}
	}
	o->newest_sent = told;
	o->news = false;
	return kept;
}

static void count_as_told(struct observation *o, const struct lwm2m_record *r)
{
	o->news = false;
	if (r->time > o->newest_sent)
		o->newest_sent = r->time;
}

/* It counts as sent: what is new goes with what is kept. */
static void keep_instead(struct client *c, struct observation *o, int64_t now)
{
	if (o->news)
		take_new(c, o, TAKE_KEEP, now);
	observe_sent(o, now);
	client_remember(c, o);
	if (c->forward)
		forward_queue(c->forward);
}

/* The server has begun to observe before the answer to our Register was here:
 * what is kept goes with the rest of it, and by no notification, too. */
static void keep_early(struct client *c, const struct lwm2m_record *r,
		       int64_t now)
{
	const struct forward *f = c->forward;

	if (!f || f->last_time != r->time ||
	    !path_equal(&f->last_path, &r->path))
		return;			/* it was not kept */
	for (struct observation *o = c->observations; o; o = o->next)
		if (o->pending && observe_covers(o, &r->path) &&
		    forward_is_told_late(c, o))
			keep_instead(c, o, now);
}

/* The server observes already, but the answer to our Register is late and may
 * never come: then the newest is not all that it has asked for. */
static bool is_owed_early(const struct client *c, const struct lwm2m_path *path,
			  bool event, int64_t now)
{
	if (!forward_is_storing(c) || !client_line(c) ||
	    now - coap_since(client_line(c)) < FORWARD_DOUBT_AFTER)
		return false;
	for (const struct observation *o = c->observations; o; o = o->next)
		if (o->pending && (event || observe_due(o, now)) &&
		    observe_covers(o, path) && forward_is_told_late(c, o))
			return true;
	return false;
}

/* One record, however many of those it is in that were observed. An event goes
 * as it was, whatever pmin says: the newest is not all that counts of them. */
static void take_lost(struct client *c, const struct lwm2m_record *r,
		      bool event, int64_t now)
{
	bool kept = point_of(c, &r->path), worth = false;

	if (kept)
		forward_keep(forward_get(c), r, now);
	for (struct observation *o = c->forward ? c->forward->lost : NULL; o;
	     o = o->next) {
		bool waits = o->pmin && !event, taken;

		if (!observe_covers(o, &r->path))
			continue;
		observe_changed(o, &c->attributes, &r->path, &r->value, now);
		if (event ? !o->pending : !observe_due(o, now))
			continue;
		taken = is_taken_by_lost(c->forward, o, r);
		if (waits)		/* others may have waited for it, too */
			take_new(c, o, TAKE_KEEP_OTHERS, now);
		else
			count_as_told(o, r);
		worth |= !waits && !taken;
		observe_sent(o, now);
		client_remember(c, o);
	}
	worth |= is_owed_early(c, &r->path, event, now);
	if (worth && !kept)
		keep_or_count(c, r, now);
	keep_early(c, r, now);
}

static bool is_observed(const struct client *c, const struct lwm2m_path *path)
{
	const struct observation *o = c->observations;

	while (o && !observe_covers(o, path))
		o = o->next;
	return o;
}

/* Its notification cannot go out before the answer to what is under way. */
static void changed_observed(struct client *c, const struct lwm2m_record *r,
			     int64_t now)
{
	bool worth = false, kept = false;

	for (struct observation *o = c->observations; o; o = o->next)
		if (observe_covers(o, &r->path) && observe_due(o, now)) {
			if (o->pmin)
				kept |= take_new(c, o, TAKE_HOLD, now);
			else
				count_as_told(o, r);
			worth |= !o->pmin;
			observe_hold(o, now);
			client_remember(c, o);
		}
	if (worth && !is_taken(forward_get(c), r))
		kept |= forward_hold(c->forward, r, false, now);
	if (kept)
		forward_hold_end(c->forward);
}

/* Does what waits for a Send wait for nobody knows how long? Then an event must
 * not come behind it. */
static bool is_stuck(const struct forward *f)
{
	struct queue_cursor at = {0};
	struct queued_record k;

	return queue_next(&f->kept, &at, &k) && !forward_by(f, &k) &&
	       (forward_flag(f->client, ID_SERVER_MUTE_SEND) || f->refusals ||
		f->retry_at != INT64_MAX);
}

/* false: no observation tells it by itself. */
static bool happened_observed(struct client *c, const struct lwm2m_record *r,
			      int64_t now)
{
	struct forward *f = forward_get(c);
	struct queued_record k = {.record = *r, .flags = QUEUED_EVENT,
				  .sequence = f->next_sequence};
	struct observation *o = forward_by(f, &k);

	if (!o || !o->pending || is_stuck(f) ||
	    !forward_may_see(c, &r->path, now)) {
		forward_release(c);
		return false;
	}
	forward_count_kept(forwarding_of(c), 1, now);
	forward_store(f, &k);
	f->last_path = r->path;
	f->last_time = r->time;
	if (path_equal(&o->path, &r->path) && r->time > o->newest_sent)
		o->newest_sent = r->time;
	if (!observe_due(o, now))
		return true;		/* pmin: forward_behind() */
	count_as_told(o, r);
	observe_sent(o, now);
	client_remember(c, o);
	forward_queue(f);
	return true;
}

void forward_happened(struct client *c, const struct lwm2m_path *path,
		      int64_t now)
{
	const struct tree_slot *slot = tree_find(client_tree(c), path);
	struct lwm2m_record r;

	if (!slot || forward_is_off(c))
		return;
	r = (struct lwm2m_record){*path, slot->value, slot->time};
	if (!forward_is_reachable(c))
		take_lost(c, &r, true, now);
	else if (!happened_observed(c, &r, now))
		forward_changed(c, path, is_observed(c, path), now);
}

void forward_changed(struct client *c, const struct lwm2m_path *path,
		     bool observed, int64_t now)
{
	const struct config_point *point = point_of(c, path);
	bool reachable = forward_is_reachable(c);
	const struct tree_slot *slot;
	struct lwm2m_record r;

	/* The usual case, in thousands a second. */
	if (reachable && !point && (!observed || !forward_is_busy(c)))
		return;
	slot = tree_find(client_tree(c), path);
	if (!slot || forward_is_off(c) || is_stamp(path) ||
	    slot->value.type == LWM2M_NONE)
		return;
	r = (struct lwm2m_record){*path, slot->value, slot->time};
	if (!reachable) {
		take_lost(c, &r, false, now);
	} else if (!observed) {
		if (point->send)
			forward_keep(forward_get(c), &r, now);
		else if (forward_hold(forward_get(c), &r, false, now))
			forward_hold_end(c->forward);
		if (point->send)
			forward_queue(c->forward);
	} else if (forward_is_busy(c) && (point || forward_is_storing(c))) {
		changed_observed(c, &r, now);
	}
}

bool forward_behind(struct client *c, struct observation *o, int64_t now)
{
	if (!forward_is_next(c, o) || !forward_is_storing(c) ||
	    forward_is_off(c))
		return false;
	forward_answer_event(c->forward, ANSWER_BEHIND);
	forward_sift(c->forward, NULL, 0, now);
	keep_instead(c, o, now);
	return true;
}

bool forward_unsent(struct client *c, struct observation *o, int64_t now)
{
	if (!forward_is_storing(c) || forward_is_off(c))
		return false;
	if (c->forward)
		forward_commit_decided(c->forward, now); /* older ones */
	keep_instead(c, o, now);
	return true;
}

void forward_notified(struct client *c, struct observation *o, int64_t now)
{
	if (forward_is_off(c) || !forward_is_storing(c) ||
	    !forward_is_busy(c)) {
		o->newest_sent = services_wall(client_services(c), now);
		o->news = false;
		return;
	}
	if (o->news)
		take_new(c, o, TAKE_LIVE, now);
	if (!c->forward)
		return;
	forward_delivery_event(c->forward, DELIVERY_NOTIFIED);
	forward_sift(c->forward, o, 0, now);
	forward_await(c->forward, now);
	forward_queue(c->forward);
	forward_release(c);
}

void forward_take_pending(struct client *c, struct observation *o, int64_t now)
{
	int64_t told = o->newest_sent;
	bool news = o->news;

	if (o->pending && news)
		take_new(c, o, TAKE_KEEP_POINTS, now);
	o->newest_sent = told;		/* as the others are still to be */
	o->news = news;
}

void forward_take_waiting(struct client *c, int64_t now)
{
	for (struct observation *o = c->forward->lost; o; o = o->next)
		if (o->pending && o->news)
			take_new(c, o, TAKE_KEEP_OTHERS, now);
}

void forward_due_observed(struct client *c, int64_t now)
{
	bool kept = false;

	for (struct observation *o = c->observations; o; o = o->next) {
		if (!o->pending || !observe_due(o, now))
			continue;
		if (o->news)
			kept |= take_new(c, o, TAKE_HOLD, now);
		observe_hold(o, now);
		client_remember(c, o);
	}
	if (kept)
		forward_hold_end(c->forward);
}

void forward_due_lost(struct client *c, int64_t now)
{
	for (struct observation *o = c->forward->lost; o; o = o->next) {
		if (!observe_due(o, now))
			continue;
		if (o->news || !o->pending)	/* pmax tells it again */
			take_new(c, o, TAKE_KEEP_OTHERS, now);
		observe_sent(o, now);
		client_remember(c, o);
	}
}
