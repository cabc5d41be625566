/* SPDX-License-Identifier: GPL-2.0-or-later
 * Searches on a bus, driven by an adapter that plays units behind registers.
 * Tests wait for what must come, never for a time in which it must come. */
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>
#include "agent/bus/bus_search.h"
#include "agent/base/log.h"
#include "adapters/adapter.h"

#define MS INT64_C(1000000)
#define SECOND (1000 * MS)
#define PATIENCE_MS 30000

/* ---- the world: units 1.., each answers its number, 0: silent */

static struct {
	atomic_int answers[8], open_error, polls, steps;
	atomic_int fail_at;		/* this unit's exchange fails: -EIO */
	atomic_int refuses;		/* this unit, the first question */
	atomic_bool lose;		/* and the bus is lost */
	atomic_bool endless;		/* nothing is found, never an end */
	atomic_bool heard;		/* turn() hears something */
	atomic_bool searching;		/* turn() saw a search */
} world;

struct fake_search { int from, unit; size_t next; };
struct fake_device { int unit; };
struct fake_point { int bonus; };

static int fake_open(struct adapter_bus *bus)
{
	(void)bus;
	return atomic_load(&world.open_error);
}

static int fake_read(struct adapter_device *device, struct adapter_point **due,
		     size_t n)
{
	(void)device;
	for (size_t i = 0; i < n; i++)
		adapter_report(due[i], lwm2m_integer(1), 0);
	atomic_fetch_add(&world.polls, 1);
	return 0;
}

static int64_t fake_turn(struct adapter_bus *bus, int64_t now, bool readable)
{
	(void)now;
	(void)readable;
	atomic_store(&world.searching, bus->search != NULL);
	if (bus->search && atomic_exchange(&world.heard, false))
		adapter_found(bus->search, .keys = "address: \"AA\"",
			      .note = "a voice", .rssi = -60);
	return ADAPTER_NEVER;
}

static void unit_ask(struct adapter_search *search, struct fake_search *s,
		     int answer)
{
	struct lwm2m_value value;
	char keys[16];

	snprintf(keys, sizeof(keys), "unit: %d", s->unit);
	if (search->n_identify == 0) {
		adapter_found(search, .keys = keys, .note = "answers",
			      .value = lwm2m_string("hey", 3));
		return;
	}
	for (size_t i = 0; i < search->n_identify; i++) {
		const struct fake_point *p = search->identify[i]->data;
		const struct fake_device *d = search->identify[i]->device->data;

		if (i == 0 && s->unit == atomic_load(&world.refuses))
			continue;
		value = lwm2m_integer(answer + p->bonus + d->unit);
		adapter_found(search, .keys = keys, .value = value,
			      .identify = search->identify[i]);
	}
}

static int64_t fake_search(struct adapter_search *search, int64_t now)
{
	struct fake_search *s = search->data;
	int answer;

	atomic_fetch_add(&world.steps, 1);
	if (atomic_load(&world.endless))
		return now;
	s->unit = s->unit ? s->unit + 1 : s->from;
	answer = atomic_load(&world.answers[s->unit]);
	if (s->unit == atomic_load(&world.fail_at)) {
		if (atomic_load(&world.lose))
			adapter_lost(search->bus, NULL, -EPIPE, "cut off");
		return -EIO;
	}
	if (answer)
		unit_ask(search, s, answer);
	return s->unit < 7 ? now : 0;
}

static const struct adapter_ops searching_ops = {
	.abi = ADAPTER_ABI, .size = sizeof(struct adapter_ops),
	.name = "fake", .device_size = sizeof(struct fake_device),
	.point_size = sizeof(struct fake_point),
	.search_size = sizeof(struct fake_search),
	.open = fake_open, .read = fake_read, .search = fake_search,
};

static const struct adapter_ops listening_ops = {
	.abi = ADAPTER_ABI, .size = sizeof(struct adapter_ops),
	.name = "fake", .open = fake_open, .turn = fake_turn,
};

/* log.c's: what is logged is not looked at here. */
void log_line(enum log_level level, const char *endpoint, const char *bus,
	      const char *format, ...)
{
	(void)level;
	(void)endpoint;
	(void)bus;
	(void)format;
}

/* ---- the agent's side */

struct site {
	struct config_bus conf;
	struct fake_search data;
	struct fake_device profile_device;
	struct fake_point profile_points[2];
	struct search_identify identify[2];
	struct search_plan plan;
	struct mailbox *up;
	struct bus *bus;
};

static int setup(void **state)
{
	struct site *s = calloc(1, sizeof(*s));

	memset(&world, 0, sizeof(world));
	s->data.from = 1;
	s->conf = (struct config_bus){.name = "b", .adapter = "fake",
				      .ops = &searching_ops};
	s->plan = (struct search_plan){.kind = ADAPTER_SCAN, .data = &s->data,
				       .duration = 60 * SECOND};
	s->up = bus_mailbox_create();
	*state = s;
	return 0;
}

