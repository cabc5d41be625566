/* SPDX-License-Identifier: GPL-2.0-or-later
 * What the expressions of a range take is what the checker takes. */
#include <inttypes.h>
#include <regex.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>
#include "agent/config/key_range.h"

#define S INT64_C(1000000000)

static void range_compile(regex_t *expression, enum range_end end,
			  const struct config_unit *units, int64_t limit)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	range_print(to, end, units, limit);
	fclose(to);
	assert_int_equal(regcomp(expression, text, REG_EXTENDED | REG_NOSUB),
			 0);
	free(text);
}

static bool takes(const regex_t *expression, const char *text)
{
	return !regexec(expression, text, 0, NULL, 0);
}

/* One text as the checker reads it, and as both ends do. */
static void ends_compare(const regex_t *least, const regex_t *most,
			 int64_t limit, const char *text)
{
	int64_t ns;

	assert_int_equal(config_timespan(text, &ns), 0);
	assert_int_equal(takes(least, text), ns >= limit);
	assert_int_equal(takes(most, text), ns <= limit);
}

/* Three places, around a limit, in every unit but the one that is counted in. */
static void times_agree_with_the_checker(void **state)
{
	static const int64_t limits[] = {0, S, 20 * S, 60 * S, 3600 * S,
					 86400 * S, 100 * 86400 * S};

	(void)state;
	for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
		const struct config_unit *u = config_time_units;
		regex_t least, most;

		range_compile(&least, RANGE_LEAST, u, limits[i]);
		range_compile(&most, RANGE_MOST, u, limits[i]);
		while ((++u)->name)
			for (int64_t step = -1101; step <= 1101; step += 50) {
				int64_t whole = limits[i] / u->of + step / 1000;
				char text[64];

				if (whole < 0 || step < 0)
					whole = whole > 0 ? whole - 1 : 0;
				snprintf(text, sizeof(text),
					 "%" PRId64 ".%03d%s", whole,
					 (int)llabs(step % 1000), u->name);
				ends_compare(&least, &most, limits[i], text);
			}
		regfree(&least);
		regfree(&most);
	}
}

static void limits_themselves_are_taken(void **state)
{
	static const char *const right[] = {"20s", "20 s", "020s", "20.s",
					    "20.000sec", "20000ms", "0.5min",
					    "1h", "0.34 min"};
	static const char *const wrong[] = {"19s", "19.999s", "0.3min", "s",
					    ".5min", "20", "20S", "20m", "",
					    "-20s", "1e3s", "20s "};
	regex_t least;

	(void)state;
	range_compile(&least, RANGE_LEAST, config_time_units, 20 * S);
	for (size_t i = 0; i < sizeof(right) / sizeof(*right); i++)
		assert_true(takes(&least, right[i]));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		assert_false(takes(&least, wrong[i]));
	regfree(&least);
}

static void a_maximum_has_all_that_is_shorter(void **state)
{
	static const char *const right[] = {"1d", "0s", "0.h", "0.99d", "1.d",
					    "1.00d", "24h", "23.9h", "9h",
					    "00024 h", "86400s", "1439min"};
	static const char *const wrong[] = {"1.01d", "25h", "24.001h", "86401s",
					    "100h", "2d", "d", ".5d"};
	regex_t most;

	(void)state;
	range_compile(&most, RANGE_MOST, config_time_units, 86400 * S);
	for (size_t i = 0; i < sizeof(right) / sizeof(*right); i++)
		assert_true(takes(&most, right[i]));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		assert_false(takes(&most, wrong[i]));
	regfree(&most);
}

static void sizes_have_both_kinds_of_unit(void **state)
{
	static const char *const right[] = {"65536", "65536B", "64KiB",
					    "65.536kB", "66 kB", "1MiB",
					    "1GiB", "1.07GB", "1024MiB"};
	static const char *const wrong[] = {"65535", "63KiB", "65.535kB",
					    "1.08GB", "1025MiB", "64KB", "1M",
					    "1TB", "KiB"};
	regex_t least, most;

	(void)state;
	range_compile(&least, RANGE_LEAST, config_size_units, 65536);
	range_compile(&most, RANGE_MOST, config_size_units, 1 << 30);
	for (size_t i = 0; i < sizeof(right) / sizeof(*right); i++)
		assert_true(takes(&least, right[i]) && takes(&most, right[i]));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		assert_false(takes(&least, wrong[i]) && takes(&most, wrong[i]));
	regfree(&least);
	regfree(&most);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_agree_with_the_checker),
		cmocka_unit_test(limits_themselves_are_taken),
		cmocka_unit_test(a_maximum_has_all_that_is_shorter),
		cmocka_unit_test(sizes_have_both_kinds_of_unit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
