/* SPDX-License-Identifier: GPL-2.0-or-later
 * SenML-JSON: the texts that go out, and what comes in from others. */
#include <math.h>

#include "tests/objects/check.h"

static void encodes(const char *base, const struct lwm2m_record *list,
		    size_t n, const char *expected)
{
	struct lwm2m_path at = path(base);
	char text[512];
	struct buf out = buf_over(text, sizeof(text) - 1);

	assert_int_equal(codec_encode(FORMAT_SENML_JSON, &at, list, n, &out),
			 0);
	text[out.used] = '\0';
	assert_string_equal(text, expected);
}

static int reads(const char *base, const char *text)
{
	return decode_text(FORMAT_SENML_JSON, base, text);
}

static void one_resource_is_one_record(void **state)
{
	struct lwm2m_record record = {
		path("/3303/0/5700"), lwm2m_float(21.7), 0
	};

	(void)state;
	encodes("/3303/0/5700", &record, 1,
		"[{\"bn\":\"/3303/0/5700\",\"v\":21.7}]");
}

static void several_share_a_base_name(void **state)
{
	const struct lwm2m_record list[] = {
		{path("/3303/0/5700"), lwm2m_float(21.7), 0},
		{path("/3303/0/5701"), text_value(LWM2M_STRING, "Cel"), 0},
		{path("/3303/1/5700"), lwm2m_float(-3), 0},
	};

	(void)state;
	encodes("/3303/0", list, 2,
		"[{\"bn\":\"/3303/0/\",\"n\":\"5700\",\"v\":21.7},"
		"{\"n\":\"5701\",\"vs\":\"Cel\"}]");
	encodes("/3303", list + 1, 2,
		"[{\"bn\":\"/3303/\",\"n\":\"0/5701\",\"vs\":\"Cel\"},"
		"{\"n\":\"1/5700\",\"v\":-3}]");
	encodes("/", list, 1,
		"[{\"bn\":\"/\",\"n\":\"3303/0/5700\",\"v\":21.7}]");
}

static struct lwm2m_path behind(const char *text, uint16_t device)
{
	struct lwm2m_path at = path(text);

	at.id[PATH_DEVICE] = device;
	return at;
}

static void encodes_at(struct lwm2m_path at, const struct lwm2m_record *list,
		       size_t n, uint16_t format, const char *expected)
{
	char text[512];
	struct buf out = buf_over(text, sizeof(text) - 1);

	assert_int_equal(codec_encode(format, &at, list, n, &out), 0);
	text[out.used] = '\0';
	assert_string_equal(text, expected);
}

/* LwM2M Gateway 1.1: names of devices behind a gateway have their prefixes,
 * those of several in one list, too. */
static void devices_have_prefixes(void **state)
{
	const struct lwm2m_record list[] = {
		{behind("/3303/0/5700", 0), lwm2m_float(1), 0},
		{behind("/3303/0/5700", 6), lwm2m_float(2), 0},
		{behind("/3303/0/5701", 6),
		 text_value(LWM2M_STRING, "Cel"), 0},
	};

	(void)state;
	encodes_at(behind("/3303/0/5700", 6), list + 1, 1, FORMAT_SENML_JSON,
		   "[{\"bn\":\"/d5/3303/0/5700\",\"v\":2}]");
	encodes_at(behind("/3303/0", 6), list + 1, 2, FORMAT_SENML_JSON,
		   "[{\"bn\":\"/d5/3303/0/\",\"n\":\"5700\",\"v\":2},"
		   "{\"n\":\"5701\",\"vs\":\"Cel\"}]");
	encodes_at(behind("/", 6), list + 1, 1, FORMAT_SENML_JSON,
		   "[{\"bn\":\"/d5\",\"n\":\"/3303/0/5700\",\"v\":2}]");
	encodes_at(behind("/", PATH_DEVICE_ANY), list, 2, FORMAT_SENML_JSON,
		   "[{\"bn\":\"/\",\"n\":\"3303/0/5700\",\"v\":1},"
		   "{\"n\":\"d5/3303/0/5700\",\"v\":2}]");
	encodes_at(behind("/3303/0/5700", 6), list + 1, 1, FORMAT_JSON,
		   "{\"bn\":\"/d5/3303/0/\",\"e\":"
		   "[{\"n\":\"5700\",\"v\":2}]}");
}

