/* SPDX-License-Identifier: GPL-2.0-or-later
 * SenML-CBOR: the bytes beside what they mean. */
#include <math.h>

#include "tests/objects/check.h"

static void encodes(const char *base, const struct lwm2m_record *list,
		    size_t n, const char *hex)
{
	struct lwm2m_path at = path(base);
	uint8_t bytes[512];
	struct buf out = buf_over(bytes, sizeof(bytes));

	assert_int_equal(codec_encode(FORMAT_SENML_CBOR, &at, list, n, &out),
			 0);
	hex_equal(bytes, out.used, hex);
}

static int reads(const char *base, const char *hex)
{
	return decode_hex(FORMAT_SENML_CBOR, base, hex);
}

static void one_resource_is_one_record(void **state)
{
	struct lwm2m_record record = {
		path("/3303/0/5700"), lwm2m_float(21.5), 0
	};

	(void)state;
	encodes("/3303/0/5700", &record, 1,
		"81"				/* a list of one */
		"A2"				/* with two members */
		"21 6C 2F 33 33 30 33 2F 30 2F 35 37 30 30"
						/* -2: "/3303/0/5700" */
		"02 FA 41 AC 00 00");		/* 2: 21.5, as a float */
	record.value = lwm2m_float(21);		/* no integer, though it is one */
	encodes("/3303/0/5700", &record, 1,
		"81 A2 21 6C 2F 33 33 30 33 2F 30 2F 35 37 30 30"
		"02 FA 41 A8 00 00");
	record.value = lwm2m_float(21.7);	/* needs a double */
	encodes("/3303/0/5700", &record, 1,
		"81 A2 21 6C 2F 33 33 30 33 2F 30 2F 35 37 30 30"
		"02 FB 40 35 B3 33 33 33 33 33");
}

static void several_share_a_base_name(void **state)
{
	const struct lwm2m_record list[] = {
		{path("/3/0/0"), text_value(LWM2M_STRING, "ab"), 0},
		{path("/3/0/6/1"), lwm2m_integer(-500), 0},
		{path("/3/0/9"), lwm2m_integer(100), 0},
	};

	(void)state;
	encodes("/3/0", list, 3,
		"83"
		"A3 21 65 2F 33 2F 30 2F"	/* -2: "/3/0/" */
		"00 61 30 03 62 61 62"		/* 0: "0", 3: "ab" */
		"A2 00 63 36 2F 31"		/* 0: "6/1" */
		"02 39 01 F3"			/* 2: -500 */
		"A2 00 61 39 02 18 64");	/* 0: "9", 2: 100 */
	encodes("/3/0", list, 0, "80");
	assert_int_equal(reads("/3/0",
		"83 A3 21 65 2F 33 2F 30 2F 00 61 30 03 62 61 62"
		"A2 00 63 36 2F 31 02 39 01 F3 A2 00 61 39 02 18 64"), 3);
	record_equal(0, "/3/0/0", list[0].value);
	record_equal(1, "/3/0/6/1", list[1].value);
	record_equal(2, "/3/0/9", list[2].value);
}

static void every_type_has_its_label(void **state)
{
	static const struct {
		struct lwm2m_value value;
		const char *hex;
	} cases[] = {
		{{LWM2M_BOOLEAN, 0, {.boolean = true}}, "04 F5"},
		{{LWM2M_BOOLEAN, 0, {.boolean = false}}, "04 F4"},
		{{LWM2M_INTEGER, 0, {.integer = 0}}, "02 00"},
		{{LWM2M_INTEGER, 0, {.integer = -1}}, "02 20"},
		{{LWM2M_INTEGER, 0, {.integer = INT64_MIN}},
		 "02 3B 7F FF FF FF FF FF FF FF"},
		{{LWM2M_UNSIGNED, 0, {.uinteger = UINT64_MAX}},
		 "02 1B FF FF FF FF FF FF FF FF"},
		{{LWM2M_TIME, 0, {.integer = 1700000000}},
		 "02 1A 65 53 F1 00"},
		{{LWM2M_FLOAT, 0, {.number = -0.0}}, "02 FA 80 00 00 00"},
		{{LWM2M_STRING, 0, {.text = NULL}}, "03 60"},
		{{LWM2M_OPAQUE, 2, {.text = "\xfb\xff"}}, "08 42 FB FF"},
		{{LWM2M_OBJLINK, 0, {.link = {3, 0}}},
		 "63 76 6C 6F 63 33 3A 30"},	/* "vlo": "3:0" */
		{{LWM2M_CORELINK, 4, {.text = "</1>"}}, "03 64 3C 2F 31 3E"},
	};
	char hex[128];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct lwm2m_record record = {
			path("/9/0/1"), cases[i].value, 0
		};

		snprintf(hex, sizeof(hex), "81 A2 21 66 2F 39 2F 30 2F 31 %s",
			 cases[i].hex);
		encodes("/9/0/1", &record, 1, hex);
	}
}

