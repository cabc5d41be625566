/* SPDX-License-Identifier: GPL-2.0-or-later
 * Block options byte by byte, bodies in pieces, answers that are remembered. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>
#include "agent/coap/blockwise.h"
#include "agent/lwm2m/request.h"

static void test_options_are_read_and_written(void **state)
{
	static const struct {
		uint8_t bytes[3];
		size_t n;
		struct block block;
	} rows[] = {
		{{0}, 0, {0, false, 0}},	/* block 0, 16 bytes */
		{{0x06}, 1, {0, false, 6}},	/* block 0, 1,024 bytes */
		{{0x0e}, 1, {0, true, 6}},	/* and more to come */
		{{0x1e}, 1, {1, true, 6}},
		{{0x10, 0x04}, 2, {256, false, 4}},
		{{0xff, 0xff, 0xfe}, 3, {0xfffff, true, 6}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t out[3];
		struct block block;

		assert_true(block_decode(rows[i].bytes, rows[i].n, &block));
		assert_int_equal(block.number, rows[i].block.number);
		assert_int_equal(block.more, rows[i].block.more);
		assert_int_equal(block.szx, rows[i].block.szx);
		assert_int_equal(block_encode(&block, out), rows[i].n);
		assert_memory_equal(out, rows[i].bytes, rows[i].n);
	}
}

static void test_reserved_size_and_long_options_are_refused(void **state)
{
	const uint8_t reserved[] = {0x07}, four[] = {1, 2, 3, 4};
	struct block block;

	(void)state;
	assert_false(block_decode(reserved, 1, &block));
	assert_false(block_decode(four, 4, &block));
}

static void test_bulk_is_for_streams(void **state)
{
	const uint8_t bulk[] = {0x3f};
	static const uint8_t bytes[3000];
	struct block_body body = {0};
	struct block block;

	(void)state;
	assert_false(block_decode(bulk, 1, &block));
	assert_true(block_decode_bulk(bulk, 1, &block));
	assert_true(block.more);
	assert_int_equal(block.number, 3);
	assert_int_equal(block_size(&block), 1024);
	/* two blocks, then the third and what is left */
	block = (struct block){0, true, BLOCK_SZX_BULK};
	assert_int_equal(block_body_add(&body, 1, &block, bytes, 2000),
			 CODE(4, 0));
	assert_int_equal(block_body_add(&body, 1, &block, bytes, 0),
			 CODE(4, 0));
	assert_int_equal(block_body_add(&body, 1, &block, bytes, 2048),
			 CODE(2, 31));
	block = (struct block){2, false, BLOCK_SZX_BULK};
	assert_int_equal(block_body_add(&body, 1, &block, bytes, 1500), 0);
	assert_int_equal(body.used, 3548);
	block_body_finish(&body);
}

