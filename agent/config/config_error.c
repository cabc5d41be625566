/* SPDX-License-Identifier: GPL-2.0-or-later
 * Findings of the configuration: collected, all of them. */
#include "agent/config/config.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MOST 600		/* bytes: a wrong value may be a whole file */

/* Looking for the same finding again is quadratic: only so far. */
#define COMPARED_MAX 1000

void config_errors_init(struct config_errors *errors)
{
	*errors = (struct config_errors){.first = NULL};
	errors->end = &errors->first;
}

void config_errors_finish(struct config_errors *errors)
{
	struct config_error *error = errors->first;

	while (error) {
		struct config_error *next = error->next;

		free(error);
		error = next;
	}
	config_errors_init(errors);
}

static bool place_same(const struct place *a, const struct place *b)
{
	if (a->line != b->line || a->column != b->column)
		return false;
	return a->file && b->file ? !strcmp(a->file, b->file)
				  : a->file == b->file;
}

/* A profile's mistake is found again by each device that uses it. */
static bool error_known(const struct config_errors *errors,
			const struct place *place, const char *text)
{
	size_t n = 0;

	for (struct config_error *e = errors->first;
	     e && n < COMPARED_MAX; e = e->next, n++)
		if (place_same(&e->place, place) && !strcmp(e->text, text))
			return true;
	return false;
}

bool config_error_at(const struct config_errors *errors, struct place place)
{
	size_t n = 0;

	for (struct config_error *e = errors->first;
	     e && n < COMPARED_MAX; e = e->next, n++)
		if (place_same(&e->place, &place))
			return true;
	return false;
}

static char *text_put(char **at, const char *text)
{
	char *copy = *at;

	if (!text)
		return NULL;
	*at = stpcpy(copy, text) + 1;
	return copy;
}

static size_t text_room(const char *text)
{
	return text ? strlen(text) + 1 : 0;
}

/* One allocation: the finding and its three texts. */
static void error_append(struct config_errors *errors, struct place place,
			 const char *device, bool warning, const char *text)
{
	struct config_error *error;
	char *at;

	error = malloc(sizeof(*error) + text_room(place.file) +
		       text_room(device) + text_room(text));
	if (!error)
		abort();
	at = (char *)(error + 1);
	error->next = NULL;
	error->place = place;
	error->place.file = text_put(&at, place.file);
	error->device = text_put(&at, device);
	error->text = text_put(&at, text);
	error->fatal = errors->fatal && !device && !warning;
	error->warning = warning;
	*errors->end = error;
	errors->end = &error->next;
	errors->n += !warning;
}

/* Values are repeated in messages: without line ends and escape sequences. */
static void make_printable(char *text)
{
	size_t n = strlen(text);

	if (n > TEXT_MOST)
		strcpy(text + TEXT_MOST - 3, "...");
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
}

static void __attribute__((format(printf, 5, 0)))
add(struct config_errors *errors, struct place place, const char *device,
    bool warning, const char *format, va_list args)
{
	char *text;

	if (vasprintf(&text, format, args) < 0)
		abort();
	make_printable(text);
	if (!error_known(errors, &place, text))
		error_append(errors, place, device, warning, text);
	free(text);
}

void config_error_add(struct config_errors *errors, struct place place,
		      const char *device, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(errors, place, device, false, format, args);
	va_end(args);
}

void config_warning_add(struct config_errors *errors, struct place place,
			const char *device, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(errors, place, device, true, format, args);
	va_end(args);
}

bool config_fatal(const struct config_errors *errors)
{
	for (struct config_error *e = errors->first; e; e = e->next)
		if (e->fatal)
			return true;
	return false;
}

void config_file_tell(struct config_errors *errors, struct place place,
		      const char *key, const char *path, bool read,
		      const char *why)
{
	if (!read)
		config_error_add(errors, place, NULL, "'%s': the file %s %s",
				 key, path, why);
	else if (*why)
		config_warning_add(errors, place, NULL, "'%s': the file %s %s",
				   key, path, why);
}