static void times_go_both_ways(void **state)
{
	struct lwm2m_record record = {
		path("/3/0/9"), lwm2m_integer(7),
		INT64_C(1700000000000000000)
	};

	(void)state;
	encodes("/3/0/9", &record, 1, "81 A3 21 66 2F 33 2F 30 2F 39"
		"06 1A 65 53 F1 00"		/* 6: 1700000000 */
		"02 07");
	record.time += 500000000;
	encodes("/3/0/9", &record, 1, "81 A3 21 66 2F 33 2F 30 2F 39"
		"06 FB 41 D9 54 FC 40 20 00 00"	/* 6: 1700000000.5 */
		"02 07");
	assert_int_equal(reads("/3/0/9", "81 A3 21 66 2F 33 2F 30 2F 39"
		"06 FB 41 D9 54 FC 40 20 00 00 02 07"), 1);
	assert_int_equal(records[0].time, record.time);
	/* -3: base time, and 6: -10, 10 s before it */
	assert_int_equal(reads("/3/0/9", "81 A4 21 66 2F 33 2F 30 2F 39"
		"22 1A 65 53 F1 00 06 29 02 07"), 1);
	assert_int_equal(records[0].time, INT64_C(1699999990000000000));
	/* 6: -10 alone: relative to now */
	assert_int_equal(reads("/3/0/9", "81 A3 21 66 2F 33 2F 30 2F 39"
		"06 29 02 07"), 1);
	assert_int_equal(records[0].time, -INT64_C(10000000000));
}

static void numbers_of_every_width(void **state)
{
	static const struct {
		enum lwm2m_type type;
		const char *hex;
		struct lwm2m_value value;
	} cases[] = {
		{LWM2M_INTEGER, "17", {LWM2M_INTEGER, 0, {.integer = 23}}},
		{LWM2M_INTEGER, "18 FF", {LWM2M_INTEGER, 0, {.integer = 255}}},
		{LWM2M_INTEGER, "19 FF FF",
		 {LWM2M_INTEGER, 0, {.integer = 65535}}},
		{LWM2M_INTEGER, "1A FF FF FF FF",
		 {LWM2M_INTEGER, 0, {.integer = 4294967295}}},
		{LWM2M_INTEGER, "1B 7F FF FF FF FF FF FF FF",
		 {LWM2M_INTEGER, 0, {.integer = INT64_MAX}}},
		{LWM2M_INTEGER, "37", {LWM2M_INTEGER, 0, {.integer = -24}}},
		{LWM2M_INTEGER, "38 FF", {LWM2M_INTEGER, 0, {.integer = -256}}},
		{LWM2M_INTEGER, "39 FF FF",
		 {LWM2M_INTEGER, 0, {.integer = -65536}}},
		{LWM2M_INTEGER, "3A FF FF FF FF",
		 {LWM2M_INTEGER, 0, {.integer = -4294967296}}},
		{LWM2M_INTEGER, "F9 4D 40",	/* 21.0 in half */
		 {LWM2M_INTEGER, 0, {.integer = 21}}},
		{LWM2M_FLOAT, "15", {LWM2M_FLOAT, 0, {.number = 21}}},
		{LWM2M_FLOAT, "F9 4D 60", {LWM2M_FLOAT, 0, {.number = 21.5}}},
		{LWM2M_FLOAT, "FA 41 AC 00 00",
		 {LWM2M_FLOAT, 0, {.number = 21.5}}},
		{LWM2M_FLOAT, "FB 40 35 80 00 00 00 00 00",
		 {LWM2M_FLOAT, 0, {.number = 21.5}}},
		{LWM2M_UNSIGNED, "1B FF FF FF FF FF FF FF FF",
		 {LWM2M_UNSIGNED, 0, {.uinteger = UINT64_MAX}}},
		{LWM2M_TIME, "1A 65 53 F1 00",
		 {LWM2M_TIME, 0, {.integer = 1700000000}}},
	};
	char hex[128], at[32];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		snprintf(at, sizeof(at), "/1000/0/%d", (int)cases[i].type);
		snprintf(hex, sizeof(hex),
			 "81 A2 21 69 2F 31 30 30 30 2F 30 2F %02X 02 %s",
			 '0' + cases[i].type, cases[i].hex);
		assert_int_equal(reads(at, hex), 1);
		record_equal(0, at, cases[i].value);
	}
}

