/* SPDX-License-Identifier: GPL-2.0-or-later
 * What an endpoint's tree begins with, how it is connected (/4), and in which
 * order it registers: what servers are told, by Core TS E.2, E.4 and E.5. */
#include "tests/agent/gateway/gateway_case.h"
#include "agent/client/client_host.h"
#include "agent/endpoint/endpoint_object.h"
#include "objects/codec.h"

#define SITE "gateway: {name: g, endpoint: gw}\n" \
	"servers:\n" \
	"  - {id: 7, uri: \"coap://127.0.0.1:9\", lifetime: 300s, pmin: 2s, " \
	"priority: 2, retry_count: 4}\n" \
	"  - {id: 8, uri: \"coap+tcp://127.0.0.1:10\", lwm2m: \"1.0\"}\n" \
	"  - {id: 9, uri: \"coap://127.0.0.1:11\", priority: 1, " \
	"initial_delay: 40s}\n" \
	"devices:\n" \
	"  - {endpoint: a, bus: sim, firmware_version: \"1.2\", timezone: " \
	"Pacific/Chatham, location: {latitude: 48.5, longitude: 9.25}, points: [" \
	"{name: t, value: 21.5, map: 3303/0, unit: Cel}, " \
	"{name: s, value: 3, map: 3300/1/5700}, " \
	"{name: x, value: 1, map: 3313/0/5702}, " \
	"{name: y, value: 1, map: 3313/0/5703}, " \
	"{name: rise, value: 1, map: 3200/0/5501}, " \
	"{name: door, value: 1, map: 3200/0}, " \
	"{name: var, value: 1, map: 3305/0/5810}, " \
	"{name: varh, value: 1, map: 3305/0/5815, application: heater}]}\n"

enum { TWO, OLD, ONE };		/* clients, by the order of the servers */

static bool is_known(void)
{
	const struct endpoint *a = gateway_endpoint(&gateway, "a");

	return a && a->round_done;
}

static int set_up(void **state)
{
	if (case_set_up(state))
		return -1;
	case_start(SITE);
	return case_turn_until(is_known) ? 0 : -1;
}

static const struct tree_slot *slot(struct lwm2m_path path)
{
	return tree_find(&case_endpoint("a")->tree, &path);
}

static const struct tree_slot *account(int client, uint16_t resource)
{
	return slot(path_resource(ID_SERVER, case_endpoint("a")->
				  clients[client].instance, resource));
}

static void assert_text(const struct tree_slot *s, const char *text)
{
	assert_non_null(s);
	assert_int_equal(s->value.type, LWM2M_STRING);
	assert_int_equal(s->value.length, strlen(text));
	assert_memory_equal(s->value.as.text, text, s->value.length);
}

/* As it was at its start: what was read since is gone. */
static struct endpoint *rebuild(void)
{
	struct endpoint *e = case_endpoint("a");

	endpoint_objects_finish(e);
	tree_finish(&e->tree);
	endpoint_build(e, monotonic_read());
	return e;
}

static void an_account_is_as_configured(void **state)
{
	(void)state;
	rebuild();
	assert_int_equal(account(TWO, ID_SERVER_ID)->value.as.integer, 7);
	assert_int_equal(account(TWO, ID_SERVER_LIFETIME)->value.as.integer,
			 300);
	assert_int_equal(account(TWO, ID_SERVER_PMIN)->value.as.integer, 2);
	assert_int_equal(account(TWO, ID_SERVER_DISABLE_TIMEOUT)->
			 value.as.integer, 86400);	/* the default */
	assert_int_equal(account(TWO, ID_SERVER_PRIORITY)->value.as.integer,
			 2);
	assert_int_equal(account(TWO, ID_SERVER_RETRY_COUNT)->
			 value.as.integer, 4);
	assert_text(account(TWO, ID_SERVER_BINDING), "U");
	assert_text(account(OLD, ID_SERVER_BINDING), "T");
	assert_int_equal(account(TWO, ID_SERVER_UPDATE)->value.type,
			 LWM2M_NONE);	/* executable */
	/* No bootstrap server: nothing to be executed there. */
	assert_null(account(TWO, ID_SERVER_BOOTSTRAP));
}

