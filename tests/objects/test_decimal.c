/* SPDX-License-Identifier: GPL-2.0-or-later
 * What decimal_write() writes is what printf() does with as few digits as
 * strtod() needs. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "objects/decimal.h"
#include "tests/objects/check.h"

static void printed(double number, char text[64])
{
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, 64, "%.*g", digits, number);
		if (strtod(text, NULL) == number)
			return;
	}
}

static void is_as_printed(double number)
{
	char want[64], got[DECIMAL_MAX + 1];

	printed(number, want);
	got[decimal_write(number, got)] = 0;
	assert_string_equal(got, want);
}

static void is_none_of_its(double number)
{
	char text[DECIMAL_MAX];

	assert_int_equal(decimal_write(number, text), 0);
}

static void it_and_its_neighbours(double number)
{
	double below = number, above = number;

	for (int i = 0; i < 4; i++) {
		is_as_printed(below);
		is_as_printed(-above);
		below = nextafter(below, 0);
		above = nextafter(above, 1e15);
	}
}

static void powers_and_what_is_beside_them(void **state)
{
	(void)state;
	for (int i = -13; i <= 49; i++)
		it_and_its_neighbours(ldexp(1, i));
	for (int i = -3; i <= 14; i++) {
		it_and_its_neighbours(pow(10, i));
		it_and_its_neighbours(9.9999999999999995 * pow(10, i - 1));
	}
	is_as_printed(0);
	is_as_printed(1e-4);
	is_as_printed(nextafter(1e15, 0));
	is_as_printed(-nextafter(1e15, 0));
}

static uint64_t drawn(void)
{
	static uint64_t seed = 1;

	seed = seed * UINT64_C(6364136223846793005) +
	       UINT64_C(1442695040888963407);
	return seed >> 11;
}

static void numbers_of_each_length(void **state)
{
	(void)state;
	for (int i = 0; i < 20000; i++)
		is_as_printed(ldexp((double)(drawn() | UINT64_C(1) << 52),
				    (int)(drawn() % 62) - 65));
	for (int i = 0; i < 20000; i++)
		is_as_printed((double)(drawn() % 10000000) /
			      pow(10, (int)(drawn() % 5)));
}

/* Half way between two of 15 or 16 digits: to the even one. */
static void halves_go_to_the_even_digit(void **state)
{
	(void)state;
	for (int i = 0; i < 2000; i++)
		for (int power = 1; power <= 8; power <<= 1)
			is_as_printed(
				(double)(drawn() >> 4) / (1 << power) + 1);
}

static void others_are_left(void **state)
{
	(void)state;
	is_none_of_its(-0.0);
	is_none_of_its(NAN);
	is_none_of_its(INFINITY);
	is_none_of_its(-INFINITY);
	is_none_of_its(1e15);
	is_none_of_its(-1e15);
	is_none_of_its(nextafter(1e-4, 0));
	is_none_of_its(5e-324);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(powers_and_what_is_beside_them),
		cmocka_unit_test(numbers_of_each_length),
		cmocka_unit_test(halves_go_to_the_even_digit),
		cmocka_unit_test(others_are_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
