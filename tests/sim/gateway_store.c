/* SPDX-License-Identifier: GPL-2.0-or-later
 * The store's insides have names of their own, which are those of the log's. */
#include "agent/store/store_private.h"
#include "tests/sim/gateway.h"

void store_queues(const struct store *store, uint64_t *files,
		  uint64_t *journal)
{
	const struct job *lists[] = {store->first, store->failed};

	*files = *journal = 0;
	for (size_t i = 0; i < 2; i++)
		for (const struct job *job = lists[i]; job; job = job->next)
			++*(job->kind == JOB_REPLACE ? files : journal);
}
