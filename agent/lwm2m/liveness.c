/* SPDX-License-Identifier: GPL-2.0-or-later
 * A sign of life only notes its time. Timers are not moved at each of them: an
 * early one finds out and asks to be called again. */
#include "agent/lwm2m/liveness.h"

#define SECOND INT64_C(1000000000)
#define GAP_MAX 1000000		/* s, of a rhythm */

const char *liveness_state_name(enum liveness_state state)
{
	switch (state) {
	case LIVENESS_UNKNOWN: return "unknown";
	case LIVENESS_ONLINE: return "online";
	case LIVENESS_ASLEEP: return "asleep";
	case LIVENESS_SILENT: return "silent";
	}
	return "?";
}

static int64_t time_after(int64_t from, int64_t span)
{
	return span > LIVENESS_NEVER - (from > 0 ? from : 0) ? LIVENESS_NEVER :
	       from + span;
}

static bool is_learnt(const struct liveness_rhythm *r)
{
	return r->signs >= LIVENESS_SIGNS &&
	       (r->before > 0 || r->window >= LIVENESS_LEARNT);
}

/* For how long nothing may be heard of it, ns; 0: for ever. */
static int64_t liveness_patience(const struct liveness *l,
				 const struct liveness_rules *rules)
{
	const struct liveness_rhythm *r = &l->rhythm;
	int64_t gap = r->longest > r->before ? r->longest : r->before;

	if (!rules->learns || !is_learnt(r))
		return rules->silent_after;
	gap = LIVENESS_GAPS * gap * SECOND;
	if (gap < LIVENESS_LEAST)
		gap = LIVENESS_LEAST;
	return gap < rules->silent_after ? gap : rules->silent_after;
}

/* gap: since the sign before this one, ns. One that ended a silence counts like
 * any other: the device lived, so its rhythm is slower than it seemed. */
static void rhythm_learn(struct liveness_rhythm *r, int64_t gap)
{
	uint32_t seconds = gap > GAP_MAX * SECOND ? GAP_MAX :
			   (uint32_t)((gap + SECOND - 1) / SECOND);

	r->signs += r->signs < UINT16_MAX;
	r->window += seconds;
	if (seconds > r->longest)
		r->longest = seconds;
	if (r->window < LIVENESS_WINDOW)
		return;
	r->before = r->longest;
	r->longest = r->window = 0;
}

static int64_t silent_at(const struct liveness *l,
			 const struct liveness_rules *rules)
{
	bool learnt = rules->learns && is_learnt(&l->rhythm);

	if (rules->silent_after <= 0 || l->state == LIVENESS_SILENT ||
	    (rules->polled && !l->missed))
		return LIVENESS_NEVER;
	/* while nobody listened its rhythm says nothing */
	return time_after(learnt && l->listens > l->seen ? l->listens : l->seen,
			  liveness_patience(l, rules));
}

static int64_t asleep_at(const struct liveness *l,
			 const struct liveness_rules *rules)
{
	return rules->queue && l->state == LIVENESS_ONLINE
		       ? time_after(l->seen, rules->awake)
		       : LIVENESS_NEVER;
}

/* Never later than what it was for: an early TIMER does no harm. */
static void set_due(struct liveness *l, const struct liveness_rules *rules)
{
	int64_t silent = silent_at(l, rules), asleep = asleep_at(l, rules);

	l->due = silent < asleep ? silent : asleep;
}

static bool liveness_enter(struct liveness *l, enum liveness_state state)
{
	bool changed = l->state != state;

	l->state = (uint8_t)state;
	return changed;
}

void liveness_init(struct liveness *l, const struct liveness_rules *rules,
		   int64_t now)
{
	*l = (struct liveness){.seen = now, .listens = now,
			       .state = LIVENESS_UNKNOWN};
	set_due(l, rules);
}

void liveness_restore(struct liveness *l, const struct liveness_rules *rules,
		      int64_t heard, const struct liveness_rhythm *rhythm,
		      int64_t now)
{
	*l = (struct liveness){.seen = heard, .listens = now,
			       .state = LIVENESS_ASLEEP, .heard = true,
			       .rhythm = *rhythm};
	if (rhythm->longest > GAP_MAX || rhythm->before > GAP_MAX)
		l->rhythm.signs = 0;	/* not ours */
	set_due(l, rules);
}

static bool on_heard(struct liveness *l, const struct liveness_rules *rules,
		     int64_t now)
{
	bool changed;

	/* after a restart the gap is not the device's own */
	if (l->rhythm.signs == 0)
		l->rhythm.signs = 1;
	else if (now > l->seen && l->seen >= l->listens)
		rhythm_learn(&l->rhythm, now - l->seen);
	/* Signs may be told in another order than they came: the time of the
	 * last one never goes back. */
	if (!l->heard || now > l->seen)
		l->seen = now;
	l->heard = true;
	l->missed = 0;
	changed = liveness_enter(l, LIVENESS_ONLINE);
	if (changed || rules->learns || l->due == LIVENESS_NEVER)
		set_due(l, rules);
	return changed;
}

static bool on_missed(struct liveness *l, const struct liveness_rules *rules,
		      int64_t now)
{
	bool changed = false;

	l->missed += l->missed < UINT8_MAX;
	if (now >= silent_at(l, rules) ||
	    (!rules->queue && rules->silent_after <= 0 &&
	     l->missed >= LIVENESS_TRIES))
		changed = liveness_enter(l, LIVENESS_SILENT);
	else if (rules->queue && l->state == LIVENESS_ONLINE)
		changed = liveness_enter(l, LIVENESS_ASLEEP);
	set_due(l, rules);
	return changed;
}

static bool on_timer(struct liveness *l, const struct liveness_rules *rules,
		     int64_t now)
{
	bool changed = false;

	if (now >= silent_at(l, rules))
		changed = liveness_enter(l, LIVENESS_SILENT);
	else if (now >= asleep_at(l, rules))
		changed = liveness_enter(l, LIVENESS_ASLEEP);
	set_due(l, rules);
	return changed;
}

bool liveness_step(struct liveness *l, enum liveness_event event,
		   const struct liveness_rules *rules, int64_t now)
{
	switch (event) {
	case LIVENESS_HEARD:
		return on_heard(l, rules, now);
	case LIVENESS_MISS:
		return on_missed(l, rules, now);
	case LIVENESS_TIMER:
		return on_timer(l, rules, now);
	}
	return false;
}
