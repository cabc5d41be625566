/* SPDX-License-Identifier: GPL-2.0-or-later
 * Buses and devices across start, reload and stop, on real bus threads with
 * the sim adapter; nothing is sent. */
#include <errno.h>
#include <sys/resource.h>
#include "agent/base/mailbox.h"
#include "agent/config/model.h"
#include "agent/gateway/gateway_module.h"
#include "tests/agent/gateway/gateway_case.h"

#define MAIN "gateway: {name: g}\n" \
	"servers: [{id: 1, uri: coap://127.0.0.1:9}]\n"
#define DEVICE(name, bus) "  - {endpoint: " name ", bus: " bus ", points: " \
	"[{name: t, value: 21, map: 3303/0}]}\n"
#define TWO "devices:\n" DEVICE("a", "sim") DEVICE("b", "sim")

static void configure(const char *devices)
{
	case_file("lwmux.yaml", MAIN);
	case_file("conf.d/devices.yaml", devices);
}

static int set_up(void **state)
{
	char path[128];

	if (case_set_up_clockless(state) < 0)
		return -1;
	snprintf(path, sizeof(path), "%s/conf.d", case_directory);
	return mkdir(path, 0700);
}

static bool is_online(const char *name)
{
	const struct endpoint *e = gateway_endpoint(&gateway, name);

	return e && e->life.state == LIVENESS_ONLINE && e->round_done &&
	       !e->leaving;
}

static bool are_online(void)
{
	return is_online("a") && is_online("b");
}

static bool only_a_is_left(void)
{
	return gateway.services.n_endpoints == 1 && is_online("a");
}

static bool none_is_left(void)
{
	return !gateway.services.n_endpoints && !gateway.buses;
}

static void start(const char *devices)
{
	configure(devices);
	assert_true(case_reload());
}

static void starts_and_stops(void **state)
{
	(void)state;
	start(TWO);
	assert_true(case_turn_until(are_online));
	assert_int_equal(gateway.services.n_endpoints, 2);
}

static void stops_before_anything_has_begun(void **state)
{
	(void)state;
	start(TWO);
}

static void untouched_endpoints_are_the_same(void **state)
{
	const struct endpoint *a;

	(void)state;
	start(TWO);
	assert_true(case_turn_until(are_online));
	a = gateway_endpoint(&gateway, "a");
	start("devices:\n" DEVICE("a", "sim"));
	assert_true(case_turn_until(only_a_is_left));
	assert_ptr_equal(gateway_endpoint(&gateway, "a"), a);
}

static void a_wrong_file_leaves_all_as_it_is(void **state)
{
	const struct endpoint *a;

	(void)state;
	start(TWO);
	assert_true(case_turn_until(are_online));
	a = gateway_endpoint(&gateway, "a");
	case_file("lwmux.yaml", "gateway: [\n");
	assert_false(case_reload());
	assert_true(are_online());
	assert_ptr_equal(gateway_endpoint(&gateway, "a"), a);
}

/* Each reload finds what the last one began. */
static void reloads_in_a_row_end_with_the_last(void **state)
{
	(void)state;
	for (int i = 0; i < 20; i++)
		start(i & 1 ? "devices:\n" DEVICE("a", "sim") :
		      "buses: {s: {adapter: sim, quiet_every: 1h, "
		      "quiet_for: 1ms}}\n"
		      "devices:\n" DEVICE("a", "s") DEVICE("b", "s"));
	start(TWO);
	assert_true(case_turn_until(are_online));
	assert_int_equal(gateway.services.n_endpoints, 2);
	assert_non_null(gateway.buses);
	assert_null(gateway.buses->next);
}

static void a_bus_that_changes_brings_its_devices_back(void **state)
{
	(void)state;
	start("buses: {s: {adapter: sim, enabled: true}}\n"
	      "devices:\n" DEVICE("a", "s") DEVICE("b", "s"));
	assert_true(case_turn_until(are_online));
	start("buses: {s: {adapter: sim, quiet_every: 1h, quiet_for: 1ms}}\n"
	      "devices:\n" DEVICE("a", "s") DEVICE("b", "s"));
	assert_false(is_online("a"));
	assert_true(case_turn_until(are_online));
}

static void all_taken_out_leaves_nothing(void **state)
{
	(void)state;
	start(TWO);
	assert_true(case_turn_until(are_online));
	start("devices: []\n");
	assert_true(case_turn_until(none_is_left));
}

/* It leaves when the server has its answer, and comes back. */
static void a_factory_reset_starts_it_anew(void **state)
{
	struct endpoint *a;
	int64_t now;

	(void)state;
	start(TWO);
	assert_true(case_turn_until(are_online));
	a = gateway_endpoint(&gateway, "a");
	now = monotonic_read();
	endpoint_factory_reset(a, now);
	gateway_turn(&gateway, now);
	assert_false(a->leaving);
	gateway_turn(&gateway, now + 2 * SECOND);
	assert_true(a->leaving);
	assert_true(case_turn_until(are_online));
}

