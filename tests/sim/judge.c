/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/sim/judge.h"
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "tests/sim/server.h"
#include "tests/sim/site.h"
#include "tests/sim/world.h"

#define SAID_MAX 5		/* faults of a rule that are printed */
#define AT_ONCE (5 * SECOND / 2)	/* an answer under way: the newest of
				 * those that come meanwhile counts */
#define LATE_AFTER (90 * SECOND)	/* ... on a line that is good */
#define CALM_AFTER (30 * MINUTE)	/* after the last fault */
#define REGISTERED_AFTER (25 * MINUTE)	/* a sequence's delay, 15 min, with its
				 * jitter, and the try */
#define BOOTSTRAP_AGAIN (75 * MINUTE)	/* an hour, with its jitter */
#define WAKES_WITHIN (20 * MINUTE)	/* a sleeper */
#define KILL_LOSES (3 * SECOND)		/* what is not on the disk yet */
#define CUT_LOSES (12 * SECOND)		/* ... and not synced */

enum { DEMANDED = 1, TOLD = 2, EXCUSED = 4,
       SHOWN = 8,		/* as the answer to an Observe */
       UNCONFIRMED = 16,	/* the gateway may tell it again */
       REPEATS = 32,		/* on its way in a kill: maybe once more */
       SLOWLY = 64 };		/* read while the server took its time */

#define RECENT 16384			/* the last that were told */
#define FLIGHT (100 * SECOND)		/* what hung on an answer is written
					 * anew when that is certain */
#define UNSYNCED (50 * SECOND)	/* ... nor by the kernel at a power cut */
#define UNMARKED (15 * SECOND)		/* ... and are not marked as done on
					 * the disk when the gateway is killed */

#define WRITES 16			/* the last that were done */

struct series {			/* of a point: when value k was read */
	int64_t *time;
	uint32_t n, room;
};

struct track {			/* what a server was told of it */
	uint8_t *state;
	uint32_t n, room;
	uint32_t newest;	/* k of the newest that was told, ... */
	uint32_t history;	/* ... and of those with their times */
	uint32_t told_upto;	/* all before are settled */
	bool observed;
	uint32_t late;		/* k that was complained about */
	int64_t turn;		/* the longest that the endpoint's other points
				 * took before it was this one's turn */
};

struct window { int64_t since; uint64_t n; };

struct endpoint_book {
	struct window asks[SERVERS_MAX + 1];
	uint32_t sent, answered, done;	/* Executes */
	double done_last[WRITES];	/* by whomever; the newest at
					 * n_done - 1 */
	uint64_t n_done;
	int64_t done_at;
	double written[SERVERS_MAX];	/* of each: the last that was done, */
	double taken[SERVERS_MAX];	/* ... that was answered 2.04, */
	int64_t taken_at[SERVERS_MAX];	/* ... and when */
	bool known[SERVERS_MAX];	/* it was registered there once */
	int64_t served;			/* known to be registered */
	int64_t unsafe;			/* commanded since; 0: it is safe */
	bool unsafe_said;
	int64_t alive;			/* its device answers since; NEVER: it
					 * does not, ... */
	int64_t silent;			/* ... since then */
	double counted;			/* the most that a server was told */
	bool count_lost;		/* it could not be kept: it may go back */
};

static struct {
	struct recent {
		uint8_t server, endpoint, point;
		uint32_t k;
		int64_t at;
	} recent[RECENT];
	uint64_t next_recent;
	int64_t slow[SERVERS_MAX];	/* how long each answer takes */
	uint64_t faults[RULES];
	struct series series[ENDPOINTS_MAX][POINTS_MAX];
	struct track tracks[SERVERS_MAX][ENDPOINTS_MAX][POINTS_MAX];
	struct endpoint_book books[ENDPOINTS_MAX];
	int64_t disturbed;	/* when the last fault was over ... */
	bool fault;		/* ... and there is none now */
	bool forgotten;		/* by a server: known at the next Update */
	bool outage;		/* and the gateway knows of it */
	struct series writes;		/* when the k-th was sent */
	uint32_t writes_taken, packages;
	bool unregistered_said;
	struct window asks[SERVERS_MAX + 1];
	uint64_t dropped, dropped_now, lost;
	int64_t up;		/* the gateway, since */
} own;

