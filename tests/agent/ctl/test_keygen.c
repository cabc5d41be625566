/* SPDX-License-Identifier: GPL-2.0-or-later
 * New keys: what is told of them is what they are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "agent/ctl/keygen.h"

/* One of 256 coordinates begins with a 0, which an encoder may leave out or
 * put one too many before: enough keys that some do. */
static void test_coordinates_are_those_of_the_public_key(void **state)
{
	(void)state;
	for (int i = 0; i < 1000; i++) {
		struct keygen_ec key;
		const uint8_t *point;

		assert_int_equal(keygen_ec(&key), 0);
		/* SubjectPublicKeyInfo of P-256: 26 bytes, 04, x, y. */
		assert_int_equal(key.public_n, 91);
		point = key.public + 26;
		assert_int_equal(*point, 4);
		assert_memory_equal(point + 1, key.x, 32);
		assert_memory_equal(point + 33, key.y, 32);
		keygen_ec_wipe(&key);
	}
}

static void test_private_key_is_pem(void **state)
{
	struct keygen_ec key;

	(void)state;
	assert_int_equal(keygen_ec(&key), 0);
	assert_non_null(strstr(key.pem, "-----BEGIN PRIVATE KEY-----\n"));
	keygen_ec_wipe(&key);
	assert_null(key.pem);
	assert_int_equal(key.public_n, 0);
}

static void test_random_bytes_differ(void **state)
{
	uint8_t a[KEYGEN_PSK] = {0}, b[KEYGEN_PSK] = {0};

	(void)state;
	assert_int_equal(keygen_random(a, sizeof(a)), 0);
	assert_int_equal(keygen_random(b, sizeof(b)), 0);
	assert_memory_not_equal(a, b, sizeof(a));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_coordinates_are_those_of_the_public_key),
		cmocka_unit_test(test_private_key_is_pem),
		cmocka_unit_test(test_random_bytes_differ),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
