/* SPDX-License-Identifier: GPL-2.0-or-later
 * When a change becomes a notification (Core TS 7.3): attributes and samples
 * in, times of notifications out. Times are in tenths of a second. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "agent/lwm2m/observe.h"

#define TENTH INT64_C(100000000)
#define END 10000		/* no case lasts longer */
#define START 50		/* the observation is answered then */

struct sample { int at; const char *path; double value; };
struct query { const char *path, *text; };
#define OWN "own"		/* as a path: the observation alone */

struct scene {
	const char *name, *path;	/* observed */
	uint32_t pmin, pmax;		/* the server's defaults, s */
	struct query attributes[4];
	struct sample samples[12];	/* those at START were in the answer */
	int expected[10];		/* 0: end */
	int until;			/* 0: END */
};

#define T "3303/0/5700"
#define U "3303/0/5601"
#define V "3303/1/5700"

static const struct scene scenes[] = {
	{"every change without attributes", T, 0, 0, {{0}},
	 {{START, T, 20}, {60, T, 21}, {61, T, 22}, {90, T, 20}},
	 {60, 61, 90}, 0},

	{"pmin holds a change back, the newest value goes", T, 0, 0,
	 {{T, "pmin=5"}},
	 {{START, T, 20}, {60, T, 21}, {70, T, 22}, {170, T, 23}},
	 {100, 170}, 0},
	{"pmin counts from the last notification", T, 0, 0, {{T, "pmin=5"}},
	 {{START, T, 20}, {120, T, 21}, {130, T, 22}, {169, T, 23},
	  {175, T, 24}}, {120, 170, 220}, 0},
	{"the server's default pmin", T, 5, 0, {{0}},
	 {{START, T, 20}, {60, T, 21}}, {100}, 0},
	{"an own pmin before the default", T, 5, 0, {{T, "pmin=2"}},
	 {{START, T, 20}, {60, T, 21}}, {70}, 0},
	{"pmin 0 of one's own lifts the default", T, 5, 0, {{T, "pmin=0"}},
	 {{START, T, 20}, {60, T, 21}}, {60}, 0},
	{"an inherited pmin", T, 0, 0, {{"3303", "pmin=3"}},
	 {{START, T, 20}, {60, T, 21}}, {80}, 0},
	{"the nearer of two inherited", T, 0, 0,
	 {{"3303", "pmin=3"}, {"3303/0", "pmin=4"}},
	 {{START, T, 20}, {60, T, 21}}, {90}, 0},

	{"pmax without a change, again and again", T, 0, 0, {{T, "pmax=10"}},
	 {{START, T, 20}}, {150, 250, 350}, 400},
	{"a change restarts pmax", T, 0, 0, {{T, "pmax=10"}},
	 {{START, T, 20}, {120, T, 21}}, {120, 220, 320}, 400},
	{"the server's default pmax", T, 0, 10, {{0}},
	 {{START, T, 20}}, {150, 250}, 300},
	{"pmax below pmin is none", T, 0, 0, {{T, "pmin=10&pmax=5"}},
	 {{START, T, 20}, {60, T, 21}}, {150}, 2000},
	{"pmax 0 is none", T, 0, 0, {{T, "pmax=0"}},
	 {{START, T, 20}}, {0}, 2000},
	{"pmax below the default pmin is none", T, 20, 0, {{T, "pmax=5"}},
	 {{START, T, 20}}, {0}, 2000},
	{"pmin equal to pmax", T, 0, 0, {{T, "pmin=5&pmax=5"}},
	 {{START, T, 20}, {60, T, 21}}, {100, 150, 200}, 240},
	{"ETS 301: 5 and 15", T, 0, 0, {{T, "pmin=5&pmax=15"}},
	 {{START, T, 20}, {55, T, 21}, {60, T, 22}}, {100, 250, 400}, 500},

	{"gt upwards and back", T, 0, 0, {{T, "gt=30"}},
	 {{START, T, 20}, {60, T, 29}, {70, T, 31}, {80, T, 35},
	  {90, T, 30.5}, {100, T, 29}, {110, T, 20}}, {70, 100}, 0},
	{"gt itself is not above", T, 0, 0, {{T, "gt=30"}},
	 {{START, T, 20}, {60, T, 30}, {70, T, 30.1}, {80, T, 30}}, {70, 80},
	 0},
	{"lt downwards and back", T, 0, 0, {{T, "lt=10"}},
	 {{START, T, 20}, {60, T, 11}, {70, T, 9}, {80, T, 5}, {90, T, 10},
	  {100, T, 12}}, {70, 90}, 0},
	{"a band of gt and lt", T, 0, 0, {{T, "gt=30&lt=10"}},
	 {{START, T, 20}, {60, T, 31}, {70, T, 9}, {80, T, 8}, {90, T, 15}},
	 {60, 70, 90}, 0},
	{"a leap from below lt to above gt is one", T, 0, 0,
	 {{T, "gt=30&lt=10"}},
	 {{START, T, 5}, {60, T, 35}}, {60}, 0},
	{"negative limits", T, 0, 0, {{T, "gt=-5"}},
	 {{START, T, -10}, {60, T, -6}, {70, T, -4}}, {70}, 0},
	{"a step from the last sent value, in small ones", T, 0, 0,
	 {{T, "st=2"}},
	 {{START, T, 20}, {60, T, 21}, {70, T, 21.9}, {80, T, 22},
	  {90, T, 21}, {100, T, 20}}, {80, 100}, 0},
	{"a step of decimals is one", T, 0, 0, {{T, "st=0.1"}},
	 {{START, T, 21.6}, {60, T, 21.7}, {70, T, 21.75}, {80, T, 21.8}},
	 {60, 80}, 0},
	{"gt or st, whichever", T, 0, 0, {{T, "gt=30&st=5"}},
	 {{START, T, 20}, {60, T, 24}, {70, T, 25}, {80, T, 29},
	  {90, T, 30.5}}, {70, 90}, 0},
	{"a crossing that pmin outlives", T, 0, 0, {{T, "gt=30&pmin=5"}},
	 {{START, T, 20}, {60, T, 31}, {70, T, 29}, {120, T, 31}},
	 {100, 150}, 0},
	{"pmax sends between conditions, and they count from it", T, 0, 0,
	 {{T, "st=5&pmax=10"}},
	 {{START, T, 20}, {100, T, 24}, {160, T, 28}, {170, T, 29}},
	 {150, 170, 270}, 300},
	{"conditions do not come from above the resource", T, 0, 0,
	 {{"3303/0", "pmin=1"}},
	 {{START, T, 20}, {61, T, 20.1}}, {61}, 0},

	{"a rising edge", T, 0, 0, {{T, "edge=1"}},
	 {{START, T, 0}, {60, T, 1}, {70, T, 0}, {80, T, 1}, {90, T, 1}},
	 {60, 80}, 0},
	{"a falling edge", T, 0, 0, {{T, "edge=0"}},
	 {{START, T, 0}, {60, T, 1}, {70, T, 0}, {80, T, 1}, {90, T, 0}},
	 {70, 90}, 0},
	{"an edge that pmin holds back", T, 0, 0, {{T, "edge=1&pmin=5"}},
	 {{START, T, 0}, {60, T, 1}, {70, T, 0}, {110, T, 1}}, {100, 150}, 0},

	{"an instance: any member", "3303/0", 0, 0, {{T, "gt=30"}},
	 {{START, T, 20}, {START, U, 18}, {60, T, 21}, {70, U, 17},
	  {80, T, 31}, {90, T, 32}}, {70, 80}, 0},
	{"an instance: conditions of two members", "3303/0", 0, 0,
	 {{T, "gt=30"}, {U, "st=1"}},
	 {{START, T, 20}, {START, U, 18}, {60, T, 21}, {70, U, 17.5},
	  {80, U, 17}, {90, T, 31}}, {80, 90}, 0},
	{"an instance: sent values are remembered for all members", "3303/0",
	 0, 0, {{T, "st=5"}, {U, "st=1"}},
	 {{START, T, 20}, {START, U, 18}, {60, T, 24}, {70, U, 17},
	  {80, T, 25}, {90, T, 29}}, {70, 90}, 0},
	{"an object: members of all instances, pmin of the object", "3303", 0,
	 0, {{"3303", "pmin=5"}, {V, "lt=0"}},
	 {{START, T, 20}, {START, V, 5}, {60, V, 4}, {120, V, -1}, {130, T, 21},
	  {180, V, -2}}, {120, 170}, 0},
	{"a resource's before an instance's, an instance's before its object's",
	 T, 0, 0, {{"3303", "pmax=10"}, {"3303/0", "pmax=20"},
		   {T, "pmin=1"}}, {{START, T, 20}}, {250, 450}, 500},
	{"an element's before its resource's", "3/0/7/1", 0, 0,
	 {{"3/0/7", "pmin=9&st=5"}, {"3/0/7/1", "pmin=2"}},
	 {{START, "3/0/7/1", 20}, {60, "3/0/7/1", 24}, {80, "3/0/7/1", 25}},
	 {80}, 0},
	{"an element's own conditions before its resource's", "3/0/7", 0, 0,
	 {{"3/0/7", "st=5"}, {"3/0/7/1", "st=1"}},
	 {{START, "3/0/7/0", 20}, {START, "3/0/7/1", 20},
	  {60, "3/0/7/0", 21}, {70, "3/0/7/1", 21}}, {70}, 0},
	{"pmax of the object where the resource has pmin", T, 0, 100,
	 {{"3303", "pmax=10"}, {T, "pmin=2"}}, {{START, T, 20}, {60, T, 21}},
	 {70, 170, 270}, 300},

	{"epmin: values between are not judged", T, 0, 0,
	 {{T, "gt=30&epmin=5"}},
	 {{START, T, 20}, {60, T, 25}, {70, T, 35}, {90, T, 25},
	  {120, T, 35}, {165, T, 25}}, {160, 210}, 0},
	{"epmin: the newest is judged when it is over", T, 0, 0,
	 {{T, "st=1&epmin=5"}},
	 {{START, T, 20}, {60, T, 20.5}, {70, T, 22}, {80, T, 23}}, {110}, 0},
	{"epmin without conditions: a change is one then", T, 0, 0,
	 {{T, "epmin=5"}},
	 {{START, T, 20}, {60, T, 21}, {70, T, 22}, {80, T, 23}}, {60, 110},
	 0},
	{"epmin: what pmax has told is not told again", T, 0, 0,
	 {{T, "epmin=5&pmax=3"}},
	 {{START, T, 20}, {60, T, 21}, {70, T, 22}}, {60, 90, 120}, 150},
	{"epmin and pmin: the longer", T, 0, 0, {{T, "epmin=5&pmin=2"}},
	 {{START, T, 20}, {60, T, 21}, {70, T, 22}, {71, T, 23}}, {70, 110},
	 0},
	{"epmin of each member is its own", "3303/0", 0, 0,
	 {{"3303/0", "epmin=5"}, {T, "st=1"}, {U, "st=1"}},
	 {{START, T, 20}, {START, U, 18}, {60, T, 21}, {61, U, 17},
	  {70, T, 22}}, {60, 61, 110}, 0},
	{"epmin 0 is none", T, 0, 0, {{T, "epmin=0"}},
	 {{START, T, 20}, {60, T, 21}, {61, T, 22}}, {60, 61}, 0},

	{"attributes of the observation alone", T, 0, 0,
	 {{OWN, "pmin=5"}},
	 {{START, T, 20}, {60, T, 21}, {170, T, 22}}, {100, 170}, 0},
	{"... in place of those of the resource", T, 0, 0,
	 {{T, "pmin=9&pmax=60"}, {OWN, "pmin=2"}},
	 {{START, T, 20}, {60, T, 21}}, {70}, 700},
	{"... and of its object, and its conditions", T, 0, 0,
	 {{"3303", "pmin=50"}, {T, "gt=30"}, {OWN, "pmax=60"}},
	 {{START, T, 20}, {60, T, 21}}, {60, 660}, 700},
	{"... but not of a member's", "3303/0", 0, 0,
	 {{"3303/0", "pmin=50"}, {T, "gt=30"}, {OWN, "pmax=60"}},
	 {{START, T, 20}, {60, T, 21}, {70, T, 31}}, {70, 670}, 700},
	{"... the account's default periods hold without", T, 2, 60,
	 {{T, "pmin=9&pmax=90"}, {OWN, "con=1"}},
	 {{START, T, 20}, {60, T, 21}}, {70, 670}, 700},
	{"... conditions", T, 0, 0,
	 {{T, "gt=10"}, {OWN, "gt=30"}},
	 {{START, T, 20}, {60, T, 29}, {70, T, 31}}, {70}, 0},

	{"a member's own pmin does not bind the whole", "3303/0", 0, 0,
	 {{T, "pmin=50"}}, {{START, T, 20}, {60, T, 21}}, {60}, 0},
};

