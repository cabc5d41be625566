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

static int profile_print(const struct profile *profile)
{
	FILE *file = fopen(profile->path, "re");
	char line[WORDS_MAX];

	if (!file) {
		fprintf(stderr, "lwmuxctl: cannot read %s\n", profile->path);
		return CTL_FAILED;
	}
	printf("# %s\n", profile->path);
	while (fgets(line, sizeof(line), file))
		fputs(line, stdout);
	fclose(file);
	return CTL_DONE;
}

static bool fits(const struct profile *profile, const char *word)
{
	return !word || strcasestr(profile->name, word) ||
	       strcasestr(profile->what, word);
}

static int list_print(const struct profiles *p, const char *word)
{
	struct ctl_table table = {.n_columns = 2};
	struct nearest nearest;
	int rc = CTL_DONE;

	nearest_init(&nearest, word ? word : "");
	for (size_t i = 0; i < p->n; i++) {
		nearest_offer(&nearest, p->at[i].name);
		if (fits(&p->at[i], word))
			ctl_table_add(&table, (const char *const[]){
				p->at[i].name, p->at[i].what});
	}
	if (table.n_rows > 0) {
		ctl_table_print(&table, stdout);
	} else {
		fprintf(stderr, "lwmuxctl: no profile%s%s%s\n",
			word ? " has to do with " : "", word ? word : "",
			word ? nearest_text(&nearest) : "");
		rc = CTL_FAILED;
	}
	ctl_table_finish(&table);
	return rc;
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
			rc = profile_print(&p.at[i]);
	if (rc < 0)
		rc = list_print(&p, word);
	profiles_free(&p);
	return rc;
}
