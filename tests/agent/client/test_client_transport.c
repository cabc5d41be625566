/* SPDX-License-Identifier: GPL-2.0-or-later
 * Which of its server's transports a client is at, of an endpoint whose server
 * is an address that nobody answers at. */
#include "tests/agent/gateway/gateway_case.h"
#include <json-c/json.h>
#include "agent/client/client_host.h"
#include "agent/client/client_private.h"
#include "agent/client/client_session.h"
#include "agent/control/overview.h"
#include "objects/ids.h"

#define HOUR (3600 * SECOND)
#define SITE "gateway: {name: g}\n" \
	"servers:\n" \
	"  - {id: 1, uri: \"coap://127.0.0.1:9\", " \
	"other_uri: \"coap+tcp://127.0.0.1:10\", lwm2m: \"1.1\", pace: 0}\n" \
	"devices:\n" \
	"  - {endpoint: a, bus: sim, points: " \
	"[{name: t, value: 21, map: 3303/0}]}\n"

static const struct lwm2m_path preferred_transport = {
	.id = {ID_SERVER, 0, ID_SERVER_PREFERRED}, .depth = 3,
};

static bool is_known(void)
{
	const struct endpoint *a = gateway_endpoint(&gateway, "a");

	return a && a->round_done && a->life.state == LIVENESS_ONLINE;
}

static struct client *client_only(void)
{
	return &case_endpoint("a")->clients[0];
}

static int set_up(void **state)
{
	if (case_set_up(state))
		return -1;
	case_start(SITE);
	if (!case_turn_until(is_known))
		return -1;
	client_event(client_only(), REGISTRATION_START, 0, 0, monotonic_read());
	return client_only()->registration.state == REGISTRATION_REGISTERING ?
	       0 : -1;
}

static void prefer(struct client *c, const char *letter)
{
	struct lwm2m_value value = lwm2m_string(letter, 1);

	assert_int_equal(tree_set(client_tree(c), &preferred_transport, &value,
				  0), 0);
}

/* As if the Register that is under way had an answer. */
static void registered(struct client *c, int64_t now)
{
	if (c->connection)
		client_disconnect(c);
	server_heard(c->server, now);
	client_event(c, REGISTRATION_ANSWER, CODE(2, 1), 0, now);
	assert_true(client_is_registered(c));
}

static void lost(struct client *c, int64_t now)
{
	if (c->connection)
		client_disconnect(c);
	client_event(c, REGISTRATION_LOST, 0, 0, now);
}

static void counts_are(const struct server *s, size_t clients, size_t registered)
{
	assert_int_equal(s->n_clients, clients);
	assert_int_equal(s->n_registered, registered);
}

static void each_register_begins_at_the_preferred_one(void **state)
{
	struct client *c = client_only();
	struct server *udp = c->server, *tcp = udp->other;
	int64_t now = monotonic_read();

	(void)state;
	assert_false(udp->conf->tcp);
	assert_true(tcp->conf->tcp);
	assert_ptr_equal(client_preferred(c), udp);
	lost(c, now);
	assert_ptr_equal(c->server, tcp);
	assert_int_equal(c->registration.state, REGISTRATION_REGISTERING);
	assert_int_equal(c->registration.attempt, 0);	/* none has failed yet */
	counts_are(udp, 0, 0);
	counts_are(tcp, 1, 0);
	lost(c, now);
	assert_ptr_equal(c->server, tcp);
	assert_int_equal(c->registration.state, REGISTRATION_WAITING);
	assert_int_equal(c->registration.attempt, 1);
	client_event(c, REGISTRATION_TIMER, 0, 0, c->registration.next);
	assert_ptr_equal(c->server, udp);
	assert_int_equal(c->registration.state, REGISTRATION_REGISTERING);
	counts_are(udp, 1, 0);
	counts_are(tcp, 0, 0);
	registered(c, now);
	counts_are(udp, 1, 1);
}

/* What the server refuses over one transport, it refuses over the other. */
static void a_refusal_changes_nothing(void **state)
{
	struct client *c = client_only();
	struct server *udp = c->server;
	int64_t now = monotonic_read();

	(void)state;
	client_disconnect(c);
	client_event(c, REGISTRATION_ANSWER, CODE(4, 3), 0, now);
	assert_ptr_equal(c->server, udp);
	assert_int_equal(c->registration.state, REGISTRATION_WAITING);
}

static void one_looks_for_the_way_back_once_an_hour(void **state)
{
	struct client *c = client_only();
	struct server *udp = c->server, *tcp = udp->other;
	int64_t now = monotonic_read();

	(void)state;
	lost(c, now);
	registered(c, now + 1);
	client_transport_return(c, now + HOUR - 1);
	assert_ptr_equal(c->server, tcp);
	assert_true(client_is_registered(c));
	client_transport_return(c, now + HOUR);
	assert_ptr_equal(c->server, udp);
	assert_int_equal(c->registration.state, REGISTRATION_REGISTERING);
	lost(c, now + HOUR);
	assert_ptr_equal(c->server, tcp);
	registered(c, now + HOUR);
	client_transport_return(c, now + HOUR + 1);	/* it was tried just now */
	assert_ptr_equal(c->server, tcp);
	counts_are(udp, 0, 0);
	counts_are(tcp, 1, 1);
	server_heard(udp, now + HOUR + 2);	/* another has got through */
	client_transport_return(c, now + HOUR + 3);
	assert_ptr_equal(c->server, udp);
}

/* It was registered over the other one, whose session ends, and where nobody is
 * any more: the preferred one has not been asked for long. */
