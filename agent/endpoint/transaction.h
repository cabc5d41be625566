/* SPDX-License-Identifier: GPL-2.0-or-later
 * A write transaction: the bus writes of one request, in order; the answer goes
 * out when the last has ended, or the first has failed. For a device that
 * sleeps they are held until it is heard, as asleep_write says. Agent
 * thread. */
#ifndef AGENT_TRANSACTION_H
#define AGENT_TRANSACTION_H
#include "agent/coap/coap.h"
#include "agent/endpoint/endpoint.h"
#include "agent/base/heap.h"
#include "agent/base/limits.h"

/* ns; servers wait 5 s */
#define TRANSACTION_DEADLINE (INT64_C(4500) * 1000000)

/* Who asked for the writes. */
struct requester_ops {
	/* They are under way: what answer() is called with, once; NULL: the
	 * requester cannot wait, and answer() is not called. */
	void *(*defer)(void *context);
	void (*answer)(void *later, uint8_t code, int64_t now);
};
struct requester {
	const struct requester_ops *ops;
	void *context;
};

struct transaction {
	struct transaction *next;
	struct endpoint *endpoint;
	const struct requester_ops *ops;
	void *later;
	struct heap_item due;
	uint64_t id;
	struct transaction *superseded_by;	/* all its writes were replaced by that
					 * one's: answered with it */
	int64_t hold_until;		/* monotonic ns; 0: is never held */
	uint8_t code;			/* answered when all went well */
	bool deferred;			/* waits for the device to be heard */
	bool accepted;			/* answered already: nobody waits */
	size_t n, at;			/* writes; that many are done */
	size_t under_way;		/* at the bus: of one group */
	struct bus_write writes[];
};

/* The check of a write against its point (owner: the endpoint), before any is
 * done. */
extern const struct request_bound transaction_bound;

/* The code of the failure, or 0: it is under way and answers later.
 * code: the answer when all is well. */
uint8_t transaction_start(struct endpoint *endpoint,
			  struct requester requester,
			  const struct lwm2m_record *writes, size_t n,
			  uint8_t code, int64_t now);
/* client_request.c: all of a Write, what is held here and what goes to the
 * bus, for whoever asks. The code to answer; 0: the requester gets it later. */
uint8_t endpoint_write(struct endpoint *endpoint,
		       const struct request_outcome *outcome,
		       struct requester requester, int64_t now);
/* The device is there: the first of the held ones goes to the bus. */
void transaction_release(struct endpoint *endpoint, int64_t now);
/* How many wait for the device, and those accepted among them. */
struct transactions_deferred { size_t n, accepted; };
struct transactions_deferred
transactions_deferred(const struct endpoint *endpoint);
/* Those accepted before a restart. */
void transaction_restore(struct endpoint *endpoint);
/* BUS_DONE of its write under way; why: of the error, or NULL. */
void transaction_done(struct endpoint *endpoint, uint64_t id, int error,
		      const char *why, int64_t now);
/* Its deadline has passed: 5.04. */
void transaction_due(struct transaction *transaction, int64_t now);
/* The endpoint is going: all are answered 5.03. The accepted stay stored. */
void transaction_end_all(struct endpoint *endpoint, int64_t now);

/* ---- transaction.c and transaction_hold.c only ---- */

/* NULL: *code refuses; else *code is what it will be answered with. */
struct transaction *transaction_create(struct endpoint *endpoint,
				       const struct lwm2m_record *writes,
				       size_t n, uint8_t *code);
void transaction_enter(struct transaction *transaction);
/* Its next write goes to the bus. */
void transaction_run(struct transaction *transaction, int64_t now);
/* Tells who waits, and nobody does from now on. */
void transaction_answer(struct transaction *transaction, uint8_t code,
			int64_t now);
void transaction_free(struct transaction *transaction);
/* Takes it out and frees it: nobody waits, or never did. */
void transaction_drop(struct transaction *transaction);
/* The time until which it is held at most; 0: not at all. */
int64_t transaction_hold_until(const struct endpoint *endpoint, int64_t now);
/* Must a new one wait for the device, or for those that do? */
bool transaction_must_wait(const struct endpoint *endpoint);
uint8_t transaction_hold_new(struct endpoint *endpoint,
			     struct requester requester,
			     const struct lwm2m_record *writes, size_t n,
			     uint8_t code, int64_t now);
/* What it writes, no older one that is held writes after it: their requesters
 * wait for it instead. true: some of these stand on the disk. */
bool transaction_replace_older(struct transaction *transaction);
/* The device did not answer: may it wait until it is heard again? */
bool transaction_hold_again(struct transaction *transaction, int64_t now);
void transaction_store(const struct endpoint *endpoint);
#endif
