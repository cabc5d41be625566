/* SPDX-License-Identifier: GPL-2.0-or-later
 * The store's insides have names of their own, which are those of the log's. */
#include <string.h>
#include "agent/store/store_private.h"
#include "tests/sim/gateway.h"

/* A newer one behind it is of the same file, which it should have replaced. */
static bool is_there_twice(const struct job *job)
{
	for (const struct job *later = job->next; later; later = later->next)
		if (!strcmp(later->path, job->path))
			return true;
	return false;
}

void store_queues(const struct store *store, uint64_t *files, uint64_t *twice,
		  uint64_t *journal)
{
	const struct job *lists[] = {store->first, store->failed};

	*files = *twice = *journal = 0;
	for (size_t i = 0; i < 2; i++)
		for (const struct job *job = lists[i]; job; job = job->next) {
			++*(job->kind == JOB_REPLACE ? files : journal);
			*twice += job->kind == JOB_REPLACE &&
				  is_there_twice(job);
		}
}
