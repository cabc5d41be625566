/* SPDX-License-Identifier: GPL-2.0-or-later
 * Findings of the configuration for people: in the order of the files. */
#include "agent/config/config.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The main file, objects, conf.d, profiles: what others come of is first. */
static int file_rank(const char *file)
{
	if (!file)
		return 0;
	if (!strchr(file, '/'))
		return 1;
	if (strstr(file, "objects.d/"))
		return 2;
	return strncmp(file, "conf.d/", 7) ? 4 : 3;
}

static int error_compare(const void *left, const void *right)
{
	const struct place *a = &(*(struct config_error *const *)left)->place;
	const struct place *b = &(*(struct config_error *const *)right)->place;
	int order = file_rank(a->file) - file_rank(b->file);

	if (!order && a->file && b->file)
		order = strcmp(a->file, b->file);
	if (order)
		return order;
	if (a->line != b->line)
		return a->line < b->line ? -1 : 1;
	return a->column < b->column ? -1 : a->column > b->column;
}

static void error_print(const struct config_error *error, int fd)
{
	const struct place *place = &error->place;
	const char *kind = error->warning ? "warning: " : "";

	if (!place->file)
		dprintf(fd, "%s%s\n", kind, error->text);
	else if (!place->line)
		dprintf(fd, "%s: %s%s\n", place->file, kind, error->text);
	else
		dprintf(fd, "%s:%u:%u: %s%s\n", place->file, place->line,
			place->column, kind, error->text);
}

void config_errors_print(const struct config_errors *errors, int fd)
{
	struct config_error **sorted;
	size_t n = 0;

	for (struct config_error *e = errors->first; e; e = e->next)
		n++;
	sorted = calloc(n + 1, sizeof(*sorted));
	if (!sorted)
		abort();
	n = 0;
	for (struct config_error *e = errors->first; e; e = e->next)
		sorted[n++] = e;
	qsort(sorted, n, sizeof(*sorted), error_compare);
	for (size_t i = 0; i < n; i++)
		error_print(sorted[i], fd);
	free(sorted);
}
