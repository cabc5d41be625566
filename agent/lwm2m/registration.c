/* SPDX-License-Identifier: GPL-2.0-or-later
 * One function an event; each looks at the state and says what follows. */
#include "agent/lwm2m/registration.h"
#include <string.h>
#include "agent/lwm2m/request.h"
#include "agent/base/spread.h"
#include "agent/base/limits.h"

#define SECOND INT64_C(1000000000)
#define NEVER INT64_MAX
#define WAIT_MOST (INT64_C(10) * 366 * 86400)
#define ASKED_MOST 86400	/* s */
#define UPDATE_MOST 86400	/* s, where the lifetime has no end */
#define TRANSMIT_WAIT 93	/* s, MAX_TRANSMIT_WAIT, RFC 7252 4.8.2 */

/* What waits for the end of the message under way. */
enum { THEN_UPDATE = 1, THEN_REGISTER = 2, THEN_SILENT = 4, THEN_STOP = 8,
       THEN_START = 16 };

void registration_init(struct registration *registration, uint32_t lifetime,
		       const char *endpoint)
{
	*registration = (struct registration){
		.lifetime = lifetime, .seed = seed_of(endpoint), .next = NEVER,
	};
}

void registration_drop(struct registration *registration)
{
	registration->state = REGISTRATION_OFF;
	registration->next = NEVER;
}

/* Is the endpoint known to the server, as far as we can tell? */
static bool registration_alive(const struct registration *registration,
			       int64_t now)
{
	switch ((enum registration_state)registration->state) {
	case REGISTRATION_REGISTERED:
	case REGISTRATION_UPDATING:
	case REGISTRATION_LAPSED:
		return now < registration->expires;
	case REGISTRATION_OFF:
	case REGISTRATION_WAITING:
	case REGISTRATION_REGISTERING:
	case REGISTRATION_LEAVING:
		break;
	}
	return false;
}

const char *registration_version(const struct registration *registration)
{
	return registration->lwm2m_1_0 ? "1.0" :
	       registration->lwm2m_1_2 ? "1.2" : "1.1";
}

const char *registration_state_name(enum registration_state state)
{
	switch (state) {
	case REGISTRATION_OFF: return "off";
	case REGISTRATION_WAITING: return "waiting";
	case REGISTRATION_REGISTERING: return "registering";
	case REGISTRATION_REGISTERED: return "registered";
	case REGISTRATION_UPDATING: return "updating";
	case REGISTRATION_LAPSED: return "lapsed";
	case REGISTRATION_LEAVING: return "leaving";
	}
	return "?";
}

/* ---- times */

static int64_t update_time(const struct registration *r)
{
	int64_t life = (r->lifetime ? r->lifetime : UPDATE_MOST) * SECOND;
	int64_t tenth = life / 10, half = life / 2;
	int64_t margin = TRANSMIT_WAIT * SECOND > tenth ?
			 TRANSMIT_WAIT * SECOND : tenth;
	int64_t latest = life - margin;

	if (latest < half + tenth)
		latest = half + tenth;
	return latest - tenth + spread_of(r->seed, tenth);
}

/* The server says when it can take us, which is soon enough: no attempt has
 * failed. Never before that, but not all at once; and a number that is a
 * mistake costs a day, not a trip to the site. */
int64_t registration_asked_time(uint32_t seed, uint32_t asked)
{
	int64_t wait = asked;

	wait = wait < RETRY_LEAST ? RETRY_LEAST :
	       wait > ASKED_MOST ? ASKED_MOST : wait;
	wait *= SECOND;
	return wait + spread_of(seed, wait / 5);
}

/* The wait before the next try; counts it. Of retry_count attempts the first
 * is one (Core TS 6.2.1.1). Whatever a server has written, we neither storm it
 * nor come back in another century. */
static int64_t retry_time(struct registration *r,
			  const struct registration_policy *policy)
{
	int64_t wait = policy->sequence_delay;

	if (r->asked_wait)
		return registration_asked_time(r->seed, r->asked_wait);
	if (r->attempt + 1u < policy->retry_count && r->attempt < 30) {
		wait = (int64_t)policy->retry_timer << r->attempt;
		r->attempt++;
	} else {
		r->attempt = 0;
		r->sequence += r->sequence < UINT8_MAX;
	}
	wait = wait < RETRY_LEAST ? RETRY_LEAST :
	       wait > WAIT_MOST ? WAIT_MOST : wait;
	wait *= SECOND;
	return wait - wait / 5 +
	       spread_of(r->seed * 0x9e3779b1u + r->attempt * 0x7feb352du +
			 r->sequence * 0x846ca68bu, wait / 5 * 2);
}