struct world {
	const struct scene *scene;
	struct observation *o;
	struct attribute_set set;
	struct sample latest[12];
	size_t n_latest, n_sent;
	int sent[40];
};

static struct lwm2m_path path_of(const char *text)
{
	struct lwm2m_path path;

	assert_int_equal(path_parse(text, strlen(text), &path), 0);
	return path;
}

static void latest_set(struct world *w, const struct sample *sample)
{
	size_t i = 0;

	while (i < w->n_latest && strcmp(w->latest[i].path, sample->path) != 0)
		i++;
	w->latest[i] = *sample;
	if (i == w->n_latest)
		w->n_latest++;
}

/* What the hub does when a notification leaves. */
static void send(struct world *w, int now)
{
	observe_sent(w->o, now * TENTH);
	for (size_t i = 0; i < w->n_latest; i++) {
		struct lwm2m_path path = path_of(w->latest[i].path);
		struct lwm2m_value v = lwm2m_float(w->latest[i].value);

		if (path_covers(&w->o->path, &path))
			assert_int_equal(observe_remember(w->o, &w->set, &path,
							  &v), 0);
	}
}

static void samples_feed(struct world *w, int now)
{
	for (size_t i = 0; i < 12 && w->scene->samples[i].path; i++) {
		const struct sample *s = &w->scene->samples[i];
		struct lwm2m_path path = path_of(s->path);
		struct lwm2m_value v = lwm2m_float(s->value);
		int64_t next;

		if (s->at != now)
			continue;
		latest_set(w, s);
		if (now == START)
			continue;
		next = observe_changed(w->o, &w->set, &path, &v, now * TENTH);
		assert_true(next >= now * TENTH);
		assert_true(observe_due(w->o, now * TENTH) ==
			    (next == now * TENTH));
	}
}

