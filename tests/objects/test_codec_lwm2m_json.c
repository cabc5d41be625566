/* SPDX-License-Identifier: GPL-2.0-or-later
 * JSON of LwM2M 1.0: the texts that go out, and what comes in from others. */
#include "tests/objects/check.h"

static void encodes(const char *base, const struct lwm2m_record *list,
		    size_t n, const char *expected)
{
	struct lwm2m_path at = path(base);
	char text[512];
	struct buf out = buf_over(text, sizeof(text) - 1);

	assert_int_equal(codec_encode(FORMAT_JSON, &at, list, n, &out), 0);
	text[out.used] = '\0';
	assert_string_equal(text, expected);
}

static int reads(const char *base, const char *text)
{
	return decode_text(FORMAT_JSON, base, text);
}

static void entries_have_their_name(void **state)
{
	const struct lwm2m_record list[] = {
		{path("/3/0/0"), text_value(LWM2M_STRING, "a\"b"), 0},
		{path("/3/0/6/0"), lwm2m_integer(1), 0},
		{path("/3/0/6/1"), lwm2m_integer(5), 0},
		{path("/3/0/13"), time_value(1367491215), 0},
	};

	(void)state;
	encodes("/3/0", list, 4,
		"{\"bn\":\"/3/0/\",\"e\":[{\"n\":\"0\",\"sv\":\"a\\\"b\"},"
		"{\"n\":\"6/0\",\"v\":1},{\"n\":\"6/1\",\"v\":5},"
		"{\"n\":\"13\",\"v\":1367491215}]}");
	encodes("/3", list, 1,
		"{\"bn\":\"/3/\",\"e\":[{\"n\":\"0/0\",\"sv\":\"a\\\"b\"}]}");
	encodes("/", list, 1,
		"{\"bn\":\"/\",\"e\":[{\"n\":\"3/0/0\",\"sv\":\"a\\\"b\"}]}");
	encodes("/3/0/6", list + 1, 2,
		"{\"bn\":\"/3/0/\",\"e\":[{\"n\":\"6/0\",\"v\":1},"
		"{\"n\":\"6/1\",\"v\":5}]}");
	encodes("/3/0/6/1", list + 2, 1,
		"{\"bn\":\"/3/0/\",\"e\":[{\"n\":\"6/1\",\"v\":5}]}");
	encodes("/3/0", list, 0, "{\"bn\":\"/3/0/\",\"e\":[]}");
}

static void every_type_has_its_label(void **state)
{
	static const struct {
		struct lwm2m_value value;
		const char *text;
	} cases[] = {
		{{LWM2M_BOOLEAN, 0, {.boolean = true}}, "\"bv\":true"},
		{{LWM2M_BOOLEAN, 0, {.boolean = false}}, "\"bv\":false"},
		{{LWM2M_INTEGER, 0, {.integer = INT64_MIN}},
		 "\"v\":-9223372036854775808"},
		{{LWM2M_UNSIGNED, 0, {.uinteger = UINT64_MAX}},
		 "\"v\":18446744073709551615"},
		{{LWM2M_FLOAT, 0, {.number = 21.7}}, "\"v\":21.7"},
		{{LWM2M_TIME, 0, {.integer = 1700000000}}, "\"v\":1700000000"},
		{{LWM2M_STRING, 3, {.text = "Cel"}}, "\"sv\":\"Cel\""},
		{{LWM2M_OPAQUE, 2, {.text = "\xfb\xff"}}, "\"sv\":\"+/8=\""},
		{{LWM2M_OBJLINK, 0, {.link = {3, 0}}}, "\"ov\":\"3:0\""},
		{{LWM2M_CORELINK, 4, {.text = "</1>"}}, "\"sv\":\"</1>\""},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char at[32], text[128];
		struct lwm2m_record record = {.value = cases[i].value};

		snprintf(at, sizeof(at), "/1000/0/%u", cases[i].value.type);
		snprintf(text, sizeof(text),
			 "{\"bn\":\"/1000/0/\",\"e\":[{\"n\":\"%u\",%s}]}",
			 cases[i].value.type, cases[i].text);
		record.path = path(at);
		encodes(at, &record, 1, text);
		assert_int_equal(reads(at, text), 1);
		record_equal(0, at, cases[i].value);
	}
}

/* Base and name as the specification, Leshan 1.0 and 2.0 and Wakaama write
 * them. */
