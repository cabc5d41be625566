/* SPDX-License-Identifier: GPL-2.0-or-later
 * The configuration's files: lwmux.yaml, conf.d in name order, profiles on
 * demand. Names in messages are those inside of the directory. */
#include <dirent.h>
#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>
#include "agent/base/arena.h"
#include "agent/base/file.h"
#include "agent/base/machine.h"
#include "agent/config/config_block.h"
#include "agent/config/object_load.h"
#include "agent/config/plugin.h"
#include "agent/config/profiles.h"
#include "agent/config/settings.h"
#include "agent/config/yaml.h"

#define MAIN_FILE "lwmux.yaml"

struct loading {
	const char *directory;
	struct arena *arena;		/* of texts and nodes */
	struct config_errors *errors;
};

struct profile {
	struct profile *next;
	const char *name;
	struct config_file file;	/* name NULL: there is none */
};

struct profiles {
	struct config_profiles base;
	struct loading *loading;
	const char *shipped;
	struct profile *first;
	char **names;			/* of all there are, once asked for */
	size_t n_names;
};

/* shown: the name in messages. NULL root: an error was added. */
static struct config_file file_load(struct loading *l, const char *directory,
				    const char *name, const char *shown)
{
	struct config_file file = {.name = arena_text(l->arena, shown)};
	char *text = NULL;
	ssize_t n = file_read(directory, name, &text);

	if (n < 0) {
		config_error_add(l->errors, (struct place){shown, 0, 0}, NULL,
				 "cannot be read: %s", n == -ENOTSUP ?
				 "it is a pipe, a socket or a device" :
				 strerror((int)-n));
		return file;
	}
	file.root = yaml_parse(shown, text, (size_t)n, l->arena, l->errors);
	free(text);
	return file;
}

/* ---- conf.d ---- */

static int is_yaml(const struct dirent *file)
{
	size_t n = strlen(file->d_name);

	return file->d_name[0] != '.' && n > 5 &&
	       !strcmp(file->d_name + n - 5, ".yaml");
}

/* Meant to be one of ours, by the look of its name: .yml, .YAML. */
static bool is_nearly_yaml(const struct dirent *file)
{
	const char *end = strrchr(file->d_name, '.');

	return file->d_name[0] != '.' && end && !is_yaml(file) &&
	       (!strcasecmp(end, ".yml") || !strcasecmp(end, ".yaml"));
}

/* A file that may be meant for us, too: it is told, not left out silently. */
static int is_ours(const struct dirent *file)
{
	return is_yaml(file) || is_nearly_yaml(file);
}

