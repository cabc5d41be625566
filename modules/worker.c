/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "modules/worker.h"
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define JOIN_WITHIN 1		/* s */

static void worker_free(struct worker *w)
{
	pthread_mutex_destroy(&w->lock);
	close(w->wake);
	free(w->said);
	w->destroy(w);
}

static void *worker_main(void *worker)
{
	struct worker *w = worker;
	bool orphaned;

	w->run(w);
	pthread_mutex_lock(&w->lock);
	w->ended = true;
	orphaned = w->orphaned;
	pthread_mutex_unlock(&w->lock);
	if (orphaned)
		worker_free(w);
	return NULL;
}

/* Signals are the agent thread's. */
static int thread_start(struct worker *w)
{
	sigset_t all, old;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	rc = pthread_create(&w->thread, NULL, worker_main, w);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return -rc;
}

int worker_start(struct worker *w, const struct module_host *host)
{
	int rc;

	w->host = *host;
	w->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (w->wake < 0)
		return -errno;
	pthread_mutex_init(&w->lock, NULL);
	rc = thread_start(w);
	if (rc) {
		pthread_mutex_destroy(&w->lock);
		close(w->wake);
	}
	return rc;
}

void worker_call(struct worker *w)
{
	eventfd_write(w->wake, 1);
}

void worker_answer(struct worker *w)
{
	eventfd_t calls;

	eventfd_read(w->wake, &calls);
}

void worker_close(struct worker *w)
{
	struct timespec until;
	bool ended;

	pthread_mutex_lock(&w->lock);
	w->closing = true;
	pthread_mutex_unlock(&w->lock);
	worker_call(w);
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += JOIN_WITHIN;
	if (!pthread_timedjoin_np(w->thread, NULL, &until)) {
		worker_free(w);
		return;
	}
	pthread_mutex_lock(&w->lock);
	ended = w->ended;
	w->orphaned = !ended;
	pthread_mutex_unlock(&w->lock);
	if (!ended) {
		pthread_detach(w->thread);
		return;
	}
	pthread_join(w->thread, NULL);
	worker_free(w);
}

bool worker_is_closing(struct worker *w)
{
	bool closing;

	pthread_mutex_lock(&w->lock);
	closing = w->closing;
	pthread_mutex_unlock(&w->lock);
	return closing;
}

bool worker_tell(struct worker *w, enum module_event event, const char *text,
		 const uint8_t *bytes, size_t n)
{
	bool told;

	pthread_mutex_lock(&w->lock);
	told = !w->closing && w->host.told(w->host.owner, event, text, bytes,
					   n);
	pthread_mutex_unlock(&w->lock);
	return told;
}

void worker_say(struct worker *w, enum module_event event, const char *format,
		...)
{
	va_list args;
	char *text;
	int n;

	va_start(args, format);
	n = vasprintf(&text, format, args);
	va_end(args);
	if (n < 0)
		abort();
	if ((w->said && !strcmp(w->said, text)) ||
	    !worker_tell(w, event, text, NULL, 0)) {
		free(text);
		return;
	}
	free(w->said);
	w->said = text;
}
