/* SPDX-License-Identifier: GPL-2.0-or-later
 * A bounded queue of messages of one size from any thread to one, with an
 * eventfd to wait on (written only when it turns from empty to not). */
#ifndef AGENT_MAILBOX_H
#define AGENT_MAILBOX_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mailbox;

struct mailbox *mailbox_create(size_t message_size, size_t capacity);
void mailbox_destroy(struct mailbox *mailbox);
/* Waits while it is full. Only for a bus's thread: the agent thread never
 * waits. */
void mailbox_put_waiting(struct mailbox *mailbox, const void *message);
/* false: full, nothing was taken. */
bool mailbox_put(struct mailbox *mailbox, const void *message);
/* Takes up to max; returns how many. Clears the eventfd when it is emptied. */
size_t mailbox_take(struct mailbox *mailbox, void *messages, size_t max);
int mailbox_fd(const struct mailbox *mailbox);
/* The same, for a reader that waits for its edges (EPOLLET): the eventfd is
 * not cleared from now on, which spares a system call for each time that the
 * mailbox is emptied. */
int mailbox_edges(struct mailbox *mailbox);
/* The reader's heartbeat: it calls mailbox_beat() each time it looks, mail or none
 * (now: monotonic ns); a writer sees by the other whether it hangs. 0: never. */
void mailbox_beat(struct mailbox *mailbox, int64_t now);
int64_t mailbox_beat_last(const struct mailbox *mailbox);
#endif
