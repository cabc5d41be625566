/* SPDX-License-Identifier: GPL-2.0-or-later
 * A ring under one lock. The eventfd follows the ring inside the lock, so it
 * is readable exactly while there is something to take; for who waits for its
 * edges there is one when the ring is not empty any more. */
#include "agent/base/mailbox.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct mailbox {
	pthread_mutex_t lock;
	pthread_cond_t room;
	size_t size, capacity;		/* of a message; in messages */
	size_t first, n;
	size_t waiting;
	bool edges;
	int fd;
	_Atomic int64_t beat;
	uint8_t *ring;
};

struct mailbox *mailbox_create(size_t message_size, size_t capacity)
{
	struct mailbox *m = calloc(1, sizeof(*m));

	if (!m)
		abort();
	m->ring = calloc(capacity, message_size);
	m->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (!m->ring || m->fd < 0)
		abort();
	pthread_mutex_init(&m->lock, NULL);
	pthread_cond_init(&m->room, NULL);
	m->size = message_size;
	m->capacity = capacity;
	return m;
}

void mailbox_destroy(struct mailbox *mailbox)
{
	if (!mailbox)
		return;
	close(mailbox->fd);
	pthread_cond_destroy(&mailbox->room);
	pthread_mutex_destroy(&mailbox->lock);
	free(mailbox->ring);
	free(mailbox);
}

static void ring_put(struct mailbox *m, const void *message)
{
	size_t at = (m->first + m->n) % m->capacity;

	memcpy(m->ring + at * m->size, message, m->size);
	if (m->n++ == 0)
		eventfd_write(m->fd, 1);
}

void mailbox_put_waiting(struct mailbox *mailbox, const void *message)
{
	pthread_mutex_lock(&mailbox->lock);
	while (mailbox->n == mailbox->capacity) {
		mailbox->waiting++;
		pthread_cond_wait(&mailbox->room, &mailbox->lock);
		mailbox->waiting--;
	}
	ring_put(mailbox, message);
	pthread_mutex_unlock(&mailbox->lock);
}

bool mailbox_put(struct mailbox *mailbox, const void *message)
{
	bool taken;

	pthread_mutex_lock(&mailbox->lock);
	taken = mailbox->n < mailbox->capacity;
	if (taken)
		ring_put(mailbox, message);
	pthread_mutex_unlock(&mailbox->lock);
	return taken;
}

size_t mailbox_take(struct mailbox *mailbox, void *messages, size_t max)
{
	uint8_t *to = messages;
	size_t taken = 0;
	eventfd_t count;

	pthread_mutex_lock(&mailbox->lock);
	for (; taken < max && mailbox->n > 0; taken++) {
		memcpy(to + taken * mailbox->size,
		       mailbox->ring + mailbox->first * mailbox->size,
		       mailbox->size);
		mailbox->first = (mailbox->first + 1) % mailbox->capacity;
		mailbox->n--;
	}
	if (taken > 0 && mailbox->n == 0 && !mailbox->edges)
		eventfd_read(mailbox->fd, &count);
	if (taken > 0 && mailbox->waiting > 0)
		pthread_cond_broadcast(&mailbox->room);
	pthread_mutex_unlock(&mailbox->lock);
	return taken;
}

void mailbox_beat(struct mailbox *mailbox, int64_t now)
{
	atomic_store_explicit(&mailbox->beat, now, memory_order_relaxed);
}

int64_t mailbox_beat_last(const struct mailbox *mailbox)
{
	return atomic_load_explicit(&mailbox->beat, memory_order_relaxed);
}

int mailbox_fd(const struct mailbox *mailbox)
{
	return mailbox->fd;
}

int mailbox_edges(struct mailbox *mailbox)
{
	pthread_mutex_lock(&mailbox->lock);
	mailbox->edges = true;
	pthread_mutex_unlock(&mailbox->lock);
	return mailbox->fd;
}
