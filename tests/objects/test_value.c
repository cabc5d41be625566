/* SPDX-License-Identifier: GPL-2.0-or-later
 * Values: as text and back, equal or not, converted. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include "objects/base64.h"
#include "tests/objects/check.h"

static void text_equal(struct lwm2m_value value, const char *text)
{
	char room[64];
	struct buf out = buf_over(room, sizeof(room));

	value_format(&value, &out);
	assert_int_equal(out.used, strlen(text));
	assert_memory_equal(room, text, out.used);
}

static void they_are_written(void **state)
{
	(void)state;
	text_equal(lwm2m_boolean(true), "1");
	text_equal(lwm2m_boolean(false), "0");
	text_equal(lwm2m_integer(INT64_MIN), "-9223372036854775808");
	text_equal(lwm2m_unsigned(UINT64_MAX), "18446744073709551615");
	text_equal(time_value(1700000000), "1700000000");
	text_equal(link_value(3, 0), "3:0");
	text_equal(link_value(65535, 65535), "65535:65535");
	text_equal(text_value(LWM2M_STRING, "Cel"), "Cel");
	text_equal(text_value(LWM2M_OPAQUE, "\x01"), "AQ==");
	text_equal(text_value(LWM2M_OPAQUE, "\xff\xfe\xfd"), "//79");
	text_equal((struct lwm2m_value){.type = LWM2M_NONE}, "");
}

static void floats_are_short_and_read_back(void **state)
{
	static const struct {
		double number;
		const char *text;
	} cases[] = {
		{21.7, "21.7"}, {21, "21"}, {0.1, "0.1"}, {-40.25, "-40.25"},
		{0.1 + 0.2, "0.30000000000000004"}, {1e21, "1e+21"},
		{1.0 / 3, "0.3333333333333333"}, {5e-324, "4.94065645841247e-324"},
	};
	struct lwm2m_value read;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		text_equal(lwm2m_float(cases[i].number), cases[i].text);
		assert_int_equal(value_parse(LWM2M_FLOAT, cases[i].text,
					     strlen(cases[i].text), &read,
					     NULL), 0);
		assert_true(read.as.number == cases[i].number);
	}
}

static int parse(enum lwm2m_type type, const char *text,
		 struct lwm2m_value *value)
{
	struct buf scratch = buf_over(scratch_bytes, sizeof(scratch_bytes));

	return value_parse(type, text, strlen(text), value, &scratch);
}

static void parses(enum lwm2m_type type, const char *text,
		   struct lwm2m_value value)
{
	struct lwm2m_value read;

	assert_int_equal(parse(type, text, &read), 0);
	assert_int_equal(read.type, type);
	assert_true(value_equal(&read, &value));
}

static void they_are_read(void **state)
{
	(void)state;
	parses(LWM2M_BOOLEAN, "1", lwm2m_boolean(true));
	parses(LWM2M_BOOLEAN, "0", lwm2m_boolean(false));
	parses(LWM2M_INTEGER, "-9223372036854775808",
	       lwm2m_integer(INT64_MIN));
	parses(LWM2M_INTEGER, "9223372036854775807", lwm2m_integer(INT64_MAX));
	parses(LWM2M_UNSIGNED, "18446744073709551615",
	       lwm2m_unsigned(UINT64_MAX));
	parses(LWM2M_FLOAT, "21", lwm2m_float(21));
	parses(LWM2M_FLOAT, "-2.5e-1", lwm2m_float(-0.25));
	parses(LWM2M_FLOAT, ".5", lwm2m_float(0.5));
	parses(LWM2M_FLOAT, "5.", lwm2m_float(5));
	parses(LWM2M_TIME, "1700000000", time_value(1700000000));
	parses(LWM2M_OBJLINK, "3303:1", link_value(3303, 1));
	parses(LWM2M_STRING, "", text_value(LWM2M_STRING, ""));
	parses(LWM2M_STRING, "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80",
	       text_value(LWM2M_STRING,
			  "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"));
	parses(LWM2M_CORELINK, "</3/0>,</1>;ver=1.1",
	       text_value(LWM2M_CORELINK, "</3/0>,</1>;ver=1.1"));
	parses(LWM2M_OPAQUE, "AQID", text_value(LWM2M_OPAQUE, "\1\2\3"));
}

static void what_is_not_of_the_type_is_refused(void **state)
{
	static const struct {
		enum lwm2m_type type;
		const char *text;
	} cases[] = {
		{LWM2M_BOOLEAN, ""}, {LWM2M_BOOLEAN, "2"},
		{LWM2M_BOOLEAN, "true"}, {LWM2M_BOOLEAN, "01"},
		{LWM2M_INTEGER, ""}, {LWM2M_INTEGER, "-"},
		{LWM2M_INTEGER, "1.0"}, {LWM2M_INTEGER, " 1"},
		{LWM2M_INTEGER, "0x10"}, {LWM2M_INTEGER, "+1"},
		{LWM2M_INTEGER, "9223372036854775808"},
		{LWM2M_INTEGER, "-9223372036854775809"},
		{LWM2M_UNSIGNED, "-1"},
		{LWM2M_UNSIGNED, "18446744073709551616"},
		{LWM2M_FLOAT, ""}, {LWM2M_FLOAT, "."}, {LWM2M_FLOAT, "-"},
		{LWM2M_FLOAT, "nan"}, {LWM2M_FLOAT, "inf"},
		{LWM2M_FLOAT, "0x1p3"}, {LWM2M_FLOAT, "1e"},
		{LWM2M_FLOAT, "1e999"}, {LWM2M_FLOAT, "1 "},
		{LWM2M_FLOAT, " 1"}, {LWM2M_FLOAT, "1,5"},
		{LWM2M_TIME, "now"}, {LWM2M_OBJLINK, "3"},
		{LWM2M_OBJLINK, "3:"}, {LWM2M_OBJLINK, ":0"},
		{LWM2M_OBJLINK, "65536:0"}, {LWM2M_OBJLINK, "3:0:0"},
		{LWM2M_STRING, "\xc3"}, {LWM2M_STRING, "\x80"},
		{LWM2M_STRING, "\xc0\x80"}, {LWM2M_STRING, "\xed\xa0\x80"},
		{LWM2M_STRING, "\xf4\x90\x80\x80"},
		{LWM2M_CORELINK, "3/0"}, {LWM2M_CORELINK, "</3>,"},
		{LWM2M_OPAQUE, "A"}, {LWM2M_OPAQUE, "AQ="},
		{LWM2M_OPAQUE, "AQ===" }, {LWM2M_OPAQUE, "A?=="},
		{LWM2M_OPAQUE, "AR=="}, {LWM2M_NONE, "1"},
	};
	struct lwm2m_value value;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(parse(cases[i].type, cases[i].text, &value),
				 -EPROTOTYPE);
}

static void opaque_needs_room(void **state)
{
	uint8_t room[2];
	struct buf scratch = buf_over(room, sizeof(room));
	struct lwm2m_value value;

	(void)state;
	assert_int_equal(value_parse(LWM2M_OPAQUE, "AQID", 4, &value,
				     &scratch), -EMSGSIZE);
	assert_int_equal(value_parse(LWM2M_OPAQUE, "AQI=", 4, &value,
				     &scratch), 0);
	assert_int_equal(scratch.used, 2);
	assert_ptr_equal(value.as.bytes, room);
}

/* RFC 4648 section 10, and both alphabets. */
static void base64_is_that_of_the_standard(void **state)
{
	static const char *const pairs[][2] = {
		{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"},
		{"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="},
		{"foobar", "Zm9vYmFy"},
	};
	char room[32];
	struct buf out;

	(void)state;
	for (size_t i = 0; i < COUNT(pairs); i++) {
		out = buf_over(room, sizeof(room));
		base64_put(&out, (const uint8_t *)pairs[i][0],
			   strlen(pairs[i][0]));
		assert_int_equal(out.used, strlen(pairs[i][1]));
		assert_memory_equal(room, pairs[i][1], out.used);
		out = buf_over(room, sizeof(room));
		assert_int_equal(base64_take(pairs[i][1], strlen(pairs[i][1]),
					     &out), strlen(pairs[i][0]));
		assert_memory_equal(room, pairs[i][0], out.used);
	}
	out = buf_over(room, sizeof(room));
	base64url_put(&out, (const uint8_t *)"\xfb\xff", 2);
	assert_int_equal(out.used, 3);
	assert_memory_equal(room, "-_8", 3);
	out = buf_over(room, sizeof(room));
	assert_int_equal(base64_take("-_8", 3, &out), 2);
	assert_memory_equal(room, "\xfb\xff", 2);
}

static void equal_is_type_and_content(void **state)
{
	struct lwm2m_value one = lwm2m_integer(1), time = time_value(1);
	struct lwm2m_value nan = lwm2m_float(NAN), zero = lwm2m_float(0.0);
	struct lwm2m_value minus = lwm2m_float(-0.0);
	struct lwm2m_value a = text_value(LWM2M_STRING, "a");
	struct lwm2m_value b = text_value(LWM2M_STRING, "b");
	struct lwm2m_value ab = text_value(LWM2M_STRING, "ab");
	struct lwm2m_value link = link_value(3, 0), other = link_value(3, 1);

	(void)state;
	assert_true(value_equal(&one, &one));
	assert_false(value_equal(&one, &time));
	assert_true(value_equal(&nan, &nan));
	assert_true(value_equal(&zero, &minus));
	assert_false(value_equal(&zero, &nan));
	assert_false(value_equal(&a, &b));
	assert_false(value_equal(&a, &ab));
	assert_true(value_equal(&link, &link));
	assert_false(value_equal(&link, &other));
}

static int converted(struct lwm2m_value from, enum lwm2m_type type,
		     struct lwm2m_value *to)
{
	return value_convert(&from, type, to);
}

/* The short way of writing a number and the C library's agree. */
static void decimals_are_the_shortest(void **state)
{
	uint64_t seed = 1;

	(void)state;
	for (int i = 0; i < 200000; i++) {
		char text[40], expected[40];
		double number;
		int digits = 14;

		seed = seed * 6364136223846793005u + 1442695040888963407u;
		number = (double)((int64_t)seed >> (seed % 60)) /
			 pow(10, (double)((seed >> 8) % 9));
		if (i % 5 == 0)			/* one beside a decimal */
			number = nextafter(number, i % 2 ? 1e300 : 0);
		do
			snprintf(expected, sizeof(expected), "%.*g", ++digits,
				 number);
		while (strtod(expected, NULL) != number);
		struct buf out = buf_over(text, sizeof(text) - 1);

		value_format(&(struct lwm2m_value){.type = LWM2M_FLOAT,
						   .as.number = number}, &out);
		text[out.used] = '\0';
		assert_string_equal(text, expected);
	}
}

static void numbers_convert(void **state)
{
	struct lwm2m_value to;

	(void)state;
	assert_int_equal(converted(lwm2m_float(2.5), LWM2M_INTEGER, &to), 0);
	assert_int_equal(to.as.integer, 3);
	assert_int_equal(converted(lwm2m_float(-2.4), LWM2M_INTEGER, &to), 0);
	assert_int_equal(to.as.integer, -2);
	assert_int_equal(converted(lwm2m_float(7), LWM2M_UNSIGNED, &to), 0);
	assert_int_equal(to.as.uinteger, 7);
	assert_int_equal(converted(lwm2m_integer(7), LWM2M_FLOAT, &to), 0);
	assert_true(to.as.number == 7);
	assert_int_equal(converted(lwm2m_float(0.4), LWM2M_BOOLEAN, &to), 0);
	assert_true(to.as.boolean);
	assert_int_equal(converted(lwm2m_boolean(true), LWM2M_FLOAT, &to), 0);
	assert_true(to.as.number == 1);
	assert_int_equal(converted(lwm2m_float(1e9), LWM2M_TIME, &to), 0);
	assert_int_equal(to.type, LWM2M_TIME);
	assert_int_equal(converted(lwm2m_integer(INT64_MAX), LWM2M_UNSIGNED,
				   &to), 0);
	assert_int_equal(to.as.uinteger, INT64_MAX);
}

static void what_does_not_fit_is_out_of_range(void **state)
{
	struct lwm2m_value to;

	(void)state;
	assert_int_equal(converted(lwm2m_float(0x1p63), LWM2M_INTEGER, &to),
			 -ERANGE);
	assert_int_equal(converted(lwm2m_float(NAN), LWM2M_INTEGER, &to),
			 -ERANGE);
	assert_int_equal(converted(lwm2m_float(NAN), LWM2M_BOOLEAN, &to),
			 -ERANGE);
	assert_int_equal(converted(lwm2m_float(0x1p64), LWM2M_UNSIGNED, &to),
			 -ERANGE);
	assert_int_equal(converted(lwm2m_integer(-1), LWM2M_UNSIGNED, &to),
			 -ERANGE);
	assert_int_equal(converted(lwm2m_unsigned(UINT64_MAX), LWM2M_INTEGER,
				   &to), -ERANGE);
	assert_int_equal(converted(lwm2m_float(-0x1p63), LWM2M_INTEGER, &to),
			 0);
	assert_true(to.as.integer == INT64_MIN);
}

static void text_is_no_number(void **state)
{
	struct lwm2m_value to;

	(void)state;
	assert_int_equal(converted(text_value(LWM2M_STRING, "1"),
				   LWM2M_INTEGER, &to), -EINVAL);
	assert_int_equal(converted(lwm2m_integer(1), LWM2M_STRING, &to),
			 -EINVAL);
	assert_int_equal(converted(text_value(LWM2M_STRING, "</1>"),
				   LWM2M_CORELINK, &to), 0);
	assert_int_equal(to.type, LWM2M_CORELINK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(they_are_written),
		cmocka_unit_test(floats_are_short_and_read_back),
		cmocka_unit_test(they_are_read),
		cmocka_unit_test(what_is_not_of_the_type_is_refused),
		cmocka_unit_test(opaque_needs_room),
		cmocka_unit_test(base64_is_that_of_the_standard),
		cmocka_unit_test(equal_is_type_and_content),
		cmocka_unit_test(decimals_are_the_shortest),
		cmocka_unit_test(numbers_convert),
		cmocka_unit_test(what_does_not_fit_is_out_of_range),
		cmocka_unit_test(text_is_no_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
