/* SPDX-License-Identifier: GPL-2.0-or-later
 * A connection against a peer that sends and expects datagrams byte by byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "agent/base/limits.h"
#include "agent/coap/coap.h"

#define PATIENCE 5000		/* ms */

/* The gateway's side. */
static struct {
	int requests, ended, idle;
	struct request last;
	char uri[64];
	uint8_t payload[80 * 1024];
	size_t length;
	enum coap_outcome outcome;
	uint8_t code, location[64];
	size_t n_location;
	uint32_t max_age;
	/* what the handler does */
	uint8_t answer;
	const uint8_t *body;
	size_t body_length;
	bool defer;
	struct coap_separate *later;
} seen;

static void on_request(void *owner, struct coap_exchange *exchange,
		       const struct request *request, const uint8_t *token,
		       uint8_t token_length, int64_t now)
{
	(void)now;
	(void)owner;
	(void)token;
	(void)token_length;
	seen.requests++;
	seen.last = *request;
	memcpy(seen.uri, request->uri, request->uri_length);
	seen.uri[request->uri_length] = 0;
	if (request->length)
		memcpy(seen.payload, request->payload, request->length);
	seen.length = request->length;
	if (seen.defer)
		seen.later = coap_separate_begin(exchange);
	else
		coap_respond(exchange, seen.answer, FORMAT_NONE, seen.body,
			     seen.body_length, -1);
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
	if (!answer)
		return;
	seen.code = answer->code;
	seen.max_age = answer->max_age;
	seen.n_location = answer->location.n;
	memcpy(seen.location, answer->location.at, answer->location.n);
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
	(void)failure;
	fail();			/* there is no session that could */
}

static const struct coap_handlers handlers = {
	.request = on_request, .ended = on_ended, .idle = on_idle,
	.broken = on_broken,
};
static char why[200];

/* The server's side: a plain socket. */
static int peer;
static struct sockaddr_in peer_address, gateway;
static struct coap_connection *connection;
static uint8_t got[2048];
static size_t n_got;

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

/* Drives the connection until the peer has a datagram, or nothing is left. */
static bool receive(void)
{
	socklen_t size = sizeof(gateway);
	int64_t until = now_ns() + PATIENCE * INT64_C(1000000);

	while (now_ns() < until) {
		struct pollfd at = {peer, POLLIN, 0};

		coap_wait(1);
		coap_turn(now_ns());
		if (!poll(&at, 1, 1))
			continue;
		n_got = (size_t)recvfrom(peer, got, sizeof(got), 0,
					 (struct sockaddr *)&gateway, &size);
		return true;
	}
	return false;
}

static void drive(int ms)
{
	int64_t until = now_ns() + ms * INT64_C(1000000);

	while (now_ns() < until) {
		coap_wait(5);
		coap_turn(now_ns());
	}
}

static void send_bytes(const void *bytes, size_t n)
{
	assert_int_equal(sendto(peer, bytes, n, 0,
				(struct sockaddr *)&gateway, sizeof(gateway)),
			 n);
}
#define SEND(...) do { \
	const uint8_t bytes_[] = {__VA_ARGS__}; \
	send_bytes(bytes_, sizeof(bytes_)); \
} while (0)