/* ---- what follows */

static void registration_enter(struct registration *r,
			       enum registration_state state, int64_t next)
{
	r->state = (uint8_t)state;
	r->next = next;
}

/* A Register tells everything, so that no change is left to tell. */
static struct registration_action send_register(struct registration *r)
{
	struct registration_action action = {
		.send = REGISTRATION_SEND_REGISTER,
		.gone = r->expires != 0,
	};

	r->changes = r->sent_changes = r->then = 0;
	r->expires = 0;
	registration_enter(r, REGISTRATION_REGISTERING, NEVER);
	return action;
}

static struct registration_action send_update(struct registration *r)
{
	struct registration_action action = {
		.send = REGISTRATION_SEND_UPDATE, .changes = r->changes,
	};

	r->sent_changes = r->changes;
	r->changes = r->then = 0;
	registration_enter(r, REGISTRATION_UPDATING, NEVER);
	return action;
}

static struct registration_action send_deregister(struct registration *r)
{
	r->then = 0;
	r->expires = 0;
	registration_enter(r, REGISTRATION_LEAVING, NEVER);
	return (struct registration_action){
		.send = REGISTRATION_SEND_DEREGISTER, .gone = true,
	};
}

/* Not registered, and not going to be for now. What a Register began before it
 * was answered (the server may know us by it, and observe) ends, too. */
static struct registration_action
registration_settle(struct registration *r, enum registration_state state,
		    int64_t next)
{
	struct registration_action action = {
		.gone = r->expires != 0 || r->state == REGISTRATION_REGISTERING,
	};

	r->expires = 0;
	r->then = 0;
	registration_enter(r, state, next);
	return action;
}

/* Where a Register was to follow, the server is not what it was to us: then the
 * device's return is told by one, too. */
static struct registration_action registration_lapse(struct registration *r,
						     int64_t now)
{
	if (now >= r->expires || r->then & THEN_REGISTER)
		return registration_settle(r, REGISTRATION_LAPSED, NEVER);
	r->then = 0;
	registration_enter(r, REGISTRATION_LAPSED, r->expires);
	return (struct registration_action){0};
}

/* Register or Update was accepted: what has come up meanwhile? */
static struct registration_action registration_succeed(struct registration *r,
						       int64_t now)
{
	r->attempt = r->sequence = r->sent_changes = 0;
	r->expires = r->lifetime ? now + r->lifetime * SECOND : NEVER;
	if (r->then & THEN_STOP)
		return send_deregister(r);
	if (r->then & THEN_SILENT)
		return registration_lapse(r, now);
	if (r->then & THEN_REGISTER)
		return send_register(r);
	if (r->then & THEN_UPDATE || r->changes)
		return send_update(r);
	registration_enter(r, REGISTRATION_REGISTERED, now + update_time(r));
	return (struct registration_action){0};
}

/* It was not, and the server does not know us any more, or not yet. */
static struct registration_action
registration_fail(struct registration *r,
		  const struct registration_policy *policy, int64_t now)
{
	if (r->then & THEN_STOP)
		return registration_settle(r, REGISTRATION_OFF, NEVER);
	if (r->then & THEN_SILENT)
		return registration_settle(r, REGISTRATION_LAPSED, NEVER);
	return registration_settle(r, REGISTRATION_WAITING,
				   now + retry_time(r, policy));
}

/* The server could not take an Update now, but knows us. */
static struct registration_action
registration_postpone(struct registration *r,
		      const struct registration_policy *policy, int64_t now)
{
	int64_t next;

	r->changes |= r->sent_changes;
	if (r->then & THEN_STOP)
		return send_deregister(r);
	if (r->then & THEN_SILENT)
		return registration_lapse(r, now);
	if (r->then & THEN_REGISTER)
		return send_register(r);
	next = now + retry_time(r, policy);
	registration_enter(r, REGISTRATION_REGISTERED,
			   next < r->expires ? next :
			   r->expires > now ? r->expires : now);
	r->then = 0;
	return (struct registration_action){0};
}

/* ---- events */

static struct registration_action on_start(struct registration *r,
					   int64_t spread, int64_t now)
{
	r->then &= ~THEN_STOP;
	if (r->state == REGISTRATION_LEAVING)
		r->then |= THEN_START;
	if (r->state != REGISTRATION_OFF)
		return (struct registration_action){0};
	r->attempt = r->sequence = 0;
	if (spread <= 0)
		return send_register(r);
	registration_enter(r, REGISTRATION_WAITING,
			   now + spread_of(r->seed, spread));
	return (struct registration_action){0};
}

