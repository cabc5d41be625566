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

static bool is_between(char c)
{
	return isspace((unsigned char)c) || c == ':';
}

/* Of the first that makes no byte of it; n: each does. *digits: before it. */
static size_t hex_trouble(const char *text, size_t n, size_t *digits)
{
	*digits = 0;
	for (size_t i = 0; i < n; i++) {
		if (is_between(text[i]) && !(*digits % 2))
			continue;
		if (hex_digit(text[i]) < 0)
			return i;
		++*digits;
	}
	return n;
}

static bool is_base64(const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)text[i]) &&
		    !memchr("+/=\r\n", text[i], 5))
			return false;
	return n >= 8;
}

/* What people put there in place of digits. */
static const char *hex_remedy(const char *text, size_t n, size_t at)
{
	const char c = text[at];

	if (memmem(text, n, "-----BEGIN ", 11))
		return "it is PEM, that is a key or certificate of another "
		       "security";
	if ((c == 'x' || c == 'X') && at && text[at - 1] == '0')
		return "the digits alone, without 0x";
	if (c == '"' || c == '\'')
		return "the digits alone, without quotes";
	if (is_between(c))
		return "half a byte stands before it";
	if (is_base64(text, n))
		return "if it is base64: base64 -d FILE | od -An -tx1 makes hex "
		       "of it";
	return "two of 0-9 and a-f for each byte, as "
	       "00112233445566778899aabbccddeeff";
}

static void hex_explain(const char *text, size_t n, size_t at, size_t digits,
			char *why, size_t size)
{
	unsigned line = 1, column = 1;

	for (size_t i = 0; i < at; i++) {
		column = text[i] == '\n' ? 1 : column + 1;
		line += text[i] == '\n';
	}
	if (at < n)
		snprintf(why, size, "is not in hex at line %u, column %u: %s",
			 line, column, hex_remedy(text, n, at));
	else if (digits)
		snprintf(why, size, "has %zu digits, and two make a byte: one "
			 "is missing, or one too much", digits);
	else
		snprintf(why, size, "is empty");
}

int secret_hex(const char *text, size_t n, uint8_t *bytes, char *why,
	       size_t size)
{
	size_t digits, at;
	int used = 0;

	while (n && isspace((unsigned char)text[n - 1]))
		n--;
	at = hex_trouble(text, n, &digits);
	if (at < n || !digits || digits % 2) {
		if (why)
			hex_explain(text, n, at, digits, why, size);
		return -EINVAL;
	}
	for (size_t i = 0; i < n; i++) {
		if (is_between(text[i]))
			continue;
		bytes[used++] = (uint8_t)(hex_digit(text[i]) << 4 |
					  hex_digit(text[i + 1]));
		i++;
	}
	return used;
}

/* Two bytes a character, as some editors save "Unicode"; DER is never so. */
static bool is_wide(const uint8_t *text, size_t n)
{
	return n >= 4 && (!memcmp(text, "\xff\xfe", 2) ||
			  !memcmp(text, "\xfe\xff", 2) ||
			  (isprint(text[0]) && !text[1] &&
			   isprint(text[2]) && !text[3]) ||
			  (!text[0] && isprint(text[1]) &&
			   !text[2] && isprint(text[3])));
}

/* Without the mark that says UTF-8; what is left, or -EINVAL. */
static int text_clean(uint8_t *text, int n, char *why, size_t size)
{
	static const uint8_t mark[] = {0xef, 0xbb, 0xbf};

	if (is_wide(text, (size_t)n)) {
		snprintf(why, size, "is text of two bytes a character (UTF-16, "
			 "an editor's \"Unicode\"): save it as ASCII or UTF-8");
		return -EINVAL;
	}
	if (n < (int)sizeof(mark) || memcmp(text, mark, sizeof(mark)))
		return n;
	n -= (int)sizeof(mark);
	memmove(text, text + sizeof(mark), (size_t)n);
	/* The caller wipes what he knows of. */
	explicit_bzero(text + n, sizeof(mark));
	if (!n)
		snprintf(why, size, "is empty");
	return n ? n : -EINVAL;
}

