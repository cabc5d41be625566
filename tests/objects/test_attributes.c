/* SPDX-License-Identifier: GPL-2.0-or-later
 * Write-Attributes: what is taken, what is refused, and what is in force. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "objects/attributes.h"

static struct lwm2m_path path(const char *text)
{
	struct lwm2m_path parsed;

	assert_int_equal(path_parse(text, strlen(text), &parsed), 0);
	return parsed;
}

static int put(struct attribute_set *set, const char *where, const char *query)
{
	struct lwm2m_path at = path(where);

	return attributes_write(set, &at, query, strlen(query), at.depth > 2 ?
				ATTRIBUTE_LIMITS : 0);
}

/* The attributes as text; "" for none. */
static const char *text_of(const struct attributes *a)
{
	static char text[256];
	struct buf out = buf_over(text, sizeof(text) - 1);

	if (a)
		attributes_format(a, &out);
	assert_false(out.full);
	text[out.used] = '\0';
	return text;
}

static const char *own(const struct attribute_set *set, const char *where)
{
	struct lwm2m_path at = path(where);

	return text_of(attributes_at(set, &at));
}

static const char *effective(const struct attribute_set *set,
			     const char *where)
{
	struct lwm2m_path at = path(where);
	struct attributes all = attributes_effective(set, &at);

	return text_of(&all);
}

/* A query on top of `before`, at a numeric resource. */
static const struct query {
	const char *before, *query;
	int result;
	const char *after;
} queries[] = {
	{"", "pmin=5", 0, ";pmin=5"},
	{"", "pmax=10&pmin=5", 0, ";pmin=5;pmax=10"},
	{"", "st=0.5&lt=-1&gt=2.5", 0, ";gt=2.5;lt=-1;st=0.5"},
	{"", "st=0", 0, ";st=0"},
	{"", "epmin=1&epmax=20", 0, ";epmin=1;epmax=20"},
	{"", "pmin=0&pmax=4294967295", 0, ";pmin=0;pmax=4294967295"},
	{"", "gt=21.7", 0, ";gt=21.7"},
	{"", "gt=0.1", 0, ";gt=0.1"},
	{"", "gt=1234567890123", 0, ";gt=1234567890123"},
	{"", "gt=-0.25", 0, ";gt=-0.25"},
	{"pmin=5", "pmin=6", 0, ";pmin=6"},
	{"pmin=5", "pmax=9", 0, ";pmin=5;pmax=9"},
	{"pmin=5&pmax=9", "pmin", 0, ";pmax=9"},
	{"pmin=5&pmax=9", "pmin&pmax", 0, ""},
	{"pmin=5&pmax=9", "pmax&pmin=3", 0, ";pmin=3"},
	{"", "pmin", 0, ""},
	/* pmax below pmin is ignored where it counts, not refused (7.3.2) */
	{"", "pmin=10&pmax=5", 0, ";pmin=10;pmax=5"},
	{"pmin=5", "", -EINVAL, ";pmin=5"},
	{"pmin=5", "pmin=", -EINVAL, ";pmin=5"},
	{"pmin=5", "pmin=-1", -EINVAL, ";pmin=5"},
	{"pmin=5", "pmin=1.5", -EINVAL, ";pmin=5"},
	{"pmin=5", "pmin=4294967296", -EINVAL, ";pmin=5"},
	{"pmin=5", "pmin=x", -EINVAL, ";pmin=5"},
	{"", "con=1&hqmax=3", 0, ";con=1;hqmax=3"},
	{"con=1", "con=0", 0, ";con=0"},
	{"con=1&pmin=5", "con", 0, ";pmin=5"},
	{"pmin=5", "con=2", -EINVAL, ";pmin=5"},
	{"pmin=5", "con=true", -EINVAL, ";pmin=5"},
	{"pmin=5", "edge=1", -EDOM, ";pmin=5"},
	{"pmin=5", "pmax=1&hpmax=1", -EINVAL, ";pmin=5"},
	{"pmin=5", "pmax=1&", -EINVAL, ";pmin=5"},
	{"pmin=5", "&pmax=1", -EINVAL, ";pmin=5"},
	{"pmin=5", "pmin=1&pmin=2", -EINVAL, ";pmin=5"},
	{"pmin=5", "PMIN=1", -EINVAL, ";pmin=5"},
	{"pmin=5", "gt=1e3", -EINVAL, ";pmin=5"},
	{"pmin=5", "gt=inf", -EINVAL, ";pmin=5"},
	{"pmin=5", "gt=nan", -EINVAL, ";pmin=5"},
	{"pmin=5", "gt=.5", -EINVAL, ";pmin=5"},
	{"pmin=5", "gt=5.", -EINVAL, ";pmin=5"},
	{"pmin=5", "gt=+5", -EINVAL, ";pmin=5"},
	{"pmin=5", "gt=", -EINVAL, ";pmin=5"},
	{"pmin=5", "gt=-", -EINVAL, ";pmin=5"},
	{"pmin=5", "st=-1", -EDOM, ";pmin=5"},
	{"", "lt=5&gt=5", -EDOM, ""},
	{"", "lt=6&gt=5", -EDOM, ""},
	{"", "lt=1&gt=5&st=2", -EDOM, ""},		/* 1 + 4 = 5 */
	{"", "lt=1&gt=5&st=1.9", 0, ";gt=5;lt=1;st=1.9"},
	{"gt=5", "lt=6", -EDOM, ";gt=5"},
	{"", "epmin=5&epmax=5", -EDOM, ""},
	{"", "epmin=6&epmax=5", -EDOM, ""},
	{"epmin=5", "epmax=4", -EDOM, ";epmin=5"},
	{"epmax=5", "epmin=5&pmin=1", -EDOM, ";epmax=5"},
	{"epmin=5&epmax=9", "epmin&epmax=5", 0, ";epmax=5"},
	{"", "epmax=0", 0, ";epmax=0"},
	{"", "dim=2", -EINVAL, ""},	/* properties, which nobody sets */
	{"", "ver=1.1", -EINVAL, ""},
	{"", "ssid=1", -EINVAL, ""},
	{"", "uri", -EINVAL, ""},
	{"gt=5&lt=1", "gt=0", -EDOM, ";gt=5;lt=1"},
	{"gt=5&lt=1", "gt&lt=9", 0, ";lt=9"},
	{"gt=5&lt=1", "st=2", -EDOM, ";gt=5;lt=1"},
};

