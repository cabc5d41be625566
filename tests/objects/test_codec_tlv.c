/* SPDX-License-Identifier: GPL-2.0-or-later
 * TLV: the bytes beside what they mean. */
#include <math.h>

#include "tests/objects/check.h"

static int encode(const char *base, const struct lwm2m_record *list, size_t n,
		  uint8_t *bytes, size_t size, size_t *used)
{
	struct lwm2m_path at = path(base);
	struct buf out = buf_over(bytes, size);
	int error = codec_encode(FORMAT_TLV, &at, list, n, &out);

	*used = out.used;
	return error;
}

static void encodes(const char *base, const struct lwm2m_record *list,
		    size_t n, const char *hex)
{
	uint8_t bytes[512];
	size_t used;

	assert_int_equal(encode(base, list, n, bytes, sizeof(bytes), &used), 0);
	hex_equal(bytes, used, hex);
}

/* ETS case 215: what a server writes to its account. */
static void the_server_account(void **state)
{
	(void)state;
	assert_int_equal(decode_hex(FORMAT_TLV, "/1/0",
		"C1 02 65"		/* /2 of 1 byte: 101 */
		"C2 03 03 F2"		/* /3, not in this model */
		"C2 05 07 D0"		/* /5 of 2 bytes: 2000 */
		"C1 06 01"		/* /6: true */
		"C1 07 55"), 5);	/* /7: "U" */
	record_equal(0, "/1/0/2", lwm2m_integer(101));
	record_equal(1, "/1/0/3", text_value(LWM2M_OPAQUE, "\x03\xf2"));
	record_equal(2, "/1/0/5", lwm2m_integer(2000));
	record_equal(3, "/1/0/6", lwm2m_boolean(true));
	record_equal(4, "/1/0/7", text_value(LWM2M_STRING, "U"));
}

/* ETS case 651: time and zone of a device. */
static void the_device_time(void **state)
{
	static const char hex[] = "C4 0D 51 82 42 8F"	/* 1367491215 */
		"C6 0E 2B 30 32 3A 30 30"		/* +02:00 */
		"C8 0F 0C 45 75 72 6F 70 65 2F 50 61 72 69 73";
	const struct lwm2m_record list[] = {
		{path("/3/0/13"), time_value(1367491215), 0},
		{path("/3/0/14"), text_value(LWM2M_STRING, "+02:00"), 0},
		{path("/3/0/15"), text_value(LWM2M_STRING, "Europe/Paris"), 0},
	};

	(void)state;
	encodes("/3/0", list, 3, hex);
	assert_int_equal(decode_hex(FORMAT_TLV, "/3/0", hex), 3);
	for (size_t i = 0; i < 3; i++) {
		char text[PATH_TEXT_MAX];

		path_format(&list[i].path, text);
		record_equal(i, text, list[i].value);
	}
	assert_int_equal(decode_hex(FORMAT_OLD_TLV, "/3/0", hex), 3);
}

static void an_object_wraps_its_instances(void **state)
{
	const struct lwm2m_record list[] = {
		{path("/3303/0/5700"), lwm2m_float(21.5), 0},
		{path("/3303/0/5701"), text_value(LWM2M_STRING, "Cel"), 0},
		{path("/3303/1/5700"), lwm2m_float(21.7), 0},
	};
	static const char hex[] =
		"08 00 0D"			/* instance 0, 13 bytes */
			"E4 16 44 41 AC 00 00"	/* 5700: 21.5, 4 bytes do */
			"E3 16 45 43 65 6C"	/* 5701: "Cel" */
		"08 01 0C"			/* instance 1, 12 bytes */
			"E8 16 44 08"		/* 5700: 21.7 needs 8 bytes */
			"40 35 B3 33 33 33 33 33";

	(void)state;
	encodes("/3303", list, 3, hex);
	assert_int_equal(decode_hex(FORMAT_TLV, "/3303", hex), 3);
	record_equal(0, "/3303/0/5700", lwm2m_float(21.5));
	record_equal(1, "/3303/0/5701", text_value(LWM2M_STRING, "Cel"));
	record_equal(2, "/3303/1/5700", lwm2m_float(21.7));
	/* One instance comes without its wrap, and is read with it. */
	encodes("/3303/1", list + 2, 1, "E8 16 44 08 40 35 B3 33 33 33 33 33");
	assert_int_equal(decode_hex(FORMAT_TLV, "/3303/1",
		"08 01 07 E4 16 44 41 AC 00 00"), 1);
	record_equal(0, "/3303/1/5700", lwm2m_float(21.5));
}

