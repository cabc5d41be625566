/* SPDX-License-Identifier: GPL-2.0-or-later
 * Names are whole paths in a flat table; each has the content that it leads to
 * now and the one that it would after a power cut. */
#include "tests/sim/disk.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "tests/sim/world.h"

#define ROOT "/sim"
#define BOOT_ID "/proc/sys/kernel/random/boot_id"
#define NAMES_MAX 4096
#define PATH_ROOM 320
#define CHANGES_MAX 4096
#define WRITTEN_BACK (35 * SECOND)
#define FD_FIRST 500000		/* ours; below are the real ones */
#define FD_MAX 64
#define FD_EVENT 400000		/* an eventfd that nobody waits for */

struct bytes { uint8_t *at; size_t n, room; };

struct content {
	unsigned links;			/* names, of both kinds, and opens */
	struct bytes now, safe;
	bool dirty;			/* they differ ... */
	int64_t since;
	bool awaited;			/* written_back() is to come */
};

struct name {
	char path[PATH_ROOM];
	bool folder;
	unsigned changes;		/* that are not safe */
	struct content *now, *safe;
};

struct open_file {
	bool used, append;
	struct name *folder;		/* or a file: */
	struct content *content;
	size_t at;
};

struct folder_reader {
	struct folder_reader *self;	/* a DIR of ours begins with it */
	size_t next;
	char path[PATH_ROOM];
	struct dirent entry;
};

/* A name that leads to something else since: they reach the disk in their
 * order, as file systems with a journal have it. */
struct change { struct name *name; struct content *content; };

struct disk disk;
static struct {
	struct name names[NAMES_MAX];
	size_t n;
	struct change changes[CHANGES_MAX];
	size_t n_changes;
	struct open_file files[FD_MAX];
} own;

/* ---- contents ---- */

static void bytes_room(struct bytes *b, size_t n)
{
	size_t room = b->room ? b->room : 256;
	uint8_t *at;

	if (n <= b->room)
		return;
	while (room < n)
		room *= 2;
	at = world_take(room);
	if (b->n)
		memcpy(at, b->at, b->n);
	world_give(b->at, b->room);
	b->at = at;
	b->room = room;
}

static void bytes_set(struct bytes *to, const struct bytes *from)
{
	bytes_room(to, from->n);
	if (from->n)
		memcpy(to->at, from->at, from->n);
	to->n = from->n;
}

static struct content *content_hold(struct content *c)
{
	if (c)
		c->links++;
	return c;
}

static void content_drop(struct content *c)
{
	if (!c || --c->links)
		return;
	world_give(c->now.at, c->now.room);
	world_give(c->safe.at, c->safe.room);
	world_give(c, sizeof(*c));
}

static void content_sync(struct content *c)
{
	if (c->dirty)
		bytes_set(&c->safe, &c->now);
	c->dirty = false;
}

/* The kernel writes back by itself what is dirty for half a minute, when it
 * looks, each 5 s. */
static void written_back(uint64_t content, uint64_t unused)
{
	struct content *c = (struct content *)(uintptr_t)content;

	(void)unused;
	if (c->dirty && c->since + WRITTEN_BACK > world.now)
		world_at(c->since + WRITTEN_BACK, false, written_back, content,
			 0);
	else if (c->dirty && disk.eio > 0)
		world_at(world.now + WRITTEN_BACK, false, written_back, content,
			 0);
	else
		content_sync(c);
	if (!c->dirty) {
		c->awaited = false;
		content_drop(c);
	}
}

static void content_touch(struct content *c)
{
	if (!c->dirty)
		c->since = world.now;
	c->dirty = true;
	if (c->awaited)
		return;
	c->awaited = true;
	world_at(c->since + WRITTEN_BACK, false, written_back,
		 (uint64_t)(uintptr_t)content_hold(c), 0);
}

/* ---- names ---- */

static bool is_ours(const char *path)
{
	return !strncmp(path, ROOT "/", sizeof(ROOT)) || !strcmp(path, ROOT);
}

static void path_clean(const char *path, char to[PATH_ROOM])
{
	size_t n = 0;

	for (; *path && n < PATH_ROOM - 1; path++)
		if (*path != '/' || !n || to[n - 1] != '/')
			to[n++] = *path;
	while (n > 1 && to[n - 1] == '/')
		n--;
	to[n] = 0;
}

static struct name *name_find(const char *path)
{
	char clean[PATH_ROOM];

