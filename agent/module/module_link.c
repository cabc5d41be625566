/* SPDX-License-Identifier: GPL-2.0-or-later
 * Never unloaded, as adapters are not: libraries have threads of their own. */
#include "agent/module/module_link.h"
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "agent/base/mailbox.h"
#include "agent/base/text.h"

struct module_link {
	uint64_t id;
	const struct module_ops *ops;
	struct module *module;
	struct mailbox *mailbox;
};

void module_message_finish(struct module_message *m)
{
	if (m->bytes)
		explicit_bzero(m->bytes, m->n);
	free(m->bytes);
	free(m->text);
}

struct mailbox *module_mailbox_create(void)
{
	return mailbox_create(sizeof(struct module_message), MODULE_MAIL);
}

void module_mailbox_destroy(struct mailbox *mailbox)
{
	struct module_message m;

	while (mailbox_take(mailbox, &m, 1))
		module_message_finish(&m);
	mailbox_destroy(mailbox);
}

/* On the module's thread. */
static bool link_told(void *owner, enum module_event event, const char *text,
		      const uint8_t *bytes, size_t n)
{
	struct module_link *link = owner;
	struct module_message m = {link->id, event, text_copy(text),
				   malloc(n + 1), n};

	if (!m.bytes)
		abort();
	if (n)
		memcpy(m.bytes, bytes, n);
	if (mailbox_put(link->mailbox, &m))
		return true;
	module_message_finish(&m);
	return false;
}

static const struct module_ops *ops_load(const char *adapters,
					 const char *name, char *error,
					 size_t size)
{
	const struct module_ops *ops = NULL;
	char *path;
	void *object;

	if (asprintf(&path, "%s/../modules/%s.so", adapters, name) < 0)
		abort();
	if (access(path, F_OK))
		snprintf(error, size, "there is no %s: apt install lwmux-%s",
			 path, name);
	else if (!(object = dlopen(path, RTLD_NOW | RTLD_LOCAL)))
		snprintf(error, size, "it cannot be loaded: %s", dlerror());
	else if (!(ops = dlsym(object, MODULE_SYMBOL)))
		snprintf(error, size, "%s has no symbol " MODULE_SYMBOL, path);
	free(path);
	return ops;
}

static bool ops_fit(const struct module_ops *ops, const char *name,
		    char *error, size_t size)
{
	if (ops->abi == MODULE_ABI && !strcmp(ops->name, name))
		return true;
	snprintf(error, size, "lwmux-%s is of another version than lwmuxd: "
		 "install both of the same", name);
	return false;
}

struct module_link *module_link_open(const char *adapters, const char *name,
				     const struct module_conf *conf,
				     struct mailbox *mailbox, char *error,
				     size_t size)
{
	const struct module_ops *ops = ops_load(adapters, name, error, size);
	static uint64_t opened;		/* agent thread */
	struct module_link *link;

	if (!ops || !ops_fit(ops, name, error, size))
		return NULL;
	link = calloc(1, sizeof(*link));
	if (!link)
		abort();
	link->id = ++opened;
	link->ops = ops;
	link->mailbox = mailbox;
	link->module = ops->open(conf, &(struct module_host){link, link_told});
	if (link->module)
		return link;
	snprintf(error, size, "it cannot start: %s", strerror(errno));
	free(link);
	return NULL;
}

uint64_t module_link_id(const struct module_link *link)
{
	return link ? link->id : 0;
}

int module_link_send(struct module_link *link, const char *number,
		     const uint8_t *bytes, size_t n)
{
	return link->ops->send ? link->ops->send(link->module, number, bytes,
						 n) : -ENOTSUP;
}

void module_link_close(struct module_link *link)
{
	if (!link)
		return;
	link->ops->close(link->module);
	free(link);
}
