/* SPDX-License-Identifier: GPL-2.0-or-later
 * Key files: hex in a file that only its owner can read. */
#include "agent/secret.h"
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "agent/arena.h"

#define TEXT_MOST 4096

static int file_open(const char *directory, const char *path)
{
	char *full;
	int fd;

	if (asprintf(&full, "%s%s%s", *path == '/' || !directory ? "" :
		     directory, *path == '/' || !directory ? "" : "/",
		     path) < 0)
		abort();
	fd = open(full, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		fd = -errno;
	free(full);
	return fd;
}

static int nibble(char c)
{
	if (!isxdigit((unsigned char)c))
		return -1;
	return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}

/* Blanks, line ends and colons between the bytes are skipped. */
static int hex_read(const char *text, size_t n, uint8_t *bytes)
{
	int used = 0;

	for (size_t i = 0; i < n; i++) {
		int high, low;

		if (isspace((unsigned char)text[i]) || text[i] == ':')
			continue;
		high = nibble(text[i]);
		low = i + 1 < n ? nibble(text[++i]) : -1;
		if (high < 0 || low < 0)
			return -EINVAL;
		bytes[used++] = (uint8_t)(high << 4 | low);
	}
	return used ? used : -EINVAL;
}

static int content_read(int fd, struct arena *arena, uint8_t **bytes,
			char *why, size_t size)
{
	uint8_t raw[TEXT_MOST / 2 + 1];
	char text[TEXT_MOST];
	ssize_t got = read(fd, text, sizeof(text));
	int n = got < 0 ? -errno : hex_read(text, (size_t)got, raw);

	if (n > 0) {
		arena_mark_secret(arena);
		*bytes = memcpy(arena_take(arena, (size_t)n), raw, (size_t)n);
	} else if (got < 0) {
		snprintf(why, size, "cannot be read: %s", strerror(-n));
	} else {
		snprintf(why, size, "does not hold bytes in hex");
	}
	explicit_bzero(raw, sizeof(raw));
	explicit_bzero(text, sizeof(text));
	return n;
}

int secret_read(const char *directory, const char *path, struct arena *arena,
		uint8_t **bytes, char *why, size_t size)
{
	int fd = file_open(directory, path), n;
	struct stat stat;

	if (fd < 0) {
		snprintf(why, size, "cannot be read: %s", strerror(-fd));
		return fd;
	}
	if (fstat(fd, &stat) || !S_ISREG(stat.st_mode)) {
		snprintf(why, size, "is no file");
		n = -EINVAL;
	} else if (stat.st_mode & 077) {
		snprintf(why, size, "can be read by others: chmod 600");
		n = -EPERM;
	} else {
		n = content_read(fd, arena, bytes, why, size);
	}
	close(fd);
	return n;
}