	path_clean(path, clean);
	for (size_t i = 0; i < own.n; i++)
		if (!strcmp(own.names[i].path, clean))
			return &own.names[i];
	return NULL;
}

/* One that is seen: a name may only be what a power cut would bring back. */
static struct name *name_seen(const char *path)
{
	struct name *name = name_find(path);

	return name && (name->folder || name->now) ? name : NULL;
}

static struct name *name_add(const char *path)
{
	struct name *name = name_find(path);

	if (name)
		return name;
	for (size_t i = 0; i < own.n; i++)
		if (!own.names[i].folder && !own.names[i].now &&
		    !own.names[i].safe && !own.names[i].changes) {
			path_clean(path, own.names[i].path);
			return &own.names[i];
		}
	if (own.n == NAMES_MAX)
		abort();
	name = &own.names[own.n++];
	*name = (struct name){.folder = false};
	path_clean(path, name->path);
	return name;
}

static void name_set(struct content **at, struct content *content)
{
	struct content *before = *at;

	*at = content_hold(content);
	content_drop(before);
}

static bool is_in(const struct name *name, const char *folder)
{
	size_t n = strlen(folder);

	return !strncmp(name->path, folder, n) && name->path[n] == '/' &&
	       !strchr(name->path + n + 1, '/');
}

/* The first n changes are safe. */
static void changes_sync(size_t n)
{
	for (size_t i = 0; i < n; i++) {
		name_set(&own.changes[i].name->safe, own.changes[i].content);
		content_drop(own.changes[i].content);
		own.changes[i].name->changes--;
	}
	own.n_changes -= n;
	memmove(own.changes, own.changes + n, own.n_changes *
		sizeof(own.changes[0]));
}

static void name_change(struct name *name, struct content *content)
{
	name_set(&name->now, content);
	if (own.n_changes == CHANGES_MAX)
		changes_sync(1);
	name->changes++;
	own.changes[own.n_changes++] = (struct change){name,
						content_hold(content)};
}

/* ---- for the simulation ---- */

void disk_begin(void)
{
	changes_sync(own.n_changes);
	for (size_t i = 0; i < own.n; i++) {
		name_set(&own.names[i].now, NULL);
		name_set(&own.names[i].safe, NULL);
	}
	memset(own.files, 0, sizeof(own.files));
	own.n = 0;
	disk = (struct disk){.latency = 5 * MS, .room = SIZE_MAX};
	name_add(ROOT)->folder = true;
}

int64_t disk_latency(void)
{
	return world.ghost ? 0 :
	       draw_between(STREAM_DISK, disk.latency / 20, disk.latency);
}

size_t disk_used(void)
{
	size_t n = 0;

	for (size_t i = 0; i < own.n; i++)
		if (own.names[i].now)
			n += own.names[i].now->now.n;
	return n;
}

void disk_put(const char *path, const char *text)
{
	struct name *name = name_add(path);
	struct content *c = world_take(sizeof(*c));
	size_t n = strlen(text);

	bytes_room(&c->now, n);
	memcpy(c->now.at, text, n);
	c->now.n = n;
	c->dirty = true;
	content_sync(c);
	name_set(&name->now, c);
	name_set(&name->safe, c);
	for (char folder[PATH_ROOM], *end = strcpy(folder, name->path);
	     (end = strrchr(folder, '/')) && end != folder; ) {
		*end = 0;
		name_add(folder)->folder = true;
	}
}

const uint8_t *disk_file(const char *path, size_t *n)
{
	struct name *name = name_seen(path);

	*n = name && name->now ? name->now->now.n : 0;
	return *n ? name->now->now.at : NULL;
}

/* As a file system may leave it: the old, the new, or the new up to somewhere,
 * with what was never written there read as zeros. */
static void content_cut(struct content *c)
{
	size_t from, to;

	if (!c->dirty)
		return;
	switch (draw_between(STREAM_DISK, 0, 3)) {
	case 0:
		bytes_set(&c->now, &c->safe);
		break;
	case 1:
		break;
	default:
		from = c->safe.n < c->now.n ? c->safe.n : 0;
		to = (size_t)draw_between(STREAM_DISK, (int64_t)from,
					  (int64_t)c->now.n);
		if (draw_chance(STREAM_DISK, 0.5))
			c->now.n = to;
		else if (to < c->now.n)
			memset(c->now.at + to, 0, c->now.n - to);
	}
	content_sync(c);
}

