/* SPDX-License-Identifier: GPL-2.0-or-later
 * Reads files: no device or pipe can make it wait. */
#include "agent/base/file.h"
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

ssize_t file_read_fd(int fd, void *to, size_t n)
{
	size_t used = 0;

	while (used < n) {
		ssize_t got = read(fd, (char *)to + used, n - used);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (!got)
			break;
		used += (size_t)got;
	}
	return (ssize_t)used;
}

/* A pipe that nobody writes to looks like an empty file. */
static bool is_special(int fd)
{
	struct stat st;

	return !fstat(fd, &st) && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
}

ssize_t file_read(const char *directory, const char *name, char **text)
{
	char *path;
	ssize_t n;
	int fd;

	if (asprintf(&path, "%s/%s", directory, name) < 0)
		abort();
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	free(path);
	if (fd < 0)
		return -errno;
	if (is_special(fd)) {
		close(fd);
		return -ENOTSUP;
	}
	*text = malloc(FILE_SIZE_MOST + 1);
	if (!*text)
		abort();
	n = file_read_fd(fd, *text, FILE_SIZE_MOST + 1);
	if (n < 0)
		free(*text);
	close(fd);
	return n;
}

int file_folder_sync(const char *folder)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc = fd < 0 || fsync(fd) < 0 ? -errno : 0;

	if (fd >= 0)
		close(fd);
	return rc;
}
