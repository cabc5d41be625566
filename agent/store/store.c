/* SPDX-License-Identifier: GPL-2.0-or-later
 * One write at a time, in order, by the worker: a newer one for the same
 * endpoint replaces one that still waits. */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "agent/base/log.h"
#include "agent/store/store_file.h"
#include "agent/store/store_private.h"

#define NAME_MOST (NAME_MAX - 4)	/* of a file, without ".new" */
#define HASH_LENGTH 18
#define NAME_ROOM (NAME_MAX + 8)
#define FILE_MOST (17 << 20)	/* a package, and a little */
#define RETRY (INT64_C(10) * 1000000000)	/* ns */
#define JOURNAL "last"

static const char *const folders[STORE_KINDS] = {
	[STORE_KEPT] = "kept", [STORE_HELD] = "held",
	[STORE_ATTRIBUTES] = "attributes", [STORE_ACCEPTED] = "accepted",
	[STORE_ACCOUNT] = "accounts", [STORE_CARD] = "cards",
	[STORE_FIRMWARE] = "firmware",
};

/* Endpoint names may hold any character: the file names are plain. One that
 * would be longer than a file system takes, with the ".new" of
 * store_file_replace(), is cut, and its end stands for the whole. */
static void name_of(const char *endpoint, char name[NAME_ROOM])
{
	uint64_t hash = UINT64_C(14695981039346656037);
	size_t used = 0;

	for (const char *c = endpoint; *c; c++) {
		hash = (hash ^ (unsigned char)*c) * UINT64_C(1099511628211);
		if (used + 4 > NAME_ROOM)
			continue;
		if (strchr("/%.", *c))
			used += (size_t)sprintf(name + used, "%%%02X",
						(unsigned char)*c);
		else
			name[used++] = *c;
	}
	name[used] = 0;
	if (used > NAME_MOST)
		sprintf(name + NAME_MOST - HASH_LENGTH, "%%-%016" PRIx64, hash);
}

static char *path_of(const struct store *store, enum store_kind kind,
		     const char *endpoint)
{
	char name[NAME_ROOM], *path;

	name_of(endpoint, name);
	if (asprintf(&path, "%s/%s/%s", store->directory, folders[kind],
		     name) < 0)
		abort();
	return path;
}

static bool folder_make(const char *directory, const char *name)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	if (mkdir(path, *name ? 0700 : 0755) == 0 || errno == EEXIST)
		return true;
	log_line(LOG_ERROR, NULL, NULL, "cannot make %s: %s; nothing is kept",
		 path, strerror(errno));
	return false;
}

/* In a folder that is empty when the daemon starts no endpoint's file is looked
 * for: at a first start that would be thousands of look-ups, and at any start for
 * the kinds of files that few devices have. */
static bool folder_is_empty(const char *directory, const char *name)
{
	const struct dirent *entry;
	char path[4096];
	bool empty = true;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	dir = opendir(path);
	if (!dir)
		return false;		/* as far as can be told */
	while (empty && (entry = readdir(dir)))
		empty = *entry->d_name == '.';
	closedir(dir);
	return empty;
}

struct store *store_open(const char *directory)
{
	struct store *store;

	if (!directory || !folder_make(directory, ""))
		return NULL;
	for (size_t i = 0; i < STORE_KINDS; i++)
		if (!folder_make(directory, folders[i]))
			return NULL;
	store = calloc(1, sizeof(*store));
	if (!store || !(store->directory = strdup(directory)))
		abort();
	for (size_t i = 0; i < STORE_KINDS; i++)
		store->empty[i] = folder_is_empty(directory, folders[i]);
	store->end = &store->first;
	return store;
}

static int job_do(struct store *store, const struct job *job)
{
	switch (job->kind) {
	case JOB_REPLACE:
		return store_file_replace(job->path, job->bytes, job->n);
	case JOB_APPEND:
		return journal_append(&store->journal, job->path, job->bytes,
				      job->n, job->sync);
	case JOB_COMPACT:
		return journal_compact(&store->journal, job->path,
				       STORE_JOURNAL_KEEP);
	}
	return -EINVAL;
}

