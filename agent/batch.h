/* SPDX-License-Identifier: GPL-2.0-or-later
 * The bus writes of one request, in order; the answer goes out when the last
 * has ended, or the first has failed. Agent thread. */
#ifndef AGENT_BATCH_H
#define AGENT_BATCH_H
#include "agent/coap.h"
#include "agent/endpoint.h"
#include "agent/heap.h"

#define BATCH_DEADLINE (INT64_C(4500) * 1000000)	/* ns: servers wait 5 s */

/* Who asked for the writes. */
struct batch_asker_ops {
	/* They are under way: what answer() is called with, once; NULL: the
	 * asker cannot wait, and answer() is not called. */
	void *(*defer)(void *asker);
	void (*answer)(void *later, uint8_t code, int64_t now);
};
struct batch_asker { const struct batch_asker_ops *ops; void *asker; };
/* A server's request. */
struct batch_asker batch_exchange(struct coap_exchange *exchange);

struct batch {
	struct batch *next;
	struct endpoint *endpoint;
	const struct batch_asker_ops *ops;
	void *later;
	struct heap_item due;
	uint64_t id;
	uint8_t code;			/* answered when all went well */
	size_t n, at;
	struct batch_write { uint32_t point; struct lwm2m_value raw; } writes[];
};

/* The check of a write against its point (owner: the endpoint), before any is
 * done. */
extern const struct request_bound batch_bound;

/* The code of the failure, or 0: the batch is under way and answers later.
 * code: the answer when all is well. */
uint8_t batch_start(struct endpoint *endpoint, struct batch_asker asker,
		    const struct lwm2m_record *writes, size_t n, uint8_t code,
		    int64_t now);
/* BUS_DONE of its write under way. */
void batch_done(struct endpoint *endpoint, uint64_t id, int error, int64_t now);
/* Its deadline has passed: 5.04. */
void batch_due(struct batch *batch, int64_t now);
/* The endpoint is going: all are answered 5.03. */
void batch_end_all(struct endpoint *endpoint, int64_t now);
#endif