void disk_power_cut(void)
{
	changes_sync((size_t)draw_between(STREAM_DISK, 0,
					  (int64_t)own.n_changes));
	while (own.n_changes) {
		own.changes[--own.n_changes].name->changes--;
		content_drop(own.changes[own.n_changes].content);
	}
	for (size_t i = 0; i < own.n; i++)
		if (!own.names[i].folder)
			name_set(&own.names[i].now, own.names[i].safe);
	for (size_t i = 0; i < own.n; i++)
		if (own.names[i].now)
			content_cut(own.names[i].now);
}

/* Before each change; false: it does not come to be, the gateway is dead. */
static bool change_may(void)
{
	if (!world.ghost && disk.stop_after && !--disk.stop_after)
		disk.stop();
	return !world.ghost;
}

/* ---- files ---- */

static struct open_file *file_of(int fd)
{
	return fd >= FD_FIRST && fd < FD_FIRST + FD_MAX ?
	       &own.files[fd - FD_FIRST] : NULL;
}

static int fail(int error)
{
	errno = error;
	return -1;
}

static int file_open(struct open_file file)
{
	for (int i = 0; i < FD_MAX; i++)
		if (!own.files[i].used) {
			file.used = true;
			content_hold(file.content);
			own.files[i] = file;
			return FD_FIRST + i;
		}
	return fail(EMFILE);
}

int __wrap_open(const char *path, int flags, ...);
int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...)
{
	bool writes = (flags & O_ACCMODE) != O_RDONLY;
	struct name *name;
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
	va_end(args);
	if (!strncmp(path, "/proc", 5) || !strncmp(path, "/sys", 4))
		return fail(ENOENT);
	if (!is_ours(path))
		return __real_open(path, flags, mode);
	name = name_seen(path);
	if (!name && !(flags & O_CREAT))
		return fail(ENOENT);
	if (name && name->folder)
		return writes ? fail(EISDIR) :
		       file_open((struct open_file){.folder = name});
	if (!name && disk_used() >= disk.room)
		return fail(ENOSPC);
	if (!name || (flags & O_TRUNC && name->now->now.n)) {
		if (!change_may())	/* writes of a ghost go nowhere */
			return file_open((struct open_file){
				.content = world_take(sizeof(struct content))});
		name = name_add(path);
		if (!name->now)
			name_change(name, world_take(sizeof(struct content)));
		name->now->now.n = 0;
		content_touch(name->now);
	}
	return file_open((struct open_file){.content = name->now,
					    .append = flags & O_APPEND});
}

int __wrap_close(int fd);
int __real_close(int fd);
int __wrap_close(int fd)
{
	struct open_file *file = file_of(fd);

	if (fd == FD_EVENT)
		return 0;
	if (!file)
		return __real_close(fd);
	content_drop(file->content);
	*file = (struct open_file){.used = false};
	return 0;
}

static ssize_t read_at(const struct open_file *file, void *to, size_t n,
		       size_t at)
{
	const struct bytes *b;

	if (file->folder)
		return fail(EISDIR);
	b = &file->content->now;
	if (at >= b->n)
		return 0;
	if (n > b->n - at)
		n = b->n - at;
	memcpy(to, b->at + at, n);
	return (ssize_t)n;
}

ssize_t __wrap_read(int fd, void *to, size_t n);
ssize_t __real_read(int fd, void *to, size_t n);
ssize_t __wrap_read(int fd, void *to, size_t n)
{
	struct open_file *file = file_of(fd);
	ssize_t got;

	if (!file)
		return __real_read(fd, to, n);
	got = read_at(file, to, n, file->at);
	file->at += got > 0 ? (size_t)got : 0;
	return got;
}

ssize_t __wrap___read_chk(int fd, void *to, size_t n, size_t size);
ssize_t __wrap___read_chk(int fd, void *to, size_t n, size_t size)
{
	if (n > size)
		abort();
	return __wrap_read(fd, to, n);
}

ssize_t __wrap_pread(int fd, void *to, size_t n, off_t at);
ssize_t __wrap_pread(int fd, void *to, size_t n, off_t at)
{
	struct open_file *file = file_of(fd);

	return file ? read_at(file, to, n, (size_t)at) : fail(EBADF);
}

static ssize_t write_at(struct open_file *file, const void *from, size_t n,
			size_t at)
{
	struct bytes *b = &file->content->now;
	size_t used = disk_used(), end;

	if (draw_chance(STREAM_DISK, disk.eio))
		return fail(EIO);
	if (at + n > b->n && used + (at + n - b->n) > disk.room) {
		if (used >= disk.room || at > b->n)
			return fail(ENOSPC);
		n = b->n - at + (disk.room - used);
	}
	if (!change_may() && n)
		return (ssize_t)n;
	end = at + n;
	bytes_room(b, end);
	if (at > b->n)
		memset(b->at + b->n, 0, at - b->n);
	memcpy(b->at + at, from, n);
	b->n = end > b->n ? end : b->n;
	content_touch(file->content);
	return (ssize_t)n;
}

