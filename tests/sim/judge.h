/* SPDX-License-Identifier: GPL-2.0-or-later
 * Looks on from outside: at what devices did, what servers were told and what
 * they got acknowledged. It knows the promises, not the code. */
#ifndef SIM_JUDGE_H
#define SIM_JUDGE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum rule {
	RULE_TOLD,		/* each value is told, or counted as dropped */
	RULE_ONCE,		/* ... once */
	RULE_ORDER,		/* ... in order */
	RULE_TIME,		/* ... with its time */
	RULE_LATE,		/* none is later than due and what the line
				 * needs */
	RULE_REGISTERED,	/* within a bounded time after the faults */
	RULE_EXECUTE,		/* none is done twice */
	RULE_WRITE,		/* what was acknowledged was done, and stays */
	RULE_SAFE,		/* an actuator is safe when nobody commands it,
				 * not before, and never outside its range */
	RULE_PACKAGE,		/* what a device gets is as its server has it */
	RULE_COUNTER,		/* what counts never goes back */
	RULE_STORM,		/* no more messages than the pace */
	RULE_BOUND,		/* no queue above its bound */
	RULE_EMPTY,		/* the store empties after the faults */
	RULE_STATUS,		/* the status tells the truth */
	RULE_ASKED,		/* who asks gets an answer, in time */
	RULE_STATE,		/* no state takes an event it cannot get */
	RULE_MEMORY,		/* no memory is lost */
	RULE_SPIN,		/* the loop waits */
	RULE_END,		/* a stop ends, and well */
	RULES
};

void judge_begin(void);
void judge_fault(enum rule rule, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
const char *judge_rule(enum rule rule);
uint64_t judge_faults(enum rule rule);
uint64_t judge_all(void);

/* Devices: value k (from 1 on) of a point was read. */
uint32_t judge_sampled(size_t endpoint, size_t point);
/* Servers (index from 0). A point is observed from now on; no more. */
void judge_observed(size_t server, size_t endpoint, size_t point, bool is);
/* time: of the payload, ns since 1970; 0: none. */
void judge_told(size_t server, size_t endpoint, size_t point, double value,
		int64_t time, const char *how);

/* Their number so far; from .. to - 1 were confirmed to the gateway, which knows
 * now: none may be told again. */
uint64_t judge_tellings(void);
void judge_confirmed(uint64_t from, uint64_t to);

/* A new request for a registration, or for a bootstrap (server BOOTSTRAP). */
void judge_asked(size_t server, size_t endpoint);

void judge_execute_sent(size_t endpoint);
void judge_executed(size_t endpoint);
void judge_execute_answered(size_t endpoint, uint8_t code);
/* Writes, the same: the next one's value. */
double judge_write_sent(size_t server);
void judge_written(size_t endpoint, double value);
void judge_write_answered(size_t endpoint, double value, uint8_t code);
/* The gateway asks for its actuator to be made safe; and it was, as also when
 * it left the device or came to it. */
void judge_safe_asked(size_t endpoint);
void judge_made_safe(size_t endpoint);
/* A package has come to its device; so many have. */
void judge_package(size_t endpoint, const uint8_t *bytes, size_t n);
uint32_t judge_packages(void);
/* The gateway knows that it is registered: a good answer has come. */
void judge_served(size_t endpoint);
/* The device's counter is read; a server was told of it; it may go back, as the
 * disk did not take it. */
void judge_count_sampled(size_t endpoint, double value);
void judge_counted(size_t endpoint, double value);
void judge_count_lost(size_t endpoint);
uint32_t judge_writes_taken(void);	/* answered 2.04 */

/* The world: a fault begins, or is over; the gateway was killed, or ended well;
 * an endpoint was taken out of the configuration or changed. */
void judge_disturbed(bool fault);
void judge_killed(bool power);
void judge_endpoint_anew(size_t endpoint);
/* From the configuration: what was accepted for it goes with it. */
void judge_endpoint_removed(size_t endpoint);
void judge_started(void);	/* the gateway, again */
/* Anew at a server, which observes nothing of it yet. */
void judge_registered(size_t server, size_t endpoint);
/* No server can be reached, and the gateway knows: what was observed goes on to
 * be worth keeping over its ends, and so does what is to be kept. */
void judge_outage(bool is);
/* Its address is another (SIZE_MAX: ours is), which who sends without being
 * answered does not notice. */
void judge_moved(size_t server);
/* So many, since its start, the gateway says that it had no room for. */
void judge_dropped(uint64_t n);
/* A queue of the gateway's is so long, and may be. */
void judge_queue(const char *what, uint64_t is, uint64_t most);
/* Each answer of the server takes so long, by it or by the line; 0: no more. */
void judge_slow(size_t server, int64_t delay);
void judge_forgotten(void);	/* a server has lost its state */
void judge_silent(size_t endpoint);	/* its device does not answer */
void judge_alive(size_t endpoint);	/* ... it does again */
/* What the control socket says of an endpoint: that it is registered at a
 * server, or not; that there is such an endpoint; its device's state; and of one
 * of its points, with age in s. */
void judge_status_registered(size_t server, size_t endpoint, bool is);
void judge_status_listed(size_t endpoint, bool is);
void judge_status_state(size_t endpoint, const char *state);
void judge_status_value(size_t endpoint, size_t point, const char *quality,
			double value, double age);
/* Every minute, and at the end. */
void judge_look(void);
void judge_end(void);
#endif
