/* SPDX-License-Identifier: GPL-2.0-or-later
 * Whose a file of keys may be, and what is said of one that is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include "agent/base/arena.h"
#include "agent/base/secret.h"

#define OPEN "can be read by others: chmod 600, or 640 and chown root:lwmux; " \
	"it is "

static char directory[] = "/tmp/lwmux-secret-XXXXXX";
static char why[400];

/* In place of libc's: the user that packages make is there, or not. */
static bool has_daemon;
static int asked;
struct passwd *getpwnam(const char *name)
{
	static struct passwd daemon = {.pw_uid = 54399, .pw_gid = 54399};

	asked++;
	return has_daemon && strcmp(name, "lwmux") == 0 ? &daemon : NULL;
}

static void text_write(const void *text, size_t n, mode_t mode, gid_t group)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "%s/k", directory);
	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, n), n);
	assert_int_equal(fchown(fd, (uid_t)-1, group), 0);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static void key_write(mode_t mode, gid_t group)
{
	text_write("00ff", 4, mode, group);
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

/* The user is looked for at the first of a thousand keys; whatever is found
 * holds for the process, so this has one of its own. */
static void only_root_may_read(void)
{
	has_daemon = true;
	for (int i = 0; i < 3; i++) {
		key_write(0600, 0);
		assert_int_equal(key_read(), 2);
		assert_string_equal(why, "is root:root 0600, and the user "
			"lwmux, as which the daemon runs, cannot read it: "
			"chown root:lwmux, chmod 640");
	}
	assert_int_equal(asked, 1);
	_exit(0);
}

/* Who checks as root is told what the daemon cannot read. First of all tests. */
static void what_only_root_may_read_is_told(void **state)
{
	pid_t child;
	int status;

	(void)state;
	if (geteuid()) {
		print_message("not root: nobody else's file can be read\n");
		skip();
	}
	assert_int_equal(asked, 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		only_root_may_read();
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void without_the_user_nothing_is_told(void **state)
{
	(void)state;
	key_write(0600, getegid());
	assert_int_equal(key_read(), 2);
	assert_string_equal(why, "");
}

/* A path that is not absolute: from where it is. */
static void what_is_not_there_is_told_in_full(void **state)
{
	struct arena *arena = arena_create();
	char expected[200];
	uint8_t *bytes;

	(void)state;
	assert_int_equal(secret_read(directory, "keys/x", arena, &bytes, why,
				     sizeof(why)), -ENOENT);
	snprintf(expected, sizeof(expected), "cannot be read: No such file or "
		 "directory; it is looked for as %s/keys/x", directory);
	assert_string_equal(why, expected);
	assert_int_equal(secret_read(directory, "/nowhere/x", arena, &bytes,
				     why, sizeof(why)), -ENOENT);
	assert_string_equal(why, "cannot be read: No such file or directory");
	arena_destroy(arena);
}

#define TEXT(text_) text_, sizeof(text_) - 1

/* What editors and people add, and what may be there. */
static void texts_that_are_taken(void **state)
{
	static const struct { const char *text; size_t n; } texts[] = {
		{TEXT("00ff")}, {TEXT("00FF\r\n")}, {TEXT("  00 ff\t \n\n")},
		{TEXT("\xef\xbb\xbf" "00ff\n")}, {TEXT("00:ff")},
		{TEXT("00\nff\n")},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		text_write(texts[i].text, texts[i].n, 0600, getegid());
		assert_int_equal(key_read(), 2);
		assert_string_equal(why, "");
	}
}

/* Who is given n bytes wipes so many: nothing is left behind them. */
static void a_mark_leaves_no_second_end(void **state)
{
	static const uint8_t none[3];
	uint8_t *bytes;

	(void)state;
	text_write("\xef\xbb\xbf" "0123", 7, 0600, getegid());
	assert_int_equal(secret_file(directory, "k", true, &bytes, why,
				     sizeof(why)), 4);
	assert_memory_equal(bytes, "0123", 4);
	assert_memory_equal(bytes + 4, none, sizeof(none));
	free(bytes);
}

/* And what else people write: told by its place, and how to write it, without
 * any of the key. */
static void texts_that_are_not(void **state)
{
	static const struct { const char *text; size_t n;
			      const char *said; } texts[] = {
		{TEXT(""), "is empty"}, {TEXT(" \r\n"), "is empty"},
		{TEXT("\xef\xbb\xbf"), "is empty"},
		{TEXT("0x00ff"), "is not in hex at line 1, column 2: the "
		 "digits alone, without 0x"},
		{TEXT("\n\"00ff\"\n"), "is not in hex at line 2, column 1: "
		 "the digits alone, without quotes"},
		{TEXT("00f\n"), "has 3 digits, and two make a byte: one is "
		 "missing, or one too much"},
		{TEXT("00 f 00f"), "is not in hex at line 1, column 5: half a "
		 "byte stands before it"},
		{TEXT("AAECAwQFBgcICQ==\n"), "is not in hex at line 1, column "
		 "6: if it is base64: base64 -d FILE | od -An -tx1 makes hex "
		 "of it"},
		{TEXT("dev-1:00ff"), "is not in hex at line 1, column 3: two of "
		 "0-9 and a-f for each byte, as "
		 "00112233445566778899aabbccddeeff"},
		{TEXT("-----BEGIN PRIVATE KEY-----\n"), "is not in hex at line "
		 "1, column 1: it is PEM, that is a key or certificate of "
		 "another security"},
		{TEXT("\xff\xfe" "0\0" "0\0" "f\0" "f\0"), "is text of two "
		 "bytes a character (UTF-16, an editor's \"Unicode\"): save "
		 "it as ASCII or UTF-8"},
		{TEXT("\0" "0\0" "0\0" "f\0" "f"), "is text of two "
		 "bytes a character (UTF-16, an editor's \"Unicode\"): save "
		 "it as ASCII or UTF-8"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		text_write(texts[i].text, texts[i].n, 0600, getegid());
		assert_true(key_read() < 0);
		assert_string_equal(why, texts[i].said);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_only_root_may_read_is_told),
		cmocka_unit_test(own_group_may_read),
		cmocka_unit_test(others_may_not),
		cmocka_unit_test(strange_group_may_not),
		cmocka_unit_test(without_the_user_nothing_is_told),
		cmocka_unit_test(what_is_not_there_is_told_in_full),
		cmocka_unit_test(texts_that_are_taken),
		cmocka_unit_test(a_mark_leaves_no_second_end),
		cmocka_unit_test(texts_that_are_not),
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