static int reads_at(struct lwm2m_path at, uint16_t format, const char *text)
{
	uint8_t bytes[64];
	struct buf scratch = buf_over(bytes, sizeof(bytes));
	int n = codec_decode(format, &model, &at, (const uint8_t *)text,
			     strlen(text), records, COUNT(records), &scratch);

	for (int i = 0; i < n; i++)
		if (at.id[PATH_DEVICE] != PATH_DEVICE_ANY)
			assert_int_equal(records[i].path.id[PATH_DEVICE],
					 at.id[PATH_DEVICE]);
	return n;
}

static void a_device_takes_its_own_names_only(void **state)
{
	static const char own[] = "[{\"n\":\"/3303/0/5700\",\"v\":1}]",
		its[] = "[{\"bn\":\"/d5\",\"n\":\"/3303/0/5700\",\"v\":1}]",
		both[] = "[{\"bn\":\"/\",\"n\":\"d5/3303/0/5700\",\"v\":1},"
			 "{\"n\":\"3303/0/5700\",\"v\":1}]",
		older[] = "{\"bn\":\"/d5/3303/0/\",\"e\":"
			  "[{\"n\":\"5700\",\"v\":2}]}";

	(void)state;
	assert_int_equal(reads_at(behind("/3303/0", 6), 110, its), 1);
	assert_int_equal(reads_at(behind("/3303/0", 6), 110, own), -EXDEV);
	assert_int_equal(reads_at(behind("/3303/0", 5), 110, its), -EXDEV);
	assert_int_equal(reads_at(behind("/3303/0", 0), 110, its), -EXDEV);
	assert_int_equal(reads_at(behind("/", 0), 110, its), -EXDEV);
	assert_int_equal(reads_at(behind("/", 0), 110, own), 1);
	assert_int_equal(reads_at(behind("/", PATH_DEVICE_ANY), 110, both), 2);
	assert_int_equal(reads_at(behind("/3303/0/5700", 6), FORMAT_JSON,
				  older), 1);
	assert_int_equal(reads_at(behind("/3303/0/5700", 6), FORMAT_TEXT, "2"),
			 1);
}

static void elements_have_names_of_their_own(void **state)
{
	const struct lwm2m_record list[] = {
		{path("/3/0/6/0"), lwm2m_integer(1), 0},
		{path("/3/0/6/5"), lwm2m_integer(5), 0},
	};

	(void)state;
	encodes("/3/0/6", list, 2,
		"[{\"bn\":\"/3/0/6/\",\"n\":\"0\",\"v\":1},"
		"{\"n\":\"5\",\"v\":5}]");
	encodes("/3/0/6/5", list + 1, 1, "[{\"bn\":\"/3/0/6/5\",\"v\":5}]");
	encodes("/3/0/6", list, 0, "[]");
}

static void every_type_has_its_label(void **state)
{
	static const struct {
		struct lwm2m_value value;
		const char *member;
	} cases[] = {
		{{LWM2M_BOOLEAN, 0, {.boolean = true}}, "\"vb\":true"},
		{{LWM2M_BOOLEAN, 0, {.boolean = false}}, "\"vb\":false"},
		{{LWM2M_INTEGER, 0, {.integer = INT64_MIN}},
		 "\"v\":-9223372036854775808"},
		{{LWM2M_UNSIGNED, 0, {.uinteger = UINT64_MAX}},
		 "\"v\":18446744073709551615"},
		{{LWM2M_TIME, 0, {.integer = 1700000000}}, "\"v\":1700000000"},
		{{LWM2M_STRING, 4, {.text = "\"\\\n\x7f"}},
		 "\"vs\":\"\\\"\\\\\\u000a\x7f\""},
		{{LWM2M_STRING, 3, {.text = "a\xc3z"}},
		 "\"vs\":\"a\xef\xbf\xbdz\""},
		{{LWM2M_OPAQUE, 2, {.text = "\xfb\xff"}}, "\"vd\":\"-_8\""},
		{{LWM2M_OPAQUE, 0, {.text = NULL}}, "\"vd\":\"\""},
		{{LWM2M_OBJLINK, 0, {.link = {3, 0}}}, "\"vlo\":\"3:0\""},
		{{LWM2M_CORELINK, 4, {.text = "</1>"}}, "\"vs\":\"</1>\""},
	};
	char expected[128];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct lwm2m_record record = {
			path("/9/0/1"), cases[i].value, 0
		};

		snprintf(expected, sizeof(expected),
			 "[{\"bn\":\"/9/0/1\",%s}]", cases[i].member);
		encodes("/9/0/1", &record, 1, expected);
	}
}

