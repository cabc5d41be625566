/* SPDX-License-Identifier: GPL-2.0-or-later
 * What a sleeping device last said, and the totals of all, over a restart. */
#include <uv.h>
#include "tests/agent/gateway/gateway_case.h"
#include "agent/endpoint/last_values.h"

#define SITE "gateway: {name: g}\n" \
	"servers: [{id: 1, uri: \"coap://127.0.0.1:9\"}]\n" \
	"devices:\n" \
	"  - {endpoint: z, bus: sim, queue: true, silent_after: 1h, " \
	"points: [{name: t, value: 21.5, map: 3303/0}]}\n" \
	"  - {endpoint: a, bus: sim, " \
	"points: [{name: t, value: 21.5, map: 3303/0}]}\n"

static const struct lwm2m_path sensor = {{3303, 0, 5700}, 3};
static struct last_values *last;
static struct liveness_rhythm rhythm;	/* not asked for here */
static struct store *store;

static bool is_known(void)
{
	const struct endpoint *a = gateway_endpoint(&gateway, "a");
	const struct endpoint *z = gateway_endpoint(&gateway, "z");

	return a && a->round_done && a->life.state == LIVENESS_ONLINE && z &&
	       z->round_done && z->life.state == LIVENESS_ONLINE;
}

static void begin(void)
{
	store = store_open(case_directory);
	assert_non_null(store);
	last = last_values_create();
	last_values_configure(last, SECOND);
	last_values_open(last, store);
}

static void end(void)
{
	store_close(store);
	last_values_destroy(last);
}

static int set_up(void **state)
{
	if (case_set_up(state))
		return -1;
	case_start(SITE);
	begin();
	return case_turn_until(is_known) ? 0 : -1;
}

static int tear_down(void **state)
{
	end();
	return case_tear_down(state);
}

/* As after a start: nothing has been heard. */
static void value_clear(const char *endpoint)
{
	struct tree_slot *slot = tree_edit(&case_endpoint(endpoint)->tree,
					   &sensor);

	slot->value = lwm2m_float(0);
	slot->time = 0;
	slot->quality = TREE_EMPTY;
}

static double value_of(const char *endpoint)
{
	return tree_find(&case_endpoint(endpoint)->tree,
			 &sensor)->value.as.number;
}

static void a_sleepers_values_come_back(void **state)
{
	struct endpoint *z = case_endpoint("z");
	int64_t now = monotonic_read(), heard = 0;

	(void)state;
	last_values_heard(last, z, true, now);
	assert_true(z->last_dirty);
	assert_int_equal(last_values_turn(last, now), now + SECOND);
	assert_true(z->last_dirty);		/* its time has not come */
	assert_int_equal(last_values_turn(last, now + SECOND), INT64_MAX);
	assert_false(z->last_dirty);
	end();
	begin();
	value_clear("z");
	assert_true(last_values_restore(last, z, &heard, &rhythm));
	assert_true(heard > 0);
	assert_true(value_of("z") == 21.5);
	assert_true(tree_find(&z->tree, &sensor)->time > 0);
}

/* It is larger than all endpoints, and a flush may never come. */
static void what_was_read_is_let_go(void **state)
{
	struct endpoint *z = case_endpoint("z");
	int64_t now = monotonic_read(), heard = 0, until;

	(void)state;
	last_values_heard(last, z, true, now);
	last_values_turn(last, now + SECOND);
	assert_true(last_values_restore(last, z, &heard, &rhythm));
	until = last_values_turn(last, now + SECOND);
	assert_true(until > now + SECOND && until <= now + 60 * SECOND);
	assert_true(last_values_restore(last, z, &heard, &rhythm));
	assert_true(last_values_turn(last, until) > until);	/* asked since */
	assert_int_equal(last_values_turn(last, until + 60 * SECOND), INT64_MAX);
	assert_true(last_values_restore(last, z, &heard, &rhythm));
}

/* Nothing piles up behind a disk that hangs. */
static void behind_a_write_the_next_one_waits(void **state)
{
	struct endpoint *z = case_endpoint("z");
	int64_t now = monotonic_read(), again;

	(void)state;
	last_values_heard(last, z, true, now);
	last_values_turn(last, now + SECOND);
	now += 2 * SECOND;
	last_values_heard(last, z, true, now);
	now += SECOND;
	again = last_values_turn(last, now);
	assert_true(again > now && again < now + SECOND);
	assert_true(z->last_dirty);
	while (store_appended(store) < 1)
		uv_run(uv_default_loop(), UV_RUN_ONCE);
	last_values_turn(last, again);
	assert_false(z->last_dirty);
}

static void said_again_it_is_not_written_again(void **state)
{
	struct endpoint *z = case_endpoint("z");
	int64_t now = monotonic_read();

	(void)state;
	last_values_heard(last, z, true, now);
	last_values_turn(last, now + SECOND);
	last_values_heard(last, z, false, now + 2 * SECOND);
	assert_false(z->last_dirty);
	last_values_heard(last, z, true, now + 2 * SECOND);
	assert_true(z->last_dirty);
}

static void who_leaves_is_written_at_once(void **state)
{
	struct endpoint *z = case_endpoint("z");
	int64_t now = monotonic_read(), heard = 0;

	(void)state;
	last_values_heard(last, z, true, now);
	last_values_leaving(last, z);
	assert_false(z->last_dirty);
	assert_int_equal(last_values_turn(last, now), INT64_MAX);
	end();
	begin();
	value_clear("z");
	assert_true(last_values_restore(last, z, &heard, &rhythm));
	assert_true(value_of("z") == 21.5);
}

/* One that does not sleep is asked anew. */
static void who_does_not_sleep_is_not_kept(void **state)
{
	struct endpoint *a = case_endpoint("a");
	int64_t now = monotonic_read(), heard = 0;

	(void)state;
	last_values_heard(last, a, true, now);
	assert_false(a->last_dirty);
	assert_false(last_values_restore(last, a, &heard, &rhythm));
}

static void configured_otherwise_its_values_are_not_taken(void **state)
{
	struct endpoint *z = case_endpoint("z");
	int64_t now = monotonic_read(), heard = 0;

	(void)state;
	last_values_heard(last, z, true, now);
	last_values_turn(last, now + SECOND);
	end();
	begin();
	value_clear("z");
	z->conf->fingerprint++;
	last_values_restore(last, z, &heard, &rhythm);
	assert_true(value_of("z") == 0);
	z->conf->fingerprint--;
}

static void without_a_store_nothing_is_kept(void **state)
{
	struct endpoint *z = case_endpoint("z");
	struct last_values *none = last_values_create();
	int64_t now = monotonic_read(), heard = 0;

	(void)state;
	last_values_open(none, NULL);
	last_values_heard(none, z, true, now);
	assert_false(z->last_dirty);
	assert_int_equal(last_values_turn(none, now), INT64_MAX);
	assert_false(last_values_restore(none, z, &heard, &rhythm));
	last_values_destroy(none);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_sleepers_values_come_back),
		CASE(what_was_read_is_let_go),
		CASE(behind_a_write_the_next_one_waits),
		CASE(said_again_it_is_not_written_again),
		CASE(who_leaves_is_written_at_once),
		CASE(who_does_not_sleep_is_not_kept),
		CASE(configured_otherwise_its_values_are_not_taken),
		CASE(without_a_store_nothing_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