static void a_multiple_resource_wraps_its_elements(void **state)
{
	const struct lwm2m_record list[] = {
		{path("/3/0/0"), text_value(LWM2M_STRING, ""), 0},
		{path("/3/0/6/0"), lwm2m_integer(1), 0},
		{path("/3/0/6/1"), lwm2m_integer(-500), 0},
		{path("/3/0/9"), lwm2m_integer(100), 0},
	};

	(void)state;
	encodes("/3/0", list, 4,
		"C0 00"			/* 0: "" */
		"87 06 41 00 01 42 01 FE 0C"	/* 6: {0: 1, 1: -500} */
		"C1 09 64");		/* 9: 100 */
	encodes("/3/0/6", list + 1, 2, "87 06 41 00 01 42 01 FE 0C");
	encodes("/3/0/6/1", list + 2, 1, "42 01 FE 0C");
	encodes("/3/0/9", list + 3, 1, "C1 09 64");

	assert_int_equal(decode_hex(FORMAT_TLV, "/3/0",
				    "87 06 41 00 01 42 01 FE 0C"), 2);
	record_equal(0, "/3/0/6/0", lwm2m_integer(1));
	record_equal(1, "/3/0/6/1", lwm2m_integer(-500));
	assert_int_equal(decode_hex(FORMAT_TLV, "/3/0/6",
				    "87 06 41 00 01 42 01 FE 0C"), 2);
	/* Some write the elements bare. */
	assert_int_equal(decode_hex(FORMAT_TLV, "/3/0/6",
				    "41 00 01 42 01 FE 0C"), 2);
	record_equal(1, "/3/0/6/1", lwm2m_integer(-500));
	assert_int_equal(decode_hex(FORMAT_TLV, "/3/0/6/1", "42 01 FE 0C"), 1);
	record_equal(0, "/3/0/6/1", lwm2m_integer(-500));
	assert_int_equal(decode_hex(FORMAT_TLV, "/3/0/6/1",
				    "84 06 42 01 FE 0C"), 1);
	record_equal(0, "/3/0/6/1", lwm2m_integer(-500));
}

static void nothing_is_a_list_too(void **state)
{
	const struct lwm2m_record instance = {path("/3303/2"), {0}, 0};
	const struct lwm2m_record resource = {path("/3/0/6"), {0}, 0};

	(void)state;
	encodes("/3303", NULL, 0, "");
	encodes("/3303", &instance, 1, "00 02");
	encodes("/3303/2", &instance, 1, "");
	encodes("/3/0", &resource, 1, "80 06");
	assert_int_equal(decode_hex(FORMAT_TLV, "/3303", ""), 0);
	assert_int_equal(decode_hex(FORMAT_TLV, "/3303/0", ""), 0);
	assert_int_equal(decode_hex(FORMAT_TLV, "/3303", "00 02"), 1);
	record_equal(0, "/3303/2", (struct lwm2m_value){.type = LWM2M_NONE});
	assert_int_equal(decode_hex(FORMAT_TLV, "/3/0", "80 06"), 1);
	record_equal(0, "/3/0/6", (struct lwm2m_value){.type = LWM2M_NONE});
}

/* Create without an id: the resources alone. */
static void an_instance_without_an_id(void **state)
{
	(void)state;
	assert_int_equal(decode_hex(FORMAT_TLV, "/1", "C1 01 3C C1 06 00"), 2);
	assert_int_equal(records[0].path.depth, 3);
	assert_int_equal(records[0].path.id[1], 65535);
	assert_int_equal(records[0].path.id[2], 1);
	assert_int_equal(records[0].value.as.integer, 60);
	assert_int_equal(records[1].value.type, LWM2M_BOOLEAN);
}

