/* SPDX-License-Identifier: GPL-2.0-or-later
 * CBOR of one value (60): the bytes, and what comes in from others. */
#include "tests/objects/check.h"

static const struct {
	struct lwm2m_value value;
	const char *hex;
} golden[] = {
	{{LWM2M_BOOLEAN, 0, {.boolean = true}}, "F5"},
	{{LWM2M_BOOLEAN, 0, {.boolean = false}}, "F4"},
	{{LWM2M_INTEGER, 0, {.integer = 23}}, "17"},
	{{LWM2M_INTEGER, 0, {.integer = -500}}, "39 01 F3"},
	{{LWM2M_INTEGER, 0, {.integer = INT64_MIN}},
	 "3B 7F FF FF FF FF FF FF FF"},
	{{LWM2M_UNSIGNED, 0, {.uinteger = UINT64_MAX}},
	 "1B FF FF FF FF FF FF FF FF"},
	/* A float stays one: Leshan takes no integer for it. */
	{{LWM2M_FLOAT, 0, {.number = 21}}, "FA 41 A8 00 00"},
	{{LWM2M_FLOAT, 0, {.number = 21.7}}, "FB 40 35 B3 33 33 33 33 33"},
	/* A time has its tag: Leshan takes none without. */
	{{LWM2M_TIME, 0, {.integer = 1700000000}}, "C1 1A 65 53 F1 00"},
	{{LWM2M_TIME, 0, {.integer = -1}}, "C1 20"},
	{{LWM2M_STRING, 0, {.text = NULL}}, "60"},
	{{LWM2M_STRING, 3, {.text = "Cel"}}, "63 43 65 6C"},
	{{LWM2M_OPAQUE, 2, {.text = "\xfb\xff"}}, "42 FB FF"},
	{{LWM2M_OBJLINK, 0, {.link = {3303, 1}}}, "66 33 33 30 33 3A 31"},
	{{LWM2M_CORELINK, 4, {.text = "</1>"}}, "64 3C 2F 31 3E"},
};

static const char *type_path(uint32_t type)
{
	static char text[32];

	snprintf(text, sizeof(text), "/1000/0/%u", type);
	return text;
}

static void values_go_both_ways(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(golden); i++) {
		const char *name = type_path(golden[i].value.type);
		struct lwm2m_path at = path(name);
		struct lwm2m_record record = {at, golden[i].value, 0};
		uint8_t bytes[32];
		struct buf out = buf_over(bytes, sizeof(bytes));

		assert_int_equal(codec_encode(FORMAT_CBOR, &at, &record, 1,
					      &out), 0);
		hex_equal(bytes, out.used, golden[i].hex);
		assert_int_equal(decode_hex(FORMAT_CBOR, name, golden[i].hex),
				 1);
		record_equal(0, name, golden[i].value);
	}
}

static void other_spellings_are_taken(void **state)
{
	static const struct {
		struct lwm2m_value value;
		const char *hex;
	} cases[] = {
		{{LWM2M_FLOAT, 0, {.number = 21.5}}, "F9 4D 60"},
		{{LWM2M_FLOAT, 0, {.number = 21}}, "15"},
		{{LWM2M_INTEGER, 0, {.integer = 21}}, "FA 41 A8 00 00"},
		{{LWM2M_INTEGER, 0, {.integer = 1}}, "18 01"},
		{{LWM2M_TIME, 0, {.integer = 1700000000}}, "1A 65 53 F1 00"},
		{{LWM2M_TIME, 0, {.integer = 1700000000}},
		 "C1 FB 41 D9 54 FC 40 00 00 00"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *name = type_path(cases[i].value.type);

		assert_int_equal(decode_hex(FORMAT_CBOR, name, cases[i].hex),
				 1);
		record_equal(0, name, cases[i].value);
	}
	assert_int_equal(decode_hex(FORMAT_CBOR, "/9/0/1", "C1 05"), 1);
	record_equal(0, "/9/0/1", time_value(5));
	assert_int_equal(decode_hex(FORMAT_CBOR, "/9/0/1", "61 61"), 1);
	record_equal(0, "/9/0/1", text_value(LWM2M_STRING, "a"));
}

static void malformed_ones_are_refused(void **state)
{
	static const char *const cases[] = {
		"", "FF", "1C", "19 01", "63 43 65", "5B FF", "05 05",
		"F6", "F7", "80", "81 05", "A0", "5F 41 01 FF", "7F 61 61 FF",
		"C1", "C1 C1 05", "C1 61 61", "C1 80", "C0 61 61",
		"C4 82 20 05", "9B FF FF FF FF FF FF FF FF",
		"7B FF FF FF FF FF FF FF FF 61",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(decode_hex(FORMAT_CBOR, "/1000/0/5",
					    cases[i]), -EBADMSG);
}

static void values_of_another_type_are_refused(void **state)
{
	static const struct {
		uint32_t type;
		const char *hex;
	} cases[] = {
		{LWM2M_BOOLEAN, "01"}, {LWM2M_INTEGER, "F9 4D 60"},
		{LWM2M_INTEGER, "F5"}, {LWM2M_INTEGER, "C1 05"},
		{LWM2M_INTEGER, "1B FF FF FF FF FF FF FF FF"},
		{LWM2M_INTEGER, "3B FF FF FF FF FF FF FF FF"},
		{LWM2M_UNSIGNED, "20"}, {LWM2M_FLOAT, "62 32 31"},
		{LWM2M_FLOAT, "F9 7E 00"}, {LWM2M_FLOAT, "F9 7C 00"},
		{LWM2M_FLOAT, "C1 05"}, {LWM2M_TIME, "C1 F9 7E 00"},
		{LWM2M_TIME, "C1 F9 38 00"}, {LWM2M_TIME, "61 31"},
		{LWM2M_STRING, "01"}, {LWM2M_STRING, "41 61"},
		{LWM2M_STRING, "61 FF"}, {LWM2M_OPAQUE, "61 61"},
		{LWM2M_OBJLINK, "61 33"}, {LWM2M_OBJLINK, "03"},
		{LWM2M_CORELINK, "61 78"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(decode_hex(FORMAT_CBOR,
					    type_path(cases[i].type),
					    cases[i].hex), -EPROTOTYPE);
}

static void only_of_one_value(void **state)
{
	const struct lwm2m_record two[] = {
		{path("/1/0/1"), lwm2m_integer(1), 0},
		{path("/1/0/2"), lwm2m_integer(2), 0},
	};
	struct lwm2m_path at = path("/1/0");
	uint8_t bytes[32];
	struct buf out = buf_over(bytes, sizeof(bytes));

	(void)state;
	assert_int_equal(codec_encode(FORMAT_CBOR, &at, two, 2, &out),
			 -ENOTSUP);
	assert_int_equal(codec_encode(FORMAT_CBOR, &at, two, 0, &out),
			 -ENOTSUP);
	assert_int_equal(decode_hex(FORMAT_CBOR, "/1/0", "05"), -ENOTSUP);
	assert_int_equal(decode_hex(FORMAT_CBOR, "/3/0/6/1", "05"), 1);
	record_equal(0, "/3/0/6/1", lwm2m_integer(5));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_go_both_ways),
		cmocka_unit_test(other_spellings_are_taken),
		cmocka_unit_test(malformed_ones_are_refused),
		cmocka_unit_test(values_of_another_type_are_refused),
		cmocka_unit_test(only_of_one_value),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