static int set_up(void **state)
{
	socklen_t size = sizeof(peer_address);

	(void)state;
	memset(&seen, 0, sizeof(seen));
	seen.answer = CODE(2, 4);
	peer = socket(AF_INET, SOCK_DGRAM, 0);
	peer_address = (struct sockaddr_in){.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	bind(peer, (struct sockaddr *)&peer_address, sizeof(peer_address));
	getsockname(peer, (struct sockaddr *)&peer_address, &size);
	coap_start(&handlers);
	connection = coap_open(&(struct coap_peer){
		.address = (struct sockaddr *)&peer_address,
		.length = sizeof(peer_address)}, &seen, why, sizeof(why), now_ns());
	return connection ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	coap_close(connection);
	coap_stop();
	close(peer);
	return 0;
}

static const uint8_t rd[] = {2, 'r', 'd'};

static void say_hello(void)
{
	struct coap_message m = {.method = REQUEST_POST, .path = {rd, 3},
				 .format = FORMAT_LINK,
				 .payload = (const uint8_t *)"</1/0>",
				 .length = 6};

	assert_int_equal(coap_request(connection, &m, now_ns()), 0);
	assert_true(receive());
}

/* CON, 4 byte token, POST, mid; token; Uri-Path rd; Content-Format 40. */
static void test_a_request_goes_out_byte_exact(void **state)
{
	(void)state;
	say_hello();
	assert_int_equal(n_got, 8 + 3 + 2 + 1 + 6);
	assert_int_equal(got[0], 0x44);
	assert_int_equal(got[1], 0x02);
	assert_memory_equal(got + 8, "\xb2" "rd" "\x11\x28\xff</1/0>", 12);
	assert_true(coap_busy(connection));
}

static void answer_hello(uint8_t code)
{
	uint8_t bytes[16] = {0x64, code, got[2], got[3], got[4], got[5],
			     got[6], got[7], 0x84, 'r', 'd', '/', '1'};

	send_bytes(bytes, 13);	/* one Location-Path option "rd/1" */
	drive(50);
}

/* What a wait has found is done by the next turn, which asks for nothing more;
 * a descriptor that is watched beside it ends a wait, too. */
static void test_a_wait_is_for_all_that_is_watched(void **state)
{
	int told[2], edge[2];

	(void)state;
	assert_int_equal(pipe(told) | pipe(edge), 0);
	coap_watch(told[0], COAP_WATCH_TOLD);
	coap_watch(edge[0], COAP_WATCH_EDGE);
	say_hello();
	assert_false(coap_wait(0));
	send_bytes(((uint8_t[]){0x64, CODE(2, 1), got[2], got[3], got[4],
				got[5], got[6], got[7]}), 8);
	assert_false(coap_wait(PATIENCE));
	coap_turn(now_ns());
	assert_int_equal(seen.code, CODE(2, 1));
	assert_int_equal(write(told[1], "", 1), 1);
	assert_true(coap_wait(PATIENCE));
	coap_turn(now_ns());
	assert_true(coap_wait(PATIENCE));	/* it was not read */
	coap_turn(now_ns());
	assert_int_equal(read(told[0], (uint8_t[1]){0}, 1), 1);
	assert_int_equal(write(edge[1], "", 1), 1);
	assert_false(coap_wait(-1));	/* ends */
	assert_false(coap_wait(0));
	for (int i = 0; i < 2; i++) {
		close(told[i]);
		close(edge[i]);
	}
}

static void test_the_time_to_come_again_is_told(void **state)
{
	uint8_t bytes[] = {0x64, CODE(5, 3), 0, 0, 0, 0, 0, 0,
			   0xd2, 0x01, 0x02, 0x58};	/* Max-Age 600 */

	(void)state;
	say_hello();
	memcpy(bytes + 2, got + 2, 6);
	send_bytes(bytes, sizeof(bytes));
	drive(50);
	assert_int_equal(seen.code, CODE(5, 3));
	assert_int_equal(seen.max_age, 600);
}

static void test_the_location_comes_verbatim(void **state)
{
	(void)state;
	say_hello();
	answer_hello(CODE(2, 1));
	assert_int_equal(seen.ended, 1);
	assert_int_equal(seen.outcome, COAP_ANSWERED);
	assert_int_equal(seen.code, CODE(2, 1));
	assert_int_equal(seen.n_location, 5);
	assert_memory_equal(seen.location, "\4rd/1", 5);
	assert_int_equal(seen.idle, 1);
	assert_false(coap_busy(connection));
}

static void test_a_second_message_must_wait(void **state)
{
	struct coap_message m = {.method = REQUEST_POST, .path = {rd, 3},
				 .format = FORMAT_NONE};

	(void)state;
	say_hello();
	assert_int_equal(coap_request(connection, &m, now_ns()), -EBUSY);
}

static void test_a_lost_request_is_sent_again(void **state)
{
	uint8_t first[32];

	(void)state;
	say_hello();
	memcpy(first, got, n_got);
	assert_true(receive());		/* after 2 to 3 s */
	assert_memory_equal(first, got, n_got);
}

/* CON POST /3303/0/5605, mid 0x1234, token 0xaa. */
#define EXECUTE(mid) 0x41, 0x02, 0x12, mid, 0xaa, 0xb4, '3', '3', '0', '3', \
		     0x01, '0', 0x04, '5', '6', '0', '5'

static void test_a_repeated_request_runs_once(void **state)
{
	uint8_t first[64];
	size_t n;

	(void)state;
	say_hello();
	answer_hello(CODE(2, 1));
	SEND(EXECUTE(1));
	assert_true(receive());
	assert_string_equal(seen.uri, "3303/0/5605");
	assert_int_equal(got[1], CODE(2, 4));
	memcpy(first, got, n = n_got);
	for (int i = 0; i < 3; i++) {
		SEND(EXECUTE(1));
		assert_true(receive());
		assert_int_equal(n_got, n);
		assert_memory_equal(first, got, n);
	}
	assert_int_equal(seen.requests, 1);
	SEND(EXECUTE(2));		/* another one does run */
	assert_true(receive());
	assert_int_equal(seen.requests, 2);
}

/* RFC 7252 5.4.1, 5.4.5, 5.10.8. What libcoap takes as no message at all, an
 * option of a length that it cannot have, does not come this far. */
static void test_options_that_must_not_be_passed_over(void **state)
{
	(void)state;
	say_hello();
	answer_hello(CODE(2, 1));
	/* If-Match with an ETag */
	SEND(0x41, 3, 0, 1, 7, 0x12, 0xab, 0xcd, 0xa1, '1', 1, '0', 1, '1',
	     0xff, '5');
	assert_true(receive());
	assert_int_equal(got[1], CODE(4, 2));
	/* If-None-Match */
	SEND(0x41, 3, 0, 2, 7, 0x50, 0x61, '1', 1, '0', 1, '1', 0xff, '5');
	assert_true(receive());
	assert_int_equal(got[1], CODE(4, 2));
	/* Accept twice */
	SEND(0x41, 1, 0, 3, 7, 0xb1, '1', 1, '0', 1, '1', 0x60, 0x01, 60);
	assert_true(receive());
	assert_int_equal(got[1], CODE(4, 2));
	assert_int_equal(seen.requests, 0);
}

static void test_a_late_answer_is_a_confirmable_of_its_own(void **state)
{
	(void)state;
	say_hello();
	answer_hello(CODE(2, 1));
	seen.defer = true;
	assert_false(coap_owes(connection));
	SEND(EXECUTE(1));
	assert_true(receive());
	assert_true(coap_owes(connection));
	assert_false(coap_busy(connection));
	assert_memory_equal(got, "\x60\x00\x12\x01", 4);	/* empty ACK */
	SEND(EXECUTE(1));			/* the same again: ACK again */
	assert_true(receive());
	assert_memory_equal(got, "\x60\x00\x12\x01", 4);
	assert_int_equal(seen.requests, 1);
	coap_respond_separately(seen.later, CODE(5, 4), FORMAT_NONE, NULL, 0,
				now_ns());
	assert_true(receive());
	assert_int_equal(got[0], 0x41);			/* CON, 1 byte token */
	assert_int_equal(got[1], CODE(5, 4));
	assert_int_equal(got[4], 0xaa);
	assert_true(coap_busy(connection) || coap_owes(connection));
	SEND(0x60, 0x00, got[2], got[3]);		/* ACK */
	drive(50);
	assert_false(coap_busy(connection));
	assert_false(coap_owes(connection));
}

/* EXECUTE with No-Response (258, 245 behind Uri-Path: extended delta of 234). */
#define QUIET(mid, classes) EXECUTE(mid), 0xd1, 234, classes

/* RFC 7967: of a class that its server does not want to hear of an answer that
 * comes late is not sent; a CON is acknowledged, at once or before, each copy. */
static void test_a_late_answer_that_is_not_wanted(void **state)
{
	(void)state;
	say_hello();
	answer_hello(CODE(2, 1));
	seen.defer = true;
	SEND(QUIET(1, 26));
	drive(10);
	coap_respond_separately(seen.later, CODE(2, 4), FORMAT_NONE, NULL, 0,
				now_ns());
	assert_true(receive());
	assert_memory_equal(got, "\x60\x00\x12\x01", 4);
	SEND(QUIET(1, 26));
	assert_true(receive());
	assert_memory_equal(got, "\x60\x00\x12\x01", 4);
	assert_int_equal(seen.requests, 1);
	SEND(QUIET(2, 2));		/* acknowledged before it is known */
	assert_true(receive());
	assert_memory_equal(got, "\x60\x00\x12\x02", 4);
	coap_respond_separately(seen.later, CODE(2, 4), FORMAT_NONE, NULL, 0,
				now_ns());
	assert_false(coap_busy(connection));
	/* but an error is; of a NON, too */
	SEND(0x51, 0x02, 0x12, 3, 0xaa, 0xb1, '3', 0xd1, 234, 2);
	drive(10);
	coap_respond_separately(seen.later, CODE(5, 4), FORMAT_NONE, NULL, 0,
				now_ns());
	assert_true(receive());
	assert_memory_equal(got, "\x51\xa4", 2);
}

/* Of requests that wait for a device there is room for so many. */
static void test_one_request_too_many_is_counted(void **state)
{
	uint64_t busy = coap_counts().busy;
	struct coap_separate *later[LATERS_MAX];

	(void)state;
	say_hello();
	answer_hello(CODE(2, 1));
	seen.defer = true;
	for (int i = 0; i < LATERS_MAX; i++) {
		SEND(EXECUTE(20 + i));
		assert_true(receive());
		assert_non_null(seen.later);
		later[i] = seen.later;
	}
	assert_int_equal(coap_counts().busy, busy);
	SEND(EXECUTE(20 + LATERS_MAX));
	assert_true(receive());
	assert_null(seen.later);
	assert_int_equal(coap_counts().busy, busy + 1);
	for (int i = 0; i < LATERS_MAX; i++)	/* they are ours until then */
		coap_respond_separately(later[i], CODE(5, 4), FORMAT_NONE, NULL,
					0, now_ns());
}

static const uint8_t token[] = {0xab, 0xcd};

static void send_notification(const uint8_t *payload, size_t n)
{
	struct coap_notification notification = {
		.token = token, .token_length = 2, .code = CODE(2, 5),
		.confirmable = true, .format = FORMAT_TEXT, .sequence = 5,
		.uri = "3303/0/5700", .payload = payload, .length = n};

	assert_int_equal(coap_notify(connection, &notification, now_ns()), 0);
	assert_true(receive());
}

/* CON 2.05, token abcd, Observe 5, Content-Format 0 (empty). */
static void test_a_notification_is_acknowledged(void **state)
{
	(void)state;
	say_hello();
	answer_hello(CODE(2, 1));
	send_notification((const uint8_t *)"21.7", 4);
	assert_memory_equal(got, "\x42\x45", 2);
	assert_memory_equal(got + 4, "\xab\xcd\x61\x05\x60\xff" "21.7", 10);
	SEND(0x60, 0x00, got[2], got[3]);
	drive(50);
	assert_int_equal(seen.ended, 2);
	assert_int_equal(seen.outcome, COAP_ACKED);
	assert_int_equal(seen.idle, 2);
}

/* A first block of 16 bytes (Block2 0/1/16: "8") with an ETag, where 16 is what
 * the server has asked for; 1,024 where it said nothing. */
static void test_a_notification_has_the_size_that_was_asked_for(void **state)
{
	static const uint8_t body[1100] = {'a'};
	struct coap_notification n = {
		.token = token, .token_length = 2, .code = CODE(2, 5),
		.format = FORMAT_TEXT, .uri = "3303/0", .payload = body,
		.length = 17, .block_size = 16};

	(void)state;
	assert_int_equal(coap_notify(connection, &n, now_ns()), 0);
	assert_true(receive());
	assert_memory_equal(got + n_got - 18, "\x08\xff" "a", 3);
	n.length = 16;
	assert_int_equal(coap_notify(connection, &n, now_ns()), 0);
	assert_true(receive());
	assert_memory_equal(got + n_got - 18, "\x60\xff" "a", 3);
	n.length = sizeof(body);
	n.block_size = 0;
	assert_int_equal(coap_notify(connection, &n, now_ns()), 0);
	assert_true(receive());
	assert_memory_equal(got + n_got - 1026, "\x0e\xff" "a", 3);
}

static struct coap_connection *open_another(void)
{
	struct coap_connection *c = coap_open(&(struct coap_peer){
		.address = (struct sockaddr *)&peer_address,
		.length = sizeof(peer_address)}, &seen, why, sizeof(why),
		now_ns());

	assert_non_null(c);
	return c;
}

/* Connections share libcoap's context, which knows only whether anything in it
 * waits for an ACK. */
static void test_an_ack_is_of_one_connection(void **state)
{
	struct coap_connection *other = open_another(), *first = connection;

	(void)state;
	send_notification((const uint8_t *)"21.7", 4);
	connection = other;
	send_notification((const uint8_t *)"21.8", 4);
	SEND(0x60, 0x00, got[2], got[3]);
	drive(50);
	assert_int_equal(seen.outcome, COAP_ACKED);
	assert_int_equal(seen.ended, 1);
	assert_false(coap_busy(other));
	assert_true(coap_busy(first));
	coap_close(other);
	connection = first;
}

/* ... and keeps the message of one that is closed. */
static void test_what_is_closed_sends_nothing_again(void **state)
{
	struct coap_connection *first = connection;
	int64_t until = now_ns() + 3500 * INT64_C(1000000);
	uint8_t bytes[32];
	int again = 0;

	(void)state;
	say_hello();
	memcpy(bytes, got, n_got);
	connection = open_another();
	say_hello();
	assert_memory_not_equal(bytes, got, n_got);
	coap_close(connection);
	connection = first;
	while (now_ns() < until) {
		drive(20);
		if (recv(peer, got, sizeof(got), MSG_DONTWAIT) < 0)
			continue;
		assert_memory_equal(bytes, got, n_got);
		again++;
	}
	assert_int_equal(again, 1);	/* after 2 to 3 s */
}

/* A late answer that a server never acknowledges holds up no NON. */
static void test_a_non_waits_for_nothing(void **state)
{
	struct coap_notification n = {.token = token, .token_length = 2,
		.code = CODE(2, 5), .format = FORMAT_TEXT, .uri = "3",
		.payload = (const uint8_t *)"x", .length = 1};

	(void)state;
	say_hello();
	assert_true(coap_busy(connection));
	assert_int_equal(coap_notify(connection, &n, now_ns()), 0);
	assert_true(receive());
	assert_memory_equal(got, "\x52\x45", 2);
	assert_true(coap_busy(connection));
	n.confirmable = true;
	assert_int_equal(coap_notify(connection, &n, now_ns()), -EBUSY);
}

/* The last word is not held up by what nobody acknowledges. */
static void test_what_is_given_up_holds_up_nothing(void **state)
{
	(void)state;
	send_notification((const uint8_t *)"x", 1);
	assert_true(coap_give_up(connection));
	assert_false(coap_give_up(connection));
	assert_false(coap_busy(connection));
	say_hello();
	assert_int_equal(got[1], 0x02);
	answer_hello(CODE(2, 1));
	assert_int_equal(seen.ended, 1);
	assert_int_equal(seen.outcome, COAP_ANSWERED);
}

static void test_a_reset_refuses_a_notification(void **state)
{
	(void)state;
	say_hello();
	answer_hello(CODE(2, 1));
	send_notification((const uint8_t *)"21.7", 4);
	SEND(0x70, 0x00, got[2], got[3]);
	drive(50);
	assert_int_equal(seen.ended, 2);
	assert_int_equal(seen.outcome, COAP_REFUSED);
}

static void test_an_unknown_answer_gets_a_reset(void **state)
{
	(void)state;
	say_hello();
	answer_hello(CODE(2, 1));
	SEND(0x42, 0x45, 0x77, 0x78, 0xde, 0xad);
	assert_true(receive());
	assert_memory_equal(got, "\x70\x00\x77\x78", 4);
}

static void test_a_ping_gets_a_reset(void **state)
{
	(void)state;
	say_hello();
	answer_hello(CODE(2, 1));
	SEND(0x40, 0x00, 0x10, 0x01);
	assert_true(receive());
	assert_memory_equal(got, "\x70\x00\x10\x01", 4);
}

/* GET /3, token 1; block2: the option's byte or 0 for none */
static void get_block(uint8_t mid, uint8_t number)
{
	if (number)
		SEND(0x41, 0x01, 0x20, mid, 0x01, 0xb1, '3', 0xc1,
		     (uint8_t)(number << 4 | 6));
	else
		SEND(0x41, 0x01, 0x20, mid, 0x01, 0xb1, '3');
	assert_true(receive());
}

static const uint8_t *payload_of(size_t *n)
{
	size_t options = 4u + (got[0] & 15);	/* behind the token */
	uint8_t *marker = memchr(got + options, 0xff, n_got - options);

	*n = marker ? (size_t)(got + n_got - marker - 1) : 0;
	return marker + 1;
}

static void test_a_large_answer_goes_out_in_blocks(void **state)
{
	static uint8_t body[2500];
	size_t total = 0, n;

	(void)state;
	for (size_t i = 0; i < sizeof(body); i++)
		body[i] = (uint8_t)(i % 251);
	say_hello();
	answer_hello(CODE(2, 1));
	seen.answer = CODE(2, 5);
	seen.body = body;
	seen.body_length = sizeof(body);
	for (uint8_t i = 0; total < sizeof(body); i++, total += n) {
		const uint8_t *payload;

		get_block((uint8_t)(i + 1), i);
		payload = payload_of(&n);
		assert_int_equal(n, i < 2 ? 1024 : 2500 - 2048);
		assert_memory_equal(payload, body + total, n);
	}
	assert_int_equal(seen.requests, 1);	/* one body, never mixed */
	get_block(9, 3);
	assert_int_equal(got[1], CODE(4, 0));	/* behind the end */
}

/* PUT /9 with Block1; number, more; returns the code of the answer. */
static uint8_t put_block(uint8_t mid, uint8_t number, bool more, size_t n)
{
	uint8_t bytes[1100] = {0x41, 0x03, 0x30, mid, 0x02, 0xb1, '9', 0xd1, 3,
			       (uint8_t)(number << 4 | more << 3 | 6), 0xff};

	memset(bytes + 11, number, n);
	send_bytes(bytes, 11 + n);
	assert_true(receive());
	return got[1];
}

static void test_a_large_request_comes_in_blocks(void **state)
{
	(void)state;
	say_hello();
	answer_hello(CODE(2, 1));
	assert_int_equal(put_block(1, 0, true, 1024), CODE(2, 31));
	assert_int_equal(put_block(2, 1, true, 1024), CODE(2, 31));
	assert_int_equal(put_block(2, 1, true, 1024), CODE(2, 31)); /* again */
	assert_int_equal(put_block(3, 2, false, 10), CODE(2, 4));
	assert_int_equal(seen.requests, 1);
	assert_int_equal(seen.length, 2058);
	assert_int_equal(seen.payload[0], 0);
	assert_int_equal(seen.payload[1024], 1);
	assert_int_equal(seen.payload[2048], 2);
	assert_int_equal(put_block(4, 1, true, 1024), CODE(4, 8));
}

/* RFC 7959 2.5 */
static void test_an_unfinished_request_lapses(void **state)
{
	uint64_t lapsed = coap_counts().lapsed;
	int64_t due;

	(void)state;
	say_hello();
	answer_hello(CODE(2, 1));
	assert_int_equal(put_block(1, 0, true, 1024), CODE(2, 31));
	due = coap_due();
	assert_in_range(due - now_ns(), INT64_C(240) * 1000000000,
			INT64_C(247) * 1000000000);
	coap_turn(due - 1);
	assert_int_equal(put_block(2, 1, true, 1024), CODE(2, 31));
	coap_turn(coap_due());
	assert_int_equal(coap_due(), INT64_MAX);
	assert_int_equal(coap_counts().lapsed, lapsed + 1);
	assert_int_equal(put_block(3, 2, false, 10), CODE(4, 8));
	assert_int_equal(seen.requests, 0);
}

static void test_blocks_of_an_answer_lapse(void **state)
{
	static const uint8_t body[2500];

	(void)state;
	say_hello();
	answer_hello(CODE(2, 1));
	seen.answer = CODE(2, 5);
	seen.body = body;
	seen.body_length = sizeof(body);
	get_block(5, 0);
	get_block(6, 1);
	assert_int_equal(seen.requests, 1);
	coap_turn(coap_due());
	assert_int_equal(coap_due(), INT64_MAX);
	get_block(7, 2);		/* asked for anew, not remembered */
	assert_int_equal(seen.requests, 2);
}

static void test_a_large_registration_goes_out_in_blocks(void **state)
{
	static uint8_t links[2500];
	struct coap_message m = {.method = REQUEST_POST, .path = {rd, 3},
				 .format = FORMAT_LINK, .payload = links,
				 .length = sizeof(links)};
	size_t total = 0, n = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(links); i++)
		links[i] = (uint8_t)(i % 253);
	assert_int_equal(coap_request(connection, &m, now_ns()), 0);
	for (uint8_t i = 0; total < sizeof(links); i++) {
		const uint8_t *payload;

		assert_true(receive());
		payload = payload_of(&n);
		assert_memory_equal(payload, links + total, n);
		total += n;
		if (total < sizeof(links))	/* 2.31, Block1 i/more/1024 */
			SEND(0x64, CODE(2, 31), got[2], got[3], got[4], got[5],
			     got[6], got[7], 0xd1, 14,
			     (uint8_t)(i << 4 | 8 | 6));
	}
	answer_hello(CODE(2, 1));
	assert_int_equal(seen.ended, 1);
	assert_int_equal(seen.code, CODE(2, 1));
}

