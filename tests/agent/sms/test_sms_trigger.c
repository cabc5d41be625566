/* SPDX-License-Identifier: GPL-2.0-or-later
 * Who may have an Update sent by SMS, by whom, and how often. Virtual time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "agent/sms/sms_message.h"
#include "agent/sms/sms_trigger.h"

#define S INT64_C(1000000000)
#define HOUR (3600 * S)
#define SERVER "+491701"
#define OTHER "+491702"
#define POST "\x50\x02\x00\x01"
#define TRIGGER POST "\xb1" "1" "\x01" "0" "\x01" "8"
#define TO(port) "\x06\x05\x04" port "\xc3\x4f"

static const struct sms_account accounts[] = {
	{"gateway", SERVER, 0, 0, true},
	{"meter", SERVER, 0, 6001, true},
	{"lost", SERVER, 0, 6002, false},
	{"second", SERVER, 7, 6003, true},
	{"meter", OTHER, 0, 6001, true},
	{"mute", NULL, 0, 6004, true},
	{"silent", "", 0, 6005, true},
};
#define N (sizeof(accounts) / sizeof(*accounts))
#define ALL (1u << 0 | 1u << 1)		/* registered, at SERVER, /1/0 */

static bool unsafe;

static enum sms_outcome step_at(struct sms_state *state, uint16_t per_hour,
				const char *number, const char *data, size_t n,
				int64_t now, unsigned *chosen)
{
	const struct sms_scope scope = {accounts, N, per_hour, unsafe};
	const struct sms_received sms = {number, (const uint8_t *)data, n};
	struct sms_message message;
	bool update[N];
	enum sms_outcome outcome;

	memset(update, 1, sizeof(update));
	outcome = sms_step(state, &scope, &sms, now, &message,
			   update);
	*chosen = 0;
	for (size_t i = 0; i < N; i++)
		*chosen |= (unsigned)update[i] << i;
	return outcome;
}

#define BYTES(text) text, sizeof(text) - 1
static const struct {
	const char *number, *data;
	size_t n;
	enum sms_outcome outcome;
	unsigned chosen;
} cases[] = {
	{SERVER, BYTES(TRIGGER), SMS_UPDATE, ALL},
	{"491701", BYTES(TRIGGER), SMS_UPDATE, ALL},
	{OTHER, BYTES(TRIGGER), SMS_UPDATE, 1 << 4},
	/* a confirmable one, and one with arguments */
	{SERVER, BYTES("\x40\x02\x00\x01\xb1" "1" "\x01" "0" "\x01" "8"),
	 SMS_UPDATE, ALL},
	{SERVER, BYTES(TRIGGER "\xff" "0"), SMS_UPDATE, ALL},
	/* another instance of the server object */
	{SERVER, BYTES(POST "\xb1" "1" "\x01" "7" "\x01" "8"),
	 SMS_UPDATE, 1 << 3},
	{SERVER, BYTES(POST "\xb1" "1" "\x01" "3" "\x01" "8"), SMS_NOBODY, 0},
	/* by port: CoAP's own names nobody, one that is not ours neither */
	{SERVER, BYTES(TO("\x17\x71") TRIGGER), SMS_UPDATE, 1 << 1},
	{SERVER, BYTES(TO("\x16\x33") TRIGGER), SMS_UPDATE, ALL},
	{SERVER, BYTES(TO("\x0b\x84") TRIGGER), SMS_NOBODY, 0},
	{SERVER, BYTES(TO("\x17\x72") TRIGGER), SMS_NOBODY, 0},
	{SERVER, BYTES(TO("\x00\x00") TRIGGER), SMS_NOBODY, 0},
	/* by name; the port is asked first; a part of a name is none */
	{SERVER, BYTES(TRIGGER "\x48" "ep=meter"), SMS_UPDATE, 1 << 1},
	{SERVER, BYTES(TRIGGER "\x44" "ep=m"), SMS_NOBODY, 0},
	{SERVER, BYTES(TRIGGER "\x49" "ep=meters"), SMS_NOBODY, 0},
	{SERVER, BYTES(TRIGGER "\x43" "ep="), SMS_NOBODY, 0},
	{SERVER, BYTES(TRIGGER "\x47" "ep=lost"), SMS_NOBODY, 0},
	{SERVER, BYTES(TRIGGER "\x43" "b=U" "\x08" "ep=meter"),
	 SMS_UPDATE, 1 << 1},
	{SERVER, BYTES(TO("\x17\x71") TRIGGER "\x4a" "ep=gateway"),
	 SMS_UPDATE, 1 << 1},
	/* foreign ones, and those that only look like an account's */
	{"+491703", BYTES(TRIGGER), SMS_FOREIGN, 0},
	{"+4917011", BYTES(TRIGGER), SMS_FOREIGN, 0},
	{"01701", BYTES(TRIGGER), SMS_FOREIGN, 0},
	{"", BYTES(TRIGGER), SMS_FOREIGN, 0},
	{"+", BYTES(TRIGGER), SMS_FOREIGN, 0},
	{NULL, BYTES(TRIGGER), SMS_FOREIGN, 0},
	{"+491703", BYTES("x"), SMS_FOREIGN, 0},
	/* no CoAP */
	{SERVER, BYTES(""), SMS_MALFORMED, 0},
	{SERVER, BYTES("Hello"), SMS_MALFORMED, 0},
	{SERVER, BYTES(TRIGGER "\xff"), SMS_MALFORMED, 0},
	/* CoAP, but no trigger: GET, PUT, a response, an ACK, other paths */
	{SERVER, BYTES("\x50\x01\x00\x01\xb1" "1" "\x01" "0" "\x01" "8"),
	 SMS_UNSUPPORTED, 0},
	{SERVER, BYTES("\x50\x03\x00\x01\xb1" "1" "\x01" "0" "\x01" "8"),
	 SMS_UNSUPPORTED, 0},
	{SERVER, BYTES("\x50\x45\x00\x01\xb1" "1" "\x01" "0" "\x01" "8"),
	 SMS_UNSUPPORTED, 0},
	{SERVER, BYTES("\x60\x02\x00\x01\xb1" "1" "\x01" "0" "\x01" "8"),
	 SMS_UNSUPPORTED, 0},
	{SERVER, BYTES("\x70\x00\x00\x01"), SMS_UNSUPPORTED, 0},
	{SERVER, BYTES(POST), SMS_UNSUPPORTED, 0},
	{SERVER, BYTES(POST "\xb1" "1" "\x01" "0"), SMS_UNSUPPORTED, 0},
	{SERVER, BYTES(POST "\xb1" "1" "\x01" "0" "\x01" "4"),
	 SMS_UNSUPPORTED, 0},
	{SERVER, BYTES(POST "\xb1" "3" "\x01" "0" "\x01" "8"),
	 SMS_UNSUPPORTED, 0},
	{SERVER, BYTES(TRIGGER "\x01" "0"), SMS_UNSUPPORTED, 0},
	{SERVER, BYTES(POST "\xb1" "1" "\x05" "99999" "\x01" "8"),
	 SMS_UNSUPPORTED, 0},
};