static void a_server_of_1_0_gets_no_resource_of_1_1(void **state)
{
	(void)state;
	rebuild();
	assert_non_null(account(TWO, ID_SERVER_MUTE_SEND));
	assert_null(account(OLD, ID_SERVER_MUTE_SEND));
	assert_null(account(OLD, ID_SERVER_RETRY_COUNT));
	assert_non_null(account(OLD, ID_SERVER_STORING));
}

static void the_site_says_what_the_device_is(void **state)
{
	(void)state;
	rebuild();
	assert_text(slot(path_resource(ID_DEVICE, 0, ID_DEVICE_FIRMWARE)),
		    "1.2");
	assert_text(slot(path_resource(ID_DEVICE, 0, ID_DEVICE_TIMEZONE)),
		    "Pacific/Chatham");
	/* Another zone than the gateway's: its offset is not known. */
	assert_null(slot(path_resource(ID_DEVICE, 0, ID_DEVICE_UTC_OFFSET)));
	assert_true(slot(path_resource(ID_LOCATION, 0, ID_LOCATION_LONGITUDE))->
		    value.as.number == 9.25);
	assert_null(slot(path_resource(ID_LOCATION, 0, ID_LOCATION_ALTITUDE)));
	assert_int_equal(slot(path_resource(ID_LOCATION, 0, ID_LOCATION_TIME))->
			 value.type, LWM2M_TIME);
	/* A device on a bus is not the machine. */
	assert_null(slot(path_resource(ID_DEVICE, 0, ID_DEVICE_MEMORY_TOTAL)));
}

static void a_point_has_no_value_before_it_was_read(void **state)
{
	const struct tree_slot *whole, *alone;

	(void)state;
	rebuild();
	whole = slot(path_resource(3303, 0, 5700));
	alone = slot(path_resource(3300, 1, 5700));
	assert_int_equal(whole->quality, TREE_EMPTY);
	assert_true(whole->flags & TREE_BOUND);
	assert_int_equal(alone->quality, TREE_EMPTY);
	assert_true(alone->flags & TREE_BOUND);
	assert_text(slot(path_resource(3303, 0, 5701)), "Cel");
	assert_text(slot(path_resource(3303, 0, 5750)), "t");	/* its name */
	assert_null(slot(path_resource(3300, 1, 5701)));
}

static void an_instance_says_what_it_is_for(void **state)
{
	(void)state;
	rebuild();
	assert_text(slot(path_resource(3300, 1, 5750)), "s");
	assert_text(slot(path_resource(3313, 0, 5750)), "x");
	assert_text(slot(path_resource(3200, 0, 5750)), "door");
	assert_text(slot(path_resource(3305, 0, 5750)), "heater");
}

/* ---- /4 */

static void the_gateway_shows_its_uplink(void **state)
{
	struct endpoint *gw = case_endpoint("gw");
	struct lwm2m_path signal = path_resource(ID_LINK, 0, ID_LINK_SIGNAL);
	int64_t now = monotonic_read() + 3600 * SECOND, next;

	(void)state;
	assert_true(endpoint_uplink_turn(NULL, now) == INT64_MAX);
	next = endpoint_uplink_turn(gw, now);
	assert_true(next == now + 60 * SECOND);
	assert_non_null(tree_find(&gw->tree, &signal));
	assert_true(endpoint_uplink_turn(gw, next - 1) == next);
	/* A tree that was built anew is filled at once. */
	assert_true(tree_remove(&gw->tree, &signal));
	assert_true(endpoint_uplink_turn(gw, now + SECOND) ==
		    now + 61 * SECOND);
	assert_non_null(tree_find(&gw->tree, &signal));
}

static void a_radio_device_gets_a_link_when_it_is_heard(void **state)
{
	struct endpoint *e = rebuild();

	(void)state;
	assert_null(slot(path_resource(ID_LINK, 0, ID_LINK_SIGNAL)));
	endpoint_link_heard(e, -70, monotonic_read());
	assert_non_null(slot(path_resource(ID_LINK, 0, ID_LINK_SIGNAL)));
	assert_int_equal(e->rssi, -70);
	assert_int_equal(e->rssi_told, -70);
}

static void a_few_db_are_no_news(void **state)
{
	struct endpoint *e = rebuild();

	(void)state;
	endpoint_link_heard(e, -70, monotonic_read());
	endpoint_link_heard(e, -90, monotonic_read());	/* one packet */
	assert_int_equal(e->rssi, -90);
	assert_int_equal(e->rssi_told, -70);
	for (int i = 0; i < 30; i++)		/* it went farther away */
		endpoint_link_heard(e, -90, monotonic_read());
	assert_in_range(-e->rssi_told, 84, 90);
}

