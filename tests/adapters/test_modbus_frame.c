/* SPDX-License-Identifier: GPL-2.0-or-later
 * Which bytes are the reply: dialogues, seeded, with every odd habit of a line.
 * Each register holds what only its unit and address give, so that a value
 * from another register, unit or request is known at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "adapters/modbus/frame.h"

#define DIALOGUES 10000
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static uint32_t seed;

static unsigned random_below(unsigned n)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % n;
}

struct stream { uint8_t bytes[FRAME_BYTES_MAX]; size_t n; };

static void put(struct stream *s, const uint8_t *bytes, size_t n)
{
	assert_true(s->n + n <= sizeof(s->bytes));
	memcpy(s->bytes + s->n, bytes, n);
	s->n += n;
}

static uint16_t word_of(uint8_t unit, unsigned address)
{
	return (uint16_t)(unit * 9973u + address * 7u + 1);
}

static struct modbus_request request_random(void)
{
	enum modbus_table table = random_below(2) ? TABLE_HOLDING
						  : TABLE_INPUT;

	return request_read((uint8_t)random_below(256), table,
			    (uint16_t)random_below(60000),
			    1 + random_below(20));
}

/* The PDU of a good answer. */
static size_t reply_make(const struct modbus_request *r, uint8_t *pdu)
{
	unsigned address = (unsigned)r->pdu[1] << 8 | r->pdu[2];
	unsigned n = r->pdu[4];

	pdu[0] = r->pdu[0];
	pdu[1] = (uint8_t)(2 * n);
	for (unsigned i = 0; i < n; i++) {
		uint16_t word = word_of(r->unit, address + i);

		pdu[2 + 2 * i] = (uint8_t)(word >> 8);
		pdu[3 + 2 * i] = (uint8_t)word;
	}
	return 2 + 2 * n;
}

static size_t serial_make(const struct modbus_request *r, uint8_t *frame)
{
	struct modbus_request reply = {.unit = r->unit};

	reply.length = (uint8_t)reply_make(r, reply.pdu);
	return rtu_frame_put(&reply, frame);
}

static size_t tcp_make(const struct modbus_request *r, uint16_t id,
		       uint8_t *frame)
{
	struct modbus_request reply = {.unit = r->unit};

	reply.length = (uint8_t)reply_make(r, reply.pdu);
	return frame_tcp_put(&reply, id, frame);
}

enum habit {
	GOOD, NOISE_BEFORE, NOISE_BEHIND, FOREIGN_BEFORE, FOREIGN_ONLY,
	OTHER_LENGTH_BEFORE, OTHER_FUNCTION, CUT, DAMAGED, SHORT, NOTHING,
	HABITS,
};

static void noise_put(struct stream *s)
{
	uint8_t noise[12];
	size_t n = 1 + random_below(sizeof(noise));

	for (size_t i = 0; i < n; i++)
		noise[i] = (uint8_t)random_below(256);
	put(s, noise, n);
}

/* As many registers as are not asked for, by the same unit. */
static struct modbus_request longer(const struct modbus_request *r)
{
	return request_read(r->unit, r->pdu[0] == 3 ? TABLE_HOLDING
						    : TABLE_INPUT,
			    (uint16_t)random_below(60000),
			    r->pdu[4] + 1 + random_below(5));
}

/* True: the answer is among it. */
static bool serial_answer(struct stream *s, const struct modbus_request *r,
			  enum habit habit)
{
	struct modbus_request other = *r;
	uint8_t frame[RTU_MAX];
	size_t n = serial_make(r, frame);

	switch (habit) {
	case GOOD:
		break;
	case NOISE_BEFORE:
		noise_put(s);
		break;
	case NOISE_BEHIND:
		put(s, frame, n);
		noise_put(s);
		return true;
	case FOREIGN_BEFORE:
	case FOREIGN_ONLY:
		other.unit = (uint8_t)(r->unit + 1 + random_below(254));
		put(s, frame, serial_make(&other, frame));
		if (habit == FOREIGN_ONLY)
			return false;
		n = serial_make(r, frame);
		break;
	case OTHER_LENGTH_BEFORE:
		other = longer(r);
		put(s, frame, serial_make(&other, frame));
		n = serial_make(r, frame);
		break;
	case OTHER_FUNCTION:
		other.pdu[0] = (uint8_t)(7 - r->pdu[0]);
		put(s, frame, serial_make(&other, frame));
		return false;
	case CUT:
		put(s, frame, random_below((unsigned)n));
		return false;
	case DAMAGED:
		frame[random_below((unsigned)n)] ^= (uint8_t)(1u <<
							random_below(8));
		put(s, frame, n);
		return false;
	case SHORT:
		frame[2] = (uint8_t)(frame[2] - 2);
		put(s, frame, n);
		return false;
	case NOTHING:
	case HABITS:
		return false;
	}
	put(s, frame, n);
	return true;
}

static void reply_is_right(const struct modbus_request *r,
			   const struct stream *s,
			   const struct frame_found *found)
{
	uint8_t pdu[PDU_MAX];
	size_t n = reply_make(r, pdu);

	assert_int_equal(found->length, n);
	assert_memory_equal(s->bytes + found->at, pdu, n);
}

