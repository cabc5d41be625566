/* SPDX-License-Identifier: GPL-2.0-or-later
 * The site's definitions, then the shipped ones that they do not shadow. */
#include "agent/config/object_load.h"
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "agent/base/file.h"
#include "agent/config/object_xml.h"

#define SITE "objects.d"

static int is_xml(const struct dirent *file)
{
	size_t n = strlen(file->d_name);

	return file->d_name[0] != '.' && n > 4 &&
	       !strcmp(file->d_name + n - 4, ".xml");
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void read_one(struct object_set *set, const char *folder,
		     const char *name, const char *shown, bool site,
		     struct config_errors *errors)
{
	char *text = NULL;
	ssize_t n = file_read(folder, name, &text);

	if (n < 0) {
		config_error_add(errors, (struct place){shown, 0, 0}, NULL,
				 "cannot be read: %s", strerror((int)-n));
		return;
	}
	object_xml_read(set, shown, site, text, (size_t)n, errors);
	free(text);
}

static bool is_there(const char *folder, const char *name)
{
	char *path;
	bool is;

	if (asprintf(&path, "%s/%s", folder, name) < 0)
		abort();
	is = !access(path, F_OK);
	free(path);
	return is;
}

/* shadow: a folder whose files of the same name are there instead; or NULL. */
static void read_folder(struct object_set *set, const char *folder,
			const char *shown, const char *shadow,
			struct config_errors *errors)
{
	struct dirent **list = NULL;
	int n = scandir(folder, &list, is_xml, by_name);
	char *name;

	if (n < 0 && errno != ENOENT)
		config_error_add(errors, (struct place){shown, 0, 0}, NULL,
				 "cannot be read: %s", strerror(errno));
	for (int i = 0; i < n; i++) {
		if (asprintf(&name, "%s/%s", shown, list[i]->d_name) < 0)
			abort();
		if (!shadow || !is_there(shadow, list[i]->d_name))
			read_one(set, folder, list[i]->d_name, name, !shadow,
				 errors);
		free(name);
		free(list[i]);
	}
	free(list);
}

struct object_set *object_set_load(const char *dir, const char *object_dir,
				   struct config_errors *errors)
{
	struct object_set *set = object_set_create();
	char *site;

	if (asprintf(&site, "%s/" SITE, dir) < 0)
		abort();
	read_folder(set, site, SITE, NULL, errors);
	if (object_dir)
		read_folder(set, object_dir, object_dir, site, errors);
	free(site);
	return object_set_share(set);
}
