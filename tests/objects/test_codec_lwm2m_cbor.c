/* SPDX-License-Identifier: GPL-2.0-or-later
 * LwM2M-CBOR: the bytes beside what they mean. */
#include "tests/objects/check.h"

static void encodes(const char *base, const struct lwm2m_record *list,
		    size_t n, const char *hex)
{
	struct lwm2m_path at = path(base);
	uint8_t bytes[512];
	struct buf out = buf_over(bytes, sizeof(bytes));

	assert_int_equal(codec_encode(FORMAT_LWM2M_CBOR, &at, list, n, &out),
			 0);
	hex_equal(bytes, out.used, hex);
}

static int reads(const char *base, const char *hex)
{
	return decode_hex(FORMAT_LWM2M_CBOR, base, hex);
}

static const struct lwm2m_value none = {.type = LWM2M_NONE};

static void ids_go_down_from_the_root(void **state)
{
	const struct lwm2m_record list[] = {
		{path("/3/0/0"), text_value(LWM2M_STRING, "ab"), 0},
		{path("/3/0/6/0"), lwm2m_integer(1), 0},
		{path("/3/0/6/500"), lwm2m_integer(5), 0},
		{path("/3/0/13"), time_value(1), 0},
	};

	(void)state;
	encodes("/3/0/0", list, 1,
		"A1 03 A1 00 A1 00 62 61 62");	/* {3: {0: {0: "ab"}}} */
	encodes("/3/0", list, 4,
		"A1 03"
		"A1 00"
		"A3 00 62 61 62"		/* 0: "ab" */
		"06 A2 00 01 19 01 F4 05"	/* 6: {0: 1, 500: 5} */
		"0D C1 01");			/* 13: 1, a time */
	encodes("/3/0/6/500", list + 2, 1, "A1 03 A1 00 A1 06 A1 19 01 F4 05");
	encodes("/3/0", list, 0, "A0");
}

static void several_objects_and_instances(void **state)
{
	const struct lwm2m_record list[] = {
		{path("/1/0/1"), lwm2m_integer(60), 0},
		{path("/1/1/1"), lwm2m_integer(90), 0},
		{path("/3303/0/5700"), lwm2m_float(21), 0},
	};

	(void)state;
	encodes("/", list, 3,
		"A2"
		"01 A2 00 A1 01 18 3C 01 A1 01 18 5A"
		"19 0C E7 A1 00 A1 19 16 44 FA 41 A8 00 00");
	encodes("/1", list, 2, "A1 01 A2 00 A1 01 18 3C 01 A1 01 18 5A");
}

static void what_has_no_content(void **state)
{
	const struct lwm2m_record list[] = {
		{path("/1/0"), none, 0}, {path("/3/0/6"), none, 0},
	};

	(void)state;
	encodes("/", list, 2, "A2 01 A1 00 A0 03 A1 00 A1 06 A0");
	encodes("/1/0", list, 1, "A1 01 A1 00 A0");
	assert_int_equal(reads("/", "A2 01 A1 00 A0 03 A1 00 A1 06 A0"), 2);
	record_equal(0, "/1/0", none);
	record_equal(1, "/3/0/6", none);
}

/* All ways to write the same. */
static void keys_may_be_lists(void **state)
{
	static const char *const ways[] = {
		"A1 01 A1 00 A2 01 18 3C 06 F5",
		"A1 82 01 00 A2 01 18 3C 06 F5",	/* {[1, 0]: {...}} */
		"A2 83 01 00 01 18 3C 83 01 00 06 F5",
		"A2 82 01 00 A1 01 18 3C 83 01 00 06 F5",
		"A1 81 01 A1 81 00 A2 81 01 18 3C 81 06 F5",
		"BF 01 BF 00 BF 01 18 3C 06 F5 FF FF FF",
		"BF 9F 01 00 FF BF 9F 01 FF 18 3C 06 F5 FF FF",
		"A1 01 A2 82 00 01 18 3C 00 A1 06 F5",
		"A1 18 01 A1 19 00 00 A2 01 18 3C 06 F5",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(ways); i++) {
		assert_int_equal(reads("/1/0", ways[i]), 2);
		record_equal(0, "/1/0/1", lwm2m_integer(60));
		record_equal(1, "/1/0/6", lwm2m_boolean(true));
	}
	assert_int_equal(reads("/1/0", "A0"), 0);
	assert_int_equal(reads("/1/0", "BF FF"), 0);
}

/* Read-Composite: paths alone. */
static void names_without_values(void **state)
{
	(void)state;
	assert_int_equal(reads("/", "A2 03 F6 83 01 00 07 F6"), 2);
	record_equal(0, "/3", none);
	record_equal(1, "/1/0/7", none);
}

