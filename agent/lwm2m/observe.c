/* SPDX-License-Identifier: GPL-2.0-or-later
 * An observation holds when it was last sent, whether a condition has held
 * since, and the last sent values of those resources that have conditions. */
#include "agent/lwm2m/observe.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SECOND INT64_C(1000000000)
#define DAY (86400 * SECOND)

struct observation *observe_create(const struct lwm2m_path *path,
				   const uint8_t *token, uint8_t token_length,
				   uint16_t format)
{
	struct observation *o = calloc(1, sizeof(*o));

	if (!o)
		return NULL;
	o->path = *path;
	o->token_length = token_length < sizeof(o->token) ? token_length :
			  sizeof(o->token);
	if (o->token_length > 0)
		memcpy(o->token, token, o->token_length);
	o->format = format;
	o->sequence = 1;	/* some servers take 0 for no Observe at all */
	o->due = OBSERVE_NEVER;
	return o;
}

struct observation *observe_create_composite(const struct lwm2m_path *paths,
					     size_t n, const uint8_t *token,
					     uint8_t token_length,
					     uint16_t format)
{
	struct lwm2m_path root = path_root();
	struct observation *o = observe_create(&root, token, token_length,
					       format);

	if (!o || n > UINT16_MAX)
		goto failed;
	o->paths = reallocarray(NULL, n ? n : 1, sizeof(*paths));
	if (!o->paths)
		goto failed;
	if (n)
		memcpy(o->paths, paths, n * sizeof(*paths));
	o->n_paths = (uint16_t)n;
	return o;
failed:
	observe_destroy(o);
	return NULL;
}

void observe_destroy(struct observation *observation)
{
	if (!observation)
		return;
	free(observation->paths);
	free(observation->last);
	free(observation->own);
	free(observation);
}

void observe_destroy_all(struct observation **first)
{
	for (struct observation *o; (o = *first); ) {
		*first = o->next;
		observe_destroy(o);
	}
}

const struct lwm2m_path *observe_path(const struct observation *o, size_t i)
{
	if (o->paths)
		return i < o->n_paths ? &o->paths[i] : NULL;
	return i ? NULL : &o->path;
}

bool observe_covers(const struct observation *o, const struct lwm2m_path *path)
{
	const struct lwm2m_path *own;

	for (size_t i = 0; (own = observe_path(o, i)); i++)
		if (path_covers(own, path))
			return true;
	return false;
}

int observe_attach(struct observation *observation,
		   const struct attributes *own)
{
	free(observation->own);
	observation->own = NULL;
	if (!own)
		return 0;
	observation->own = malloc(sizeof(*own));
	if (!observation->own)
		return -ENOMEM;
	*observation->own = *own;
	return 0;
}

/* In force for path, one of its own or below one. Those of its request stand in
 * place of all that are attached to what it observes, or inherited there; of a
 * composite, of all that an object can have, so that conditions of its
 * resources hold on (Core TS 1.2, 6.4.1 and 6.4.4). */
static struct attributes attributes_of(const struct observation *o,
				       const struct attribute_set *set,
				       const struct lwm2m_path *path)
{
	struct attributes a;

	if (!o->own)
		return attributes_effective(set, path);
	a = o->paths ? attributes_effective(set, path) :
		       attributes_below(set, path, o->path.depth);
	if (o->paths)
		a.set &= ATTRIBUTE_CONDITIONS;
	attributes_lay(&a, o->own);
	return a;
}

uint32_t observe_epmax(const struct observation *o,
		       const struct attribute_set *set,
		       const struct lwm2m_path *path)
{
	struct attributes a = attributes_of(o, set, path);

	return a.set & ATTRIBUTE_EPMAX ? a.epmax : 0;
}

uint32_t observe_hqmax(const struct observation *o,
		       const struct attribute_set *set,
		       const struct lwm2m_path *path)
{
	struct attributes a = attributes_of(o, set, path);

	return a.set & ATTRIBUTE_HQMAX ? a.hqmax : UINT32_MAX;
}

/* When a notification is due. */
static int64_t notify_due(const struct observation *o)
{
	if (o->pending)
		return o->sent + o->pmin * SECOND;
	return o->pmax ? o->sent + o->pmax * SECOND : OBSERVE_NEVER;
}

