/* SPDX-License-Identifier: GPL-2.0-or-later
 * An endpoint of a device of the sim adapter, by the functions of its files:
 * its tree, writes to its device, whose rights, what outlives a restart. */
#include "tests/agent/gateway/gateway_case.h"
#include <errno.h>
#include "agent/config/model.h"
#include "agent/endpoint/endpoint_access.h"
#include "agent/endpoint/endpoint_poll.h"
#include "agent/endpoint/transaction.h"
#include "agent/gateway/listing.h"
#include "ipso/ipso.h"
#include "objects/access.h"
#include "objects/codec.h"

#define HEAD "gateway: {name: g, endpoint: gw}\n"
#define ONE "servers: [{id: 1, uri: \"coap://127.0.0.1:9\", lifetime: 300s}]\n"
#define TWO "servers:\n" \
	"  - {id: 1, uri: \"coap://127.0.0.1:9\"}\n" \
	"  - {id: 2, uri: \"coap://127.0.0.1:10\", access: read}\n"
#define POINTS "points: [" \
	"{name: t, value: 21.5, map: 3303/0, unit: Cel}, " \
	"{name: lamp, value: 1, map: 3311/0, writable: true, safe: 0}, " \
	"{name: fan, value: 0, map: 3306/0, writable: true}]"
#define AWAKE "  - {endpoint: a, bus: sim, manufacturer: M, " \
	"safe_after: 1h, " POINTS "}\n"
/* It never answers, and nobody expects it to. */
#define ASLEEP "  - {endpoint: z, bus: sim, queue: true, silent_after: 1h, " \
	"asleep_write: hold, quiet_every: 1h, quiet_for: 1h, " POINTS "}\n"
#define SITE(servers) HEAD servers "devices:\n" AWAKE ASLEEP
enum { T, LAMP, FAN };		/* points */

static const struct lwm2m_path lamp = {{3311, 0, 5850}, 3},
			       fan = {{3306, 0, 5850}, 3},
			       sensor = {{3303, 0, 5700}, 3};

static bool is_known(void)
{
	const struct endpoint *a = gateway_endpoint(&gateway, "a");
	const struct endpoint *z = gateway_endpoint(&gateway, "z");

	return a && a->round_done && a->life.state == LIVENESS_ONLINE &&
	       z && z->round_done;
}

static int set_up_site(void **state, const char *site)
{
	if (case_set_up(state))
		return -1;
	case_start(site);
	return case_turn_until(is_known) ? 0 : -1;
}

static int set_up(void **state)
{
	return set_up_site(state, SITE(ONE));
}

static int set_up_two(void **state)
{
	return set_up_site(state, SITE(TWO));
}

static const struct tree_slot *slot(const char *endpoint,
				    struct lwm2m_path path)
{
	return tree_find(&case_endpoint(endpoint)->tree, &path);
}

static void text_is(struct lwm2m_path path, const char *text)
{
	const struct tree_slot *s = slot("a", path);
	uint8_t room[256];
	struct buf texts = buf_over(room, sizeof(room));
	struct lwm2m_value value;

	assert_non_null(s);
	value = endpoint_value(case_endpoint("a"), &path, s, monotonic_read(),
			       &texts);
	assert_int_equal(value.length, strlen(text));
	assert_memory_equal(value.as.text, text, value.length);
}

/* ---- what is in the tree */

static void its_tree_is_what_the_site_says(void **state)
{
	struct lwm2m_path lifetime = path_resource(ID_SERVER, 0,
						   ID_SERVER_LIFETIME);

	(void)state;
	text_is(path_resource(ID_DEVICE, 0, ID_DEVICE_MANUFACTURER), "M");
	text_is(path_resource(ID_SERVER, 0, ID_SERVER_BINDING), "U");
	text_is(path_resource(ID_DEVICE, 0, ID_DEVICE_BINDINGS), "U");
	text_is(path_resource(3303, 0, 5701), "Cel");
	assert_int_equal(slot("a", lifetime)->value.as.integer, 300);
	assert_int_equal(slot("a", sensor)->quality, TREE_GOOD);
	assert_int_equal(slot("z", sensor)->quality, TREE_EMPTY);
	assert_null(slot("a", path_resource(ID_FIRMWARE, 0, 0)));
}

