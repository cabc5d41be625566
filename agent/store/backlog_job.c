/* SPDX-License-Identifier: GPL-2.0-or-later
 * One job at a time is with the worker, in order: what was put before is there
 * for who reads after. A write that the disk does not take is tried again later;
 * meanwhile reads and removals go past it, as they are what makes room. */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "agent/base/file.h"
#include "agent/base/log.h"
#include "agent/base/monotonic.h"
#include "agent/store/backlog_private.h"

void backlog_path(const struct backlog *s, uint32_t segment, char *path,
		    size_t size)
{
	snprintf(path, size, "%s/%08x.log", s->directory, segment);
}

static int write_at(int fd, const struct job *job)
{
	size_t done = 0;

	while (done < job->n) {
		ssize_t n = pwrite(fd, job->bytes + done, job->n - done,
				   (off_t)(job->offset + done));

		if (n < 0 && errno != EINTR)
			return -errno;
		done += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

static int carry_out(const struct backlog *s, const struct job *job, int fd)
{
	ssize_t n;

	switch (job->kind) {
	case JOB_WRITE:
		if (job->offset == 0)
			file_folder_sync(s->directory);
		return write_at(fd, job);
	case JOB_SYNC:
		return fdatasync(fd) < 0 ? -errno : 0;
	case JOB_READ:
		n = pread(fd, job->bytes, job->size, (off_t)job->offset);
		return n < 0 ? -errno : (int)n;
	case JOB_REMOVE:
		break;
	}
	return 0;
}

static struct backlog *backlog_of(struct worker_task *task)
{
	return (struct backlog *)(void *)((char *)task -
		offsetof(struct backlog, task));
}

/* On a worker: nothing of the log but its folder's name is looked at. */
static void job_work(struct worker_task *task)
{
	struct backlog *s = backlog_of(task);
	struct job *job = s->now;
	char path[4096];
	int fd;

	backlog_path(s, job->segment, path, sizeof(path));
	if (job->kind == JOB_REMOVE) {
		job->result = unlink(path) < 0 && errno != ENOENT ? -errno : 0;
		return;
	}
	fd = open(path, O_CLOEXEC | (job->kind == JOB_READ ? O_RDONLY :
		  job->kind == JOB_WRITE ? O_WRONLY | O_CREAT : O_WRONLY),
		  0600);
	if (fd < 0) {		/* what has gone needs no sync */
		job->result = job->kind == JOB_SYNC && errno == ENOENT ? 0 :
			      -errno;
		return;
	}
	job->result = carry_out(s, job, fd);
	close(fd);
}

static void job_free(struct backlog *s, struct job *job)
{
	s->queued -= job->n;
	free(job->bytes);
	free(job);
}

struct job *backlog_job_add(struct backlog *s, enum job_kind kind,
			   uint32_t segment, size_t size)
{
	struct job *job = backlog_must(calloc(1, sizeof(*job)));

	job->kind = kind;
	job->segment = segment;
	job->size = size;
	if (size)
		job->bytes = backlog_must(malloc(size));
	*s->end = job;
	s->end = &job->next;
	return job;
}


/* A full disk is said once, not for each write. */
static void note_result(struct backlog *s, const struct job *job)
{
	if (job->kind == JOB_REMOVE && job->result >= 0)
		return;			/* which goes well on a full disk */
	if (job->result < 0 && job->result != s->logged_error)
		log_line(LOG_ERROR, NULL, NULL, "cannot write to %s: %s",
			 s->directory, strerror(-job->result));
	if (job->result >= 0 && s->logged_error)
		log_line(LOG_NOTE, NULL, NULL, "%s can be written again",
			 s->directory);
	s->logged_error = job->result < 0 ? job->result : 0;
}

static void job_put_back(struct backlog *s, struct job *job)
{
	job->next = s->first;
	if (!s->first)
		s->end = &job->next;
	s->first = job;
}

/* What a full disk does not take is not out of reach: it waits here. Writes are
 * in the order of their offsets. */
static void read_complete(const struct backlog *s, struct job *read)
{
	size_t got = read->result > 0 ? (size_t)read->result : 0, n;

	for (const struct job *job = s->first; job; job = job->next) {
		size_t at = read->offset + got;

		if (job->kind != JOB_WRITE || job->segment != read->segment ||
		    job->offset > at || job->offset + job->n <= at)
			continue;
		n = job->offset + job->n - at;
		if (n > read->size - got)
			n = read->size - got;
		memcpy(read->bytes + got, job->bytes + (at - job->offset), n);
		got += n;
		read->result = (int)got;
	}
}

static void job_worked(struct worker_task *task)
{
	struct backlog *s = backlog_of(task);
	struct job *job = s->now;

	s->now = NULL;
	if (job->kind == JOB_READ) {
		read_complete(s, job);
		backlog_has_read(s, job);
	} else {
		note_result(s, job);
		s->dirty |= job->kind == JOB_WRITE && s->wanted;
	}
	if (job->result < 0 && job->kind == JOB_WRITE) {
		job_put_back(s, job);
		s->retry_at = monotonic_read() + RETRY;
		if (job->result == -ENOSPC)
			backlog_make_room(s);
	} else {
		if (job->kind == JOB_REMOVE)
			s->retry_at = 0;	/* there may be room now */
		job_free(s, job);
	}
	backlog_work(s);
}

static struct job *job_take(struct backlog *s, struct job **at)
{
	struct job *job = *at;

	*at = job->next;
	if (!*at)
		s->end = at;
	job->next = NULL;
	return job;
}

/* Writes to a segment that goes would make its file anew. */
static void writes_drop(struct backlog *s, uint32_t segment)
{
	for (struct job **at = &s->first; *at; )
		if ((*at)->segment == segment && (*at)->kind == JOB_WRITE)
			job_free(s, job_take(s, at));
		else
			at = &(*at)->next;
}

/* The first that need not wait for the write at the head: what is read is on
 * the disk already, or in what waits for it; or the segment goes. */
static struct job **job_that_passes(struct backlog *s)
{
	for (struct job **at = &s->first; *at; at = &(*at)->next)
		if ((*at)->kind == JOB_REMOVE || (*at)->kind == JOB_READ)
			return at;
	return NULL;
}

static struct job *job_next(struct backlog *s)
{
	bool waits = monotonic_read() < s->retry_at;
	struct job **at = waits ? job_that_passes(s) : &s->first;
	uint32_t segment;

	if (!at || !*at)
		return NULL;
	segment = (*at)->segment;
	if ((*at)->kind != JOB_REMOVE)
		return job_take(s, at);
	writes_drop(s, segment);
	for (at = &s->first; (*at)->kind != JOB_REMOVE ||
	     (*at)->segment != segment; )
		at = &(*at)->next;
	return job_take(s, at);
}

void backlog_work(struct backlog *s)
{
	struct job *job = s->now ? NULL : job_next(s);

	if (!job) {
		s->urgent &= s->first != NULL;
		return;
	}
	s->lazy_at = 0;
	s->now = job;
	s->task.work = job_work;
	s->task.done = job_worked;
	worker_put(&s->task);
}

void backlog_work_lazily(struct backlog *s)
{
	if (s->urgent || s->now || s->queued > LAZY_MOST)
		backlog_work(s);
}

void backlog_work_off(struct backlog *s)
{
	backlog_work(s);
	worker_wait(&s->task);
	for (struct job *job; (job = s->first); ) {
		s->first = job->next;	/* the disk does not take them */
		job_free(s, job);
	}
}
