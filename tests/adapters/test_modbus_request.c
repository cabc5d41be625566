/* SPDX-License-Identifier: GPL-2.0-or-later
 * Modbus PDUs and serial frames, against the examples of the specification
 * (Application Protocol 1.1b3, 6.1 to 6.12) and hostile replies. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "adapters/modbus/request.h"

#define ASSERT_PDU(r, ...) do { \
	static const uint8_t want_[] = {__VA_ARGS__}; \
	assert_int_equal((r)->length, sizeof(want_)); \
	assert_memory_equal((r)->pdu, want_, sizeof(want_)); \
} while (0)
#define CHECK(r, ...) reply_check((r), (const uint8_t[]){__VA_ARGS__}, \
				  sizeof((const uint8_t[]){__VA_ARGS__}))

static void reads_coils(void **state)
{
	/* coils 20 to 38 of the example: 19 bits from address 19 */
	static const uint8_t reply[] = {1, 3, 0xcd, 0x6b, 0x05};
	struct modbus_request r = request_read(1, TABLE_COIL, 19, 19);
	uint16_t bits[19];

	(void)state;
	ASSERT_PDU(&r, 1, 0, 0x13, 0, 0x13);
	assert_int_equal(reply_check(&r, reply, sizeof(reply)), 0);
	reply_words(&r, reply, 0, 19, bits);
	assert_int_equal(bits[0], 1);	/* 0xcd: 1100 1101, low bit first */
	assert_int_equal(bits[1], 0);
	assert_int_equal(bits[2], 1);
	assert_int_equal(bits[8], 1);
	assert_int_equal(bits[16], 1);
	assert_int_equal(bits[17], 0);
	assert_int_equal(bits[18], 1);
	reply_words(&r, reply, 8, 2, bits);	/* 0x6b: 0110 1011 */
	assert_int_equal(bits[0], 1);
	assert_int_equal(bits[1], 1);
	assert_int_equal(bits[2], 1);	/* left alone */
	reply_words(&r, reply, 17, 1, bits);
	assert_int_equal(bits[0], 0);
}

static void reads_registers(void **state)
{
	static const uint8_t reply[] = {3, 6, 0x02, 0x2b, 0, 0, 0, 0x64};
	struct modbus_request r = request_read(17, TABLE_HOLDING, 107, 3);
	uint16_t words[3];

	(void)state;
	ASSERT_PDU(&r, 3, 0, 0x6b, 0, 3);
	assert_int_equal(r.unit, 17);
	assert_int_equal(reply_check(&r, reply, sizeof(reply)), 0);
	reply_words(&r, reply, 0, 3, words);
	assert_int_equal(words[0], 0x022b);
	assert_int_equal(words[1], 0);
	assert_int_equal(words[2], 0x64);
	reply_words(&r, reply, 2, 1, words);
	assert_int_equal(words[0], 0x64);
	assert_int_equal(words[1], 0);		/* left alone */
	r = request_read(1, TABLE_INPUT, 8, 1);
	ASSERT_PDU(&r, 4, 0, 8, 0, 1);
	r = request_read(1, TABLE_DISCRETE, 196, 22);
	ASSERT_PDU(&r, 2, 0, 0xc4, 0, 0x16);
}

static void reads_as_much_as_there_may_be(void **state)
{
	struct modbus_request r = request_read(1, TABLE_HOLDING, 65411, 125);

	(void)state;
	ASSERT_PDU(&r, 3, 0xff, 0x83, 0, 125);
	assert_int_equal(r.reply, 252);
	r = request_read(1, TABLE_COIL, 0, 2000);
	ASSERT_PDU(&r, 1, 0, 0, 0x07, 0xd0);
	assert_int_equal(r.reply, 252);
}

static void writes(void **state)
{
	static const uint16_t words[] = {0x000a, 0x0102};
	struct modbus_request r = request_coil_write(1, 172, true, false);

	(void)state;
	ASSERT_PDU(&r, 5, 0, 0xac, 0xff, 0);
	assert_int_equal(CHECK(&r, 5, 0, 0xac, 0xff, 0), 0);
	r = request_coil_write(1, 172, false, false);
	ASSERT_PDU(&r, 5, 0, 0xac, 0, 0);
	r = request_coil_write(1, 19, true, true);
	ASSERT_PDU(&r, 15, 0, 19, 0, 1, 1, 1);
	assert_int_equal(CHECK(&r, 15, 0, 19, 0, 1), 0);
	r = request_registers_write(1, 1, (const uint16_t[]){3}, 1, false);
	ASSERT_PDU(&r, 6, 0, 1, 0, 3);
	r = request_registers_write(1, 1, words, 2, false);
	ASSERT_PDU(&r, 16, 0, 1, 0, 2, 4, 0, 0x0a, 1, 2);
	assert_int_equal(CHECK(&r, 16, 0, 1, 0, 2), 0);
	r = request_registers_write(1, 1, words, 1, true);
	ASSERT_PDU(&r, 16, 0, 1, 0, 1, 2, 0, 0x0a);
}

static void tells_exceptions(void **state)
{
	struct modbus_request r = request_read(1, TABLE_HOLDING, 0, 1);

	(void)state;
	assert_int_equal(CHECK(&r, 0x83, 2), 2);
	assert_int_equal(CHECK(&r, 0x83, 11), 11);
	assert_string_equal(exception_name(2), "illegal data address");
	assert_string_equal(exception_name(9), "unknown exception");
	assert_string_equal(exception_name(255), "unknown exception");
}

