/* SPDX-License-Identifier: GPL-2.0-or-later
 * The Modbus adapter, loaded as a plug-in, against a slave process over TCP:
 * values, blocks, writes, what devices do wrong, and lost connections. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/fake/host.h"
#include "tests/fake/slave_process.h"

#define CLOSE(a, b) assert_true(fabs((a) - (b)) < 1e-6)

static const char *const slave_args[] = {
	"--tcp", "0", "--units", "5,6", "--device", "1=sdm120",
	"--device", "2=xy-md02", "--device", "3=relay8",
	"--device", "4=boiler", NULL
};
static struct slave_process slave;
static struct fake_host *host;

static void host_start(const char *bus_keys)
{
	char spec[128];

	snprintf(spec, sizeof(spec), "transport=tcp host=127.0.0.1 "
		 "tcp_port=%u timeout=5s %s", slave.port, bus_keys);
	host = fake_host_create(fake_plugin_load(ADAPTER_MODBUS), spec);
	fake_time_run(host);
}

static int start(void **state)
{
	(void)state;
	slave = slave_start(slave_args);
	host_start("");
	return 0;
}

static int stop(void **state)
{
	(void)state;
	fake_host_destroy(host);
	slave_stop(&slave);
	return 0;
}

static void go(void)
{
	if (fake_check(host))
		fail_msg("%s", fake_refusals(host));
	assert_int_equal(fake_attach(host), 0);
}

static const char *last_text(const struct adapter_point *point)
{
	const struct fake_event *event = fake_last(point);

	assert_non_null(event);
	assert_int_equal(event->kind, FAKE_FAULT);
	return event->text;
}

static void values_of_every_kind_are_read(void **state)
{
	struct adapter_device *d = fake_device_add(host, "plain", "unit=5");
	struct adapter_point *i16 =
		fake_point_add(d, "a", "address=100 type=int16");
	struct adapter_point *f32 = fake_point_add(
		d, "b", "address=102 type=float32 order=CDAB");
	struct adapter_point *u64 =
		fake_point_add(d, "c", "address=0x68 type=uint64");
	struct adapter_point *text =
		fake_point_add(d, "d", "address=110 type=string length=4");
	struct adapter_point *bit =
		fake_point_add(d, "e", "address=120 bits=3");
	struct adapter_point *bits =
		fake_point_add(d, "f", "address=120 bits=4-7");
	struct adapter_point *input =
		fake_point_add(d, "g", "table=input address=77");
	struct adapter_point *coil =
		fake_point_add(d, "h", "table=coil address=7");
	struct adapter_point *discrete =
		fake_point_add(d, "i", "table=discrete address=8");

	(void)state;
	go();
	slave_tell(&slave, "set 5 holding 100 -123");
	slave_tell(&slave, "set 5 holding 102 0xa666 0x4365");
	slave_tell(&slave, "set 5 holding 104 0 0 1 0");
	slave_tell(&slave, "set 5 holding 110 0x4232 0x3300 0 0");
	slave_tell(&slave, "set 5 holding 120 0x00a8");
	assert_int_equal(fake_poll(d, NULL), 0);
	CLOSE(fake_number(i16), -123);
	CLOSE(fake_number(f32), 229.65);
	assert_int_equal(fake_last(u64)->value.type, LWM2M_UNSIGNED);
	CLOSE(fake_number(u64), 65536);
	assert_string_equal(fake_last(text)->copy, "B23");
	assert_int_equal(fake_last(bit)->value.type, LWM2M_BOOLEAN);
	CLOSE(fake_number(bit), 1);
	CLOSE(fake_number(bits), 10);
	CLOSE(fake_number(input), 77);
	CLOSE(fake_number(coil), 1);
	CLOSE(fake_number(discrete), 0);
	assert_int_equal(fake_count(host, "requests"), 4);
}

static void a_meter_is_read_in_few_requests(void **state)
{
	struct adapter_device *d = fake_device_add(
		host, "meter", "unit=1 max_registers=80");
	static const unsigned at[] = {0, 6, 12, 18, 24, 30, 36, 70, 72, 74,
				      76, 78, 342, 344};
	char spec[64];
	unsigned exchanges;

	(void)state;
	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		snprintf(spec, sizeof(spec),
			 "table=input type=float32 address=%u", at[i]);
		fake_point_add(d, "p", spec);
	}
	go();
	assert_int_equal(fake_poll(d, &exchanges), 0);
	assert_int_equal(exchanges, 2);
	assert_int_equal(fake_events(host, FAKE_FAULT), 0);
	assert_true(fabs(fake_number(d->points[0]) - 230) <= 3.001);
	CLOSE(fake_number(d->points[9]), 7.25);
}

/* 125 and 126 registers, 2000 and 2001 bits, on the wire. */
static void requests_end_at_the_limits(void **state)
{
	static const struct {
		const char *table;
		unsigned n, exchanges;
	} cases[] = {{"holding", 125, 1}, {"holding", 126, 2},
		     {"coil", 2000, 1}, {"coil", 2001, 2}};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct adapter_device *d =
			fake_device_add(host, "many", "unit=5");
		char spec[64];
		unsigned exchanges;

		for (unsigned k = 0; k < cases[i].n; k++) {
			snprintf(spec, sizeof(spec), "table=%s address=%u",
				 cases[i].table, 1000 + k);
			fake_point_add(d, "p", spec);
		}
		go();
		assert_int_equal(fake_poll(d, &exchanges), 0);
		assert_int_equal(exchanges, cases[i].exchanges);
		for (unsigned k = 0; k < cases[i].n; k++)
			CLOSE(fake_number(d->points[k]), i < 2 ? 1000 + k :
			      k % 2);
		fake_host_destroy(host);
		host_start("");
	}
}