static void refuse_name(struct loading *l, const char *name)
{
	int stem = (int)(strrchr(name, '.') - name);

	config_error_add(l->errors, (struct place){
				 arena_print(l->arena, "conf.d/%s", name), 0, 0},
			 NULL, "is not read, its name must end in .yaml: "
			 "rename it to %.*s.yaml", stem, name);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int conf_d_list(struct loading *l, struct dirent ***list)
{
	char *path = arena_print(l->arena, "%s/conf.d", l->directory);
	int n = scandir(path, list, is_ours, by_name);

	if (n < 0 && errno != ENOENT)
		config_error_add(l->errors, (struct place){"conf.d", 0, 0},
				 NULL, "cannot be read: %s", strerror(errno));
	return n < 0 ? 0 : n;
}

static bool is_absent(const struct loading *l, const char *name)
{
	char *path = arena_print(l->arena, "%s/%s", l->directory, name);

	return access(path, F_OK) && errno == ENOENT;
}

/* The main file, which need not be there where conf.d says all, and those of
 * conf.d; returns how many. */
static size_t files_load(struct loading *l, struct config_file **files)
{
	struct dirent **list = NULL;
	int n = conf_d_list(l, &list);
	size_t loaded = 1;

	*files = calloc((size_t)n + 1, sizeof(**files));
	if (!*files)
		abort();
	l->errors->fatal = true;
	(*files)[0] = n && is_absent(l, MAIN_FILE) ?
		(struct config_file){.name = MAIN_FILE} :
		file_load(l, l->directory, MAIN_FILE, MAIN_FILE);
	l->errors->fatal = false;
	for (int i = 0; i < n; i++) {
		char *name = arena_print(l->arena, "conf.d/%s",
					 list[i]->d_name);

		if (is_yaml(list[i]))
			(*files)[loaded++] = file_load(l, l->directory, name,
						       name);
		else
			refuse_name(l, list[i]->d_name);
		free(list[i]);
	}
	free(list);
	return loaded;
}

/* One image for a whole fleet: what tells this machine from the others may stand
 * anywhere in a file. */
static void file_fill(struct loading *l, struct yaml_node *root)
{
	const struct machine *m = machine_info();
	const struct template_word words[] = {
		{"hostname", m->hostname, TEMPLATE_NO_HOSTNAME},
		{"machine_id", m->id, TEMPLATE_NO_MACHINE_ID},
		{"serial", m->serial, TEMPLATE_NO_SERIAL},
		{NULL, NULL, NULL},
	};
	struct config_scope scope;

	config_scope_init(&scope, l->errors, NULL, NULL);
	for (size_t i = 0; i < root->n; i++) {
		/* A device that lacks a word is refused alone, later. */
		bool later = !strcmp(root->keys[i], "devices");

		root->items[i] = (struct yaml_node *)(uintptr_t)
			template_fill_machine(root->items[i], words, l->arena,
					      later ? NULL : &scope);
	}
}

/* ---- profiles ---- */

/* "eastron/sdm120": no way out of the directory. */
static bool is_profile_name(const char *name)
{
	return *name && *name != '/' && *name != '.' && !strstr(name, "/.") &&
	       !strstr(name, "//") && strlen(name) < 200;
}

static bool file_exists(const char *directory, const char *name)
{
	char *path;
	bool is;

	if (asprintf(&path, "%s/%s", directory, name) < 0)
		abort();
	is = !access(path, F_OK);
	free(path);
	return is;
}

/* The site's file shadows the shipped one, whole. */
static void profile_load(struct profiles *p, struct profile *profile)
{
	struct loading *l = p->loading;
	char *site = arena_print(l->arena, "profiles/%s.yaml", profile->name);
	char *shipped = arena_print(l->arena, "%s.yaml", profile->name);

	if (!is_profile_name(profile->name))
		return;
	if (file_exists(l->directory, site))
		profile->file = file_load(l, l->directory, site, site);
	else if (p->shipped && file_exists(p->shipped, shipped))
		profile->file = file_load(l, p->shipped, shipped,
					  arena_print(l->arena, "%s/%s",
						      p->shipped, shipped));
}

static const struct config_file *profile_find(struct config_profiles *base,
					      const char *name,
					      struct config_errors *errors)
{
	struct profiles *p = (struct profiles *)base;
	struct profile *profile = p->first;

	(void)errors;
	while (profile && strcmp(profile->name, name))
		profile = profile->next;
	if (!profile) {
		profile = arena_take(p->loading->arena, sizeof(*profile));
		profile->name = arena_text(p->loading->arena, name);
		profile->next = p->first;
		p->first = profile;
		profile_load(p, profile);
	}
	return profile->file.name ? &profile->file : NULL;
}

static void names_add(struct profiles *p, const char *vendor, const char *file)
{
	p->names = realloc(p->names, (p->n_names + 1) * sizeof(*p->names));
	if (!p->names)
		abort();
	p->names[p->n_names++] =
		arena_print(p->loading->arena, "%s%s%.*s", vendor,
			    *vendor ? "/" : "", (int)(strlen(file) - 5), file);
}

/* One vendor's directory, or the top one (vendor ""). */
static void names_of(struct profiles *p, const char *directory,
		     const char *vendor)
{
	char *path = arena_print(p->loading->arena, "%s/%s", directory, vendor);
	DIR *open = opendir(path);
	struct dirent *file;

	while (open && (file = readdir(open))) {
		if (is_yaml(file))
			names_add(p, vendor, file->d_name);
		else if (file->d_name[0] != '.' && !*vendor)
			names_of(p, directory, file->d_name);
	}
	if (open)
		closedir(open);
}

static const char *profile_name(struct config_profiles *base, size_t i)
{
	struct profiles *p = (struct profiles *)base;

	if (!p->names) {
		names_of(p, arena_print(p->loading->arena, "%s/profiles",
					p->loading->directory), "");
		if (p->shipped)
			names_of(p, p->shipped, "");
	}
	return i < p->n_names ? p->names[i] : NULL;
}

/* ---- all profiles, in turn ---- */

struct profile_files {
	struct loading loading;
	struct profiles profiles;
	struct config_errors errors;	/* a broken one is another's to tell */
	size_t next;
};

struct profile_files *profile_files_open(const char *dir,
					 const char *profile_dir)
{
	struct profile_files *files = calloc(1, sizeof(*files));

	if (!files)
		abort();
	config_errors_init(&files->errors);
	files->loading = (struct loading){dir, arena_create(), &files->errors};
	files->profiles = (struct profiles){.loading = &files->loading,
					    .shipped = profile_dir};
	return files;
}

/* A site's file of the same name came first. */
static bool is_shadowed(const struct profiles *p, size_t i)
{
	for (size_t earlier = 0; earlier < i; earlier++)
		if (!strcmp(p->names[earlier], p->names[i]))
			return true;
	return false;
}

const struct yaml_node *profile_files_next(struct profile_files *files,
					   const char **name)
{
	struct config_profiles *base = &files->profiles.base;
	const struct config_file *file;

	while ((*name = profile_name(base, files->next))) {
		if (is_shadowed(&files->profiles, files->next++))
			continue;
		file = profile_find(base, *name, &files->errors);
		if (file && file->root && file->root->kind == YAML_MAP)
			return file->root;
	}
	return NULL;
}

void profile_files_close(struct profile_files *files)
{
	config_errors_finish(&files->errors);
	arena_destroy(files->loading.arena);
	free(files->profiles.names);
	free(files);
}

/* ---- all of it ---- */

static void objects_give(struct config *config, struct object_set *set)
{
	for (size_t i = 0; i < config->n_devices; i++)
		config->devices[i]->objects = object_set_keep(set);
}

struct config *config_load(const struct config_dirs *dirs,
			   struct config_errors *errors)
{
	struct object_set *objects = object_set_load(dirs->config,
						     dirs->objects, errors);
	struct config *config = config_read(dirs, objects, errors);

	object_set_release(objects);
	return config;
}

struct config *config_read(const struct config_dirs *dirs,
			   struct object_set *objects,
			   struct config_errors *errors)
{
	struct loading l = {dirs->config, arena_create(), errors};
	struct profiles profiles = {
		.base = {.find = profile_find, .name = profile_name},
		.loading = &l,
		.shipped = dirs->profiles};
	struct plugins *plugins = plugins_of(dirs->adapters);
	struct config_file *files;
	struct config *config;
	size_t n = files_load(&l, &files);

	profiles.base.where = arena_print(l.arena, "%s/profiles%s%s",
		dirs->config, dirs->profiles ? " and " : "",
		dirs->profiles ? dirs->profiles : "");
	for (size_t i = 0; i < n; i++)
		if (files[i].root)
			file_fill(&l, (struct yaml_node *)(uintptr_t)
				      files[i].root);
	config = config_build(files, n, &profiles.base,
			      object_set_model(objects), errors);
	config->directory = strdup(dirs->config);
	if (!config->directory)
		abort();
	objects_give(config, objects);
	settings_apply(config, plugins, errors);
	free(files);
	free(profiles.names);
	arena_destroy(l.arena);
	malloc_trim(0);		/* nodes are far larger than what they make */
	return config;
}