static void names_of_one_resource(void **state)
{
	static const struct { const char *at, *text; } cases[] = {
		{"/1/0/1", "{\"bn\":\"/1/0/1\",\"e\":[{\"v\":60}]}"},
		{"/1/0/1", "{\"bn\":\"/1/0/1\",\"e\":[{\"n\":\"\",\"v\":60}]}"},
		{"/1/0/1", "{\"bn\":\"/1/0/\",\"e\":[{\"n\":\"1\",\"v\":60}]}"},
		{"/1/0/1", "{\"bn\":\"/1/0\",\"e\":[{\"n\":\"1\",\"v\":60}]}"},
		{"/1/0/1", "{\"bn\":\"/1/0\",\"e\":[{\"n\":\"/1\",\"v\":60}]}"},
		{"/1/0/1", "{\"bn\":\"/\",\"e\":[{\"n\":\"1/0/1\",\"v\":60}]}"},
		{"/1/0/1", "{\"e\":[{\"v\":60}]}"},
		{"/1/0/1", "{\"bn\":\"\",\"e\":[{\"n\":\"\",\"v\":60}]}"},
		{"/1/0/1", "{\"e\":[{\"n\":\"1\",\"v\":60}]}"},
		{"/1/0/1", "{\"e\":[{\"n\":\"/1/0/1\",\"v\":60}]}"},
		{"/1/0", "{\"e\":[{\"n\":\"1\",\"v\":60}]}"},
		{"/1/0", " {\"e\":[{\"u\":\"s\",\"n\":\"1\",\"v\":60}]} "},
	};
	static const char *const elements[] = {
		"{\"bn\":\"/3/0/6\",\"e\":[{\"n\":\"1\",\"v\":5}]}",
		"{\"bn\":\"/3/0/\",\"e\":[{\"n\":\"6/1\",\"v\":5}]}",
		"{\"e\":[{\"n\":\"6/1\",\"v\":5}]}",
		"{\"e\":[{\"n\":\"1\",\"v\":5}]}",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(reads(cases[i].at, cases[i].text), 1);
		record_equal(0, "/1/0/1", lwm2m_integer(60));
	}
	for (size_t i = 0; i < COUNT(elements); i++) {
		assert_int_equal(reads("/3/0/6", elements[i]), 1);
		record_equal(0, "/3/0/6/1", lwm2m_integer(5));
	}
	/* A multiple resource's element with the resource's own number. */
	assert_int_equal(reads("/3/0/6", "{\"e\":[{\"n\":\"6\",\"v\":5}]}"),
			 1);
	record_equal(0, "/3/0/6/6", lwm2m_integer(5));
}

static void times_go_both_ways(void **state)
{
	static const struct { const char *members; int64_t time; } cases[] = {
		{"\"bt\":1700000000,\"e\":[{", 1700000000000000000},
		{"\"bt\":1700000000,\"e\":[{\"t\":-5,", 1699999995000000000},
		{"\"e\":[{\"t\":1700000000.5,", 1700000000500000000},
		{"\"e\":[{\"t\":-2.5,", -2500000000},
	};
	struct lwm2m_record record = {
		path("/1/0/1"), lwm2m_integer(5), 1700000000500000000
	};
	char text[128];

	(void)state;
	encodes("/1/0/1", &record, 1, "{\"bn\":\"/1/0/\",\"e\":[{\"n\":\"1\","
		"\"t\":1700000000.5,\"v\":5}]}");
	for (size_t i = 0; i < COUNT(cases); i++) {
		snprintf(text, sizeof(text),
			 "{\"bn\":\"/1/0/1\",%s\"v\":5}]}", cases[i].members);
		assert_int_equal(reads("/1/0/1", text), 1);
		assert_int_equal(records[0].time, cases[i].time);
	}
}