static void addresses_count_from_the_base(void **state)
{
	struct adapter_device *d =
		fake_device_add(host, "plc", "unit=5 address_base=40001");
	struct adapter_point *p = fake_point_add(d, "p", "address=40108");

	(void)state;
	go();
	assert_int_equal(fake_poll(d, NULL), 0);
	CLOSE(fake_number(p), 107);
}

static void invalid_values_are_faults(void **state)
{
	struct adapter_device *d = fake_device_add(host, "d", "unit=5");
	struct adapter_point *a = fake_point_add(
		d, "a", "address=100 type=int16 invalid=0x7fff,0x8000");
	struct adapter_point *b =
		fake_point_add(d, "b", "address=101 type=float32");

	(void)state;
	go();
	slave_tell(&slave, "set 5 holding 100 0x8000 0x7fc0 0");
	assert_int_equal(fake_poll(d, NULL), 0);
	assert_string_equal(last_text(a), "holding 100 holds no valid value");
	assert_int_equal(fake_last(a)->error, -ENODATA);
	assert_int_equal(fake_last(b)->error, -ENODATA);
	assert_int_equal(fake_events(host, FAKE_REPORT), 0);
	assert_int_equal(fake_events(host, FAKE_HEARD), 1);
	slave_tell(&slave, "set 5 holding 100 215");
	assert_int_equal(fake_poll(d, NULL), 0);
	CLOSE(fake_number(a), 215);
}

static void writes_reach_the_device(void **state)
{
	struct adapter_device *d = fake_device_add(host, "boiler", "unit=4");
	struct adapter_device *e = fake_device_add(host, "plain",
						   "unit=5 write=multiple");
	struct adapter_point *setpoint = fake_point_add(
		d, "setpoint", "address=101 type=int16 writable=yes");
	struct adapter_point *pump = fake_point_add(
		d, "pump", "table=coil address=3 writable=yes");
	struct adapter_point *single = fake_point_add(
		e, "a", "address=10 type=uint16 writable=yes");
	struct adapter_point *wide = fake_point_add(
		e, "b", "address=12 type=float32 order=DCBA writable=yes");
	struct adapter_point *text = fake_point_add(
		e, "c", "address=20 type=string length=3 writable=yes");
	struct adapter_point *coil = fake_point_add(
		e, "d", "table=coil address=9 writable=yes");

	(void)state;
	go();
	assert_int_equal(fake_write(setpoint, lwm2m_float(215)), 0);
	slave_expect(&slave, "write unit=4 holding 101 = 215");
	assert_int_equal(fake_poll(d, NULL), 0);
	CLOSE(fake_number(setpoint), 215);
	assert_int_equal(fake_write(pump, lwm2m_boolean(false)), 0);
	slave_expect(&slave, "write unit=4 coil 3 = 0");
	assert_int_equal(fake_write(single, lwm2m_integer(65535)), 0);
	slave_expect(&slave, "write unit=5 holding 10 = 65535");
	assert_int_equal(fake_write(wide, lwm2m_float(-2)), 0);
	slave_expect(&slave, "write unit=5 holding 12 = 0");
	slave_expect(&slave, "write unit=5 holding 13 = 192");
	assert_int_equal(fake_write(text, lwm2m_string("ABC", 3)), 0);
	slave_expect(&slave, "write unit=5 holding 20 = 16706");
	slave_expect(&slave, "write unit=5 holding 22 = 0");
	assert_int_equal(fake_write(coil, lwm2m_boolean(false)), 0);
	slave_expect(&slave, "write unit=5 coil 9 = 0");
	assert_int_equal(fake_poll(e, NULL), 0);
	assert_string_equal(fake_last(text)->copy, "ABC");
	CLOSE(fake_number(wide), -2);
	assert_int_equal(fake_write(single, lwm2m_integer(65536)), -ERANGE);
}

static void a_refused_write_says_so(void **state)
{
	struct adapter_device *d =
		fake_device_add(host, "boiler", "unit=4 timeout=200ms");
	struct adapter_point *p =
		fake_point_add(d, "p", "address=7 writable=yes");

	(void)state;
	go();
	assert_int_equal(fake_write(p, lwm2m_integer(1)), -EREMOTEIO);
	assert_int_equal(fake_events(host, FAKE_HEARD), 1);
	assert_string_equal(fake_event(host, FAKE_WHY, 0)->text,
			    "exception 2, illegal data address");
	slave_tell(&slave, "exception 4 11");
	assert_int_equal(fake_write(p, lwm2m_integer(1)), -EHOSTUNREACH);
	assert_string_equal(fake_event(host, FAKE_WHY, 1)->text,
			    "exception 11, device behind the gateway does not "
			    "respond");
	slave_tell(&slave, "mute 4");
	assert_int_equal(fake_write(p, lwm2m_integer(1)), -ETIMEDOUT);
}