static void own_attach(struct world *w, const char *text)
{
	struct attributes own;

	assert_int_equal(attributes_read(text, strlen(text),
					 ATTRIBUTE_CONDITIONS, &own), 0);
	assert_int_equal(observe_attach(w->o, &own), 0);
}

static void world_init(struct world *w, const struct scene *scene)
{
	struct lwm2m_path path = path_of(scene->path);

	*w = (struct world){.scene = scene};
	w->o = observe_create(&path, (const uint8_t *)"tok", 3, 112);
	assert_non_null(w->o);
	for (size_t i = 0; i < 4 && scene->attributes[i].path; i++) {
		const struct query *q = &scene->attributes[i];
		struct lwm2m_path at;

		if (!strcmp(q->path, OWN)) {
			own_attach(w, q->text);
			continue;
		}
		at = path_of(q->path);
		assert_int_equal(attributes_write(&w->set, &at, q->text,
						  strlen(q->text),
						  at.depth >= 3 ?
						  ATTRIBUTE_CONDITIONS : 0),
				 0);
	}
	samples_feed(w, START);
	observe_configure(w->o, &w->set, scene->pmin, scene->pmax,
			  START * TENTH);
	send(w, START);
}

static void world_finish(struct world *w)
{
	observe_destroy(w->o);
	attribute_set_finish(&w->set);
}