static void times_are_exact(void **state)
{
	static const struct {
		int64_t time;
		const char *text;
	} cases[] = {
		{INT64_C(1700000000000000000), "1700000000"},
		{INT64_C(1700000000500000000), "1700000000.5"},
		{INT64_C(1700000000000000001), "1700000000.000000001"},
		{-INT64_C(1500000000), "-1.5"}, {-1, "-0.000000001"},
	};
	char expected[128];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct lwm2m_record record = {
			path("/3/0/9"), lwm2m_integer(7), cases[i].time
		};

		snprintf(expected, sizeof(expected),
			 "[{\"bn\":\"/3/0/9\",\"t\":%s,\"v\":7}]",
			 cases[i].text);
		encodes("/3/0/9", &record, 1, expected);
	}
}

static void json_has_no_word_for_these(void **state)
{
	struct lwm2m_path at = path("/3303/0/5700");
	struct lwm2m_record record = {at, lwm2m_float(NAN), 0};
	char text[64];
	struct buf out = buf_over(text, sizeof(text));

	(void)state;
	assert_int_equal(codec_encode(FORMAT_SENML_JSON, &at, &record, 1,
				      &out), -ENOTSUP);
	record.value = lwm2m_float(INFINITY);
	assert_int_equal(codec_encode(FORMAT_SENML_JSON, &at, &record, 1,
				      &out), -ENOTSUP);
	record.value = lwm2m_float(1);
	out = buf_over(text, 28);
	assert_int_equal(codec_encode(FORMAT_SENML_JSON, &at, &record, 1,
				      &out), -EMSGSIZE);
}

static void names_are_joined(void **state)
{
	static const char *const texts[] = {
		"[{\"bn\":\"/3303/0/5700\",\"v\":21.5}]",
		"[{\"n\":\"/3303/0/5700\",\"v\":21.5}]",
		"[{\"bn\":\"/3303/0/\",\"n\":\"5700\",\"v\":21.5}]",
		"[{\"bn\":\"/3303\",\"n\":\"/0/5700\",\"v\":21.5}]",
		"[{\"bn\":\"/\",\"n\":\"3303/0/5700\",\"v\":21.5}]",
		"[{\"n\":\"3303/0/5700\",\"v\":21.5}]",
		"[{\"bn\":\"/3303/0/\"},{\"n\":\"5700\",\"v\":21.5}]",
		" [ { \"v\" : 2.15e1 , \"n\" : \"/3303/0/5700\" } ] \r\n",
		"[{\"bn\":\"/3303/0/57\",\"n\":\"00\",\"v\":21.5}]",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		assert_int_equal(reads("/3303/0/5700", texts[i]), 1);
		record_equal(0, "/3303/0/5700", lwm2m_float(21.5));
		assert_int_equal(reads("/", texts[i]), 1);
	}
}

static void a_base_name_holds_until_the_next(void **state)
{
	(void)state;
	assert_int_equal(reads("/", "[{\"bn\":\"/1/0/\",\"n\":\"1\",\"v\":60},"
		"{\"n\":\"6\",\"vb\":true},"
		"{\"bn\":\"/3/0/\",\"n\":\"14\",\"vs\":\"+02:00\"},"
		"{\"n\":\"6/3\",\"v\":-4}]"), 4);
	record_equal(0, "/1/0/1", lwm2m_integer(60));
	record_equal(1, "/1/0/6", lwm2m_boolean(true));
	record_equal(2, "/3/0/14", text_value(LWM2M_STRING, "+02:00"));
	record_equal(3, "/3/0/6/3", lwm2m_integer(-4));
}

