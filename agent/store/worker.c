/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/store/worker.h"
#include <stdlib.h>
#include <uv.h>

static struct {
	uv_work_t work;
	struct worker_task *now;	/* on a thread */
	struct worker_task *first, **end;	/* behind it */
} worker;

static void worker_next(void);

static void task_work(uv_work_t *request)
{
	(void)request;
	worker.now->work(worker.now);
}

static void task_done(uv_work_t *request, int status)
{
	struct worker_task *task = worker.now;

	(void)request;
	(void)status;
	worker.now = NULL;
	task->waits = false;
	task->done(task);
	worker_next();
}

static void worker_next(void)
{
	struct worker_task *task = worker.first;

	if (worker.now || !task)
		return;
	worker.first = task->next;
	worker.now = task;
	if (uv_queue_work(uv_default_loop(), &worker.work, task_work,
			  task_done) < 0)
		abort();
}

void worker_put(struct worker_task *task)
{
	if (!worker.first)
		worker.end = &worker.first;
	task->next = NULL;
	task->waits = true;
	*worker.end = task;
	worker.end = &task->next;
	worker_next();
}

void worker_wait(struct worker_task *task)
{
	while (task->waits)
		uv_run(uv_default_loop(), UV_RUN_ONCE);
}