/* What the hub does when it is due: what waited is judged first. */
static bool is_due(struct world *w, int now)
{
	struct lwm2m_path path;

	if (!observe_due(w->o, now * TENTH))
		return false;
	while (observe_unjudged(w->o, now * TENTH, &path))
		for (size_t i = 0; i < w->n_latest; i++) {
			struct lwm2m_path at = path_of(w->latest[i].path);
			struct lwm2m_value v = lwm2m_float(w->latest[i].value);

			if (path_equal(&at, &path))
				observe_changed(w->o, &w->set, &path, &v,
						now * TENTH);
		}
	return observe_due(w->o, now * TENTH);
}

static void notifications_come_when_they_must(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(scenes) / sizeof(*scenes); i++) {
		const struct scene *scene = &scenes[i];
		int until = scene->until ? scene->until : END;
		struct world w;
		size_t k = 0;

		world_init(&w, scene);
		for (int now = START + 1; now < until; now++) {
			samples_feed(&w, now);
			if (!is_due(&w, now))
				continue;
			if (scene->expected[k] != now)
				fail_msg("%s: notification %zu at %d, not %d",
					 scene->name, k, now,
					 scene->expected[k]);
			send(&w, now);
			k++;
		}
		if (scene->expected[k])
			fail_msg("%s: nothing at %d", scene->name,
				 scene->expected[k]);
		world_finish(&w);
	}
}

