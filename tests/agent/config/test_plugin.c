/* SPDX-License-Identifier: GPL-2.0-or-later
 * Plug-ins of other versions: what is loaded, and how the rest is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "agent/config/plugin.h"
#include "tests/agent/adapter_dir.h"

static char directory[4096];

static const struct adapter_ops *find(const char *name, char error[512])
{
	return plugins_find(plugins_of(directory), name, error, 512);
}

/* DIR in what is expected stands for the directory. */
static void refused(const char *name, const char *expected)
{
	const char *dir = strstr(expected, "DIR");
	int before = dir ? (int)(dir - expected) : 0;
	char error[512] = "", text[5000];

	snprintf(text, sizeof(text), "%.*s%s%s", before, expected,
		 dir ? directory : "", dir ? dir + 3 : expected);
	assert_null(find(name, error));
	assert_string_equal(error, text);
}

static void same_abi_is_loaded_once(void **state)
{
	char error[512];
	const struct adapter_ops *ops = find("probe", error);

	(void)state;
	assert_non_null(ops);
	assert_string_equal(ops->name, "probe");
	assert_ptr_equal(ops, find("probe", error));
	assert_ptr_equal(plugins_of(directory), plugins_of(directory));
}

static void older_ends_at_its_size(void **state)
{
	char error[512];
	const struct adapter_ops *ops = find("older", error);

	(void)state;
	assert_non_null(ops);
	assert_null(ops->search);
	assert_int_equal(ops->bus_size, 8);
}

static void newer_is_cut(void **state)
{
	char error[512];
	const struct adapter_ops *ops = find("newer", error);

	(void)state;
	assert_non_null(ops);
	assert_non_null(ops->search);
	assert_true(ops->key_size > sizeof(struct adapter_key));
}

static void others_are_refused(void **state)
{
	(void)state;
	refused("future", "the adapter 'future' was built for adapter ABI 2, "
		"this lwmuxd has 1: install the one of the same version");
	refused("hungry", "the adapter 'hungry' needs lwmuxd with minor 7 of "
		"ABI 1, this one has 6: install a newer lwmux");
	refused("alias", "alias.so calls itself 'other': the file must have "
		"the adapter's name");
	refused("tiny", "the adapter 'tiny' is damaged: its tables are smaller "
		"than those of ABI 1 ever were");
	refused("mute", "DIR/mute.so is no adapter: it has no symbol "
		"lwmux_adapter");
	refused("broken", "the adapter 'broken' cannot be loaded: "
		"DIR/broken.so: file too short");
}

#define THERE "; there are: alias, broken, future, hungry, mute, newer, older, " \
	"probe, sleepy, tiny"

static void absent_are_suggested(void **state)
{
	(void)state;
	refused("prob", "no adapter 'prob' in DIR; did you mean 'probe'?");
	refused("modbus", "no adapter 'modbus' in DIR: apt install "
		"lwmux-adapter-modbus");
	refused("ble", "no adapter 'ble' in DIR: apt install "
		"lwmux-adapter-ble");
	refused("gpio", "no adapter 'gpio' in DIR: apt install "
		"lwmux-adapter-gpio");
	refused("zigbee", "no adapter 'zigbee' in DIR" THERE);
	refused("../probe", "no adapter '../probe' in DIR" THERE);
	refused("", "no adapter '' in DIR" THERE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_abi_is_loaded_once),
		cmocka_unit_test(older_ends_at_its_size),
		cmocka_unit_test(newer_is_cut),
		cmocka_unit_test(others_are_refused),
		cmocka_unit_test(absent_are_suggested),
	};

	adapter_dir(directory, sizeof(directory));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
