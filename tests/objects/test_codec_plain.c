/* SPDX-License-Identifier: GPL-2.0-or-later
 * text/plain and opaque, and the choice of formats. */
#include "tests/objects/check.h"

static int encode(uint16_t format, const char *base, struct lwm2m_value value,
		  char *text, size_t size)
{
	struct lwm2m_path at = path(base);
	struct lwm2m_record record = {at, value, 0};
	struct buf out = buf_over(text, size - 1);
	int error = codec_encode(format, &at, &record, 1, &out);

	text[out.used] = '\0';
	return error;
}

static void text_of_a_value(void **state)
{
	char text[32];

	(void)state;
	assert_int_equal(encode(FORMAT_TEXT, "/3303/0/5700", lwm2m_float(21.7),
				text, sizeof(text)), 0);
	assert_string_equal(text, "21.7");
	assert_int_equal(encode(FORMAT_TEXT, "/3/0/6/1", lwm2m_integer(-5),
				text, sizeof(text)), 0);
	assert_string_equal(text, "-5");
	assert_int_equal(encode(FORMAT_TEXT, "/3/0/0",
				text_value(LWM2M_STRING, "12345"), text, 5),
			 -EMSGSIZE);
}

static void value_of_a_text(void **state)
{
	(void)state;
	assert_int_equal(decode_text(FORMAT_TEXT, "/3303/0/5700", "21"), 1);
	record_equal(0, "/3303/0/5700", lwm2m_float(21));
	assert_int_equal(decode_text(FORMAT_TEXT, "/1/0/1", "86400"), 1);
	record_equal(0, "/1/0/1", lwm2m_integer(86400));
	assert_int_equal(decode_text(FORMAT_TEXT, "/1000/0/6", ""), 1);
	record_equal(0, "/1000/0/6", text_value(LWM2M_STRING, ""));
	assert_int_equal(decode_text(FORMAT_TEXT, "/9/0/1", "any"), 1);
	record_equal(0, "/9/0/1", text_value(LWM2M_STRING, "any"));
	assert_int_equal(decode_text(FORMAT_OLD_TEXT, "/1/0/6", "1"), 1);
	record_equal(0, "/1/0/6", lwm2m_boolean(true));
	assert_int_equal(records[0].time, 0);
}

static void text_errors(void **state)
{
	(void)state;
	assert_int_equal(decode_text(FORMAT_TEXT, "/1/0/1", "1.5"),
			 -EPROTOTYPE);
	assert_int_equal(decode_text(FORMAT_TEXT, "/3303/0/5700", ""),
			 -EPROTOTYPE);
	assert_int_equal(decode_text(FORMAT_TEXT, "/1000/0/7", "AQ=="), 1);
	assert_int_equal(decode_text(FORMAT_TEXT, "/1/0", "1"), -ENOTSUP);
	assert_int_equal(decode_text(FORMAT_TEXT, "/", "1"), -ENOTSUP);
}

static void text_carries_one(void **state)
{
	const struct lwm2m_record two[] = {
		{path("/1/0/1"), lwm2m_integer(1), 0},
		{path("/1/0/2"), lwm2m_integer(2), 0},
	};
	struct lwm2m_path at = path("/1/0");
	char text[8];
	struct buf out = buf_over(text, sizeof(text));

	(void)state;
	assert_int_equal(codec_encode(FORMAT_TEXT, &at, two, 2, &out),
			 -ENOTSUP);
	assert_int_equal(codec_encode(FORMAT_TEXT, &at, two, 0, &out),
			 -ENOTSUP);
	assert_int_equal(codec_encode(FORMAT_OPAQUE, &at, two, 1, &out),
			 -ENOTSUP);
	at = path("/1/0/1");
	assert_int_equal(codec_encode(FORMAT_TEXT, &at, &two[1], 1, &out),
			 -EXDEV);
}

static void opaque_is_the_bytes(void **state)
{
	char text[8];

	(void)state;
	assert_int_equal(encode(FORMAT_OPAQUE, "/1000/0/7",
				text_value(LWM2M_OPAQUE, "\1\2\xff"), text,
				sizeof(text)), 0);
	assert_string_equal(text, "\1\2\xff");
	assert_int_equal(decode_text(FORMAT_OPAQUE, "/1000/0/7", "\1\2"), 1);
	record_equal(0, "/1000/0/7", text_value(LWM2M_OPAQUE, "\1\2"));
	assert_int_equal(decode_text(FORMAT_OLD_OPAQUE, "/9/0/1", "\1"), 1);
	record_equal(0, "/9/0/1", text_value(LWM2M_OPAQUE, "\1"));
	assert_int_equal(decode_text(FORMAT_OPAQUE, "/1/0/1", "\1"),
			 -EPROTOTYPE);
	assert_int_equal(decode_text(FORMAT_OPAQUE, "/1/0", "\1"), -ENOTSUP);
}

static void formats_that_are_there(void **state)
{
	static const struct {
		uint16_t format;
		bool encodes, decodes;
	} cases[] = {
		{FORMAT_TEXT, true, true}, {FORMAT_OPAQUE, true, true},
		{FORMAT_TLV, true, true}, {FORMAT_SENML_JSON, true, true},
		{FORMAT_SENML_CBOR, true, true},
		{FORMAT_OLD_TEXT, true, true}, {FORMAT_OLD_TLV, true, true},
		{FORMAT_OLD_OPAQUE, true, true},
		{FORMAT_OLD_JSON, true, true}, {FORMAT_JSON, true, true},
		{FORMAT_CBOR, true, true}, {FORMAT_LWM2M_CBOR, true, true},
		{FORMAT_LINK, false, false}, {FORMAT_NONE, false, false},
		{9999, false, false},
	};
	struct lwm2m_path at = path("/1/0/1");
	struct lwm2m_record record = {at, lwm2m_integer(1), 0};
	uint8_t room[64];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint16_t format = cases[i].format;
		struct buf out = buf_over(room, sizeof(room));

		assert_int_equal(codec_encodes(format), cases[i].encodes);
		assert_int_equal(codec_decodes(format), cases[i].decodes);
		if (!cases[i].encodes)
			assert_int_equal(codec_encode(format, &at, &record, 1,
						      &out), -ENOTSUP);
		if (!cases[i].decodes)
			assert_int_equal(decode_text(format, "/1/0/1", "1"),
					 -ENOTSUP);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_of_a_value),
		cmocka_unit_test(value_of_a_text),
		cmocka_unit_test(text_errors),
		cmocka_unit_test(text_carries_one),
		cmocka_unit_test(opaque_is_the_bytes),
		cmocka_unit_test(formats_that_are_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