static void what_ends_at_the_other_goes_on_at_the_preferred(void **state)
{
	struct client *c = client_only();
	struct server *udp = c->server, *tcp = udp->other;
	int64_t now = monotonic_read();

	(void)state;
	for (int i = 0; i < 2; i++) {
		lost(c, now);
		assert_ptr_equal(c->server, tcp);
		registered(c, now);
		client_event(c, REGISTRATION_CUT, 0, 0, now);
		assert_ptr_equal(c->server, tcp);
		lost(c, now);
		assert_ptr_equal(c->server, udp);
		assert_int_equal(c->registration.state,
				 REGISTRATION_REGISTERING);
		assert_int_equal(c->registration.attempt, 0);
		counts_are(udp, 1, 0);
		counts_are(tcp, 0, 0);
	}
	lost(c, now);			/* each once more, and no further */
	assert_ptr_equal(c->server, tcp);
	assert_int_equal(c->registration.state, REGISTRATION_REGISTERING);
	lost(c, now);
	assert_int_equal(c->registration.state, REGISTRATION_WAITING);
	assert_int_equal(c->registration.attempt, 1);
}

/* Others are heard over the preferred one all the time. */
static void who_alone_finds_no_way_back_tries_it_seldom(void **state)
{
	struct client *c = client_only();
	struct server *udp = c->server, *tcp = udp->other;
	int64_t now = monotonic_read();
	int tries = 0;

	(void)state;
	lost(c, now);
	registered(c, now);
	for (int64_t at = now + 60 * SECOND; at <= now + 10 * HOUR;
	     at += 60 * SECOND) {
		server_heard(udp, at);
		client_transport_return(c, at);
		if (c->server != udp)
			continue;
		tries++;
		lost(c, at);
		assert_ptr_equal(c->server, tcp);
		registered(c, at);
	}
	assert_in_range(tries, 10, 12);
	client_transport_return(c, now + 11 * HOUR);
	assert_ptr_equal(c->server, udp);
	registered(c, now + 11 * HOUR);
	client_transport_return(c, now + 11 * HOUR);	/* an Update's answer */
	/* that is over: it follows at once again */
	client_event(c, REGISTRATION_CUT, 0, 0, now + 11 * HOUR);
	lost(c, now + 11 * HOUR);
	assert_ptr_equal(c->server, tcp);
	registered(c, now + 11 * HOUR);
	server_heard(udp, now + 11 * HOUR + 1);
	client_transport_return(c, now + 11 * HOUR + 2);
	assert_ptr_equal(c->server, udp);
}

static void what_the_server_prefers_is_gone_to(void **state)
{
	struct client *c = client_only();
	struct server *udp = c->server, *tcp = udp->other;
	int64_t now = monotonic_read();

	(void)state;
	registered(c, now);
	client_prefer(c, now);			/* it is there */
	assert_int_equal(c->enable_at, INT64_MAX);
	prefer(c, "T");
	client_prefer(c, now);
	assert_int_equal(c->enable_at, now + SECOND);
	assert_ptr_equal(c->server, udp);	/* the answer goes first */
	client_due(c, now + SECOND);
	assert_ptr_equal(c->server, tcp);
	assert_int_equal(c->registration.state, REGISTRATION_REGISTERING);
	registered(c, now + SECOND);
	counts_are(udp, 0, 0);
	counts_are(tcp, 1, 1);
	client_transport_return(c, now + 2 * SECOND);
	assert_ptr_equal(c->server, tcp);
}

static bool is_said(const char *text)
{
	struct json_object *reasons = overview_reasons(&gateway,
						       monotonic_read());
	bool said = strstr(json_object_get_string(reasons), text) != NULL;

	json_object_put(reasons);
	return said;
}

/* One is registered over the one transport while another waits at the other. */
static void a_server_that_has_somebody_is_there(void **state)
{
	struct client *c = client_only();
	struct server *udp = c->server, *tcp = udp->other;
	int64_t now = monotonic_read();

	(void)state;
	assert_true(is_said("nobody is registered at server 1"));
	lost(c, now);
	assert_true(is_said("nobody is registered at server 1"));
	registered(c, now);
	assert_ptr_equal(c->server, tcp);
	udp->n_clients++;
	assert_false(is_said("nobody is registered at server 1"));
	udp->n_clients--;
}

static void one_that_leaves_tries_no_other(void **state)
{
	struct client *c = client_only();
	struct server *udp = c->server;
	int64_t now = monotonic_read();

	(void)state;
	client_event(c, REGISTRATION_STOP, 0, 0, now);
	endpoint_leave(c->endpoint, false, now);
	lost(c, now);
	assert_ptr_equal(udp->other->first, NULL);
}

int main(void)
{
#define TRANSPORT_TEST(name) \
	cmocka_unit_test_setup_teardown(name, set_up, case_tear_down)
	const struct CMUnitTest tests[] = {
		TRANSPORT_TEST(each_register_begins_at_the_preferred_one),
		TRANSPORT_TEST(a_refusal_changes_nothing),
		TRANSPORT_TEST(one_looks_for_the_way_back_once_an_hour),
		TRANSPORT_TEST(what_ends_at_the_other_goes_on_at_the_preferred),
		TRANSPORT_TEST(who_alone_finds_no_way_back_tries_it_seldom),
		TRANSPORT_TEST(what_the_server_prefers_is_gone_to),
		TRANSPORT_TEST(a_server_that_has_somebody_is_there),
		TRANSPORT_TEST(one_that_leaves_tries_no_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
