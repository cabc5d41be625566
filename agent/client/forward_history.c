/* SPDX-License-Identifier: GPL-2.0-or-later
 * hqmax (Core TS 1.2, 7.3.2), and what the log has by it: how many values of a resource
 * lie there is known only when it was read to its end. Of a client that has such a
 * limit it is read twice, the first time to count, so that the second time the
 * oldest ones are passed over. What came since it is registered again counts for
 * nothing: that is told at once. */
#include <stdlib.h>
#include "agent/client/client.h"
#include "agent/client/forward_private.h"

struct forward_history {
	struct lwm2m_path path;
	uint32_t n;			/* in the log, and not told */
};

/* The most of those that have path; false: none has. */
static bool observed_most(const struct forward *f, const struct observation *o,
			  const struct lwm2m_path *path, uint32_t *most)
{
	bool observed = false;

	for (; o; o = o->next) {
		uint32_t n;

		if (!observe_covers(o, path))
			continue;
		n = observe_hqmax(o, &f->client->attributes, path);
		*most = observed && *most > n ? *most : n;
		observed = true;
	}
	return observed;
}

uint32_t forward_history_most(const struct forward *f,
			      const struct lwm2m_path *path)
{
	struct attributes a;
	uint32_t lost = 0, now = 0;
	bool was = observed_most(f, f->lost, path, &lost);

	if (observed_most(f, f->client->observations, path, &now) || was)
		return lost > now ? lost : now;
	a = attributes_effective(&f->client->attributes, path);
	return a.set & ATTRIBUTE_HQMAX ? a.hqmax : UINT32_MAX;
}

/* Of what came in the outage that is over: whoever observes it now had no say. */
static uint32_t outage_most(const struct forward *f,
			    const struct lwm2m_path *path)
{
	uint32_t most;

	return observed_most(f, f->ended, path, &most) ? most :
	       forward_history_most(f, path);
}

static bool is_limited(const struct forward *f, const struct observation *o)
{
	for (; o; o = o->next)
		if (observe_hqmax(o, &f->client->attributes, &o->path) !=
		    UINT32_MAX)
			return true;
	return false;
}

bool forward_history_is_limited(const struct forward *f)
{
	const struct attribute_set *set = &f->client->attributes;

	for (size_t i = 0; i < set->n; i++)
		if (set->entries[i].value.set & ATTRIBUTE_HQMAX)
			return true;
	return f->ended || is_limited(f, f->client->observations);
}

void forward_history_close(struct forward *f)
{
	if (!f->lost)
		return;
	forward_history_end(f);
	if (f->place == PLACE_MEMORY || !is_limited(f, f->lost))
		return;
	f->ended = f->lost;
	f->lost = NULL;
}

void forward_history_end(struct forward *f)
{
	observe_destroy_all(&f->ended);
}

bool forward_history_is_unknown(const struct forward *f)
{
	return f->place != PLACE_MEMORY &&
	       forwarding_of(f->client)->sweep == SWEEP_COUNTING &&
	       forward_history_is_limited(f);
}

void forward_history_forget(struct forward *f)
{
	free(f->histories);
	f->histories = NULL;
	f->n_histories = 0;
	f->counted_to = f->own_from;
}

bool forward_history_is_outdated(const struct forward *f)
{
	return f->counted_to != f->own_from && forward_history_is_limited(f);
}

static struct forward_history *history_find(const struct forward *f,
					    const struct lwm2m_path *path)
{
	for (size_t i = 0; i < f->n_histories; i++)
		if (path_equal(&f->histories[i].path, path))
			return &f->histories[i];
	return NULL;
}

static struct forward_history *history_add(struct forward *f,
					   const struct lwm2m_path *path)
{
	struct forward_history *more = reallocarray(
		f->histories, f->n_histories + 1, sizeof(*more));

	if (!more)
		abort();
	f->histories = more;
	more[f->n_histories] = (struct forward_history){.path = *path};
	return &more[f->n_histories++];
}

static bool is_of_the_outage(const struct forward *f,
			     const struct queued_record *k)
{
	return k->sequence < f->own_from;
}

void forward_history_note(struct forward *f, const struct queued_record *k)
{
	struct forward_history *h = history_find(f, &k->record.path);

	if (!is_of_the_outage(f, k) ||
	    outage_most(f, &k->record.path) == UINT32_MAX)
		return;
	if (!h)
		h = history_add(f, &k->record.path);
	h->n++;
}

void forward_history_fit(struct forward *f)
{
	for (size_t i = 0; i < f->n_histories; i++) {
		const struct forward_history *h = &f->histories[i];
		uint32_t most = outage_most(f, &h->path);

		forward_history_cut(f, &h->path,
				    most > h->n ? most - h->n : 0);
	}
}

bool forward_history_is_over(struct forward *f, const struct queued_record *k)
{
	struct forward_history *h = history_find(f, &k->record.path);

	if (!h || !is_of_the_outage(f, k) ||
	    h->n <= outage_most(f, &h->path))
		return false;
	h->n--;
	return true;
}