/* There may be keys among them. */
static void bytes_free(struct job *job)
{
	if (job->bytes)
		explicit_bzero(job->bytes, job->n);
	free(job->bytes);
}

/* Who waits for it is told in the next turn. */
static void job_tell(struct store *store, struct job *job)
{
	struct waiter **end = &store->due;

	while (*end)
		end = &(*end)->next;
	*end = job->waiters;
	for (struct waiter *w = job->waiters; w; w = w->next)
		w->error = store->error;
	job->waiters = NULL;
}

static void job_free(struct job *job)
{
	free(job->path);
	free(job->endpoint);
	bytes_free(job);
	free(job);
}

static struct store *store_of(struct worker_task *task)
{
	return (struct store *)(void *)((char *)task -
		offsetof(struct store, task));
}

static void job_work(struct worker_task *task)
{
	struct store *store = store_of(task);

	store->error = job_do(store, store->now);
}

static void store_work(struct store *store);

static struct job *job_waiting(struct store *store, const char *path)
{
	struct job *job = store->first;

	while (job && strcmp(job->path, path))
		job = job->next;
	return job;
}

static void job_worked(struct worker_task *task)
{
	struct store *store = store_of(task);

	/* A full disk is said once, not for each file. */
	if (store->error && store->error != store->logged_error)
		log_line(LOG_ERROR, NULL, NULL, "cannot write %s: %s",
			 store->now->path, strerror(-store->error));
	if (!store->error && store->logged_error)
		log_line(LOG_NOTE, NULL, NULL, "%s can be written again",
			 store->directory);
	store->logged_error = store->error;
	store->appended += store->now->kind == JOB_APPEND;
	if (store->now->number && store->written)
		store->written(store->owner, store->now->endpoint,
			       store->now->number);
	job_tell(store, store->now);
	if (store->error && store->now->kind == JOB_REPLACE &&
	    !job_waiting(store, store->now->path)) {
		store->now->next = store->failed;
		store->failed = store->now;
	} else {
		job_free(store->now);
	}
	store->now = NULL;
	store_work(store);
}

void store_watch(struct store *store, store_written *written, void *owner)
{
	if (!store)
		return;
	store->written = written;
	store->owner = owner;
}

static void store_work(struct store *store)
{
	struct job *job = store->first;

	if (store->now || !job)
		return;
	store->first = job->next;
	if (!store->first)
		store->end = &store->first;
	store->now = job;
	store->task.work = job_work;
	store->task.done = job_worked;
	worker_put(&store->task);
}

static struct job **failed_find(struct store *store, const char *path)
{
	struct job **at = &store->failed;

	while (*at && strcmp((*at)->path, path))
		at = &(*at)->next;
	return at;
}

/* A newer one comes. */
static void failed_drop(struct store *store, const char *path)
{
	struct job **at = failed_find(store, path), *job = *at;

	if (!job)
		return;
	*at = job->next;
	job_free(job);
}

static void failed_retry(struct store *store)
{
	for (struct job *job; (job = store->failed); ) {
		store->failed = job->next;
		job->next = NULL;
		*store->end = job;
		store->end = &job->next;
	}
	store->retry_at = 0;
	store_work(store);
}

void store_put(struct store *store, enum store_kind kind, const char *endpoint,
	       const uint8_t *bytes, size_t n)
{
	store_put_told(store, kind, endpoint, bytes, n, 0);
}