static void numbers_take_1_2_4_or_8_bytes(void **state)
{
	static const struct {
		int64_t number;
		const char *hex;
	} cases[] = {
		{0, "C1 02 00"}, {127, "C1 02 7F"}, {-128, "C1 02 80"},
		{128, "C2 02 00 80"}, {-129, "C2 02 FF 7F"},
		{32767, "C2 02 7F FF"}, {32768, "C4 02 00 00 80 00"},
		{-32769, "C4 02 FF FF 7F FF"},
		{2147483648, "C8 02 08 00 00 00 00 80 00 00 00"},
		{INT64_MIN, "C8 02 08 80 00 00 00 00 00 00 00"},
		{INT64_MAX, "C8 02 08 7F FF FF FF FF FF FF FF"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct lwm2m_record record = {
			path("/1000/0/2"), lwm2m_integer(cases[i].number), 0
		};

		encodes("/1000/0/2", &record, 1, cases[i].hex);
		assert_int_equal(decode_hex(FORMAT_TLV, "/1000/0/2",
					    cases[i].hex), 1);
		record_equal(0, "/1000/0/2", lwm2m_integer(cases[i].number));
	}
	/* Longer than it need be is no fault. */
	assert_int_equal(decode_hex(FORMAT_TLV, "/1000/0/2",
				    "C4 02 FF FF FF FE"), 1);
	record_equal(0, "/1000/0/2", lwm2m_integer(-2));
}

static void unsigned_numbers_have_no_sign(void **state)
{
	static const struct {
		uint64_t number;
		const char *hex;
	} cases[] = {
		{127, "C1 03 7F"}, {128, "C2 03 00 80"},
		{32768, "C4 03 00 00 80 00"},
		{2147483648, "C8 03 08 00 00 00 00 80 00 00 00"},
		{UINT64_MAX, "C8 03 08 FF FF FF FF FF FF FF FF"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct lwm2m_record record = {
			path("/1000/0/3"), lwm2m_unsigned(cases[i].number), 0
		};

		encodes("/1000/0/3", &record, 1, cases[i].hex);
		assert_int_equal(decode_hex(FORMAT_TLV, "/1000/0/3",
					    cases[i].hex), 1);
		record_equal(0, "/1000/0/3", lwm2m_unsigned(cases[i].number));
	}
	/* Those who know that there is no sign need one byte. */
	assert_int_equal(decode_hex(FORMAT_TLV, "/1000/0/3", "C1 03 FF"), 1);
	record_equal(0, "/1000/0/3", lwm2m_unsigned(255));
}

static void other_types(void **state)
{
	const struct lwm2m_record list[] = {
		{path("/1000/0/1"), lwm2m_boolean(false), 0},
		{path("/1000/0/7"), text_value(LWM2M_OPAQUE, "\1\2"), 0},
		{path("/1000/0/8"), link_value(3303, 1), 0},
		{path("/1000/0/9"), text_value(LWM2M_CORELINK, "</1>"), 0},
		{path("/1000/0/300"), lwm2m_integer(1), 0},
	};

	(void)state;
	encodes("/1000/0", list, 5, "C1 01 00  C2 07 01 02"
		"C4 08 0C E7 00 01"	/* object 3303, instance 1 */
		"C4 09 3C 2F 31 3E" "E1 01 2C 01");
}

static void lengths_of_1_2_and_3_bytes(void **state)
{
	static uint8_t content[70000], bytes[70010];
	static const struct {
		uint32_t length;
		const char *head;
	} cases[] = {
		{7, "C7 07"}, {8, "C8 07 08"}, {255, "C8 07 FF"},
		{256, "D0 07 01 00"}, {65535, "D0 07 FF FF"},
		{65536, "D8 07 01 00 00"},
	};
	size_t used;

	(void)state;
	memset(content, 0xa5, sizeof(content));
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct lwm2m_record record = {path("/1000/0/7"), {
			LWM2M_OPAQUE, cases[i].length, {.bytes = content}}, 0};
		size_t head;

		assert_int_equal(encode("/1000/0/7", &record, 1, bytes,
					sizeof(bytes), &used), 0);
		head = used - cases[i].length;
		hex_equal(bytes, head, cases[i].head);
		assert_memory_equal(bytes + head, content, cases[i].length);
		assert_int_equal(decode(FORMAT_TLV, "/1000/0/7", bytes, used),
				 1);
		assert_true(value_equal(&records[0].value, &record.value));
	}
}

static void malformed_ones_are_refused(void **state)
{
	static const struct {
		const char *base, *hex;
		int error;
	} cases[] = {
		/* Cut off: in the head, id, length, content. */
		{"/1/0", "C1", -EBADMSG}, {"/1/0", "E1 16", -EBADMSG},
		{"/1/0", "C8 02", -EBADMSG}, {"/1/0", "D0 02 01", -EBADMSG},
		{"/1/0", "C2 02 01", -EBADMSG},
		{"/1/0", "C1 02 01 C4", -EBADMSG},
		/* Longer than what is there, or than its holder. */
		{"/1/0", "D8 02 FF FF FF 01", -EBADMSG},
		{"/1", "03 00 C2 02 01", -EBADMSG},
		{"/3/0", "83 06 42 00 01", -EBADMSG},
		/* Something after it. */
		{"/1/0/1", "C1 01 01 00", -EBADMSG},
		/* What may not stand there. */
		{"/1", "04 00 02 01 C0", -EBADMSG},	/* instance in one */
		{"/1/0", "84 06 82 01 41", -EBADMSG},	/* multiple in one */
		{"/1/0", "83 06 C1 01 01", -EBADMSG},	/* resource in one */
		{"/1", "03 00 41 01 01", -EBADMSG},	/* bare element */
		{"/1/0", "41 01 01", -EBADMSG},
		{"/1", "41 01 01", -EBADMSG},
		{"/1/0/1", "03 00 C1 01 01", -EBADMSG},
		{"/3/0/6/0", "C1 06 01", -EBADMSG},
		{"/1", "00 00 C1 01 01", -EBADMSG},	/* both kinds */
		{"/1/0", "E1 FF FF 01", -EBADMSG},	/* id 65535 */
		/* Not what was asked for. */
		{"/1/0", "03 01 C1 01 01", -EXDEV},
		{"/1/0/1", "C1 02 01", -EXDEV},
		{"/3/0/6/1", "41 00 01", -EXDEV},
		{"/3/0/6/1", "86 06 41 00 01 41 01 01", -EXDEV},
		{"/3/0/6", "83 07 41 00 01", -EXDEV},
		/* Widths and contents that the type does not have. */
		{"/1000/0", "C0 01", -EPROTOTYPE},
		{"/1000/0", "C1 01 02", -EPROTOTYPE},
		{"/1000/0", "C2 01 00 01", -EPROTOTYPE},
		{"/1000/0", "C0 02", -EPROTOTYPE},
		{"/1000/0", "C3 02 00 00 01", -EPROTOTYPE},
		{"/1000/0", "C3 03 00 00 01", -EPROTOTYPE},
		{"/1000/0", "C1 04 15", -EPROTOTYPE},	/* 21 is no float */
		{"/1000/0", "C2 04 00 15", -EPROTOTYPE},
		{"/1000/0", "C4 04 7F C0 00 00", -EPROTOTYPE},	/* NaN */
		{"/1000/0", "C4 04 FF 80 00 00", -EPROTOTYPE},	/* -inf */
		{"/1000/0", "C3 05 00 00 01", -EPROTOTYPE},
		{"/1000/0", "C2 06 C3 28", -EPROTOTYPE},	/* no UTF-8 */
		{"/1000/0", "C2 08 00 01", -EPROTOTYPE},
		{"/1000/0", "C1 09 78", -EPROTOTYPE},	/* no link */
		{"/", "C1 01 01", -ENOTSUP},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(decode_hex(FORMAT_TLV, cases[i].base,
					    cases[i].hex), cases[i].error);
}

static void room_has_an_end(void **state)
{
	const struct lwm2m_record list[] = {
		{path("/3303/0/5700"), lwm2m_float(21.5), 0},
		{path("/3303/1/5700"), lwm2m_float(21.5), 0},
	};
	struct lwm2m_path base = path("/1/0");
	static const uint8_t two[] = {0xc1, 1, 1, 0xc1, 2, 1};
	uint8_t bytes[32];
	size_t used;

	(void)state;
	assert_int_equal(encode("/3303", list, 2, bytes, sizeof(bytes), &used),
			 0);
	for (size_t size = 0, whole = used; size < whole; size++)
		assert_int_equal(encode("/3303", list, 2, bytes, size, &used),
				 -EMSGSIZE);
	assert_int_equal(codec_decode(FORMAT_TLV, &model, &base, two,
				      sizeof(two), records, 1, NULL),
			 -EMSGSIZE);
	assert_int_equal(encode("/", list, 2, bytes, sizeof(bytes), &used),
			 -ENOTSUP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_server_account),
		cmocka_unit_test(the_device_time),
		cmocka_unit_test(an_object_wraps_its_instances),
		cmocka_unit_test(a_multiple_resource_wraps_its_elements),
		cmocka_unit_test(nothing_is_a_list_too),
		cmocka_unit_test(an_instance_without_an_id),
		cmocka_unit_test(numbers_take_1_2_4_or_8_bytes),
		cmocka_unit_test(unsigned_numbers_have_no_sign),
		cmocka_unit_test(other_types),
		cmocka_unit_test(lengths_of_1_2_and_3_bytes),
		cmocka_unit_test(malformed_ones_are_refused),
		cmocka_unit_test(room_has_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
