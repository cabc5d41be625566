/* SPDX-License-Identifier: GPL-2.0-or-later
 * The messages of a stream before libcoap sees them, byte by byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "agent/coap/stream_inspect.h"
#include "agent/lwm2m/request.h"

#define BYTES(text) text, sizeof(text) - 1

static const struct {
	const char *in;
	size_t n_in;
	const char *out;
	size_t n_out;
	uint8_t verdict;	/* of the last message */
	bool malformed;		/* what comes behind what is passed on */
} cases[] = {
	/* GET /3 with a token of one byte; a signal; an empty message */
	{BYTES("\x21\x01" "t" "\xb1" "3"), BYTES("\x21\x01" "t" "\xb1" "3"), 0,
	 false},
	{BYTES("\x01\xe1" "t"), BYTES("\x01\xe1" "t"), 0, false},
	{BYTES("\x00\x00"), BYTES("\x00\x00"), 0, false},
	/* Accept of three bytes behind a path: four bytes less */
	{BYTES("\x61\x01" "t" "\xb1" "3" "\x63" "abc"),
	 BYTES("\x21\x01" "t" "\xb1" "3"), CODE(4, 2), false},
	/* Observe of four bytes before a payload: an elective option */
	{BYTES("\x71\x01" "t" "\x64" "abcd" "\xff" "x"),
	 BYTES("\x21\x01" "t" "\xff" "x"), 0, false},
	/* a method that is none, and the next message, which is one */
	{BYTES("\x20\x08" "\xb1" "3"), BYTES("\x20\x01" "\xb1" "3"), CODE(4, 5),
	 false},
	{BYTES("\x20\x08" "\xb1" "3" "\x20\x02" "\xb1" "3"),
	 BYTES("\x20\x01" "\xb1" "3" "\x20\x02" "\xb1" "3"), 0, false},
	/* a length of one byte more (13 + 1) that needs none any more (10) */
	{BYTES("\xd0\x01\x01" "\xb8" "12345678" "\x64" "abcd"),
	 BYTES("\x90\x01" "\xb8" "12345678"), CODE(4, 2), false},
	/* an answer is not looked at, but for its form */
	{BYTES("\x31\x45" "t" "\xc2" "ab"), BYTES("\x31\x45" "t" "\xc2" "ab"),
	 0, false},
	/* tokens of nine bytes, and extended */
	{BYTES("\x09\x01" "123456789"), BYTES(""), 0, true},
	{BYTES("\x0d\x01"), BYTES(""), 0, true},
	/* options that are cut short, a marker alone */
	{BYTES("\x10\x01\xb4"), BYTES(""), 0, true},
	{BYTES("\x10\x45\xff"), BYTES(""), 0, true},
	/* a critical option of a signal, an elective one, behind a request */
	{BYTES("\x20\x01" "\xb1" "3" "\x10\xe1\x90"),
	 BYTES("\x20\x01" "\xb1" "3"), 0, true},
	{BYTES("\x10\xe2\x20"), BYTES("\x10\xe2\x20"), 0, false},
	/* longer than was allowed */
	{BYTES("\xf0\xff\xff\xff\xff\x01"), BYTES(""), 0, true},
};

struct passed {
	uint8_t at[70000];
	size_t n;
	uint8_t verdict;
	bool malformed;
};

static void pass_on(struct stream_inspection *s, struct passed *to)
{
	enum stream_state state;

	while ((state = stream_look(s)) != STREAM_SHORT) {
		if (state == STREAM_MALFORMED) {
			to->malformed = true;
			return;
		}
		if (state == STREAM_BEGINS)
			to->verdict = s->verdict;
		to->n += stream_take(s, to->at + to->n, sizeof(to->at) - to->n);
	}
}

/* It comes in pieces of `most` bytes. */
static struct passed *feed(const uint8_t *in, size_t n, size_t most)
{
	struct stream_inspection *s = calloc(1, sizeof(*s));
	struct passed *to = calloc(1, sizeof(*to));

	assert_non_null(s);
	assert_non_null(to);
	for (size_t done = 0; done < n && !to->malformed; ) {
		size_t room, piece = n - done < most ? n - done : most;
		uint8_t *at = stream_room(s, &room);

		assert_true(room > 0);
		piece = piece < room ? piece : room;
		memcpy(at, in + done, piece);
		stream_put(s, piece);
		done += piece;
		pass_on(s, to);
	}
	free(s);
	return to;
}

static void each_case(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (size_t most = 1; most <= cases[i].n_in; most++) {
			struct passed *to = feed((const uint8_t *)cases[i].in,
						 cases[i].n_in, most);

			if (to->n != cases[i].n_out ||
			    to->verdict != cases[i].verdict ||
			    to->malformed != cases[i].malformed ||
			    memcmp(to->at, cases[i].out, to->n))
				fail_msg("case %zu, by %zu: %zu bytes, "
					 "verdict %u", i, most, to->n,
					 to->verdict);
			free(to);
		}
}

/* A payload that is longer than what is held passes; its options were looked
 * at. */
static void payloads_pass(void **state)
{
	static const uint8_t start[] = {
		0xe0, 0xff, 0xff, 0x08, 0xb1, '3', 0x64, 'a', 'b', 'c', 'd',
		0xff};
	static uint8_t in[4 + 269 + 0xffff];
	struct passed *to;

	(void)state;
	memset(in, 'x', sizeof(in));
	memcpy(in, start, sizeof(start));
	to = feed(in, sizeof(in), 1500);
	assert_int_equal(to->n, sizeof(in) - 5);
	assert_int_equal(to->verdict, CODE(4, 5));
	assert_memory_equal(to->at, "\xe0\xff\xfa\x01\xb1" "3\xff" "xxx", 10);
	assert_int_equal(to->at[to->n - 1], 'x');
	free(to);
}

/* Options that are longer than that go as they came. */
static void endless_options_pass(void **state)
{
	static uint8_t in[3 + 13 + 5000];
	struct passed *to;

	(void)state;
	memset(in, 0xb0, sizeof(in));		/* options of no byte */
	in[0] = 0xe0;
	in[1] = (sizeof(in) - 4 - 269) >> 8;
	in[2] = (uint8_t)(sizeof(in) - 4 - 269);
	in[3] = 1;
	to = feed(in, sizeof(in), 1500);
	assert_int_equal(to->n, sizeof(in));
	assert_memory_equal(to->at, in, sizeof(in));
	assert_false(to->malformed);
	free(to);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_case),
		cmocka_unit_test(payloads_pass),
		cmocka_unit_test(endless_options_pass),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
