/* SPDX-License-Identifier: GPL-2.0-or-later
 * Inside of the store: the files that are still to be written. */
#ifndef AGENT_STORE_PRIVATE_H
#define AGENT_STORE_PRIVATE_H
#include "agent/store/store.h"
#include "agent/store/store_file.h"
#include "agent/store/worker.h"

enum job_kind { JOB_REPLACE, JOB_APPEND, JOB_COMPACT };

struct waiter {
	struct waiter *next;
	store_done done;
	void *context;
	int error;
};

struct job {
	struct job *next;
	struct waiter *waiters;
	enum job_kind kind;
	char *path;
	uint8_t *bytes;
	size_t n;
	bool sync;			/* of JOB_APPEND */
	char *endpoint;			/* who is told of its end ... */
	uint64_t number;		/* ... with this; 0: nobody */
};

struct store {
	char *directory;
	struct job *first, **end;	/* waiting */
	struct job *now;		/* with the worker */
	struct job *failed;		/* the disk did not take them */
	struct waiter *due;		/* to be told */
	int64_t retry_at;		/* of those; 0: not set yet */
	struct worker_task task;	/* does `now` */
	int error, logged_error;	/* of the last one; in the log */
	uint64_t appends, appended;	/* begun, and ended */
	struct journal journal;		/* the worker's */
	store_written *written;
	void *owner;
	bool empty[STORE_KINDS];	/* nothing has ever been put there */
};
#endif
