/* SPDX-License-Identifier: GPL-2.0-or-later
 * One function an event; each looks at the state and says what follows. */
#include "agent/lwm2m/bootstrap.h"
#include "agent/lwm2m/registration.h"
#include "agent/lwm2m/request.h"
#include "agent/base/earlier.h"
#include "agent/base/limits.h"
#include "agent/base/spread.h"

#define SECOND INT64_C(1000000000)
#define NEVER INT64_MAX
#define EXCHANGE_LIFETIME (247 * SECOND)	/* RFC 7252 4.8.2 */
/* A Finish whose answer was lost comes once more within 3 s, twice within 9:
 * longer, many connections would stand open where many endpoints ask. */
#define LINGER (10 * SECOND)

void bootstrap_init(struct bootstrap *b, const char *endpoint)
{
	*b = (struct bootstrap){.seed = seed_of(endpoint), .next = NEVER,
				.hang_up = NEVER, .expires = NEVER};
}

const char *bootstrap_state_name(enum bootstrap_state state)
{
	switch (state) {
	case BOOTSTRAP_OFF: return "off";
	case BOOTSTRAP_IDLE: return "idle";
	case BOOTSTRAP_HOLDING: return "holding off";
	case BOOTSTRAP_ASKING: return "asking";
	case BOOTSTRAP_OPEN: return "under way";
	case BOOTSTRAP_WAITING: return "waiting";
	}
	return "?";
}

static struct bootstrap_action bootstrap_nothing(void)
{
	return (struct bootstrap_action){.ask = false};
}

static struct bootstrap_action bootstrap_ask(struct bootstrap *b)
{
	b->state = BOOTSTRAP_ASKING;
	b->connected = true;
	b->hang_up = b->next = NEVER;
	return (struct bootstrap_action){.ask = true};
}

/* At rest, with the connection for as long as it may still be of use. */
static void bootstrap_rest(struct bootstrap *b)
{
	b->state = BOOTSTRAP_IDLE;
	b->next = time_earlier(b->hang_up, b->expires);
}

static int64_t retry_time(const struct bootstrap *b,
			  const struct bootstrap_policy *policy)
{
	int64_t wait = policy->retry_timer * SECOND;
	int64_t most = policy->retry_most * SECOND;

	if (b->asked_wait)
		return registration_asked_time(b->seed, b->asked_wait);
	for (uint8_t i = 1; i < b->attempt && wait < most; i++)
		wait *= 2;
	wait = time_earlier(wait, most);
	if (wait < RETRY_LEAST * SECOND)
		wait = RETRY_LEAST * SECOND;
	return wait - wait / 5 + spread_of(b->seed * 0x9e3779b1u +
					   b->attempt * 0x7feb352du,
					   wait / 5 * 2);
}

/* hang_up: the connection is of no more use. */
static struct bootstrap_action
bootstrap_fail(struct bootstrap *b, bool hang_up,
	       const struct bootstrap_policy *policy, int64_t now)
{
	struct bootstrap_action action = {
		.drop = b->state == BOOTSTRAP_OPEN,
		.close = b->connected && hang_up, .failed = true,
	};

	b->connected &= !hang_up;
	b->plain = false;
	b->hang_up = b->connected && !policy->unsolicited ?
		     now + LINGER : NEVER;
	b->attempt += !b->asked_wait && b->attempt < UINT8_MAX;
	if (!b->needed && b->attempt >= BOOTSTRAP_TRIES) {
		b->attempt = 0;
		bootstrap_rest(b);
		return action;
	}
	b->state = BOOTSTRAP_WAITING;
	b->next = now + retry_time(b, policy);
	return action;
}

static struct bootstrap_action open_session(struct bootstrap *b, int64_t now)
{
	bool fresh = b->state != BOOTSTRAP_OPEN;

	b->state = BOOTSTRAP_OPEN;
	b->hang_up = NEVER;
	b->next = now + EXCHANGE_LIFETIME;
	return (struct bootstrap_action){.open = fresh};
}