static const struct scene quiet = {
	"quiet", T, 0, 0, {{T, "gt=30"}}, {{START, T, 20}}, {0}, 0,
};

/* RFC 7641 4.5: where none is confirmed, one a day is. */
static void one_a_day_is_confirmed(void **state)
{
	struct lwm2m_path path = path_of(T);
	struct observation *o = observe_create(&path, NULL, 0, 110);

	(void)state;
	assert_non_null(o);
	o->confirmed = 5;
	assert_false(observe_must_confirm(o, 5));
	assert_false(observe_must_confirm(o, 864000 * TENTH + 4));
	assert_true(observe_must_confirm(o, 864000 * TENTH + 5));
	observe_destroy(o);
}

static void attributes_may_change_under_way(void **state)
{
	struct lwm2m_path path = path_of(T);
	struct lwm2m_value v = lwm2m_float(21);
	struct world w;

	(void)state;
	world_init(&w, &quiet);
	assert_true(observe_changed(w.o, &w.set, &path, &v, 60 * TENTH) ==
		    OBSERVE_NEVER);
	/* pmax from now on, counted from the last notification. */
	assert_int_equal(attributes_write(&w.set, &path, "pmax=20", 7,
					  ATTRIBUTE_LIMITS),
			 0);
	assert_true(observe_configure(w.o, &w.set, 0, 0, 70 * TENTH) ==
		    (START + 200) * TENTH);
	/* Shorter than what has passed: at once. */
	assert_int_equal(attributes_write(&w.set, &path, "pmax=1", 6,
					  ATTRIBUTE_LIMITS), 0);
	assert_true(observe_configure(w.o, &w.set, 0, 0, 70 * TENTH) ==
		    70 * TENTH);
	assert_true(observe_due(w.o, 70 * TENTH));
	/* No condition any more: each change counts. */
	assert_int_equal(attributes_write(&w.set, &path, "gt&pmax", 7,
					  ATTRIBUTE_LIMITS),
			 0);
	assert_true(observe_configure(w.o, &w.set, 0, 0, 71 * TENTH) ==
		    OBSERVE_NEVER);
	assert_int_equal(w.o->n_last, 0);
	assert_true(observe_changed(w.o, &w.set, &path, &v, 72 * TENTH) ==
		    72 * TENTH);
	world_finish(&w);
}

static void first_value_after_new_conditions_is_sent(void **state)
{
	struct lwm2m_path path = path_of(T);
	struct lwm2m_value v = lwm2m_float(20.5);
	struct world w;

	(void)state;
	world_init(&w, &(struct scene){"", T, 0, 0, {{0}}, {{START, T, 20}},
				       {0}, 0});
	assert_int_equal(attributes_write(&w.set, &path, "st=5", 4,
					  ATTRIBUTE_LIMITS), 0);
	observe_configure(w.o, &w.set, 0, 0, 60 * TENTH);
	observe_changed(w.o, &w.set, &path, &v, 61 * TENTH);
	assert_true(observe_due(w.o, 61 * TENTH));
	latest_set(&w, &(struct sample){61, T, 20.5});
	send(&w, 61);
	v = lwm2m_float(25);
	observe_changed(w.o, &w.set, &path, &v, 62 * TENTH);
	assert_false(observe_due(w.o, 62 * TENTH));
	world_finish(&w);
}

static void text_and_truth_have_their_own_rules(void **state)
{
	struct lwm2m_path path = path_of(T);
	struct lwm2m_value v = lwm2m_string("on", 2);
	struct world w;

	(void)state;
	world_init(&w, &quiet);
	observe_changed(w.o, &w.set, &path, &v, 60 * TENTH);
	assert_true(observe_due(w.o, 60 * TENTH));	/* no number: a change */
	assert_int_equal(observe_remember(w.o, &w.set, &path, &v), 0);
	assert_int_equal(w.o->n_last, 1);
	assert_true(w.o->last[0].value == 20);
	observe_sent(w.o, 60 * TENTH);
	v = lwm2m_boolean(true);
	observe_changed(w.o, &w.set, &path, &v, 61 * TENTH);
	assert_false(observe_due(w.o, 61 * TENTH));
	world_finish(&w);
}

