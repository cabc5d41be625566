/* SPDX-License-Identifier: GPL-2.0-or-later
 * Registers to values and back, against vectors written out by hand. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "adapters/modbus/registers.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct vector {
	uint8_t type, order;
	uint16_t words[4];
	double number;
};

/* Both ways. 0x4365A666 is 229.65 as a float; 0x12345678 is 305419896. */
static const struct vector vectors[] = {
	{REGISTER_INT16, ORDER_ABCD, {0x00d9}, 217},
	{REGISTER_INT16, ORDER_ABCD, {0xff9c}, -100},
	{REGISTER_INT16, ORDER_ABCD, {0x8000}, -32768},
	{REGISTER_INT16, ORDER_BADC, {0x9cff}, -100},
	{REGISTER_INT16, ORDER_CDAB, {0xff9c}, -100},
	{REGISTER_UINT16, ORDER_ABCD, {0xff9c}, 65436},
	{REGISTER_UINT16, ORDER_DCBA, {0x9cff}, 65436},
	{REGISTER_INT32, ORDER_ABCD, {0x1234, 0x5678}, 305419896},
	{REGISTER_INT32, ORDER_CDAB, {0x5678, 0x1234}, 305419896},
	{REGISTER_INT32, ORDER_BADC, {0x3412, 0x7856}, 305419896},
	{REGISTER_INT32, ORDER_DCBA, {0x7856, 0x3412}, 305419896},
	{REGISTER_INT32, ORDER_ABCD, {0xffff, 0xffff}, -1},
	{REGISTER_UINT32, ORDER_ABCD, {0xffff, 0xffff}, 4294967295.},
	{REGISTER_UINT32, ORDER_CDAB, {0x0000, 0x8000}, 2147483648.},
	{REGISTER_INT64, ORDER_ABCD, {0xffff, 0xffff, 0xffff, 0xfffe}, -2},
	{REGISTER_INT64, ORDER_CDAB, {0x0004, 0x0003, 0x0002, 0x0001},
	 281483566841860.},
	{REGISTER_INT64, ORDER_BADC, {0x0100, 0x0200, 0x0300, 0x0400},
	 281483566841860.},
	{REGISTER_INT64, ORDER_DCBA, {0x0400, 0x0300, 0x0200, 0x0100},
	 281483566841860.},
	{REGISTER_UINT64, ORDER_ABCD, {0x8000, 0, 0, 0}, 0x1p63},
	{REGISTER_FLOAT32, ORDER_ABCD, {0x4365, 0xa666}, 229.65},
	{REGISTER_FLOAT32, ORDER_CDAB, {0xa666, 0x4365}, 229.65},
	{REGISTER_FLOAT32, ORDER_BADC, {0x6543, 0x66a6}, 229.65},
	{REGISTER_FLOAT32, ORDER_DCBA, {0x66a6, 0x6543}, 229.65},
	{REGISTER_FLOAT32, ORDER_ABCD, {0xc000, 0x0000}, -2},
	{REGISTER_FLOAT64, ORDER_ABCD, {0x4009, 0x21fb, 0x5444, 0x2d18},
	 3.141592653589793},
	{REGISTER_FLOAT64, ORDER_DCBA, {0x182d, 0x4454, 0xfb21, 0x0940},
	 3.141592653589793},
	/* the shortest decimal that is this float32 */
	{REGISTER_FLOAT32, ORDER_ABCD, {0x4048, 0xf5c3}, 3.14},
	{REGISTER_FLOAT32, ORDER_ABCD, {0x3dcc, 0xcccd}, 0.1},
	{REGISTER_FLOAT32, ORDER_ABCD, {0x4b80, 0x0000}, 16777216},
	{REGISTER_FLOAT32, ORDER_ABCD, {0x0000, 0x0001}, 1.4013e-45},
	{REGISTER_FLOAT16, ORDER_ABCD, {0x3c00}, 1},
	{REGISTER_FLOAT16, ORDER_ABCD, {0xc248}, -3.14},
	{REGISTER_FLOAT16, ORDER_BADC, {0xff7b}, 65504},
	{REGISTER_FLOAT16, ORDER_ABCD, {0x0001}, 5.96e-8},
	{REGISTER_FLOAT16, ORDER_ABCD, {0x03ff}, 6.1e-5},
	{REGISTER_INT8, ORDER_ABCD, {0xffff}, -1},
	{REGISTER_INT8, ORDER_ABCD, {0x007f}, 127},
	{REGISTER_UINT8, ORDER_ABCD, {0x00c8}, 200},
	{REGISTER_UINT8, ORDER_BADC, {0xc800}, 200},
	{REGISTER_UINT24, ORDER_ABCD, {0x00ff, 0xfffe}, 16777214},
	{REGISTER_UINT24, ORDER_CDAB, {0xfffe, 0x00ff}, 16777214},
	{REGISTER_INT24, ORDER_ABCD, {0xffff, 0xfffe}, -2},
	{REGISTER_INT24, ORDER_ABCD, {0x007f, 0xffff}, 8388607},
	{REGISTER_BCD16, ORDER_ABCD, {0x1234}, 1234},
	{REGISTER_BCD16, ORDER_BADC, {0x3412}, 1234},
	{REGISTER_BCD32, ORDER_ABCD, {0x1234, 0x5678}, 12345678},
	{REGISTER_BCD32, ORDER_CDAB, {0x5678, 0x1234}, 12345678},
};

