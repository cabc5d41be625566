/* SPDX-License-Identifier: GPL-2.0-or-later
 * The user data of binary SMS, byte by byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "agent/lwm2m/request.h"
#include "agent/sms/sms_message.h"

#define BYTES(text) text, sizeof(text) - 1
/* application port addressing: to 5683, from 49999 */
#define PORTS "\x05\x04\x16\x33\xc3\x4f"
#define POST "\x42\x02\x12\x34" "ab"	/* CON, token of two bytes */
#define TRIGGER "\xb1" "1" "\x01" "0" "\x01" "8"

/* In memory of its own size, so that a sanitizer sees every step aside. What is
 * found points into it: the caller frees it. */
static int read_in(const char *text, size_t n, struct sms_message *message,
		   uint8_t **data)
{
	*data = malloc(n ? n : 1);
	assert_non_null(*data);
	memcpy(*data, text, n);
	return sms_message_read(*data, n, message);
}

static int error_of(const char *text, size_t n)
{
	struct sms_message message;
	uint8_t *data;
	int err = read_in(text, n, &message, &data);

	free(data);
	return err;
}

static void everything_is_read(void **state)
{
	struct sms_message m;
	uint8_t *data;

	(void)state;
	assert_int_equal(read_in(BYTES("\x06" PORTS POST TRIGGER
				       "\x46" "ep=abc" "\x03" "b=U" "\xff" "x"),
				 &m, &data), 0);
	assert_true(m.has_port);
	assert_int_equal(m.port, 5683);
	assert_int_equal(m.type, SMS_CON);
	assert_int_equal(m.code, REQUEST_POST);
	assert_int_equal(m.id, 0x1234);
	assert_int_equal(m.n_token, 2);
	assert_memory_equal(m.token, "ab", 2);
	assert_int_equal(m.uri_length, 5);
	assert_memory_equal(m.uri, "1/0/8", 5);
	assert_int_equal(m.n_queries, 2);
	assert_int_equal(m.query[0].n, 6);
	assert_memory_equal(m.query[0].at, "ep=abc", 6);
	assert_memory_equal(m.query[1].at, "b=U", 3);
	assert_int_equal(m.length, 1);
	assert_memory_equal(m.payload, "x", 1);
	free(data);
}

static void a_header_is_not_needed(void **state)
{
	struct sms_message m;
	uint8_t *data;

	(void)state;
	assert_int_equal(read_in(BYTES("\x50\x02\x00\x01" TRIGGER), &m, &data),
			 0);
	assert_false(m.has_port);
	assert_int_equal(m.type, SMS_NON);
	assert_int_equal(m.n_token, 0);
	assert_int_equal(m.uri_length, 5);
	assert_int_equal(m.length, 0);
	free(data);
}

