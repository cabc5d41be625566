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
	{REGISTER_FLOAT32, ORDER_ABCD, {0x4365, 0xa666}, 229.64999389648438},
	{REGISTER_FLOAT32, ORDER_CDAB, {0xa666, 0x4365}, 229.64999389648438},
	{REGISTER_FLOAT32, ORDER_BADC, {0x6543, 0x66a6}, 229.64999389648438},
	{REGISTER_FLOAT32, ORDER_DCBA, {0x66a6, 0x6543}, 229.64999389648438},
	{REGISTER_FLOAT32, ORDER_ABCD, {0xc000, 0x0000}, -2},
	{REGISTER_FLOAT64, ORDER_ABCD, {0x4009, 0x21fb, 0x5444, 0x2d18},
	 3.141592653589793},
	{REGISTER_FLOAT64, ORDER_DCBA, {0x182d, 0x4454, 0xfb21, 0x0940},
	 3.141592653589793},
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
		assert_true(lwm2m_number(&value) == vectors[i].number);
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

static void invalid_is_as_wide_as_the_value(void **state)
{
	static const int64_t bad[] = {0x7fff, -1};
	static const int64_t bad32[] = {0xffffffff};
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
	assert_true(register_is_invalid(f, ffff, bad, 2));
}

static void invalid_follows_the_order(void **state)
{
	static const int64_t bad[] = {(int64_t)0x80000000};
	static const uint16_t words[] = {0x0000, 0x8000};
	struct register_format f = {.type = REGISTER_INT32,
				    .order = ORDER_CDAB};

	(void)state;
	assert_true(register_is_invalid(f, words, bad, 1));
	f.order = ORDER_ABCD;
	assert_false(register_is_invalid(f, words, bad, 1));
}

static void invalid_must_fit(void **state)
{
	struct register_format f = {.type = REGISTER_UINT16};

	(void)state;
	assert_true(register_invalid_fits(f, 0xffff));
	assert_true(register_invalid_fits(f, -1));
	assert_true(register_invalid_fits(f, -32768));
	assert_false(register_invalid_fits(f, 0x10000));
	assert_false(register_invalid_fits(f, -32769));
	f.type = REGISTER_STRING;
	assert_false(register_invalid_fits(f, 0));
	f.type = REGISTER_INT64;
	assert_true(register_invalid_fits(f, INT64_MIN));
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
	assert_int_equal(register_encode(f, &value, (uint16_t[1]){0}),
			 -ENOTSUP);
}

static void strings_end_at_zero_and_lose_blanks(void **state)
{
	static const uint16_t words[] = {0x4232, 0x3320, 0x2000, 0x5858};
	static const uint16_t swapped[] = {0x3242, 0x2033, 0x0020, 0x5858};
	struct register_format f = {.type = REGISTER_STRING, .length = 4};
	struct lwm2m_value value;
	char text[8];

	(void)state;
	assert_int_equal(register_decode(f, words, &value, text), 0);
	assert_int_equal(value.length, 3);
	assert_memory_equal(value.as.text, "B23", 3);
	f.order = ORDER_BADC;
	assert_int_equal(register_decode(f, swapped, &value, text), 0);
	assert_memory_equal(value.as.text, "B23", 3);
}

static void strings_must_be_utf8(void **state)
{
	static const uint16_t good[] = {0xc3a4, 0xe282, 0xac00};
	static const uint16_t cut[] = {0x41c3};		/* half a letter */
	static const uint16_t latin[] = {0xe441};
	static const uint16_t overlong[] = {0xc080};
	struct register_format f = {.type = REGISTER_STRING, .length = 3};
	struct lwm2m_value value;
	char text[8];

	(void)state;
	assert_int_equal(register_decode(f, good, &value, text), 0);
	assert_int_equal(value.length, 5);
	f.length = 1;
	assert_int_equal(register_decode(f, cut, &value, text), -EILSEQ);
	assert_int_equal(register_decode(f, latin, &value, text), -EILSEQ);
	assert_int_equal(register_decode(f, overlong, &value, text), -EILSEQ);
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
		cmocka_unit_test(invalid_must_fit),
		cmocka_unit_test(bits_are_read),
		cmocka_unit_test(bits_are_decoded),
		cmocka_unit_test(strings_end_at_zero_and_lose_blanks),
		cmocka_unit_test(strings_must_be_utf8),
		cmocka_unit_test(strings_are_encoded_and_padded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
