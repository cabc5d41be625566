/* SPDX-License-Identifier: GPL-2.0-or-later
 * The registration of one endpoint at one server (Core TS 6.2): a pure machine.
 * Events and times go in, what to send and when to call again comes out.
 * Times are monotonic ns. One message is under way at a time. */
#ifndef AGENT_REGISTRATION_H
#define AGENT_REGISTRATION_H
#include <stdbool.h>
#include <stdint.h>

enum registration_state {
	REGISTRATION_OFF,		/* not wanted (yet) */
	REGISTRATION_WAITING,		/* for its turn, or to try again */
	REGISTRATION_REGISTERING,	/* Register under way */
	REGISTRATION_REGISTERED,
	REGISTRATION_UPDATING,		/* Update under way; still registered */
	REGISTRATION_LAPSED,		/* device silent: no Update, lapses */
	REGISTRATION_LEAVING,		/* Deregister under way */
};

enum registration_event {
	REGISTRATION_START,	/* wanted: Register after `spread` */
	REGISTRATION_TIMER,	/* the time that was asked for has come */
	REGISTRATION_ANSWER,	/* code is the server's answer */
	REGISTRATION_LOST,	/* no answer: time-out, reset, unreachable */
	REGISTRATION_CHANGED,	/* lifetime or objects changed */
	REGISTRATION_TRIGGER,	/* 1/x/8, or a queue child was heard: Update */
	REGISTRATION_SILENT,	/* the device fell silent */
	REGISTRATION_HEARD,	/* and is back */
	REGISTRATION_STOP,	/* deregister, then be OFF */
	REGISTRATION_RESTART,	/* 3/0/4 Reboot: Register anew */
	REGISTRATION_CUT,	/* the session, which has served, is gone: a new
				 * one and a Register at once (6.2.2) */
	REGISTRATION_MOVED,	/* so does the server know us no more: we have
				 * another address, or it has */
	REGISTRATION_BACK,	/* the way to the server was away, and is the
				 * same again: no wait goes on */
};

/* Changes that the next Update must carry (enum in a mask). */
enum registration_change {
	REGISTRATION_LIFETIME = 1, REGISTRATION_OBJECTS = 2,
	REGISTRATION_NUMBER = 4,	/* that it takes SMS at */
};

/* Server object resources 17-20 and the account's own figures; shared. */
struct registration_policy {
	uint32_t retry_count;		/* 17, default 5 */
	uint32_t retry_timer;		/* 18, s, default 60 */
	uint32_t sequence_delay;	/* 19, s, default 86400 */
	uint32_t sequence_count;	/* 20, default 1 */
};

struct registration {
	uint8_t state;			/* enum registration_state */
	uint8_t changes;		/* not yet told */
	uint8_t sent_changes;		/* in the Update under way */
	uint8_t attempt, sequence;	/* communication retries so far */
	uint8_t then;			/* asked for while a message was under
					 * way (private mask) */
	bool lwm2m_1_0, lwm2m_1_2;	/* neither: 1.1; lowered by refusals */
	uint32_t lifetime;		/* s, as told with the next message; 0:
					 * for ever */
	uint32_t asked_wait;		/* s, of the next ANSWER, a 5.03 or
					 * 4.29: when to come again (its Max-Age,
					 * RFC 7252 5.9.3.4, RFC 8516); 0: it
					 * does not say */
	uint32_t seed;			/* hash of the name: jitter */
	int64_t next;			/* when to call with TIMER; INT64_MAX */
	int64_t expires;		/* when the server drops us */
};

enum registration_send {
	REGISTRATION_NOTHING, REGISTRATION_SEND_REGISTER,
	REGISTRATION_SEND_UPDATE, REGISTRATION_SEND_DEREGISTER,
};
struct registration_action {
	enum registration_send send;
	uint8_t changes;	/* what the Update carries */
	bool registered;	/* just became registered */
	bool gone;		/* just stopped being registered, or a Register
				 * came to nothing: nothing may be sent or
				 * answered any more */
};

void registration_init(struct registration *registration, uint32_t lifetime,
		       const char *endpoint);

/* It is off, and the server is told nothing: what that knows, it goes on to
 * know until the lifetime is over. */
void registration_drop(struct registration *registration);

/* One step. code: of ANSWER, CODE() as on the wire; changes: of CHANGED (set
 * `lifetime` before); spread: ns, of START: the window that all endpoints
 * start in (0: at once). Whatever the event, `next` says when TIMER is due.
 *
 * Update goes out well before the lifetime ends: at lifetime minus the larger
 * of 93 s (MAX_TRANSMIT_WAIT) and a tenth, but not before half of it; the seed
 * places it in the tenth of the lifetime before that (after half, where the
 * lifetime is short), so that the herd spreads. 4.04 or 4.00 on an Update:
 * Register at once. 4.12 on Register: once more in the version before;
 * 4.00 likewise, of 1.2. LOST, 5.xx, 4.03 ...:
 * waits retry_timer x 2^(attempt-1) with +-20 % jitter between the retry_count
 * attempts of a sequence, then sequence_delay, sequence_count sequences, and so
 * on (never gives up for good: a gateway is not sent to the field again); 2 s at
 * least, 10 years at most. An answer that says how long to wait (`asked_wait`,
 * set before) is no attempt of these: it waits so long, and up to a fifth more, a
 * day at most. Of Register only 2.01 is a success. Then it registers, or, when
 * a 5.xx or 4.29 answered an Update and the lifetime still runs, updates.
 *
 * What comes while a message is under way waits for its end. */
struct registration_action
registration_step(struct registration *registration,
		  enum registration_event event, uint8_t code, uint8_t changes,
		  int64_t spread, const struct registration_policy *policy,
		  int64_t now);

/* How long to wait, in ns, where a server asks for `asked` s: 2 s at least, a day
 * at most, and up to a fifth more, by the name's seed. */
int64_t registration_asked_time(uint32_t seed, uint32_t asked);
/* As lwm2m= says it. */
const char *registration_version(const struct registration *registration);
const char *registration_state_name(enum registration_state state);
#endif
