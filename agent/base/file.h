/* SPDX-License-Identifier: GPL-2.0-or-later
 * Files, read whole. */
#ifndef AGENT_FILE_H
#define AGENT_FILE_H
#include <sys/types.h>

#define FILE_SIZE_MOST (1u << 20)

/* What read() gives, up to n bytes; a short one is asked again. Their number:
 * fewer than n where the file ends. -errno. */
ssize_t file_read_fd(int fd, void *to, size_t n);
/* Of the configuration: at most one byte more than FILE_SIZE_MOST, so that the reader can refuse it.
 * Bytes, or -errno; -ENOTSUP: it is a pipe, a socket or a device. The text is
 * malloc's. */
ssize_t file_read(const char *directory, const char *name, char **text);
/* What was made or renamed in it is there after a power cut, too. 0 or -errno. */
int file_folder_sync(const char *folder);
#endif