static void each_case(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct sms_state state = {.acted = 0};
		unsigned chosen;
		enum sms_outcome outcome = step_at(&state, 20, cases[i].number,
			cases[i].data, cases[i].n, 5 * S, &chosen);

		if (outcome != cases[i].outcome || chosen != cases[i].chosen)
			fail_msg("case %zu: outcome %d, chosen %x", i,
				 (int)outcome, chosen);
		for (int k = 0; k < SMS_OUTCOMES; k++)
			assert_int_equal(state.count[k], k == (int)outcome);
	}
}

static enum sms_outcome trigger_at(struct sms_state *state, uint16_t per_hour,
				   int64_t now)
{
	unsigned chosen;
	enum sms_outcome outcome = step_at(state, per_hour, SERVER,
					   BYTES(TRIGGER), now, &chosen);

	assert_int_equal(chosen, outcome == SMS_UPDATE ? ALL : 0);
	return outcome;
}

static void a_hundred_in_a_minute_are_twenty(void **unused)
{
	struct sms_state state = {.acted = 0};

	(void)unused;
	for (int i = 0; i < 100; i++)
		trigger_at(&state, 20, i * 60 * S / 100);
	assert_int_equal(state.count[SMS_UPDATE], 20);
	assert_int_equal(state.count[SMS_LIMITED], 80);
}

/* For a day, every 10 s: no hour has more than what is allowed. */
static void no_hour_has_more(void **unused)
{
	struct sms_state state = {.acted = 0};
	int64_t taken[24 * 20];
	size_t n = 0;

	(void)unused;
	for (int64_t now = 0; now < 24 * HOUR; now += 10 * S) {
		if (trigger_at(&state, 20, now) != SMS_UPDATE)
			continue;
		assert_true(n < sizeof(taken) / sizeof(*taken));
		taken[n++] = now;
		assert_true(n <= 20 || now - taken[n - 21] >= HOUR);
	}
	assert_int_equal(n, 24 * 20);
}

static void an_hour_ends_exactly(void **unused)
{
	struct sms_state state = {.acted = 0};

	(void)unused;
	assert_int_equal(trigger_at(&state, 1, 7 * S), SMS_UPDATE);
	assert_int_equal(trigger_at(&state, 1, 7 * S + HOUR - 1), SMS_LIMITED);
	assert_int_equal(trigger_at(&state, 1, 7 * S + HOUR), SMS_UPDATE);
}

