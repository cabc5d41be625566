/* SPDX-License-Identifier: GPL-2.0-or-later
 * SMS of a number that a server has: whatever is in them, all that is found
 * lies within, and a foreign sender's does nothing. */
#include <stdlib.h>
#include <string.h>
#include "agent/sms/sms_message.h"
#include "agent/sms/sms_trigger.h"

#define EXPECT(fact) ((fact) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The n bytes at `at` are of the SMS. */
static void within(const uint8_t *data, size_t size, const void *at, size_t n)
{
	const uint8_t *begin = at;

	EXPECT(begin >= data && n <= size - (size_t)(begin - data));
}

static void message_check(const uint8_t *data, size_t size)
{
	struct sms_message m;

	if (sms_message_read(data, size, &m))
		return;
	EXPECT(size <= SMS_OCTETS_MAX && m.uri_length < SMS_OCTETS_MAX);
	EXPECT(m.n_token <= 8 && m.n_queries <= SMS_QUERIES_MAX);
	within(data, size, m.token, m.n_token);
	for (size_t i = 0; i < m.n_queries; i++)
		within(data, size, m.query[i].at, m.query[i].n);
	if (m.length)
		within(data, size, m.payload, m.length);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct sms_account accounts[] = {
		{"meter", "+491", 0, 6001, true},
		{"other", "+492", 0, 6001, true},
		{"lost", "+491", 0, 6002, false},
	};
	const struct sms_scope scope = {accounts, 3, SMS_PER_HOUR_MAX, true};
	struct sms_received sms = {"+491", data, size};
	struct sms_state state = {.acted = 0};
	uint8_t out[SMS_ANSWER_MAX] = {0}, answer[SMS_OCTETS_MAX];
	struct sms_message message;
	bool update[3];
	enum sms_outcome outcome;

	message_check(data, size);
	outcome = sms_step(&state, &scope, &sms, 0, &message, update);
	EXPECT(outcome != SMS_FOREIGN && outcome != SMS_LIMITED);
	EXPECT(update[0] == (outcome == SMS_UPDATE || outcome == SMS_REQUEST));
	if (outcome == SMS_REQUEST)
		EXPECT(sms_answer_write(&message, &(struct sms_answer){
			.code = 0x45, .format = 11543, .payload = out,
			.length = SMS_ANSWER_MAX}, answer) <= SMS_OCTETS_MAX);
	EXPECT(!update[1] && !update[2]);
	sms.number = "+493";
	EXPECT(sms_step(&state, &scope, &sms, 0, &message, update) ==
	       SMS_FOREIGN);
	EXPECT(!update[0]);
	return 0;
}
