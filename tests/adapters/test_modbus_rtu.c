/* SPDX-License-Identifier: GPL-2.0-or-later
 * The Modbus adapter on a serial line: a slave process on one pty, the adapter
 * on another (or on a TCP connection), and a thread between them that passes
 * the bytes on, or spoils them. A pty knows no parity, so it is N. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/fake/host.h"
#include "tests/fake/slave_process.h"

#define CLOSE(a, b) assert_true(fabs((a) - (b)) < 1e-6)

enum spoil {
	SPOIL_NOTHING,
	SPOIL_CRC,		/* one bit of each reply */
	SPOIL_CUT,		/* half of each reply is gone */
	SPOIL_FOREIGN,		/* another unit's frame before each reply */
	SPOIL_NOISE,		/* behind each reply */
	SPOIL_ECHO,		/* what is sent is heard, too */
};

struct pty {
	int master, slave;	/* slave: held open, or the master hangs up */
	char path[64];
};

static struct {
	pthread_t thread;
	struct pty near, far;	/* the adapter's, the slave's */
	int listener;		/* of serial frames over TCP, or -1 */
	int wake[2];
	_Atomic int spoil;
	_Atomic int noises;	/* how often there was some */
} line;
static struct slave_process slave;
static struct fake_host *host;

static void pty_open(struct pty *pty)
{
	struct termios raw;

	pty->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(pty->master >= 0);
	assert_int_equal(grantpt(pty->master), 0);
	assert_int_equal(unlockpt(pty->master), 0);
	assert_int_equal(ptsname_r(pty->master, pty->path, sizeof(pty->path)),
			 0);
	pty->slave = open(pty->path, O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(pty->slave >= 0);
	assert_int_equal(tcgetattr(pty->slave, &raw), 0);
	cfmakeraw(&raw);
	assert_int_equal(tcsetattr(pty->slave, TCSANOW, &raw), 0);
}

static void bytes_put(int fd, const uint8_t *bytes, size_t n)
{
	if (write(fd, bytes, n) != (ssize_t)n)
		abort();
}

/* A whole reply of unit 9: register 0x0309, and its CRC. */
static const uint8_t foreign[] = {9, 3, 2, 3, 9, 0x99, 0x73};

static void reply_put(int fd, uint8_t *bytes, size_t n)
{
	static const uint8_t noise[] = {0, 0xff, 5};

	switch ((enum spoil)line.spoil) {
	case SPOIL_NOTHING:
	case SPOIL_ECHO:
		break;
	case SPOIL_CRC:
		bytes[n - 1] ^= 1;
		break;
	case SPOIL_CUT:
		n /= 2;
		break;
	case SPOIL_FOREIGN:
		bytes_put(fd, foreign, sizeof(foreign));
		break;
	case SPOIL_NOISE:
		bytes_put(fd, bytes, n);
		bytes_put(fd, noise, sizeof(noise));
		line.noises++;
		return;
	}
	bytes_put(fd, bytes, n);
}

/* As a reply comes in pieces, it is put together by time. */
static size_t reply_take(int fd, uint8_t *bytes, size_t size)
{
	struct pollfd more = {fd, POLLIN, 0};
	size_t n = 0;

	do {
		ssize_t got = read(fd, bytes + n, size - n);

		if (got <= 0)
			break;
		n += (size_t)got;
	} while (poll(&more, 1, 5) == 1);
	return n;
}

static void *line_run(void *unused)
{
	int near = line.listener < 0 ? line.near.master : -1;
	uint8_t bytes[600];
	ssize_t got;

	for (;;) {
		struct pollfd fds[] = {{near, POLLIN, 0},
				       {line.far.master, POLLIN, 0},
				       {line.listener, POLLIN, 0},
				       {line.wake[0], POLLIN, 0}};

		poll(fds, 4, -1);
		if (fds[3].revents)
			break;
		if (fds[2].revents) {
			if (near >= 0)
				close(near);
			near = accept4(line.listener, NULL, NULL, SOCK_CLOEXEC);
			setsockopt(near, IPPROTO_TCP, TCP_NODELAY, &(int){1},
				   sizeof(int));
			continue;
		}
		if (fds[0].revents) {
			got = read(near, bytes, sizeof(bytes));
			if (got > 0 && line.spoil == SPOIL_ECHO)
				bytes_put(near, bytes, (size_t)got);
			if (got > 0)
				bytes_put(line.far.master, bytes, (size_t)got);
			else if (line.listener >= 0) {
				close(near);
				near = -1;
			}
		}
		if (fds[1].revents) {
			size_t n = reply_take(line.far.master, bytes,
					      sizeof(bytes));

			if (n > 0 && near >= 0)
				reply_put(near, bytes, n);
		}
	}
	if (line.listener >= 0 && near >= 0)
		close(near);
	return unused;
}

static unsigned listener_open(void)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof(to);

	line.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(line.listener, (struct sockaddr *)&to, n), 0);
	assert_int_equal(listen(line.listener, 4), 0);
	getsockname(line.listener, (struct sockaddr *)&to, &n);
	return ntohs(to.sin_port);
}