static struct register_format format_of(const struct vector *v)
{
	return (struct register_format){.type = v->type, .order = v->order};
}

static void decodes_every_type_and_order(void **state)
{
	struct lwm2m_value value;

	(void)state;
	for (size_t i = 0; i < COUNT(vectors); i++) {
		assert_int_equal(register_decode(format_of(&vectors[i]),
						 vectors[i].words, &value,
						 NULL), 0);
		if (lwm2m_number(&value) != vectors[i].number) fail_msg("vector %zu: %.17g", i, lwm2m_number(&value));
		assert_int_equal(value.type,
				 register_value_type(format_of(&vectors[i])));
	}
}

static void encodes_every_type_and_order(void **state)
{
	uint16_t words[4];

	(void)state;
	for (size_t i = 0; i < COUNT(vectors); i++) {
		struct lwm2m_value value = lwm2m_float(vectors[i].number);
		unsigned n = register_span(format_of(&vectors[i]));

		assert_int_equal(register_encode(format_of(&vectors[i]),
						 &value, words), n);
		assert_memory_equal(words, vectors[i].words, 2 * n);
	}
}

static void integers_of_64_bits_stay_exact(void **state)
{
	static const uint16_t most[] = {0x7fff, 0xffff, 0xffff, 0xffff};
	static const uint16_t all[] = {0xffff, 0xffff, 0xffff, 0xffff};
	struct register_format f = {.type = REGISTER_INT64};
	struct lwm2m_value value;
	uint16_t words[4];

	(void)state;
	assert_int_equal(register_decode(f, most, &value, NULL), 0);
	assert_true(value.as.integer == INT64_MAX);
	assert_int_equal(register_encode(f, &value, words), 4);
	assert_memory_equal(words, most, 8);
	f.type = REGISTER_UINT64;
	assert_int_equal(register_decode(f, all, &value, NULL), 0);
	assert_int_equal(value.type, LWM2M_UNSIGNED);
	assert_true(value.as.uinteger == UINT64_MAX);
	assert_int_equal(register_encode(f, &value, words), 4);
	assert_memory_equal(words, all, 8);
}

