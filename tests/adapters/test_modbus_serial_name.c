/* SPDX-License-Identifier: GPL-2.0-or-later
 * Names of serial ports that last, in a directory made up for it. */
#include <fcntl.h>
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

#include "adapters/modbus/serial_name.h"

static char top[] = "/tmp/test-serial-XXXXXX";
static char usb0[64], usb1[64], s0[64], by_id[64], link0[96], dangling[96];

static void file_make(const char *path)
{
	int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	close(fd);
}

static int start(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(top));
	snprintf(usb0, sizeof(usb0), "%s/ttyUSB0", top);
	snprintf(usb1, sizeof(usb1), "%s/ttyUSB1", top);
	snprintf(s0, sizeof(s0), "%s/ttyS0", top);
	snprintf(by_id, sizeof(by_id), "%s/by-id", top);
	snprintf(link0, sizeof(link0), "%s/usb-FTDI_A1-port0", by_id);
	snprintf(dangling, sizeof(dangling), "%s/usb-gone", by_id);
	file_make(usb0);
	file_make(usb1);
	file_make(s0);
	assert_int_equal(mkdir(by_id, 0700), 0);
	assert_int_equal(symlink("../ttyUSB0", link0), 0);
	assert_int_equal(symlink("../ttyUSB7", dangling), 0);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	unlink(link0);
	unlink(dangling);
	unlink(usb0);
	unlink(usb1);
	unlink(s0);
	rmdir(by_id);
	rmdir(top);
	return 0;
}

static void the_link_is_found(void **state)
{
	char to[128];

	(void)state;
	assert_true(serial_name_find(usb0, by_id, to, sizeof(to)));
	assert_string_equal(to, link0);
}

static void other_names_last_or_have_no_link(void **state)
{
	char to[128];

	(void)state;
	assert_false(serial_name_find(usb1, by_id, to, sizeof(to)));
	assert_false(serial_name_find(s0, by_id, to, sizeof(to)));
	assert_false(serial_name_find(link0, by_id, to, sizeof(to)));
	assert_false(serial_name_find(usb0, "/nowhere", to, sizeof(to)));
	assert_false(serial_name_find(usb0, by_id, to, 10));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_link_is_found),
		cmocka_unit_test(other_names_last_or_have_no_link),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