/* Learnt once, and known again after a restart. */
static void illegal_holes_are_learnt_and_kept(void **state)
{
	struct adapter_device *d = fake_device_add(host, "d", "unit=5");
	unsigned exchanges;

	(void)state;
	fake_point_add(d, "a", "address=10");
	fake_point_add(d, "b", "address=20");
	fake_point_add(d, "c", "address=30");
	slave_tell(&slave, "unset 5 holding 25");
	go();
	for (int i = 0; i < 3; i++)
		assert_int_equal(fake_poll(d, NULL), 0);
	assert_int_equal(fake_events(host, FAKE_FAULT), 0);
	CLOSE(fake_number(d->points[0]), 10);
	CLOSE(fake_number(d->points[2]), 30);
	assert_int_equal(fake_event(host, FAKE_LOG, 0)->device == d, 1);
	assert_string_equal(fake_event(host, FAKE_LOG, 0)->text,
			    "from now on holding 30 is not read together with "
			    "what stands before it: the device refuses that");
	fake_close(host);
	assert_int_equal(fake_attach(host), 0);
	fake_forget(host);
	assert_int_equal(fake_poll(d, &exchanges), 0);
	assert_int_equal(exchanges, 2);
	assert_int_equal(fake_events(host, FAKE_LOG), 0);
}

static void a_wrong_point_is_faulted_alone(void **state)
{
	struct adapter_device *d = fake_device_add(host, "d", "unit=5");
	struct adapter_point *bad;

	(void)state;
	fake_point_add(d, "a", "address=10");
	bad = fake_point_add(d, "b", "address=11");
	fake_point_add(d, "c", "address=12");
	slave_tell(&slave, "unset 5 holding 11");
	go();
	assert_int_equal(fake_poll(d, NULL), 0);
	CLOSE(fake_number(d->points[0]), 10);
	CLOSE(fake_number(d->points[2]), 12);
	assert_int_equal(fake_last(bad)->error, -EREMOTEIO);
	assert_string_equal(last_text(bad), "holding 11 (0x000b on the wire): "
			    "exception 2, illegal data address");
	assert_true(fake_events(host, FAKE_HEARD) > 0);
}

static void other_exceptions_fault_the_block(void **state)
{
	struct adapter_device *d = fake_device_add(host, "d", "unit=5");
	struct adapter_point *a = fake_point_add(d, "a", "address=10");
	struct adapter_point *b = fake_point_add(d, "b", "address=11");
	unsigned exchanges;

	(void)state;
	go();
	slave_tell(&slave, "exception 5 6");
	assert_int_equal(fake_poll(d, &exchanges), 0);
	assert_int_equal(exchanges, 1);
	assert_int_equal(fake_last(a)->error, -EBUSY);
	assert_int_equal(fake_last(b)->error, -EBUSY);
	assert_int_equal(fake_events(host, FAKE_HEARD), 1);
	fake_forget(host);
	/* a gateway speaks, not the device */
	slave_tell(&slave, "exception 5 11");
	assert_int_equal(fake_poll(d, NULL), -EHOSTUNREACH);
	assert_string_equal(fake_event(host, FAKE_WHY, 0)->text,
			    "exception 11, device behind the gateway does not "
			    "respond");
	assert_int_equal(fake_events(host, FAKE_HEARD), 0);
	assert_int_equal(fake_count(host, "exceptions"), 2);
}

static void silence_is_a_timeout_and_ends(void **state)
{
	struct adapter_device *d =
		fake_device_add(host, "d", "unit=5 timeout=200ms");
	struct adapter_device *e = fake_device_add(host, "e", "unit=6");
	struct adapter_point *p = fake_point_add(d, "p", "address=10");
	struct adapter_point *q = fake_point_add(e, "q", "address=20");

	(void)state;
	go();
	slave_tell(&slave, "mute 5");
	assert_int_equal(fake_poll(d, NULL), -ETIMEDOUT);
	assert_int_equal(fake_events(host, FAKE_HEARD), 0);
	assert_int_equal(fake_count(host, "timeouts"), 1);
	assert_int_equal(fake_poll(e, NULL), 0);
	CLOSE(fake_number(q), 20);
	slave_tell(&slave, "unmute 5");
	assert_int_equal(fake_poll(d, NULL), 0);
	CLOSE(fake_number(p), 10);
	assert_false(fake_is_lost(host));
}

/* The host stands still, and its kernel goes on: as a half-open connection. */
static void a_frozen_slave_is_silent_and_comes_back(void **state)
{
	struct adapter_device *d =
		fake_device_add(host, "d", "unit=5 timeout=200ms");
	struct adapter_device *e = fake_device_add(host, "e", "unit=6");
	struct adapter_point *p = fake_point_add(d, "p", "address=10");
	struct adapter_point *q = fake_point_add(e, "q", "address=20");

	(void)state;
	go();
	assert_int_equal(kill(slave.pid, SIGSTOP), 0);
	assert_int_equal(fake_poll(d, NULL), -ETIMEDOUT);
	assert_int_equal(fake_poll(d, NULL), -ETIMEDOUT);
	assert_int_equal(kill(slave.pid, SIGCONT), 0);
	/* two late answers come before this one's */
	assert_int_equal(fake_poll(e, NULL), 0);
	CLOSE(fake_number(q), 20);
	assert_null(fake_last(p));
	assert_int_equal(fake_poll(d, NULL), 0);
	CLOSE(fake_number(p), 10);
	assert_int_equal(fake_device_count(d, "requests"), 3);
	assert_int_equal(fake_device_count(d, "timeouts"), 2);
	assert_int_equal(fake_device_count(e, "timeouts"), 0);
	assert_int_equal(fake_count(host, "requests"), 4);
}