ssize_t __wrap_write(int fd, const void *from, size_t n);
ssize_t __real_write(int fd, const void *from, size_t n);
ssize_t __wrap_write(int fd, const void *from, size_t n)
{
	struct open_file *file = file_of(fd);
	ssize_t put;

	if (!file)
		return __real_write(fd, from, n);
	put = write_at(file, from, n, file->append ? file->content->now.n :
		       file->at);
	file->at += put > 0 ? (size_t)put : 0;
	return put;
}

ssize_t __wrap_pwrite(int fd, const void *from, size_t n, off_t at);
ssize_t __wrap_pwrite(int fd, const void *from, size_t n, off_t at)
{
	struct open_file *file = file_of(fd);

	return file ? write_at(file, from, n, (size_t)at) : fail(EBADF);
}

int __wrap_fsync(int fd);
int __wrap_fsync(int fd)
{
	struct open_file *file = file_of(fd);

	if (!file)
		return fail(EBADF);
	if (draw_chance(STREAM_DISK, disk.eio))
		return fail(EIO);
	if (!change_may())
		return 0;
	if (file->folder)
		changes_sync(own.n_changes);
	else
		content_sync(file->content);
	return 0;
}

int __wrap_fdatasync(int fd);
int __wrap_fdatasync(int fd)
{
	return __wrap_fsync(fd);
}

int __wrap_ftruncate(int fd, off_t size);
int __wrap_ftruncate(int fd, off_t size)
{
	struct open_file *file = file_of(fd);

	if (!file || !file->content)
		return fail(EBADF);
	if (!change_may())
		return 0;
	bytes_room(&file->content->now, (size_t)size);
	file->content->now.n = (size_t)size;
	content_touch(file->content);
	return 0;
}

int __wrap_flock(int fd, int what);
int __wrap_flock(int fd, int what)
{
	(void)what;
	return file_of(fd) ? 0 : fail(EBADF);
}

static void stat_fill(struct stat *stat, bool folder, size_t n)
{
	memset(stat, 0, sizeof(*stat));
	stat->st_mode = folder ? S_IFDIR | 0700 : S_IFREG | 0600;
	stat->st_size = (off_t)n;
}

int __wrap_fstat(int fd, struct stat *stat);
int __real_fstat(int fd, struct stat *stat);
int __wrap_fstat(int fd, struct stat *stat)
{
	struct open_file *file = file_of(fd);

	if (!file)
		return __real_fstat(fd, stat);
	stat_fill(stat, file->folder, file->folder ? 0 : file->content->now.n);
	return 0;
}

int __wrap_lstat(const char *path, struct stat *stat);
int __real_lstat(const char *path, struct stat *stat);
int __wrap_lstat(const char *path, struct stat *stat)
{
	struct name *name;

	if (!is_ours(path))
		return __real_lstat(path, stat);
	name = name_seen(path);
	if (!name)
		return fail(ENOENT);
	stat_fill(stat, name->folder, name->folder ? 0 : name->now->now.n);
	return 0;
}

/* There are no links. */
int __wrap_stat(const char *path, struct stat *status);
int __real_stat(const char *path, struct stat *status);
int __wrap_stat(const char *path, struct stat *status)
{
	return is_ours(path) ? __wrap_lstat(path, status) :
			       __real_stat(path, status);
}

int __wrap_access(const char *path, int mode);
int __real_access(const char *path, int mode);
int __wrap_access(const char *path, int mode)
{
	if (!is_ours(path))
		return __real_access(path, mode);
	return name_seen(path) ? 0 : fail(ENOENT);
}

int __wrap_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to)
{
	struct name *old = name_seen(from), *new;

	if (!old || old->folder)
		return fail(ENOENT);
	if (!change_may())
		return 0;
	new = name_add(to);
	name_change(new, old->now);
	name_change(old, NULL);
	return 0;
}

int __wrap_unlink(const char *path);
int __wrap_unlink(const char *path)
{
	struct name *name = name_seen(path);

	if (!name || name->folder)
		return fail(ENOENT);
	if (change_may())
		name_change(name, NULL);
	return 0;
}