static void names_without_values(void **state)
{
	const struct lwm2m_value none = {.type = LWM2M_NONE};

	(void)state;
	/* Read-Composite. */
	assert_int_equal(reads("/", "[{\"n\":\"/3/0\"},{\"n\":\"/1/0/1\"},"
			       "{\"n\":\"/\"}]"), 3);
	record_equal(0, "/3/0", none);
	record_equal(1, "/1/0/1", none);
	record_equal(2, "/", none);
	/* Create of an empty instance. */
	assert_int_equal(reads("/3303", "[{\"bn\":\"/3303/1\"}]"), 1);
	record_equal(0, "/3303/1", none);
	assert_int_equal(reads("/3303", "[{\"bn\":\"/3303/1/\"}]"), 1);
	record_equal(0, "/3303/1", none);
	assert_int_equal(reads("/3303", "[]"), 0);
	assert_int_equal(reads("/3303", "[{}]"), 0);
}

static void times_add_up(void **state)
{
	static const struct {
		const char *text;
		int64_t time;
	} cases[] = {
		{"\"v\":1", 0},
		{"\"t\":1700000000,\"v\":1", INT64_C(1700000000000000000)},
		{"\"bt\":1700000000,\"t\":-5,\"v\":1",
		 INT64_C(1699999995000000000)},
		{"\"bt\":1.7e9,\"t\":0.25,\"v\":1",
		 INT64_C(1700000000250000000)},
		{"\"t\":1700000000.123456,\"v\":1",
		 INT64_C(1700000000123456000)},
		{"\"t\":268435456,\"v\":1", INT64_C(268435456000000000)},
		/* Below 2^28 s: relative to now, and stays so. */
		{"\"t\":-2.5,\"v\":1", -INT64_C(2500000000)},
		{"\"bt\":-60,\"t\":20.000000001,\"v\":1",
		 -INT64_C(39999999999)},
	};
	char text[128];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		snprintf(text, sizeof(text), "[{\"n\":\"/1/0/1\",%s}]",
			 cases[i].text);
		assert_int_equal(reads("/1/0/1", text), 1);
		assert_int_equal(records[0].time, cases[i].time);
	}
	assert_int_equal(reads("/1/0", "[{\"bn\":\"/1/0/\",\"bt\":17e8},"
			"{\"n\":\"1\",\"v\":1,\"t\":1},"
			"{\"n\":\"2\",\"v\":1,\"bt\":16e8}]"), 2);
	assert_int_equal(records[0].time, INT64_C(1700000001000000000));
	assert_int_equal(records[1].time, INT64_C(1600000000000000000));
}