static void remembered_values_are_found_in_any_order(void **state)
{
	static const uint16_t order[] = {7, 3, 9, 1, 8, 2, 6, 4, 5, 0};
	struct attribute_set set = {0};
	struct lwm2m_path path = path_object(3303);
	struct observation *o = observe_create(&path, NULL, 0, 110);

	(void)state;
	for (size_t i = 0; i < 10; i++) {
		struct lwm2m_value v = lwm2m_integer(order[i]);

		path = path_resource(3303, order[i], 5700);
		assert_int_equal(attributes_write(&set, &path, "st=2", 4,
						  ATTRIBUTE_LIMITS), 0);
		assert_int_equal(observe_remember(o, &set, &path, &v), 0);
	}
	assert_int_equal(o->n_last, 10);
	for (uint16_t i = 0; i < 10; i++) {
		struct lwm2m_value v = lwm2m_integer(i + 1);

		path = path_resource(3303, i, 5700);
		assert_true(observe_changed(o, &set, &path, &v, 1) ==
			    OBSERVE_NEVER);
	}
	path = path_resource(3303, 4, 5700);
	assert_true(observe_changed(o, &set, &path, &(struct lwm2m_value){
		.type = LWM2M_INTEGER, .as.integer = 6}, 1) == 1);
	observe_destroy(o);
	observe_destroy(NULL);
	attribute_set_finish(&set);
}

static struct observation *composite(const char *const *texts, size_t n)
{
	struct lwm2m_path paths[4];

	for (size_t i = 0; i < n; i++)
		paths[i] = path_of(texts[i]);
	return observe_create_composite(paths, n, (const uint8_t *)"tok", 3,
					112);
}

/* Each on its own: pmin 30 and 20, pmax 45 and 60 (ETS 304); a third one that
 * would be told at most each 50 s bears the others less often. */
static void a_composite_has_one_clock(void **state)
{
	static const char *const texts[] = {T, "3304/0", V};
	static const struct { const char *at, *query; } attributes[] = {
		{T, "pmin=30&pmax=45"}, {"3304/0", "pmin=20&pmax=60"},
		{V, "pmin=50"},
	};
	struct observation *two = composite(texts, 2);
	struct observation *three = composite(texts, 3);
	struct attribute_set set = {0};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct lwm2m_path at = path_of(attributes[i].at);

		assert_int_equal(attributes_write(&set, &at,
			attributes[i].query, strlen(attributes[i].query),
			0), 0);
	}
	observe_sent(two, 10 * TENTH);
	assert_true(observe_configure(two, &set, 1, 0, 11 * TENTH) ==
		    460 * TENTH);
	assert_int_equal(two->pmin, 30);
	assert_int_equal(two->pmax, 45);
	observe_configure(three, &set, 1, 0, 11 * TENTH);
	assert_int_equal(three->pmin, 50);
	assert_int_equal(three->pmax, 50);
	observe_destroy(two);
	observe_destroy(three);
	attribute_set_finish(&set);
}

/* Core TS 1.2, 6.4.4: of what is attached its resources keep conditions only. */
static void attributes_of_a_composite_replace_those_of_objects(void **state)
{
	const char *texts[] = {T, V};
	const struct attributes own = {.set = ATTRIBUTE_PMAX, .pmax = 60};
	struct attribute_set set = {NULL, 0};
	struct observation *o = composite(texts, 2);
	struct lwm2m_path t = path_of(T), object = path_of("3303");
	struct lwm2m_value value = lwm2m_float(20);

	(void)state;
	assert_int_equal(attributes_write(&set, &object, "pmin=50&con=1", 13,
					  0), 0);
	assert_int_equal(attributes_write(&set, &t, "gt=30", 5,
					  ATTRIBUTE_CONDITIONS), 0);
	assert_int_equal(observe_attach(o, &own), 0);
	observe_configure(o, &set, 0, 0, 1);
	assert_int_equal(o->pmin, 0);
	assert_int_equal(o->pmax, 60);
	assert_false(o->confirmable);
	observe_remember(o, &set, &t, &value);
	value.as.number = 29;
	observe_changed(o, &set, &t, &value, 2);
	assert_false(o->pending);
	value.as.number = 31;
	observe_changed(o, &set, &t, &value, 3);
	assert_true(o->pending);
	observe_destroy(o);
	attribute_set_finish(&set);
}

