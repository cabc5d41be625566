/* SPDX-License-Identifier: GPL-2.0-or-later
 * Sessions, fetches and what a client has to say, of an endpoint whose servers
 * are addresses that nobody answers at. */
#include "tests/agent/gateway/gateway_case.h"
#include <errno.h>
#include "agent/client/client_session.h"
#include "agent/client/forward_private.h"
#include "agent/endpoint/fetch.h"
#include "objects/codec.h"

#define SITE "gateway: {name: g}\n" \
	"servers:\n" \
	"  - {id: 1, uri: \"coap://127.0.0.1:9\"}\n" \
	"  - {id: 2, uri: \"coaps://127.0.0.1:10\", security: psk, " \
	"identity: nobody, key_file: key}\n" \
	"devices:\n" \
	"  - {endpoint: a, bus: sim, points: " \
	"[{name: t, value: 21, map: 3303/0}]}\n"

static bool is_known(void)
{
	const struct endpoint *a = gateway_endpoint(&gateway, "a");

	return a && a->round_done && a->life.state == LIVENESS_ONLINE;
}

static int set_up(void **state)
{
	char path[128];

	if (case_set_up(state))
		return -1;
	case_file("key", "000102030405060708090a0b0c0d0e0f\n");
	snprintf(path, sizeof(path), "%s/key", case_directory);
	chmod(path, 0600);
	case_start(SITE);
	return case_turn_until(is_known) ? 0 : -1;
}

static struct client *client_of(uint16_t id)
{
	struct endpoint *e = case_endpoint("a");

	for (size_t i = 0; i < e->n_clients; i++)
		if (e->clients[i].server->conf->id == id)
			return &e->clients[i];
	fail_msg("no client of server %u", id);
	return NULL;
}

static void the_keys_are_those_of_the_files(void **state)
{
	struct client *c = client_of(2);
	struct credentials keys;
	char why[200];

	(void)state;
	assert_int_equal(client_session_keys(c->endpoint, c->server, &keys, why,
					     sizeof(why)), 0);
	assert_int_equal(keys.mode, SECURITY_PSK);
	credentials_wipe(&keys);
	case_file("key", "no key\n");
	assert_true(client_session_keys(c->endpoint, c->server, &keys, why,
					sizeof(why)) < 0);
	assert_non_null(strstr(why, "key"));
	assert_null(strstr(why, "no key\n"));	/* not what is in it */
	credentials_wipe(&keys);
}

static void a_client_connects_once_and_anew_elsewhere(void **state)
{
	struct client *c = client_of(1);
	struct coap_connection *first;
	int64_t now = monotonic_read();

	(void)state;
	assert_true(client_connect(c, now));
	first = c->connection;
	assert_non_null(first);
	assert_true(client_session_stays(c->server, first));
	assert_true(client_connect(c, now));
	assert_ptr_equal(c->connection, first);
	c->server->address_generation++;	/* its name has another one */
	assert_true(client_connect(c, now));
	assert_int_equal(c->address_generation, c->server->address_generation);
	client_disconnect(c);
	assert_null(c->connection);
	client_disconnect(c);
}

static void a_trouble_of_all_is_a_detail_of_each(void **state)
{
	struct client *c = client_of(1);

	(void)state;
	assert_int_equal(client_session_level(c, LOG_WARN), LOG_WARN);
	client_session_heard(c);
	client_session_good(c);
	assert_int_equal(client_session_level(c, LOG_WARN), LOG_WARN);
}

/* Whoever it answers first is proof for the others, whose messages are not given
 * up yet. */
static void a_server_that_is_silent_for_long_is_away(void **state)
{
	struct client *c = client_of(1);

	(void)state;
	c->server->away = false;
	client_silent(c, NULL, c->server->heard + 3600 * SECOND);
	assert_true(c->server->away);
}

/* ---- Send, and the window of one that sleeps */

static void what_is_sent_waits_for_its_server(void **state)
{
	struct client *c = client_of(1);
	struct lwm2m_path value = path_resource(3303, 0, 5700), none =
		path_resource(3303, 4, 5700);
	int64_t now = monotonic_read();

	(void)state;
	assert_int_equal(endpoint_send(c->endpoint, &none, now), -ENOENT);
	assert_int_equal(forward_send(c, &value, now), 1);
	assert_non_null(c->forward);
	assert_false(forward_may_go(c->forward));	/* not registered */
	assert_int_equal(forward_get(c)->n, 1);
	forward_turn(&gateway.services, now);
	assert_int_equal(c->forward->n, 1);
}

static void what_tells_no_times_tells_no_history(void **state)
{
	(void)state;
	assert_true(forward_tells_times(FORMAT_SENML_CBOR));
	assert_true(forward_tells_times(FORMAT_SENML_JSON));
	assert_false(forward_tells_times(FORMAT_TLV));
	assert_false(forward_tells_times(FORMAT_TEXT));
}

static void who_does_not_sleep_may_always_speak(void **state)
{
	struct client *c = client_of(1);
	struct observation o = {.pending = true};
	int64_t now = monotonic_read();

	(void)state;
	assert_true(client_may_speak(c, now));
	assert_true(client_may_notify(c, &o, now));
}

/* ---- fetches */

static void on_fetched(void *owner, enum firmware_result result,
		       const uint8_t *bytes, size_t n, int64_t now)
{
	(void)owner;
	(void)result;
	(void)bytes;
	(void)n;
	(void)now;
	fail();
}

static struct fetch *fetch(uint16_t server, const char *uri,
			   enum firmware_result *why)
{
	*why = FIRMWARE_INITIAL;
	return fetch_start(case_endpoint("a"), server, uri, strlen(uri), 1000,
			   on_fetched, NULL, why);
}

static void what_is_no_uri_of_ours_is_not_fetched(void **state)
{
	static const char *const wrong[] = {
		"", "coap:", "ftp://127.0.0.1/x", "127.0.0.1/x", "coap://",
	};
	enum firmware_result why;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		assert_null(fetch(1, wrong[i], &why));
		assert_true(why == FIRMWARE_INVALID_URI ||
			    why == FIRMWARE_NO_PROTOCOL);
	}
}

/* The keys are for their server: nobody else gets to see them used. */
static void keys_go_to_their_server_only(void **state)
{
	enum firmware_result why;

	(void)state;
	assert_null(fetch(2, "coaps://192.0.2.1/x", &why));
	assert_int_not_equal(why, FIRMWARE_INITIAL);
}

static void a_fetch_that_is_given_up_says_no_more(void **state)
{
	enum firmware_result why;
	struct fetch *f = fetch(1, "coap://127.0.0.1:9/x", &why);

	(void)state;
	assert_non_null(f);
	fetch_cancel(f);
	fetch_cancel(NULL);
	coap_turn(monotonic_read());
}

#define CASE(name) \
	cmocka_unit_test_setup_teardown(name, set_up, case_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(the_keys_are_those_of_the_files),
		CASE(a_client_connects_once_and_anew_elsewhere),
		CASE(a_trouble_of_all_is_a_detail_of_each),
		CASE(a_server_that_is_silent_for_long_is_away),
		CASE(what_is_sent_waits_for_its_server),
		CASE(what_tells_no_times_tells_no_history),
		CASE(who_does_not_sleep_may_always_speak),
		CASE(what_is_no_uri_of_ours_is_not_fetched),
		CASE(keys_go_to_their_server_only),
		CASE(a_fetch_that_is_given_up_says_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
