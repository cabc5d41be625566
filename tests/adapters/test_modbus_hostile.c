/* SPDX-License-Identifier: GPL-2.0-or-later
 * The Modbus adapter against a server that sends whatever it likes. What it
 * sends is never a value, an exchange ends in its time, and a stream that is
 * out of step is given up. Serial frames over TCP get random bytes. */
#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/fake/host.h"

/* What the server does with a request for one register, which is 0x1234. */
enum trick {
	GOOD,
	SPLIT,			/* byte by byte */
	TWICE,			/* the second one is nobody's */
	OLD_FIRST,		/* an older transaction's, then the right one */
	OTHER_TRANSACTION,
	OTHER_UNIT,
	OTHER_FUNCTION,
	OTHER_PROTOCOL,
	LENGTH_SHORT,		/* the header says less than there is */
	LENGTH_LONG,
	COUNT_WRONG,		/* two registers for one */
	COUNT_HUGE,		/* 255 bytes of them */
	EXCEPTION_ZERO,
	HALF,			/* of a frame, then nothing */
	CLOSED,			/* in the middle of a frame */
	TRICKLE,		/* never ends, and never is a frame */
	RANDOM,
};

static struct {
	pthread_t thread;
	int listener;
	_Atomic int trick;
	_Atomic uint32_t seed;
} server;
static struct fake_host *host;
static struct adapter_device *device;
static struct adapter_point *point;

static uint8_t random_byte(void)
{
	server.seed = server.seed * 1664525u + 1013904223u;
	return (uint8_t)(server.seed >> 24);
}

/* False: the connection has ended. */
static bool put(int fd, const uint8_t *bytes, size_t n)
{
	return send(fd, bytes, n, MSG_NOSIGNAL) == (ssize_t)n;
}

static bool put_slowly(int fd, const uint8_t *bytes, size_t n, unsigned us)
{
	for (size_t i = 0; i < n; i++) {
		if (!put(fd, bytes + i, 1))
			return false;
		usleep(us);
	}
	return true;
}

static bool put_random(int fd)
{
	uint8_t bytes[300];
	size_t n = 1 + random_byte();

	for (size_t i = 0; i < n; i++)
		bytes[i] = random_byte();
	return put(fd, bytes, n);
}

static bool put_trickle(int fd)
{
	static const uint8_t start[] = {0, 1, 0, 0, 0, 250, 5, 3, 247};

	if (!put(fd, start, sizeof(start)))
		return false;
	while (server.trick == TRICKLE && put(fd, (const uint8_t *)"x", 1))
		usleep(10000);
	return false;
}

static bool answer(int fd, const uint8_t *request)
{
	uint8_t reply[300] = {request[0], request[1], 0, 0, 0, 5, request[6],
			      3, 2, 0x12, 0x34};
	size_t n = 11;

	switch ((enum trick)server.trick) {
	case GOOD:
		break;
	case SPLIT:
		return put_slowly(fd, reply, n, 1000);
	case TWICE:
		put(fd, reply, n);
		break;
	case OLD_FIRST:
		reply[1]--;
		reply[10]--;
		put(fd, reply, n);
		reply[1]++;
		reply[10]++;
		break;
	case OTHER_TRANSACTION:
		reply[0] ^= 0x80;
		break;
	case OTHER_UNIT:
		reply[6]++;
		break;
	case OTHER_FUNCTION:
		reply[7] = 4;
		break;
	case OTHER_PROTOCOL:
		reply[3] = 1;
		break;
	case LENGTH_SHORT:
		reply[5] = 4;
		break;
	case LENGTH_LONG:
		reply[5] = 6;
		break;
	case COUNT_WRONG:
		reply[5] = 7;
		reply[8] = 4;
		n = 13;
		break;
	case COUNT_HUGE:
		reply[5] = 255;
		reply[8] = 255;
		n = 264;
		break;
	case EXCEPTION_ZERO:
		reply[5] = 3;
		reply[7] = 0x83;
		reply[8] = 0;
		n = 9;
		break;
	case HALF:
		n = 6;
		break;
	case CLOSED:
		put(fd, reply, 8);
		return false;
	case TRICKLE:
		return put_trickle(fd);
	case RANDOM:
		return put_random(fd);
	}
	return put(fd, reply, n);
}

static void client_serve(int fd)
{
	uint8_t request[300];

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
	while (recv(fd, request, sizeof(request), 0) >= 8 &&
	       answer(fd, request))
		;
	close(fd);
}

static void *server_run(void *unused)
{
	int fd;

	while ((fd = accept4(server.listener, NULL, NULL, SOCK_CLOEXEC)) >= 0)
		client_serve(fd);
	return unused;
}