static void a_composite_covers_what_is_below_its_paths(void **state)
{
	static const char *const texts[] = {"1/0/2", "3303/0"};
	static const struct { const char *at; bool is; } cases[] = {
		{T, true}, {"3303/0", true}, {"1/0/2", true},
		{"1/0/3", false}, {V, false}, {"3303", false},
	};
	struct observation *o = composite(texts, 2);
	struct lwm2m_path single = path_of("3303/0");
	struct observation *plain = observe_create(&single, NULL, 0, 112);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct lwm2m_path at = path_of(cases[i].at);

		assert_true(observe_covers(o, &at) == cases[i].is);
		assert_true(observe_covers(plain, &at) ==
			    path_covers(&single, &at));
	}
	assert_int_equal(observe_path(o, 1)->id[0], 3303);
	assert_null(observe_path(o, 2));
	assert_int_equal(observe_path(plain, 0)->depth, 2);
	assert_null(observe_path(plain, 1));
	observe_destroy(o);
	observe_destroy(plain);
}

static void one_path_can_ask_for_confirmation(void **state)
{
	static const char *const texts[] = {"1/0/2", "3303/0"};
	struct observation *o = composite(texts, 2);
	struct attribute_set set = {0};
	struct lwm2m_path at = path_of("3303");

	(void)state;
	assert_int_equal(attributes_write(&set, &at, "con=1", 5, 0), 0);
	observe_configure(o, &set, 0, 0, TENTH);
	assert_true(o->confirmable);
	assert_int_equal(attributes_write(&set, &at, "con=0", 5, 0), 0);
	observe_configure(o, &set, 0, 0, TENTH);
	assert_false(o->confirmable);
	observe_destroy(o);
	attribute_set_finish(&set);
}

static void observation_keeps_what_it_was_given(void **state)
{
	struct lwm2m_path path = path_of(T);
	struct observation *o = observe_create(&path,
					       (const uint8_t *)"12345678", 8,
					       11542);

	(void)state;
	assert_true(path_equal(&o->path, &path));
	assert_int_equal(o->token_length, 8);
	assert_memory_equal(o->token, "12345678", 8);
	assert_int_equal(o->format, 11542);
	assert_false(observe_due(o, INT64_MAX - 1));
	observe_destroy(o);
}

/* Busy since 10 s, with a period that would part what is kept meanwhile. */
static void what_was_held_is_due_since_it_was(void **state)
{
	struct lwm2m_path path = path_of(T);
	struct observation *o = observe_create(&path, NULL, 0, 11542);
	struct attribute_set set = {0};
	struct lwm2m_value value = {.type = LWM2M_FLOAT, .as.number = 21};

	(void)state;
	observe_configure(o, &set, 5, 0, TENTH);
	observe_sent(o, 10 * TENTH);
	observe_changed(o, &set, &path, &value, 100 * TENTH);
	observe_hold(o, 100 * TENTH);
	assert_int_equal(observe_changed(o, &set, &path, &value, 120 * TENTH),
			 150 * TENTH);
	observe_hold(o, 150 * TENTH);
	assert_false(observe_due(o, 151 * TENTH));
	observe_retry(o);
	assert_int_equal(o->due, 60 * TENTH);
	observe_changed(o, &set, &path, &value, 152 * TENTH);
	assert_true(observe_due(o, 152 * TENTH));
	observe_sent(o, 152 * TENTH);
	assert_int_equal(observe_changed(o, &set, &path, &value, 153 * TENTH),
			 202 * TENTH);
	observe_destroy(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(notifications_come_when_they_must),
		cmocka_unit_test(attributes_may_change_under_way),
		cmocka_unit_test(one_a_day_is_confirmed),
		cmocka_unit_test(first_value_after_new_conditions_is_sent),
		cmocka_unit_test(text_and_truth_have_their_own_rules),
		cmocka_unit_test(remembered_values_are_found_in_any_order),
		cmocka_unit_test(a_composite_has_one_clock),
		cmocka_unit_test(attributes_of_a_composite_replace_those_of_objects),
		cmocka_unit_test(a_composite_covers_what_is_below_its_paths),
		cmocka_unit_test(one_path_can_ask_for_confirmation),
		cmocka_unit_test(observation_keeps_what_it_was_given),
		cmocka_unit_test(what_was_held_is_due_since_it_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
