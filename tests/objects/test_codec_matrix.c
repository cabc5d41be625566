/* SPDX-License-Identifier: GPL-2.0-or-later
 * Every type through every format that carries it, single and multiple, and
 * back to the same record. */
#include "tests/objects/check.h"

static uint8_t payload[1024];

static const struct lwm2m_value values[] = {
	{LWM2M_BOOLEAN, 0, {.boolean = true}},
	{LWM2M_BOOLEAN, 0, {.boolean = false}},
	{LWM2M_INTEGER, 0, {.integer = 0}},
	{LWM2M_INTEGER, 0, {.integer = -1}},
	{LWM2M_INTEGER, 0, {.integer = 200}},
	{LWM2M_INTEGER, 0, {.integer = -40000}},
	{LWM2M_INTEGER, 0, {.integer = 3000000000}},
	{LWM2M_INTEGER, 0, {.integer = INT64_MIN}},
	{LWM2M_INTEGER, 0, {.integer = INT64_MAX}},
	{LWM2M_UNSIGNED, 0, {.uinteger = 0}},
	{LWM2M_UNSIGNED, 0, {.uinteger = 255}},
	{LWM2M_UNSIGNED, 0, {.uinteger = UINT64_MAX}},
	{LWM2M_FLOAT, 0, {.number = 0}},
	{LWM2M_FLOAT, 0, {.number = 21}},
	{LWM2M_FLOAT, 0, {.number = 21.7}},
	{LWM2M_FLOAT, 0, {.number = -0.1}},
	{LWM2M_FLOAT, 0, {.number = 1.0 / 3}},
	{LWM2M_FLOAT, 0, {.number = 1e300}},
	{LWM2M_FLOAT, 0, {.number = 5e-324}},
	{LWM2M_FLOAT, 0, {.number = 18446744073709551616.0}},
	{LWM2M_TIME, 0, {.integer = 1700000000}},
	{LWM2M_TIME, 0, {.integer = -1}},
	{LWM2M_STRING, 0, {.text = ""}},
	{LWM2M_STRING, 3, {.text = "Cel"}},
	{LWM2M_STRING, 5, {.text = "\"\\\n\x01/"}},
	{LWM2M_STRING, 6, {.text = "\xc3\xa9\xf0\x9f\x98\x80"}},
	{LWM2M_STRING, 3, {.text = "a\0b"}},
	{LWM2M_OPAQUE, 0, {.text = ""}},
	{LWM2M_OPAQUE, 1, {.text = "\0"}},
	{LWM2M_OPAQUE, 5, {.text = "\xff\xfe\xfd\xfc\xfb"}},
	{LWM2M_OBJLINK, 0, {.link = {3303, 1}}},
	{LWM2M_OBJLINK, 0, {.link = {65535, 65535}}},
	{LWM2M_CORELINK, 0, {.text = ""}},
	{LWM2M_CORELINK, 18, {.text = "</3/0>;ver=1.1,</>"}},
};

static const uint16_t formats[] = {
	FORMAT_TEXT, FORMAT_OPAQUE, FORMAT_CBOR, FORMAT_TLV, FORMAT_JSON,
	FORMAT_SENML_JSON, FORMAT_SENML_CBOR, FORMAT_LWM2M_CBOR,
};

static bool carries(uint16_t format, const struct lwm2m_value *value)
{
	return format != FORMAT_OPAQUE || value->type == LWM2M_OPAQUE;
}

static void comes_back(uint16_t format, struct lwm2m_path base,
		       const struct lwm2m_record *list, size_t n)
{
	struct buf out = buf_over(payload, sizeof(payload));
	struct buf scratch = buf_over(scratch_bytes, sizeof(scratch_bytes));

	assert_int_equal(codec_encode(format, &base, list, n, &out), 0);
	assert_int_equal(codec_decode(format, &model, &base, payload, out.used,
				      records, COUNT(records), &scratch), n);
	for (size_t i = 0; i < n; i++) {
		assert_true(path_equal(&records[i].path, &list[i].path));
		assert_true(value_equal(&records[i].value, &list[i].value));
	}
}

static void single_resources(void **state)
{
	(void)state;
	for (size_t f = 0; f < COUNT(formats); f++) {
		for (size_t i = 0; i < COUNT(values); i++) {
			struct lwm2m_record record = {
				path_resource(TYPES, 7,
					      (uint16_t)values[i].type),
				values[i], 0
			};

			if (carries(formats[f], &values[i]))
				comes_back(formats[f], record.path, &record,
					   1);
		}
	}
}

static void elements_of_multiple_resources(void **state)
{
	(void)state;
	for (size_t f = 0; f < COUNT(formats); f++) {
		for (size_t i = 0; i < COUNT(values); i++) {
			struct lwm2m_record record = {
				path_element(TYPES, 7,
					     (uint16_t)(MANY + values[i].type),
					     300), values[i], 0
			};

			if (carries(formats[f], &values[i]))
				comes_back(formats[f], record.path, &record,
					   1);
		}
	}
}

/* One record of each kind in an instance, two instances in the object. */
static size_t list_make(struct lwm2m_record *list)
{
	size_t n = 0;

	for (uint16_t instance = 0; instance < 600; instance += 500) {
		for (uint16_t i = 0; i < COUNT(values); i += 3)
			if (!i || values[i].type != values[i - 3].type)
				list[n++] = (struct lwm2m_record){
					path_resource(TYPES, instance,
						(uint16_t)values[i].type),
					values[i], 0};
		for (uint16_t i = 0; i < 3; i++)
			list[n++] = (struct lwm2m_record){
				path_element(TYPES, instance,
					     MANY + LWM2M_INTEGER, i),
				lwm2m_integer(i), 0};
	}
	return n;
}

static void lists_at_every_level(void **state)
{
	static const uint16_t lists[] = {
		FORMAT_TLV, FORMAT_JSON, FORMAT_SENML_JSON, FORMAT_SENML_CBOR,
		FORMAT_LWM2M_CBOR,
	};
	struct lwm2m_record list[64];
	size_t n = list_make(list), half = n / 2;

	(void)state;
	for (size_t f = 0; f < COUNT(lists); f++) {
		comes_back(lists[f], path_object(TYPES), list, n);
		comes_back(lists[f], path_instance(TYPES, 0), list, half);
		comes_back(lists[f], path_instance(TYPES, 500), list + half,
			   half);
		comes_back(lists[f], path_resource(TYPES, 500,
						   MANY + LWM2M_INTEGER),
			   list + n - 3, 3);
		comes_back(lists[f], path_instance(TYPES, 0), list, 0);
		if (lists[f] != FORMAT_TLV)
			comes_back(lists[f], path_root(), list, n);
	}
}

static void times_come_back(void **state)
{
	static const int64_t times[] = {
		INT64_C(1700000000000000000), INT64_C(1700000000123456000),
		INT64_C(268435456000000000), -INT64_C(1500000000), 1,
	};
	static const uint16_t lists[] = {
		FORMAT_JSON, FORMAT_SENML_JSON, FORMAT_SENML_CBOR,
	};

	(void)state;
	for (size_t f = 0; f < COUNT(lists); f++) {
		for (size_t i = 0; i < COUNT(times); i++) {
			struct lwm2m_record record = {
				path_resource(3303, 0, 5700), lwm2m_float(1),
				times[i]
			};

			comes_back(lists[f], record.path, &record, 1);
			assert_int_equal(records[0].time, times[i]);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(single_resources),
		cmocka_unit_test(elements_of_multiple_resources),
		cmocka_unit_test(lists_at_every_level),
		cmocka_unit_test(times_come_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