static struct registration_action on_timer(struct registration *r, int64_t now)
{
	if (now < r->next)
		return (struct registration_action){0};
	switch ((enum registration_state)r->state) {
	case REGISTRATION_WAITING:
		return send_register(r);
	case REGISTRATION_REGISTERED:
		return now < r->expires ? send_update(r) : send_register(r);
	case REGISTRATION_LAPSED:
		return registration_settle(r, REGISTRATION_LAPSED, NEVER);
	case REGISTRATION_OFF:
	case REGISTRATION_REGISTERING:
	case REGISTRATION_UPDATING:
	case REGISTRATION_LEAVING:
		break;
	}
	return (struct registration_action){0};
}

static struct registration_action on_left(struct registration *r)
{
	if (r->then & THEN_START)
		return send_register(r);
	return registration_settle(r, REGISTRATION_OFF, NEVER);
}

/* Core TS 6.2.1: a server refuses a version that it has not with 4.12; those of
 * before 1.2 are known to do it with 4.00, too. false: it is not that. */
static bool version_lower(struct registration *r, uint8_t code)
{
	bool old = r->lwm2m_1_0, new = r->lwm2m_1_2;

	if (old || (code != CODE(4, 12) && !(new && code == CODE(4, 0))))
		return false;
	r->lwm2m_1_0 = !new;
	r->lwm2m_1_2 = false;
	return true;
}

static struct registration_action
register_answered(struct registration *r, uint8_t code,
		  const struct registration_policy *policy, int64_t now)
{
	struct registration_action action;

	if (code == CODE(2, 1)) {
		action = registration_succeed(r, now);
		action.registered = true;
		return action;
	}
	if (!(r->then & (THEN_STOP | THEN_SILENT)) && version_lower(r, code))
		return send_register(r);
	return registration_fail(r, policy, now);
}

static struct registration_action
update_answered(struct registration *r, uint8_t code,
		const struct registration_policy *policy, int64_t now)
{
	if (code >> 5 == 2)
		return registration_succeed(r, now);
	if (code >> 5 == 5 || code == CODE(4, 29))
		return registration_postpone(r, policy, now);
	if ((code == CODE(4, 04) || code == CODE(4, 00)) &&
	    !(r->then & (THEN_STOP | THEN_SILENT)))
		return send_register(r);
	return registration_fail(r, policy, now);
}

static struct registration_action
on_answer(struct registration *r, uint8_t code,
	  const struct registration_policy *policy, int64_t now)
{
	switch ((enum registration_state)r->state) {
	case REGISTRATION_REGISTERING:
		return register_answered(r, code, policy, now);
	case REGISTRATION_UPDATING:
		return update_answered(r, code, policy, now);
	case REGISTRATION_LEAVING:
		return on_left(r);
	case REGISTRATION_OFF:
	case REGISTRATION_WAITING:
	case REGISTRATION_REGISTERED:
	case REGISTRATION_LAPSED:
		break;
	}
	return (struct registration_action){0};
}

static struct registration_action
on_lost(struct registration *r, const struct registration_policy *policy,
	int64_t now)
{
	struct registration_action action = {0};

	switch ((enum registration_state)r->state) {
	case REGISTRATION_REGISTERING:
	case REGISTRATION_UPDATING:
		action = registration_fail(r, policy, now);
		break;
	case REGISTRATION_LEAVING:
		action = on_left(r);
		break;
	case REGISTRATION_OFF:
	case REGISTRATION_WAITING:
	case REGISTRATION_REGISTERED:
	case REGISTRATION_LAPSED:
		break;
	}
	return action;
}

static bool is_under_way(const struct registration *r)
{
	return r->state == REGISTRATION_REGISTERING ||
	       r->state == REGISTRATION_UPDATING;
}

static struct registration_action on_change(struct registration *r,
					    uint8_t changes)
{
	r->changes |= changes;
	if (r->state == REGISTRATION_REGISTERED && r->changes)
		return send_update(r);
	return (struct registration_action){0};
}

static struct registration_action on_trigger(struct registration *r)
{
	if (r->state == REGISTRATION_REGISTERED)
		return send_update(r);
	if (r->state == REGISTRATION_UPDATING)
		r->then |= THEN_UPDATE;
	return (struct registration_action){0};
}

