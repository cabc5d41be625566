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

/* The same value in each format. The bytes of a resource /1000/0/TYPE stand
 * beside one another: text as it is, the member of JSON that has the value, the
 * others as hex. */
static const struct golden {
	struct lwm2m_value value;
	const char *text, *cbor, *tlv, *json, *senml_json, *senml_cbor;
} golden[] = {
	{{LWM2M_BOOLEAN, 0, {.boolean = true}},
	 "1", "F5", "C1 01 01", "\"bv\":true", "\"vb\":true", "04 F5"},
	{{LWM2M_INTEGER, 0, {.integer = -500}},
	 "-500", "39 01 F3", "C2 02 FE 0C", "\"v\":-500", "\"v\":-500",
	 "02 39 01 F3"},
	{{LWM2M_UNSIGNED, 0, {.uinteger = 200}},
	 "200", "18 C8", "C2 03 00 C8", "\"v\":200", "\"v\":200",
	 "02 18 C8"},
	{{LWM2M_FLOAT, 0, {.number = 21}},
	 "21", "FA 41 A8 00 00", "C4 04 41 A8 00 00", "\"v\":21",
	 "\"v\":21", "02 FA 41 A8 00 00"},
	{{LWM2M_TIME, 0, {.integer = 1700000000}},
	 "1700000000", "C1 1A 65 53 F1 00", "C4 05 65 53 F1 00",
	 "\"v\":1700000000", "\"v\":1700000000", "02 1A 65 53 F1 00"},
	{{LWM2M_STRING, 3, {.text = "Cel"}},
	 "Cel", "63 43 65 6C", "C3 06 43 65 6C", "\"sv\":\"Cel\"",
	 "\"vs\":\"Cel\"", "03 63 43 65 6C"},
	{{LWM2M_OPAQUE, 2, {.text = "\xfb\xff"}},
	 "+/8=", "42 FB FF", "C2 07 FB FF", "\"sv\":\"+/8=\"",
	 "\"vd\":\"-_8\"", "08 42 FB FF"},
	{{LWM2M_OBJLINK, 0, {.link = {3, 1}}},
	 "3:1", "63 33 3A 31", "C4 08 00 03 00 01", "\"ov\":\"3:1\"",
	 "\"vlo\":\"3:1\"", "63 76 6C 6F 63 33 3A 31"},
	{{LWM2M_CORELINK, 4, {.text = "</1>"}},
	 "</1>", "64 3C 2F 31 3E", "C4 09 3C 2F 31 3E", "\"sv\":\"</1>\"",
	 "\"vs\":\"</1>\"", "03 64 3C 2F 31 3E"},
};

/* Out gives these bytes, and they come back as the value. */
static void is_spelled(uint16_t format, const struct lwm2m_value *value,
		       const void *bytes, size_t n)
{
	struct lwm2m_record record = {
		path_resource(TYPES, 0, (uint16_t)value->type), *value, 0
	};
	struct buf out = buf_over(payload, sizeof(payload));

	assert_int_equal(codec_encode(format, &record.path, &record, 1, &out),
			 0);
	assert_int_equal(out.used, n);
	assert_memory_equal(payload, bytes, n);
	comes_back(format, record.path, &record, 1);
}

static void is_spelled_hex(uint16_t format, const struct lwm2m_value *value,
			   const char *before, const char *hex)
{
	uint8_t bytes[64];
	size_t n = hex_read(before, bytes);

	n += hex_read(hex, bytes + n);
	is_spelled(format, value, bytes, n);
}

static void is_spelled_json(const struct golden *g)
{
	char text[128];
	int n = snprintf(text, sizeof(text), "{\"bn\":\"/1000/0/\",\"e\":"
			 "[{\"n\":\"%u\",%s}]}", g->value.type, g->json);

	is_spelled(FORMAT_JSON, &g->value, text, (size_t)n);
	n = snprintf(text, sizeof(text), "[{\"bn\":\"/1000/0/%u\",%s}]",
		     g->value.type, g->senml_json);
	is_spelled(FORMAT_SENML_JSON, &g->value, text, (size_t)n);
}