static void types_are_the_models(void **state)
{
	(void)state;
	assert_int_equal(reads("/1000/0", "A1 82 19 03 E8 00 A9"
		"01 F5 02 20 03 18 FF 04 15 05 C1 05 06 61 78 07 41 00"
		"08 63 33 3A 30 09 64 3C 2F 31 3E"), 9);
	record_equal(0, "/1000/0/1", lwm2m_boolean(true));
	record_equal(1, "/1000/0/2", lwm2m_integer(-1));
	record_equal(2, "/1000/0/3", lwm2m_unsigned(255));
	record_equal(3, "/1000/0/4", lwm2m_float(21));
	record_equal(4, "/1000/0/5", time_value(5));
	record_equal(5, "/1000/0/6", text_value(LWM2M_STRING, "x"));
	record_equal(7, "/1000/0/8", link_value(3, 0));
	record_equal(8, "/1000/0/9", text_value(LWM2M_CORELINK, "</1>"));
	assert_int_equal(reads("/1/0", "A1 82 01 00 A1 01 61 78"),
			 -EPROTOTYPE);
	assert_int_equal(reads("/1/0", "A1 82 01 00 A1 01 F9 7E 00"),
			 -EPROTOTYPE);
	assert_int_equal(reads("/1/0", "A1 82 01 00 A1 01 C1 05"),
			 -EPROTOTYPE);
}