static void line_start(void)
{
	const char *const args[] = {
		"--rtu", line.far.path, "--serial", "9600N81",
		"--units", "5,6", "--device", "1=sdm120", NULL
	};

	pty_open(&line.near);
	pty_open(&line.far);
	line.spoil = SPOIL_NOTHING;
	line.noises = 0;
	assert_int_equal(pipe2(line.wake, O_CLOEXEC), 0);
	slave = slave_start(args);
	assert_int_equal(pthread_create(&line.thread, NULL, line_run, NULL),
			 0);
}

static int rtu_start(void **state)
{
	char spec[160];

	(void)state;
	line.listener = -1;
	line_start();
	snprintf(spec, sizeof(spec), "transport=rtu port=%s "
		 "serial=9600_8N1 timeout=5s", line.near.path);
	host = fake_host_create(fake_plugin_load(ADAPTER_MODBUS), spec);
	fake_time_run(host);
	return 0;
}

static int tcp_start(void **state)
{
	char spec[160];

	(void)state;
	snprintf(spec, sizeof(spec), "transport=rtu-over-tcp host=127.0.0.1 "
		 "tcp_port=%u timeout=5s", listener_open());
	line_start();
	host = fake_host_create(fake_plugin_load(ADAPTER_MODBUS), spec);
	fake_time_run(host);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	fake_host_destroy(host);
	bytes_put(line.wake[1], (const uint8_t *)"", 1);
	pthread_join(line.thread, NULL);
	slave_stop(&slave);
	close(line.wake[0]);
	close(line.wake[1]);
	close(line.near.master);
	close(line.near.slave);
	close(line.far.master);
	close(line.far.slave);
	if (line.listener >= 0)
		close(line.listener);
	return 0;
}

static void go(void)
{
	if (fake_check(host))
		fail_msg("%s", fake_refusals(host));
	assert_int_equal(fake_attach(host), 0);
}

static void two_units_are_read_and_written(void **state)
{
	struct adapter_device *d = fake_device_add(host, "d", "unit=5");
	struct adapter_device *e = fake_device_add(host, "e", "unit=1");
	struct adapter_point *p =
		fake_point_add(d, "p", "address=100 type=int16 writable=yes");
	struct adapter_point *coil =
		fake_point_add(d, "c", "table=coil address=7 writable=yes");
	struct adapter_point *volts =
		fake_point_add(e, "v", "table=input address=0 type=float32");

	(void)state;
	go();
	assert_int_equal(fake_poll(d, NULL), 0);
	CLOSE(fake_number(p), 100);
	CLOSE(fake_number(coil), 1);
	assert_int_equal(fake_write(p, lwm2m_integer(-7)), 0);
	slave_expect(&slave, "write unit=5 holding 100 = 65529");
	assert_int_equal(fake_write(coil, lwm2m_boolean(false)), 0);
	slave_expect(&slave, "write unit=5 coil 7 = 0");
	assert_int_equal(fake_poll(d, NULL), 0);
	CLOSE(fake_number(p), -7);
	CLOSE(fake_number(coil), 0);
	assert_int_equal(fake_poll(e, NULL), 0);
	assert_true(fabs(fake_number(volts) - 230) <= 3.001);
}

