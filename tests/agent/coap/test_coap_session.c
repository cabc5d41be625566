/* SPDX-License-Identifier: GPL-2.0-or-later
 * Connections that have a session under them: over TCP byte by byte (RFC 8323),
 * over DTLS as far as a peer sees it that has no key. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "agent/base/limits.h"
#include "agent/coap/coap.h"

#define PATIENCE 5000		/* ms */
#define HANDSHAKE 35000		/* ms: longer than one may last */
#define MS INT64_C(1000000)

/* The gateway's side. */
static struct {
	int requests, ended, idle, broken;
	enum coap_outcome outcome;
	uint8_t code;
	bool defer, new;
	int alert;
	char why[200];
	struct coap_separate *later;
} seen;
static struct coap_connection *connection;
static char why[200];

static void on_request(void *owner, struct coap_exchange *exchange,
		       const struct request *request, const uint8_t *token,
		       uint8_t token_length, int64_t now)
{
	(void)now;
	(void)owner;
	(void)request;
	(void)token;
	(void)token_length;
	seen.requests++;
	if (seen.defer)
		seen.later = coap_separate_begin(exchange);
	else
		coap_respond(exchange, CODE(2, 4), FORMAT_NONE, NULL, 0, -1);
}

static void on_ended(void *owner, enum coap_outcome outcome,
		     const uint8_t *token, uint8_t token_length,
		     const struct coap_answer *answer, int64_t now)
{
	(void)now;
	(void)owner;
	(void)token;
	(void)token_length;
	seen.ended++;
	seen.outcome = outcome;
	seen.code = answer ? answer->code : 0;
}

static void on_idle(void *owner, int64_t now)
{
	(void)now;
	(void)owner;
	seen.idle++;
}

static void on_broken(void *owner, const struct coap_session_failure *failure,
		      int64_t now)
{
	(void)now;
	(void)owner;
	seen.broken++;
	seen.new = failure->new;
	seen.alert = failure->alert;
	strncpy(seen.why, failure->why, sizeof(seen.why) - 1);
	coap_close(connection);
	connection = NULL;
}

static const struct coap_handlers handlers = {
	.request = on_request, .ended = on_ended, .idle = on_idle,
	.broken = on_broken,
};

/* The server's side. */
static int listener, peer;
static struct sockaddr_in address;

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static void turn(int fd)
{
	struct pollfd at = {fd, POLLIN, 0};
	int64_t now = now_ns(), due = coap_due();
	int64_t wait = due <= now ? 0 : (due - now) / MS + 1;
	int most = fd >= 0 ? 1 : 20;	/* ms: there are two to wait for */

	coap_wait(wait > most ? most : (int)wait);
	if (fd >= 0)
		poll(&at, 1, wait > most ? most : (int)wait);
	coap_turn(now_ns());
}

static void drive(int ms)
{
	for (int64_t until = now_ns() + ms * MS; now_ns() < until; )
		turn(-1);
}

/* Until so many bytes are there, all read. */
static void receive(uint8_t *bytes, size_t n)
{
	int64_t until = now_ns() + PATIENCE * MS;
	size_t used = 0;

	while (used < n && now_ns() < until) {
		ssize_t got = recv(peer, bytes + used, n - used, MSG_DONTWAIT);

		if (got > 0)
			used += (size_t)got;
		else
			turn(peer);
	}
	assert_int_equal(used, n);
}

static void receive_nothing(int ms)
{
	uint8_t byte;

	drive(ms);
	assert_int_equal(recv(peer, &byte, 1, MSG_DONTWAIT), -1);
}

#define SEND(...) do { \
	const uint8_t bytes_[] = {__VA_ARGS__}; \
	assert_int_equal(send(peer, bytes_, sizeof(bytes_), 0), \
			 sizeof(bytes_)); \
} while (0)

