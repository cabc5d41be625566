/* SPDX-License-Identifier: GPL-2.0-or-later
 * A file "lock": locked while a daemon runs (the kernel gives it back, however
 * that ends), and not empty from its start to its clean end. */
#include "agent/store/state_lock.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static const char mark[] = "runs, or was killed\n";

int state_lock_begin(const char *directory, bool *was_killed)
{
	char path[4096];
	struct stat stat;
	int fd;

	*was_killed = false;
	if ((size_t)snprintf(path, sizeof(path), "%s/lock", directory) >=
	    sizeof(path))
		return -ENAMETOOLONG;
	if (mkdir(directory, 0755) < 0 && errno != EEXIST)
		return -errno;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0 || fstat(fd, &stat) < 0) {
		int error = errno;

		close(fd);
		return -error;
	}
	*was_killed = stat.st_size > 0;
	/* On a full disk the mark is missing, and the next start is as after a
	 * clean end: that cannot be helped. */
	if (!*was_killed && write(fd, mark, sizeof(mark) - 1) > 0)
		fsync(fd);
	return fd;
}

void state_lock_end(int lock)
{
	if (lock < 0)
		return;
	if (ftruncate(lock, 0) == 0)
		fsync(lock);
	close(lock);
}
