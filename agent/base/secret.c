/* SPDX-License-Identifier: GPL-2.0-or-later
 * Files of keys: only their owner, and the daemon's group, may read them. */
#include "agent/base/secret.h"
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "agent/base/arena.h"

#define TEXT_MOST 4096
#define FILE_MOST 65536
#define OWNER_MOST 100		/* bytes of "user:group mode" */
#define GROUPS_MOST 256
#define DAEMON "lwmux"		/* its user and group, as packages make them */

/* The caller's, to be freed. */
static char *path_full(const char *directory, const char *path)
{
	char *full;

	if (asprintf(&full, "%s%s%s", *path == '/' || !directory ? "" :
		     directory, *path == '/' || !directory ? "" : "/",
		     path) < 0)
		abort();
	return full;
}

static int file_open(const char *directory, const char *path)
{
	char *full = path_full(directory, path);
	int fd;

	fd = open(full, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		fd = -errno;
	free(full);
	return fd;
}

static int hex_digit(char c)
{
	if (!isxdigit((unsigned char)c))
		return -1;
	return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}

int secret_hex(const char *text, size_t n, uint8_t *bytes)
{
	int used = 0;

	for (size_t i = 0; i < n; i++) {
		int high, low;

		if (isspace((unsigned char)text[i]) || text[i] == ':')
			continue;
		high = hex_digit(text[i]);
		low = i + 1 < n ? hex_digit(text[++i]) : -1;
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
	int n = got < 0 ? -errno : secret_hex(text, (size_t)got, raw);

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

/* A group of ours; root, who checks for the daemon, knows the daemon's. */
static bool is_own_group(gid_t gid)
{
	gid_t groups[GROUPS_MOST];
	int n = getgroups(GROUPS_MOST, groups);
	const struct group *daemon = geteuid() ? NULL : getgrnam(DAEMON);

	for (int i = 0; i < n; i++)
		if (groups[i] == gid)
			return true;
	return gid == getegid() || (daemon && daemon->gr_gid == gid);
}

/* Nobody else reads it, or changes it: root:lwmux 0640 is right. */
static bool is_closed(const struct stat *stat)
{
	return !(stat->st_mode & 077) ||
	       (!(stat->st_mode & 037) && is_own_group(stat->st_gid));
}

/* "root:lwmux 0640"; numbers where there is no such name. */
static void owner_print(const struct stat *stat, char *text, size_t size)
{
	const struct passwd *user = getpwuid(stat->st_uid);
	const struct group *group = getgrgid(stat->st_gid);
	char uid[16], gid[16];

	snprintf(uid, sizeof(uid), "%u", (unsigned)stat->st_uid);
	snprintf(gid, sizeof(gid), "%u", (unsigned)stat->st_gid);
	snprintf(text, size, "%s:%s %04o", user ? user->pw_name : uid,
		 group ? group->gr_name : gid,
		 (unsigned)stat->st_mode & 07777);
}

static void refuse_open(const char *directory, const char *path, int error,
			char *why, size_t size)
{
	char owner[OWNER_MOST];
	struct stat stat;
	char *full = path_full(directory, path);

	if (error == EACCES && !lstat(full, &stat)) {
		owner_print(&stat, owner, sizeof(owner));
		snprintf(why, size, "cannot be read: %s; it is %s: chown root:"
			 DAEMON ", chmod 640", strerror(error), owner);
	} else if (*path != '/' && directory) {
		snprintf(why, size, "cannot be read: %s; it is looked for as "
			 "%s", strerror(error), full);
	} else {
		snprintf(why, size, "cannot be read: %s", strerror(error));
	}
	free(full);
}

static void refuse_mode(const struct stat *stat, char *why, size_t size)
{
	char owner[OWNER_MOST];

	owner_print(stat, owner, sizeof(owner));
	snprintf(why, size, "can be read by others: chmod 600, or 640 and "
		 "chown root:" DAEMON "; it is %s", owner);
}

/* >= 0: open, and a file that may be read. */
static int file_open_checked(const char *directory, const char *path,
			     bool closed, char *why, size_t size)
{
	int fd = file_open(directory, path), rc = 0;
	struct stat stat;

	if (fd < 0) {
		refuse_open(directory, path, -fd, why, size);
		return fd;
	}
	if (fstat(fd, &stat) || !S_ISREG(stat.st_mode)) {
		snprintf(why, size, "is no file");
		rc = -EINVAL;
	} else if (closed && !is_closed(&stat)) {
		refuse_mode(&stat, why, size);
		rc = -EPERM;
	} else {
		return fd;
	}
	close(fd);
	return rc;
}

/* Root may read all, and the daemon, for which it checks, may not. */
static void daemon_look(int fd, char *why, size_t size)
{
	const struct passwd *daemon = geteuid() ? NULL : getpwnam(DAEMON);
	char owner[OWNER_MOST];
	struct stat stat;

	if (!daemon || fstat(fd, &stat) || stat.st_uid == daemon->pw_uid ||
	    (stat.st_gid == daemon->pw_gid && stat.st_mode & 040))
		return;
	owner_print(&stat, owner, sizeof(owner));
	snprintf(why, size, "is %s, and the user " DAEMON ", as which the "
		 "daemon runs, cannot read it: chown root:" DAEMON
		 ", chmod 640", owner);
}

int secret_read(const char *directory, const char *path, struct arena *arena,
		uint8_t **bytes, char *why, size_t size)
{
	int fd = file_open_checked(directory, path, true, why, size), n;

	if (fd < 0)
		return fd;
	*why = '\0';
	daemon_look(fd, why, size);
	n = content_read(fd, arena, bytes, why, size);
	close(fd);
	return n;
}

/* All that read() gives, up to size. */
static ssize_t read_all(int fd, uint8_t *to, size_t size)
{
	size_t used = 0;
	ssize_t n;

	while (used < size && (n = read(fd, to + used, size - used)) != 0) {
		if (n < 0)
			return -errno;
		used += (size_t)n;
	}
	return (ssize_t)used;
}

int secret_file(const char *directory, const char *path, bool closed,
		uint8_t **bytes, char *why, size_t size)
{
	int fd = file_open_checked(directory, path, closed, why, size);
	ssize_t n;

	if (fd < 0)
		return fd;
	*bytes = malloc(FILE_MOST + 1);
	if (!*bytes)
		abort();
	n = read_all(fd, *bytes, FILE_MOST + 1);
	close(fd);
	if (n > 0 && n <= FILE_MOST)
		return (int)n;
	if (n < 0)
		snprintf(why, size, "cannot be read: %s", strerror((int)-n));
	else
		snprintf(why, size, n ? "has more than 64 kB" : "is empty");
	explicit_bzero(*bytes, FILE_MOST + 1);
	free(*bytes);
	*bytes = NULL;
	return n < 0 ? (int)n : -EINVAL;
}
