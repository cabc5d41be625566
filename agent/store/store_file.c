/* SPDX-License-Identifier: GPL-2.0-or-later
 * Files of the state directory, written by the worker. */
#include "agent/store/store_file.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "agent/base/file.h"
#include "agent/base/log.h"
#include "agent/store/last_format.h"

#define JOURNAL_MOST (256 * 1024 * 1024)
#define PIECE (64 * 1024)	/* bytes that the journal grows by */

static int write_all(int fd, const uint8_t *bytes, size_t n, size_t at)
{
	while (n) {
		ssize_t rc = pwrite(fd, bytes, n, (off_t)at);

		if (rc < 0 && errno != EINTR)
			return -errno;
		if (rc > 0) {
			bytes += rc;
			at += (size_t)rc;
			n -= (size_t)rc;
		}
	}
	return 0;
}

/* The name is in its folder after a power cut, too. */
static int sync_folder(const char *path)
{
	char *folder = strdup(path);
	int rc;

	if (!folder)
		abort();
	*strrchr(folder, '/') = 0;
	rc = file_folder_sync(folder);
	free(folder);
	return rc;
}

int store_file_replace(const char *path, const uint8_t *bytes, size_t n)
{
	char beside[4096];
	int fd, rc;

	if ((size_t)snprintf(beside, sizeof(beside), "%s.new", path) >=
	    sizeof(beside))
		return -ENAMETOOLONG;
	fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	rc = write_all(fd, bytes, n, 0);
	if (rc == 0 && fsync(fd) < 0)
		rc = -errno;
	close(fd);
	if (rc == 0 && rename(beside, path) < 0)
		rc = -errno;
	if (rc < 0) {
		unlink(beside);
		return rc;
	}
	return sync_folder(path);
}

uint8_t *store_file_read(const char *path, size_t most,
			 enum store_file_long how, size_t *n)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat stat;
	uint8_t *bytes;
	size_t size;
	ssize_t got;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &stat) < 0 || !S_ISREG(stat.st_mode) ||
	    stat.st_size <= 0 ||
	    (how == STORE_LONG_NONE && (uintmax_t)stat.st_size > most)) {
		close(fd);
		return NULL;
	}
	size = (uintmax_t)stat.st_size > most ? most : (size_t)stat.st_size;
	bytes = malloc(size);
	if (!bytes)
		abort();
	got = file_read_fd(fd, bytes, size);
	close(fd);
	if (got <= 0) {
		free(bytes);
		return NULL;
	}
	*n = (size_t)got;
	return bytes;
}

/* ---- the journal ---- */

uint8_t *journal_read(const char *path, size_t *n)
{
	uint8_t *bytes = store_file_read(path, JOURNAL_MOST, STORE_LONG_CUT, n);

	if (bytes && *n == JOURNAL_MOST)
		log_line(LOG_WARN, NULL, NULL, "%s is longer than 256 MiB: what "
			 "is behind is not read", path);
	*n = bytes ? last_end(bytes, *n) : 0;
	if (bytes && !*n) {
		free(bytes);
		bytes = NULL;
	}
	return bytes;
}

/* Bytes, and zeros behind them up to a whole piece. */
static int write_padded(int fd, const uint8_t *bytes, size_t n, size_t at)
{
	size_t all = (at + n + PIECE) / PIECE * PIECE - at;
	uint8_t *padded = calloc(1, all);
	int rc;

	if (!padded)
		abort();
	memcpy(padded, bytes, n);
	rc = write_all(fd, padded, all, at);
	free(padded);
	return rc;
}

/* A disk that has no room for the zeros may have some for the record. */
static int write_behind(int fd, const uint8_t *bytes, size_t n, size_t at)
{
	struct stat stat;
	int rc = fstat(fd, &stat) < 0 ? -errno : 0;

	if (rc == 0 && at + n > (size_t)stat.st_size)
		rc = write_padded(fd, bytes, n, at);
	else if (rc == 0)
		return write_all(fd, bytes, n, at);
	return rc == -ENOSPC ? write_all(fd, bytes, n, at) : rc;
}

int journal_append(struct journal *journal, const char *path,
		   const uint8_t *bytes, size_t n, bool sync)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600), rc;

	if (fd < 0)
		return -errno;
	if (!journal->end)
		free(journal_read(path, &journal->end));
	rc = write_behind(fd, bytes, n, journal->end);
	if (rc == 0 && (sync || !journal->end) && fsync(fd) < 0)
		rc = -errno;
	close(fd);
	if (rc == 0 && !journal->end)
		rc = sync_folder(path);
	if (rc == 0)
		journal->end += n;
	return rc;
}

int journal_compact(struct journal *journal, const char *path, int64_t keep)
{
	size_t n;
	uint8_t *bytes = journal_read(path, &n);
	struct buf out = buf_over(bytes ? calloc(1, n + PIECE) : NULL, n);
	int rc = 0;

	if (bytes && !out.at)
		abort();
	if (bytes) {
		last_compact(bytes, n, keep, &out);
		rc = out.full ? -ENOSPC :
		     store_file_replace(path, out.at, out.used + PIECE);
		journal->end = 0;	/* found again by the next */
	}
	free(out.at);
	free(bytes);
	return rc;
}