static void golden_vectors(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(golden); i++) {
		const struct golden *g = &golden[i];
		const struct lwm2m_value *value = &g->value;
		char head[64];

		is_spelled(FORMAT_TEXT, value, g->text, strlen(g->text));
		is_spelled_hex(FORMAT_CBOR, value, "", g->cbor);
		is_spelled_hex(FORMAT_TLV, value, "", g->tlv);
		is_spelled_json(g);
		/* [{-2: "/1000/0/TYPE", ...}] */
		snprintf(head, sizeof(head),
			 "81 A2 21 69 2F 31 30 30 30 2F 30 2F %02X",
			 '0' + (int)value->type);
		is_spelled_hex(FORMAT_SENML_CBOR, value, head, g->senml_cbor);
		/* {1000: {0: {TYPE: ...}}} */
		snprintf(head, sizeof(head), "A1 19 03 E8 A1 00 A1 %02X",
			 (int)value->type);
		is_spelled_hex(FORMAT_LWM2M_CBOR, value, head, g->cbor);
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

/* What LwM2M had before its numbers were registered. */
static void old_numbers(void **state)
{
	static const struct { uint16_t old, now; } numbers[] = {
		{FORMAT_OLD_TEXT, FORMAT_TEXT}, {FORMAT_OLD_TLV, FORMAT_TLV},
		{FORMAT_OLD_JSON, FORMAT_JSON},
		{FORMAT_OLD_OPAQUE, FORMAT_OPAQUE},
	};

	(void)state;
	for (size_t f = 0; f < COUNT(numbers); f++) {
		assert_true(codec_encodes(numbers[f].old));
		assert_true(codec_decodes(numbers[f].old));
		for (size_t i = 0; i < COUNT(values); i++) {
			struct lwm2m_record record = {
				path_resource(TYPES, 7,
					      (uint16_t)values[i].type),
				values[i], 0
			};
			struct buf out = buf_over(payload, sizeof(payload));
			struct buf scratch = buf_over(scratch_bytes,
						      sizeof(scratch_bytes));

			if (!carries(numbers[f].now, &values[i]))
				continue;
			assert_int_equal(codec_encode(numbers[f].now,
					 &record.path, &record, 1, &out), 0);
			assert_int_equal(codec_decode(numbers[f].old, &model,
					 &record.path, payload, out.used,
					 records, COUNT(records), &scratch),
					 1);
			assert_true(value_equal(&records[0].value,
						&values[i]));
		}
	}
}

/* What does not fit a type, in each format: text, and hex of the others (of
 * JSON the member of its value). NULL: the format cannot say such a thing. */
static const struct misfit {
	enum lwm2m_type type;
	const char *text, *cbor, *tlv, *json, *senml_json;
} misfits[] = {
	{LWM2M_BOOLEAN, "2", "01", "C1 01 02", "\"v\":1", "\"v\":1"},
	{LWM2M_BOOLEAN, "", "F6", "C0 01", "\"sv\":\"1\"", "\"vs\":\"1\""},
	{LWM2M_BOOLEAN, "on", "F0", "C2 01 00 01", "\"v\":0", "\"v\":0"},
	{LWM2M_INTEGER, "1.5", "F9 3E 00", "C3 02 00 00 01", "\"v\":1.5",
	 "\"v\":1.5"},
	{LWM2M_INTEGER, "", "F5", "C0 02", "\"bv\":true", "\"vb\":true"},
	{LWM2M_INTEGER, "9223372036854775808", "1B 80 00 00 00 00 00 00 00",
	 NULL, "\"v\":9223372036854775808", "\"v\":9223372036854775808"},
	{LWM2M_INTEGER, " 1", "61 31", NULL, "\"sv\":\"1\"",
	 "\"vs\":\"1\""},
	{LWM2M_UNSIGNED, "-1", "20", NULL, "\"v\":-1", "\"v\":-1"},
	{LWM2M_UNSIGNED, "18446744073709551616", "F9 3E 00", "C3 03 00 00 01",
	 "\"v\":0.5", "\"v\":18446744073709551616"},
	{LWM2M_FLOAT, "", "F4", "C2 04 00 01", "\"bv\":false",
	 "\"vb\":false"},
	{LWM2M_FLOAT, "21,5", "64 32 31 2E 35", "C1 04 15",
	 "\"sv\":\"21.5\"", "\"vs\":\"21.5\""},
	{LWM2M_FLOAT, "0x10", "80", "C3 04 00 00 01", "\"ov\":\"1:1\"",
	 "\"vlo\":\"1:1\""},
	{LWM2M_TIME, "now", "63 6E 6F 77", "C3 05 00 00 01",
	 "\"sv\":\"now\"", "\"vs\":\"now\""},
	{LWM2M_STRING, "\xff", "01", "C1 06 FF", "\"v\":1", "\"v\":1"},
	{LWM2M_OPAQUE, "a", "61 61", NULL, "\"sv\":\"a\"", "\"v\":1"},
	{LWM2M_OPAQUE, "?===", "01", NULL, "\"v\":1", "\"vb\":true"},
	{LWM2M_OBJLINK, "3", "61 33", "C2 08 00 03", "\"ov\":\"3\"",
	 "\"vlo\":\"3\""},
	{LWM2M_OBJLINK, "3:70000", "67 33 3A 37 30 30 30 30", "C1 08 03",
	 "\"ov\":\"3:70000\"", "\"vlo\":\"3:70000\""},
	{LWM2M_CORELINK, "\xc3", "01", "C1 09 C3", "\"v\":1", "\"v\":1"},
};

static void is_refused(uint16_t format, enum lwm2m_type type,
		       const void *bytes, size_t n)
{
	struct lwm2m_path path = path_resource(TYPES, 0, (uint16_t)type);
	struct buf scratch = buf_over(scratch_bytes, sizeof(scratch_bytes));
	int rc = codec_decode(format, &model, &path, bytes, n, records,
			      COUNT(records), &scratch);

	if (rc != -EPROTOTYPE && rc != -EBADMSG)
		fail_msg("format %u, type %d: '%.*s' gives %d", format,
			 (int)type, (int)n, (const char *)bytes, rc);
}

static void is_refused_json(const struct misfit *m)
{
	char text[128];
	int n = snprintf(text, sizeof(text), "{\"bn\":\"/1000/0/\",\"e\":"
			 "[{\"n\":\"%u\",%s}]}", m->type, m->json);

	is_refused(FORMAT_JSON, m->type, text, (size_t)n);
	n = snprintf(text, sizeof(text), "[{\"bn\":\"/1000/0/%u\",%s}]",
		     m->type, m->senml_json);
	is_refused(FORMAT_SENML_JSON, m->type, text, (size_t)n);
}

static void what_fits_no_type(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(misfits); i++) {
		const struct misfit *m = &misfits[i];
		uint8_t bytes[64];
		size_t n = hex_read(m->cbor, bytes);

		is_refused(FORMAT_TEXT, m->type, m->text, strlen(m->text));
		is_refused(FORMAT_CBOR, m->type, bytes, n);
		is_refused_json(m);
		if (!m->tlv)
			continue;
		n = hex_read(m->tlv, bytes);
		is_refused(FORMAT_TLV, m->type, bytes, n);
	}
}