static const char *const names[RULES] = {
	[RULE_TOLD] = "told", [RULE_ONCE] = "once", [RULE_ORDER] = "order",
	[RULE_TIME] = "time", [RULE_LATE] = "late",
	[RULE_REGISTERED] = "registered", [RULE_EXECUTE] = "execute",
	[RULE_WRITE] = "write", [RULE_SAFE] = "safe",
	[RULE_PACKAGE] = "package", [RULE_COUNTER] = "counter", [RULE_STORM] = "storm",
	[RULE_BOUND] = "bound", [RULE_EMPTY] = "empty",
	[RULE_STATUS] = "status", [RULE_ASKED] = "asked",
	[RULE_STATE] = "state",
	[RULE_MEMORY] = "memory", [RULE_SPIN] = "spin",
	[RULE_END] = "end",
};

const char *judge_rule(enum rule rule)
{
	return names[rule];
}

uint64_t judge_faults(enum rule rule)
{
	return own.faults[rule];
}

uint64_t judge_all(void)
{
	uint64_t n = 0;

	for (size_t i = 0; i < RULES; i++)
		n += own.faults[i];
	return n;
}

void judge_fault(enum rule rule, const char *format, ...)
{
	int64_t at = world.now / SECOND - 1000;
	va_list args;

	if (own.faults[rule]++ >= SAID_MAX)
		return;
	printf("seed %llu: %s: at %lld:%02lld:%02lld ",
	       (unsigned long long)world.seed, names[rule],
	       (long long)(at / 3600), (long long)(at / 60 % 60),
	       (long long)(at % 60));
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

static void give(void *memory, size_t size)
{
	if (memory)
		world_give(memory, size);
}

void judge_begin(void)
{
	for (size_t e = 0; e < ENDPOINTS_MAX; e++)
		for (size_t p = 0; p < POINTS_MAX; p++) {
			give(own.series[e][p].time, own.series[e][p].room *
			     sizeof(int64_t));
			for (size_t s = 0; s < SERVERS_MAX; s++)
				give(own.tracks[s][e][p].state,
				     own.tracks[s][e][p].room);
		}
	give(own.writes.time, own.writes.room * sizeof(int64_t));
	memset(&own, 0, sizeof(own));
	own.disturbed = own.up = world.now;
	for (size_t e = 0; e < ENDPOINTS_MAX; e++)
		own.books[e].unsafe = world.now;	/* somebody left it on */
}

static void *more(void *from, size_t *bytes, size_t need)
{
	size_t room = *bytes ? *bytes * 2 : 4096;
	void *to;

	if (need <= *bytes)
		return from;
	to = world_take(room);
	if (*bytes)
		memcpy(to, from, *bytes);
	give(from, *bytes);
	*bytes = room;
	return to;
}

static uint32_t series_add(struct series *s)
{
	size_t bytes = s->room * sizeof(int64_t);
	uint32_t k = ++s->n;

	s->time = more(s->time, &bytes, (k + 1) * sizeof(int64_t));
	s->room = (uint32_t)(bytes / sizeof(int64_t));
	s->time[k] = world.now;
	return k;
}

static void track_reach(struct track *t, uint32_t k)
{
	size_t bytes = t->room;

	t->state = more(t->state, &bytes, (size_t)k + 1);
	t->room = (uint32_t)bytes;
	t->n = k > t->n ? k : t->n;
}

static const char *name_of(size_t endpoint)
{
	return site.endpoints[endpoint].name;
}

/* ---- values ---- */

/* Nobody notices that a notification that is not confirmed was lost; and while a
 * request has no answer yet, none goes out. */
static bool is_unsure(void)
{
	return site.non &&
	       (own.fault || world.now - own.disturbed < FLIGHT);
}

/* Before its bootstrap an endpoint has no server that could be told. */
static bool is_known(size_t server, size_t endpoint)
{
	return !site.bootstrap || own.books[endpoint].known[server];
}

/* An endpoint that the configuration has no more is on its way out: what is
 * read of it meanwhile, nobody is promised. */
uint32_t judge_sampled(size_t endpoint, size_t point)
{
	const struct site_point *p = &site.endpoints[endpoint].points[point];
	bool leaves = site.endpoints[endpoint].removed;
	uint32_t k = series_add(&own.series[endpoint][point]);

	for (size_t i = 0; i < site.n_servers; i++) {
		struct track *t = &own.tracks[i][endpoint][point];

		track_reach(t, k);
		if (!leaves && ((p->send && is_known(i, endpoint)) ||
				(p->keep && own.outage) ||
				(t->observed && !is_unsure())))
			t->state[k] |= DEMANDED;
		if (own.slow[i])
			t->state[k] |= SLOWLY;
	}
	return k;
}

void judge_slow(size_t server, int64_t delay)
{
	own.slow[server] = delay;
	for (size_t e = 0; e < site.n_endpoints; e++)
		for (size_t p = 0; p < site.endpoints[e].n_points; p++) {
			struct track *t = &own.tracks[server][e][p];
			int64_t turn = delay *
				(int64_t)site.endpoints[e].n_points;

			t->turn = turn > t->turn ? turn : t->turn;
		}
}

static void excuse(struct track *t, const struct series *s, int64_t since)
{
	for (uint32_t k = t->n; k > t->told_upto; k--) {
		if (s->time[k] < since)
			return;
		t->state[k] |= EXCUSED;
	}
}

void judge_observed(size_t server, size_t endpoint, size_t point, bool is)
{
	struct track *t = &own.tracks[server][endpoint][point];

	if (t->observed && !is)
		excuse(t, &own.series[endpoint][point], INT64_MIN);
	t->observed = is;
}

/* None is as much as to say: now. */
static bool is_of_now(const struct series *s, const struct site_point *p,
		      uint32_t k)
{
	return k == s->n || world.now - s->time[k + 1] <
		FLIGHT + (int64_t)(p->pmin + p->poll) * SECOND;
}

/* Its own time, or none: then it was the newest when it went out. */
static void time_check(size_t server, size_t endpoint, size_t point, uint32_t k,
		       int64_t time)
{
	const struct series *s = &own.series[endpoint][point];
	int64_t right = s->time[k] + world.offset;

	if (!time && !is_of_now(s, &site.endpoints[endpoint].points[point], k))
		judge_fault(RULE_TIME, "%s/%zu value %u told to server %zu "
			    "without its time, %lld s late", name_of(endpoint),
			    point, k, server + 1, (long long)
			    ((world.now - s->time[k]) / SECOND));
	if (time && llabs(time - right) > SECOND)
		judge_fault(RULE_TIME, "%s/%zu value %u told to server %zu "
			    "with a time %lld ms wrong", name_of(endpoint),
			    point, k, server + 1,
			    (long long)((time - right) / MS));
}

static void told_note(size_t server, size_t endpoint, size_t point, uint32_t k)
{
	struct recent *r = &own.recent[own.next_recent++ % RECENT];

	*r = (struct recent){(uint8_t)server, (uint8_t)endpoint, (uint8_t)point,
			     k, world.now};
}

uint64_t judge_tellings(void)
{
	return own.next_recent;
}

void judge_confirmed(uint64_t from, uint64_t to)
{
	for (; from < to; from++) {
		const struct recent *r = &own.recent[from % RECENT];

		if (from + RECENT > own.next_recent)
			own.tracks[r->server][r->endpoint][r->point]
				.state[r->k] &= (uint8_t)~UNCONFIRMED;
	}
}

static void recent_repeat(int64_t within)
{
	for (size_t i = 0; i < RECENT; i++) {
		const struct recent *r = &own.recent[i];

		if (r->at && r->at > world.now - within)
			own.tracks[r->server][r->endpoint][r->point]
				.state[r->k] |= REPEATS;
	}
}

void judge_told(size_t server, size_t endpoint, size_t point, double value,
		int64_t time, const char *how)
{
	struct track *t = &own.tracks[server][endpoint][point];
	struct series *s = &own.series[endpoint][point];
	uint32_t k = value >= 1 && value <= s->n ? (uint32_t)value : 0;
	bool again, may;

	world_say("server %zu: %s/%zu = %g by %s", server + 1,
		  name_of(endpoint), point, value, how);
	if (!k || k != value) {
		judge_fault(RULE_TOLD, "%s/%zu never was %g, which server %zu "
			    "was told", name_of(endpoint), point, value,
			    server + 1);
		return;
	}
	time_check(server, endpoint, point, k, time);
	/* An Observe is answered by the newest, whatever was told before or is
	 * yet to be, with its time, out of what was kept. */
	if (!strcmp(how, "observe")) {
		t->state[k] |= SHOWN;
		return;
	}
	again = t->state[k] & TOLD;
	may = t->state[k] & (REPEATS | UNCONFIRMED);
	if (again && !may)
		judge_fault(RULE_ONCE, "%s/%zu value %u told to server %zu "
			    "again, by %s", name_of(endpoint), point, k,
			    server + 1, how);
	/* What has its time may come after what is newer, as history does; what
	 * has none is taken for the newest. */
	if (!again && !may && k < (time ? t->history : t->newest))
		judge_fault(RULE_ORDER, "%s/%zu value %u told to server %zu "
			    "after value %u, by %s", name_of(endpoint), point,
			    k, server + 1, time ? t->history : t->newest, how);
	if (time && k > t->history)
		t->history = k;
	t->state[k] |= TOLD;
	if (strcmp(how, "non"))
		t->state[k] |= UNCONFIRMED;
	if (again)
		t->state[k] &= (uint8_t)~REPEATS;
	told_note(server, endpoint, point, k);
	if (k > t->newest)
		t->newest = k;
}

/* One that is told stands for those read so long before. pmin runs from when a
 * notification goes out, and it goes when it is its turn: what is read until
 * then is passed over, too. */
static int64_t stands_for(const struct track *t, const struct site_point *p,
			  uint32_t k)
{
	if (!p->pmin)
		return AT_ONCE;
	return (int64_t)(p->pmin + p->poll) * SECOND + AT_ONCE +
	       (t->state[k] & SLOWLY ? t->turn : 0);
}

/* A newer one of the same point came so soon that it stands for it. */
static bool is_replaced(const struct track *t, const struct series *s,
			const struct site_point *p, uint32_t k)
{
	int64_t within = stands_for(t, p, k);

	for (uint32_t w = k + 1; w <= t->n && s->time[w] - s->time[k] <= within;
	     w++)
		if (t->state[w] & (TOLD | SHOWN))
			return true;
	return false;
}

/* ---- storms ---- */

/* A message may come late, beside the next ones: the line takes up to 4 s. */
#define STORM_LOOK (30 * SECOND)
#define STORM_MOST 25		/* of one endpoint: each 2 s, less its jitter */
#define JITTER (5 * SECOND)

static void window_step(struct window *w, int64_t length)
{
	if (world.now - w->since >= length)
		*w = (struct window){world.now, 0};
	w->n++;
}

void judge_asked(size_t server, size_t endpoint)
{
	size_t at = server == BOOTSTRAP ? SERVERS_MAX : server;
	struct window *one = &own.books[endpoint].asks[at];
	struct window *all = &own.asks[at];
	uint64_t most;

	window_step(one, STORM_LOOK);
	window_step(all, STORM_LOOK);
	most = (uint64_t)site.pace * (uint64_t)((world.now - all->since +
						 JITTER) / SECOND) + 2;
	if (one->n == STORM_MOST)
		judge_fault(RULE_STORM, "%s asks %llu times in %lld s",
			    name_of(endpoint), (unsigned long long)one->n,
			    (long long)((world.now - one->since) / SECOND));
	if (site.pace && all->n == most)
		judge_fault(RULE_STORM, "%llu requests in %lld s, the pace is "
			    "%u/s", (unsigned long long)all->n, (long long)
			    ((world.now - all->since) / SECOND), site.pace);
}

/* ---- Executes ---- */

void judge_execute_sent(size_t endpoint)
{
	own.books[endpoint].sent++;
}

void judge_executed(size_t endpoint)
{
	struct endpoint_book *b = &own.books[endpoint];

	if (++b->done > b->sent)
		judge_fault(RULE_EXECUTE, "%s did %u Executes of %u",
			    name_of(endpoint), b->done, b->sent);
}

void judge_execute_answered(size_t endpoint, uint8_t code)
{
	struct endpoint_book *b = &own.books[endpoint];

	if (code == (2 << 5 | 4) && ++b->answered > b->done &&
	    !site.endpoints[endpoint].accepts)
		judge_fault(RULE_EXECUTE, "%s: %u Executes were answered 2.04, "
			    "%u done", name_of(endpoint), b->answered,
			    b->done);
}

/* ---- Writes: each has a value of its own, the later the greater, whose rest
 * tells the server ---- */

double judge_write_sent(size_t server)
{
	return (double)(series_add(&own.writes) * SERVERS_MAX + server);
}

static int64_t write_sent_at(double value)
{
	return value > 0 ? own.writes.time[(size_t)value / SERVERS_MAX] : 0;
}

/* One that was done, and is done again after another: that one was newer. But a
 * kill may have come before the disk knew. */
static void done_note(size_t endpoint, double value)
{
	struct endpoint_book *b = &own.books[endpoint];
	uint64_t i = b->n_done > WRITES ? b->n_done - WRITES : 0;
	double last = b->n_done ? b->done_last[(b->n_done - 1) % WRITES] : 0;

	if (value == last)
		return;
	for (; i < b->n_done; i++)
		if (b->done_last[i % WRITES] == value && b->done_at > own.up)
			judge_fault(RULE_WRITE, "%s: %g was written again, "
				    "after %g", name_of(endpoint), value, last);
	b->done_last[b->n_done++ % WRITES] = value;
	b->done_at = world.now;
}

void judge_written(size_t endpoint, double value)
{
	double *written = own.books[endpoint].written;
	size_t server = (size_t)value % SERVERS_MAX;

	if (value < 0 || value > WRITTEN_MOST)
		judge_fault(RULE_SAFE, "%s: %g, outside its range, was written",
			    name_of(endpoint), value);
	own.books[endpoint].unsafe = world.now;
	own.books[endpoint].unsafe_said = false;
	if (value < written[server])
		judge_fault(RULE_WRITE, "%s: %g was written after %g",
			    name_of(endpoint), value, written[server]);
	done_note(endpoint, value);
	written[server] = value;
}

void judge_write_answered(size_t endpoint, double value, uint8_t code)
{
	if (code != (2 << 5 | 4))
		return;
	own.writes_taken++;
	if (site.endpoints[endpoint].removed)
		return;			/* it was on its way then */
	own.books[endpoint].taken[(size_t)value % SERVERS_MAX] = value;
	own.books[endpoint].taken_at[(size_t)value % SERVERS_MAX] = world.now;
}

/* ---- packages ---- */

void judge_package(size_t endpoint, const uint8_t *bytes, size_t n)
{
	uint8_t is[PACKAGE_MOST];
	size_t length = site_package(endpoint, is);

	own.packages++;
	if (n != length || memcmp(bytes, is, n))
		judge_fault(RULE_PACKAGE, "%s got %zu bytes that are not the "
			    "%zu of its package", name_of(endpoint), n, length);
}

uint32_t judge_packages(void)
{
	return own.packages;
}

/* ---- safe values ---- */

void judge_served(size_t endpoint)
{
	own.books[endpoint].served = world.now;
}

void judge_safe_asked(size_t e)
{
	struct endpoint_book *b = &own.books[e];
	int64_t after = (int64_t)site.endpoints[e].safe_after * SECOND;

	if (world.now < b->served + after)
		judge_fault(RULE_SAFE, "%s is made safe %lld ms after it was "
			    "served", name_of(e), (long long)
			    ((world.now - b->served) / MS));
}

void judge_made_safe(size_t e)
{
	own.books[e].unsafe = 0;
}

static bool has_actuator(size_t e)
{
	for (size_t p = 0; p < site.endpoints[e].n_points; p++)
		if (site.endpoints[e].points[p].written)
			return site.endpoints[e].safe_after;
	return false;
}

/* What was under way may have been given up only after its time, and the
 * Update behind it, too. */
static void look_safe(size_t e)
{
	struct endpoint_book *b = &own.books[e];
	int64_t within = (int64_t)(site.endpoints[e].safe_after +
				   site.lifetime) * SECOND + 3 * FLIGHT;
	int64_t since = b->served;

	since = since > b->unsafe ? since : b->unsafe;
	since = since > own.up ? since : own.up;
	since = since > b->alive ? since : b->alive;
	if (!has_actuator(e) || !b->unsafe || b->unsafe_said ||
	    site.endpoints[e].queue || site.endpoints[e].removed ||
	    world.now - since < within)
		return;
	b->unsafe_said = true;
	judge_fault(RULE_SAFE, "%s is not made safe, nobody commands it for "
		    "%lld s", name_of(e), (long long)
		    ((world.now - since) / SECOND));
}

/* ---- counters ---- */

void judge_count_lost(size_t endpoint)
{
	own.books[endpoint].count_lost = true;
}

void judge_count_sampled(size_t endpoint, double value)
{
	const struct endpoint_book *b = &own.books[endpoint];

	if (value < b->counted && !b->count_lost)
		judge_fault(RULE_COUNTER, "%s counts %g, a server knows %g "
			    "already", name_of(endpoint), value, b->counted);
}

void judge_counted(size_t endpoint, double value)
{
	struct endpoint_book *b = &own.books[endpoint];

	b->counted = value > b->counted ? value : b->counted;
}

uint32_t judge_writes_taken(void)
{
	return own.writes_taken;
}

/* Of what another server has sent meanwhile nobody can tell which came first. */
static bool is_overtaken(const struct endpoint_book *b, size_t server)
{
	int64_t sent = write_sent_at(b->taken[server]);

	for (size_t s = 0; s < SERVERS_MAX; s++)
		if (s == server ? b->written[s] >= b->taken[s] :
		    write_sent_at(b->written[s]) > sent - FLIGHT)
			return true;
	return false;
}

/* What was answered 2.04 was done, or something later in its place. */
static void end_writes(size_t e)
{
	const struct endpoint_book *b = &own.books[e];

	for (size_t s = 0; s < SERVERS_MAX; s++)
		if (b->taken[s] && !is_overtaken(b, s) &&
		    world.now - b->taken_at[s] > WAKES_WITHIN)
			judge_fault(RULE_WRITE, "%s: %g was answered 2.04, the "
				    "last that was done of it is %g",
				    name_of(e), b->taken[s], b->written[s]);
}

/* ---- what happens to the site ---- */

void judge_disturbed(bool fault)
{
	own.fault = fault;
	own.disturbed = world.now;
	for (size_t e = 0; site.non && e < site.n_endpoints; e++)
		judge_silent(e);
	own.unregistered_said = false;
}

static void repeat(struct track *t, const struct series *s)
{
	for (uint32_t k = t->n; k && s->time[k] > world.now - FLIGHT; k--)
		t->state[k] |= REPEATS;
}

/* The newest values were in memory only; and until a server observes again
 * nothing is demanded, except what is sent in any case. */
void judge_killed(bool power)
{
	int64_t since = world.now - (power ? CUT_LOSES : KILL_LOSES);

	own.disturbed = world.now;
	recent_repeat(power ? UNSYNCED : UNMARKED);
	for (size_t s = 0; s < site.n_servers; s++)
		for (size_t e = 0; e < site.n_endpoints; e++)
			for (size_t p = 0; p < site.endpoints[e].n_points;
			     p++) {
				struct track *t = &own.tracks[s][e][p];

				repeat(t, &own.series[e][p]);
				excuse(t, &own.series[e][p], since -
				       site.endpoints[e].points[p].pmin *
				       SECOND);
				t->observed &= own.outage;
			}
}

/* What waited for its pmin is not true any more, and not said. */
void judge_silent(size_t endpoint)
{
	if (own.books[endpoint].alive != NEVER)
		own.books[endpoint].silent = world.now;
	own.books[endpoint].alive = NEVER;
	for (size_t s = 0; s < site.n_servers; s++)
		for (size_t p = 0; p < site.endpoints[endpoint].n_points; p++)
			excuse(&own.tracks[s][endpoint][p],
			       &own.series[endpoint][p], world.now -
			       site.endpoints[endpoint].points[p].pmin *
			       SECOND - AT_ONCE);
}

void judge_alive(size_t endpoint)
{
	own.books[endpoint].alive = world.now;
}

void judge_endpoint_anew(size_t endpoint)
{
	own.books[endpoint].alive = world.now;
	for (size_t s = 0; s < site.n_servers; s++)
		for (size_t p = 0; p < site.endpoints[endpoint].n_points; p++) {
			struct track *t = &own.tracks[s][endpoint][p];

			excuse(t, &own.series[endpoint][p], INT64_MIN);
			t->observed = false;
		}
}

void judge_endpoint_removed(size_t endpoint)
{
	memset(own.books[endpoint].taken, 0, sizeof(own.books[endpoint].taken));
}

void judge_started(void)
{
	own.disturbed = own.up = world.now;
}

void judge_registered(size_t server, size_t endpoint)
{
	own.books[endpoint].known[server] = true;
	for (size_t p = 0; p < POINTS_MAX; p++)
		own.tracks[server][endpoint][p].observed = false;
}

void judge_outage(bool is)
{
	own.outage = is;
}

void judge_moved(size_t server)
{
	for (size_t s = 0; site.non && s < site.n_servers; s++)
		for (size_t e = 0; (s == server || server == SIZE_MAX) &&
				   e < site.n_endpoints; e++)
			judge_registered(s, e);
}

void judge_dropped(uint64_t n)
{
	if (n < own.dropped_now)
		own.dropped += own.dropped_now;	/* it has been started anew */
	own.dropped_now = n;
}

void judge_queue(const char *what, uint64_t is, uint64_t most)
{
	if (is > most)
		judge_fault(RULE_BOUND, "%llu %s, the bound is %llu",
			    (unsigned long long)is, what,
			    (unsigned long long)most);
}

void judge_forgotten(void)
{
	own.forgotten = true;
}

/* Whoever can be registered is by now. That a server has forgotten us comes out
 * by the next Update alone. */
static bool is_settled(void)
{
	int64_t within = REGISTERED_AFTER;

	if (site.bootstrap)
		within += BOOTSTRAP_AGAIN;
	if (own.forgotten)
		within += (int64_t)site.lifetime * SECOND;
	return !own.fault && world.now - own.disturbed >= within;
}

static bool is_calm(void)
{
	return !own.fault && world.now - own.disturbed >= CALM_AFTER;
}

static void look_registered(void)
{
	if (own.unregistered_said || !is_settled())
		return;
	for (size_t s = 0; s < site.n_servers; s++)
		for (size_t e = 0; e < site.n_endpoints; e++)
			if (!site.endpoints[e].removed && !server_has(s, e)) {
				own.unregistered_said = true;
				judge_fault(RULE_REGISTERED, "%s is not "
					    "registered at server %zu",
					    name_of(e), s + 1);
			}
}

static void look_late(size_t server, size_t e, size_t p)
{
	struct track *t = &own.tracks[server][e][p];
	const struct series *s = &own.series[e][p];
	const struct site_point *point = &site.endpoints[e].points[p];
	int64_t limit = LATE_AFTER + (int64_t)(point->pmin + point->poll) *
			SECOND;
	uint32_t k = t->newest + 1;

	if (!t->observed || site.endpoints[e].queue || !is_calm())
		return;
	while (k <= s->n && !(t->state[k] & DEMANDED))
		k++;
	if (k > s->n || k == t->late || t->state[k] & EXCUSED ||
	    world.now - s->time[k] < limit)
		return;
	t->late = k;
	judge_fault(RULE_LATE, "%s/%zu value %u (pmin %u s) is not told to "
		    "server %zu for %lld s", name_of(e), p, k, point->pmin,
		    server + 1, (long long)((world.now - s->time[k]) / SECOND));
}

void judge_look(void)
{
	look_registered();
	for (size_t e = 0; e < site.n_endpoints; e++)
		look_safe(e);
	for (size_t s = 0; s < site.n_servers; s++)
		for (size_t e = 0; e < site.n_endpoints; e++)
			for (size_t p = 0; p < site.endpoints[e].n_points; p++)
				look_late(s, e, p);
}

/* ---- the status: what it says while nothing goes wrong, and never what is not
 * so ---- */

void judge_status_registered(size_t server, size_t e, bool is)
{
	int64_t lives = (int64_t)site.lifetime * SECOND + 2 * FLIGHT;
	int64_t served = own.books[e].served;

	if (is && site.n_servers == 1 && served && served + lives < world.now)
		judge_fault(RULE_STATUS, "%s is said to be registered, which "
			    "its server has not heard for %lld s", name_of(e),
			    (long long)((world.now - served) / SECOND));
	if (is_settled() && !site.endpoints[e].removed &&
	    is != server_has(server, e))
		judge_fault(RULE_STATUS, "%s is said to be %sregistered at "
			    "server %zu", name_of(e), is ? "" : "not ",
			    server + 1);
}

void judge_status_listed(size_t e, bool is)
{
	if (is_calm() && is == site.endpoints[e].removed)
		judge_fault(RULE_STATUS, "%s is %sin the status", name_of(e),
			    is ? "" : "not ");
}

/* A bus that is lost comes back for moments: then it is read. */
static int64_t silent_since(size_t e)
{
	int64_t since = own.books[e].silent;

	for (size_t p = 0; p < site.endpoints[e].n_points; p++) {
		const struct series *s = &own.series[e][p];

		if (s->n && s->time[s->n] > since)
			since = s->time[s->n];
	}
	return since;
}

/* ... and for three polls more, in which it could be noticed. */
static bool is_silent_for(size_t e, int64_t time)
{
	return own.books[e].alive == NEVER &&
	       world.now - silent_since(e) > time +
	       3 * (int64_t)site.endpoints[e].points[0].poll * SECOND;
}

/* Nothing keeps it from being read. */
static bool is_well(size_t e)
{
	return is_calm() && !site.endpoints[e].removed &&
	       !site.endpoints[e].quiet_every;
}

void judge_status_state(size_t e, const char *state)
{
	bool sleeps = site.endpoints[e].queue;

	if (!strcmp(state, "online") && is_silent_for(e, CALM_AFTER))
		judge_fault(RULE_STATUS, "%s is said to be online, and is "
			    "silent for %lld s", name_of(e), (long long)
			    ((world.now - silent_since(e)) / SECOND));
	if (is_well(e) && strcmp(state, "online") &&
	    !(sleeps && !strcmp(state, "asleep")))
		judge_fault(RULE_STATUS, "%s is said to be %s", name_of(e),
			    state);
}

/* A value is the last that was read, or the one before, which the gateway has not
 * taken yet. */
void judge_status_value(size_t e, size_t p, const char *quality, double value,
			double age)
{
	const struct series *s = &own.series[e][p];
	bool good = !strcmp(quality, "good");
	uint32_t k = (uint32_t)value;

	if (good && (k < 1 || k > s->n || value != k)) {
		judge_fault(RULE_STATUS, "%s/%zu is said to be %g, which it "
			    "never was", name_of(e), p, value);
		return;
	}
	if (good && fabs(age - (double)(world.now - s->time[k]) / SECOND) > 2)
		judge_fault(RULE_STATUS, "%s/%zu value %u is said to be %g s "
			    "old, and is %lld", name_of(e), p, k, age,
			    (long long)((world.now - s->time[k]) / SECOND));
	if (good && is_silent_for(e, CALM_AFTER) && !site.endpoints[e].queue)
		judge_fault(RULE_STATUS, "%s/%zu is said to be good, and is "
			    "silent", name_of(e), p);
	if (is_well(e) && (!good || k + 1 < s->n))
		judge_fault(RULE_STATUS, "%s/%zu is said to be %s, value %u of "
			    "%u", name_of(e), p, quality, k, s->n);
}

/* ---- the end ---- */

/* Of those that were dropped, too, each stands for some before it: the gateway
 * has kept, and counts, no more than pmin parts. */
static void end_track(size_t server, size_t e, size_t p)
{
	struct track *t = &own.tracks[server][e][p];
	const struct series *s = &own.series[e][p];
	const struct site_point *point = &site.endpoints[e].points[p];
	uint32_t lost = 0, first = 0;

	for (uint32_t k = t->n; k; k--) {
		if ((t->state[k] & ~SLOWLY) != DEMANDED ||
		    is_replaced(t, s, point, k) ||
		    world.now - s->time[k] < LATE_AFTER + (int64_t)
			(point->pmin + point->poll) * SECOND ||
		    (first && s->time[first] - s->time[k] <=
			stands_for(t, point, k)))
			continue;
		first = k;
		lost++;
	}
	own.lost += lost;
	if (lost && own.lost > own.dropped + own.dropped_now)
		judge_fault(RULE_TOLD, "%s/%zu%s: %u of %u values were not told "
			    "to server %zu, first value %u of %lld s",
			    name_of(e), p, point->send ? " (send)" : "", lost,
			    t->n, server + 1, first, (long long)
			    (s->time[first] / SECOND - 1000));
}

void judge_end(void)
{
	judge_look();
	for (size_t e = 0; e < site.n_endpoints; e++)
		end_writes(e);
	for (size_t s = 0; s < site.n_servers; s++)
		for (size_t e = 0; e < site.n_endpoints; e++)
			for (size_t p = 0; p < site.endpoints[e].n_points; p++)
				end_track(s, e, p);
}
