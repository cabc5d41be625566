/* SPDX-License-Identifier: GPL-2.0-or-later
 * Datagrams before libcoap sees them, byte by byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "agent/coap/inspect.h"
#include "agent/lwm2m/request.h"

#define BYTES(text) text, sizeof(text) - 1
#define GET "\x41\x01\x12\x34" "t"	/* CON, token of one byte */
#define NON "\x51\x01\x12\x34" "t"

static const struct {
	const char *in;
	size_t n_in;
	const char *out;	/* NULL: as it came */
	size_t n_out;
	uint8_t verdict;
	bool reject;
} cases[] = {
	{BYTES(GET), NULL, 0, 0, false},
	{BYTES(GET "\xb1" "3" "\x01" "0"), NULL, 0, 0, false},
	/* Accept of three bytes behind a path: option 17 is 11 + 6 */
	{BYTES(GET "\xb1" "3" "\x63" "abc"), BYTES(GET "\xb1" "3"),
	 CODE(4, 2), false},
	/* in a NON: a Reset */
	{BYTES(NON "\xb1" "3" "\x63" "abc"), BYTES("\x50\x01\x12\x34"), 0, true},
	/* Accept twice, then Block2: the delta is that of both */
	{BYTES(GET "\xd0\x04" "\x00" "\x61" "\x06"),
	 BYTES(GET "\xd0\x04" "\x61" "\x06"), CODE(4, 2), false},
	/* Observe of four bytes goes, the path (5 further) stays */
	{BYTES(GET "\x64" "abcd" "\x51" "3" "\xff" "x"),
	 BYTES(GET "\xb1" "3" "\xff" "x"), 0, false},
	/* Content-Format twice: the first counts */
	{BYTES(GET "\xc0" "\x01\x6e" "\xff" "21"),
	 BYTES(GET "\xc0" "\xff" "21"), 0, false},
	/* a method that is none */
	{BYTES("\x41\x08\x12\x34" "t" "\xb1" "3"),
	 BYTES(GET "\xb1" "3"), CODE(4, 5), false},
	/* in an ACK and a Reset */
	{BYTES("\x61\x01\x12\x34" "t"), BYTES("\x60\x00\x92\x34"), 0, false},
	{BYTES("\x71\x03\x12\x34" "t"), BYTES("\x60\x00\x92\x34"), 0, false},
	/* Echo of no byte, Request-Tag of nine: passed over; Q-Block1 of four */
	{BYTES(GET "\xd0\xef"), BYTES(GET), 0, false},
	{BYTES(GET "\xe9\x00\x17" "123456789"), BYTES(GET), 0, false},
	{BYTES(GET "\xd4\x06" "1234"), BYTES(GET), CODE(4, 2), false},
	/* of another version */
	{BYTES("\x81\x01\x12\x34" "t"), BYTES("\x60\x00\x92\x34"), 0, false},
	{BYTES("\x01\x01\x12\x34" "t"), BYTES("\x60\x00\x92\x34"), 0, false},
	/* an ACK that is malformed: its token, its option, a marker alone,
	 * more than a header of what is empty; one of a reserved class */
	{BYTES("\x69\x45\x12\x34"), BYTES("\x60\x00\x92\x34"), 0, false},
	{BYTES("\x60\x45\x12\x34" "\xb4" "a"), BYTES("\x60\x00\x92\x34"), 0,
	 false},
	{BYTES("\x60\x45\x12\x34" "\xff"), BYTES("\x60\x00\x92\x34"), 0,
	 false},
	{BYTES("\x60\x00\x12\x34" "\xff"), BYTES("\x60\x00\x92\x34"), 0,
	 false},
	{BYTES("\x60\xc1\x12\x34"), BYTES("\x60\x00\x92\x34"), 0, false},
	{BYTES("\x60\x21\x12\x34"), BYTES("\x60\x00\x92\x34"), 0, false},
	/* a Reset that is not empty, and one that is */
	{BYTES("\x70\x45\x12\x34"), BYTES("\x60\x00\x92\x34"), 0, false},
	{BYTES("\x71\x00\x12\x34" "t"), BYTES("\x60\x00\x92\x34"), 0, false},
	{BYTES("\x70\x00\x12\x34"), NULL, 0, 0, false},
	/* a signal of a stream, CON and NON */
	{BYTES("\x41\xe1\x12\x34" "t"), BYTES("\x40\xc0\x12\x34"), 0, false},
	{BYTES("\x50\xe2\x12\x34"), BYTES("\x50\xc0\x12\x34"), 0, false},
	/* a ping, which libcoap refuses four times a second only */
	{BYTES("\x40\x00\x12\x34"), BYTES("\x40\xc0\x12\x34"), 0, false},
	/* responses, empty messages and what is malformed are not touched */
	{BYTES("\x61\x45\x12\x34" "t" "\xff" "v"), NULL, 0, 0, false},
	{BYTES("\x61\x45\x12\x34" "t"), NULL, 0, 0, false},
	{BYTES("\x41\x00\x12\x34" "t"), NULL, 0, 0, false},
	{BYTES("\x49\x01\x12\x34"), NULL, 0, 0, false},
	{BYTES("\x41\x01\x12"), NULL, 0, 0, false},
	{BYTES(GET "\xb4" "a"), NULL, 0, 0, false},
	{BYTES(GET "\xf0"), NULL, 0, 0, false},
};

/* In memory of their own size, so that a sanitizer sees every step aside. */
static void each_case(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t *in = malloc(cases[i].n_in), *to = malloc(cases[i].n_in);
		struct inspection found;

		memcpy(in, cases[i].in, cases[i].n_in);
		found = datagram_inspect(in, cases[i].n_in, to);
		if (found.n != cases[i].n_out ||
		    found.verdict != cases[i].verdict ||
		    found.reject != cases[i].reject ||
		    (found.n && memcmp(to, cases[i].out, found.n)))
			fail_msg("case %zu: %zu bytes, verdict %u", i, found.n,
				 found.verdict);
		free(in);
		free(to);
	}
}

static void too_long(void **state)
{
	static uint8_t in[INSPECT_LONGEST + 1], to[sizeof(in)];
	const char start[] = GET "\xb1" "3" "\xff";
	struct inspection found;

	(void)state;
	memset(in, 'x', sizeof(in));
	memcpy(in, start, sizeof(start) - 1);
	found = datagram_inspect(in, sizeof(in) - 1, to);
	assert_int_equal(found.n, 0);
	found = datagram_inspect(in, sizeof(in), to);
	assert_int_equal(found.verdict, CODE(4, 13));
	assert_int_equal(found.n, sizeof(start) - 2);
	assert_memory_equal(to, start, found.n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_case),
		cmocka_unit_test(too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
