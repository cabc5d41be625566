/* SPDX-License-Identifier: GPL-2.0-or-later
 * How one endpoint comes by its server accounts (Core TS 6.1): a pure machine
 * of the bootstrap interface. Events and times go in; what to send, to open
 * and to apply comes out. Times are monotonic ns.
 *
 * The accounts themselves, and the server's writes to a copy of them, are in
 * account.h and bootstrap_request.h. */
#ifndef AGENT_BOOTSTRAP_H
#define AGENT_BOOTSTRAP_H
#include <stdbool.h>
#include <stdint.h>

enum bootstrap_state {
	BOOTSTRAP_OFF,		/* no bootstrap server, or its account is over */
	BOOTSTRAP_IDLE,		/* there are accounts: nothing to do */
	BOOTSTRAP_HOLDING,	/* hold-off, or its turn among many */
	BOOTSTRAP_ASKING,	/* Bootstrap-Request under way */
	BOOTSTRAP_OPEN,		/* the server writes to the copy */
	BOOTSTRAP_WAITING,	/* it failed: until the next try */
};

enum bootstrap_event {
	BOOTSTRAP_START,	/* there are no accounts: hold-off, then ask */
	BOOTSTRAP_REST,		/* there are accounts: wait for what comes */
	BOOTSTRAP_TRIGGER,	/* 1/x/9, lwmuxctl, failed registrations */
	BOOTSTRAP_TIMER,	/* the time that was asked for has come */
	BOOTSTRAP_ANSWER,	/* code answers the Bootstrap-Request */
	BOOTSTRAP_LOST,		/* no answer, or there is no way to ask */
	BOOTSTRAP_REQUESTED,	/* the server reads, writes or deletes */
	BOOTSTRAP_FINISHED,	/* Finish, and the copy is consistent */
	BOOTSTRAP_REFUSED,	/* Finish, and it is not: answered 4.06 */
	BOOTSTRAP_PROVIDED,	/* a smart card has the accounts; code 0: of a
				 * bootstrap server alone, which is asked */
	BOOTSTRAP_BROKEN,	/* the connection has ended by itself */
	BOOTSTRAP_STOP,
};

struct bootstrap_policy {
	uint32_t hold_off;		/* /0/x/11, s */
	uint32_t account_timeout;	/* /0/x/12, s; 0: for ever */
	uint32_t retry_timer;		/* s, doubled each time ... */
	uint32_t retry_most;		/* ... up to here, s */
	bool unsolicited;		/* its writes are welcome at any time */
};

struct bootstrap {
	uint8_t state;		/* enum bootstrap_state */
	uint8_t attempt;	/* failures in a row */
	bool needed;		/* there are no accounts */
	bool plain;		/* ask without a preferred format */
	bool connected;		/* as far as this machine has said */
	uint32_t seed;		/* hash of the name: jitter */
	uint32_t asked_wait;	/* s, of the next ANSWER, a 5.03 or 4.29: when
				 * to come again; 0: it does not say */
	int64_t next;		/* when to call with TIMER; INT64_MAX: never */
	int64_t hang_up;	/* when the connection may go; INT64_MAX */
	int64_t expires;	/* the bootstrap account; INT64_MAX: never */
};

struct bootstrap_action {
	bool ask;		/* send a Bootstrap-Request (without a format
				 * where `plain` says so) */
	bool open;		/* take a fresh copy of the accounts */
	bool drop;		/* forget the copy */
	bool apply;		/* the copy becomes the accounts */
	bool close;		/* hang up */
	bool purge;		/* the bootstrap account is over */
	bool refuse;		/* of REQUESTED: no session, 4.00 */
	bool failed;		/* say that it has, and when it goes on */
};

#define BOOTSTRAP_TRIES 3	/* of a trigger, where there are accounts */

void bootstrap_init(struct bootstrap *bootstrap, const char *endpoint);

/* One step. code: of ANSWER; spread: ns, of START: the window that all
 * endpoints start in.
 *
 * START asks after hold_off and its place in the window. 4.15 asks once more
 * without a preferred format. Failures are tried again after retry_timer x
 * 2^(n-1), at most retry_most, +-20 % by the seed: for ever where there are no
 * accounts, else BOOTSTRAP_TRIES times. An answer that says how long to wait
 * (`asked_wait`) is no failure of these: it waits so long, as with Register. A
 * session ends unfinished after
 * EXCHANGE_LIFETIME (247 s) without a request. After Finish the connection
 * stays for 10 s, so that a lost answer can be repeated; with `unsolicited` it
 * stays for ever. What the server writes meanwhile opens a session. expires
 * counts from the Finish. */
struct bootstrap_action
bootstrap_step(struct bootstrap *bootstrap, enum bootstrap_event event,
	       uint8_t code, int64_t spread,
	       const struct bootstrap_policy *policy, int64_t now);
const char *bootstrap_state_name(enum bootstrap_state state);
#endif
