/* SPDX-License-Identifier: GPL-2.0-or-later
 * Adapters as shared objects. They are never unloaded: their threads, names of
 * counters and tables may be in use for as long as the process lives. */
#include "agent/config/plugin.h"
#include <ctype.h>
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "agent/base/arena.h"
#include "agent/base/nearest.h"

#define SYMBOL "lwmux_adapter"

struct plugin {
	struct plugin *next;
	struct adapter_ops ops;		/* what of it this host knows */
};

struct plugins {
	struct plugins *next;
	char *directory;
	struct plugin *first;
};

/* Ops are in use by buses across reloads, so what was loaded from a directory
 * is remembered for good. A reload reads on a thread of its own. */
static struct plugins *all;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static struct plugins *directory_find(const char *directory)
{
	struct plugins *plugins = all;

	while (plugins && strcmp(plugins->directory, directory))
		plugins = plugins->next;
	if (plugins)
		return plugins;
	plugins = calloc(1, sizeof(*plugins));
	if (!plugins)
		abort();
	plugins->directory = strdup(directory);
	if (!plugins->directory)
		abort();
	plugins->next = all;
	all = plugins;
	return plugins;
}

struct plugins *plugins_of(const char *directory)
{
	struct plugins *plugins;

	pthread_mutex_lock(&lock);
	plugins = directory_find(directory);
	pthread_mutex_unlock(&lock);
	return plugins;
}

/* A name is part of a path: letters, digits, - and _ only. */
static bool is_name(const char *name)
{
	size_t n = 0;

	for (; name[n]; n++)
		if (!isalnum((unsigned char)name[n]) && name[n] != '-' &&
		    name[n] != '_')
			return false;
	return n > 0 && n < 64;
}

static int is_adapter(const struct dirent *file)
{
	const char *end = strrchr(file->d_name, '.');

	return end && !strcmp(end, ".so");
}

/* Offers them all, and lists them: "; there are: ble, modbus". */
static void adapters_suggest(const struct plugins *plugins,
			     struct nearest *nearest, char *text, size_t size)
{
	struct dirent **files;
	int n = scandir(plugins->directory, &files, is_adapter, alphasort);
	size_t used = 0;

	*text = '\0';
	for (int i = 0; i < n; i++) {
		*strrchr(files[i]->d_name, '.') = '\0';
		nearest_offer(nearest, files[i]->d_name);
		if (used < size)
			used += (size_t)snprintf(text + used, size - used,
					"%s %s", i ? "," : "; there are:",
					files[i]->d_name);
		free(files[i]);
	}
	if (n >= 0)
		free(files);
}

/* Those have packages of their own, and may just not be installed. The build
 * knows which: packaging/debian/lwmux-adapter-NAME.install. */
static bool has_package(const char *name)
{
	static const char *const packaged[] = {PACKAGED_ADAPTERS};

	for (size_t i = 0; i < sizeof(packaged) / sizeof(*packaged); i++)
		if (!strcmp(name, packaged[i]))
			return true;
	return false;
}

static void refuse_absent(const struct plugins *plugins, const char *name,
			  char *error, size_t size)
{
	struct nearest nearest;
	char there[120];

	if (has_package(name)) {
		snprintf(error, size, "no adapter '%s' in %s: apt install "
			 "lwmux-adapter-%s", name, plugins->directory, name);
		return;
	}
	nearest_init(&nearest, name);
	adapters_suggest(plugins, &nearest, there, sizeof(there));
	snprintf(error, size, "no adapter '%s' in %s%s", name,
		 plugins->directory,
		 nearest.best ? nearest_text(&nearest) : there);
}