/* What Leshan sends to a client in a bootstrap: the base name once. */
static void open_lengths_and_base_names(void **state)
{
	static const char *const lists[] = {
		"82 A3 21 65 2F 31 2F 30 2F 00 61 31 02 18 3C"
		"A2 00 61 36 04 F5",
		"9F BF 21 65 2F 31 2F 30 2F 00 61 31 02 18 3C FF"
		"BF 00 61 36 04 F5 FF FF",
		/* Members in another order, base alone. */
		"83 A1 21 65 2F 31 2F 30 2F A2 02 18 3C 00 61 31"
		"A2 04 F5 00 61 36",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(lists); i++) {
		assert_int_equal(reads("/1/0", lists[i]), 2);
		record_equal(0, "/1/0/1", lwm2m_integer(60));
		record_equal(1, "/1/0/6", lwm2m_boolean(true));
	}
	assert_int_equal(reads("/1/0", "80"), 0);
	assert_int_equal(reads("/1/0", "9F FF"), 0);
	assert_int_equal(reads("/1/0", "81 A0"), 0);
	/* Read-Composite: names alone. */
	assert_int_equal(reads("/", "82 A1 00 64 2F 33 2F 30 A1 00 61 2F"), 2);
	record_equal(0, "/3/0", (struct lwm2m_value){.type = LWM2M_NONE});
	record_equal(1, "/", (struct lwm2m_value){.type = LWM2M_NONE});
}

static void other_values(void **state)
{
	(void)state;
	assert_int_equal(reads("/1000/0",
		"84 A3 21 68 2F 31 30 30 30 2F 30 2F"
		"00 61 37 08 42 FB FF"		/* 7: data */
		"A2 00 61 38 63 76 6C 6F 66 33 33 30 33 3A 31"
						/* 8: "3303:1" */
		"A2 00 61 39 03 64 3C 2F 31 3E"	/* 9: "</1>" */
		"A2 00 61 36 03 60"), 4);	/* 6: "" */
	record_equal(0, "/1000/0/7", text_value(LWM2M_OPAQUE, "\xfb\xff"));
	record_equal(1, "/1000/0/8", link_value(3303, 1));
	record_equal(2, "/1000/0/9", text_value(LWM2M_CORELINK, "</1>"));
	record_equal(3, "/1000/0/6", text_value(LWM2M_STRING, ""));
}

#define NAME "00 66 2F 31 2F 30 2F 31 "		/* 0: "/1/0/1" */