static void takes_a_query_whole_or_not(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
		const struct query *q = &queries[i];
		struct attribute_set set = {NULL, 0};

		if (*q->before)
			assert_int_equal(put(&set, "/3303/0/5700", q->before),
					 0);
		if (put(&set, "/3303/0/5700", q->query) != q->result)
			fail_msg("%s after %s", q->query, q->before);
		assert_string_equal(own(&set, "/3303/0/5700"), q->after);
		assert_int_equal(set.n, *q->after != '\0');
		attribute_set_finish(&set);
	}
}

static void conditions_need_a_number(void **state)
{
	static const char *const levels[] = {"/3303", "/3303/0"};
	struct attribute_set set = {NULL, 0};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(put(&set, levels[i], "gt=1"), -EDOM);
		assert_int_equal(put(&set, levels[i], "pmin=1&st=1"), -EDOM);
		assert_string_equal(own(&set, levels[i]), "");
		assert_int_equal(put(&set, levels[i], "gt"), 0);
	}
	attribute_set_finish(&set);
}

static void lower_levels_inherit(void **state)
{
	struct attribute_set set = {NULL, 0};

	(void)state;
	assert_int_equal(put(&set, "/3", "pmin=1&pmax=100"), 0);
	assert_int_equal(put(&set, "/3/0", "pmin=2&epmin=7"), 0);
	assert_int_equal(put(&set, "/3/0/7", "pmax=300&gt=6&lt=1"), 0);
	assert_int_equal(put(&set, "/3/0/7/1", "pmin=4&gt=9"), 0);
	assert_string_equal(effective(&set, "/3"), ";pmin=1;pmax=100");
	assert_string_equal(effective(&set, "/3/1"), ";pmin=1;pmax=100");
	assert_string_equal(effective(&set, "/3/0"),
			    ";pmin=2;pmax=100;epmin=7");
	assert_string_equal(effective(&set, "/3/0/8"),
			    ";pmin=2;pmax=100;epmin=7");
	assert_string_equal(effective(&set, "/3/0/7"),
			    ";pmin=2;pmax=300;gt=6;lt=1;epmin=7");
	assert_string_equal(effective(&set, "/3/0/7/0"),
			    ";pmin=2;pmax=300;gt=6;lt=1;epmin=7");
	assert_string_equal(effective(&set, "/3/0/7/1"),
			    ";pmin=4;pmax=300;gt=9;lt=1;epmin=7");
	assert_string_equal(effective(&set, "/4/0"), "");
	assert_string_equal(own(&set, "/3/0"), ";pmin=2;epmin=7");
	attribute_set_finish(&set);
}