/* ---- events */

static struct bootstrap_action on_start(struct bootstrap *b, int64_t spread,
					const struct bootstrap_policy *policy,
					int64_t now)
{
	if (b->state != BOOTSTRAP_OFF)
		return bootstrap_nothing();
	b->needed = true;
	b->state = BOOTSTRAP_HOLDING;
	b->next = now + policy->hold_off * SECOND + spread_of(b->seed, spread);
	return b->next > now ? bootstrap_nothing() : bootstrap_ask(b);
}

static struct bootstrap_action on_trigger(struct bootstrap *b)
{
	switch ((enum bootstrap_state)b->state) {
	case BOOTSTRAP_IDLE:
		b->attempt = 0;
		return bootstrap_ask(b);
	case BOOTSTRAP_HOLDING:
	case BOOTSTRAP_WAITING:
		return bootstrap_ask(b);
	case BOOTSTRAP_OFF:
	case BOOTSTRAP_ASKING:
	case BOOTSTRAP_OPEN:
		break;
	}
	return bootstrap_nothing();
}

/* The line has been quiet for long enough, or the account has come to its
 * end. */
static struct bootstrap_action idle_over(struct bootstrap *b, int64_t now)
{
	struct bootstrap_action action = {
		.purge = now >= b->expires,
		.close = b->connected &&
			 (now >= b->expires || now >= b->hang_up),
	};

	if (action.close) {
		b->connected = false;
		b->hang_up = NEVER;
	}
	bootstrap_rest(b);
	if (action.purge) {
		b->state = BOOTSTRAP_OFF;
		b->expires = b->next = NEVER;
	}
	return action;
}

static struct bootstrap_action on_timer(struct bootstrap *b,
					const struct bootstrap_policy *policy,
					int64_t now)
{
	if (now < b->next)
		return bootstrap_nothing();
	switch ((enum bootstrap_state)b->state) {
	case BOOTSTRAP_IDLE:
		return idle_over(b, now);
	case BOOTSTRAP_HOLDING:
	case BOOTSTRAP_WAITING:
		return bootstrap_ask(b);
	case BOOTSTRAP_OPEN:
		return bootstrap_fail(b, true, policy, now);
	case BOOTSTRAP_OFF:
	case BOOTSTRAP_ASKING:
		break;
	}
	return bootstrap_nothing();
}

static struct bootstrap_action on_answer(struct bootstrap *b, uint8_t code,
					 const struct bootstrap_policy *policy,
					 int64_t now)
{
	struct bootstrap_action action;

	if (b->state != BOOTSTRAP_ASKING && b->state != BOOTSTRAP_OPEN)
		return bootstrap_nothing();
	if (code >> 5 == 2)
		return open_session(b, now);
	if (code == CODE(4, 15) && !b->plain && b->state == BOOTSTRAP_ASKING) {
		b->plain = true;
		return bootstrap_ask(b);
	}
	action = bootstrap_fail(b, true, policy, now);
	b->asked_wait = 0;		/* said of this time alone */
	return action;
}

/* Where its first write overtook its answer, that one is not missed. */
static struct bootstrap_action
on_lost(struct bootstrap *b, const struct bootstrap_policy *policy, int64_t now)
{
	return b->state == BOOTSTRAP_ASKING
		       ? bootstrap_fail(b, true, policy, now)
		       : bootstrap_nothing();
}

static struct bootstrap_action on_requested(struct bootstrap *b, int64_t now)
{
	switch ((enum bootstrap_state)b->state) {
	case BOOTSTRAP_ASKING:
	case BOOTSTRAP_OPEN:
	case BOOTSTRAP_IDLE:	/* only one that is connected can hear it */
	case BOOTSTRAP_WAITING:
		return open_session(b, now);
	case BOOTSTRAP_OFF:
	case BOOTSTRAP_HOLDING:
		break;
	}
	return (struct bootstrap_action){.refuse = true};
}

