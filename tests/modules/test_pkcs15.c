/* SPDX-License-Identifier: GPL-2.0-or-later
 * The way to the accounts on a card, byte by byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "modules/smartcard/pkcs15.h"

#define N(text) (const uint8_t *)(text), sizeof(text) - 1

/* Of the examples of sdk-nrf's tests of a UICC: an object with an identifier,
 * which has its head twice. */
#define OID_DODF \
	"\xa1\x27" \
		"\x30\x00" \
		"\x30\x11\x0c\x0fLwM2M Bootstrap" \
		"\xa1\x10" \
			"\x30\x0e" \
				"\x06\x06\x06\x04\x67\x2b\x09\x01" \
				"\x30\x04\x04\x02\x64\x32"
/* As Core TS G.3.2 has it: an opaque object. */
#define OPAQUE_DODF \
	"\x30\x1d" \
		"\x30\x09\x0c\x03" "new" "\x03\x02\x06\x80" \
		"\x30\x06\x06\x04\x67\x2b\x09\x01" \
		"\xa1\x08" \
			"\x30\x06\x04\x04\x3f\x00\x64\x33"
#define FOREIGN_DODF \
	"\x30\x12" \
		"\x30\x00" \
		"\x30\x06\x06\x04\x67\x2b\x09\x02" \
		"\xa1\x06" \
			"\x30\x04\x04\x02\x64\x34"

static void directories_in_their_order(void **state)
{
	static const uint8_t odf[] =
		"\xa8\x06\x30\x04\x04\x02\x44\x01"	/* PINs */
		"\xa7\x06\x30\x04\x04\x02\x64\x30"
		"\xa7\x04\xa0\x02\x30\x00"		/* objects themselves */
		"\xa7\x81\x08\x30\x06\x04\x04\x3f\x00\x50\x15"
		"\xff\xff\xff";
	struct pkcs15_path path;
	size_t at = 0;

	(void)state;
	assert_true(pkcs15_directory_next(odf, sizeof(odf) - 1, &at, &path));
	assert_int_equal(path.n, 2);
	assert_memory_equal(path.at, "\x64\x30", 2);
	assert_true(pkcs15_directory_next(odf, sizeof(odf) - 1, &at, &path));
	assert_int_equal(path.n, 4);
	assert_memory_equal(path.at, "\x3f\x00\x50\x15", 4);
	assert_false(pkcs15_directory_next(odf, sizeof(odf) - 1, &at, &path));
}

static const struct {
	const uint8_t *bytes;
	size_t n;
	const char *path;		/* NULL: none */
	size_t n_path;
} dodfs[] = {
	{N(OID_DODF), "\x64\x32", 2},
	{N(OPAQUE_DODF), "\x3f\x00\x64\x33", 4},
	{N(FOREIGN_DODF OID_DODF "\xff"), "\x64\x32", 2},
	{N(FOREIGN_DODF), NULL, 0},
	{N(""), NULL, 0},
	{N("\xff\xff"), NULL, 0},
	{N("\x30"), NULL, 0},
	{N("\x30\x80\x00\x00"), NULL, 0},
	{N("\x30\x83\x00\x00\x01\x00"), NULL, 0},
	/* a path of an odd length, of none, of more than there is room for */
	{N("\x30\x11\x30\x00\x30\x06\x06\x04\x67\x2b\x09\x01\xa1\x05\x30\x03"
	   "\x04\x01\x64"), NULL, 0},
	{N("\x30\x10\x30\x00\x30\x06\x06\x04\x67\x2b\x09\x01\xa1\x04\x30\x02"
	   "\x04\x00"), NULL, 0},
	{N("\x30\x22\x30\x00\x30\x06\x06\x04\x67\x2b\x09\x01\xa1\x16\x30\x14"
	   "\x04\x12" "123456789012345678"), NULL, 0},
};

static void the_file_of_lwm2m(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(dodfs) / sizeof(*dodfs); i++) {
		struct pkcs15_path path;
		bool found = pkcs15_bootstrap_find(dodfs[i].bytes, dodfs[i].n,
						   &path);

		if (found != (dodfs[i].path != NULL))
			fail_msg("case %zu", i);
		if (!found)
			continue;
		assert_int_equal(path.n, dodfs[i].n_path);
		assert_memory_equal(path.at, dodfs[i].path, path.n);
	}
}

/* Cut anywhere, it is nothing, and no byte behind it is read. */
static void cut_short(void **state)
{
	static const uint8_t whole[] = OPAQUE_DODF;
	struct pkcs15_path path;

	(void)state;
	for (size_t n = 0; n < sizeof(whole) - 1; n++)
		assert_false(pkcs15_bootstrap_find(whole, n, &path));
}

static void the_pin_that_is_asked_for(void **state)
{
	(void)state;
	/* the first of two that is enabled */
	assert_int_equal(pkcs15_pin_reference(N("\x62\x0b\xc6\x09\x90\x01\x40"
		"\x83\x01\x01\x83\x01\x81")), 0x81);
	assert_int_equal(pkcs15_pin_reference(N("\x62\x0b\xc6\x09\x90\x01\xc0"
		"\x83\x01\x0a\x83\x01\x81")), 0x0a);
	assert_int_equal(pkcs15_pin_reference(N("\x62\x02\x80\x00")), 1);
	assert_int_equal(pkcs15_pin_reference(N("")), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(directories_in_their_order),
		cmocka_unit_test(the_file_of_lwm2m),
		cmocka_unit_test(cut_short),
		cmocka_unit_test(the_pin_that_is_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