static void values_take_the_type_of_the_resource(void **state)
{
	static const struct {
		enum lwm2m_type type;
		const char *member;
		struct lwm2m_value value;
	} cases[] = {
		{LWM2M_BOOLEAN, "\"vb\":true", {1, 0, {.boolean = true}}},
		{LWM2M_INTEGER, "\"v\":21.0", {2, 0, {.integer = 21}}},
		{LWM2M_INTEGER, "\"v\":-9223372036854775808",
		 {2, 0, {.integer = INT64_MIN}}},
		{LWM2M_UNSIGNED, "\"v\":5", {3, 0, {.uinteger = 5}}},
		{LWM2M_UNSIGNED, "\"v\":18446744073709551615",
		 {3, 0, {.uinteger = UINT64_MAX}}},
		{LWM2M_FLOAT, "\"v\":21", {4, 0, {.number = 21}}},
		{LWM2M_FLOAT, "\"v\":2.15E1", {4, 0, {.number = 21.5}}},
		{LWM2M_TIME, "\"v\":1.7e9", {5, 0, {.integer = 1700000000}}},
		{LWM2M_STRING, "\"vs\":\"\\u00e9\\n\"",
		 {6, 3, {.text = "\xc3\xa9\n"}}},
		/* 2, 3 and 4 bytes of UTF-8, as they come. */
		{LWM2M_STRING, "\"vs\":\"\xc3\xa9 \xe2\x82\xac \xf0\x9f\x8c\xa1\"",
		 {6, 11, {.text = "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x8c\xa1"}}},
		{LWM2M_STRING, "\"vs\":\"a\\u0000b\"",
		 {6, 3, {.text = "a\0b"}}},
		{LWM2M_OPAQUE, "\"vd\":\"-_8\"", {7, 2, {.text = "\xfb\xff"}}},
		{LWM2M_OPAQUE, "\"vd\":\"+/8=\"", {7, 2, {.text = "\xfb\xff"}}},
		{LWM2M_OPAQUE, "\"vd\":\"\"", {7, 0, {.text = NULL}}},
		{LWM2M_OBJLINK, "\"vlo\":\"3303:1\"",
		 {8, 0, {.link = {3303, 1}}}},
		{LWM2M_OBJLINK, "\"vs\":\"3303:1\"",
		 {8, 0, {.link = {3303, 1}}}},
		{LWM2M_CORELINK, "\"vs\":\"</1>,</3/0>\"",
		 {9, 11, {.text = "</1>,</3/0>"}}},
		/* Unknown to the model, 999: as they look. */
		{999, "\"v\":1", {LWM2M_INTEGER, 0, {.integer = 1}}},
		{999, "\"v\":1.5", {LWM2M_FLOAT, 0, {.number = 1.5}}},
		{999, "\"v\":9223372036854775808", {LWM2M_UNSIGNED, 0,
		 {.uinteger = UINT64_C(1) << 63}}},
		{999, "\"vb\":false", {LWM2M_BOOLEAN, 0, {.boolean = false}}},
		{999, "\"vs\":\"x\"", {LWM2M_STRING, 1, {.text = "x"}}},
		{999, "\"vlo\":\"1:2\"", {LWM2M_OBJLINK, 0, {.link = {1, 2}}}},
	};
	char text[128], at[32];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		snprintf(at, sizeof(at), "/1000/0/%d", (int)cases[i].type);
		snprintf(text, sizeof(text), "[{\"bn\":\"%s\",%s}]", at,
			 cases[i].member);
		assert_int_equal(reads(at, text), 1);
		record_equal(0, at, cases[i].value);
	}
}

static void values_of_another_type_are_refused(void **state)
{
	static const struct {
		enum lwm2m_type type;
		const char *member;
	} cases[] = {
		{LWM2M_BOOLEAN, "\"v\":1"}, {LWM2M_BOOLEAN, "\"vb\":1"},
		{LWM2M_BOOLEAN, "\"vs\":\"true\""},
		{LWM2M_INTEGER, "\"v\":21.5"}, {LWM2M_INTEGER, "\"v\":1e19"},
		{LWM2M_INTEGER, "\"v\":9223372036854775808"},
		{LWM2M_INTEGER, "\"vs\":\"1\""}, {LWM2M_INTEGER, "\"vb\":true"},
		{LWM2M_UNSIGNED, "\"v\":-1"}, {LWM2M_UNSIGNED, "\"v\":0.5"},
		{LWM2M_FLOAT, "\"vs\":\"21\""}, {LWM2M_FLOAT, "\"v\":\"21\""},
		{LWM2M_FLOAT, "\"v\":null"}, {LWM2M_FLOAT, "\"v\":NaN"},
		{LWM2M_FLOAT, "\"v\":Infinity"}, {LWM2M_FLOAT, "\"v\":1e400"},
		{LWM2M_FLOAT, "\"v\":true"}, {LWM2M_FLOAT, "\"v\":[1]"},
		{LWM2M_TIME, "\"v\":1.5"}, {LWM2M_STRING, "\"v\":1"},
		{LWM2M_STRING, "\"vd\":\"AQ\""}, {LWM2M_STRING, "\"vs\":1"},
		{LWM2M_STRING, "\"vs\":{}"}, {LWM2M_OPAQUE, "\"vs\":\"AQ\""},
		{LWM2M_OPAQUE, "\"vd\":\"A\""}, {LWM2M_OPAQUE, "\"vd\":1"},
		{LWM2M_OBJLINK, "\"vs\":\"3/0\""},
		{LWM2M_OBJLINK, "\"vlo\":\"3\""}, {LWM2M_OBJLINK, "\"vlo\":3"},
		{LWM2M_CORELINK, "\"vs\":\"3/0\""},
	};
	char text[128], at[32];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		snprintf(at, sizeof(at), "/1000/0/%d", (int)cases[i].type);
		snprintf(text, sizeof(text), "[{\"bn\":\"%s\",%s}]", at,
			 cases[i].member);
		assert_int_equal(reads(at, text), -EPROTOTYPE);
	}
}