/* Nobody uses up a server's triggers but that server. */
static void what_is_dropped_does_not_count(void **unused)
{
	struct sms_state state = {.acted = 0};
	unsigned chosen;

	(void)unused;
	for (int i = 0; i < 1000; i++) {
		step_at(&state, 1, "+15550", BYTES(TRIGGER), i, &chosen);
		step_at(&state, 1, SERVER, BYTES("Hello"), i, &chosen);
		step_at(&state, 1, SERVER, BYTES(POST), i, &chosen);
		step_at(&state, 1, SERVER, BYTES(TRIGGER "\x43" "ep="), i,
			&chosen);
	}
	assert_int_equal(trigger_at(&state, 1, 1000), SMS_UPDATE);
	assert_int_equal(state.count[SMS_FOREIGN], 1000);
	assert_int_equal(state.count[SMS_NOBODY], 1000);
}

/* As after a reload: what was taken before counts under the new limit. */
static void a_limit_may_change(void **unused)
{
	struct sms_state state = {.acted = 0};

	(void)unused;
	for (int i = 0; i < SMS_PER_HOUR_MAX; i++)
		assert_int_equal(trigger_at(&state, SMS_PER_HOUR_MAX, i * S),
				 SMS_UPDATE);
	assert_int_equal(trigger_at(&state, SMS_PER_HOUR_MAX, 200 * S),
			 SMS_LIMITED);
	/* the second last was at 118 s */
	assert_int_equal(trigger_at(&state, 2, 118 * S + HOUR - 1),
			 SMS_LIMITED);
	assert_int_equal(trigger_at(&state, 2, 118 * S + HOUR), SMS_UPDATE);
	assert_int_equal(trigger_at(&state, 0, 9 * HOUR), SMS_LIMITED);
}

#define GET "\x40\x01\x00\x02\xb1" "3" "\x01" "0" "\x01" "0"

/* A Read is of one endpoint, by a server that has a number, where the
 * configuration lets it; what is no request stays none. */
static void requests_are_served_where_that_is_said(void **unused)
{
	struct sms_state state = {.acted = 0};
	unsigned chosen;

	(void)unused;
	assert_int_equal(step_at(&state, 20, SERVER, BYTES(GET "\x48"
		"ep=meter"), 0, &chosen), SMS_UNSUPPORTED);
	unsafe = true;
	assert_int_equal(step_at(&state, 2, SERVER, BYTES(GET "\x48"
		"ep=meter"), 0, &chosen), SMS_REQUEST);
	assert_int_equal(chosen, 1 << 1);
	assert_int_equal(step_at(&state, 2, SERVER, BYTES(GET), 0, &chosen),
			 SMS_NOBODY);		/* of more than one */
	assert_int_equal(step_at(&state, 2, "+491703", BYTES(GET), 0,
				 &chosen), SMS_FOREIGN);
	assert_int_equal(step_at(&state, 2, OTHER, BYTES("\x70\x00\x00\x01"),
				 0, &chosen), SMS_UNSUPPORTED);
	assert_int_equal(step_at(&state, 2, OTHER, BYTES(GET), 0, &chosen),
			 SMS_REQUEST);
	assert_int_equal(step_at(&state, 2, OTHER, BYTES(GET), 1, &chosen),
			 SMS_LIMITED);
	assert_int_equal(chosen, 0);
	unsafe = false;
}

static void nobody_is_there(void **unused)
{
	const struct sms_scope scope = {NULL, 0, 20, false};
	const struct sms_received sms = {SERVER, NULL, 0};
	struct sms_message message;
	struct sms_state state = {.acted = 0};

	(void)unused;
	assert_int_equal(sms_step(&state, &scope, &sms, 0, &message, NULL),
			 SMS_FOREIGN);
}

static void numbers_are_compared(void **unused)
{
	(void)unused;
	assert_true(sms_number_is_same("+49170", "0049170"));
	assert_true(sms_number_is_same("49170", "+49170"));
	assert_true(sms_number_is_same("MyServer", "MyServer"));
	assert_false(sms_number_is_same("MyServer", "myserver"));
	assert_false(sms_number_is_same("+49170", "+4917"));
	assert_false(sms_number_is_same("+49170", "0170"));
	assert_false(sms_number_is_same("", ""));
	assert_false(sms_number_is_same("+", "00"));
	assert_false(sms_number_is_same(NULL, NULL));
	assert_false(sms_number_is_same("1", NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_case),
		cmocka_unit_test(a_hundred_in_a_minute_are_twenty),
		cmocka_unit_test(no_hour_has_more),
		cmocka_unit_test(an_hour_ends_exactly),
		cmocka_unit_test(what_is_dropped_does_not_count),
		cmocka_unit_test(a_limit_may_change),
		cmocka_unit_test(requests_are_served_where_that_is_said),
		cmocka_unit_test(nobody_is_there),
		cmocka_unit_test(numbers_are_compared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
