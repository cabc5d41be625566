/* SPDX-License-Identifier: GPL-2.0-or-later
 * A clock that runs faster, and whose wall time can be stepped, for programs
 * that know nothing of it: preloaded, it stands before the functions of libc
 * that tell the time or wait. Its file (LWMUX_SCALED_CLOCK) is shared by all
 * programs of a test, so that they have one time; tests/e2e/scaled.py writes
 * it. Waits of an absolute time on the wall clock are not needed here. */
/* What it stands in for has inline wrappers otherwise. */
#undef _FORTIFY_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define SECOND INT64_C(1000000000)
#define HERE __attribute__((visibility("default")))

/* As it lies in the file; ns. */
struct scaled_clock {
	double scale;
	int64_t start;		/* monotonic; where all clocks begin */
	int64_t wall;		/* since 1970, at the start */
	int64_t step;		/* of the wall clock since then */
};

static const volatile struct scaled_clock *scaled;

static int64_t ns_of(const struct timespec *t)
{
	return t->tv_sec * SECOND + t->tv_nsec;
}

static struct timespec timespec_of(int64_t ns)
{
	if (ns < 0)
		ns = 0;
	return (struct timespec){ns / SECOND, ns % SECOND};
}

__attribute__((constructor)) static void open_clock(void)
{
	const char *path = getenv("LWMUX_SCALED_CLOCK");
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	void *at = fd < 0 ? MAP_FAILED :
		mmap(NULL, sizeof(*scaled), PROT_READ, MAP_SHARED, fd, 0);

	if (fd >= 0)
		close(fd);
	if (at != MAP_FAILED)
		scaled = at;
}

static int real_gettime(clockid_t id, struct timespec *t)
{
	static int (*next)(clockid_t, struct timespec *);

	if (!next)
		*(void **)&next = dlsym(RTLD_NEXT, "clock_gettime");
	return next(id, t);
}

/* Since the start, on the fast clock. */
static int64_t elapsed(void)
{
	struct timespec t;

	real_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)((double)(ns_of(&t) - scaled->start) * scaled->scale);
}

static int64_t wall(void)
{
	return scaled->wall + scaled->step + elapsed();
}

/* A wait on the fast clock as a real one, never shorter. */
static int64_t shrink(int64_t ns)
{
	return !scaled || ns <= 0 ? ns :
	       (int64_t)((double)ns / scaled->scale) + 1;
}

/* ---- what the time is ---- */

HERE int clock_gettime(clockid_t id, struct timespec *t)
{
	if (!scaled)
		return real_gettime(id, t);
	switch (id) {
	case CLOCK_MONOTONIC: case CLOCK_MONOTONIC_COARSE:
	case CLOCK_MONOTONIC_RAW: case CLOCK_BOOTTIME:
		*t = timespec_of(scaled->start + elapsed());
		return 0;
	case CLOCK_REALTIME: case CLOCK_REALTIME_COARSE:
		*t = timespec_of(wall());
		return 0;
	default:
		return real_gettime(id, t);
	}
}

HERE int gettimeofday(struct timeval *restrict tv, void *restrict zone)
{
	struct timespec t;

	(void)zone;
	clock_gettime(CLOCK_REALTIME, &t);
	tv->tv_sec = t.tv_sec;
	tv->tv_usec = t.tv_nsec / 1000;
	return 0;
}

HERE time_t time(time_t *at)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	if (at)
		*at = t.tv_sec;
	return t.tv_sec;
}

/* ---- who waits ---- */

HERE int ppoll(struct pollfd *fds, nfds_t n, const struct timespec *timeout,
	       const sigset_t *mask)
{
	struct timespec t;

	if (timeout)
		t = timespec_of(shrink(ns_of(timeout)));
	return (int)syscall(SYS_ppoll, fds, n, timeout ? &t : NULL, mask,
			    (size_t)8);
}

HERE int poll(struct pollfd *fds, nfds_t n, int ms)
{
	struct timespec t = timespec_of(ms * INT64_C(1000000));

	return ppoll(fds, n, ms < 0 ? NULL : &t, NULL);
}

int __poll_chk(struct pollfd *fds, nfds_t n, int ms, size_t size);
HERE int __poll_chk(struct pollfd *fds, nfds_t n, int ms, size_t size)
{
	(void)size;
	return poll(fds, n, ms);
}

int __ppoll_chk(struct pollfd *fds, nfds_t n, const struct timespec *timeout,
		const sigset_t *mask, size_t size);
HERE int __ppoll_chk(struct pollfd *fds, nfds_t n,
		     const struct timespec *timeout, const sigset_t *mask,
		     size_t size)
{
	(void)size;
	return ppoll(fds, n, timeout, mask);
}

HERE int epoll_pwait(int fd, struct epoll_event *events, int n, int ms,
		     const sigset_t *mask)
{
	struct timespec t = timespec_of(shrink(ms * INT64_C(1000000)));

	return (int)syscall(SYS_epoll_pwait2, fd, events, n,
			    ms < 0 ? NULL : &t, mask, (size_t)8);
}

HERE int epoll_wait(int fd, struct epoll_event *events, int n, int ms)
{
	return epoll_pwait(fd, events, n, ms, NULL);
}

HERE int select(int n, fd_set *restrict in, fd_set *restrict out,
		fd_set *restrict bad, struct timeval *restrict timeout)
{
	struct timespec t;

	if (timeout)
		t = timespec_of(shrink(timeout->tv_sec * SECOND +
				       timeout->tv_usec * INT64_C(1000)));
	return (int)syscall(SYS_pselect6, n, in, out, bad,
			    timeout ? &t : NULL, NULL);
}

HERE int clock_nanosleep(clockid_t id, int flags, const struct timespec *wait,
			 struct timespec *left)
{
	int64_t ns = ns_of(wait);
	struct timespec t;

	(void)left;
	if (flags & TIMER_ABSTIME) {
		clock_gettime(id, &t);
		ns -= ns_of(&t);
	}
	t = timespec_of(ns);
	return ppoll(NULL, 0, &t, NULL) < 0 ? EINTR : 0;
}

HERE int nanosleep(const struct timespec *wait, struct timespec *left)
{
	(void)left;
	return ppoll(NULL, 0, wait, NULL) < 0 ? -1 : 0;
}

HERE int timerfd_settime(int fd, int flags, const struct itimerspec *wanted,
			 struct itimerspec *before)
{
	int64_t value = ns_of(&wanted->it_value);
	struct itimerspec real = {
		.it_interval = timespec_of(shrink(ns_of(&wanted->it_interval))),
	};

	if (scaled && value && flags & TFD_TIMER_ABSTIME) {
		value -= scaled->start + elapsed();
		if (value <= 0)
			value = 1;
	}
	real.it_value = timespec_of(shrink(value));
	return (int)syscall(SYS_timerfd_settime, fd,
			    scaled ? flags & ~TFD_TIMER_ABSTIME : flags,
			    &real, before);
}
