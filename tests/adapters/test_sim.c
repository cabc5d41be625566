/* SPDX-License-Identifier: GPL-2.0-or-later
 * The simulating adapter, loaded as the plug-in that it is. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "adapters/sim/signal.h"
#include "tests/fake/host.h"

#define CLOSE(a, b) assert_true(fabs((a) - (b)) < 1e-9)

static struct fake_host *host;
static struct adapter_device *device;

static int start(void **state)
{
	(void)state;
	host = fake_host_create(fake_plugin_load(ADAPTER_SIM), "");
	return 0;
}

static int stop(void **state)
{
	(void)state;
	fake_host_destroy(host);
	return 0;
}

static struct adapter_point *one(const char *device_spec, const char *spec)
{
	device = fake_device_add(host, "demo", device_spec);
	return fake_point_add(device, "t", spec);
}

/* The value so many seconds after the start. */
static double value_at(struct adapter_point *point, double seconds)
{
	fake_time_set(host, SECOND + (int64_t)(seconds * 1e9));
	assert_int_equal(fake_poll(device, NULL), 0);
	return fake_number(point);
}

static void a_constant_is_polled_and_written(void **state)
{
	struct adapter_point *p = one("", "value=21.5 writable=yes");

	(void)state;
	assert_int_equal(fake_check(host), 0);
	assert_true(fake_facts(p)->polled && fake_facts(p)->writable);
	assert_int_equal(fake_facts(p)->type, LWM2M_FLOAT);
	assert_int_equal(fake_attach(host), 0);
	CLOSE(value_at(p, 0), 21.5);
	assert_int_equal(fake_write(p, lwm2m_float(55)), 0);
	CLOSE(value_at(p, 1), 55);
	assert_int_equal(fake_write(p, lwm2m_boolean(true)), 0);
	CLOSE(value_at(p, 2), 1);
	assert_int_equal(fake_write(p, lwm2m_string("x", 1)), -EINVAL);
	CLOSE(value_at(p, 3), 1);
}

static void one_read_reports_all(void **state)
{
	unsigned exchanges;

	(void)state;
	one("", "");
	for (int i = 0; i < 99; i++)
		fake_point_add(device, "more", "signal=random");
	assert_int_equal(fake_attach(host), 0);
	assert_int_equal(fake_poll(device, &exchanges), 0);
	assert_int_equal(exchanges, 1);
	assert_int_equal(fake_events(host, FAKE_REPORT), 100);
}

static void a_ramp_climbs(void **state)
{
	struct adapter_point *p =
		one("", "signal=ramp min=10 max=20 period=100s");

	(void)state;
	assert_int_equal(fake_attach(host), 0);
	CLOSE(value_at(p, 0), 10);
	CLOSE(value_at(p, 50), 15);
	CLOSE(value_at(p, 99), 19.9);
	CLOSE(value_at(p, 100), 10);
}

static void a_sine_swings(void **state)
{
	struct adapter_point *p =
		one("", "signal=sine min=18 max=24 period=60s");

	(void)state;
	assert_int_equal(fake_attach(host), 0);
	CLOSE(value_at(p, 0), 21);
	CLOSE(value_at(p, 15), 24);
	CLOSE(value_at(p, 45), 18);
	CLOSE(value_at(p, 60), 21);
}

static void a_step_jumps(void **state)
{
	struct adapter_point *p = one("", "signal=step period=10s");

	(void)state;
	assert_int_equal(fake_attach(host), 0);
	CLOSE(value_at(p, 4.9), 0);
	CLOSE(value_at(p, 5), 1);
	CLOSE(value_at(p, 10), 0);
}

/* Ten values, after a fresh start. */
static void random_take(struct adapter_point *p, double *values)
{
	assert_int_equal(fake_attach(host), 0);
	for (int i = 0; i < 10; i++)
		values[i] = value_at(p, i);
	fake_close(host);
}

static void random_repeats_itself_by_name(void **state)
{
	struct adapter_point *p = one("", "signal=random min=-5 max=5");
	struct adapter_point *q = fake_point_add(device, "u",
						 "signal=random min=-5 max=5");
	double first[10], again[10], other[10];

	(void)state;
	random_take(p, first);
	random_take(p, again);
	random_take(q, other);
	assert_memory_equal(first, again, sizeof(first));
	assert_memory_not_equal(first, other, sizeof(first));
	for (int i = 0; i < 10; i++)
		assert_true(first[i] >= -5 && first[i] < 5);
	assert_true(first[0] != first[1]);
}

static void names_are_told_apart(void **state)
{
	(void)state;
	assert_int_not_equal(signal_seed("a", "b"), signal_seed("b", "a"));
	assert_int_not_equal(signal_seed("ab", "c"), signal_seed("a", "bc"));
}

static void a_device_plays_dead(void **state)
{
	struct adapter_point *p = one("quiet_every=60s quiet_for=20s",
				      "value=3 writable=yes");

	(void)state;
	assert_int_equal(fake_check(host), 0);
	assert_int_equal(fake_attach(host), 0);
	CLOSE(value_at(p, 39.9), 3);
	fake_forget(host);
	fake_time_set(host, 41 * SECOND);
	assert_int_equal(fake_poll(device, NULL), -ETIMEDOUT);
	assert_int_equal(fake_write(p, lwm2m_float(4)), -ETIMEDOUT);
	fake_time_set(host, 60 * SECOND + 999 * MS);
	assert_int_equal(fake_poll(device, NULL), -ETIMEDOUT);
	assert_int_equal(fake_events(host, FAKE_REPORT), 0);
	CLOSE(value_at(p, 60), 3);
}

