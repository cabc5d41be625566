/* SPDX-License-Identifier: GPL-2.0-or-later
 * What a client sends, as its server's socket gets it: Register, Update and
 * notifications. */
#include "tests/agent/gateway/gateway_case.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include "agent/client/client_host.h"
#include "agent/client/client_private.h"
#include "agent/client/client_session.h"

static const struct lwm2m_path sensor = {{3303, 0, 5700}, 3};
static int server_socket = -1;
static uint8_t datagram[2048];
static size_t n_datagram;

static bool is_known(void)
{
	const struct endpoint *a = gateway_endpoint(&gateway, "a");

	return a && a->round_done && a->life.state == LIVENESS_ONLINE;
}

static uint16_t server_listen(void)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(at);

	server_socket = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_true(server_socket >= 0);
	assert_int_equal(bind(server_socket, (struct sockaddr *)&at,
			      sizeof(at)), 0);
	assert_int_equal(getsockname(server_socket, (struct sockaddr *)&at,
				     &length), 0);
	return ntohs(at.sin_port);
}

/* of_server, of_device: keys of the two. */
static struct client *client_begin(const char *of_server, const char *of_device)
{
	char site[512];
	struct client *c;

	snprintf(site, sizeof(site), "gateway: {name: g}\n"
		 "servers: [{id: 1, uri: \"coap://127.0.0.1:%u\"%s}]\n"
		 "devices:\n"
		 "  - {endpoint: a, bus: sim, lifetime: 300s%s, points: "
		 "[{name: t, value: 21, map: 3303/0}]}\n", server_listen(),
		 of_server, of_device);
	case_start(site);
	assert_true(case_turn_until(is_known));
	assert_int_equal(case_endpoint("a")->n_clients, 1);
	c = &case_endpoint("a")->clients[0];
	assert_true(client_connect(c, monotonic_read()));
	return c;
}

static int tear_down(void **state)
{
	close(server_socket);
	return case_tear_down(state);
}

static void server_receive(void)
{
	struct pollfd at = {.fd = server_socket, .events = POLLIN};
	ssize_t n;

	assert_int_equal(poll(&at, 1, 60000), 1);
	n = recv(server_socket, datagram, sizeof(datagram), 0);
	assert_true(n >= 4);
	n_datagram = (size_t)n;
}

static bool server_got(const char *text)
{
	return memmem(datagram, n_datagram, text, strlen(text)) != NULL;
}

static void client_say(struct client *c, enum registration_send what,
		       uint8_t changes)
{
	c->wanted = (uint8_t)what;
	c->wanted_changes = changes;
	assert_true(client_register(c, monotonic_read()) >= 0);
	assert_int_equal(c->wanted, REGISTRATION_NOTHING);
	assert_int_equal(c->under_way, what);
	server_receive();
}

/* Options are a byte of delta and length each, then the text: none of these is
 * the beginning of another. */
static void a_register_says_all(void **state)
{
	struct client *c = client_begin("", "");

	(void)state;
	client_say(c, REGISTRATION_SEND_REGISTER, 0);
	assert_int_equal(datagram[1], 0x02);
	assert_true(server_got("\xb2rd"));		/* Uri-Path */
	assert_true(server_got("\x34" "ep=a"));		/* Uri-Query */
	assert_true(server_got("\x06" "lt=300"));
	assert_true(server_got("\x09" "lwm2m=1.1"));
	assert_true(server_got("\x03" "b=U"));
	assert_false(server_got("\x01Q"));
	assert_true(server_got("</3303/0>"));
}

/* Core TS 6.2.1.2: b=UQ is of 1.0, a bare Q of 1.1. */
static void queue_mode_is_said_as_its_version_says_it(void **state)
{
	struct client *c = client_begin("", ", queue: true");

	(void)state;
	client_say(c, REGISTRATION_SEND_REGISTER, 0);
	assert_true(server_got("\x03" "b=U\x01Q"));
	assert_true(c->said_queue);
	c->registration.lwm2m_1_0 = true;
	coap_give_up(c->connection);
	client_say(c, REGISTRATION_SEND_REGISTER, 0);
	assert_true(server_got("\x04" "b=UQ"));
	assert_false(server_got("\x01Q"));
}

