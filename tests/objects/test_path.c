/* SPDX-License-Identifier: GPL-2.0-or-later
 * Paths: reading, writing, cover and order. */
#include "tests/objects/check.h"

static void they_read(void **state)
{
	static const struct {
		const char *text;
		struct lwm2m_path path;
	} cases[] = {
		{"", {{0}, 0}}, {"/", {{0}, 0}},
		{"/3", {{3}, 1}}, {"3", {{3}, 1}}, {"/0", {{0}, 1}},
		{"/3303/0", {{3303, 0}, 2}},
		{"3303/0/5700", {{3303, 0, 5700}, 3}},
		{"/3/0/6/1", {{3, 0, 6, 1}, 4}},
		{"/65534/65534/65534/65534", {{65534, 65534, 65534, 65534}, 4}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct lwm2m_path read = path(cases[i].text);

		assert_int_equal(read.depth, cases[i].path.depth);
		assert_true(path_equal(&read, &cases[i].path));
	}
}

static void malformed_ones_do_not(void **state)
{
	static const struct {
		const char *text;
		int error;
	} cases[] = {
		{"//", -EINVAL}, {"/3/", -EINVAL}, {"/3//0", -EINVAL},
		{"/-1", -EINVAL}, {"/+1", -EINVAL}, {" /3", -EINVAL},
		{"/3 ", -EINVAL}, {"/03", -EINVAL}, {"/00", -EINVAL},
		{"/3/x", -EINVAL}, {"/3.0", -EINVAL}, {"a", -EINVAL},
		{"/65535", -ERANGE}, {"/99999999999999999999", -ERANGE},
		{"/4294967296", -ERANGE}, {"/4294967299/0", -ERANGE},
		{"/1/2/3/4/5", -E2BIG}, {"/1/2/3/4/", -EINVAL},
	};
	struct lwm2m_path read = {{7, 7, 7, 7}, 4};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(path_parse(cases[i].text,
					    strlen(cases[i].text), &read),
				 cases[i].error);
	assert_int_equal(read.depth, 4);	/* left alone */
	assert_int_equal(path_parse("/3\0/0", 5, &read), -EINVAL);
	assert_int_equal(path_parse("/33/0", 2, &read), 0);
	assert_int_equal(read.id[0], 3);
}

/* LwM2M Gateway 1.1: the prefix is what object 25 says, "d0" to "d4094" here. */
static void a_prefix_says_whose_they_are(void **state)
{
	static const struct { const char *text, *back; uint16_t device; }
	cases[] = {
		{"/3/0", "/3/0", 0}, {"/d0/3/0", "/d0/3/0", 1},
		{"d7/3303/0/5700", "/d7/3303/0/5700", 8},
		{"/d4094", "/d4094", 4095}, {"d4094", "/d4094", 4095},
		{"/", "/", 0},
	};
	static const char *const wrong[] = {
		"/d", "/d/3", "/d4095/3", "/d01/3", "d1/", "/d1/", "/e1/3",
		"/d1/d2/3", "/d1/3/", "/d1//3", "/3/d1", "/d1x/3",
		"/d1/1/2/3/4/5", "/d65536/3",
	};
	struct lwm2m_path read;
	char text[PATH_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(path_parse_prefixed(cases[i].text,
				 strlen(cases[i].text), &read), 0);
		assert_int_equal(read.id[PATH_DEVICE], cases[i].device);
		path_format(&read, text);
		assert_string_equal(text, cases[i].back);
	}
	for (size_t i = 0; i < COUNT(wrong); i++)
		assert_true(path_parse_prefixed(wrong[i], strlen(wrong[i]),
						&read) < 0);
	assert_int_equal(path_parse("/d1/3", 5, &read), -EINVAL);
}

static void devices_cover_nothing_of_each_other(void **state)
{
	const struct lwm2m_path any = {.id[PATH_DEVICE] = PATH_DEVICE_ANY};
	struct lwm2m_path own = path("/3/0"), other = own;

	(void)state;
	other.id[PATH_DEVICE] = 1;
	assert_false(path_covers(&own, &other));
	assert_false(path_covers(&other, &own));
	assert_false(path_equal(&own, &other));
	assert_true(path_compare(&own, &other) < 0);
	assert_true(path_covers(&any, &own) && path_covers(&any, &other));
	other = path_here(&other);
	assert_true(path_equal(&own, &other));
}

static void they_write_as_they_read(void **state)
{
	static const char *const texts[] = {
		"/", "/0", "/3303/0", "/3303/10/5700", "/3/0/6/1",
		"/65534/65534/65534/65534",
	};
	char text[PATH_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct lwm2m_path read = path(texts[i]);

		assert_int_equal(path_format(&read, text), strlen(texts[i]));
		assert_string_equal(text, texts[i]);
	}
}

static void a_path_covers_itself_and_what_is_below(void **state)
{
	struct lwm2m_path root = path_root(), object = path("/3");
	struct lwm2m_path resource = path("/3/0/6"), other = path("/3/1/6");
	struct lwm2m_path element = path("/3/0/6/1");

	(void)state;
	assert_true(path_covers(&root, &root));
	assert_true(path_covers(&root, &element));
	assert_true(path_covers(&object, &element));
	assert_true(path_covers(&resource, &resource));
	assert_true(path_covers(&resource, &element));
	assert_false(path_covers(&resource, &object));
	assert_false(path_covers(&resource, &other));
	assert_false(path_covers(&object, &root));
}

static void their_order_is_that_of_a_walk(void **state)
{
	static const char *const walk[] = {
		"/", "/1", "/1/0", "/1/0/1", "/3", "/3/0/6", "/3/0/6/0",
		"/3/0/6/1", "/3/0/9", "/3/1", "/10", "/3303",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(walk); i++) {
		for (size_t j = 0; j < COUNT(walk); j++) {
			struct lwm2m_path a = path(walk[i]), b = path(walk[j]);
			int order = path_compare(&a, &b);

			assert_true(i < j ? order < 0 : i > j ? order > 0 :
				    order == 0);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(they_read),
		cmocka_unit_test(malformed_ones_do_not),
		cmocka_unit_test(a_prefix_says_whose_they_are),
		cmocka_unit_test(devices_cover_nothing_of_each_other),
		cmocka_unit_test(they_write_as_they_read),
		cmocka_unit_test(a_path_covers_itself_and_what_is_below),
		cmocka_unit_test(their_order_is_that_of_a_walk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