/* Servers are strict here: a whole number of a Float resource is a float. */
static void floats_stay_floats(void **state)
{
	static const double wholes[] = {0, -1, 21, 1e6, 9007199254740993.0};

	(void)state;
	for (size_t i = 0; i < COUNT(wholes); i++) {
		struct lwm2m_record record = {
			path_resource(TYPES, 0, LWM2M_FLOAT),
			lwm2m_float(wholes[i]), 0
		};
		struct buf out = buf_over(payload, sizeof(payload));

		assert_int_equal(codec_encode(FORMAT_CBOR, &record.path,
					      &record, 1, &out), 0);
		assert_true(payload[0] >= 0xf9 && payload[0] <= 0xfb);
		out = buf_over(payload, sizeof(payload));
		assert_int_equal(codec_encode(FORMAT_TLV, &record.path,
					      &record, 1, &out), 0);
		assert_true(payload[0] == 0xc4 || payload[0] == 0xc8);
		out = buf_over(payload, sizeof(payload));
		assert_int_equal(codec_encode(FORMAT_LWM2M_CBOR, &record.path,
					      &record, 1, &out), 0);
		assert_true(payload[8] >= 0xf9 && payload[8] <= 0xfb);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(single_resources),
		cmocka_unit_test(elements_of_multiple_resources),
		cmocka_unit_test(golden_vectors),
		cmocka_unit_test(lists_at_every_level),
		cmocka_unit_test(times_come_back),
		cmocka_unit_test(old_numbers),
		cmocka_unit_test(what_fits_no_type),
		cmocka_unit_test(floats_stay_floats),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