static void test_later_answers_are_void_when_it_is_closed(void **state)
{
	(void)state;
	say_hello();
	answer_hello(CODE(2, 1));
	seen.defer = true;
	SEND(EXECUTE(1));
	assert_true(receive());
	coap_close(connection);
	coap_respond_separately(seen.later, CODE(2, 4), FORMAT_NONE, NULL, 0,
				now_ns());
	connection = coap_open(&(struct coap_peer){
		.address = (struct sockaddr *)&peer_address,
		.length = sizeof(peer_address)}, &seen, why, sizeof(why), now_ns());
	assert_non_null(connection);
}

static void test_garbage_does_no_harm(void **state)
{
	uint32_t seed = 11;

	(void)state;
	say_hello();
	answer_hello(CODE(2, 1));
	for (int i = 0; i < 2000; i++) {
		uint8_t bytes[64];

		for (size_t k = 0; k < sizeof(bytes); k++) {
			seed = seed * 1664525u + 1013904223u;
			bytes[k] = (uint8_t)(seed >> 24);
		}
		bytes[0] = (uint8_t)(0x40 | (bytes[0] & 0x38));
		bytes[1] = (uint8_t)(1 + bytes[1] % 7);
		send_bytes(bytes, bytes[2] % sizeof(bytes));
		if (i % 50)
			continue;
		drive(1);
		while (recv(peer, got, sizeof(got), MSG_DONTWAIT) >= 0)
			;	/* or its buffer runs full */
	}
	drive(50);
	SEND(EXECUTE(0x77));		/* it still answers */
	do
		assert_true(receive());
	while (memcmp(got + 2, "\x12\x77", 2));
	assert_int_equal(got[1], CODE(2, 4));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_request_goes_out_byte_exact),
		TEST(test_a_wait_is_for_all_that_is_watched),
		TEST(test_the_time_to_come_again_is_told),
		TEST(test_the_location_comes_verbatim),
		TEST(test_a_second_message_must_wait),
		TEST(test_a_lost_request_is_sent_again),
		TEST(test_a_repeated_request_runs_once),
		TEST(test_options_that_must_not_be_passed_over),
		TEST(test_a_late_answer_is_a_confirmable_of_its_own),
		TEST(test_a_late_answer_that_is_not_wanted),
		TEST(test_one_request_too_many_is_counted),
		TEST(test_a_notification_is_acknowledged),
		TEST(test_a_notification_has_the_size_that_was_asked_for),
		TEST(test_an_ack_is_of_one_connection),
		TEST(test_what_is_closed_sends_nothing_again),
		TEST(test_a_non_waits_for_nothing),
		TEST(test_what_is_given_up_holds_up_nothing),
		TEST(test_a_reset_refuses_a_notification),
		TEST(test_an_unknown_answer_gets_a_reset),
		TEST(test_a_ping_gets_a_reset),
		TEST(test_a_large_answer_goes_out_in_blocks),
		TEST(test_a_large_request_comes_in_blocks),
		TEST(test_an_unfinished_request_lapses),
		TEST(test_blocks_of_an_answer_lapse),
		TEST(test_a_large_registration_goes_out_in_blocks),
		TEST(test_later_answers_are_void_when_it_is_closed),
		TEST(test_garbage_does_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