/* Two profiles: "low" answers 10 to 19, "high" 120 to 129, 100 more. */
static void know_profiles(struct site *s)
{
	s->profile_points[1].bonus = 100;
	s->identify[0] = (struct search_identify){
		"low", &s->profile_device, &s->profile_points[0], 10, 19,
		false};
	s->identify[1] = (struct search_identify){
		"high", &s->profile_device, &s->profile_points[1], 120, 129,
		false};
	s->plan.identify = s->identify;
	s->plan.n_identify = 2;
}

static struct bus_message next(struct site *s)
{
	struct pollfd fd = {.fd = mailbox_fd(s->up), .events = POLLIN};
	struct bus_message m;

	while (mailbox_take(s->up, &m, 1) == 0)
		if (poll(&fd, 1, PATIENCE_MS) <= 0)
			fail_msg("nothing came for %d ms", PATIENCE_MS);
	return m;
}

static struct bus_message await(struct site *s, enum bus_event event)
{
	struct bus_message m = next(s);

	while (m.event != event) {
		bus_message_finish(&m);
		m = next(s);
	}
	return m;
}

/* "KEYS|NOTE|PROFILE;" of all that is found, and then how it ended. */
static char *outcome(struct site *s, char text[512])
{
	struct bus_message m = next(s);
	size_t n = 0;

	text[0] = '\0';
	for (; m.event != BUS_SEARCHED; m = next(s)) {
		if (m.event == BUS_FOUND)
			n += (size_t)snprintf(text + n, 512 - n, "%s|%s|%d;",
				m.text, m.text + strlen(m.text) + 1,
				(int)m.point);
		bus_message_finish(&m);
	}
	snprintf(text + n, 512 - n, "%s %s", m.error ? strerror(-m.error) :
		 "done", m.text ? m.text : "");
	bus_message_finish(&m);
	return text;
}

static void start(struct site *s)
{
	s->bus = bus_start(&s->conf, s->up);
	assert_non_null(s->bus);
}

static void search(struct site *s)
{
	start(s);
	assert_int_equal(bus_search(s->bus, &s->plan, 5), 0);
}

static int teardown(void **state)
{
	struct site *s = *state;
	struct bus_message m;

	if (s->bus) {
		bus_stop(s->bus);
		m = await(s, BUS_CLOSED);
		bus_message_finish(&m);
		bus_free(s->bus);
	}
	mailbox_destroy(s->up);
	free(s);
	return 0;
}

static void scan_tells_who_answers(void **state)
{
	char text[512];

	atomic_store(&world.answers[2], 1);
	atomic_store(&world.answers[5], 1);
	search(*state);
	assert_string_equal(outcome(*state, text),
			    "unit: 2|answers|-1;unit: 5|answers|-1;done ");
}

static void value_is_copied(void **state)
{
	struct bus_message m;

	atomic_store(&world.answers[2], 1);
	search(*state);
	m = await(*state, BUS_FOUND);
	assert_int_equal(m.id, 5);
	assert_int_equal(m.value.type, LWM2M_STRING);
	assert_int_equal(m.value.length, 3);
	assert_memory_equal(m.value.as.text, "hey", 3);
	bus_message_finish(&m);
	m = await(*state, BUS_SEARCHED);
	bus_message_finish(&m);
}

static void profile_fits_by_its_range(void **state)
{
	char text[512];

	know_profiles(*state);
	atomic_store(&world.answers[1], 12);	/* low, and 112 is not high */
	atomic_store(&world.answers[2], 25);	/* high, and not low */
	atomic_store(&world.answers[3], 5);	/* neither */
	atomic_store(&world.answers[4], 6);
	search(*state);
	assert_string_equal(outcome(*state, text),
		"unit: 1||0;unit: 2||1;"
		"unit: 3|answers; no profile fits|-1;"
		"unit: 4|answers; no profile fits|-1;done ");
}

static void profile_fits_by_all_its_conditions(void **state)
{
	struct site *s = *state;
	char text[512];

	know_profiles(s);
	s->identify[0].more = true;	/* both are of one profile now */
	s->identify[0].max = 25;
	atomic_store(&world.answers[1], 12);	/* the first only */
	atomic_store(&world.answers[2], 22);	/* both */
	atomic_store(&world.answers[3], 28);	/* the second only */
	search(s);
	assert_string_equal(outcome(s, text),
		"unit: 1|answers; no profile fits|-1;unit: 2||1;"
		"unit: 3|answers; no profile fits|-1;done ");
}

/* What unit 1 met does not count for unit 2, which refuses the question. */
static void conditions_are_met_by_one_device(void **state)
{
	struct site *s = *state;
	char text[512];

	know_profiles(s);
	s->identify[0].more = true;
	atomic_store(&world.answers[1], 12);
	atomic_store(&world.answers[2], 22);
	atomic_store(&world.refuses, 2);
	search(s);
	assert_string_equal(outcome(s, text),
		"unit: 1|answers; no profile fits|-1;"
		"unit: 2|answers; no profile fits|-1;done ");
}