static void refuses_what_does_not_fit(void **state)
{
	static const struct {
		uint8_t type;
		double number;
	} bad[] = {
		{REGISTER_INT16, 32768}, {REGISTER_INT16, -32769},
		{REGISTER_UINT16, -1}, {REGISTER_UINT16, 65536},
		{REGISTER_INT32, 0x1p31}, {REGISTER_UINT32, 0x1p32},
		{REGISTER_INT64, 0x1p63}, {REGISTER_UINT64, 0x1p64},
		{REGISTER_UINT64, -1}, {REGISTER_FLOAT32, 1e39},
		{REGISTER_FLOAT64, HUGE_VAL},
	};
	struct lwm2m_value value;
	uint16_t words[4];

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		value = lwm2m_float(bad[i].number);
		assert_int_equal(register_encode((struct register_format){
			.type = bad[i].type}, &value, words), -ERANGE);
	}
	value = lwm2m_string("x", 1);
	assert_int_equal(register_encode((struct register_format){0}, &value,
					 words), -EINVAL);
}

static void rounds_to_the_nearest(void **state)
{
	struct lwm2m_value value = lwm2m_float(21.499999999999996 * 10);
	uint16_t words[1];

	(void)state;
	assert_int_equal(register_encode((struct register_format){0}, &value,
					 words), 1);
	assert_int_equal(words[0], 215);
}

static void numbers_that_are_none_are_no_values(void **state)
{
	static const uint16_t nan32[] = {0x7fc0, 0}, inf32[] = {0xff80, 0};
	static const uint16_t nan64[] = {0x7ff8, 0, 0, 1};
	struct register_format f = {.type = REGISTER_FLOAT32};
	struct lwm2m_value value;

	(void)state;
	assert_int_equal(register_decode(f, nan32, &value, NULL), -ENODATA);
	assert_int_equal(register_decode(f, inf32, &value, NULL), -ENODATA);
	f.type = REGISTER_FLOAT64;
	assert_int_equal(register_decode(f, nan64, &value, NULL), -ENODATA);
}

struct invalid {
	uint8_t type;
	const char *text;
	int rc;
	uint64_t bits;
};