static void malformed_ones_are_refused(void **state)
{
	static const char *const cases[] = {
		"", "00", "80", "60", "F6", "FF", "A1", "A1 01", "A1 01 A1",
		"BF", "BF 01 FF", "A0 00", "A1 01 05", "A1 82 01 00 05",
		"A1 80 05", "A1 9F FF 05",		/* a key without ids */
		"A1 61 31 05", "A1 20 05", "A1 F5 05", "A1 A0 05",
		"A1 19 FF FF F6",			/* 65535 */
		"A1 1A 00 01 00 00 F6",
		"A1 85 01 00 01 00 00 05",		/* too deep */
		"A1 84 01 00 01 00 A1 00 05",
		"A1 82 01 81 00 05",
		"A1 83 01 00 01 80", "A1 83 01 00 01 81 05",
		"A1 83 01 00 01 5F 41 01 FF", "A1 83 01 00 01 C2 41 01",
		"A1 83 01 00 01 19", "A1 9B FF FF FF FF FF FF FF FF 01",
		"BB FF FF FF FF FF FF FF FF 01 F6", "A2 83 01 00 01 05",
		"A1 83 01 00 FF",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(reads("/1", cases[i]), -EBADMSG);
}

static void paths_outside_the_base_are_refused(void **state)
{
	(void)state;
	assert_int_equal(reads("/1/0/2", "A1 83 01 00 01 05"), -EXDEV);
	assert_int_equal(reads("/1/1", "A1 83 01 00 01 05"), -EXDEV);
	assert_int_equal(reads("/3", "A1 83 01 00 01 61 78"), -EXDEV);
	assert_int_equal(reads("/3", "A1 01 A0"), -EXDEV);
}

/* Of a device behind a gateway; 6: its prefix is "d5". */
static struct lwm2m_path behind(const char *text, uint16_t device)
{
	struct lwm2m_path at = path(text);

	at.id[PATH_DEVICE] = device;
	return at;
}

static int reads_behind(struct lwm2m_path at, const char *hex)
{
	uint8_t bytes[64];

	return codec_decode(FORMAT_LWM2M_CBOR, &model, &at, bytes,
			    hex_read(hex, bytes), records, COUNT(records),
			    NULL);
}

static void encodes_behind(struct lwm2m_path at,
			   const struct lwm2m_record *list, size_t n,
			   const char *hex)
{
	uint8_t bytes[64];
	struct buf out = buf_over(bytes, sizeof(bytes));

	assert_int_equal(codec_encode(FORMAT_LWM2M_CBOR, &at, list, n, &out),
			 0);
	hex_equal(bytes, out.used, hex);
}

/* LwM2M Gateway 1.1: a prefix is the first key. */
static void devices_have_prefixes(void **state)
{
	const struct lwm2m_record list[] = {
		{behind("/1/0/1", 0), lwm2m_integer(60), 0},
		{behind("/3/0/9", 0), lwm2m_integer(90), 0},
		{behind("/3/0/9", 6), lwm2m_integer(95), 0},
		{behind("/3/0/10", 6), lwm2m_integer(7), 0},
		{behind("/3/0/9", 13), lwm2m_integer(80), 0},
	};

	(void)state;
	encodes_behind(behind("/3/0/9", 6), list + 2, 1,
		       "A1 62 64 35 A1 03 A1 00 A1 09 18 5F");
	encodes_behind(behind("/3/0", 6), list + 2, 2,
		       "A1 62 64 35 A1 03 A1 00 A2 09 18 5F 0A 07");
	encodes_behind(behind("/", PATH_DEVICE_ANY), list, 5,
		       "A4 01 A1 00 A1 01 18 3C 03 A1 00 A1 09 18 5A"
		       "62 64 35 A1 03 A1 00 A2 09 18 5F 0A 07"
		       "63 64 31 32 A1 03 A1 00 A1 09 18 50");
	encodes_behind(behind("/3/0", 6), list, 0, "A0");
}

static void a_device_takes_its_own_names_only(void **state)
{
	static const char own[] = "A1 83 03 00 09 05",
		nested[] = "A1 62 64 35 A1 83 03 00 09 05",
		listed[] = "A1 84 62 64 35 03 00 09 05",
		both[] = "A2 62 64 35 A1 83 03 00 09 05 83 03 00 09 06";

	(void)state;
	assert_int_equal(reads_behind(behind("/3/0", 6), nested), 1);
	record_equal(0, "/d5/3/0/9", lwm2m_integer(5));
	assert_int_equal(reads_behind(behind("/3/0/9", 6), listed), 1);
	record_equal(0, "/d5/3/0/9", lwm2m_integer(5));
	assert_int_equal(reads_behind(behind("/3/0", 6), own), -EXDEV);
	assert_int_equal(reads_behind(behind("/3/0", 5), nested), -EXDEV);
	assert_int_equal(reads_behind(behind("/3/0", 0), listed), -EXDEV);
	assert_int_equal(reads_behind(behind("/", PATH_DEVICE_ANY), both), 2);
	record_equal(1, "/3/0/9", lwm2m_integer(6));
}

static void what_is_no_prefix_is_refused(void **state)
{
	static const char *const cases[] = {
		"A1 62 78 35 A1 83 03 00 09 05",	/* x5 */
		"A1 60 A1 83 03 00 09 05",
		"A1 63 2F 64 35 A1 83 03 00 09 05",	/* /d5 */
		"A1 64 64 35 2F 33 A1 83 03 00 09 05",	/* d5/3 */
		"A1 63 64 30 35 A1 83 03 00 09 05",	/* d05 */
		"A1 03 A1 62 64 35 A1 82 00 09 05",	/* behind an id */
		"A1 62 64 35 A1 62 64 35 A1 83 03 00 09 05",
		"A1 82 62 64 35 62 64 35 A1 83 03 00 09 05",
		"A1 62 64 35 05",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(reads_behind(behind("/", PATH_DEVICE_ANY),
					      cases[i]), -EBADMSG);
}

static void room_has_an_end(void **state)
{
	const struct lwm2m_record list[] = {
		{path("/1/0/1"), lwm2m_integer(60), 0},
		{path("/1/0/7"), text_value(LWM2M_STRING, "UQ"), 0},
	};
	struct lwm2m_path at = path("/1/0");
	struct buf out;
	uint8_t bytes[64];
	size_t whole;

	(void)state;
	out = buf_over(bytes, sizeof(bytes));
	assert_int_equal(codec_encode(FORMAT_LWM2M_CBOR, &at, list, 2, &out),
			 0);
	whole = out.used;
	for (size_t size = 0; size < whole; size++) {
		out = buf_over(bytes, size);
		assert_int_equal(codec_encode(FORMAT_LWM2M_CBOR, &at, list, 2,
					      &out), -EMSGSIZE);
	}
	assert_int_equal(codec_decode(FORMAT_LWM2M_CBOR, &model, &at,
				      (const uint8_t *)"\xa1\x82\1\0\xa2"
				      "\1\1\2\2", 9, records, 1, NULL),
			 -EMSGSIZE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids_go_down_from_the_root),
		cmocka_unit_test(several_objects_and_instances),
		cmocka_unit_test(what_has_no_content),
		cmocka_unit_test(keys_may_be_lists),
		cmocka_unit_test(names_without_values),
		cmocka_unit_test(types_are_the_models),
		cmocka_unit_test(malformed_ones_are_refused),
		cmocka_unit_test(paths_outside_the_base_are_refused),
		cmocka_unit_test(devices_have_prefixes),
		cmocka_unit_test(a_device_takes_its_own_names_only),
		cmocka_unit_test(what_is_no_prefix_is_refused),
		cmocka_unit_test(room_has_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