static void test_a_body_is_cut_at_its_end(void **state)
{
	static const struct {
		uint32_t number;
		uint8_t szx;
		size_t length;
		long n;
		bool more;
	} rows[] = {
		{0, 6, 0, 0, false},	{0, 6, 1024, 1024, false},
		{0, 6, 1025, 1024, true}, {1, 6, 1025, 1, false},
		{2, 6, 1025, -ERANGE, false}, {1, 6, 1024, -ERANGE, false},
		{64, 0, 1030, 6, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct block b = {rows[i].number, false, rows[i].szx};
		size_t offset;

		assert_int_equal(block_cut(&b, rows[i].length, &offset),
				 rows[i].n);
		assert_int_equal(b.more, rows[i].more);
	}
}

static void test_pieces_become_a_body(void **state)
{
	struct block_body body = {0};
	uint8_t piece[16];

	(void)state;
	memset(piece, 'a', sizeof(piece));
	assert_int_equal(block_body_add(&body, 1, &(struct block){0, true, 0},
					piece, 16), CODE(2, 31));
	assert_int_equal(block_body_add(&body, 1, &(struct block){1, false, 0},
					piece, 5), 0);
	assert_int_equal(body.used, 21);
	block_body_finish(&body);
}

static void test_a_missing_piece_is_4_08(void **state)
{
	struct block_body body = {0};
	uint8_t piece[16] = {0};

	(void)state;
	assert_int_equal(block_body_add(&body, 1, &(struct block){1, true, 0},
					piece, 16), CODE(4, 8));
	block_body_add(&body, 1, &(struct block){0, true, 0}, piece, 16);
	assert_int_equal(block_body_add(&body, 1, &(struct block){2, true, 0},
					piece, 16), CODE(4, 8));
	/* another request's block does not mix in */
	assert_int_equal(block_body_add(&body, 2, &(struct block){1, true, 0},
					piece, 16), CODE(4, 8));
	block_body_finish(&body);
}

static void test_a_new_transfer_begins_at_block_0(void **state)
{
	struct block_body body = {0};
	uint8_t piece[16] = {0};

	(void)state;
	block_body_add(&body, 1, &(struct block){0, true, 0}, piece, 16);
	assert_int_equal(block_body_add(&body, 2, &(struct block){0, false, 0},
					(const uint8_t *)"xyz", 3), 0);
	assert_int_equal(body.used, 3);
	assert_memory_equal(body.at, "xyz", 3);
	block_body_finish(&body);
}

static void test_a_short_piece_in_the_middle_is_4_00(void **state)
{
	struct block_body body = {0};

	(void)state;
	assert_int_equal(block_body_add(&body, 1, &(struct block){0, true, 0},
					(const uint8_t *)"xyz", 3), CODE(4, 0));
	block_body_finish(&body);
}

static void test_more_than_its_size_is_4_00(void **state)
{
	struct block_body body = {0};
	uint8_t piece[17] = {0};

	(void)state;
	assert_int_equal(block_body_add(&body, 1, &(struct block){0, false, 0},
					piece, 17), CODE(4, 0));
	assert_int_equal(block_body_add(&body, 1, &(struct block){0, true, 0},
					piece, 17), CODE(4, 0));
	block_body_finish(&body);
}

static void test_too_large_a_body_is_4_13(void **state)
{
	static const uint8_t piece[1024];
	struct block_body body = {0};
	uint8_t code = CODE(2, 31);
	uint32_t n = 0;

	(void)state;
	for (; code == CODE(2, 31); n++)
		code = block_body_add(&body, 1, &(struct block){n, true, 6},
				      piece, sizeof(piece));
	assert_int_equal(code, CODE(4, 13));
	assert_int_equal(n - 1, BLOCK_BODY_MAX / 1024);
	assert_null(body.at);
}

static void test_answers_are_remembered_for_their_time(void **state)
{
	struct dedup dedup = {0};

	(void)state;
	dedup_add(&dedup, &(struct dedup_answer){.until = 100, .mid = 7,
		 .token = 1, .code = CODE(2, 4)});
	assert_int_equal(dedup_find(&dedup, 7, 1, 99)->code, CODE(2, 4));
	assert_null(dedup_find(&dedup, 7, 2, 99));	/* another token */
	assert_null(dedup_find(&dedup, 8, 1, 99));	/* another id */
	assert_null(dedup_find(&dedup, 7, 1, 100));	/* too old */
}

static void test_the_oldest_answer_is_forgotten_first(void **state)
{
	struct dedup dedup = {0};

	(void)state;
	for (uint16_t i = 0; i <= DEDUP_MAX; i++)
		dedup_add(&dedup,
			  &(struct dedup_answer){.until = 100, .mid = i});
	assert_null(dedup_find(&dedup, 0, 0, 1));
	for (uint16_t i = 1; i <= DEDUP_MAX; i++)
		assert_non_null(dedup_find(&dedup, i, 0, 1));
}

static void a_body_of_another_size(void **state)
{
	struct block_body body = {0};
	uint8_t payload[1024] = {0}, code = CODE(2, 31);
	uint32_t n;

	(void)state;
	for (n = 0; code == CODE(2, 31); n++) {
		code = block_body_add(&body, 7, &(struct block){n, true, 6},
				      payload, sizeof(payload));
		body.most = 100 * 1024;
	}
	assert_int_equal(code, CODE(4, 13));
	assert_int_equal(n - 1, 100);
	/* forgotten with the body */
	block_body_add(&body, 7, &(struct block){0, true, 6}, payload, 1024);
	assert_int_equal(body.most, 0);
	block_body_finish(&body);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_body_of_another_size),
		cmocka_unit_test(test_options_are_read_and_written),
		cmocka_unit_test(test_reserved_size_and_long_options_are_refused),
		cmocka_unit_test(test_a_body_is_cut_at_its_end),
		cmocka_unit_test(test_pieces_become_a_body),
		cmocka_unit_test(test_a_missing_piece_is_4_08),
		cmocka_unit_test(test_a_new_transfer_begins_at_block_0),
		cmocka_unit_test(test_a_short_piece_in_the_middle_is_4_00),
		cmocka_unit_test(test_bulk_is_for_streams),
		cmocka_unit_test(test_more_than_its_size_is_4_00),
		cmocka_unit_test(test_too_large_a_body_is_4_13),
		cmocka_unit_test(test_answers_are_remembered_for_their_time),
		cmocka_unit_test(test_the_oldest_answer_is_forgotten_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