static void an_edge_needs_a_truth_value(void **state)
{
	struct attribute_set set = {NULL, 0};
	struct lwm2m_path at = path("/3302/0/5500");

	(void)state;
	assert_int_equal(attributes_write(&set, &at, "edge=1", 6,
					  ATTRIBUTE_EDGE), 0);
	assert_string_equal(own(&set, "/3302/0/5500"), ";edge=1");
	assert_int_equal(attributes_write(&set, &at, "gt=1", 4,
					  ATTRIBUTE_EDGE), -EDOM);
	assert_int_equal(attributes_write(&set, &at, "edge=2", 6,
					  ATTRIBUTE_EDGE), -EINVAL);
	attribute_set_finish(&set);
}

static void what_is_gone_has_none(void **state)
{
	struct attribute_set set = {NULL, 0};
	struct lwm2m_path at = path("/16/1");

	(void)state;
	assert_int_equal(put(&set, "/16", "pmin=1"), 0);
	assert_int_equal(put(&set, "/16/1", "pmin=2"), 0);
	assert_int_equal(put(&set, "/16/1/0/3", "pmin=3"), 0);
	assert_int_equal(put(&set, "/16/11", "pmin=4"), 0);
	assert_int_equal(put(&set, "/16/1/0", "pmin=5"), 0);
	attributes_drop(&set, &at);
	assert_int_equal(set.n, 2);
	assert_string_equal(own(&set, "/16"), ";pmin=1");
	assert_string_equal(own(&set, "/16/11"), ";pmin=4");
	at = path_root();
	attributes_drop(&set, &at);
	assert_null(set.entries);
}

static void what_is_saved_is_loaded(void **state)
{
	static const char text[] =
		"101 /3303/0 pmin=5&pmax=10\n"
		"101 /3303/0/5700 gt=-2.5&lt=-3&con=1\n";
	struct attribute_set set = {NULL, 0}, other = {NULL, 0};
	char bytes[256];
	struct buf out = buf_over(bytes, sizeof(bytes));

	(void)state;
	assert_int_equal(put(&set, "/3303/0", "pmin=5&pmax=10"), 0);
	assert_int_equal(put(&set, "/3303/0/5700", "lt=-3&gt=-2.5&con=1"), 0);
	assert_int_equal(put(&other, "/1", "pmin=1"), 0);
	attributes_save(&set, 101, &out);
	assert_int_equal(out.used, sizeof(text) - 1);
	assert_memory_equal(bytes, text, out.used);
	attributes_save(&other, 102, &out);
	attribute_set_finish(&set);
	attribute_set_finish(&other);
	attributes_load(&set, 101, bytes, out.used);
	assert_int_equal(set.n, 2);
	assert_string_equal(own(&set, "/3303/0/5700"),
			    ";gt=-2.5;lt=-3;con=1");
	attributes_load(&other, 102, bytes, out.used);
	assert_int_equal(other.n, 1);
	assert_string_equal(own(&other, "/1"), ";pmin=1");
	attribute_set_finish(&set);
	attribute_set_finish(&other);
}

/* Levels were told more later on; the lines of the file stand in another order,
 * in which some of them cannot be met yet. */
