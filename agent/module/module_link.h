/* SPDX-License-Identifier: GPL-2.0-or-later
 * Modules (modules/module.h) as shared objects, and their way to the agent
 * thread: one mailbox of all. Agent thread. */
#ifndef AGENT_MODULE_LINK_H
#define AGENT_MODULE_LINK_H
#include "modules/module.h"

struct mailbox;

#define MODULE_MAIL 64		/* what waits for the agent thread; more is
				 * kept by the modem and the card */

/* text and bytes are the taker's. */
struct module_message {
	uint64_t link;			/* that it came by: its id */
	enum module_event event;
	char *text;			/* or NULL */
	uint8_t *bytes;			/* wiped by module_message_finish() */
	size_t n;
};
void module_message_finish(struct module_message *message);

struct module_link;

struct mailbox *module_mailbox_create(void);
/* What waits in it goes with it. After all links. */
void module_mailbox_destroy(struct mailbox *mailbox);

/* Opens the module of this name in the directory `modules` beside that of the
 * adapters. It stays loaded. NULL: the reason, with what to do, is in error. */
struct module_link *module_link_open(const char *adapters, const char *name,
				     const struct module_conf *conf,
				     struct mailbox *mailbox, char *error,
				     size_t size);
/* Of this one alone, as long as the program runs, which an address is not; 0 of
 * NULL. */
uint64_t module_link_id(const struct module_link *link);
/* As module_ops.send(); -ENOTSUP: it cannot. */
int module_link_send(struct module_link *link, const char *number,
		     const uint8_t *bytes, size_t n);
/* Messages that wait still have its id, which is that of nobody any more. NULL is
 * fine. */
void module_link_close(struct module_link *link);
#endif