static void takes_no_reply_to_something_else(void **state)
{
	struct modbus_request r = request_read(1, TABLE_HOLDING, 0, 2);

	(void)state;
	assert_int_equal(CHECK(&r, 4, 4, 0, 1, 0, 2), -EBADMSG);
	assert_int_equal(CHECK(&r, 0x84, 2), -EBADMSG);
	assert_int_equal(CHECK(&r, 0x83, 0), -EBADMSG);
	assert_int_equal(CHECK(&r, 0x83), -EBADMSG);
	assert_int_equal(CHECK(&r, 0x83, 2, 0), -EBADMSG);
	assert_int_equal(CHECK(&r, 3, 2, 0, 1), -EBADMSG);
	assert_int_equal(CHECK(&r, 3, 4, 0, 1), -EBADMSG);
	assert_int_equal(CHECK(&r, 3, 2, 0, 1, 0, 2), -EBADMSG);
	assert_int_equal(CHECK(&r, 3, 4, 0, 1, 0, 2, 0), -EBADMSG);
	r = request_registers_write(1, 1, (const uint16_t[]){3}, 1, false);
	assert_int_equal(CHECK(&r, 6, 0, 1, 0, 4), -EBADMSG);
	assert_int_equal(CHECK(&r, 6, 0, 2, 0, 3), -EBADMSG);
}

static void frames_carry_a_crc(void **state)
{
	/* 01 03 00 00 00 0A C5 CD */
	static const uint8_t want[] = {1, 3, 0, 0, 0, 0x0a, 0xc5, 0xcd};
	struct modbus_request r = request_read(1, TABLE_HOLDING, 0, 10);
	uint8_t frame[RTU_MAX];

	(void)state;
	assert_int_equal(rtu_frame_put(&r, frame), sizeof(want));
	assert_memory_equal(frame, want, sizeof(want));
	assert_true(rtu_crc_good(frame, sizeof(want)));
	frame[3] ^= 1;
	assert_false(rtu_crc_good(frame, sizeof(want)));
	assert_false(rtu_crc_good(frame, 3));
}

static void frames_tell_their_length(void **state)
{
	(void)state;
	assert_int_equal(rtu_reply_length((const uint8_t[]){1, 3}, 2), 0);
	assert_int_equal(rtu_reply_length((const uint8_t[]){1, 3, 4}, 3), 9);
	assert_int_equal(rtu_reply_length((const uint8_t[]){1, 0x83, 2}, 3), 5);
	assert_int_equal(rtu_reply_length((const uint8_t[]){1, 16, 0}, 3), 8);
	assert_int_equal(rtu_reply_length((const uint8_t[]){1, 3, 255}, 3),
			 260);
}

/* Function 43/14, objects 0 and 1, and 17 with a run indicator behind. */
static void names_are_read(void **state)
{
	static const uint8_t objects[] = {
		43, 14, 1, 0x81, 0, 0, 3, 0, 4, 'A', 'c', 'm', 'e',
		1, 0, 2, 4, ' ', 'V', '2', 0};
	static const uint8_t id[] = {17, 5, 'P', 'M', 5, '7', 0xff};
	struct modbus_request named = request_identification(7);
	struct modbus_request asked = request_server_id(7);
	uint8_t cut[sizeof(objects)];
	char text[32];

	(void)state;
	assert_int_equal(reply_check(&named, objects, sizeof(objects)), 0);
	reply_name(&named, objects, text, sizeof(text));
	assert_string_equal(text, "Acme, V2");
	reply_name(&named, objects, text, 7);
	assert_true(strlen(text) < 7);
	assert_int_equal(reply_check(&asked, id, sizeof(id)), 0);
	reply_name(&asked, id, text, sizeof(text));
	assert_string_equal(text, "PM7");
	/* neither shorter nor longer than it says, nor of another function */
	assert_int_equal(reply_check(&asked, id, sizeof(id) - 1), -EBADMSG);
	assert_int_equal(reply_check(&named, id, sizeof(id)), -EBADMSG);
	for (size_t n = 1; n < sizeof(objects); n++) {
		memcpy(cut, objects, n);
		assert_int_equal(reply_check(&named, cut, n), -EBADMSG);
	}
}

static void frames_with_names_tell_their_length(void **state)
{
	static const uint8_t frame[] = {
		7, 43, 14, 1, 1, 0, 0, 1, 0, 2, 'A', 'b'};

	(void)state;
	for (size_t n = 3; n < sizeof(frame) - 2; n++)
		assert_int_equal(rtu_reply_length(frame, n), 0);
	assert_int_equal(rtu_reply_length(frame, sizeof(frame)), 14);
	assert_int_equal(rtu_reply_length((const uint8_t[]){7, 17, 4}, 3), 9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_coils),
		cmocka_unit_test(reads_registers),
		cmocka_unit_test(reads_as_much_as_there_may_be),
		cmocka_unit_test(writes),
		cmocka_unit_test(tells_exceptions),
		cmocka_unit_test(takes_no_reply_to_something_else),
		cmocka_unit_test(frames_carry_a_crc),
		cmocka_unit_test(frames_tell_their_length),
		cmocka_unit_test(names_are_read),
		cmocka_unit_test(frames_with_names_tell_their_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