static const struct {
	const char *in;
	size_t n;
	int err;
} cases[] = {
	{BYTES(""), -EBADMSG},
	{BYTES("\x00"), -EBADMSG},
	{BYTES("\x00" POST), 0},		/* a header of nothing */
	{BYTES("\x40\x02\x00"), -EBADMSG},
	{BYTES("\x40\x02\x00\x00"), 0},
	{BYTES("\x82\x02\x12\x34" "ab"), -EBADMSG},	/* version 2 */
	{BYTES("\x49\x02\x12\x34" "123456789"), -EBADMSG},
	{BYTES("\x48\x02\x12\x34" "12345678"), 0},
	{BYTES("\x48\x02\x12\x34" "1234567"), -EBADMSG},
	/* an empty message is empty */
	{BYTES("\x70\x00\x12\x34"), 0},
	{BYTES("\x41\x00\x12\x34" "a"), -EBADMSG},
	{BYTES("\x40\x00\x12\x34" "\xff" "x"), -EBADMSG},
	/* the header: longer than all, an element cut short */
	{BYTES("\x07" PORTS), -EBADMSG},
	{BYTES("\x3f" POST), -EBADMSG},
	{BYTES("\x01\x05" POST), -EBADMSG},
	{BYTES("\x05\x05\x04\x16\x33\xc3" POST), -EBADMSG},
	{BYTES("\x05\x05\x03\x16\x33\xc3" POST), -EBADMSG},
	{BYTES("\x03\x04\x01\xf5" POST), -EBADMSG},
	{BYTES("\x04\x04\x02\xf5\xf5" POST), 0},
	/* concatenation: the only part, one of two */
	{BYTES("\x05\x00\x03\x07\x01\x01" POST), 0},
	{BYTES("\x05\x00\x03\x07\x02\x01" POST), -ENOTSUP},
	{BYTES("\x06\x08\x04\x00\x07\x01\x01" POST), 0},
	{BYTES("\x06\x08\x04\x00\x07\x02\x02" POST), -ENOTSUP},
	{BYTES("\x04\x00\x02\x07\x01" POST), -EBADMSG},
	{BYTES("\x05\x08\x03\x00\x07\x01" POST), -EBADMSG},
	/* an element that is not known, before the ports */
	{BYTES("\x0a\x70\x02" "xy" PORTS POST), 0},
	/* options: cut short, reserved nibbles, a marker with nothing behind */
	{BYTES(POST "\xb4" "a"), -EBADMSG},
	{BYTES(POST "\xbd"), -EBADMSG},
	{BYTES(POST "\xbe\x00"), -EBADMSG},
	{BYTES(POST "\xf0"), -EBADMSG},
	{BYTES(POST "\xbf"), -EBADMSG},
	{BYTES(POST "\xff"), -EBADMSG},
	/* Uri-Host and Uri-Port, Content-Format, Accept */
	{BYTES(POST "\x31" "h" "\x42\x16\x33" "\x41" "1" "\x10" "\x50"), 0},
	/* Block1 is not known, nor If-Match; an elective one (14) is */
	{BYTES(POST "\xd0\x0e"), -ENOTSUP},
	{BYTES(POST "\x10"), -ENOTSUP},
	{BYTES(POST "\xd0\x01"), 0},
	/* segments: none, one with a slash */
	{BYTES(POST "\xb0" "\x01" "1"), -EBADMSG},
	{BYTES(POST "\xb3" "1/0"), -EBADMSG},
	/* four queries, five */
	{BYTES(POST "\xd0\x02" "\x00\x00\x00"), 0},
	{BYTES(POST "\xd0\x02" "\x00\x00\x00\x00"), -ENOTSUP},
};

static void each_case(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		int err = error_of(cases[i].in, cases[i].n);

		if (err != cases[i].err)
			fail_msg("case %zu: %d, not %d", i, err, cases[i].err);
	}
}

static void an_sms_has_140_bytes(void **state)
{
	char text[SMS_OCTETS_MAX + 1] = POST;

	(void)state;
	memset(text + 6, 'x', sizeof(text) - 6);
	text[6] = '\xff';
	assert_int_equal(error_of(text, SMS_OCTETS_MAX), 0);
	assert_int_equal(error_of(text, SMS_OCTETS_MAX + 1), -EMSGSIZE);
}

/* As many segments as there is room for. */
static void a_path_may_fill_it(void **state)
{
	char text[SMS_OCTETS_MAX] = "\x40\x02\x00\x00";
	struct sms_message m;
	uint8_t *data;

	(void)state;
	for (size_t i = 4; i < sizeof(text); i += 2) {
		text[i] = i == 4 ? '\xb1' : 1;
		text[i + 1] = '1';
	}
	assert_int_equal(read_in(text, sizeof(text), &m, &data), 0);
	assert_int_equal(m.uri_length, SMS_OCTETS_MAX - 4 - 1);
	assert_memory_equal(m.uri + m.uri_length - 4, "/1/1", 4);
	free(data);
}

/* A trigger whose end is missing is not taken for another one. */
static void each_beginning_is_looked_at(void **state)
{
	static const char whole[] = "\x06" PORTS POST "\xb1" "1" "\x02" "10"
				    "\x01" "8" "\x43" "ep=" "\xff" "x";
	size_t n_whole = sizeof(whole) - 1, n_read = 0;

	(void)state;
	for (size_t n = 0; n <= n_whole; n++)
		n_read += !error_of(whole, n);
	/* behind the token, two segments, the third, the query, and all */
	assert_int_equal(n_read, 6);
	assert_int_equal(error_of(whole, n_whole), 0);
	assert_int_equal(error_of(whole, n_whole - 1), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_is_read),
		cmocka_unit_test(a_header_is_not_needed),
		cmocka_unit_test(each_case),
		cmocka_unit_test(an_sms_has_140_bytes),
		cmocka_unit_test(a_path_may_fill_it),
		cmocka_unit_test(each_beginning_is_looked_at),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
