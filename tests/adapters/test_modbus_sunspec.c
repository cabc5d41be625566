/* SPDX-License-Identifier: GPL-2.0-or-later
 * SunSpec's tables against the published models, and the walk over maps that
 * are as they should be, elsewhere, cut, endless, or not there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "adapters/modbus/sunspec.h"

static void fields_are_where_the_models_have_them(void **state)
{
	static const struct {
		unsigned id;
		const char *name;
		uint8_t type, offset, length, scale;
	} cases[] = {
		{1, "Mn", SUNSPEC_STRING, 2, 16, 0},
		{1, "SN", SUNSPEC_STRING, 50, 16, 0},
		{101, "A", SUNSPEC_UINT16, 2, 1, 6},
		{103, "PhVphA", SUNSPEC_UINT16, 10, 1, 13},
		{103, "W", SUNSPEC_INT16, 14, 1, 15},
		{103, "WH", SUNSPEC_ACC32, 24, 2, 26},
		{102, "DCW", SUNSPEC_INT16, 31, 1, 32},
		{103, "St", SUNSPEC_ENUM16, 38, 1, 0},
		{103, "Evt1", SUNSPEC_BITFIELD32, 40, 2, 0},
		{113, "A", SUNSPEC_FLOAT32, 2, 2, 0},
		{111, "W", SUNSPEC_FLOAT32, 22, 2, 0},
		{112, "WH", SUNSPEC_FLOAT32, 32, 2, 0},
		{201, "PPVphAB", SUNSPEC_INT16, 12, 1, 15},
		{203, "PhVphAB", SUNSPEC_INT16, 12, 1, 15},
		{203, "W", SUNSPEC_INT16, 18, 1, 22},
		{204, "TotWhExp", SUNSPEC_ACC32, 38, 2, 54},
		{204, "TotWhImp", SUNSPEC_ACC32, 46, 2, 54},
		{213, "W", SUNSPEC_FLOAT32, 28, 2, 0},
		{802, "SoC", SUNSPEC_UINT16, 11, 1, 56},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct sunspec_model *m = sunspec_model_find(cases[i].id);
		const struct sunspec_field *f;

		assert_non_null(m);
		f = sunspec_field_find(m, cases[i].name);
		assert_non_null(f);
		assert_int_equal(f->type, cases[i].type);
		assert_int_equal(f->offset, cases[i].offset);
		assert_int_equal(f->length, cases[i].length);
		assert_int_equal(f->scale, cases[i].scale);
		assert_int_equal(sunspec_offset(m, f, 1), f->offset);
	}
	assert_null(sunspec_model_find(104));
	assert_null(sunspec_field_find(sunspec_model_find(103), "X"));
}

/* Each field is behind the header, and a scale factor is one register that no
 * field has. */
static void tables_are_sound(void **state)
{
	(void)state;
	for (const struct sunspec_model *m = sunspec_models; m->fields; m++)
		for (const struct sunspec_field *f = m->fields; f->name; f++) {
			assert_true(f->offset >= 2 && f->length >= 1);
			assert_true(f->type < SUNSPEC_TYPES);
			for (const struct sunspec_field *o = m->fields;
			     o->name && f->scale; o++)
				assert_true(f->scale < o->offset ||
					    f->scale >= o->offset + o->length);
		}
}

static void blocks_repeat(void **state)
{
	const struct sunspec_model *m = sunspec_model_find(160);
	const struct sunspec_field *f = sunspec_field_find(m, "DCW");

	(void)state;
	assert_int_equal(sunspec_offset(m, f, 1), 21);
	assert_int_equal(sunspec_offset(m, f, 2), 41);
	assert_int_equal(sunspec_offset(m, sunspec_field_find(m, "N"), 2), 8);
}

/* ---- the walk */

static uint16_t image[65536];
static bool there[65536];

static void image_start(void)
{
	memset(image, 0, sizeof(image));
	memset(there, 0, sizeof(there));
}

static uint16_t put(uint16_t at, uint16_t high, uint16_t low)
{
	image[at] = high;
	image[at + 1] = low;
	there[at] = there[at + 1] = true;
	return (uint16_t)(at + 2);
}

/* Models of these ids and lengths, and the end. */
static void map_put(uint16_t at, const uint16_t (*models)[2], unsigned n)
{
	at = put(at, 0x5375, 0x6e53);
	for (unsigned i = 0; i < n; i++) {
		put(at, models[i][0], models[i][1]);
		at = (uint16_t)(at + 2 + models[i][1]);
	}
	put(at, 0xffff, 0);
}