static void signal_that_a_point_tells_is_left_to_it(void **state)
{
	struct endpoint *e = rebuild();
	struct lwm2m_path signal = path_resource(ID_LINK, 0, ID_LINK_SIGNAL);

	(void)state;
	endpoint_build_link(e);
	tree_edit(&e->tree, &signal)->flags |= TREE_BOUND;
	endpoint_link_heard(e, -70, monotonic_read());
	assert_int_equal(e->rssi_told, 0);
}

/* ---- instances that come and go */

static void what_is_gone_is_told_to_those_above_and_below(void **state)
{
	struct endpoint *e = case_endpoint("a");
	struct client *c = &e->clients[TWO];
	const struct lwm2m_path paths[] = {{{3303}, 1}, {{3303, 0, 5700}, 3},
					   {{3303, 1, 5700}, 3}};
	const struct lwm2m_path instance = {{3303, 0}, 2};
	struct observation *o[3];

	(void)state;
	for (uint8_t i = 0; i < 3; i++) {
		struct request_outcome outcome = {.kind = REQUEST_OBSERVE,
			.format = FORMAT_SENML_CBOR, .path = paths[i]};

		assert_true(client_observe(c, &outcome, &i, 1,
					   monotonic_read()) > 0);
		o[i] = client_observation(c, &i, 1);
	}
	endpoint_gone(e, &instance, monotonic_read());
	assert_true(o[0]->pending);
	assert_true(o[1]->pending);
	assert_false(o[2]->pending);		/* another instance */
}

static void what_a_profile_may_bring_is_expected(void **state)
{
	struct endpoint *e = case_endpoint("a");
	struct config_point *s =
		(struct config_point *)(uintptr_t)&e->conf->points[1];
	const struct object_def *objects[CLIENT_EMPTY_MAX];
	size_t before = endpoint_empty_objects(e, objects);

	(void)state;
	assert_false(endpoint_expects(e, 3300));
	s->optional = true;
	s->resource.id[0] = 3304;
	assert_true(endpoint_expects(e, 3304));
	assert_false(endpoint_expects(e, 3303));	/* it is there */
	/* Promised to servers as long as the device was not heard. */
	e->life.heard = 0;
	assert_int_equal(endpoint_empty_objects(e, objects), before + 1);
	for (size_t i = 1; i < before + 1; i++)
		assert_true(objects[i - 1]->id < objects[i]->id);
	e->life.heard = SECOND;
	assert_int_equal(endpoint_empty_objects(e, objects), before);
}

/* ---- what is computed, and what an account's resources do */

static void a_clock_that_was_set_goes_on(void **state)
{
	struct endpoint *e = rebuild();
	struct lwm2m_path path = path_resource(ID_DEVICE, 0, ID_DEVICE_TIME);
	struct tree_slot set = {.value = {LWM2M_TIME, 0, {.integer = 1000}},
				.time = CASE_WALL};
	struct lwm2m_value value;

	(void)state;
	assert_true(endpoint_object_device.compute(e, &path, &set,
			CASE_WALL + 5 * SECOND, NULL, &value));
	assert_int_equal(value.as.integer, 1005);
	/* Never set: the machine's, once that knows it. */
	set = (struct tree_slot){.value = {LWM2M_TIME, 0, {0}}};
	assert_true(endpoint_object_device.compute(e, &path, &set, CASE_WALL,
						   NULL, &value));
	assert_int_equal(value.as.integer, CASE_WALL / SECOND);
	assert_false(endpoint_object_device.compute(e, &path, &set, SECOND,
						    NULL, &value));
}

static void bindings_are_those_of_all_its_servers(void **state)
{
	struct endpoint *e = rebuild();
	struct lwm2m_path path = path_resource(ID_DEVICE, 0,
					       ID_DEVICE_BINDINGS);
	struct lwm2m_value value;
	uint8_t room[16];
	struct buf texts = buf_over(room, sizeof(room));

	(void)state;
	assert_true(endpoint_object_device.compute(e, &path, NULL, CASE_WALL,
						   &texts, &value));
	assert_int_equal(value.length, 2);
	assert_memory_equal(value.as.text, "UT", 2);
}