static void a_point_is_found_by_its_path(void **state)
{
	struct lwm2m_path unit = path_resource(3303, 0, 5701);

	(void)state;
	assert_int_equal(endpoint_point(case_endpoint("a"), &sensor), T);
	assert_int_equal(endpoint_point(case_endpoint("a"), &fan), FAN);
	assert_int_equal(endpoint_point(case_endpoint("a"), &unit), -1);
}

static void its_queue_mode_is_in_its_binding(void **state)
{
	struct lwm2m_path binding = path_resource(ID_SERVER, 0,
						  ID_SERVER_BINDING);
	const struct tree_slot *s = slot("z", binding);

	(void)state;
	assert_int_equal(s->value.length, 2);
	assert_memory_equal(s->value.as.text, "UQ", 2);
	assert_true(endpoint_is_away(case_endpoint("z")));
	assert_false(endpoint_is_away(case_endpoint("a")));
}

static void errors_are_codes_until_they_are_reset(void **state)
{
	struct endpoint *e = case_endpoint("a");
	int64_t now = monotonic_read();

	(void)state;
	endpoint_error(e, ERROR_LOW_BATTERY, true, now);
	endpoint_error(e, ERROR_LOW_SIGNAL, true, now);
	endpoint_error(e, ERROR_LOW_BATTERY, false, now);
	assert_int_equal(e->errors, 1 << ERROR_LOW_SIGNAL);
	endpoint_errors_reset(e, now);
	assert_int_equal(e->errors, 0);
}

static void what_is_not_there_or_not_observed_does_nothing(void **state)
{
	struct endpoint *e = case_endpoint("a");
	struct lwm2m_path none = path_resource(3303, 9, 5700);

	(void)state;
	assert_int_equal(endpoint_send(e, &none, monotonic_read()), -ENOENT);
	endpoint_poll(e);			/* nobody observes */
	assert_null(e->optional->poll_periods);
}

/* ---- writes */

static struct { unsigned answers; uint8_t codes[8]; } told;

static void *write_defer(void *context)
{
	return context;
}

static void write_answer(void *later, uint8_t code, int64_t now)
{
	(void)later;
	(void)now;
	told.codes[told.answers++ % 8] = code;
}

static uint8_t write_start(const char *endpoint, struct lwm2m_path path,
			   bool on)
{
	static const struct requester_ops ops = {write_defer,
						 write_answer};
	const struct lwm2m_record record = {path, lwm2m_boolean(on), 0};

	return transaction_start(case_endpoint(endpoint),
				 (struct requester){&ops, &told},
				 &record, 1, CODE(2, 4), monotonic_read());
}

static bool is_told(void)
{
	return told.answers > 0;
}

static void a_write_is_answered_when_it_is_true(void **state)
{
	(void)state;
	memset(&told, 0, sizeof(told));
	assert_int_equal(write_start("a", fan, true), 0);
	assert_non_null(case_endpoint("a")->transactions);
	assert_true(case_turn_until(is_told));
	assert_int_equal(told.codes[0], CODE(2, 4));
	assert_true(slot("a", fan)->value.as.boolean);
	assert_null(case_endpoint("a")->transactions);
}

/* Held, not lost: in order, a later one in place of an earlier. */
static void writes_wait_for_one_that_sleeps(void **state)
{
	struct endpoint *z = case_endpoint("z");

	(void)state;
	memset(&told, 0, sizeof(told));
	assert_true(transaction_must_wait(z));
	assert_int_equal(write_start("z", fan, true), 0);
	assert_int_equal(write_start("z", lamp, true), 0);
	assert_int_equal(transactions_deferred(z).n, 2);
	assert_int_equal(write_start("z", fan, false), 0);
	assert_int_equal(transactions_deferred(z).n, 2);
	assert_int_equal(transactions_deferred(z).accepted, 0);
	assert_int_equal(told.answers, 0);
	transaction_end_all(z, monotonic_read());
	assert_int_equal(told.answers, 3);
	assert_int_equal(told.codes[2], CODE(5, 3));
	assert_int_equal(transactions_deferred(z).n, 0);
}