static void unknown_labels(void **state)
{
	static const char *const others[] = {
		"01 61 73",			/* 1: unit */
		"20 0A",			/* -1: version 10 */
		"19 03 E8 F6",			/* 1000: null */
		"38 63 F7",			/* -100: undefined */
		"61 7A 83 01 A1 02 80 03",	/* "z": [1, {2: []}, 3] */
		"61 7A 9F 01 BF 02 9F FF FF FF",
		"61 7A 5F 41 01 40 FF",		/* bytes in chunks */
		"61 7A 7F 61 61 FF",		/* text in chunks */
		"61 7A C1 C2 41 01",		/* tags */
		"61 7A A1 C1 01 C1 02",
	};
	char hex[128];

	(void)state;
	for (size_t i = 0; i < COUNT(others); i++) {
		snprintf(hex, sizeof(hex), "81 A3 " NAME "%s 02 05",
			 others[i]);
		assert_int_equal(reads("/1/0/1", hex), 1);
		record_equal(0, "/1/0/1", lwm2m_integer(5));
	}
	/* "a_": may not be ignored */
	assert_int_equal(reads("/1/0/1", "81 A3 " NAME "62 61 5F 01 02 05"),
			 -EBADMSG);
}

static void malformed_ones_are_refused(void **state)
{
	static const char *const lists[] = {
		"", "00", "A0", "60", "F6", "FF",
		"81", "82 A0", "9F", "9F A0", "81 01", "81 80", "81 FF",
		"81 A1", "81 A1 02", "81 BF", "81 A1 FF", "81 BF 00 FF",
		"80 00",			/* something after it */
		"81 A2 " NAME "02",		/* cut off */
		"81 A2 " NAME "02 19 01", "81 A2 00 66 2F 31 2F",
		"9A 20 00 00 00", "9B FF FF FF FF FF FF FF FF",
		"81 BB FF FF FF FF FF FF FF FF", "81 A1 00 7B FF FF FF FF FF",
		"81 A1 00 7B FF FF FF FF FF FF FF FF",
		"81 A1 61 7A 9B FF FF FF FF FF FF FF FF 01",
		"81 A1 61 7A BB FF FF FF FF FF FF FF FF 01",
		"81 A2 " NAME "02 1C",		/* reserved heads */
		"81 A2 " NAME "02 F8 00", "81 A2 " NAME "02 FC",
		"81 A3 " NAME "02 05 02 06",	/* twice */
		"81 A3 " NAME "02 05 03 61 78",	/* two values */
		"81 A3 " NAME "24 01 02 05",	/* base value */
		"81 A2 " NAME "05 01",		/* sum */
		"81 A3 " NAME "20 0B 02 05",	/* version 11 */
		"81 A2 00 01 02 05",		/* a name that is a number */
		"81 A2 21 80 02 05",
		"81 A3 " NAME "06 61 30 02 05",	/* a time that is a text */
		"81 A3 " NAME "06 F9 7E 00 02 05",	/* NaN */
		"81 A2 " NAME "02 80",		/* a value that is a list */
		"81 A2 " NAME "02 C1 05",	/* tagged */
		"81 A2 " NAME "03 7F 61 61 FF",	/* in chunks */
		"81 A2 00 7F 61 61 FF 02 05",
		"81 A1 F5 01", "81 A1 41 6E 01", "81 A1 80 01",	/* keys */
		"81 A1 02 05",			/* no name */
		"81 A2 00 66 2F 31 2F 30 2F 78 02 05",	/* "/1/0/x" */
		/* Deeper than anyone needs. */
		"81 A1 61 7A 81 81 81 81 81 81 81 81 81 01",
		"81 A1 61 7A C1 C1 C1 C1 C1 C1 C1 C1 C1 01",
		"81 A1 61 7A BF 01 FF",		/* a key without its value */
	};
	const char cut[] = "\x81\xa2\x00\x66/1/0/1\x02\x19\x01\x00";

	(void)state;
	for (size_t i = 0; i < COUNT(lists); i++)
		assert_int_equal(reads("/1/0", lists[i]), -EBADMSG);
	assert_int_equal(decode(FORMAT_SENML_CBOR, "/1/0", cut,
				sizeof(cut) - 1), 1);
	for (size_t n = 0; n < sizeof(cut) - 1; n++)
		assert_int_equal(decode(FORMAT_SENML_CBOR, "/1/0", cut, n),
				 -EBADMSG);
}