static void polls_go_on_beside_a_search(void **state)
{
	struct site *s = *state;
	struct config_point point = {.name = "p", .poll = 5 * MS,
				     .polled = true,
				     .data = &s->profile_points[0]};
	struct config_device conf = {.endpoint = "d", .points = &point,
				     .data = &s->profile_device,
				     .n_points = 1};
	struct bus_device *device;
	struct bus_message m;
	int before;

	atomic_store(&world.endless, true);
	search(s);
	device = bus_attach(s->bus, &conf, NULL, NULL, 0, false);
	before = atomic_load(&world.steps);
	for (int i = 0; i < 10; i++) {
		m = await(s, BUS_SAMPLE);
		bus_message_finish(&m);
	}
	assert_true(atomic_load(&world.steps) > before);
	bus_search_stop(s->bus, 5);
	m = await(s, BUS_SEARCHED);
	assert_int_equal(m.error, -ECANCELED);
	bus_detach(device);
	bus_message_finish(&m);
	m = await(s, BUS_DETACHED);
	bus_device_free(device);
}

static void duration_ends_a_search(void **state)
{
	struct site *s = *state;
	char text[512];

	atomic_store(&world.endless, true);
	s->plan.duration = 20 * MS;
	search(s);
	assert_string_equal(outcome(s, text), "done nothing was found in this "
			    "time: --for searches longer");
	assert_true(atomic_load(&world.steps) > 0);
}

static void empty_search_says_so(void **state)
{
	char text[512];

	search(*state);
	assert_string_equal(outcome(*state, text),
			    "done nothing was found: nobody answers or is heard");
}

static void listener_is_heard_until_the_end(void **state)
{
	struct site *s = *state;
	char text[512];

	s->conf.ops = &listening_ops;
	s->plan.duration = 50 * MS;
	atomic_store(&world.heard, true);
	search(s);
	assert_string_equal(outcome(s, text),
			    "address: \"AA\"|a voice|-1;done ");
	bus_stop(s->bus);
	await(s, BUS_CLOSED);
	bus_free(s->bus);
	s->bus = NULL;
	assert_false(atomic_load(&world.searching));
}

static void another_search_is_busy(void **state)
{
	struct site *s = *state;
	struct bus_message m;

	atomic_store(&world.endless, true);
	search(s);
	assert_int_equal(bus_search(s->bus, &s->plan, 6), 0);
	m = await(s, BUS_SEARCHED);
	assert_int_equal(m.id, 6);
	assert_int_equal(m.error, -EBUSY);
	bus_message_finish(&m);
	bus_search_stop(s->bus, 6);	/* is none: the other goes on */
	bus_search_stop(s->bus, 5);
	m = await(s, BUS_SEARCHED);
	assert_int_equal(m.id, 5);
	assert_int_equal(m.error, -ECANCELED);
	bus_message_finish(&m);
}

static void bus_that_does_not_open_ends_it(void **state)
{
	char text[512];

	atomic_store(&world.open_error, -ENOENT);
	search(*state);
	assert_string_equal(outcome(*state, text),
			    "No such file or directory "
			    "No such file or directory");
}

static void failure_keeps_what_was_found(void **state)
{
	char text[512];

	atomic_store(&world.answers[2], 1);
	atomic_store(&world.fail_at, 4);
	search(*state);
	assert_string_equal(outcome(*state, text),
			    "unit: 2|answers|-1;Input/output error ");
}

static void lost_bus_ends_it_and_says_why(void **state)
{
	char text[512];

	know_profiles(*state);
	atomic_store(&world.answers[2], 5);
	atomic_store(&world.fail_at, 4);
	atomic_store(&world.lose, true);
	search(*state);
	assert_string_equal(outcome(*state, text),
			    "unit: 2|answers; no profile fits|-1;"
			    "Broken pipe cut off");
}

static void stopped_bus_ends_it(void **state)
{
	struct site *s = *state;
	char text[512];

	atomic_store(&world.endless, true);
	search(s);
	bus_stop(s->bus);
	assert_int_equal(bus_search(s->bus, &s->plan, 6), -ESHUTDOWN);
	assert_string_equal(outcome(s, text),
			    "Operation canceled the bus is closed");
	await(s, BUS_CLOSED);
	bus_free(s->bus);
	s->bus = NULL;
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(scan_tells_who_answers),
		T(value_is_copied),
		T(profile_fits_by_its_range),
		T(profile_fits_by_all_its_conditions),
		T(conditions_are_met_by_one_device),
		T(polls_go_on_beside_a_search),
		T(duration_ends_a_search),
		T(empty_search_says_so),
		T(listener_is_heard_until_the_end),
		T(another_search_is_busy),
		T(bus_that_does_not_open_ends_it),
		T(failure_keeps_what_was_found),
		T(lost_bus_ends_it_and_says_why),
		T(stopped_bus_ends_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