/* The answer to the first request comes during the second one. */
static void a_late_answer_is_nobodys(void **state)
{
	struct adapter_device *d =
		fake_device_add(host, "d", "unit=5 timeout=100ms");
	struct adapter_device *e =
		fake_device_add(host, "e", "unit=5");
	struct adapter_point *first = fake_point_add(d, "p", "address=10");
	struct adapter_point *second = fake_point_add(e, "q", "address=20");

	(void)state;
	go();
	slave_tell(&slave, "late 5 600");
	assert_int_equal(fake_poll(d, NULL), -ETIMEDOUT);
	assert_int_equal(fake_poll(e, NULL), 0);
	CLOSE(fake_number(second), 20);
	assert_null(fake_last(first));
	/* the first read of a connection is sent twice */
	assert_int_equal(fake_count(host, "late"), 2);
}

/* libmodbus 3.1.6 takes such a reply for the answer. */
static void another_units_reply_is_no_answer(void **state)
{
	struct adapter_device *d = fake_device_add(host, "d", "unit=5");
	struct adapter_point *p = fake_point_add(d, "p", "address=10");

	(void)state;
	go();
	slave_tell(&slave, "wrong-unit on");
	assert_int_equal(fake_poll(d, NULL), -EREMCHG);
	assert_null(fake_last(p));
	assert_int_equal(fake_events(host, FAKE_HEARD), 0);
	assert_int_equal(fake_count(host, "other_unit"), 1);
	slave_tell(&slave, "wrong-unit off");
	assert_int_equal(fake_poll(d, NULL), 0);
	CLOSE(fake_number(p), 10);
}

/* Many gateways close what is idle for a minute: no reason for alarm. */
static void an_idle_connection_that_was_closed_is_made_anew(void **state)
{
	struct adapter_device *d = fake_device_add(host, "d", "unit=5");
	struct adapter_point *p =
		fake_point_add(d, "p", "address=10 writable=yes");

	(void)state;
	go();
	for (int i = 0; i < 3; i++) {
		slave_tell(&slave, "drop");
		fake_forget(host);
		assert_int_equal(fake_poll(d, NULL), 0);
		CLOSE(fake_number(p), 10);
	}
	slave_tell(&slave, "drop");
	assert_int_equal(fake_write(p, lwm2m_integer(11)), 0);
	slave_expect(&slave, "write unit=5 holding 10 = 11");
	assert_false(fake_is_lost(host));
	assert_int_equal(fake_count(host, "reconnects"), 4);
}

static void a_restarted_slave_is_found_again(void **state)
{
	struct adapter_device *d = fake_device_add(host, "d", "unit=5");
	struct adapter_point *p = fake_point_add(d, "p", "address=10");
	char port[8];
	const char *const again[] = {"--tcp", port, "--units", "5", NULL};

	(void)state;
	go();
	snprintf(port, sizeof(port), "%u", slave.port);
	slave_stop(&slave);
	assert_true(fake_poll(d, NULL) < 0);
	assert_true(fake_is_lost(host));
	fake_close(host);
	assert_int_equal(fake_attach(host), -ECONNREFUSED);
	slave = slave_start(again);
	assert_int_equal(fake_attach(host), 0);
	fake_forget(host);
	assert_int_equal(fake_poll(d, NULL), 0);
	CLOSE(fake_number(p), 10);
}

/* libmodbus selects without looking whether the descriptor fits. */
static void works_beyond_fd_setsize(void **state)
{
	struct adapter_device *d =
		fake_device_add(host, "d", "unit=5 timeout=200ms");
	struct adapter_point *p =
		fake_point_add(d, "p", "address=10 writable=yes");
	struct rlimit limit;
	static int fds[1500];

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = limit.rlim_max < 4096 ? limit.rlim_max : 4096;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	for (size_t i = 0; i < 1500; i++) {
		fds[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
		assert_true(fds[i] >= 0);
	}
	go();
	assert_int_equal(fake_poll(d, NULL), 0);
	CLOSE(fake_number(p), 10);
	assert_int_equal(fake_write(p, lwm2m_integer(3)), 0);
	slave_tell(&slave, "mute 5");
	assert_int_equal(fake_poll(d, NULL), -ETIMEDOUT);
	fake_close(host);
	for (size_t i = 0; i < 1500; i++)
		close(fds[i]);
}

static void a_gap_is_kept(void **state)
{
	struct adapter_device *d =
		fake_device_add(host, "d", "unit=5 gap=30ms max_hole=0");
	int64_t before;

	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		char spec[32];

		snprintf(spec, sizeof(spec), "address=%u", 10 * i);
		fake_point_add(d, "p", spec);
	}
	go();
	before = fake_bus(host)->host->now(fake_bus(host));
	assert_int_equal(fake_poll(d, NULL), 0);
	assert_true(fake_bus(host)->host->now(fake_bus(host)) - before >=
		    4 * 30 * MS);
	assert_int_equal(fake_count(host, "requests"), 5);
}

/* bus -> device -> point, as far as the key tables say so. */
static void keys_are_inherited(void **state)
{
	struct adapter_device *d =
		fake_device_add(host, "d", "unit=5 order=CDAB");
	struct adapter_point *a =
		fake_point_add(d, "a", "address=10 type=uint32");
	struct adapter_point *b =
		fake_point_add(d, "b", "address=12 type=uint32 order=ABCD");

	(void)state;
	go();
	assert_int_equal(fake_poll(d, NULL), 0);
	CLOSE(fake_number(a), 11 * 65536 + 10);
	CLOSE(fake_number(b), 12 * 65536 + 13);
}