/* Who was superseded longest ago gives way to who asks now. */
static void no_more_wait_than_may(void **state)
{
	struct endpoint *z = case_endpoint("z");

	(void)state;
	memset(&told, 0, sizeof(told));
	for (int i = 0; i < TRANSACTION_HELD_MAX; i++)
		assert_int_equal(write_start("z", fan, i & 1), 0);
	assert_int_equal(told.answers, 0);
	assert_int_equal(write_start("z", fan, true), 0);
	assert_int_equal(told.answers, 1);
	assert_int_equal(told.codes[0], CODE(5, 3));
	assert_int_equal(transactions_deferred(z).n, 1);
	transaction_end_all(z, monotonic_read());
	assert_int_equal(told.answers, TRANSACTION_HELD_MAX + 1);
}

/* What is bound goes to the device, the rest is held here, all or nothing. */
static void a_write_is_of_both_kinds(void **state)
{
	static const struct requester_ops ops = {write_defer,
						 write_answer};
	struct lwm2m_record record = {fan, lwm2m_boolean(true), 0};
	struct request_outcome outcome = {.code = CODE(2, 4), .path = fan,
					  .writes = &record, .n_writes = 1};

	(void)state;
	memset(&told, 0, sizeof(told));
	assert_int_equal(endpoint_write(case_endpoint("a"), &outcome,
		(struct requester){&ops, &told}, monotonic_read()), 0);
	assert_true(case_turn_until(is_told));
	assert_int_equal(told.codes[0], CODE(2, 4));
	outcome.n_writes = 0;			/* nothing for the device */
	assert_int_equal(endpoint_write(case_endpoint("a"), &outcome,
		(struct requester){&ops, &told}, monotonic_read()),
		CODE(2, 4));
}

static void a_doubted_value_says_so(void **state)
{
	struct endpoint *a = case_endpoint("a");
	struct lwm2m_path indicator = path_resource(3303, 0, 6042);
	struct lwm2m_path level = path_resource(3303, 0, 6049);
	int64_t now = monotonic_read();

	(void)state;
	endpoint_quality(a, &a->conf->points[T], QUALITY_ACCEPTED, now);
	assert_null(slot("a", indicator));	/* most never need them */
	assert_null(slot("a", level));
	endpoint_quality(a, &a->conf->points[T], QUALITY_INVALID, now);
	assert_int_equal(slot("a", indicator)->value.as.integer,
			 QUALITY_INVALID);
	assert_int_equal(slot("a", level)->value.as.integer, 0);
	endpoint_quality(a, &a->conf->points[T], QUALITY_OLD, now);
	assert_int_equal(slot("a", level)->value.as.integer, 50);
	endpoint_quality(a, &a->conf->points[T], QUALITY_ACCEPTED, now);
	assert_int_equal(slot("a", indicator)->value.as.integer,
			 QUALITY_ACCEPTED);
	assert_int_equal(slot("a", level)->value.as.integer, 100);
}

static bool is_dark(void)
{
	return !slot("a", lamp)->value.as.boolean;
}

static void without_a_server_it_is_made_safe(void **state)
{
	struct endpoint *a = case_endpoint("a");
	int64_t now = monotonic_read();

	(void)state;
	assert_true(slot("a", lamp)->value.as.boolean);
	a->safe_at = now + SECOND;
	endpoint_safe_due(a, now);		/* not yet */
	assert_int_equal(a->safe_at, now + SECOND);
	endpoint_safe_due(a, now + SECOND);
	assert_int_equal(a->safe_at, INT64_MAX);
	assert_true(case_turn_until(is_dark));
}