/* As manuals print them. */
static void invalid_is_read_as_manuals_print_it(void **state)
{
	static const struct invalid cases[] = {
		{REGISTER_UINT16, "0xffff", 0, 0xffff},
		{REGISTER_UINT16, "65535", 0, 0xffff},
		{REGISTER_UINT16, "-1", 0, 0xffff},
		{REGISTER_UINT16, "-32768", 0, 0x8000},
		{REGISTER_INT16, "0x8000", 0, 0x8000},
		{REGISTER_INT16, "32768", 0, 0x8000},
		{REGISTER_UINT16, "0x10000", -ERANGE, 0},
		{REGISTER_UINT16, "-32769", -ERANGE, 0},
		{REGISTER_UINT16, "-65535", -ERANGE, 0},
		{REGISTER_UINT16, "none", -EINVAL, 0},
		{REGISTER_UINT16, "0x", -EINVAL, 0},
		{REGISTER_UINT16, "1.5", -EINVAL, 0},
		{REGISTER_UINT32, "0xFFFFFFFF", 0, 0xffffffff},
		{REGISTER_UINT64, "0xFFFFFFFFFFFFFFFF", 0, UINT64_MAX},
		{REGISTER_UINT64, "18446744073709551615", 0, UINT64_MAX},
		{REGISTER_INT64, "0x8000000000000000", 0, UINT64_C(1) << 63},
		{REGISTER_INT64, "-9223372036854775808", 0, UINT64_C(1) << 63},
		{REGISTER_INT64, "18446744073709551616", -ERANGE, 0},
		{REGISTER_FLOAT32, "0x7fc00000", 0, 0x7fc00000},
		{REGISTER_FLOAT32, "-9999.0", 0, 0xc61c3c00},
		{REGISTER_FLOAT32, "-9999", 0, 0xc61c3c00},
		{REGISTER_FLOAT32, "3.4e39", -ERANGE, 0},
		{REGISTER_FLOAT32, "x", -EINVAL, 0},
		{REGISTER_FLOAT64, "-1", 0, 0xbff0000000000000},
		{REGISTER_UINT8, "255", 0, 0xff},
		{REGISTER_UINT8, "256", -ERANGE, 0},
		{REGISTER_UINT24, "0xffffff", 0, 0xffffff},
		{REGISTER_BCD16, "9999", 0, 0x9999},
		{REGISTER_BCD16, "0xffff", 0, 0xffff},
		{REGISTER_BCD16, "10000", -ERANGE, 0},
		{REGISTER_STRING, "0", -ENOTSUP, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct register_format f = {.type = cases[i].type};
		uint64_t bits = 0;

		assert_int_equal(register_invalid_read(f, cases[i].text,
						       &bits), cases[i].rc);
		if (cases[i].rc == 0)
			assert_true(bits == cases[i].bits);
	}
	{
		uint64_t bits;

		assert_int_equal(register_invalid_read(
			(struct register_format){.type = REGISTER_FLOAT32},
			"NaN", &bits), 0);
	}
}

static void invalid_is_as_wide_as_the_value(void **state)
{
	static const uint64_t bad[] = {0x7fff, 0xffff};
	static const uint64_t bad32[] = {0xffffffff}, bad64[] = {UINT64_MAX};
	static const uint64_t bad8[] = {0xff};
	static const uint16_t ffff[] = {0xffff, 0xffff, 0xffff, 0xffff};
	static const uint16_t low[] = {0x0000, 0xffff};
	static const uint16_t max[] = {0x7fff}, ok[] = {0x7ffe};
	struct register_format f = {.type = REGISTER_INT16};

	(void)state;
	assert_true(register_is_invalid(f, max, bad, 2));
	assert_true(register_is_invalid(f, ffff, bad, 2));
	assert_false(register_is_invalid(f, ok, bad, 2));
	f.type = REGISTER_UINT32;
	assert_true(register_is_invalid(f, ffff, bad32, 1));
	/* 65535 in 32 bits is a good value */
	assert_false(register_is_invalid(f, low, bad32, 1));
	f.type = REGISTER_UINT64;
	assert_true(register_is_invalid(f, ffff, bad64, 1));
	f.type = REGISTER_UINT8;
	assert_true(register_is_invalid(f, max, bad8, 1));
	assert_false(register_is_invalid(f, ok, bad8, 1));
}

static void invalid_follows_the_order(void **state)
{
	static const uint64_t bad[] = {0x80000000};
	static const uint16_t words[] = {0x0000, 0x8000};
	struct register_format f = {.type = REGISTER_INT32,
				    .order = ORDER_CDAB};

	(void)state;
	assert_true(register_is_invalid(f, words, bad, 1));
	f.order = ORDER_ABCD;
	assert_false(register_is_invalid(f, words, bad, 1));
}

static void what_is_no_decimal_digit_is_no_value(void **state)
{
	static const uint16_t words[] = {0x12a4, 0x0000};
	struct register_format f = {.type = REGISTER_BCD16};
	struct lwm2m_value value;

	(void)state;
	assert_int_equal(register_decode(f, words, &value, NULL), -ENODATA);
	f.type = REGISTER_BCD32;
	assert_int_equal(register_decode(f, words, &value, NULL), -ENODATA);
}

static void other_bytes_of_a_register_do_not_matter(void **state)
{
	static const uint16_t words[] = {0x5aff, 0xfffe};
	struct register_format f = {.type = REGISTER_UINT8};
	struct lwm2m_value value;

	(void)state;
	assert_int_equal(register_decode(f, words, &value, NULL), 0);
	assert_int_equal(value.as.integer, 0xff);
	f.type = REGISTER_UINT24;
	assert_int_equal(register_decode(f, words, &value, NULL), 0);
	assert_int_equal(value.as.integer, 0xfffffe);
	f.type = REGISTER_INT24;
	assert_int_equal(register_decode(f, words, &value, NULL), 0);
	assert_int_equal(value.as.integer, -2);
}

static void bits_are_read(void **state)
{
	static const char *const wrong[] = {"", "x", "16", "4-", "7-4", "-3",
					    "3 ", "0-16", "1-2-3"};
	uint8_t bit, n;

	(void)state;
	assert_true(register_bits_read("3", &bit, &n));
	assert_int_equal(bit, 3);
	assert_int_equal(n, 1);
	assert_true(register_bits_read("4-7", &bit, &n));
	assert_int_equal(bit, 4);
	assert_int_equal(n, 4);
	assert_true(register_bits_read("0-15", &bit, &n));
	assert_int_equal(n, 16);
	for (size_t i = 0; i < COUNT(wrong); i++)
		assert_false(register_bits_read(wrong[i], &bit, &n));
}

static void bits_are_decoded(void **state)
{
	static const uint16_t word[] = {0x12a8};
	struct register_format f = {.type = REGISTER_UINT16, .bit = 3,
				    .n_bits = 1};
	struct lwm2m_value value;

	(void)state;
	assert_int_equal(register_decode(f, word, &value, NULL), 0);
	assert_int_equal(value.type, LWM2M_BOOLEAN);
	assert_true(value.as.boolean);
	f.bit = 4;
	f.n_bits = 4;
	register_decode(f, word, &value, NULL);
	assert_int_equal(value.as.integer, 0xa);
	f.type = REGISTER_INT16;	/* the highest is the sign */
	register_decode(f, word, &value, NULL);
	assert_int_equal(value.as.integer, 0xa - 16);
	f.bit = 0;
	f.n_bits = 16;
	register_decode(f, word, &value, NULL);
	assert_int_equal(value.as.integer, 0x12a8);
}

static void bits_are_encoded_in_their_place(void **state)
{
	static const struct {
		uint8_t type, order, bit, n;
		double number;
		int rc;
		uint16_t word, mask;
	} cases[] = {
		{REGISTER_UINT16, ORDER_ABCD, 0, 1, 1, 1, 0x0001, 0x0001},
		{REGISTER_UINT16, ORDER_ABCD, 15, 1, 1, 1, 0x8000, 0x8000},
		{REGISTER_UINT16, ORDER_ABCD, 4, 4, 9, 1, 0x0090, 0x00f0},
		{REGISTER_UINT16, ORDER_BADC, 4, 4, 9, 1, 0x9000, 0xf000},
		{REGISTER_UINT16, ORDER_ABCD, 4, 4, 16, -ERANGE, 0, 0x00f0},
		{REGISTER_UINT16, ORDER_ABCD, 0, 16, 65535, 1, 0xffff, 0xffff},
		{REGISTER_INT16, ORDER_ABCD, 4, 4, -1, 1, 0x00f0, 0x00f0},
		{REGISTER_INT16, ORDER_ABCD, 4, 4, -8, 1, 0x0080, 0x00f0},
		{REGISTER_INT16, ORDER_ABCD, 4, 4, 8, -ERANGE, 0, 0x00f0},
		{REGISTER_UINT16, ORDER_ABCD, 4, 4, -1, -ERANGE, 0, 0x00f0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct register_format f = {
			.type = cases[i].type, .order = cases[i].order,
			.bit = cases[i].bit, .n_bits = cases[i].n};
		struct lwm2m_value value = lwm2m_float(cases[i].number);
		uint16_t word = 0;

		assert_int_equal(register_encode(f, &value, &word),
				 cases[i].rc);
		assert_int_equal(word, cases[i].word);
		assert_int_equal(register_bits_mask(f), cases[i].mask);
	}
}

static void strings_end_at_zero_and_lose_blanks(void **state)
{
	static const uint16_t words[] = {0x4232, 0x3320, 0x2000, 0x5858};
	static const uint16_t swapped[] = {0x3242, 0x2033, 0x0020, 0x5858};
	struct register_format f = {.type = REGISTER_STRING, .length = 4};
	struct lwm2m_value value;
	char text[REGISTER_TEXT_MAX];

	(void)state;
	assert_int_equal(register_decode(f, words, &value, text), 0);
	assert_int_equal(value.length, 3);
	assert_memory_equal(value.as.text, "B23", 3);
	f.order = ORDER_BADC;
	assert_int_equal(register_decode(f, swapped, &value, text), 0);
	assert_memory_equal(value.as.text, "B23", 3);
}

static void text_is(struct register_format f, const uint16_t *words,
		    const char *want)
{
	char text[REGISTER_TEXT_MAX];
	struct lwm2m_value value;

	assert_int_equal(register_decode(f, words, &value, text), 0);
	assert_int_equal(value.length, strlen(want));
	assert_memory_equal(value.as.text, want, value.length);
}

static void strings_are_utf8_or_else_latin_1(void **state)
{
	static const uint16_t good[] = {0xc3a4, 0xe282, 0xac00};
	static const uint16_t cut[] = {0x41c3};		/* half a letter */
	static const uint16_t latin[] = {0xb043};
	static const uint16_t overlong[] = {0xc080};
	struct register_format f = {.type = REGISTER_STRING, .length = 3};

	(void)state;
	text_is(f, good, "\xc3\xa4\xe2\x82\xac");
	f.length = 1;
	text_is(f, cut, "A\xc3\x83");
	text_is(f, latin, "\xc2\xb0" "C");
	text_is(f, overlong, "\xc3\x80\xc2\x80");
}

static void strings_end_at_ff_too(void **state)
{
	static const uint16_t padded[] = {0x4142, 0xffff, 0xffff};
	static const uint16_t none[] = {0xffff, 0xffff, 0xffff};
	struct register_format f = {.type = REGISTER_STRING, .length = 3};

	(void)state;
	text_is(f, padded, "AB");
	text_is(f, none, "");
}

static void a_register_may_hold_one_character(void **state)
{
	static const uint16_t low[] = {0x0041, 0x0042, 0x0000};
	static const uint16_t high[] = {0x4100, 0x4200, 0x0000};
	struct register_format f = {.type = REGISTER_STRING, .length = 3,
				    .chars = CHARS_LOW};
	struct lwm2m_value value = lwm2m_string("AB", 2);
	uint16_t words[3];

	(void)state;
	text_is(f, low, "AB");
	assert_int_equal(register_encode(f, &value, words), 3);
	assert_memory_equal(words, low, sizeof(low));
	f.chars = CHARS_HIGH;
	text_is(f, high, "AB");
	assert_int_equal(register_encode(f, &value, words), 3);
	assert_memory_equal(words, high, sizeof(high));
	value = lwm2m_string("ABCD", 4);
	assert_int_equal(register_encode(f, &value, words), -ERANGE);
}

static void strings_are_encoded_and_padded(void **state)
{
	static const uint16_t want[] = {0x4142, 0x4300, 0x0000};
	struct register_format f = {.type = REGISTER_STRING, .length = 3};
	struct lwm2m_value value = lwm2m_string("ABC", 3);
	uint16_t words[3] = {1, 2, 3};

	(void)state;
	assert_int_equal(register_encode(f, &value, words), 3);
	assert_memory_equal(words, want, sizeof(want));
	value = lwm2m_string("ABCDEFG", 7);
	assert_int_equal(register_encode(f, &value, words), -ERANGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decodes_every_type_and_order),
		cmocka_unit_test(encodes_every_type_and_order),
		cmocka_unit_test(integers_of_64_bits_stay_exact),
		cmocka_unit_test(refuses_what_does_not_fit),
		cmocka_unit_test(rounds_to_the_nearest),
		cmocka_unit_test(numbers_that_are_none_are_no_values),
		cmocka_unit_test(invalid_is_as_wide_as_the_value),
		cmocka_unit_test(invalid_follows_the_order),
		cmocka_unit_test(invalid_is_read_as_manuals_print_it),
		cmocka_unit_test(what_is_no_decimal_digit_is_no_value),
		cmocka_unit_test(other_bytes_of_a_register_do_not_matter),
		cmocka_unit_test(bits_are_encoded_in_their_place),
		cmocka_unit_test(bits_are_read),
		cmocka_unit_test(bits_are_decoded),
		cmocka_unit_test(strings_end_at_zero_and_lose_blanks),
		cmocka_unit_test(strings_are_utf8_or_else_latin_1),
		cmocka_unit_test(strings_end_at_ff_too),
		cmocka_unit_test(a_register_may_hold_one_character),
		cmocka_unit_test(strings_are_encoded_and_padded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