static const struct adapter_ops *plugin_load(const struct plugins *plugins,
					     const char *name, char *error,
					     size_t size)
{
	const struct adapter_ops *ops = NULL;
	char *path;
	void *object;

	if (asprintf(&path, "%s/%s.so", plugins->directory, name) < 0)
		abort();
	if (!is_name(name) || access(path, F_OK)) {
		refuse_absent(plugins, name, error, size);
	} else if (!(object = dlopen(path, RTLD_NOW | RTLD_LOCAL))) {
		snprintf(error, size, "the adapter '%s' cannot be loaded: %s",
			 name, dlerror());
	} else if (!(ops = dlsym(object, SYMBOL))) {
		snprintf(error, size, "%s is no adapter: it has no symbol "
			 SYMBOL, path);
		dlclose(object);
	}
	free(path);
	return ops;
}

/* abi and size come first in any ABI: nothing behind them is looked at before
 * they fit. */
static bool plugin_fits(const struct adapter_ops *ops, const char *name,
			char *error, size_t size)
{
	if (ops->abi != ADAPTER_ABI)
		snprintf(error, size, "the adapter '%s' was built for adapter "
			 "ABI %u, this lwmuxd has %u: install the one of the "
			 "same version", name, ops->abi, ADAPTER_ABI);
	else if (ops->size < offsetof(struct adapter_ops, check_bus) ||
		 ops->key_size < sizeof(struct adapter_key))
		snprintf(error, size, "the adapter '%s' is damaged: its tables "
			 "are smaller than those of ABI %u ever were", name,
			 ADAPTER_ABI);
	else if (ops->needs > ADAPTER_MINOR)
		snprintf(error, size, "the adapter '%s' needs lwmuxd with "
			 "minor %u of ABI %u, this one has %u: install a newer "
			 "lwmux", name, ops->needs, ADAPTER_ABI, ADAPTER_MINOR);
	else if (!ops->name || strcmp(ops->name, name))
		snprintf(error, size, "%s.so calls itself '%s': the file must "
			 "have the adapter's name", name,
			 ops->name ? ops->name : "");
	else
		return true;
	return false;
}

static const struct adapter_ops *plugin_keep(struct plugins *plugins,
					     const struct adapter_ops *ops)
{
	struct plugin *plugin = calloc(1, sizeof(*plugin));
	size_t size = sizeof(plugin->ops);

	if (!plugin)
		abort();
	memcpy(&plugin->ops, ops, ops->size < size ? ops->size : size);
	plugin->next = plugins->first;
	plugins->first = plugin;
	return &plugin->ops;
}

static const struct adapter_ops *plugin_find(struct plugins *plugins,
					     const char *name, char *error,
					     size_t size)
{
	const struct adapter_ops *ops;

	for (struct plugin *p = plugins->first; p; p = p->next)
		if (!strcmp(p->ops.name, name))
			return &p->ops;
	ops = plugin_load(plugins, name, error, size);
	return ops && plugin_fits(ops, name, error, size)
		       ? plugin_keep(plugins, ops)
		       : NULL;
}

const struct adapter_ops *plugins_find(struct plugins *plugins,
				       const char *name, char *error,
				       size_t size)
{
	const struct adapter_ops *ops;

	pthread_mutex_lock(&lock);
	ops = plugin_find(plugins, name, error, size);
	pthread_mutex_unlock(&lock);
	return ops;
}

static int is_plugin(const struct dirent *file)
{
	const char *end = strrchr(file->d_name, '.');

	return end && !strcmp(end, ".so");
}

size_t plugins_list(const struct plugins *plugins, struct arena *arena,
		    const char ***names)
{
	struct dirent **files;
	int n = scandir(plugins->directory, &files, is_plugin, alphasort);

	*names = arena_take(arena, (n > 0 ? (size_t)n : 1) * sizeof(**names));
	for (int i = 0; i < n; i++) {
		(*names)[i] = arena_print(arena, "%.*s",
			(int)strlen(files[i]->d_name) - 3, files[i]->d_name);
		free(files[i]);
	}
	if (n >= 0)
		free(files);
	return n > 0 ? (size_t)n : 0;
}