static void what_was_taken_is_loaded_whatever_its_order(void **state)
{
	struct attribute_set set = {NULL, 0};
	char bytes[256];
	struct buf out = buf_over(bytes, sizeof(bytes));

	(void)state;
	assert_int_equal(put(&set, "/3303", "epmin=1"), 0);
	assert_int_equal(put(&set, "/3303/0/5700", "epmin=61"), 0);
	assert_int_equal(put(&set, "/3303/0", "epmax=80"), 0);
	assert_int_equal(put(&set, "/3303", "epmax=60"), 0);
	attributes_save(&set, 101, &out);
	attribute_set_finish(&set);
	attributes_load(&set, 101, bytes, out.used);
	assert_int_equal(set.n, 3);
	assert_string_equal(own(&set, "/3303/0/5700"), ";epmin=61");
	attribute_set_finish(&set);
}

static void what_was_damaged_is_left_out(void **state)
{
	static const char text[] =
		"\n101\n101 \n101 /3303\n101 /33033303 pmin=1\n"
		"-1 /1 pmin=1\n101 /1 pmin=x\n101 /2 pmin=1\n101  pmin=1\n"
		"101 /4 st=-1\n"	/* never taken */
		"101 /3 pmin=1";	/* cut off */
	struct attribute_set set = {NULL, 0};

	(void)state;
	attributes_load(&set, 101, text, sizeof(text) - 1);
	assert_int_equal(set.n, 2);
	assert_string_equal(own(&set, "/2"), ";pmin=1");
	assert_string_equal(own(&set, "/"), ";pmin=1");
	attribute_set_finish(&set);
}

/* Not even where a set that came from elsewhere has them there. */
static void conditions_come_from_a_resource_only(void **state)
{
	struct attribute_set set = {NULL, 0};
	struct lwm2m_path instance = path("/3303/0");

	(void)state;
	assert_int_equal(attributes_write(&set, &instance, "gt=5&pmin=1", 11,
					  ATTRIBUTE_LIMITS), 0);
	assert_string_equal(effective(&set, "/3303/0/5700"), ";pmin=1");
	attribute_set_finish(&set);
}

static void inherited_conditions_count_in_checks(void **state)
{
	struct attribute_set set = {NULL, 0};

	(void)state;
	assert_int_equal(put(&set, "/3/0/7", "gt=5"), 0);
	assert_int_equal(put(&set, "/3/0/7/1", "lt=6"), -EDOM);
	assert_int_equal(put(&set, "/3/0/7/1", "lt=6&gt=7"), 0);
	attribute_set_finish(&set);
}

static void inherited_evaluation_counts_in_checks(void **state)
{
	struct attribute_set set = {NULL, 0};

	(void)state;
	assert_int_equal(put(&set, "/3", "epmin=5"), 0);
	assert_int_equal(put(&set, "/3/0", "epmax=5"), -EDOM);
	assert_int_equal(put(&set, "/3/0/7", "epmax=4"), -EDOM);
	assert_int_equal(put(&set, "/3/0/7", "epmin=1&epmax=4"), 0);
	assert_int_equal(put(&set, "/3/0/7/1", "epmin=4"), -EDOM);
	attribute_set_finish(&set);
}

/* In whatever order: nothing of it is taken. */
static void what_cannot_be_met_below_is_refused_above(void **state)
{
	struct attribute_set set = {NULL, 0};

	(void)state;
	assert_int_equal(put(&set, "/3303/0", "epmin=61"), 0);
	assert_int_equal(put(&set, "/3303", "pmin=5&epmax=60"), -EDOM);
	assert_int_equal(set.n, 1);
	assert_int_equal(put(&set, "/3303", "pmin=5&epmax=62"), 0);
	assert_int_equal(put(&set, "/3303", "epmax=61"), -EDOM);
	assert_string_equal(own(&set, "/3303"), ";pmin=5;epmax=62");
	assert_int_equal(put(&set, "/3304", "epmax=60"), 0);
	/* Not there any more where it was taken back below. */
	assert_int_equal(put(&set, "/3303/0", "epmin"), 0);
	assert_int_equal(put(&set, "/3303", "epmax=60"), 0);
	attribute_set_finish(&set);
	/* A level between has its own. */
	assert_int_equal(put(&set, "/3303/0/5700", "epmin=61"), 0);
	assert_int_equal(put(&set, "/3303/0", "epmax=80"), 0);
	assert_int_equal(put(&set, "/3303", "epmax=60"), 0);
	assert_int_equal(put(&set, "/3303/0", "epmax"), -EDOM);
	attribute_set_finish(&set);
	/* And the limits of a resource for its instances. */
	assert_int_equal(put(&set, "/3/0/7/1", "lt=6"), 0);
	assert_int_equal(put(&set, "/3/0/7", "gt=5"), -EDOM);
	assert_int_equal(put(&set, "/3/0/7", "gt=9&st=2"), -EDOM);
	assert_int_equal(put(&set, "/3/0/7", "gt=9"), 0);
	attribute_set_finish(&set);
}

