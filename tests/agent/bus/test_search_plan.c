/* SPDX-License-Identifier: GPL-2.0-or-later
 * Plans of searches, by the tables of adapters made up for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include "agent/base/log.h"
#include "agent/bus/search_plan.h"

#define SECOND INT64_C(1000000000)

/* log.c's: how often something was wrong with a profile, and what. */
static char logged[512];

void log_line(enum log_level level, const char *endpoint, const char *bus,
	      const char *format, ...)
{
	va_list args;

	(void)level;
	(void)endpoint;
	(void)bus;
	va_start(args, format);
	vsnprintf(logged, sizeof(logged), format, args);
	va_end(args);
}

/* ---- one adapter that asks, one that listens, one that is told how long */

struct wire_search { uint8_t from, to; int64_t timeout; };
struct wire_device { uint8_t unit; uint32_t order; const char *label; };
struct wire_point { uint32_t table, order; uint16_t address; };

static const struct adapter_key wire_search_keys[] = {
	ADAPTER_KEY(ADAPTER_INT, struct wire_search, from, .fallback = "1",
		    .min = 1, .max = 247),
	ADAPTER_KEY(ADAPTER_INT, struct wire_search, to, .fallback = "247",
		    .min = 1, .max = 247),
	ADAPTER_KEY(ADAPTER_TIME, struct wire_search, timeout,
		    .fallback = "300ms"),
	{.type = ADAPTER_END}
};
static const struct adapter_key wire_device_keys[] = {
	ADAPTER_KEY(ADAPTER_INT, struct wire_device, unit, .min = 1,
		    .max = 247, .flags = ADAPTER_REQUIRED),
	ADAPTER_KEY(ADAPTER_CHOICE, struct wire_device, order,
		    .fallback = "ABCD", .choices = "ABCD|CDAB"),
	ADAPTER_KEY(ADAPTER_TEXT, struct wire_device, label),
	{.type = ADAPTER_END}
};
static const struct adapter_key wire_point_keys[] = {
	ADAPTER_KEY(ADAPTER_CHOICE, struct wire_point, table,
		    .fallback = "holding", .choices = "holding|input|coil"),
	ADAPTER_KEY(ADAPTER_CHOICE, struct wire_point, order,
		    .fallback = "ABCD", .choices = "ABCD|CDAB",
		    .flags = ADAPTER_INHERIT),
	ADAPTER_KEY(ADAPTER_INT, struct wire_point, address,
		    .flags = ADAPTER_REQUIRED),
	{.type = ADAPTER_END}
};

static int64_t no_search(struct adapter_search *search, int64_t now)
{
	(void)search;
	(void)now;
	return 0;
}

static const struct adapter_ops wire = {
	.abi = ADAPTER_ABI, .size = sizeof(struct adapter_ops),
	.key_size = sizeof(struct adapter_key), .name = "wire",
	.device_keys = wire_device_keys, .point_keys = wire_point_keys,
	.search_keys = wire_search_keys,
	.device_size = sizeof(struct wire_device),
	.point_size = sizeof(struct wire_point),
	.search_size = sizeof(struct wire_search), .search = no_search,
};

static const struct adapter_ops listener = {
	.abi = ADAPTER_ABI, .size = sizeof(struct adapter_ops),
	.key_size = sizeof(struct adapter_key), .name = "listener",
};

struct radio_search { int64_t duration; };

static const struct adapter_key radio_search_keys[] = {
	{.name = "for", .type = ADAPTER_TIME,
	 .offset = offsetof(struct radio_search, duration),
	 .size = sizeof(int64_t), .fallback = "10s"},
	{.type = ADAPTER_END}
};

static const struct adapter_ops radio = {
	.abi = ADAPTER_ABI, .size = sizeof(struct adapter_ops),
	.key_size = sizeof(struct adapter_key), .name = "radio",
	.search_keys = radio_search_keys,
	.search_size = sizeof(struct radio_search), .search = no_search,
};

/* Of one key at most; NULL: refused, which `said` must be a part of. */
static struct search_plan *plan(const struct adapter_ops *ops, const char *key,
				const char *value, int64_t duration,
				const char *said)
{
	struct search_key keys[] = {{key, value}};
	struct config_errors errors;
	struct search_plan *plan;

	config_errors_init(&errors);
	plan = search_plan_create(ops, ADAPTER_SCAN, keys,
				  key ? 1 : 0, duration, &errors);
	if (said) {
		assert_null(plan);
		assert_non_null(strstr(errors.first->text, said));
	} else {
		assert_non_null(plan);
		assert_int_equal(errors.n, 0);
	}
	config_errors_finish(&errors);
	return plan;
}