static void malformed_ones_are_refused(void **state)
{
	static const char *const cases[] = {
		"", "{", "[]", "1", "null", "{}", "{\"e\":{}}", "{\"e\":[1]}",
		"{\"e\":[{}]}", "{\"e\":[{\"n\":\"1\"}]}", "{\"e\":[]}x",
		"{\"e\":[{\"n\":\"1\",\"v\":1,\"sv\":\"1\"}]}",
		"{\"e\":[{\"n\":\"1\",\"v\":1,\"v\":2}]}",
		"{\"e\":[{\"n\":\"1\",\"v\":1}],\"e\":[]}",
		"{\"e\":[{\"n\":\"1\",\"v\":null}]}",
		"{\"e\":[{\"n\":\"1\",\"v\":18446744073709551616}]}",
		"{\"e\":[{\"n\":1,\"v\":1}]}", "{\"e\":[{\"n\":\"x\",\"v\":1}]}",
		"{\"e\":[{\"v\":1}]}",		/* an instance has no value */
		"{\"e\":[{\"n\":\"/\",\"v\":1}]}",
		"{\"e\":[{\"n\":\"1/2/3\",\"v\":1}]}",	/* too deep */
		"{\"bn\":1,\"e\":[]}", "{\"bn\":\"x\",\"e\":[]}",
		"{\"bn\":\"/1/0//\",\"e\":[]}",
		"{\"bt\":\"1\",\"e\":[]}", "{\"bt\":true,\"e\":[]}",
		"{\"e\":[{\"n\":\"1\",\"t\":\"1\",\"v\":1}]}",
		"{\"e\":[{\"n\":\"1\",\"t\":1e300,\"v\":1}]}",
		"{\"z\":[[[[[[[[[1]]]]]]]]],\"e\":[]}", "{'e':[]}",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(reads("/1/0", cases[i]), -EBADMSG);
	assert_int_equal(reads("/1/0", "{\"e\":[]}"), 0);
	assert_int_equal(decode_text(FORMAT_OLD_JSON, "/1/0", "{\"e\":[]}"),
			 0);
}

static void values_of_another_type_are_refused(void **state)
{
	static const struct { int type; const char *member; } cases[] = {
		{LWM2M_BOOLEAN, "\"v\":1"}, {LWM2M_BOOLEAN, "\"bv\":1"},
		{LWM2M_INTEGER, "\"v\":1.5"}, {LWM2M_INTEGER, "\"v\":true"},
		{LWM2M_INTEGER, "\"sv\":\"1\""}, {LWM2M_INTEGER, "\"v\":\"1\""},
		{LWM2M_INTEGER, "\"v\":[1]"}, {LWM2M_UNSIGNED, "\"v\":-1"},
		{LWM2M_FLOAT, "\"v\":1e999"}, {LWM2M_FLOAT, "\"sv\":\"1\""},
		{LWM2M_TIME, "\"sv\":\"1\""}, {LWM2M_STRING, "\"v\":1"},
		{LWM2M_STRING, "\"sv\":1"}, {LWM2M_OPAQUE, "\"sv\":\"A\""},
		{LWM2M_OPAQUE, "\"v\":1"}, {LWM2M_OBJLINK, "\"ov\":\"3\""},
		{LWM2M_OBJLINK, "\"ov\":3"}, {LWM2M_OBJLINK, "\"sv\":\"3\""},
		{LWM2M_STRING, "\"ov\":\"3:0\""}, {LWM2M_CORELINK, "\"sv\":\"x\""},
	};
	char at[32], text[128];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		snprintf(at, sizeof(at), "/1000/0/%d", cases[i].type);
		snprintf(text, sizeof(text), "{\"bn\":\"%s\",\"e\":[{%s}]}",
			 at, cases[i].member);
		assert_int_equal(reads(at, text), -EPROTOTYPE);
	}
}

static void names_outside_the_base_are_refused(void **state)
{
	(void)state;
	assert_int_equal(reads("/1/1", "{\"bn\":\"/1/0\",\"e\":"
			       "[{\"n\":\"1\",\"v\":1}]}"), -EXDEV);
	assert_int_equal(reads("/1/0/2", "{\"bn\":\"/1/0\",\"e\":"
			       "[{\"n\":\"1\",\"v\":1}]}"), -EXDEV);
}

static void no_word_for_nan(void **state)
{
	struct lwm2m_path at = path("/3303/0/5700");
	struct lwm2m_record record = {
		at, lwm2m_float(__builtin_nan("")), 0
	};
	uint8_t bytes[64];
	struct buf out = buf_over(bytes, sizeof(bytes));

	(void)state;
	assert_int_equal(codec_encode(FORMAT_JSON, &at, &record, 1, &out),
			 -ENOTSUP);
	record.value = lwm2m_float(1);
	out = buf_over(bytes, 20);
	assert_int_equal(codec_encode(FORMAT_JSON, &at, &record, 1, &out),
			 -EMSGSIZE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entries_have_their_name),
		cmocka_unit_test(every_type_has_its_label),
		cmocka_unit_test(names_of_one_resource),
		cmocka_unit_test(times_go_both_ways),
		cmocka_unit_test(malformed_ones_are_refused),
		cmocka_unit_test(values_of_another_type_are_refused),
		cmocka_unit_test(names_outside_the_base_are_refused),
		cmocka_unit_test(no_word_for_nan),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