/* A scale that the device may change, as of SunSpec, read along. */
static void a_scale_comes_from_a_register(void **state)
{
	struct adapter_device *d = fake_device_add(host, "d", "unit=5");
	struct adapter_point *w = fake_point_add(d, "w",
		"address=84 type=int16 scale_from=85 writable=yes");
	struct adapter_point *before = fake_point_add(d, "before",
		"address=90 type=uint16 scale_from=88");
	struct adapter_point *none = fake_point_add(d, "none",
		"address=92 type=uint16 scale_from=93");
	unsigned exchanges;

	(void)state;
	go();
	slave_tell(&slave, "set 5 holding 84 2345 -1 0 0 3 0 7 0 5 -32768");
	assert_int_equal(fake_poll(d, &exchanges), 0);
	assert_int_equal(exchanges, 1);
	assert_true(fake_number(w) == 234.5);
	assert_int_equal(fake_last(w)->value.type, LWM2M_FLOAT);
	CLOSE(fake_number(before), 7000);
	assert_int_equal(fake_last(none)->error, -ENODATA);
	slave_tell(&slave, "set 5 holding 85 -2");
	assert_int_equal(fake_write(w, lwm2m_float(1.25)), 0);
	slave_expect(&slave, "write unit=5 holding 84 = 125");
}

static void two_parts_make_one_value(void **state)
{
	struct adapter_device *d = fake_device_add(host, "d", "unit=5");
	struct adapter_point *p = fake_point_add(d, "p",
		"high=40 low=44 type=uint16 high_factor=1000");

	(void)state;
	go();
	slave_tell(&slave, "set 5 holding 40 12 0 0 0 345");
	assert_int_equal(fake_poll(d, NULL), 0);
	CLOSE(fake_number(p), 12345);
}

static void states_are_numbers(void **state)
{
	struct adapter_device *d = fake_device_add(host, "d", "unit=5");
	struct adapter_point *both = fake_point_add(d, "both",
		"address=50 on_value=4,5 off_value=1 writable=yes");
	struct adapter_point *on = fake_point_add(d, "on",
		"address=51 on_value=26 writable=yes");
	struct adapter_point *off = fake_point_add(d, "off",
		"address=52 off_value=255");
	struct adapter_point *bits = fake_point_add(d, "bits",
		"address=53 bits=4-5 on_value=2");

	(void)state;
	go();
	assert_int_equal(fake_facts(both)->type, LWM2M_BOOLEAN);
	slave_tell(&slave, "set 5 holding 50 5 26 255 0x20");
	assert_int_equal(fake_poll(d, NULL), 0);
	CLOSE(fake_number(both), 1);
	CLOSE(fake_number(on), 1);
	CLOSE(fake_number(off), 0);
	CLOSE(fake_number(bits), 1);
	slave_tell(&slave, "set 5 holding 50 2 25 0 0x10");
	assert_int_equal(fake_poll(d, NULL), 0);
	assert_int_equal(fake_last(both)->error, -ENODATA);
	CLOSE(fake_number(on), 0);
	CLOSE(fake_number(off), 1);
	CLOSE(fake_number(bits), 0);
	assert_int_equal(fake_write(both, lwm2m_boolean(true)), 0);
	slave_expect(&slave, "write unit=5 holding 50 = 4");
	assert_int_equal(fake_write(both, lwm2m_boolean(false)), 0);
	slave_expect(&slave, "write unit=5 holding 50 = 1");
	assert_int_equal(fake_write(on, lwm2m_boolean(false)), 0);
	slave_expect(&slave, "write unit=5 holding 51 = 0");
}

/* A relay whose state is in one place, and whose command goes to another. */
static void written_where_it_is_not_read(void **state)
{
	struct adapter_device *d = fake_device_add(host, "d", "unit=5");
	struct adapter_point *p = fake_point_add(d, "p",
		"table=discrete address=3 write_table=holding "
		"write_address=60 writable=yes");
	struct adapter_point *q = fake_point_add(d, "q",
		"address=61 bits=0 write_table=coil write_address=9 "
		"writable=yes");

	(void)state;
	go();
	assert_int_equal(fake_write(p, lwm2m_boolean(true)), 0);
	slave_expect(&slave, "write unit=5 holding 60 = 1");
	assert_int_equal(fake_write(q, lwm2m_boolean(false)), 0);
	slave_expect(&slave, "write unit=5 coil 9 = 0");
}

static void bits_are_written_and_the_rest_stays(void **state)
{
	struct adapter_device *d = fake_device_add(host, "d", "unit=5");
	struct adapter_point *bit =
		fake_point_add(d, "bit", "address=70 bits=3 writable=yes");
	struct adapter_point *range =
		fake_point_add(d, "range", "address=70 bits=8-11 writable=yes");
	struct adapter_point *all = fake_point_add(d, "all", "address=70");

	(void)state;
	go();
	slave_tell(&slave, "set 5 holding 70 0x5a07");
	assert_int_equal(fake_write(bit, lwm2m_boolean(true)), 0);
	assert_int_equal(fake_write(range, lwm2m_integer(3)), 0);
	assert_int_equal(fake_write(range, lwm2m_integer(16)), -ERANGE);
	assert_int_equal(fake_poll(d, NULL), 0);
	CLOSE(fake_number(bit), 1);
	CLOSE(fake_number(range), 3);
	CLOSE(fake_number(all), 0x530f);
}