/* The user and the group that packages make, as root finds them. */
struct daemon {
	bool has_user, has_group;
	uid_t user;
	gid_t users_group, group;
};

static struct daemon daemon_find(void)
{
	struct daemon found = {.has_user = false};
	const struct passwd *user = getpwnam(DAEMON);
	const struct group *group = getgrnam(DAEMON);

	if (user) {
		found.has_user = true;
		found.user = user->pw_uid;
		found.users_group = user->pw_gid;
	}
	if (group) {
		found.has_group = true;
		found.group = group->gr_gid;
	}
	return found;
}

/* For root, who checks for the daemon; NULL for others. They are looked for
 * once: an answer costs 85 system calls where systemd is asked as well, and
 * each endpoint may have a key of its own. */
static const struct daemon *daemon_of_root(void)
{
	static struct daemon daemon;
	static bool found;

	if (geteuid())
		return NULL;
	if (!found)
		daemon = daemon_find();
	found = true;
	return &daemon;
}

/* A group of ours; root knows the daemon's, too. */
static bool is_own_group(gid_t gid)
{
	gid_t groups[GROUPS_MOST];
	int n = getgroups(GROUPS_MOST, groups);
	const struct daemon *daemon = daemon_of_root();

	for (int i = 0; i < n; i++)
		if (groups[i] == gid)
			return true;
	return gid == getegid() ||
	       (daemon && daemon->has_group && daemon->group == gid);
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
	const struct daemon *daemon = daemon_of_root();
	char owner[OWNER_MOST];
	struct stat stat;

	if (!daemon || !daemon->has_user || fstat(fd, &stat) ||
	    stat.st_uid == daemon->user ||
	    (stat.st_gid == daemon->users_group && stat.st_mode & 040) ||
	    stat.st_mode & 04)
		return;
	owner_print(&stat, owner, sizeof(owner));
	snprintf(why, size, "is %s, and the user " DAEMON ", as which the "
		 "daemon runs, cannot read it: chown root:" DAEMON
		 ", chmod 640", owner);
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

static void text_drop(uint8_t **text)
{
	explicit_bzero(*text, FILE_MOST + 1);
	free(*text);
	*text = NULL;
}

int secret_file(const char *directory, const char *path, bool closed,
		uint8_t **bytes, char *why, size_t size)
{
	int fd = file_open_checked(directory, path, closed, why, size), rc;
	ssize_t n;

	if (fd < 0)
		return fd;
	*why = '\0';
	daemon_look(fd, why, size);
	*bytes = malloc(FILE_MOST + 1);
	if (!*bytes)
		abort();
	n = read_all(fd, *bytes, FILE_MOST + 1);
	close(fd);
	if (n > 0 && n <= FILE_MOST) {
		rc = text_clean(*bytes, (int)n, why, size);
	} else if (n < 0) {
		snprintf(why, size, "cannot be read: %s", strerror((int)-n));
		rc = (int)n;
	} else {
		snprintf(why, size, n ? "has more than 64 kB" : "is empty");
		rc = -EINVAL;
	}
	if (rc < 0)
		text_drop(bytes);
	return rc;
}

int secret_read(const char *directory, const char *path, struct arena *arena,
		uint8_t **bytes, char *why, size_t size)
{
	uint8_t *text;
	int n = secret_file(directory, path, true, &text, why, size);

	if (n < 0)
		return n;
	n = secret_hex((const char *)text, (size_t)n, text, why, size);
	if (n > 0) {
		arena_mark_secret(arena);
		*bytes = memcpy(arena_take(arena, (size_t)n), text, (size_t)n);
	}
	text_drop(&text);
	return n;
}