static void listen_at(int type)
{
	socklen_t size = sizeof(address);

	memset(&seen, 0, sizeof(seen));
	connection = NULL;
	peer = -1;
	listener = socket(AF_INET, type, 0);
	address = (struct sockaddr_in){.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	bind(listener, (struct sockaddr *)&address, sizeof(address));
	getsockname(listener, (struct sockaddr *)&address, &size);
	coap_start(&handlers);
}

static void open_to(enum coap_transport transport)
{
	struct credentials psk = {.mode = SECURITY_PSK};

	credentials_put(&psk.identity, "someone", 7);
	credentials_put(&psk.key, "0123456789abcdef", 16);
	connection = coap_open(&(struct coap_peer){
		.transport = transport, .address = (struct sockaddr *)&address,
		.length = sizeof(address), .credentials = &psk,
	}, &seen, why, sizeof(why), now_ns());
	credentials_wipe(&psk);		/* it has what it needs */
	assert_non_null(connection);
}

static int finish(void **state)
{
	(void)state;
	coap_close(connection);
	coap_stop();
	close(peer);
	close(listener);
	return 0;
}

/* ---- TCP ---- */

static int stream(void **state)
{
	(void)state;
	listen_at(SOCK_STREAM);
	return listen(listener, 1);
}

static void say_hello(void)
{
	static const uint8_t rd[] = {2, 'r', 'd'};

	assert_int_equal(coap_request(connection, &(struct coap_message){
		.method = REQUEST_POST, .path = {rd, 3}, .format = FORMAT_LINK,
		.payload = (const uint8_t *)"</1/0>", .length = 6,
	}, now_ns()), 0);
}

/* Length and token length; CSM (7.01); its options. */
static void take_csm(void)
{
	uint8_t bytes[16];

	receive(bytes, 2);
	assert_int_equal(bytes[0] & 15, 0);
	assert_int_equal(bytes[1], CODE(7, 1));
	if (bytes[0] >> 4)
		receive(bytes + 2, bytes[0] >> 4);
}

static uint8_t token[4];

/* 12 bytes of options and payload, 4 of token; neither type nor message id. */
static void take_hello(void)
{
	uint8_t bytes[18];

	receive(bytes, sizeof(bytes));
	assert_int_equal(bytes[0], 0xc4);
	assert_int_equal(bytes[1], CODE(0, 2));
	assert_memory_equal(bytes + 6, "\xb2" "rd" "\x11\x28\xff</1/0>", 12);
	memcpy(token, bytes + 2, 4);
}

static void begin(void)
{
	open_to(COAP_OVER_TCP);
	say_hello();
	peer = accept(listener, NULL, NULL);
	assert_true(peer >= 0);
	take_csm();
}

/* ... and its Register is answered. */
static void begin_registered(void)
{
	begin();
	SEND(0x00, CODE(7, 1));
	take_hello();
	SEND(0x04, CODE(2, 1), token[0], token[1], token[2], token[3]);
	while (!seen.ended)
		turn(peer);
	assert_int_equal(seen.outcome, COAP_ANSWERED);
	assert_int_equal(seen.code, CODE(2, 1));
}

/* The connection's own end, by the address that the peer sees. */
static int own_socket(void)
{
	struct sockaddr_storage wanted, at;
	socklen_t n = sizeof(wanted), m;

	assert_int_equal(getpeername(peer, (struct sockaddr *)&wanted, &n), 0);
	for (int fd = 3; fd < 256; fd++) {
		m = sizeof(at);
		if (!getsockname(fd, (struct sockaddr *)&at, &m) && m == n &&
		    !memcmp(&at, &wanted, n))
			return fd;
	}
	return -1;
}

/* Two answers in a row: the second one is not kept back until the first is
 * acknowledged (Nagle). */
static void messages_go_at_once(void **state)
{
	int on = 0;
	socklen_t n = sizeof(on);

	(void)state;
	begin();
	assert_int_equal(getsockopt(own_socket(), IPPROTO_TCP, TCP_NODELAY,
				    &on, &n), 0);
	assert_true(on);
}

static void a_request_waits_for_the_peers_settings(void **state)
{
	(void)state;
	begin();
	receive_nothing(100);
	assert_true(coap_busy(connection));
	assert_false(coap_describe(connection).up);
	SEND(0x00, CODE(7, 1));
	take_hello();
	assert_true(coap_describe(connection).up);
	assert_false(coap_proven(connection));
}

static void an_answer_proves_it(void **state)
{
	(void)state;
	begin_registered();
	assert_true(coap_proven(connection));
	assert_false(coap_busy(connection));
	assert_true(coap_has_session(connection));
}

static void a_notification_needs_no_acknowledgement(void **state)
{
	uint8_t bytes[6];
	int idle;

	(void)state;
	begin_registered();
	drive(20);
	idle = seen.idle;
	assert_int_equal(coap_notify(connection, &(struct coap_notification){
		.token = (const uint8_t *)"t", .token_length = 1,
		.code = CODE(2, 5), .confirmable = true, .format = FORMAT_TEXT,
		.sequence = 5, .uri = "3303/0/5700",
		.payload = (const uint8_t *)"2", .length = 1}, now_ns()), 0);
	receive(bytes, sizeof(bytes));		/* Observe 5, text, 2 */
	assert_memory_equal(bytes, "\x51\x45t\x61\x05\x60", 6);
	receive(bytes, 2);
	assert_memory_equal(bytes, "\xff" "2", 2);
	drive(50);
	assert_int_equal(seen.outcome, COAP_ACKED);
	assert_int_equal(seen.idle, idle + 1);
	assert_false(coap_busy(connection));
}

/* Nothing comes twice over a stream: the same bytes are another request. */
static void equal_requests_both_run(void **state)
{
	uint8_t bytes[3];

	(void)state;
	begin_registered();
	for (int i = 1; i <= 2; i++) {
		SEND(0x21, CODE(0, 3), 'x', 0xb1, '7');
		receive(bytes, sizeof(bytes));
		assert_memory_equal(bytes, "\x01\x44x", 3);
		assert_int_equal(seen.requests, i);
	}
}

static void a_late_answer_comes_alone(void **state)
{
	uint8_t bytes[3];

	(void)state;
	begin_registered();
	seen.defer = true;
	SEND(0x21, CODE(0, 3), 'x', 0xb1, '7');
	receive_nothing(50);
	assert_non_null(seen.later);
	coap_respond_separately(seen.later, CODE(2, 4), FORMAT_NONE, NULL, 0,
				now_ns());
	receive(bytes, sizeof(bytes));
	assert_memory_equal(bytes, "\x01\x44x", 3);
}

/* Times are arguments: no second of these is waited for. */
static void waits_for_its_answer(int64_t seconds)
{
	int64_t begin = now_ns();

	seen.ended = 0;
	say_hello();
	take_hello();
	coap_turn(begin + (seconds * 1000 - 100) * MS);
	assert_int_equal(seen.ended, 0);
	coap_turn(now_ns() + seconds * 1000 * MS);
	assert_int_equal(seen.ended, 1);
	assert_int_equal(seen.outcome, COAP_NO_ANSWER);
}

static void a_session_is_waited_for(void **state)
{
	(void)state;
	begin_registered();
	waits_for_its_answer(20);
}

/* ... and one that may not serve any more not so long. */
static void a_doubted_session_is_tried_for_6_s(void **state)
{
	(void)state;
	begin_registered();
	coap_doubt(connection);
	waits_for_its_answer(6);
}

static void an_answer_ends_the_doubt(void **state)
{
	(void)state;
	begin_registered();
	coap_doubt(connection);
	seen.ended = 0;
	say_hello();
	take_hello();
	SEND(0x04, CODE(2, 4), token[0], token[1], token[2], token[3]);
	while (!seen.ended)
		turn(peer);
	assert_int_equal(seen.outcome, COAP_ANSWERED);
	waits_for_its_answer(20);
}

static void broken_within(int64_t ms)
{
	for (int64_t until = now_ns() + ms * MS;
	     !seen.broken && now_ns() < until; )
		turn(-1);
	assert_int_equal(seen.broken, 1);
}

static void broken(void)
{
	broken_within(PATIENCE);
}

/* Large ones, each as long as what libcoap reads at once, upon which it would go
 * on reading. */
static void a_turn_takes_what_others_can_wait_for(void **state)
{
	uint8_t message[1472] = {0xe0, 1199 >> 8, 1199 & 255, REQUEST_PUT, 0xb1,
				 'x', 0xff, 'v'};
	int64_t until = now_ns() + PATIENCE * MS;
	size_t at = 0, most = STREAM_TURN_MAX / sizeof(message) + 4;
	ssize_t sent;
	int n;

	(void)state;
	begin_registered();
	while ((sent = send(peer, message + at % sizeof(message),
			    sizeof(message) - at % sizeof(message),
			    MSG_DONTWAIT)) > 0)
		at += (size_t)sent;
	n = (int)(at / sizeof(message));
	assert_true((size_t)n > 2 * most);
	coap_turn(now_ns());
	assert_in_range(seen.requests, 1, most);
	while (seen.requests < n && now_ns() < until)
		turn(-1);
	assert_int_equal(seen.requests, n);
}

/* However many there are, with a pause between them. */
static void who_pauses_is_heard(void **state)
{
	(void)state;
	begin_registered();
	for (int i = 0; i < STREAM_ASKED_MAX + 10; i++) {
		SEND(0x00, CODE(7, 1));
		coap_turn(now_ns());
	}
	assert_int_equal(seen.broken, 0);
}

static void who_does_not_is_cut_off(void **state)
{
	uint8_t settings[2 * (STREAM_ASKED_MAX + 10)];
	int64_t until = now_ns() + PATIENCE * MS;

	(void)state;
	begin_registered();
	for (size_t i = 0; i < sizeof(settings); i += 2) {
		settings[i] = 0;
		settings[i + 1] = CODE(7, 1);
	}
	assert_int_equal(send(peer, settings, sizeof(settings), 0),
			 sizeof(settings));
	while (!seen.broken && now_ns() < until)
		turn(-1);
	assert_int_equal(seen.broken, 1);
	assert_string_equal(seen.why, "it asks without a pause");
}

static void a_closed_connection_is_told_once(void **state)
{
	(void)state;
	begin_registered();
	close(peer);
	peer = -1;
	broken();
	assert_false(seen.new);
	assert_int_equal(seen.alert, -1);
	assert_string_equal(seen.why, "the connection was closed");
	drive(50);
	assert_int_equal(seen.broken, 1);
	assert_int_equal(seen.ended, 1);
}

static void nobody_listens(void **state)
{
	(void)state;
	close(listener);
	listener = -1;
	open_to(COAP_OVER_TCP);
	say_hello();
	broken_within(HANDSHAKE);
	assert_true(seen.new);
	/* libcoap 4.3.1 takes the kernel's refusal for the end, 4.3.4 waits. */
	if (strncmp(seen.why, "the server does not answer", 26))
		assert_string_equal(seen.why, "the server cannot be reached");
	assert_int_equal(seen.ended, 0);
}

/* TLS begins as soon as there is a connection. */
static void tls_says_hello(void **state)
{
	uint8_t bytes[6];

	(void)state;
	open_to(COAP_OVER_TLS);
	say_hello();
	peer = accept(listener, NULL, NULL);
	receive(bytes, sizeof(bytes));
	assert_int_equal(bytes[0], 22);		/* handshake */
	assert_int_equal(bytes[5], 1);		/* client hello */
	SEND(21, 3, 3, 0, 2, 2, 115);		/* unknown PSK identity */
	broken();
	assert_true(seen.new);
	assert_int_equal(seen.alert, 115);
	assert_non_null(strstr(seen.why, "does not know the identity"));
}

/* ---- DTLS ---- */

static int datagrams(void **state)
{
	(void)state;
	listen_at(SOCK_DGRAM);
	return 0;
}

static uint8_t datagram[2000];

static size_t take_datagram(int ms)
{
	struct sockaddr_in from;
	socklen_t size = sizeof(from);

	for (int64_t until = now_ns() + ms * MS; now_ns() < until; ) {
		ssize_t n = recvfrom(listener, datagram, sizeof(datagram),
				     MSG_DONTWAIT, (struct sockaddr *)&from,
				     &size);

		if (n > 0) {
			connect(listener, (struct sockaddr *)&from, size);
			return (size_t)n;
		}
		turn(listener);
	}
	return 0;
}

static void take_client_hello(void)
{
	assert_true(take_datagram(PATIENCE) > 25);
	assert_int_equal(datagram[0], 22);	/* handshake */
	assert_int_equal(datagram[13], 1);	/* client hello */
}

/* A lost one is sent again, and nothing is sent in the clear. */
static void dtls_says_hello_again(void **state)
{
	(void)state;
	open_to(COAP_OVER_DTLS);
	say_hello();
	take_client_hello();
	take_client_hello();
	assert_true(coap_busy(connection));
}

static void dtls_tells_the_alert(void **state)
{
	static const uint8_t alert[] = {21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0,
					0, 2, 2, 40};

	(void)state;
	open_to(COAP_OVER_DTLS);
	say_hello();
	take_client_hello();
	assert_int_equal(send(listener, alert, sizeof(alert), 0),
			 sizeof(alert));
	broken();
	assert_true(seen.new);
	assert_int_equal(seen.alert, 40);
}

static void dtls_server_is_not_there(void **state)
{
	(void)state;
	close(listener);
	listener = -1;
	open_to(COAP_OVER_DTLS);
	say_hello();
	broken_within(HANDSHAKE);
	assert_true(seen.new);
	/* libcoap 4.3.1 takes the kernel's refusal for the end, 4.3.4 waits. */
	if (strncmp(seen.why, "the server does not answer", 26))
		assert_string_equal(seen.why, "the server cannot be reached");
}

/* Whatever comes in its stead, a handshake goes on, or ends. */
static void garbage_for_a_server_hello(void **state)
{
	uint32_t seed = 7;

	(void)state;
	open_to(COAP_OVER_DTLS);
	say_hello();
	take_client_hello();
	for (int i = 0; i < 1000 && connection; i++) {
		size_t n = (size_t)i % 80;

		for (size_t k = 0; k < n; k++) {
			seed = seed * 1664525u + 1013904223u;
			datagram[k] = (uint8_t)(seed >> 24);
		}
		if (i & 1)		/* a handshake message, by its head */
			memcpy(datagram, "\x16\xfe\xfd\0\0\0\0\0\0\0\0\0", 12);
		if (send(listener, datagram, n, 0) >= 0 && i % 20 == 0)
			drive(1);
	}
	drive(20);
	assert_true(!connection || coap_busy(connection));
}

static void credentials_that_are_none(void **state)
{
	struct credentials none = {.mode = SECURITY_PSK};

	(void)state;
	connection = coap_open(&(struct coap_peer){
		.transport = COAP_OVER_DTLS,
		.address = (struct sockaddr *)&address,
		.length = sizeof(address), .credentials = &none,
	}, &seen, why, sizeof(why), now_ns());
	assert_null(connection);
	assert_string_equal(why, "there is no identity");
}

#define TCP(name) cmocka_unit_test_setup_teardown(name, stream, finish)
#define DTLS(name) cmocka_unit_test_setup_teardown(name, datagrams, finish)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TCP(messages_go_at_once),
		TCP(a_request_waits_for_the_peers_settings),
		TCP(an_answer_proves_it),
		TCP(a_notification_needs_no_acknowledgement),
		TCP(equal_requests_both_run),
		TCP(a_late_answer_comes_alone),
		TCP(a_session_is_waited_for),
		TCP(a_doubted_session_is_tried_for_6_s),
		TCP(an_answer_ends_the_doubt),
		TCP(a_turn_takes_what_others_can_wait_for),
		TCP(who_pauses_is_heard),
		TCP(who_does_not_is_cut_off),
		TCP(a_closed_connection_is_told_once),
		TCP(nobody_listens),
		TCP(tls_says_hello),
		DTLS(dtls_says_hello_again),
		DTLS(dtls_tells_the_alert),
		DTLS(dtls_server_is_not_there),
		DTLS(garbage_for_a_server_hello),
		DTLS(credentials_that_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