/* Function 16 for all of it; what is not said stays, and is asked for. */
static void a_group_is_written_at_once(void **state)
{
	struct adapter_device *d = fake_device_add(host, "d", "unit=5");
	struct adapter_point *mode = fake_point_add(
		d, "mode", "address=70 group=g writable=yes");
	struct adapter_point *power = fake_point_add(
		d, "power", "address=71 type=int32 group=g writable=yes");
	struct adapter_point *limit = fake_point_add(
		d, "limit", "table=input address=3 write_table=holding "
		"write_address=73 group=g writable=yes");
	struct adapter_point *points[] = {power, limit, mode};
	const struct lwm2m_value values[] = {
		lwm2m_integer(-2), lwm2m_integer(9), lwm2m_integer(4)};

	(void)state;
	go();
	assert_string_equal(fake_facts(mode)->group, "g");
	slave_tell(&slave, "set 5 holding 70 1 2 3 4");
	assert_int_equal(fake_write_group(points, values, 3), 0);
	assert_int_equal(fake_count(host, "requests"), 1);
	slave_tell(&slave, "get 5 holding 70");
	assert_int_equal(fake_poll(d, NULL), 0);
	CLOSE(fake_number(mode), 4);
	CLOSE(fake_number(power), -2);
	assert_int_equal(fake_write(mode, lwm2m_integer(7)), 0);
	assert_int_equal(fake_poll(d, NULL), 0);
	CLOSE(fake_number(mode), 7);
	CLOSE(fake_number(power), -2);
	/* one that does not fit, and nothing is written */
	assert_int_equal(fake_write_group(points, (struct lwm2m_value[]){
		lwm2m_integer(5), lwm2m_integer(70000), lwm2m_integer(5)}, 3),
		-ERANGE);
	assert_int_equal(fake_poll(d, NULL), 0);
	CLOSE(fake_number(mode), 7);
	CLOSE(fake_number(power), -2);
}

/* One of them does not exist on the device: none is written, and what is there
 * cannot be asked for. */
static void a_group_is_written_or_not_at_all(void **state)
{
	struct adapter_device *d = fake_device_add(host, "d", "unit=5");
	struct adapter_point *a =
		fake_point_add(d, "a", "address=70 group=g writable=yes");
	struct adapter_point *b =
		fake_point_add(d, "b", "address=71 group=g writable=yes");
	struct adapter_point *points[] = {a, b};
	const struct lwm2m_value values[] = {lwm2m_integer(5),
					     lwm2m_integer(6)};

	(void)state;
	go();
	slave_tell(&slave, "set 5 holding 70 1");
	slave_tell(&slave, "unset 5 holding 71");
	assert_int_equal(fake_write_group(points, values, 2), -EREMOTEIO);
	fake_poll(d, NULL);
	CLOSE(fake_number(a), 1);
	assert_int_equal(fake_write(a, lwm2m_integer(5)), -EINVAL);
	assert_non_null(strstr(fake_event(host, FAKE_LOG,
			fake_events(host, FAKE_LOG) - 1)->text,
			"in one request"));
}

static void wrong_settings_are_refused(void **state)
{
	struct adapter_device *d =
		fake_device_add(host, "d", "unit=5 max_registers=2");

	(void)state;
	fake_point_add(d, "a", "address=1 type=string");
	fake_point_add(d, "b", "address=1 type=int64");
	fake_point_add(d, "c", "address=65535 type=uint32");
	fake_point_add(d, "d", "address=1 type=int32 bits=3");
	fake_point_add(d, "e", "address=1 bits=16");
	fake_point_add(d, "f", "table=input address=1 bits=1 writable=yes");
	fake_point_add(d, "g", "table=input address=1 writable=yes");
	fake_point_add(d, "h", "address=1 invalid=0x10000");
	fake_point_add(d, "i", "table=coil address=1 invalid=1");
	fake_point_add(d, "j", "table=holding");
	fake_point_add(d, "k", "high=1");
	fake_point_add(d, "l", "high=1 low=2 address=3");
	fake_point_add(d, "m", "high=1 low=9");
	fake_point_add(d, "n", "high=1 low=2 writable=yes");
	fake_point_add(d, "o", "address=1 scale_from=9");
	fake_point_add(d, "p", "table=coil address=1 on_value=1");
	fake_point_add(d, "q", "address=1 on_value=1,2 off_value=2");
	fake_point_add(d, "r", "address=1 chars=low");
	fake_point_add(d, "s", "address=1 write_table=coil");
	fake_point_add(d, "t", "table=input address=1 write_address=4");
	fake_point_add(d, "u", "address=1 invalid=nothing");
	assert_int_equal(fake_check(host), 21);
	assert_string_equal(fake_refusals(host),
		"length: is missing: how many registers the text takes\n"
		"type: takes 4 registers, not 1 to 2\n"
		"address: 65535: it takes 2 registers, and 65535 is the last "
		"there is\n"
		"bits: are of one register, int16 or uint16\n"
		"bits: \"16\" is not like \"3\" or \"4-7\", 0 to 15\n"
		"writable: only coils and holding registers are, or where "
		"write_table and write_address say\n"
		"writable: only coils and holding registers are, or where "
		"write_table and write_address say\n"
		"invalid: 0x10000 is wider than the value\n"
		"invalid: is of numbers\n"
		"(null): a modbus point needs the key 'address': of its first "
		"register, or of its bit, counted from address_base\n"
		"high: 'high' and 'low' go together\n"
		"address: with 'high' and 'low' there is no other\n"
		"high: is too far away: at most 2 registers are read at once\n"
		"writable: a value of two parts cannot be written\n"
		"scale_from: is too far away: at most 2 registers are read at "
		"once\n"
		"on_value: is of whole numbers in registers\n"
		"off_value: 2 is 'on_value' too\n"
		"chars: is of type string\n"
		"write_table: a coil takes a boolean: give the point bits of "
		"one, or on_value\n"
		"write_address: needs write_table: coil or holding\n"
		"invalid: \"nothing\" is no number, as 0x8000, -32768 or "
		"-9999.0\n");
}

