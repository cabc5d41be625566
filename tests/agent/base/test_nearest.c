/* SPDX-License-Identifier: GPL-2.0-or-later
 * Which word was meant. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "agent/base/nearest.h"

/* SIZE_MAX: not near. */
static size_t distance_of(const char *word, const char *known)
{
	struct nearest nearest;

	nearest_init(&nearest, word);
	nearest_offer(&nearest, known);
	return nearest.best ? nearest.distance : SIZE_MAX;
}

static void distances(void **state)
{
	static const struct { const char *a, *b; size_t distance; } cases[] = {
		{"", "", SIZE_MAX}, {"abc", "", SIZE_MAX},
		{"address", "address", 0}, {"adress", "address", 1},
		{"addresss", "address", 1}, {"addrass", "address", 1},
		{"adderss", "address", 1},	/* neighbours swapped */
		{"Address", "ADDRESS", 0}, {"adrass", "address", 2},
		{"kitten", "sitting", SIZE_MAX},	/* 3 of 6 */
		{"kittens", "sitting", SIZE_MAX},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_int_equal(distance_of(cases[i].a, cases[i].b),
				 cases[i].distance);
		assert_int_equal(distance_of(cases[i].b, cases[i].a),
				 cases[i].distance);
	}
}

static const char *suggestion(const char *word)
{
	static struct nearest nearest;

	nearest_init(&nearest, word);
	nearest_offer(&nearest, "poll");
	nearest_offer(&nearest, "points");
	nearest_offer(&nearest, "application");
	nearest_offer_choices(&nearest, "tcp|rtu|rtu-over-tcp");
	return nearest_text(&nearest);
}

static void suggestions(void **state)
{
	(void)state;
	assert_string_equal(suggestion("pol"), "; did you mean 'poll'?");
	assert_string_equal(suggestion("pionts"), "; did you mean 'points'?");
	assert_string_equal(suggestion("appl"),
			    "; did you mean 'application'?");
	assert_string_equal(suggestion("poll_interval"),
			    "; did you mean 'poll'?");
	assert_string_equal(suggestion("pollute"), "");
	assert_string_equal(suggestion("rut"), "; did you mean 'rtu'?");
	assert_string_equal(suggestion("RTU-over-TCP"),
			    "; did you mean 'rtu-over-tcp'?");
	assert_string_equal(suggestion("x"), "");
	assert_string_equal(suggestion(""), "");
	assert_string_equal(suggestion("something"), "");
}

static void long_words_are_near_to_nothing(void **state)
{
	char word[NEAREST_WORD_MAX + 2];
	struct nearest nearest;

	(void)state;
	memset(word, 'a', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	nearest_init(&nearest, word);
	nearest_offer(&nearest, word + 1);
	nearest_offer(&nearest, word);
	assert_string_equal(nearest_text(&nearest), "");
	nearest_init(&nearest, word + 2);
	nearest_offer(&nearest, word);
	nearest_offer(&nearest, word + 1);
	assert_int_equal(strlen(nearest_text(&nearest)),
			 NEAREST_WORD_MAX + strlen("; did you mean ''?"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(distances),
		cmocka_unit_test(suggestions),
		cmocka_unit_test(long_words_are_near_to_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