/* ... or when a value is to be judged. */
static int64_t due_of(const struct observation *o)
{
	int64_t due = notify_due(o);

	for (uint16_t i = 0; i < o->n_last; i++)
		if (o->last[i].waits && o->last[i].judge_at < due)
			due = o->last[i].judge_at;
	return due;
}

/* Sets what is due and says when to look again. */
static int64_t due_update(struct observation *o, int64_t now)
{
	o->due = due_of(o);
	return o->due > now ? o->due : now;
}

static bool has_conditions(const struct attributes *attributes)
{
	return attributes->set & ATTRIBUTE_CONDITIONS;
}

/* Must it be known when it was judged, or what was sent? */
static bool is_followed(const struct attributes *attributes)
{
	return has_conditions(attributes) ||
	       (attributes->set & ATTRIBUTE_EPMIN && attributes->epmin);
}

/* ---- last sent values, in the order of their paths */

/* Where path is, or would be. */
static uint16_t last_find(const struct observation *o,
			  const struct lwm2m_path *path)
{
	uint16_t low = 0, high = o->n_last;

	while (low < high) {
		uint16_t middle = (uint16_t)((low + high) / 2);

		if (path_compare(&o->last[middle].path, path) < 0)
			low = (uint16_t)(middle + 1);
		else
			high = middle;
	}
	return low;
}

static struct observe_last *last_of(struct observation *o,
				    const struct lwm2m_path *path)
{
	uint16_t at = last_find(o, path);

	return at < o->n_last && path_equal(&o->last[at].path, path) ?
	       &o->last[at] : NULL;
}

/* The same, made where it is not there. NULL: no memory. */
static struct observe_last *last_add(struct observation *o,
				     const struct lwm2m_path *path)
{
	struct observe_last *last = last_of(o, path);
	uint16_t at = last_find(o, path);

	if (last || o->n_last == UINT16_MAX)
		return last;
	last = reallocarray(o->last, o->n_last + 1u, sizeof(*last));
	if (!last)
		return NULL;
	o->last = last;
	memmove(&last[at + 1], &last[at],
		(size_t)(o->n_last - at) * sizeof(*last));
	last[at] = (struct observe_last){.path = *path, .value = NAN};
	o->n_last++;
	return &last[at];
}

/* Drops those that have no conditions any more: were they given new ones,
 * their values would be of another time. */
static void last_prune(struct observation *o, const struct attribute_set *set)
{
	uint16_t kept = 0;

	for (uint16_t i = 0; i < o->n_last; i++) {
		struct attributes a = attributes_of(o, set, &o->last[i].path);

		if (!is_followed(&a))
			continue;
		o->last[kept] = o->last[i];
		if (!has_conditions(&a))
			o->last[kept].value = NAN;
		kept++;
	}
	o->n_last = kept;
}

int observe_remember(struct observation *observation,
		     const struct attribute_set *set,
		     const struct lwm2m_path *path,
		     const struct lwm2m_value *value)
{
	struct attributes a = attributes_of(observation, set, path);
	double number = lwm2m_number(value);
	struct observe_last *last;

	if (!has_conditions(&a) || isnan(number))
		return 0;
	last = last_add(observation, path);
	if (!last)
		return -ENOMEM;
	last->value = number;
	return 0;
}

/* ---- rules */

struct periods {
	uint32_t pmin, pmax;		/* s; pmax 0: none */
};

static struct periods periods_of(const struct attributes *a,
				 struct periods defaults)
{
	struct periods p = {
		a->set & ATTRIBUTE_PMIN ? a->pmin : defaults.pmin,
		a->set & ATTRIBUTE_PMAX ? a->pmax : defaults.pmax,
	};

	if (p.pmax < p.pmin)
		p.pmax = 0;
	return p;
}

/* One clock for all paths: none is told more often than it bears. */
static void periods_join(struct periods *all, struct periods one)
{
	if (one.pmin > all->pmin)
		all->pmin = one.pmin;
	if (one.pmax && (!all->pmax || one.pmax < all->pmax))
		all->pmax = one.pmax;
}