static void wrong_groups_are_refused(void **state)
{
	struct adapter_device *d = fake_device_add(host, "d",
						   "unit=5 address_base=1");

	(void)state;
	fake_point_add(d, "a", "address=70 group=hole writable=yes");
	fake_point_add(d, "b", "address=72 group=hole writable=yes");
	fake_point_add(d, "c", "address=80 type=uint32 group=twice");
	fake_point_add(d, "d", "address=81 group=twice");
	fake_point_add(d, "e", "address=90 group=right");
	fake_point_add(d, "f", "address=91 group=right");
	fake_point_add(d, "g", "address=100 type=string length=100 group=much");
	fake_point_add(d, "h", "address=200 type=string length=24 group=much");
	fake_point_add(d, "i", "table=coil address=3 group=c");
	fake_point_add(d, "j", "table=input address=3 group=i");
	fake_point_add(d, "k", "address=300 bits=3 group=k");
	fake_point_add(d, "l", "high=301 low=302 group=l");
	assert_int_equal(fake_check(host), 7);
	assert_string_equal(fake_refusals(host),
		"(null): the group 'hole' is not of registers in a row, each of "
		"them once: there are 1 from 70 on\n"
		"(null): the group 'twice' is not of registers in a row, each of "
		"them once: there are 2 from 80 on\n"
		"(null): the group 'much' has 124 registers: at most 123 can be "
		"written at once\n"
		"group: is of holding registers that can be written\n"
		"group: is of holding registers that can be written\n"
		"group: does not go with 'bits'\n"
		"group: is of holding registers that can be written\n");
}

static void wrong_buses_are_refused(void **state)
{
	const struct adapter_ops *ops = fake_plugin_load(ADAPTER_MODBUS);

	(void)state;
	fake_host_destroy(host);
	host = fake_host_create(ops, "transport=tcp");
	assert_int_equal(fake_check(host), 1);
	assert_string_equal(fake_refusals(host),
			    "host: transport tcp needs a host\n");
	fake_host_destroy(host);
	host = fake_host_create(ops, "transport=tcp host=plc port=1502");
	assert_int_equal(fake_check(host), 1);
	assert_string_equal(fake_refusals(host), "port: is a serial port; "
			    "that of TCP is 'tcp_port'\n");
	fake_host_destroy(host);
	host = fake_host_create(ops, "transport=rtu host=plc port=/dev/ttyS0");
	assert_int_equal(fake_check(host), 1);
	assert_string_equal(fake_refusals(host), "host: transport rtu has "
			    "none; rtu-over-tcp has\n");
	fake_host_destroy(host);
	host = fake_host_create(ops, "transport=rtu serial=9600");
	fake_device_add(host, "d", "unit=248");
	assert_int_equal(fake_check(host), 2);
	assert_string_equal(fake_refusals(host),
		"port: transport rtu needs a serial port\n"
		"serial: \"9600\" is not like \"9600 8E1\", with one of "
		"the usual rates\n");
	fake_host_destroy(host);
	host = fake_host_create(ops, "transport=tcp host=192.0.2.1:1502 "
				"echo=yes");
	assert_int_equal(fake_check(host), 2);
	assert_string_equal(fake_refusals(host), "echo: is of serial lines\n"
		"host: \"192.0.2.1:1502\" has a port in it: that is "
		"'tcp_port'\n");
}

/* What nobody could open, told before somebody tries for ever. */
static void names_of_ports_and_hosts(void **state)
{
	static const struct { const char *spec, *said; } cases[] = {
		{"transport=rtu port=ttyUSB0", "port: \"ttyUSB0\" is no path of "
		 "a serial port, as /dev/ttyUSB0\n"},
		{"transport=rtu port=COM3", "port: \"COM3\" is no path of a "
		 "serial port, as /dev/ttyUSB0\n"},
		{"transport=tcp host=10.0.0.256", "host: \"10.0.0.256\" is no "
		 "address: four numbers of 0 to 255, as 192.0.2.1\n"},
		{"transport=tcp host=10.0.1", "host: \"10.0.1\" is no address: "
		 "four numbers of 0 to 255, as 192.0.2.1\n"},
		{"transport=tcp host=10.0.0.255", ""},
		{"transport=tcp host=2.meter.example", ""},
		{"transport=rtu port=/dev/ttyUSB0", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		fake_host_destroy(host);
		host = fake_host_create(fake_plugin_load(ADAPTER_MODBUS),
					cases[i].spec);
		fake_check(host);
		assert_string_equal(fake_refusals(host), cases[i].said);
	}
}

static void serial_settings_are_read(void **state)
{
	static const struct {
		const char *spec;
		unsigned wrong;
	} cases[] = {
		{"9600_8N1", 0}, {"115200_8E1", 0}, {"1200_7O2", 0},
		{"9601_8N1", 1}, {"9600_8X1", 1}, {"9600_9N1", 1},
		{"9600_8N3", 1}, {"9600_8N1x", 1}, {"8N1", 1}, {"fast", 1},
		{"99999999999_8N1", 1}, {"-9600_8N1", 1},
	};
	char spec[64];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fake_host_destroy(host);
		snprintf(spec, sizeof(spec), "transport=rtu port=/x serial=%s",
			 cases[i].spec);
		host = fake_host_create(fake_plugin_load(ADAPTER_MODBUS), spec);
		assert_int_equal(fake_check(host), cases[i].wrong);
	}
}