static void location_set(struct client *c)
{
	static const char location[] = "\2rd\3abc";

	c->n_location = sizeof(location) - 1;
	c->location = malloc(sizeof(location));
	assert_non_null(c->location);
	memcpy(c->location, location, sizeof(location));
}

static void an_update_says_what_has_changed(void **state)
{
	struct client *c = client_begin("", "");

	(void)state;
	location_set(c);
	client_say(c, REGISTRATION_SEND_UPDATE, 0);
	assert_true(server_got("\xb2rd\x03" "abc"));
	assert_false(server_got("lt="));
	assert_false(server_got("</3303/0>"));
	coap_give_up(c->connection);
	client_say(c, REGISTRATION_SEND_UPDATE,
		   REGISTRATION_LIFETIME | REGISTRATION_OBJECTS);
	assert_true(server_got("lt=300"));
	assert_true(server_got("</3303/0>"));
	coap_give_up(c->connection);
	client_say(c, REGISTRATION_SEND_DEREGISTER, 0);
	assert_int_equal(datagram[1], 0x04);
	assert_false(server_got("lt="));
}

/* Registered as far as it knows, and observed by the token `t`. */
static struct observation *observed_begin(struct client *c)
{
	struct request_outcome outcome = {.kind = REQUEST_OBSERVE,
					  .format = 0, .path = sensor};

	c->registration.state = REGISTRATION_REGISTERED;
	c->server->n_registered++;
	assert_true(client_observe(c, &outcome, (const uint8_t *)"t", 1,
				   monotonic_read()) >= 0);
	assert_non_null(c->observations);
	return c->observations;
}

static void value_set(struct client *c, double value, int64_t now)
{
	struct lwm2m_value number = lwm2m_float(value);

	assert_int_equal(tree_set(client_tree(c), &sensor, &number,
				  CASE_WALL + now), 0);
	client_changed(c, &sensor, &number, now);
}

static void what_changes_is_told_when_its_time_has_come(void **state)
{
	struct client *c = client_begin(", notify: non", "");
	struct observation *o = observed_begin(c);
	int64_t now = monotonic_read();

	(void)state;
	o->pmin = 5;
	observe_sent(o, now);
	value_set(c, 22, now);
	assert_true(client_notify_next(c, now) == now + 5 * SECOND);
	client_notify(c, now + 5 * SECOND);
	server_receive();
	assert_int_equal(datagram[1], 0x45);
	assert_int_equal(datagram[4], 't');
	assert_true(server_got("\xff" "22"));
	assert_true(client_notify_next(c, now) > now + 5 * SECOND);
	c->registration.state = REGISTRATION_OFF;
	c->server->n_registered--;
	assert_true(client_notify_next(c, now) == INT64_MAX);
}

static void a_reset_ends_one_and_silence_all(void **state)
{
	struct client *c = client_begin(", notify: non", "");
	int64_t now = monotonic_read();

	(void)state;
	observed_begin(c);
	client_notification_ended(c, COAP_REFUSED, (const uint8_t *)"t", 1,
				  now);
	assert_null(c->observations);
	assert_int_equal(c->registration.state, REGISTRATION_REGISTERED);
	c->server->n_registered--;
	observed_begin(c);
	client_notification_ended(c, COAP_NO_ANSWER, (const uint8_t *)"t", 1,
				  now);
	assert_null(c->observations);
	assert_int_not_equal(c->registration.state, REGISTRATION_REGISTERED);
}

#define CASE(name) \
	cmocka_unit_test_setup_teardown(name, case_set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_register_says_all),
		CASE(queue_mode_is_said_as_its_version_says_it),
		CASE(an_update_says_what_has_changed),
		CASE(what_changes_is_told_when_its_time_has_come),
		CASE(a_reset_ends_one_and_silence_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
