/* SPDX-License-Identifier: GPL-2.0-or-later
 * Payloads in each format, byte for byte, and the mistakes that real servers
 * do not forgive. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/server/decode.h"
#include "tests/server/words.h"

/* {values} of a payload in hex, or the error; static memory. */
static const char *read_hex(int format, const char *base, const char *hex)
{
	static char text[512];
	uint8_t data[256];
	long n = hex_parse(hex, data, sizeof(data));
	struct decoded d;

	assert_true(n >= 0);
	d = decode(format, base, data, (size_t)n);
	strcpy(text, d.error ? d.error
			     : json_object_to_json_string_ext(
				       d.values,
				       JSON_C_TO_STRING_PLAIN |
					       JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(d.values);
	json_object_put(d.times);
	return text;
}

static const char *read_text(int format, const char *base, const char *text)
{
	char hex[512], *at = hex;

	for (*at = '\0'; *text; text++)
		at += sprintf(at, "%02x", (unsigned char)*text);
	return read_hex(format, base, hex);
}

static void text_is_typed_by_its_resource(void **state)
{
	(void)state;
	assert_string_equal(read_text(0, "/3303/0/5700", "21.7"),
			    "{\"/3303/0/5700\":21.7}");
	assert_string_equal(read_text(0, "/3303/0/5701", "Cel"),
			    "{\"/3303/0/5701\":\"Cel\"}");
	assert_string_equal(read_text(0, "/3306/0/5850", "1"),
			    "{\"/3306/0/5850\":true}");
	assert_string_equal(read_text(0, "/3306/0/5850", "true"),
			    "text is not 0 or 1");
	assert_string_equal(read_text(0, "/3303/0/5700", ""),
			    "text is not a value");
	assert_string_equal(read_text(0, "/3303/0", "21.7"),
			    "format is only for a single resource");
}

static void tlv_is_read_at_every_level(void **state)
{
	(void)state;
	/* e4 1644 41ad999a: resource 5700, four bytes, 21.7 as float */
	assert_string_equal(read_hex(11542, "/3303/0/5700", "e4164441ad999a"),
			    "{\"/3303/0/5700\":21.7}");
	/* 07: object instance 0 of 7 bytes around it */
	assert_string_equal(read_hex(11542, "/3303",
				     "0700e4164441ad999a"),
			    "{\"/3303/0/5700\":21.7}");
	/* 83 0b: multiple resource 11 holding 41 00 00: instance 0 = 0 */
	assert_string_equal(read_hex(11542, "/3/0", "830b410000"),
			    "{\"/3/0/11/0\":0}");
	/* c1 01 2c: lifetime in one byte */
	assert_string_equal(read_hex(11542, "/1/0", "c1012c"),
			    "{\"/1/0/1\":44}");
}

static void tlv_mistakes_are_named(void **state)
{
	(void)state;
	assert_string_equal(read_hex(11542, "/3303/0/5700", "e1164415"),
			    "TLV float is not 4 or 8 bytes");
	assert_string_equal(read_hex(11542, "/3303/0/5700", "e41644"),
			    "TLV cut short");
	assert_string_equal(read_hex(11542, "/3303/0/5601", "e4164441ad999a"),
			    "answer holds a path that was not asked for");
}

static void senml_json_is_read_with_base_names(void **state)
{
	(void)state;
	assert_string_equal(
		read_text(110, "/3303/0",
			  "[{\"bn\":\"/3303/0/\",\"n\":\"5700\",\"v\":21.7},"
			  "{\"n\":\"5701\",\"vs\":\"Cel\"}]"),
		"{\"/3303/0/5700\":21.7,\"/3303/0/5701\":\"Cel\"}");
	assert_string_equal(read_text(110, "/3303/0/5700",
				      "[{\"n\":\"/3303/0/5700\",\"v\":21}]"),
			    "{\"/3303/0/5700\":21.0}");
	assert_string_equal(read_text(110, "/3303/0/5700",
				      "[{\"n\":\"/3303/0/5700\","
				      "\"vs\":\"21\"}]"),
			    "SenML value is not a number");
	assert_string_equal(read_text(110, "/3303/0/5700", "[{\"v\":1}]"),
			    "SenML name is not the path of a resource");
}

static void senml_cbor_is_read(void **state)
{
	(void)state;
	/* [{-2: "/3303/0/", 0: "5700", 2: 21.5 (half)}] */
	assert_string_equal(read_hex(112, "/3303/0/5700",
				     "81a321682f333330332f302f"
				     "00643537303002f94d60"),
			    "{\"/3303/0/5700\":21.5}");
	assert_string_equal(read_hex(112, "/3303/0/5700", "81a121"),
			    "CBOR cut short");
}

static void cbor_of_a_float_must_be_a_float(void **state)
{
	(void)state;
	assert_string_equal(read_hex(60, "/3303/0/5700", "f94d60"),
			    "{\"/3303/0/5700\":21.5}");
	assert_string_equal(read_hex(60, "/3303/0/5700", "15"),
			    "CBOR value of a Float is not a float");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_typed_by_its_resource),
		cmocka_unit_test(tlv_is_read_at_every_level),
		cmocka_unit_test(tlv_mistakes_are_named),
		cmocka_unit_test(senml_json_is_read_with_base_names),
		cmocka_unit_test(senml_cbor_is_read),
		cmocka_unit_test(cbor_of_a_float_must_be_a_float),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