static void long_blocks_come_whole(void **state)
{
	struct adapter_device *d =
		fake_device_add(host, "d", "unit=5 max_hole=125");
	unsigned exchanges;
	char spec[32];

	(void)state;
	for (unsigned i = 0; i < 125; i++) {
		snprintf(spec, sizeof(spec), "address=%u", 500 + i);
		fake_point_add(d, "p", spec);
	}
	go();
	assert_int_equal(fake_poll(d, &exchanges), 0);
	assert_int_equal(exchanges, 1);
	CLOSE(fake_number(d->points[124]), 624);
}

static void exceptions_are_told(void **state)
{
	struct adapter_device *d = fake_device_add(host, "d", "unit=5");
	struct adapter_point *p = fake_point_add(d, "p", "address=10000");

	(void)state;
	go();
	assert_int_equal(fake_poll(d, NULL), 0);
	assert_int_equal(fake_last(p)->error, -EREMOTEIO);
	assert_int_equal(fake_events(host, FAKE_HEARD), 1);
}

static void silence_is_a_timeout(void **state)
{
	struct adapter_device *d =
		fake_device_add(host, "d", "unit=7 timeout=100ms");
	struct adapter_device *e = fake_device_add(host, "e", "unit=5");
	struct adapter_point *q;

	(void)state;
	fake_point_add(d, "p", "address=1");
	q = fake_point_add(e, "q", "address=1");
	go();
	assert_int_equal(fake_poll(d, NULL), -ETIMEDOUT);
	assert_int_equal(fake_poll(e, NULL), 0);
	CLOSE(fake_number(q), 1);
}

/* Two requests for one register each: only time tells their replies apart. */
static void a_late_answer_is_nobodys(void **state)
{
	struct adapter_device *d =
		fake_device_add(host, "d", "unit=5 timeout=400ms");
	struct adapter_device *e = fake_device_add(host, "e", "unit=5");
	struct adapter_point *p = fake_point_add(d, "p", "address=321");
	struct adapter_point *q = fake_point_add(e, "q", "address=123");

	(void)state;
	go();
	slave_tell(&slave, "late 5 600");
	assert_int_equal(fake_poll(d, NULL), -ETIMEDOUT);
	assert_int_equal(fake_poll(e, NULL), 0);
	CLOSE(fake_number(q), 123);
	assert_null(fake_last(p));
}

/* The third unanswered request in a row makes the host open the port anew;
 * what was asked on the old one is answered all the same. */
static void a_late_answer_is_nobodys_after_a_reopening(void **state)
{
	struct adapter_device *d =
		fake_device_add(host, "d", "unit=5 timeout=400ms");
	struct adapter_device *e =
		fake_device_add(host, "e", "unit=5 timeout=1s");
	struct adapter_point *p = fake_point_add(d, "p", "address=321");
	struct adapter_point *q = fake_point_add(e, "q", "address=123");

	(void)state;
	go();
	slave_tell(&slave, "late 5 600");
	assert_int_equal(fake_read(d, &p, 1), -ETIMEDOUT);
	fake_close(host);
	assert_int_equal(fake_attach(host), 0);
	assert_int_equal(fake_read(e, &q, 1), 0);
	CLOSE(fake_number(q), 123);
	assert_null(fake_last(p));
}