static struct registration_action on_silent(struct registration *r, int64_t now)
{
	if (is_under_way(r))
		r->then |= THEN_SILENT;
	if (r->state == REGISTRATION_REGISTERED ||
	    r->state == REGISTRATION_WAITING)
		return registration_lapse(r, now);
	return (struct registration_action){0};
}

static struct registration_action on_heard(struct registration *r, int64_t now)
{
	r->then &= ~THEN_SILENT;
	if (r->state != REGISTRATION_LAPSED)
		return (struct registration_action){0};
	return now < r->expires ? send_update(r) : send_register(r);
}

static struct registration_action on_stop(struct registration *r, int64_t now)
{
	r->then &= ~THEN_START;
	if (is_under_way(r)) {
		r->then |= THEN_STOP;
		return (struct registration_action){0};
	}
	if (r->state == REGISTRATION_LEAVING)
		return (struct registration_action){0};
	if (registration_alive(r, now))
		return send_deregister(r);
	return registration_settle(r, REGISTRATION_OFF, NEVER);
}

static struct registration_action on_restart(struct registration *r)
{
	if (r->state == REGISTRATION_REGISTERED)
		return send_register(r);
	if (r->state == REGISTRATION_UPDATING)
		r->then |= THEN_REGISTER;
	if (r->state == REGISTRATION_LAPSED)
		return registration_settle(r, REGISTRATION_LAPSED, NEVER);
	return (struct registration_action){0};
}

static struct registration_action
on_cut(struct registration *r, const struct registration_policy *policy,
       int64_t now)
{
	switch ((enum registration_state)r->state) {
	case REGISTRATION_REGISTERING:
	case REGISTRATION_UPDATING:
		if (r->then & (THEN_STOP | THEN_SILENT))
			return registration_fail(r, policy, now);
		return send_register(r);
	case REGISTRATION_REGISTERED:
		return send_register(r);
	case REGISTRATION_LAPSED:
		return registration_settle(r, REGISTRATION_LAPSED, NEVER);
	case REGISTRATION_LEAVING:
		return on_left(r);
	case REGISTRATION_OFF:
	case REGISTRATION_WAITING:
		break;
	}
	return (struct registration_action){0};
}

/* What has failed, has for want of a way: the count begins anew. */
static struct registration_action try_now(struct registration *r)
{
	r->attempt = r->sequence = 0;
	return send_register(r);
}

static struct registration_action
on_moved(struct registration *r, const struct registration_policy *policy,
	 int64_t now)
{
	return r->state == REGISTRATION_WAITING ? try_now(r)
						: on_cut(r, policy, now);
}

/* A message that goes as ever shows whether the server still knows us. */
static struct registration_action on_back(struct registration *r)
{
	if (r->state == REGISTRATION_WAITING)
		return try_now(r);
	if (r->state == REGISTRATION_REGISTERED)
		return send_update(r);
	return (struct registration_action){0};
}

static struct registration_action
event_step(struct registration *r, enum registration_event event, uint8_t code,
	   uint8_t changes, int64_t spread,
	   const struct registration_policy *policy, int64_t now)
{
	switch (event) {
	case REGISTRATION_START:
		return on_start(r, spread, now);
	case REGISTRATION_TIMER:
		return on_timer(r, now);
	case REGISTRATION_ANSWER:
		return on_answer(r, code, policy, now);
	case REGISTRATION_LOST:
		return on_lost(r, policy, now);
	case REGISTRATION_CHANGED:
		return on_change(r, changes);
	case REGISTRATION_TRIGGER:
		return on_trigger(r);
	case REGISTRATION_SILENT:
		return on_silent(r, now);
	case REGISTRATION_HEARD:
		return on_heard(r, now);
	case REGISTRATION_STOP:
		return on_stop(r, now);
	case REGISTRATION_RESTART:
		return on_restart(r);
	case REGISTRATION_CUT:
		return on_cut(r, policy, now);
	case REGISTRATION_MOVED:
		return on_moved(r, policy, now);
	case REGISTRATION_BACK:
		return on_back(r);
	}
	return (struct registration_action){0};
}

struct registration_action
registration_step(struct registration *registration,
		  enum registration_event event, uint8_t code, uint8_t changes,
		  int64_t spread, const struct registration_policy *policy,
		  int64_t now)
{
	struct registration_action action = event_step(
		registration, event, code, changes, spread, policy, now);

	registration->asked_wait = 0;
	return action;
}