void store_put_told(struct store *store, enum store_kind kind,
		    const char *endpoint, const uint8_t *bytes, size_t n,
		    uint64_t number)
{
	char *path;
	struct job *job;

	if (!store)
		return;
	store->empty[kind] = false;
	path = path_of(store, kind, endpoint);
	job = job_waiting(store, path);
	if (!job)
		failed_drop(store, path);
	if (job) {
		free(path);
		bytes_free(job);
	} else {
		job = calloc(1, sizeof(*job));
		if (!job)
			abort();
		job->path = path;
		*store->end = job;
		store->end = &job->next;
	}
	if (number && !job->endpoint && !(job->endpoint = strdup(endpoint)))
		abort();
	job->number = number;
	job->bytes = malloc(n ? n : 1);
	if (!job->bytes)
		abort();
	if (n)
		memcpy(job->bytes, bytes, n);
	job->n = n;
	store_work(store);
}

/* What is still to be written is newer than any file. */
static const struct job *job_newest(struct store *store, const char *path)
{
	const struct job *job = job_waiting(store, path);

	if (!job && store->now && !strcmp(store->now->path, path))
		job = store->now;
	return job ? job : *failed_find(store, path);
}

struct kept_name { char text[NAME_ROOM]; };

static int by_text(const void *a, const void *b)
{
	return strcmp(((const struct kept_name *)a)->text,
		      ((const struct kept_name *)b)->text);
}

/* Names of endpoints have no dot as names of files: others are not theirs. */
static bool may_go(const char *file, const struct kept_name *kept, size_t n)
{
	struct kept_name name;

	if (strchr(file, '.') || strlen(file) >= sizeof(name.text))
		return false;
	strcpy(name.text, file);
	return !bsearch(&name, kept, n, sizeof(*kept), by_text);
}

static size_t folder_sweep(DIR *dir, const struct kept_name *kept, size_t n)
{
	const struct dirent *entry;
	size_t gone = 0;

	while ((entry = readdir(dir)))
		if (may_go(entry->d_name, kept, n))
			gone += unlinkat(dirfd(dir), entry->d_name, 0) == 0;
	return gone;
}

size_t store_keep_only(struct store *store, enum store_kind kind,
		       const char *const endpoints[], size_t n)
{
	struct kept_name *kept;
	char path[4096];
	size_t gone;
	DIR *dir;

	if (!store)
		return 0;
	snprintf(path, sizeof(path), "%s/%s", store->directory, folders[kind]);
	dir = opendir(path);
	if (!dir)
		return 0;
	kept = calloc(n + 1, sizeof(*kept));
	if (!kept)
		abort();
	for (size_t i = 0; i < n; i++)
		name_of(endpoints[i], kept[i].text);
	qsort(kept, n, sizeof(*kept), by_text);
	gone = folder_sweep(dir, kept, n);
	free(kept);
	closedir(dir);
	return gone;
}

static const enum store_kind told[] = {STORE_HELD, STORE_ATTRIBUTES,
				       STORE_ACCEPTED, STORE_ACCOUNT,
				       STORE_FIRMWARE};
#define N_TOLD (sizeof(told) / sizeof(told[0]))

static bool is_one_of(const struct job *job, char *const paths[N_TOLD])
{
	for (size_t i = 0; i < N_TOLD; i++)
		if (!strcmp(job->path, paths[i]))
			return true;
	return false;
}

/* The last one of what a server may have been told to be set. */
static struct job *job_of(struct store *store, const char *endpoint)
{
	struct job *last = NULL;
	char *paths[N_TOLD];

	for (size_t i = 0; i < N_TOLD; i++)
		paths[i] = path_of(store, told[i], endpoint);
	if (store->now && is_one_of(store->now, paths))
		last = store->now;
	for (struct job *job = store->first; job; job = job->next)
		if (is_one_of(job, paths))
			last = job;
	for (size_t i = 0; i < N_TOLD; i++)
		free(paths[i]);
	return last;
}

int store_error(const struct store *store)
{
	if (store->logged_error)
		return store->logged_error;
	return store->failed ? -EIO : 0;
}

bool store_is_pending(struct store *store, const char *endpoint)
{
	return store && job_of(store, endpoint);
}