static void the_facts_tell_type_and_limits(void **state)
{
	struct adapter_device *d = fake_device_add(host, "d", "unit=5");
	struct adapter_point *a =
		fake_point_add(d, "a", "address=1 type=int16 writable=yes");
	struct adapter_point *b = fake_point_add(d, "b", "table=coil address=1");
	struct adapter_point *c =
		fake_point_add(d, "c", "table=input address=1 type=float32");

	(void)state;
	assert_int_equal(fake_check(host), 0);
	assert_true(fake_facts(a)->polled && fake_facts(a)->writable);
	assert_int_equal(fake_facts(a)->type, LWM2M_INTEGER);
	CLOSE(fake_facts(a)->min, -32768);
	CLOSE(fake_facts(a)->max, 32767);
	assert_int_equal(fake_facts(b)->type, LWM2M_BOOLEAN);
	assert_true(fake_facts(b)->min == fake_facts(b)->max);
	assert_int_equal(fake_facts(c)->type, LWM2M_FLOAT);
	assert_false(fake_facts(c)->writable);
}

static void a_scan_finds_and_recognises(void **state)
{
	struct adapter_device *profile = fake_device_add(host, "x", "unit=1");
	struct adapter_point *points[] = {
		fake_point_add(profile, "volts",
			       "table=input address=0 type=float32"),
		fake_point_add(profile, "temperature",
			       "table=input address=1 type=int16"),
	};

	(void)state;
	assert_int_equal(fake_open(host), 0);
	slave_tell(&slave, "mute 6");
	assert_int_equal(fake_search(host, ADAPTER_SCAN,
				     "from=1 to=7 timeout=100ms", points, 2,
				     100), 0);
	/* 1: volts; 2: temperature; 3, 4: alive; 5: both; 6, 7: silent */
	assert_int_equal(fake_events(host, FAKE_FOUND), 6);
	assert_string_equal(fake_event(host, FAKE_FOUND, 0)->text, "unit: 1");
	assert_ptr_equal(fake_event(host, FAKE_FOUND, 0)->identify, points[0]);
	assert_string_equal(fake_event(host, FAKE_FOUND, 1)->text, "unit: 2");
	assert_ptr_equal(fake_event(host, FAKE_FOUND, 1)->identify, points[1]);
	assert_string_equal(fake_event(host, FAKE_FOUND, 3)->text, "unit: 4");
	assert_string_equal(fake_event(host, FAKE_FOUND, 3)->copy,
			    "answers, exception 2, illegal data address");
}

static bool was_found(const char *keys, double number)
{
	for (size_t i = 0; i < fake_events(host, FAKE_FOUND); i++) {
		const struct fake_event *e = fake_event(host, FAKE_FOUND, i);

		if (strcmp(e->text, keys) == 0 &&
		    fabs(lwm2m_number(&e->value) - number) < 1e-3)
			return true;
	}
	return false;
}

static void a_probe_tells_all_readings(void **state)
{
	(void)state;
	assert_int_equal(fake_open(host), 0);
	slave_tell(&slave, "set 5 input 100 0xa666 0x4365");
	assert_int_equal(fake_search(host, ADAPTER_PROBE, "unit=5 table=input "
				     "address=100 count=2", NULL, 0, 10), 0);
	assert_true(was_found("table: input, address: 100, type: float32, "
			      "order: CDAB", 229.65));
	assert_true(was_found("table: input, address: 100, type: uint16, "
			      "order: ABCD", 0xa666));
	assert_true(was_found("table: input, address: 101, type: int16, "
			      "order: BADC", 0x6543));
	/* 8 of single registers, 12 of both, and text is none */
	assert_int_equal(fake_events(host, FAKE_FOUND), 20);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(values_of_every_kind_are_read),
		TEST(a_meter_is_read_in_few_requests),
		TEST(requests_end_at_the_limits),
		TEST(addresses_count_from_the_base),
		TEST(invalid_values_are_faults),
		TEST(writes_reach_the_device),
		TEST(a_refused_write_says_so),
		TEST(illegal_holes_are_learnt_and_kept),
		TEST(a_wrong_point_is_faulted_alone),
		TEST(other_exceptions_fault_the_block),
		TEST(silence_is_a_timeout_and_ends),
		TEST(a_frozen_slave_is_silent_and_comes_back),
		TEST(a_late_answer_is_nobodys),
		TEST(another_units_reply_is_no_answer),
		TEST(an_idle_connection_that_was_closed_is_made_anew),
		TEST(a_restarted_slave_is_found_again),
		TEST(works_beyond_fd_setsize),
		TEST(a_gap_is_kept),
		TEST(keys_are_inherited),
		TEST(a_scale_comes_from_a_register),
		TEST(two_parts_make_one_value),
		TEST(states_are_numbers),
		TEST(written_where_it_is_not_read),
		TEST(bits_are_written_and_the_rest_stays),
		TEST(a_group_is_written_at_once),
		TEST(a_group_is_written_or_not_at_all),
		TEST(wrong_groups_are_refused),
		TEST(wrong_settings_are_refused),
		TEST(wrong_buses_are_refused),
		TEST(names_of_ports_and_hosts),
		TEST(serial_settings_are_read),
		TEST(the_facts_tell_type_and_limits),
		TEST(a_scan_finds_and_recognises),
		TEST(a_probe_tells_all_readings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