static void unknown_labels(void **state)
{
	(void)state;
	assert_int_equal(reads("/1/0/1", "[{\"n\":\"/1/0/1\",\"bver\":10,"
		"\"u\":\"s\",\"ut\":5,\"bu\":\"x\",\"zz\":[{\"v\":[]}],"
		"\"\":1,\"v\":5}]"), 1);
	record_equal(0, "/1/0/1", lwm2m_integer(5));
	assert_int_equal(reads("/1/0/1", "[{\"n\":\"/1/0/1\",\"must_\":1,"
		"\"v\":5}]"), -EBADMSG);
}

static void malformed_ones_are_refused(void **state)
{
	static const char *const texts[] = {
		"", "x", "{}", "1", "null", "[", "[{]", "[{}", "[1]", "[[]]",
		"[null]", "[{}] x", "[{},]", "[{'n':1}]",
		"[{\"n\":\"/1/0/1\" \"v\":5}]",
		/* Not UTF-8: overlong, half, a surrogate, too large, alone;
		 * and UTF-8 outside of a text. */
		"[{\"n\":\"/1/0/7\",\"vs\":\"\xc0\x80\"}]",
		"[{\"n\":\"/1/0/7\",\"vs\":\"\xc3\"}]",
		"[{\"n\":\"/1/0/7\",\"vs\":\"\xed\xa0\x80\"}]",
		"[{\"n\":\"/1/0/7\",\"vs\":\"\xf4\x90\x80\x80\"}]",
		"[{\"n\":\"/1/0/7\",\"vs\":\"\x80\"}]",
		"[{\"n\":\"/1/0/7\",\xc3\xa9\"vs\":\"x\"}]",
		"[\xc3",
		/* json-c alone would keep the last, or the largest. */
		"[{\"n\":\"/1/0/1\",\"v\":5,\"v\":6}]",
		"[{\"n\":\"/1/0/2\",\"n\":\"/1/0/1\",\"v\":6}]",
		"[{\"n\":\"/1/0/1\",\"v\":18446744073709551616}]",
		"[{\"n\":\"/1/0/1\",\"v\":-9223372036854775809}]",
		"[{\"n\":\"/1/0/1\",\"v\":100000000000000000000000}]",
		/* Labels that do not go together, or of the wrong kind. */
		"[{\"n\":\"/1/0/1\",\"v\":5,\"vs\":\"x\"}]",
		"[{\"n\":\"/1/0/1\",\"v\":5,\"bv\":1}]",
		"[{\"n\":\"/1/0/1\",\"s\":5}]",
		"[{\"n\":\"/1/0/1\",\"v\":5,\"bver\":11}]",
		"[{\"n\":\"/1/0/1\",\"v\":5,\"bver\":\"10\"}]",
		"[{\"n\":1,\"v\":5}]", "[{\"bn\":[],\"v\":5}]",
		"[{\"n\":\"/1/0/1\",\"t\":\"0\",\"v\":5}]",
		"[{\"n\":\"/1/0/1\",\"t\":true,\"v\":5}]",
		"[{\"n\":\"/1/0/1\",\"bt\":1e300,\"v\":5}]",
		/* Names that are no paths of a value. */
		"[{\"v\":5}]", "[{\"n\":\"\",\"v\":5}]",
		"[{\"n\":\"/1/0/\",\"v\":5}]", "[{\"n\":\"/1/0/1/2/3\",\"v\":5}]",
		"[{\"n\":\"/1/0/65535\",\"v\":5}]", "[{\"n\":\"/1/0/x\",\"v\":5}]",
		"[{\"bn\":\"/1/0/1/\",\"n\":\"/1\",\"v\":5}]",
		"[{\"bn\":\"urn:dev:ow:10e2073a0108006:\",\"n\":\"1\",\"v\":5}]",
		"[{\"n\":\"/1/0/1\",\"a\":[[[[[[[[[[1]]]]]]]]]],\"v\":5}]",
		"[{\"n\":\"/1/0/1\",\"a\":\"\xff\",\"v\":5}]",
	};
	static const char cut[] = "[{\"n\":\"/1/0/1\",\"v\":5}]";

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++)
		assert_int_equal(reads("/1/0", texts[i]), -EBADMSG);
	for (size_t n = 0; n < sizeof(cut) - 1; n++)
		assert_int_equal(decode(FORMAT_SENML_JSON, "/1/0", cut, n),
				 -EBADMSG);
	/* The end of a C string is not the end of the payload. */
	assert_int_equal(decode(FORMAT_SENML_JSON, "/1/0", cut, sizeof(cut)),
			 -EBADMSG);
	assert_int_equal(reads("/", "[{\"n\":\"/1/0\",\"v\":5}]"), -EBADMSG);
}

