/* SPDX-License-Identifier: GPL-2.0-or-later
 * One epoll instance for all contexts of libcoap, and their timers in the heap
 * of this process: by functions of the executable that stand before those of
 * the C library (ELF interposition). Agent thread. */
#ifndef AGENT_EPOLL_SHIM_H
#define AGENT_EPOLL_SHIM_H
#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

/* What a context takes for its epoll instance. */
struct epoll_shim {
	int64_t due;		/* what its timer is set to: monotonic ns, 0: not */
	void *opening;		/* to be set: whose the next socket is */
	int opened;		/* ... and which one that was */
	uint32_t slot;
};

/* A socket of a context, as data.ptr of what epoll_wait() gives. */
struct epoll_shim_socket {
	struct epoll_shim *shim;	/* NULL: it was closed in this turn */
	void *theirs;			/* data.ptr as libcoap set it */
	union {
		void *owner;		/* as `opening` said; NULL: nobody */
		struct epoll_shim_socket *next;	/* closed, too */
	};
};

/* Around coap_new_context(): its sockets are watched by `epoll`. */
void epoll_shim_begin(struct epoll_shim *shim, int epoll);
/* false: libcoap's calls do not come here. Also where the context came to
 * nothing. */
bool epoll_shim_end(void);
/* After coap_free_context(). */
void epoll_shim_free(struct epoll_shim *shim);
/* The owner goes, and libcoap closes the socket later: until then its events are
 * nobody's. Where fd is no socket, or another owner's by now, nothing is done. */
void epoll_shim_disown(int fd, const void *owner);
/* At the end of a turn: no event of it is looked at any more. */
void epoll_shim_sweep(void);
/* At the end of the process. */
void epoll_shim_finish(void);
#endif
