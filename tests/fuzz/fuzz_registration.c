/* SPDX-License-Identifier: GPL-2.0-or-later
 * A registration under whatever happens: three bytes each for the event, the
 * answer's code and the time that passes, behind 16 of the account's policy. */
#include <stdlib.h>
#include <string.h>
#include "agent/lwm2m/registration.h"

#define EXPECT(fact) ((fact) ? (void)0 : abort())
#define SECOND INT64_C(1000000000)
#define EVENTS (REGISTRATION_BACK + 1)
#define YEAR (366 * INT64_C(86400) * SECOND)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_under_way(const struct registration *r)
{
	return r->state == REGISTRATION_REGISTERING ||
	       r->state == REGISTRATION_UPDATING ||
	       r->state == REGISTRATION_LEAVING;
}

/* An answer comes to what is under way, and a time that was asked for. */
static bool can_happen(const struct registration *r,
		       enum registration_event event)
{
	if (event == REGISTRATION_ANSWER || event == REGISTRATION_LOST)
		return is_under_way(r);
	return event != REGISTRATION_TIMER || r->next != INT64_MAX;
}

static void check(const struct registration *r,
		  struct registration_action action, int64_t now)
{
	EXPECT(r->state <= REGISTRATION_LEAVING);
	if (action.send != REGISTRATION_NOTHING)
		EXPECT(is_under_way(r));
	/* It never waits for nothing, nor into another century. */
	if (r->state == REGISTRATION_WAITING)
		EXPECT(r->next != INT64_MAX && r->next - now <= 12 * YEAR);
	/* Nothing but an answer makes it known, or ends a message. */
	if (action.gone)
		EXPECT(r->state != REGISTRATION_REGISTERED &&
		       r->state != REGISTRATION_UPDATING);
	EXPECT(registration_state_name((enum registration_state)r->state));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct registration_policy policy;
	struct registration r;
	int64_t now = SECOND;

	if (size < sizeof(policy) + 4)
		return 0;
	memcpy(&policy, data, sizeof(policy));
	data += sizeof(policy);
	registration_init(&r, (uint32_t)data[0] << (data[1] % 25), "e");
	r.lwm2m_1_2 = data[2] & 1;
	for (data += 4, size -= sizeof(policy) + 4; size >= 3;
	     data += 3, size -= 3) {
		enum registration_event event = data[0] % EVENTS;

		now += (int64_t)data[2] * data[2] * SECOND / 16;
		if (!can_happen(&r, event))
			continue;
		if (event == REGISTRATION_TIMER && r.next > now)
			now = r.next;
		if (now > 20 * YEAR)	/* nothing runs longer */
			break;
		r.asked_wait = event == REGISTRATION_ANSWER ?
			       (uint32_t)data[2] << data[1] % 25 : 0;
		check(&r, registration_step(&r, event, data[1], data[1] & 3,
			(int64_t)data[2] * SECOND, &policy, now), now);
	}
	return 0;
}