int __wrap_mkdir(const char *path, mode_t mode);
int __wrap_mkdir(const char *path, mode_t mode)
{
	(void)mode;
	if (name_seen(path))
		return fail(EEXIST);
	if (change_may())
		name_add(path)->folder = true;
	return 0;
}

/* ---- folders ---- */

DIR *__wrap_opendir(const char *path);
DIR *__real_opendir(const char *path);
DIR *__wrap_opendir(const char *path)
{
	struct name *name = name_seen(path);
	struct folder_reader *reader;

	if (!is_ours(path))
		return __real_opendir(path);
	if (!name || !name->folder) {
		errno = ENOENT;
		return NULL;
	}
	reader = world_take(sizeof(*reader));
	reader->self = reader;
	strcpy(reader->path, name->path);
	return (DIR *)(void *)reader;
}

static struct folder_reader *reader_of(DIR *open)
{
	struct folder_reader *reader = (void *)open;

	return reader->self == reader ? reader : NULL;
}

struct dirent *__wrap_readdir(DIR *open);
struct dirent *__real_readdir(DIR *open);
struct dirent *__wrap_readdir(DIR *open)
{
	struct folder_reader *reader = reader_of(open);

	if (!reader)
		return __real_readdir(open);
	while (reader->next < own.n) {
		const struct name *name = &own.names[reader->next++];

		if (!is_in(name, reader->path) || (!name->folder && !name->now))
			continue;
		strncpy(reader->entry.d_name, strrchr(name->path, '/') + 1,
			sizeof(reader->entry.d_name) - 1);
		return &reader->entry;
	}
	return NULL;
}

int __wrap_closedir(DIR *open);
int __real_closedir(DIR *open);
int __wrap_closedir(DIR *open)
{
	struct folder_reader *reader = reader_of(open);

	if (!reader)
		return __real_closedir(open);
	world_give(reader, sizeof(*reader));
	return 0;
}

int __wrap_scandir(const char *path, struct dirent ***list,
		   int (*filter)(const struct dirent *),
		   int (*compare)(const struct dirent **,
				  const struct dirent **));
int __real_scandir(const char *path, struct dirent ***list,
		   int (*filter)(const struct dirent *),
		   int (*compare)(const struct dirent **,
				  const struct dirent **));
int __wrap_scandir(const char *path, struct dirent ***list,
		   int (*filter)(const struct dirent *),
		   int (*compare)(const struct dirent **,
				  const struct dirent **))
{
	DIR *open;
	struct dirent *entry;
	int n = 0;

	if (!is_ours(path))
		return __real_scandir(path, list, filter, compare);
	open = __wrap_opendir(path);
	if (!open)
		return -1;
	*list = calloc(NAMES_MAX, sizeof(**list));
	while (*list && (entry = __wrap_readdir(open)))
		if (!filter || filter(entry)) {
			(*list)[n] = malloc(sizeof(*entry));
			if (!(*list)[n])
				abort();
			*(*list)[n++] = *entry;
		}
	__wrap_closedir(open);
	qsort(*list, (size_t)n, sizeof(**list),
	      (int (*)(const void *, const void *))(void *)compare);
	return n;
}

/* Of the machine that it runs on the simulation is to know nothing. */
FILE *__wrap_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode)
{
	static char id[64];

	if (!strcmp(path, BOOT_ID)) {
		int n = snprintf(id, sizeof(id), "%08x-0000-4000-8000-"
				 "000000000000\n", world.boot + 1);

		return fmemopen(id, (size_t)n, "r");
	}
	(void)mode;
	errno = ENOENT;
	return NULL;
}

int __wrap_clock_gettime(clockid_t clock, struct timespec *t);
int __wrap_clock_gettime(clockid_t clock, struct timespec *t)
{
	int64_t now = world.now + (clock == CLOCK_REALTIME ? world.offset : 0);

	*t = (struct timespec){now / SECOND, now % SECOND};
	return 0;
}

/* ---- who waits for a mailbox is woken ---- */

int __wrap_eventfd(unsigned n, int flags);
int __wrap_eventfd(unsigned n, int flags)
{
	(void)n;
	(void)flags;
	return FD_EVENT;
}

int __wrap_eventfd_write(int fd, uint64_t n);
int __wrap_eventfd_write(int fd, uint64_t n)
{
	(void)fd;
	(void)n;
	world.woken = true;
	return 0;
}

int __wrap_eventfd_read(int fd, uint64_t *n);
int __wrap_eventfd_read(int fd, uint64_t *n)
{
	(void)fd;
	*n = 1;
	return 0;
}