static void names_outside_the_base_are_refused(void **state)
{
	(void)state;
	assert_int_equal(reads("/1/0/1", "[{\"n\":\"/1/0/2\",\"v\":5}]"),
			 -EXDEV);
	assert_int_equal(reads("/1/0", "[{\"n\":\"/1/1/1\",\"v\":5}]"), -EXDEV);
	assert_int_equal(reads("/1/0", "[{\"n\":\"/1\",\"v\":5}]"), -EXDEV);
	assert_int_equal(reads("/1/0", "[{\"n\":\"1\",\"v\":5}]"), -EXDEV);
	assert_int_equal(reads("/1/0", "[{\"n\":\"/3/0\"}]"), -EXDEV);
}

static void room_has_an_end(void **state)
{
	static const char two[] = "[{\"bn\":\"/1/0/\",\"n\":\"7\",\"vs\":\"UQ\"}"
				  ",{\"n\":\"1\",\"v\":1}]";
	static const char data[] = "[{\"n\":\"/1000/0/7\",\"vd\":\"AQID\"}]";
	struct lwm2m_path base = path_root();
	uint8_t room[2];
	struct buf scratch = buf_over(room, 2);

	(void)state;
	assert_int_equal(codec_decode(FORMAT_SENML_JSON, &model, &base,
				      (const uint8_t *)two, sizeof(two) - 1,
				      records, 1, &scratch), -EMSGSIZE);
	scratch = buf_over(room, 2);
	assert_int_equal(codec_decode(FORMAT_SENML_JSON, &model, &base,
				      (const uint8_t *)two, sizeof(two) - 1,
				      records, 2, &scratch), 2);
	assert_ptr_equal(records[0].value.as.bytes, room);
	scratch = buf_over(room, 1);
	assert_int_equal(codec_decode(FORMAT_SENML_JSON, &model, &base,
				      (const uint8_t *)two, sizeof(two) - 1,
				      records, 2, &scratch), -EMSGSIZE);
	scratch = buf_over(room, 2);
	assert_int_equal(codec_decode(FORMAT_SENML_JSON, &model, &base,
				      (const uint8_t *)data, sizeof(data) - 1,
				      records, 2, &scratch), -EMSGSIZE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_resource_is_one_record),
		cmocka_unit_test(several_share_a_base_name),
		cmocka_unit_test(devices_have_prefixes),
		cmocka_unit_test(a_device_takes_its_own_names_only),
		cmocka_unit_test(elements_have_names_of_their_own),
		cmocka_unit_test(every_type_has_its_label),
		cmocka_unit_test(times_are_exact),
		cmocka_unit_test(json_has_no_word_for_these),
		cmocka_unit_test(names_are_joined),
		cmocka_unit_test(a_base_name_holds_until_the_next),
		cmocka_unit_test(names_without_values),
		cmocka_unit_test(times_add_up),
		cmocka_unit_test(values_take_the_type_of_the_resource),
		cmocka_unit_test(values_of_another_type_are_refused),
		cmocka_unit_test(unknown_labels),
		cmocka_unit_test(malformed_ones_are_refused),
		cmocka_unit_test(names_outside_the_base_are_refused),
		cmocka_unit_test(room_has_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