static void reset_and_take_out(bool leaves)
{
	int64_t now;

	start(TWO);
	assert_true(case_turn_until(are_online));
	now = monotonic_read();
	endpoint_factory_reset(gateway_endpoint(&gateway, "b"), now);
	if (leaves)
		gateway_turn(&gateway, now + 2 * SECOND);
	start("devices:\n" DEVICE("a", "sim"));
	assert_true(case_turn_until(only_a_is_left));
}

static void one_that_is_to_be_reset_is_taken_out(void **state)
{
	(void)state;
	reset_and_take_out(false);
}

static void one_that_is_being_reset_is_taken_out(void **state)
{
	(void)state;
	reset_and_take_out(true);
}

/* No descriptor is to be had while the buses start. */
static void start_without_descriptors(void)
{
	struct config_errors errors;
	struct config *config;
	struct rlimit before, none;

	configure(TWO);
	config_errors_init(&errors);
	config = config_load(&gateway.services.dirs, &errors);
	assert_int_equal(errors.n, 0);
	config_errors_finish(&errors);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	gateway_apply(&gateway, config, monotonic_read());
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_non_null(gateway.buses);
	assert_null(gateway.buses->bus);
	assert_non_null(gateway.buses->trouble);
	assert_int_equal(gateway.services.n_endpoints, 0);
}

static void a_bus_that_cannot_start_tries_again(void **state)
{
	(void)state;
	start_without_descriptors();
	gateway_turn(&gateway, monotonic_read());
	assert_null(gateway.buses->bus);
	gateway_turn(&gateway, monotonic_read() + 60 * SECOND);
	assert_non_null(gateway.buses->bus);
	assert_true(case_turn_until(are_online));
	assert_null(gateway.buses->trouble);
}

static void a_bus_that_cannot_start_is_taken_out(void **state)
{
	(void)state;
	start_without_descriptors();
	start("devices: []\n");
	assert_null(gateway.buses);
}

static void a_bus_that_cannot_start_changes(void **state)
{
	(void)state;
	start_without_descriptors();
	start("buses: {sim: {adapter: sim, quiet_every: 1h, "
	      "quiet_for: 1ms}}\n" TWO);
	assert_true(case_turn_until(are_online));
}

/* tear_down() stops it. */
static void a_bus_that_cannot_start_stops_all_the_same(void **state)
{
	(void)state;
	start_without_descriptors();
}

static void many_endpoints_are_found_by_name(void **state)
{
	size_t n = 0;

	(void)state;
	start("devices:\n"
	      "  - endpoint: \"m-${unit}\"\n"
	      "    bus: sim\n"
	      "    unit: 1-200\n"
	      "    points: [{name: t, value: 1, map: 3303/0}]\n");
	for (struct endpoint *e = gateway_next(&gateway, NULL); e;
	     e = gateway_next(&gateway, e)) {
		assert_ptr_equal(gateway_endpoint(&gateway, e->conf->endpoint),
				 e);
		n++;
	}
	assert_int_equal(n, 200);
	assert_null(gateway_endpoint(&gateway, "m-201"));
}


static int64_t number_at(const struct endpoint *e, struct lwm2m_path path)
{
	const struct tree_slot *slot = tree_find(&e->tree, &path);
	struct lwm2m_value value;
	uint8_t bytes[64];
	struct buf texts = buf_over(bytes, sizeof(bytes));

	assert_non_null(slot);
	value = endpoint_value(e, &path, slot, monotonic_read(), &texts);
	return value.type == LWM2M_INTEGER ? value.as.integer : -1;
}

static void heard_with(struct endpoint *e, int rssi)
{
	endpoint_message(e, &(struct bus_message){.event = BUS_HEARD,
			 .error = rssi, .when = monotonic_read()}, monotonic_read());
}

static void the_status_says_why_a_device_is_not_well(void **state)
{
	struct endpoint *e;
	char why[80];

	(void)state;
	configure(TWO);
	assert_true(case_reload());
	assert_true(case_turn_until(are_online));
	e = gateway_endpoint(&gateway, "a");
	endpoint_trouble(e, monotonic_read(), why, sizeof(why));
	assert_string_equal(why, "");
	endpoint_message(e, &(struct bus_message){.event = BUS_NO_ANSWER,
			 .error = -EBUSY, .tries = 1, .text = (char[]){"held by another"}}, monotonic_read());
	endpoint_trouble(e, monotonic_read(), why, sizeof(why));
	assert_string_equal(why, "held by another");
	endpoint_message(e, &(struct bus_message){.event = BUS_NOTE,
			 .text = (char[]){"no key"}}, monotonic_read());
	endpoint_trouble(e, monotonic_read(), why, sizeof(why));
	assert_string_equal(why, "no key");
	/* an answer ends what a miss was, and not what the adapter says */
	heard_with(e, 0);
	endpoint_trouble(e, monotonic_read(), why, sizeof(why));
	assert_string_equal(why, "no key");
	endpoint_message(e, &(struct bus_message){.event = BUS_NOTE},
			 monotonic_read());
	endpoint_trouble(e, monotonic_read(), why, sizeof(why));
	assert_string_equal(why, "");
	e->life.state = LIVENESS_SILENT;
	endpoint_trouble(e, monotonic_read(), why, sizeof(why));
	assert_string_equal(why, "not heard any more");	/* no clock here */
	gateway.services.wall.offset = WALL_KNOWN + 90 * SECOND -
				       e->life.seen;
	endpoint_trouble(e, e->life.seen + 3600 * SECOND, why, sizeof(why));
	assert_string_equal(why, "not heard since 2020-01-01T00:01:30Z");
	e->life.state = LIVENESS_UNKNOWN;
	e->life.heard = false;
	endpoint_trouble(e, monotonic_read(), why, sizeof(why));
	assert_string_equal(why, "never heard");
}