static void spoilt_replies_are_no_values(void **state)
{
	struct adapter_device *d =
		fake_device_add(host, "d", "unit=5 timeout=300ms");
	struct adapter_point *p = fake_point_add(d, "p", "address=321");
	int rc;

	(void)state;
	go();
	line.spoil = SPOIL_CRC;
	assert_int_equal(fake_poll(d, NULL), -EBADMSG);
	assert_int_equal(fake_count(host, "crc"), 1);
	line.spoil = SPOIL_CUT;
	rc = fake_poll(d, NULL);
	assert_true(rc == -ETIMEDOUT || rc == -EBADMSG);
	assert_null(fake_last(p));
	line.spoil = SPOIL_NOTHING;
	assert_int_equal(fake_poll(d, NULL), 0);
	CLOSE(fake_number(p), 321);
	assert_false(fake_is_lost(host));
}

static void noise_between_frames_is_thrown_away(void **state)
{
	struct adapter_device *d = fake_device_add(host, "d", "unit=5");
	struct adapter_point *p = fake_point_add(d, "p", "address=321");

	(void)state;
	go();
	line.spoil = SPOIL_NOISE;
	for (int i = 0; i < 5; i++) {
		fake_forget(host);
		assert_int_equal(fake_poll(d, NULL), 0);
		CLOSE(fake_number(p), 321);
		while (line.noises == i)
			usleep(1000);
	}
}

/* Found out by the first read; a write to nobody is then not taken for done,
 * though its echo is what its answer would be. */
static void an_adapter_that_hears_itself_is_known(void **state)
{
	struct adapter_device *d = fake_device_add(host, "d", "unit=5");
	struct adapter_device *e =
		fake_device_add(host, "e", "unit=7 timeout=200ms");
	struct adapter_point *p =
		fake_point_add(d, "p", "address=321 writable=yes");
	struct adapter_point *q =
		fake_point_add(e, "q", "address=1 writable=yes");

	(void)state;
	go();
	line.spoil = SPOIL_ECHO;
	assert_int_equal(fake_poll(d, NULL), 0);
	CLOSE(fake_number(p), 321);
	assert_int_equal(fake_events(host, FAKE_LOG), 1);
	assert_int_equal(fake_write(p, lwm2m_integer(5)), 0);
	slave_expect(&slave, "write unit=5 holding 321 = 5");
	assert_int_equal(fake_write(q, lwm2m_integer(5)), -ETIMEDOUT);
}

static void a_frame_of_another_unit_is_passed_over(void **state)
{
	struct adapter_device *d = fake_device_add(host, "d", "unit=5");
	struct adapter_point *p = fake_point_add(d, "p", "address=321");

	(void)state;
	go();
	line.spoil = SPOIL_FOREIGN;
	assert_int_equal(fake_poll(d, NULL), 0);
	CLOSE(fake_number(p), 321);
	assert_int_equal(fake_count(host, "other_unit"), 1);
}

static void only_anothers_frame_is_no_answer(void **state)
{
	struct adapter_device *d =
		fake_device_add(host, "d", "unit=5 timeout=300ms");
	struct adapter_point *p = fake_point_add(d, "p", "address=321");

	(void)state;
	go();
	slave_tell(&slave, "wrong-unit on");
	assert_int_equal(fake_poll(d, NULL), -EREMCHG);
	assert_null(fake_last(p));
}

/* 3.5 characters of 10 bits each at 9600 Bd: 3.6 ms. */
static void frames_are_parted_by_silence(void **state)
{
	struct adapter_device *d =
		fake_device_add(host, "d", "unit=5 max_hole=0");
	int64_t before;
	char spec[32];

	(void)state;
	for (unsigned i = 0; i < 11; i++) {
		snprintf(spec, sizeof(spec), "address=%u", 5 * i);
		fake_point_add(d, "p", spec);
	}
	go();
	before = fake_bus(host)->host->now(fake_bus(host));
	assert_int_equal(fake_poll(d, NULL), 0);
	assert_true(fake_bus(host)->host->now(fake_bus(host)) - before >=
		    10 * INT64_C(3645833));
}