static unsigned map_walk(struct sunspec_walk *walk)
{
	unsigned requests = 0;
	uint16_t at;

	memset(walk, 0, sizeof(*walk));
	while (sunspec_next(walk, &at)) {
		assert_true(requests++ < 100);
		sunspec_feed(walk, there[at] && there[at + 1] ? &image[at] :
			     NULL, false);
	}
	return requests;
}

static const uint16_t usual[][2] = {{1, 66}, {103, 50}, {120, 26}, {160, 48}};

static void map_is_found_at_three_addresses(void **state)
{
	static const uint16_t bases[] = {40000, 50000, 0};
	struct sunspec_walk walk;
	char text[64];

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		image_start();
		map_put(bases[i], usual, 4);
		assert_int_equal(map_walk(&walk), 1 + i + 5);
		assert_int_equal(walk.state, SUNSPEC_DONE);
		assert_int_equal(walk.base, bases[i]);
		assert_int_equal(sunspec_address(&walk, 103), bases[i] + 70);
		assert_int_equal(sunspec_address(&walk, 160), bases[i] + 150);
		assert_int_equal(sunspec_address(&walk, 101), -1);
		sunspec_print(&walk, text, sizeof(text));
		assert_string_equal(text, "1, 103, 120, 160");
	}
}

static void other_devices_have_none(void **state)
{
	struct sunspec_walk walk;

	(void)state;
	image_start();
	assert_int_equal(map_walk(&walk), 3);
	assert_int_equal(walk.state, SUNSPEC_NONE);
	memset(there, 1, sizeof(there));
	memset(image, 0x53, sizeof(image));
	assert_int_equal(map_walk(&walk), 3);
	assert_int_equal(walk.state, SUNSPEC_NONE);
}

/* What was silent may have been away. */
static void silence_is_no_answer(void **state)
{
	struct sunspec_walk walk = {.state = SUNSPEC_SEARCH};
	static const uint16_t mark[] = {0x5375, 0x6e53}, end[] = {0xffff, 0};
	uint16_t at;

	(void)state;
	for (int i = 0; i < 3; i++)
		sunspec_feed(&walk, NULL, i == 0);
	assert_true(sunspec_next(&walk, &at));
	assert_int_equal(at, 40000);
	sunspec_feed(&walk, mark, false);
	sunspec_feed(&walk, NULL, true);
	assert_true(sunspec_next(&walk, &at));
	assert_int_equal(at, 40002);
	sunspec_feed(&walk, end, false);
	assert_false(sunspec_next(&walk, &at));
	assert_int_equal(walk.state, SUNSPEC_DONE);
}

static void maps_may_end_anyhow(void **state)
{
	struct sunspec_walk walk;

	(void)state;
	image_start();
	map_put(40000, usual, 4);
	there[40002 + 68 + 52 + 28] = false;	/* refused */
	map_walk(&walk);
	assert_int_equal(walk.state, SUNSPEC_DONE);
	assert_int_equal(walk.n, 3);
	image_start();				/* beyond the last address */
	map_put(50000, (const uint16_t[][2]){{1, 66}, {103, 60000}}, 2);
	map_walk(&walk);
	assert_int_equal(walk.state, SUNSPEC_DONE);
	assert_int_equal(walk.n, 2);
	image_start();				/* without end */
	put(40000, 0x5375, 0x6e53);
	for (uint16_t at = 40002; at < 50000; at = (uint16_t)(at + 2))
		put(at, 7, 0);
	map_walk(&walk);
	assert_int_equal(walk.state, SUNSPEC_DONE);
	assert_int_equal(walk.n, SUNSPEC_MODELS_MAX);
}

static void text_has_its_limit(void **state)
{
	struct sunspec_walk walk = {.n = SUNSPEC_MODELS_MAX};
	char text[16];

	(void)state;
	for (unsigned i = 0; i < walk.n; i++)
		walk.models[i].id = 60000;
	sunspec_print(&walk, text, sizeof(text));
	assert_string_equal(text, "60000, 60000, 6");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_are_where_the_models_have_them),
		cmocka_unit_test(tables_are_sound),
		cmocka_unit_test(blocks_repeat),
		cmocka_unit_test(map_is_found_at_three_addresses),
		cmocka_unit_test(other_devices_have_none),
		cmocka_unit_test(silence_is_no_answer),
		cmocka_unit_test(maps_may_end_anyhow),
		cmocka_unit_test(text_has_its_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
