/* SPDX-License-Identifier: GPL-2.0-or-later
 * A device behind the gateway: its client has the connection and the
 * registration of the gateway's own. The server is an address that nobody
 * answers at. */
#include "tests/agent/gateway/gateway_case.h"
#include "agent/client/client_carry.h"
#include "agent/client/client_host.h"
#include "agent/client/client_session.h"
#include "agent/client/forward_private.h"

#define SITE "gateway: {name: g, endpoint: gw, object_25: true}\n" \
	"servers: [{id: 1, uri: \"coap://127.0.0.1:9\"}]\n" \
	"devices:\n" \
	"  - {endpoint: a, bus: sim, via: gateway, points: " \
	"[{name: t, value: 21, map: 3303/0}]}\n"

static const struct lwm2m_path sensor = {{3303, 0, 5700}, 3};

static bool is_known(void)
{
	const struct endpoint *a = gateway_endpoint(&gateway, "a");

	return a && a->round_done && a->life.state == LIVENESS_ONLINE &&
	       a->n_clients;
}

static int set_up(void **state)
{
	if (case_set_up(state))
		return -1;
	case_start(SITE);
	return case_turn_until(is_known) ? 0 : -1;
}

static struct client *client_of(const char *endpoint)
{
	assert_int_equal(case_endpoint(endpoint)->n_clients, 1);
	return &case_endpoint(endpoint)->clients[0];
}

/* As if the server had said so. */
static void carrier_register(struct client *carrier, int64_t now)
{
	static const char location[] = "\2rd";

	assert_true(client_connect(carrier, now));
	carrier->n_location = sizeof(location) - 1;
	carrier->location = malloc(sizeof(location));
	assert_non_null(carrier->location);
	memcpy(carrier->location, location, sizeof(location));
	carrier->registration.state = REGISTRATION_REGISTERED;
	carrier->server->n_registered++;
	client_carry_registered(carrier, true, now);
}

static void it_is_where_its_carrier_is(void **state)
{
	struct client *by = client_of("gw"), *a = client_of("a");
	int64_t now = monotonic_read();

	(void)state;
	assert_true(client_is_carried(a));
	assert_false(client_is_carried(by));
	assert_ptr_equal(client_carrier(a), by);
	assert_ptr_equal(client_carried(by, client_device(a)), a);
	assert_null(client_carried(by, (uint16_t)(client_device(a) + 1)));
	assert_null(client_line(a));
	carrier_register(by, now);
	assert_ptr_equal(client_line(a), by->connection);
	assert_int_equal(a->registration.state, REGISTRATION_REGISTERED);
	assert_int_equal(a->server->n_registered, 2);
	client_carry_end(by);
	assert_null(client_line(a));
	assert_ptr_equal(client_carrier(a), a);
	assert_int_equal(a->registration.state, REGISTRATION_OFF);
	assert_int_equal(a->server->n_registered, 1);
}

/* The carrier takes its leave while a message of another is under way: that one
 * has ended, and what comes then is the carrier's own. */
static void a_good_bye_ends_what_another_has_said(void **state)
{
	struct client *by = client_of("gw"), *a = client_of("a");
	int64_t now = monotonic_read();

	(void)state;
	carrier_register(by, now);
	assert_int_equal(forward_send(a, &sensor, now), 1);
	forward_turn(&gateway.services, now);
	assert_int_equal(a->forward->pinned, 1);
	assert_true(client_is_speaking(a));
	client_deregister_unconfirmed(by, now);
	assert_int_equal(a->forward->pinned, 0);
	assert_int_equal(a->forward->n, 1);
	assert_ptr_equal(client_spoken(by), by);
}

/* The gateway has other accounts, with the same server among them: what is
 * observed of the device is kept until it is observed again. */
static void what_is_observed_goes_on_with_the_next_carrier(void **state)
{
	struct client *by = client_of("gw"), *a = client_of("a");
	int64_t now = monotonic_read();

	(void)state;
	carrier_register(by, now);
	a->observations = observe_create(&sensor, NULL, 0, FORMAT_NONE);
	assert_non_null(a->observations);
	gateway.services.dry = false;	/* where nothing is kept */
	forward_hand_over(by, now);
	gateway.services.dry = true;
	assert_null(a->observations);
	assert_non_null(a->forward);
	assert_non_null(a->forward->lost);
}

/* Its endpoint has other clients of its own: what it has asked for, what is asked
 * of it and its time find it at its new place. */
