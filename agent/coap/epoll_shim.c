/* SPDX-License-Identifier: GPL-2.0-or-later
 * libcoap gives each context an epoll instance and a timerfd of its own. With a
 * context for each endpoint that is two descriptors that lie about, and for each
 * message that comes or goes an epoll_wait() and two timerfd_settime() more than
 * its send() and recv(), which cost a quarter of the whole.
 *
 * So a context is given two numbers in their place that are no descriptors:
 * BASE + 2 x slot for epoll_create1(), one more for timerfd_create(). What it
 * asks of the first is asked of the one instance that the loop waits at, with
 * epoll_shim_socket as the data; the second is a number that the connection's
 * deadline is taken from. close() of either fails with EBADF, which libcoap does
 * not look at.
 *
 * Everybody else's calls (libuv, adapters, from any thread) pass through. */
#include "agent/coap/epoll_shim.h"
#include "agent/base/monotonic.h"
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <time.h>

#define BASE 0x40000000		/* above what RLIMIT_NOFILE can be */
#define SECOND INT64_C(1000000000)
/* As the C library's header names it. */
#if defined __USE_TIME_BITS64 && __TIMESIZE == 32
#define TIMERFD_SETTIME "__timerfd_settime64"
#else
#define TIMERFD_SETTIME "timerfd_settime"
#endif

/* A free slot holds the next free one. */
union slot {
	struct epoll_shim *shim;
	uintptr_t next_free;
};

static struct {
	union slot *slots;
	uint32_t n, max;
	uintptr_t free;			/* slot + 1; 0: none */
	int epoll;
	struct epoll_shim_socket **sockets;	/* by descriptor */
	int n_sockets;
	struct epoll_shim_socket *closed;
} pool;

static _Thread_local struct epoll_shim *creating;
static _Thread_local int taken;		/* how many of the two it has */

static struct {
	int (*create)(int);
	int (*control)(int, int, int, struct epoll_event *);
	int (*timer)(int, int);
	int (*settime)(int, int, const struct itimerspec *,
		       struct itimerspec *);
} real;

static void *real_of(const char *name)
{
	void *function = dlsym(RTLD_NEXT, name);

	if (!function)
		abort();
	return function;
}

/* Before any thread is there. */
__attribute__((constructor)) static void real_find(void)
{
	*(void **)&real.create = real_of("epoll_create1");
	*(void **)&real.control = real_of("epoll_ctl");
	*(void **)&real.timer = real_of("timerfd_create");
	*(void **)&real.settime = real_of(TIMERFD_SETTIME);
}

/* ---- slots ---- */

static void *array_grown(void *old, size_t n, size_t size)
{
	void *new = reallocarray(old, n, size);

	if (!new)
		abort();
	return new;
}

void epoll_shim_begin(struct epoll_shim *shim, int epoll)
{
	if (!pool.free && pool.n == pool.max) {
		pool.max = pool.max ? pool.max * 2 : 64;
		pool.slots =
			array_grown(pool.slots, pool.max, sizeof(*pool.slots));
	}
	if (pool.free) {
		shim->slot = (uint32_t)(pool.free - 1);
		pool.free = pool.slots[shim->slot].next_free;
	} else {
		shim->slot = pool.n++;
	}
	pool.slots[shim->slot].shim = shim;
	pool.epoll = epoll;
	shim->due = 0;
	shim->opening = NULL;
	shim->opened = -1;
	creating = shim;
	taken = 0;
}

bool epoll_shim_end(void)
{
	creating = NULL;
	return taken == 2;
}

void epoll_shim_free(struct epoll_shim *shim)
{
	pool.slots[shim->slot].next_free = pool.free;
	pool.free = (uintptr_t)shim->slot + 1;
}

static struct epoll_shim *shim_of(int fd)
{
	return pool.slots[(uint32_t)(fd - BASE) / 2].shim;
}

/* ---- sockets ---- */

static struct epoll_shim_socket *socket_of(int fd)
{
	return fd >= 0 && fd < pool.n_sockets ? pool.sockets[fd] : NULL;
}

void epoll_shim_disown(int fd, const void *owner)
{
	struct epoll_shim_socket *s = socket_of(fd);

	if (s && s->owner == owner)
		s->owner = NULL;
}

static struct epoll_shim_socket *socket_create(struct epoll_shim *shim, int fd)
{
	struct epoll_shim_socket *s = calloc(1, sizeof(*s));

	if (!s)
		abort();
	if (fd >= pool.n_sockets) {
		int n = fd < 512 ? 1024 : fd * 2;

		pool.sockets = array_grown(pool.sockets, (size_t)n,
					   sizeof(struct epoll_shim_socket *));
		for (int i = pool.n_sockets; i < n; i++)
			pool.sockets[i] = NULL;
		pool.n_sockets = n;
	}
	s->shim = shim;
	s->owner = shim->opening;
	shim->opened = fd;
	return pool.sockets[fd] = s;
}

/* Its event may still be among those of this turn. */
static void socket_close(struct epoll_shim_socket *s, int fd)
{
	pool.sockets[fd] = NULL;
	s->shim = NULL;
	s->next = pool.closed;
	pool.closed = s;
}

void epoll_shim_sweep(void)
{
	for (struct epoll_shim_socket *s; (s = pool.closed); ) {
		pool.closed = s->next;
		free(s);
	}
}

void epoll_shim_finish(void)
{
	epoll_shim_sweep();
	free(pool.slots);
	free(pool.sockets);
	pool.slots = NULL;
	pool.sockets = NULL;
	pool.n = pool.max = 0;
	pool.free = 0;
	pool.n_sockets = 0;
}

static int socket_control(struct epoll_shim *shim, int what, int fd,
			  struct epoll_event *event)
{
	struct epoll_shim_socket *s = socket_of(fd);
	struct epoll_event ours = {.events = 0};
	int rc;

	if (fd >= BASE)			/* its timer: that is no socket */
		return 0;
	if (what == EPOLL_CTL_ADD && !s)
		s = socket_create(shim, fd);
	if (!s) {
		errno = ENOENT;
		return -1;
	}
	if (what != EPOLL_CTL_DEL) {
		s->theirs = event->data.ptr;
		ours = (struct epoll_event){.events = event->events,
					    .data.ptr = s};
	}
	rc = real.control(pool.epoll, what, fd, &ours);
	if (what == EPOLL_CTL_DEL || (what == EPOLL_CTL_ADD && rc < 0))
		socket_close(s, fd);
	return rc;
}

/* ---- what libcoap finds ---- */

__attribute__((visibility("default"))) int epoll_create1(int flags)
{
	if (!creating)
		return real.create(flags);
	taken++;
	return BASE + 2 * (int)creating->slot;
}

__attribute__((visibility("default")))
int timerfd_create(clockid_t clock, int flags)
{
	if (!creating)
		return real.timer(clock, flags);
	taken++;
	return BASE + 2 * (int)creating->slot + 1;
}

__attribute__((visibility("default")))
int epoll_ctl(int epoll, int what, int fd, struct epoll_event *event)
{
	if (epoll < BASE)
		return real.control(epoll, what, fd, event);
	return socket_control(shim_of(epoll), what, fd, event);
}

__attribute__((visibility("default")))
int timerfd_settime(int fd, int flags, const struct itimerspec *to,
		    struct itimerspec *old)
{
	int64_t after;

	if (fd < BASE)
		return real.settime(fd, flags, to, old);
	after = to->it_value.tv_sec * SECOND + to->it_value.tv_nsec;
	shim_of(fd)->due = after ? monotonic_read() + after : 0;
	return 0;
}
