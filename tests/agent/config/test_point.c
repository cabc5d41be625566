/* SPDX-License-Identifier: GPL-2.0-or-later
 * Raw values become resources' values and back. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "agent/config/point.h"

static const struct point_scale plain = {.scale = 1, .decimals = -1};
static char text_room[POINT_TEXT_MAX];

static void decimals_are_those_of_the_text(void **state)
{
	static const struct { const char *text; int decimals; } cases[] = {
		{"0.1", 1}, {"0.01", 2}, {"1e-3", 3}, {"10", 0}, {"1", 0},
		{"2.5e-2", 3}, {"2.5e1", 0}, {"1E-4", 4}, {"-0.5", 1},
		{"1.50", 1}, {"1.0", 0}, {".25", 2}, {"1e3", 0},
		{"1e-30", 15}, {"", 0}, {"1e-99999999999999999999", 15},
		{"1e99999999999999999999", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_int_equal(point_decimals(cases[i].text),
				 cases[i].decimals);
}

/* As short as a double can be written so that it reads back. */
static const char *shortest(double number)
{
	static char text[32];
	double back = NAN;

	for (int digits = 1; digits <= 17 && back != number; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, number);
		sscanf(text, "%lf", &back);
	}
	return text;
}

static void scaled_numbers_have_the_shortest_text(void **state)
{
	static const struct {
		int64_t raw;
		struct point_scale scale;
		const char *text;
	} cases[] = {
		{217, {0.1, 0, 1, 0, NULL}, "21.7"}, {-217, {0.1, 0, 1, 0, NULL}, "-21.7"},
		{3, {0.1, 0, 1, 0, NULL}, "0.3"}, {7, {0.1, 0, 1, 0, NULL}, "0.7"},
		{2301, {0.01, 0, 2, 0, NULL}, "23.01"}, {33, {0.3, 0, 1, 0, NULL}, "9.9"},
		{65535, {0.001, 0, 3, 0, NULL}, "65.535"},
		{217, {0.1, -40, 1, 0, NULL}, "-18.3"}, {29, {0.01, 0.5, 2, 0, NULL}, "0.79"},
		{2147483647, {0.01, 0, 2, 0, NULL}, "21474836.47"},
		{12, {10, 0, 0, 0, NULL}, "1.2e+02"}, {5, {0.5, 0.25, 2, 0, NULL}, "2.75"},
		{1, {1e-15, 0, 15, 0, NULL}, "1e-15"}, {0, {0.1, 0, 1, 0, NULL}, "0"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct lwm2m_value raw = lwm2m_integer(cases[i].raw), value;

		assert_int_equal(point_convert(&cases[i].scale, &raw,
					       LWM2M_FLOAT, &value, text_room), 0);
		assert_int_equal(value.type, LWM2M_FLOAT);
		assert_string_equal(shortest(value.as.number), cases[i].text);
	}
}

static void every_tenth_of_16_bits_is_exact(void **state)
{
	struct point_scale tenth = {.scale = 0.1, .offset = 0, .decimals = 1};
	char text[32];

	(void)state;
	for (int raw = INT16_MIN; raw <= INT16_MAX; raw++) {
		struct lwm2m_value from = lwm2m_integer(raw), value, back;
		double decimal;

		snprintf(text, sizeof(text), "%s%d.%d", raw < 0 ? "-" : "",
			 abs(raw) / 10, abs(raw) % 10);
		sscanf(text, "%lf", &decimal);
		assert_int_equal(point_convert(&tenth, &from, LWM2M_FLOAT,
					       &value, text_room), 0);
		assert_true(value.as.number == decimal);
		assert_int_equal(point_invert(&tenth, &value, LWM2M_INTEGER,
					      INT16_MIN, INT16_MAX, &back), 0);
		assert_int_equal(back.as.integer, raw);
	}
}

static void unscaled_floats_are_not_rounded(void **state)
{
	struct lwm2m_value raw = lwm2m_float(0.1 + 0.2), value;

	(void)state;
	assert_int_equal(point_convert(&plain, &raw, LWM2M_FLOAT, &value, text_room), 0);
	assert_true(value.as.number == 0.1 + 0.2);
}

/* A scale of 0.01 is none of a float's decimals. */
static void scaled_floats_keep_their_digits(void **state)
{
	static const struct { double raw, scale; const char *text; } cases[] = {
		{-98.7, 0.01, "-0.987"}, {3.3, 0.1, "0.33"},
		{21.537, 0.001, "0.021537"}, {1.5, 1000, "1500"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct point_scale scale = {.scale = cases[i].scale,
					    .decimals = POINT_DECIMALS_OWN};
		struct lwm2m_value raw = lwm2m_float(cases[i].raw), value;
		char text[32];

		assert_int_equal(point_convert(&scale, &raw, LWM2M_FLOAT,
					       &value, text_room), 0);
		snprintf(text, sizeof(text), "%.15g", value.as.number);
		assert_string_equal(text, cases[i].text);
	}
}

static void whole_numbers_keep_64_bits(void **state)
{
	struct lwm2m_value raw = lwm2m_integer(INT64_MAX), value;

	(void)state;
	assert_int_equal(point_convert(&plain, &raw, LWM2M_INTEGER, &value, text_room), 0);
	assert_true(value.as.integer == INT64_MAX);
	raw = lwm2m_integer(INT64_MIN);
	assert_int_equal(point_convert(&plain, &raw, LWM2M_TIME, &value, text_room), 0);
	assert_true(value.as.integer == INT64_MIN);
	assert_int_equal(value.type, LWM2M_TIME);
	raw = lwm2m_unsigned(UINT64_MAX);
	assert_int_equal(point_convert(&plain, &raw, LWM2M_UNSIGNED, &value, text_room),
			 0);
	assert_true(value.as.uinteger == UINT64_MAX);
	assert_int_equal(point_invert(&plain, &raw, LWM2M_UNSIGNED, 0, 0,
				      &value), 0);
	assert_true(value.as.uinteger == UINT64_MAX);
}

enum { NUMBER, WHOLE, COUNT, TRUTH };

static struct lwm2m_value value_make(int kind, double number)
{
	switch (kind) {
	case WHOLE: return lwm2m_integer((int64_t)number);
	case COUNT: return lwm2m_unsigned((uint64_t)number);
	case TRUTH: return lwm2m_boolean(number != 0);
	default: return lwm2m_float(number);
	}
}

static void types_are_turned_or_refused(void **state)
{
	static const struct {
		int kind;
		double raw;
		enum lwm2m_type type;
		int rc;
		double number;
	} cases[] = {
		{NUMBER, 2.5, LWM2M_INTEGER, 0, 3},
		{NUMBER, -2.4, LWM2M_INTEGER, 0, -2},
		{NUMBER, 1e19, LWM2M_INTEGER, -ERANGE, 0},
		{NUMBER, -1e19, LWM2M_INTEGER, -ERANGE, 0},
		{NUMBER, 0x1p63, LWM2M_INTEGER, -ERANGE, 0},
		{NUMBER, 1e19, LWM2M_UNSIGNED, 0, 1e19},
		{NUMBER, 0x1p64, LWM2M_UNSIGNED, -ERANGE, 0},
		{NUMBER, -1, LWM2M_UNSIGNED, -ERANGE, 0},
		{WHOLE, -1, LWM2M_UNSIGNED, -ERANGE, 0},
		{COUNT, 0x1p63, LWM2M_INTEGER, -ERANGE, 0},
		{COUNT, 7, LWM2M_INTEGER, 0, 7},
		{WHOLE, 7, LWM2M_FLOAT, 0, 7},
		{WHOLE, -3, LWM2M_BOOLEAN, 0, 1},
		{WHOLE, 0, LWM2M_BOOLEAN, 0, 0},
		{TRUTH, 1, LWM2M_BOOLEAN, 0, 1},
		{TRUTH, 1, LWM2M_INTEGER, 0, 1},
		{TRUTH, 0, LWM2M_FLOAT, 0, 0},
		{NUMBER, 0.2, LWM2M_BOOLEAN, 0, 1},
		{NUMBER, NAN, LWM2M_FLOAT, -ENODATA, 0},
		{NUMBER, INFINITY, LWM2M_FLOAT, -ENODATA, 0},
		{NUMBER, NAN, LWM2M_INTEGER, -ENODATA, 0},
		{NUMBER, NAN, LWM2M_STRING, -ENODATA, 0},
		{WHOLE, 1, LWM2M_OPAQUE, -EINVAL, 0},
		{WHOLE, 1, LWM2M_NONE, -EINVAL, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct lwm2m_value raw = value_make(cases[i].kind,
						    cases[i].raw), value;
		int rc = point_convert(&plain, &raw, cases[i].type, &value, text_room);

		assert_int_equal(rc, cases[i].rc);
		if (rc < 0)
			continue;
		assert_int_equal(value.type, cases[i].type);
		assert_true(lwm2m_number(&value) == cases[i].number);
	}
}

static void overflowing_scale_is_out_of_range(void **state)
{
	struct point_scale huge = {.scale = 1e300, .offset = 0, .decimals = -1};
	struct lwm2m_value raw = lwm2m_float(1e300), value;

	(void)state;
	assert_int_equal(point_convert(&huge, &raw, LWM2M_FLOAT, &value, text_room),
			 -ERANGE);
}

static void text_and_bytes_pass(void **state)
{
	struct lwm2m_value raw = lwm2m_string("abc", 3), value;

	(void)state;
	assert_int_equal(point_convert(&plain, &raw, LWM2M_STRING, &value, text_room), 0);
	assert_ptr_equal(value.as.text, raw.as.text);
	assert_int_equal(value.length, 3);
	assert_int_equal(point_convert(&plain, &raw, LWM2M_OPAQUE, &value, text_room), 0);
	assert_int_equal(value.type, LWM2M_OPAQUE);
	assert_int_equal(point_convert(&plain, &raw, LWM2M_FLOAT, &value, text_room),
			 -EINVAL);
	raw.type = LWM2M_OPAQUE;
	assert_int_equal(point_convert(&plain, &raw, LWM2M_OPAQUE, &value, text_room), 0);
	assert_int_equal(point_convert(&plain, &raw, LWM2M_STRING, &value, text_room),
			 -EINVAL);
	raw = (struct lwm2m_value){.type = LWM2M_OBJLINK};
	assert_int_equal(point_invert(&plain, &raw, LWM2M_OBJLINK, 0, 0,
				      &value), 0);
	raw.type = LWM2M_NONE;
	assert_int_equal(point_convert(&plain, &raw, LWM2M_NONE, &value, text_room),
			 -EINVAL);
}

static void writes_are_unscaled_within_limits(void **state)
{
	static const struct {
		double value;
		struct point_scale scale;
		enum lwm2m_type type;
		double min, max;
		int rc;
		double raw;
	} cases[] = {
		{21.7, {0.1, 0, 1, 0, NULL}, LWM2M_INTEGER, -32768, 32767, 0, 217},
		{-18.3, {0.1, -40, 1, 0, NULL}, LWM2M_INTEGER, 0, 65535, 0, 217},
		{3276.7, {0.1, 0, 1, 0, NULL}, LWM2M_INTEGER, -32768, 32767, 0, 32767},
		{3276.8, {0.1, 0, 1, 0, NULL}, LWM2M_INTEGER, -32768, 32767, -ERANGE, 0},
		{-3276.9, {0.1, 0, 1, 0, NULL}, LWM2M_INTEGER, -32768, 32767, -ERANGE,
		 0},
		{21.74, {0.1, 0, 1, 0, NULL}, LWM2M_INTEGER, 0, 0, 0, 217},
		{1e30, {1, 0, -1, 0, NULL}, LWM2M_INTEGER, 0, 0, -ERANGE, 0},
		{-1, {1, 0, -1, 0, NULL}, LWM2M_UNSIGNED, 0, 0, -ERANGE, 0},
		{5, {2, 0, -1, 0, NULL}, LWM2M_FLOAT, 0, 0, 0, 2.5},
		{1, {1, 0, -1, 0, NULL}, LWM2M_BOOLEAN, 0, 0, 0, 1},
		{0, {-1, 1, -1, 0, NULL}, LWM2M_BOOLEAN, 0, 0, 0, 1},
		{1, {0, 0, -1, 0, NULL}, LWM2M_FLOAT, 0, 0, -EINVAL, 0},
		{NAN, {1, 0, -1, 0, NULL}, LWM2M_FLOAT, 0, 0, -EINVAL, 0},
		{1, {1, 0, -1, 0, NULL}, LWM2M_STRING, 0, 0, -EINVAL, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct lwm2m_value value = lwm2m_float(cases[i].value), raw;
		int rc = point_invert(&cases[i].scale, &value, cases[i].type,
				      cases[i].min, cases[i].max, &raw);

		assert_int_equal(rc, cases[i].rc);
		if (rc < 0)
			continue;
		assert_int_equal(raw.type, cases[i].type);
		assert_true(lwm2m_number(&raw) == cases[i].raw);
	}
}

static void number_is(const struct point_scale *scale, struct lwm2m_value raw,
		      const char *want)
{
	struct lwm2m_value value, back;

	assert_int_equal(point_convert(scale, &raw, LWM2M_STRING, &value,
				       text_room), 0);
	assert_int_equal(value.type, LWM2M_STRING);
	assert_int_equal(value.length, strlen(want));
	assert_memory_equal(value.as.text, want, value.length);
	assert_int_equal(point_invert(scale, &value,
				      (enum lwm2m_type)raw.type, 0, 0, &back),
			 0);
	assert_true(lwm2m_number(&back) == lwm2m_number(&raw));
}

static void numbers_become_texts_and_back(void **state)
{
	static const struct point_scale tenth = {.scale = 0.1, .decimals = 1};

	(void)state;
	number_is(&plain, lwm2m_integer(12345678), "12345678");
	number_is(&plain, lwm2m_integer(INT64_MIN), "-9223372036854775808");
	number_is(&plain, lwm2m_unsigned(17), "17");
	number_is(&plain, lwm2m_float(3.14), "3.14");
	number_is(&tenth, lwm2m_integer(217), "21.7");
	number_is(&plain, lwm2m_boolean(true), "1");
}

static void numbers_are_called_something(void **state)
{
	static const struct point_text texts[] = {
		{0, "off"}, {1, "heating"}, {-1, "fault"}};
	static const struct point_scale named = {
		.scale = 1, .decimals = -1, .texts = texts, .n_texts = 3};
	struct lwm2m_value value = lwm2m_string("cooling", 7), raw;

	(void)state;
	number_is(&named, lwm2m_integer(0), "off");
	number_is(&named, lwm2m_integer(1), "heating");
	number_is(&named, lwm2m_integer(-1), "fault");
	number_is(&named, lwm2m_float(1), "heating");
	number_is(&named, lwm2m_integer(7), "7");
	assert_int_equal(point_invert(&named, &value, LWM2M_INTEGER, 0, 0,
				      &raw), -EINVAL);
	value = lwm2m_string("heat", 4);
	assert_int_equal(point_invert(&named, &value, LWM2M_INTEGER, 0, 0,
				      &raw), -EINVAL);
	value = lwm2m_string("", 0);
	assert_int_equal(point_invert(&named, &value, LWM2M_INTEGER, 0, 0,
				      &raw), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decimals_are_those_of_the_text),
		cmocka_unit_test(scaled_numbers_have_the_shortest_text),
		cmocka_unit_test(every_tenth_of_16_bits_is_exact),
		cmocka_unit_test(unscaled_floats_are_not_rounded),
		cmocka_unit_test(scaled_floats_keep_their_digits),
		cmocka_unit_test(whole_numbers_keep_64_bits),
		cmocka_unit_test(types_are_turned_or_refused),
		cmocka_unit_test(overflowing_scale_is_out_of_range),
		cmocka_unit_test(text_and_bytes_pass),
		cmocka_unit_test(writes_are_unscaled_within_limits),
		cmocka_unit_test(numbers_become_texts_and_back),
		cmocka_unit_test(numbers_are_called_something),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