static void a_port_that_is_not_there_is_an_error(void **state)
{
	(void)state;
	fake_host_destroy(host);
	host = fake_host_create(fake_plugin_load(ADAPTER_MODBUS),
				"transport=rtu port=/dev/no-such-port");
	assert_int_equal(fake_open(host), -ENOENT);
}

static void an_unplugged_port_is_lost(void **state)
{
	struct adapter_device *d;
	struct pty pty;
	char spec[160];

	(void)state;
	fake_host_destroy(host);
	pty_open(&pty);
	snprintf(spec, sizeof(spec), "transport=rtu port=%s "
		 "serial=19200_8N1 timeout=300ms", pty.path);
	host = fake_host_create(fake_plugin_load(ADAPTER_MODBUS), spec);
	fake_time_run(host);
	d = fake_device_add(host, "d", "unit=5");
	fake_point_add(d, "p", "address=1");
	go();
	close(pty.slave);
	close(pty.master);	/* hangs up, as a USB converter does */
	assert_true(fake_poll(d, NULL) < 0);
	assert_true(fake_is_lost(host));
}

static void line_end(void)
{
	bytes_put(line.wake[1], (const uint8_t *)"", 1);
	pthread_join(line.thread, NULL);
	assert_int_equal(read(line.wake[0], (char[1]){0}, 1), 1);
}

static void line_again(void)
{
	assert_int_equal(pthread_create(&line.thread, NULL, line_run, NULL),
			 0);
}

static void a_restarted_converter_is_found_again(void **state)
{
	struct adapter_device *d = fake_device_add(host, "d", "unit=5");
	struct adapter_point *p = fake_point_add(d, "p", "address=1");

	(void)state;
	go();
	assert_int_equal(fake_poll(d, NULL), 0);
	line_end();	/* and with it the connection */
	line_again();
	fake_forget(host);
	assert_int_equal(fake_poll(d, NULL), 0);
	CLOSE(fake_number(p), 1);
	assert_false(fake_is_lost(host));
}

static void a_converter_that_is_gone_is_lost(void **state)
{
	struct adapter_device *d = fake_device_add(host, "d", "unit=5");

	(void)state;
	fake_point_add(d, "p", "address=1");
	go();
	assert_int_equal(fake_poll(d, NULL), 0);
	line_end();
	close(line.listener);
	line.listener = -1;
	assert_int_equal(fake_poll(d, NULL), -ECONNREFUSED);
	assert_true(fake_is_lost(host));
	line_again();	/* for the end of the test to end */
}

#define RTU(name) cmocka_unit_test_setup_teardown(name, rtu_start, stop)
#define TCP(name) {"tcp_" #name, name, tcp_start, stop, NULL}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RTU(two_units_are_read_and_written),
		RTU(long_blocks_come_whole),
		RTU(exceptions_are_told),
		RTU(silence_is_a_timeout),
		RTU(a_late_answer_is_nobodys),
		RTU(a_late_answer_is_nobodys_after_a_reopening),
		RTU(spoilt_replies_are_no_values),
		RTU(noise_between_frames_is_thrown_away),
		RTU(an_adapter_that_hears_itself_is_known),
		RTU(a_frame_of_another_unit_is_passed_over),
		RTU(only_anothers_frame_is_no_answer),
		RTU(frames_are_parted_by_silence),
		RTU(a_port_that_is_not_there_is_an_error),
		RTU(an_unplugged_port_is_lost),
		TCP(two_units_are_read_and_written),
		TCP(long_blocks_come_whole),
		TCP(exceptions_are_told),
		TCP(silence_is_a_timeout),
		TCP(a_late_answer_is_nobodys),
		TCP(a_late_answer_is_nobodys_after_a_reopening),
		TCP(spoilt_replies_are_no_values),
		TCP(noise_between_frames_is_thrown_away),
		TCP(an_adapter_that_hears_itself_is_known),
		TCP(a_frame_of_another_unit_is_passed_over),
		TCP(only_anothers_frame_is_no_answer),
		TCP(a_restarted_converter_is_found_again),
		TCP(a_converter_that_is_gone_is_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