/* What was long on its way does not leave it on for ever. */
static void a_write_while_nobody_is_registered_begins_its_time_anew(
	void **state)
{
	struct endpoint *a = case_endpoint("a");
	int64_t now = monotonic_read();

	(void)state;
	a->safe_at = INT64_MAX;			/* it was made safe */
	endpoint_commanded(a, now);
	assert_int_equal(a->safe_at, now + a->conf->safe_after);
	a->clients[0].registration.state = REGISTRATION_REGISTERED;
	a->safe_at = 0;
	endpoint_commanded(a, now);
	assert_int_equal(a->safe_at, 0);	/* a server is there */
	a->clients[0].registration.state = REGISTRATION_OFF;
}

/* As where each Update finds another change to tell. */
static void an_answer_begins_its_time_anew(void **state)
{
	struct endpoint *a = case_endpoint("a");
	int64_t now = monotonic_read();

	(void)state;
	a->safe_at = now;
	endpoint_accepted(a, now + SECOND);
	assert_int_equal(a->safe_at, now + SECOND + a->conf->safe_after);
	a->safe_at = INT64_MAX;			/* it was made safe */
	endpoint_accepted(a, now);
	assert_int_equal(a->safe_at, INT64_MAX);
	a->safe_at = 0;				/* a server is there */
	endpoint_accepted(a, now);
	assert_int_equal(a->safe_at, 0);
}

/* ---- whose rights */

static void a_lone_server_may_do_all(void **state)
{
	struct endpoint *e = case_endpoint("a");

	(void)state;
	assert_false(endpoint_access_enforced(e));
	assert_false(tree_has_object(&e->tree, ACCESS_OBJECT));
}

static void of_two_each_has_what_the_site_lets_it(void **state)
{
	struct endpoint *e = case_endpoint("a");
	struct lwm2m_path gone = path_instance(ID_STATISTICS, 0);
	struct lwm2m_path point = path_instance(3306, 0);

	(void)state;
	assert_true(endpoint_access_enforced(e));
	assert_int_equal(e->n_clients, 2);
	assert_true(endpoint_access_rights(&e->clients[0]) & ACCESS_WRITE);
	assert_int_equal(endpoint_access_rights(&e->clients[1]), ACCESS_READ);
	assert_non_null(access_find(&e->tree, ID_STATISTICS, 0));
	tree_remove(&e->tree, &gone);
	tree_remove(&e->tree, &point);		/* it may come back */
	endpoint_access_settle(e, 0, monotonic_read());
	assert_null(access_find(&e->tree, ID_STATISTICS, 0));
	assert_non_null(access_find(&e->tree, 3306, 0));
}

/* ---- over a restart, and over a clock that is set */

static void what_a_server_wrote_outlives_a_restart(void **state)
{
	struct endpoint *e = case_endpoint("a");
	struct lwm2m_path lifetime = path_resource(ID_SERVER, 0,
						   ID_SERVER_LIFETIME);
	struct lwm2m_value value = lwm2m_integer(77);

	(void)state;
	gateway.services.store = store_open(case_directory);
	assert_non_null(gateway.services.store);
	assert_int_equal(tree_set(&e->tree, &lifetime, &value, 0), 0);
	tree_edit(&e->tree, &lifetime)->flags |= TREE_PERSISTENT;
	endpoint_store(e);
	store_close(gateway.services.store);
	gateway.services.store = store_open(case_directory);
	value = lwm2m_integer(300);
	assert_int_equal(tree_set(&e->tree, &lifetime, &value, 0), 0);
	endpoint_restore(e);
	assert_int_equal(slot("a", lifetime)->value.as.integer, 77);
	assert_int_equal(e->clients[0].registration.lifetime, 77);
	store_close(gateway.services.store);
	gateway.services.store = NULL;
}

static void times_of_this_run_move_with_the_clock(void **state)
{
	const int64_t by = 3600 * SECOND;
	int64_t before = slot("a", sensor)->time, now = monotonic_read();
	int64_t offset = gateway.services.wall.offset;

	(void)state;
	assert_true(before > 0);
	gateway_clock_step(&gateway, offset, now);
	assert_int_equal(slot("a", sensor)->time, before);
	gateway_clock_step(&gateway, offset + by, now);
	assert_int_equal(slot("a", sensor)->time, before + by);
}