bool store_after(struct store *store, const char *endpoint, store_done done,
		 void *context)
{
	struct job *job = store ? job_of(store, endpoint) : NULL;
	struct waiter *w, **end;

	if (!job)
		return false;
	w = calloc(1, sizeof(*w));
	if (!w)
		abort();
	w->done = done;
	w->context = context;
	for (end = &job->waiters; *end; )
		end = &(*end)->next;
	*end = w;
	return true;
}

static void waiters_tell(struct store *store, int64_t now)
{
	for (struct waiter *w; (w = store->due); ) {
		store->due = w->next;
		w->done(w->context, w->error, now);
		free(w);
	}
}

int64_t store_turn(struct store *store, int64_t now)
{
	if (!store)
		return INT64_MAX;
	waiters_tell(store, now);
	if (!store->failed)
		return INT64_MAX;
	if (!store->retry_at)
		store->retry_at = now + RETRY;
	if (now >= store->retry_at)
		failed_retry(store);
	return store->failed ? store->retry_at : INT64_MAX;
}

uint8_t *store_get(struct store *store, enum store_kind kind,
		   const char *endpoint, size_t *n)
{
	const struct job *job;
	uint8_t *bytes;
	char *path;

	*n = 0;
	if (!store || store->empty[kind])
		return NULL;
	path = path_of(store, kind, endpoint);
	job = job_newest(store, path);
	if (!job) {
		bytes = store_file_read(path, FILE_MOST, STORE_LONG_NONE,
					n);
	} else if (!job->n) {
		bytes = NULL;
	} else {
		bytes = malloc(job->n);
		if (!bytes)
			abort();
		memcpy(bytes, job->bytes, job->n);
		*n = job->n;
	}
	free(path);
	return bytes;
}

/* ---- the journal ---- */

static char *journal_path(const struct store *store)
{
	char *path;

	if (asprintf(&path, "%s/" JOURNAL, store->directory) < 0)
		abort();
	return path;
}

static struct job *journal_job(struct store *store, enum job_kind kind)
{
	struct job *job = calloc(1, sizeof(*job));

	if (!job)
		abort();
	job->kind = kind;
	job->path = journal_path(store);
	*store->end = job;
	store->end = &job->next;
	return job;
}

static void bytes_add(uint8_t **to, size_t *used, const uint8_t *bytes,
		      size_t n)
{
	*to = realloc(*to, *used + n + 1);
	if (!*to)
		abort();
	memcpy(*to + *used, bytes, n);
	*used += n;
}

uint64_t store_append(struct store *store, const uint8_t *bytes, size_t n,
		      bool sync)
{
	struct job *job;
	uint64_t number;

	if (!store)
		return 0;
	for (job = store->first; job && job->kind != JOB_APPEND; )
		job = job->next;
	if (!job) {
		job = journal_job(store, JOB_APPEND);
		store->appends++;
	}
	number = store->appends;
	job->sync |= sync;
	bytes_add(&job->bytes, &job->n, bytes, n);
	store_work(store);
	return number;
}

uint64_t store_appended(const struct store *store)
{
	return store ? store->appended : 0;
}

void store_compact(struct store *store)
{
	if (!store)
		return;
	journal_job(store, JOB_COMPACT);
	store_work(store);
}

uint8_t *store_read(struct store *store, size_t *n)
{
	char *path = journal_path(store);
	uint8_t *bytes = journal_read(path, n);

	free(path);
	if (store->now && store->now->kind == JOB_APPEND)
		bytes_add(&bytes, n, store->now->bytes, store->now->n);
	for (const struct job *j = store->first; j; j = j->next)
		if (j->kind == JOB_APPEND)
			bytes_add(&bytes, n, j->bytes, j->n);
	return bytes;
}

void store_close(struct store *store)
{
	if (!store)
		return;
	store->written = NULL;
	failed_retry(store);
	worker_wait(&store->task);
	waiters_tell(store, 0);
	while (store->failed)
		failed_drop(store, store->failed->path);
	free(store->directory);
	free(store);
}
