/* SPDX-License-Identifier: GPL-2.0-or-later
 * What a device that says nothing of its sleep gets: from its adapter, and
 * from its polls. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "agent/config/plugin.h"
#include "agent/config/settings.h"
#include "tests/agent/adapter_dir.h"
#include "tests/agent/config/config_case.h"

#define S INT64_C(1000000000)
#define H (3600 * S)

static char adapters[4096], real[4200];

/* learns: silent_after is only the most. */
static void chosen_rhythm(const char *adapter, const char *keys, bool queue,
			  int64_t silent_after, bool learns)
{
	const char *directory = strcmp(adapter, "sim") ? adapters : real;
	struct config_case c = {0};
	char conf[1024];

	snprintf(conf, sizeof(conf), "buses: {b: {adapter: %s}}\n"
		 "devices:\n  - endpoint: e\n    bus: b\n%s", adapter, keys);
	c.conf = conf;
	case_build(&c);
	settings_apply(c.config, plugins_of(directory), &c.errors);
	assert_int_equal(c.errors.n, 0);
	assert_int_equal(c.config->n_devices, 1);
	assert_int_equal(c.config->devices[0]->queue, queue);
	assert_true(c.config->devices[0]->silent_after == silent_after);
	assert_int_equal(c.config->devices[0]->learns_silence, learns);
	assert_true(c.config->devices[0]->awake_time == 93 * S);
	case_finish(&c);
}

static void chosen(const char *adapter, const char *keys, bool queue,
		   int64_t silent_after)
{
	chosen_rhythm(adapter, keys, queue, silent_after, false);
}

#define POINT "    points: [{name: p, map: 3303/0}]\n"
#define POINTS "    points: [{name: p, poll: 20s, map: 3303/0}, " \
	"{name: q, poll: 1min, map: 3304/0}]\n"

static void devices_of_radios_sleep(void **state)
{
	(void)state;
	chosen_rhythm("sleepy", POINT, true, 6 * H, true);
	chosen_rhythm("sleepy", "    queue: false\n" POINT, false, 6 * H,
		      true);
	chosen("sleepy", "    silent_after: 30min\n" POINT, true, H / 2);
	chosen("sleepy", "    silent_after: off\n" POINT, true, 0);
}

static void others_do_as_they_are_told(void **state)
{
	(void)state;
	chosen("older", POINT, false, 0);
	chosen("older", "    queue: true\n" POINT, true, 0);
	chosen("older", "    silent_after: 1h\n" POINT, false, H);
}

static void who_is_polled_is_missed_after_three(void **state)
{
	(void)state;
	chosen("sim", POINTS, false, 0);	/* misses decide */
	chosen("sim", "    queue: true\n" POINTS, true, 60 * S);
	chosen("sim", "    queue: true\n    poll: 5s\n" POINTS, true, 60 * S);
	chosen("sim", "    queue: true\n    silent_after: 1h\n" POINTS, true,
	       H);
}

static int setup(void **state)
{
	(void)state;
	adapter_dir(adapters, sizeof(adapters));
	snprintf(real, sizeof(real), "%s/../../../adapters", adapters);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(devices_of_radios_sleep),
		cmocka_unit_test(others_do_as_they_are_told),
		cmocka_unit_test(who_is_polled_is_missed_after_three),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