/* 5518 and 6050 are the time of the value also after a step of no whole seconds. */
static void a_fraction_moves_with_its_timestamp(void **state)
{
	struct tree *tree = &case_endpoint("a")->tree;
	struct lwm2m_path seconds = {{3303, 0, 5518}, 3},
			  fraction = {{3303, 0, 6050}, 3}, changed[4];
	int64_t offset = gateway.services.wall.offset, whole, time;

	(void)state;
	assert_non_null(tree_slot_add(tree, &fraction));
	tree_edit(tree, &fraction)->quality = TREE_EMPTY;
	ipso_sampled(tree, &sensor, slot("a", sensor)->time, changed);
	for (int i = 1; i <= 4; i++) {
		gateway_clock_step(&gateway, offset + i * (7 * SECOND +
				   SECOND * 3 / 10), monotonic_read());
		time = slot("a", sensor)->time;
		whole = slot("a", seconds)->value.as.integer;
		assert_int_equal(whole, time / SECOND);
		assert_true(slot("a", fraction)->value.as.number ==
			    (double)(time - whole * SECOND) / 1e9);
	}
}

/* ---- the gateway's own */

static size_t listed(void)
{
	size_t n = 0;

	if (!gateway.object_25) {
		gateway.object_25 = true;
		listing_open(&gateway, monotonic_read());
	}
	for (uint16_t i = 0; i < LISTING_MAX; i++)
		n += gateway.listed[i] != NULL;
	return n;
}

static void the_gateway_lists_its_devices(void **state)
{
	struct endpoint *gw = case_endpoint("gw"), *a = case_endpoint("a");

	(void)state;
	assert_ptr_equal(gateway.itself, gw);
	assert_int_equal(listed(), 2);
	listing_remove(a, monotonic_read());
	listing_add(a, monotonic_read());
	for (uint16_t i = 0; i < LISTING_MAX; i++) {
		struct lwm2m_path path = path_resource(ID_LISTING, i,
						       ID_LISTING_DEVICE);
		uint8_t room[256];
		struct buf texts = buf_over(room, sizeof(room));
		struct lwm2m_value value;

		assert_int_equal(listing_compute(gw, &path, &texts, &value),
				 gateway.listed[i] != NULL);
		if (gateway.listed[i] == a)
			assert_memory_equal(value.as.text, "a", 1);
	}
}

static bool is_away(void)
{
	return !gateway_endpoint(&gateway, "a");
}

/* A server may read the list until the gateway's own has left, too. */
static void one_that_has_left_is_not_listed_while_all_stops(void **state)
{
	(void)state;
	assert_int_equal(listed(), 2);
	gateway.services.stopping = true;
	endpoint_leave(case_endpoint("a"), false, monotonic_read());
	assert_true(case_turn_until(is_away));
	assert_int_equal(listed(), 1);
	gateway.services.stopping = false;	/* for the end of the case */
}

#define CASE(name) \
	cmocka_unit_test_setup_teardown(name, set_up, case_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(its_tree_is_what_the_site_says),
		CASE(a_point_is_found_by_its_path),
		CASE(its_queue_mode_is_in_its_binding),
		CASE(errors_are_codes_until_they_are_reset),
		CASE(what_is_not_there_or_not_observed_does_nothing),
		CASE(a_write_is_answered_when_it_is_true),
		CASE(writes_wait_for_one_that_sleeps),
		CASE(no_more_wait_than_may),
		CASE(a_write_is_of_both_kinds),
		CASE(a_doubted_value_says_so),
		CASE(without_a_server_it_is_made_safe),
		CASE(an_answer_begins_its_time_anew),
		CASE(a_write_while_nobody_is_registered_begins_its_time_anew),
		CASE(a_lone_server_may_do_all),
		cmocka_unit_test_setup_teardown(
			of_two_each_has_what_the_site_lets_it, set_up_two,
			case_tear_down),
		CASE(what_a_server_wrote_outlives_a_restart),
		CASE(times_of_this_run_move_with_the_clock),
		CASE(a_fraction_moves_with_its_timestamp),
		CASE(the_gateway_lists_its_devices),
		CASE(one_that_has_left_is_not_listed_while_all_stops),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