static void keys_are_typed_by_the_adapters_table(void **state)
{
	struct search_plan *p = plan(&wire, "from", "17", 0, NULL);
	const struct wire_search *s = p->data;

	(void)state;
	assert_int_equal(s->from, 17);
	assert_int_equal(s->to, 247);
	assert_true(s->timeout == SECOND * 3 / 10);
	search_plan_free(p);
}

static void wrong_keys_are_refused(void **state)
{
	(void)state;
	plan(&wire, "form", "1", 0, "did you mean 'from'");
	plan(&wire, "from", "0", 0, "'from'");
	plan(&wire, "from", "one", 0, "'from'");
	plan(&wire, "endpoint", "x", 0, "unknown key 'endpoint'");
	plan(&listener, "from", "1", 0, "unknown key 'from'");
}

static void duration_is_that_of_the_adapter(void **state)
{
	static const struct {
		const struct adapter_ops *ops;
		int64_t asked, is;
	} cases[] = {
		{&wire, 0, 600 * SECOND}, {&wire, 2 * SECOND, 2 * SECOND},
		{&listener, 0, 10 * SECOND}, {&listener, SECOND, SECOND},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct search_plan *p = plan(cases[i].ops, NULL, NULL,
					     cases[i].asked, NULL);

		assert_true(p->duration == cases[i].is);
		search_plan_free(p);
	}
}

/* It ends by itself, and tells what it heard then: not a moment earlier. */
static void adapter_that_listens_is_told_how_long(void **state)
{
	struct search_plan *p = plan(&radio, NULL, NULL, 3 * SECOND, NULL);
	const struct radio_search *s = p->data;

	(void)state;
	assert_true(s->duration == 3 * SECOND);
	assert_true(p->duration > s->duration);
	search_plan_free(p);
	p = plan(&radio, "for", "5s", 0, NULL);
	s = p->data;
	assert_true(s->duration == 5 * SECOND);
	search_plan_free(p);
}

/* ---- profiles in a directory of their own */

static char directory[] = "/tmp/lwmux-plan-XXXXXX";

static void profile_write(const char *name, const char *text)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/profiles/%s.yaml", directory, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static int make_profiles(void **state)
{
	char path[128];

	(void)state;
	if (!mkdtemp(directory))
		return -1;
	snprintf(path, sizeof(path), "%s/profiles", directory);
	mkdir(path, 0700);
	profile_write("meter", "wire: {table: input, order: CDAB}\n"
		      "identify: {address: 7, range: [2, 3.5]}\n");
	profile_write("any", "wire: {}\nidentify: {table: coil, "
		      "address: 0x10}\n");
	profile_write("silent", "wire: {table: input}\n");
	profile_write("other", "radio: {}\nidentify: {address: 1}\n");
	return 0;
}

static int remove_profiles(void **state)
{
	static const char *const names[] = {
		"meter", "any", "silent", "other", "wrong", "broken"};
	char path[128];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		snprintf(path, sizeof(path), "%s/profiles/%s.yaml", directory,
			 names[i]);
		unlink(path);
	}
	snprintf(path, sizeof(path), "%s/profiles", directory);
	rmdir(path);
	return rmdir(directory);
}

static const struct search_identify *of(const struct search_plan *p,
					const char *profile)
{
	for (size_t i = 0; i < p->n_identify; i++)
		if (!strcmp(p->identify[i].profile, profile))
			return &p->identify[i];
	return NULL;
}

static void profiles_say_what_to_ask(void **state)
{
	struct search_plan *p = plan(&wire, NULL, NULL, 0, NULL);
	const struct search_identify *meter, *any;
	const struct wire_point *point;

	(void)state;
	search_plan_identify(p, &wire, directory, NULL);
	assert_int_equal(p->n_identify, 2);
	meter = of(p, "meter");
	any = of(p, "any");
	assert_non_null(meter);
	assert_non_null(any);
	point = meter->point;
	assert_int_equal(point->address, 7);
	assert_int_equal(point->table, 1);
	assert_int_equal(point->order, 1);
	assert_true(meter->min == 2 && meter->max == 3.5);
	assert_true(any->min < -1e300 && any->max > 1e300);
	search_plan_free(p);
}