static void values_of_another_type_are_refused(void **state)
{
	static const struct {
		int type;
		const char *hex;
	} cases[] = {
		{LWM2M_BOOLEAN, "02 01"}, {LWM2M_BOOLEAN, "04 01"},
		{LWM2M_INTEGER, "02 F9 4D 60"},		/* 21.5 */
		{LWM2M_INTEGER, "02 1B FF FF FF FF FF FF FF FF"},
		{LWM2M_INTEGER, "02 3B FF FF FF FF FF FF FF FF"},
		{LWM2M_INTEGER, "02 F5"}, {LWM2M_UNSIGNED, "02 20"},
		{LWM2M_FLOAT, "03 62 32 31"}, {LWM2M_FLOAT, "02 62 32 31"},
		{LWM2M_FLOAT, "02 F9 7E 00"}, {LWM2M_FLOAT, "02 F9 7C 00"},
		{LWM2M_FLOAT, "02 F6"}, {LWM2M_STRING, "02 01"},
		{LWM2M_STRING, "03 41 61"},
		{LWM2M_STRING, "03 61 FF"},		/* no UTF-8 */
		{LWM2M_OPAQUE, "08 61 61"}, {LWM2M_OPAQUE, "03 61 61"},
		{LWM2M_OBJLINK, "63 76 6C 6F 61 33"},
		{LWM2M_OBJLINK, "63 76 6C 6F 03"},
		{LWM2M_CORELINK, "03 61 78"},
	};
	char hex[128], at[32];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		snprintf(at, sizeof(at), "/1000/0/%d", cases[i].type);
		snprintf(hex, sizeof(hex),
			 "81 A2 21 69 2F 31 30 30 30 2F 30 2F %02X %s",
			 '0' + cases[i].type, cases[i].hex);
		assert_int_equal(reads(at, hex), -EPROTOTYPE);
	}
}

static void names_outside_the_base_are_refused(void **state)
{
	(void)state;
	assert_int_equal(reads("/1/0/2", "81 A2 " NAME "02 05"), -EXDEV);
	assert_int_equal(reads("/1/1", "81 A2 " NAME "02 05"), -EXDEV);
	assert_int_equal(reads("/3", "81 A1 " NAME), -EXDEV);
}

static void room_has_an_end(void **state)
{
	struct lwm2m_path at = path("/1/0/1");
	struct lwm2m_record record = {at, lwm2m_integer(5), 1};
	static const char two[] = "\x82\xa2\x00\x66/1/0/1\x02\x05"
				  "\xa2\x00\x66/1/0/1\x02\x06";
	uint8_t bytes[64];
	struct buf out = buf_over(bytes, sizeof(bytes));
	size_t whole;

	(void)state;
	assert_int_equal(codec_encode(FORMAT_SENML_CBOR, &at, &record, 1,
				      &out), 0);
	whole = out.used;
	for (size_t size = 0; size < whole; size++) {
		out = buf_over(bytes, size);
		assert_int_equal(codec_encode(FORMAT_SENML_CBOR, &at, &record,
					      1, &out), -EMSGSIZE);
	}
	assert_int_equal(codec_decode(FORMAT_SENML_CBOR, &model, &at,
				      (const uint8_t *)two, sizeof(two) - 1,
				      records, 1, NULL), -EMSGSIZE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_resource_is_one_record),
		cmocka_unit_test(several_share_a_base_name),
		cmocka_unit_test(every_type_has_its_label),
		cmocka_unit_test(times_go_both_ways),
		cmocka_unit_test(numbers_of_every_width),
		cmocka_unit_test(open_lengths_and_base_names),
		cmocka_unit_test(other_values),
		cmocka_unit_test(unknown_labels),
		cmocka_unit_test(malformed_ones_are_refused),
		cmocka_unit_test(values_of_another_type_are_refused),
		cmocka_unit_test(names_outside_the_base_are_refused),
		cmocka_unit_test(room_has_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
