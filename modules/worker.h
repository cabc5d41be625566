/* SPDX-License-Identifier: GPL-2.0-or-later
 * The thread of a module, and its end: a library may be in a call that does not
 * come back, which holds up nobody. */
#ifndef MODULES_WORKER_H
#define MODULES_WORKER_H
#include <pthread.h>
#include "modules/module.h"

/* First member of a module; calloc()ed. */
struct worker {
	struct module_host host;
	/* On its thread, until worker_is_closing(); then what it holds is
	 * freed, and the module, by destroy(). */
	void (*run)(struct worker *worker);
	void (*destroy)(struct worker *worker);
	pthread_t thread;
	pthread_mutex_t lock;		/* of what follows */
	int wake;			/* eventfd: readable once it is called */
	bool closing, ended, orphaned;
	char *said;			/* the last MODULE_DOWN or _UP; thread's */
};

/* 0, or -errno: nothing has begun, destroy() was not called. */
int worker_start(struct worker *worker, const struct module_host *host);
/* From another thread: its `wake` becomes readable. */
void worker_call(struct worker *worker);
/* After this nothing is told any more. Waits for the thread a second, else it
 * is left to itself. */
void worker_close(struct worker *worker);

/* ---- on its thread ---- */

bool worker_is_closing(struct worker *worker);
/* Takes calls off `wake`. */
void worker_answer(struct worker *worker);
/* As module_host.told; false also where nobody wants to hear it any more: what
 * is not told is not done away with. */
bool worker_tell(struct worker *worker, enum module_event event,
		 const char *text, const uint8_t *bytes, size_t n);
/* MODULE_UP or MODULE_DOWN, where it is news. */
void worker_say(struct worker *worker, enum module_event event,
		const char *format, ...) __attribute__((format(printf, 3, 4)));
#endif