static struct bootstrap_action
on_finished(struct bootstrap *b, const struct bootstrap_policy *policy,
	    int64_t now)
{
	if (b->state != BOOTSTRAP_OPEN)
		return (struct bootstrap_action){.refuse = true};
	b->needed = b->plain = false;
	b->attempt = 0;
	b->expires = policy->account_timeout ?
		     now + policy->account_timeout * SECOND : NEVER;
	b->hang_up = policy->unsolicited ? NEVER : now + LINGER;
	bootstrap_rest(b);
	return (struct bootstrap_action){.apply = true};
}

/* What a server has begun counts no more. */
static struct bootstrap_action
on_provided(struct bootstrap *b, bool servers,
	    const struct bootstrap_policy *policy, int64_t now)
{
	struct bootstrap_action action = {
		.drop = b->state == BOOTSTRAP_OPEN, .close = b->connected,
		.apply = true,
	};

	if (b->state == BOOTSTRAP_OFF)	/* not begun yet, or over */
		return action;
	b->connected = b->plain = false;
	b->attempt = 0;
	b->needed = !servers;
	b->hang_up = NEVER;
	b->expires = policy->account_timeout && servers ?
		     now + policy->account_timeout * SECOND : NEVER;
	bootstrap_rest(b);
	if (servers)
		return action;
	b->state = BOOTSTRAP_HOLDING;
	b->next = now + policy->hold_off * SECOND;
	return action;
}

/* Its answer may have to be sent again, so that the line stays. */
static struct bootstrap_action on_refused(struct bootstrap *b,
					  const struct bootstrap_policy *policy,
					  int64_t now)
{
	return b->state == BOOTSTRAP_OPEN
		       ? bootstrap_fail(b, false, policy, now)
		       : bootstrap_nothing();
}

static struct bootstrap_action on_broken(struct bootstrap *b,
					 const struct bootstrap_policy *policy,
					 int64_t now)
{
	struct bootstrap_action action = {.close = b->connected};

	if (b->state == BOOTSTRAP_ASKING || b->state == BOOTSTRAP_OPEN)
		return bootstrap_fail(b, true, policy, now);
	b->connected = false;
	b->hang_up = NEVER;
	if (b->state == BOOTSTRAP_IDLE)
		bootstrap_rest(b);
	return action;
}

static struct bootstrap_action on_stop(struct bootstrap *b)
{
	struct bootstrap_action action = {
		.drop = b->state == BOOTSTRAP_OPEN, .close = b->connected,
	};

	b->state = BOOTSTRAP_OFF;
	b->connected = b->needed = false;
	b->next = b->hang_up = NEVER;
	return action;
}

struct bootstrap_action
bootstrap_step(struct bootstrap *b, enum bootstrap_event event, uint8_t code,
	       int64_t spread, const struct bootstrap_policy *policy,
	       int64_t now)
{
	switch (event) {
	case BOOTSTRAP_START:
		return on_start(b, spread, policy, now);
	case BOOTSTRAP_REST:
		bootstrap_rest(b);
		return bootstrap_nothing();
	case BOOTSTRAP_TRIGGER:
		return on_trigger(b);
	case BOOTSTRAP_TIMER:
		return on_timer(b, policy, now);
	case BOOTSTRAP_ANSWER:
		return on_answer(b, code, policy, now);
	case BOOTSTRAP_LOST:
		return on_lost(b, policy, now);
	case BOOTSTRAP_REQUESTED:
		return on_requested(b, now);
	case BOOTSTRAP_FINISHED:
		return on_finished(b, policy, now);
	case BOOTSTRAP_REFUSED:
		return on_refused(b, policy, now);
	case BOOTSTRAP_PROVIDED:
		return on_provided(b, code, policy, now);
	case BOOTSTRAP_BROKEN:
		return on_broken(b, policy, now);
	case BOOTSTRAP_STOP:
		return on_stop(b);
	}
	return bootstrap_nothing();
}
