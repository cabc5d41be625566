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

char *config_error_line(const struct config_error *error)
{
	const struct place *place = &error->place;
	char at[32] = "", *line;

	if (place->line)
		snprintf(at, sizeof(at), ":%u:%u", place->line, place->column);
	if (asprintf(&line, "%s%s%s%s%s", place->file ? place->file : "",
		     place->file ? at : "", place->file ? ": " : "",
		     error->warning ? "warning: " : "", error->text) < 0)
		abort();
	return line;
}

static void error_print(const struct config_error *error, int fd)
{
	char *line = config_error_line(error);

	dprintf(fd, "%s\n", line);
	free(line);
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