static char path[64];

static void file_write(const char *text)
{
	FILE *file;
	int fd;

	strcpy(path, "/tmp/test-sim-XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	file = fdopen(fd, "w");
	fputs(text, file);
	fclose(file);
}

static struct adapter_point *replay(const char *text)
{
	char spec[128];

	file_write(text);
	snprintf(spec, sizeof(spec), "signal=csv file=%s", path);
	return one("", spec);
}

static void a_file_is_replayed(void **state)
{
	struct adapter_point *p = replay("# seconds,value\n0,20\r\n\n10, 21.5\n"
					 "30,-3e0\n");

	(void)state;
	assert_int_equal(fake_check(host), 0);
	assert_int_equal(fake_attach(host), 0);
	CLOSE(value_at(p, 0), 20);
	CLOSE(value_at(p, 9.9), 20);
	CLOSE(value_at(p, 10), 21.5);
	CLOSE(value_at(p, 30), -3);
	CLOSE(value_at(p, 49), -3);	/* as long as the one before it */
	CLOSE(value_at(p, 50), 20);
	unlink(path);
	fake_close(host);		/* and all is freed */
}

static void a_file_is_shared(void **state)
{
	struct adapter_point *p = replay("5,7");
	char spec[128];

	(void)state;
	snprintf(spec, sizeof(spec), "signal=csv file=%s", path);
	for (int i = 0; i < 50; i++)
		fake_point_add(device, "more", spec);
	assert_int_equal(fake_attach(host), 0);
	CLOSE(value_at(p, 0), 7);
	assert_int_equal(fake_events(host, FAKE_REPORT), 51);
	unlink(path);
}

static void a_file_gone_is_an_error(void **state)
{
	(void)state;
	one("", "signal=csv file=/nowhere/at/all.csv");
	assert_int_equal(fake_check(host), 1);
	assert_string_equal(fake_refusals(host), "file: /nowhere/at/all.csv: "
			    "No such file or directory\n");
	assert_int_equal(fake_attach(host), -ENOENT);
}

/* The agent thread reads it at a check: it must not wait for a writer. */
static void a_pipe_is_no_file(void **state)
{
	char spec[128], said[160];

	(void)state;
	file_write("");		/* a name that is free */
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	snprintf(spec, sizeof(spec), "signal=csv file=%s", path);
	snprintf(said, sizeof(said), "file: %s: not a regular file\n", path);
	one("", spec);
	assert_int_equal(fake_check(host), 1);
	assert_string_equal(fake_refusals(host), said);
	unlink(path);
}

static void wrong_lines_are_named(void **state)
{
	static const struct {
		const char *text, *line;
	} wrong[] = {
		{"0,1\nx,2\n",
		 "2: the line does not start with a number of seconds\n"},
		{"0;1\n", "1: the line has no comma behind the seconds\n"},
		{"0,\n1,2\n", "1: the line has no value\n"},
		{"0,nan\n", "1: the line has a value that is no number\n"},
		{"0,1 2\n", "1: the line goes on behind the value\n"},
		{"#\n0,1\n5,1\n5,2\n",
		 "4: the line has seconds that do not grow\n"},
		{"-1,1\n", "1: the line has seconds that do not grow\n"},
		{"\n#\n", "3: the line is the last, and there was no value\n"},
	};
	char want[256];

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		replay(wrong[i].text);
		snprintf(want, sizeof(want), "file: %s:%s", path,
			 wrong[i].line);
		assert_int_equal(fake_check(host), 1);
		assert_string_equal(fake_refusals(host), want);
		unlink(path);
		fake_host_destroy(host);
		start(NULL);
	}
}

static void wrong_settings_are_refused(void **state)
{
	(void)state;
	one("quiet_every=5s quiet_for=6s", "signal=sine writable=yes");
	fake_point_add(device, "u", "signal=ramp min=3 max=2");
	fake_point_add(device, "v", "signal=csv");
	assert_int_equal(fake_check(host), 4);
	assert_string_equal(fake_refusals(host),
			    "quiet_for: is longer than quiet_every\n"
			    "writable: only a constant signal is\n"
			    "min: is more than max\n"
			    "file: signal csv needs a file\n");
}

static void other_commands_are_refused(void **state)
{
	struct adapter_point *p = one("", "signal=ramp");

	(void)state;
	assert_int_equal(fake_attach(host), 0);
	assert_int_equal(fake_write(p, lwm2m_float(1)), -ENOTSUP);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_constant_is_polled_and_written),
		TEST(one_read_reports_all),
		TEST(a_ramp_climbs),
		TEST(a_sine_swings),
		TEST(a_step_jumps),
		TEST(random_repeats_itself_by_name),
		TEST(names_are_told_apart),
		TEST(a_device_plays_dead),
		TEST(a_file_is_replayed),
		TEST(a_file_is_shared),
		TEST(a_file_gone_is_an_error),
		TEST(a_pipe_is_no_file),
		TEST(wrong_lines_are_named),
		TEST(wrong_settings_are_refused),
		TEST(other_commands_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