static void a_line_gives_the_answer_or_none(void **state)
{
	unsigned answered = 0, told[FRAME_LOST + 1] = {0};

	(void)state;
	for (seed = 0; seed < DIALOGUES;) {
		uint32_t next = seed + 1;
		struct modbus_request r = request_random();
		enum habit habit = (enum habit)random_below(HABITS);
		struct stream s = {.n = 0};
		bool is_there = serial_answer(&s, &r, habit);
		struct frame_found found = frame_serial(&r, s.bytes, s.n);

		if (found.verdict == FRAME_REPLY)
			reply_is_right(&r, &s, &found);
		assert_int_equal(found.verdict == FRAME_REPLY, is_there);
		/* byte by byte there is never another one before it */
		for (size_t n = 0; n < s.n; n++) {
			found = frame_serial(&r, s.bytes, n);
			if (found.verdict == FRAME_REPLY)
				reply_is_right(&r, &s, &found);
		}
		answered += is_there;
		told[frame_serial(&r, s.bytes, s.n).verdict]++;
		seed = next;
	}
	assert_true(answered > DIALOGUES / 3);
	assert_true(told[FRAME_UNIT] > 0 && told[FRAME_OTHER] > 0 &&
		    told[FRAME_DAMAGED] > 0 && told[FRAME_NONE] > 0);
}

/* Over TCP late ones are told by their transaction. */
static void tcp_gives_the_answer_or_none(void **state)
{
	unsigned answered = 0;

	(void)state;
	for (seed = 0; seed < DIALOGUES;) {
		uint32_t next = seed + 1;
		struct modbus_request r = request_random(), old = r;
		uint16_t ids[2] = {(uint16_t)(2 + random_below(65000)), 0};
		unsigned late = random_below(3), kind = random_below(5);
		uint8_t frame[MBAP + PDU_MAX];
		struct frame_found found;
		struct stream s = {.n = 0};
		bool is_there = kind < 2;

		ids[1] = ids[0];
		old.pdu[2] ^= 1;
		for (unsigned i = 0; i < late; i++)
			put(&s, frame, tcp_make(&old, (uint16_t)(ids[0] - 1 -
								 i), frame));
		if (kind == 1 || kind == 3)	/* an id that is none */
			put(&s, frame, tcp_make(&old, 0, frame));
		if (is_there)
			put(&s, frame, tcp_make(&r, ids[0], frame));
		if (kind == 4) {		/* another unit's */
			old.unit++;
			put(&s, frame, tcp_make(&old, ids[0], frame));
		}
		found = frame_tcp(&r, ids, false, s.bytes, s.n);
		assert_int_equal(found.verdict == FRAME_REPLY, is_there);
		if (is_there)
			reply_is_right(&r, &s, &found);
		for (size_t n = 0; n < s.n; n++) {
			found = frame_tcp(&r, ids, false, s.bytes, n);
			if (found.verdict == FRAME_REPLY)
				reply_is_right(&r, &s, &found);
		}
		answered += is_there;
		seed = next;
	}
	assert_true(answered > DIALOGUES / 4);
}

static void transaction_0_counts_where_nothing_is_late(void **state)
{
	struct modbus_request r = request_read(1, TABLE_HOLDING, 7, 1);
	const uint16_t ids[2] = {9, 9};
	struct stream s = {.n = 0};
	struct frame_found found;
	uint8_t frame[MBAP + PDU_MAX];

	(void)state;
	put(&s, frame, tcp_make(&r, 0, frame));
	found = frame_tcp(&r, ids, true, s.bytes, s.n);
	assert_int_equal(found.verdict, FRAME_REPLY);
	assert_true(found.zero_id);
	found = frame_tcp(&r, ids, false, s.bytes, s.n);
	assert_int_equal(found.verdict, FRAME_NONE);
	assert_int_equal(found.late, 1);
}

/* The same bytes for another question: the old reply again, or two registers
 * with the same in them. */
static void a_reply_seen_before_is_suspect(void **state)
{
	struct modbus_request a = request_read(1, TABLE_HOLDING, 7, 2);
	struct modbus_request b = request_read(1, TABLE_HOLDING, 70, 2);
	struct modbus_request c = request_read(2, TABLE_HOLDING, 70, 2);
	struct frame_memory memory = {.next = 0};
	uint8_t pdu[PDU_MAX], other[PDU_MAX];
	size_t n = reply_make(&a, pdu);

	(void)state;
	reply_make(&b, other);
	frame_remember(&memory, &a, pdu, n);
	assert_false(frame_is_suspect(&memory, &a, pdu, n));
	assert_true(frame_is_suspect(&memory, &b, pdu, n));
	assert_false(frame_is_suspect(&memory, &b, other, n));
	assert_false(frame_is_suspect(&memory, &c, pdu, n));
}

static void what_came_is_said(void **state)
{
	static const struct {
		struct frame_found found;
		const char *text;
	} cases[] = {
		{{.verdict = FRAME_UNIT, .unit = 0},
		 "asked unit 5, answered as unit 0"},
		{{.verdict = FRAME_OTHER, .function = 4},
		 "answered with function 4, asked for 3"},
		{{.verdict = FRAME_OTHER, .function = 3, .bytes = 8},
		 "8 bytes where 4 were asked for"},
		{{.verdict = FRAME_LOST}, "what comes is no Modbus TCP"},
	};
	struct modbus_request r = request_read(5, TABLE_HOLDING, 1, 2);
	char text[120];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		frame_print(&cases[i].found, &r, text, sizeof(text));
		assert_string_equal(text, cases[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_gives_the_answer_or_none),
		cmocka_unit_test(tcp_gives_the_answer_or_none),
		cmocka_unit_test(transaction_0_counts_where_nothing_is_late),
		cmocka_unit_test(a_reply_seen_before_is_suspect),
		cmocka_unit_test(what_came_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