static void it_moves_with_all_that_points_at_it(void **state)
{
	struct client *by = client_of("gw"), *a = client_of("a");
	int64_t now = monotonic_read();
	struct client *to = calloc(1, sizeof(*to));

	(void)state;
	assert_non_null(to);
	carrier_register(by, now);
	assert_int_equal(forward_send(a, &sensor, now), 1);
	forward_turn(&gateway.services, now);
	assert_true(client_is_speaking(a));
	client_enable_later(a, 5, now);
	client_carry_move(a, to);
	assert_ptr_equal(client_carried(by, client_device(to)), to);
	assert_ptr_equal(client_carrier(to), by);
	assert_ptr_equal(to->forward->client, to);
	assert_true(client_is_speaking(to));
	assert_ptr_equal(client_spoken(by), to);
	assert_int_not_equal(to->due.place, 0);
	assert_int_equal(a->due.place, 0);
	assert_false(client_is_carried(a));
	client_carry_move(to, a);
	assert_ptr_equal(client_carried(by, client_device(a)), a);
	free(to);
}

/* safe_after runs from the start of an Update that nobody answers, as it does of
 * one that registers by itself. */
static void an_update_of_the_carrier_is_nobodys_word(void **state)
{
	struct config_device *conf = (struct config_device *)(uintptr_t)
				     case_endpoint("a")->conf;
	struct client *by = client_of("gw");
	int64_t now = monotonic_read(), after = 60 * INT64_C(1000000000);

	(void)state;
	conf->safe_after = after;
	carrier_register(by, now);
	by->registration.expires = now + after;
	assert_int_equal(case_endpoint("a")->safe_at, 0);
	client_event(by, REGISTRATION_TRIGGER, 0, 0, now);
	assert_int_equal(by->registration.state, REGISTRATION_UPDATING);
	assert_int_equal(case_endpoint("a")->safe_at, now + after);
	client_event(by, REGISTRATION_ANSWER, CODE(2, 4), 0, now + after / 2);
	assert_int_equal(case_endpoint("a")->safe_at, 0);
}

/* A notification of the sensor's, which nobody answers. */
static void device_notify(struct client *a, struct observation *o, int64_t now)
{
	assert_int_equal(coap_notify(client_line(a), &(struct coap_notification){
		.token = (const uint8_t[]){7}, .token_length = 1,
		.code = 0x45, .confirmable = true, .format = FORMAT_NONE,
		.sequence = 1, .uri = "3303/0/5700",
		.payload = (const uint8_t[]){0}, .length = 1}, now), 0);
	client_spoke(a);
	assert_true(forward_is_busy(a));
	o->news = true;
	forward_notified(a, o, now);
	assert_int_equal(a->forward->waiting.n, 1);
	assert_int_equal(a->forward->n_live, 1);
}

/* The accounts become others while a notification has no answer, and a newer
 * value waits for its pmin. */
static void what_is_undecided_goes_before_what_is_newer(void **state)
{
	struct client *by = client_of("gw"), *a = client_of("a");
	const struct lwm2m_path around = path_instance(3303, 0);
	struct observation *told = observe_create(&sensor, NULL, 0, FORMAT_NONE),
			   *waits = observe_create(&around, NULL, 0, FORMAT_NONE);
	struct lwm2m_value newer = lwm2m_float(22);
	struct queue_cursor at = {0};
	struct queued_record k;
	int64_t now = monotonic_read();

	(void)state;
	assert_true(told && waits);
	carrier_register(by, now);
	gateway.services.dry = false;	/* where nothing is kept */
	a->observations = told;
	told->next = waits;
	device_notify(a, told, now);
	waits->newest_sent = told->newest_sent;
	waits->pmin = 60;
	waits->pending = waits->news = true;
	assert_int_equal(tree_set(client_tree(a), &sensor, &newer,
				  told->newest_sent + SECOND), 0);
	forward_hand_over(by, now);
	gateway.services.dry = true;
	assert_int_equal(a->forward->waiting.n, 0);
	assert_int_equal(a->forward->kept.n, 2);
	assert_true(queue_next(&a->forward->kept, &at, &k));
	assert_true(lwm2m_number(&k.record.value) == 21);
	assert_true(queue_next(&a->forward->kept, &at, &k));
	assert_true(lwm2m_number(&k.record.value) == 22);
}

#define CASE(name) \
	cmocka_unit_test_setup_teardown(name, set_up, case_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(it_is_where_its_carrier_is),
		CASE(a_good_bye_ends_what_another_has_said),
		CASE(what_is_observed_goes_on_with_the_next_carrier),
		CASE(it_moves_with_all_that_points_at_it),
		CASE(an_update_of_the_carrier_is_nobodys_word),
		CASE(what_is_undecided_goes_before_what_is_newer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