int64_t observe_configure(struct observation *observation,
			  const struct attribute_set *set,
			  uint32_t default_pmin, uint32_t default_pmax,
			  int64_t now)
{
	const struct periods defaults = {default_pmin, default_pmax};
	struct observation *o = observation;
	const struct lwm2m_path *path;
	struct periods all = {0, 0};

	if (o->sent == 0)
		o->sent = now;
	o->confirmable = false;
	for (size_t i = 0; (path = observe_path(o, i)); i++) {
		struct attributes a = attributes_of(o, set, path);

		periods_join(&all, periods_of(&a, defaults));
		o->confirmable |= a.set & ATTRIBUTE_CON && a.con;
	}
	if (all.pmax && all.pmax < all.pmin)
		all.pmax = all.pmin;
	o->pmin = all.pmin;
	o->pmax = all.pmax;
	last_prune(o, set);
	return due_update(o, now);
}

/* A step of 0.1 from 21.6 to 21.7 is one, whatever binary makes of it. */
static bool is_step(double from, double to, double step)
{
	double slack = 1e-12 * (fabs(from) + fabs(to));

	return fabs(to - from) >= step - slack;
}

/* gt is crossed between "above" and "not above", lt between "below" and "not
 * below", in either direction. */
static bool is_condition_met(const struct attributes *a, double from, double to)
{
	if (a->set & ATTRIBUTE_GT && (from > a->gt) != (to > a->gt))
		return true;
	if (a->set & ATTRIBUTE_LT && (from < a->lt) != (to < a->lt))
		return true;
	if (a->set & ATTRIBUTE_EDGE && from != to && (to != 0) == !!a->edge)
		return true;
	return a->set & ATTRIBUTE_ST && is_step(from, to, a->st);
}

/* epmin: is it too soon after the last one? Then it waits. */
static bool must_wait(struct observation *o, const struct attributes *a,
		      const struct lwm2m_path *path, int64_t now)
{
	struct observe_last *last;

	if (!(a->set & ATTRIBUTE_EPMIN) || !a->epmin)
		return false;
	last = last_add(o, path);
	if (!last)
		return false;
	if (last->judge_at > now) {
		last->waits = true;
		return true;
	}
	last->waits = false;
	last->judge_at = now + a->epmin * SECOND;
	return false;
}

int64_t observe_changed(struct observation *observation,
			const struct attribute_set *set,
			const struct lwm2m_path *path,
			const struct lwm2m_value *value, int64_t now)
{
	struct attributes a = attributes_of(observation, set, path);
	double number = lwm2m_number(value);
	struct observe_last *last;

	if (must_wait(observation, &a, path, now))
		return due_update(observation, now);
	if (has_conditions(&a) && !isnan(number)) {
		/* Never sent since the conditions are: that is a change. */
		last = last_of(observation, path);
		if (last && !isnan(last->value) &&
		    !is_condition_met(&a, last->value, number)) {
			if (a.set & ATTRIBUTE_EDGE)
				last->value = number;
			return due_update(observation, now);
		}
	}
	observation->pending = observation->news = true;
	return due_update(observation, now);
}

bool observe_unjudged(struct observation *o, int64_t now,
		      struct lwm2m_path *path)
{
	for (uint16_t i = 0; i < o->n_last; i++)
		if (o->last[i].waits && o->last[i].judge_at <= now) {
			o->last[i].waits = false;
			*path = o->last[i].path;
			o->due = due_of(o);
			return true;
		}
	return false;
}

bool observe_due(const struct observation *observation, int64_t now)
{
	return now >= observation->due;
}

void observe_force(struct observation *observation, int64_t now)
{
	observation->pending = true;
	observation->due = now;
}

bool observe_owes(const struct observation *o)
{
	bool owes = o->pending || o->held;

	for (uint16_t i = 0; i < o->n_last; i++)
		owes |= o->last[i].waits;
	return owes;
}

bool observe_must_confirm(const struct observation *observation, int64_t now)
{
	return now - observation->confirmed >= DAY;
}

void observe_sent(struct observation *observation, int64_t now)
{
	observation->sent = now;
	observation->pending = false;
	for (uint16_t i = 0; i < observation->n_last; i++)
		observation->last[i].waits = false;
	observation->due = due_of(observation);
}

void observe_hold(struct observation *observation, int64_t now)
{
	if (!observation->held)
		observation->sent_before = observation->sent;
	observation->held = true;
	observe_sent(observation, now);
}

void observe_retry(struct observation *observation)
{
	observation->held = false;
	observation->sent = observation->sent_before;
	observation->pending = true;
	observation->due = due_of(observation);
}

void observe_correct(struct observation *first, const struct clock_step *step)
{
	for (struct observation *o = first; o; o = o->next)
		o->newest_sent = wall_correct(step, o->newest_sent);
}
