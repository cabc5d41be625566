/* SPDX-License-Identifier: GPL-2.0-or-later
 * Contexts of libcoap, which a few connections share, and when each is to be
 * called. */
#include <stddef.h>
#include <stdlib.h>
#include "agent/coap/coap_private.h"

#define TURN_SHARDS 256

struct shard *shard_of(struct epoll_shim *shim)
{
	return (struct shard *)(void *)((char *)shim -
					offsetof(struct shard, shim));
}

/* ---- those with room for one more ---- */

static void shard_offer(struct shard *shard)
{
	shard->next = coap_state.shards;
	shard->link = &coap_state.shards;
	if (shard->next)
		shard->next->link = &shard->next;
	coap_state.shards = shard;
}

static void shard_withdraw(struct shard *shard)
{
	if (!shard->link)
		return;
	*shard->link = shard->next;
	if (shard->next)
		shard->next->link = shard->link;
	shard->link = NULL;
}

/* ---- contexts ---- */

static struct shard *shard_create(void)
{
	struct shard *shard = calloc(1, sizeof(*shard));
	bool ours;

	if (!shard)
		abort();
	epoll_shim_begin(&shard->shim, coap_state.epoll);
	shard->context = coap_new_context(NULL);
	ours = epoll_shim_end();
	if (shard->context && ours)
		return shard;
	coap_free_context(shard->context);
	epoll_shim_free(&shard->shim);
	free(shard);
	return NULL;
}

static void shard_free(struct shard *shard)
{
	shard_withdraw(shard);
	heap_remove(&coap_state.shards_due, &shard->due);
	coap_free_context(shard->context);
	epoll_shim_free(&shard->shim);
	free(shard);
}

struct shard *shard_take(bool alone)
{
	struct shard *shard = alone ? NULL : coap_state.shards;

	if (!shard) {
		shard = shard_create();
		if (!shard)
			return NULL;
		if (!alone)
			shard_offer(shard);
	}
	if (++shard->n == SHARD_CONNECTIONS)
		shard_withdraw(shard);
	return shard;
}

void shard_leave(struct shard *shard)
{
	if (--shard->n == 0)
		shard_free(shard);
	else if (!shard->link)
		shard_offer(shard);
}

/* ---- their time ---- */

void shard_wake(struct shard *shard, int64_t when)
{
	if (!shard->due.place || when < shard->due.due)
		heap_set(&coap_state.shards_due, &shard->due, when);
}

/* libcoap unsets its timer when nothing is left to do, but also where the time
 * has come while it looked: then it is called once more, and says it. */
void shard_read(struct shard *shard, struct epoll_event *event, int64_t now)
{
	struct heap *heap = &coap_state.shards_due;

	coap_io_do_epoll(shard->context, event, 1);
	if (shard->shim.due)
		heap_set(heap, &shard->due, shard->shim.due);
	else if (!shard->pings && coap_can_exit(shard->context))
		heap_remove(heap, &shard->due);
	else
		shard_wake(shard, now);
}

static void shard_call(struct shard *shard, int64_t now)
{
	coap_tick_t ticks;
	unsigned ms;

	heap_remove(&coap_state.shards_due, &shard->due);
	coap_ticks(&ticks);
	ms = coap_io_prepare_epoll(shard->context, ticks);
	if (ms)
		shard_wake(shard, now + (int64_t)ms * 1000000);
}

void shards_turn(int64_t now)
{
	struct heap_item *item;

	for (int n = 0; n < TURN_SHARDS &&
			(item = heap_first(&coap_state.shards_due)) &&
			item->due <= now; n++)
		shard_call((struct shard *)(void *)((char *)item -
			   offsetof(struct shard, due)), now);
}