static void profile_has_several_conditions(void **state)
{
	struct search_plan *p = plan(&wire, NULL, NULL, 0, NULL);
	const struct search_identify *one;

	(void)state;
	profile_write("wrong", "wire: {}\nidentify:\n"
		      "  - {address: 1, range: [2, 3]}\n  - {address: 5}\n");
	search_plan_identify(p, &wire, directory, NULL);
	assert_int_equal(p->n_identify, 4);
	one = of(p, "wrong");
	assert_non_null(one);
	assert_string_equal(one[1].profile, "wrong");
	assert_true(one[0].more);
	assert_false(one[1].more);
	assert_int_equal(((const struct wire_point *)one[0].point)->address, 1);
	assert_int_equal(((const struct wire_point *)one[1].point)->address, 5);
	assert_true(one[0].max == 3 && one[1].max > 1e300);
	search_plan_free(p);
}

/* A condition less would recognise what the profile is not of. */
static void conditions_are_taken_all_or_none(void **state)
{
	static const char *const lists[] = {
		"[{address: 1}, {adress: 5}]", "[{address: 1}, 5]", "[]", "5"};
	char text[96];

	(void)state;
	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++) {
		struct search_plan *p = plan(&wire, NULL, NULL, 0, NULL);

		snprintf(text, sizeof(text), "wire: {}\nidentify: %s\n",
			 lists[i]);
		profile_write("wrong", text);
		logged[0] = '\0';
		search_plan_identify(p, &wire, directory, NULL);
		assert_int_equal(p->n_identify, 2);
		assert_non_null(strstr(logged, "profile wrong"));
		search_plan_free(p);
	}
}

static void wrong_profiles_are_left_out_and_named(void **state)
{
	struct search_plan *p = plan(&wire, NULL, NULL, 0, NULL);

	(void)state;
	profile_write("broken", "wire: {\n");
	profile_write("wrong", "wire: {}\nidentify: {adress: 1}\n");
	logged[0] = '\0';
	search_plan_identify(p, &wire, directory, NULL);
	assert_int_equal(p->n_identify, 2);
	assert_non_null(strstr(logged, "profile wrong"));
	assert_non_null(strstr(logged, "adress"));
	search_plan_free(p);
}

/* ---- what is found */

static void hit_knows_its_device(void **state)
{
	struct wire_device seven = {.unit = 7}, eight = {.unit = 8};
	struct search_hit hit;

	(void)state;
	search_hit_init(&hit, &wire, "unit: 7");
	assert_true(hit.of_device);
	assert_true(search_hit_is(&hit, &seven));
	assert_false(search_hit_is(&hit, &eight));
	search_hit_finish(&hit);
}

static void keys_of_a_point_are_no_device(void **state)
{
	static const char *const keys[] = {
		"table: input, address: 3", "", "line: \"a } b\"", "}{"};
	struct wire_device seven = {.unit = 7};
	struct search_hit hit;

	(void)state;
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		search_hit_init(&hit, &wire, keys[i]);
		assert_false(hit.of_device);
		assert_false(search_hit_is(&hit, &seven));
		search_hit_finish(&hit);
	}
}

static void text_keys_are_compared_as_texts(void **state)
{
	char label[] = "x";
	struct wire_device same = {.label = label}, none = {0};
	struct search_hit hit;

	(void)state;
	search_hit_init(&hit, &wire, "label: \"x\", profile: some");
	assert_true(hit.of_device);
	assert_true(search_hit_is(&hit, &same));
	assert_false(search_hit_is(&hit, &none));
	search_hit_finish(&hit);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_are_typed_by_the_adapters_table),
		cmocka_unit_test(wrong_keys_are_refused),
		cmocka_unit_test(duration_is_that_of_the_adapter),
		cmocka_unit_test(adapter_that_listens_is_told_how_long),
		cmocka_unit_test(profiles_say_what_to_ask),
		cmocka_unit_test(profile_has_several_conditions),
		cmocka_unit_test(conditions_are_taken_all_or_none),
		cmocka_unit_test(wrong_profiles_are_left_out_and_named),
		cmocka_unit_test(hit_knows_its_device),
		cmocka_unit_test(keys_of_a_point_are_no_device),
		cmocka_unit_test(text_keys_are_compared_as_texts),
	};

	return cmocka_run_group_tests(tests, make_profiles, remove_profiles);
}