static uint8_t account_execute(uint16_t resource)
{
	struct lwm2m_path path = path_resource(ID_SERVER, case_endpoint("a")->
					       clients[TWO].instance, resource);

	return endpoint_object_server.execute(case_endpoint("a"), &path,
					      monotonic_read());
}

static void an_account_does_what_its_resources_say(void **state)
{
	struct endpoint *e = rebuild();
	struct client *c = &e->clients[TWO];
	struct lwm2m_path lifetime = path_resource(ID_SERVER, c->instance,
						   ID_SERVER_LIFETIME);
	int64_t now = monotonic_read();

	(void)state;
	c->registration.state = REGISTRATION_REGISTERED;
	assert_int_equal(account_execute(ID_SERVER_UPDATE), CODE(2, 4));
	assert_int_equal(c->registration.state, REGISTRATION_UPDATING);
	assert_int_equal(e->clients[OLD].registration.state, REGISTRATION_OFF);
	assert_int_equal(account_execute(ID_SERVER_LIFETIME), CODE(5, 1));
	assert_int_equal(account_execute(ID_SERVER_BOOTSTRAP), CODE(4, 5));
	/* A lifetime that was written is the registration's. */
	tree_edit(&e->tree, &lifetime)->value = lwm2m_integer(77);
	endpoint_object_server.touched(e, &lifetime, now);
	assert_int_equal(c->registration.lifetime, 77);
	/* Disable: away for 1/x/5 seconds, a day unless it says another, when
	 * the answer is there. */
	c->registration.state = REGISTRATION_REGISTERED;
	assert_int_equal(account_execute(ID_SERVER_DISABLE), CODE(2, 4));
	assert_int_equal(c->registration.state, REGISTRATION_REGISTERED);
	now = c->enable_at;
	client_due(c, now);
	assert_int_not_equal(c->registration.state, REGISTRATION_REGISTERED);
	assert_int_equal(c->enable_at, now + 86400 * SECOND);
	c->registration.state = REGISTRATION_OFF;
	c->enable_at = INT64_MAX;
	c->wanted = REGISTRATION_NOTHING;
}

/* ---- the order of registrations (E.2, resources 13 to 15) */

static void a_higher_priority_number_waits(void **state)
{
	struct endpoint *e = rebuild();
	int64_t now = monotonic_read();

	(void)state;
	for (size_t i = 0; i < e->n_clients; i++)
		assert_int_equal(e->clients[i].registration.state,
				 REGISTRATION_OFF);
	endpoint_sequence_start(e, now);
	assert_true(e->held_back);
	assert_int_equal(e->clients[TWO].registration.state, REGISTRATION_OFF);
	/* Without one: it waits for nobody. */
	assert_int_not_equal(e->clients[OLD].registration.state,
			     REGISTRATION_OFF);
	/* The initial delay holds the first try, 1/x/14. */
	assert_true(e->clients[ONE].enable_at == now + 40 * SECOND);
	assert_true(e->clients[TWO].enable_at == INT64_MAX);

	endpoint_sequence_go_on(e, now);
	assert_int_equal(e->clients[TWO].registration.state, REGISTRATION_OFF);
	e->clients[ONE].enable_at = INT64_MAX;
	e->clients[ONE].registration.state = REGISTRATION_REGISTERED;
	endpoint_sequence_go_on(e, now);
	assert_false(e->held_back);
	assert_int_not_equal(e->clients[TWO].registration.state,
			     REGISTRATION_OFF);
	e->clients[ONE].registration.state = REGISTRATION_OFF;
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, case_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(an_account_is_as_configured),
		CASE(a_server_of_1_0_gets_no_resource_of_1_1),
		CASE(the_site_says_what_the_device_is),
		CASE(a_point_has_no_value_before_it_was_read),
		CASE(an_instance_says_what_it_is_for),
		CASE(the_gateway_shows_its_uplink),
		CASE(a_radio_device_gets_a_link_when_it_is_heard),
		CASE(a_few_db_are_no_news),
		CASE(signal_that_a_point_tells_is_left_to_it),
		CASE(what_is_gone_is_told_to_those_above_and_below),
		CASE(what_a_profile_may_bring_is_expected),
		CASE(a_clock_that_was_set_goes_on),
		CASE(bindings_are_those_of_all_its_servers),
		CASE(an_account_does_what_its_resources_say),
		CASE(a_higher_priority_number_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