static int start(void **state)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof(to);
	char spec[128];

	server.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(server.listener, (struct sockaddr *)&to, n), 0);
	assert_int_equal(listen(server.listener, 4), 0);
	getsockname(server.listener, (struct sockaddr *)&to, &n);
	assert_int_equal(pthread_create(&server.thread, NULL, server_run,
					NULL), 0);
	snprintf(spec, sizeof(spec), "transport=%s host=127.0.0.1 "
		 "tcp_port=%u timeout=3s", *state ? (const char *)*state : "tcp",
		 ntohs(to.sin_port));
	host = fake_host_create(fake_plugin_load(ADAPTER_MODBUS), spec);
	fake_time_run(host);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	server.trick = GOOD;
	fake_host_destroy(host);
	shutdown(server.listener, SHUT_RDWR);
	pthread_join(server.thread, NULL);
	close(server.listener);
	return 0;
}

static void go(const char *device_spec)
{
	device = fake_device_add(host, "d", device_spec);
	point = fake_point_add(device, "p", "address=7");
	assert_int_equal(fake_attach(host), 0);
}

static int poll_with(enum trick trick)
{
	if (fake_is_lost(host)) {
		fake_close(host);
		assert_int_equal(fake_attach(host), 0);
	}
	fake_forget(host);
	server.trick = (int)trick;
	return fake_poll(device, NULL);
}

static void good_replies_are_taken(void **state)
{
	static const enum trick tricks[] = {GOOD, SPLIT, OLD_FIRST, TWICE,
					    TWICE, GOOD};

	(void)state;
	go("unit=5");
	for (size_t i = 0; i < sizeof(tricks) / sizeof(tricks[0]); i++) {
		assert_int_equal(poll_with(tricks[i]), 0);
		assert_int_equal((int)fake_number(point), 0x1234);
	}
	assert_true(fake_count(host, "late") >= 1);
}

static void wrong_replies_are_errors(void **state)
{
	static const struct {
		enum trick trick;
		int error;
		bool lost;
	} cases[] = {
		{OTHER_TRANSACTION, -ETIMEDOUT, false},
		{OTHER_UNIT, -EREMCHG, false},
		{OTHER_FUNCTION, -EBADMSG, false},
		{OTHER_PROTOCOL, -EPROTO, true},
		{LENGTH_SHORT, -EBADMSG, false},
		{LENGTH_LONG, -ETIMEDOUT, false},
		{COUNT_WRONG, -EBADMSG, false},
		{COUNT_HUGE, -EPROTO, true},
		{EXCEPTION_ZERO, -EBADMSG, false},
		{HALF, -ETIMEDOUT, false},
		{CLOSED, -ECONNRESET, true},
	};

	(void)state;
	go("unit=5 timeout=300ms");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(poll_with(cases[i].trick), cases[i].error);
		assert_int_equal(fake_is_lost(host), cases[i].lost);
		assert_int_equal(fake_events(host, FAKE_REPORT), 0);
		assert_int_equal(fake_events(host, FAKE_HEARD), 0);
		/* and the next one is right again, by itself or anew */
		assert_int_equal(poll_with(GOOD), 0);
		assert_int_equal((int)fake_number(point), 0x1234);
	}
}

/* One time-out in all, however the bytes come. */
static void a_trickle_ends_in_time(void **state)
{
	int64_t before, took;

	(void)state;
	go("unit=5 timeout=300ms");
	before = fake_bus(host)->host->now(fake_bus(host));
	assert_true(poll_with(TRICKLE) < 0);
	took = fake_bus(host)->host->now(fake_bus(host)) - before;
	assert_true(took >= 290 * MS);
	assert_true(took < 2 * SECOND);	/* 250 bytes at 10 ms each are 2.5 */
	assert_int_equal(fake_events(host, FAKE_REPORT), 0);
}

static void random_bytes_are_never_a_value(void **state)
{
	(void)state;
	go("unit=5 timeout=20ms");
	for (uint32_t i = 0; i < 300; i++) {
		server.seed = i;
		assert_true(poll_with(RANDOM) < 0);
		assert_int_equal(fake_events(host, FAKE_REPORT), 0);
	}
}

static void random_bytes_are_never_a_frame(void **state)
{
	(void)state;
	go("unit=5 timeout=10ms");
	for (uint32_t i = 0; i < 40; i++) {
		server.seed = i;
		assert_true(poll_with(RANDOM) < 0);
		assert_int_equal(fake_events(host, FAKE_REPORT), 0);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
	static char over_tcp[] = "rtu-over-tcp";
	const struct CMUnitTest tests[] = {
		TEST(good_replies_are_taken),
		TEST(wrong_replies_are_errors),
		TEST(a_trickle_ends_in_time),
		TEST(random_bytes_are_never_a_value),
		{"random_bytes_are_never_a_frame",
		 random_bytes_are_never_a_frame, start, stop, over_tcp},
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
