/* SPDX-License-Identifier: GPL-2.0-or-later
 * A file "lock": locked while a daemon runs (the kernel gives it back, however
 * that ends). It says whether one runs: both texts have one length and are
 * written in place, so that a disk that is full takes either, once the file has
 * its block. Of versions before, an empty file is a clean end. */
#include "agent/store/state_lock.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define AGAIN_AFTER INT64_C(10000000000)	/* ns */

static const char in_use[] = "runs, or was killed\n";
static const char ended[] = "came to a clean end\n";
_Static_assert(sizeof(in_use) == sizeof(ended), "written in place");

static bool lock_write(int fd, const char *text)
{
	ssize_t n = sizeof(in_use) - 1;

	return pwrite(fd, text, (size_t)n, 0) == n && fsync(fd) == 0;
}

static void mark_work(struct worker_task *task)
{
	struct state_lock *lock = (struct state_lock *)task;

	lock->marked = lock_write(lock->fd, in_use);
}

static void mark_worked(struct worker_task *task)
{
	(void)task;
}

/* A clean end is what is told by one, and a file that is new. */
static bool lock_was_killed(int fd)
{
	char text[sizeof(ended)];
	ssize_t n = pread(fd, text, sizeof(text), 0);

	return n < 0 || (n && ((size_t)n != sizeof(ended) - 1 ||
			       memcmp(text, ended, (size_t)n)));
}

int state_lock_begin(struct state_lock *lock, const char *directory,
		     bool *was_killed)
{
	char path[4096];
	int fd;

	*was_killed = false;
	*lock = (struct state_lock){0};
	if ((size_t)snprintf(path, sizeof(path), "%s/lock", directory) >=
	    sizeof(path))
		return -ENAMETOOLONG;
	if (mkdir(directory, 0755) < 0 && errno != EEXIST)
		return -errno;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		int error = errno;

		close(fd);
		return -error;
	}
	*was_killed = lock_was_killed(fd);
	*lock = (struct state_lock){
		.task = {.work = mark_work, .done = mark_worked},
		.fd = fd, .held = true, .marked = lock_write(fd, in_use),
	};
	return 0;
}

int64_t state_lock_turn(struct state_lock *lock, int64_t now)
{
	if (!lock->held)
		return INT64_MAX;
	if (lock->task.waits)
		return lock->next;
	if (lock->marked)
		return INT64_MAX;
	if (now < lock->next)
		return lock->next;
	lock->next = now + AGAIN_AFTER;
	worker_put(&lock->task);
	return lock->next;
}

void state_lock_end(struct state_lock *lock)
{
	if (!lock->held)
		return;
	lock_write(lock->fd, ended);
	close(lock->fd);
	lock->held = false;
}