static void signal_of_a_radio(void **state)
{
	struct endpoint *e;

	(void)state;
	configure(TWO);
	assert_true(case_reload());
	assert_true(case_turn_until(are_online));
	e = gateway_endpoint(&gateway, "a");
	assert_false(tree_has_object(&e->tree, 4));
	heard_with(e, -70);
	assert_int_equal(number_at(e, path_resource(4, 0, 2)), -70);
	assert_int_equal(number_at(e, path_element(3, 0, 11, 0)), 0);
	heard_with(e, -100);	/* one packet says little */
	assert_int_equal(number_at(e, path_resource(4, 0, 2)), -100);
	assert_int_equal(number_at(e, path_element(3, 0, 11, 0)), 0);
	assert_int_equal(e->rssi_told, -70);
	for (int i = 0; i < 50; i++)
		heard_with(e, -101);
	assert_int_equal(number_at(e, path_element(3, 0, 11, 0)), 4);
	assert_true(e->rssi_told < -95);
	for (int i = 0; i < 50; i++)
		heard_with(e, -97);	/* between the limits */
	assert_int_equal(number_at(e, path_element(3, 0, 11, 0)), 4);
	heard_with(e, 0);	/* not known this time */
	assert_int_equal(number_at(e, path_resource(4, 0, 2)), -97);
	for (int i = 0; i < 50; i++)
		heard_with(e, -90);
	assert_int_equal(number_at(e, path_element(3, 0, 11, 0)), 0);
}

static bool has_errors(struct endpoint *e, int64_t first, int64_t second)
{
	struct lwm2m_path path = path_element(3, 0, 11, 1);

	return number_at(e, path_element(3, 0, 11, 0)) == first &&
	       (second ? tree_find(&e->tree, &path) &&
			 number_at(e, path) == second :
			 !tree_find(&e->tree, &path));
}

static void error_codes_come_and_go(void **state)
{
	struct endpoint *e;

	(void)state;
	configure(TWO);
	assert_true(case_reload());
	assert_true(case_turn_until(are_online));
	e = gateway_endpoint(&gateway, "a");
	assert_true(has_errors(e, 0, 0));
	endpoint_error(e, ERROR_PERIPHERAL, true, monotonic_read());
	assert_true(has_errors(e, 8, 0));
	endpoint_error(e, ERROR_LOW_BATTERY, true, monotonic_read());
	assert_true(has_errors(e, 1, 8));
	endpoint_error(e, ERROR_LOW_BATTERY, false, monotonic_read());
	assert_true(has_errors(e, 8, 0));
	endpoint_error(e, ERROR_LOW_SIGNAL, true, monotonic_read());
	endpoint_errors_reset(e, monotonic_read());
	assert_true(has_errors(e, 0, 0));
	/* the other endpoint shared the slots: its own are untouched */
	assert_true(has_errors(gateway_endpoint(&gateway, "b"), 0, 0));
}

/* One that is not open, as after a reload that took it out. */
static void a_message_of_no_module_is_passed_over(void **state)
{
	struct module_message m = {.link = 0, .event = MODULE_NUMBER,
				   .text = strdup("+491701234567"),
				   .bytes = calloc(1, 1)};

	(void)state;
	assert_true(mailbox_put(gateway.module_mail, &m));
	assert_false(gateway_modules_turn(&gateway, monotonic_read()));
	assert_null(gateway.services.sms.number);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, case_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(the_status_says_why_a_device_is_not_well),
		CASE(signal_of_a_radio),
		CASE(error_codes_come_and_go),
		CASE(starts_and_stops),
		CASE(stops_before_anything_has_begun),
		CASE(untouched_endpoints_are_the_same),
		CASE(a_wrong_file_leaves_all_as_it_is),
		CASE(reloads_in_a_row_end_with_the_last),
		CASE(a_bus_that_changes_brings_its_devices_back),
		CASE(all_taken_out_leaves_nothing),
		CASE(a_factory_reset_starts_it_anew),
		CASE(one_that_is_to_be_reset_is_taken_out),
		CASE(one_that_is_being_reset_is_taken_out),
		CASE(a_bus_that_cannot_start_tries_again),
		CASE(a_bus_that_cannot_start_is_taken_out),
		CASE(a_bus_that_cannot_start_changes),
		CASE(a_bus_that_cannot_start_stops_all_the_same),
		CASE(many_endpoints_are_found_by_name),
		CASE(a_message_of_no_module_is_passed_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
