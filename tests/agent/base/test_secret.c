/* SPDX-License-Identifier: GPL-2.0-or-later
 * Whose a file of keys may be, and what is said of one that is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include "agent/base/arena.h"
#include "agent/base/secret.h"

#define OPEN "can be read by others: chmod 600, or 640 and chown root:lwmux; " \
	"it is "

static char directory[] = "/tmp/lwmux-secret-XXXXXX";
static char why[160];

static void key_write(mode_t mode, gid_t group)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "%s/k", directory);
	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "00ff", 4), 4);
	assert_int_equal(fchown(fd, (uid_t)-1, group), 0);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static int key_read(void)
{
	struct arena *arena = arena_create();
	uint8_t *bytes;
	int n = secret_read(directory, "k", arena, &bytes, why, sizeof(why));

	arena_destroy(arena);
	return n;
}

/* The customary mode of Debian's daemons, root:lwmux 0640, among them. */
static void own_group_may_read(void **state)
{
	static const mode_t modes[] = {0400, 0600, 0440, 0640};

	(void)state;
	for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
		key_write(modes[i], getegid());
		assert_int_equal(key_read(), 2);
	}
}

static void others_may_not(void **state)
{
	static const mode_t modes[] = {0604, 0644, 0602, 0620, 0660, 0610};
	char expected[120];

	(void)state;
	for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
		key_write(modes[i], getegid());
		assert_true(key_read() < 0);
		snprintf(expected, sizeof(expected), " %04o", modes[i]);
		assert_memory_equal(why, OPEN, strlen(OPEN));
		assert_string_equal(why + strlen(why) - 5, expected);
	}
}

/* Only root can give a file to a group that is not its own. */
static void strange_group_may_not(void **state)
{
	(void)state;
	if (geteuid()) {
		print_message("not root: no file of a strange group\n");
		skip();
	}
	key_write(0640, 54321);
	assert_true(key_read() < 0);
	assert_string_equal(why, OPEN "root:54321 0640");
	key_write(0600, 54321);
	assert_int_equal(key_read(), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(own_group_may_read),
		cmocka_unit_test(others_may_not),
		cmocka_unit_test(strange_group_may_not),
	};
	char path[64];
	int failed;

	if (!mkdtemp(directory))
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	snprintf(path, sizeof(path), "%s/k", directory);
	unlink(path);
	return rmdir(directory) || failed;
}