static void what_cannot_be_met_is_refused_at_the_root(void **state)
{
	struct attribute_set set = {NULL, 0};

	(void)state;
	assert_int_equal(put(&set, "/", "epmin=2&epmax=1"), -EDOM);
	assert_int_equal(put(&set, "/", "gt=20&lt=10&st=110.5"), -EDOM);
	assert_int_equal(put(&set, "/", "pmin=1"), 0);
	attribute_set_finish(&set);
}

/* Taken by an older release: what is written above is not its fault. */
static void what_could_not_be_met_before_is_in_nobodys_way(void **state)
{
	static const char text[] = "1 /3303/0 epmin=61\n1 /3303 epmax=60\n";
	struct attribute_set set = {NULL, 0};

	(void)state;
	attributes_load(&set, 1, text, sizeof(text) - 1);
	assert_int_equal(put(&set, "/3303", "pmin=5"), 0);
	assert_int_equal(put(&set, "/3303/0", "epmin=1"), 0);
	assert_int_equal(put(&set, "/3303", "epmax=1"), -EDOM);
	attribute_set_finish(&set);
}

static void equal_is_what_has_the_same_set(void **state)
{
	static const char *const texts[] = {"", "pmin=5", "pmin=6", "pmax=5",
		"pmin=5&gt=1.5", "pmin=5&gt=1", "hqmax=0", "edge=0&con=1"};
	const size_t n = sizeof(texts) / sizeof(texts[0]);
	struct attributes a = {.set = 0}, b = {.set = 0};

	(void)state;
	for (size_t i = 0; i < n * n; i++) {
		const char *one = texts[i / n], *other = texts[i % n];

		attributes_read(one, strlen(one), ATTRIBUTE_CONDITIONS, &a);
		attributes_read(other, strlen(other), ATTRIBUTE_CONDITIONS,
				&b);
		assert_int_equal(attributes_equal(&a, &b), i / n == i % n);
	}
}

static void removal_keeps_the_others(void **state)
{
	struct attribute_set set = {NULL, 0};

	(void)state;
	assert_int_equal(put(&set, "/1", "pmin=1"), 0);
	assert_int_equal(put(&set, "/2", "pmin=2"), 0);
	assert_int_equal(put(&set, "/3", "pmin=3"), 0);
	assert_int_equal(put(&set, "/1", "pmin"), 0);
	assert_int_equal(set.n, 2);
	assert_string_equal(own(&set, "/1"), "");
	assert_string_equal(own(&set, "/2"), ";pmin=2");
	assert_string_equal(own(&set, "/3"), ";pmin=3");
	assert_int_equal(put(&set, "/2", "pmin"), 0);
	assert_int_equal(put(&set, "/3", "pmin"), 0);
	assert_null(set.entries);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_a_query_whole_or_not),
		cmocka_unit_test(conditions_need_a_number),
		cmocka_unit_test(an_edge_needs_a_truth_value),
		cmocka_unit_test(what_is_gone_has_none),
		cmocka_unit_test(what_is_saved_is_loaded),
		cmocka_unit_test(what_was_taken_is_loaded_whatever_its_order),
		cmocka_unit_test(what_was_damaged_is_left_out),
		cmocka_unit_test(lower_levels_inherit),
		cmocka_unit_test(conditions_come_from_a_resource_only),
		cmocka_unit_test(inherited_conditions_count_in_checks),
		cmocka_unit_test(inherited_evaluation_counts_in_checks),
		cmocka_unit_test(what_cannot_be_met_below_is_refused_above),
		cmocka_unit_test(what_cannot_be_met_is_refused_at_the_root),
		cmocka_unit_test(what_could_not_be_met_before_is_in_nobodys_way),
		cmocka_unit_test(equal_is_what_has_the_same_set),
		cmocka_unit_test(removal_keeps_the_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
