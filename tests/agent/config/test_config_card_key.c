/* SPDX-License-Identifier: GPL-2.0-or-later
 * Files with the keys of a smart card's secure channel. */
#include <errno.h>
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
#include "agent/config/config_card_key.h"

#define ENC "00112233445566778899aabbccddeeff"
#define MAC "101112131415161718191a1b1c1d1e1f"
#define DEK "202122232425262728292a2b2c2d2e2f"

static char directory[] = "/tmp/lwmux-card-key-XXXXXX";
static char why[400];
static struct config_card_key key;

static int key_read(const char *text, mode_t mode)
{
	char path[64];
	int fd, rc;

	snprintf(path, sizeof(path), "%s/card", directory);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
	why[0] = '\0';
	memset(&key, 0xa5, sizeof(key));
	rc = config_card_key_read(directory, "card", &key, why, sizeof(why));
	unlink(path);
	return rc;
}

static void keys_of_each_length(void **state)
{
	(void)state;
	assert_int_equal(key_read(ENC "\n" MAC "\n" DEK "\n", 0600), 0);
	assert_int_equal(key.n, 16);
	assert_memory_equal(key.enc, "\x00\x11\x22\x33", 4);
	assert_memory_equal(key.mac, "\x10\x11\x12\x13", 4);
	assert_int_equal(key_read(ENC "0102030405060708\r\n\r\n" MAC
				  "0102030405060708\r\n" DEK "0102030405060708",
				  0600), 0);
	assert_int_equal(key.n, 24);
	assert_int_equal(key_read(ENC MAC "\n" MAC ENC "\n" DEK DEK "\n", 0600),
			 0);
	assert_int_equal(key.n, 32);
	assert_memory_equal(key.mac + 16, "\x00\x11\x22\x33", 4);
}

static void one_for_all(void **state)
{
	(void)state;
	assert_int_equal(key_read("\n40:41:42:43:44:45:46:47:48:49:4a:4b:4c:4d:"
				  "4e:4f\n", 0600), 0);
	assert_int_equal(key.n, 16);
	assert_memory_equal(key.enc, "@ABCDEFGHIJKLMNO", 16);
	assert_memory_equal(key.mac, "@ABCDEFGHIJKLMNO", 16);
}

static void files_that_have_none(void **state)
{
	static const struct { const char *text, *why; } wrong[] = {
		{"", "empty"},
		{"\n \n", "empty"},
		{ENC "\n" MAC "\n", "has 2 keys"},
		{ENC "\n" MAC "\n" DEK "\n" DEK "\n", "more than three"},
		{ENC "\n" MAC "0102030405060708\n" DEK "\n", "line 2"},
		{ENC "01\n", "17 bytes in line 1"},
		{ENC "\n10111213141516171819x\n", "line 2, column 21"},
		{ENC "\n" MAC "1\n" DEK "1\n", "line 2, column 34: half"},
		{ENC "1\n", "33 digits"},
		{ENC "\n:\n", "no key in line 2"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(key_read(wrong[i].text, 0600), -EINVAL);
		if (!strstr(why, wrong[i].why))
			fail_msg("%s: %s", wrong[i].why, why);
		assert_int_equal(key.n, 0);
	}
	assert_true(key_read(ENC, 0644) < 0);
	assert_non_null(strstr(why, "can be read by others"));
	assert_int_equal(config_card_key_read(directory, "none", &key, why,
					      sizeof(why)), -ENOENT);
}

static int make(void **state)
{
	(void)state;
	return mkdtemp(directory) ? 0 : -1;
}

static int clear(void **state)
{
	(void)state;
	return rmdir(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_of_each_length),
		cmocka_unit_test(one_for_all),
		cmocka_unit_test(files_that_have_none),
	};

	return cmocka_run_group_tests(tests, make, clear);
}
