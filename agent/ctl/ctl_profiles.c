/* SPDX-License-Identifier: GPL-2.0-or-later
 * lwmuxctl profiles: which there are, and what is in one. Reads the files, and
 * needs no daemon. */
#include "agent/ctl/ctl.h"
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include "agent/base/nearest.h"
#include "agent/ctl/ctl_table.h"

#define WORDS_MAX 512

struct profile {
	char *name, *path;	/* "eastron/sdm120", and where that is */
	char *what;		/* its first words */
};

struct profiles {
	struct profile *at;
	size_t n;
};

static char *text_join(const char *a, const char *between, const char *b)
{
	char *text;

	if (asprintf(&text, "%s%s%s", a, between, b) < 0)
		abort();
	return text;
}

/* The comment at its beginning, up to the first full stop. */
static char *words_of(const char *path)
{
	char line[WORDS_MAX], words[WORDS_MAX] = "";
	FILE *file = fopen(path, "re");

	while (file && fgets(line, sizeof(line), file) && line[0] == '#') {
		char *from = line + 1 + (line[1] == ' '), *stop;
		size_t used = strlen(words);

		from[strcspn(from, "\n")] = '\0';
		stop = strstr(from, ". ");
		if (stop)
			*stop = '\0';
		snprintf(words + used, sizeof(words) - used, "%s%s",
			 used ? " " : "", from);
		if (stop || (*words && words[strlen(words) - 1] == '.'))
			break;
	}
	if (file)
		fclose(file);
	return text_join(words, "", "");
}

static bool is_known(const struct profiles *p, const char *name)
{
	for (size_t i = 0; i < p->n; i++)
		if (!strcmp(p->at[i].name, name))
			return true;
	return false;
}

/* Takes name and path. The first of a name shadows the others. */
static void profile_add(struct profiles *p, char *name, char *path)
{
	if (is_known(p, name)) {
		free(name);
		free(path);
		return;
	}
	p->at = reallocarray(p->at, p->n + 1, sizeof(*p->at));
	if (!p->at)
		abort();
	p->at[p->n++] = (struct profile){name, path, words_of(path)};
}

/* *.yaml of directory, and of those in it where vendor is "". */
static void directory_read(struct profiles *p, const char *directory,
			   const char *vendor)
{
	DIR *dir = opendir(directory);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		size_t n = strlen(entry->d_name);
		char *path;

		if (entry->d_name[0] == '.')
			continue;
		path = text_join(directory, "/", entry->d_name);
		if (n > 5 && !strcmp(entry->d_name + n - 5, ".yaml")) {
			entry->d_name[n - 5] = '\0';
			profile_add(p, text_join(vendor, *vendor ? "/" : "",
						 entry->d_name), path);
			continue;
		}
		if (!*vendor)
			directory_read(p, path, entry->d_name);
		free(path);
	}
	if (dir)
		closedir(dir);
}

static int by_name(const void *left, const void *right)
{
	const struct profile *a = left, *b = right;

	return strcmp(a->name, b->name);
}

static void profiles_free(struct profiles *p)
{
	for (size_t i = 0; i < p->n; i++) {
		free(p->at[i].name);
		free(p->at[i].path);
		free(p->at[i].what);
	}
	free(p->at);
}

/* The caller's. */
static struct json_object *profile_json(const struct profile *profile)
{
	struct json_object *to = json_object_new_object();

	json_object_object_add(to, "profile",
			       json_object_new_string(profile->name));
	json_object_object_add(to, "file",
			       json_object_new_string(profile->path));
	json_object_object_add(to, "about",
			       json_object_new_string(profile->what));
	return to;
}

/* The whole of it, the caller's; NULL after a message. */
static char *profile_text(const struct profile *profile)
{
	FILE *file = fopen(profile->path, "re");
	char *text = NULL;
	size_t size = 0;
	bool good = file && getdelim(&text, &size, '\0', file) > 0;

	if (file)
		fclose(file);
	if (good)
		return text;
	fprintf(stderr, "lwmuxctl: cannot read %s\n", profile->path);
	free(text);
	return NULL;
}

/* For people with the name of its file before it. */
static int profile_print(const struct options *o, const struct profile *profile)
{
	struct json_object *json = profile_json(profile);
	char *text = profile_text(profile);
	int rc;

	if (text && o->json) {
		json_object_object_add(json, "text",
				       json_object_new_string(text));
		print_json(json);
	} else if (text) {
		printf("# %s\n%s", profile->path, text);
	}
	json_object_put(json);
	rc = text ? CTL_DONE : CTL_FAILED;
	free(text);
	return rc;
}

static bool profile_fits(const struct profile *profile, const char *word)
{
	return !word || strcasestr(profile->name, word) ||
	       strcasestr(profile->what, word);
}

static int none_say(const struct profiles *p, const char *word)
{
	struct nearest nearest;

	nearest_init(&nearest, word ? word : "");
	for (size_t i = 0; i < p->n; i++)
		nearest_offer(&nearest, p->at[i].name);
	fprintf(stderr, "lwmuxctl: no profile%s%s%s\n",
		word ? " has to do with " : "", word ? word : "",
		word ? nearest_text(&nearest) : "");
	return CTL_FAILED;
}

static void table_print(const struct profiles *p, const char *word)
{
	struct ctl_table table = {.n_columns = 2};

	for (size_t i = 0; i < p->n; i++)
		if (profile_fits(&p->at[i], word))
			ctl_table_add(&table, (const char *const[]){
				p->at[i].name, p->at[i].what});
	ctl_table_print(&table, stdout);
	ctl_table_finish(&table);
}

static void list_print_json(const struct profiles *p, const char *word)
{
	struct json_object *list = json_object_new_array();
	struct json_object *answer = json_object_new_object();

	for (size_t i = 0; i < p->n; i++)
		if (profile_fits(&p->at[i], word))
			json_object_array_add(list, profile_json(&p->at[i]));
	json_object_object_add(answer, "profiles", list);
	print_json(answer);
	json_object_put(answer);
}

static int list_print(const struct options *o, const struct profiles *p,
		      const char *word)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n; i++)
		n += profile_fits(&p->at[i], word);
	if (!n)
		return none_say(p, word);
	if (o->json)
		list_print_json(p, word);
	else
		table_print(p, word);
	return CTL_DONE;
}

static struct profiles profiles_read(const struct options *o)
{
	char *own = text_join(o->config ? o->config : "/etc/lwmux", "/",
			      "profiles");
	struct profiles p = {NULL, 0};

	directory_read(&p, own, "");
	directory_read(&p, LWMUX_PROFILE_DIR, "");
	free(own);
	if (p.n > 0)
		qsort(p.at, p.n, sizeof(*p.at), by_name);
	return p;
}

int profile_names(const struct options *o, const char *begun)
{
	struct profiles p = profiles_read(o);

	for (size_t i = 0; i < p.n; i++)
		if (!strncmp(p.at[i].name, begun, strlen(begun)))
			puts(p.at[i].name);
	profiles_free(&p);
	return CTL_DONE;
}

int do_profiles(const struct options *o, char **args, int n)
{
	const char *word = n ? args[0] : NULL;
	struct profiles p = profiles_read(o);
	int rc = -1;

	for (size_t i = 0; word && i < p.n && rc < 0; i++)
		if (!strcmp(p.at[i].name, word))
			rc = profile_print(o, &p.at[i]);
	if (rc < 0)
		rc = list_print(o, &p, word);
	profiles_free(&p);
	return rc;
}
