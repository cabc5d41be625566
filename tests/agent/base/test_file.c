/* SPDX-License-Identifier: GPL-2.0-or-later
 * Bytes of a file: what a read leaves out is asked for again. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>
#include "agent/base/file.h"

/* A packet a read, however much room there is. */
static void packets(int ends[2])
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
	assert_int_equal(write(ends[1], "abc", 3), 3);
	assert_int_equal(write(ends[1], "def", 3), 3);
}

static void a_short_read_is_repeated(void **state)
{
	char text[6];
	int ends[2];

	(void)state;
	packets(ends);
	assert_int_equal(file_read_fd(ends[0], text, 6), 6);
	assert_memory_equal(text, "abcdef", 6);
	close(ends[0]);
	close(ends[1]);
}

static void the_end_gives_what_there_is(void **state)
{
	char text[9];
	int ends[2];

	(void)state;
	packets(ends);
	close(ends[1]);
	assert_int_equal(file_read_fd(ends[0], text, 9), 6);
	close(ends[0]);
	assert_int_equal(file_read_fd(-1, text, 9), -EBADF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_short_read_is_repeated),
		cmocka_unit_test(the_end_gives_what_there_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
